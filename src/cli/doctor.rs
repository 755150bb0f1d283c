//! `beamline doctor`

use super::progress::Progress;
use super::{Outcome, say};
use crate::config::Config;
use crate::doctor::{Finding, Repair, examine, repair};
use crate::error::Result;
use clap::Args;

/// Check that the database, the index, the files and the ledgers agree
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 everything agrees (with --repair: by now), 1 something does not, and is listed with what to do."
)]
pub struct Doctor {
    /// Mend what is derived from something else, check again, and list what only a person can decide
    #[arg(long, env = "BEAMLINE_REPAIR")]
    repair: bool,
    /// One JSON object a finding
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let progress = Progress::begin("examining");
        let tell = |area| progress.now(area);
        let mut findings = examine(&app, &tell).await?;
        if self.repair && findings.iter().any(|finding| finding.repair == Repair::Possible) {
            for done in repair(&app, &findings, &tell).await? {
                self.say(&done)?;
            }
            findings = examine(&app, &tell).await?;
        }
        drop(progress);
        for finding in &findings {
            self.say(finding)?;
        }
        if findings.is_empty() {
            if !self.json {
                say("everything agrees: golden records, stock, listings, index, files, imports and jobs")?;
            }
            return Ok(Outcome::Done);
        }
        let mendable = findings.iter().filter(|finding| finding.repair == Repair::Possible).count();
        if mendable > 0 && !self.repair && !self.json {
            say(format_args!("{mendable} of these can be mended: beamline doctor --repair"))?;
        }
        Ok(Outcome::Findings)
    }

    fn say(&self, finding: &Finding) -> Result<()> {
        if self.json {
            return say(serde_json::to_string(finding)?);
        }
        let done = if finding.repair == Repair::Done { "mended: " } else { "" };
        say(format_args!("{:<8} {:<8} {done}{}: {}", finding.area, finding.code, finding.subject, finding.message))
    }
}
