//! The same lamp from several suppliers, as a catalogue manager meets it: cases, merging and splitting by hand, and taking all of it back.

use crate::support::{Answer, House, Server, Upload};
use beamline::doctor::examine;
use beamline::identity::cases::{self, Suspected, Told};
use reqwest::Method;
use serde_json::{Value, json};

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

/// One lamp of each supplier, which nothing but their titles makes one.
async fn two_suppliers(server: &Server) -> (String, String) {
    lamp(server, "alpine", "A-1,Fenix,Fenix HM65R headlamp,30.00,5,141").await;
    lamp(server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,7,").await;
    (product_of(server, "alpine").await, product_of(server, "lumen").await)
}

async fn lamp(server: &Server, supplier: &str, row: &str) -> Value {
    let file = format!("sku,brand,title,cost,stock,weight\n{row}\n");
    Upload::new(supplier, "lamps.csv", file).profile(PROFILE).done(server).await
}

async fn product_of(server: &Server, supplier: &str) -> String {
    let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
    offers[0]["product"].as_str().unwrap().to_owned()
}

/// What a catalogue says, apart from what counts and dates.
async fn catalogue(server: &Server) -> Vec<Value> {
    let mut products = server.all("/api/v1/products").await;
    for product in &mut products {
        for field in ["version", "updated_at", "completeness"] {
            product.as_object_mut().unwrap().remove(field);
        }
    }
    products
}

async fn clean(house: &House) {
    house.seen().await;
    let findings = examine(&house.app, &|_| {}).await.unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

async fn post(server: &Server, path: &str, body: Value) -> Answer {
    server.send(Method::POST, &format!("/api/v1{path}"), body).await
}

async fn found(house: &House, server: &Server) -> Vec<String> {
    house.seen().await;
    let head = house.app.db.read(beamline::db::changes::head).await.unwrap();
    let found = server.get(&format!("/api/v1/search?q=Fenix&after_change={head}")).await.expect(200);
    let mut skus: Vec<String> =
        found["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect();
    skus.sort();
    skus
}

/// An answer as it is, without going where it points.
async fn without_following(server: &Server, method: Method, path: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.request(method, format!("{}{path}", server.url)).bearer_auth(&server.admin);
    Answer::of(request.header("content-type", "application/merge-patch+json").body("{}")).await
}

/// A case about two products, as whoever compares them opens it; its id.
pub async fn open_case(house: &House, server: &Server, one: &str, other: &str) -> String {
    let (one, other, now) = (one.to_owned(), other.to_owned(), house.clock.now());
    let open = move |conn: &mut beamline::db::Conn| {
        let id = |conn: &mut beamline::db::Conn, sku: &str| {
            beamline::catalog::queries::product_of_sku(conn, sku).map(|product| product.id)
        };
        let reasons = vec![Told::plain("same_model", "model")];
        let suspected = Suspected { one: id(conn, &one)?, other: id(conn, &other)?, score: 870, reasons };
        let told = cases::open(conn, &[suspected], "op_none", now)?;
        beamline::db::changes::append(conn, now, &told)
    };
    house.app.db.write(open).await.unwrap();
    let list = server.get("/api/v1/matches?state=open").await.expect(200);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

both_databases! {
    async fn products_are_merged_by_hand_and_parted_again(house: House) {
        let server = Server::start(&house).await;
        let (kept, gone) = two_suppliers(&server).await;
        assert_ne!(kept, gone);
        let before = catalogue(&server).await;
        server.send(Method::PATCH, &format!("/api/v1/products/{gone}"), json!({"values": {"weight_with_battery": "140 g"}, "tags": ["trail"]})).await.expect(200);
        let said = catalogue(&server).await;

        let answer = post(&server, &format!("/products/{gone}/merge"), json!({"with": [kept]})).await;
        let merged = answer.expect(200);
        let change = answer.header("beamline-change");
        assert_eq!((&merged["sku"], &merged["available"]), (&json!(kept), &json!(12)), "the older SKU stays, with the stock of both: {merged}");
        assert_eq!(merged["values"]["weight_with_battery"]["amount"], "140", "what a person said of the other counts");
        let offers = server.get(&format!("/api/v1/products/{kept}/offers?after_change={change}")).await.expect(200);
        assert_eq!(offers["items"].as_array().unwrap().len(), 2);
        assert_eq!(catalogue(&server).await.len(), 1);
        assert_eq!(found(&house, &server).await, [kept.as_str()]);

        // Whoever knows the other SKU is led on, with what they asked for.
        let led = without_following(&server, Method::GET, &format!("/api/v1/products/{gone}/lineage?field=title")).await;
        assert_eq!(led.problem(308, "merged")["detail"], format!("product {gone} was merged into {kept}; use that one"));
        assert_eq!(led.header("location"), format!("/api/v1/products/{kept}/lineage?field=title"));
        assert_eq!(server.get(&format!("/api/v1/products/{gone}")).await.expect(200)["sku"], kept);
        assert_eq!(without_following(&server, Method::PATCH, &format!("/api/v1/products/{gone}")).await.status, 308);
        for below in ["stock", "price", "history", "images", "listings", "offers"] {
            assert_eq!(without_following(&server, Method::GET, &format!("/api/v1/products/{gone}/{below}")).await.status, 308, "{below}");
        }
        post(&server, &format!("/products/{kept}/merge"), json!({"with": [gone]})).await.problem(422, "invalid");
        clean(&house).await;

        // A new row of the supplier whose product went changes the one that stayed.
        lamp(&server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,1,").await;
        assert_eq!(catalogue(&server).await[0]["available"], 6);
        lamp(&server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,7,").await;

        // Its offer goes home: the same SKU, and all that was said of it.
        let parted = post(&server, &format!("/products/{kept}/split"), json!({"offers": [{"supplier": "lumen", "supplier_sku": "L-1"}]})).await.expect(200);
        assert_eq!((&parted["sku"], &parted["tags"], &parted["status"]), (&json!(gone), &json!(["trail"]), &said[1]["status"]));
        let after = catalogue(&server).await;
        assert_eq!(after[1], said[1]);
        // A person's word about the other was said of this one too when it took its place.
        assert_eq!((&after[0]["available"], &after[0]["tags"]), (&before[0]["available"], &json!(["trail"])));
        let mut both = vec![kept.clone(), gone.clone()];
        both.sort();
        assert_eq!(found(&house, &server).await, both);
        let rejected = server.get("/api/v1/matches?state=rejected").await.expect(200);
        assert_eq!(rejected["items"][0]["reasons"][0]["code"], "split_by_hand");
        clean(&house).await;
    }

    async fn a_merge_and_a_split_are_undone(house: House) {
        let server = Server::start(&house).await;
        let (kept, gone) = two_suppliers(&server).await;
        server.send(Method::PATCH, &format!("/api/v1/products/{gone}"), json!({"tags": ["trail"]})).await.expect(200);
        let before = catalogue(&server).await;
        let newest = async |kind: &str| {
            let list = server.get(&format!("/api/v1/operations?kind={kind}&limit=1")).await.expect(200);
            list["items"][0]["id"].as_str().unwrap().to_owned()
        };
        post(&server, &format!("/products/{kept}/merge"), json!({"with": [gone]})).await.expect(200);
        let merged = catalogue(&server).await;
        let merge = newest("merge").await;
        let told = post(&server, &format!("/operations/{merge}/undo?dry_run=true"), json!({})).await.expect(200);
        assert_eq!((&told["restored"]["offers"], &told["conflicts_total"]), (&json!(1), &json!(0)));
        let undone = post(&server, &format!("/operations/{merge}/undo"), json!({})).await.expect(200);
        assert_eq!(catalogue(&server).await, before);
        assert_eq!(server.get(&format!("/api/v1/products/{gone}")).await.expect(200)["sku"], gone);
        clean(&house).await;
        post(&server, &format!("/operations/{}/undo", undone["undo"].as_str().unwrap()), json!({})).await.expect(200);
        assert_eq!(catalogue(&server).await, merged, "the undo can be undone");
        clean(&house).await;

        let split = json!({"offers": [{"supplier": "alpine", "supplier_sku": "A-1"}]});
        let parted = post(&server, &format!("/products/{kept}/split"), split).await;
        let new = parted.expect(201)["sku"].as_str().unwrap().to_owned();
        assert_eq!(parted.header("location"), format!("/api/v1/products/{new}"));
        assert!(new != kept && new != gone, "its own SKU stays where it founded the product: {new}");
        let operation = newest("split").await;
        post(&server, &format!("/operations/{operation}/undo"), json!({})).await.expect(200);
        let after = catalogue(&server).await;
        assert_eq!(after[0], merged[0]);
        assert_eq!((after.len(), &after[1]["status"], &after[1]["available"]), (2, &json!("draft"), &json!(0)), "what it made stays as a draft, as with an import");
        assert_eq!(server.get("/api/v1/matches?state=rejected").await.expect(200)["items"], json!([]));
        clean(&house).await;
    }

    async fn a_case_is_accepted_rejected_and_reopened(house: House) {
        let server = Server::start(&house).await;
        let (kept, gone) = two_suppliers(&server).await;
        let id = open_case(&house, &server, &gone, &kept).await;
        let case = server.get(&format!("/api/v1/matches/{id}")).await.expect(200);
        assert_eq!((&case["left"]["sku"], &case["right"]["sku"], &case["score"]), (&json!(kept), &json!(gone), &json!(870)));
        assert_eq!(case["left"]["offers"], json!(["alpine/A-1"]));
        let field = |name: &str| case["fields"].as_array().unwrap().iter().find(|field| field["field"] == name).unwrap().clone();
        assert_eq!(field("brand"), json!({"field": "brand", "left": "Fenix", "right": "Fenix", "same": true}));
        assert_eq!(field("weight_with_battery"), json!({"field": "weight_with_battery", "left": {"amount": "141", "unit": "g"}, "right": null, "same": false}));
        house.seen().await;
        let events = server.get("/api/v1/events?limit=1000").await.expect(200);
        assert!(events["items"].as_array().unwrap().iter().any(|event| event["type"] == "match.opened" && event["data"]["match"] == json!(id)), "{events}");

        // Rejected: remembered, and not asked again.
        let rejected = post(&server, &format!("/matches/{id}/reject"), json!({})).await.expect(200);
        assert_eq!((&rejected["state"], rejected["decided_by"].as_str().unwrap().starts_with("key:")), (&json!("rejected"), true));
        post(&server, &format!("/matches/{id}/reject"), json!({})).await.problem(409, "conflict");
        assert_eq!(catalogue(&server).await.len(), 2);
        let undo = |operation: &Value| format!("/operations/{}/undo", operation.as_str().unwrap());
        post(&server, &undo(&rejected["operation"]), json!({})).await.expect(200);
        let reopened = server.get(&format!("/api/v1/matches/{id}")).await.expect(200);
        assert_eq!((&reopened["state"], &reopened["decided_at"], &reopened["operation"]), (&json!("open"), &json!(null), &json!(null)));

        // Accepted: merged, and parted again with the case open.
        let before = catalogue(&server).await;
        let accepted = post(&server, &format!("/matches/{id}/accept"), json!({})).await.expect(200);
        assert_eq!((&accepted["state"], &accepted["left"]["sku"], &accepted["right"]["sku"]), (&json!("accepted"), &json!(kept), &json!(kept)));
        assert_eq!(catalogue(&server).await.len(), 1);
        post(&server, &format!("/matches/{id}/accept"), json!({})).await.problem(409, "conflict");
        post(&server, &format!("/matches/{id}/reject"), json!({})).await.problem(409, "conflict");
        post(&server, &undo(&accepted["operation"]), json!({})).await.expect(200);
        assert_eq!(catalogue(&server).await, before);
        assert_eq!(server.get(&format!("/api/v1/matches/{id}")).await.expect(200)["state"], "open");
        clean(&house).await;
    }

    async fn what_cannot_be_merged_or_split_says_why(house: House) {
        let server = Server::start(&house).await;
        let (kept, gone) = two_suppliers(&server).await;
        let told = |answer: Answer| { let errors = answer.problem(422, "invalid")["errors"].clone(); (errors[0]["pointer"].clone(), errors[0]["code"].clone()) };
        let merge = |body: Value| post(&server, "/products/BL-NONE/merge", body);
        merge(json!({"with": ["BL-X"]})).await.problem(404, "not_found");
        let path = format!("/products/{kept}/merge");
        assert_eq!(told(post(&server, &path, json!({"with": []})).await), (json!("/with"), json!("too_few")));
        assert_eq!(told(post(&server, &path, json!({"with": [kept]})).await), (json!("/with"), json!("too_few")));
        assert_eq!(told(post(&server, &path, json!({"with": [gone, "BL-X"]})).await), (json!("/with/1"), json!("not_found")));
        let many: Vec<String> = (0..50).map(|n| format!("BL-{n}")).collect();
        assert_eq!(told(post(&server, &path, json!({"with": many})).await), (json!("/with"), json!("too_many")));
        let path = format!("/products/{kept}/split");
        let offer = |supplier: &str, sku: &str| json!({"offers": [{"supplier": supplier, "supplier_sku": sku}]});
        assert_eq!(told(post(&server, &path, offer("lumen", "L-1")).await), (json!("/offers/0"), json!("unknown_offer")));
        assert_eq!(told(post(&server, &path, offer("alpine", "A-1")).await), (json!("/offers"), json!("nothing_stays")));
        assert_eq!(told(post(&server, &path, json!({"offers": []})).await), (json!("/offers"), json!("wrong_count")));
        server.get("/api/v1/matches/match_none").await.problem(404, "not_found");
        assert_eq!(catalogue(&server).await.len(), 2);
    }
}
