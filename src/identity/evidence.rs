//! What speaks for and against two records being one product, as numbers that a weight is fitted to.
//!
//! Nothing here knows lamps: words, codes, numbers with units, brand, colour and price are what any two offers have.

use super::text::{Text, Word};
use super::traits::{Kind, Traits};
use super::words::Sort;

/// Names of the evidence, as `[weights]` of schema/identity/matching.toml writes them.
pub const EVIDENCE: [&str; 38] = [
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
        ])
    }
}

/// What two texts share.
struct Shared {
    cosine: f32,
    contained: f32,
    /// Both sides have a rare word that the other lacks: the lesser of the two weights.
    rare_apart: f32,
    /// The lesser of the weights that found no partner.
    left_over: f32,
    /// Share of the words without partner that stand in the other's description.
    described: f32,
}

impl Shared {
    fn of(left: &Text, right: &Text) -> Self {
        let (mut mine, mut theirs) = (vec![0.0_f32; left.words.len()], vec![0.0_f32; right.words.len()]);
        same_words(left, right, &mut mine, &mut theirs);
        joined(left, right, &mut mine, &mut theirs);
        joined(right, left, &mut theirs, &mut mine);
        misspelt(left, right, &mut mine, &mut theirs);
        let sums = |words: &[Word], matched: &[f32]| {
            let (mut all, mut squares, mut found, mut found_squares, mut rarest) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
            for (word, matched) in words.iter().zip(matched) {
                all += word.weight;
                squares += word.weight * word.weight;
                found += word.weight * matched;
                found_squares += word.weight * word.weight * matched;
                if *matched == 0.0 {
                    rarest = rarest.max(word.weight);
                }
            }
            (all, squares, found, found_squares, rarest)
        };
        let (all_l, squares_l, found_l, both_l, rarest_l) = sums(&left.words, &mine);
        let (all_r, squares_r, found_r, both_r, rarest_r) = sums(&right.words, &theirs);
        let length = (squares_l * squares_r).sqrt();
        let less = all_l.min(all_r);
        let cosine = if length > 0.0 { ((both_l * both_r).sqrt() / length).min(1.0) } else { 0.0 };
        let contained = if less > 0.0 { ((found_l * found_r).sqrt() / less).min(1.0) } else { 0.0 };
        let described = described(left, right, &mine).max(described(right, left, &theirs));
        Self {
            cosine,
            contained,
            rare_apart: rarest_l.min(rarest_r),
            left_over: (all_l - found_l).min(all_r - found_r).max(0.0),
            described,
        }
    }
}

fn same_words(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    let (mut l, mut r) = (0, 0);
    while let (Some(a), Some(b)) = (left.words.get(l), right.words.get(r)) {
        match a.hash.cmp(&b.hash) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => {
                if let (Some(mine), Some(theirs)) = (mine.get_mut(l), theirs.get_mut(r)) {
                    (*mine, *theirs) = (1.0, 1.0);
                }
                l += 1;
                r += 1;
            }
        }
    }
}

/// `wifi` here is `wi-fi` there.
fn joined(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    for (word, matched) in left.words.iter().zip(mine.iter_mut()).filter(|(_, matched)| **matched == 0.0) {
        let Ok(at) = right.joins.binary_search_by_key(&word.hash, |(whole, ..)| *whole) else { continue };
        let Some((_, first, second)) = right.joins.get(at) else { continue };
        *matched = 1.0;
        for part in [first, second] {
            if let Ok(at) = right.words.binary_search_by_key(part, |word| word.hash)
                && let Some(theirs) = theirs.get_mut(at)
            {
                *theirs = 1.0;
            }
        }
    }
}

/// Letters alone, one of them wrong, or two in a long word.
fn misspelt(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    for (word, matched) in left.words.iter().zip(mine.iter_mut()).filter(|(_, matched)| **matched == 0.0) {
        if word.sort != Sort::Plain || word.text.len() < 5 {
            continue;
        }
        let others = right.words.iter().zip(theirs.iter_mut());
        for (other, theirs) in
            others.filter(|(other, theirs)| **theirs == 0.0 && other.sort == Sort::Plain && other.text.len() >= 4)
        {
            let allowed = if word.text.len().min(other.text.len()) >= 9 { 2 } else { 1 };
            if word.text.len().abs_diff(other.text.len()) <= allowed
                && word.text.bytes().next() == other.text.bytes().next()
                && strsim::osa_distance(&word.text, &other.text) <= allowed
            {
                (*matched, *theirs) = (0.8, 0.8);
                break;
            }
        }
    }
}

fn described(left: &Text, right: &Text, mine: &[f32]) -> f32 {
    if right.more.is_empty() {
        return 0.0;
    }
    let (mut all, mut found) = (0.0_f32, 0.0_f32);
    for (word, _) in left.words.iter().zip(mine).filter(|(_, matched)| **matched == 0.0) {
        all += word.weight;
        if right.more.binary_search(&word.hash).is_ok() {
            found += word.weight;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

/// How the codes of two records relate.
struct Codes {
    same: f32,
    part: f32,
    near: f32,
    apart: f32,
    missing: bool,
    described: bool,
}

impl Codes {
    fn of(left: &Traits, right: &Traits) -> Self {
        let strong = |word: &&Word| word.weight >= 0.4 && word.text.len() >= 4;
        let mine: Vec<&Word> = left.text.codes.iter().filter(strong).collect();
        let theirs: Vec<&Word> = right.text.codes.iter().filter(strong).collect();
        let (mut same, mut near) = (0.0_f32, 0.0_f32);
        for code in &mine {
            for other in &theirs {
                if code.hash == other.hash {
                    same = same.max(code.weight.max(other.weight));
                } else if code.text.len().min(other.text.len()) >= 5 {
                    near = near.max(nearness(&code.text, &other.text));
                }
            }
        }
        let inside = |codes: &[&Word], text: &Text| {
            let found = codes.iter().filter(|code| code.text.len() >= 5 && text.letters.contains(&*code.text));
            found.map(|code| code.weight).fold(0.0_f32, f32::max)
        };
        let part = inside(&mine, &right.text).max(inside(&theirs, &left.text));
        let missing = mine.is_empty() || theirs.is_empty();
        let apart = if missing || same > 0.0 || part > 0.0 {
            0.0
        } else {
            let best = |codes: &[&Word]| codes.iter().map(|code| code.weight).fold(0.0_f32, f32::max);
            best(&mine).min(best(&theirs))
        };
        let told = |codes: &[&Word], text: &Text| codes.iter().any(|code| text.more.binary_search(&code.hash).is_ok());
        let described = same == 0.0 && part == 0.0 && (told(&mine, &right.text) || told(&theirs, &left.text));
        Self { same, part, near: if same > 0.0 || part > 0.0 { 0.0 } else { near }, apart, missing, described }
    }
}

/// Codes that begin alike and end otherwise name variants: `mf209b1` and `mf209bk`.
fn nearness(left: &str, right: &str) -> f32 {
    let alike = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    let less = left.len().min(right.len());
    if alike < 4 || less == 0 {
        return 0.0;
    }
    let share = u8::try_from(alike * 100 / less.max(1)).unwrap_or(100);
    f32::from(share) / 100.0
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

/// Do the colours agree? None where one side says none.
pub(super) fn colors(left: &Traits, right: &Traits) -> Option<bool> {
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
