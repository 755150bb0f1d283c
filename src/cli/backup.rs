//! `beamline backup` and `beamline restore`

use super::progress::Progress;
use super::{Outcome, say};
use crate::backup::{Manifest, Tell, make, restore};
use crate::config::Config;
use crate::error::Result;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// Write the whole catalogue, with its files, into one file; while it is served, from either database
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; one that stands there is replaced
    #[arg(env = "BEAMLINE_BACKUP", value_name = "FILE")]
    file: PathBuf,
    /// One JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let progress = told("backup");
        let manifest = make::make(&app, &self.file, Arc::clone(&progress)).await?;
        drop(progress);
        let place = self.file.display().to_string();
        if self.json {
            say(
                serde_json::json!({"file": place, "rows": rows(&manifest), "files": manifest.files.len(), "schema": manifest.schema}),
            )?;
        } else {
            say(format_args!("{place} holds {} rows and {} files", rows(&manifest), manifest.files.len()))?;
            if !manifest.files_elsewhere.is_empty() {
                say(format_args!("{} files stand in the bucket and are not in it", manifest.files_elsewhere.len()))?;
            }
        }
        Ok(Outcome::Done)
    }
}

/// Load a backup into an empty data folder or database; the search index is built anew
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(env = "BEAMLINE_BACKUP", value_name = "FILE")]
    file: PathBuf,
    /// Replace all that is there
    #[arg(long, env = "BEAMLINE_FORCE")]
    force: bool,
    /// One JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Restore {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let progress = told("restore");
        let manifest = restore::restore(&app, &self.file, self.force, Arc::clone(&progress)).await?;
        drop(progress);
        super::catch_up(&app).await?;
        if self.json {
            say(serde_json::json!({"rows": rows(&manifest), "files": manifest.files.len(), "made_at": manifest.made_at}))?;
        } else {
            let (rows, files, at) = (rows(&manifest), manifest.files.len(), manifest.made_at);
            say(format_args!("restored {rows} rows and {files} files as they were at {at}; the search index was built anew"))?;
            if !manifest.files_elsewhere.is_empty() {
                say(format_args!("{} files stood in a bucket; point --files at it", manifest.files_elsewhere.len()))?;
            }
        }
        Ok(Outcome::Done)
    }
}

fn rows(manifest: &Manifest) -> u64 {
    manifest.tables.iter().map(|table| table.rows).sum()
}

fn told(label: &str) -> Tell {
    let progress = Progress::begin(label);
    Arc::new(move |done, what: &str| progress.at(done, what))
}
