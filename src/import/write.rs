//! Writing what was understood: a chunk, or as many as are ready, with their changes, issues and progress in one transaction.

use super::chunk::{Chunk, left_stage};
use super::chunks::Chunks;
use super::queries::{import_count, import_stage, issues_insert};
use super::run::{MAX_LOST_WORDS, Pace, Run, State};
use super::timings::{Stage, Timings};
use super::{Counts, ImportKind, ImportMode, ImportStatus, Issue};
use crate::app::App;
use crate::catalog::intake::{self, Batch, Taken};
use crate::catalog::queries::{Rules, offer_keys};
use crate::db::{Conn, changes};
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::pricing::list;
use crate::stock::report;
use crate::suppliers::queries::supplier_ensure;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a transaction takes in what is ready. Each page of an index that rows touch here and there is written once a transaction, and
/// each commit waits for the disk once; whoever else writes waits for its end.
fn longest(pace: Pace) -> Duration {
    Duration::from_millis(match pace {
        Pace::Prompt => 100,
        Pace::Ample => 800,
    })
}

/// What a transaction came to.
pub(super) struct Written {
    pub(super) state: State,
    /// False when somebody has stopped the import; nothing of the last chunk was written.
    pub(super) going: bool,
    /// Why the file could not be read to its end.
    pub(super) fatal: Option<String>,
    /// What follows.
    pub(super) rest: Chunks,
}

/// Writes a chunk, and those that are ready by then.
pub(super) async fn chunks(
    app: &App,
    run: &Run,
    file: &str,
    first: Chunk,
    mut rest: Chunks,
    state: State,
    timings: &mut Timings,
) -> Result<Written> {
    if first.stands() {
        let waiting = Instant::now();
        rest.gather(longest(run.pace)).await;
        timings.add(Stage::Wait, waiting.elapsed());
    }
    let (before, asked) = (state.counts, Instant::now());
    let step = Step { run: run.clone(), file: file.to_owned(), dictionary: Arc::clone(&app.dictionary), now: app.clock.now() };
    let (written, spent, [begun, ended]) = transact(app, step, first, rest, state).await?;
    timings.add(Stage::Read, spent.read);
    timings.add(Stage::Understand, spent.understand);
    timings.add(Stage::Lock, begun.duration_since(asked));
    timings.add(Stage::Write, ended.duration_since(begun));
    timings.add(Stage::Commit, ended.elapsed());
    (timings.rows, timings.chunks) = (timings.rows + spent.rows, timings.chunks + spent.chunks);
    tell(run.import.kind, &spent, &before, &written.state.counts);
    Ok(written)
}

/// What the chunks of a transaction were, and what they took before it.
#[derive(Default, Clone, Copy)]
struct Spent {
    rows: i64,
    chunks: u64,
    read: Duration,
    understand: Duration,
}

/// Counts what became of rows.
fn tell(kind: ImportKind, spent: &Spent, before: &Counts, after: &Counts) {
    left_stage("write", spent.rows.unsigned_abs());
    metrics::counter!("beamline_import_chunks_total").increment(spent.chunks);
    for (outcome, rows) in [
        ("created", after.created - before.created),
        ("updated", after.updated - before.updated),
        ("unchanged", after.unchanged - before.unchanged),
        ("rejected", after.rejected - before.rejected),
    ] {
        let kind = kind.as_str();
        metrics::counter!("beamline_import_rows_total", "kind" => kind, "outcome" => outcome).increment(rows.unsigned_abs());
    }
}

/// When a transaction's work began and ended.
type Times = [Instant; 2];

/// Runs a step, really or in rehearsal, and notes what it found; a rehearsal's counts and issues are kept, nothing else of it.
async fn transact(app: &App, step: Step, first: Chunk, rest: Chunks, state: State) -> Result<(Written, Spent, Times)> {
    if step.run.import.dry_run {
        let (begun, note, mut first) = (Instant::now(), step.clone(), first);
        let (fatal, share) = (first.fatal.take(), Spent::of(&first));
        let rehearse = move |conn: &mut Conn| {
            let rules = Rules::load(conn, &step.dictionary)?;
            step.write(conn, &rules, first, state)
        };
        let rehearsed = app.db.rehearse(rehearse).await?;
        let ended = Instant::now();
        let (state, going) = app.db.write(move |conn| note.note(conn, rehearsed)).await?;
        let spent = if going { share } else { Spent::default() };
        return Ok((Written { state, going, fatal, rest }, spent, [begun, ended]));
    }
    app.db.write(move |conn| step.write_ready(conn, first, rest, state)).await
}

impl Spent {
    fn of(chunk: &Chunk) -> Self {
        let [read, understand] = chunk.spent;
        Self { rows: chunk.read, chunks: 1, read, understand }
    }

    fn add(&mut self, share: Self) {
        self.rows += share.rows;
        self.chunks += share.chunks;
        self.read += share.read;
        self.understand += share.understand;
    }
}

/// What one chunk came to: its state, its issues, and whether the import goes on.
type Worked = (State, Vec<Issue>, bool);

/// One transaction's share of an import.
#[derive(Clone)]
struct Step {
    run: Run,
    file: String,
    dictionary: Arc<Dictionary>,
    now: DateTime<Utc>,
}

impl Step {
    /// Writes a chunk, and what is ready when it is written, as long as the pace allows.
    fn write_ready(self, conn: &mut Conn, first: Chunk, mut rest: Chunks, mut state: State) -> Result<(Written, Spent, Times)> {
        let begun = Instant::now();
        let _in = tracing::debug_span!("write", file = self.file).entered();
        let (mut chunk, mut spent) = (first, Spent::default());
        let rules = Rules::load(conn, &self.dictionary)?;
        loop {
            let _in = tracing::debug_span!("chunk", rows = chunk.read).entered();
            let (fatal, share) = (chunk.fatal.take(), Spent::of(&chunk));
            let worked = self.write(conn, &rules, chunk, state)?;
            let going;
            (state, going) = self.note(conn, worked)?;
            if going {
                spent.add(share);
            }
            let next = if going && fatal.is_none() && begun.elapsed() < longest(self.run.pace) { rest.ready() } else { None };
            let Some(next) = next else {
                return Ok((Written { state, going, fatal, rest }, spent, [begun, Instant::now()]));
            };
            chunk = next;
        }
    }

    /// Keeps issues and progress; nothing of a chunk that was not written.
    fn note(&self, conn: &mut Conn, (state, issues, going): Worked) -> Result<(State, bool)> {
        if going {
            issues_insert(conn, &self.run.import.id, &self.file, &issues)?;
            import_count(conn, &self.run.import.id, &state.counts)?;
        }
        Ok((state, going))
    }

    fn write(&self, conn: &mut Conn, rules: &Rules, chunk: Chunk, mut state: State) -> Result<Worked> {
        let (status, rows) = import_stage(conn, &self.run.import.id)?;
        if status != ImportStatus::Running {
            return Ok((state, Vec::new(), false));
        }
        if rows != state.counts.rows_read {
            // This worker was thought dead and is late; two that write in turns would count every row twice.
            let message = format!("another process has taken import {} up and is at row {rows}", self.run.import.id);
            return Err(Error::new(Code::Unavailable, message));
        }
        let Chunk { rows, standing, mut issues, read, rejected, warned, superseded, lost_keys, lost_words, .. } = chunk;
        let room = MAX_LOST_WORDS.saturating_sub(state.lost_words.len());
        state.lost_words.extend(lost_words.into_iter().take(room));
        let batch = self.batch(conn)?;
        let lost: Vec<&str> = lost_keys.iter().map(String::as_str).collect();
        let lost_offers: Vec<i64> = offer_keys(conn, batch.supplier_id, &lost)?.values().map(|offer| offer.id).collect();
        if self.run.import.kind == ImportKind::Stock {
            // A lost row does not say which warehouse it was about: all of its offer's levels stand.
            let levels = crate::stock::queries::levels_of_offers(conn, &lost_offers)?;
            state.seen_levels.extend(levels.into_keys());
        }
        // Only a whole file says what is missing from it.
        let whole = self.run.mode == ImportMode::Full;
        if whole {
            state.seen.extend(lost_offers);
        }
        let mut counts = Counts { rows_read: read, rejected, warned, unchanged: superseded, ..Counts::default() };
        let mut taken = match self.run.import.kind {
            ImportKind::Catalog => intake::take(conn, rules, &batch, rows)?,
            ImportKind::Stock => {
                report::take_stock(conn, rules, &batch, &mut state.seen_levels, &rows, &mut counts, &mut issues)?
            }
            ImportKind::Prices => list::take_prices(conn, rules, &batch, &rows, &mut counts, &mut issues)?,
        };
        for offer in &standing {
            taken.stand(offer, &batch);
        }
        count(&mut counts, &taken);
        if whole {
            state.seen.extend(std::mem::take(&mut taken.seen));
        }
        changes::append(conn, self.now, &taken.changes)?;
        add(&mut state.counts, &counts);
        Ok((state, issues, true))
    }

    fn batch(&self, conn: &mut Conn) -> Result<Batch> {
        let import = &self.run.import;
        // In a rehearsal for a new supplier this makes it, and takes it back with the rest.
        let supplier = supplier_ensure(conn, &import.supplier, self.now)?;
        Ok(Batch {
            supplier_id: supplier.id,
            supplier_code: import.supplier.clone(),
            supplier_rank: supplier.rank,
            import_id: import.id.clone(),
            file: self.file.clone(),
            operation_id: import.operation_id.clone(),
            now: self.now,
            began: import.created_at,
        })
    }
}

fn count(counts: &mut Counts, taken: &Taken) {
    let [created, updated, unchanged] =
        [taken.created, taken.updated, taken.unchanged].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    counts.created += created;
    counts.updated += updated;
    counts.unchanged += unchanged;
}

fn add(sum: &mut Counts, more: &Counts) {
    sum.rows_read += more.rows_read;
    sum.created += more.created;
    sum.updated += more.updated;
    sum.unchanged += more.unchanged;
    sum.rejected += more.rejected;
    sum.warned += more.warned;
}
