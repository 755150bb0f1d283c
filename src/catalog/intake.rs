//! Taking a chunk of an import's catalogue rows in: offers written, products found or made, golden records rebuilt.
//!
//! One call is some hundred rows of a write transaction. Look-ups are batched; ids are given out beforehand, so that products, offers and
//! levels are each written once, in a few statements however many rows there are.

use super::ahead::record_of;
use super::golden::{self, Chosen, Part, Pending};
use super::identify::{identify, refresh_keys};
use super::queries::{
    FoundedGroup, Keys, OfferBody, OfferKey, OfferRow, Rules, group_codes_taken, groups_by_parent, groups_found, offer_keys,
    offers_by_key, offers_put, records_put,
};
use super::resolve::Source;
use super::terms::stored_money;
use super::{brand, sku};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Time, ids, lock_catalog};
use crate::error::Result;
use crate::identity::cases;
use crate::identity::find::Marks;
use crate::identity::mpn::mpn_key;
use crate::import::PreparedRow;
use crate::pricing::Money;
use crate::stock::available::Level;
use crate::stock::intake::{NewLevel, Plan, plan_levels};
use chrono::{DateTime, Utc};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{json, value::RawValue};
use std::collections::{BTreeSet, HashMap};

/// Whose rows these are and what they belong to.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The supplier's row id.
    pub supplier_id: i64,
    /// Its code.
    pub supplier_code: String,
    /// Its rank; 1 is best.
    pub supplier_rank: i32,
    /// The import.
    pub import_id: String,
    /// The file in it.
    pub file: String,
    /// The operation that undo would take back.
    pub operation_id: String,
    /// The chunk's time.
    pub now: DateTime<Utc>,
    /// When the import was accepted: what it made is no older.
    pub began: DateTime<Utc>,
}

/// What became of a chunk.
#[derive(Debug, Default)]
pub struct Taken {
    /// Offers made.
    pub created: u64,
    /// Offers changed.
    pub updated: u64,
    /// Rows that changed nothing.
    pub unchanged: u64,
    /// Offers these rows are of, whether changed or not.
    pub seen: Vec<i64>,
    /// Changes for the log, in order.
    pub changes: Vec<NewChange>,
}

/// Takes rows in. None of them is rejected, no two have one key, and they are of one file, in its order.
pub fn take(conn: &mut Conn, rules: &Rules, batch: &Batch, rows: Vec<PreparedRow>) -> Result<Taken> {
    lock_catalog(conn)?;
    let mut taken = Taken::default();
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let stored = offer_keys(conn, batch.supplier_id, &keys)?;
    let mut changed: Vec<PreparedRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match stored.get(&row.key) {
            Some(offer) if offer.live && offer.row_hash == row.hash => taken.stand(offer, batch),
            known => {
                if known.is_some() {
                    taken.updated += 1;
                } else {
                    taken.created += 1;
                }
                changed.push(row);
            }
        }
    }
    if !changed.is_empty() {
        write_changed(conn, rules, batch, changed, &mut taken)?;
    }
    Ok(taken)
}

impl Taken {
    /// Counts a row whose offer says the same already: unchanged, unless an interrupted try of this very import wrote it.
    pub fn stand(&mut self, offer: &OfferKey, batch: &Batch) {
        self.seen.push(offer.id);
        if offer.import_id != batch.import_id {
            self.unchanged += 1;
        } else if DateTime::<Utc>::from(offer.created_at) >= batch.began {
            self.created += 1;
        } else {
            self.updated += 1;
        }
    }
}

fn write_changed(conn: &mut Conn, rules: &Rules, batch: &Batch, mut rows: Vec<PreparedRow>, taken: &mut Taken) -> Result<()> {
    let looking_up = tracing::debug_span!("look_up").entered();
    let marks: Vec<Marks> = rows.iter().map(|row| marks_of(row, rules)).collect();
    let traits = rows.iter_mut().map(|row| row.ahead.as_mut().and_then(|ahead| ahead.traits.take())).collect();
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let old = offers_by_key(conn, batch.supplier_id, &keys)?;
    let groups = groups(conn, batch, &rows)?;
    let identified = identify(conn, rules, batch, &rows, traits, &marks, &old)?;
    let mut new_ids = ids::reserve(conn, "offers", rows.len() - old.len())?.into_iter();

    let mut places = Vec::with_capacity(rows.len());
    let grouped = |group: i64| Chosen { group: Some(Some(group)), ..Chosen::default() };
    let mut chosen: HashMap<i64, Chosen> = identified.grouped.iter().map(|(id, group)| (*id, grouped(*group))).collect();
    for (row, product_id) in rows.iter().zip(&identified.products) {
        if let Some(group) = row.parent.as_ref().and_then(|parent| groups.get(parent)) {
            chosen.insert(*product_id, grouped(*group));
        }
        let offer_id = old.get(&row.key).map(|offer| offer.id).or_else(|| new_ids.next());
        places.push((offer_id.unwrap_or_default(), *product_id));
    }
    // The product that another colour joined is told of its group as well.
    let touched: BTreeSet<i64> = places.iter().map(|(_, product)| *product).chain(identified.grouped.into_keys()).collect();
    let plan = levels(conn, batch, &rows, &places)?;
    drop(looking_up);
    let mut of_offer = levels_by_offer(&plan);

    let mut pending = Pending { products: identified.founded, ..Pending::default() };
    let (mut kept, mut other) = (Vec::with_capacity(rows.len()), Vec::new());
    let bodies = rows.par_iter_mut().zip(marks).zip(&places).map(|((row, marks), (offer_id, product_id))| {
        let old = old.get(&row.key);
        let body = body(row, marks, *product_id, batch, old)?;
        let change = offer_change(*offer_id, &body, old, batch)?;
        Ok((body, change))
    });
    let bodies: Vec<(OfferBody, NewChange)> = bodies.collect::<Result<_>>()?;
    for ((row, (body, change)), (offer_id, product_id)) in rows.into_iter().zip(bodies).zip(places) {
        taken.seen.push(offer_id);
        taken.changes.push(change);
        let part = part(row, offer_id, &body, batch);
        pending.offers.entry(product_id).or_default().push((part, of_offer.remove(&offer_id).unwrap_or_default()));
        let keyed_as_before = old.get(&body.supplier_sku).is_none_or(|old| body.keyed_as(&old.body));
        if keyed_as_before { &mut kept } else { &mut other }.push(OfferRow { id: offer_id, body });
    }
    let operation = Some(batch.operation_id.as_str());
    let span = tracing::debug_span!("rebuild");
    let rebuilt = span.in_scope(|| golden::rebuild_with(conn, rules, &touched, &chosen, pending, operation, batch.now))?;
    let _inserting = tracing::debug_span!("insert").entered();
    for (rows, keys) in [(kept, Keys::Kept), (other, Keys::Any)] {
        offers_put(conn, &rows, keys)?;
        records_put(conn, &rows)?;
    }
    refresh_keys(conn, rules, &identified.renumbered)?;
    plan.write(conn)?;
    taken.changes.extend(rebuilt);
    taken.changes.extend(cases::open(conn, &identified.suspected, &batch.operation_id, batch.now)?);
    Ok(())
}

/// The levels that these rows state, as they will be.
fn levels(conn: &mut Conn, batch: &Batch, rows: &[PreparedRow], places: &[(i64, i64)]) -> Result<Plan> {
    let offer_ids: Vec<i64> = places.iter().map(|(offer, _)| *offer).collect();
    let stated = rows.iter().zip(&offer_ids).flat_map(|(row, offer_id)| {
        row.stock.iter().map(|line| NewLevel {
            offer_id: *offer_id,
            warehouse: line.warehouse.clone(),
            on_hand: line.on_hand,
            reported_at: line.reported_at,
        })
    });
    plan_levels(conn, batch.supplier_id, &batch.operation_id, batch.now, &offer_ids, stated.collect())
}

/// A row that is taken in is live, and so are its offer's levels.
fn levels_by_offer(plan: &Plan) -> HashMap<i64, Vec<Level>> {
    let mut levels: HashMap<i64, Vec<Level>> = HashMap::new();
    for row in plan.levels.values() {
        let level = Level { offer_id: row.offer_id, live: true, on_hand: row.on_hand, reserved: row.reserved };
        levels.entry(row.offer_id).or_default().push(level);
    }
    levels
}

fn part(row: PreparedRow, offer_id: i64, body: &OfferBody, batch: &Batch) -> Part {
    Part {
        cost: stored_money(body.cost_minor, body.cost_currency.as_deref()),
        recommended_price: stored_money(body.recommended_minor, body.recommended_currency.as_deref()),
        source: Source {
            offer_id,
            supplier: batch.supplier_code.clone(),
            rank: batch.supplier_rank,
            supplier_sku: row.key,
            live: true,
            import_id: batch.import_id.clone(),
            file: batch.file.clone(),
            row: body.row_number,
            claims: row.claims,
            images: row.images,
            tags: row.tags,
        },
    }
}

/// What identifies the item of a row.
pub fn marks_of(row: &PreparedRow, rules: &Rules) -> Marks {
    let brand = row.brand.as_deref().and_then(|text| brand::find(text, &rules.aliases, &rules.dictionary));
    Marks { gtin: row.gtin.clone(), brand: brand.map(|brand| brand.code), mpn_key: row.mpn.as_deref().and_then(mpn_key) }
}

fn groups(conn: &mut Conn, batch: &Batch, rows: &[PreparedRow]) -> Result<HashMap<String, i64>> {
    let parents: BTreeSet<&str> = rows.iter().filter_map(|row| row.parent.as_deref()).collect();
    let parents: Vec<&str> = parents.into_iter().collect();
    let mut groups = groups_by_parent(conn, batch.supplier_id, &parents)?;
    let new: Vec<&str> = parents.into_iter().filter(|parent| !groups.contains_key(*parent)).collect();
    if new.is_empty() {
        return Ok(groups);
    }
    // Each collision adds two characters; who would collide three times over is found by the unique constraint.
    let code = |parent: &str, taken: &dyn Fn(&str) -> bool| sku::group_founded_by(&batch.supplier_code, parent, taken);
    let wanted = new.iter().flat_map(|parent| {
        let first = code(parent, &|_| false);
        [code(parent, &|taken| taken == first), first]
    });
    let wanted: Vec<String> = wanted.collect();
    let mut taken = group_codes_taken(conn, &wanted.iter().map(String::as_str).collect::<Vec<_>>())?;
    let mut founded = Vec::with_capacity(new.len());
    for (id, parent) in ids::reserve(conn, "product_groups", new.len())?.into_iter().zip(new) {
        let code = code(parent, &|code| taken.contains(code));
        taken.insert(code.clone());
        groups.insert(parent.to_owned(), id);
        founded.push(FoundedGroup {
            id,
            code,
            title: JsonText::of(&json!({}))?,
            supplier_id: Some(batch.supplier_id),
            parent: Some(parent.to_owned()),
            created_at: batch.now.into(),
            updated_at: batch.now.into(),
        });
    }
    groups_found(conn, &founded)?;
    Ok(groups)
}

fn body(row: &mut PreparedRow, marks: Marks, product_id: i64, batch: &Batch, old: Option<&OfferRow>) -> Result<OfferBody> {
    let now: Time = batch.now.into();
    // A catalogue without a cost column says nothing about the cost that a price list gave.
    let kept = |new: Option<Money>, minor: Option<i64>, currency: Option<String>| match new {
        Some(money) => (Some(money.minor), Some(money.currency.code().to_owned())),
        None => (minor, currency),
    };
    let (cost_minor, cost_currency) =
        kept(row.cost, old.and_then(|offer| offer.body.cost_minor), old.and_then(|offer| offer.body.cost_currency.clone()));
    let (recommended_minor, recommended_currency) = kept(
        row.recommended_price,
        old.and_then(|offer| offer.body.recommended_minor),
        old.and_then(|offer| offer.body.recommended_currency.clone()),
    );
    Ok(OfferBody {
        supplier_id: batch.supplier_id,
        supplier_sku: row.key.clone(),
        product_id: Some(product_id),
        live: true,
        gone_at: None,
        row_hash: row.hash.clone(),
        warned: row.warned,
        gtin: marks.gtin,
        brand: marks.brand,
        mpn_key: marks.mpn_key,
        parent: row.parent.clone(),
        cost_minor,
        cost_currency,
        recommended_minor,
        recommended_currency,
        import_id: batch.import_id.clone(),
        file: batch.file.clone(),
        row_number: i64::try_from(row.row).unwrap_or(i64::MAX),
        created_at: old.map_or(now, |offer| offer.body.created_at),
        updated_at: now,
        record: match row.ahead.take() {
            Some(ahead) => ahead.record,
            None => record_of(row)?,
        },
    })
}

fn offer_change(offer_id: i64, body: &OfferBody, old: Option<&OfferRow>, batch: &Batch) -> Result<NewChange> {
    Ok(NewChange::new(
        ChangeKind::OfferChanged,
        format!("{}/{}", batch.supplier_code, body.supplier_sku),
        json!({
            "supplier": batch.supplier_code,
            "supplier_sku": body.supplier_sku,
            "state": if old.is_some() { "updated" } else { "created" },
        }),
    )
    .of_product(body.product_id)
    .of_offer(offer_id)
    .within(batch.operation_id.as_str())
    .was(old.map(|offer| offer_image(&offer.body)).transpose()?))
}

/// See [`offer_image`].
#[derive(Serialize)]
struct Image<'a> {
    product_id: Option<i64>,
    live: bool,
    gone_at: Option<Time>,
    raw: &'a RawValue,
    row_hash: &'a str,
    warned: bool,
    claims: &'a RawValue,
    gtin: Option<&'a str>,
    brand: Option<&'a str>,
    mpn_key: Option<&'a str>,
    parent: Option<&'a str>,
    cost: Option<Money>,
    recommended_price: Option<Money>,
    images: &'a RawValue,
    tags: &'a RawValue,
    import: &'a str,
    file: &'a str,
    row: i64,
}

/// An offer as it was: what undo restores.
pub fn offer_image(body: &OfferBody) -> Result<JsonText> {
    Ok(JsonText::of(&Image {
        product_id: body.product_id,
        live: body.live,
        gone_at: body.gone_at,
        raw: body.record.raw.part()?,
        row_hash: &body.row_hash,
        warned: body.warned,
        claims: body.record.claims.part()?,
        gtin: body.gtin.as_deref(),
        brand: body.brand.as_deref(),
        mpn_key: body.mpn_key.as_deref(),
        parent: body.parent.as_deref(),
        cost: stored_money(body.cost_minor, body.cost_currency.as_deref()),
        recommended_price: stored_money(body.recommended_minor, body.recommended_currency.as_deref()),
        images: body.record.images.part()?,
        tags: body.record.tags.part()?,
        import: &body.import_id,
        file: &body.file,
        row: body.row_number,
    })?)
}
