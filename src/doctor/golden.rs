//! Golden records, what may be sold, prices: all of it follows from offers, edits, levels and rates.

use super::{Finding, LISTED, derived, mended};
use crate::app::App;
use crate::catalog::queries::{Rules, product_ids_after};
use crate::catalog::{golden, resolve_all};
use crate::db::{Conn, lock_catalog};
use crate::error::Result;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Products looked at in one transaction.
const CHUNK: i64 = 500;

/// Resolves every product again, in rehearsal: what would change is not what its offers say.
pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let mut after = 0;
    let mut off = Vec::new();
    let mut more = 0_usize;
    loop {
        let (dictionary, now) = (Arc::clone(&app.dictionary), app.clock.now());
        let work = move |conn: &mut Conn| {
            lock_catalog(conn)?;
            let ids = product_ids_after(conn, after, CHUNK)?;
            let Some(last) = ids.last().copied() else { return Ok((None, BTreeSet::new())) };
            let rules = Rules::load(conn, &dictionary)?;
            let changes = golden::rebuild(conn, &rules, &ids.into_iter().collect(), None, now)?;
            let wrong: BTreeSet<(String, &'static str)> =
                changes.into_iter().map(|change| (change.subject, change.kind.as_str())).collect();
            Ok((Some(last), wrong))
        };
        let (last, wrong) = app.db.rehearse(work).await?;
        let Some(last) = last else { break };
        after = last;
        for (sku, kind) in wrong {
            if off.len() < LISTED {
                let what = match kind {
                    "stock.changed" => "what may be sold is not the sum of its stock",
                    "price.changed" => "its price is not what its offers and rates make",
                    _ => "its golden record is not what its offers and edits say",
                };
                off.push(derived("golden", "stale", sku, format!("{what}; run 'beamline resolve --all'")));
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        off.push(derived("golden", "more", "products", format!("{more} more products do not agree with their offers")));
    }
    Ok(off)
}

/// Resolves every product again.
pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let resolved = resolve_all::run(app, &|_| {}).await?;
    let what = format!("{} of {} products were resolved anew from their offers and edits", resolved.changed, resolved.products);
    Ok(vec![mended("golden", "resolved", "products", what)])
}
