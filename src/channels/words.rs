//! What a feed needs from the dictionary: names and words in exactly the channel's locale, ids, units and the title template.
//!
//! A trait, so that rules can be tested with a dictionary of five words. Nothing here ever answers with another language's text:
//! a word that is missing in the locale is missing in the feed.

use crate::dictionary::{AttributeType, Dictionary};
use crate::normalize::DecimalStyle;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What a missing title is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TitleParts<'a> {
    /// The brand's name.
    pub brand: &'a str,
    /// Model, or the manufacturer's part number.
    pub model: &'a str,
    /// Code of the product kind, where it is known.
    pub kind: Option<&'a str>,
    /// Category code, where it is known; says the kind when that is not.
    pub category: Option<&'a str>,
    /// Lumens, a plain number.
    pub light_output: Option<&'a str>,
}

/// Words and ids.
pub trait Words: Send + Sync {
    /// Name of an attribute.
    fn attribute(&self, attribute: &str, locale: &str) -> Option<&str>;
    /// Does the attribute hold codes of options?
    fn has_options(&self, attribute: &str) -> bool;
    /// May its texts, which carry no locale, be shown in any language? True for codes and names, false for free text.
    fn is_neutral(&self, attribute: &str) -> bool;
    /// Name of an option.
    fn option(&self, attribute: &str, option: &str, locale: &str) -> Option<&str>;
    /// Name of a category.
    fn category(&self, category: &str, locale: &str) -> Option<&str>;
    /// Id of a category in an outside taxonomy.
    fn category_id(&self, category: &str, taxonomy: &str) -> Option<&str>;
    /// How a unit is written.
    fn unit(&self, unit: &str) -> Option<&str>;
    /// An amount in another unit of the same family.
    fn convert(&self, amount: Decimal, from: &str, to: &str) -> Option<Decimal>;
    /// Yes or no.
    fn yes_no(&self, yes: bool, locale: &str) -> Option<&str>;
    /// Are decimals written with a comma?
    fn decimal_comma(&self, locale: &str) -> bool;
    /// Is there an attribute of this code?
    fn is_attribute(&self, attribute: &str) -> bool;
    /// Code of the option that a person may have named by its label.
    fn option_code(&self, attribute: &str, written: &str) -> Option<&str>;
    /// Code of the category that a person may have named by its label.
    fn category_code(&self, written: &str) -> Option<&str>;
    /// An amount in a unit as people write it, in the attribute's canonical unit.
    fn amount(&self, attribute: &str, amount: Decimal, unit: &str) -> Option<Decimal>;
    /// A title put together by the locale's template.
    fn title(&self, parts: &TitleParts, locale: &str) -> Option<String>;
}

/// The text of exactly this locale, its base language, or where a plain language is wanted one of its regions.
pub fn in_locale<'a>(texts: &'a BTreeMap<String, String>, locale: &str) -> Option<&'a str> {
    crate::catalog::in_language(texts, locale).map(String::as_str).filter(|text| !text.is_empty())
}

impl Words for Dictionary {
    fn attribute(&self, attribute: &str, locale: &str) -> Option<&str> {
        in_locale(&self.attribute(attribute)?.label, locale)
    }

    fn has_options(&self, attribute: &str) -> bool {
        let kind = self.attribute(attribute).map(|attribute| attribute.kind);
        matches!(kind, Some(AttributeType::Select | AttributeType::MultiSelect))
    }

    fn is_neutral(&self, attribute: &str) -> bool {
        let kind = self.attribute(attribute).map(|attribute| attribute.kind);
        matches!(kind, Some(AttributeType::Code | AttributeType::Gtin | AttributeType::Reference))
    }

    fn option(&self, attribute: &str, option: &str, locale: &str) -> Option<&str> {
        in_locale(&self.attribute(attribute)?.option(option)?.label, locale)
    }

    fn category(&self, category: &str, locale: &str) -> Option<&str> {
        in_locale(&self.category(category)?.label, locale)
    }

    fn category_id(&self, category: &str, taxonomy: &str) -> Option<&str> {
        self.category(category)?.ids.get(taxonomy).map(String::as_str)
    }

    fn unit(&self, unit: &str) -> Option<&str> {
        self.unit(unit).map(|unit| unit.symbol.as_str())
    }

    fn convert(&self, amount: Decimal, from: &str, to: &str) -> Option<Decimal> {
        self.convert(amount, from, to)
    }

    fn yes_no(&self, yes: bool, locale: &str) -> Option<&str> {
        let words = self.locale(locale)?;
        if yes { words.yes.first() } else { words.no.first() }.map(String::as_str)
    }

    fn decimal_comma(&self, locale: &str) -> bool {
        self.locale(locale).is_some_and(|words| words.decimal == Some(DecimalStyle::Comma))
    }

    fn is_attribute(&self, attribute: &str) -> bool {
        self.attribute(attribute).is_some()
    }

    fn option_code(&self, attribute: &str, written: &str) -> Option<&str> {
        self.option_for(self.attribute(attribute)?, written).map(|option| option.code.as_str())
    }

    fn category_code(&self, written: &str) -> Option<&str> {
        self.category_for(written, None).map(|category| category.code.as_str())
    }

    fn amount(&self, attribute: &str, amount: Decimal, unit: &str) -> Option<Decimal> {
        let canonical = self.attribute(attribute)?.unit.as_deref()?;
        let known = self.unit_in(&self.unit(canonical)?.family, unit)?;
        self.convert(amount, &known.code, canonical)
    }

    fn title(&self, parts: &TitleParts, locale: &str) -> Option<String> {
        let words = self.locale(locale)?;
        let of_category = || self.category(parts.category?)?.kinds.first().map(String::as_str);
        let kind = words.kinds.get(parts.kind.or_else(of_category)?)?;
        let title = words.title.write(parts.brand, parts.model, kind, parts.light_output);
        Some(title).filter(|title| !title.is_empty())
    }
}
