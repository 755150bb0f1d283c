//! `samples/demo.toml`: which suppliers, files, channels and rates the demo brings.

use crate::error::{Code, Error, Result};
use crate::import::ImportKind;
use crate::pricing::PriceSource;
use include_dir::{Dir, include_dir};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The samples travel in the binary, so that the demo runs anywhere.
static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/samples");

/// The whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    #[serde(rename = "supplier")]
    pub(super) suppliers: Vec<SampleSupplier>,
    #[serde(rename = "import")]
    pub(super) imports: Vec<SampleImport>,
    #[serde(rename = "channel")]
    pub(super) channels: BTreeMap<String, SampleChannel>,
    #[serde(rename = "rate")]
    pub(super) rates: Vec<SampleRate>,
}

/// One supplier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleSupplier {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) currency: String,
    pub(super) locale: String,
    pub(super) country: String,
    pub(super) rank: i32,
    pub(super) warehouses: Vec<SampleWarehouse>,
}

/// One warehouse.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleWarehouse {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) country: String,
}

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleImport {
    pub(super) supplier: String,
    pub(super) kind: ImportKind,
    pub(super) file: String,
    pub(super) profile: String,
}

/// What the owner of a channel would set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleChannel {
    pub(super) currency: String,
    pub(super) locale: String,
    pub(super) country: String,
    pub(super) link_template: String,
    pub(super) price_source: PriceSource,
    pub(super) markup: Decimal,
    #[serde(default)]
    pub(super) options: BTreeMap<String, String>,
}

/// One exchange rate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleRate {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) rate: Decimal,
}

impl Manifest {
    pub(super) fn embedded() -> Result<Self> {
        let text = text("demo.toml")?;
        toml::from_str(text).map_err(|error| Error::new(Code::InvalidProfile, format!("samples/demo.toml: {error}")))
    }
}

/// A sample's bytes.
pub(super) fn bytes(path: &str) -> Result<&'static [u8]> {
    let file = SAMPLES.get_file(path);
    file.map(include_dir::File::contents).ok_or_else(|| Error::not_found(format!("sample {path}")))
}

/// A sample's text.
pub(super) fn text(path: &str) -> Result<&'static str> {
    std::str::from_utf8(bytes(path)?).map_err(|_| Error::new(Code::InvalidProfile, format!("samples/{path} is not UTF-8")))
}
