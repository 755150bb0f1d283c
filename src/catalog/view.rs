//! A product as everybody reads it: the API, the index and the feeds are all made from this one view.

use super::picture::Picture;
use crate::normalize::Value;
use crate::normalize::value::{Object, is_of_value};
use crate::pricing::Money;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// Where a product stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Not complete yet, or held back by a person.
    Draft,
    /// Can be sold.
    Active,
    /// Taken out by a person or a profile's rule.
    Discontinued,
}

impl ProductStatus {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Discontinued => "discontinued",
        }
    }

    /// Reads the stored name; anything unknown is a draft.
    pub fn parse(name: &str) -> Self {
        match name {
            "active" => Self::Active,
            "discontinued" => Self::Discontinued,
            _ => Self::Draft,
        }
    }
}

/// The golden value of one attribute: one value, or one text per locale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GoldenValue {
    /// The value.
    One(Value),
    /// Text by BCP 47 tag.
    PerLocale(BTreeMap<String, Value>),
}

impl<'de> Deserialize<'de> for GoldenValue {
    /// In one pass: the first member of an object tells texts by locale from a value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByShape)
    }
}

struct ByShape;

impl<'de> Visitor<'de> for ByShape {
    type Value = GoldenValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, or texts by locale")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<GoldenValue, E> {
        Ok(GoldenValue::One(Value::Boolean(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<GoldenValue, E> {
        Ok(GoldenValue::One(Value::Integer(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<GoldenValue, E> {
        Value::deserialize(value.into_deserializer()).map(GoldenValue::One)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<GoldenValue, E> {
        Ok(GoldenValue::One(Value::text(value)))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<GoldenValue, A::Error> {
        Value::deserialize(de::value::SeqAccessDeserializer::new(items)).map(GoldenValue::One)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<GoldenValue, A::Error> {
        let (mut object, mut texts) = (Object::default(), BTreeMap::new());
        let mut of_value = false;
        while let Some(name) = map.next_key::<String>()? {
            if texts.is_empty() && is_of_value(&name) {
                of_value = true;
                object.take(&name, &mut map)?;
            } else if of_value {
                return Err(de::Error::custom(format!("unknown field `{name}` of a value")));
            } else {
                texts.insert(name, map.next_value()?);
            }
        }
        if of_value { object.end().map(GoldenValue::One) } else { Ok(GoldenValue::PerLocale(texts)) }
    }
}

/// Golden values by attribute code.
pub type GoldenValues = BTreeMap<String, GoldenValue>;

/// One product with everything readers need.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductView {
    /// Row id; never shown outside.
    pub id: i64,
    /// Stable outside key.
    pub sku: String,
    /// 14 digits.
    pub gtin: Option<String>,
    /// Manufacturer's part number.
    pub mpn: Option<String>,
    /// Brand code.
    pub brand_code: Option<String>,
    /// Brand name.
    pub brand: Option<String>,
    /// Code of its product group.
    pub group: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Where it stands in its life.
    pub status: ProductStatus,
    /// Free words.
    pub tags: Vec<String>,
    /// Golden values, without brand, gtin and mpn, which stand above.
    pub values: GoldenValues,
    /// Pictures in order.
    pub images: Vec<Picture>,
    /// Codes of the suppliers with a live offer.
    pub suppliers: Vec<String>,
    /// What may be sold.
    pub available: i64,
    /// What the default channel asks for it.
    pub price: Option<Money>,
    /// Counts catalogue edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its catalogue data last changed.
    pub updated_at: DateTime<Utc>,
    /// Row id of the product that it was merged into: then nobody finds or buys it.
    pub merged_into: Option<i64>,
}

impl ProductView {
    /// The golden value of an attribute that has no locales.
    pub fn value(&self, attribute: &str) -> Option<&Value> {
        match self.values.get(attribute) {
            Some(GoldenValue::One(value)) => Some(value),
            _ => None,
        }
    }

    /// The text of an attribute in this locale as [`in_language`] picks it; never another language's.
    pub fn text(&self, attribute: &str, locale: &str) -> Option<&str> {
        let GoldenValue::PerLocale(texts) = self.values.get(attribute)? else { return None };
        in_language(texts, locale).and_then(Value::as_text)
    }
}

/// What is there in this locale: exactly, else in its base language (`de` for `de-AT`), else, where the language alone is asked for,
/// in one of its regions (`en-US` for `en`). Never another language's, nor another region's.
pub fn in_language<'a, T>(texts: &'a BTreeMap<String, T>, locale: &str) -> Option<&'a T> {
    let base = locale.split('-').next().unwrap_or(locale);
    let regional = || texts.iter().find(|(tag, _)| base == locale && tag.split('-').next() == Some(base)).map(|(_, text)| text);
    texts.get(locale).or_else(|| texts.get(base)).or_else(regional)
}
