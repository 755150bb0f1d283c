//! Ending an import: what a full file missed is gone, unless that is too much at once; then it waits for a person.

use super::queries::{
    HeldLoss, ImportRow, held_delete, held_of, held_put, import_by_id, import_count, import_finish, import_later_than,
    import_move, import_reopen, profile_put,
};
use super::run::{Run, State};
use super::{Counts, ImportKind, ImportMode, ImportStatus};
use crate::app::App;
use crate::catalog::intake::offer_image;
use crate::catalog::queries::{OfferRow, Rules, offers_by_id, offers_mark_gone, offers_walk};
use crate::catalog::{golden, terms};
use crate::db::{ChangeKind, Conn, NewChange, changes, lock_catalog, operations};
use crate::error::{Code, Error, Result};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue;
use crate::stock::intake::{NewLevel, put_levels};
use crate::stock::queries::{levels_of_offers, warehouse_codes};
use crate::suppliers::queries::supplier_by_code;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A full import that would lose more than this share of a supplier's offers is held, in percent.
pub const HELD_ABOVE_PERCENT: usize = 20;
/// Losses of one transaction.
const LOSS_CHUNK: usize = 1_000;

/// How reading ended.
pub(super) enum Ending {
    /// To the end of every file.
    Complete,
    /// Not to the end, or nothing was there.
    Failed(String),
    /// A person stopped it.
    Cancelled,
}

/// How an import ends: its status, and why when it is not done.
struct End {
    status: ImportStatus,
    error: Option<String>,
}

/// Ends a run.
pub(super) async fn end(app: &App, run: Run, mut state: State, ending: Ending) -> Result<ImportRow> {
    let end = match ending {
        Ending::Failed(reason) => End { status: ImportStatus::Failed, error: Some(reason) },
        Ending::Cancelled => End { status: ImportStatus::Cancelled, error: None },
        Ending::Complete if run.mode == ImportMode::Full && run.import.kind != ImportKind::Prices => {
            missed(app, &run, &mut state).await?
        }
        Ending::Complete => End { status: done(&state.counts), error: None },
    };
    let useful = state.counts.created + state.counts.updated + state.counts.unchanged > 0;
    if run.proposed && useful && !run.import.dry_run {
        keep_profile(app, &run).await?;
    }
    close(app, &run.import, state.counts, end).await
}

/// A proposed profile that read something is the supplier's from now on; one that read nothing is not kept.
async fn keep_profile(app: &App, run: &Run) -> Result<()> {
    let (run, now, dictionary) = (run.clone(), app.clock.now(), Arc::clone(&app.dictionary));
    app.db
        .write(move |conn| {
            let Some(supplier) = supplier_by_code(conn, &run.import.supplier)? else { return Ok(()) };
            let profile = crate::suppliers::Profile::parse(&run.profile, &dictionary);
            let fingerprint = profile.map_err(|error| Error::internal(error.to_string()))?.fingerprint();
            profile_put(conn, supplier.id, run.import.kind, &run.profile, &fingerprint, true, now).map(|_| ())
        })
        .await
}

fn done(counts: &Counts) -> ImportStatus {
    if counts.rejected > 0 { ImportStatus::DoneWithIssues } else { ImportStatus::Done }
}

/// An import that ended with an error of its own.
pub async fn fail(app: &App, import_id: &str, error: &Error) -> Result<ImportRow> {
    tracing::warn!(import = import_id, %error, "import failed");
    let id = import_id.to_owned();
    let import = app.db.read(move |conn| import_by_id(conn, &id)).await?;
    let counts = import.counts;
    close(app, &import, counts, End { status: ImportStatus::Failed, error: Some(error.to_string()) }).await
}

async fn close(app: &App, import: &ImportRow, counts: Counts, end: End) -> Result<ImportRow> {
    let (import, now) = (import.clone(), app.clock.now());
    app.db.write(move |conn| close_in(conn, &import, counts, &end, now)).await
}

/// Ends an import in the caller's transaction. What a person has cancelled meanwhile stays cancelled.
fn close_in(conn: &mut Conn, import: &ImportRow, counts: Counts, end: &End, now: DateTime<Utc>) -> Result<ImportRow> {
    let present = import_by_id(conn, &import.id)?;
    if present.finished_at.is_some() && present.status != ImportStatus::Held {
        return Ok(present);
    }
    let status = if present.status == ImportStatus::Cancelled { ImportStatus::Cancelled } else { end.status };
    let error = if status == ImportStatus::Cancelled { None } else { end.error.as_deref() };
    import_count(conn, &import.id, &counts)?;
    let mut summary = json!({"supplier": import.supplier, "kind": import.kind, "status": status, "counts": counts});
    if import.dry_run {
        summary["dry_run"] = json!(true);
    }
    operations::finish(conn, &import.operation_id, &summary, now)?;
    let change = NewChange::new(ChangeKind::ImportFinished, &import.id, summary).within(import.operation_id.as_str());
    let position = changes::append(conn, now, &[change])?;
    import_finish(conn, &import.id, status, error, &position, now)?;
    import_by_id(conn, &import.id)
}

/// What the files missed: gone at once, or held when it is too much.
async fn missed(app: &App, run: &Run, state: &mut State) -> Result<End> {
    let (import, counts) = (Arc::clone(&run.import), state.counts);
    let seen = std::mem::replace(state, State { counts, ..State::default() });
    let (missing, all) = app.db.read(move |conn| missing(conn, &import, &seen)).await?;
    // What an interrupted try has lost already was not too much.
    let begun = state.counts.gone > 0;
    if !begun && missing.len() * 100 > all * HELD_ABOVE_PERCENT {
        let (id, reason) = (run.import.id.clone(), held_reason(run.import.kind, missing.len(), all));
        if !run.import.dry_run {
            app.db.write(move |conn| held_put(conn, &id, &missing)).await?;
        }
        return Ok(End { status: ImportStatus::Held, error: Some(reason) });
    }
    if run.import.dry_run {
        state.counts.gone = count(&missing);
    } else {
        lose(app, &run.import, missing, &mut state.counts).await?;
    }
    Ok(End { status: done(&state.counts), error: None })
}

/// Offers of a supplier looked at at once.
const WALK: i64 = 5_000;

/// What a full file does not name, and how much the supplier has in all. Memory grows with what is missing, not with what is there.
fn missing(conn: &mut Conn, import: &ImportRow, state: &State) -> Result<(Vec<HeldLoss>, usize)> {
    let Some(supplier) = supplier_by_code(conn, &import.supplier)? else { return Ok((Vec::new(), 0)) };
    let (mut missing, mut all, mut after) = (Vec::new(), 0, String::new());
    loop {
        let offers = offers_walk(conn, supplier.id, &after, WALK)?;
        let Some((_, last, _)) = offers.last() else { return Ok((missing, all)) };
        after.clone_from(last);
        // A row that was read but lost without its key is not missing: its offer's key is one of its words.
        let unnamed = |key: &str| !state.lost_words.contains(key);
        if import.kind == ImportKind::Stock {
            let keys: HashMap<i64, &str> = offers.iter().map(|(id, key, _)| (*id, key.as_str())).collect();
            let levels = levels_of_offers(conn, &keys.keys().copied().collect::<Vec<_>>())?;
            let held = levels.into_values().filter(|level| level.on_hand > 0);
            let held: BTreeSet<HeldLoss> = held.map(|level| (level.offer_id, level.warehouse_id)).collect();
            all += held.len();
            let unseen = held.into_iter().filter(|level| !state.seen_levels.has(*level));
            missing.extend(unseen.filter(|(offer, _)| keys.get(offer).is_some_and(|key| unnamed(key))));
        } else {
            let live = offers.iter().filter(|(_, _, live)| *live);
            all += live.clone().count();
            missing.extend(live.filter(|(id, key, _)| !state.seen.has(*id) && unnamed(key)).map(|(id, _, _)| (*id, 0)));
        }
    }
}

fn held_reason(kind: ImportKind, lost: usize, all: usize) -> String {
    let what = if kind == ImportKind::Stock { "stock levels" } else { "offers" };
    format!(
        "the file lacks {lost} of the supplier's {all} {what}, more than {HELD_ABOVE_PERCENT} %; \
         release the import when that is right, or cancel it and send the whole file"
    )
}

fn count(losses: &[HeldLoss]) -> i64 {
    i64::try_from(losses.len()).unwrap_or(i64::MAX)
}

/// Loses what a full file does not name: offers are gone, levels are zero. Each part is counted with its own transaction, so that a
/// try that is interrupted here counts what the one before has lost.
async fn lose(app: &App, import: &ImportRow, losses: Vec<HeldLoss>, counts: &mut Counts) -> Result<()> {
    for part in losses.chunks(LOSS_CHUNK) {
        let (part, import, dictionary, now) = (part.to_vec(), import.clone(), Arc::clone(&app.dictionary), app.clock.now());
        counts.gone += count(&part);
        let counts = *counts;
        app.db
            .write(move |conn| {
                lock_catalog(conn)?;
                let rules = Rules::load(conn, &dictionary)?;
                if import.kind == ImportKind::Stock {
                    zero_levels(conn, &import, &part, now)?;
                } else {
                    mark_gone(conn, &import, &part, now)?;
                }
                let offers: Vec<i64> = part.iter().map(|(offer, _)| *offer).collect();
                let products: BTreeSet<i64> =
                    offers_by_id(conn, &offers)?.into_iter().filter_map(|offer| offer.body.product_id).collect();
                let operation = Some(import.operation_id.as_str());
                let changed = if import.kind == ImportKind::Stock {
                    terms::refresh(conn, &rules, &products, operation)?
                } else {
                    golden::rebuild(conn, &rules, &products, operation, now)?
                };
                import_count(conn, &import.id, &counts)?;
                changes::append(conn, now, &changed).map(|_| ())
            })
            .await?;
    }
    Ok(())
}

fn zero_levels(conn: &mut Conn, import: &ImportRow, losses: &[HeldLoss], now: DateTime<Utc>) -> Result<()> {
    let Some(supplier) = supplier_by_code(conn, &import.supplier)? else { return Ok(()) };
    let codes = warehouse_codes(conn, supplier.id)?;
    let levels = losses.iter().map(|(offer_id, warehouse_id)| NewLevel {
        offer_id: *offer_id,
        warehouse: codes.get(warehouse_id).cloned(),
        on_hand: 0,
        // The file's own time: a report that came after it stands.
        reported_at: Some(import.created_at),
    });
    put_levels(conn, supplier.id, &import.operation_id, now, levels.collect()).map(|_| ())
}

fn mark_gone(conn: &mut Conn, import: &ImportRow, losses: &[HeldLoss], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<i64> = losses.iter().map(|(offer, _)| *offer).collect();
    let gone: Vec<_> = offers_by_id(conn, &ids)?.into_iter().filter(|offer| offer.body.live).collect();
    let tell = |offer: &OfferRow| {
        Ok(NewChange::new(
            ChangeKind::OfferChanged,
            format!("{}/{}", import.supplier, offer.body.supplier_sku),
            json!({"supplier": import.supplier, "supplier_sku": offer.body.supplier_sku, "state": "gone"}),
        )
        .of_product(offer.body.product_id)
        .of_offer(offer.id)
        .within(import.operation_id.as_str())
        .was(offer_image(&offer.body)?))
    };
    let told = gone.iter().map(tell).collect::<Result<Vec<_>>>()?;
    offers_mark_gone(conn, &gone.iter().map(|offer| offer.id).collect::<Vec<_>>(), now.into())?;
    changes::append(conn, now, &told).map(|_| ())
}

/// A person says that a held import is right: what it missed will be lost, by a job.
pub fn release(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<ImportRow> {
    let import = import_by_id(conn, id)?;
    if import.dry_run {
        return Err(Error::new(Code::Conflict, format!("import {id} was a dry run; import the file to change anything")));
    }
    if let Some(later) = import_later_than(conn, &import)? {
        let message = format!("import {later} came after {id} and may have brought back what it lacks; cancel this one");
        return Err(Error::new(Code::Conflict, message));
    }
    if !import_move(conn, id, ImportStatus::Held, ImportStatus::Running)? {
        return Err(Error::new(Code::Conflict, format!("import {id} is {}, not held", import.status.as_str())));
    }
    job_enqueue(conn, &Job::Release { import_id: id.to_owned() }, now)?;
    import_by_id(conn, id)
}

/// Does what [`release`] promised. Safe to repeat.
pub async fn lose_held(app: &App, import_id: &str) -> Result<ImportRow> {
    let id = import_id.to_owned();
    let (import, losses) = app.db.read(move |conn| Ok((import_by_id(conn, &id)?, held_of(conn, &id)?))).await?;
    if import.status != ImportStatus::Running {
        return Ok(import);
    }
    // All of them are on the list, those too that an interrupted try has lost.
    let mut counts = Counts { gone: 0, ..import.counts };
    lose(app, &import, losses, &mut counts).await?;
    let (id, now) = (import_id.to_owned(), app.clock.now());
    app.db
        .write(move |conn| {
            held_delete(conn, &id)?;
            let end = End { status: done(&counts), error: None };
            end_again(conn, &import, counts, &end, now)
        })
        .await
}

/// A held import had its first end when it was held; this is its second. One that was never begun has its first here.
fn end_again(conn: &mut Conn, import: &ImportRow, counts: Counts, end: &End, now: DateTime<Utc>) -> Result<ImportRow> {
    import_reopen(conn, &import.id)?;
    close_in(conn, import, counts, end, now)
}

/// The job of an import that was given up is tried again. Not when a later file of the supplier came in since: this one would bring
/// back what that one changed.
pub fn reopen(conn: &mut Conn, id: &str, to: ImportStatus) -> Result<()> {
    let import = import_by_id(conn, id)?;
    if import.status == ImportStatus::Queued || import.status == ImportStatus::Running {
        return Ok(());
    }
    if let Some(later) = import_later_than(conn, &import)? {
        let message = format!("import {later} came after {id}, which would bring back what it changed; discard the job");
        return Err(Error::new(Code::Conflict, message));
    }
    if !import_move(conn, id, ImportStatus::Failed, to)? {
        return Err(Error::new(Code::Conflict, format!("import {id} is {}; discard its job", import.status.as_str())));
    }
    import_reopen(conn, id)?;
    operations::reopen(conn, &import.operation_id)
}

/// A person stops an import: what it wrote stays, what it would have lost stays too.
///
/// One that is running ends between two transactions, and its end is told then; one that waits ends here.
pub fn cancel(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<ImportRow> {
    let import = import_by_id(conn, id)?;
    if import_move(conn, id, ImportStatus::Running, ImportStatus::Cancelled)? {
        return import_by_id(conn, id);
    }
    for from in [ImportStatus::Queued, ImportStatus::Held] {
        if import_move(conn, id, from, ImportStatus::Cancelled)? {
            held_delete(conn, id)?;
            let end = End { status: ImportStatus::Cancelled, error: None };
            return end_again(conn, &import, import.counts, &end, now);
        }
    }
    Err(Error::new(Code::Conflict, format!("import {id} is {} and cannot be cancelled", import.status.as_str())))
}
