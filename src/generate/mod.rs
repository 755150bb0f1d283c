//! A catalogue that never was: several suppliers' files about the same invented lamps, each in its own format, language and units and with
//! its own dirt, and beside them what is true.
//!
//! It exists to measure with. Whoever changes how offers are matched or values are read can compare the outcome with the truth files,
//! and `beamline bench` takes its million offers from here. The spread of the lamps' figures is that of real ones
//! (`schema/generate/lamps.toml` names the source); the lamps themselves, and most of the brands, are not real.
//!
//! The same [`Plan`] writes the same bytes on every machine. Each product is made from the seed and its index alone, so memory does not grow
//! with the number of products, and what is true of a product does not depend on how many there are.
//!
//! ```text
//! OUT/
//!     truth.csv            supplier, supplier_sku, product
//!     truth-values.ndjson  a product's true values, in the dictionary's codes and canonical units
//!     truth-dirt.csv       supplier, row, supplier_sku, kind, field: what was damaged
//!     SUPPLIER/            catalog.*, profile.toml, stock.*, stock.profile.toml, stock-changed.*
//! ```

mod cells;
mod dirt;
mod lamp;
pub mod photographs;
mod profile;
mod random;
mod shapes;
#[cfg(test)]
mod tests;
mod write;

pub use dirt::{Dirt, Rates};

use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::import::read::Format;
use cells::Clerk;
use random::{Random, Subject};
use shapes::Shapes;
use std::path::{Path, PathBuf};

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Products, 1 to five million.
    pub products: u64,
    /// Suppliers, 1 to 64.
    pub suppliers: u64,
    /// Other seeds, other lamps.
    pub seed: u64,
    /// Share of the products that each supplier carries; every product has one supplier at least.
    pub overlap: f64,
    /// Every file as CSV, whatever its supplier writes else.
    pub csv_only: bool,
    /// Share of the stock rows that differ in a second stock file; none: there is no second one.
    pub change: Option<f64>,
    /// How dirty.
    pub dirt: Rates,
}

/// The files of one supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The supplier's code.
    pub supplier: String,
    /// Format of its files.
    pub format: Format,
    /// Separator, where it is a CSV.
    pub separator: char,
    /// ISO 4217 code of its prices.
    pub currency: String,
    /// Its catalogue.
    pub catalog: PathBuf,
    /// How the catalogue is read.
    pub profile: PathBuf,
    /// Its stock.
    pub stock: PathBuf,
    /// Its stock a day later.
    pub stock_changed: Option<PathBuf>,
    /// How the stock files are read.
    pub stock_profile: PathBuf,
    /// Different offers.
    pub offers: u64,
    /// Rows of the catalogue, those that stand twice counted twice.
    pub rows: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// One entry for each supplier.
    pub suppliers: Vec<Files>,
    /// Which offer is which product.
    pub truth: PathBuf,
    /// The products' true values.
    pub values: PathBuf,
    /// What was damaged.
    pub dirt: PathBuf,
}

/// Most suppliers.
const MOST_SUPPLIERS: u64 = 64;

/// A plan with the shapes that it draws from.
struct Maker {
    plan: Plan,
    shapes: Shapes,
}

impl Maker {
    fn new(plan: &Plan) -> Result<Self> {
        let refuse = |what: String| Err(Error::new(Code::Invalid, what));
        if !(1..=lamp::MOST).contains(&plan.products) {
            return refuse(format!("--products is a number from 1 to {}", lamp::MOST));
        }
        if !(1..=MOST_SUPPLIERS).contains(&plan.suppliers) {
            return refuse(format!("--suppliers is a number from 1 to {MOST_SUPPLIERS}"));
        }
        if !(0.0..=1.0).contains(&plan.overlap) {
            return refuse("--overlap is a share of the products, from 0 to 1".to_owned());
        }
        if !plan.change.is_none_or(|share| (0.0..=1.0).contains(&share)) {
            return refuse("--change is a share of the rows, from 0 to 1".to_owned());
        }
        plan.dirt.check()?;
        Ok(Self { plan: plan.clone(), shapes: Shapes::embedded()? })
    }

    /// Does the supplier at this place carry the product?
    fn carries(&self, place: u64, index: u64) -> bool {
        let parts = parts(self.plan.overlap);
        let drawn = |place: u64| Random::of(self.plan.seed, Subject::Carried, place, index).parts(parts);
        drawn(place) || (index % self.plan.suppliers == place && !(0..self.plan.suppliers).any(drawn))
    }

    fn change_parts(&self) -> u64 {
        parts(self.plan.change.unwrap_or_default())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie between 0 and 1")]
fn parts(share: f64) -> u64 {
    (share * 1_000_000.0).round() as u64
}

/// Writes everything below `out`, replacing what an earlier run left there. `tell` hears of each supplier that is done.
pub fn generate(plan: &Plan, dictionary: &Dictionary, out: &Path, tell: &dyn Fn(&Files)) -> Result<Made> {
    let maker = Maker::new(plan)?;
    let unwritable = |error: std::io::Error| {
        Error::new(Code::Invalid, format!("{} cannot be written ({error}); give --out a folder that can", out.display()))
    };
    std::fs::create_dir_all(out).map_err(unwritable)?;
    let place = |name: &str| out.join(name);
    let mut made = Made {
        suppliers: Vec::new(),
        truth: place("truth.csv"),
        values: place("truth-values.ndjson"),
        dirt: place("truth-dirt.csv"),
    };
    let mut truth = write::Truth::create(&made.truth, &made.dirt)?;
    let kinds = maker.shapes.supplier.len() as u64;
    for at in 0..plan.suppliers {
        let shape = usize::try_from(at % kinds.max(1)).ok().and_then(|at| maker.shapes.supplier.get(at));
        let Some(shape) = shape else { break };
        let code = if at < kinds { shape.code.clone() } else { format!("{}-{}", shape.code, at / kinds + 1) };
        let clerk = Clerk { shape, dictionary, code, place: at };
        let mut files = files(plan, &clerk, out)?;
        (files.offers, files.rows) = write::supplier(&maker, &clerk, &files, &mut truth)?;
        tell(&files);
        made.suppliers.push(files);
    }
    truth.finish()?;
    write::values(&maker, &made.values)?;
    Ok(made)
}

fn files(plan: &Plan, clerk: &Clerk<'_>, out: &Path) -> Result<Files> {
    let folder = out.join(&clerk.code);
    std::fs::create_dir_all(&folder)?;
    let format = if plan.csv_only { Format::Csv } else { clerk.shape.format };
    let file = |name: &str| folder.join(format!("{name}.{}", format.name()));
    Ok(Files {
        supplier: clerk.code.clone(),
        format,
        separator: clerk.shape.separator,
        currency: clerk.shape.currency.clone(),
        catalog: file("catalog"),
        profile: folder.join("profile.toml"),
        stock: file("stock"),
        stock_changed: plan.change.map(|_| file("stock-changed")),
        stock_profile: folder.join("stock.profile.toml"),
        offers: 0,
        rows: 0,
    })
}
