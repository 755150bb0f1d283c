//! Levels and their ledger: what a level holds, what its movements sum to and what the last one left are one number.
//!
//! Where two of the three agree, the third is mended: the level is set, or the ledger, which is never changed, gets one more
//! movement of the kind `repair`.

use super::{Finding, LISTED, decided, derived, mended};
use crate::app::App;
use crate::catalog::golden;
use crate::catalog::queries::{Rules, offers_by_id};
use crate::db::{Conn, changes, lock_catalog, operations};
use crate::error::Result;
use crate::stock::queries::{Account, LevelRow, Movement, accounts_off, levels_of_offers, levels_put};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Offers looked at in one transaction.
const CHUNK: i64 = 1_000;

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let (mut findings, mut more, mut after) = (Vec::new(), 0_usize, 0);
    loop {
        let (off, last) = app.db.read(move |conn| accounts_off(conn, after, CHUNK)).await?;
        let Some(last) = last else { break };
        after = last;
        for account in off {
            if findings.len() < LISTED {
                findings.push(told(&account));
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        findings.push(derived("stock", "more", "levels", format!("{more} more levels do not agree with their ledger")));
    }
    Ok(findings)
}

fn told(account: &Account) -> Finding {
    let level = account.level.map_or_else(|| "no level".to_owned(), |level| format!("on hand is {level}"));
    let last = account.last.map_or_else(|| "nothing ever moved".to_owned(), |(left, _)| format!("the last of them left {left}"));
    let what = format!("{level}, its movements sum to {}, {last}", account.moved);
    if let Some(right) = account.right() {
        return derived("stock", "ledger", &account.name, format!("{what}; {right} is right"));
    }
    decided("stock", "ledger", &account.name, format!("{what}; report anew what is there, then run 'beamline doctor --repair'"))
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let (mut done, mut after) = (0, 0);
    loop {
        let (dictionary, now) = (Arc::clone(&app.dictionary), app.clock.now());
        // Most pages have nothing to mend, and are only read.
        let (off, last) = app.db.read(move |conn| accounts_off(conn, after, CHUNK)).await?;
        let Some(last) = last else { break };
        if off.iter().any(|account| account.right().is_some()) {
            let work = move |conn: &mut Conn| {
                lock_catalog(conn)?;
                let (off, _) = accounts_off(conn, after, CHUNK)?;
                let rules = Rules::load(conn, &dictionary)?;
                mend(conn, &rules, &off, now)
            };
            done += app.db.write(work).await?;
        }
        after = last;
    }
    Ok(vec![mended("stock", "ledger", "levels", format!("{done} levels and their ledgers were brought together"))])
}

/// Mends these accounts and the products that hang on them; how many.
fn mend(conn: &mut Conn, rules: &Rules, off: &[Account], now: DateTime<Utc>) -> Result<usize> {
    let clear: Vec<(&Account, i64)> = off.iter().filter_map(|account| Some((account, account.right()?))).collect();
    if clear.is_empty() {
        return Ok(0);
    }
    let operation = operations::record(conn, "repair", "command", "stock", &json!({"levels": clear.len()}), now)?;
    let ids: Vec<i64> = clear.iter().map(|(account, _)| account.offer_id).collect();
    let stored = levels_of_offers(conn, &ids)?;
    let (mut levels, mut movements) = (Vec::new(), Vec::new());
    for (account, right) in &clear {
        let key = (account.offer_id, account.warehouse_id);
        let counted = account.last.map_or_else(|| now.into(), |(_, at)| at);
        let fresh = LevelRow { offer_id: key.0, warehouse_id: key.1, on_hand: *right, reserved: 0, reported_at: counted };
        levels.push(stored.get(&key).map_or(fresh, |level| LevelRow { on_hand: *right, ..level.clone() }));
        if account.moved != *right || account.last.is_none_or(|(left, _)| left != *right) {
            movements.push(Movement {
                offer_id: key.0,
                warehouse_id: key.1,
                kind: "repair".to_owned(),
                delta: right - account.moved,
                on_hand: *right,
                operation_id: operation.clone(),
                moved_at: now.into(),
            });
        }
    }
    levels_put(conn, &levels, &movements)?;
    let products: BTreeSet<i64> = offers_by_id(conn, &ids)?.into_iter().filter_map(|offer| offer.body.product_id).collect();
    let changed = golden::rebuild(conn, rules, &products, Some(&operation), now)?;
    changes::append(conn, now, &changed)?;
    Ok(clear.len())
}
