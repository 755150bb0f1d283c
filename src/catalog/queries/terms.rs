//! What a product's offers ask for it and what may be sold, without what they claim.

use crate::catalog::terms::{Sold, stored_money};
use crate::db::schema::{offers, products, suppliers};
use crate::db::{Conn, JsonText};
use crate::each_backend;
use crate::error::Result;
use crate::pricing::Money;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;
use std::collections::HashMap;

/// One offer's terms.
#[derive(Debug, Clone)]
pub struct TermsRow {
    /// The offer.
    pub offer_id: i64,
    /// Its key.
    pub supplier_sku: String,
    /// In the supplier's newest catalogue?
    pub live: bool,
    /// What the supplier charges.
    pub cost: Option<Money>,
    /// What the supplier recommends.
    pub recommended_price: Option<Money>,
    /// Its supplier's code.
    pub supplier_code: String,
    /// Its supplier's rank; 1 is best.
    pub rank: i32,
}

type Terms = (Option<i64>, i64, String, bool, (Option<i64>, Option<String>), (Option<i64>, Option<String>), String, i32);

/// The terms of all offers of these products, the best ranked supplier's first.
pub fn terms_of_products(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<TermsRow>>> {
    let mut by_product: HashMap<i64, Vec<TermsRow>> = HashMap::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<Terms> = each_backend!(conn => offers::table
            .inner_join(suppliers::table)
            .filter(offers::product_id.eq_any(part))
            .select((
                offers::product_id,
                offers::id,
                offers::supplier_sku,
                offers::live,
                (offers::cost_minor, offers::cost_currency),
                (offers::recommended_minor, offers::recommended_currency),
                suppliers::code,
                suppliers::rank,
            ))
            .load(conn))?;
        for (product, offer_id, supplier_sku, live, cost, recommended, supplier_code, rank) in rows {
            let Some(product) = product else { continue };
            let (cost, recommended_price) =
                (stored_money(cost.0, cost.1.as_deref()), stored_money(recommended.0, recommended.1.as_deref()));
            let row = TermsRow { offer_id, supplier_sku, live, cost, recommended_price, supplier_code, rank };
            by_product.entry(product).or_default().push(row);
        }
    }
    for rows in by_product.values_mut() {
        rows.sort_unstable_by(|a, b| {
            (a.rank, &a.supplier_code, &a.supplier_sku).cmp(&(b.rank, &b.supplier_code, &b.supplier_sku))
        });
    }
    Ok(by_product)
}

type SoldRow = (i64, String, i64, Option<i64>, Option<String>);

/// What these products are sold at now: id, SKU, and that.
pub fn sold(conn: &mut Conn, product_ids: &[i64]) -> Result<Vec<(i64, String, Sold)>> {
    let mut found = Vec::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<SoldRow> = each_backend!(conn => products::table
            .filter(products::id.eq_any(part))
            .order(products::id)
            .select((products::id, products::sku, products::available, products::price_minor, products::price_currency))
            .load(conn))?;
        found.extend(rows.into_iter().map(|(id, sku, available, minor, currency)| {
            (id, sku, Sold { available, price: stored_money(minor, currency.as_deref()) })
        }));
    }
    Ok(found)
}

/// Writes what these products are sold at, in one statement a thousand.
pub fn sold_put(conn: &mut Conn, rows: &[(i64, Sold)]) -> Result<()> {
    for part in rows.chunks(1_000) {
        let lines: Vec<_> = part
            .iter()
            .map(|(id, sold)| {
                json!([id, sold.available, sold.price.map(|price| price.minor), sold.price.map(|price| price.currency.code())])
            })
            .collect();
        let lines = JsonText::of(&lines)?;
        let set =
            "UPDATE products SET available = new.available, price_minor = new.price_minor, price_currency = new.price_currency";
        match conn {
            Conn::Sqlite(conn) => diesel::sql_query(format!(
                "{set} FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS available, \
                 json_extract(value, '$[2]') AS price_minor, json_extract(value, '$[3]') AS price_currency FROM json_each(?)) AS new \
                 WHERE products.id = new.id"
            ))
            .bind::<Text, _>(lines.as_str())
            .execute(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(format!(
                "{set} FROM (SELECT (line->>0)::bigint AS id, (line->>1)::bigint AS available, (line->>2)::bigint AS price_minor, \
                 line->>3 AS price_currency FROM jsonb_array_elements($1::jsonb) AS line) AS new WHERE products.id = new.id"
            ))
            .bind::<Text, _>(lines.as_str())
            .execute(conn)?,
        };
    }
    Ok(())
}
