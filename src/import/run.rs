//! Running an import: chunk after chunk, each a transaction of rows, changes, issues and progress together.

use super::chunk::{Chunk, Reader};
use super::finish::{self, Ending};
use super::queries::{
    ImportRow, StoredFile, import_by_id, import_count, import_is_cancelled, import_start, issues_insert, profile_by_id,
    profile_put,
};
use super::read::{self, ReadError, ReadLimits, ReadOptions};
use super::{Counts, ImportKind, ImportMode, Issue, PreparedRow, Record, Severity};
use crate::app::App;
use crate::catalog::intake::{self, Batch, Met, Taken};
use crate::catalog::queries::Rules;
use crate::db::{Conn, changes};
use crate::error::{Code, Error, Result};
use crate::pricing::money;
use crate::stock;
use crate::suppliers::profile::{FileMode, Profile};
use crate::suppliers::queries::supplier_by_id;
use crate::suppliers::{Supplier, field_names, propose};
use object_store::{GetResultPayload, ObjectStoreExt, path::Path};
use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

/// Records looked at to propose a profile.
const SAMPLES: usize = 200;

/// What remains known between chunks.
pub(super) struct State {
    pub(super) counts: Counts,
    pub(super) met: Met,
    pub(super) seen: HashSet<i64>,
    pub(super) seen_levels: HashSet<(i64, i64)>,
    pub(super) lost_texts: Vec<String>,
}

/// Everything that one import works with.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) import: Arc<ImportRow>,
    pub(super) mode: ImportMode,
    reader: String,
}

/// Does an accepted import and returns it as it ended. Safe to repeat: what was written already is found unchanged.
pub async fn execute(app: &App, import_id: &str, progress: &(dyn Fn(&Counts) + Sync)) -> Result<ImportRow> {
    let id = import_id.to_owned();
    let import = app.db.read(move |conn| import_by_id(conn, &id)).await?;
    if import.status.is_over() {
        return Ok(import);
    }
    match attempt(app, import, progress).await {
        Ok(import) => Ok(import),
        // What is passing is tried again by the queue; anything else is this import's own end.
        Err(error) if error.code == Code::Unavailable => Err(error),
        Err(error) => finish::fail(app, import_id, &error).await,
    }
}

async fn attempt(app: &App, import: ImportRow, progress: &(dyn Fn(&Counts) + Sync)) -> Result<ImportRow> {
    let supplier_id = import.supplier_id;
    let supplier = app.db.read(move |conn| supplier_or_error(conn, supplier_id)).await?;
    let (profile_id, profile) = profile(app, &import).await?;
    let mode = mode(&import, &profile);
    let (id, name, now) = (import.id.clone(), profile.name.clone(), app.clock.now());
    app.db.write(move |conn| import_start(conn, &id, profile_id, &name, now)).await?;

    let run =
        Run { mode, reader: format!("{}/{}", profile.fingerprint(), app.dictionary.fingerprint()), import: Arc::new(import) };
    let reader = Reader {
        currency: profile.currency.or_else(|| money::currency(&supplier.currency).ok()),
        profile: Arc::new(profile),
        kind: run.import.kind,
        dictionary: Arc::clone(&app.dictionary),
    };
    let mut state = State {
        counts: Counts::default(),
        met: Met::new(),
        seen: HashSet::new(),
        seen_levels: HashSet::new(),
        lost_texts: Vec::new(),
    };
    let mut fatal = None;
    for file in &run.import.files {
        let mut chunks = reader.start(open(app, file).await?, file.name.clone());
        while let Some(mut chunk) = chunks.recv().await {
            fatal = fatal.or(chunk.fatal.take().map(|reason| format!("{}: {reason}", file.name)));
            state = write_chunk(app, &run, &file.name, chunk, state).await?;
            progress(&state.counts);
            let id = run.import.id.clone();
            if app.db.read(move |conn| import_is_cancelled(conn, &id)).await? {
                return finish::end(app, run, state, Ending::Cancelled).await;
            }
        }
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

fn supplier_or_error(conn: &mut Conn, id: i64) -> Result<Supplier> {
    supplier_by_id(conn, id)?.ok_or_else(|| Error::not_found("supplier of this import"))
}

/// The profile to read with: the import's own, else one proposed from the first file, stored and used at once.
async fn profile(app: &App, import: &ImportRow) -> Result<(i64, Profile)> {
    if let Some(id) = import.profile_id {
        let row = app.db.read(move |conn| profile_by_id(conn, id)).await?;
        let profile = Profile::parse(&row.toml, &app.dictionary).map_err(|error| {
            Error::new(Code::InvalidProfile, format!("the stored profile no longer fits the dictionary: {error}; send it anew"))
        })?;
        return Ok((id, profile));
    }
    let file = import.files.first().ok_or_else(|| Error::new(Code::UnreadableFile, "the import has no file"))?;
    let source = open(app, file).await?;
    let (name, kind, supplier_id) = (file.name.clone(), import.kind, import.supplier_id);
    let locale = app.db.read(move |conn| supplier_or_error(conn, supplier_id)).await?.locale;
    let dictionary = Arc::clone(&app.dictionary);
    let look = move || -> Result<Profile, ReadError> {
        let records = read::open(source, &name, &ReadOptions::default(), &ReadLimits::default())?;
        let samples: Vec<Record> = records.filter_map(Result::ok).take(SAMPLES).collect();
        Ok(propose(&field_names(&samples), &samples, &dictionary, Some(&locale)))
    };
    let mut proposed = tokio::task::spawn_blocking(look)
        .await
        .map_err(Error::internal)?
        .map_err(|error| Error::new(Code::UnreadableFile, format!("{} cannot be read: {error}", file.name)))?;
    proposed.name = format!("proposed for {} {}", import.supplier, kind.as_str());
    let (toml, now) = (proposed.to_toml(), app.clock.now());
    let fingerprint = proposed.fingerprint();
    let id = app.db.write(move |conn| profile_put(conn, supplier_id, kind, &toml, &fingerprint, true, now)).await?;
    Ok((id, proposed))
}

fn mode(import: &ImportRow, profile: &Profile) -> ImportMode {
    import.mode.unwrap_or(match profile.mode {
        Some(FileMode::Full) => ImportMode::Full,
        _ => ImportMode::Partial,
    })
}

/// The stored original as a plain reader: a folder's file as it is, a bucket's through a temporary file.
async fn open(app: &App, file: &StoredFile) -> Result<Box<dyn Read + Send>> {
    let failed = |error: object_store::Error| {
        Error::new(Code::Unavailable, format!("{} cannot be read from the file store", file.name)).because(error)
    };
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

async fn write_chunk(app: &App, run: &Run, file: &str, chunk: Chunk, mut state: State) -> Result<State> {
    let (run, file, now) = (run.clone(), file.to_owned(), app.clock.now());
    let dictionary = Arc::clone(&app.dictionary);
    let started = std::time::Instant::now();
    let rows = chunk.read;
    let dry_run = run.import.dry_run;
    let work = move |conn: &mut Conn| {
        let Chunk { rows, issues, read, rejected, warned, lost_keys, lost_texts, fatal: _ } = chunk;
        state.lost_texts.extend(lost_texts);
        let mut issues = issues;
        let mut counts = Counts { rows_read: read, rejected, warned, ..Counts::default() };
        let supplier_id = run.import.supplier_id;
        let lost: Vec<&str> = lost_keys.iter().map(String::as_str).collect();
        state.seen.extend(crate::catalog::queries::offer_keys(conn, supplier_id, &lost)?.values().map(|offer| offer.id));
        let batch = Batch {
            supplier_id,
            supplier_code: run.import.supplier.clone(),
            import_id: run.import.id.clone(),
            file: file.clone(),
            operation_id: run.import.operation_id.clone(),
            reader: run.reader.clone(),
            now,
        };
        let taken = take(conn, &run, &dictionary, &batch, &mut state, rows, &mut counts, &mut issues)?;
        counts.created += i64::try_from(taken.created).unwrap_or(i64::MAX);
        counts.updated += i64::try_from(taken.updated).unwrap_or(i64::MAX);
        counts.unchanged += i64::try_from(taken.unchanged).unwrap_or(i64::MAX);
        for (row, key) in &taken.superseded {
            counts.warned += 1;
            issues.push(duplicate_key(*row, key));
        }
        state.seen.extend(taken.seen);
        changes::append(conn, now, &taken.changes)?;
        add(&mut state.counts, &counts);
        Ok((state, issues, run, file))
    };
    let note = |conn: &mut Conn, (state, issues, run, file): (State, Vec<Issue>, Run, String)| {
        issues_insert(conn, &run.import.id, &file, &issues)?;
        import_count(conn, &run.import.id, &state.counts)?;
        Ok(state)
    };
    let state = if dry_run {
        let worked = app.db.rehearse(work).await?;
        app.db.write(move |conn| note(conn, worked)).await?
    } else {
        app.db.write(move |conn| work(conn).and_then(|worked| note(conn, worked))).await?
    };
    metrics::counter!("beamline_import_rows_total").increment(rows.unsigned_abs());
    metrics::histogram!("beamline_import_chunk_seconds").record(started.elapsed().as_secs_f64());
    Ok(state)
}

#[expect(clippy::too_many_arguments, reason = "one call, from the closure above, that splits by kind")]
fn take(
    conn: &mut Conn,
    run: &Run,
    dictionary: &Arc<crate::dictionary::Dictionary>,
    batch: &Batch,
    state: &mut State,
    rows: Vec<PreparedRow>,
    counts: &mut Counts,
    issues: &mut Vec<Issue>,
) -> Result<Taken> {
    let rules = Rules::load(conn, dictionary)?;
    match run.import.kind {
        ImportKind::Catalog => intake::take(conn, &rules, batch, &mut state.met, rows),
        ImportKind::Stock => stock::report::take_stock(conn, &rules, batch, &mut state.seen_levels, &rows, counts, issues),
        ImportKind::Prices => crate::pricing::list::take_prices(conn, &rules, batch, &rows, counts, issues),
    }
}

fn duplicate_key(row: u64, key: &str) -> Issue {
    Issue {
        row,
        field: String::new(),
        code: "duplicate_key".to_owned(),
        message: format!("a later row has the same key '{key}' and stands instead of this one"),
        raw: key.to_owned(),
        severity: Severity::Warning,
    }
}

pub(super) fn add(sum: &mut Counts, more: &Counts) {
    sum.rows_read += more.rows_read;
    sum.created += more.created;
    sum.updated += more.updated;
    sum.unchanged += more.unchanged;
    sum.rejected += more.rejected;
    sum.warned += more.warned;
    sum.gone += more.gone;
}
