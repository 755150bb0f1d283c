//! Every SQL statement about suppliers and warehouses.

use super::{DEFAULT_RANK, Supplier, SupplierTerms, Warehouse, check};
use crate::db::schema::{suppliers, warehouses};
use crate::db::settings::{DEFAULT_CURRENCY, DEFAULT_LOCALE, setting};
use crate::db::{Conn, Time, unique_violation};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

type Row = (i64, String, String, String, String, i32, Option<String>, i64, Time, Time);
type Columns = (
    suppliers::id,
    suppliers::code,
    suppliers::name,
    suppliers::currency,
    suppliers::locale,
    suppliers::rank,
    suppliers::country,
    suppliers::version,
    suppliers::created_at,
    suppliers::updated_at,
);

fn columns() -> Columns {
    (
        suppliers::id,
        suppliers::code,
        suppliers::name,
        suppliers::currency,
        suppliers::locale,
        suppliers::rank,
        suppliers::country,
        suppliers::version,
        suppliers::created_at,
        suppliers::updated_at,
    )
}

fn shape((id, code, name, currency, locale, rank, country, version, created_at, updated_at): Row) -> Supplier {
    let (created_at, updated_at) = (created_at.into(), updated_at.into());
    Supplier { id, code, name, currency, locale, rank, country, version, created_at, updated_at }
}

/// One supplier by code.
pub fn supplier_by_code(conn: &mut Conn, code: &str) -> Result<Option<Supplier>> {
    let row: Option<Row> = suppliers::table.filter(suppliers::code.eq(code)).select(columns()).first(conn).optional()?;
    Ok(row.map(shape))
}

/// One supplier by row id.
pub fn supplier_by_id(conn: &mut Conn, id: i64) -> Result<Option<Supplier>> {
    let row: Option<Row> = suppliers::table.filter(suppliers::id.eq(id)).select(columns()).first(conn).optional()?;
    Ok(row.map(shape))
}

/// Suppliers in the order of their codes, after `after`; only the one of `only`, where that is given.
pub fn supplier_list(conn: &mut Conn, after: Option<&str>, only: Option<&str>, limit: i64) -> Result<Vec<Supplier>> {
    let mut query = suppliers::table.select(columns()).order(suppliers::code).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(suppliers::code.gt(after));
    }
    if let Some(only) = only {
        query = query.filter(suppliers::code.eq(only));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(shape).collect())
}

/// Makes a supplier of checked terms; one of that code there already is a `conflict`.
pub fn supplier_insert(conn: &mut Conn, code: &str, terms: &SupplierTerms, now: DateTime<Utc>) -> Result<Supplier> {
    diesel::insert_into(suppliers::table)
        .values((
            suppliers::code.eq(code),
            suppliers::name.eq(&terms.name),
            suppliers::currency.eq(&terms.currency),
            suppliers::locale.eq(&terms.locale),
            suppliers::rank.eq(terms.rank),
            suppliers::country.eq(terms.country.as_deref()),
            suppliers::version.eq(1),
            suppliers::created_at.eq(Time(now)),
            suppliers::updated_at.eq(Time(now)),
        ))
        .execute(conn)
        .map_err(|error| {
            unique_violation(error, || {
                Error::new(Code::Conflict, format!("there is a supplier '{code}' already; patch it instead"))
            })
        })?;
    written(conn, code)
}

/// Writes new, checked terms and counts the edit.
pub fn supplier_update(conn: &mut Conn, supplier: &Supplier, terms: &SupplierTerms, now: DateTime<Utc>) -> Result<Supplier> {
    diesel::update(suppliers::table.filter(suppliers::id.eq(supplier.id)))
        .set((
            suppliers::name.eq(&terms.name),
            suppliers::currency.eq(&terms.currency),
            suppliers::locale.eq(&terms.locale),
            suppliers::rank.eq(terms.rank),
            suppliers::country.eq(terms.country.as_deref()),
            suppliers::version.eq(supplier.version.saturating_add(1)),
            suppliers::updated_at.eq(Time(now)),
        ))
        .execute(conn)?;
    written(conn, &supplier.code)
}

fn written(conn: &mut Conn, code: &str) -> Result<Supplier> {
    supplier_by_code(conn, code)?.ok_or_else(|| Error::internal("a supplier vanished while it was written"))
}

/// The supplier of this code, made with the house's defaults when an import names one that nobody made.
///
/// Two imports that start together both get the same one.
pub fn supplier_ensure(conn: &mut Conn, code: &str, now: DateTime<Utc>) -> Result<Supplier> {
    if let Some(supplier) = supplier_by_code(conn, code)? {
        return Ok(supplier);
    }
    check::code("/supplier", code)?;
    crate::db::lock_catalog(conn)?;
    if let Some(supplier) = supplier_by_code(conn, code)? {
        return Ok(supplier);
    }
    let terms = supplier_defaults(conn, code)?;
    supplier_insert(conn, code, &terms, now)
}

/// What is taken for granted about a supplier: its code for a name, and the house's currency and locale
/// (settings `default_currency` and `default_locale`, else EUR and en).
pub fn supplier_defaults(conn: &mut Conn, code: &str) -> Result<SupplierTerms> {
    Ok(SupplierTerms {
        name: code.to_owned(),
        currency: setting(conn, DEFAULT_CURRENCY)?.unwrap_or_else(|| "EUR".to_owned()),
        locale: setting(conn, DEFAULT_LOCALE)?.unwrap_or_else(|| "en".to_owned()),
        rank: DEFAULT_RANK,
        country: None,
    })
}

type WarehouseRow = (i64, String, String, Option<String>);

/// A supplier's warehouses in the order of their codes, after `after`.
pub fn warehouse_list(conn: &mut Conn, supplier_id: i64, after: Option<&str>, limit: i64) -> Result<Vec<Warehouse>> {
    let rows: Vec<WarehouseRow> = warehouses::table
        .filter(warehouses::supplier_id.eq(supplier_id).and(warehouses::code.gt(after.unwrap_or_default())))
        .order(warehouses::code)
        .limit(limit)
        .select((warehouses::id, warehouses::code, warehouses::name, warehouses::country))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name, country)| Warehouse { id, code, name, country }).collect())
}

/// One warehouse of a supplier.
pub fn warehouse_by_code(conn: &mut Conn, supplier_id: i64, code: &str) -> Result<Option<Warehouse>> {
    let row: Option<WarehouseRow> = warehouses::table
        .filter(warehouses::supplier_id.eq(supplier_id).and(warehouses::code.eq(code)))
        .select((warehouses::id, warehouses::code, warehouses::name, warehouses::country))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, code, name, country)| Warehouse { id, code, name, country }))
}

/// Makes a warehouse or writes over it; true when it was made.
pub fn warehouse_put(conn: &mut Conn, supplier_id: i64, code: &str, name: &str, country: Option<&str>) -> Result<bool> {
    let changed =
        diesel::update(warehouses::table.filter(warehouses::supplier_id.eq(supplier_id).and(warehouses::code.eq(code))))
            .set((warehouses::name.eq(name), warehouses::country.eq(country)))
            .execute(conn)?;
    if changed > 0 {
        return Ok(false);
    }
    diesel::insert_into(warehouses::table)
        .values((
            warehouses::supplier_id.eq(supplier_id),
            warehouses::code.eq(code),
            warehouses::name.eq(name),
            warehouses::country.eq(country),
        ))
        .execute(conn)
        .map_err(|error| {
            unique_violation(error, || Error::new(Code::Conflict, "somebody made this warehouse at the same moment; try again"))
        })?;
    Ok(true)
}

/// Codes of suppliers by row id.
pub fn supplier_codes(conn: &mut Conn) -> Result<HashMap<i64, String>> {
    let rows: Vec<(i64, String)> = suppliers::table.select((suppliers::id, suppliers::code)).load(conn)?;
    Ok(rows.into_iter().collect())
}
