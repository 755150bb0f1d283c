//! Taking stock back: the ledger gets the opposite movement where a level stands as the operation left it.

use super::products::Desk;
use super::queries::{self, Movement};
use super::{Conflict, Report};
use crate::catalog::queries::offers_by_id;
use crate::catalog::terms;
use crate::db::{Conn, NewChange};
use crate::error::Result;
use crate::stock::queries::{self as ledger, LevelRow, levels_of_offers, levels_put};
use std::collections::{BTreeMap, BTreeSet};

/// Takes back what the operation moved of these offers, as far as an earlier step has not. `began` is where the ledger stood when the
/// operation began, `after` where the last step ended.
pub(super) fn step(
    conn: &mut Conn,
    desk: &Desk<'_>,
    report: &mut Report,
    offers: &BTreeSet<i64>,
    began: i64,
    after: i64,
) -> Result<Vec<NewChange>> {
    let offers: Vec<i64> = offers.iter().copied().collect();
    let mut by_level: BTreeMap<(i64, i64), Vec<Movement>> = BTreeMap::new();
    for movement in queries::movements_since(conn, &offers, began)? {
        by_level.entry((movement.offer_id, movement.warehouse_id)).or_default().push(movement);
    }
    let levels = levels_of_offers(conn, &offers)?;
    let names = queries::level_names(conn, &offers)?;
    let counted = queries::moved_before(conn, &offers, began)?;
    let mut moved = BTreeSet::new();
    let (mut rows, mut opposite) = (Vec::new(), Vec::new());
    for (key, movements) in by_level {
        let own = |movement: &&Movement| movement.operation_id == desk.of;
        let (Some(first), Some(last)) = (movements.iter().find(own), movements.iter().rfind(own)) else { continue };
        if first.id <= after {
            continue;
        }
        let Some(level) = levels.get(&key) else { continue };
        let before = first.on_hand - first.delta;
        if level.on_hand == before {
            continue;
        }
        if level.on_hand != last.on_hand {
            report.conflict(Conflict {
                subject: names.get(&key).cloned().unwrap_or_default(),
                fields: vec!["on_hand".to_owned()],
                operation: movements.last().map(|movement| movement.operation_id.clone()),
            });
            continue;
        }
        report.restored.levels += 1;
        moved.insert(key.0);
        let Some(undo) = desk.undo else { continue };
        // As old as the report that it goes back to: the right file may be older than the mistaken one.
        let reported_at = counted.get(&key).copied().unwrap_or(first.moved_at).min(level.reported_at);
        rows.push(LevelRow { on_hand: before, reported_at, ..level.clone() });
        opposite.push(ledger::Movement {
            offer_id: key.0,
            warehouse_id: key.1,
            kind: "undo".to_owned(),
            delta: before - level.on_hand,
            on_hand: before,
            operation_id: undo.to_owned(),
            moved_at: desk.now.into(),
        });
    }
    if desk.undo.is_none() || moved.is_empty() {
        return Ok(Vec::new());
    }
    levels_put(conn, &rows, &opposite)?;
    let moved: Vec<i64> = moved.into_iter().collect();
    let products: BTreeSet<i64> = offers_by_id(conn, &moved)?.into_iter().filter_map(|offer| offer.body.product_id).collect();
    terms::refresh(conn, desk.rules, &products, desk.undo)
}
