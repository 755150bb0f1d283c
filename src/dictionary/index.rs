//! Look-ups by folded text, built once.

use super::{Attribute, Brand, Category, LocaleWords, Unit};
use crate::normalize::text::key;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Positions by key; the texts stay with their owners.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Legal forms of companies, as brand keys: what follows a name and is none of it.
    pub(super) legal_forms: HashSet<String>,
    pub(super) attributes: Quick<Option<usize>>,
    pub(super) headers: HashMap<String, usize>,
    pub(super) options: HashMap<String, BTreeMap<String, usize>>,
    pub(super) units: Quick<Option<usize>>,
    /// The units of a spelling, in the file's order: as it is written, and by key.
    spellings: Quick<Vec<Spelt>>,
    spelling_keys: Quick<Vec<Spelt>>,
    families: Quick<Option<u8>>,
    /// Letters that stand for an axis of a body.
    pub(super) axes: Quick<bool>,
    /// Words for a side of a body, as keys.
    pub(super) sides: Quick<bool>,
    pub(super) categories: HashMap<String, usize>,
    pub(super) category_words: HashMap<String, usize>,
    /// Words that mean a category only as the whole of a part.
    category_alone: HashMap<String, usize>,
    brands: HashMap<String, usize>,
    pub(super) words: Words,
}

/// A unit that a spelling leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spelt {
    /// Its family's place among the families.
    pub(crate) family: u8,
    /// Its place among the units.
    pub(crate) unit: u16,
}

/// A map by short texts of ours, quick to look up. What is looked up comes from outside, but only what is ours is kept, so nobody can
/// fill it with texts of one hash.
#[derive(Debug, Clone)]
pub(crate) struct Quick<T> {
    map: HashMap<Box<str>, T, BuildHasherDefault<Fnv>>,
}

impl<T> Default for Quick<T> {
    fn default() -> Self {
        Self { map: HashMap::default() }
    }
}

impl<T: Default> Quick<T> {
    pub(crate) fn get(&self, text: &str) -> Option<&T> {
        self.map.get(text)
    }

    fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn entry(&mut self, text: &str) -> &mut T {
        self.map.entry(text.into()).or_default()
    }
}

/// FNV-1a over whole words: short texts are all that it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        // The map takes its control bits from the top, where short texts leave few.
        self.0 ^ self.0.rotate_left(29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut state = self.0;
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.try_into().map_or(0, u64::from_le_bytes);
            state = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        }
        for byte in chunks.remainder() {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.0 = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The words of every locale together, as keys.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Cells that say nothing.
    pub null: HashSet<String>,
    /// Yes.
    pub yes: HashSet<String>,
    /// No.
    pub no: HashSet<String>,
    /// In stock.
    pub in_stock: HashSet<String>,
    /// Out of stock.
    pub out_of_stock: HashSet<String>,
    /// Stock not known.
    pub unknown_stock: HashSet<String>,
    /// Before a maximum.
    pub up_to: HashSet<String>,
    /// Before a minimum.
    pub at_least: HashSet<String>,
    /// Before a rough figure.
    pub approximately: HashSet<String>,
    /// Between the ends of an interval.
    pub to: HashSet<String>,
    /// Between alternatives.
    pub or: HashSet<String>,
    /// Between parts.
    pub and: HashSet<String>,
    /// Before what is excluded.
    pub not: HashSet<String>,
    /// Between a number and what is counted.
    pub pieces: HashSet<String>,
    /// A fixed power source.
    pub built_in: HashSet<String>,
    /// A maker's own pack.
    pub proprietary: HashSet<String>,
    /// Sizes of variants.
    pub sizes: HashSet<String>,
    /// Mode words to mode codes.
    pub modes: HashMap<String, String>,
    /// Every phrase that limits an amount.
    pub(crate) limits: Quick<Limit>,
    /// First characters of null words that are ASCII, a bit each.
    null_begins: u128,
}

/// How a phrase limits the amount beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a phrase may be several of these in different languages")]
pub(crate) struct Limit {
    pub(crate) up_to: bool,
    pub(crate) at_least: bool,
    pub(crate) approximately: bool,
    pub(crate) per_piece: bool,
    pub(crate) per_pack: bool,
    /// The qualifier of a mode.
    pub(crate) mode: Option<&'static str>,
}

/// Modes that say of which brightness an amount is, and their qualifiers.
const MODE_QUALIFIERS: [(&str, &str); 5] =
    [("turbo", "in_turbo"), ("high", "in_high"), ("medium", "in_medium"), ("low", "in_low"), ("ultralow", "in_ultralow")];

/// Bytes of a cell that may say nothing; a description is not looked up among words.
const LONGEST_NULL: usize = 200;

impl Words {
    fn build(locales: &BTreeMap<String, LocaleWords>) -> Self {
        let mut words = Self::default();
        for locale in locales.values() {
            for (set, list) in [
                (&mut words.null, &locale.null_words),
                (&mut words.yes, &locale.yes),
                (&mut words.no, &locale.no),
                (&mut words.in_stock, &locale.in_stock),
                (&mut words.out_of_stock, &locale.out_of_stock),
                (&mut words.unknown_stock, &locale.unknown_stock),
                (&mut words.up_to, &locale.up_to),
                (&mut words.at_least, &locale.at_least),
                (&mut words.approximately, &locale.approximately),
                (&mut words.to, &locale.to),
                (&mut words.or, &locale.or),
                (&mut words.and, &locale.and),
                (&mut words.not, &locale.not),
                (&mut words.pieces, &locale.pieces),
                (&mut words.built_in, &locale.built_in),
                (&mut words.proprietary, &locale.proprietary),
                (&mut words.sizes, &locale.sizes),
            ] {
                set.extend(list.iter().map(|word| key(word)).filter(|word| !word.is_empty()));
            }
            locale.per_piece.iter().for_each(|word| words.limits.entry(&key(word)).per_piece = true);
            locale.per_pack.iter().for_each(|word| words.limits.entry(&key(word)).per_pack = true);
            for (code, list) in &locale.modes {
                words.modes.extend(list.iter().map(|word| (key(word), code.clone())));
            }
        }
        words.up_to.iter().for_each(|word| words.limits.entry(word).up_to = true);
        words.at_least.iter().for_each(|word| words.limits.entry(word).at_least = true);
        words.approximately.iter().for_each(|word| words.limits.entry(word).approximately = true);
        for (word, code) in &words.modes {
            let qualifier = MODE_QUALIFIERS.iter().find(|(known, _)| known == code).map(|(_, qualifier)| *qualifier);
            if qualifier.is_some() {
                words.limits.entry(word).mode = qualifier;
            }
        }
        for word in &words.null {
            words.null_begins |= word.chars().next().map_or(0, bit);
        }
        words
    }

    /// Does this cell say nothing? Signs alone (`-`, `--`, `?`, `****`) say nothing in every language.
    pub fn is_null(&self, text: &str) -> bool {
        if !text.chars().any(char::is_alphanumeric) {
            return true;
        }
        let first = text.trim_start().chars().next().map_or(0, |c| bit(c.to_ascii_lowercase()));
        if text.is_ascii() && first != 0 && self.null_begins & first == 0 {
            return false;
        }
        text.len() <= LONGEST_NULL && self.null.contains(&key(text))
    }
}

/// The bit of a letter or digit; none of anything else.
fn bit(c: char) -> u128 {
    if c.is_ascii_alphanumeric() { 1_u128.checked_shl(u32::from(c)).unwrap_or(0) } else { 0 }
}

/// Does one of the phrases stand in this key, at word boundaries?
pub(crate) fn holds(text_key: &str, phrases: &HashSet<String>) -> bool {
    phrases.iter().any(|phrase| holds_phrase(text_key, phrase))
}

/// Does the phrase stand in this key, at word boundaries?
pub(crate) fn holds_phrase(text_key: &str, phrase: &str) -> bool {
    if phrase.is_empty() || phrase.len() > text_key.len() {
        return false;
    }
    // Looking only where a word begins is cheaper than any search: thousands of phrases are held against a few words.
    let mut inside_word = false;
    text_key.char_indices().any(|(at, c)| {
        let begins = !std::mem::replace(&mut inside_word, c.is_alphanumeric());
        begins
            && text_key
                .get(at..)
                .and_then(|rest| rest.strip_prefix(phrase))
                .is_some_and(|rest| rest.chars().next().is_none_or(|after| !after.is_alphanumeric()))
    })
}

/// Bytes of a phrase that is looked for inside other text, at most; a longer one is found only as the whole of a cell.
pub(super) const LONGEST_PHRASE: usize = 100;

/// Every part of a key that begins and ends at a word boundary and is no longer than a phrase may be, from left to right: looking each of
/// them up is cheaper than holding all phrases against the text.
pub(crate) fn runs(text_key: &str) -> impl Iterator<Item = &str> {
    let mut inside_word = false;
    let starts = text_key.char_indices().filter(move |(_, c)| !std::mem::replace(&mut inside_word, c.is_alphanumeric()));
    starts.flat_map(move |(start, _)| {
        let rest = text_key.get(start..).unwrap_or_default();
        let ends = rest.char_indices().skip(1).map_while(|(end, c)| (end <= LONGEST_PHRASE).then_some((end, c)));
        let inner = ends.filter(|(_, c)| !c.is_alphanumeric()).map(|(end, _)| end);
        let whole = (rest.len() <= LONGEST_PHRASE).then_some(rest.len());
        inner.chain(whole).filter_map(move |end| rest.get(..end))
    })
}

/// Bytes of a unit's spelling, at most.
const LONGEST_UNIT: usize = 60;

/// A unit's spelling without what people put between its letters: `A•г`, `lb.`, `° C`.
pub(super) fn bare_spelling(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '•' | '·' | '⋅' | '∙' | '*' | '-' | '×' | '\u{200b}'))
        .collect()
}

impl Index {
    /// Builds every look-up; the first key wins where data that was checked still shares one (a unit's `M` and `m`).
    pub(super) fn build(
        attributes: &[Attribute],
        units: &[Unit],
        categories: &[Category],
        brands: &[Brand],
        locales: &BTreeMap<String, LocaleWords>,
    ) -> Self {
        let mut index = Self { words: Words::build(locales), ..Self::default() };
        for (at, attribute) in attributes.iter().enumerate() {
            *index.attributes.entry(&attribute.code) = Some(at);
            let names = std::iter::once(&attribute.code).chain(attribute.label.values()).chain(&attribute.synonyms);
            for name in names {
                index.headers.entry(key(&name.replace('/', " "))).or_insert(at);
            }
            for letter in attribute.cue.iter().flat_map(|cue| &cue.letters) {
                *index.axes.entry(letter) = true;
                if letter.is_ascii() {
                    *index.axes.entry(&letter.to_ascii_lowercase()) = true;
                }
            }
            let sided = attribute.cue.iter().filter(|cue| !cue.letters.is_empty()).flat_map(|cue| &cue.words);
            sided.map(|word| key(word)).filter(|word| !word.contains(' ')).for_each(|word| *index.sides.entry(&word) = true);
            let fallback = attribute.cue.iter().flat_map(|cue| &cue.fallback);
            fallback.filter(|word| word.chars().nth(1).is_none()).for_each(|letter| *index.axes.entry(letter) = true);
            let options = index.options.entry(attribute.code.clone()).or_default();
            for (position, option) in attribute.options.iter().enumerate() {
                let names = std::iter::once(&option.code).chain(option.label.values()).chain(&option.synonyms);
                for name in names {
                    options.entry(key(name)).or_insert(position);
                }
            }
        }
        for (at, unit) in units.iter().enumerate() {
            *index.units.entry(&unit.code) = Some(at);
            let place = index.families.len();
            let family = *index.families.entry(&unit.family).get_or_insert(u8::try_from(place).unwrap_or(u8::MAX));
            let Ok(unit_at) = u16::try_from(at) else { continue };
            let spelt = Spelt { family, unit: unit_at };
            for spelling in std::iter::once(&unit.code).chain([&unit.symbol]).chain(&unit.spellings) {
                let bare = bare_spelling(spelling);
                for known in [index.spelling_keys.entry(&key(&bare)), index.spellings.entry(&bare)] {
                    if !known.iter().any(|other| other.family == family) {
                        known.push(spelt);
                    }
                }
            }
        }
        for (at, category) in categories.iter().enumerate() {
            index.categories.insert(category.code.clone(), at);
            for word in std::iter::once(&category.code).chain(category.label.values()).chain(&category.synonyms) {
                index.category_words.entry(key(word)).or_insert(at);
            }
            for word in &category.alone {
                index.category_alone.entry(key(word)).or_insert(at);
            }
        }
        // What another taxonomy calls a category, where that is one of ours alone.
        for (at, category) in categories.iter().enumerate() {
            for id in category.ids.values() {
                let others = categories.iter().enumerate().filter(|(other, _)| *other != at);
                if !others.flat_map(|(_, other)| other.ids.values()).any(|other| other == id) {
                    index.category_alone.entry(key(id)).or_insert(at);
                }
            }
        }
        for (at, brand) in brands.iter().enumerate() {
            for word in std::iter::once(&brand.name).chain(&brand.aliases) {
                index.brands.entry(brand_key(word)).or_insert(at);
            }
        }
        index
    }

    /// The units that this text spells, one of a family, in the file's order; and whether it is written exactly so.
    pub(super) fn units(&self, text: &str) -> (&[Spelt], bool) {
        if text.len() > LONGEST_UNIT || text.is_empty() {
            return (&[], false);
        }
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'/' | b'"' | b'\'')) {
            if let Some(known) = self.spellings.get(text) {
                return (known, true);
            }
            let mut room = [0_u8; LONGEST_UNIT];
            let Some(room) = room.get_mut(..text.len()) else { return (&[], false) };
            room.copy_from_slice(text.as_bytes());
            room.make_ascii_lowercase();
            let folded = std::str::from_utf8(room).unwrap_or_default();
            return (self.spelling_keys.get(folded).map_or(&[], Vec::as_slice), false);
        }
        let bare = bare_spelling(text);
        match self.spellings.get(&bare) {
            Some(known) => (known, true),
            None => (self.spelling_keys.get(&key(&bare)).map_or(&[], Vec::as_slice), false),
        }
    }

    pub(super) fn unit(&self, family: Option<&str>, text: &str) -> Option<usize> {
        let family = match family {
            None => None,
            Some(name) => Some(self.family(name)?),
        };
        let of = |units: &[Spelt]| {
            units.iter().find(|spelt| family.is_none_or(|family| spelt.family == family)).map(|spelt| usize::from(spelt.unit))
        };
        let (units, exact) = self.units(text);
        of(units).or_else(|| {
            // The exact spelling belongs to other families; this one may know it in another case.
            let bare = if exact { bare_spelling(text) } else { return None };
            of(self.spelling_keys.get(&key(&bare))?)
        })
    }

    pub(super) fn family(&self, name: &str) -> Option<u8> {
        self.families.get(name).copied().flatten()
    }

    pub(super) fn category_for(&self, text: &str) -> Option<usize> {
        let parts: Vec<String> = text
            .split(['>', '|', '/', ';', '»', '›', '\\', '#'])
            .map(key)
            .filter(|part| !part.is_empty() && part.len() <= 200)
            .take(50)
            .collect();
        let whole = |part: &String| self.category_words.get(part).or_else(|| self.category_alone.get(part));
        if let Some(found) = whole(&key(text)) {
            return Some(*found);
        }
        if let Some(found) = parts.iter().rev().find_map(whole) {
            return Some(*found);
        }
        // The longest known phrase inside a part, so that "headlamp batteries" is not a headlamp.
        parts.iter().rev().find_map(|part| {
            let inside = self.category_words.iter().filter(|(word, _)| word.len() >= 4 && holds_phrase(part, word));
            inside.max_by_key(|(word, at)| (word.len(), std::cmp::Reverse(**at))).map(|(_, at)| *at)
        })
    }

    /// The one brand whose name or alias differs from this text by one letter behind the first: missing, wrong, too many or swapped.
    pub(super) fn near_brand(&self, text: &str) -> Option<usize> {
        let wanted = brand_key(text);
        let length = wanted.chars().count();
        if !(4..=40).contains(&length) || wanted.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let mut found = None;
        for (known, at) in &self.brands {
            // A first letter is seldom wrong.
            let close = known.chars().next() == wanted.chars().next()
                && known.len() >= 4
                && known.len().abs_diff(wanted.len()) <= 4
                && known.chars().count().abs_diff(length) <= 1;
            if close && strsim::osa_distance(known, &wanted) == 1 {
                if found.is_some_and(|other| other != *at) {
                    return None;
                }
                found = Some(*at);
            }
        }
        found
    }

    pub(super) fn brand(&self, text: &str) -> Option<usize> {
        if let Some(at) = self.brands.get(&brand_key(text)) {
            return Some(*at);
        }
        // "Ledlenser GmbH & Co. KG" is Ledlenser.
        let mut words: Vec<&str> = text.split_whitespace().take(12).collect();
        while words.len() > 1 && words.last().is_some_and(|last| self.legal_forms.contains(&brand_key(last))) {
            words.pop();
            if let Some(at) = self.brands.get(&brand_key(&words.concat())) {
                return Some(*at);
            }
        }
        None
    }
}

/// A brand's key: letters and digits only, so `Led Lenser`, `LED-Lenser` and `Ledlenser` meet.
pub(super) fn brand_key(text: &str) -> String {
    key(text).chars().filter(|c| c.is_alphanumeric()).collect()
}
