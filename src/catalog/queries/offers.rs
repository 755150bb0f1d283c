//! Offers: what one supplier says about one item.

use super::Keys;
use crate::db::schema::{offer_records, offers, products, suppliers};
use crate::db::{Conn, JsonText, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

/// What an import needs to know of a stored offer to see whether a row changes it.
#[derive(Debug, Clone, Queryable)]
pub struct OfferKey {
    /// Row id.
    pub id: i64,
    /// Offer key within the supplier.
    pub supplier_sku: String,
    /// Its product.
    pub product_id: Option<i64>,
    /// In the supplier's newest catalogue?
    pub live: bool,
    /// Hash of the row that wrote it, with the profile and dictionary that read it.
    pub row_hash: String,
    /// Did reading that row leave a warning?
    pub warned: bool,
    /// The import that wrote it.
    pub import_id: String,
    /// When it was first seen.
    pub created_at: Time,
}

/// An offer as stored, with everything but its ids.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = offers, treat_none_as_default_value = false)]
pub struct OfferBody {
    /// Its supplier.
    pub supplier_id: i64,
    /// Its key.
    pub supplier_sku: String,
    /// Its product.
    pub product_id: Option<i64>,
    /// In the supplier's newest catalogue?
    pub live: bool,
    /// When it went.
    pub gone_at: Option<Time>,
    /// See [`OfferKey::row_hash`].
    pub row_hash: String,
    /// See [`OfferKey::warned`].
    pub warned: bool,
    /// Usable 14-digit GTIN.
    pub gtin: Option<String>,
    /// Brand code.
    pub brand: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
    /// The supplier's key of the variants' parent.
    pub parent: Option<String>,
    /// What the supplier charges, in minor units.
    pub cost_minor: Option<i64>,
    /// ISO 4217.
    pub cost_currency: Option<String>,
    /// What the supplier recommends, in minor units.
    pub recommended_minor: Option<i64>,
    /// ISO 4217.
    pub recommended_currency: Option<String>,
    /// The import that wrote it.
    pub import_id: String,
    /// The file in that import.
    pub file: String,
    /// The record in that file.
    pub row_number: i64,
    /// When it was first seen.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// What the supplier's record said.
    #[diesel(skip_insertion)]
    pub record: OfferRecord,
}

/// What a supplier's record said: most of an offer's bytes, in a table of their own.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = offer_records, treat_none_as_default_value = false)]
pub struct OfferRecord {
    /// The record as read.
    pub raw: JsonText,
    /// Typed values with their sources, see [`Compact`](crate::normalize::value::Compact).
    pub claims: JsonText,
    /// Pictures.
    pub images: JsonText,
    /// The supplier's words.
    pub tags: JsonText,
    /// What was wrong with the record; none where nothing was, or where it is not known any more.
    pub issues: Option<JsonText>,
}

/// An offer with its ids.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = offers, treat_none_as_default_value = false)]
pub struct OfferRow {
    /// Row id.
    pub id: i64,
    /// The rest.
    #[diesel(embed)]
    pub body: OfferBody,
}

/// What a golden record is made of: an offer without its record as read.
#[derive(Debug, Clone, Queryable)]
pub struct ClaimsRow {
    /// The offer.
    pub id: i64,
    /// Its product.
    pub product_id: Option<i64>,
    /// Its key.
    pub supplier_sku: String,
    /// In the supplier's newest catalogue?
    pub live: bool,
    /// Typed values with their sources.
    pub claims: JsonText,
    /// Pictures.
    pub images: JsonText,
    /// The supplier's words.
    pub tags: JsonText,
    /// What the supplier charges, in minor units.
    pub cost_minor: Option<i64>,
    /// ISO 4217.
    pub cost_currency: Option<String>,
    /// What the supplier recommends, in minor units.
    pub recommended_minor: Option<i64>,
    /// ISO 4217.
    pub recommended_currency: Option<String>,
    /// The import that wrote it.
    pub import_id: String,
    /// The file in that import.
    pub file: String,
    /// The record in that file.
    pub row_number: i64,
    /// Its supplier's code.
    pub supplier_code: String,
    /// Its supplier's rank; 1 is best.
    pub rank: i32,
}

macro_rules! body {
    () => {
        (
            offers::supplier_id,
            offers::supplier_sku,
            offers::product_id,
            offers::live,
            offers::gone_at,
            offers::row_hash,
            offers::warned,
            offers::gtin,
            offers::brand,
            offers::mpn_key,
            offers::parent,
            offers::cost_minor,
            offers::cost_currency,
            offers::recommended_minor,
            offers::recommended_currency,
            offers::import_id,
            offers::file,
            offers::row_number,
            offers::created_at,
            offers::updated_at,
            (offer_records::raw, offer_records::claims, offer_records::images, offer_records::tags, offer_records::issues),
        )
    };
}

/// What is stored under these keys.
pub fn offer_keys(conn: &mut Conn, supplier_id: i64, keys: &[&str]) -> Result<HashMap<String, OfferKey>> {
    let rows: Vec<OfferKey> = each_backend!(conn => offers::table
        .filter(offers::supplier_id.eq(supplier_id).and(offers::supplier_sku.eq_any(keys)))
        .select((
            offers::id,
            offers::supplier_sku,
            offers::product_id,
            offers::live,
            offers::row_hash,
            offers::warned,
            offers::import_id,
            offers::created_at,
        ))
        .load(conn))?;
    Ok(rows.into_iter().map(|row| (row.supplier_sku.clone(), row)).collect())
}

/// What was wrong with the records of these offers, where it is kept.
pub fn issues_of_offers(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, JsonText>> {
    let mut issues = HashMap::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let rows: Vec<(i64, Option<JsonText>)> = each_backend!(conn => offer_records::table
            .filter(offer_records::offer_id.eq_any(part))
            .select((offer_records::offer_id, offer_records::issues))
            .load(conn))?;
        issues.extend(rows.into_iter().filter_map(|(id, issues)| Some((id, issues?))));
    }
    Ok(issues)
}

/// The whole offers under these keys.
pub fn offers_by_key(conn: &mut Conn, supplier_id: i64, keys: &[&str]) -> Result<HashMap<String, OfferRow>> {
    let rows: Vec<OfferRow> = each_backend!(conn => offers::table
        .inner_join(offer_records::table)
        .filter(offers::supplier_id.eq(supplier_id).and(offers::supplier_sku.eq_any(keys)))
        .select((offers::id, body!()))
        .load(conn))?;
    Ok(rows.into_iter().map(|row| (row.body.supplier_sku.clone(), row)).collect())
}

/// These offers, by id.
pub fn offers_by_id(conn: &mut Conn, ids: &[i64]) -> Result<Vec<OfferRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for part in ids.chunks(1_000) {
        let more: Vec<OfferRow> = each_backend!(conn => offers::table
            .inner_join(offer_records::table)
            .filter(offers::id.eq_any(part))
            .select((offers::id, body!()))
            .load(conn))?;
        rows.extend(more);
    }
    Ok(rows)
}

/// All offers of these products, the oldest first; more than `most` are refused.
pub fn offers_of_products(conn: &mut Conn, product_ids: &[i64], most: usize) -> Result<Vec<OfferRow>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<OfferRow> = each_backend!(conn => offers::table
        .inner_join(offer_records::table)
        .filter(offers::product_id.eq_any(product_ids))
        .order(offers::id)
        .limit(limit)
        .select((offers::id, body!()))
        .load(conn))?;
    if rows.len() > most {
        return Err(Error::new(
            Code::TooLarge,
            format!("these products have more than {most} offers, the most that are moved at once"),
        ));
    }
    Ok(rows)
}

/// One page of a supplier's offers in order of their keys.
pub fn offers_by_supplier(conn: &mut Conn, supplier_id: i64, after: &str, limit: i64) -> Result<Vec<OfferRow>> {
    Ok(offers::table
        .inner_join(offer_records::table)
        .filter(offers::supplier_id.eq(supplier_id).and(offers::supplier_sku.gt(after)))
        .order(offers::supplier_sku)
        .limit(limit)
        .select((offers::id, body!()))
        .load(conn)?)
}

/// One page of a supplier's offers in order of their ids.
pub fn offers_page_of_supplier(conn: &mut Conn, supplier_id: i64, after: i64, limit: i64) -> Result<Vec<OfferRow>> {
    Ok(offers::table
        .inner_join(offer_records::table)
        .filter(offers::supplier_id.eq(supplier_id).and(offers::id.gt(after)))
        .order(offers::id)
        .limit(limit)
        .select((offers::id, body!()))
        .load(conn)?)
}

/// All offers of a product, the best ranked supplier's first, each with its supplier's code.
pub fn offers_of_product(conn: &mut Conn, product_id: i64) -> Result<Vec<(String, OfferBody)>> {
    Ok(offers::table
        .inner_join(suppliers::table)
        .inner_join(offer_records::table)
        .filter(offers::product_id.eq(product_id))
        .order((suppliers::rank, suppliers::code, offers::supplier_sku))
        .select((suppliers::code, body!()))
        .load(conn)?)
}

/// What the claims of all offers of these products are, the best ranked supplier's first.
pub fn claims_of_products(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<ClaimsRow>>> {
    let mut by_product: HashMap<i64, Vec<ClaimsRow>> = HashMap::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<ClaimsRow> = each_backend!(conn => offers::table
            .inner_join(suppliers::table)
            .inner_join(offer_records::table)
            .filter(offers::product_id.eq_any(part))
            .select((
                offers::id,
                offers::product_id,
                offers::supplier_sku,
                offers::live,
                offer_records::claims,
                offer_records::images,
                offer_records::tags,
                offers::cost_minor,
                offers::cost_currency,
                offers::recommended_minor,
                offers::recommended_currency,
                offers::import_id,
                offers::file,
                offers::row_number,
                suppliers::code,
                suppliers::rank,
            ))
            .load(conn))?;
        for row in rows {
            if let Some(product) = row.product_id {
                by_product.entry(product).or_default().push(row);
            }
        }
    }
    // Sorting them there would copy every document once more.
    for rows in by_product.values_mut() {
        rows.sort_unstable_by(|a, b| {
            (a.rank, &a.supplier_code, &a.supplier_sku).cmp(&(b.rank, &b.supplier_code, &b.supplier_sku))
        });
    }
    Ok(by_product)
}

/// What changes in an offer that keeps what it is looked up by.
macro_rules! set {
    () => {
        (
            offers::gone_at.eq(excluded(offers::gone_at)),
            offers::row_hash.eq(excluded(offers::row_hash)),
            offers::warned.eq(excluded(offers::warned)),
            offers::parent.eq(excluded(offers::parent)),
            offers::cost_minor.eq(excluded(offers::cost_minor)),
            offers::cost_currency.eq(excluded(offers::cost_currency)),
            offers::recommended_minor.eq(excluded(offers::recommended_minor)),
            offers::recommended_currency.eq(excluded(offers::recommended_currency)),
            offers::import_id.eq(excluded(offers::import_id)),
            offers::file.eq(excluded(offers::file)),
            offers::row_number.eq(excluded(offers::row_number)),
            offers::updated_at.eq(excluded(offers::updated_at)),
        )
    };
}

impl OfferBody {
    /// Has it all that `other` is looked up by?
    pub fn keyed_as(&self, other: &Self) -> bool {
        (self.product_id, self.live, &self.gtin, &self.brand, &self.mpn_key)
            == (other.product_id, other.live, &other.gtin, &other.brand, &other.mpn_key)
    }
}

/// Writes offers with their ids, new ones and changed ones alike.
pub fn offers_put(conn: &mut Conn, rows: &[OfferRow], keys: Keys) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => {
            let put = diesel::insert_into(offers::table).values(part).on_conflict(offers::id).do_update();
            match keys {
                Keys::Kept => put.set(set!()).execute(conn),
                Keys::Any => put
                    .set((
                        set!(),
                        offers::product_id.eq(excluded(offers::product_id)),
                        offers::live.eq(excluded(offers::live)),
                        offers::gtin.eq(excluded(offers::gtin)),
                        offers::brand.eq(excluded(offers::brand)),
                        offers::mpn_key.eq(excluded(offers::mpn_key)),
                    ))
                    .execute(conn),
            }
        })?;
    }
    Ok(())
}

/// Writes what the records of these offers said; the offers stand by then.
pub fn records_put(conn: &mut Conn, rows: &[OfferRow]) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        let records: Vec<_> = part.iter().map(|row| (offer_records::offer_id.eq(row.id), &row.body.record)).collect();
        each_backend!(conn => diesel::insert_into(offer_records::table)
            .values(records)
            .on_conflict(offer_records::offer_id)
            .do_update()
            .set((
                offer_records::raw.eq(excluded(offer_records::raw)),
                offer_records::claims.eq(excluded(offer_records::claims)),
                offer_records::images.eq(excluded(offer_records::images)),
                offer_records::tags.eq(excluded(offer_records::tags)),
                offer_records::issues.eq(excluded(offer_records::issues)),
            ))
            .execute(conn))?;
    }
    Ok(())
}

/// Gives offers their product.
pub fn offers_set_product(conn: &mut Conn, product_id: i64, offer_ids: &[i64]) -> Result<()> {
    each_backend!(conn => diesel::update(offers::table.filter(offers::id.eq_any(offer_ids)))
        .set(offers::product_id.eq(product_id))
        .execute(conn))?;
    Ok(())
}

/// An offer as a walk meets it: its id, its key, whether it is live.
pub type Met = (i64, String, bool);

/// The next offers of a supplier after a key, by key.
pub fn offers_walk(conn: &mut Conn, supplier_id: i64, after: &str, limit: i64) -> Result<Vec<Met>> {
    Ok(offers::table
        .filter(offers::supplier_id.eq(supplier_id).and(offers::supplier_sku.gt(after)))
        .order(offers::supplier_sku)
        .select((offers::id, offers::supplier_sku, offers::live))
        .limit(limit)
        .load(conn)?)
}

/// Marks offers gone.
pub fn offers_mark_gone(conn: &mut Conn, offer_ids: &[i64], now: Time) -> Result<()> {
    for part in offer_ids.chunks(1_000) {
        each_backend!(conn => diesel::update(offers::table.filter(offers::id.eq_any(part)))
            .set((offers::live.eq(false), offers::gone_at.eq(now), offers::updated_at.eq(now)))
            .execute(conn))?;
    }
    Ok(())
}

/// An offer of a product that has no live one.
#[derive(Debug, Clone, Copy)]
pub struct GoneOffer {
    /// The product.
    pub product_id: i64,
    /// Whose offer.
    pub supplier_id: i64,
    /// Since when it is gone.
    pub gone_at: DateTime<Utc>,
}

/// Offers of active products that have no live offer any more: all offers of up to `limit` products after the product `after`.
pub fn products_all_gone(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<GoneOffer>> {
    let live = diesel::alias!(offers as live_offers);
    let ids: Vec<i64> = each_backend!(conn => products::table
        .filter(products::id.gt(after).and(products::status.eq("active")))
        .filter(diesel::dsl::exists(offers::table.filter(offers::product_id.eq(products::id.nullable()))))
        .filter(diesel::dsl::not(diesel::dsl::exists(live.filter(
            live.field(offers::product_id).eq(products::id.nullable()).and(live.field(offers::live).eq(true)),
        ))))
        .order(products::id)
        .limit(limit)
        .select(products::id)
        .load(conn))?;
    let rows: Vec<(Option<i64>, i64, Option<Time>, Time)> = each_backend!(conn => offers::table
        .filter(offers::product_id.eq_any(&ids))
        .select((offers::product_id, offers::supplier_id, offers::gone_at, offers::updated_at))
        .load(conn))?;
    let gone = rows.into_iter().filter_map(|(product, supplier_id, gone_at, updated_at)| {
        Some(GoneOffer { product_id: product?, supplier_id, gone_at: gone_at.unwrap_or(updated_at).into() })
    });
    Ok(gone.collect())
}
