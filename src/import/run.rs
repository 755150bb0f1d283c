//! Running an import: chunk after chunk, rows, changes, issues and progress together in a transaction.

use super::chunk::Reader;
use super::finish::{self, Ending};
use super::last_rows::LastRows;
use super::queries::{ImportRow, StoredFile, import_by_id, import_running_beside, import_start};
use super::read::{self, ReadError, ReadLimits, ReadOptions};
use super::resume::{self, Next, Resume};
use super::timings::{Stage, Timings};
use super::{Counts, ImportMode, Record, language, seen, write};
use crate::app::App;
use crate::db::Conn;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::files;
use crate::jobs::queries::job_of_import_is_alive;
use crate::pricing::money;
use crate::suppliers::profile::{FileMode, Profile};
use crate::suppliers::queries::{supplier_by_code, supplier_defaults};
use crate::suppliers::{Target, field_names, propose};
use object_store::{GetResultPayload, ObjectStoreExt, path::Path};
use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

/// Records looked at to propose a profile.
const SAMPLES: usize = 200;
/// Words of lost rows that are kept to find their offers by.
pub(super) const MAX_LOST_WORDS: usize = 200_000;

/// How much is written in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// What is ready within a tenth of a second, mostly one chunk: beside a server, so that a person's edit is never stuck behind an import.
    Prompt,
    /// What is ready within a second: where nobody else writes.
    Ample,
}

/// What remains known between chunks.
#[derive(Default)]
pub(super) struct State {
    pub(super) counts: Counts,
    pub(super) seen: seen::Offers,
    pub(super) seen_levels: seen::Levels,
    pub(super) lost_words: HashSet<String>,
}

/// Everything that one import works with.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) import: Arc<ImportRow>,
    pub(super) mode: ImportMode,
    pub(super) pace: Pace,
    /// The profile's text, and whether it was proposed by us.
    pub(super) profile: Arc<String>,
    pub(super) proposed: bool,
}

/// Does an accepted import and returns it as it ended. Safe to repeat: it goes on after the last chunk that was written.
pub async fn execute(app: &App, import_id: &str) -> Result<ImportRow> {
    execute_timed(app, import_id, Pace::Prompt, &|_| {}).await.map(|(import, _)| import)
}

/// [`execute`] at a pace, and where its time went.
pub async fn execute_timed(
    app: &App,
    import_id: &str,
    pace: Pace,
    progress: &(dyn Fn(&Counts) + Sync),
) -> Result<(ImportRow, Timings)> {
    let id = import_id.to_owned();
    let import = app.db.read(move |conn| import_by_id(conn, &id)).await?;
    let (mut timings, kind, began) = (Timings::default(), import.kind.as_str(), Instant::now());
    if import.status.is_over() {
        return Ok((import, timings));
    }
    let span = tracing::info_span!("import", import = import_id, kind);
    let ended = async {
        match attempt(app, import, pace, progress, &mut timings).await {
            Ok(import) => Ok(import),
            // What is passing is tried again by the queue; anything else is this import's own end.
            Err(error) if error.code == Code::Unavailable => Err(error),
            Err(error) => finish::fail(app, import_id, &error).await,
        }
    };
    let import = ended.instrument(span.clone()).await?;
    timings.seconds = began.elapsed().as_secs_f64();
    span.in_scope(|| tracing::info!(status = import.status.as_str(), "{timings}"));
    metrics::counter!("beamline_imports_total", "kind" => kind, "status" => import.status.as_str()).increment(1);
    metrics::histogram!("beamline_import_seconds", "kind" => kind).record(timings.seconds);
    Ok((import, timings))
}

async fn attempt(
    app: &App,
    import: ImportRow,
    pace: Pace,
    progress: &(dyn Fn(&Counts) + Sync),
    timings: &mut Timings,
) -> Result<ImportRow> {
    let (text, profile, proposed) = profile(app, &import).await?;
    let mode = mode(&import, &profile);
    let code = import.supplier.clone();
    let supplier = app.db.read(move |conn| supplier_by_code(conn, &code)).await?;
    let locale = supplier.as_ref().map(|supplier| Arc::from(supplier.locale.as_str()));
    let told = language::told(app, &import, &profile, locale.as_deref()).await?;
    let run = Run { mode, pace, profile: Arc::new(text), proposed, import: Arc::new(import) };
    if !begin(app, &run, profile.name.clone()).await? {
        let state = State { counts: run.import.counts, ..State::default() };
        return finish::end(app, run, state, Ending::Cancelled).await;
    }
    let reader = Reader {
        db: app.db.clone(),
        supplier: run.import.supplier.clone(),
        fingerprint: fingerprint(&profile, &app.dictionary).into(),
        currency: profile.currency.or_else(|| supplier.and_then(|supplier| money::currency(&supplier.currency).ok())),
        profile: Arc::new(profile),
        kind: run.import.kind,
        locale,
        dictionary: Arc::clone(&app.dictionary),
        memo: Arc::default(),
    };
    let last = look_ahead(app, &run, &reader, timings).await?;
    let mut resume = Resume::after(run.import.counts.rows_read);
    let mut state = State { counts: run.import.counts, ..State::default() };
    let mut fatal = None;
    for (place, file) in run.import.files.iter().enumerate() {
        let mut chunks = reader.start(open(app, file).await?, file.name.clone(), place, Arc::clone(&last));
        let mut broken = None;
        loop {
            let waiting = Instant::now();
            let Some(chunk) = chunks.next().await else { break };
            timings.add(Stage::Wait, waiting.elapsed());
            let mut chunk = chunk?;
            match resume.next(chunk.read) {
                // What is told of the file stands with its first rows, so that it is told once.
                Some(Next::Write) if state.counts.rows_read == 0 => chunk.issues.splice(0..0, told.clone()).for_each(drop),
                Some(Next::Write) => {}
                Some(Next::Pass) => {
                    broken = broken.or(chunk.fatal.take());
                    state = resume::pass(app, &run, chunk, state).await?;
                    continue;
                }
                None => return Err(resume::restart(app, &run).await),
            }
            let written = write::chunks(app, &run, &file.name, chunk, chunks, state, timings).await?;
            (state, chunks) = (written.state, written.rest);
            broken = broken.or(written.fatal);
            if !written.going {
                return finish::end(app, run, state, Ending::Cancelled).await;
            }
            progress(&state.counts);
        }
        fatal = broken.map(|reason| format!("{}: {reason}", file.name));
        if fatal.is_some() {
            break;
        }
    }
    let ending = match fatal {
        Some(reason) => Ending::Failed(reason),
        None if state.counts.rows_read == 0 => Ending::Failed(
            "no rows were found; check that the file is the right one and that its header and record path fit".to_owned(),
        ),
        None => Ending::Complete,
    };
    finish::end(app, run, state, ending).await
}

/// Marks the import begun; false when somebody has stopped it. Two imports of one supplier and kind never run at once: each would
/// take what the other has just brought for missing.
async fn begin(app: &App, run: &Run, profile_name: String) -> Result<bool> {
    let (run, now) = (run.clone(), app.clock.now());
    app.db
        .write(move |conn| {
            if let Some(other) = import_running_beside(conn, &run.import)?
                && !run.import.dry_run
                && job_of_import_is_alive(conn, &other)?
            {
                let message = format!("import {other} of the same supplier is running; this one goes on after it");
                return Err(Error::new(Code::Unavailable, message));
            }
            import_start(conn, &run.import.id, &run.profile, &profile_name, now)
        })
        .await
}

/// The profile to read with: the import's own, else one proposed from the first file. A proposal that was made of another file serves as
/// long as this one has the columns that make its keys; a person's profile always does.
async fn profile(app: &App, import: &ImportRow) -> Result<(String, Profile, bool)> {
    let stored = match &import.profile {
        Some(text) => Some(Profile::parse(text, &app.dictionary).map_err(|error| {
            Error::new(Code::InvalidProfile, format!("the stored profile no longer fits the dictionary: {error}; send it anew"))
        })?),
        None => None,
    };
    let stored = match (stored, &import.profile) {
        (Some(profile), Some(text)) if !profile.name.starts_with(PROPOSED) => return Ok((text.clone(), profile, false)),
        (stored, _) => stored,
    };
    let file = import.files.first().ok_or_else(|| Error::new(Code::UnreadableFile, "the import has no file"))?;
    let source = open(app, file).await?;
    let (name, code) = (file.name.clone(), import.supplier.clone());
    let known = move |conn: &mut Conn| Ok((supplier_by_code(conn, &code)?, supplier_defaults(conn, "")?.locale));
    let (supplier, usual) = app.db.read(known).await?;
    let locale = supplier.map(|supplier| supplier.locale);
    let dictionary = Arc::clone(&app.dictionary);
    let proposed_name = format!("{PROPOSED} {} {}", import.supplier, import.kind.as_str());
    let look = move || -> Result<Profile, ReadError> {
        let records = read::open(source, &name, &ReadOptions::default(), &ReadLimits::default())?;
        let samples: Vec<Record> = records.filter_map(Result::ok).take(SAMPLES).collect();
        let fields = field_names(&samples);
        if let Some(stored) = stored.filter(|stored| fits(stored, &fields)) {
            return Ok(stored);
        }
        // What is taken for granted about every supplier, nobody has said of this one.
        let said = locale.as_deref().filter(|locale| *locale != usual);
        let proposed = propose(&fields, &samples, &dictionary, said);
        let assumed = if proposed.locale.is_some() || proposed.assumed_confidence.is_some() { None } else { locale };
        Ok(Profile { name: proposed_name, assumed_locale: assumed.or(proposed.assumed_locale), ..proposed })
    };
    let profile = tokio::task::spawn_blocking(look)
        .await
        .map_err(Error::internal)?
        .map_err(|error| Error::new(Code::UnreadableFile, format!("{} cannot be read: {error}", file.name)))?;
    Ok((profile.to_toml(), profile, true))
}

/// Has a file the columns that this proposal makes its keys of?
fn fits(profile: &Profile, fields: &[String]) -> bool {
    let sku: Vec<_> = profile.columns.iter().filter(|column| column.to == Target::SupplierSku).collect();
    if sku.is_empty() {
        profile.columns.iter().any(|column| fields.contains(&column.from))
            && profile.key_columns.iter().all(|column| fields.contains(column))
    } else {
        sku.iter().all(|column| fields.contains(&column.from))
    }
}

/// How the name of a proposed profile begins.
const PROPOSED: &str = "proposed for";

fn mode(import: &ImportRow, profile: &Profile) -> ImportMode {
    import.mode.unwrap_or(match profile.mode {
        Some(FileMode::Full) => ImportMode::Full,
        _ => ImportMode::Partial,
    })
}

/// Who reads a row: the same row read with another profile or dictionary is another row.
pub fn fingerprint(profile: &Profile, dictionary: &Dictionary) -> String {
    format!("{}/{}", profile.fingerprint(), dictionary.fingerprint())
}

/// See [`Reader::look_ahead`].
async fn look_ahead(app: &App, run: &Run, reader: &Reader, timings: &mut Timings) -> Result<Arc<LastRows>> {
    let mut last = LastRows::default();
    for (place, file) in run.import.files.iter().enumerate() {
        let began = Instant::now();
        let (source, name, reader) = (open(app, file).await?, file.name.clone(), reader.clone());
        let looked = tokio::task::spawn_blocking(move || {
            reader.look_ahead(source, &name, place, &mut last);
            last
        });
        last = looked.await.map_err(Error::internal)?;
        timings.add(Stage::LookAhead, began.elapsed());
    }
    last.end();
    Ok(Arc::new(last))
}

/// The stored original as a plain reader: a folder's file as it is, a bucket's through a temporary file.
pub(super) async fn open(app: &App, file: &StoredFile) -> Result<Box<dyn Read + Send>> {
    let failed = |error: object_store::Error| files::refused(&format!("{} cannot be read", file.name), error);
    let found = app.files.get(&Path::from(file.path.as_str())).await.map_err(failed)?;
    match found.payload {
        GetResultPayload::File(file, _) => Ok(Box::new(file)),
        GetResultPayload::Stream(mut stream) => {
            use futures_util::StreamExt;
            use std::io::{Seek, Write};
            let mut spool = tempfile::tempfile()?;
            while let Some(part) = stream.next().await {
                spool.write_all(&part.map_err(failed)?)?;
            }
            spool.rewind()?;
            Ok(Box::new(spool))
        }
    }
}
