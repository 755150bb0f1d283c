//! Filter expressions asked of one product: which products a channel carries, and when a field of it is required.
//!
//! The language is that of search ([`crate::filter`]), and a comparison means the same: numbers in the attribute's canonical unit, options
//! and categories by code or by name, IP codes numeral by numeral.

use super::extract::Product;
use super::words::Words;
use crate::catalog::{GoldenValue, ProductView};
use crate::filter::ip::Rating;
use crate::filter::{self, Expr, Fault, Literal, Operator, Record};
use crate::normalize::Value;
use crate::normalize::text::key;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::cmp::Ordering;

/// What can be asked besides attributes.
const BUILT_IN: [&str; 14] = [
    "option",
    "sku",
    "gtin",
    "mpn",
    "brand",
    "category",
    "status",
    "group",
    "supplier",
    "tag",
    "available",
    "price",
    "images",
    "variants",
];

/// An expression about a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Expr);

impl Condition {
    /// Reads an expression; the fault names the character.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        filter::parse(text).map(Self)
    }

    /// Every name must be an attribute or built-in; the first one that is neither is the fault.
    pub fn check(&self, words: &dyn Words) -> Result<(), Fault> {
        let mut wrong = None;
        self.0.visit(&mut |name, _| {
            if wrong.is_none() && !BUILT_IN.contains(&name.text.as_str()) && !words.is_attribute(&name.text) {
                let built_in = BUILT_IN.join(", ");
                let message = format!("there is no attribute '{}'; besides attributes there are {built_in}", name.text);
                wrong = Some(Fault { at: name.at, message });
            }
        });
        wrong.map_or(Ok(()), Err)
    }

    /// Does it hold for the product?
    pub fn holds(&self, product: &Product, words: &dyn Words) -> bool {
        self.0.holds(&Asked { product, words })
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

struct Asked<'a> {
    product: &'a Product<'a>,
    words: &'a dyn Words,
}

impl<'a> Asked<'a> {
    fn view(&self) -> &'a ProductView {
        self.product.view
    }

    /// Texts of a built-in; none where the name is not one of them.
    fn texts(&self, name: &str) -> Option<Vec<&'a str>> {
        let view = self.view();
        let maybe = |text: Option<&'a str>| text.into_iter().collect::<Vec<&str>>();
        Some(match name {
            "option" => self.product.group.options.iter().map(String::as_str).collect(),
            "sku" => vec![view.sku.as_str()],
            "gtin" => maybe(view.gtin.as_deref()),
            "mpn" => maybe(view.mpn.as_deref()),
            "brand" => view.brand.iter().chain(&view.brand_code).map(String::as_str).collect(),
            "category" => maybe(view.category.as_deref()),
            "status" => vec![view.status.as_str()],
            "group" => maybe(view.group.as_deref()),
            "supplier" => view.suppliers.iter().map(String::as_str).collect(),
            "tag" => view.tags.iter().map(String::as_str).collect(),
            _ => return None,
        })
    }

    /// Number of a built-in.
    fn number(&self, name: &str) -> Option<Decimal> {
        match name {
            "available" => Some(self.view().available.into()),
            "variants" => Some(self.product.group.members.into()),
            "images" => Some(self.view().images.len().into()),
            "price" => self.product.price.as_ref().ok().map(|price| price.amount()),
            _ => None,
        }
    }

    fn value_compares(&self, name: &str, value: &Value, operator: Operator, literal: &Literal) -> bool {
        let equal = operator == Operator::Equal;
        let same = |text: &str| {
            let written = written(literal);
            key(text) == key(&written) || self.words.option_code(name, &written).is_some_and(|code| code == text)
        };
        match value {
            Value::None(_) | Value::Modes(_) | Value::Pictures(_) => false,
            Value::Boolean(yes) => equal && boolean(&literal.text) == Some(*yes),
            Value::Integer(number) => self.amount(name, literal).is_some_and(|bound| fits(operator, (*number).into(), bound)),
            Value::Measure(measure) => self.amount(name, literal).is_some_and(|bound| fits(operator, measure.amount, bound)),
            Value::Range(range) => self.amount(name, literal).is_some_and(|bound| match operator {
                Operator::Equal | Operator::NotEqual => range.min <= bound && bound <= range.max,
                Operator::Less | Operator::LessOrEqual => fits(operator, range.min, bound),
                Operator::Greater | Operator::GreaterOrEqual => fits(operator, range.max, bound),
            }),
            Value::Batteries(options) => equal && options.iter().any(|option| key(&option.cell) == key(&literal.text)),
            Value::List(items) => equal && items.iter().any(|item| same(item)),
            Value::Text(text) => match (Rating::parse(text), Rating::parse(&literal.text)) {
                (Some(known), Some(bound)) if !equal => rated(operator, known, bound),
                _ => equal && same(text),
            },
        }
    }

    /// The literal's number in the attribute's canonical unit.
    fn amount(&self, name: &str, literal: &Literal) -> Option<Decimal> {
        let number: Decimal = literal.text.parse().ok()?;
        match &literal.unit {
            Some(unit) => self.words.amount(name, number, unit),
            None => Some(number),
        }
    }
}

impl Record for Asked<'_> {
    fn has(&self, name: &str) -> bool {
        match self.texts(name) {
            Some(texts) => !texts.is_empty(),
            None if BUILT_IN.contains(&name) => self.number(name).is_some(),
            None => match self.view().values.get(name) {
                Some(GoldenValue::One(value)) => !matches!(value, Value::None(_)),
                Some(GoldenValue::PerLocale(texts)) => !texts.is_empty(),
                None => false,
            },
        }
    }

    fn compares(&self, name: &str, operator: Operator, literal: &Literal) -> bool {
        if let Some(texts) = self.texts(name) {
            let written = written(literal);
            let label = |text: &str| name == "category" && self.words.category_code(&written).is_some_and(|code| code == text);
            return operator == Operator::Equal && texts.iter().any(|text| key(text) == key(&written) || label(text));
        }
        if BUILT_IN.contains(&name) {
            let bound: Option<Decimal> = literal.text.parse().ok();
            return self.number(name).zip(bound).is_some_and(|(number, bound)| fits(operator, number, bound));
        }
        match self.view().values.get(name) {
            Some(GoldenValue::One(value)) => self.value_compares(name, value, operator, literal),
            Some(GoldenValue::PerLocale(texts)) => {
                texts.values().any(|value| self.value_compares(name, value, operator, literal))
            }
            None => false,
        }
    }
}

fn written(literal: &Literal) -> String {
    match &literal.unit {
        Some(unit) => format!("{} {unit}", literal.text),
        None => literal.text.clone(),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn fits(operator: Operator, number: Decimal, bound: Decimal) -> bool {
    let order = number.cmp(&bound);
    match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
    }
}

fn rated(operator: Operator, known: Rating, bound: Rating) -> bool {
    match operator {
        Operator::GreaterOrEqual => bound.at_most(known),
        Operator::LessOrEqual => bound.at_least(known),
        Operator::Greater => bound.at_most(known) && !bound.at_least(known),
        Operator::Less => bound.at_least(known) && !bound.at_most(known),
        Operator::Equal | Operator::NotEqual => known == bound,
    }
}
