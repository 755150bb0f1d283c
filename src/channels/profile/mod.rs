//! A channel profile: what one marketplace or shop wants, as data.
//!
//! A profile names fields; each field has sources (where its value comes from), one render (how it is written) and limits. Both
//! sources and renders are small closed vocabularies, so a new channel is a new file in `schema/channels/` and no code. Every
//! limit is the channel's own: the profile carries the page and the day it was read.

mod contract;
mod field;
mod format;
mod images;

pub use contract::{Contract, ContractKind, Correction};
pub use field::{Differing, Field, Parent, Per, Render, TooLong};
pub use format::{Format, Holds, Layout, Limits, Scope};
pub use images::ImageRules;

use super::shape::Shape;
use super::source::Source;
use crate::pricing::PriceSource;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// One file of `schema/channels/`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelProfile {
    /// Stable code; the file's name.
    pub code: String,
    /// The channel's own name.
    pub name: String,
    /// Where its rules stand.
    pub docs: Docs,
    /// Name of the taxonomy in a category's `ids` that the channel uses.
    #[serde(default)]
    pub taxonomy: Option<String>,
    /// Settings of a channel that nobody has set up yet.
    pub defaults: Defaults,
    /// The largest part.
    #[serde(default)]
    pub limits: Limits,
    /// The files it can be given; the first one is the default.
    #[serde(rename = "format")]
    pub formats: Vec<Format>,
    /// How variants of one product group are written.
    #[serde(default)]
    pub variants: Variants,
    /// What only the owner knows: account numbers, policies, the channel's own category.
    #[serde(default, rename = "setting")]
    pub options: Vec<ChannelOption>,
    /// Offers that nobody tells about again expire on the channel after so many days; a scheduled feed is published before.
    #[serde(default)]
    pub keep_alive_days: Option<u32>,
    /// How a listing that is no longer there is told in formats that hold changes only: values by field. Without it, and without a format
    /// for removals, leaving out is how the channel hears of it.
    #[serde(default)]
    pub removed: BTreeMap<String, String>,
    /// What it demands of pictures; without it they go as they are.
    #[serde(default)]
    pub images: Option<ImageRules>,
    /// The fields, in the order of the file's columns.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Sets of fields of which at least one must have a value.
    #[serde(default)]
    pub one_of: Vec<Vec<String>>,
    /// Code of the channel whose sections this one has too.
    #[serde(default)]
    pub sections_of: Option<String>,
    /// Sections of facts made from the dictionary, for sources `details` and `facts`.
    #[serde(default, rename = "section")]
    pub sections: Vec<Section>,
    /// What is put right in the outside contracts before they judge.
    #[serde(default, rename = "correction")]
    pub corrections: Vec<Correction>,
}

/// A page of the channel and the day it was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// Address of the page.
    pub url: String,
    /// Day it was read, `YYYY-MM-DD`.
    pub date: String,
    /// How sure it is.
    #[serde(default)]
    pub sure: Sure,
}

/// How sure a rule is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sure {
    /// The channel says so itself.
    #[default]
    Official,
    /// Others say that the channel wants it so.
    ThirdParty,
    /// Nobody could check it.
    Unverified,
}

impl fmt::Display for Docs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sure = match self.sure {
            Sure::Official => "",
            Sure::ThirdParty => ", told by others",
            Sure::Unverified => ", unverified",
        };
        write!(f, "{} ({}{sure})", self.url, self.date)
    }
}

/// Something that only the owner knows, such as an account number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelOption {
    /// Name in the channel's settings under `options`, and in sources as `setting:NAME`.
    pub name: String,
    /// What it is and where the owner finds it.
    pub about: String,
    /// No listing is ready without it.
    #[serde(default)]
    pub required: bool,
    /// Used where the owner sets nothing.
    #[serde(default)]
    pub default: Option<String>,
}

/// See [`ChannelProfile::defaults`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Is the channel on before anybody touched its settings?
    #[serde(default)]
    pub enabled: bool,
    /// ISO 4217.
    pub currency: String,
    /// BCP 47.
    pub locale: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Share added to the cost.
    pub markup: Decimal,
    /// What prices are made from.
    #[serde(default)]
    pub price_source: PriceSource,
}

/// How variants of one product group are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variants {
    /// Attributes that may tell variants apart, the most telling first; all others are ignored.
    pub attributes: Vec<String>,
    /// At most so many of them; variants that still look alike are blocked. 0: no check.
    pub options: usize,
    /// At most so many variants in a group; 0: no limit.
    pub max: usize,
    /// Are the fields of `per = "group"` written on the first row of a group only?
    pub rows: bool,
    /// Does a group have a row of its own before its members?
    pub parent: bool,
}

/// Attributes that belong together in a channel's list of facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Heading per locale.
    pub name: BTreeMap<String, String>,
    /// Attribute codes, in order.
    pub attributes: Vec<String>,
}

impl ChannelProfile {
    /// The format of this code; without one the first.
    pub fn format(&self, code: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.code == code)
    }

    /// Which fields these formats write, by place.
    pub fn fields_of(&self, formats: &[String]) -> Vec<bool> {
        let mut used = vec![false; self.fields.len()];
        for format in self.formats.iter().filter(|format| formats.contains(&format.code)) {
            let shaped = format.shape.as_deref().map(Shape::fields);
            for ((at, field), used) in self.fields.iter().enumerate().zip(&mut used) {
                *used |= match &shaped {
                    Some(shaped) => shaped.contains(&at),
                    None if format.columns.is_empty() => !field.not_in.contains(&format.code),
                    None => format.columns.contains(&field.name),
                };
            }
        }
        used
    }

    /// The option of this name.
    pub fn option(&self, name: &str) -> Option<&ChannelOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
