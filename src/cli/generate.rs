//! `beamline generate`

use super::progress::Progress;
use super::{Outcome, say};
use crate::config::Config;
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::generate::{self, Files, Made, Plan, Rates};
use clap::Args;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Make a synthetic catalogue: suppliers' files, and the truth about them
///
/// Writes the files of several suppliers about the same invented lamps. Each supplier has its own format, language, units, currency and order,
/// and its own dirt. Beside them: which offer is which product, what is true of each product, and what was damaged. The same arguments
/// write the same bytes. Ends with the command lines that import it all.
#[derive(Debug, Args)]
#[command(after_help = "Example: beamline generate --products 1000 --suppliers 4 --seed 7 --out made --dirt 0.05")]
pub struct Generate {
    /// Products to invent
    #[arg(long, env = "BEAMLINE_PRODUCTS", default_value = "1000", value_name = "N")]
    products: u64,
    /// Suppliers that offer them
    #[arg(long, env = "BEAMLINE_SUPPLIERS", default_value = "4", value_name = "K")]
    suppliers: u64,
    /// Another seed makes another catalogue
    #[arg(long, env = "BEAMLINE_SEED", default_value = "1", value_name = "S")]
    seed: u64,
    /// Folder to write into; files of an earlier run are replaced
    #[arg(long, env = "BEAMLINE_OUT", value_name = "DIR")]
    out: PathBuf,
    /// Share of the products that each supplier carries; every product has at least one supplier
    #[arg(long, env = "BEAMLINE_OVERLAP", default_value = "0.8325", value_name = "SHARE")]
    overlap: f64,
    /// Every file as CSV; otherwise suppliers use CSV, TSV and NDJSON
    #[arg(long, env = "BEAMLINE_CSV")]
    csv: bool,
    /// Also write a second stock file of each supplier in which this share of the rows differs
    #[arg(long, env = "BEAMLINE_CHANGE", value_name = "SHARE")]
    change: Option<f64>,
    #[command(flatten)]
    dirt: DirtArgs,
    /// What was written, as one JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

/// Shares from 0 (none) to 1 (every row).
#[derive(Debug, Args)]
#[command(next_help_heading = "Dirt, as a share of the rows from 0 to 1")]
struct DirtArgs {
    /// Of every kind; 0 makes a clean catalogue [default: each kind as often as in real files]
    #[arg(long, env = "BEAMLINE_DIRT", value_name = "RATE")]
    dirt: Option<f64>,
    /// No GTIN
    #[arg(long, env = "BEAMLINE_GTIN_MISSING", value_name = "RATE")]
    gtin_missing: Option<f64>,
    /// A GTIN with one wrong digit
    #[arg(long, env = "BEAMLINE_GTIN_WRONG", value_name = "RATE")]
    gtin_wrong: Option<f64>,
    /// The GTIN of another product
    #[arg(long, env = "BEAMLINE_GTIN_OF_ANOTHER", value_name = "RATE")]
    gtin_of_another: Option<f64>,
    /// A GTIN that lost its leading zeros
    #[arg(long, env = "BEAMLINE_GTIN_ZEROS_LOST", value_name = "RATE")]
    gtin_zeros_lost: Option<f64>,
    /// A GTIN that a spreadsheet has rounded, such as 5.05E+12
    #[arg(long, env = "BEAMLINE_GTIN_SPREADSHEET", value_name = "RATE")]
    gtin_spreadsheet: Option<f64>,
    /// The brand in another spelling
    #[arg(long, env = "BEAMLINE_BRAND_SPELLING", value_name = "RATE")]
    brand_spelling: Option<f64>,
    /// The part number with other hyphens, spaces or case
    #[arg(long, env = "BEAMLINE_MPN_PUNCTUATION", value_name = "RATE")]
    mpn_punctuation: Option<f64>,
    /// The weight in another unit than the column's
    #[arg(long, env = "BEAMLINE_UNIT_CONFUSION", value_name = "RATE")]
    unit_confusion: Option<f64>,
    /// A word for "nothing" where a value should be
    #[arg(long, env = "BEAMLINE_NULL_WORD", value_name = "RATE")]
    null_word: Option<f64>,
    /// Another light output than the maker states
    #[arg(long, env = "BEAMLINE_VALUE_DIFFERS", value_name = "RATE")]
    value_differs: Option<f64>,
    /// The row stands twice
    #[arg(long, env = "BEAMLINE_DUPLICATE_ROW", value_name = "RATE")]
    duplicate_row: Option<f64>,
    /// The row in another encoding than the rest of its file
    #[arg(long, env = "BEAMLINE_BROKEN_ENCODING", value_name = "RATE")]
    broken_encoding: Option<f64>,
}

impl DirtArgs {
    fn rates(&self) -> Result<Rates> {
        let base = match self.dirt {
            Some(rate) => Rates::all(rate),
            None => Rates::observed()?,
        };
        Ok(Rates {
            gtin_missing: self.gtin_missing.unwrap_or(base.gtin_missing),
            gtin_wrong: self.gtin_wrong.unwrap_or(base.gtin_wrong),
            gtin_of_another: self.gtin_of_another.unwrap_or(base.gtin_of_another),
            gtin_zeros_lost: self.gtin_zeros_lost.unwrap_or(base.gtin_zeros_lost),
            gtin_spreadsheet: self.gtin_spreadsheet.unwrap_or(base.gtin_spreadsheet),
            brand_spelling: self.brand_spelling.unwrap_or(base.brand_spelling),
            mpn_punctuation: self.mpn_punctuation.unwrap_or(base.mpn_punctuation),
            unit_confusion: self.unit_confusion.unwrap_or(base.unit_confusion),
            null_word: self.null_word.unwrap_or(base.null_word),
            value_differs: self.value_differs.unwrap_or(base.value_differs),
            duplicate_row: self.duplicate_row.unwrap_or(base.duplicate_row),
            broken_encoding: self.broken_encoding.unwrap_or(base.broken_encoding),
        })
    }
}

impl Generate {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let plan = Plan {
            products: self.products,
            suppliers: self.suppliers,
            seed: self.seed,
            overlap: self.overlap,
            csv_only: self.csv,
            change: self.change,
            dirt: self.dirt.rates()?,
        };
        let out = self.out.clone();
        let progress = Progress::begin(format!("making {} products", plan.products));
        let made = tokio::task::spawn_blocking(move || {
            let dictionary = Dictionary::load(config.schema.as_deref())?;
            let offers = std::cell::Cell::new(0_i64);
            generate::generate(&plan, &dictionary, &out, &|files| {
                offers.set(offers.get() + i64::try_from(files.offers).unwrap_or(i64::MAX));
                progress.at(offers.get(), "offers");
            })
        });
        let made = made.await.map_err(Error::internal)??;
        say(if self.json { json(&made).to_string() } else { report(&made) })?;
        Ok(Outcome::Done)
    }
}

fn json(made: &Made) -> serde_json::Value {
    let suppliers = made.suppliers.iter().map(|files| {
        serde_json::json!({
            "supplier": files.supplier, "format": files.format.name(), "currency": files.currency, "offers": files.offers,
            "rows": files.rows, "catalog": files.catalog, "profile": files.profile, "stock": files.stock,
            "stock_changed": files.stock_changed, "stock_profile": files.stock_profile,
        })
    });
    serde_json::json!({
        "truth": made.truth, "values": made.values, "dirt": made.dirt, "suppliers": suppliers.collect::<Vec<_>>(),
        "import": lines(made),
    })
}

fn report(made: &Made) -> String {
    let mut text = String::new();
    for files in &made.suppliers {
        let _ = writeln!(text, "{} ({}, {} offers):", files.supplier, files.currency, files.offers);
        let catalog = (&files.catalog, format!("{} rows", files.rows));
        let stock = [Some((&files.stock, String::new())), files.stock_changed.as_ref().map(|path| (path, String::new()))];
        let profiles = [(&files.profile, String::new()), (&files.stock_profile, String::new())];
        for (path, note) in std::iter::once(catalog).chain(stock.into_iter().flatten()).chain(profiles) {
            let _ = writeln!(text, "  {} {note}", path.display());
        }
    }
    let _ = writeln!(text, "what is true:");
    for (path, what) in [
        (&made.truth, "which offer is which product"),
        (&made.values, "the products' true values"),
        (&made.dirt, "what was damaged"),
    ] {
        let _ = writeln!(text, "  {}  {what}", path.display());
    }
    let _ = writeln!(text, "to import it:");
    let lines = lines(made);
    for (at, line) in lines.iter().enumerate() {
        // `;` and not `&&`: an import with rejected rows ends with 1.
        let end = if at + 1 < lines.len() { ";" } else { "" };
        let _ = writeln!(text, "  {line}{end}");
    }
    text.trim_end().to_owned()
}

/// The command lines that import everything: catalogues first, so that the stock finds its offers.
fn lines(made: &Made) -> Vec<String> {
    let line = |files: &Files, kind: &str, profile: &Path, file: &Path| {
        format!(
            "beamline import --supplier {}{kind} --profile {} {}",
            files.supplier,
            quoted(&profile.display().to_string()),
            quoted(&file.display().to_string())
        )
    };
    let catalogs = made.suppliers.iter().map(|files| line(files, "", &files.profile, &files.catalog));
    let stocks = made.suppliers.iter().map(|files| line(files, " --kind stock", &files.stock_profile, &files.stock));
    catalogs.chain(stocks).collect()
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
