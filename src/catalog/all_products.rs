//! Going through every product, in batches that are a transaction each, as one operation.

use super::queries::{Rules, product_ids_after};
use crate::app::App;
use crate::db::{Conn, NewChange, changes, lock_catalog, operations};
use crate::error::Result;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::sync::Arc;

/// Products of one transaction.
const CHUNK: i64 = 500;

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Through {
    /// Products looked at.
    pub(super) products: u64,
    /// What came of it, as the work counts it.
    pub(super) found: u64,
}

/// One batch, in its transaction.
pub(super) struct Batch<'a> {
    /// The products, by id.
    pub(super) ids: &'a [i64],
    /// What counts now.
    pub(super) rules: &'a Rules,
    /// The operation that all of it is.
    pub(super) operation: &'a str,
    /// The time of the run.
    pub(super) now: DateTime<Utc>,
}

/// Does `work` with all products; it returns how much it found or changed, which the operation's summary calls `found`, and what the log is
/// told.
pub(super) async fn work_through(
    app: &App,
    kind: &'static str,
    found: &'static str,
    work: impl Fn(&mut Conn, &Batch<'_>) -> Result<(u64, Vec<NewChange>)> + Copy + Send + Sync + 'static,
    progress: impl Fn(Through),
) -> Result<Through> {
    let now = app.clock.now();
    let operation = app.db.write(move |conn| operations::begin(conn, kind, "job", "all", &json!({}), now)).await?;
    let (mut done, mut after) = (Through::default(), 0);
    loop {
        let (dictionary, operation_id, now) = (Arc::clone(&app.dictionary), operation.clone(), app.clock.now());
        let batch = move |conn: &mut Conn| {
            lock_catalog(conn)?;
            let ids = product_ids_after(conn, after, CHUNK)?;
            let Some(last) = ids.last().copied() else { return Ok(None) };
            let rules = Rules::load(conn, &dictionary)?;
            let (count, told) = work(conn, &Batch { ids: &ids, rules: &rules, operation: &operation_id, now })?;
            changes::append(conn, now, &told)?;
            Ok(Some((last, ids.len() as u64, count)))
        };
        let Some((last, products, count)) = app.db.write(batch).await? else { break };
        after = last;
        done.products += products;
        done.found += count;
        progress(done);
    }
    let (summary, now) = (json!({"products": done.products, found: done.found}), app.clock.now());
    app.db.write(move |conn| operations::finish(conn, &operation, &summary, now)).await?;
    Ok(done)
}
