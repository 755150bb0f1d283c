//! Every SQL statement about stock levels and their ledger.

mod ledger;

pub use ledger::{Account, accounts_off};

use super::available::Level;
use crate::db::schema::{offers, stock_levels, stock_movements, suppliers, warehouses};
use crate::db::{Conn, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

/// The warehouse of a supplier that names none.
pub const DEFAULT_WAREHOUSE: &str = "default";

/// A level as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = stock_levels, treat_none_as_default_value = false)]
pub struct LevelRow {
    /// The offer.
    pub offer_id: i64,
    /// The warehouse.
    pub warehouse_id: i64,
    /// Pieces on hand.
    pub on_hand: i64,
    /// Pieces promised.
    pub reserved: i64,
    /// When the supplier counted.
    pub reported_at: Time,
}

/// A level with the names a person knows it by.
#[derive(Debug, Clone, Queryable)]
pub struct NamedLevel {
    /// Supplier code.
    pub supplier: String,
    /// Offer key.
    pub supplier_sku: String,
    /// Warehouse code.
    pub warehouse: String,
    /// Its product.
    pub product_id: Option<i64>,
    /// Is the offer live?
    pub live: bool,
    /// The level.
    pub level: LevelRow,
}

/// Warehouse ids of a supplier by code.
pub fn warehouse_ids(conn: &mut Conn, supplier_id: i64) -> Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = warehouses::table
        .filter(warehouses::supplier_id.eq(supplier_id))
        .select((warehouses::code, warehouses::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The warehouse of this code, made when it is not there.
pub fn warehouse_ensure(conn: &mut Conn, supplier_id: i64, code: &str) -> Result<i64> {
    let found: Option<i64> = warehouses::table
        .filter(warehouses::supplier_id.eq(supplier_id).and(warehouses::code.eq(code)))
        .select(warehouses::id)
        .first(conn)
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(diesel::insert_into(warehouses::table)
            .values((warehouses::supplier_id.eq(supplier_id), warehouses::code.eq(code), warehouses::name.eq(code)))
            .returning(warehouses::id)
            .get_result(conn)?),
    }
}

/// All levels of these offers.
pub fn levels_of_offers(conn: &mut Conn, offer_ids: &[i64]) -> Result<HashMap<(i64, i64), LevelRow>> {
    let mut levels = HashMap::new();
    for part in offer_ids.chunks(1_000) {
        let rows: Vec<LevelRow> = each_backend!(conn => stock_levels::table
            .filter(stock_levels::offer_id.eq_any(part))
            .select((
                stock_levels::offer_id,
                stock_levels::warehouse_id,
                stock_levels::on_hand,
                stock_levels::reserved,
                stock_levels::reported_at,
            ))
            .load(conn))?;
        levels.extend(rows.into_iter().map(|row| ((row.offer_id, row.warehouse_id), row)));
    }
    Ok(levels)
}

/// The levels of these products' offers, as [`super::available::available`] sums them.
pub fn levels_of_products(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<Level>>> {
    let mut by_product: HashMap<i64, Vec<Level>> = HashMap::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(Option<i64>, i64, bool, i64, i64)> = each_backend!(conn => stock_levels::table
            .inner_join(offers::table)
            .filter(offers::product_id.eq_any(part))
            .select((offers::product_id, offers::id, offers::live, stock_levels::on_hand, stock_levels::reserved))
            .load(conn))?;
        for (product, offer_id, live, on_hand, reserved) in rows {
            if let Some(product) = product {
                by_product.entry(product).or_default().push(Level { offer_id, live, on_hand, reserved });
            }
        }
    }
    Ok(by_product)
}

macro_rules! named {
    () => {
        stock_levels::table.inner_join(offers::table.inner_join(suppliers::table)).inner_join(warehouses::table).select((
            suppliers::code,
            offers::supplier_sku,
            warehouses::code,
            offers::product_id,
            offers::live,
            (
                stock_levels::offer_id,
                stock_levels::warehouse_id,
                stock_levels::on_hand,
                stock_levels::reserved,
                stock_levels::reported_at,
            ),
        ))
    };
}

/// The levels of one product with names, by supplier, key and warehouse.
pub fn named_levels_of_product(conn: &mut Conn, product_id: i64) -> Result<Vec<NamedLevel>> {
    Ok(named!()
        .filter(offers::product_id.eq(product_id))
        .order((suppliers::code, offers::supplier_sku, warehouses::code))
        .load(conn)?)
}

/// One page of levels after (offer, warehouse), narrowed to one supplier when given.
pub fn named_levels_after(conn: &mut Conn, supplier: Option<&str>, after: (i64, i64), limit: i64) -> Result<Vec<NamedLevel>> {
    let (offer, warehouse) = after;
    let later =
        stock_levels::offer_id.gt(offer).or(stock_levels::offer_id.eq(offer).and(stock_levels::warehouse_id.gt(warehouse)));
    Ok(match supplier {
        Some(code) => named!()
            .filter(later.and(suppliers::code.eq(code)))
            .order((stock_levels::offer_id, stock_levels::warehouse_id))
            .limit(limit)
            .load(conn)?,
        None => named!().filter(later).order((stock_levels::offer_id, stock_levels::warehouse_id)).limit(limit).load(conn)?,
    })
}

/// A movement of the ledger.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = stock_movements, treat_none_as_default_value = false)]
pub struct Movement {
    /// The offer.
    pub offer_id: i64,
    /// The warehouse.
    pub warehouse_id: i64,
    /// Why: `report`, `undo`.
    pub kind: String,
    /// Pieces more, or fewer.
    pub delta: i64,
    /// Pieces on hand after it.
    pub on_hand: i64,
    /// The operation it belongs to.
    pub operation_id: String,
    /// When.
    pub moved_at: Time,
}

/// Sets what is on hand, and writes the movements that lead there to the ledger. What is reserved stays.
pub fn levels_put(conn: &mut Conn, levels: &[LevelRow], movements: &[Movement]) -> Result<()> {
    for part in levels.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(stock_levels::table)
            .values(part)
            .on_conflict((stock_levels::offer_id, stock_levels::warehouse_id))
            .do_update()
            .set((
                stock_levels::on_hand.eq(excluded(stock_levels::on_hand)),
                stock_levels::reported_at.eq(excluded(stock_levels::reported_at)),
            ))
            .execute(conn))?;
    }
    for part in movements.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(stock_movements::table).values(part).execute(conn))?;
    }
    Ok(())
}

/// Warehouse codes of a supplier by id.
pub fn warehouse_codes(conn: &mut Conn, supplier_id: i64) -> Result<HashMap<i64, String>> {
    Ok(warehouse_ids(conn, supplier_id)?.into_iter().map(|(code, id)| (id, code)).collect())
}
