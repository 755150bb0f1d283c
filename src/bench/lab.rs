//! Where figures are measured: a temporary folder with generated files, and databases that are gone afterwards.

use super::process::{Measured, run};
use super::{Options, queries};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::generate::{self, Made, Plan, Rates};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The temporary folder and what is in it.
pub(super) struct Lab {
    pub(super) options: Options,
    folder: TempDir,
    program: PathBuf,
    made: Vec<String>,
}

/// A data folder and its database.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) data: PathBuf,
    pub(super) url: String,
}

impl Lab {
    pub(super) fn open(options: Options) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("beamline-bench-").tempdir()?;
        Ok(Self { options, folder, program: std::env::current_exe()?, made: Vec::new() })
    }

    /// A path in the temporary folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An empty house: of SQLite its own file, of PostgreSQL a database beside the one that was named.
    pub(super) fn house(&mut self, name: &str) -> Result<House> {
        let data = self.path(name);
        std::fs::create_dir_all(&data)?;
        let url = match &self.options.server {
            None => format!("sqlite:{}", data.join("beamline.db").display()),
            Some(server) => {
                let database = format!("beamline_bench_{}_{name}", std::process::id());
                let url = queries::create_database(server, &database)?;
                self.made.push(database);
                url
            }
        };
        Ok(House { data, url })
    }

    /// The files of `products` lamps from four suppliers, as dirty as real ones, all of them CSV.
    pub(super) fn files(&self, name: &str, products: u64, dirt: Rates) -> Result<Made> {
        let plan = Plan { products, suppliers: 4, seed: 1, overlap: 0.8325, csv_only: true, change: Some(0.01), dirt };
        generate::generate(&plan, &Dictionary::embedded()?, &self.path(name), &|_| {})
    }

    /// The program, set to this house and to nothing else: what the person's own environment says is not passed on.
    pub(super) fn program(&self, house: &House) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BEAMLINE_") {
                command.env_remove(name);
            }
        }
        // A house that is reached from outside, so that feeds carry its own pictures.
        command
            .env("BEAMLINE_PUBLIC_URL", "https://bench.example")
            .env("DATABASE_URL", &house.url)
            .arg("--data")
            .arg(&house.data)
            .args(["--log", "error"]);
        command
    }

    /// Runs the program with these arguments to its end.
    pub(super) fn beamline<'a>(&self, house: &House, words: impl IntoIterator<Item = &'a str>) -> Result<Measured> {
        let mut command = self.program(house);
        command.args(words);
        run(command)
    }

    /// Runs a floor in a process of its own, so that its memory is its own.
    pub(super) fn floor(&self, house: &House, job: &super::floor::Job) -> Result<(super::floor::Told, Measured)> {
        let job = serde_json::to_string(job)?;
        let measured = self.beamline(house, ["bench", "--floor", &job])?;
        let told =
            serde_json::from_str(measured.said.trim()).map_err(|error| Error::internal("a floor said nothing").because(error))?;
        Ok((told, measured))
    }

    /// Imports the catalogue or stock of every supplier, one command each.
    pub(super) fn import(&self, house: &House, made: &Made, what: What) -> Result<Measured> {
        let mut all = Measured::default();
        for files in &made.suppliers {
            let (kind, profile, file) = match what {
                What::Catalog => ("catalog", &files.profile, &files.catalog),
                What::Stock => ("stock", &files.stock_profile, &files.stock),
                What::ChangedStock => ("stock", &files.stock_profile, files.stock_changed.as_ref().unwrap_or(&files.stock)),
            };
            let (profile, file) = (text(profile), text(file));
            let words = ["import", "--supplier", &files.supplier, "--kind", kind, "--profile", &profile, "--json", &file];
            let one = self.beamline(house, words)?;
            all.seconds += one.seconds;
            all.processor = one.processor.into_iter().chain(all.processor).reduce(|sum, more| sum + more);
            all.mebibytes = one.mebibytes.into_iter().chain(all.mebibytes).reduce(f64::max);
        }
        Ok(all)
    }
}

/// Which of a supplier's files.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Catalog,
    Stock,
    ChangedStock,
}

pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}

impl Drop for Lab {
    fn drop(&mut self) {
        let Some(server) = &self.options.server else { return };
        for database in &self.made {
            if let Err(error) = queries::drop_database(server, database) {
                tracing::warn!(%error, database, "this database of the bench is still there; drop it");
            }
        }
    }
}
