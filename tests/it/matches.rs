//! The same lamp from several suppliers, as a catalogue manager meets it: cases, merging and splitting by hand, and taking all of it back.

use crate::support::{Answer, House, Server, Upload};
use beamline::doctor::examine;
use beamline::identity::cases::{self, Suspected, Told};
use reqwest::Method;
use serde_json::{Value, json};

/// A profile in English and euros: columns, and what each is mapped to.
fn profile(columns: &[(&str, &str)], rest: &str) -> String {
    let column = |(from, to): &(&str, &str)| format!("[[column]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let columns: String = columns.iter().map(column).collect();
    format!("name = \"lamps\"\nlocale = \"en\"\ncurrency = \"EUR\"\n{columns}{rest}")
}

/// Titles, costs, stock and weights of headlamps.
fn plain() -> String {
    let columns = [
        ("sku", "supplier_sku"),
        ("brand", "brand"),
        ("title", "title"),
        ("cost", "cost"),
        ("stock", "on_hand"),
        ("weight", "weight_with_battery"),
    ];
    profile(&columns, "unit = \"g\"\n[fixed]\nproduct_kind = \"headlamp\"\n")
}

/// One lamp of each supplier, which nothing but their titles makes one.
async fn two_suppliers(server: &Server) -> (String, String) {
    lamp(server, "alpine", "A-1,Fenix,Fenix HM65R headlamp,30.00,5,141").await;
    lamp(server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,7,").await;
    (product_of(server, "alpine").await, product_of(server, "lumen").await)
}

async fn lamp(server: &Server, supplier: &str, row: &str) -> Value {
    let file = format!("sku,brand,title,cost,stock,weight\n{row}\n");
    Upload::new(supplier, "lamps.csv", file).profile(&plain()).done(server).await
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

async fn numbered(server: &Server, supplier: &str, rows: &str) -> Value {
    let file = format!("sku,ean,brand,title,lumens,weight\n{rows}");
    let columns = [
        ("sku", "supplier_sku"),
        ("ean", "gtin"),
        ("brand", "brand"),
        ("title", "title"),
        ("lumens", "light_output_max"),
        ("weight", "weight_with_battery"),
    ];
    Upload::new(supplier, "lamps.csv", file).profile(&profile(&columns, "unit = \"g\"\n")).done(server).await
}

/// The product of each offer of a supplier, by its key.
async fn products_of(server: &Server, supplier: &str) -> std::collections::BTreeMap<String, String> {
    let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    offers.iter().map(|offer| (text(&offer["supplier_sku"]), text(&offer["product"]))).collect()
}

/// Codes of a case's reasons.
fn codes(case: &Value) -> Vec<&str> {
    case["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

both_databases! {
    async fn the_same_lamp_is_found_without_a_number_and_another_is_not(house: House) {
        let server = Server::start(&house).await;
        numbered(&server, "alpine", "\
            A-1,,Fenix,Fenix HM65R headlamp black,1400,141\n\
            A-2,,Petzl,Petzl Swift RL headlamp,1100,100\n\
            A-3,,Nitecore,Nitecore NU25 headlamp,400,56\n").await;
        numbered(&server, "lumen", "\
            L-1,,FENIX,Stirnlampe Fenix HM65R schwarz,1400,140\n\
            L-2,,Fenix,Fenix HM65R V2.0 headlamp black,1600,140\n\
            L-3,,Fenix,Fenix HM65R headlamp black 2-pack,1400,282\n\
            L-4,,Fenix,Battery for Fenix HM65R,,48\n\
            L-5,,Fenix,Fenix HM65R headlamp grey,1400,141\n\
            L-6,,nightcore,NU25 headlamp by Nitecore,400,55\n\
            L-7,,Ledlenser,Ledlenser HM65R headlamp black,1400,141\n").await;
        let (alpine, lumen) = (products_of(&server, "alpine").await, products_of(&server, "lumen").await);
        assert_eq!(lumen["L-1"], alpine["A-1"], "the same lamp in another language");
        assert_eq!(lumen["L-6"], alpine["A-3"], "the brand misspelt");
        for (other, why) in [("L-2", "another generation"), ("L-3", "a pack of two"), ("L-4", "its battery"), ("L-5", "another colour"), ("L-7", "another brand")] {
            assert!(alpine.values().all(|sku| *sku != lumen[other]), "{why}");
        }
        let group = server.get(&format!("/api/v1/products/{}", alpine["A-1"])).await.expect(200)["group"].clone();
        let members = server.get(&format!("/api/v1/products?group={}", group.as_str().unwrap())).await.expect(200);
        let members: Vec<&str> = members["items"].as_array().unwrap().iter().map(|product| product["sku"].as_str().unwrap()).collect();
        assert_eq!(members, [alpine["A-1"].as_str(), lumen["L-5"].as_str()], "the colour joined the group, and nothing else did");
        clean(&house).await;

        // Taken back, the supplier's lamps are gone, and come back to the same products.
        let operation = server.get("/api/v1/operations?kind=import&limit=1").await.expect(200)["items"][0]["id"].clone();
        post(&server, &format!("/operations/{}/undo", operation.as_str().unwrap()), json!({})).await.expect(200);
        let lamp = server.get(&format!("/api/v1/products/{}", alpine["A-1"])).await.expect(200);
        assert_eq!(lamp["group"], json!(null));
        clean(&house).await;
    }

    async fn numbers_that_contradict_open_a_case(house: House) {
        let server = Server::start(&house).await;
        numbered(&server, "alpine", "\
            A-1,4006381333931,Fenix,Fenix HM65R headlamp,1400,141\n\
            A-2,5901234123457,Petzl,Petzl Swift RL headlamp,1100,100\n").await;
        numbered(&server, "lumen", "\
            L-1,4006381333931,Ledlenser,Ledlenser H7R headlamp,1000,160\n\
            L-2,96385074,Petzl,Petzl Swift RL headlamp,1100,100\n\
            L-3,5901234123457,Petzl,Lampe frontale Swift RL de Petzl,1100,101\n").await;
        let (alpine, lumen) = (products_of(&server, "alpine").await, products_of(&server, "lumen").await);
        assert_eq!(lumen["L-3"], alpine["A-2"], "the same number and brand");
        assert!(lumen["L-1"] != alpine["A-1"] && lumen["L-2"] != alpine["A-2"]);
        let cases = server.all("/api/v1/matches?state=open").await;
        assert_eq!(cases.len(), 2, "{cases:?}");
        let of = |sku: &str| cases.iter().find(|case| case["right"]["sku"] == sku).unwrap();
        assert!(codes(of(&lumen["L-1"])).starts_with(&["other_brand"]), "{:?}", codes(of(&lumen["L-1"])));
        assert!(codes(of(&lumen["L-1"])).contains(&"same_gtin"));
        assert_eq!(of(&lumen["L-1"])["left"]["sku"], alpine["A-1"]);
        assert!(codes(of(&lumen["L-2"])).contains(&"other_gtin"), "{:?}", codes(of(&lumen["L-2"])));
        assert_eq!(of(&lumen["L-2"])["left"]["sku"], alpine["A-2"]);

        // Taken back with the file that asked, and asked again when the undo is undone.
        let operation = server.get("/api/v1/operations?kind=import&limit=1").await.expect(200)["items"][0]["id"].clone();
        let undone = post(&server, &format!("/operations/{}/undo", operation.as_str().unwrap()), json!({})).await.expect(200);
        assert_eq!(server.all("/api/v1/matches?state=open").await, Vec::<Value>::new());
        post(&server, &format!("/matches/{}/accept", cases[0]["id"].as_str().unwrap()), json!({})).await.problem(409, "conflict");
        post(&server, &format!("/operations/{}/undo", undone["undo"].as_str().unwrap()), json!({})).await.expect(200);
        assert_eq!(server.all("/api/v1/matches?state=open").await.len(), 2);
        clean(&house).await;

        // What was rejected is not asked again when the file comes again, with other words.
        for case in &cases {
            post(&server, &format!("/matches/{}/reject", case["id"].as_str().unwrap()), json!({})).await.expect(200);
        }
        numbered(&server, "lumen", "L-2,96385074,Petzl,Petzl Swift RL head torch,1100,100\n").await;
        assert_eq!(server.all("/api/v1/matches?state=open").await, Vec::<Value>::new());
        assert_eq!(products_of(&server, "lumen").await, lumen);
        clean(&house).await;
    }

    async fn an_offer_that_gets_anothers_number_stays_and_is_asked_about(house: House) {
        let server = Server::start(&house).await;
        numbered(&server, "alpine", "A-1,4006381333931,Fenix,Fenix HM65R headlamp,1400,141\n").await;
        numbered(&server, "lumen", "L-1,,Fenix,Kopflampe mit viel Licht,,\n").await;
        let (alpine, lumen) = (products_of(&server, "alpine").await, products_of(&server, "lumen").await);
        assert_ne!(alpine["A-1"], lumen["L-1"]);
        assert_eq!(server.all("/api/v1/matches").await, Vec::<Value>::new());
        numbered(&server, "lumen", "L-1,4006381333931,Fenix,Kopflampe mit viel Licht,,\n").await;
        assert_eq!(products_of(&server, "lumen").await, lumen);
        let cases = server.all("/api/v1/matches?state=open").await;
        assert_eq!((cases.len(), codes(&cases[0])[0]), (1, "same_gtin"), "{cases:?}");
        assert_eq!((&cases[0]["left"]["sku"], &cases[0]["right"]["sku"]), (&json!(alpine["A-1"]), &json!(lumen["L-1"])));
        clean(&house).await;
    }

    async fn one_supplier_lists_a_lamp_twice_only_where_a_number_says_so(house: House) {
        let server = Server::start(&house).await;
        numbered(&server, "alpine", "\
            A-1,,Fenix,Fenix HM65R headlamp,1400,141\n\
            A-2,,Fenix,Fenix HM65R head torch,1400,141\n\
            A-3,4006381333931,Petzl,Petzl Tikka,350,82\n\
            A-4,4006381333931,Petzl,Tikka headlamp,350,82\n").await;
        let alpine = products_of(&server, "alpine").await;
        assert_ne!(alpine["A-1"], alpine["A-2"]);
        assert_eq!(alpine["A-3"], alpine["A-4"]);
        assert_eq!(server.all("/api/v1/matches").await, Vec::<Value>::new());
    }

    async fn how_a_text_was_read_stands_beside_the_field(house: House) {
        let server = Server::start(&house).await;
        let file = "sku,brand,title,cost,stock,weight\nA-1,Fenix,Fenix HM65R headlamp,30.00,5,3 oz / 85 g\n";
        Upload::new("alpine", "lamps.csv", file).profile(&plain()).done(&server).await;
        let odd = "sku,brand,title,cost,stock,weight\nL-1,Fenix,Fenix HM65R headlamp,30.00,5,as light as a feather\n";
        Upload::new("lumen", "lamps.csv", odd).profile(&plain()).done(&server).await;
        let sku = product_of(&server, "alpine").await;
        assert_eq!(product_of(&server, "lumen").await, sku);
        let told = server.get(&format!("/api/v1/products/{sku}/readings?field=weight_with_battery")).await.expect(200);
        let items = told["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{told}");
        let first = &items[0];
        assert_eq!((&first["supplier"], &first["supplier_sku"], &first["field"], &first["raw"]), (&json!("alpine"), &json!("A-1"), &json!("weight"), &json!("3 oz / 85 g")));
        assert_eq!((&first["status"], &first["unit"], &first["attribute"]), (&json!("ok"), &json!("g"), &json!("weight_with_battery")), "{first}");
        assert!(first["rule"].is_string() && first["confidence"].is_number() && first["span"].is_array(), "{first}");
        // What is in no lineage, because it was no value.
        assert_eq!((&items[1]["status"], &items[1]["value"]), (&json!("rejected"), &json!(null)), "{}", items[1]);
        assert!(!items[1]["findings"].as_array().unwrap().is_empty());
        let all = server.get(&format!("/api/v1/products/{sku}/readings")).await.expect(200);
        assert!(all["items"].as_array().unwrap().len() > 4, "{all}");
    }

    async fn values_that_cannot_be_together_are_told_and_stay(house: House) {
        let server = Server::start(&house).await;
        let profile = profile(&[("sku", "supplier_sku"), ("title", "title"), ("throw", "beam_distance_max"), ("cd", "peak_beam_intensity")], "");
        let file = "sku,title,throw,cd\nA-1,Right,60,900\nA-2,Wrong,197,900\n";
        let import = Upload::new("alpine", "fl1.csv", file).profile(&profile).done(&server).await;
        let issues = server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await;
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!((&issues[0]["row"], &issues[0]["field"], &issues[0]["code"], &issues[0]["raw"]), (&json!(2), &json!("throw"), &json!("beam_contradicts_intensity"), &json!("197")));
        assert!(issues[0]["message"].as_str().unwrap().contains("feet"), "{}", issues[0]);
        let lamps = catalogue(&server).await;
        assert_eq!(lamps[1]["values"]["beam_distance_max"]["amount"], "197", "told, and not changed");
    }

    async fn a_suppliers_reliability_is_measured_by_what_others_say(house: House) {
        let server = Server::start(&house).await;
        let lamps = |title: &str, weights: [u32; 3]| {
            let eans = ["4006381333931", "5901234123457", "96385074"];
            let rows = eans.iter().zip(weights).map(|(ean, weight)| format!("S-{ean},{ean},Petzl,Petzl {title} {ean},350,{weight}\n"));
            rows.collect::<String>()
        };
        numbered(&server, "alpine", &lamps("lamp", [82, 90, 100])).await;
        numbered(&server, "lumen", &lamps("lamp", [82, 90, 100])).await;
        numbered(&server, "wrong", &lamps("lamp", [82, 9, 1000])).await;
        let told = server.get("/api/v1/suppliers/wrong/reliability").await.expect(200);
        let weight = told["attributes"].as_array().unwrap().iter().find(|of| of["attribute"] == "weight_with_battery").unwrap();
        assert_eq!(*weight, json!({"attribute": "weight_with_battery", "shared": 3, "contested": 2, "lost": 2, "outvoted": 2}));
        assert_eq!((&told["products"], &told["lost"]), (&json!(3), &json!(2)));
        let share = |told: &Value| told["share"].as_f64().unwrap();
        let good = server.get("/api/v1/suppliers/alpine/reliability").await.expect(200);
        assert!((share(&good) - 1.0).abs() < 1e-9 && share(&told) < 0.9, "{} {}", share(&good), share(&told));
    }

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
        server.send(Method::PATCH, &format!("/api/v1/products/{kept}"), json!({"values": {"beam_distance_max": "150 m"}})).await.expect(200);

        // A new row of the supplier whose product went changes the one that stayed.
        lamp(&server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,1,").await;
        assert_eq!(catalogue(&server).await[0]["available"], 6);
        lamp(&server, "lumen", "L-1,Fenix,Kopflampe mit 1400 Lumen,28.00,7,").await;

        // Its offer goes home: the same SKU, and all that was said of it.
        let parted = post(&server, &format!("/products/{kept}/split"), json!({"offers": [{"supplier": "lumen", "supplier_sku": "L-1"}]})).await.expect(200);
        assert_eq!((&parted["sku"], &parted["tags"], &parted["status"]), (&json!(gone), &json!(["trail"]), &said[1]["status"]));
        let after = catalogue(&server).await;
        assert_eq!(after[1], said[1]);
        // What was said of the other was never said of this one; what was said since the merge was.
        assert_eq!((&after[0]["available"], &after[0]["tags"]), (&before[0]["available"], &before[0]["tags"]));
        assert_eq!(after[0]["values"]["weight_with_battery"], before[0]["values"]["weight_with_battery"]);
        assert_eq!(after[0]["values"]["beam_distance_max"]["amount"], "150");
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
