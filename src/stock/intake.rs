//! Taking reported levels in: written where they differ, with their movements, and never below zero.

use super::queries::{DEFAULT_WAREHOUSE, LevelRow, level_put, levels_of_offers, warehouse_ensure, warehouse_ids};
use crate::db::Conn;
use crate::error::Result;
use chrono::{DateTime, Utc};

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

/// Writes levels of one supplier's offers; one answer per level, in order. A report older than the stored one changes nothing.
pub fn put_levels(
    conn: &mut Conn,
    supplier_id: i64,
    operation_id: &str,
    now: DateTime<Utc>,
    levels: Vec<NewLevel>,
) -> Result<Vec<PutLevel>> {
    if levels.is_empty() {
        return Ok(Vec::new());
    }
    let mut warehouses = warehouse_ids(conn, supplier_id)?;
    let offer_ids: Vec<i64> = levels.iter().map(|level| level.offer_id).collect();
    let mut stored = levels_of_offers(conn, &offer_ids)?;
    let mut answers = Vec::with_capacity(levels.len());
    for level in levels {
        let code = level.warehouse.as_deref().and_then(warehouse_code).unwrap_or_else(|| DEFAULT_WAREHOUSE.to_owned());
        let warehouse_id = if let Some(id) = warehouses.get(&code) {
            *id
        } else {
            let id = warehouse_ensure(conn, supplier_id, &code)?;
            warehouses.insert(code, id);
            id
        };
        let key = (level.offer_id, warehouse_id);
        let before = stored.get(&key);
        let reported_at = level.reported_at.unwrap_or(now).min(now);
        let stale = before.is_some_and(|before| DateTime::<Utc>::from(before.reported_at) > reported_at);
        let on_hand = level.on_hand.max(0);
        let changed = !stale && before.is_none_or(|before| before.on_hand != on_hand);
        answers.push(PutLevel { offer_id: level.offer_id, warehouse_id, changed, created: before.is_none() });
        if stale {
            continue;
        }
        let row = LevelRow {
            offer_id: level.offer_id,
            warehouse_id,
            on_hand,
            reserved: before.map_or(0, |before| before.reserved),
            reported_at: reported_at.into(),
        };
        level_put(conn, &row, before.map_or(0, |before| before.on_hand), "report", operation_id, now.into())?;
        stored.insert(key, row);
    }
    Ok(answers)
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
