//! `beamline images add|fetch|examine|status`

use super::progress::Progress;
use super::{Outcome, say};
use crate::app::App;
use crate::auth::caller::COMMAND;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::media::batch::{self, Files, Status, Summary, Told};
use crate::media::collect::{self, Collected};
use crate::media::naming::Naming;
use crate::media::queries::{Outcome as Asked, address_counts, addresses_again};
use crate::media::reexamine::{Reexamined, reexamine};
use crate::media::{AddressState, follow};
use clap::{Args, Subcommand};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::mpsc;

/// Attach pictures by the names of their files, fetch those that suppliers name, examine them again, and tell how far it is
#[derive(Debug, Args)]
pub struct Images {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Attach pictures to the products that their names mean, such as `SKU_1.jpg` or `GTIN-2.png`; all of it is one operation
    Add {
        /// Only tell what would come of it; nothing is kept
        #[arg(long, env = "BEAMLINE_DRY_RUN")]
        dry_run: bool,
        /// One JSON object a line: one for each file, and last the counts
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
        /// Folders, zips or single pictures
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Fetch the pictures that suppliers name by address, all that are due
    Fetch {
        /// Ask again for those in this state: waiting, ready, failed, unreached or all
        #[arg(long, env = "BEAMLINE_IMAGES_AGAIN", value_name = "STATE|all")]
        again: Option<Again>,
        /// One JSON object
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
    },
    /// Examine every picture again, after a threshold of schema/media/pictures.toml changed; channels judge them anew
    Examine {
        /// One JSON object
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
    },
    /// Count the addresses that products show, by what came of them
    Status {
        /// One JSON object
        #[arg(long, env = "BEAMLINE_JSON")]
        json: bool,
    },
}

/// Which addresses are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Again(Option<AddressState>);

impl FromStr for Again {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "all" {
            return Ok(Self(None));
        }
        let names = || AddressState::ALL.map(AddressState::as_str).join(", ");
        AddressState::parse(text).map(|state| Self(Some(state))).ok_or_else(|| format!("say one of {} or all", names()))
    }
}

impl Images {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        match self.command {
            Command::Add { dry_run, json, paths } => add(&app, paths, dry_run, json).await,
            Command::Fetch { again, json } => fetch(&app, again, json).await,
            Command::Examine { json } => examine(&app, json).await,
            Command::Status { json } => status(&app, json).await,
        }
    }
}

async fn add(app: &App, paths: Vec<PathBuf>, dry_run: bool, json: bool) -> Result<Outcome> {
    let naming = Naming::of(&app.dictionary)?;
    let files = tokio::task::spawn_blocking(move || Files::at(&paths, &naming)).await.map_err(Error::internal)??;
    let progress = Progress::begin(format!("taking {} files", files.len()));
    let (told, mut telling) = mpsc::channel::<Told>(64);
    let work = batch::run(app, files, batch::How { actor: COMMAND.to_owned(), dry_run }, told);
    let write = async {
        let mut done = 0;
        while let Some(told) = telling.recv().await {
            done += 1;
            progress.at(done, "files");
            if json {
                say(serde_json::to_string(&told)?)?;
            } else if let Some(line) = finding(&told) {
                say(line)?;
            }
        }
        Ok::<_, Error>(())
    };
    let (summary, written) = tokio::join!(work, write);
    drop(progress);
    let summary = summary?;
    written?;
    if !dry_run {
        follow::catch_up(app).await?;
        super::catch_up(app).await?;
    }
    if json {
        let mut last = serde_json::to_value(&summary)?;
        last["done"] = true.into();
        say(last)?;
    } else {
        say(report(&summary, dry_run))?;
    }
    Ok(if summary.has_findings() { Outcome::Findings } else { Outcome::Done })
}

/// What a person has to see to.
fn finding(told: &Told) -> Option<String> {
    let status = match told.status {
        Status::Attached | Status::Unchanged => return None,
        Status::Refused => "refused",
        Status::Unmatched => "unmatched",
        Status::Ambiguous => "ambiguous",
    };
    // A name may hold anything, and a terminal obeys some of it.
    let file: String = told.file.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).collect();
    Some(format!("{status:<9} {file}: {}", told.message.as_deref().unwrap_or_default()))
}

fn report(summary: &Summary, dry_run: bool) -> String {
    let Summary { files, attached, unchanged, refused, unmatched, ambiguous, operation, change: _ } = summary;
    let would = if dry_run { " (dry run: nothing was changed)" } else { "" };
    let mut text = format!(
        "files: {files} = {attached} attached + {unchanged} unchanged + {refused} refused + {unmatched} unmatched + {ambiguous} ambiguous{would}"
    );
    if let Some(operation) = operation {
        let _ = write!(text, "\n  taken back by: POST /api/v1/operations/{operation}/undo");
    }
    text
}

async fn fetch(app: &App, again: Option<Again>, json: bool) -> Result<Outcome> {
    let progress = Progress::begin("fetching pictures");
    progress.now("looking which products show what");
    follow::catch_up(app).await?;
    if let Some(Again(state)) = again {
        let now = app.clock.now();
        app.db.write(move |conn| addresses_again(conn, state, now)).await?;
    }
    let asked = AtomicI64::new(0);
    let tell = |_: &Asked| progress.at(asked.fetch_add(1, Ordering::Relaxed) + 1, "addresses asked");
    let done = collect::all(app, &tell).await?;
    drop(progress);
    super::catch_up(app).await?;
    let Collected { kept, unchanged, unusable, later } = done;
    if json {
        say(json!({"asked": done.asked(), "kept": kept, "unchanged": unchanged, "unusable": unusable, "later": later}))?;
    } else {
        let asked = done.asked();
        say(format_args!(
            "addresses asked: {asked} = {kept} kept + {unchanged} unchanged + {unusable} unusable + {later} to be asked later"
        ))?;
        if unusable + later > 0 {
            say("  each with what is wrong: GET /api/v1/images/addresses")?;
        }
    }
    Ok(if unusable + later > 0 { Outcome::Findings } else { Outcome::Done })
}

async fn examine(app: &App, json: bool) -> Result<Outcome> {
    let progress = Progress::begin("examining pictures");
    let tell = |images: u64| progress.at(i64::try_from(images).unwrap_or(i64::MAX), "images");
    let done = reexamine(app, &tell).await?;
    drop(progress);
    super::catch_up(app).await?;
    if json {
        say(serde_json::to_string(&done)?)?;
    } else {
        let Reexamined { images, changed, unreadable } = done;
        say(format_args!("{images} images examined: {changed} judged otherwise than before, {unreadable} unreadable"))?;
    }
    Ok(if done.unreadable > 0 { Outcome::Findings } else { Outcome::Done })
}

async fn status(app: &App, json: bool) -> Result<Outcome> {
    follow::catch_up(app).await?;
    let counts = app.db.read(address_counts).await?;
    let of = |state: AddressState| counts.get(state.as_str()).copied().unwrap_or(0);
    if json {
        let states: serde_json::Map<String, serde_json::Value> =
            AddressState::ALL.into_iter().map(|state| (state.as_str().to_owned(), of(state).into())).collect();
        say(json!(states))?;
        return Ok(Outcome::Done);
    }
    for state in AddressState::ALL {
        say(format_args!("{:>9} {}", of(state), state.as_str()))?;
    }
    Ok(Outcome::Done)
}
