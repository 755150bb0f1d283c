//! Taking a chunk of an import's catalogue rows in: offers written, products found or made, golden records rebuilt.
//!
//! One call is one write transaction of about a thousand rows. Look-ups are batched; what has not changed is not written.

use super::golden::{self, Chosen};
use super::queries::{
    self, NewProduct, OfferBody, OfferKey, OfferRow, Rules, group_ensure, groups_by_parent, offer_keys, offers_by_key,
    offers_upsert, product_insert, products_by_gtin, products_by_id, products_by_mpn, products_of_offer_gtin,
    products_of_offer_mpn, skus_taken,
};
use super::view::{GoldenValue, GoldenValues};
use super::{brand, sku};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Time, lock_catalog};
use crate::error::Result;
use crate::identity::find::{Candidate, Known, Marks};
use crate::identity::mpn::mpn_key;
use crate::import::PreparedRow;
use crate::normalize::Value;
use crate::stock::intake::{self as stock_intake, NewLevel};
use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Whose rows these are and what they belong to.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The supplier's row id.
    pub supplier_id: i64,
    /// Its code.
    pub supplier_code: String,
    /// The import.
    pub import_id: String,
    /// The file in it.
    pub file: String,
    /// The operation that undo would take back.
    pub operation_id: String,
    /// Profile and dictionary that read the rows: the same row read by another profile is another row.
    pub reader: String,
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
    /// Rows that changed nothing, superseded ones included.
    pub unchanged: u64,
    /// Offers these rows are of, whether changed or not.
    pub seen: Vec<i64>,
    /// Rows (by number) that a later row of the same key superseded.
    pub superseded: Vec<(u64, String)>,
    /// Changes for the log, in order.
    pub changes: Vec<NewChange>,
}

/// What earlier chunks of the same import held.
#[derive(Debug, Default)]
pub struct Met {
    /// The row that last carried a key, by the key's hash: sixteen bytes a row, whatever the file holds.
    rows: HashMap<u64, u64>,
    /// Rows that their file superseded further down the last time, and will again unless the winner has left it.
    waiting: HashMap<String, PreparedRow>,
}

/// Rows that may wait for their winner; beyond that a row is taken at once.
const MAX_WAITING: usize = 10_000;
/// Superseded rows that an offer remembers.
const MAX_SUPERSEDED: usize = 50;

/// Takes rows in. None of them is rejected; they are of one file, in its order.
pub fn take(conn: &mut Conn, rules: &Rules, batch: &Batch, met: &mut Met, rows: Vec<PreparedRow>) -> Result<Taken> {
    lock_catalog(conn)?;
    let mut taken = Taken::default();
    let rows = last_of_each_key(rows, batch, &mut taken);
    let keys: Vec<&str> = rows.iter().map(|(row, _)| row.key.as_str()).collect();
    let stored = offer_keys(conn, batch.supplier_id, &keys)?;

    let mut changed: Vec<(PreparedRow, RowHash)> = Vec::new();
    for (row, mut hash) in rows {
        let earlier = met.rows.insert(key_hash(&row.key), row.row);
        if let Some(earlier) = earlier {
            taken.superseded.push((earlier, row.key.clone()));
        }
        let waited = met.waiting.remove(&row.key).is_some();
        match stored.get(&row.key) {
            Some(offer) if offer.live && offer.row_hash == hash.hash => {
                taken.seen.push(offer.id);
                taken.count_standing(offer, batch, earlier.is_none());
            }
            Some(offer)
                if offer.live
                    && (earlier.is_none() || waited)
                    && met.waiting.len() < MAX_WAITING
                    && was_superseded(offer, &hash.hash) =>
            {
                taken.seen.push(offer.id);
                taken.unchanged += 1;
                met.waiting.insert(row.key.clone(), row);
            }
            known => {
                if let (Some(offer), Some(_)) = (known, earlier) {
                    hash.superseded = offer.superseded.iter().flat_map(|hashes| hashes.split(',')).map(str::to_owned).collect();
                    if !waited {
                        hash.superseded.push(offer.row_hash.clone());
                    }
                    let surplus = hash.superseded.len().saturating_sub(MAX_SUPERSEDED);
                    hash.superseded.drain(..surplus);
                }
                // In a rehearsal an earlier row's offer is not stored; it was counted as made all the same.
                if known.is_some() || earlier.is_some() {
                    taken.updated += 1;
                } else {
                    taken.created += 1;
                }
                changed.push((row, hash));
            }
        }
    }
    if !changed.is_empty() {
        write_changed(conn, rules, batch, &changed, &stored, &mut taken)?;
    }
    Ok(taken)
}

/// Takes the rows in whose winner has left the file: what they say stands now. They were counted as unchanged before.
pub fn take_waiting(conn: &mut Conn, rules: &Rules, batch: &Batch, met: &mut Met) -> Result<Taken> {
    let mut taken = Taken::default();
    let mut rows: Vec<PreparedRow> = std::mem::take(&mut met.waiting).into_values().collect();
    if rows.is_empty() {
        return Ok(taken);
    }
    lock_catalog(conn)?;
    rows.sort_by_key(|row| row.row);
    let rows: Vec<(PreparedRow, RowHash)> = rows
        .into_iter()
        .map(|row| {
            let hash = row_hash(&row, &batch.reader);
            (row, RowHash { hash, superseded: Vec::new() })
        })
        .collect();
    let keys: Vec<&str> = rows.iter().map(|(row, _)| row.key.as_str()).collect();
    let stored = offer_keys(conn, batch.supplier_id, &keys)?;
    taken.updated = rows.len() as u64;
    write_changed(conn, rules, batch, &rows, &stored, &mut taken)?;
    Ok(taken)
}

impl Taken {
    /// Counts a row whose offer says the same already: unchanged, unless an interrupted try of this very import wrote it.
    fn count_standing(&mut self, offer: &OfferKey, batch: &Batch, first: bool) {
        if offer.import_id != batch.import_id || !first {
            self.unchanged += 1;
        } else if DateTime::<Utc>::from(offer.created_at) >= batch.began {
            self.created += 1;
        } else {
            self.updated += 1;
        }
    }
}

fn key_hash(key: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

struct RowHash {
    hash: String,
    superseded: Vec<String>,
}

fn was_superseded(offer: &OfferKey, hash: &str) -> bool {
    offer.superseded.as_deref().is_some_and(|hashes| hashes.split(',').any(|known| known == hash))
}

/// Keeps the last row of each key; the earlier ones are counted as unchanged and reported.
fn last_of_each_key(rows: Vec<PreparedRow>, batch: &Batch, taken: &mut Taken) -> Vec<(PreparedRow, RowHash)> {
    let mut kept: Vec<(PreparedRow, RowHash)> = Vec::with_capacity(rows.len());
    let mut place: HashMap<String, usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        let hash = row_hash(&row, &batch.reader);
        if let Some((held, held_hash)) = place.get(&row.key).and_then(|at| kept.get_mut(*at)) {
            taken.superseded.push((held.row, held.key.clone()));
            taken.unchanged += 1;
            // Not remembered as superseded: a later file that holds only the earlier row means it.
            held_hash.hash = hash;
            *held = row;
        } else {
            place.insert(row.key.clone(), kept.len());
            kept.push((row, RowHash { hash, superseded: Vec::new() }));
        }
    }
    kept
}

/// What tells whether a row says anything new: its record, and who reads it.
pub fn row_hash(row: &PreparedRow, reader: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(reader.as_bytes());
    for (field, value) in &row.raw {
        hash.update([0]);
        hash.update(field.as_bytes());
        hash.update([1]);
        match value {
            serde_json::Value::String(text) => hash.update(text.as_bytes()),
            other => hash.update(other.to_string().as_bytes()),
        }
    }
    // 128 bits tell rows of one key apart for ever; the rest would only cost room.
    hash.finalize().iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn write_changed(
    conn: &mut Conn,
    rules: &Rules,
    batch: &Batch,
    rows: &[(PreparedRow, RowHash)],
    stored: &HashMap<String, OfferKey>,
    taken: &mut Taken,
) -> Result<()> {
    let marks: Vec<Marks> = rows.iter().map(|(row, _)| marks_of(row, rules)).collect();
    let mut known = known(conn, &marks)?;
    let old_keys: Vec<&str> = rows.iter().map(|(row, _)| row.key.as_str()).filter(|key| stored.contains_key(*key)).collect();
    let old = offers_by_key(conn, batch.supplier_id, &old_keys)?;
    let groups = groups(conn, batch, rows)?;
    let mut skus = taken_skus(conn, batch, rows)?;

    let mut bodies = Vec::with_capacity(rows.len());
    let mut touched = BTreeSet::new();
    let mut chosen: HashMap<i64, Chosen> = HashMap::new();
    for ((row, hash), marks) in rows.iter().zip(&marks) {
        let product_id = match old.get(&row.key).and_then(|offer| offer.body.product_id) {
            Some(product) => product,
            None => match known.find(marks) {
                Some((product, _)) => product,
                None => found_product(conn, batch, row, &mut skus)?,
            },
        };
        known.learn(marks, product_id);
        touched.insert(product_id);
        if let Some(group) = row.parent.as_ref().and_then(|parent| groups.get(parent)) {
            chosen.insert(product_id, Chosen { group: Some(Some(*group)), ..Chosen::default() });
        }
        bodies.push(body(row, hash, marks, product_id, batch, old.get(&row.key))?);
    }
    offers_upsert(conn, &bodies)?;
    let keys: Vec<&str> = rows.iter().map(|(row, _)| row.key.as_str()).collect();
    let ids = offer_keys(conn, batch.supplier_id, &keys)?;
    taken.seen.extend(ids.values().map(|offer| offer.id));
    for (body, (row, _)) in bodies.iter().zip(rows) {
        let Some(id) = ids.get(&body.supplier_sku) else { continue };
        taken.changes.push(offer_change(id.id, body, old.get(&row.key), batch)?);
    }

    let levels = rows.iter().filter_map(|(row, _)| Some((ids.get(&row.key)?.id, row))).flat_map(|(offer_id, row)| {
        row.stock.iter().map(move |line| NewLevel {
            offer_id,
            warehouse: line.warehouse.clone(),
            on_hand: line.on_hand,
            reported_at: line.reported_at,
        })
    });
    stock_intake::put_levels(conn, batch.supplier_id, &batch.operation_id, batch.now, levels.collect())?;

    taken.changes.extend(golden::rebuild_chosen(conn, rules, &touched, &chosen, Some(&batch.operation_id), batch.now)?);
    Ok(())
}

/// What identifies the item of a row.
pub fn marks_of(row: &PreparedRow, rules: &Rules) -> Marks {
    let brand = row.brand.as_deref().and_then(|text| brand::find(text, &rules.aliases, &rules.dictionary));
    let pack = row.claims.iter().find(|claim| claim.attribute == "pack_quantity").and_then(|claim| match claim.value {
        Value::Integer(pack) => Some(pack),
        _ => None,
    });
    Marks {
        gtin: row.gtin.clone(),
        brand: brand.map(|brand| brand.code),
        mpn_key: row.mpn.as_deref().and_then(mpn_key),
        pack: pack.unwrap_or(1),
    }
}

/// What the database knows about these marks, in four look-ups however many rows there are.
fn known(conn: &mut Conn, marks: &[Marks]) -> Result<Known> {
    let mut known = Known::default();
    let gtins: HashSet<&str> = marks.iter().filter_map(|marks| marks.gtin.as_deref()).collect();
    let gtins: Vec<&str> = gtins.into_iter().collect();
    for (gtin, product) in products_by_gtin(conn, &gtins)?.into_iter().chain(products_of_offer_gtin(conn, &gtins)?) {
        known.gtin(gtin, product);
    }
    let keys: HashSet<&str> = marks.iter().filter_map(|marks| marks.mpn_key.as_deref()).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut by_mpn = products_by_mpn(conn, &keys)?;
    by_mpn.extend(products_of_offer_mpn(conn, &keys)?);
    let ids: BTreeSet<i64> = by_mpn.iter().map(|(_, _, id)| *id).collect();
    let products = products_by_id(conn, &ids.into_iter().collect::<Vec<_>>())?;
    for (brand, key, product_id) in by_mpn {
        let Some(product) = products.get(&product_id) else { continue };
        let golden: GoldenValues = product.body.golden.read()?;
        let pack = match golden.get("pack_quantity") {
            Some(GoldenValue::One(Value::Integer(pack))) => *pack,
            _ => 1,
        };
        known.mpn(brand, key, Candidate { product_id, gtins: product.body.gtin.iter().cloned().collect(), pack });
    }
    Ok(known)
}

fn taken_skus(conn: &mut Conn, batch: &Batch, rows: &[(PreparedRow, RowHash)]) -> Result<HashSet<String>> {
    // Each collision adds two characters; who would collide three times over is found by the unique constraint.
    let mut wanted = Vec::with_capacity(rows.len() * 2);
    for (row, _) in rows {
        let first = sku::founded_by(&batch.supplier_code, &row.key, |_| false);
        let second = sku::founded_by(&batch.supplier_code, &row.key, |code| code == first);
        wanted.extend([first, second]);
    }
    skus_taken(conn, &wanted.iter().map(String::as_str).collect::<Vec<_>>())
}

fn found_product(conn: &mut Conn, batch: &Batch, row: &PreparedRow, skus: &mut HashSet<String>) -> Result<i64> {
    let sku = sku::founded_by(&batch.supplier_code, &row.key, |code| skus.contains(code));
    skus.insert(sku.clone());
    let product = NewProduct::empty(sku, batch.now.into())?;
    Ok(product_insert(conn, &product)?)
}

fn groups(conn: &mut Conn, batch: &Batch, rows: &[(PreparedRow, RowHash)]) -> Result<HashMap<String, i64>> {
    let parents: BTreeSet<&str> = rows.iter().filter_map(|(row, _)| row.parent.as_deref()).collect();
    let parents: Vec<&str> = parents.into_iter().collect();
    let mut groups = groups_by_parent(conn, batch.supplier_id, &parents)?;
    for parent in parents {
        if !groups.contains_key(parent) {
            let mut code = sku::group_founded_by(&batch.supplier_code, parent, |_| false);
            while queries::group_by_code(conn, &code)?.is_some() {
                let taken = code;
                code = sku::group_founded_by(&batch.supplier_code, parent, |code| code.len() <= taken.len());
            }
            groups.insert(parent.to_owned(), group_ensure(conn, batch.supplier_id, parent, &code, batch.now.into())?);
        }
    }
    Ok(groups)
}

fn body(
    row: &PreparedRow,
    hash: &RowHash,
    marks: &Marks,
    product_id: i64,
    batch: &Batch,
    old: Option<&OfferRow>,
) -> Result<OfferBody> {
    let now: Time = batch.now.into();
    // A catalogue without a cost column says nothing about the cost that a price list gave.
    let kept = |new: Option<crate::pricing::Money>, minor: Option<i64>, currency: Option<String>| match new {
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
        raw: JsonText::of(&row.raw)?,
        row_hash: hash.hash.clone(),
        superseded: (!hash.superseded.is_empty()).then(|| hash.superseded.join(",")),
        claims: JsonText::of(&row.claims)?,
        gtin: marks.gtin.clone(),
        brand: marks.brand.clone(),
        mpn_key: marks.mpn_key.clone(),
        parent: row.parent.clone(),
        cost_minor,
        cost_currency,
        recommended_minor,
        recommended_currency,
        images: JsonText::of(&row.images)?,
        tags: JsonText::of(&row.tags)?,
        import_id: batch.import_id.clone(),
        file: batch.file.clone(),
        row_number: i64::try_from(row.row).unwrap_or(i64::MAX),
        created_at: old.map_or(now, |offer| offer.body.created_at),
        updated_at: now,
    })
}

fn offer_change(offer_id: i64, body: &OfferBody, old: Option<&OfferRow>, batch: &Batch) -> Result<NewChange> {
    Ok(NewChange {
        kind: ChangeKind::OfferChanged,
        subject: format!("{}/{}", batch.supplier_code, body.supplier_sku),
        product_id: body.product_id,
        offer_id: Some(offer_id),
        operation_id: Some(batch.operation_id.clone()),
        before: old.map(|offer| offer_image(&offer.body)).transpose()?,
        data: json!({
            "supplier": batch.supplier_code,
            "supplier_sku": body.supplier_sku,
            "state": if old.is_some() { "updated" } else { "created" },
        }),
    })
}

/// An offer as it was: what undo restores.
pub fn offer_image(body: &OfferBody) -> Result<serde_json::Value> {
    Ok(json!({
        "product_id": body.product_id,
        "live": body.live,
        "gone_at": body.gone_at,
        "raw": body.raw.read::<serde_json::Value>()?,
        "row_hash": body.row_hash,
        "superseded": body.superseded,
        "claims": body.claims.read::<serde_json::Value>()?,
        "gtin": body.gtin,
        "brand": body.brand,
        "mpn_key": body.mpn_key,
        "parent": body.parent,
        "cost": golden::stored_money(body.cost_minor, body.cost_currency.as_deref()),
        "recommended_price": golden::stored_money(body.recommended_minor, body.recommended_currency.as_deref()),
        "images": body.images.read::<serde_json::Value>()?,
        "tags": body.tags.read::<serde_json::Value>()?,
        "import": body.import_id,
        "file": body.file,
        "row": body.row_number,
    }))
}
