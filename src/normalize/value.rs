//! The nouns: a typed [`Value`], and a [`Claim`], which is a value that says where it came from.
//!
//! Their serde form is the wire form of the API and the stored form in the database, so nothing is converted twice.

mod shape;

pub(crate) use shape::{Object, is_of_value};

use rust_decimal::Decimal;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// A typed value of one attribute (of one locale, where the attribute has text per locale).
///
/// Variants are told apart by their JSON shape; the attribute's type in the dictionary says which one is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A person states that there is no value: `{"none":true}`.
    None(NoValue),
    /// Yes or no.
    Boolean(bool),
    /// A count or year, without unit.
    Integer(i64),
    /// A quantity in the dictionary's canonical unit: `{"amount":"86","unit":"g"}`.
    Measure(Measure),
    /// A closed interval: `{"min":"-20","max":"60","unit":"degC"}`.
    Range(Range),
    /// Alternatives to power the lamp: `[{"quantity":3,"cell":"AAA"}]`.
    Batteries(Vec<BatteryOption>),
    /// One row per light mode.
    Modes(Vec<Mode>),
    /// Pictures of a product as a person wants them: `[{"picture":"https://…","role":"main"}]`.
    Pictures(Vec<PictureChoice>),
    /// Codes of a multi-select, or the items of a text list, in order.
    List(Vec<String>),
    /// Text, a select's code, an IP code, an identifier.
    Text(String),
}

/// See [`Value::None`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoValue {
    /// Always true.
    pub none: bool,
}

/// A quantity; the amount is exact and written as a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The number, in `unit`.
    pub amount: Decimal,
    /// A unit code of `schema/units.toml`, such as `g` or `lm`.
    pub unit: String,
}

/// A closed interval in one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Lower end.
    pub min: Decimal,
    /// Upper end, at least `min`.
    pub max: Decimal,
    /// A unit code of `schema/units.toml`.
    pub unit: String,
}

/// One way to power a lamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatteryOption {
    /// Number of cells.
    pub quantity: u32,
    /// A cell's name as in the dictionary, such as `AAA`, `18650`, `built_in`, `proprietary`.
    pub cell: String,
}

/// One light mode of a lamp, as ANSI/PLATO FL 1 tables list them. Absent numbers are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mode {
    /// `turbo`, `high`, `low`, `sos`; empty when the source names none.
    #[serde(default)]
    pub name: String,
    /// Light output in lumens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light_output: Option<Decimal>,
    /// Run time in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Decimal>,
    /// Beam distance in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beam_distance: Option<Decimal>,
    /// Colour of the light, a code of the attribute `light_colors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// What a person says of one picture of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureChoice {
    /// Its address, or `image:ID` of one that was uploaded.
    pub picture: String,
    /// What it shows; none leaves the supplier's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What to say to those who do not see it, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alt: BTreeMap<String, String>,
    /// Codes of the only channels that get it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Its place among those that a channel gets, from 1, by the channel's code, where it is another than in the list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub positions: BTreeMap<String, u32>,
    /// Not a picture of this product, whatever a supplier says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

impl Value {
    /// A person's statement that the product has no such value.
    pub fn none() -> Self {
        Self::None(NoValue { none: true })
    }

    /// Text of any kind.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A quantity.
    pub fn measure(amount: Decimal, unit: impl Into<String>) -> Self {
        Self::Measure(Measure { amount: amount.normalize(), unit: unit.into() })
    }

    /// The text, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A value with its source: which field it was read from, what stood there, which rule read it and how sure that rule is.
///
/// An offer's claims are one JSON document; who supplied it, which file and which row are the offer's own columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Attribute code of the dictionary.
    pub attribute: String,
    /// BCP 47 tag where the attribute has text per locale, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What was understood.
    pub value: Value,
    /// The text as it stood in the source.
    #[serde(default)]
    pub raw: String,
    /// The column or path it was read from; empty for a fixed value of the profile.
    #[serde(default)]
    pub field: String,
    /// The rule that read it, such as `measure.unit`.
    #[serde(default)]
    pub rule: String,
    /// How sure that rule is, 0 to 100.
    pub confidence: u8,
}

/// A claim as whoever resolves reads it: what is claimed and how surely, without the texts that tell where it came from.
#[derive(Debug, Deserialize)]
pub struct Bare {
    attribute: String,
    #[serde(default)]
    locale: Option<String>,
    value: Value,
    #[serde(default, rename = "raw")]
    _raw: IgnoredAny,
    #[serde(default, rename = "field")]
    _field: IgnoredAny,
    #[serde(default, rename = "rule")]
    _rule: IgnoredAny,
    confidence: u8,
}

impl From<Bare> for Claim {
    fn from(Bare { attribute, locale, value, confidence, .. }: Bare) -> Self {
        Self { attribute, locale, value, raw: String::new(), field: String::new(), rule: String::new(), confidence }
    }
}

/// Claims as they are stored: each a row of its parts in their order, because the parts' names would be half of all that is stored. Both
/// forms are read back as claims.
#[derive(Debug)]
pub struct Compact<'a>(pub &'a [Claim]);

impl<'a> Serialize for Compact<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = |claim: &'a Claim| {
            let Claim { attribute, locale, value, raw, field, rule, confidence } = claim;
            (attribute, locale, value, raw, field, rule, *confidence)
        };
        serializer.collect_seq(self.0.iter().map(parts))
    }
}
