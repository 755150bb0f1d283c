//! A profile's rule for what is gone: a product whose offers have all been gone for the days their suppliers' profiles name is
//! discontinued. Time is the writer here; what it does is told in the change log like anything else.

use super::golden::{self, Chosen, Pending};
use super::lifecycle::BY_RULE;
use super::queries::{Rules, products_all_gone};
use super::view::ProductStatus;
use crate::app::App;
use crate::db::{Conn, changes, lock_catalog, operations};
use crate::error::Result;
use crate::import::ImportKind;
use crate::import::queries::profile_in_force;
use crate::suppliers::Profile;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Products of one transaction.
const CHUNK: i64 = 500;

/// Discontinues what has been gone long enough; how many products that were.
pub async fn run(app: &App) -> Result<usize> {
    let (mut after, mut discontinued) = (0, 0);
    loop {
        let (dictionary, now) = (Arc::clone(&app.dictionary), app.clock.now());
        let gone = app.db.read(move |conn| products_all_gone(conn, after, CHUNK)).await?;
        let Some(last) = gone.iter().map(|gone| gone.product_id).max() else { return Ok(discontinued) };
        after = last;
        let work = move |conn: &mut Conn| {
            let mut days: HashMap<i64, Option<u32>> = HashMap::new();
            let mut due: HashMap<i64, bool> = HashMap::new();
            for offer in gone {
                let limit = if let Some(known) = days.get(&offer.supplier_id) {
                    *known
                } else {
                    let limit = limit_of(conn, offer.supplier_id, &dictionary)?;
                    days.insert(offer.supplier_id, limit);
                    limit
                };
                let long_gone = limit.is_some_and(|days| offer.gone_at <= now - TimeDelta::days(i64::from(days)));
                due.entry(offer.product_id).and_modify(|due| *due &= long_gone).or_insert(long_gone);
            }
            let due: BTreeSet<i64> = due.into_iter().filter(|(_, due)| *due).map(|(id, _)| id).collect();
            if due.is_empty() { Ok(0) } else { discontinue(conn, &dictionary, &due, now) }
        };
        discontinued += app.db.write(work).await?;
    }
}

fn limit_of(conn: &mut Conn, supplier_id: i64, dictionary: &crate::dictionary::Dictionary) -> Result<Option<u32>> {
    let profile = profile_in_force(conn, supplier_id, ImportKind::Catalog)?;
    Ok(profile.and_then(|row| Profile::parse(&row.toml, dictionary).ok()).and_then(|profile| profile.discontinue_after_days))
}

fn discontinue(
    conn: &mut Conn,
    dictionary: &Arc<crate::dictionary::Dictionary>,
    due: &BTreeSet<i64>,
    now: DateTime<Utc>,
) -> Result<usize> {
    lock_catalog(conn)?;
    let rules = Rules::load(conn, dictionary)?;
    let operation = operations::record(conn, "rule", "clock", "discontinue_after_days", &json!({"products": due.len()}), now)?;
    let chosen = due
        .iter()
        .map(|id| (*id, Chosen { status: Some((ProductStatus::Discontinued, BY_RULE)), ..Chosen::default() }))
        .collect();
    let told = golden::rebuild_with(conn, &rules, due, &chosen, Pending::default(), Some(&operation), now)?;
    changes::append(conn, now, &told)?;
    Ok(due.len())
}
