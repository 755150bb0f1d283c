//! Editing over HTTP: what was read can be sent back, and what cannot be set says so.

use crate::support::{Answer, Server, key};
use beamline::auth::Role;
use beamline::catalog::queries::{Keys, NewProduct, ProductRow, Rules, products_put};
use beamline::db::schema::listings;
use beamline::db::{JsonText, Time};
use diesel::prelude::*;
use reqwest::{Method, header};
use serde_json::{Value, json};

/// Pointer and code of each mistake.
#[track_caller]
fn mistakes(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.problem(422, "invalid");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

fn mistake(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// A product made by hand, with a value of every type that products hold in `values`.
async fn lamp(server: &Server, sku: &str) -> Value {
    let body = json!({
        "brand": "Petzl", "gtin": "3342540846388", "mpn": "E093FA00", "category": "headlamps", "tags": ["light", "camp"],
        "values": {
            "title": {"en": "Lamp", "de": "Lampe"},
            "description": {"en": "<p>Light &amp; bright</p>"},
            "highlights": {"en": ["Light", "Bright"]},
            "model_name": "Tikka",
            "product_kind": "headlamp",
            "flash_modes": ["flashing", "sos"],
            "led_emitter": ["Cree XP-G"],
            "rechargeable": true,
            "pack_quantity": 2,
            "beam_distance_max": {"amount": "130", "unit": "m"},
            "runtime_max": "90 min",
            "operating_temperature": {"min": "-20", "max": "60", "unit": "degC"},
            "ip_rating": "IPX4",
            "battery_options": [{"quantity": 3, "cell": "AAA"}],
            "modes": [{"name": "low", "light_output": "0.5", "runtime": "100", "color": "white"}],
        },
    });
    server.send(Method::PATCH, &format!("/api/v1/products/{sku}"), body).await.expect(201)
}

both_databases! {
    async fn a_product_can_be_sent_back_as_it_was_read(house: House) {
        let server = Server::start(&house).await;
        lamp(&server, "L-1").await;
        let path = "/api/v1/products/L-1";
        let read = server.get(path).await.expect(200);
        assert_eq!(read["values"].as_object().unwrap().len(), 15, "{read}");
        let written = server.send(Method::PATCH, path, read.clone()).await.expect(200);
        for field in ["values", "gtin", "brand", "mpn", "category", "tags", "status", "images", "price"] {
            assert_eq!(written[field], read[field], "{field}");
        }
        for (field, value) in [("sku", json!("L-2")), ("version", json!(99)), ("available", json!(7)),
            ("price", json!({"amount": "1.00", "currency": "EUR"})), ("completeness", json!({"google": 1.0})), ("created_at", json!(null))] {
            let answer = server.send(Method::PATCH, path, json!({field: value})).await;
            assert_eq!(mistakes(&answer), mistake(&format!("/{field}"), "read_only"));
        }
        let answer = server.send(Method::PATCH, path, json!({"images": [{"url": "x"}]})).await;
        assert_eq!(mistakes(&answer), mistake("/images", "not_an_address"));
        let answer = server.send(Method::PATCH, path, json!({"title": {"en": "x"}})).await;
        assert_eq!(mistakes(&answer), mistake("/title", "unknown_field"));
        let answer = server.send(Method::PATCH, path, json!({"values": {"modes": [{}, {"runtime": "-1"}], "pack_quantity": 0}})).await;
        assert_eq!(mistakes(&answer), [mistake("/values/modes/1/runtime", "out_of_range"), mistake("/values/pack_quantity", "out_of_range")].concat());
        assert_eq!(server.get(path).await.expect(200)["values"], read["values"], "a refused edit changes nothing");
        server.send(Method::POST, "/api/v1/products", json!({"sku": null, "brand": "Petzl"})).await.expect(201);
        server.send(Method::PATCH, "/api/v1/products/L-9", json!({"sku": "L-9", "brand": "Petzl"})).await.expect(201);
    }

    async fn no_title_is_said_of_every_locale(house: House) {
        let server = Server::start(&house).await;
        lamp(&server, "L-1").await;
        let path = "/api/v1/products/L-1";
        let read = server.send(Method::PATCH, path, json!({"values": {"title": {"none": true}}})).await.expect(200);
        assert_eq!(read["values"].get("title"), None);
        let read = server.send(Method::PATCH, path, json!({"values": {"title": {"de": "Lampe"}}})).await.expect(200);
        assert_eq!(read["values"]["title"], json!({"de": "Lampe"}));
    }

    async fn a_brand_changes_only_as_it_was_read_and_tells_its_products(house: House) {
        let server = Server::start(&house).await;
        lamp(&server, "L-1").await;
        let path = "/api/v1/brands/petzl";
        let answer = server.get(path).await;
        let (tag, read) = (answer.header("etag"), answer.expect(200));
        let change = |tag: &str, body: Value| Answer::of(server.request(Method::PATCH, path).header(header::IF_MATCH, tag).json(&body));
        change("\"other\"", json!({"name": "PETZL"})).await.problem(412, "precondition_failed");
        let edits = async || server.get("/api/v1/operations?kind=edit&subject=petzl").await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!(change(&tag, read.clone()).await.expect(200), read);
        assert_eq!(edits().await, 0, "nothing changed, so nothing is noted");
        let renamed = change(&tag, json!({"name": "PETZL", "aliases": ["Petzel"]})).await;
        assert_eq!(renamed.expect(200), json!({"code": "petzl", "name": "PETZL", "aliases": ["petzel"]}));
        assert_eq!(edits().await, 1);
        let wait = format!("/api/v1/products/L-1/history?after_change={}", renamed.header("beamline-change"));
        let history = server.get(&wait).await.expect(200);
        // The listings' follower tells in its own time.
        let mut items = history["items"].as_array().unwrap().iter();
        let told = items.find(|entry| entry["kind"] == "product.updated").unwrap();
        assert_eq!(told["data"]["changed"], json!(["brand"]));
        change(&tag, json!({"name": "Petzl"})).await.problem(412, "precondition_failed");
        let answer = server.send(Method::PATCH, path, json!({"aliases": null})).await.expect(200);
        assert_eq!(answer["aliases"], json!([]));
        for (body, expected) in [(json!({"name": null}), mistake("/name", "missing")), (json!({"nmae": "x"}), mistake("/nmae", "invalid")),
            (json!({"code": "other"}), mistake("/code", "read_only"))] {
            assert_eq!(mistakes(&server.send(Method::PATCH, path, body).await), expected);
        }
        let found = server.get(&format!("/api/v1/search?q=petzl&after_change={}", renamed.header("beamline-change"))).await.expect(200);
        assert_eq!(found["items"][0]["brand"], "PETZL", "{found}");
    }

    async fn every_resource_can_be_sent_back_as_it_was_read(house: House) {
        let server = Server::start(&house).await;
        server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"code": "alpine", "name": "A", "currency": "EUR"})).await.expect(201);
        server.send(Method::PATCH, "/api/v1/product-groups/G1", json!({"code": "G1", "title": {"en": "Lamps"}})).await.expect(201);
        server.send(Method::PATCH, "/api/v1/brands/acme", json!({"code": "acme", "name": "Acme"})).await.expect(201);
        for path in ["/api/v1/suppliers/alpine", "/api/v1/product-groups/G1", "/api/v1/brands/acme", "/api/v1/channels/google"] {
            let read = server.get(path).await.expect(200);
            let written = server.send(Method::PATCH, path, read.clone()).await.expect(200);
            assert_eq!(written["code"], read["code"], "{path}");
            let answer = server.send(Method::PATCH, path, json!({"code": "other"})).await;
            assert_eq!(mistakes(&answer), mistake("/code", "read_only"), "{path}");
            assert_eq!(mistakes(&server.send(Method::PATCH, path, json!({"colour": 1})).await)[0].0, "/colour", "{path}");
        }
        let group = server.send(Method::PATCH, "/api/v1/product-groups/G1", json!({"title": null})).await.expect(200);
        assert_eq!(group["title"], json!({}));
        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        let read = server.get("/api/v1/suppliers/alpine").await.expect(200);
        server.send_as(&own, Method::PATCH, "/api/v1/suppliers/alpine", read).await.expect(200);
        server.send_as(&own, Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 1})).await.problem(403, "forbidden");
    }

    async fn a_stock_mistake_names_its_field(house: House) {
        let server = Server::start(&house).await;
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "alpine", "name": "A", "currency": "EUR"})).await.expect(201);
        let line = json!({"supplier": "alpine", "supplier_sku": "none", "on_hand": 1});
        let of = async |body: Value| mistakes(&server.send(Method::PATCH, "/api/v1/stock", body).await);
        assert_eq!(of(line.clone()).await, mistake("/supplier_sku", "unknown_sku"));
        assert_eq!(of(json!([line])).await, mistake("/0/supplier_sku", "unknown_sku"));
        assert_eq!(of(json!({"supplier": "alpine", "supplier_sku": "x", "on_hand": "7"})).await, mistake("/on_hand", "invalid"));
        assert_eq!(of(json!([line, {"supplier": "alpine", "supplier_sku": "x", "on_hand": "7"}])).await, mistake("/1/on_hand", "invalid"));
        assert_eq!(of(json!("seven")).await, mistake("", "invalid"));
    }

    async fn listings_of_a_product_are_told_and_a_channel_sees_its_own(house: House) {
        // Judged before there is anything, and told to nobody: nobody judges it anew while the test looks.
        beamline::channels::follow::catch_up(&house.app).await.unwrap();
        house
            .app
            .db
            .write(|conn| {
                let now = Time(chrono::DateTime::UNIX_EPOCH);
                let product = 1_i64;
                products_put(conn, &[ProductRow { id: product, body: NewProduct::empty("L-1".to_owned(), now)? }], Keys::Any)?;
                for channel in ["google", "shopify"] {
                    diesel::insert_into(listings::table)
                        .values((
                            listings::product_id.eq(product),
                            listings::channel.eq(channel),
                            listings::locale.eq("en"),
                            listings::state.eq("ready"),
                            listings::completeness.eq(900),
                            listings::reasons.eq(JsonText::of(&json!([]))?),
                            listings::row_hash.eq("a.b"),
                            listings::updated_at.eq(now),
                        ))
                        .execute(conn)?;
                }
                Ok(())
            })
            .await
            .unwrap();
        let server = Server::start(&house).await;
        let viewer = key(&house, Role::Viewer, None, None).await;
        let channel = key(&house, Role::Channel, None, Some("google")).await;
        let told = server.get_as(&viewer, "/api/v1/products/L-1/listings").await.expect(200);
        assert_eq!((&told["items"][0]["channel"], &told["items"][1]["channel"], &told["items"][0]["completeness"]), (&json!("google"), &json!("shopify"), &json!(0.9)));
        server.get_as(&viewer, "/api/v1/products/L-2/listings").await.problem(404, "not_found");
        server.get_as(&channel, "/api/v1/products/L-1/listings").await.problem(403, "forbidden");
        assert_eq!(server.get("/api/v1/products/L-1").await.expect(200)["completeness"], json!({"google": 0.9, "shopify": 0.9}));
        let own = server.get_as(&channel, "/api/v1/products/L-1").await.expect(200);
        assert_eq!(own["completeness"], json!({"google": 0.9}));
        let own = server.get_as(&channel, "/api/v1/products").await.expect(200);
        assert_eq!(own["items"][0]["completeness"], json!({"google": 0.9}));
    }

    async fn products_are_priced_by_the_profile_where_nobody_set_the_channel(house: House) {
        let server = Server::start(&house).await;
        let dictionary = house.app.dictionary.clone();
        let price = async || {
            let dictionary = dictionary.clone();
            house.app.db.read(move |conn| Rules::load(conn, &dictionary)).await.unwrap().price.expect("the default channel has a currency")
        };
        let defaults = house.app.channels.get("google").unwrap().defaults.clone();
        let first = price().await;
        assert_eq!((first.currency.code(), first.markup), (defaults.currency.as_str(), defaults.markup));
        server.send(Method::PATCH, "/api/v1/channels/google", json!({"markup": "0.75"})).await.expect(200);
        let second = price().await;
        assert_eq!((second.currency.code(), second.markup.to_string().as_str()), (defaults.currency.as_str(), "0.75"));
    }
}
