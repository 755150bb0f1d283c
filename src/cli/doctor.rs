//! `beamline doctor`

use super::progress::Progress;
use super::{Outcome, say};
use crate::config::Config;
use crate::doctor::examine;
use crate::error::Result;
use clap::Args;

/// Check that the database, the index, the files and the ledgers agree
#[derive(Debug, Args)]
pub struct Doctor {
    /// One JSON object a finding
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let progress = Progress::begin("examining");
        let findings = examine(&app, &|area| progress.now(area)).await?;
        drop(progress);
        for finding in &findings {
            if self.json {
                say(serde_json::to_string(finding)?)?;
            } else {
                say(format_args!("{:<8} {:<8} {}: {}", finding.area, finding.code, finding.subject, finding.message))?;
            }
        }
        if findings.is_empty() {
            if !self.json {
                say("everything agrees: golden records, stock, index, files, imports and jobs")?;
            }
            return Ok(Outcome::Done);
        }
        Ok(Outcome::Findings)
    }
}
