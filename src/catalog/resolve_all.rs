//! Rebuilding every golden record from its offers: after a supplier's rank, a rate or a rule has changed. What offers are found by is
//! brought up to date as well.

use super::all_products::{Batch, Through, work_through};
use super::golden;
use super::identify::refresh_keys;
use crate::app::App;
use crate::db::{ChangeKind, Conn};
use crate::error::Result;
use std::collections::BTreeSet;

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
    let work = |conn: &mut Conn, batch: &Batch<'_>| {
        refresh_keys(conn, batch.rules, batch.ids)?;
        let products: BTreeSet<i64> = batch.ids.iter().copied().collect();
        let new = golden::rebuild(conn, batch.rules, &products, Some(batch.operation), batch.now)?;
        let told = new.iter().filter(|change| change.kind != ChangeKind::OfferChanged).map(|change| change.subject.as_str());
        let changed = told.collect::<BTreeSet<_>>().len() as u64;
        Ok((changed, new))
    };
    let resolved = |through: Through| Resolved { products: through.products, changed: through.found };
    work_through(app, "resolve", "changed", work, |through| progress(&resolved(through))).await.map(resolved)
}
