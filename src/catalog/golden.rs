//! Rebuilding golden records: from the stored offers, edits and stock of some products to their rows and their changes.
//!
//! Everything that touches a product ends here: an import's chunk, a person's edit, a stock report, a new rate. It reads in
//! batches, writes only what differs, and returns the changes for the caller to append in the same transaction.

use super::brand;
use super::lifecycle::{self, Standing};
use super::picture;
use super::queries::{
    self, ClaimsRow, Keys, NewProduct, ProductRow, Rules, claims_of_products, edits_of, pictures_of_groups, products_by_id,
    products_lock, products_put,
};
use super::resolve::{self, Edit, Golden, Source};
use super::terms::{self, Sold, stored_money};
use super::view::{GoldenValue, ProductStatus};
use crate::db::{ChangeKind, Conn, JsonText, NewChange};
use crate::error::Result;
use crate::identity::mpn::mpn_key;
use crate::normalize::value::Bare;
use crate::normalize::{Claim, PictureChoice};
use crate::pricing::{Money, OfferTerms};
use crate::stock::available::Level;
use crate::stock::queries::levels_of_products;
use chrono::{DateTime, Utc};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{json, value::RawValue};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is chosen about a product besides its claims.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// A status, and who chose it.
    pub status: Option<(ProductStatus, &'static str)>,
    /// Its group, or none of any.
    pub group: Option<Option<i64>>,
    /// Was the group a person's choice? A supplier's never moves a product out of one of those.
    pub by_person: bool,
    /// The product that it is merged into.
    pub merged: Option<i64>,
    /// What an undo brings back.
    pub restored: Restored,
}

/// Status and group as they were before an operation that is undone. Unlike a choice, the rules of a product's life go on from there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Restored {
    /// The status, and who had set it.
    pub status: Option<(ProductStatus, &'static str)>,
    /// The group, and whether a person had chosen it.
    pub group: Option<(Option<i64>, bool)>,
    /// What it had been merged into.
    pub merged: Option<Option<i64>>,
}

/// One offer's part in a product: its claims, and what it costs.
#[derive(Debug, Clone)]
pub struct Part {
    /// What it claims.
    pub source: Source,
    /// What its supplier charges.
    pub cost: Option<Money>,
    /// The price that its supplier recommends.
    pub recommended_price: Option<Money>,
}

/// What the caller is about to store: the rebuild sees it as if it stood there, so that everything is written once.
#[derive(Debug, Default)]
pub struct Pending {
    /// Products that are not stored yet, by id; they are stored by the rebuild.
    pub products: HashMap<i64, ProductRow>,
    /// Offers as they will be, by product, each with all of its levels as they will be.
    pub offers: HashMap<i64, Vec<(Part, Vec<Level>)>>,
}

/// Rebuilds these products and returns what changed. Fresh ones (version 0) are told as created.
pub fn rebuild(
    conn: &mut Conn,
    rules: &Rules,
    product_ids: &BTreeSet<i64>,
    operation_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<NewChange>> {
    rebuild_with(conn, rules, product_ids, &HashMap::new(), Pending::default(), operation_id, now)
}

/// [`rebuild`], with what was chosen about some of them and what is about to be stored.
pub fn rebuild_with(
    conn: &mut Conn,
    rules: &Rules,
    product_ids: &BTreeSet<i64>,
    chosen: &HashMap<i64, Chosen>,
    pending: Pending,
    operation_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<NewChange>> {
    let Pending { products: fresh, offers: mut pending } = pending;
    let stored: Vec<i64> = product_ids.iter().copied().filter(|id| !fresh.contains_key(id)).collect();
    products_lock(conn, &stored)?;
    let mut products = products_by_id(conn, &stored)?;
    products.extend(fresh);
    let mut offers = claims_of_products(conn, &stored)?;
    let edits = edits_of(conn, &stored)?;
    let mut levels = levels_of_products(conn, &stored)?;
    let work = product_ids.iter().filter_map(|id| {
        Some(Work {
            row: products.remove(id)?,
            offers: offers.remove(id).unwrap_or_default(),
            levels: levels.remove(id).unwrap_or_default(),
            pending: pending.remove(id).unwrap_or_default(),
        })
    });
    let work: Vec<Work> = work.collect();
    let groups = pictures_of_groups(conn, &groups_of(&work, chosen))?;
    // All that was to be read is read: what follows is thinking, which all cores share.
    let rebuilt = work.into_par_iter().map(|work| {
        let id = work.row.id;
        let said = Said { edits: edits.get(&id).map_or(&[][..], Vec::as_slice), chosen: chosen.get(&id), groups: &groups };
        work.rebuilt(said, rules, operation_id, now)
    });
    let rebuilt: Vec<Option<Rebuilt>> = rebuilt.collect::<Result<_>>()?;
    let (mut changes, mut brands, mut kept, mut other) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
    for Rebuilt { row, keyed_as_before, brand, told } in rebuilt.into_iter().flatten() {
        brands.extend(brand.map(|brand| (brand.code, brand.name)));
        changes.extend(told);
        if keyed_as_before { &mut kept } else { &mut other }.push(row);
    }
    let brands: Vec<_> =
        brands.into_iter().map(|(code, name)| queries::BrandRow { code, name, created_at: now.into() }).collect();
    queries::brands_ensure(conn, &brands)?;
    products_put(conn, &kept, Keys::Kept)?;
    products_put(conn, &other, Keys::Any)?;
    Ok(changes)
}

/// A product and everything that it is made of.
struct Work {
    row: ProductRow,
    offers: Vec<ClaimsRow>,
    levels: Vec<Level>,
    pending: Vec<(Part, Vec<Level>)>,
}

/// What people said that bears on a product.
#[derive(Clone, Copy)]
struct Said<'a> {
    edits: &'a [Edit],
    chosen: Option<&'a Chosen>,
    /// Pictures of groups, by group.
    groups: &'a HashMap<i64, Vec<PictureChoice>>,
}

/// A product that came out another.
struct Rebuilt {
    row: ProductRow,
    keyed_as_before: bool,
    brand: Option<brand::Found>,
    told: Vec<NewChange>,
}

impl Work {
    /// None where everything stays as it is.
    fn rebuilt(self, said: Said<'_>, rules: &Rules, operation_id: Option<&str>, now: DateTime<Utc>) -> Result<Option<Rebuilt>> {
        let Self { row, offers, mut levels, pending } = self;
        let replaced = |offer: i64| pending.iter().any(|(part, _)| part.source.offer_id == offer);
        let kept = offers.iter().filter(|offer| !replaced(offer.id));
        let mut parts = kept.map(part).collect::<Result<Vec<_>>>()?;
        levels.retain(|level| !replaced(level.offer_id));
        for (part, own) in pending {
            parts.push(part);
            levels.extend(own);
        }
        let (next, brand) = next_state(&row, &Known { parts: &parts, levels: &levels, said }, rules, now)?;
        if next == row.body {
            return Ok(None);
        }
        let told = changes_between(&row, &next, operation_id)?;
        let keyed_as_before = next.keyed_as(&row.body);
        Ok(Some(Rebuilt { row: ProductRow { id: row.id, body: next }, keyed_as_before, brand, told }))
    }
}

fn part(offer: &ClaimsRow) -> Result<Part> {
    Ok(Part {
        source: source_of(offer, offer.claims.read::<Vec<Bare>>()?.into_iter().map(Claim::from).collect())?,
        cost: stored_money(offer.cost_minor, offer.cost_currency.as_deref()),
        recommended_price: stored_money(offer.recommended_minor, offer.recommended_currency.as_deref()),
    })
}

/// Makes an offer a source of claims, each with where it came from.
pub fn source(offer: &ClaimsRow) -> Result<Source> {
    source_of(offer, offer.claims.read()?)
}

fn source_of(offer: &ClaimsRow, claims: Vec<Claim>) -> Result<Source> {
    Ok(Source {
        offer_id: offer.id,
        supplier: offer.supplier_code.clone(),
        rank: offer.rank,
        supplier_sku: offer.supplier_sku.clone(),
        live: offer.live,
        import_id: offer.import_id.clone(),
        file: offer.file.clone(),
        row: offer.row_number,
        claims,
        images: offer.images.read()?,
        tags: offer.tags.read()?,
    })
}

fn terms_of(parts: &[Part], levels: &[Level]) -> Vec<OfferTerms> {
    let terms = parts.iter().map(|part| OfferTerms {
        supplier_rank: part.source.rank,
        supplier_code: part.source.supplier.clone(),
        offer_key: part.source.supplier_sku.clone(),
        live: part.source.live,
        in_stock: terms::in_stock(part.source.offer_id, levels),
        cost: part.cost,
        recommended_price: part.recommended_price,
    });
    terms.collect()
}

/// All that is known about one product.
struct Known<'a> {
    parts: &'a [Part],
    levels: &'a [Level],
    said: Said<'a>,
}

/// Every group that one of these products is in, or may come to be in.
fn groups_of(work: &[Work], chosen: &HashMap<i64, Chosen>) -> Vec<i64> {
    let chosen = chosen.values().flat_map(|chosen| [chosen.group.flatten(), chosen.restored.group.and_then(|(group, _)| group)]);
    let all: BTreeSet<i64> = work.iter().map(|work| work.row.body.group_id).chain(chosen).flatten().collect();
    all.into_iter().collect()
}

fn next_state(
    row: &ProductRow,
    known: &Known<'_>,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<(NewProduct, Option<brand::Found>)> {
    let Known { parts, levels, said: Said { edits, chosen, groups } } = *known;
    let mut golden = resolve::resolve(parts.iter().map(|part| &part.source), edits);
    let brand = golden.brand.as_deref().and_then(|text| brand::find(text, &rules.aliases, &rules.dictionary));
    let category = category(&golden, edits, rules);
    let standing = Standing {
        title: has_text(&golden, "title"),
        brand: brand.is_some(),
        category: category.is_some(),
        live_offer: parts.iter().any(|part| part.source.live),
    };
    let present = ProductStatus::parse(&row.body.status);
    let restored = chosen.map_or_else(Restored::default, |chosen| chosen.restored);
    let (from, from_by) = restored.status.unwrap_or((present, row.body.status_by.as_str()));
    let (status, status_by) = match chosen.and_then(|chosen| chosen.status) {
        // Sending back what was read is no choice.
        Some((status, by)) if status != present => (status, by),
        _ => match lifecycle::next_status(from, from_by, standing) {
            status if status == from => (status, from_by),
            status => (status, lifecycle::BY_IMPORT),
        },
    };
    let Sold { available, price } = Sold::of(&terms_of(parts, levels), levels, rules);

    let mut next = row.body.clone();
    status_by.clone_into(&mut next.status_by);
    status.as_str().clone_into(&mut next.status);
    if let Some(chosen) = chosen
        && let Some(group) = chosen.group
        && (chosen.by_person || !row.body.group_pinned)
    {
        next.group_id = group;
        next.group_pinned = chosen.by_person;
    }
    if let Some((group, pinned)) = restored.group {
        (next.group_id, next.group_pinned) = (group, pinned);
    }
    if let Some(inherited) = next.group_id.and_then(|group| groups.get(&group)) {
        golden.images = picture::inheriting(golden.images, inherited, resolve::said_of_pictures(edits));
    }
    next.merged_into = chosen.and_then(|chosen| chosen.merged).or_else(|| restored.merged.unwrap_or(row.body.merged_into));
    next.gtin.clone_from(&golden.gtin);
    next.brand = brand.as_ref().map(|brand| brand.code.clone());
    next.mpn.clone_from(&golden.mpn);
    next.mpn_key = golden.mpn.as_deref().and_then(mpn_key);
    next.category = category;
    next.title = title(&golden, &rules.default_locale);
    next.golden = JsonText::of(&golden.values)?;
    next.images = JsonText::of(&golden.images)?;
    next.tags = JsonText::of(&golden.tags)?;
    next.available = available;
    next.price_minor = price.map(|price| price.minor);
    next.price_currency = price.map(|price| price.currency.code().to_owned());
    if row.body.version == 0 || !same_catalogue(&row.body, &next) {
        next.version = row.body.version + 1;
        next.updated_at = now.into();
    }
    Ok((next, brand))
}

/// Suppliers file battery caps and bundles under headlamps: where the kind of product contradicts their category, the kind is right.
/// A person's category stands.
fn category(golden: &Golden, edits: &[Edit], rules: &Rules) -> Option<String> {
    if edits.iter().any(|edit| edit.attribute == "category") {
        return golden.category.clone();
    }
    let of_kind = resolve::category_of_kind(golden, &rules.dictionary);
    let Some(claimed) = &golden.category else { return of_kind };
    let fits =
        |kind: &str| rules.dictionary.category(claimed).is_some_and(|category| category.kinds.iter().any(|known| known == kind));
    match golden.values.get("product_kind") {
        Some(GoldenValue::One(crate::normalize::Value::Text(kind))) if !fits(kind) => of_kind.or_else(|| Some(claimed.clone())),
        _ => Some(claimed.clone()),
    }
}

fn has_text(golden: &Golden, attribute: &str) -> bool {
    matches!(golden.values.get(attribute), Some(GoldenValue::PerLocale(texts)) if !texts.is_empty())
}

/// The title that lists show: the default locale's, else the first there is, else the brand and part number.
fn title(golden: &Golden, locale: &str) -> String {
    let texts = match golden.values.get("title") {
        Some(GoldenValue::PerLocale(texts)) => texts.get(locale).or_else(|| texts.values().next()),
        _ => None,
    };
    let text = texts.and_then(|value| value.as_text()).map(str::to_owned);
    text.unwrap_or_else(|| [golden.brand.as_deref(), golden.mpn.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Is everything that a product's version counts alike?
fn same_catalogue(a: &NewProduct, b: &NewProduct) -> bool {
    let b = NewProduct {
        available: a.available,
        price_minor: a.price_minor,
        price_currency: a.price_currency.clone(),
        version: a.version,
        updated_at: a.updated_at,
        ..b.clone()
    };
    *a == b
}

fn changes_between(row: &ProductRow, next: &NewProduct, operation_id: Option<&str>) -> Result<Vec<NewChange>> {
    let before = &row.body;
    let change = |kind: ChangeKind, before: Option<JsonText>, data: serde_json::Value| {
        NewChange::new(kind, &next.sku, data).of_product(row.id).within(operation_id).was(before)
    };
    let mut changes = Vec::new();
    if before.version == 0 {
        changes.push(change(ChangeKind::ProductCreated, None, json!({"sku": next.sku, "version": next.version})));
    } else if next.version != before.version {
        let kind = if next.status == "discontinued" && before.status != "discontinued" {
            ChangeKind::ProductDiscontinued
        } else {
            ChangeKind::ProductUpdated
        };
        let data = json!({"sku": next.sku, "version": next.version, "changed": changed_fields(before, next)?});
        changes.push(change(kind, Some(image(before)?), data));
    }
    if before.version > 0 {
        changes.extend(terms::changes_between((row.id, &next.sku), sold(before), sold(next), operation_id));
    }
    Ok(changes)
}

fn sold(product: &NewProduct) -> Sold {
    Sold { available: product.available, price: stored_money(product.price_minor, product.price_currency.as_deref()) }
}

/// See [`image`].
#[derive(Serialize)]
struct Image<'a> {
    status: &'a str,
    status_by: &'a str,
    gtin: Option<&'a str>,
    brand: Option<&'a str>,
    mpn: Option<&'a str>,
    category: Option<&'a str>,
    group_id: Option<i64>,
    group_pinned: bool,
    merged_into: Option<i64>,
    values: &'a RawValue,
    images: &'a RawValue,
    tags: &'a RawValue,
}

/// A product's catalogue data as it was: what history shows and undo restores.
pub fn image(product: &NewProduct) -> Result<JsonText> {
    Ok(JsonText::of(&Image {
        status: &product.status,
        status_by: &product.status_by,
        gtin: product.gtin.as_deref(),
        brand: product.brand.as_deref(),
        mpn: product.mpn.as_deref(),
        category: product.category.as_deref(),
        group_id: product.group_id,
        group_pinned: product.group_pinned,
        merged_into: product.merged_into,
        values: product.golden.part()?,
        images: product.images.part()?,
        tags: product.tags.part()?,
    })?)
}

/// Names of the fields and attributes in which two states differ.
fn changed_fields(before: &NewProduct, next: &NewProduct) -> Result<Vec<String>> {
    // Both are texts of our own making: what is alike is written alike.
    let values = |product: &NewProduct| -> Result<BTreeMap<String, Box<RawValue>>> { Ok(product.golden.read()?) };
    let (old_values, new_values) = (values(before)?, values(next)?);
    let text = |values: &BTreeMap<String, Box<RawValue>>, code: &str| values.get(code).map(|value| value.get().to_owned());
    let differs = |code: &&String| text(&old_values, code) != text(&new_values, code);
    let mut changed: BTreeSet<String> = old_values.keys().chain(new_values.keys()).filter(differs).cloned().collect();
    let fields = [
        ("status", before.status != next.status),
        ("gtin", before.gtin != next.gtin),
        ("brand", before.brand != next.brand),
        ("mpn", before.mpn != next.mpn),
        ("category", before.category != next.category),
        ("images", before.images != next.images),
        ("tags", before.tags != next.tags),
        ("group", before.group_id != next.group_id),
        ("merged_into", before.merged_into != next.merged_into),
    ];
    changed.extend(fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field.to_owned()));
    Ok(changed.into_iter().collect())
}
