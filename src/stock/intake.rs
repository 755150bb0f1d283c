//! Taking reported levels in: written where they differ, with their movements, and never below zero.

use super::queries::{DEFAULT_WAREHOUSE, LevelRow, Movement, levels_of_offers, levels_put, warehouse_ensure, warehouse_ids};
use crate::db::Conn;
use crate::error::Result;
use crate::import::StockLine;
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A level as reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLevel {
    /// The offer.
    pub offer_id: i64,
    /// Warehouse code; the supplier's default when none.
    pub warehouse: Option<String>,
    /// Pieces on hand.
    pub on_hand: i64,
    /// When the supplier counted; the report's own time when none.
    pub reported_at: Option<DateTime<Utc>>,
}

/// What became of one reported level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutLevel {
    /// The offer.
    pub offer_id: i64,
    /// The warehouse.
    pub warehouse_id: i64,
    /// Did what is on hand change?
    pub changed: bool,
    /// Was there no level before?
    pub created: bool,
}

/// Levels as they are to be, not yet written.
#[derive(Debug, Default)]
pub struct Plan {
    /// One answer per reported level, in order.
    pub answers: Vec<PutLevel>,
    /// The offers' levels as they will be, those that nobody reported included.
    pub levels: HashMap<(i64, i64), LevelRow>,
    changed: BTreeSet<(i64, i64)>,
    movements: Vec<Movement>,
}

impl Plan {
    /// Writes what differs; the offers stand by now.
    pub fn write(&self, conn: &mut Conn) -> Result<()> {
        let rows: Vec<LevelRow> = self.changed.iter().filter_map(|key| self.levels.get(key).cloned()).collect();
        levels_put(conn, &rows, &self.movements)
    }
}

/// Writes levels of one supplier's offers; one answer per level, in order. A report older than the stored one changes nothing.
pub fn put_levels(
    conn: &mut Conn,
    supplier_id: i64,
    operation_id: &str,
    now: DateTime<Utc>,
    levels: Vec<NewLevel>,
) -> Result<Vec<PutLevel>> {
    let offer_ids: Vec<i64> = levels.iter().map(|level| level.offer_id).collect();
    let plan = plan_levels(conn, supplier_id, operation_id, now, &offer_ids, levels)?;
    plan.write(conn)?;
    Ok(plan.answers)
}

/// What these reports make of the levels of `offer_ids`, which may hold offers that are not stored yet.
pub fn plan_levels(
    conn: &mut Conn,
    supplier_id: i64,
    operation_id: &str,
    now: DateTime<Utc>,
    offer_ids: &[i64],
    levels: Vec<NewLevel>,
) -> Result<Plan> {
    let mut plan = Plan { levels: levels_of_offers(conn, offer_ids)?, ..Plan::default() };
    if levels.is_empty() {
        return Ok(plan);
    }
    let mut warehouses = warehouse_ids(conn, supplier_id)?;
    for level in levels {
        let code = warehouse_of(level.warehouse.as_deref());
        let warehouse_id = if let Some(id) = warehouses.get(&code) {
            *id
        } else {
            let id = warehouse_ensure(conn, supplier_id, &code)?;
            warehouses.insert(code, id);
            id
        };
        let key = (level.offer_id, warehouse_id);
        let before = plan.levels.get(&key);
        let reported_at = level.reported_at.unwrap_or(now).min(now);
        let stale = before.is_some_and(|before| DateTime::<Utc>::from(before.reported_at) > reported_at);
        let on_hand = level.on_hand.max(0);
        let changed = !stale && before.is_none_or(|before| before.on_hand != on_hand);
        plan.answers.push(PutLevel { offer_id: level.offer_id, warehouse_id, changed, created: before.is_none() });
        let (was, reserved, reported) =
            before.map_or((0, 0, None), |before| (before.on_hand, before.reserved, Some(before.reported_at)));
        if stale || (!changed && reported == Some(reported_at.into())) {
            continue;
        }
        if on_hand != was {
            plan.movements.push(Movement {
                offer_id: level.offer_id,
                warehouse_id,
                kind: "report".to_owned(),
                delta: on_hand - was,
                on_hand,
                operation_id: operation_id.to_owned(),
                moved_at: now.into(),
            });
        }
        plan.changed.insert(key);
        let row = LevelRow { offer_id: level.offer_id, warehouse_id, on_hand, reserved, reported_at: reported_at.into() };
        plan.levels.insert(key, row);
    }
    Ok(plan)
}

/// Which levels these offers' lines are about; a line of a warehouse that is not there is about none.
pub fn levels_named<'a>(
    conn: &mut Conn,
    supplier_id: i64,
    lines: impl Iterator<Item = (i64, &'a [StockLine])>,
) -> Result<HashSet<(i64, i64)>> {
    let warehouses = warehouse_ids(conn, supplier_id)?;
    let of = |(offer, lines): (i64, &'a [StockLine])| {
        let ids = lines.iter().filter_map(|line| warehouses.get(&warehouse_of(line.warehouse.as_deref())));
        ids.map(|id| (offer, *id)).collect::<Vec<_>>()
    };
    Ok(lines.flat_map(of).collect())
}

/// The code of the warehouse that a supplier means.
fn warehouse_of(text: Option<&str>) -> String {
    text.and_then(warehouse_code).unwrap_or_else(|| DEFAULT_WAREHOUSE.to_owned())
}

/// A warehouse's code as a supplier writes it (`HAM 1`), in the form of ours (`ham-1`); none when nothing is left.
pub fn warehouse_code(text: &str) -> Option<String> {
    let mut code = String::new();
    for c in crate::normalize::text::key(text).chars() {
        match c {
            'a'..='z' | '0'..='9' => code.push(c),
            _ if !code.is_empty() && !code.ends_with('-') => code.push('-'),
            _ => {}
        }
    }
    let code: String = code.chars().take(40).collect();
    let code = code.trim_end_matches('-');
    (!code.is_empty()).then(|| code.to_owned())
}
