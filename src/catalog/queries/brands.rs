//! Brands and every spelling that means them.

use crate::db::schema::{brand_aliases, brands};
use crate::db::{Conn, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// A brand as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = brands, treat_none_as_default_value = false)]
pub struct BrandRow {
    /// Folded code.
    pub code: String,
    /// As it is written.
    pub name: String,
    /// When it was first seen.
    pub created_at: Time,
}

/// Makes brands that are not there yet.
pub fn brands_ensure(conn: &mut Conn, rows: &[BrandRow]) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(brands::table).values(part).on_conflict_do_nothing().execute(conn))?;
    }
    Ok(())
}

/// One page of brands in order of their codes.
pub fn brands_after(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<BrandRow>> {
    Ok(brands::table
        .filter(brands::code.gt(after))
        .order(brands::code)
        .limit(limit)
        .select((brands::code, brands::name, brands::created_at))
        .load(conn)?)
}

/// One brand.
pub fn brand_by_code(conn: &mut Conn, code: &str) -> Result<Option<BrandRow>> {
    Ok(brands::table.find(code).select((brands::code, brands::name, brands::created_at)).first(conn).optional()?)
}

/// Aliases people added: folded spelling to brand code.
pub fn brand_aliases(conn: &mut Conn) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> = brand_aliases::table.select((brand_aliases::alias, brand_aliases::brand)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Renames a brand and replaces its aliases.
pub fn brand_put_aliases(conn: &mut Conn, code: &str, name: &str, aliases: &[String]) -> QueryResult<()> {
    diesel::update(brands::table.find(code)).set(brands::name.eq(name)).execute(conn)?;
    diesel::delete(brand_aliases::table.filter(brand_aliases::brand.eq(code))).execute(conn)?;
    for alias in aliases {
        diesel::insert_into(brand_aliases::table)
            .values((brand_aliases::alias.eq(alias), brand_aliases::brand.eq(code)))
            .execute(conn)?;
    }
    Ok(())
}

/// Aliases that people gave these brands, folded and in order, by brand code.
pub fn aliases_of_brands(conn: &mut Conn, codes: &[&str]) -> Result<HashMap<String, Vec<String>>> {
    let rows: Vec<(String, String)> = each_backend!(conn => brand_aliases::table
        .filter(brand_aliases::brand.eq_any(codes))
        .order(brand_aliases::alias)
        .select((brand_aliases::brand, brand_aliases::alias))
        .load(conn))?;
    let mut by_brand: HashMap<String, Vec<String>> = HashMap::with_capacity(codes.len());
    for (brand, alias) in rows {
        by_brand.entry(brand).or_default().push(alias);
    }
    Ok(by_brand)
}
