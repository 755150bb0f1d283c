//! A stock file's rows: levels of offers that are there already.

use super::intake::{NewLevel, put_levels};
use crate::catalog::intake::{Batch, Taken};
use crate::catalog::queries::{Rules, offer_keys};
use crate::catalog::terms;
use crate::db::{Conn, lock_catalog};
use crate::error::Result;
use crate::import::chunk::reject_unknown_sku;
use crate::import::seen::Levels;
use crate::import::{Counts, Issue, PreparedRow};
use std::collections::{BTreeSet, HashSet};

/// Takes rows in. A row of an unknown SKU is rejected: a level without an offer belongs to nothing.
pub fn take_stock(
    conn: &mut Conn,
    rules: &Rules,
    batch: &Batch,
    seen: &mut Levels,
    rows: &[PreparedRow],
    counts: &mut Counts,
    issues: &mut Vec<Issue>,
) -> Result<Taken> {
    lock_catalog(conn)?;
    let mut taken = Taken::default();
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let offers = offer_keys(conn, batch.supplier_id, &keys)?;
    let mut levels = Vec::with_capacity(rows.len());
    // Which levels belong to which row: a row is one unit of the counts, whatever it states.
    let mut of_row: Vec<usize> = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(offer) = offers.get(&row.key) else {
            reject_unknown_sku(row, counts, issues);
            continue;
        };
        of_row.push(row.stock.len());
        levels.extend(row.stock.iter().map(|line| NewLevel {
            offer_id: offer.id,
            warehouse: line.warehouse.clone(),
            on_hand: line.on_hand,
            reported_at: line.reported_at,
        }));
    }
    let answers = put_levels(conn, batch.supplier_id, &batch.operation_id, batch.now, levels)?;
    seen.extend(answers.iter().map(|answer| (answer.offer_id, answer.warehouse_id)));
    let mut rest = answers.as_slice();
    for lines in of_row {
        let (row, after) = rest.split_at(lines.min(rest.len()));
        rest = after;
        if row.iter().any(|answer| answer.created) {
            taken.created += 1;
        } else if row.iter().any(|answer| answer.changed) {
            taken.updated += 1;
        } else {
            taken.unchanged += 1;
        }
    }
    let moved: HashSet<i64> = answers.iter().filter(|answer| answer.changed).map(|answer| answer.offer_id).collect();
    let products: BTreeSet<i64> =
        offers.values().filter(|offer| moved.contains(&offer.id)).filter_map(|offer| offer.product_id).collect();
    taken.changes = terms::refresh(conn, rules, &products, Some(&batch.operation_id))?;
    Ok(taken)
}
