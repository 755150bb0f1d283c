//! Taking products back: their offers, what people said about them, their status and group. Each product is done whole, once.

use super::image::{self, Fields, OFFER, PRODUCT};
use super::queries::{self, Images, Mark};
use super::{Conflict, Report};
use crate::catalog::golden::{self, Chosen, Pending, Restored};
use crate::catalog::identify::refresh_keys;
use crate::catalog::intake::offer_image;
use crate::catalog::lifecycle::{BY_IMPORT, BY_MERGE, BY_PERSON, BY_RULE};
use crate::catalog::queries::{
    EditRow, Keys, OfferRow, ProductRow, Rules, edit_delete, edit_rows_of, edits_put, offers_by_id, offers_put, products_by_id,
    records_put,
};
use crate::catalog::said::{self, EditImage, Touched};
use crate::catalog::{ProductStatus, golden::image as product_image, picture};
use crate::db::{ChangeKind, Conn, JsonText, NewChange};
use crate::error::Result;
use crate::media::keep;
use crate::normalize::Value;
use crate::suppliers::queries::supplier_codes;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a step works with.
pub(super) struct Desk<'a> {
    /// What golden records are rebuilt by.
    pub(super) rules: &'a Rules,
    /// The operation that is taken back.
    pub(super) of: &'a str,
    /// Its first change.
    pub(super) first: i64,
    /// The undo's own operation; without one nothing is written.
    pub(super) undo: Option<&'a str>,
    /// Now.
    pub(super) now: DateTime<Utc>,
}

/// What an operation did to one thing, and what came after.
#[derive(Default)]
struct Trail {
    /// The operation's own changes, in order.
    own: Vec<Mark>,
    /// The first later change by another operation.
    later: Option<i64>,
    /// The newest operation that changed it since.
    newest: Option<String>,
}

impl Trail {
    fn note(&mut self, mark: &Mark, of: &str) {
        if mark.operation_id.as_deref() == Some(of) {
            self.own.push(mark.clone());
            // What came between is part of what the operation left.
            self.later = None;
        } else if !self.own.is_empty() && mark.operation_id.is_some() {
            self.later = self.later.or(Some(mark.seq));
            self.newest.clone_from(&mark.operation_id);
        }
    }
}

/// Everything about some products.
#[derive(Default)]
struct Trails {
    offers: BTreeMap<i64, Trail>,
    products: BTreeMap<i64, Trail>,
    edits: BTreeMap<i64, Trail>,
}

impl Trails {
    fn of(marks: &[Mark], of: &str) -> Self {
        let mut trails = Self::default();
        for mark in marks {
            let Some(product) = mark.product_id else { continue };
            let trail = if mark.is(ChangeKind::EditChanged) {
                trails.edits.entry(product).or_default()
            } else if mark.is(ChangeKind::OfferChanged) {
                let Some(offer) = mark.offer_id else { continue };
                trails.offers.entry(offer).or_default()
            } else {
                trails.products.entry(product).or_default()
            };
            trail.note(mark, of);
        }
        for trails in [&mut trails.offers, &mut trails.products, &mut trails.edits] {
            trails.retain(|_, trail| !trail.own.is_empty());
        }
        trails
    }

    /// Changes whose images are needed.
    fn wanted(&self) -> Vec<i64> {
        let mut wanted: Vec<i64> = Vec::new();
        for trail in self.offers.values().chain(self.products.values()) {
            wanted.extend(trail.own.first().map(|mark| mark.seq));
            wanted.extend(trail.later);
        }
        wanted.extend(self.edits.values().flat_map(|trail| trail.own.iter().map(|mark| mark.seq)));
        wanted
    }
}

/// Takes back what the operation did to these products, as far as an earlier step has not; `after` is where that one ended.
pub(super) fn step(
    conn: &mut Conn,
    desk: &Desk<'_>,
    report: &mut Report,
    products: BTreeSet<i64>,
    after: i64,
) -> Result<Vec<NewChange>> {
    let mut products: Vec<i64> = products.into_iter().collect();
    let mut marks = queries::marks(conn, &products, desk.first, desk.of)?;
    let done = |mark: &&Mark| mark.operation_id.as_deref() == Some(desk.of) && mark.seq <= after;
    let done: BTreeSet<i64> = marks.iter().filter(done).filter_map(|mark| mark.product_id).collect();
    marks.retain(|mark| mark.product_id.is_some_and(|product| !done.contains(&product)));
    products.retain(|product| !done.contains(product));
    let trails = Trails::of(&marks, desk.of);
    let images = queries::images(conn, &trails.wanted())?;

    let mut told = Vec::new();
    let mut touched: BTreeSet<i64> = products.iter().copied().collect();
    touched.extend(offers(conn, desk, report, &trails, &images, &mut told)?);
    let rows = products_by_id(conn, &products)?;
    edits(conn, desk, report, &trails, &images, &rows, &mut told)?;
    let chosen = standing(desk, report, &trails, &images, &rows)?;
    if desk.undo.is_some() {
        refresh_keys(conn, desk.rules, &touched.iter().copied().collect::<Vec<_>>())?;
        told.extend(golden::rebuild_with(conn, desk.rules, &touched, &chosen, Pending::default(), desk.undo, desk.now)?);
    }
    Ok(told)
}

/// Offers go back to their rows; the products they are of now and then are returned.
fn offers(
    conn: &mut Conn,
    desk: &Desk<'_>,
    report: &mut Report,
    trails: &Trails,
    images: &Images,
    told: &mut Vec<NewChange>,
) -> Result<BTreeSet<i64>> {
    let ids: Vec<i64> = trails.offers.keys().copied().collect();
    let present: HashMap<i64, OfferRow> = offers_by_id(conn, &ids)?.into_iter().map(|offer| (offer.id, offer)).collect();
    let codes = supplier_codes(conn)?;
    let (mut rows, mut touched) = (Vec::new(), BTreeSet::new());
    for (id, trail) in &trails.offers {
        let (Some(offer), Some(first)) = (present.get(id), trail.own.first()) else { continue };
        let before = before_of(images, first.seq, || image::no_offer(desk.now.into()));
        let now = image::fields(offer_image(&offer.body)?.read()?);
        let merged = image::merge(OFFER, &before, left_of(images, trail).as_ref(), &now);
        let code = codes.get(&offer.body.supplier_id).map_or("", String::as_str);
        let subject = format!("{code}/{}", offer.body.supplier_sku);
        if !merged.conflicts.is_empty() {
            report.conflict(Conflict { subject: subject.clone(), fields: merged.conflicts, operation: trail.newest.clone() });
        }
        if merged.set.is_empty() {
            continue;
        }
        report.restored.offers += 1;
        let mut body = offer.body.clone();
        image::set_offer(&mut body, &merged.set, desk.now.into())?;
        touched.extend(offer.body.product_id.into_iter().chain(body.product_id));
        told.push(
            NewChange::new(
                ChangeKind::OfferChanged,
                subject,
                json!({"supplier": code, "supplier_sku": body.supplier_sku, "state": "restored"}),
            )
            .of_product(body.product_id)
            .of_offer(*id)
            .within(desk.undo)
            .was(JsonText::of(&now)?),
        );
        rows.push(OfferRow { id: *id, body });
    }
    if desk.undo.is_some() {
        offers_put(conn, &rows, Keys::Any)?;
        records_put(conn, &rows)?;
    }
    Ok(touched)
}

/// The state before a change; one that made the thing has none.
fn before_of(images: &Images, seq: i64, nothing: impl FnOnce() -> Fields) -> Fields {
    match images.get(&seq) {
        Some((Some(before), _)) => image::fields(before.clone()),
        _ => nothing(),
    }
}

/// The state as the operation left it, where something came after.
fn left_of(images: &Images, trail: &Trail) -> Option<Fields> {
    let (before, _) = images.get(&trail.later?)?;
    before.clone().map(image::fields)
}

type Key = (String, String);

/// What people said goes back, claim by claim: one that is of the operation still.
fn edits(
    conn: &mut Conn,
    desk: &Desk<'_>,
    report: &mut Report,
    trails: &Trails,
    images: &Images,
    products: &HashMap<i64, ProductRow>,
    told: &mut Vec<NewChange>,
) -> Result<()> {
    let ids: Vec<i64> = trails.edits.keys().copied().collect();
    let mut present: HashMap<i64, Vec<EditRow>> = HashMap::new();
    for row in edit_rows_of(conn, &ids)? {
        present.entry(row.product_id).or_default().push(row);
    }
    for (product_id, trail) in &trails.edits {
        let Some(product) = products.get(product_id) else { continue };
        let sku = &product.body.sku;
        let before = present.remove(product_id).unwrap_or_default();
        let mut rows: BTreeMap<Key, EditRow> =
            before.iter().map(|row| ((row.attribute.clone(), row.locale.clone()), row.clone())).collect();
        let mut conflicts: BTreeMap<String, Option<String>> = BTreeMap::new();
        for mark in trail.own.iter().rev() {
            let Some((Some(images), data)) = images.get(&mark.seq) else { continue };
            let was: Vec<EditImage> = serde_json::from_value(images.clone())?;
            let said: Vec<Touched> = data.get("said").map_or(Ok(Vec::new()), |said| serde_json::from_value(said.clone()))?;
            for touched in said {
                let key = (touched.attribute, touched.locale);
                let was = was.iter().find(|image| image.attribute == key.0 && image.locale == key.1);
                let was = was.map(|image| image.row(*product_id)).transpose()?;
                let now = rows.get(&key);
                if now == was.as_ref() {
                    continue;
                }
                if now.map(|row| &row.operation_id) != touched.operation.as_ref() {
                    let later = now.map(|row| row.operation_id.clone()).or_else(|| trail.newest.clone());
                    conflicts.insert(key.0, later);
                    continue;
                }
                if let Some(row) = was.as_ref().filter(|row| row.attribute == picture::ATTRIBUTE)
                    && let Value::Pictures(pictures) = row.value.read()?
                    && let Some(by) = keep::deleted(conn, &pictures)?
                {
                    conflicts.insert(key.0, by);
                    continue;
                }
                match was {
                    Some(row) => rows.insert(key, row),
                    None => rows.remove(&key),
                };
            }
        }
        for (field, operation) in conflicts {
            report.conflict(Conflict { subject: sku.clone(), fields: vec![field], operation });
        }
        let after: Vec<EditRow> = rows.into_values().collect();
        let undo = desk.undo.unwrap_or_default();
        let Some(change) = said::change(*product_id, sku, undo, &before, &after)? else { continue };
        let changed = change.data.get("said").and_then(|said| said.as_array()).map_or(0, Vec::len);
        report.restored.edits += changed as u64;
        if desk.undo.is_some() {
            for row in before.iter().filter(|row| !after.contains(row)) {
                edit_delete(conn, *product_id, &row.attribute, Some(&row.locale))?;
            }
            let stated: Vec<EditRow> = after.iter().filter(|row| !before.contains(row)).cloned().collect();
            edits_put(conn, &stated)?;
        }
        told.push(change);
    }
    Ok(())
}

/// Status and group are no claim's result: they go back by themselves.
fn standing(
    desk: &Desk<'_>,
    report: &mut Report,
    trails: &Trails,
    images: &Images,
    products: &HashMap<i64, ProductRow>,
) -> Result<HashMap<i64, Chosen>> {
    let mut chosen = HashMap::new();
    for (id, trail) in &trails.products {
        let (Some(product), Some(first)) = (products.get(id), trail.own.first()) else { continue };
        let made = first.is(ChangeKind::ProductCreated);
        if !made && images.get(&first.seq).is_none_or(|(before, _)| before.is_none()) {
            // Told anew to whoever shows it; nothing of it changed.
            continue;
        }
        let before = before_of(images, first.seq, image::no_product);
        let now = image::fields(product_image(&product.body)?.read()?);
        let merged = image::merge(PRODUCT, &before, left_of(images, trail).as_ref(), &now);
        if !merged.conflicts.is_empty() {
            report.conflict(Conflict {
                subject: product.body.sku.clone(),
                fields: merged.conflicts,
                operation: trail.newest.clone(),
            });
        }
        if merged.set.is_empty() {
            continue;
        }
        report.restored.products += 1;
        let text = |field: &str| merged.set.get(field).and_then(|value| value.as_str());
        let status = text("status").map(|status| (ProductStatus::parse(status), by(text("status_by"))));
        let pinned = merged.set.get("group_pinned").and_then(serde_json::Value::as_bool);
        let group = merged.set.get("group_id").map(|group| (group.as_i64(), pinned.unwrap_or(product.body.group_pinned)));
        let merged = merged.set.get("merged_into").map(serde_json::Value::as_i64);
        let restored = Restored { status, group, merged };
        if desk.undo.is_some() {
            chosen.insert(*id, Chosen { restored, ..Chosen::default() });
        }
    }
    Ok(chosen)
}

fn by(word: Option<&str>) -> &'static str {
    match word {
        Some(BY_PERSON) => BY_PERSON,
        Some(BY_RULE) => BY_RULE,
        Some(BY_MERGE) => BY_MERGE,
        _ => BY_IMPORT,
    }
}
