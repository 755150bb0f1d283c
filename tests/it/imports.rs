//! Imports through HTTP, done in the background as `beamline serve` does them.

use crate::support::{Answer, Server, Upload, counts, key};
use beamline::auth::Role;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::Write;

const HEADER: &str = "sku,ean,brand,mpn,title,lumens,weight,category,cost,rrp,stock";

const PROFILE: &str = r#"
name = "Alpine list"
locale = "en"
currency = "EUR"
[[column]]
from = "sku"
to = "supplier_sku"
[[column]]
from = "ean"
to = "gtin"
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
from = "lumens"
to = "light_output_max"
unit = "lm"
[[column]]
from = "weight"
to = "weight_with_battery"
unit = "g"
[[column]]
from = "category"
to = "category"
[[column]]
from = "cost"
to = "cost"
[[column]]
from = "rrp"
to = "recommended_price"
[[column]]
from = "stock"
to = "on_hand"
"#;

/// A row of lamp number `number`.
fn lamp(number: usize) -> String {
    format!("A-{number},,Fenix,HM{number},Fenix HM{number} lamp,{}00,9{number},headlamps,50.00,99.90,{number}", number + 1)
}

fn csv(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn lamps(numbers: impl IntoIterator<Item = usize>) -> String {
    csv(&numbers.into_iter().map(lamp).collect::<Vec<_>>())
}

fn sent(bytes: impl Into<Vec<u8>>) -> Upload {
    Upload::new("alpine", "list.csv", bytes).profile(PROFILE)
}

/// SKUs by the supplier's own number.
async fn product_of(server: &Server, supplier_sku: &str) -> Value {
    let offers = server.all("/api/v1/suppliers/alpine/offers").await;
    let offer = offers.iter().find(|offer| offer["supplier_sku"] == supplier_sku);
    let sku = offer.unwrap_or_else(|| panic!("no offer {supplier_sku}"))["product"].as_str().unwrap();
    server.get(&format!("/api/v1/products/{sku}")).await.expect(200)
}

/// All products, without what the listings' follower tells in its own time.
async fn products(server: &Server) -> Vec<Value> {
    let mut products = server.all("/api/v1/products").await;
    for product in &mut products {
        product.as_object_mut().unwrap().remove("completeness");
    }
    products
}

/// How many events of these types there are once the log tells what the import wrote.
async fn events(server: &Server, import: &Value, types: &str) -> usize {
    let told = server.get_after(import, &format!("/api/v1/events?limit=1000&types={types}")).await;
    told["items"].as_array().unwrap().len()
}

async fn issues(server: &Server, import: &Value) -> Vec<Value> {
    server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await
}

both_databases! {
    async fn a_file_is_accepted_done_and_told_in_full(house: House) {
        let server = Server::start(&house).await;
        let mut rows: Vec<String> = (1..=3).map(lamp).collect();
        rows.push(",,Fenix,HM9,No number,900,99,headlamps,50.00,99.90,1".to_owned());
        rows.push("A-5,4006381333932,Fenix,HM5,Wrong digit,bright,95,headlamps,50.00,99.90,5".to_owned());
        let path = "/api/v1/suppliers/alpine/imports";
        let form = Form::new().text("profile", PROFILE).part("file", Part::text(csv(&rows)).file_name("list.csv"));
        let accepted = Answer::of(server.request(Method::POST, path).multipart(form)).await;
        let import = accepted.expect(202);
        let place = accepted.header("location");
        assert_eq!(place, format!("/api/v1/imports/{}", import["id"].as_str().unwrap()));
        assert_eq!((&import["supplier"], &import["kind"], &import["dry_run"]), (&json!("alpine"), &json!("catalog"), &json!(false)));
        let import = server.ended(import["id"].as_str().unwrap()).await;
        assert_eq!((&import["status"], counts(&import)), (&json!("done_with_issues"), [5, 4, 0, 0, 1, 0]));
        assert_eq!((&import["warned"], &import["profile"], &import["files"]), (&json!(1), &json!("Alpine list"), &json!(["list.csv"])));
        assert!(import["started_at"].is_string() && import["finished_at"].is_string() && import["change"].is_string());

        // Every fault has its row, field, reason and text.
        let told = issues(&server, &import).await;
        let brief: Vec<_> = told.iter().map(|issue| (issue["row"].as_i64().unwrap(), issue["field"].as_str().unwrap(), issue["raw"].as_str().unwrap(), issue["severity"].as_str().unwrap())).collect();
        assert_eq!(brief[0], (4, "sku", "", "rejected"));
        assert_eq!(told[0]["code"], "missing_key");
        assert!(brief.contains(&(5, "ean", "4006381333932", "warning")), "{told:?}");
        assert!(brief.contains(&(5, "lumens", "bright", "warning")), "{told:?}");
        assert!(told.iter().all(|issue| !issue["message"].as_str().unwrap().is_empty() && !issue["code"].as_str().unwrap().is_empty() && issue["file"] == "list.csv"));
        let page = server.get(&format!("{place}/issues?limit=1")).await.expect(200);
        assert_eq!(page["items"][0], told[0]);
        let rest = server.get(&format!("{place}/issues?after={}", page["next"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().as_slice(), &told[1..]);

        // What is written can be read at once.
        let found = server.get_after(&import, "/api/v1/search?q=HM2").await;
        assert_eq!(found["items"][0]["title"], "Fenix HM2 lamp", "{found}");
        let product = product_of(&server, "A-2").await;
        assert_eq!((&product["status"], &product["available"], &product["brand"]), (&json!("active"), &json!(2), &json!("Fenix")));
        assert_eq!(product["values"]["light_output_max"], json!({"amount": "300", "unit": "lm"}));
        assert_eq!(server.get("/api/v1/imports?supplier=alpine").await.expect(200)["items"][0], import);
        assert_eq!(server.get("/api/v1/imports?supplier=nobody").await.expect(200)["items"], json!([]));
        server.get("/api/v1/imports/imp_none").await.problem(404, "not_found");
        server.get("/api/v1/imports/imp_none/issues").await.problem(404, "not_found");
    }

    async fn the_same_file_again_changes_nothing_and_a_changed_row_one_offer(house: House) {
        let server = Server::start(&house).await;
        let first = sent(lamps(1..=4)).done(&server).await;
        let written = (events(&server, &first, "product.created").await, events(&server, &first, "product.updated,stock.changed,price.changed").await);
        assert_eq!(written.0, 4);
        // As the body itself this time; the profile is remembered.
        let path = "/api/v1/suppliers/alpine/imports?filename=list.csv";
        let again = Answer::of(server.request(Method::POST, path).header("content-type", "text/csv").body(lamps(1..=4))).await;
        let again = server.ended(again.expect(202)["id"].as_str().unwrap()).await;
        assert_eq!((&again["status"], counts(&again)), (&json!("done"), [4, 0, 0, 4, 0, 0]));
        assert_eq!(again["profile"], "Alpine list");
        assert_eq!((events(&server, &again, "product.created").await, events(&server, &again, "product.updated,stock.changed,price.changed").await), written);

        let mut rows: Vec<String> = (1..=4).map(lamp).collect();
        rows[2] = rows[2].replace(",400,", ",450,");
        let changed = sent(csv(&rows)).done(&server).await;
        assert_eq!(counts(&changed), [4, 0, 1, 3, 0, 0]);
        let product = product_of(&server, "A-3").await;
        assert_eq!(product["values"]["light_output_max"]["amount"], "450");
        let history = server.get_after(&changed, &format!("/api/v1/products/{}/history", product["sku"].as_str().unwrap())).await;
        let updated = history["items"].as_array().unwrap().iter().find(|entry| entry["kind"] == "product.updated").unwrap();
        assert_eq!(updated["data"]["changed"], json!(["light_output_max"]));
        assert_eq!(updated["before"]["values"]["light_output_max"]["amount"], "400");
        assert_eq!(updated["operation"], changed["operation"]);
    }

    async fn a_warning_is_told_again_as_long_as_its_row_stands(house: House) {
        let server = Server::start(&house).await;
        let mut rows: Vec<String> = (1..=3).map(lamp).collect();
        rows[1] = rows[1].replace(",300,", ",bright,");
        let issues = async |import: &Value| {
            let issues = server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await;
            issues.iter().map(|issue| (issue["row"].clone(), issue["field"].clone(), issue["code"].clone())).collect::<Vec<_>>()
        };
        let first = sent(csv(&rows)).done(&server).await;
        let again = sent(csv(&rows)).done(&server).await;
        assert_eq!((&first["warned"], counts(&again)), (&json!(1), [3, 0, 0, 3, 0, 0]), "{first}");
        assert_eq!((issues(&first).await, &again["warned"]), (issues(&again).await, &json!(1)));
        assert_eq!(issues(&again).await[0].0, 2);
        let moved = sent(csv(&[rows[0].clone(), rows[2].clone(), rows[1].clone()])).done(&server).await;
        assert_eq!((counts(&moved), &issues(&moved).await[0].0), ([3, 0, 0, 3, 0, 0], &json!(3)), "told where the row stands now");

        rows[1] = lamp(2);
        let mended = sent(csv(&rows)).done(&server).await;
        assert_eq!((&mended["warned"], counts(&mended)), (&json!(0), [3, 0, 1, 2, 0, 0]));
        assert_eq!(issues(&mended).await, []);
    }

    async fn only_a_full_file_says_what_is_gone(house: House) {
        let server = Server::start(&house).await;
        sent(lamps(1..=10)).done(&server).await;
        let partial = sent(lamps(1..=2)).query("mode=partial").done(&server).await;
        assert_eq!(counts(&partial), [2, 0, 0, 2, 0, 0]);
        assert_eq!(product_of(&server, "A-10").await["available"], 10);

        // Two of ten are not more than a fifth. A row that is there and rejected is not missing.
        let mut rows: Vec<String> = (1..=8).map(lamp).collect();
        rows[0] = format!(",{}", rows[0]);
        let full = sent(csv(&rows)).query("mode=full").done(&server).await;
        assert_eq!((&full["status"], &counts(&full)[4..]), (&json!("done_with_issues"), &[1, 2][..]), "{full}");
        let gone = product_of(&server, "A-10").await;
        assert_eq!((&gone["available"], &gone["status"]), (&json!(0), &json!("active")));
        assert_eq!(product_of(&server, "A-8").await["available"], 8);
        let offers = server.all("/api/v1/suppliers/alpine/offers").await;
        let state = |sku: &str| offers.iter().find(|offer| offer["supplier_sku"] == sku).unwrap()["state"].clone();
        assert_eq!((state("A-8"), state("A-9"), state("A-10")), (json!("live"), json!("gone"), json!("gone")));
        // What comes back is for sale again.
        let back = sent(lamps(1..=10)).query("mode=full").done(&server).await;
        assert_eq!(counts(&back)[5], 0);
        assert_eq!(product_of(&server, "A-10").await["available"], 10);
    }

    async fn a_file_that_would_lose_too_much_waits_for_a_person(house: House) {
        let server = Server::start(&house).await;
        sent(lamps(1..=10)).done(&server).await;
        let held = sent(lamps(1..=7)).query("mode=full").done(&server).await;
        assert_eq!((&held["status"], counts(&held)), (&json!("held"), [7, 0, 0, 7, 0, 0]), "nothing is gone yet");
        assert!(held["error"].as_str().unwrap().contains("3 of the supplier's 10"), "{held}");
        assert_eq!(product_of(&server, "A-10").await["available"], 10, "nothing is gone while it waits");
        let path = format!("/api/v1/imports/{}", held["id"].as_str().unwrap());
        let viewer = key(&house, Role::Viewer, None, None).await;
        server.send_as(&viewer, Method::POST, &format!("{path}/release"), json!({})).await.problem(403, "forbidden");
        let released = server.send(Method::POST, &format!("{path}/release"), json!({})).await;
        released.expect(202);
        let released = server.ended(held["id"].as_str().unwrap()).await;
        assert_eq!((&released["status"], &released["gone"]), (&json!("done"), &json!(3)));
        let product = server.get_after(&released, "/api/v1/search?q=HM10").await;
        assert_eq!(product["items"][0]["available"], 0, "{product}");
        assert_eq!(product_of(&server, "A-10").await["status"], "active");
        server.send(Method::POST, &format!("{path}/release"), json!({})).await.problem(409, "conflict");

        // A later file may have brought back what an earlier one lacked: the earlier one is not released any more.
        let stale = sent(lamps(1..=2)).query("mode=full").done(&server).await;
        sent(lamps(1..=3)).done(&server).await;
        let path = format!("/api/v1/imports/{}", stale["id"].as_str().unwrap());
        server.send(Method::POST, &format!("{path}/release"), json!({})).await.problem(409, "conflict");

        let held = sent(lamps(1..=2)).query("mode=full").done(&server).await;
        let path = format!("/api/v1/imports/{}", held["id"].as_str().unwrap());
        let cancelled = server.send(Method::POST, &format!("{path}/cancel"), json!({})).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        assert!(cancelled["finished_at"].is_string(), "a cancelled import is over: {cancelled}");
        assert_eq!(product_of(&server, "A-7").await["available"], 7);
        server.send(Method::POST, &format!("{path}/cancel"), json!({})).await.problem(409, "conflict");
        server.send(Method::POST, &format!("{path}/release"), json!({})).await.problem(409, "conflict");
    }

    async fn what_is_cancelled_in_the_queue_is_never_begun(house: House) {
        let server = Server::start_idle(&house).await;
        let accepted = sent(lamps(1..=3)).send_as(&server, &server.admin).await.expect(202);
        assert_eq!(accepted["status"], "queued");
        let id = accepted["id"].as_str().unwrap();
        let cancelled = server.send(Method::POST, &format!("/api/v1/imports/{id}/cancel"), json!({})).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        Server::work(&house);
        sent(lamps(4..=4)).done(&server).await;
        assert_eq!(server.get(&format!("/api/v1/imports/{id}")).await.expect(200)["status"], "cancelled");
        assert_eq!(server.all("/api/v1/suppliers/alpine/offers").await.len(), 1, "only the later file was read");
    }

    async fn a_dry_run_tells_and_changes_nothing(house: House) {
        let server = Server::start(&house).await;
        let first = sent(lamps(1..=5)).done(&server).await;
        let before = (products(&server).await, server.all("/api/v1/suppliers/alpine/offers").await, server.all("/api/v1/stock").await);
        let mut rows: Vec<String> = (2..=6).map(lamp).collect();
        rows[0] = rows[0].replace("50.00", "55.00");
        rows.push(",,Fenix,,nothing,,,,,,".to_owned());
        let told = sent(csv(&rows)).query("mode=full&dry_run=true").done(&server).await;
        assert_eq!((&told["dry_run"], &told["status"], counts(&told)), (&json!(true), &json!("done_with_issues"), [6, 1, 1, 3, 1, 1]));
        assert_eq!(issues(&server, &told).await.len(), 1);
        server.get_after(&told, "/api/v1/events?limit=1").await;
        let after = (products(&server).await, server.all("/api/v1/suppliers/alpine/offers").await, server.all("/api/v1/stock").await);
        assert_eq!(before, after);
        let changes = server.get_after(&told, &format!("/api/v1/events?limit=1000&after={}", first["change"].as_str().unwrap())).await;
        let kinds: Vec<&Value> = changes["items"].as_array().unwrap().iter().map(|event| &event["type"]).filter(|kind| *kind != "listing.changed").collect();
        assert_eq!(kinds, ["import.finished"]);
    }

    async fn what_cannot_be_read_fails_with_a_reason(house: House) {
        let server = Server::start(&house).await;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(lamps(1..=200).as_bytes()).unwrap();
        let whole = gzip.finish().unwrap();
        for (name, bytes) in [("none.csv", format!("{HEADER}\n").into_bytes()), ("cut.csv.gz", whole[..whole.len() / 2].to_vec()), ("not.xlsx", b"PK\x03\x04 not a workbook".to_vec())] {
            let failed = Upload::new("alpine", name, bytes).profile(PROFILE).done(&server).await;
            assert_eq!(failed["status"], "failed", "{name}: {failed}");
            assert!(failed["error"].as_str().is_some_and(|error| error.len() > 20), "{name}: {failed}");
            assert!(failed["finished_at"].is_string() && failed["change"].is_string(), "{name}: {failed}");
        }
        let path = "/api/v1/suppliers/alpine/imports";
        Answer::of(server.request(Method::POST, path).body("")).await.problem(422, "unreadable_file");
        Answer::of(server.request(Method::POST, path).multipart(Form::new().text("profile", PROFILE))).await.problem(422, "invalid");
        let wrong = Upload::new("alpine", "list.csv", lamps(1..=1)).profile("name = \"x\"\n[[column]]\nfrom = \"sku\"\nto = \"nonsense\"\n");
        let problem = wrong.send_as(&server, &server.admin).await.problem(422, "invalid_profile");
        assert!(problem["detail"].as_str().unwrap().contains("nonsense"), "{problem}");
        Upload::new("Alpine!", "list.csv", lamps(1..=1)).send_as(&server, &server.admin).await.problem(422, "invalid");
        sent(lamps(1..=1)).query("kind=recipes").send_as(&server, &server.admin).await.problem(400, "invalid_parameter");
        // One bad file does not stop the next.
        assert_eq!(sent(lamps(1..=1)).done(&server).await["status"], "done");
    }

    async fn the_last_row_of_a_key_stands(house: House) {
        let server = Server::start(&house).await;
        let mut rows = vec![lamp(1), lamp(2), lamp(1).replace(",200,", ",250,")];
        let import = sent(csv(&rows)).done(&server).await;
        assert_eq!((&import["status"], counts(&import), &import["warned"]), (&json!("done"), [3, 2, 0, 1, 0, 0], &json!(1)));
        let told = issues(&server, &import).await;
        assert_eq!((&told[0]["code"], &told[0]["row"], &told[0]["raw"]), (&json!("duplicate_key"), &json!(1), &json!("A-1")));
        assert_eq!(product_of(&server, "A-1").await["values"]["light_output_max"]["amount"], "250");
        let again = sent(csv(&rows)).done(&server).await;
        assert_eq!(counts(&again), [3, 0, 0, 3, 0, 0]);
        rows.pop();
        let earlier = sent(csv(&rows)).done(&server).await;
        assert_eq!(product_of(&server, "A-1").await["values"]["light_output_max"]["amount"], "200", "{earlier}");
    }

    async fn stock_and_prices_have_files_of_their_own(house: House) {
        let server = Server::start(&house).await;
        sent(lamps(1..=3)).done(&server).await;
        let stock = "sku,warehouse,quantity\nA-1,north,40\nA-1,south,2\nA-2,north,lots\nB-9,north,7\nA-3,south,0\n";
        let import = Upload::new("alpine", "stock.csv", stock).query("kind=stock").done(&server).await;
        assert_eq!((&import["kind"], &import["status"], counts(&import)), (&json!("stock"), &json!("done_with_issues"), [5, 3, 0, 0, 2, 0]));
        let told = issues(&server, &import).await;
        assert!(told.iter().any(|issue| issue["row"] == 3 && issue["field"] == "quantity" && issue["raw"] == "lots"), "{told:?}");
        assert!(told.iter().any(|issue| issue["row"] == 4 && issue["raw"] == "B-9"), "{told:?}");
        assert_eq!(product_of(&server, "A-1").await["available"], 43, "two warehouses beside the catalogue's own figure");
        let again = Upload::new("alpine", "stock.csv", stock).query("kind=stock").done(&server).await;
        assert_eq!(counts(&again), [5, 0, 0, 3, 2, 0]);

        let prices = "sku;cost;rrp\nA-1;41,50;89,00\nA-2;50,00;99,90\nA-3;;\nB-9;1,00;2,00\n";
        let profile = "name = \"prices\"\nlocale = \"de\"\ncurrency = \"EUR\"\n[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"cost\"\nto = \"cost\"\n[[column]]\nfrom = \"rrp\"\nto = \"recommended_price\"\n";
        let import = Upload::new("alpine", "prices.csv", prices).profile(profile).query("kind=prices").done(&server).await;
        assert_eq!((&import["kind"], counts(&import)), (&json!("prices"), [4, 0, 1, 1, 2, 0]));
        let offers = server.all("/api/v1/suppliers/alpine/offers").await;
        let offer = offers.iter().find(|offer| offer["supplier_sku"] == "A-1").unwrap();
        assert_eq!((&offer["cost"], &offer["recommended_price"]), (&json!({"amount": "41.50", "currency": "EUR"}), &json!({"amount": "89.00", "currency": "EUR"})));
        assert_eq!(product_of(&server, "A-1").await["values"]["light_output_max"]["amount"], "200", "a price list says nothing else");
    }

    async fn without_a_profile_one_is_proposed_and_named(house: House) {
        let server = Server::start(&house).await;
        let file = "Artikelnummer;Hersteller;Herst.-Nr.;Bezeichnung;Lichtstrom;EK netto;Bestand\nL-1;Petzl;E099;Petzl Stirnlampe Tikka;350 lm;\"20,50\";7\n";
        let import = Upload::new("licht", "katalog.csv", file).done(&server).await;
        assert_eq!((&import["status"], &import["profile"]), (&json!("done"), &json!("proposed for licht catalog")));
        let supplier = server.get("/api/v1/suppliers/licht").await.expect(200);
        assert_eq!(supplier["name"], "licht", "an unknown supplier is made: {supplier}");
        let offers = server.all("/api/v1/suppliers/licht/offers").await;
        assert_eq!((&offers[0]["supplier_sku"], &offers[0]["cost"]["amount"]), (&json!("L-1"), &json!("20.50")));
        let product = server.get(&format!("/api/v1/products/{}", offers[0]["product"].as_str().unwrap())).await.expect(200);
        assert_eq!((&product["brand"], &product["mpn"], &product["available"]), (&json!("Petzl"), &json!("E099"), &json!(7)));
        assert_eq!(product["values"]["light_output_max"], json!({"amount": "350", "unit": "lm"}));
    }

    async fn the_language_of_texts_is_found_and_told(house: House) {
        let server = Server::start(&house).await;
        let german = "sku,name,description\n\
            G-1,Lampe Fjord,\"Die Lampe ist für lange Nächte gemacht und wird mit einem Akku geliefert, der sich über das Kabel laden lässt.\"\n\
            G-2,Lampe Tal,\"Mit dem roten Licht werden die anderen im Zelt nicht geweckt, und das Band der Lampe kann gewaschen werden.\"\n";
        let import = Upload::new("alpine", "lampen.csv", german).done(&server).await;
        assert_eq!((&import["status"], counts(&import)), (&json!("done"), [2, 2, 0, 0, 0, 0]), "{import}");
        let told = issues(&server, &import).await;
        assert_eq!((told.len(), &told[0]["row"], &told[0]["code"]), (1, &json!(0), &json!("language_detected")), "{told:?}");
        assert!(told[0]["message"].as_str().unwrap().contains("Deutsch (de), 100 % sure"), "{told:?}");
        let product = product_of(&server, "G-1").await;
        assert_eq!(product["values"]["title"], json!({"de": "Lampe Fjord"}), "{product}");
        let again = Upload::new("alpine", "lampen.csv", german).done(&server).await;
        assert_eq!((counts(&again)[4], issues(&server, &again).await.len()), (0, 1));

        // Said otherwise: each text that does not fit is told, and stays where it was said to belong.
        let said = "name = \"said\"\nlocale = \"en\"\n[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"description\"\nto = \"description\"\n";
        let import = Upload::new("said", "lampen.csv", german).profile(said).done(&server).await;
        let told = issues(&server, &import).await;
        let at: Vec<_> = told.iter().map(|issue| (&issue["row"], &issue["field"], &issue["code"])).collect();
        let [one, two, field, code] = [json!(1), json!(2), json!("description"), json!("other_language")];
        assert_eq!(at, [(&one, &field, &code), (&two, &field, &code)]);

        // A profile that says no language: the report says what to write into it.
        let unsaid = said.replace("locale = \"en\"\n", "");
        let import = Upload::new("unsaid", "lampen.csv", german).profile(&unsaid).done(&server).await;
        let told = issues(&server, &import).await;
        assert_eq!((told.len(), &told[0]["row"]), (1, &json!(0)), "{told:?}");
        assert!(told[0]["message"].as_str().unwrap().contains("write locale = \"de\" in the profile"), "{told:?}");
    }

    async fn every_format_tells_the_same(house: House) {
        let server = Server::start(&house).await;
        let columns: Vec<&str> = HEADER.split(',').collect();
        let rows: Vec<String> = (1..=3).map(lamp).collect();
        let objects: Vec<Value> = rows.iter().map(|row| columns.iter().map(|name| (*name).to_owned()).zip(row.split(',').map(Value::from)).collect::<serde_json::Map<_, _>>().into()).collect();
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let lines = std::iter::once(HEADER).chain(rows.iter().map(String::as_str));
        for (line, row) in (0_u32..).zip(lines) {
            for (column, text) in (0_u16..).zip(row.split(',')) {
                sheet.write_string(line, column, text).unwrap();
            }
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(lamps(1..=3).as_bytes()).unwrap();
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("inside/list.csv", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(lamps(1..=3).as_bytes()).unwrap();
        let items = objects.iter().map(|item| {
            let fields = columns.iter().map(|name| format!("<{name}>{}</{name}>", item[*name].as_str().unwrap())).collect::<Vec<_>>().concat();
            format!("<item>{fields}</item>")
        }).collect::<Vec<_>>().concat();
        let ndjson: Vec<String> = objects.iter().map(Value::to_string).collect();
        let files: [(&str, Vec<u8>); 7] = [
            ("list.tsv", lamps(1..=3).replace(',', "\t").into_bytes()),
            ("list.xlsx", book.save_to_buffer().unwrap()),
            ("list.xml", format!("<?xml version=\"1.0\"?><list>{items}</list>").into_bytes()),
            ("list.json", serde_json::to_vec(&objects).unwrap()),
            ("list.ndjson", ndjson.join("\n").into_bytes()),
            ("list.csv.gz", gzip.finish().unwrap()),
            ("list.zip", zip.finish().unwrap().into_inner()),
        ];
        for (place, (name, bytes)) in files.into_iter().enumerate() {
            let supplier = format!("s{place}");
            let import = Upload::new(&supplier, name, bytes).profile(PROFILE).done(&server).await;
            assert_eq!((&import["status"], counts(&import)), (&json!("done"), [3, 3, 0, 0, 0, 0]), "{name}: {import}");
            let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
            assert_eq!((&offers[1]["supplier_sku"], &offers[1]["cost"]["amount"]), (&json!("A-2"), &json!("50.00")), "{name}");
            assert_eq!(offers[1]["raw"]["title"], "Fenix HM2 lamp", "{name}");
        }
        assert_eq!(server.all("/api/v1/products").await.len(), 3, "seven suppliers, three lamps");
    }

    async fn a_supplier_key_imports_its_own_only(house: House) {
        let server = Server::start(&house).await;
        for code in ["alpine", "bivak"] {
            server.send(Method::POST, "/api/v1/suppliers", json!({"code": code, "name": code, "currency": "EUR"})).await.expect(201);
        }
        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        let accepted = sent(lamps(1..=2)).send_as(&server, &own).await.expect(202);
        let import = server.ended(accepted["id"].as_str().unwrap()).await;
        assert_eq!(import["status"], "done");
        let others = Upload::new("bivak", "list.csv", lamps(1..=2)).profile(PROFILE);
        others.send_as(&server, &own).await.problem(404, "not_found");
        Upload::new("nobody", "list.csv", lamps(1..=1)).send_as(&server, &own).await.problem(404, "not_found");
        let foreign = others.done(&server).await;
        let path = format!("/api/v1/imports/{}", foreign["id"].as_str().unwrap());
        for path in [path.clone(), format!("{path}/issues")] {
            server.get_as(&own, &path).await.problem(404, "not_found");
        }
        server.send_as(&own, Method::POST, &format!("{path}/cancel"), json!({})).await.problem(404, "not_found");
        let listed = server.get_as(&own, "/api/v1/imports?supplier=bivak").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().iter().map(|import| &import["supplier"]).collect::<Vec<_>>(), ["alpine"]);
        let viewer = key(&house, Role::Viewer, None, None).await;
        sent(lamps(1..=2)).send_as(&server, &viewer).await.problem(403, "forbidden");
        assert_eq!(server.all("/api/v1/suppliers/alpine/offers").await.len(), 2);
    }

    async fn a_proposal_made_of_one_file_does_not_misread_another(house: House) {
        let server = Server::start(&house).await;
        let first = Upload::new("newcomer", "a.csv", "sku,title,brand\n1,Lamp one,Fenix\n").done(&server).await;
        assert_eq!((&first["status"], &first["created"]), (&json!("done"), &json!(1)));
        let other = "Artikelnummer;Bezeichnung;Marke\n7;Lampe sieben;Fenix\n8;Lampe acht;Fenix\n";
        let second = Upload::new("newcomer", "b.csv", other).done(&server).await;
        assert_eq!((&second["status"], &second["created"]), (&json!("done"), &json!(2)), "{second}");
        let again = Upload::new("newcomer", "a.csv", "sku,title,brand\n1,Lamp one,Fenix\n").done(&server).await;
        assert_eq!((&again["unchanged"], &again["rejected"]), (&json!(1), &json!(0)), "{again}");
    }
}
