//! What we publish comes back: a house's catalogue is published in a shop's format, and a second, fresh house reads the file without a
//! profile. What the format carries has to be there, value for value in canonical units.

use crate::samples::demo;
use crate::support::{House, Server, Upload, counts};
use beamline::db::Backend;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Products by the SKU that the first house gave them.
type Products = BTreeMap<String, Value>;

/// How a value comes back.
enum Carried {
    /// As it was.
    Whole,
    /// The first of these that the product has, with so many decimals of this many units: a file in kilograms with four decimals keeps
    /// tenths of a gram.
    Amount { of: &'static [&'static str], step: i64, decimals: u32 },
    /// Of products in a group, that of one of its members: the format has one place for all of them.
    OfGroup,
    /// Of products in a group, what all members say, or its own where the format has a place for it; else nothing.
    Agreed,
    /// Of products in no group.
    Single,
}

use Carried::{Agreed, Amount, OfGroup, Single, Whole};

/// What a format can carry, and where its file is.
struct Format {
    channel: &'static str,
    file: &'static str,
    carries: &'static [(&'static str, Carried)],
    /// Codes that the format has no word for, and what it says instead, if anything.
    unsaid: &'static [(&'static str, &'static str, Option<&'static str>)],
    /// Are its numbers said in words, in four digits?
    in_words: bool,
    /// Pictures at most, and whether each variant has its own list of them.
    images: (usize, bool),
    /// Does it say how many pieces there are?
    stock: bool,
}

/// One language (that of the channel) in all of them; no status but "active", no modes, features, model name, kind, warranty or year; and
/// of a picture no role but that of the first.
const SHOPIFY: Format = Format {
    channel: "shopify",
    file: "shopify.csv",
    carries: &[
        ("gtin", Whole),
        ("mpn", Whole),
        ("brand", Whole),
        ("category", Whole),
        ("tags", Whole),
        // What Shopify keeps of a product with all its variants.
        ("title", OfGroup),
        ("description", OfGroup),
        ("body_color", Agreed),
        ("light_output_max", Agreed),
        ("beam_distance_max", Agreed),
        ("runtime_max", Agreed),
        ("ip_rating", Agreed),
        // One weight, for the carrier, in whole grams.
        (
            "weight_packaged",
            Amount { of: &["weight_packaged", "weight_with_battery", "weight_without_battery"], step: 1, decimals: 0 },
        ),
    ],
    // Shopify's colours have no camouflage.
    unsaid: &[("body_color", "camo", Some("multicolor"))],
    in_words: false,
    images: (250, false),
    stock: true,
};

/// Of variants no part number; one weight.
const WOOCOMMERCE: Format = Format {
    channel: "woocommerce",
    file: "woocommerce.csv",
    carries: &[
        ("gtin", Whole),
        ("mpn", Single),
        ("brand", Whole),
        ("category", Whole),
        ("tags", Whole),
        ("title", Whole),
        ("description", OfGroup),
        ("body_color", Whole),
        ("light_output_max", Whole),
        ("beam_distance_max", Whole),
        ("runtime_max", Whole),
        ("ip_rating", Whole),
        ("battery_options", Whole),
        ("dim_length", Whole),
        ("dim_width", Whole),
        ("dim_height", Whole),
        ("weight_packaged", Amount { of: &["weight_packaged", "weight_with_battery"], step: 1_000, decimals: 4 }),
    ],
    unsaid: &[("battery_options", "built_in", None), ("battery_options", "proprietary", None)],
    in_words: true,
    images: (50, true),
    stock: true,
};

/// No number of pieces, plain text, eleven pictures, and no single piece as a pack.
const GOOGLE: Format = Format {
    channel: "google",
    file: "google.tsv",
    carries: &[
        ("gtin", Whole),
        ("mpn", Whole),
        ("brand", Whole),
        ("category", Whole),
        ("title", Whole),
        ("description", Whole),
        ("body_color", Whole),
        ("housing_material", Whole),
        ("light_output_max", Whole),
        ("beam_distance_max", Whole),
        ("runtime_max", Whole),
        ("runtime_at_max", Whole),
        ("peak_beam_intensity", Whole),
        ("beam_type", Whole),
        ("light_colors", Whole),
        ("color_temperature", Whole),
        ("cri", Whole),
        ("ip_rating", Whole),
        ("submersion_depth", Whole),
        ("impact_resistance", Whole),
        ("operating_temperature", Whole),
        ("battery_options", Whole),
        ("battery_chemistry", Whole),
        ("battery_capacity", Whole),
        ("battery_energy", Whole),
        ("rechargeable", Whole),
        ("charging_port", Whole),
        ("charging_time", Whole),
        ("weight_without_battery", Whole),
        ("switch_type", Whole),
        ("motion_sensor", Whole),
        ("dim_length", Whole),
        ("dim_width", Whole),
        ("dim_height", Whole),
        ("weight_with_battery", Amount { of: &["weight_with_battery", "weight_without_battery"], step: 1, decimals: 4 }),
        ("weight_packaged", Amount { of: &["weight_packaged", "weight_with_battery"], step: 1, decimals: 4 }),
    ],
    unsaid: &[("battery_options", "built_in", None), ("battery_options", "proprietary", None)],
    in_words: true,
    images: (11, true),
    stock: false,
};

/// A second house on the same kind of database.
async fn second(house: &House) -> House {
    match house.backend() {
        Backend::Sqlite => House::on_sqlite().await,
        Backend::Postgres => House::on_postgres().await.expect("the server that the first house stands on"),
    }
}

/// The file in a fresh house, read without a profile: products by the number that the file gives them, and their offers.
async fn moved(house: &House, file: &str, bytes: Vec<u8>, currency: &str) -> (Products, Products) {
    let server = Server::start(house).await;
    server
        .send(Method::POST, "/api/v1/suppliers", json!({"code": "shop", "name": "Shop", "currency": currency}))
        .await
        .expect(201);
    let import = Upload::new("shop", file, bytes).done(&server).await;
    let [read, created, _, _, rejected, _] = counts(&import);
    assert_eq!((created, rejected), (read, 0), "{file}: {import}");
    server.get_after(&import, "/api/v1/products?limit=1").await;
    house.seen().await;
    let offers = by(&server.all("/api/v1/suppliers/shop/offers").await, "supplier_sku");
    let products = by(&server.all("/api/v1/products").await, "sku");
    let known = offers.iter().map(|(sku, offer)| (sku.clone(), products[offer["product"].as_str().unwrap()].clone())).collect();
    (known, offers)
}

fn by(items: &[Value], member: &str) -> Products {
    items.iter().map(|item| (item[member].as_str().unwrap().to_owned(), item.clone())).collect()
}

/// A value in the channel's language; null where there is none.
fn value<'a>(product: &'a Value, name: &str) -> &'a Value {
    match name {
        "gtin" | "mpn" | "brand" | "category" | "tags" => &product[name],
        "title" | "description" => &product["values"][name]["en"],
        _ => &product["values"][name],
    }
}

/// The value as the format has words for it: text without its markup, codes without those that it does not know.
fn said(format: &Format, product: &Value, name: &str) -> Value {
    let mut value = value(product, name).clone();
    if let ("description", Some(text)) = (name, value.as_str()) {
        let text = regex::Regex::new("<[^>]*>").unwrap().replace_all(text, " ");
        let text =
            text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        return json!(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if let Some(items) = value.as_array_mut() {
        let code = |item: &Value| item.as_str().or(item["cell"].as_str()).map(str::to_owned);
        let unsaid =
            |item: &Value| format.unsaid.iter().find(|(of, unsaid, _)| *of == name && code(item).as_deref() == Some(unsaid));
        items.retain(|item| unsaid(item).is_none_or(|(_, _, instead)| instead.is_some()));
        for item in items.iter_mut() {
            if let Some((_, _, Some(instead))) = unsaid(item) {
                *item = json!(instead);
            }
        }
        if items.is_empty() && name != "tags" {
            return Value::Null;
        }
    }
    if format.in_words {
        for member in ["amount", "min", "max"] {
            if let Some(number) = value[member].as_str().and_then(|number| number.parse().ok()) {
                value[member] = json!(beamline::channels::text::said(number).to_string());
            }
        }
    }
    value
}

fn amount(product: &Value, of: &[&str], step: i64, decimals: u32) -> Option<Decimal> {
    let measure = of.iter().map(|name| value(product, name)).find(|value| !value.is_null())?;
    let amount: Decimal = measure["amount"].as_str().unwrap().parse().unwrap();
    let step = Decimal::from(step);
    Some(((amount / step).round_dp(decimals) * step).normalize())
}

/// Which products belong together, whatever their groups are called.
fn groups(products: &Products) -> BTreeSet<BTreeSet<&str>> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (sku, product) in products {
        if let Some(group) = product["group"].as_str() {
            groups.entry(group).or_default().insert(sku);
        }
    }
    groups.into_values().filter(|members| members.len() > 1).collect()
}

/// Products that a group holds alone.
fn alone(products: &Products) -> usize {
    let groups: Vec<&Value> = products.values().map(|product| &product["group"]).filter(|group| !group.is_null()).collect();
    groups.iter().filter(|group| groups.iter().filter(|other| other == group).count() == 1).count()
}

fn urls(product: &Value) -> Vec<&str> {
    product["images"].as_array().unwrap().iter().map(|image| image["url"].as_str().unwrap()).collect()
}

/// Everything that is not as the format could have carried it.
fn losses(format: &Format, first: &Products, second: &Products, offers: &Products) -> Vec<String> {
    let mut losses = Vec::new();
    for (sku, was) in first {
        let Some(is) = second.get(sku) else {
            losses.push(format!("{sku} did not come back"));
            continue;
        };
        let alone = vec![was];
        let group: Vec<&Value> =
            first.values().filter(|other| !was["group"].is_null() && other["group"] == was["group"]).collect();
        let group = if group.is_empty() { &alone } else { &group };
        let mut lost = |name: &str, was: &Value, is: &Value| losses.push(format!("{sku} {name}: {was} came back as {is}"));
        for (name, how) in format.carries {
            let now = said(format, is, name);
            match how {
                // A text in another language is not what the channel shows: there it wrote one of its own.
                Whole | OfGroup
                    if matches!(*name, "title" | "description") && group.iter().any(|one| value(one, name).is_null()) => {}
                Whole => {
                    let then = said(format, was, name);
                    if then != now && !then.is_null() {
                        lost(name, &then, &now);
                    }
                }
                OfGroup => {
                    let then: Vec<Value> = group.iter().map(|one| said(format, one, name)).collect();
                    if !then.contains(&now) {
                        lost(name, &json!(then), &now);
                    }
                }
                Single if group.len() > 1 => {}
                Single => {
                    let then = said(format, was, name);
                    if then != now {
                        lost(name, &then, &now);
                    }
                }
                Agreed => {
                    let then: Vec<Value> = group.iter().map(|one| said(format, one, name)).collect();
                    let agreed = then.iter().all(|one| *one == then[0]);
                    let own = said(format, was, name);
                    if now != own && (agreed || !now.is_null()) {
                        lost(name, &own, &now);
                    }
                }
                Amount { of, step, decimals } => {
                    let then = amount(was, of, *step, *decimals);
                    let now = amount(is, &[name], 1, 4);
                    if then != now {
                        lost(name, &json!(then), &json!(now));
                    }
                }
            }
        }
        let (then, now) = (urls(was), urls(is));
        let (most, each_its_own) = format.images;
        let kept = &then[..then.len().min(most)];
        let same = if each_its_own || group.len() == 1 {
            kept == now
        } else {
            then.first() == now.first() && kept.iter().all(|url| now.contains(url))
        };
        if !same {
            lost("images", &json!(kept), &json!(now));
        }
        if format.stock && was["available"] != is["available"] {
            lost("available", &was["available"], &is["available"]);
        }
        let price = &offers[sku]["recommended_price"];
        if was["price"] != *price {
            lost("price", &was["price"], price);
        }
    }
    losses
}

async fn comes_back(house: &House, format: &Format) {
    demo(house);
    let server = Server::start_idle(house).await;
    let path = format!("/api/v1/channels/{}", format.channel);
    let settings = json!({
        "enabled": true, "link_template": "https://shop.example.com/p/{sku}", "currency": "USD", "markup": "0.30",
        "price_source": "recommended", "templates": {},
    });
    server.send(Method::PATCH, &path, settings).await.expect(200);
    beamline::channels::follow::catch_up(&house.app).await.unwrap();
    // The command that published the samples has the time of day.
    house.clock.set(chrono::Utc::now() + chrono::TimeDelta::seconds(60));
    let made = server.send(Method::POST, &format!("{path}/publications"), json!({"force": true})).await;
    assert!(made.status.is_success(), "{}", made.text);
    house.seen().await;
    let file = server.get(&format!("/feeds/{}/{}", format.channel, format.file)).await;
    assert_eq!(file.status.as_u16(), 200, "{}", file.text);
    let first = by(&server.all("/api/v1/products").await, "sku");
    assert!(first.len() > 100 && groups(&first).len() > 5, "the samples have products and groups");
    let second_house = second(house).await;
    let (second, offers) = moved(&second_house, format.file, file.text.into_bytes(), "USD").await;
    let losses = losses(format, &first, &second, &offers);
    assert!(losses.is_empty(), "{} losses:\n{}", losses.len(), losses[..losses.len().min(30)].join("\n"));
    assert_eq!(groups(&first), groups(&second));
    assert_eq!(alone(&second), 0, "one variant is no group");
}

both_databases! {
    async fn from_shopify(house: House) {
        comes_back(&house, &SHOPIFY).await;
    }

    async fn from_woocommerce(house: House) {
        comes_back(&house, &WOOCOMMERCE).await;
    }

    async fn from_google(house: House) {
        comes_back(&house, &GOOGLE).await;
    }

    /// Everything comes back but status, and who said what.
    async fn from_our_own_lines(house: House) {
        demo(&house);
        let server = Server::start_idle(&house).await;
        let items = server.all("/api/v1/products").await;
        let lines: String = items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect();
        let first = by(&items, "sku");
        let second_house = second(&house).await;
        let (second, offers) = moved(&second_house, "products.ndjson", lines.into_bytes(), "EUR").await;
        for (sku, was) in &first {
            let is = &second[sku];
            for member in ["gtin", "mpn", "brand", "category", "tags", "values", "images", "available"] {
                assert_eq!(was[member], is[member], "{sku} {member}");
            }
            assert_eq!(was["price"], offers[sku]["recommended_price"], "{sku}");
        }
        assert_eq!(groups(&first), groups(&second));
    }

    async fn lines_of_a_patch_are_a_catalogue(house: House) {
        let lines = concat!(
            r#"{"sku":"P-1","brand":"Petzl","category":"headlamps","gtin":"3342540824539","tags":["trail"],"values":{"title":{"en":"Tikka","de":"Tikka, schwarz"},"#,
            r#""weight_with_battery":{"amount":"3","unit":"oz"},"modes":[{"name":"max","light_output":"350","runtime":"2"}],"rechargeable":false}}"#,
            "\n",
            r#"{"sku":"P-2","values":{"light_output_max":"350 lm","body_color":["black","red"],"weight_with_battery":null,"charging_port":"usb_c"}}"#,
            "\n",
            r#"{"sku":"P-3","values":{"title":{"en":"A lamp"},"light_output_max":{"amount":"-5","unit":"lm"}}}"#,
            "\n",
        );
        let (products, _) = moved(&house, "lines.ndjson", lines.as_bytes().to_vec(), "EUR").await;
        let first = &products["P-1"];
        assert_eq!((&first["gtin"], &first["category"], &first["tags"]), (&json!("03342540824539"), &json!("headlamps"), &json!(["trail"])));
        let values = &first["values"];
        assert_eq!(values["title"], json!({"en": "Tikka", "de": "Tikka, schwarz"}));
        assert_eq!(values["weight_with_battery"], json!({"amount": "85.0486", "unit": "g"}));
        assert_eq!(values["modes"], json!([{"name": "max", "light_output": "350", "runtime": "2"}]));
        assert_eq!(values["rechargeable"], json!(false));
        let values = &products["P-2"]["values"];
        assert_eq!(values["light_output_max"], json!({"amount": "350", "unit": "lm"}));
        assert_eq!((&values["body_color"], &values["charging_port"]), (&json!(["black", "red"]), &json!("usb_c")));
        assert_eq!(values["weight_with_battery"], Value::Null);
        // What is impossible is told, and the rest of the line is taken.
        assert_eq!(products["P-3"]["values"], json!({"title": {"en": "A lamp"}}));
    }

    /// Pictures are files of Akeneo's own store, so that they do not come along.
    async fn from_akeneo(house: House) {
        let file = "sku;categories;enabled;family;parent;groups;brand;ean;name-en_US;name-de_DE;description-en_US-ecommerce;description-de_DE-ecommerce;\
            price-USD;price-EUR;weight;weight-unit;light_output_max;light_output_max-unit;beam_distance_max;beam_distance_max-unit;runtime_max;runtime_max-unit;\
            body_color;ip_rating;rechargeable;picture\n\
            AK-1;headlamps,outdoor;1;headlamps;tikka;;Petzl;3342540824539;Petzl Tikka;Petzl Tikka Stirnlampe;<p>A lamp.</p>;<p>Eine Lampe.</p>;\
            29.99;27.50;0.086;KILOGRAM;350;LUMEN;65;METER;100;HOUR;black,red;IPX4;0;files/a.jpg\n\
            AK-2;headlamps;1;headlamps;tikka;;Petzl;3342540824546;Petzl Tikka blue;;<p>Another.</p>;;;31.00;86;GRAM;350;LUMEN;213;FOOT;6000;MINUTE;blue;IPX4;1;\n\
            AK-3;lanterns;1;lanterns;;;Petzl;;Petzl Lantern;;;;19.00;;;;;;;;;;;;;\n";
        let (products, offers) = moved(&house, "products.csv", file.as_bytes().to_vec(), "CHF").await;
        let first = &products["AK-1"];
        assert_eq!((&first["gtin"], &first["brand"], &first["category"]), (&json!("03342540824539"), &json!("Petzl"), &json!("headlamps")));
        let values = &first["values"];
        assert_eq!(values["title"], json!({"en": "Petzl Tikka", "de": "Petzl Tikka Stirnlampe"}));
        assert_eq!(values["description"], json!({"en": "<p>A lamp.</p>", "de": "<p>Eine Lampe.</p>"}));
        assert_eq!((&values["body_color"], &values["ip_rating"], &values["rechargeable"]), (&json!(["black", "red"]), &json!("IPX4"), &json!(false)));
        let measures = |sku: &str| ["weight_with_battery", "light_output_max", "beam_distance_max", "runtime_max"].map(|name| products[sku]["values"][name]["amount"].as_str().unwrap_or("").to_owned());
        assert_eq!(measures("AK-1"), ["86", "350", "65", "100"]);
        assert_eq!(measures("AK-2"), ["86", "350", "64.9224", "100"]);
        assert_eq!(groups(&products), BTreeSet::from([BTreeSet::from(["AK-1", "AK-2"])]));
        let price = |sku: &str| offers[sku]["recommended_price"].clone();
        assert_eq!((price("AK-1"), price("AK-2")), (json!({"amount": "29.99", "currency": "USD"}), json!({"amount": "31.00", "currency": "EUR"})));
        assert_eq!(products["AK-3"]["category"], "lanterns");
    }
}
