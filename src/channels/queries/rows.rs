//! The rows of listings that go, in the order of SKUs.

use super::super::readiness::Row;
use super::super::render::Cell;
use crate::db::Conn;
use crate::db::schema::listing_rows;
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// What would be sent.
    pub row: Row,
    /// Changes when it does.
    pub hash: String,
}

type RawRow = (String, i64, Option<String>, String, String, String);

fn stored_row((sku, product_id, group, handle, hash, cells): RawRow) -> Result<StoredRow> {
    let cells: Vec<Vec<Cell>> = serde_json::from_str(&cells)?;
    Ok(StoredRow { row: Row { product_id, sku, group, handle, cells }, hash })
}

macro_rules! select_row {
    () => {
        listing_rows::table.select((
            listing_rows::sku,
            listing_rows::product_id,
            listing_rows::group_code,
            listing_rows::handle,
            listing_rows::row_hash,
            listing_rows::cells,
        ))
    };
}

/// Rows of a channel behind a SKU.
pub fn rows_after(conn: &mut Conn, channel: &str, after: &str, limit: i64) -> Result<Vec<StoredRow>> {
    let rows: Vec<RawRow> = select_row!()
        .filter(listing_rows::channel.eq(channel).and(listing_rows::sku.gt(after)))
        .order(listing_rows::sku)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(stored_row).collect()
}

/// The rows of these SKUs.
pub fn rows_of(conn: &mut Conn, channel: &str, skus: &[&str]) -> Result<HashMap<String, StoredRow>> {
    let mut found = HashMap::with_capacity(skus.len());
    for part in skus.chunks(1_000) {
        let rows: Vec<RawRow> = each_backend!(conn => select_row!()
            .filter(listing_rows::channel.eq(channel).and(listing_rows::sku.eq_any(part)))
            .load(conn))?;
        for row in rows {
            let row = stored_row(row)?;
            found.insert(row.row.sku.clone(), row);
        }
    }
    Ok(found)
}

/// The first SKU of each of these groups.
pub fn group_leaders(conn: &mut Conn, channel: &str, groups: &[&str]) -> Result<HashMap<String, String>> {
    let mut leaders = HashMap::new();
    for part in groups.chunks(1_000) {
        let rows: Vec<(Option<String>, Option<String>)> = each_backend!(conn => listing_rows::table
            .filter(listing_rows::channel.eq(channel).and(listing_rows::group_code.eq_any(part)))
            .group_by(listing_rows::group_code)
            .select((listing_rows::group_code, diesel::dsl::min(listing_rows::sku)))
            .load(conn))?;
        leaders.extend(rows.into_iter().filter_map(|(group, sku)| Some((group?, sku?))));
    }
    Ok(leaders)
}

/// All rows of these groups, by group, in the order of SKUs.
pub fn rows_of_groups(conn: &mut Conn, channel: &str, groups: &[&str]) -> Result<BTreeMap<String, Vec<StoredRow>>> {
    let mut found: BTreeMap<String, Vec<StoredRow>> = BTreeMap::new();
    for part in groups.chunks(1_000) {
        let rows: Vec<RawRow> = each_backend!(conn => select_row!()
            .filter(listing_rows::channel.eq(channel).and(listing_rows::group_code.eq_any(part)))
            .order((listing_rows::group_code, listing_rows::sku))
            .load(conn))?;
        for row in rows {
            let row = stored_row(row)?;
            found.entry(row.row.group.clone().unwrap_or_default()).or_default().push(row);
        }
    }
    Ok(found)
}

/// A row to be written.
#[derive(Insertable)]
#[diesel(table_name = listing_rows)]
struct NewRow<'a> {
    channel: &'a str,
    sku: &'a str,
    product_id: i64,
    group_code: Option<&'a str>,
    handle: &'a str,
    row_hash: &'a str,
    cells: String,
}

/// Stores rows and their hashes; `gone` are SKUs that have none any more.
pub(super) fn save_rows(conn: &mut Conn, channel: &str, rows: &[(&Row, &str)], gone: &[&str]) -> Result<()> {
    let mut skus: Vec<&str> = rows.iter().map(|(row, _)| row.sku.as_str()).collect();
    skus.extend(gone);
    for part in skus.chunks(1_000) {
        each_backend!(conn => diesel::delete(
            listing_rows::table.filter(listing_rows::channel.eq(channel).and(listing_rows::sku.eq_any(part)))
        )
        .execute(conn))?;
    }
    for part in rows.chunks(500) {
        let fresh = part.iter().map(|(row, hash)| {
            Ok(NewRow {
                channel,
                sku: &row.sku,
                product_id: row.product_id,
                group_code: row.group.as_deref(),
                handle: &row.handle,
                row_hash: hash,
                cells: serde_json::to_string(&row.cells)?,
            })
        });
        let fresh = fresh.collect::<Result<Vec<_>>>()?;
        each_backend!(conn => diesel::insert_into(listing_rows::table).values(&fresh).execute(conn))?;
    }
    Ok(())
}
