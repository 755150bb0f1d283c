//! Products by what names of files say of them.

use crate::db::Conn;
use crate::db::schema::products;
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;

diesel::define_sql_function! {
    /// In small letters. SKUs are ASCII, and so much both databases do alike.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A product as far as a name may name it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Named {
    /// Row id.
    pub id: i64,
    /// Outside key.
    pub sku: String,
    /// 14 digits.
    pub gtin: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
    /// The product that it was merged into.
    pub merged_into: Option<i64>,
}

macro_rules! named {
    () => {
        (products::id, products::sku, products::gtin, products::mpn_key, products::merged_into)
    };
}

/// Values of one statement.
const VALUES: usize = 1_000;
/// Values of one walk through all products.
const VALUES_OF_A_WALK: usize = 10_000;

/// Products of these SKUs, letter by letter.
pub fn products_of_skus(conn: &mut Conn, skus: &[&str]) -> Result<Vec<Named>> {
    let mut found = Vec::new();
    for part in skus.chunks(VALUES) {
        let rows: Vec<Named> =
            each_backend!(conn => products::table.filter(products::sku.eq_any(part)).select(named!()).load(conn))?;
        found.extend(rows);
    }
    Ok(found)
}

/// Products of these SKUs in small letters, these GTINs or these part numbers. Each is a walk through all products: nothing else has needed
/// an index for it.
pub fn products_of_marks(conn: &mut Conn, small_skus: &[&str], gtins: &[&str], mpn_keys: &[&str]) -> Result<Vec<Named>> {
    let mut found = Vec::new();
    for part in small_skus.chunks(VALUES_OF_A_WALK) {
        let rows: Vec<Named> =
            each_backend!(conn => products::table.filter(lower(products::sku).eq_any(part)).select(named!()).load(conn))?;
        found.extend(rows);
    }
    for part in gtins.chunks(VALUES_OF_A_WALK) {
        let rows: Vec<Named> = each_backend!(conn => products::table
            .filter(products::gtin.eq_any(part).and(products::merged_into.is_null()))
            .select(named!())
            .load(conn))?;
        found.extend(rows);
    }
    for part in mpn_keys.chunks(VALUES_OF_A_WALK) {
        let rows: Vec<Named> = each_backend!(conn => products::table
            .filter(products::mpn_key.eq_any(part).and(products::merged_into.is_null()))
            .select(named!())
            .load(conn))?;
        found.extend(rows);
    }
    Ok(found)
}
