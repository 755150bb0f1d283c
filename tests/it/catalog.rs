//! The catalogue through HTTP: products, what people say about them, and what stands under them.

use crate::support::{Answer, Server, Upload, key};
use beamline::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// Two suppliers of the same lamps: `alpine` in German and trusted more, `bivak` in English.
async fn suppliers(server: &Server) {
    for (code, locale, rank) in [("alpine", "de", 1), ("bivak", "en", 2)] {
        let body = json!({"code": code, "name": code, "currency": "EUR", "locale": locale, "rank": rank});
        server.send(Method::POST, "/api/v1/suppliers", body).await.expect(201);
    }
}

const HEADER: &str = "sku,gtin,brand,mpn,title,lumens,weight,ip,cost,rrp,stock,parent,colour,image";

fn profile(locale: &str) -> String {
    let columns = [
        ("sku", "supplier_sku"),
        ("gtin", "gtin"),
        ("brand", "brand"),
        ("mpn", "mpn"),
        ("title", "title"),
        ("lumens", "light_output_max\"\nunit = \"lm"),
        ("weight", "weight_with_battery\"\nunit = \"g"),
        ("ip", "ip_rating"),
        ("cost", "cost"),
        ("rrp", "recommended_price"),
        ("stock", "on_hand"),
        ("parent", "parent"),
        ("colour", "body_color"),
        ("image", "image\"\nsplit = \"|"),
    ];
    let columns =
        columns.iter().map(|(from, to)| format!("[[column]]\nfrom = \"{from}\"\nto = \"{to}\"\n")).collect::<Vec<_>>().concat();
    format!("name = \"list\"\nlocale = \"{locale}\"\ncurrency = \"EUR\"\n[fixed]\ncategory = \"headlamps\"\n{columns}")
}

async fn import(server: &Server, supplier: &str, rows: &[&str]) -> Value {
    let file = format!("{HEADER}\n{}\n", rows.join("\n"));
    let locale = if supplier == "alpine" { "de" } else { "en" };
    Upload::new(supplier, &format!("{supplier}.csv"), file).profile(&profile(locale)).done(server).await
}

/// Product SKU by supplier's SKU.
async fn sku_of(server: &Server, supplier: &str, supplier_sku: &str) -> String {
    let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
    let offer = offers.iter().find(|offer| offer["supplier_sku"] == supplier_sku).unwrap();
    offer["product"].as_str().unwrap().to_owned()
}

const ALPINE: &str = "A-1,4712345678917,Petzl,E065AA00,Stirnlampe Actik Core,600,86,IPX4,40.00,79.90,5,ACTIK,black,https://a.example/1.jpg|https://a.example/2.jpg";
const BIVAK: &str =
    "B-1,04712345678917,PETZL,E065 AA00,Actik Core headlamp,450,3.1 oz,IPX4,38.00,75.00,7,,black,https://b.example/1.jpg";

/// Both suppliers' offer of the same lamp; its SKU.
async fn shared_lamp(server: &Server) -> String {
    suppliers(server).await;
    import(server, "alpine", &[ALPINE]).await;
    import(server, "bivak", &[BIVAK]).await;
    sku_of(server, "alpine", "A-1").await
}

/// The attribute's lineage: who says what, the winner first.
async fn said(server: &Server, sku: &str, attribute: &str) -> Vec<Value> {
    let lineage = server.get(&format!("/api/v1/products/{sku}/lineage?field={attribute}")).await.expect(200);
    lineage["items"][0]["candidates"].as_array().unwrap().clone()
}

both_databases! {
    async fn two_suppliers_offers_are_one_product(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        assert_eq!(sku_of(&server, "bivak", "B-1").await, sku);
        let path = format!("/api/v1/products/{sku}");
        let product = server.get(&path).await.expect(200);
        assert_eq!((&product["gtin"], &product["brand"], &product["mpn"]), (&json!("04712345678917"), &json!("Petzl"), &json!("E065AA00")));
        assert_eq!((&product["status"], &product["category"], &product["available"]), (&json!("active"), &json!("headlamps"), &json!(12)));
        assert_eq!(product["values"]["title"], json!({"de": "Stirnlampe Actik Core", "en": "Actik Core headlamp"}), "each in its own language");
        assert_eq!(product["values"]["light_output_max"], json!({"amount": "600", "unit": "lm"}), "the better ranked supplier's");
        let images: Vec<_> = product["images"].as_array().unwrap().iter().map(|image| (image["position"].as_i64().unwrap(), image["url"].as_str().unwrap())).collect();
        assert_eq!(images, [(1, "https://a.example/1.jpg"), (2, "https://a.example/2.jpg"), (3, "https://b.example/1.jpg")]);
        assert_eq!(server.get(&format!("{path}/images")).await.expect(200)["items"], product["images"]);

        let offers = server.get(&format!("{path}/offers")).await.expect(200);
        let brief: Vec<_> = offers["items"].as_array().unwrap().iter().map(|offer| (offer["supplier"].as_str().unwrap(), offer["cost"]["amount"].as_str().unwrap(), offer["row"].as_i64().unwrap())).collect();
        assert_eq!(brief, [("alpine", "40.00", 1), ("bivak", "38.00", 1)]);
        assert_eq!((&offers["items"][1]["raw"]["weight"], &offers["items"][1]["raw"]["gtin"]), (&json!("3.1 oz"), &json!("04712345678917")));

        let said = said(&server, &sku, "light_output_max").await;
        let told = json!({"winner": true, "source": "offer", "supplier": "alpine", "supplier_sku": "A-1", "live": true, "file": "alpine.csv", "row": 1, "field": "lumens", "raw": "600"});
        for (name, value) in told.as_object().unwrap() {
            assert_eq!(&said[0][name], value, "{name}");
        }
        assert!(said[0]["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{said:?}");
        assert_eq!((&said[1]["winner"], &said[1]["supplier"], &said[1]["raw"]), (&json!(false), &json!("bivak"), &json!("450")));
        for path in ["", "/offers", "/lineage", "/history", "/price", "/images", "/stock"] {
            server.get(&format!("/api/v1/products/BL-NONE{path}")).await.problem(404, "not_found");
        }
    }

    async fn identity_is_gtin_then_brand_and_part_number(house: House) {
        let server = Server::start(&house).await;
        suppliers(&server).await;
        import(&server, "alpine", &[
            "A-1,036000291452,Fenix,HM1,UPC,1,,,1,,,,,",
            "A-2,,Fenix,HM65R-T,No barcode,1,,,1,,,,,",
            "A-3,4712345678924,Fenix,HM9,First trade item,1,,,1,,,,,",
            "A-4,4712345678931,Fenix,HM65R,First generation,1,,,1,,,,,",
            "A-5,,Fenix,HM61R V2.0,Second generation,1,,,1,,,,,",
            "A-6,,Silva,HM65R-T,Another maker's number,1,,,1,,,,,",
        ]).await;
        let last = import(&server, "bivak", &[
            "B-1,0036000291452,,,EAN of the UPC,1,,,1,,,,,",
            "B-2,,FENIX,hm65rt,Another spelling,1,,,1,,,,,",
            "B-3,4712345678948,Fenix,HM9,Second trade item,1,,,1,,,,,",
            "B-4,4712345678955,Fenix,HM65R V2.0,Second generation,1,,,1,,,,,",
            "B-5,,Fenix,HM61R,First generation,1,,,1,,,,,",
            "B-6,4712345678932,,,Wrong check digit,1,,,1,,,,,",
        ]).await;
        let of = |supplier: &'static str, sku: String| { let server = &server; async move { sku_of(server, supplier, &sku).await } };
        for (number, same) in [(1, true), (2, true), (3, false), (4, false), (5, false), (6, false)] {
            let (one, other) = (of("alpine", format!("A-{number}")).await, of("bivak", format!("B-{number}")).await);
            assert_eq!(one == other, same, "pair {number}");
        }
        assert_eq!(server.all("/api/v1/products").await.len(), 10);
        let found = server.get_after(&last, "/api/v1/search?q=36000291452").await;
        assert_eq!(found["items"][0]["sku"], of("alpine", "A-1".to_owned()).await.as_str(), "a UPC that lost its zero: {found}");
    }

    async fn a_person_says_it_above_every_supplier(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        let path = format!("/api/v1/products/{sku}");
        let edit = |body: Value| { let (server, path) = (&server, &path); async move { server.send(Method::PATCH, path, body).await } };
        let values = json!({"light_output_max": {"amount": "500", "unit": "lm"}, "weight_with_battery": "3 oz", "title": {"en": "My title"}});
        edit(json!({"values": values, "tags": ["hiking"]})).await.expect(200);
        let product = server.get(&path).await.expect(200);
        assert_eq!(product["values"]["light_output_max"], json!({"amount": "500", "unit": "lm"}));
        assert_eq!(product["values"]["weight_with_battery"]["unit"], "g");
        let grams: f64 = product["values"]["weight_with_battery"]["amount"].as_str().unwrap().parse().unwrap();
        assert!((grams - 85.05).abs() < 0.01, "three ounces: {grams}");
        let us = server.get(&format!("{path}?units=us")).await.expect(200);
        assert_eq!(us["values"]["weight_with_battery"], json!({"amount": "3", "unit": "oz"}));
        assert_eq!((&product["values"]["title"]["en"], &product["tags"]), (&json!("My title"), &json!(["hiking"])));
        let said_now = said(&server, &sku, "light_output_max").await;
        assert_eq!((&said_now[0]["source"], &said_now[1]["supplier"], said_now.len()), (&json!("editor"), &json!("alpine"), 3));

        // A supplier's newer file does not win over it.
        import(&server, "alpine", &[&ALPINE.replace(",600,", ",650,")]).await;
        assert_eq!(server.get(&path).await.expect(200)["values"]["light_output_max"]["amount"], "500");
        let pounds = edit(json!({"values": {"weight_with_battery": {"amount": "0.25", "unit": "lb"}}})).await.expect(200);
        assert!(pounds["values"]["weight_with_battery"]["amount"].as_str().unwrap().starts_with("113.39"), "{pounds}");
        let stated = edit(json!({"values": {"ip_rating": {"none": true}}})).await.expect(200);
        assert_eq!(stated["values"].get("ip_rating"), None, "a person states that there is none");
        let back = edit(json!({"values": {"light_output_max": null, "ip_rating": null, "title": {"en": null}}})).await.expect(200);
        assert_eq!((&back["values"]["light_output_max"]["amount"], &back["values"]["ip_rating"], &back["values"]["title"]["en"]), (&json!("650"), &json!("IPX4"), &json!("Actik Core headlamp")));

        let history = server.get(&format!("{path}/history?limit=1")).await.expect(200);
        let newest = &history["items"][0];
        assert_eq!((&newest["kind"], &newest["data"]["changed"]), (&json!("product.updated"), &json!(["ip_rating", "light_output_max", "title"])));
        assert_eq!(newest["before"]["values"]["light_output_max"]["amount"], "500");
        assert!(history["next"].is_string(), "there is more");
    }

    async fn a_patch_that_is_wrong_names_every_field_and_changes_nothing(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        let path = format!("/api/v1/products/{sku}");
        let before = server.get(&path).await;
        let wrong = json!({
            "colour": "x", "status": "sold", "gtin": "4712345678918", "category": "boats", "tags": "hiking", "group": "none-such",
            "values": {"no_such": 1, "light_output_max": 5, "weight_with_battery": {"amount": "5"}, "light_color_temperature": "purple", "title": "text", "ip_rating": "waterproof"},
        });
        let problem = server.send(Method::PATCH, &path, wrong).await.problem(422, "invalid");
        let mut told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect();
        told.sort_unstable();
        for expected in [
            ("/category", "unknown_category"), ("/colour", "unknown_field"), ("/gtin", "invalid_gtin"), ("/status", "invalid_status"), ("/tags", "wrong_type"),
            ("/values/ip_rating", "unreadable"), ("/values/light_output_max", "wrong_type"), ("/values/no_such", "unknown_attribute"), ("/values/title", "wrong_type"),
            ("/values/weight_with_battery", "wrong_type"),
        ] {
            assert!(told.contains(&expected), "{expected:?} in {told:?}");
        }
        server.send(Method::PATCH, &path, json!({"group": "none-such"})).await.problem(422, "invalid");
        server.send(Method::PATCH, &path, json!([1])).await.problem(422, "invalid");
        Answer::of(server.request(Method::PATCH, &path).header("content-type", "application/json").body("{")).await.problem(400, "invalid_json");
        assert_eq!(server.get(&path).await.expect(200), before.json());
        let viewer = key(&house, Role::Viewer, None, None).await;
        server.send_as(&viewer, Method::PATCH, &path, json!({"tags": []})).await.problem(403, "forbidden");
        server.send_as(&viewer, Method::POST, "/api/v1/products", json!({"sku": "MINE-1"})).await.problem(403, "forbidden");
        assert!(server.get_as(&viewer, &format!("{path}/offers")).await.expect(200)["items"][0]["cost"].is_object(), "a viewer reads costs");
    }

    async fn tags_guard_edits_and_spare_readers(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        let path = format!("/api/v1/products/{sku}");
        let read = server.get(&path).await;
        let tag = read.header("etag");
        let version = read.json()["version"].as_i64().unwrap();
        assert!(tag.starts_with(&format!("\"{version}-")), "{tag}");
        let guarded = |tag: &str, body: Value| server.request(Method::PATCH, &path).header("if-match", tag).json(&body);
        // Stock is nobody's edit: the tag that was read is still good to edit with, though another body is served.
        let stock = json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 1});
        server.send(Method::PATCH, "/api/v1/stock", stock).await.expect(200);
        let moved = Answer::of(server.request(Method::GET, &path).header("if-none-match", &tag)).await;
        assert_eq!(moved.expect(200)["available"], 8);
        assert_eq!(Answer::of(guarded(&tag, json!({"tags": ["one"]}))).await.expect(200)["version"], version + 1);
        Answer::of(guarded(&tag, json!({"tags": ["two"]}))).await.problem(412, "precondition_failed");
        Answer::of(guarded("W/\"x\"", json!({"tags": ["two"]}))).await.problem(412, "precondition_failed");
        assert_eq!(server.get(&path).await.expect(200)["tags"], json!(["one"]));
        // The listings' follower may still tell its judgement; a reader who holds what stands there is spared.
        let begun = std::time::Instant::now();
        loop {
            let tag = server.get(&path).await.header("etag");
            let held = Answer::of(server.request(Method::GET, &path).header("if-none-match", &tag)).await;
            if held.status == 304 {
                assert!(held.text.is_empty() && held.header("etag") == tag);
                break;
            }
            assert!(begun.elapsed().as_secs() < 30, "the same product is sent again and again");
        }
        let new = server.request(Method::PATCH, &path).header("if-none-match", "*").json(&json!({"tags": []}));
        Answer::of(new).await.problem(412, "precondition_failed");
    }

    async fn products_are_made_listed_and_paged(house: House) {
        let server = Server::start(&house).await;
        let made = server.send(Method::POST, "/api/v1/products", json!({"sku": "MINE-1", "brand": "fenix", "values": {"title": {"en": "Mine"}}})).await;
        let product = made.expect(201);
        assert_eq!((made.header("location"), &product["status"], &product["brand"]), ("/api/v1/products/MINE-1".to_owned(), &json!("draft"), &json!("Fenix")));
        assert_eq!(server.get(&format!("/api/v1/products/MINE-1?after_change={}", made.header("beamline-change"))).await.expect(200)["version"], product["version"]);
        server.send(Method::POST, "/api/v1/products", json!({"sku": "MINE-1"})).await.problem(409, "conflict");
        server.send(Method::POST, "/api/v1/products", json!({"sku": "a b"})).await.problem(422, "invalid");
        let own = server.send(Method::POST, "/api/v1/products", json!({"brand": "Silva"})).await.expect(201);
        assert!(own["sku"].as_str().unwrap().starts_with("BL-"), "{own}");
        server.send(Method::PATCH, "/api/v1/products/MINE-2", json!({"category": "headlamps"})).await.expect(201);
        let page = server.get("/api/v1/products?limit=2").await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let rest = server.get(&format!("/api/v1/products?limit=2&after={}", page["next"].as_str().unwrap())).await.expect(200);
        assert_eq!((&rest["items"][0]["sku"], &rest["next"]), (&json!("MINE-2"), &Value::Null));
        for (filter, count) in [("brand=fenix", 1), ("category=headlamps", 1), ("status=draft", 3), ("status=active", 0)] {
            assert_eq!(server.all(&format!("/api/v1/products?{filter}")).await.len(), count, "{filter}");
        }
        for query in ["limit=0", "limit=1001", "status=sold", "units=metric"] {
            server.get(&format!("/api/v1/products?{query}")).await.problem(400, "invalid_parameter");
        }
        server.get("/api/v1/products?after=nonsense").await.problem(400, "invalid_cursor");
    }

    async fn what_a_person_discontinued_stays_so(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        let path = format!("/api/v1/products/{sku}");
        assert_eq!(server.send(Method::PATCH, &path, json!({"status": "discontinued"})).await.expect(200)["status"], "discontinued");
        house.seen().await;
        let events = server.get("/api/v1/events?types=product.discontinued").await.expect(200);
        assert_eq!((&events["items"][0]["subject"], events["items"].as_array().unwrap().len()), (&json!(sku), 1));
        import(&server, "alpine", &[&ALPINE.replace(",600,", ",700,")]).await;
        let after = server.get(&path).await.expect(200);
        assert_eq!((&after["status"], &after["values"]["light_output_max"]["amount"]), (&json!("discontinued"), &json!("700")));
        assert_eq!(server.send(Method::PATCH, &path, json!({"status": "active"})).await.expect(200)["status"], "active");
    }

    async fn the_price_is_told_with_its_arithmetic(house: House) {
        let server = Server::start(&house).await;
        let sku = shared_lamp(&server).await;
        let path = format!("/api/v1/products/{sku}");
        server.send(Method::PATCH, "/api/v1/channels/google", json!({"currency": "USD", "markup": "0.50", "price_source": "cost_plus"})).await.expect(200);
        let told = server.get(&format!("{path}/price")).await.expect(200);
        assert!(told["price"].is_null() && told["missing"].as_str().is_some_and(|why| why.contains("EUR")), "no rate: {told}");
        let rates = server.send(Method::PUT, "/api/v1/rates", json!({"items": [{"base": "EUR", "quote": "USD", "rate": "1.10"}]})).await;
        rates.expect(200);
        let told = server.get(&format!("{path}/price")).await.expect(200);
        assert_eq!(told["price"], json!({"amount": "66.00", "currency": "USD"}), "40.00 EUR x 1.10 x 1.5: {told}");
        let steps = told["explanation"].to_string();
        for part in ["alpine", "40.00", "1.1 USD"] {
            assert!(steps.contains(part), "{part} in {steps}");
        }
        // The other offer is asked when the first has no stock.
        let none = json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 0});
        server.send(Method::PATCH, "/api/v1/stock", none).await.expect(200);
        assert_eq!(server.get(&format!("{path}/price")).await.expect(200)["price"]["amount"], "62.70", "38.00 EUR of bivak");
        assert_eq!(server.get(&path).await.expect(200)["price"], json!({"amount": "62.70", "currency": "USD"}));
    }

    async fn a_parent_column_makes_a_group(house: House) {
        let server = Server::start(&house).await;
        suppliers(&server).await;
        import(&server, "alpine", &[ALPINE, "A-2,4712345678924,Petzl,E065AA01,Stirnlampe Actik Core rot,600,86,IPX4,40.00,79.90,5,ACTIK,red,", "A-3,,Petzl,E099,Tikka,350,,,20,,1,,,"]).await;
        let groups = server.all("/api/v1/product-groups").await;
        let mut members = vec![sku_of(&server, "alpine", "A-1").await, sku_of(&server, "alpine", "A-2").await];
        members.sort();
        assert_eq!(groups.len(), 1);
        let mut listed: Vec<String> = serde_json::from_value(groups[0]["products"].clone()).unwrap();
        listed.sort();
        assert_eq!(listed, members);
        let code = groups[0]["code"].as_str().unwrap();
        let product = server.get(&format!("/api/v1/products/{}", members[0])).await.expect(200);
        assert_eq!(product["group"], code);
        assert_eq!(server.all(&format!("/api/v1/products?group={code}")).await.len(), 2);
        // A person's choice outranks the file.
        let path = format!("/api/v1/products/{}", members[0]);
        server.send(Method::PATCH, "/api/v1/product-groups/mine", json!({"title": {"en": "Mine"}})).await.expect(201);
        server.send(Method::PATCH, &path, json!({"group": "mine"})).await.expect(200);
        import(&server, "alpine", &[&ALPINE.replace(",600,", ",610,")]).await;
        import(&server, "alpine", &["A-2,4712345678924,Petzl,E065AA01,Stirnlampe Actik Core rot,610,86,IPX4,40.00,79.90,5,ACTIK,red,"]).await;
        assert_eq!(server.get(&path).await.expect(200)["group"], "mine");
        let group = server.get("/api/v1/product-groups/mine").await;
        assert_eq!(group.expect(200)["products"], json!([members[0]]));
        let stale = server.request(Method::PATCH, "/api/v1/product-groups/mine").header("if-match", "\"99-x\"").json(&json!({"title": {}}));
        Answer::of(stale).await.problem(412, "precondition_failed");
        server.get("/api/v1/product-groups/none").await.problem(404, "not_found");
    }

    async fn an_alias_makes_two_spellings_one_brand(house: House) {
        let server = Server::start(&house).await;
        suppliers(&server).await;
        import(&server, "alpine", &["A-1,,Lumora,LX100,Lampe,100,,,1,,,,,"]).await;
        import(&server, "bivak", &["B-1,,Lumora Lights GmbH,LX200,Lamp,100,,,1,,,,,"]).await;
        let other = sku_of(&server, "bivak", "B-1").await;
        assert_eq!(server.get(&format!("/api/v1/products/{other}")).await.expect(200)["brand"], "Lumora Lights GmbH");
        let brand = server.send(Method::PATCH, "/api/v1/brands/lumora", json!({"aliases": ["Lumora Lights GmbH"]})).await.expect(200);
        assert_eq!((&brand["name"], brand["aliases"].as_array().unwrap().len()), (&json!("Lumora"), 1));
        // Every product is looked at anew in the background.
        let begun = std::time::Instant::now();
        loop {
            let product = server.get(&format!("/api/v1/products/{other}")).await.expect(200);
            if product["brand"] == "Lumora" {
                break;
            }
            assert!(begun.elapsed().as_secs() < 60, "the products are never resolved: {product}");
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        assert_eq!(server.all("/api/v1/products?brand=lumora").await.len(), 2);
        let taken = server.send(Method::PATCH, "/api/v1/brands/fenix", json!({"name": "Fenix", "aliases": ["lumora lights gmbh"]})).await;
        assert_eq!(taken.problem(422, "invalid")["errors"][0]["pointer"], "/aliases");
        server.send(Method::PATCH, "/api/v1/brands/Not_A_Code", json!({"name": "x"})).await.problem(422, "invalid");
        server.get("/api/v1/brands/none").await.problem(404, "not_found");
        // A later offer in the other spelling finds the brand, and by its part number the product.
        import(&server, "bivak", &["B-2,,LUMORA LIGHTS GMBH,LX100,Lamp,100,,,1,,,,,"]).await;
        assert_eq!(sku_of(&server, "bivak", "B-2").await, sku_of(&server, "alpine", "A-1").await);
    }

    async fn the_dictionary_is_told(house: House) {
        let server = Server::start_idle(&house).await;
        let attributes = server.all("/api/v1/attributes").await;
        assert!(attributes.len() >= 45, "{}", attributes.len());
        let output = server.get("/api/v1/attributes/light_output_max").await.expect(200);
        assert_eq!((&output["type"], &output["unit"]), (&json!("measure"), &json!("lm")));
        assert!(attributes.contains(&output));
        let category = server.get("/api/v1/categories/headlamps").await.expect(200);
        assert!(category["ids"]["google"].is_string() && category["ids"]["shopify"].is_string(), "{category}");
        let page = server.get("/api/v1/attributes?limit=10").await.expect(200);
        let rest = server.get(&format!("/api/v1/attributes?limit=1000&after={}", page["next"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len() + 10, attributes.len());
        server.get("/api/v1/attributes/none").await.problem(404, "not_found");
        server.get("/api/v1/categories/none").await.problem(404, "not_found");
    }

    async fn a_channel_key_sees_its_ready_products_and_nothing_inner(house: House) {
        let server = Server::start(&house).await;
        let settings = json!({"currency": "EUR", "locale": "en", "link_template": "https://shop.example/{sku}", "markup": "0.5"});
        server.send(Method::PATCH, "/api/v1/channels/google", settings).await.expect(200);
        let sku = shared_lamp(&server).await;
        let blocked = server.send(Method::POST, "/api/v1/products", json!({"sku": "BLOCKED", "brand": "Fenix"})).await;
        blocked.expect(201);
        let edit = json!({"values": {"description": {"en": "A lamp for the head, with three levels and a red light."}}});
        let edited = server.send(Method::PATCH, &format!("/api/v1/products/{sku}"), edit).await;
        server.get(&format!("/api/v1/search?after_change={}", edited.header("beamline-change"))).await.expect(200);
        let channel = key(&house, Role::Channel, None, Some("google")).await;
        let begun = std::time::Instant::now();
        let seen = loop {
            let seen = server.get_as(&channel, "/api/v1/products").await.expect(200)["items"].clone();
            if seen != json!([]) {
                break seen;
            }
            let listings = server.get("/api/v1/channels/google/listings").await.text;
            assert!(begun.elapsed().as_secs() < 30, "nothing becomes ready: {listings}");
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        };
        assert_eq!((seen.as_array().unwrap().len(), &seen[0]["sku"]), (1, &json!(sku)));
        assert!(seen[0].get("cost").is_none() && seen[0].get("suppliers").is_none(), "{seen}");
        assert_eq!(server.get_as(&channel, &format!("/api/v1/products/{sku}")).await.expect(200)["sku"], sku.as_str());
        server.get_as(&channel, "/api/v1/products/BLOCKED").await.problem(404, "not_found");
        for inner in ["offers", "lineage", "history", "price", "stock"] {
            server.get_as(&channel, &format!("/api/v1/products/{sku}/{inner}")).await.problem(403, "forbidden");
        }
        for path in ["suppliers", "imports", "stock", "operations", "events", "brands", "channels"] {
            server.get_as(&channel, &format!("/api/v1/{path}")).await.problem(403, "forbidden");
        }
        server.send_as(&channel, Method::PATCH, &format!("/api/v1/products/{sku}"), json!({"tags": []})).await.problem(403, "forbidden");
        let supplier = key(&house, Role::Supplier, Some("alpine"), None).await;
        server.get_as(&supplier, "/api/v1/products").await.problem(403, "forbidden");
        server.get_as(&supplier, "/api/v1/suppliers/bivak/offers").await.problem(404, "not_found");
        assert_eq!(server.get_as(&supplier, "/api/v1/suppliers/alpine/offers").await.expect(200)["items"].as_array().unwrap().len(), 1);
    }
}
