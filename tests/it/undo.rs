//! Undo as a catalogue manager meets it: a mistaken file, edit, stock report or setting goes, what came after it stays, and the undo
//! itself can be undone.

use crate::support::{House, Server, Upload, counts};
use beamline::background;
use beamline::doctor::examine;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Lamps with a title of this kind, a cost and stock.
fn lamps(numbers: std::ops::RangeInclusive<usize>, title: &str, cost: &str, stock: u32) -> String {
    let rows: Vec<String> = numbers.map(|n| format!("L-{n},Fenix,HM{n}R,{title} {n},headlamp,{cost},{stock},{n}0")).collect();
    format!("sku,brand,mpn,title,category,cost,stock,weight\n{}\n", rows.join("\n"))
}

const PROFILE: &str = r#"
name = "lamps"
locale = "en"
currency = "EUR"
[[column]]
from = "sku"
to = "supplier_sku"
[[column]]
from = "brand"
to = "brand"
[[column]]
from = "mpn"
to = "mpn"
[[column]]
from = "title"
to = "title"
[[column]]
from = "cost"
to = "cost"
[[column]]
from = "stock"
to = "on_hand"
[[column]]
from = "weight"
to = "weight_with_battery"
unit = "g"
[fixed]
product_kind = "headlamp"
"#;

async fn import(server: &Server, text: &str, query: &str) -> Value {
    Upload::new("alpine", "lamps.csv", text).profile(PROFILE).query(query).done(server).await
}

/// What a catalogue says, apart from what counts and dates.
async fn catalogue(server: &Server) -> Vec<Value> {
    let mut products = server.all("/api/v1/products").await;
    for product in &mut products {
        let product = product.as_object_mut().unwrap();
        for field in ["version", "created_at", "updated_at", "completeness"] {
            product.remove(field);
        }
    }
    products
}

async fn offers(server: &Server) -> Vec<Value> {
    let mut offers = server.all("/api/v1/suppliers/alpine/offers").await;
    for offer in &mut offers {
        for field in ["updated_at", "created_at"] {
            offer.as_object_mut().unwrap().remove(field);
        }
    }
    offers
}

async fn operation_of(server: &Server, import: &Value) -> String {
    let id = import["id"].as_str().unwrap();
    let list = server.get(&format!("/api/v1/operations?subject={id}")).await.expect(200);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn newest(server: &Server, kind: &str) -> String {
    let list = server.get(&format!("/api/v1/operations?kind={kind}&limit=1")).await.expect(200);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn undo(server: &Server, operation: &str, query: &str) -> Value {
    server.send(Method::POST, &format!("/api/v1/operations/{operation}/undo?{query}"), json!({})).await.expect(200)
}

async fn clean(house: &House) {
    house.seen().await;
    let findings = examine(&house.app, &|_| {}).await.unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

both_databases! {
    async fn an_import_is_taken_back_and_brought_back(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=3, "Lamp", "10.00", 5), "").await;
        let (before, offers_before) = (catalogue(&server).await, offers(&server).await);
        house.clock.set(house.clock.now() + TimeDelta::hours(1));
        let second = import(&server, &lamps(2..=5, "Wrong", "99.00", 7), "").await;
        let (wrong, offers_wrong) = (catalogue(&server).await, offers(&server).await);
        assert_eq!(wrong.len(), 5);
        let operation = operation_of(&server, &second).await;
        house.clock.set(house.clock.now() + TimeDelta::hours(1));

        let rehearsed = undo(&server, &operation, "dry_run=true").await;
        assert_eq!((&rehearsed["conflicts_total"], &rehearsed["undo"], &rehearsed["restored"]["offers"]), (&json!(0), &json!(null), &json!(4)));
        assert_eq!(catalogue(&server).await, wrong, "a dry run writes nothing");

        let done = undo(&server, &operation, "").await;
        assert_eq!((&done["state"], &done["restored"]["offers"], &done["restored"]["levels"]), (&json!("done"), &json!(4), &json!(4)), "{done}");
        assert!(done["walk"].is_null() || !done["walk"].is_string());
        let after = catalogue(&server).await;
        assert_eq!(after[..3], before[..], "what was there is as it was");
        for made in &after[3..] {
            assert_eq!((&made["status"], &made["values"], &made["available"], &made["price"]), (&json!("draft"), &json!({}), &json!(0), &json!(null)), "{made}");
        }
        let now = offers(&server).await;
        assert_eq!(now[..3], offers_before[..]);
        assert!(now[3..].iter().all(|offer| offer["state"] == "gone"));
        clean(&house).await;

        // The undo is an operation and says what it took back.
        let told = server.get(&format!("/api/v1/operations/{operation}")).await.expect(200);
        let second_undo = done["undo"].as_str().unwrap();
        assert_eq!((&told["undone_by"], &told["undoable"]), (&json!(second_undo), &json!(false)));
        let told = server.get(&format!("/api/v1/operations/{second_undo}")).await.expect(200);
        assert_eq!((&told["undoes"], &told["undoable"], &told["kind"], &told["summary"]["state"]), (&json!(operation), &json!(true), &json!("undo"), &json!("done")));
        assert!(told["summary"].get("walk").is_none());
        server.send(Method::POST, &format!("/api/v1/operations/{operation}/undo"), json!({})).await.problem(409, "conflict");

        // Undone itself, everything is as the file said.
        undo(&server, second_undo, "").await;
        assert_eq!(catalogue(&server).await, wrong);
        assert_eq!(offers(&server).await, offers_wrong);
        clean(&house).await;
        // And may be taken back again.
        undo(&server, &operation, "").await;
        assert_eq!(catalogue(&server).await[..3], before[..]);

        // The same file again works, and brings back the same SKUs.
        let again = import(&server, &lamps(2..=5, "Wrong", "99.00", 7), "").await;
        assert_eq!(counts(&again), [4, 0, 4, 0, 0, 0]);
        assert_eq!(catalogue(&server).await, wrong);
        clean(&house).await;
    }

    async fn offers_that_a_full_file_lost_come_back(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=10, "Lamp", "10.00", 5), "mode=full").await;
        let before = catalogue(&server).await;
        let short = import(&server, &lamps(1..=9, "Lamp", "10.00", 5), "mode=full").await;
        assert_eq!(short["gone"], 1);
        assert_eq!(catalogue(&server).await[9]["available"], 0);
        undo(&server, &operation_of(&server, &short).await, "").await;
        assert_eq!(catalogue(&server).await, before);
        let again = import(&server, &lamps(1..=10, "Lamp", "10.00", 5), "mode=full").await;
        assert_eq!(counts(&again), [10, 0, 0, 10, 0, 0], "their hashes came back with them");
        clean(&house).await;
    }

    async fn what_a_later_operation_changed_is_not_overwritten(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=3, "Lamp", "10.00", 5), "").await;
        let wrong = import(&server, &lamps(1..=3, "Wrong", "99.00", 7), "").await;
        let list = "sku,cost\nL-2,50.00\n";
        let upload = Upload::new("alpine", "p.csv", list).query("kind=prices").profile(
            "name = \"prices\"\ncurrency = \"EUR\"\n[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"cost\"\nto = \"cost\"\n");
        let priced = upload.done(&server).await;
        assert_eq!(priced["updated"], 1, "{priced}");
        let later = operation_of(&server, &priced).await;
        let operation = operation_of(&server, &wrong).await;
        let path = format!("/api/v1/operations/{operation}/undo");
        let problem = server.send(Method::POST, &path, json!({})).await.problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "alpine/L-2");
        assert_eq!(server.get(&format!("/api/v1/operations/{operation}")).await.expect(200)["undone_by"], json!(null));
        assert_eq!(catalogue(&server).await[0]["values"]["title"]["en"], "Wrong 1", "nothing was undone");

        let told = undo(&server, &operation, "dry_run=true").await;
        assert_eq!(told["conflicts"], json!([{"subject": "alpine/L-2", "fields": ["cost"], "operation": later}]));
        let done = undo(&server, &operation, "on_conflict=skip").await;
        assert_eq!((&done["conflicts_total"], &done["restored"]["offers"]), (&json!(1), &json!(3)));
        let offers = offers(&server).await;
        assert_eq!((&offers[1]["cost"]["amount"], &offers[0]["cost"]["amount"]), (&json!("50.00"), &json!("10.00")));
        assert_eq!(catalogue(&server).await[1]["values"]["title"]["en"], "Lamp 2");
        clean(&house).await;

        // The price list alone is taken back, too.
        undo(&server, &later, "").await;
        assert_eq!(server.all("/api/v1/suppliers/alpine/offers").await[1]["cost"]["amount"], "99.00");
        clean(&house).await;
    }

    async fn an_edit_is_taken_back_claim_by_claim(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=1, "Lamp", "10.00", 5), "").await;
        let sku = catalogue(&server).await[0]["sku"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/products/{sku}");
        let edit = |body: Value| server.send(Method::PATCH, &path, body);
        // What the supplier says already: nothing changes but who says it.
        edit(json!({"brand": "Fenix"})).await.expect(200);
        let (same, lineage) = (newest(&server, "edit").await, format!("{path}/lineage?field=brand"));
        assert_eq!(server.get(&lineage).await.expect(200)["items"][0]["candidates"].as_array().unwrap().len(), 2);
        undo(&server, &same, "").await;
        assert_eq!(server.get(&lineage).await.expect(200)["items"][0]["candidates"].as_array().unwrap().len(), 1);

        let before = catalogue(&server).await;
        edit(json!({"values": {"title": {"en": "Mine", "de": "Meine"}}, "tags": ["x"], "status": "discontinued"})).await.expect(200);
        let first = newest(&server, "edit").await;
        edit(json!({"values": {"title": {"en": "Better"}}})).await.expect(200);
        let second = newest(&server, "edit").await;
        let problem = server.send(Method::POST, &format!("/api/v1/operations/{first}/undo"), json!({})).await.problem(409, "conflict");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains(&second), "{problem}");
        undo(&server, &first, "on_conflict=skip").await;
        let product = server.get(&path).await.expect(200);
        assert_eq!((&product["values"]["title"], &product["tags"], &product["status"]), (&json!({"en": "Better"}), &json!([]), &json!("active")));
        undo(&server, &second, "").await;
        assert_eq!(server.get(&path).await.expect(200)["values"]["title"], json!({"en": "Mine"}), "what the second took the place of");
        clean(&house).await;
        assert_eq!(before.len(), 1);

        // A product made by hand is a draft without a word.
        server.send(Method::PATCH, "/api/v1/products/H-1", json!({"brand": "Petzl", "values": {"title": {"en": "Hand"}}})).await.expect(201);
        undo(&server, &newest(&server, "edit").await, "").await;
        let product = server.get("/api/v1/products/H-1").await.expect(200);
        assert_eq!((&product["brand"], &product["values"], &product["status"]), (&json!(null), &json!({}), &json!("draft")));
    }

    async fn stock_gets_the_opposite_movement(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=3, "Lamp", "10.00", 5), "").await;
        house.clock.set(house.clock.now() + TimeDelta::hours(1));
        let text = "sku,stock\nL-1,100\nL-2,200\nL-3,300\n";
        let profile = "name = \"stock\"\n[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"stock\"\nto = \"on_hand\"\n";
        let wrong = Upload::new("alpine", "s.csv", text).query("kind=stock").profile(profile).done(&server).await;
        assert_eq!(wrong["updated"], 3, "{wrong}");
        house.clock.set(house.clock.now() + TimeDelta::hours(1));
        server.send(Method::PATCH, "/api/v1/stock", json!({"supplier": "alpine", "supplier_sku": "L-2", "on_hand": 201})).await.expect(200);
        let later = newest(&server, "stock").await;
        let operation = operation_of(&server, &wrong).await;
        let told = undo(&server, &operation, "dry_run=true").await;
        assert_eq!(told["conflicts"], json!([{"subject": "alpine/L-2/default", "fields": ["on_hand"], "operation": later}]));
        undo(&server, &operation, "on_conflict=skip").await;
        let available = async || -> Vec<i64> {
            server.all("/api/v1/products").await.iter().map(|product| product["available"].as_i64().unwrap()).collect()
        };
        assert_eq!(available().await, [5, 201, 5]);
        clean(&house).await;
        undo(&server, &newest(&server, "undo").await, "").await;
        assert_eq!(available().await, [100, 201, 300]);
        clean(&house).await;
        undo(&server, &later, "").await;
        assert_eq!(available().await, [100, 200, 300]);
        clean(&house).await;
    }

    async fn settings_go_back(house: House) {
        let server = Server::start(&house).await;
        let rates = |rate: &str| json!({"items": [{"base": "EUR", "quote": "USD", "rate": rate}]});
        server.send(Method::PUT, "/api/v1/rates", rates("1.10")).await.expect(200);
        server.send(Method::PUT, "/api/v1/rates", rates("11.0")).await.expect(200);
        undo(&server, &newest(&server, "settings").await, "").await;
        assert_eq!(server.get("/api/v1/rates").await.expect(200)["items"][0]["rate"], "1.10");

        let before = server.get("/api/v1/channels/google").await.expect(200);
        server.send(Method::PATCH, "/api/v1/channels/google", json!({"markup": "0.99", "enabled": false})).await.expect(200);
        undo(&server, &newest(&server, "settings").await, "").await;
        let after = server.get("/api/v1/channels/google").await.expect(200);
        assert_eq!((&after["markup"], &after["enabled"]), (&before["markup"], &before["enabled"]));

        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "bivak", "name": "Bivak", "currency": "EUR"})).await.expect(201);
        server.send(Method::PATCH, "/api/v1/suppliers/bivak", json!({"name": "Other", "rank": 3})).await.expect(200);
        undo(&server, &newest(&server, "edit").await, "").await;
        let supplier = server.get("/api/v1/suppliers/bivak").await.expect(200);
        assert_eq!((&supplier["name"], &supplier["rank"]), (&json!("Bivak"), &json!(100)));

        server.send(Method::PATCH, "/api/v1/product-groups/G-1", json!({"title": {"en": "Good"}})).await.expect(201);
        server.send(Method::PATCH, "/api/v1/product-groups/G-1", json!({"title": {"en": "Bad"}})).await.expect(200);
        undo(&server, &newest(&server, "edit").await, "").await;
        assert_eq!(server.get("/api/v1/product-groups/G-1").await.expect(200)["title"], json!({"en": "Good"}));

        server.send(Method::POST, "/api/v1/keys", json!({"name": "k", "role": "viewer"})).await.expect(201);
        let key = newest(&server, "key").await;
        server.send(Method::POST, &format!("/api/v1/operations/{key}/undo"), json!({})).await.problem(409, "not_undoable");
    }

    async fn a_large_import_is_taken_back_by_a_job(house: House) {
        let server = Server::start(&house).await;
        import(&server, &lamps(1..=1_200, "Lamp", "10.00", 5), "").await;
        let before = catalogue(&server).await;
        let wrong = import(&server, &lamps(1..=1_200, "Wrong", "99.00", 7), "").await;
        let operation = operation_of(&server, &wrong).await;
        let path = format!("/api/v1/operations/{operation}/undo");
        let accepted = server.send(Method::POST, &path, json!({})).await;
        assert_eq!(accepted.status.as_u16(), 202, "{}", accepted.text);
        server.send(Method::POST, &path, json!({})).await.problem(409, "conflict");
        let place = accepted.header("location");
        let done = ended(&server, &place).await;
        assert_eq!((&done["summary"]["state"], &done["summary"]["restored"]["offers"]), (&json!("done"), &json!(1_200)), "{done}");
        assert_eq!(done["summary"]["changes_done"], done["summary"]["changes_total"]);
        assert_eq!(catalogue(&server).await, before);
        clean(&house).await;
    }

    async fn a_large_undo_goes_on_where_it_was_stopped(house: House) {
        let server = Server::start_idle(&house).await;
        let mut imports = Vec::new();
        for title in ["Lamp", "Wrong"] {
            let upload = Upload::new("alpine", "lamps.csv", lamps(1..=900, title, "10.00", 5)).profile(PROFILE);
            let id = upload.send_as(&server, &server.admin).await.expect(202)["id"].as_str().unwrap().to_owned();
            beamline::import::run::execute(&house.app, &id).await.unwrap();
            imports.push(json!({"id": id}));
        }
        let operation = operation_of(&server, &imports[1]).await;
        let path = format!("/api/v1/operations/{operation}/undo");
        let report = server.send(Method::POST, &path, json!({})).await.expect(202);
        let undo = report["undo"].as_str().unwrap().to_owned();
        // Its worker dies again and again, somewhere between or within two batches.
        let mut deaths = 0;
        while let Err(_dead) = tokio::time::timeout(Duration::from_millis(40), beamline::undo::run::execute(&house.app, &undo)).await {
            deaths += 1;
            assert!(deaths < 2_000, "it never ends");
        }
        assert!(deaths > 1, "it was never stopped");
        let done = server.get(&format!("/api/v1/operations/{undo}")).await.expect(200);
        assert_eq!((&done["summary"]["state"], &done["summary"]["restored"]["offers"]), (&json!("done"), &json!(900)), "{done}");
        assert!(catalogue(&server).await.iter().all(|product| product["values"]["title"]["en"].as_str().unwrap().starts_with("Lamp")));
    }

    async fn what_is_pruned_is_gone_and_says_so(house: House) {
        let server = Server::start(&house).await;
        let first = import(&server, &lamps(1..=3, "Lamp", "10.00", 5), "").await;
        house.seen().await;
        let old = server.get("/api/v1/events?limit=1").await.expect(200)["next"].as_str().unwrap().to_owned();
        house.clock.set(house.clock.now() + TimeDelta::days(60));
        let second = import(&server, &lamps(1..=3, "Other", "10.00", 5), "").await;
        house.seen().await;
        assert_eq!(background::prune(&house.app).await.unwrap(), 0, "90 days are not over");
        house.clock.set(house.clock.now() + TimeDelta::days(31));
        wait_pruned(&house).await;
        server.get(&format!("/api/v1/events?after={old}")).await.problem(410, "cursor_expired");
        let rest = server.get("/api/v1/events?limit=1000").await.expect(200);
        let items = rest["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|event| event["time"].as_str().unwrap() > "2026-02"), "{rest}");
        let operation = operation_of(&server, &first).await;
        server.send(Method::POST, &format!("/api/v1/operations/{operation}/undo"), json!({})).await.problem(410, "no_longer_kept");
        assert_eq!(server.get(&format!("/api/v1/operations/{operation}")).await.expect(200)["undoable"], false);
        undo(&server, &operation_of(&server, &second).await, "").await;
        assert_eq!(catalogue(&server).await[0]["values"]["title"]["en"], "Lamp 1");
        clean(&house).await;
    }

    async fn an_index_that_the_log_no_longer_reaches_is_built_anew(house: House) {
        let server = Server::start_idle(&house).await;
        let accepted = Upload::new("alpine", "lamps.csv", lamps(1..=3, "Lamp", "10.00", 5)).profile(PROFILE);
        let accepted = accepted.send_as(&server, &server.admin).await.expect(202);
        let id = accepted["id"].as_str().unwrap().to_owned();
        beamline::import::run::execute(&house.app, &id).await.unwrap();
        beamline::search::catch_up(&house.app).await.unwrap();
        // Changes that the index does not see before they are pruned.
        let sku = catalogue(&server).await[0]["sku"].as_str().unwrap().to_owned();
        server.send(Method::PATCH, &format!("/api/v1/products/{sku}"), json!({"values": {"title": {"en": "Zebra lamp"}}})).await.expect(200);
        house.clock.set(house.clock.now() + TimeDelta::days(100));
        server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 5})).await.expect(200);
        wait_pruned(&house).await;
        beamline::search::catch_up(&house.app).await.unwrap();
        let found = server.get("/api/v1/search?q=zebra").await.expect(200);
        assert_eq!(found["items"][0]["sku"], json!(sku), "{found}");
    }
}

async fn wait_pruned(house: &House) {
    house.seen().await;
    let begun = Instant::now();
    while background::prune(&house.app).await.unwrap() == 0 {
        // On PostgreSQL other tests' transactions hold the log back, and the house's own clock may have pruned already.
        if house.app.db.read(beamline::db::retention::watermark).await.unwrap().is_some() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing was pruned");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ended(server: &Server, place: &str) -> Value {
    let begun = Instant::now();
    loop {
        let operation = server.get(place).await.expect(200);
        if !operation["finished_at"].is_null() {
            return operation;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "this undo does not end: {operation}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
