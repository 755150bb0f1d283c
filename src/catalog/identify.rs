//! Which product each row of a chunk is of: one that there is, or a new one.
//!
//! A row is compared with the products that share a key with it (`identity/block.rs`), each by its golden record. The look-ups are a few
//! for the whole chunk and the comparing is done on all cores; only the choosing goes row by row, because what one row founds the next
//! may be of.

use super::intake::Batch;
use super::queries::{
    FoundedGroup, NewProduct, OfferBody, OfferRow, ProductRow, Rules, group_codes_taken, groups_found, offer_marks,
    offers_of_products, products_by_id, skus_taken,
};
use super::sku;
use super::view::{GoldenValue, GoldenValues};
use crate::db::{Conn, JsonText, ids};
use crate::error::{Error, Result};
use crate::identity::cases::{Suspected, Told};
use crate::identity::find::{Found, Judged, Marks, choose};
use crate::identity::queries::{keys_put, keys_replace, products_by_key};
use crate::identity::{Decision, Names, Traits, blocks, judge, said};
use crate::import::PreparedRow;
use crate::normalize::text::key;
use crate::normalize::{Claim, Value};
use rayon::prelude::*;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Products that one row is compared with, the likeliest of those that share a key.
pub(super) const MAX_CANDIDATES: usize = 24;
/// Rows of its own chunk that one row is compared with: they are of one supplier, which seldom lists a lamp twice.
const MAX_OWN: usize = 8;

/// What became of a chunk's rows.
#[derive(Default)]
pub(super) struct Identified {
    /// The product of each row, in their order.
    pub(super) products: Vec<i64>,
    /// New products, by id.
    pub(super) founded: HashMap<i64, ProductRow>,
    /// Products that are a colour of another, and the group of both.
    pub(super) grouped: HashMap<i64, i64>,
    /// Products of which an offer's numbers changed: what they are found by changes with them.
    pub(super) renumbered: Vec<i64>,
    /// New products that may be another's after all.
    pub(super) suspected: Vec<Suspected>,
}

/// A product that rows are compared with.
pub(super) struct Known {
    pub(super) traits: Traits,
    /// Suppliers of its live offers.
    pub(super) suppliers: Vec<i64>,
    sku: String,
    group: Option<i64>,
}

/// A row that asks which product it is of, or whether it is still of its own: a new one, or one whose numbers changed.
struct Asking<'a> {
    row: &'a PreparedRow,
    /// Its place among the rows.
    at: usize,
    /// Its product, when it has one already.
    stands: Option<i64>,
    traits: Traits,
    keys: Vec<i64>,
}

/// With stored products, and with earlier rows that ask, by their place.
type Verdicts = (Vec<Judged>, Vec<(usize, Judged)>);

/// What the database says about the rows that ask.
struct Compared {
    known: HashMap<i64, Known>,
    /// The products under each key.
    shared: HashMap<i64, Vec<i64>>,
    /// Verdicts of each row that asks.
    verdicts: Vec<Verdicts>,
}

/// Finds the product of each row, of which `marks` are known, and what it is compared by where that was `made` already; `old` are the offers
/// that were there before.
pub(super) fn identify(
    conn: &mut Conn,
    rules: &Rules,
    batch: &Batch,
    rows: &[PreparedRow],
    made: Vec<Option<Traits>>,
    marks: &[Marks],
    old: &HashMap<String, OfferRow>,
) -> Result<Identified> {
    let mut identified = Identified::default();
    let mut asking = Vec::new();
    for (at, ((row, marks), made)) in rows.iter().zip(marks).zip(made).enumerate() {
        let before = old.get(&row.key).map(|offer| &offer.body);
        let stands = before.and_then(|body| body.product_id);
        let renumbered = |body: &OfferBody| body.gtin != marks.gtin || body.brand != marks.brand || body.mpn_key != marks.mpn_key;
        if stands.is_none() || before.is_some_and(renumbered) {
            identified.renumbered.extend(stands);
            asking.push((at, row, made, marks, stands));
        }
        identified.products.push(stands.unwrap_or_default());
    }
    let asking: Vec<Asking<'_>> =
        asking.into_par_iter().map(|(at, row, made, marks, stands)| Asking::of(rules, (at, row), made, marks, stands)).collect();
    let Compared { known, shared, verdicts } = compare(conn, rules, batch, &asking)?;

    let matching = rules.matching.as_ref();
    let one = |a: i64, b: i64| match (known.get(&a), known.get(&b)) {
        (Some(a), Some(b)) => judge(matching, &a.traits, &b.traits).decision == Decision::Merge,
        _ => false,
    };
    let mut founder = Founder::new(conn, batch, &asking)?;
    let mut pairs: Vec<(i64, i64)> = Vec::new();
    for (mine, (mut judged, own)) in asking.iter().zip(verdicts) {
        for (other, verdict) in own {
            let of = asking.get(other).and_then(|other| identified.products.get(other.at));
            // One that is of a stored product was compared with that.
            if let Some(product_id) = of.copied().filter(|id| founder.products.contains_key(id))
                && !judged.iter().any(|known| known.product_id == product_id)
            {
                judged.push(Judged { product_id, ..verdict });
            }
        }
        judged.retain(|judged| Some(judged.product_id) != mine.stands);
        let Found { product, like, mut suspected } = choose(matching, judged, one);
        let product_id = match (mine.stands, product) {
            (Some(stands), product) => {
                // It stays where it is, be its number another's: who moves offers about is a person.
                suspected.extend(product);
                stands
            }
            (None, Some((product, _))) => product,
            (None, None) => founder.found(conn, batch, mine.row)?,
        };
        if let Some(place) = identified.products.get_mut(mine.at) {
            *place = product_id;
        }
        if mine.stands.is_none() {
            pairs.extend(like.filter(|_| mine.row.parent.is_none()).map(|like| (product_id, like)));
        }
        identified.suspected.extend(suspected.into_iter().map(|(other, verdict)| Suspected {
            one: product_id,
            other,
            score: verdict.score,
            reasons: verdict.reasons.iter().map(Told::of).collect(),
        }));
    }
    let mut stored: Vec<(i64, i64)> = Vec::new();
    for mine in &asking {
        let Some(product) = identified.products.get(mine.at) else { continue };
        let fresh = mine.keys.iter().filter(|key| shared.get(key).is_none_or(|there| !there.contains(product)));
        stored.extend(fresh.map(|key| (*key, *product)));
    }
    stored.sort_unstable();
    stored.dedup();
    keys_put(conn, &stored)?;
    identified.founded = founder.products;
    identified.grouped = group(conn, batch, &known, &identified.founded, pairs)?;
    Ok(identified)
}

impl<'a> Asking<'a> {
    fn of(rules: &Rules, (at, row): (usize, &'a PreparedRow), made: Option<Traits>, marks: &Marks, stands: Option<i64>) -> Self {
        let mut traits = made.unwrap_or_else(|| Traits::of_row(row, &rules.dictionary, &rules.matching));
        if let Some(code) = &marks.brand {
            // People may have said that a spelling means a brand.
            traits.set_brand(code, &rules.dictionary, &rules.matching);
        }
        let keys = blocks(&traits).into_iter().map(u64::cast_signed).collect();
        Self { row, at, stands, traits, keys }
    }
}

/// Compares each row with the products, and the earlier rows, that share a key with it.
fn compare(conn: &mut Conn, rules: &Rules, batch: &Batch, asking: &[Asking<'_>]) -> Result<Compared> {
    let keys: BTreeSet<i64> = asking.iter().flat_map(|mine| &mine.keys).copied().collect();
    let shared = products_by_key(conn, &keys.into_iter().collect::<Vec<_>>())?;
    let mut own: HashMap<i64, Vec<usize>> = HashMap::new();
    for (place, mine) in asking.iter().enumerate() {
        for key in &mine.keys {
            own.entry(*key).or_default().push(place);
        }
    }
    let near = asking.par_iter().enumerate().map(|(place, mine)| {
        let earlier = |other: &usize| *other < place;
        (likeliest(&mine.keys, &shared, |_| true, MAX_CANDIDATES), likeliest(&mine.keys, &own, earlier, MAX_OWN))
    });
    let near: Vec<(Vec<i64>, Vec<usize>)> = near.collect();
    let ids: BTreeSet<i64> = near.iter().flat_map(|(products, _)| products).copied().collect();
    let known = known(conn, rules, &ids.into_iter().collect::<Vec<_>>())?;
    let matching = rules.matching.as_ref();
    let verdicts = asking.par_iter().zip(near).map(|(mine, (products, rows))| {
        let with = |product_id: i64, other: &Traits, same_supplier: bool| {
            let verdict = judge(matching, &mine.traits, other);
            (verdict.decision != Decision::Apart).then_some(Judged { product_id, verdict, same_supplier })
        };
        let product = |id: i64| {
            let other = known.get(&id)?;
            with(id, &other.traits, other.suppliers.contains(&batch.supplier_id))
        };
        let row = |other: usize| Some((other, with(0, &asking.get(other)?.traits, true)?));
        (products.into_iter().filter_map(product).collect(), rows.into_iter().filter_map(row).collect())
    });
    let verdicts = verdicts.collect();
    Ok(Compared { known, shared, verdicts })
}

/// Those that share most with these keys: few to a key say much.
pub(super) fn likeliest<T: Copy + Ord + std::hash::Hash>(
    keys: &[i64],
    shared: &HashMap<i64, Vec<T>>,
    meant: impl Fn(&T) -> bool,
    most: usize,
) -> Vec<T> {
    let mut weights: HashMap<T, f64> = HashMap::new();
    for there in keys.iter().filter_map(|key| shared.get(key)) {
        let share = 1.0 / f64::from(u32::try_from(there.len()).unwrap_or(u32::MAX)).sqrt();
        for one in there.iter().filter(|one| meant(one)) {
            *weights.entry(*one).or_default() += share;
        }
    }
    let mut likely: Vec<(T, f64)> = weights.into_iter().collect();
    likely.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    likely.into_iter().take(most).map(|(one, _)| one).collect()
}

/// What is known of these products; what was merged into others is not compared with.
pub(super) fn known(conn: &mut Conn, rules: &Rules, ids: &[i64]) -> Result<HashMap<i64, Known>> {
    let products = products_by_id(conn, ids)?;
    let (mut gtins, mut suppliers): (HashMap<i64, Vec<String>>, HashMap<i64, Vec<i64>>) = Default::default();
    for (product, supplier, gtin, live) in offer_marks(conn, ids)? {
        gtins.entry(product).or_default().extend(gtin);
        if live {
            suppliers.entry(product).or_default().push(supplier);
        }
    }
    let known = products.into_par_iter().filter(|(_, row)| row.body.merged_into.is_none()).map(|(id, row)| {
        let mut traits = traits_of(&row, rules)?;
        for gtin in gtins.get(&id).into_iter().flatten() {
            if !traits.gtins.contains(gtin) {
                traits.gtins.push(gtin.clone());
            }
        }
        let suppliers = suppliers.get(&id).cloned().unwrap_or_default();
        Ok((id, Known { traits, suppliers, sku: row.body.sku, group: row.body.group_id }))
    });
    known.collect()
}

/// What is compared of a golden record.
pub(super) fn traits_of(row: &ProductRow, rules: &Rules) -> Result<Traits> {
    let golden: GoldenValues = row.body.golden.read()?;
    let text = |code: &str| match golden.get(code)? {
        GoldenValue::One(value) => value.as_text(),
        GoldenValue::PerLocale(texts) => texts.get(&rules.default_locale).or_else(|| texts.values().next())?.as_text(),
    };
    let names = Names {
        brand: row.body.brand.as_deref(),
        title: text("title"),
        model: text("model_name"),
        mpn: row.body.mpn.as_deref(),
        description: text("description"),
        rest: None,
        price: super::terms::stored_money(row.body.price_minor, row.body.price_currency.as_deref()),
    };
    let single = golden.iter().filter_map(|(code, value)| match value {
        GoldenValue::One(value) => Some((code.as_str(), value)),
        GoldenValue::PerLocale(_) => None,
    });
    let category = row.body.category.clone().map(Value::Text);
    let values = single.chain(category.as_ref().map(|category| ("category", category)));
    let mut traits = Traits::of_values(&names, values, &rules.dictionary, &rules.matching);
    traits.gtins.extend(row.body.gtin.clone());
    // People may have said that a spelling means a brand.
    if let Some(code) = row.body.brand.as_deref().and_then(|brand| rules.aliases.get(&key(brand))) {
        traits.set_brand(code, &rules.dictionary, &rules.matching);
    }
    Ok(traits)
}

/// The keys that a stored offer is found by.
fn keys_of(offer: &OfferBody, rules: &Rules) -> Result<Vec<i64>> {
    let claims: Vec<Claim> = offer.record.claims.read()?;
    let text = |code: &str| claims.iter().find(|claim| claim.attribute == code).and_then(|claim| claim.value.as_text());
    let rest =
        if text("title").is_none() && text("model_name").is_none() { said(&offer.record.raw.read()?) } else { String::new() };
    let names = Names {
        brand: offer.brand.as_deref().or_else(|| text("brand")),
        title: text("title"),
        model: text("model_name"),
        mpn: text("mpn"),
        description: None,
        rest: (!rest.is_empty()).then_some(rest.as_str()),
        price: None,
    };
    let values = claims.iter().map(|claim| (claim.attribute.as_str(), &claim.value));
    let traits = Traits::of_values(&names, values, &rules.dictionary, &rules.matching);
    Ok(blocks(&traits).into_iter().map(u64::cast_signed).collect())
}

/// From now on these products are found by what their offers say now, and by nothing that they said before.
pub fn refresh_keys(conn: &mut Conn, rules: &Rules, product_ids: &[i64]) -> Result<()> {
    let offers = offers_of_products(conn, product_ids, usize::MAX)?;
    let keys = offers
        .par_iter()
        .filter_map(|offer| Some((offer.body.product_id?, offer)))
        .map(|(product, offer)| Ok(keys_of(&offer.body, rules)?.into_iter().map(|key| (key, product)).collect::<Vec<_>>()));
    let mut keys: Vec<(i64, i64)> = keys.collect::<Result<Vec<_>>>()?.concat();
    keys.sort_unstable();
    keys.dedup();
    keys_replace(conn, product_ids, &keys)
}

/// The groups of products that are colours of each other, new ones made; nothing is taken out of a group it is in.
fn group(
    conn: &mut Conn,
    batch: &Batch,
    known: &HashMap<i64, Known>,
    founded: &HashMap<i64, ProductRow>,
    pairs: Vec<(i64, i64)>,
) -> Result<HashMap<i64, i64>> {
    let mut grouped: HashMap<i64, i64> = HashMap::new();
    let mut fresh: Vec<FoundedGroup> = Vec::new();
    let mut ids = ids::reserve(conn, "product_groups", pairs.len())?.into_iter();
    for (new, like) in pairs {
        let there = grouped.get(&like).copied().or_else(|| known.get(&like).and_then(|product| product.group));
        let group = if let Some(group) = there {
            group
        } else {
            let sku = known.get(&like).map(|product| &product.sku).or_else(|| founded.get(&like).map(|row| &row.body.sku));
            let Some(sku) = sku else { continue };
            let taken = |conn: &mut Conn, code: &str| -> Result<bool> {
                Ok(fresh.iter().any(|group| group.code == code) || group_codes_taken(conn, &[code])?.contains(code))
            };
            let first = sku::group_founded_by("", sku, |_| false);
            let code = if taken(conn, &first)? { sku::group_founded_by("", sku, |code| code == first) } else { first };
            let id = ids.next().ok_or_else(|| Error::internal("more groups were founded than there are pairs"))?;
            fresh.push(FoundedGroup {
                id,
                code,
                title: JsonText::of(&json!({}))?,
                supplier_id: None,
                parent: None,
                created_at: batch.now.into(),
                updated_at: batch.now.into(),
            });
            grouped.insert(like, id);
            id
        };
        grouped.insert(new, group);
    }
    groups_found(conn, &fresh)?;
    Ok(grouped)
}

/// Founds the products that these rows are the first of.
struct Founder {
    taken: HashSet<String>,
    products: HashMap<i64, ProductRow>,
    ids: Vec<i64>,
    rows: usize,
}

impl Founder {
    fn new(conn: &mut Conn, batch: &Batch, asking: &[Asking<'_>]) -> Result<Self> {
        // Each collision adds two characters; who would collide three times over is found by the unique constraint.
        let fresh: Vec<&PreparedRow> = asking.iter().filter(|mine| mine.stands.is_none()).map(|mine| mine.row).collect();
        let mut wanted = Vec::with_capacity(fresh.len() * 2);
        for row in &fresh {
            let first = sku::founded_by(&batch.supplier_code, &row.key, |_| false);
            let second = sku::founded_by(&batch.supplier_code, &row.key, |code| code == first);
            wanted.extend([first, second]);
        }
        let taken = skus_taken(conn, &wanted.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self { taken, products: HashMap::new(), ids: Vec::new(), rows: fresh.len() })
    }

    /// The product that a row founds.
    fn found(&mut self, conn: &mut Conn, batch: &Batch, row: &PreparedRow) -> Result<i64> {
        let sku = sku::founded_by(&batch.supplier_code, &row.key, |code| self.taken.contains(code));
        self.taken.insert(sku.clone());
        if self.ids.is_empty() {
            self.ids = ids::reserve(conn, "products", self.rows)?;
            self.ids.reverse();
        }
        let id = self.ids.pop().ok_or_else(|| Error::internal("more products were founded than there are rows"))?;
        self.products.insert(id, ProductRow { id, body: NewProduct::empty(sku, batch.now.into())? });
        Ok(id)
    }
}
