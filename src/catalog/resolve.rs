//! Resolving: from the claims of every offer and the edits of people to one golden record, losers remembered.
//!
//! Pure. The best claim per attribute and locale wins: a person's edit before any supplier; then live offers before gone ones,
//! sure claims before doubtful ones, the supplier's rank, the claim's confidence, and last the supplier code and offer key, so that
//! the same offers always resolve alike. A person who states that a localized attribute has no value, without naming a locale, takes
//! away every supplier's text of it; what people say of one locale still stands above that.

#[cfg(test)]
mod tests;

use super::picture::{self, Picture};
use super::view::{GoldenValue, GoldenValues};
use crate::dictionary::Dictionary;
use crate::import::ImageLink;
use crate::normalize::{Claim, PictureChoice, Value};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Claims below this confidence are doubtful: any sure claim of a lower-ranked supplier goes first.
pub const SURE: u8 = 60;
/// Tags a product keeps at most.
pub const MAX_TAGS: usize = 100;

/// One offer as a source of claims.
#[derive(Debug, Clone)]
pub struct Source {
    /// Row id of the offer.
    pub offer_id: i64,
    /// Its supplier.
    pub supplier: String,
    /// The supplier's rank; 1 is best.
    pub rank: i32,
    /// The offer's key.
    pub supplier_sku: String,
    /// Is it in the supplier's newest catalogue?
    pub live: bool,
    /// The import that wrote it.
    pub import_id: String,
    /// The file within the import.
    pub file: String,
    /// The record in that file.
    pub row: i64,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// Pictures in order.
    pub images: Vec<ImageLink>,
    /// The supplier's words.
    pub tags: Vec<String>,
}

/// A person's claim about one attribute of one product.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Attribute code; also `brand`, `gtin`, `mpn`, `category`, `tags`.
    pub attribute: String,
    /// BCP 47 tag, where the attribute has text per locale.
    pub locale: Option<String>,
    /// What the person said; [`Value::None`] states that there is no value.
    pub value: Value,
    /// Who.
    pub author: String,
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
}

/// The golden record, split as it is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Golden {
    /// Brand as text, canonical spelling where known.
    pub brand: Option<String>,
    /// 14 digits.
    pub gtin: Option<String>,
    /// Manufacturer's part number.
    pub mpn: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Everything else.
    pub values: GoldenValues,
    /// Pictures: a person's first, then the best supplier's, then those only others have.
    pub images: Vec<Picture>,
    /// All suppliers' words, or a person's.
    pub tags: Vec<String>,
}

/// One candidate for one attribute, as lineage shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Candidate {
    /// Does it win?
    pub winner: bool,
    /// `offer` or `editor`.
    pub source: &'static str,
    /// The supplier, for an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// The supplier's SKU, for an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier_sku: Option<String>,
    /// Is that offer live?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// Who, for an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The import, for an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// File name, for an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Record in the file, from 1 after the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<i64>,
    /// Column or path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The text as it stood there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub raw: String,
    /// The rule that read it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// 0 to 100.
    pub confidence: u8,
    /// What was understood.
    #[schema(value_type = Object)]
    pub value: Value,
}

/// Candidates by attribute and locale, the winner first.
pub type Lineage = BTreeMap<(String, Option<String>), Vec<Candidate>>;

/// Resolves one product.
pub fn resolve<'a>(sources: impl IntoIterator<Item = &'a Source>, edits: &[Edit]) -> Golden {
    let ranked = ranked(sources);
    let mut best: BTreeMap<(&str, Option<&str>), (&Value, Strength)> = BTreeMap::new();
    for (place, source) in ranked.iter().enumerate() {
        for claim in &source.claims {
            let strength = strength(source, claim, place);
            let slot = best.entry((claim.attribute.as_str(), claim.locale.as_deref()));
            slot.and_modify(|held| {
                if strength < held.1 {
                    *held = (&claim.value, strength);
                }
            })
            .or_insert((&claim.value, strength));
        }
    }
    for edit in edits.iter().filter(|edit| is_blanket(edit)) {
        best.retain(|(attribute, _), _| *attribute != edit.attribute);
    }
    for edit in edits {
        best.insert((edit.attribute.as_str(), edit.locale.as_deref()), (&edit.value, A_PERSON));
    }

    let mut golden = Golden { images: images(&ranked, edits), tags: tags(&ranked), ..Golden::default() };
    for ((attribute, locale), (value, _)) in best {
        if matches!(value, Value::None(_)) {
            if attribute == "tags" {
                golden.tags.clear();
            }
            continue;
        }
        match (attribute, value) {
            ("brand", Value::Text(text)) => golden.brand = Some(text.clone()),
            ("gtin", Value::Text(text)) => golden.gtin = Some(text.clone()),
            ("mpn", Value::Text(text)) => golden.mpn = Some(text.clone()),
            ("category", Value::Text(text)) => golden.category = Some(text.clone()),
            ("tags", Value::List(words)) => golden.tags.clone_from(words),
            // Laid over the suppliers' above, not in their place.
            (picture::ATTRIBUTE, _) => {}
            _ => put(&mut golden.values, attribute, locale, value),
        }
    }
    golden
}

/// Does it state that there is no value, in no locale?
fn is_blanket(edit: &Edit) -> bool {
    edit.locale.is_none() && matches!(edit.value, Value::None(_))
}

/// Category of a product whose suppliers name none: its kind's, where the dictionary has a category for that kind.
pub fn category_of_kind(golden: &Golden, dictionary: &Dictionary) -> Option<String> {
    let GoldenValue::One(Value::Text(kind)) = golden.values.get("product_kind")? else { return None };
    dictionary.category_of_kind(kind).map(|category| category.code.clone())
}

fn put(values: &mut GoldenValues, attribute: &str, locale: Option<&str>, value: &Value) {
    match locale {
        None => {
            values.insert(attribute.to_owned(), GoldenValue::One(value.clone()));
        }
        Some(locale) => {
            let slot = values.entry(attribute.to_owned()).or_insert_with(|| GoldenValue::PerLocale(BTreeMap::new()));
            if let GoldenValue::PerLocale(texts) = slot {
                texts.insert(locale.to_owned(), value.clone());
            }
        }
    }
}

/// Every candidate of every attribute, the winner first: the same order as [`resolve`].
pub fn lineage(sources: &[Source], edits: &[Edit]) -> Lineage {
    type Ranked = Vec<(Strength, Candidate)>;
    let mut lineage: BTreeMap<(String, Option<String>), Ranked> = BTreeMap::new();
    for (place, source) in ranked(sources).into_iter().enumerate() {
        for claim in &source.claims {
            let key = (claim.attribute.clone(), claim.locale.clone());
            lineage.entry(key).or_default().push((strength(source, claim, place), of_offer(source, claim)));
        }
    }
    for edit in edits.iter().filter(|edit| is_blanket(edit)) {
        let locales = lineage.iter_mut().filter(|((attribute, locale), _)| *attribute == edit.attribute && locale.is_some());
        for (_, candidates) in locales {
            candidates.push((A_PERSON_AT_LARGE, of_editor(edit)));
        }
    }
    for edit in edits {
        let key = (edit.attribute.clone(), edit.locale.clone());
        lineage.entry(key).or_default().push((A_PERSON, of_editor(edit)));
    }
    let sorted = lineage.into_iter().map(|(key, mut candidates)| {
        candidates.sort_by_key(|(strength, _)| *strength);
        let mut candidates: Vec<Candidate> = candidates.into_iter().map(|(_, candidate)| candidate).collect();
        if let Some(first) = candidates.first_mut() {
            first.winner = true;
        }
        (key, candidates)
    });
    sorted.collect()
}

fn of_offer(source: &Source, claim: &Claim) -> Candidate {
    Candidate {
        field: claim.field.clone(),
        raw: claim.raw.clone(),
        rule: claim.rule.clone(),
        confidence: claim.confidence,
        ..of_source(source, claim.value.clone())
    }
}

fn of_source(source: &Source, value: Value) -> Candidate {
    Candidate {
        winner: false,
        source: "offer",
        supplier: Some(source.supplier.clone()),
        supplier_sku: Some(source.supplier_sku.clone()),
        live: Some(source.live),
        author: None,
        import: Some(source.import_id.clone()),
        file: Some(source.file.clone()),
        row: Some(source.row),
        field: String::new(),
        raw: String::new(),
        rule: String::new(),
        confidence: 0,
        value,
    }
}

fn of_editor(edit: &Edit) -> Candidate {
    Candidate {
        winner: false,
        source: "editor",
        supplier: None,
        supplier_sku: None,
        live: None,
        author: Some(edit.author.clone()),
        import: None,
        file: None,
        row: None,
        field: String::new(),
        raw: String::new(),
        rule: String::new(),
        confidence: 100,
        value: edit.value.clone(),
    }
}

/// Sources, best first.
fn ranked<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<&'a Source> {
    let mut ranked: Vec<&Source> = sources.into_iter().collect();
    ranked.sort_by(|a, b| (!a.live, a.rank, &a.supplier, &a.supplier_sku).cmp(&(!b.live, b.rank, &b.supplier, &b.supplier_sku)));
    ranked
}

/// Tier, the supplier's rank, doubt, place of the source. Smaller is stronger.
type Strength = (u8, i32, u8, usize);

/// A person's edit.
const A_PERSON: Strength = (0, 0, 0, 0);
/// A person's edit that names no locale, where one that names it stands too.
const A_PERSON_AT_LARGE: Strength = (0, 0, 0, 1);

/// How strong a claim is, see the module's text.
fn strength(source: &Source, claim: &Claim, place: usize) -> Strength {
    let tier = match (source.live, claim.confidence >= SURE) {
        (true, true) => 1,
        (true, false) => 2,
        (false, true) => 3,
        (false, false) => 4,
    };
    (tier, source.rank, u8::MAX - claim.confidence, place)
}

fn images(ranked: &[&Source], edits: &[Edit]) -> Vec<Picture> {
    picture::shown(ranked.iter().flat_map(|source| &source.images), said_of_pictures(edits))
}

/// A person's list of a product's pictures.
pub fn said_of_pictures(edits: &[Edit]) -> Option<&[PictureChoice]> {
    edits.iter().find_map(|edit| match (edit.attribute.as_str(), &edit.value) {
        (picture::ATTRIBUTE, Value::Pictures(said)) => Some(said.as_slice()),
        _ => None,
    })
}

/// Where each picture of a product comes from, the shown ones first and in their order: who names a picture first, by rank, gives it.
pub fn lineage_of_pictures(sources: &[Source], shown: &[Picture]) -> Vec<Candidate> {
    let place = |url: &str| shown.iter().position(|picture| picture.url == url).unwrap_or(usize::MAX);
    let mut named = HashSet::new();
    let mut candidates = Vec::new();
    for source in ranked(sources) {
        for link in &source.images {
            let place = place(&link.url);
            let value = PictureChoice { picture: link.url.clone(), role: Some(link.role.clone()), ..PictureChoice::default() };
            let winner = place != usize::MAX && named.insert(link.url.as_str());
            let claim =
                Candidate { winner, raw: link.url.clone(), confidence: 100, ..of_source(source, Value::Pictures(vec![value])) };
            candidates.push((place, claim));
        }
    }
    candidates.sort_by_key(|(place, candidate)| (*place, !candidate.winner));
    candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

fn tags(ranked: &[&Source]) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in ranked.iter().filter(|source| source.live).flat_map(|source| &source.tags) {
        if tags.len() < MAX_TAGS && !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}
