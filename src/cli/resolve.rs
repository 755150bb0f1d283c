//! `beamline resolve --all`

use super::progress::Progress;
use super::{Outcome, say};
use crate::catalog::{compare_all, resolve_all};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::import::reread;
use clap::Args;

/// Read kept rows again, rebuild golden records from offers and edits, and compare products anew
#[derive(Debug, Args)]
pub struct Resolve {
    /// All products; there is no other choice yet, and saying it keeps it from being run by mistake
    #[arg(long, env = "BEAMLINE_RESOLVE_ALL")]
    all: bool,
}

impl Resolve {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        if !self.all {
            return Err(Error::new(Code::Invalid, "say --all to rebuild every golden record"));
        }
        let app = super::open(config).await?;
        let progress = Progress::begin("reading kept rows again");
        let reread =
            reread::all(&app, &|changed| progress.at(i64::try_from(changed).unwrap_or(i64::MAX), "offers changed")).await?;
        drop(progress);
        let progress = Progress::begin("resolving");
        let done =
            resolve_all::run(&app, &|done| progress.at(i64::try_from(done.products).unwrap_or(i64::MAX), "products")).await?;
        drop(progress);
        let progress = Progress::begin("comparing");
        let compared =
            compare_all::run(&app, &|done| progress.at(i64::try_from(done.products).unwrap_or(i64::MAX), "products")).await?;
        drop(progress);
        super::catch_up(&app).await?;
        say(format_args!(
            "{reread} offers read differently; {} products looked at, {} changed; {} new match cases",
            done.products, done.changed, compared.asked
        ))?;
        Ok(Outcome::Done)
    }
}
