//! Products as everybody reads them.

use crate::catalog::Picture;
use crate::catalog::view::{ProductStatus, ProductView};
use crate::db::schema::{brands, listings, offers, product_groups, products, suppliers};
use crate::db::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use crate::pricing::{Money, money};
use diesel::prelude::*;
use std::collections::HashMap;

type ViewRow = (
    (i64, String, String, Option<String>, Option<String>, Option<String>),
    (Option<String>, JsonText, JsonText, JsonText, i64, Option<i64>, Option<String>),
    (i64, Time, Time, Option<String>, Option<String>, Option<i64>),
);

macro_rules! select_view {
    () => {
        products::table.left_join(brands::table).left_join(product_groups::table).select((
            (products::id, products::sku, products::status, products::gtin, products::brand, products::mpn),
            (
                products::category,
                products::golden,
                products::images,
                products::tags,
                products::available,
                products::price_minor,
                products::price_currency,
            ),
            (
                products::version,
                products::created_at,
                products::updated_at,
                brands::name.nullable(),
                product_groups::code.nullable(),
                products::merged_into,
            ),
        ))
    };
}
/// The views of these products, in no particular order; unknown ids are left out. Those that were merged into others are among them.
pub fn views(conn: &mut Conn, ids: &[i64]) -> Result<Vec<ProductView>> {
    let mut views = Vec::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<ViewRow> = each_backend!(conn => select_view!().filter(products::id.eq_any(part)).load(conn))?;
        views.extend(assemble(conn, rows)?);
    }
    Ok(views)
}

/// Views of all products in the order of their ids, after `after`: how a full read walks the catalogue, merged ones included.
pub fn views_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<ProductView>> {
    let rows: Vec<ViewRow> =
        each_backend!(conn => select_view!().filter(products::id.gt(after)).order(products::id).limit(limit).load(conn))?;
    assemble(conn, rows)
}

/// What a list of products is narrowed to; all given must hold.
#[derive(Debug, Clone, Default)]
pub struct ViewFilter {
    /// See [`ProductStatus`].
    pub status: Option<ProductStatus>,
    /// Brand code.
    pub brand: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Group code.
    pub group: Option<String>,
    /// Only products whose listing on this channel goes into its feed.
    pub listed: Option<String>,
}

/// One page of views in the order of their ids, without those that were merged into others.
pub fn views_page(conn: &mut Conn, filter: &ViewFilter, after: i64, limit: i64) -> Result<Vec<ProductView>> {
    let rows: Vec<ViewRow> = each_backend!(conn => {
        let shown = products::id.gt(after).and(products::merged_into.is_null());
        let mut query = select_view!().filter(shown).order(products::id).limit(limit).into_boxed();
        if let Some(status) = filter.status {
            query = query.filter(products::status.eq(status.as_str()));
        }
        if let Some(brand) = &filter.brand {
            query = query.filter(products::brand.eq(brand));
        }
        if let Some(category) = &filter.category {
            query = query.filter(products::category.eq(category));
        }
        if let Some(group) = &filter.group {
            query = query.filter(product_groups::code.eq(group));
        }
        if let Some(channel) = &filter.listed {
            query = query.filter(diesel::dsl::exists(
                listings::table.filter(
                    listings::product_id.eq(products::id).and(listings::channel.eq(channel)).and(listings::row_hash.is_not_null()),
                ),
            ));
        }
        query.load(conn)
    })?;
    assemble(conn, rows)
}

/// The view of one product by SKU, be it merged into another or not.
pub fn view_by_sku(conn: &mut Conn, sku: &str) -> Result<Option<ProductView>> {
    let rows: Vec<ViewRow> = each_backend!(conn => select_view!().filter(products::sku.eq(sku)).load(conn))?;
    Ok(assemble(conn, rows)?.pop())
}

fn assemble(conn: &mut Conn, rows: Vec<ViewRow>) -> Result<Vec<ProductView>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.0.0).collect();
    let mut sources = live_suppliers(conn, &ids)?;
    let pictures = rows.iter().map(|(_, body, _)| body.2.read()).collect::<Result<Vec<Vec<Picture>>, _>>()?;
    let known = super::pictures::known_of(conn, &ids, pictures.iter().flatten())?;
    rows.into_iter()
        .zip(pictures)
        .map(|((key, body, rest), pictures)| {
            let (id, sku, status, gtin, brand_code, mpn) = key;
            let (category, golden, _, tags, available, price_minor, price_currency) = body;
            let (version, created_at, updated_at, brand, group, merged_into) = rest;
            let price = match (price_minor, price_currency) {
                (Some(minor), Some(code)) => money::currency(&code).ok().map(|currency| Money { minor, currency }),
                _ => None,
            };
            Ok(ProductView {
                id,
                sku,
                gtin,
                mpn,
                brand_code,
                brand,
                group,
                category,
                status: ProductStatus::parse(&status),
                tags: tags.read()?,
                values: golden.read()?,
                images: super::pictures::with_what_is_known(pictures, &known),
                suppliers: sources.remove(&id).unwrap_or_default(),
                available,
                price,
                version,
                created_at: created_at.into(),
                updated_at: updated_at.into(),
                merged_into,
            })
        })
        .collect()
}

/// Codes of the suppliers with a live offer, by product, in order of rank.
fn live_suppliers(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let mut by_product: HashMap<i64, Vec<String>> = HashMap::with_capacity(product_ids.len());
    let rows: Vec<(Option<i64>, String)> = each_backend!(conn => offers::table
        .inner_join(suppliers::table)
        .filter(offers::product_id.eq_any(product_ids).and(offers::live.eq(true)))
        .order((suppliers::rank, suppliers::code))
        .select((offers::product_id, suppliers::code))
        .load(conn))?;
    for (product, supplier) in rows {
        let Some(product) = product else { continue };
        let codes = by_product.entry(product).or_default();
        if !codes.contains(&supplier) {
            codes.push(supplier);
        }
    }
    Ok(by_product)
}
