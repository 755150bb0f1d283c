//! Rebuilding every golden record from its offers: after a supplier's rank, a rate or a rule has changed. What offers are found by is
//! brought up to date as well.

use super::golden;
use super::identify::refresh_keys;
use super::queries::{Rules, product_ids_after};
use crate::app::App;
use crate::db::{ChangeKind, changes, lock_catalog, operations};
use crate::error::Result;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Products of one transaction.
const CHUNK: i64 = 500;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Products looked at.
    pub products: u64,
    /// Products whose golden record, stock or price changed.
    pub changed: u64,
}

/// Rebuilds all products in batches, as one operation.
pub async fn run(app: &App, progress: &(dyn Fn(&Resolved) + Sync)) -> Result<Resolved> {
    let now = app.clock.now();
    let operation = app.db.write(move |conn| operations::begin(conn, "resolve", "job", "all", &json!({}), now)).await?;
    let mut done = Resolved::default();
    let mut after = 0;
    loop {
        let (dictionary, operation_id, now) = (Arc::clone(&app.dictionary), operation.clone(), app.clock.now());
        let (count, changed, last) = app
            .db
            .write(move |conn| {
                lock_catalog(conn)?;
                let ids = product_ids_after(conn, after, CHUNK)?;
                let Some(last) = ids.last().copied() else { return Ok((0, 0, None)) };
                let rules = Rules::load(conn, &dictionary)?;
                let count = ids.len() as u64;
                refresh_keys(conn, &rules, &ids)?;
                let new = golden::rebuild(conn, &rules, &ids.into_iter().collect::<BTreeSet<_>>(), Some(&operation_id), now)?;
                let told: BTreeSet<&str> = new
                    .iter()
                    .filter(|change| change.kind != ChangeKind::OfferChanged)
                    .map(|change| change.subject.as_str())
                    .collect();
                let changed = told.len() as u64;
                changes::append(conn, now, &new)?;
                Ok((count, changed, Some(last)))
            })
            .await?;
        let Some(last) = last else { break };
        after = last;
        done.products += count;
        done.changed += changed;
        progress(&done);
    }
    let (summary, now) = (json!({"products": done.products, "changed": done.changed}), app.clock.now());
    app.db.write(move |conn| operations::finish(conn, &operation, &summary, now)).await?;
    Ok(done)
}
