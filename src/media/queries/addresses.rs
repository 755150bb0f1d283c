//! Addresses of pictures, and which product shows which.

use crate::catalog::picture::{Picture, UPLOADED};
use crate::db::schema::{image_addresses, product_images, products};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use crate::media::{AddressState, address_id, host_of};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

#[derive(Insertable)]
#[diesel(table_name = image_addresses, treat_none_as_default_value = false)]
struct NewAddress<'a> {
    id: &'a str,
    address: &'a str,
    host: String,
    state: &'static str,
    attempts: i32,
    due_at: Time,
}

/// What registering products came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Registered {
    /// Addresses that nobody had named before.
    pub new: usize,
}

/// Pictures that these products show, by product.
pub fn products_images(conn: &mut Conn, product_ids: &[i64]) -> Result<Vec<(i64, String, Vec<Picture>)>> {
    let mut all = Vec::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String, JsonText)> = each_backend!(conn => products::table
            .filter(products::id.eq_any(part).and(products::merged_into.is_null()))
            .select((products::id, products::sku, products::images))
            .load(conn))?;
        for (id, sku, images) in rows {
            all.push((id, sku, images.read()?));
        }
    }
    Ok(all)
}

/// Notes which product shows which address, and addresses that are new. Returns the changes to tell: of products that show now what has been
/// asked for before, because nothing else would have readers look at them again.
pub fn register(conn: &mut Conn, product_ids: &[i64], now: DateTime<Utc>) -> Result<(Registered, Vec<NewChange>)> {
    let shown = products_images(conn, product_ids)?;
    let mut wanted: BTreeSet<(i64, String)> = BTreeSet::new();
    let mut addresses: BTreeMap<String, &str> = BTreeMap::new();
    for (product, _, pictures) in &shown {
        for picture in pictures {
            let id = address_id(&picture.url);
            wanted.insert((*product, id.clone()));
            addresses.insert(id, picture.url.as_str());
        }
    }
    let mut present: BTreeSet<(i64, String)> = BTreeSet::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String)> = each_backend!(conn => product_images::table
            .filter(product_images::product_id.eq_any(part))
            .select((product_images::product_id, product_images::address_id))
            .load(conn))?;
        present.extend(rows);
    }
    for (product, address) in present.difference(&wanted) {
        let gone =
            product_images::table.filter(product_images::product_id.eq(product).and(product_images::address_id.eq(address)));
        diesel::delete(gone).execute(conn)?;
    }
    let added: Vec<&(i64, String)> = wanted.difference(&present).collect();
    let ids: Vec<&str> = added.iter().map(|(_, id)| id.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    // Of which something is known already: nothing else would tell the products that name them only now.
    let mut known: HashMap<String, bool> = HashMap::new();
    for part in ids.chunks(1_000) {
        let rows: Vec<(String, String, Option<String>, Option<String>)> = each_backend!(conn => image_addresses::table
            .filter(image_addresses::id.eq_any(part))
            .select((image_addresses::id, image_addresses::state, image_addresses::image_id, image_addresses::code))
            .load(conn))?;
        let seen = |state: &str, image: Option<String>, code: Option<String>| {
            image.is_some() || code.is_some() || state != AddressState::Waiting.as_str()
        };
        known.extend(rows.into_iter().map(|(id, state, image, code)| (id, seen(&state, image, code))));
    }
    let fresh: Vec<(&str, &str)> =
        ids.iter().filter(|id| !known.contains_key(**id)).filter_map(|id| Some((*id, *addresses.get(*id)?))).collect();
    let new: Vec<NewAddress> = fresh
        .iter()
        .map(|(id, address)| {
            // An upload is here, and nobody is asked for it.
            let state = if address.starts_with(UPLOADED) { AddressState::Ready } else { AddressState::Waiting };
            NewAddress { id, address, host: host_of(address), state: state.as_str(), attempts: 0, due_at: now.into() }
        })
        .collect();
    for part in new.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(image_addresses::table).values(part).on_conflict_do_nothing().execute(conn))?;
    }
    for part in added.chunks(ROWS_A_STATEMENT) {
        let rows: Vec<_> = part
            .iter()
            .map(|(product, address)| (product_images::product_id.eq(*product), product_images::address_id.eq(address.as_str())))
            .collect();
        each_backend!(conn => diesel::insert_into(product_images::table).values(&rows).on_conflict_do_nothing().execute(conn))?;
    }
    let seen: HashSet<i64> = added.iter().filter(|(_, id)| known.get(id) == Some(&true)).map(|(product, _)| *product).collect();
    let changes =
        shown.iter().filter(|(product, ..)| seen.contains(product)).map(|(product, sku, _)| told(*product, sku)).collect();
    Ok((Registered { new: new.len() }, changes))
}

/// The change that has readers look at a product's pictures again.
fn told(product: i64, sku: &str) -> NewChange {
    NewChange::new(ChangeKind::ImageChanged, sku, serde_json::json!({ "sku": sku })).of_product(product)
}

/// The changes that tell of every product that shows one of these addresses.
pub fn products_showing(conn: &mut Conn, address_ids: &[&str]) -> Result<Vec<NewChange>> {
    let mut seen = BTreeMap::new();
    for part in address_ids.chunks(1_000) {
        let rows: Vec<(i64, String)> = each_backend!(conn => product_images::table
            .inner_join(products::table)
            .filter(product_images::address_id.eq_any(part))
            .select((products::id, products::sku))
            .load(conn))?;
        seen.extend(rows);
    }
    Ok(seen.iter().map(|(product, sku)| told(*product, sku)).collect())
}

/// The changes that tell of every product that shows one of these images, by address or as an upload.
pub fn products_of_images(conn: &mut Conn, images: &[&str]) -> Result<Vec<NewChange>> {
    let mut addresses: Vec<String> = images.iter().map(|image| address_id(&format!("{UPLOADED}{image}"))).collect();
    for part in images.chunks(1_000) {
        let of: Vec<String> = each_backend!(conn => image_addresses::table
            .filter(image_addresses::image_id.eq_any(part))
            .select(image_addresses::id)
            .load(conn))?;
        addresses.extend(of);
    }
    products_showing(conn, &addresses.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Has addresses asked again, of one state or all; how many.
pub fn addresses_again(conn: &mut Conn, state: Option<AddressState>, now: DateTime<Utc>) -> Result<usize> {
    use image_addresses as a;
    let again = (a::state.eq(AddressState::Waiting.as_str()), a::due_at.eq(Time(now)), a::attempts.eq(0));
    // What is being asked at the moment is.
    let free = a::worker.is_null().or(a::due_at.le(Time(now)));
    let outside = a::address.not_like(format!("{UPLOADED}%")).and(free);
    Ok(match state {
        Some(state) => diesel::update(a::table.filter(a::state.eq(state.as_str()).and(outside))).set(again).execute(conn)?,
        None => diesel::update(a::table.filter(outside)).set(again).execute(conn)?,
    })
}

/// Has addresses asked again that failed for this reason.
pub fn addresses_refused_again(conn: &mut Conn, code: &str, now: DateTime<Utc>) -> Result<usize> {
    use image_addresses as a;
    let again = (a::state.eq(AddressState::Waiting.as_str()), a::due_at.eq(Time(now)), a::attempts.eq(0));
    let failed = a::table.filter(a::state.eq(AddressState::Failed.as_str()).and(a::code.eq(code)));
    Ok(diesel::update(failed).set(again).execute(conn)?)
}

/// How many addresses that products show are in which state.
pub fn address_counts(conn: &mut Conn) -> Result<BTreeMap<String, i64>> {
    let shown = diesel::dsl::exists(product_images::table.filter(product_images::address_id.eq(image_addresses::id)));
    let rows: Vec<(String, i64)> = image_addresses::table
        .filter(shown)
        .group_by(image_addresses::state)
        .select((image_addresses::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// An address as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct AddressRow {
    /// Of the address.
    pub id: String,
    /// The address.
    pub address: String,
    /// See [`AddressState`].
    pub state: String,
    /// What is kept of it.
    pub image_id: Option<String>,
    /// What was wrong the last time.
    pub code: Option<String>,
    /// The same as a sentence.
    pub message: Option<String>,
    /// How often it was asked since it was last reached.
    pub attempts: i32,
    /// When it was asked last.
    pub asked_at: Option<Time>,
}

/// SKUs told of an address at most.
const SKUS: usize = 10;

/// A page of addresses that products show, by id, each with the SKUs of some of them.
pub fn addresses_page(
    conn: &mut Conn,
    state: Option<AddressState>,
    after: &str,
    limit: i64,
) -> Result<Vec<(AddressRow, Vec<String>)>> {
    use image_addresses as a;
    let shown = diesel::dsl::exists(product_images::table.filter(product_images::address_id.eq(a::id)));
    let mut query = a::table
        .filter(a::id.gt(after).and(shown))
        .order(a::id)
        .limit(limit)
        .select((a::id, a::address, a::state, a::image_id, a::code, a::message, a::attempts, a::asked_at))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(a::state.eq(state.as_str()));
    }
    let rows: Vec<AddressRow> = query.load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut skus: HashMap<String, Vec<String>> = HashMap::new();
    let of_products: Vec<(String, String)> = each_backend!(conn => product_images::table
        .inner_join(products::table)
        .filter(product_images::address_id.eq_any(&ids))
        .order((product_images::address_id, products::sku))
        .select((product_images::address_id, products::sku))
        .load(conn))?;
    for (address, sku) in of_products {
        let listed = skus.entry(address).or_default();
        if listed.len() < SKUS {
            listed.push(sku);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let skus = skus.remove(&row.id).unwrap_or_default();
            (row, skus)
        })
        .collect())
}
