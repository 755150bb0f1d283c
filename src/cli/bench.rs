//! `beamline bench`

use super::progress::Progress;
use super::{Outcome, say};
use crate::bench::{self, Figure, Options, floor};
use crate::config::Config;
use crate::error::{Error, Result};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// Measure this machine: each figure with its floor, one JSON line each
///
/// Makes its own catalogue in a temporary folder, runs the commands and a server on it, and beside each the least that the same work could
/// take. Nothing of yours is read or changed. With --database-url postgres://... it makes databases of its own beside the one named, and
/// drops them. The figures that matter are those of a release build, on a machine that does nothing else.
#[derive(Debug, Args)]
#[command(after_help = "What each line means and what bounds it: docs/performance.md")]
pub struct Bench {
    /// Products of the catalogue; there are about 3.33 offers of each. 300000 make a million offers
    #[arg(long, env = "BEAMLINE_BENCH_PRODUCTS", default_value = "3000", value_name = "N")]
    products: u64,
    /// Photographs for the figures of pictures; 500 take some minutes
    #[arg(long, env = "BEAMLINE_BENCH_PHOTOGRAPHS", default_value = "60", value_name = "N")]
    photographs: usize,
    /// A folder of photographs to be used first, such as /usr/share/backgrounds; what is missing of the number is drawn
    #[arg(long, env = "BEAMLINE_BENCH_PHOTOGRAPHS_FROM", value_name = "FOLDER")]
    photographs_from: Option<PathBuf>,
    /// Only this figure, and what it needs; may be given several times [default: all]
    #[arg(long, env = "BEAMLINE_BENCH_FIGURE", value_name = "NAME", value_delimiter = ',')]
    figure: Vec<Figure>,
    /// A floor's work, run by the bench itself in a process of its own
    #[arg(long, env = "BEAMLINE_BENCH_FLOOR", value_name = "JOB", hide = true)]
    floor: Option<String>,
}

impl Bench {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        if let Some(job) = &self.floor {
            let told = floor::work(&serde_json::from_str::<floor::Job>(job)?, config).await?;
            say(serde_json::to_string(&told)?)?;
            return Ok(Outcome::Done);
        }
        let server = config.database_url.filter(|url| url.starts_with("postgres"));
        let options = Options {
            products: self.products,
            photographs: self.photographs,
            photographs_from: self.photographs_from,
            figures: self.figure,
            server,
        };
        let measured = tokio::task::spawn_blocking(move || {
            let progress = std::cell::RefCell::new(None::<Progress>);
            let tell = |what: &str| {
                // The one before goes first, or its bar would stay.
                progress.borrow_mut().take();
                let _ = writeln!(std::io::stderr(), "bench: {what}");
                progress.replace(Some(Progress::begin("bench")));
            };
            bench::run(options, &tell, &mut |line| say(serde_json::to_string(&line)?))
        });
        measured.await.map_err(Error::internal)??;
        Ok(Outcome::Done)
    }
}
