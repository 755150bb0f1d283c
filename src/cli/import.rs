//! `beamline import --supplier CODE FILE...`

use super::progress::Progress;
use super::{Outcome, say};
use crate::app::App;
use crate::auth::caller::COMMAND;
use crate::config::Config;
use crate::db::{Conn, lock_catalog};
use crate::error::{Code, Error, Result};
use crate::files::PIECE;
use crate::import::accept::{self, MAX_BYTES, Request};
use crate::import::api::Import as ImportBody;
use crate::import::queries::{ImportRow, StoredFile, import_by_id, import_running_beside, issues_by_code};
use crate::import::run::{self, Pace};
use crate::import::timings::Timings;
use crate::import::{ImportKind, ImportMode, ImportStatus};
use crate::jobs::queries::{job_finish, job_return};
use crate::jobs::runner::{self, keep_alive};
use crate::pricing::money::{self, MoneyError};
use crate::suppliers::SupplierTerms;
use crate::suppliers::queries::{supplier_by_code, supplier_defaults, supplier_insert};
use bytes::Bytes;
use chrono::TimeDelta;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

/// Import a supplier's files: catalogue, stock or prices
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub struct Import {
    /// The supplier's code; an unknown one is created
    #[arg(long, env = "BEAMLINE_SUPPLIER", value_name = "CODE")]
    supplier: String,
    /// What the files are about
    #[arg(long, env = "BEAMLINE_IMPORT_KIND", default_value = "catalog", value_name = "catalog|stock|prices")]
    kind: ImportKind,
    /// The files are the supplier's whole range: what they lack is gone
    #[arg(long, env = "BEAMLINE_IMPORT_FULL", conflicts_with = "partial")]
    full: bool,
    /// The files say nothing about what they lack [default, unless the profile says full]
    #[arg(long, env = "BEAMLINE_IMPORT_PARTIAL")]
    partial: bool,
    /// How the files map to attributes (TOML); kept for this supplier. Without one, the last is used, else one is proposed
    #[arg(long, env = "BEAMLINE_PROFILE", value_name = "FILE")]
    profile: Option<PathBuf>,
    /// ISO 4217 code of prices that say none, for a supplier that is created [default: the house's, EUR]
    #[arg(long, env = "BEAMLINE_CURRENCY", value_name = "CODE")]
    currency: Option<String>,
    /// Only tell what would change
    #[arg(long, env = "BEAMLINE_DRY_RUN")]
    dry_run: bool,
    /// Also tell where the time went: seconds per stage and rows a second (`--log beamline=debug` tells it of every chunk)
    #[arg(long, env = "BEAMLINE_TIMINGS")]
    timings: bool,
    /// The import as one JSON object, as the API shows it
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
    /// CSV, TSV, XLSX, XML, JSON or NDJSON, plain or in gzip or zip; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Import {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        crate::suppliers::check::code("--supplier", &self.supplier)?;
        let profile = match &self.profile {
            Some(path) => Some(std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?),
            None => None,
        };
        if let Some(currency) = &self.currency {
            self.supplier_with(&app, currency).await?;
        }
        let mode = if self.full { Some(ImportMode::Full) } else { self.partial.then_some(ImportMode::Partial) };
        let request = Request {
            supplier: self.supplier.clone(),
            kind: self.kind,
            mode,
            profile,
            dry_run: self.dry_run,
            actor: COMMAND.to_owned(),
        };
        // Who serves beside this command has people waiting.
        let pace = if app.search.is_fed_elsewhere()? { Pace::Prompt } else { Pace::Ample };
        let progress = Progress::begin(format!("importing {} {}", self.supplier, self.kind.as_str()));
        // The index follows on another core, unless a server beside this command feeds it.
        let follow = CancellationToken::new();
        let _stop = follow.clone().drop_guard();
        let follower = (!self.dry_run).then(|| {
            let feeder = crate::search::Feeder::of_command(app.db.clone(), app.search.clone());
            tokio::spawn(feeder.run(follow.clone()))
        });
        let (row, timings) = import(&app, request, &self.files, pace, &progress).await?;
        drop(progress);
        if let Some(follower) = follower {
            follow.cancel();
            follower.await.map_err(Error::internal)?;
            // Listings are judged when they are asked for, or by whoever serves.
            crate::search::catch_up(&app).await?;
        }
        let outcome = outcome(&row);
        if self.json {
            let mut body = serde_json::to_value(ImportBody::from(row))?;
            if self.timings {
                body["timings"] = serde_json::to_value(timings)?;
            }
            say(body)?;
        } else {
            say(report(&app, &row).await?.trim_end())?;
            if self.timings {
                say(format_args!("  {timings}"))?;
            }
        }
        Ok(outcome)
    }
}

impl Import {
    /// The supplier, made with this currency; one that is there keeps its own, and another is refused rather than ignored.
    async fn supplier_with(&self, app: &App, currency: &str) -> Result<()> {
        let invalid = |error: MoneyError| Error::new(Code::Invalid, format!("--currency: {error}"));
        let wanted = money::currency(currency).map_err(invalid)?.code();
        let (code, dry_run, now) = (self.supplier.clone(), self.dry_run, app.clock.now());
        let work = move |conn: &mut Conn| {
            lock_catalog(conn)?;
            let Some(known) = supplier_by_code(conn, &code)? else {
                if !dry_run {
                    let terms = supplier_defaults(conn, &code)?;
                    supplier_insert(conn, &code, &SupplierTerms { currency: wanted.to_owned(), ..terms }, now)?;
                }
                return Ok(());
            };
            if known.currency == wanted {
                return Ok(());
            }
            let has = &known.currency;
            let detail =
                format!("{code} has the currency {has}; leave --currency out, or change it with PATCH /suppliers/{code}");
            Err(Error::new(Code::Conflict, detail))
        };
        app.db.write(work).await
    }
}

/// Stores the files, imports them in this process, and returns how it ended.
async fn import(app: &App, request: Request, files: &[PathBuf], pace: Pace, progress: &Progress) -> Result<(ImportRow, Timings)> {
    let id = crate::id::new("imp", app.clock.now());
    let mut stored = Vec::with_capacity(files.len());
    let mut left = MAX_BYTES;
    for (place, path) in files.iter().enumerate() {
        let file = store(app, &id, place, path, left).await?;
        left = left.saturating_sub(file.bytes);
        stored.push(file);
    }
    perform(app, id, request, stored, pace, progress).await
}

/// Imports stored files in this process, and returns how it ended.
pub(super) async fn perform(
    app: &App,
    id: String,
    request: Request,
    files: Vec<StoredFile>,
    pace: Pace,
    progress: &Progress,
) -> Result<(ImportRow, Timings)> {
    let worker = crate::id::new("worker", app.clock.now());
    let (id, job) = accept::enqueue(app, id, request, files, Some(worker.clone())).await?;
    let job = job.unwrap_or_default();
    let done = tokio::select! {
        done = in_turn(app, &id, pace, progress) => done,
        () = keep_alive(app, &worker, &job) => {
            return Err(Error::new(Code::Conflict, "another process has taken this import up; GET /api/v1/imports tells how it ends"));
        }
    };
    let now = app.clock.now();
    match done {
        Ok(done) => {
            app.db.write(move |conn| job_finish(conn, &job, &worker, now)).await?;
            Ok(done)
        }
        Err(error) => {
            // Nobody need wait for the lease of a process that ends; where this cannot be noted either, somebody will.
            let noted = app.db.write(move |conn| job_return(conn, &job, &worker, TimeDelta::zero(), now)).await;
            if let Err(error) = noted {
                tracing::debug!(%error, "the import could not be given back");
            }
            let detail =
                format!("{}; import {id} goes on where it was with the next 'beamline import' or 'beamline serve'", error.detail);
            Err(Error { detail, ..error })
        }
    }
}

/// How often a command looks whether it is its turn.
const LOOK: Duration = Duration::from_millis(500);

/// Does the import once no other of the supplier is running. One that a dead process has left is done first, when its lease is over: there
/// may be no server that would.
async fn in_turn(app: &App, id: &str, pace: Pace, progress: &Progress) -> Result<(ImportRow, Timings)> {
    let tell = |counts: &crate::import::Counts| progress.at(counts.rows_read, "rows");
    let mut told = false;
    loop {
        let error = match run::execute_timed(app, id, pace, &tell).await {
            Err(error) if error.code == Code::Unavailable => error,
            done => return done,
        };
        let id = id.to_owned();
        let beside =
            app.db.read(move |conn| import_by_id(conn, &id).and_then(|import| import_running_beside(conn, &import))).await;
        let Ok(Some(other)) = beside else { return Err(error) };
        progress.now("waiting for another import of this supplier");
        if !told {
            tracing::info!(
                import = other,
                "another import of this supplier is running, or was left by a process that died; waiting for its end"
            );
            told = true;
        }
        let helper = crate::id::new("worker", app.clock.now());
        if !runner::one(app, &helper).await? {
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn store(app: &App, id: &str, place: usize, path: &Path, left: u64) -> Result<StoredFile> {
    if path == Path::new("-") {
        return accept::store_file(app, id, place, "stdin", ReaderStream::with_capacity(tokio::io::stdin(), PIECE), left).await;
    }
    let file = tokio::fs::File::open(path).await.map_err(|error| unreadable(path, &error))?;
    let name = path.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    accept::store_file(app, id, place, &name, ReaderStream::with_capacity(file, PIECE), left).await
}

/// Stores bytes that are at hand.
pub(super) async fn store_bytes(app: &App, id: &str, name: &str, bytes: &'static [u8]) -> Result<StoredFile> {
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(bytes))]);
    accept::store_file(app, id, 0, name, body, MAX_BYTES).await
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::UnreadableFile, format!("{} cannot be read: {error}", path.display()))
}

/// The exit status of an import.
pub(super) fn outcome(row: &ImportRow) -> Outcome {
    match row.status {
        ImportStatus::Done => Outcome::Done,
        ImportStatus::DoneWithIssues => Outcome::Findings,
        _ => Outcome::Held,
    }
}

/// Codes of issues that a report lists.
const LISTED: usize = 12;

/// What a person wants to know about an import.
async fn report(app: &App, row: &ImportRow) -> Result<String> {
    use std::fmt::Write as _;
    let id = row.id.clone();
    let codes = app.db.read(move |conn| issues_by_code(conn, &id)).await?;
    let counts = row.counts;
    let mut text = String::new();
    let would = if row.dry_run { " (dry run: nothing was changed)" } else { "" };
    let _ = writeln!(text, "{} {} for {}: {}{would}", row.id, row.kind.as_str(), row.supplier, row.status.as_str());
    if let Some(error) = &row.error {
        let _ = writeln!(text, "  {error}");
    }
    let _ = writeln!(
        text,
        "  {} rows read = {} created + {} updated + {} unchanged + {} rejected; {} with warnings, {} gone",
        counts.rows_read, counts.created, counts.updated, counts.unchanged, counts.rejected, counts.warned, counts.gone
    );
    let _ = writeln!(text, "  profile: {}", if row.profile_name.is_empty() { "-" } else { &row.profile_name });
    for (severity, code, count) in codes.iter().take(LISTED) {
        let _ = writeln!(text, "  {count:>7} x {severity:<8} {code}");
    }
    if codes.len() > LISTED {
        let _ = writeln!(text, "  and {} more kinds of issue", codes.len() - LISTED);
    }
    if !codes.is_empty() {
        let _ = writeln!(text, "  each with row, field and text: GET /api/v1/imports/{}/issues", row.id);
    }
    Ok(text)
}
