//! Products of our own invention, and a desk to judge them.

mod choosing;
mod feeds;
mod groups;
mod outside;
mod pictures;
mod profiles;
mod publishing;
mod remembering;
mod rules;
mod shapes;
mod texts;

use super::judge::{Batch, ChannelDesk};
use super::load::Channels;
use super::queries::StoredSettings;
use super::readiness::Evaluation;
use crate::catalog::Picture;
use crate::catalog::{GoldenValue, ProductStatus, ProductView};
use crate::dictionary::Dictionary;
use crate::normalize::{BatteryOption, Value};
use crate::pricing::{Money, OfferTerms, Rates};
use chrono::{DateTime, Utc};
use iso_currency::Currency;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

static WORDS: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().unwrap());
static CHANNELS: LazyLock<Channels> = LazyLock::new(|| Channels::load(None).unwrap());

fn now() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn texts(pairs: &[(&str, &str)]) -> GoldenValue {
    GoldenValue::PerLocale(pairs.iter().map(|(tag, text)| ((*tag).to_owned(), Value::text(*text))).collect())
}

fn measure(amount: &str, unit: &str) -> GoldenValue {
    GoldenValue::One(Value::measure(amount.parse().unwrap(), unit))
}

/// A headlamp that lacks nothing.
fn lamp(id: i64, sku: &str, model: &str) -> ProductView {
    let values = BTreeMap::from([
        (
            "title".to_owned(),
            texts(&[("en", &format!("Nordfjell {model} headlamp")), ("de", &format!("Nordfjell {model} Stirnlampe"))]),
        ),
        ("description".to_owned(), texts(&[("en", "<p>Light &amp; bright.</p><ul><li>Red light</li></ul>")])),
        ("model_name".to_owned(), GoldenValue::One(Value::text(model))),
        ("product_kind".to_owned(), GoldenValue::One(Value::text("headlamp"))),
        ("light_output_max".to_owned(), measure("400", "lm")),
        ("beam_distance_max".to_owned(), measure("120.5", "m")),
        ("weight_with_battery".to_owned(), measure("86.4", "g")),
        ("dim_length".to_owned(), measure("62", "mm")),
        ("ip_rating".to_owned(), GoldenValue::One(Value::text("IPX4"))),
        ("rechargeable".to_owned(), GoldenValue::One(Value::Boolean(true))),
        ("body_color".to_owned(), GoldenValue::One(Value::List(vec!["black".to_owned()]))),
        ("housing_material".to_owned(), GoldenValue::One(Value::List(vec!["aluminium".to_owned(), "plastic".to_owned()]))),
        (
            "battery_options".to_owned(),
            GoldenValue::One(Value::Batteries(vec![BatteryOption { quantity: 3, cell: "AAA".to_owned() }])),
        ),
    ]);
    let image = |name: &str| Picture {
        url: format!("https://img.example/{sku}/{name}.jpg"),
        role: "gallery".to_owned(),
        ..Picture::default()
    };
    ProductView {
        id,
        sku: sku.to_owned(),
        gtin: Some("04006381333931".to_owned()),
        mpn: Some(format!("NF-{model}")),
        brand_code: Some("nordfjell".to_owned()),
        brand: Some("Nordfjell".to_owned()),
        group: None,
        category: Some("headlamps".to_owned()),
        status: ProductStatus::Active,
        tags: vec!["hiking".to_owned(), "camp, night".to_owned()],
        values,
        images: vec![image("front"), image("side,1")],
        suppliers: vec!["acme".to_owned()],
        available: 7,
        price: None,
        version: 1,
        created_at: now(),
        updated_at: now(),
        merged_into: None,
    }
}

fn colored(mut lamp: ProductView, group: &str, color: &str) -> ProductView {
    lamp.group = Some(group.to_owned());
    lamp.values.insert("body_color".to_owned(), GoldenValue::One(Value::List(vec![color.to_owned()])));
    lamp
}

fn offer(cost: i64) -> Vec<OfferTerms> {
    let cost = Some(Money { minor: cost, currency: Currency::EUR });
    vec![OfferTerms {
        supplier_rank: 1,
        supplier_code: "acme".to_owned(),
        offer_key: "a".to_owned(),
        live: true,
        in_stock: true,
        cost,
        recommended_price: None,
    }]
}

fn desk_with(channel: &str, settings: serde_json::Value) -> ChannelDesk {
    let rates = Rates([(("EUR".to_owned(), "USD".to_owned()), "1.25".parse().unwrap())].into());
    let stored = StoredSettings { enabled: true, settings, version: 1 };
    ChannelDesk::assemble(&CHANNELS.get(channel).unwrap(), Some(stored), rates).unwrap()
}

fn desk(channel: &str) -> ChannelDesk {
    desk_with(channel, serde_json::json!({ "link_template": "https://shop.example/p/{sku}" }))
}

fn judge_block(desk: &ChannelDesk, block: &[ProductView]) -> Vec<Evaluation> {
    let terms: HashMap<i64, Vec<OfferTerms>> = block.iter().map(|view| (view.id, offer(2_000 + view.id))).collect();
    desk.judge(&Batch { blocks: vec![block.to_vec()], terms, ..Batch::default() }, &*WORDS)
}

fn judge(desk: &ChannelDesk, view: ProductView) -> Evaluation {
    judge_block(desk, &[view]).pop().unwrap()
}

/// The texts of one field of a ready listing.
fn field(desk: &ChannelDesk, evaluation: &Evaluation, name: &str) -> Vec<String> {
    let at = desk.profile.fields.iter().position(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"));
    let row = evaluation.row.as_ref().unwrap_or_else(|| panic!("not ready: {:?}", evaluation.reasons));
    row.cells[at]
        .iter()
        .map(|cell| match cell {
            super::render::Cell::Text(text) => text.clone(),
            super::render::Cell::Parts(parts) => parts.join("|"),
        })
        .collect()
}
