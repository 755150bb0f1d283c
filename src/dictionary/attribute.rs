//! One attribute of the dictionary: its type, unit, options, ranges and the names the world gives it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The type of an attribute's values; it fixes which [`crate::normalize::Value`] is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    /// Plain text. With `localized = true`, one per locale.
    Text,
    /// Text that may hold a safe subset of HTML, one per locale.
    RichText,
    /// One of the attribute's options, by code.
    Select,
    /// Several of the attribute's options, by code.
    MultiSelect,
    /// Several plain texts.
    TextList,
    /// Yes or no.
    Boolean,
    /// A whole number without unit.
    Integer,
    /// A quantity in the attribute's unit.
    Measure,
    /// A closed interval in the attribute's unit.
    Range,
    /// A standard's code with its own grammar, such as an IP code.
    Code,
    /// A Global Trade Item Number, 14 digits.
    Gtin,
    /// The name of something that has its own list: a brand.
    Reference,
    /// A list of battery options.
    Batteries,
    /// A table of light modes.
    Modes,
}

/// What a cell that states several quantities means for a measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// Nothing good: the reading is ambiguous.
    #[default]
    Ambiguous,
    /// The largest one counts: light outputs of all modes in one cell.
    Max,
    /// They are the axes of one body, length by width by height.
    Axes,
    /// Of several options the one that stands first in the dictionary: the headlamp before its clip.
    First,
}

/// A closed interval of amounts in the attribute's unit; an open end is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Smallest amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Decimal>,
    /// Largest amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Decimal>,
}

impl Bounds {
    /// Is the amount inside, ends included?
    pub fn contains(&self, amount: Decimal) -> bool {
        self.min.is_none_or(|min| amount >= min) && self.max.is_none_or(|max| amount <= max)
    }
}

/// Phrases by which a text says that it is about this attribute, whatever the column was called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cue {
    /// Letters and signs that stand for it beside an amount: `L`, `Ø`. Where attributes share one, the first that is free takes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<String>,
    /// Letters and phrases of others of the group that mean this one where those are named as well: the depth beside a height.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// Attributes that may be confused with each other share a group, such as `weight`.
    pub group: String,
    /// Written into the reading's qualifiers when a phrase was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// Phrases in any language.
    pub words: Vec<String>,
    /// Phrases that name the attribute and say nothing of its qualifier: "net".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// `words` as keys, made when the dictionary is loaded.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// `names` as keys.
    #[serde(skip)]
    pub name_keys: Vec<String>,
    /// `fallback` as keys.
    #[serde(skip)]
    pub fallback_keys: Vec<String>,
}

/// One choice of a select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectOption {
    /// Stable `snake_case` code; this is what is stored.
    pub code: String,
    /// Name per locale; `en` is always there.
    pub label: BTreeMap<String, String>,
    /// Other spellings seen in the world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
}

/// One attribute of `schema/attributes.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file that people write")]
pub struct Attribute {
    /// Stable `snake_case` code.
    pub code: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// Canonical unit, for `measure` and `range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One text per locale?
    #[serde(default)]
    pub localized: bool,
    /// May products of one group differ in it?
    #[serde(default)]
    pub variant: bool,
    /// Offered as a facet by default?
    #[serde(default)]
    pub facet: bool,
    /// Does the palette of the locale files (`[colors]`) give further words for its options?
    #[serde(default)]
    pub palette: bool,
    /// The text attribute that keeps the supplier's words where they are none of the options: "Solar Flare" is a colour that nobody knows,
    /// and yet another than "Abyss".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words_in: Option<String>,
    /// What several quantities in one cell mean.
    #[serde(default)]
    pub several: Several,
    /// Amounts outside are rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard: Option<Bounds>,
    /// Amounts outside are kept as doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Bounds>,
    /// Other usual bounds, by category code: a searchlight throws farther than a headlamp.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usual_in: BTreeMap<String, Bounds>,
    /// Longest text in characters; longer ones are rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Name per locale; `en` is always there.
    pub label: BTreeMap<String, String>,
    /// Names of columns seen in the world, in any language; used to propose profiles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// See [`Cue`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cue: Option<Cue>,
    /// Qualifiers under which an amount is not what the attribute asks for: an output in the low mode is no maximum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrary: Vec<String>,
    /// Phrases in front of a text that are no part of it: "made in" before a country.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead: Vec<String>,
    /// The choices of a select or multi-select.
    #[serde(default, rename = "option", skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<SelectOption>,
    /// Makers of the parts that a text list names.
    #[serde(default, rename = "maker", skip_serializing_if = "Vec::is_empty")]
    pub makers: Vec<Maker>,
}

/// A maker of parts such as LEDs, and its models. A model belongs to one maker only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// Its own spelling; empty for a kind of part that many make.
    pub name: String,
    /// Other spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// Its models, as it writes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

impl Attribute {
    /// The name in this locale, else in its base language, else in English.
    pub fn label(&self, locale: &str) -> &str {
        label_in(&self.label, locale).unwrap_or(&self.code)
    }

    /// The usual amounts of a product of this category.
    pub fn usual_for(&self, category: Option<&str>) -> Option<Bounds> {
        category.and_then(|category| self.usual_in.get(category)).copied().or(self.usual)
    }

    /// The option of this code.
    pub fn option(&self, code: &str) -> Option<&SelectOption> {
        self.options.iter().find(|option| option.code == code)
    }
}

impl SelectOption {
    /// The name in this locale, else in its base language, else in English.
    pub fn label(&self, locale: &str) -> &str {
        label_in(&self.label, locale).unwrap_or(&self.code)
    }
}

/// Picks a text for a locale: exact tag, base language, English.
pub(crate) fn label_in<'a>(labels: &'a BTreeMap<String, String>, locale: &str) -> Option<&'a str> {
    let base = locale.split(['-', '_']).next().unwrap_or(locale);
    labels.get(locale).or_else(|| labels.get(base)).or_else(|| labels.get("en")).map(String::as_str)
}
