//! Ending an import: what a full file missed is gone, unless that is too much at once; then it waits for a person.

use super::queries::{ImportRow, held_of, held_put, import_by_id, import_count, import_finish, import_move};
use super::run::{Run, State};
use super::{Counts, ImportKind, ImportMode, ImportStatus};
use crate::app::App;
use crate::catalog::golden;
use crate::catalog::queries::{Rules, offers_by_id, offers_mark_gone, offers_of_supplier_missing};
use crate::db::{ChangeKind, Conn, NewChange, changes, lock_catalog, operations};
use crate::error::{Code, Error, Result};
use crate::stock::intake::{NewLevel, put_levels};
use crate::stock::queries::{levels_unseen, warehouse_codes};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A full import that would lose more than this share of a supplier's offers is held, in percent.
pub const HELD_ABOVE_PERCENT: usize = 20;
/// Offers marked gone in one transaction.
const GONE_CHUNK: usize = 1_000;

/// How reading ended.
pub(super) enum Ending {
    /// To the end of every file.
    Complete,
    /// Not to the end, or nothing was there.
    Failed(String),
    /// A person stopped it.
    Cancelled,
}

/// Ends a run.
pub(super) async fn end(app: &App, run: Run, mut state: State, ending: Ending) -> Result<ImportRow> {
    let (status, error) = match ending {
        Ending::Failed(reason) => (ImportStatus::Failed, Some(reason)),
        Ending::Cancelled => (ImportStatus::Cancelled, None),
        Ending::Complete if run.mode == ImportMode::Full && run.import.kind != ImportKind::Prices => {
            miss(app, &run, &mut state).await?
        }
        Ending::Complete => (done(&state.counts), None),
    };
    close(app, &run.import, state.counts, status, error).await
}

fn done(counts: &Counts) -> ImportStatus {
    if counts.rejected > 0 { ImportStatus::DoneWithIssues } else { ImportStatus::Done }
}

/// An import that ended with an error of its own.
pub(super) async fn fail(app: &App, import_id: &str, error: &Error) -> Result<ImportRow> {
    tracing::warn!(import = import_id, %error, "import failed");
    let id = import_id.to_owned();
    let import = app.db.read(move |conn| import_by_id(conn, &id)).await?;
    let counts = import.counts;
    close(app, &import, counts, ImportStatus::Failed, Some(error.to_string())).await
}

async fn close(app: &App, import: &ImportRow, counts: Counts, status: ImportStatus, error: Option<String>) -> Result<ImportRow> {
    let (import, now) = (import.clone(), app.clock.now());
    app.db
        .write(move |conn| {
            import_count(conn, &import.id, &counts)?;
            let summary = json!({"supplier": import.supplier, "kind": import.kind, "status": status, "counts": counts});
            operations::finish(conn, &import.operation_id, &summary, now)?;
            let change = NewChange {
                kind: ChangeKind::ImportFinished,
                subject: import.id.clone(),
                product_id: None,
                offer_id: None,
                operation_id: Some(import.operation_id.clone()),
                before: None,
                data: summary,
            };
            let position = changes::append(conn, now, &[change])?;
            import_finish(conn, &import.id, status, error.as_deref(), &position, now)?;
            import_by_id(conn, &import.id)
        })
        .await
}

/// What the files missed: gone at once, or held when it is too much.
async fn miss(app: &App, run: &Run, state: &mut State) -> Result<(ImportStatus, Option<String>)> {
    if run.import.kind == ImportKind::Stock {
        return miss_levels(app, run, state).await;
    }
    let supplier_id = run.import.supplier_id;
    let seen = std::mem::take(&mut state.seen);
    let (missing, live) = app.db.read(move |conn| offers_of_supplier_missing(conn, supplier_id, &seen)).await?;
    // A row that was read but lost without its key is not missing: its offer's key stands somewhere in it.
    let missing: Vec<i64> = missing
        .into_iter()
        .filter(|(_, key, _)| !state.lost_texts.iter().any(|text| text.contains(key.as_str())))
        .map(|(id, _, _)| id)
        .collect();
    state.counts.gone = i64::try_from(missing.len()).unwrap_or(i64::MAX);
    if run.import.dry_run || missing.is_empty() {
        return Ok((done(&state.counts), None));
    }
    if missing.len() * 100 > live * HELD_ABOVE_PERCENT {
        let id = run.import.id.clone();
        let lost = missing.len();
        app.db.write(move |conn| held_put(conn, &id, &missing)).await?;
        return Ok((ImportStatus::Held, Some(held_reason(lost, live))));
    }
    mark_gone(app, &run.import, missing).await?;
    Ok((done(&state.counts), None))
}

fn held_reason(lost: usize, live: usize) -> String {
    format!(
        "the file lacks {lost} of the supplier's {live} offers, more than {HELD_ABOVE_PERCENT} %; \
         release the import when that is right, or cancel it and send the whole file"
    )
}

/// A full stock file says that what it does not name has run out.
async fn miss_levels(app: &App, run: &Run, state: &mut State) -> Result<(ImportStatus, Option<String>)> {
    let (import, dictionary, now) = (Arc::clone(&run.import), Arc::clone(&app.dictionary), app.clock.now());
    let seen = std::mem::take(&mut state.seen_levels);
    let lost_texts = std::mem::take(&mut state.lost_texts);
    let (missing, all) = app.db.read(move |conn| levels_unseen(conn, import.supplier_id, &seen, &lost_texts)).await?;
    state.counts.gone = i64::try_from(missing.len()).unwrap_or(i64::MAX);
    if run.import.dry_run || missing.is_empty() {
        return Ok((done(&state.counts), None));
    }
    if missing.len() * 100 > all * HELD_ABOVE_PERCENT {
        let reason = format!(
            "the file lacks {} of the supplier's {all} stock levels, more than {HELD_ABOVE_PERCENT} %; nothing was set to zero; \
             send the whole file, or send it as partial",
            missing.len()
        );
        return Ok((ImportStatus::Held, Some(reason)));
    }
    for part in missing.chunks(GONE_CHUNK) {
        let (part, import, dictionary) = (part.to_vec(), Arc::clone(&run.import), Arc::clone(&dictionary));
        app.db
            .write(move |conn| {
                lock_catalog(conn)?;
                let codes = warehouse_codes(conn, import.supplier_id)?;
                let levels = part.iter().map(|row| NewLevel {
                    offer_id: row.offer_id,
                    warehouse: codes.get(&row.warehouse_id).cloned(),
                    on_hand: 0,
                    reported_at: None,
                });
                put_levels(conn, import.supplier_id, &import.operation_id, now, levels.collect())?;
                let offers: Vec<i64> = part.iter().map(|row| row.offer_id).collect();
                let rules = Rules::load(conn, &dictionary)?;
                rebuild_products_of(conn, &rules, &offers, &import.operation_id, now)
            })
            .await?;
    }
    Ok((done(&state.counts), None))
}

async fn mark_gone(app: &App, import: &ImportRow, missing: Vec<i64>) -> Result<()> {
    for part in missing.chunks(GONE_CHUNK) {
        let (part, import, dictionary, now) = (part.to_vec(), import.clone(), Arc::clone(&app.dictionary), app.clock.now());
        app.db
            .write(move |conn| {
                lock_catalog(conn)?;
                let rules = Rules::load(conn, &dictionary)?;
                let gone: Vec<NewChange> = offers_by_id(conn, &part)?
                    .into_iter()
                    .filter(|offer| offer.body.live)
                    .map(|offer| NewChange {
                        kind: ChangeKind::OfferChanged,
                        subject: format!("{}/{}", import.supplier, offer.body.supplier_sku),
                        product_id: offer.body.product_id,
                        offer_id: Some(offer.id),
                        operation_id: Some(import.operation_id.clone()),
                        before: Some(json!({"live": true})),
                        data: json!({"supplier": import.supplier, "supplier_sku": offer.body.supplier_sku, "state": "gone"}),
                    })
                    .collect();
                offers_mark_gone(conn, &part, now.into())?;
                changes::append(conn, now, &gone)?;
                rebuild_products_of(conn, &rules, &part, &import.operation_id, now)
            })
            .await?;
    }
    Ok(())
}

/// Rebuilds the products of these offers and tells what changed.
pub(crate) fn rebuild_products_of(
    conn: &mut Conn,
    rules: &Rules,
    offer_ids: &[i64],
    operation_id: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let products: BTreeSet<i64> = offers_by_id(conn, offer_ids)?.into_iter().filter_map(|offer| offer.body.product_id).collect();
    let changed = golden::rebuild(conn, rules, &products, Some(operation_id), now)?;
    changes::append(conn, now, &changed)?;
    Ok(())
}

/// A person says that a held import is right: what it missed is gone.
pub async fn release(app: &App, import_id: &str) -> Result<ImportRow> {
    let id = import_id.to_owned();
    let (import, missing) = app
        .db
        .write(move |conn| {
            let import = import_by_id(conn, &id)?;
            if !import_move(conn, &id, ImportStatus::Held, ImportStatus::Running)? {
                return Err(Error::new(Code::Conflict, format!("import {id} is {}, not held", import.status.as_str())));
            }
            Ok((import, held_of(conn, &id)?))
        })
        .await?;
    mark_gone(app, &import, missing).await?;
    let counts = import.counts;
    close(app, &import, counts, done(&counts), None).await
}

/// A person stops an import: what it wrote stays, what it would have lost stays too.
pub async fn cancel(app: &App, import_id: &str) -> Result<ImportRow> {
    let (id, now) = (import_id.to_owned(), app.clock.now());
    app.db
        .write(move |conn| {
            let import = import_by_id(conn, &id)?;
            for from in [ImportStatus::Queued, ImportStatus::Running, ImportStatus::Held] {
                if import_move(conn, &id, from, ImportStatus::Cancelled)? {
                    operations::finish(
                        conn,
                        &import.operation_id,
                        &json!({"status": "cancelled", "counts": import.counts}),
                        now,
                    )?;
                    return import_by_id(conn, &id);
                }
            }
            Err(Error::new(Code::Conflict, format!("import {id} is {} and cannot be cancelled", import.status.as_str())))
        })
        .await
}
