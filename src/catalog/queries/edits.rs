//! People's claims about products.

use crate::catalog::picture::{ATTRIBUTE, UPLOADED};
use crate::catalog::resolve::Edit;
use crate::db::schema::{product_edits, products};
use crate::db::{Conn, JsonText, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

/// A person's claim as stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = product_edits, treat_none_as_default_value = false)]
pub struct EditRow {
    /// The product.
    pub product_id: i64,
    /// Attribute code.
    pub attribute: String,
    /// BCP 47 tag; empty where the attribute has no locales.
    pub locale: String,
    /// The value.
    pub value: JsonText,
    /// Who.
    pub author: String,
    /// In which operation.
    pub operation_id: String,
    /// When.
    pub edited_at: Time,
}

/// SKU of a product of which a person says that it shows this uploaded image, be it merged into another or not.
pub fn product_that_names(conn: &mut Conn, image: &str) -> Result<Option<String>> {
    // JSON on PostgreSQL, text on SQLite.
    let said = diesel::dsl::sql::<diesel::sql_types::Text>("CAST(product_edits.value AS TEXT)");
    Ok(product_edits::table
        .inner_join(products::table)
        .filter(product_edits::attribute.eq(ATTRIBUTE).and(said.like(format!("%\"{UPLOADED}{image}\"%"))))
        .select(products::sku)
        .first(conn)
        .optional()?)
}

/// What people said about these products.
pub fn edits_of(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<Edit>>> {
    let mut by_product: HashMap<i64, Vec<Edit>> = HashMap::new();
    for row in edit_rows_of(conn, product_ids)? {
        by_product.entry(row.product_id).or_default().push(Edit {
            attribute: row.attribute,
            locale: (!row.locale.is_empty()).then_some(row.locale),
            value: row.value.read()?,
            author: row.author,
            at: row.edited_at.into(),
        });
    }
    Ok(by_product)
}

/// What people said about these products, as it is stored.
pub fn edit_rows_of(conn: &mut Conn, product_ids: &[i64]) -> Result<Vec<EditRow>> {
    let mut all = Vec::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<EditRow> = each_backend!(conn => product_edits::table
            .filter(product_edits::product_id.eq_any(part))
            .select((
                product_edits::product_id,
                product_edits::attribute,
                product_edits::locale,
                product_edits::value,
                product_edits::author,
                product_edits::operation_id,
                product_edits::edited_at,
            ))
            .load(conn))?;
        all.extend(rows);
    }
    Ok(all)
}

/// States values; no two of them about the same attribute and locale of a product.
pub fn edits_put(conn: &mut Conn, rows: &[EditRow]) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(product_edits::table)
            .values(part)
            .on_conflict((product_edits::product_id, product_edits::attribute, product_edits::locale))
            .do_update()
            .set((
                product_edits::value.eq(excluded(product_edits::value)),
                product_edits::author.eq(excluded(product_edits::author)),
                product_edits::operation_id.eq(excluded(product_edits::operation_id)),
                product_edits::edited_at.eq(excluded(product_edits::edited_at)),
            ))
            .execute(conn))?;
    }
    Ok(())
}

/// Withdraws a value: all locales of it when `locale` is none.
pub fn edit_delete(conn: &mut Conn, product_id: i64, attribute: &str, locale: Option<&str>) -> Result<()> {
    let rows = product_edits::product_id.eq(product_id).and(product_edits::attribute.eq(attribute));
    match locale {
        Some(locale) => diesel::delete(product_edits::table.filter(rows.and(product_edits::locale.eq(locale)))).execute(conn)?,
        None => diesel::delete(product_edits::table.filter(rows)).execute(conn)?,
    };
    Ok(())
}
