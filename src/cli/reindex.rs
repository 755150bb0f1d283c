//! `beamline reindex`

use super::{Outcome, say};
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::search;
use clap::Args;
use std::io::Write;

/// Build the search index anew beside the live one, then swap
#[derive(Debug, Args)]
pub struct Reindex {
    /// One JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Reindex {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let mut answer = Vec::new();
        reindex(&app, &self, &mut answer).await?;
        say(String::from_utf8_lossy(&answer).trim_end())?;
        Ok(Outcome::Done)
    }
}

/// Rebuilds, or has it rebuilt by the process that feeds the index, and says how many products it has.
pub async fn reindex(app: &App, args: &Reindex, out: &mut dyn Write) -> Result<()> {
    let done = search::reindex(app).await?;
    if args.json {
        writeln!(out, "{}", serde_json::json!({"products": done.products, "by_holder": done.by_holder}))?;
    } else {
        let by = if done.by_holder { ", by the process that feeds it" } else { "" };
        writeln!(out, "the search index was built anew with {} products{by}", done.products)?;
    }
    Ok(())
}
