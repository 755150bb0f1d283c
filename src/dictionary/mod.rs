//! The dictionary: what `schema/` says about attributes, units, categories and the words of each locale.
//!
//! It is data. Loaded and checked once at start, embedded in the binary, overridable by a user's folder; a mistake names the
//! file, the key and the line. Nothing here knows a supplier, a channel or a product.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything in `schema/`, checked.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    attributes: BTreeMap<String, Attribute>,
    categories: BTreeMap<String, Category>,
}

/// The type of an attribute's values; it fixes which [`crate::normalize::Value`] is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// One attribute of `schema/attributes.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attribute {
    /// Stable snake_case code.
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
    /// Name per locale; `en` is always there.
    pub label: BTreeMap<String, String>,
}

/// One category of `schema/categories.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Category {
    /// Stable code, such as `headlamps`.
    pub code: String,
    /// Name per locale.
    pub label: BTreeMap<String, String>,
    /// Id in each outside taxonomy, by its name: `google`, `shopify`, `meta`, `hs`.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
}

impl Dictionary {
    /// The attribute of this code.
    pub fn attribute(&self, code: &str) -> Option<&Attribute> {
        self.attributes.get(code)
    }

    /// All attributes, in the order of their file.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.values()
    }

    /// The category of this code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.get(code)
    }

    /// The category that a supplier's words mean.
    pub fn category_for(&self, text: &str, _locale: Option<&str>) -> Option<&Category> {
        self.categories.get(text)
    }

    /// All categories.
    pub fn categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.values()
    }
}
