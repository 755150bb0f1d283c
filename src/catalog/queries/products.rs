//! Products: the stored golden record and the look-ups that identify it.

use super::Keys;
use crate::catalog::{ProductStatus, lifecycle};
use crate::db::schema::{listings, offers, products};
use crate::db::{Conn, JsonText, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::{Error, Result};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A product as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
pub struct ProductRow {
    /// Row id.
    pub id: i64,
    /// Everything that resolving may change.
    #[diesel(embed)]
    pub body: NewProduct,
}

/// A product without its id.
#[derive(Debug, Clone, PartialEq, Insertable, Queryable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
pub struct NewProduct {
    /// Outside key.
    pub sku: String,
    /// See [`crate::catalog::ProductStatus`].
    pub status: String,
    /// Who set the status.
    pub status_by: String,
    /// 14 digits.
    pub gtin: Option<String>,
    /// Brand code.
    pub brand: Option<String>,
    /// Manufacturer's part number.
    pub mpn: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Its group.
    pub group_id: Option<i64>,
    /// Was the group chosen by a person?
    pub group_pinned: bool,
    /// Title in the default locale, for lists.
    pub title: String,
    /// Golden values.
    pub golden: JsonText,
    /// Pictures.
    pub images: JsonText,
    /// Tags.
    pub tags: JsonText,
    /// What may be sold.
    pub available: i64,
    /// Price in minor units.
    pub price_minor: Option<i64>,
    /// ISO 4217.
    pub price_currency: Option<String>,
    /// Counts catalogue edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When its catalogue data last changed.
    pub updated_at: Time,
    /// The product that it was merged into: that one is seen, this one is not.
    pub merged_into: Option<i64>,
}

impl NewProduct {
    /// A product that nothing is known of yet; its first rebuild makes it version 1 and tells of it.
    pub fn empty(sku: String, now: Time) -> Result<Self> {
        let nothing = JsonText::of(&serde_json::json!([]))?;
        Ok(Self {
            sku,
            status: ProductStatus::Draft.as_str().to_owned(),
            status_by: lifecycle::BY_IMPORT.to_owned(),
            gtin: None,
            brand: None,
            mpn: None,
            mpn_key: None,
            category: None,
            group_id: None,
            group_pinned: false,
            title: String::new(),
            golden: JsonText::of(&serde_json::json!({}))?,
            images: nothing.clone(),
            tags: nothing,
            available: 0,
            price_minor: None,
            price_currency: None,
            version: 0,
            created_at: now,
            updated_at: now,
            merged_into: None,
        })
    }
}

macro_rules! row {
    () => {
        (
            products::id,
            (
                products::sku,
                products::status,
                products::status_by,
                products::gtin,
                products::brand,
                products::mpn,
                products::mpn_key,
                products::category,
                products::group_id,
                products::group_pinned,
                products::title,
                products::golden,
                products::images,
                products::tags,
                products::available,
                products::price_minor,
                products::price_currency,
                products::version,
                products::created_at,
                products::updated_at,
                products::merged_into,
            ),
        )
    };
}

/// These products, by id.
pub fn products_by_id(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, ProductRow>> {
    let mut found = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<ProductRow> =
            each_backend!(conn => products::table.filter(products::id.eq_any(part)).select(row!()).load(conn))?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

/// One product by SKU.
pub fn products_by_sku(conn: &mut Conn, sku: &str) -> Result<Option<ProductRow>> {
    Ok(products::table.filter(products::sku.eq(sku)).select(row!()).first(conn).optional()?)
}

/// The product that this SKU answers for, or why there is none to be seen: 404, or where it was merged into.
pub fn product_of_sku(conn: &mut Conn, sku: &str) -> Result<ProductRow> {
    let found = products_by_sku(conn, sku)?.ok_or_else(|| Error::not_found(format!("product {sku}")))?;
    match merged_into(conn, &found)? {
        None => Ok(found),
        Some(into) => Err(Error::merged(sku, into.body.sku)),
    }
}

/// Products that were merged one after the other; a chain has no more links than there were merges by hand.
const CHAIN: usize = 100;

/// The product that this one was merged into, however often that one was merged itself; none when it stands for itself.
pub fn merged_into(conn: &mut Conn, product: &ProductRow) -> Result<Option<ProductRow>> {
    let (mut next, mut last) = (product.body.merged_into, None);
    for _ in 0..CHAIN {
        let Some(id) = next else { break };
        let row = products_by_id(conn, &[id])?.remove(&id).ok_or_else(|| Error::internal("a merged product has no successor"))?;
        next = row.body.merged_into;
        last = Some(row);
    }
    Ok(last)
}

/// These products, by SKU.
pub fn products_by_skus(conn: &mut Conn, skus: &[&str]) -> Result<HashMap<String, ProductRow>> {
    let mut found = HashMap::with_capacity(skus.len());
    for part in skus.chunks(1_000) {
        let rows: Vec<ProductRow> =
            each_backend!(conn => products::table.filter(products::sku.eq_any(part)).select(row!()).load(conn))?;
        found.extend(rows.into_iter().map(|row| (row.body.sku.clone(), row)));
    }
    Ok(found)
}

/// Holds these products against other writers until the transaction ends, in one order so that two never wait for each other.
pub fn products_lock(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        products::table
            .filter(products::id.eq_any(ids))
            .order(products::id)
            .select(products::id)
            .for_update()
            .load::<i64>(conn)?;
    }
    Ok(())
}

/// Ids of products in their order, after `after`.
pub fn product_ids_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(products::table.filter(products::id.gt(after)).order(products::id).limit(limit).select(products::id).load(conn)?)
}

/// Products of which this supplier has a live offer and another supplier too, by this one's keys.
pub fn shared_products(conn: &mut Conn, supplier_id: i64, limit: i64) -> Result<Vec<i64>> {
    let others = diesel::alias!(offers as others);
    let rows: Vec<Option<i64>> = each_backend!(conn => offers::table
        .filter(offers::supplier_id.eq(supplier_id).and(offers::live.eq(true)).and(offers::product_id.is_not_null()))
        .filter(diesel::dsl::exists(others.filter(
            others.field(offers::product_id).eq(offers::product_id)
                .and(others.field(offers::supplier_id).ne(supplier_id))
                .and(others.field(offers::live).eq(true)),
        )))
        .order(offers::supplier_sku)
        .limit(limit)
        .select(offers::product_id)
        .load(conn))?;
    let mut products: Vec<i64> = rows.into_iter().flatten().collect();
    products.sort_unstable();
    products.dedup();
    Ok(products)
}

/// What the offers of these products are told apart by: product, supplier, GTIN, whether it is live.
pub type OfferMark = (i64, i64, Option<String>, bool);

/// What the offers of these products are told apart by.
pub fn offer_marks(conn: &mut Conn, product_ids: &[i64]) -> Result<Vec<OfferMark>> {
    let mut marks = Vec::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(Option<i64>, i64, Option<String>, bool)> = each_backend!(conn => offers::table
            .filter(offers::product_id.eq_any(part))
            .select((offers::product_id, offers::supplier_id, offers::gtin, offers::live))
            .load(conn))?;
        marks.extend(rows.into_iter().filter_map(|(product, supplier, gtin, live)| Some((product?, supplier, gtin, live))));
    }
    Ok(marks)
}

/// Which of these SKUs exist.
pub fn skus_taken(conn: &mut Conn, skus: &[&str]) -> Result<HashSet<String>> {
    let rows: Vec<String> =
        each_backend!(conn => products::table.filter(products::sku.eq_any(skus)).select(products::sku).load(conn))?;
    Ok(rows.into_iter().collect())
}

/// What changes in a product that keeps what it is looked up by.
macro_rules! set {
    () => {
        (
            products::status.eq(excluded(products::status)),
            products::status_by.eq(excluded(products::status_by)),
            products::mpn.eq(excluded(products::mpn)),
            products::category.eq(excluded(products::category)),
            products::group_pinned.eq(excluded(products::group_pinned)),
            products::title.eq(excluded(products::title)),
            products::golden.eq(excluded(products::golden)),
            products::images.eq(excluded(products::images)),
            products::tags.eq(excluded(products::tags)),
            products::available.eq(excluded(products::available)),
            products::price_minor.eq(excluded(products::price_minor)),
            products::price_currency.eq(excluded(products::price_currency)),
            products::version.eq(excluded(products::version)),
            products::updated_at.eq(excluded(products::updated_at)),
            products::merged_into.eq(excluded(products::merged_into)),
        )
    };
}

impl NewProduct {
    /// Has it all that `other` is looked up by?
    pub fn keyed_as(&self, other: &Self) -> bool {
        (&self.gtin, &self.brand, &self.mpn_key, self.group_id) == (&other.gtin, &other.brand, &other.mpn_key, other.group_id)
    }
}

/// Writes products with their ids, new ones and changed ones alike.
pub fn products_put(conn: &mut Conn, rows: &[ProductRow], keys: Keys) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => {
            let put = diesel::insert_into(products::table).values(part).on_conflict(products::id).do_update();
            match keys {
                Keys::Kept => put.set(set!()).execute(conn),
                Keys::Any => put
                    .set((
                        set!(),
                        products::gtin.eq(excluded(products::gtin)),
                        products::brand.eq(excluded(products::brand)),
                        products::mpn_key.eq(excluded(products::mpn_key)),
                        products::group_id.eq(excluded(products::group_id)),
                    ))
                    .execute(conn),
            }
        })?;
    }
    Ok(())
}

/// SKUs of these products.
pub fn skus_of(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let mut skus = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<(i64, String)> = each_backend!(conn => products::table
            .filter(products::id.eq_any(part))
            .select((products::id, products::sku))
            .load(conn))?;
        skus.extend(rows);
    }
    Ok(skus)
}

/// SKUs of these groups' products, in their order, at most so many of each group.
pub fn product_skus_of_groups(conn: &mut Conn, group_ids: &[i64], each: i64) -> Result<HashMap<i64, Vec<String>>> {
    let mut skus: HashMap<i64, Vec<String>> = HashMap::with_capacity(group_ids.len());
    let sizes: Vec<(Option<i64>, i64)> = each_backend!(conn => products::table
        .filter(products::group_id.eq_any(group_ids))
        .group_by(products::group_id)
        .select((products::group_id, diesel::dsl::count_star()))
        .load(conn))?;
    let (large, small): (Vec<_>, Vec<_>) =
        sizes.into_iter().filter_map(|(group, size)| Some((group?, size))).partition(|(_, size)| *size > each);
    let small: Vec<i64> = small.into_iter().map(|(group, _)| group).collect();
    let rows: Vec<(Option<i64>, String)> = each_backend!(conn => products::table
        .filter(products::group_id.eq_any(&small))
        .order((products::group_id, products::sku))
        .select((products::group_id, products::sku))
        .load(conn))?;
    for (group, sku) in rows {
        if let Some(group) = group {
            skus.entry(group).or_default().push(sku);
        }
    }
    for (group, _) in large {
        let of_group = products::table.filter(products::group_id.eq(group));
        skus.insert(group, of_group.order(products::sku).limit(each).select(products::sku).load(conn)?);
    }
    Ok(skus)
}

/// A product to be told of: id, SKU, version.
pub type Told = (i64, String, i64);

/// Products of a brand in the order of their ids, after `after`.
pub fn products_of_brand(conn: &mut Conn, brand: &str, after: i64, limit: i64) -> Result<Vec<Told>> {
    Ok(products::table
        .filter(products::brand.eq(brand).and(products::id.gt(after)))
        .order(products::id)
        .limit(limit)
        .select((products::id, products::sku, products::version))
        .load(conn)?)
}

/// Products of a group in the order of their ids, after `after`.
pub fn products_of_group(conn: &mut Conn, group_id: i64, after: i64, limit: i64) -> Result<Vec<Told>> {
    Ok(products::table
        .filter(products::group_id.eq(group_id).and(products::id.gt(after)))
        .order(products::id)
        .limit(limit)
        .select((products::id, products::sku, products::version))
        .load(conn)?)
}

/// How complete these products are for each channel, or for one of them, per mille.
pub fn completeness_of(conn: &mut Conn, ids: &[i64], only: Option<&str>) -> Result<HashMap<i64, BTreeMap<String, i32>>> {
    let mut shares: HashMap<i64, BTreeMap<String, i32>> = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<(i64, String, i32)> = each_backend!(conn => listings::table
            .filter(listings::product_id.eq_any(part))
            .select((listings::product_id, listings::channel, listings::completeness))
            .load(conn))?;
        for (id, channel, share) in rows.into_iter().filter(|(_, channel, _)| only.is_none_or(|only| only == channel)) {
            shares.entry(id).or_default().insert(channel, share);
        }
    }
    Ok(shares)
}

/// Has this product a listing on this channel that goes into its feed?
pub fn is_listed(conn: &mut Conn, product_id: i64, channel: &str) -> Result<bool> {
    let listed = listings::product_id.eq(product_id).and(listings::channel.eq(channel)).and(listings::row_hash.is_not_null());
    let found: Option<i64> = listings::table.filter(listed).select(listings::product_id).first(conn).optional()?;
    Ok(found.is_some())
}

/// The catalogue in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogFigures {
    /// Live offers.
    pub offers: i64,
    /// Products.
    pub products: i64,
    /// Products that can be sold.
    pub active: i64,
    /// Products with live offers of more than one supplier.
    pub shared: i64,
    /// Brands.
    pub brands: i64,
    /// What may be sold in all.
    pub pieces: i64,
}

/// Counts the catalogue; for a person's report, not for every request.
pub fn catalog_figures(conn: &mut Conn) -> Result<CatalogFigures> {
    use diesel::dsl::{count, count_star, sql};
    let suppliers_of: Vec<i64> = offers::table
        .filter(offers::live.eq(true).and(offers::product_id.is_not_null()))
        .group_by(offers::product_id)
        .select(count(offers::supplier_id).aggregate_distinct())
        .load(conn)?;
    Ok(CatalogFigures {
        offers: offers::table.filter(offers::live.eq(true)).select(count_star()).first(conn)?,
        products: product_count(conn)?,
        active: products::table.filter(products::status.eq(ProductStatus::Active.as_str())).select(count_star()).first(conn)?,
        shared: i64::try_from(suppliers_of.iter().filter(|suppliers| **suppliers > 1).count()).unwrap_or(i64::MAX),
        brands: products::table.select(count(products::brand).aggregate_distinct()).first(conn)?,
        pieces: products::table
            .select(sql::<diesel::sql_types::BigInt>("CAST(COALESCE(SUM(available), 0) AS BIGINT)"))
            .first(conn)?,
    })
}

/// How many products there are, without those that were merged into others.
pub fn product_count(conn: &mut Conn) -> Result<i64> {
    Ok(products::table.filter(products::merged_into.is_null()).count().get_result(conn)?)
}
