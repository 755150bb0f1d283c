//! Every SQL statement of undo: an operation's changes and movements, and what came after them.

use crate::db::schema::{changes, offers, stock_levels, stock_movements, suppliers, warehouses};
use crate::db::types::UtcTime;
use crate::db::{ChangeKind, Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Nullable;
use serde_json::Value as JsonValue;
use std::collections::HashMap;

/// Kinds of changes that say what to restore.
const KINDS: [&str; 5] = ["offer.changed", "edit.changed", "product.created", "product.updated", "product.discontinued"];

/// How many changes an operation made, counted up to `most`.
pub(super) fn change_count(conn: &mut Conn, operation: &str, most: i64) -> Result<i64> {
    let seqs: Vec<i64> =
        changes::table.filter(changes::operation_id.eq(operation)).limit(most).select(changes::seq).load(conn)?;
    Ok(i64::try_from(seqs.len()).unwrap_or(i64::MAX))
}

/// How many changes an operation made.
pub(super) fn change_count_all(conn: &mut Conn, operation: &str) -> Result<i64> {
    Ok(changes::table.filter(changes::operation_id.eq(operation)).count().get_result(conn)?)
}

/// The first change of an operation.
pub(super) fn first_change(conn: &mut Conn, operation: &str) -> Result<Option<i64>> {
    Ok(changes::table
        .filter(changes::operation_id.eq(operation))
        .order(changes::seq)
        .select(changes::seq)
        .first(conn)
        .optional()?)
}

/// Some of an operation's changes in their order, after `after`: each one's sequence and product.
pub(super) fn changes_after(conn: &mut Conn, operation: &str, after: i64, limit: i64) -> Result<Vec<(i64, Option<i64>)>> {
    Ok(changes::table
        .filter(changes::operation_id.eq(operation).and(changes::seq.gt(after)))
        .order(changes::seq)
        .limit(limit)
        .select((changes::seq, changes::product_id))
        .load(conn)?)
}

/// A change of a product, its offers or its edits, without its images.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Mark {
    pub(super) seq: i64,
    pub(super) kind: String,
    pub(super) product_id: Option<i64>,
    pub(super) offer_id: Option<i64>,
    pub(super) operation_id: Option<String>,
}

impl Mark {
    pub(super) fn is(&self, kind: ChangeKind) -> bool {
        self.kind == kind.as_str()
    }
}

/// What was done to these products since a change, in order: by the operation itself, or with an image of what it was before.
pub(super) fn marks(conn: &mut Conn, products: &[i64], from: i64, operation: &str) -> Result<Vec<Mark>> {
    let mut marks: Vec<Mark> = Vec::new();
    for part in products.chunks(500) {
        let more: Vec<Mark> = each_backend!(conn => changes::table
            .filter(changes::product_id.eq_any(part).and(changes::seq.ge(from)).and(changes::kind.eq_any(KINDS)))
            .filter(changes::before.is_not_null().or(changes::operation_id.eq(operation).assume_not_null()))
            .select((changes::seq, changes::kind, changes::product_id, changes::offer_id, changes::operation_id))
            .load(conn))?;
        marks.extend(more);
    }
    marks.sort_unstable_by_key(|mark| mark.seq);
    Ok(marks)
}

/// What a change holds: the image before it, and what it tells.
pub(super) type Images = HashMap<i64, (Option<JsonValue>, JsonValue)>;

/// The images of these changes.
pub(super) fn images(conn: &mut Conn, seqs: &[i64]) -> Result<Images> {
    let mut images = HashMap::with_capacity(seqs.len());
    for part in seqs.chunks(500) {
        let rows: Vec<(i64, Option<JsonText>, JsonText)> = each_backend!(conn => changes::table
            .filter(changes::seq.eq_any(part))
            .select((changes::seq, changes::before, changes::data))
            .load(conn))?;
        for (seq, before, data) in rows {
            images.insert(seq, (before.map(|before| before.read()).transpose()?, data.read()?));
        }
    }
    Ok(images)
}

/// A setting that was changed.
#[derive(Debug, Clone)]
pub(super) struct SettingChange {
    pub(super) seq: i64,
    pub(super) subject: String,
    pub(super) operation: Option<String>,
    pub(super) before: JsonValue,
    pub(super) data: JsonValue,
}

type SettingRow = (i64, String, Option<String>, Option<JsonText>, JsonText);

fn setting_change((seq, subject, operation, before, data): SettingRow) -> Result<SettingChange> {
    let before = before.map_or(Ok(JsonValue::Null), |before| before.read())?;
    Ok(SettingChange { seq, subject, operation, before, data: data.read()? })
}

macro_rules! setting_changes {
    () => {
        changes::table
            .filter(changes::product_id.is_null().and(changes::before.is_not_null()))
            .filter(
                changes::kind.eq("settings.changed").or(changes::kind.eq("edit.changed")).or(changes::kind.eq("match.opened")),
            )
            .order(changes::seq)
            .select((changes::seq, changes::subject, changes::operation_id, changes::before, changes::data))
    };
}

/// The settings that an operation changed.
pub(super) fn settings_of(conn: &mut Conn, operation: &str) -> Result<Vec<SettingChange>> {
    let rows: Vec<SettingRow> = setting_changes!().filter(changes::operation_id.eq(operation)).load(conn)?;
    rows.into_iter().map(setting_change).collect()
}

/// Later changes of the settings of this subject.
pub(super) fn settings_since(conn: &mut Conn, subject: &str, after: i64, most: i64) -> Result<Vec<SettingChange>> {
    let rows: Vec<SettingRow> =
        setting_changes!().filter(changes::subject.eq(subject).and(changes::seq.gt(after))).limit(most).load(conn)?;
    rows.into_iter().map(setting_change).collect()
}

/// A movement of the ledger.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Movement {
    pub(super) id: i64,
    pub(super) offer_id: i64,
    pub(super) warehouse_id: i64,
    pub(super) delta: i64,
    pub(super) on_hand: i64,
    pub(super) operation_id: String,
    pub(super) moved_at: Time,
}

macro_rules! movement {
    () => {
        (
            stock_movements::id,
            stock_movements::offer_id,
            stock_movements::warehouse_id,
            stock_movements::delta,
            stock_movements::on_hand,
            stock_movements::operation_id,
            stock_movements::moved_at,
        )
    };
}

/// Some of an operation's movements in their order, after `after`.
///
/// The ledger has no index by operation, which every stock file would pay for: its ids are walked from where the operation began.
pub(super) fn movements_of(conn: &mut Conn, operation: &str, after: i64, limit: i64) -> Result<Vec<(i64, i64)>> {
    Ok(stock_movements::table
        .filter(stock_movements::id.gt(after).and(stock_movements::operation_id.eq(operation)))
        .order(stock_movements::id)
        .limit(limit)
        .select((stock_movements::id, stock_movements::offer_id))
        .load(conn)?)
}

/// All movements of these offers after `after`, in order.
pub(super) fn movements_since(conn: &mut Conn, offer_ids: &[i64], after: i64) -> Result<Vec<Movement>> {
    let mut movements: Vec<Movement> = Vec::new();
    for part in offer_ids.chunks(500) {
        let more: Vec<Movement> = each_backend!(conn => stock_movements::table
            .filter(stock_movements::offer_id.eq_any(part).and(stock_movements::id.gt(after)))
            .select(movement!())
            .load(conn))?;
        movements.extend(more);
    }
    movements.sort_unstable_by_key(|movement| movement.id);
    Ok(movements)
}

/// When these offers' levels last moved up to and including the movement `until`, by offer and warehouse.
pub(super) fn moved_before(conn: &mut Conn, offer_ids: &[i64], until: i64) -> Result<HashMap<(i64, i64), Time>> {
    let mut moved = HashMap::new();
    for part in offer_ids.chunks(500) {
        let rows: Vec<(i64, i64, Option<Time>)> = each_backend!(conn => stock_movements::table
            .filter(stock_movements::offer_id.eq_any(part).and(stock_movements::id.le(until)))
            .group_by((stock_movements::offer_id, stock_movements::warehouse_id))
            .select((
                stock_movements::offer_id,
                stock_movements::warehouse_id,
                diesel::dsl::sql::<Nullable<UtcTime>>("MAX(moved_at)"),
            ))
            .load(conn))?;
        moved.extend(rows.into_iter().filter_map(|(offer, warehouse, at)| Some(((offer, warehouse), at?))));
    }
    Ok(moved)
}

/// The id before the first movement at or after `time`: ids and times grow together, so halving finds it.
pub(super) fn movement_before(conn: &mut Conn, time: DateTime<Utc>) -> Result<i64> {
    let last: Option<i64> = stock_movements::table.select(diesel::dsl::max(stock_movements::id)).first(conn)?;
    let (mut low, mut high) = (0, last.unwrap_or(0) + 1);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        let at: Option<(i64, Time)> = stock_movements::table
            .filter(stock_movements::id.ge(middle))
            .order(stock_movements::id)
            .select((stock_movements::id, stock_movements::moved_at))
            .first(conn)
            .optional()?;
        match at {
            Some((id, at)) if DateTime::<Utc>::from(at) < time => low = id.max(middle),
            _ => high = middle,
        }
    }
    Ok(low)
}

/// What people know levels by: supplier, key and warehouse, by offer and warehouse.
pub(super) fn level_names(conn: &mut Conn, offer_ids: &[i64]) -> Result<HashMap<(i64, i64), String>> {
    let mut names = HashMap::new();
    for part in offer_ids.chunks(500) {
        let rows: Vec<(i64, i64, String, String, String)> = each_backend!(conn => stock_levels::table
            .inner_join(offers::table.inner_join(suppliers::table))
            .inner_join(warehouses::table)
            .filter(stock_levels::offer_id.eq_any(part))
            .select((
                stock_levels::offer_id,
                stock_levels::warehouse_id,
                suppliers::code,
                offers::supplier_sku,
                warehouses::code,
            ))
            .load(conn))?;
        names.extend(
            rows.into_iter()
                .map(|(offer, place, supplier, sku, warehouse)| ((offer, place), format!("{supplier}/{sku}/{warehouse}"))),
        );
    }
    Ok(names)
}
