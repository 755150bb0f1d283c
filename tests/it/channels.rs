//! Listings, publications and feeds on both databases, through HTTP.

use crate::support::{House, Server};
use beamline::channels::{follow, publish, queries};
use beamline::db::Conn;
use beamline::db::schema::{brands, product_groups, products};
use beamline::db::{ChangeKind, JsonText, NewChange, Time, changes};
use beamline::each_backend;
use chrono::TimeDelta;
use diesel::prelude::*;
use reqwest::Method;
use serde_json::json;

/// Lamps without offers: listed, and blocked for want of a price.
async fn lamps(house: &House, first: i64, count: i64, group: Option<&'static str>) {
    let now = house.clock.now();
    let work = move |conn: &mut Conn| {
        let time = Time(now);
        let empty = JsonText::of(&json!([]))?;
        each_backend!(conn => {
            diesel::insert_into(brands::table)
                .values((brands::code.eq("nordfjell"), brands::name.eq("Nordfjell"), brands::created_at.eq(time)))
                .on_conflict_do_nothing()
                .execute(conn)?;
            if let Some(group) = group {
                diesel::insert_into(product_groups::table)
                    .values((product_groups::id.eq(1_i64), product_groups::code.eq(group), product_groups::title.eq(&empty),
                        product_groups::pinned.eq(false), product_groups::version.eq(1_i64),
                        product_groups::created_at.eq(time), product_groups::updated_at.eq(time)))
                    .execute(conn)?;
            }
        });
        for id in first..first + count {
            let golden = JsonText::of(&json!({"title": {"en": format!("Lamp {id}")}, "description": {"en": "A lamp."}}))?;
            let images = JsonText::of(&json!([{"url": format!("https://img.example/{id}.jpg"), "role": "main"}]))?;
            let sku = format!("BL-{id}");
            each_backend!(conn => diesel::insert_into(products::table)
                .values((
                    (products::id.eq(id), products::sku.eq(&sku), products::status.eq("active"), products::status_by.eq("import")),
                    (products::brand.eq("nordfjell"), products::mpn.eq(&sku), products::category.eq("headlamps")),
                    (products::group_id.eq(group.map(|_| 1_i64)), products::group_pinned.eq(false), products::title.eq("")),
                    (products::golden.eq(&golden), products::images.eq(&images), products::tags.eq(&empty)),
                    (products::available.eq(5_i64), products::version.eq(1_i64)),
                    (products::created_at.eq(time), products::updated_at.eq(time)),
                ))
                .execute(conn))?;
            let change = NewChange::new(ChangeKind::ProductCreated, sku, json!({})).of_product(id);
            changes::append(conn, now, &[change])?;
        }
        Ok(())
    };
    house.app.db.write(work).await.unwrap();
    house.seen().await;
}

/// One offer for each of these lamps, at 20 EUR.
async fn offers(server: &Server, house: &House, first: i64, count: i64) {
    use beamline::db::schema::offers;
    let made =
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "alpine", "name": "Alpine", "currency": "EUR"})).await;
    made.expect(201);
    let now = house.clock.now();
    let work = move |conn: &mut Conn| {
        let time = Time(now);
        for id in first..first + count {
            each_backend!(conn => diesel::insert_into(offers::table)
                .values((
                    (offers::supplier_id.eq(1_i64), offers::supplier_sku.eq(format!("A-{id}")), offers::product_id.eq(id)),
                    (offers::live.eq(true), offers::row_hash.eq("")),
                    (offers::cost_minor.eq(2_000_i64), offers::cost_currency.eq("EUR")),
                    (offers::import_id.eq("imp"), offers::file.eq("f"), offers::row_number.eq(1_i64)),
                    (offers::created_at.eq(time), offers::updated_at.eq(time)),
                ))
                .execute(conn))?;
            let change = NewChange::new(ChangeKind::OfferChanged, format!("A-{id}"), json!({})).of_product(id);
            changes::append(conn, now, &[change])?;
        }
        Ok(())
    };
    house.app.db.write(work).await.unwrap();
    house.seen().await;
}

both_databases! {
    async fn listings_follow_and_a_feed_is_published(house: House) {
        // No jobs: these lamps were put into the database by hand, and resolving them would find no offers to make them of.
        let server = Server::start_idle(&house).await;
        lamps(&house, 1, 3, None).await;
        lamps(&house, 4, 3, Some("ridge")).await;
        follow::catch_up(&house.app).await.unwrap();
        let read = |state: &'static str| {
            let server = &server;
            async move { server.get(&format!("/api/v1/channels/google/listings?state={state}")).await.expect(200)["items"].clone() }
        };
        let blocked = read("blocked").await;
        let codes: Vec<&str> = blocked[0]["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect();
        assert_eq!((blocked.as_array().unwrap().len(), codes), (6, vec!["no_link", "no_price"]));
        let patch = json!({"link_template": "https://shop.example/{sku}", "currency": "EUR"});
        server.send(Method::PATCH, "/api/v1/channels/google", patch).await.expect(200);
        offers(&server, &house, 1, 6).await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(read("ready").await.as_array().unwrap().len(), 6);
        house.clock.set(house.clock.now() + TimeDelta::seconds(1));
        let made = server.send(Method::POST, "/api/v1/channels/google/publications", json!({})).await.expect(201);
        assert_eq!((&made["state"], &made["added"]), (&json!("published"), &json!(6)));
        let google = house.app.channels.get("google").unwrap();
        let current = publish::current(&house.app, &google, "google.xml").await.unwrap().unwrap();
        assert_eq!(made["id"], current.0.id);
        house.seen().await;
        let diff = server.get("/api/v1/channels/google/diff").await.expect(200);
        assert_eq!((&diff["added"], &diff["unchanged"]), (&json!(0), &json!(6)));
    }

    /// A person who reads "6 blocked: no link" fetches those six, page by page, and nothing else; and sees them go when they are mended.
    async fn listings_are_found_by_reason_and_field(house: House) {
        let server = Server::start_idle(&house).await;
        lamps(&house, 1, 7, None).await;
        follow::catch_up(&house.app).await.unwrap();
        let link = json!({"link_template": "https://shop.example/{gtin}", "currency": "EUR"});
        server.send(Method::PATCH, "/api/v1/channels/google", link).await.expect(200);
        offers(&server, &house, 1, 5).await;
        follow::catch_up(&house.app).await.unwrap();
        let found = async |query: &str| -> Vec<String> {
            let listings = server.all(&format!("/api/v1/channels/google/listings?{query}")).await;
            listings.iter().map(|listing| listing["sku"].as_str().unwrap().to_owned()).collect()
        };
        let skus = |ids: std::ops::RangeInclusive<i64>| ids.map(|id| format!("BL-{id}")).collect::<Vec<_>>();
        let told = server.get("/api/v1/channels/google").await.expect(200);
        let counted = |code: &str| told["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == code).unwrap()["listings"].clone();
        assert_eq!((found("reason=no_link").await, counted("no_link")), (skus(1..=7), json!(7)));
        assert_eq!((found("reason=no_price").await, counted("no_price")), (skus(6..=7), json!(2)));
        assert_eq!(found("field=price").await, skus(6..=7));
        assert_eq!(found("field=link&reason=no_link&state=blocked").await, skus(1..=7));
        assert_eq!(found("field=price&reason=no_link").await, Vec::<String>::new(), "one reason has both");
        assert_eq!(found("reason=no_link&state=ready").await, Vec::<String>::new());
        assert_eq!(found("reason=nonsense").await, Vec::<String>::new());
        let page = server.get("/api/v1/channels/google/listings?reason=no_link&limit=3").await.expect(200);
        let next = page["next"].as_str().unwrap();
        let second = server.get(&format!("/api/v1/channels/google/listings?reason=no_link&limit=3&after={next}")).await.expect(200);
        let of = |page: &serde_json::Value| page["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!((of(&page), of(&second)), (skus(1..=3), skus(4..=6)));

        let link = json!({"link_template": "https://shop.example/{sku}"});
        server.send(Method::PATCH, "/api/v1/channels/google", link).await.expect(200);
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!((found("reason=no_link").await, found("reason=no_price").await), (Vec::new(), skus(6..=7)));
        // Whatever happens to the rows, the doctor sees it and mends it.
        house.app.db.write(|conn| {
            use beamline::db::schema::listing_reasons;
            each_backend!(conn => diesel::delete(listing_reasons::table).execute(conn))?;
            Ok(())
        }).await.unwrap();
        assert!(!house.app.db.read(|conn| queries::counts_agree(conn, "google")).await.unwrap());
        house.app.db.write(|conn| queries::recount(conn, "google")).await.unwrap();
        assert!(house.app.db.read(|conn| queries::counts_agree(conn, "google")).await.unwrap());
        assert_eq!(found("reason=no_price").await, skus(6..=7));
    }

    async fn a_channels_answers_are_noted_together_and_older_words_replace_nothing(house: House) {
        let server = Server::start_idle(&house).await;
        lamps(&house, 1, 3, None).await;
        follow::catch_up(&house.app).await.unwrap();
        let post = async |answers: serde_json::Value| {
            server.send(Method::POST, "/api/v1/channels/google/answers", json!({ "answers": answers })).await.expect(200)
        };
        let noted = post(json!([
            {"sku": "BL-1", "state": "accepted", "at": "2026-01-02T10:00:00Z"},
            {"sku": "BL-9", "state": "live"},
            {"sku": "BL-2", "state": "rejected", "words": [{"code": "E1", "message": "No \"shouting\", please", "field": "title"}], "at": "2026-01-02T10:00:00.123456Z"},
            {"sku": "BL-1", "state": "live", "at": "2026-01-02T11:00:00Z"},
            {"sku": "BL-1", "state": "rejected", "at": "2026-01-02T09:00:00Z"},
        ])).await;
        assert_eq!(noted, json!({"noted": 4, "unknown": ["BL-9"]}));
        let answers = async || -> Vec<serde_json::Value> {
            server.all("/api/v1/channels/google/listings").await.into_iter().map(|listing| listing["answer"].clone()).collect()
        };
        let told = answers().await;
        assert_eq!((&told[0]["state"], &told[0]["at"]), (&json!("live"), &json!("2026-01-02T11:00:00Z")));
        assert_eq!(told[1]["words"], json!([{"code": "E1", "message": "No \"shouting\", please", "field": "title"}]));
        assert_eq!(told[2], json!(null));
        post(json!([
            {"sku": "BL-1", "state": "rejected", "at": "2026-01-02T10:59:59Z"},
            {"sku": "BL-2", "state": "live", "at": "2026-01-02T10:00:00.123456Z"},
        ])).await;
        let told = answers().await;
        assert_eq!((&told[0]["state"], &told[1]["state"]), (&json!("live"), &json!("live")), "the same moment counts, an earlier one does not");
    }

    async fn two_followers_never_lose_a_change(house: House) {
        let second = house.open_again().await;
        for round in 0..5 {
            lamps(&house, round * 10 + 1, 10, None).await;
            let (one, two) = tokio::join!(follow::catch_up(&house.app), follow::catch_up(&second));
            one.unwrap();
            two.unwrap();
        }
        let count = house.app.db.read(|conn| queries::state_counts(conn, "google")).await.unwrap();
        assert_eq!(count.values().sum::<i64>(), 50, "{count:?}");
    }
}
