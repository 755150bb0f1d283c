//! What speaks for and against two records being one product, as numbers that a weight is fitted to.
//!
//! Nothing here knows lamps: words, codes, numbers with units, brand, colour and price are what any two offers have.

use super::codes::Codes;
use super::shared::Shared;
use super::text::Text;
use super::traits::{Kind, Traits};
use super::words::Sort;

/// Names of the evidence, as `[weights]` of schema/identity/matching.toml writes them.
pub const EVIDENCE: [&str; 48] = [
    "bias",
    "title",
    "title_high",
    "title_low",
    "contained",
    "contained_high",
    "rare_words_apart",
    "words_left_over",
    "code_same",
    "code_part",
    "code_near",
    "code_apart",
    "code_missing",
    "mpn_same",
    "mpn_apart",
    "quantity_same",
    "quantity_apart",
    "number_same",
    "number_apart",
    "brand_same",
    "brand_apart",
    "brand_said",
    "color_same",
    "color_apart",
    "kind_apart",
    "pack_apart",
    "generation_apart",
    "price_near",
    "price_far",
    "price_known",
    "described",
    "code_described",
    "code_same_by_title",
    "code_apart_by_title",
    "code_missing_by_title",
    "number_apart_by_title",
    "price_far_by_title",
    "brand_by_title",
    "code_rest",
    "code_rest_by_title",
    "rarest_left_over",
    "surplus",
    "title_by_contained",
    "short_code_same",
    "brand_missing",
    "mpn_missing",
    "brand_missing_by_title",
    "mpn_missing_by_title",
];

/// One number for each name of [`EVIDENCE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence([f32; EVIDENCE.len()]);

impl Default for Evidence {
    fn default() -> Self {
        Self([0.0; EVIDENCE.len()])
    }
}

impl Evidence {
    /// Sets one; a place past the end is ignored.
    pub fn set(&mut self, at: usize, value: f32) {
        if let Some(place) = self.0.get_mut(at) {
            *place = value;
        }
    }

    /// The numbers, in the order of [`EVIDENCE`].
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// The number of this name.
    pub fn of(&self, name: &str) -> f32 {
        EVIDENCE.iter().position(|known| *known == name).and_then(|at| self.0.get(at)).copied().unwrap_or(0.0)
    }

    /// The sum of the products: log-odds, where one side holds weights.
    pub fn dot(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// Collects the evidence about two records; the same whichever comes first.
    pub fn about(left: &Traits, right: &Traits) -> Self {
        let shared = Shared::of(&left.text, &right.text);
        let codes = Codes::of(left, right);
        let (quantity_same, quantity_apart) = quantities(&left.text, &right.text);
        let (number_same, number_apart) = numbers(&left.text, &right.text);
        let (brand_same, brand_apart, brand_said) = brands(left, right);
        let color = colors(left, right);
        let price = price_ratio(left, right);
        let title = shared.cosine;
        let brand_missing = left.brand.is_none() || right.brand.is_none();
        let mpn_missing = left.mpn_key.is_none() || right.mpn_key.is_none();
        let yes = |is: bool| f32::from(u8::from(is));
        let (mpn_same, mpn_apart) = match (&left.mpn_key, &right.mpn_key) {
            (Some(left), Some(right)) => (yes(left == right), yes(left != right && codes.part == 0.0)),
            _ => (0.0, 0.0),
        };
        let kind = |kind: Kind| matches!(kind, Kind::Accessory | Kind::SparePart);
        let pack_apart = left.pack.unwrap_or(1) != right.pack.unwrap_or(1);
        let far = price.map_or(0.0, |ratio| ratio.min(2.0));
        Self([
            1.0,
            title,
            (title - 0.6).max(0.0),
            (0.35 - title).max(0.0),
            shared.contained,
            (shared.contained - 0.75).max(0.0),
            shared.rare_apart,
            shared.left_over.min(3.0),
            codes.same,
            codes.part,
            codes.near,
            codes.apart,
            yes(codes.missing),
            mpn_same,
            mpn_apart,
            yes(quantity_same),
            yes(quantity_apart),
            yes(number_same),
            yes(number_apart),
            yes(brand_same),
            yes(brand_apart),
            yes(brand_said),
            yes(color == Some(true)),
            yes(color == Some(false)),
            yes(kind(left.kind) != kind(right.kind)),
            yes(pack_apart),
            yes(left.generation.number.is_some()
                && right.generation.number.is_some()
                && left.generation.number != right.generation.number),
            price.map_or(0.0, |ratio| (-4.0 * ratio).exp()),
            far,
            yes(price.is_some()),
            shared.described,
            yes(codes.described),
            codes.same.max(codes.part) * title,
            codes.apart * title,
            yes(codes.missing) * title,
            yes(number_apart) * title,
            far * title,
            yes(brand_same || brand_said) * title,
            codes.rest,
            codes.rest * title,
            shared.rarest,
            shared.surplus.min(4.0),
            title * shared.contained,
            codes.short,
            yes(brand_missing),
            yes(mpn_missing),
            yes(brand_missing) * title,
            yes(mpn_missing) * title,
        ])
    }
}

/// Is one quantity the same on both sides, and is there a unit of which they say different amounts?
fn quantities(left: &Text, right: &Text) -> (bool, bool) {
    let of = |text: &Text| -> Vec<(String, String)> {
        let quantities = text.words.iter().filter(|word| word.sort == Sort::Quantity);
        quantities
            .filter_map(|word| {
                let at = word.text.find(|c: char| c.is_ascii_alphabetic())?;
                word.text.split_at_checked(at).map(|(number, unit)| (unit.to_owned(), number.to_owned()))
            })
            .collect()
    };
    let (mine, theirs) = (of(left), of(right));
    let same = mine.iter().any(|quantity| theirs.contains(quantity));
    let apart = |mine: &[(String, String)], theirs: &[(String, String)]| {
        mine.iter().any(|(unit, _)| {
            let amounts: Vec<&String> = mine.iter().filter(|(other, _)| other == unit).map(|(_, amount)| amount).collect();
            let mut others = theirs.iter().filter(|(other, _)| other == unit).peekable();
            others.peek().is_some() && others.all(|(_, amount)| !amounts.contains(&amount))
        })
    };
    (same, apart(&mine, &theirs))
}

/// Do bare numbers agree, and do both sides have one that the other lacks?
fn numbers(left: &Text, right: &Text) -> (bool, bool) {
    let of =
        |text: &Text| -> Vec<u64> { text.words.iter().filter(|word| word.sort == Sort::Number).map(|word| word.hash).collect() };
    let anywhere = |text: &Text, number: &u64| text.words.binary_search_by_key(number, |word| word.hash).is_ok();
    let (mine, theirs) = (of(left), of(right));
    let same = mine.iter().any(|number| theirs.contains(number));
    let apart = mine.iter().any(|number| !anywhere(right, number)) && theirs.iter().any(|number| !anywhere(left, number));
    (same, apart)
}

/// Is the brand the same, another, or said in the other's text?
fn brands(left: &Traits, right: &Traits) -> (bool, bool, bool) {
    let said = |brand: &str, text: &Text| brand.len() >= 3 && text.letters.contains(brand);
    match (&left.brand, &right.brand) {
        (Some(mine), Some(theirs)) if mine == theirs => (true, false, false),
        (Some(mine), Some(theirs)) => {
            let part = mine.starts_with(theirs.as_str()) || theirs.starts_with(mine.as_str());
            let said = part || said(mine, &right.text) || said(theirs, &left.text);
            (false, !said, said)
        }
        (Some(brand), None) => (false, false, said(brand, &right.text)),
        (None, Some(brand)) => (false, false, said(brand, &left.text)),
        (None, None) => (false, false, false),
    }
}

/// Do the colours agree? None where one side says none, or where only one side's words are understood. Of two that nobody knows, "Solar
/// Flare" is not "Abyss", but "Solar Flare / Black" may be.
pub(super) fn colors(left: &Traits, right: &Traits) -> Option<bool> {
    if let (Some(mine), Some(theirs)) = (&left.color_said, &right.color_said) {
        let shares = mine.split_whitespace().any(|word| theirs.split_whitespace().any(|other| word == other));
        return if mine == theirs { Some(true) } else { (!shares).then_some(false) };
    }
    if left.colors.is_empty() || right.colors.is_empty() {
        return None;
    }
    Some(left.colors.iter().any(|color| right.colors.contains(color)))
}

/// How far the prices are apart: the logarithm of their ratio, where both are of one currency.
pub(super) fn price_ratio(left: &Traits, right: &Traits) -> Option<f32> {
    let (mine, theirs) = (left.price?, right.price?);
    if mine.currency != theirs.currency || mine.minor <= 0 || theirs.minor <= 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a ratio is meant, not an amount")]
    let ratio = (mine.minor as f64 / theirs.minor as f64).ln().abs() as f32;
    Some(ratio)
}
