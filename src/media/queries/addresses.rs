//! Addresses of pictures, and which product shows which.

use crate::catalog::picture::{Picture, UPLOADED};
use crate::db::schema::{image_addresses, images, product_images, products};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use crate::media::fetch::Validators;
use crate::media::{AddressState, address_id};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

#[derive(Insertable)]
#[diesel(table_name = image_addresses, treat_none_as_default_value = false)]
struct NewAddress<'a> {
    id: &'a str,
    address: &'a str,
    state: &'static str,
    image_id: Option<String>,
    code: Option<String>,
    message: Option<String>,
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
    let mut known: HashMap<String, String> = HashMap::new();
    for part in ids.chunks(1_000) {
        let rows: Vec<(String, String)> = each_backend!(conn => image_addresses::table
            .filter(image_addresses::id.eq_any(part))
            .select((image_addresses::id, image_addresses::state))
            .load(conn))?;
        known.extend(rows);
    }
    let fresh: Vec<(&str, &str)> =
        ids.iter().filter(|id| !known.contains_key(**id)).filter_map(|id| Some((*id, *addresses.get(*id)?))).collect();
    let uploaded = uploads(conn, fresh.iter().filter_map(|(_, address)| address.strip_prefix(UPLOADED)))?;
    let new: Vec<NewAddress> = fresh
        .iter()
        .map(|(id, address)| {
            let upload = address.strip_prefix(UPLOADED);
            let image = upload.filter(|image| uploaded.contains(*image));
            let (state, code, message) = match (upload, image) {
                (None, _) => (AddressState::Waiting, None, None),
                (Some(_), Some(_)) => (AddressState::Ready, None, None),
                (Some(_), None) => (
                    AddressState::Failed,
                    Some("no_such_image".to_owned()),
                    Some("there is no such image any more; upload it again or take it off the product".to_owned()),
                ),
            };
            NewAddress {
                id,
                address,
                state: state.as_str(),
                image_id: image.map(str::to_owned),
                code,
                message,
                attempts: 0,
                due_at: now.into(),
            }
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
    let waiting = |id: &str| known.get(id).is_some_and(|state| state == AddressState::Waiting.as_str());
    let seen: HashSet<i64> = added
        .iter()
        .filter(|(_, id)| {
            !waiting(id) && (known.contains_key(id) || addresses.get(id).is_some_and(|address| address.starts_with(UPLOADED)))
        })
        .map(|(product, _)| *product)
        .collect();
    let changes =
        shown.iter().filter(|(product, ..)| seen.contains(product)).map(|(product, sku, _)| told(*product, sku)).collect();
    Ok((Registered { new: new.len() }, changes))
}

/// Which of these images there are.
fn uploads<'a>(conn: &mut Conn, ids: impl Iterator<Item = &'a str>) -> Result<HashSet<String>> {
    let ids: Vec<&str> = ids.collect();
    let mut found = HashSet::new();
    for part in ids.chunks(1_000) {
        let rows: Vec<String> =
            each_backend!(conn => images::table.filter(images::id.eq_any(part)).select(images::id).load(conn))?;
        found.extend(rows);
    }
    Ok(found)
}

/// The change that has readers look at a product's pictures again.
fn told(product: i64, sku: &str) -> NewChange {
    NewChange {
        kind: ChangeKind::ImageChanged,
        subject: sku.to_owned(),
        product_id: Some(product),
        offer_id: None,
        operation_id: None,
        before: None,
        data: serde_json::json!({ "sku": sku }),
    }
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

/// An address that this worker asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// The address.
    pub address: String,
    /// How often it has been asked since it was last reached, this time included.
    pub attempts: i32,
    /// By which the host may say that nothing changed.
    pub validators: Validators,
}

/// Id, address, attempts, `ETag`, and when it was changed last, of an address that is due.
type Due = (String, String, i32, Option<String>, Option<String>);

/// Takes addresses that are due and that some product shows, the longest due first; nobody else takes them before `until`.
pub fn addresses_claim(
    conn: &mut Conn,
    worker: &str,
    limit: i64,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let asked = [AddressState::Waiting.as_str(), AddressState::Unreached.as_str()];
    let mut claimed = Vec::new();
    for state in asked {
        let left = limit - i64::try_from(claimed.len()).unwrap_or(limit);
        let shown = diesel::dsl::exists(product_images::table.filter(product_images::address_id.eq(image_addresses::id)));
        let rows: Vec<Due> = image_addresses::table
            .filter(image_addresses::state.eq(state).and(image_addresses::due_at.le(Time(now))).and(shown))
            .order((image_addresses::due_at, image_addresses::id))
            .limit(left)
            .select((
                image_addresses::id,
                image_addresses::address,
                image_addresses::attempts,
                image_addresses::etag,
                image_addresses::last_modified,
            ))
            .load(conn)?;
        for (id, address, attempts, etag, last_modified) in rows {
            // Whoever was faster has moved the time; on PostgreSQL two workers may have read the same row.
            let free = image_addresses::table.filter(image_addresses::id.eq(&id).and(image_addresses::due_at.le(Time(now))));
            let taken = diesel::update(free)
                .set((
                    image_addresses::due_at.eq(Time(until)),
                    image_addresses::worker.eq(worker),
                    image_addresses::attempts.eq(attempts.saturating_add(1)),
                    image_addresses::asked_at.eq(Time(now)),
                ))
                .execute(conn)?;
            if taken == 1 {
                let validators = Validators { etag, last_modified };
                claimed.push(Claimed { id, address, attempts: attempts.saturating_add(1), validators });
            }
        }
    }
    Ok(claimed)
}

/// Is there an address to take?
pub fn address_is_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool> {
    for state in [AddressState::Waiting, AddressState::Unreached] {
        let shown = diesel::dsl::exists(product_images::table.filter(product_images::address_id.eq(image_addresses::id)));
        let due = image_addresses::table
            .filter(image_addresses::state.eq(state.as_str()).and(image_addresses::due_at.le(Time(now))).and(shown));
        if diesel::select(diesel::dsl::exists(due)).get_result(conn)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What came of asking an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This image is kept.
    Image {
        /// Its id.
        id: String,
        /// For asking again.
        validators: Validators,
    },
    /// What was kept is still what stands there.
    Unchanged,
    /// It is asked again at this time; until then it is as it was.
    Later {
        /// Why.
        code: String,
        /// Why, as a sentence.
        message: String,
        /// When.
        at: DateTime<Utc>,
        /// Is it given up for today?
        unreached: bool,
    },
    /// It cannot be used.
    Unusable {
        /// Why.
        code: String,
        /// What to do.
        message: String,
    },
}

/// Notes what came of an address. True when products that show it look different now.
pub fn addresses_settle(conn: &mut Conn, id: &str, outcome: &Outcome, now: DateTime<Utc>) -> Result<bool> {
    use image_addresses as a;
    let row = a::table.find(id);
    let before: Option<(String, Option<String>)> = row.select((a::state, a::image_id)).first(conn).optional()?;
    let Some((state, image)) = before else { return Ok(false) };
    let none = None::<String>;
    match outcome {
        Outcome::Image { id: found, validators } => {
            diesel::update(row)
                .set((
                    (
                        a::state.eq(AddressState::Ready.as_str()),
                        a::image_id.eq(found),
                        a::attempts.eq(0),
                        a::due_at.eq(Time(now)),
                    ),
                    (a::etag.eq(&validators.etag), a::last_modified.eq(&validators.last_modified)),
                    (a::code.eq(&none), a::message.eq(&none), a::worker.eq(&none)),
                ))
                .execute(conn)?;
            Ok(image.as_deref() != Some(found.as_str()) || state == AddressState::Failed.as_str())
        }
        Outcome::Unchanged => {
            diesel::update(row)
                .set((
                    a::state.eq(AddressState::Ready.as_str()),
                    a::attempts.eq(0),
                    a::code.eq(&none),
                    a::message.eq(&none),
                    a::worker.eq(&none),
                ))
                .execute(conn)?;
            Ok(false)
        }
        Outcome::Later { code, message, at, unreached } => {
            let state = if *unreached { AddressState::Unreached } else { AddressState::Waiting };
            diesel::update(row)
                .set((
                    a::state.eq(state.as_str()),
                    a::due_at.eq(Time(*at)),
                    a::code.eq(code),
                    a::message.eq(message),
                    a::worker.eq(&none),
                ))
                .execute(conn)?;
            Ok(false)
        }
        Outcome::Unusable { code, message } => {
            // What was there before is there no more.
            diesel::update(row)
                .set((
                    (a::state.eq(AddressState::Failed.as_str()), a::image_id.eq(&none), a::attempts.eq(0)),
                    (a::etag.eq(&none), a::last_modified.eq(&none)),
                    (a::code.eq(code), a::message.eq(message), a::worker.eq(&none)),
                ))
                .execute(conn)?;
            Ok(state != AddressState::Failed.as_str() || image.is_some())
        }
    }
}

/// Has addresses asked again, of one state or all; how many.
pub fn addresses_again(conn: &mut Conn, state: Option<AddressState>, now: DateTime<Utc>) -> Result<usize> {
    use image_addresses as a;
    let again = (a::state.eq(AddressState::Waiting.as_str()), a::due_at.eq(Time(now)), a::attempts.eq(0));
    let outside = a::address.not_like(format!("{UPLOADED}%"));
    Ok(match state {
        Some(state) => diesel::update(a::table.filter(a::state.eq(state.as_str()).and(outside))).set(again).execute(conn)?,
        None => diesel::update(a::table.filter(outside)).set(again).execute(conn)?,
    })
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

/// Addresses at which this image was found.
pub fn addresses_of_image(conn: &mut Conn, image: &str) -> Result<Vec<(String, String)>> {
    Ok(image_addresses::table
        .filter(image_addresses::image_id.eq(image))
        .order(image_addresses::id)
        .select((image_addresses::id, image_addresses::address))
        .load(conn)?)
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
