//! The dictionary: what `schema/` says about attributes, units, categories, brands and the words of each locale.
//!
//! It is data. Loaded and checked once at start, embedded in the binary, overridable by a user's folder; a mistake names the
//! file, the key and the line. Nothing here knows a supplier, a channel or a product.
//!
//! `load` reads and checks, `index` makes the look-ups cheap, and what remains here are the nouns and the questions that
//! can be asked. Every look-up by text goes through [`crate::normalize::text::key`], so case, accents, look-alike letters and
//! punctuation never matter.

mod attribute;
mod error;
mod folder;
mod header;
mod index;
mod load;
mod locale;
mod numerals;
mod pictures;
mod unit;

pub use attribute::{Attribute, AttributeType, Bounds, Cue, Maker, SelectOption, Several};
pub use error::SchemaError;
pub(crate) use error::Source;
pub use header::Header;
pub use index::Words;
pub(crate) use index::{Limit, Spelt, holds, holds_phrase, runs};
pub use locale::{LocaleWords, TitleTemplate};
pub(crate) use numerals::{NumberWord, Numeral, Numerals};
pub use pictures::PictureRules;
pub use unit::{Ratio, Unit};

use crate::normalize::checks::Checks;
use crate::normalize::language::Languages;
use crate::normalize::text::key;
use index::Index;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything in `schema/` but the channels, checked.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    attributes: Vec<Attribute>,
    units: Vec<Unit>,
    categories: Vec<Category>,
    brands: Vec<Brand>,
    currencies: Vec<Currency>,
    locales: BTreeMap<String, LocaleWords>,
    index: Index,
    numerals: Numerals,
    checks: Checks,
    languages: Languages,
    pictures: PictureRules,
    also: BTreeMap<String, Vec<Source>>,
    fingerprint: String,
}

/// One category of `schema/categories.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable code, such as `headlamps`.
    pub code: String,
    /// Name per locale.
    pub label: BTreeMap<String, String>,
    /// Words of suppliers' category paths that mean it, in any language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// Words that mean it only where they stand alone: "accessories", which other trades have too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alone: Vec<String>,
    /// Codes of the attribute `product_kind` that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Id in each outside taxonomy, by its name: `google`, `shopify`, `meta`, `hs`.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
}

/// One brand of `schema/brands.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// The brand's own spelling.
    pub name: String,
    /// Other spellings, old names and misspellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// One currency of `schema/currencies.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: String,
    /// Signs and words beside an amount. One that several currencies share (`kr`, `$`) is decided by the locale.
    pub spellings: Vec<String>,
}

impl Category {
    /// The name in this locale, else in its base language, else in English.
    pub fn label(&self, locale: &str) -> &str {
        attribute::label_in(&self.label, locale).unwrap_or(&self.code)
    }
}

impl Dictionary {
    /// The attribute of this code.
    pub fn attribute(&self, code: &str) -> Option<&Attribute> {
        self.index.attributes.get(code).copied().flatten().and_then(|at| self.attributes.get(at))
    }

    /// All attributes, in the order of their file.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter()
    }

    /// The attribute that a column of this name holds; [`Dictionary::header`] also tells unit and locale.
    pub fn attribute_for(&self, label: &str, locale: Option<&str>) -> Option<&Attribute> {
        let _ = locale; // Keys are the same in every locale; the parameter keeps room for words that are not.
        self.header(label).map(|header| header.attribute)
    }

    /// The option of a select that this text names, by code, label or synonym. Exact but for case, accents and punctuation.
    pub fn option_for<'a>(&self, attribute: &'a Attribute, text: &str) -> Option<&'a SelectOption> {
        let at = self.index.options.get(&attribute.code)?.get(&key(text))?;
        attribute.options.get(*at)
    }

    /// Those of its keys that stand in this text's key at word boundaries, from left to right, each with its option's code; one that
    /// stands there twice comes twice.
    pub fn options_inside<'a>(&'a self, attribute: &'a Attribute, text_key: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let keys = self.index.options.get(&attribute.code);
        runs(text_key).filter_map(move |run| {
            let at = keys?.get(run)?;
            Some((run, attribute.options.get(*at)?.code.as_str()))
        })
    }

    /// Every key that leads to an option of this attribute, with the option's code.
    pub fn option_keys<'a>(&'a self, attribute: &'a Attribute) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.index
            .options
            .get(&attribute.code)
            .into_iter()
            .flatten()
            .filter_map(|(key, at)| attribute.options.get(*at).map(|option| (key.as_str(), option.code.as_str())))
    }

    /// Attributes that may be confused with this one, in file order, itself included; empty when it has no cue.
    pub fn cue_group<'a>(&'a self, attribute: &'a Attribute) -> impl Iterator<Item = (&'a Attribute, &'a Cue)> {
        let group = attribute.cue.as_ref().map(|cue| cue.group.as_str());
        self.attributes
            .iter()
            .filter_map(move |other| other.cue.as_ref().map(|cue| (other, cue)))
            .filter(move |(_, cue)| Some(cue.group.as_str()) == group)
    }

    /// The category of this code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.index.categories.get(code).and_then(|at| self.categories.get(*at))
    }

    /// All categories, in the order of their file.
    pub fn categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter()
    }

    /// The category that a supplier's category text means: a word, or a path such as `Outdoor > Lampen > Stirnlampen`, whose
    /// last known part counts.
    pub fn category_for(&self, text: &str, locale: Option<&str>) -> Option<&Category> {
        let _ = locale; // See `attribute_for`.
        let at = self.index.category_for(text)?;
        self.categories.get(at)
    }

    /// The category that products of this kind (code of `product_kind`) belong to.
    pub fn category_of_kind(&self, kind: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.kinds.iter().any(|known| known == kind))
    }

    /// The unit of this code.
    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.index.units.get(code).copied().flatten().and_then(|at| self.units.get(at))
    }

    /// All units, in the order of their file.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// The unit that this text spells. Where families share a spelling (`m`), the one that stands first in the file.
    pub fn unit_for(&self, text: &str) -> Option<&Unit> {
        self.index.unit(None, text).and_then(|at| self.units.get(at))
    }

    /// The unit of this family that this text spells: `m` is a metre among lengths and a minute among times.
    pub fn unit_in(&self, family: &str, text: &str) -> Option<&Unit> {
        self.index.unit(Some(family), text).and_then(|at| self.units.get(at))
    }

    /// The units of all families that this text spells, in the file's order, and whether it is written exactly so.
    pub(crate) fn units_of(&self, text: &str) -> (&[Spelt], bool) {
        self.index.units(text)
    }

    /// The unit at this place.
    pub(crate) fn unit_at(&self, spelt: Spelt) -> Option<&Unit> {
        self.units.get(usize::from(spelt.unit))
    }

    /// A family's place, for [`Spelt::family`].
    pub(crate) fn family(&self, name: &str) -> Option<u8> {
        self.index.family(name)
    }

    /// Numbers as words.
    pub(crate) fn numerals(&self) -> &Numerals {
        &self.numerals
    }

    /// Converts exactly between two unit codes; none across families or past the decimal's range.
    pub fn convert(&self, amount: Decimal, from: &str, to: &str) -> Option<Decimal> {
        self.unit(from)?.convert(amount, self.unit(to)?)
    }

    /// The words of this locale, else of its base language.
    pub fn locale(&self, tag: &str) -> Option<&LocaleWords> {
        if let Some(words) = self.locales.get(tag) {
            return Some(words);
        }
        let tag = tag.replace('_', "-");
        let base = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let base = if base == "no" || base == "nn" { "nb".to_owned() } else { base };
        self.locales.get(&tag).or_else(|| self.locales.get(&base))
    }

    /// All locales, by tag.
    pub fn locales(&self) -> impl Iterator<Item = &LocaleWords> {
        self.locales.values()
    }

    /// The words of all locales together, for cells whose language is not known.
    pub fn words(&self) -> &Words {
        &self.index.words
    }

    /// The brand of this spelling, by name or alias.
    pub fn brand(&self, text: &str) -> Option<&Brand> {
        self.index.brand(text).and_then(|at| self.brands.get(at))
    }

    /// The one brand that is spelt almost like this text, which is none itself.
    pub(crate) fn near_brand(&self, text: &str) -> Option<&Brand> {
        self.index.near_brand(text).and_then(|at| self.brands.get(at))
    }

    /// Is this the letter of an axis of a body, such as `L`?
    pub(crate) fn is_axis(&self, word: &str) -> bool {
        self.index.axes.get(word).is_some()
    }

    /// Is this the letter or the word of a side of a body?
    pub(crate) fn is_side(&self, word: &str) -> bool {
        self.is_axis(word) || self.index.sides.get(&key(word)).is_some()
    }

    /// All brands, in the order of their file.
    pub fn brands(&self) -> impl Iterator<Item = &Brand> {
        self.brands.iter()
    }

    /// The ISO 4217 code that this sign or word means; where several share it, the locale's own one, else none.
    pub fn currency_for(&self, text: &str, locale: Option<&str>) -> Option<&str> {
        let wanted = key_of_sign(text);
        if wanted.is_empty() {
            return None;
        }
        let spells = |currency: &&Currency| {
            std::iter::once(&currency.code).chain(&currency.spellings).any(|spelling| key_of_sign(spelling) == wanted)
        };
        let found: Vec<&str> = self.currencies.iter().filter(spells).map(|currency| currency.code.as_str()).collect();
        let own = locale.and_then(|tag| self.locale(tag)).map(|words| words.currency.as_str());
        match found.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|code| Some(**code) == own).copied(),
        }
    }

    /// By what a row's values are held against each other.
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// By what the language of a text is found.
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// By what pictures are judged.
    pub fn pictures(&self) -> &PictureRules {
        &self.pictures
    }

    /// The texts of a schema file that somebody else reads, ours first and a user's over it.
    pub(crate) fn texts(&self, path: &str) -> &[Source] {
        self.also.get(path).map_or(&[], Vec::as_slice)
    }

    /// SHA-256 in hex of every schema text that was read. Another value means: derived data must be rebuilt.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// A currency's sign without the dots and spaces around it.
fn key_of_sign(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '.').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
