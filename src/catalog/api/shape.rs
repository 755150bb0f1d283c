//! What a product looks like outside.

use crate::catalog::picture::{Known, Picture, UPLOADED};
use crate::catalog::queries::Told;
use crate::catalog::{GoldenValue, ProductStatus, ProductView};
use crate::db::{ChangeKind, NewChange};
use crate::dictionary::Dictionary;
use crate::normalize::Value;
use crate::pricing::Money;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A product: the golden record of one sellable SKU.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Stable key.
    #[schema(example = "BL-7Q2M4KD")]
    pub sku: String,
    /// 14-digit GTIN.
    #[schema(required, example = "03342540846388")]
    pub gtin: Option<String>,
    /// Manufacturer's part number.
    #[schema(required)]
    pub mpn: Option<String>,
    /// Brand, in its own spelling.
    #[schema(required, example = "Petzl")]
    pub brand: Option<String>,
    /// Code of its product group.
    #[schema(required)]
    pub group: Option<String>,
    /// Category code.
    #[schema(required, example = "headlamps")]
    pub category: Option<String>,
    /// Where it stands in its life.
    pub status: ProductStatus,
    /// Free words.
    pub tags: Vec<String>,
    /// Golden values by attribute code: text per locale as an object by language tag, measures as amount and unit.
    #[schema(value_type = Object)]
    pub values: serde_json::Value,
    /// Pictures in order.
    pub images: Vec<Image>,
    /// What may be sold.
    pub available: i64,
    /// What the default channel asks for it.
    #[schema(required, value_type = Option<MoneyBody>)]
    pub price: Option<Money>,
    /// How complete it is for each channel, 0 to 1.
    pub completeness: BTreeMap<String, f64>,
    /// Counts catalogue edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its catalogue data last changed.
    pub updated_at: DateTime<Utc>,
}

/// Exact money.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Money)]
pub struct MoneyBody {
    /// A decimal in major units.
    #[schema(example = "29.99")]
    pub amount: String,
    /// ISO 4217 code.
    #[schema(example = "USD")]
    pub currency: String,
}

/// A picture of a product.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ProductImage)]
pub struct Image {
    /// The image's id, once it is kept here.
    #[schema(required)]
    pub id: Option<String>,
    /// Place in the order, from 1.
    pub position: usize,
    /// `main`, `gallery`, `angle`, `lifestyle`, `package`, `dimensions`, `size_chart`, `swatch`.
    pub role: String,
    /// The address that a supplier or a person named; none of one that was uploaded.
    #[schema(required)]
    pub url: Option<String>,
    /// What to say to those who do not see it, by locale.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alt: BTreeMap<String, String>,
    /// Codes of the only channels that get it; all without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Its place among those that a channel gets, from 1, by the channel's code, where it is another than in the list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub positions: BTreeMap<String, u32>,
    /// Does it come from the product's group? Without when not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// `waiting` to be fetched, `ready`, or `unusable`.
    pub state: &'static str,
    /// Pixels of the original, as it is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels of the original, as it is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The image that shows the same and was here first: of pictures that show the same a channel gets one, the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// What was noticed about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Why it is unusable, or could not be had so far: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as a sentence, with what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Image {
    /// Pictures with their places.
    pub fn all(pictures: Vec<Picture>) -> Vec<Self> {
        pictures.into_iter().zip(1..).map(|(picture, position)| Self::of(picture, position)).collect()
    }

    fn of(picture: Picture, position: usize) -> Self {
        let id = picture.image_id().map(str::to_owned);
        let uploaded = picture.url.starts_with(UPLOADED);
        let shown = Self {
            id,
            position,
            role: picture.role,
            url: (!uploaded).then_some(picture.url),
            alt: picture.alt,
            channels: picture.channels,
            positions: picture.positions,
            inherited: picture.inherited,
            state: "waiting",
            ..Self::default()
        };
        match picture.known {
            Known::Nothing => shown,
            Known::Kept(kept) => Self {
                state: "ready",
                width: Some(kept.width),
                height: Some(kept.height),
                same_as: kept.same_as.clone(),
                findings: kept.findings.clone(),
                ..shown
            },
            Known::Later { code, message } => Self { code: Some(code), message: Some(message), ..shown },
            Known::Unusable { code, message } => Self { state: "unusable", code: Some(code), message: Some(message), ..shown },
        }
    }
}

/// In which units measures are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// The dictionary's own.
    #[default]
    Canonical,
    /// What is usual in the United States: ounces, inches, feet.
    Us,
}

impl Product {
    /// Shapes a view; `completeness` is per mille by channel.
    pub fn of(view: ProductView, completeness: BTreeMap<String, i32>, dictionary: &Dictionary, units: Units) -> Self {
        let mut values = view.values;
        if units == Units::Us {
            for value in values.values_mut() {
                if let GoldenValue::One(value) = value {
                    to_us(value, dictionary);
                }
            }
        }
        Self {
            sku: view.sku,
            gtin: view.gtin,
            mpn: view.mpn,
            brand: view.brand,
            group: view.group,
            category: view.category,
            status: view.status,
            tags: view.tags,
            values: serde_json::to_value(&values).unwrap_or_default(),
            images: Image::all(view.images),
            available: view.available,
            price: view.price,
            completeness: completeness.into_iter().map(|(channel, share)| (channel, f64::from(share) / 1000.0)).collect(),
            version: view.version,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

/// Changes that make readers look at products anew, where what they show of `field` is another and nothing of their own.
pub fn seen_anew(products: Vec<Told>, field: &str, operation: &str) -> Vec<NewChange> {
    let change = |(id, sku, version): Told| {
        NewChange::new(ChangeKind::ProductUpdated, &sku, json!({"sku": sku, "version": version, "changed": [field]}))
            .of_product(id)
            .within(operation)
    };
    products.into_iter().map(change).collect()
}

/// Two decimals are finer than any scale that people weigh a lamp on.
const US_DECIMALS: u32 = 2;

fn to_us(value: &mut Value, dictionary: &Dictionary) {
    let target = |unit: &str| dictionary.unit(unit).and_then(|unit| unit.us.clone());
    let convert = |amount: Decimal, from: &str, to: &str| {
        dictionary.convert(amount, from, to).map(|amount| amount.round_dp(US_DECIMALS).normalize())
    };
    match value {
        Value::Measure(measure) => {
            if let Some(unit) = target(&measure.unit)
                && let Some(amount) = convert(measure.amount, &measure.unit, &unit)
            {
                (measure.amount, measure.unit) = (amount, unit);
            }
        }
        Value::Range(range) => {
            if let Some(unit) = target(&range.unit)
                && let (Some(min), Some(max)) = (convert(range.min, &range.unit, &unit), convert(range.max, &range.unit, &unit))
            {
                (range.min, range.max, range.unit) = (min, max, unit);
            }
        }
        _ => {}
    }
}
