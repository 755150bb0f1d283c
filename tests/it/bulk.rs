//! Bulk writes through HTTP: lines in, lines out, all the ways they go wrong.

use crate::support::{Answer, House, Raw, Server, Upload, key};
use beamline::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

const NDJSON: &str = "application/x-ndjson";
const AKENEO: &str = "application/vnd.akeneo.collection+json";

/// A bulk request of these lines; its answer.
async fn bulk_as(server: &Server, key: &str, path: &str, media_type: &str, lines: impl Into<Vec<u8>>) -> Answer {
    let request = server.bare(Method::PATCH, path).bearer_auth(key).header("content-type", media_type);
    Answer::of(request.body(lines.into())).await
}

/// The answers to these lines, the last one among them.
async fn bulk(server: &Server, path: &str, lines: impl Into<Vec<u8>>) -> Vec<Value> {
    let answer = bulk_as(server, &server.admin, path, NDJSON, lines).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type").as_str()), (200, NDJSON), "{}", answer.text);
    parsed(&answer.text)
}

fn parsed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn told(answer: &Value) -> (u64, u64, Vec<(&str, &str)>) {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer}"));
    let errors = errors.iter().map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect();
    (answer["line"].as_u64().unwrap(), answer["status"].as_u64().unwrap(), errors)
}

fn joined(lines: &[Value]) -> String {
    lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n")
}

fn product(n: usize) -> Value {
    json!({"sku": format!("B-{n:05}"), "brand": "Fenix", "category": "headlamps", "values": {"title": {"en": format!("Lamp {n}")}}})
}

const FILE: &str = "sku,brand,mpn,title,stock,cost\nA-1,Fenix,HM65R,Fenix HM65R,5,10.00\nA-2,Fenix,HM70R,Fenix HM70R,3,20.00\n";

async fn title(server: &Server, sku: &str) -> Value {
    server.get(&format!("/api/v1/products/{sku}")).await.expect(200)["values"]["title"]["en"].clone()
}

async fn products(server: &Server) -> usize {
    server.all("/api/v1/products").await.len()
}

async fn operations(server: &Server, kind: &str) -> Vec<Value> {
    server.all(&format!("/api/v1/operations?kind={kind}")).await
}

/// Waits until something holds; a minute at most.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

both_databases! {
    async fn each_line_is_answered_and_a_wrong_one_stops_only_itself(house: House) {
        let server = Server::start(&house).await;
        let body = [
            product(1).to_string().into_bytes(),
            b"{\"sku\":\"B-00002\",\"values\":{\"colour\":\"red\"}}".to_vec(),
            b"{\"sku\":".to_vec(),
            b"".to_vec(),
            b"[1]".to_vec(),
            b"{\"sku\":\"\xff\"}".to_vec(),
            b"{\"values\":{}}".to_vec(),
            b"{\"sku\":\"no good sku\"}".to_vec(),
            b"{\"sku\":\"B-00003\",\"group\":\"none\"}".to_vec(),
            b"{\"sku\":\"B-00001\",\"values\":{\"title\":{\"en\":\"Renamed\"}},\"version\":1}".to_vec(),
            b"{\"sku\":\"B-00001\",\"values\":{\"title\":{\"en\":\"Too late\"}},\"version\":1}".to_vec(),
            format!("{{\"sku\":\"B-00004\",\"values\":{{\"title\":{{\"en\":\"{}\"}}}}}}", "x".repeat(1 << 20)).into_bytes(),
            b"{\"sku\":\"B-00001\",\"version\":2,\"available\":7,\"price\":null}".to_vec(),
            b"{\"sku\":\"B-00001\",\"available\":7}".to_vec(),
            b"{\"sku\":\"B-00005\",\"values\":{\"weight\":\"\\u0000\"}}".to_vec(),
            product(6).to_string().into_bytes(),
        ].join(&b'\n');
        let answers = bulk(&server, "/api/v1/products", body).await;
        let expected = vec![
            (1, 201, vec![]),
            (2, 422, vec![("/values/colour", "unknown_attribute")]),
            (3, 422, vec![("", "invalid_json")]),
            (5, 422, vec![("", "invalid")]),
            (6, 422, vec![("", "invalid_utf8")]),
            (7, 422, vec![("/sku", "missing")]),
            (8, 422, vec![("/sku", "invalid_sku")]),
            (9, 422, vec![("/group", "unknown_group")]),
            (10, 200, vec![]),
            (11, 412, vec![("/version", "precondition_failed")]),
            (12, 422, vec![("", "too_large")]),
            (13, 200, vec![]),
            (14, 422, vec![("/available", "read_only")]),
            (15, 422, vec![("", "nul_character")]),
            (16, 201, vec![]),
        ];
        assert_eq!(answers[..answers.len() - 1].iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!((&answers[0]["id"], &answers[1]["id"], &answers[2]["id"], &answers[1]["change"]), (&json!("B-00001"), &json!("B-00002"), &json!(null), &json!(null)));
        let last = answers.last().unwrap();
        assert_eq!((&last["done"], &last["lines"], &last["change"]), (&json!(true), &json!(15), &answers[14]["change"]));
        assert_eq!(title(&server, "B-00001").await, "Renamed");
        assert_eq!(products(&server).await, 2, "a line that was refused makes nothing");
        // What a line is answered with is what a reader waits for.
        let change = answers[14]["change"].as_str().unwrap();
        let found = server.get(&format!("/api/v1/search?q=lamp&after_change={change}")).await.expect(200);
        assert_eq!(found["total"]["value"], 1);
        let done = operations(&server, "edit").await;
        assert_eq!((done.len(), &done[0]["subject"], &done[0]["actor"]), (1, &json!("products"), &json!("key:test admin")));
        assert_eq!(done[0]["summary"], json!({"lines": 15, "created": 2, "updated": 2, "rejected": 11}));
        let history = server.get("/api/v1/products/B-00001/history").await.expect(200);
        let edits = history["items"].as_array().unwrap().iter().filter(|one| one["kind"].as_str().unwrap().starts_with("product."));
        assert_eq!(edits.map(|one| &one["operation"]).collect::<Vec<_>>(), [&done[0]["id"], &done[0]["id"]], "{history}");
        assert_eq!(bulk(&server, "/api/v1/products", "").await[0]["lines"], 0);
        assert_eq!(operations(&server, "edit").await.len(), 1, "nothing done is no operation");
    }

    async fn a_client_that_reads_last_gets_every_answer(house: House) {
        let server = Server::start_idle(&house).await;
        Upload::new("alpine", "a.csv", FILE).send_as(&server, &server.admin).await.expect(202);
        Server::work(&house);
        let lines = 20_000;
        let mut request = Raw::begin(&server, "PATCH", "/api/v1/stock", &[("content-type", NDJSON)]).await;
        until("the offers are there", async || !server.all("/api/v1/suppliers/alpine/offers").await.is_empty()).await;
        // Long names make long answers: more than any buffer on the way holds.
        let text: String = (0..lines).fold(String::new(), |text, n| {
            let sku = if n % 2 == 0 { "A-1".to_owned() } else { format!("none-{n}-{}", "x".repeat(300)) };
            text + &json!({"supplier": "alpine", "supplier_sku": sku, "on_hand": n}).to_string() + "\n"
        });
        for piece in text.as_bytes().chunks(60_000) {
            request.send(piece).await;
        }
        request.end().await;
        let answers = request.lines().await;
        assert!(request.ended);
        assert_eq!(answers.len(), lines + 1);
        for (n, answer) in answers[..lines].iter().enumerate() {
            let answer: Value = serde_json::from_str(answer).unwrap();
            assert_eq!((&answer["line"], &answer["status"]), (&json!(n + 1), &json!(if n % 2 == 0 { 200 } else { 422 })), "{answer}");
        }
        let last: Value = serde_json::from_str(&answers[lines]).unwrap();
        assert_eq!((&last["done"], &last["lines"]), (&json!(true), &json!(lines)));
        let stock = server.get("/api/v1/stock?supplier=alpine").await.expect(200);
        assert_eq!(stock["items"][0]["on_hand"], lines - 2, "in the order of the lines");
        let done = operations(&server, "stock").await;
        assert_eq!((done.len(), &done[0]["summary"]["rejected"]), (1, &json!(lines / 2)));
    }

    async fn a_line_is_answered_while_the_next_is_not_yet_sent(house: House) {
        let server = Server::start_idle(&house).await;
        let mut request = Raw::begin(&server, "PATCH", "/api/v1/products", &[("content-type", NDJSON)]).await;
        for n in 1..4 {
            request.send(format!("{}\n", product(n))).await;
            let answer: Value = serde_json::from_str(&request.line().await.unwrap()).unwrap();
            assert_eq!((&answer["line"], &answer["status"]), (&json!(n), &json!(201)));
        }
        // Half a line is no line, and what was not answered is not written.
        let text = product(4).to_string();
        request.send(&text[..20]).await;
        drop(request);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(products(&server).await, 3);
        let done = operations(&server, "edit").await;
        assert_eq!((done.len(), &done[0]["summary"]["lines"]), (1, &json!(3)));
        assert!(done[0]["finished_at"].is_string());
    }

    async fn a_stop_ends_the_answer_after_what_is_written(house: House) {
        let server = Server::start_idle(&house).await;
        let mut request = Raw::begin(&server, "PATCH", "/api/v1/products", &[("content-type", NDJSON)]).await;
        request.send(format!("{}\n", product(1))).await;
        let first: Value = serde_json::from_str(&request.line().await.unwrap()).unwrap();
        assert_eq!(first["status"], 201);
        server.shutdown.cancel();
        let rest = tokio::time::timeout(std::time::Duration::from_secs(3), request.lines()).await.expect("at once");
        assert!(rest.is_empty() && request.ended, "no last line: {rest:?}");
        let made = house.app.db.read(beamline::catalog::queries::product_count).await.unwrap();
        assert_eq!(made, 1);
    }

    async fn all_lines_are_written_or_none(house: House) {
        let server = Server::start_idle(&house).await;
        let mut lines: Vec<Value> = (0..1_200).map(product).collect();
        lines[1_100]["values"]["colour"] = json!("red");
        let answers = bulk(&server, "/api/v1/products?on_error=reject_all", joined(&lines)).await;
        assert_eq!(answers.len(), 1_201);
        assert_eq!(told(&answers[0]), (1, 422, vec![("", "not_applied")]));
        assert_eq!(told(&answers[1_100]), (1_101, 422, vec![("/values/colour", "unknown_attribute")]));
        assert!(answers[..1_200].iter().all(|one| one["status"] == 422 && one["change"].is_null()));
        assert_eq!((&answers[1_200]["done"], products(&server).await, operations(&server, "edit").await.len()), (&json!(true), 0, 0));

        lines[1_100] = product(1_100);
        lines.push(json!({"sku": "B-00000", "values": {"title": {"en": "Again"}}}));
        let rehearsed = bulk(&server, "/api/v1/products?on_error=reject_all&dry_run=true", joined(&lines)).await;
        assert_eq!((told(&rehearsed[0]), &rehearsed[0]["change"]), ((1, 201, vec![]), &json!(null)));
        assert_eq!(told(&rehearsed[1_200]), (1_201, 200, vec![]));
        assert_eq!((products(&server).await, operations(&server, "edit").await.len()), (0, 0));

        let answers = bulk(&server, "/api/v1/products?on_error=reject_all", joined(&lines)).await;
        assert_eq!((told(&answers[1_199]), told(&answers[1_200])), ((1_200, 201, vec![]), (1_201, 200, vec![])));
        assert_eq!(answers[1_201]["lines"], 1_201);
        assert_eq!((products(&server).await, title(&server, "B-00000").await), (1_200, json!("Again")));
        assert_eq!(operations(&server, "edit").await.len(), 1);

        // A body that is cut off changes nothing.
        let mut request = Raw::begin(&server, "PATCH", "/api/v1/products?on_error=reject_all", &[("content-type", NDJSON)]).await;
        request.send(format!("{}\n", json!({"sku": "B-00000", "values": {"title": {"en": "Cut off"}}}))).await;
        drop(request);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(title(&server, "B-00000").await, "Again");
    }

    async fn a_dry_run_tells_and_changes_nothing(house: House) {
        let server = Server::start_idle(&house).await;
        let lines = joined(&[product(1), json!({"sku": "B-2", "status": "sold"})]);
        let answers = bulk(&server, "/api/v1/products?dry_run=true", lines).await;
        assert_eq!((told(&answers[0]), told(&answers[1])), ((1, 201, vec![]), (2, 422, vec![("/status", "invalid_status")])));
        assert_eq!((&answers[0]["change"], products(&server).await, operations(&server, "edit").await.len()), (&json!(null), 0, 0));
    }

    async fn akeneo_has_its_own_members_and_no_last_line(house: House) {
        let server = Server::start_idle(&house).await;
        let lines = joined(&[product(1), json!({"sku": "B-2", "status": "sold"})]);
        let answer = bulk_as(&server, &server.admin, "/api/v1/products", AKENEO, lines).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type").as_str()), (200, AKENEO));
        let answers = parsed(&answer.text);
        assert_eq!(answers.len(), 2);
        assert_eq!((&answers[0]["line"], &answers[0]["status_code"], &answers[0]["identifier"]), (&json!(1), &json!(201), &json!("B-00001")));
        assert_eq!((&answers[1]["status_code"], &answers[1]["message"]), (&json!(422), &json!("status is draft, active or discontinued")));
        let wrong = bulk_as(&server, &server.admin, "/api/v1/products", "text/csv", "x").await;
        wrong.problem(415, "unsupported_media_type");
        bulk_as(&server, &server.admin, "/api/v1/products?on_error=never", NDJSON, "").await.problem(400, "invalid_parameter");
    }

    async fn stock_comes_in_lines_and_each_supplier_reports_its_own(house: House) {
        let server = Server::start(&house).await;
        Upload::new("alpine", "a.csv", FILE).done(&server).await;
        Upload::new("bivak", "b.csv", FILE.replace("A-", "B-")).done(&server).await;
        let lines = joined(&[
            json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 9}),
            json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 4, "warehouse": "North"}),
            json!({"supplier": "bivak", "supplier_sku": "B-1", "on_hand": 4}),
            json!({"supplier": "nobody", "supplier_sku": "B-1", "on_hand": 4}),
            json!({"supplier": "alpine", "supplier_sku": "A-9", "on_hand": -1}),
            json!({"supplier": "alpine", "supplier_sku": "A-2", "on_hand": "4"}),
        ]);
        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        let answer = bulk_as(&server, &own, "/api/v1/stock", NDJSON, lines).await;
        let answers = parsed(&answer.text);
        assert_eq!(answers[..6].iter().map(told).collect::<Vec<_>>(), [
            (1, 200, vec![]),
            (2, 201, vec![]),
            (3, 422, vec![("/supplier", "unknown_supplier")]),
            (4, 422, vec![("/supplier", "unknown_supplier")]),
            (5, 422, vec![("/on_hand", "out_of_range"), ("/supplier_sku", "unknown_sku")]),
            (6, 422, vec![("/on_hand", "invalid")]),
        ]);
        assert_eq!((&answers[0]["id"], &answers[1]["id"]), (&json!("alpine/A-1/default"), &json!("alpine/A-1/north")));
        let levels = server.all("/api/v1/stock?supplier=alpine").await;
        let held: Vec<_> = levels.iter().map(|level| level["on_hand"].as_i64().unwrap()).collect();
        assert_eq!(held.iter().sum::<i64>(), 9 + 4 + 3, "{levels:?}");
        assert_eq!(server.all("/api/v1/stock?supplier=bivak").await[0]["on_hand"], 5);
        bulk_as(&server, &own, "/api/v1/products", NDJSON, "{}").await.problem(403, "forbidden");
        let viewer = key(&house, Role::Viewer, None, None).await;
        bulk_as(&server, &viewer, "/api/v1/stock", NDJSON, "{}").await.problem(403, "forbidden");

        // One document is taken whole or not at all, and can be rehearsed too.
        let one = json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 1});
        assert_eq!(server.send(Method::PATCH, "/api/v1/stock?dry_run=true", one.clone()).await.expect(200)["changed"], 1);
        assert_eq!(server.all("/api/v1/stock?supplier=alpine").await[0]["on_hand"], 9);
        server.send(Method::PATCH, "/api/v1/stock?on_error=reject_rows", one).await.problem(400, "invalid_parameter");
    }

    async fn a_supplier_sends_its_offers_by_itself(house: House) {
        let server = Server::start(&house).await;
        Upload::new("alpine", "a.csv", FILE).done(&server).await;
        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        let path = "/api/v1/suppliers/alpine/offers";
        let read = server.get(path).await.expect(200)["items"][1].clone();
        let lines = joined(&[
            json!({"supplier_sku": "A-1", "raw": {"title": "Fenix HM65R, renamed"}}),
            json!({"supplier_sku": "A-1", "cost": {"amount": "9.50", "currency": "EUR"}}),
            json!({"supplier_sku": "A-3", "raw": {"sku": "A-3", "brand": "Petzl", "mpn": "E099AA", "title": "Petzl Tikka", "stock": "2"}}),
            json!({"supplier_sku": "A-4", "cost": {"amount": "1.00", "currency": "EUR"}}),
            json!({"supplier_sku": "A-5", "raw": {"sku": "A-6", "brand": "Petzl", "title": "Petzl"}}),
            json!({"supplier_sku": "A-1", "state": "gone"}),
            json!({"supplier_sku": "A-1", "colour": "red"}),
            json!({"supplier_sku": "A-1", "cost": {"amount": "-1.00", "currency": "EUR"}}),
            json!({"supplier_sku": "A-1", "raw": {"sku": null}}),
            read,
        ]);
        let answer = bulk_as(&server, &own, path, NDJSON, lines).await;
        let answers = parsed(&answer.text);
        let statuses: Vec<_> = answers[..10].iter().map(|one| one["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [200, 200, 201, 422, 422, 422, 422, 422, 422, 200], "{answers:#?}");
        assert_eq!(told(&answers[3]).2, [("/raw", "missing")]);
        assert_eq!(told(&answers[4]).2, [("/supplier_sku", "other_key")]);
        assert_eq!(told(&answers[5]).2, [("/state", "read_only")]);
        assert_eq!(told(&answers[6]).2[0].0, "/colour");
        assert_eq!(told(&answers[7]).2, [("/cost", "out_of_range")]);

        let offers = server.all(path).await;
        assert_eq!(offers.len(), 3);
        assert_eq!((&offers[0]["raw"]["title"], &offers[0]["raw"]["mpn"], &offers[0]["cost"]["amount"]), (&json!("Fenix HM65R, renamed"), &json!("HM65R"), &json!("9.50")));
        let sku = offers[0]["product"].as_str().unwrap();
        let lineage = server.get(&format!("/api/v1/products/{sku}/lineage?field=title")).await.expect(200);
        let winner = &lineage["items"][0]["candidates"][0];
        assert_eq!((&winner["raw"], &winner["file"], &winner["row"]), (&json!("Fenix HM65R, renamed"), &json!("api"), &json!(1)));
        let made = server.get(&format!("/api/v1/products/{}", offers[2]["product"].as_str().unwrap())).await.expect(200);
        assert_eq!((&made["brand"], &made["available"]), (&json!("Petzl"), &json!(2)));
        let done = operations(&server, "edit").await;
        assert_eq!((done.len(), &done[0]["subject"], &done[0]["id"]), (1, &json!("alpine"), &offers[2]["import"]));

        bulk_as(&server, &own, "/api/v1/suppliers/bivak/offers", NDJSON, "{}").await.problem(404, "not_found");
        bulk_as(&server, &server.admin, "/api/v1/suppliers/bivak/offers", NDJSON, "{}").await.problem(404, "not_found");
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "carn", "name": "C", "currency": "EUR"})).await.expect(201);
        let answers = bulk(&server, "/api/v1/suppliers/carn/offers", joined(&[json!({"supplier_sku": "1", "raw": {"sku": "1"}})])).await;
        assert_eq!(told(&answers[0]), (1, 422, vec![("/raw", "no_profile")]));
    }

    async fn two_streams_and_a_person_write_at_once(house: House) {
        let server = Server::start_idle(&house).await;
        let lines = |first: usize| joined(&(first..first + 1_500).map(product).collect::<Vec<_>>());
        let person = async {
            for n in 0..10 {
                server.send(Method::PATCH, "/api/v1/products/P-1", json!({"values": {"title": {"en": format!("By hand {n}")}}})).await;
            }
        };
        // They overlap: what one has made the other changes.
        let (one, other, ()) = tokio::join!(bulk(&server, "/api/v1/products", lines(0)), bulk(&server, "/api/v1/products", lines(1_000)), person);
        let made = |answers: &[Value]| answers.iter().filter(|one| one["status"] == 201).count();
        assert_eq!((one.len(), other.len(), made(&one) + made(&other)), (1_501, 1_501, 2_500));
        assert_eq!(title(&server, "P-1").await, "By hand 9");
        assert_eq!(products(&server).await, 2_501);
    }
}

/// Neither side of a database is asked by these tests to hold what a client does not read: the answers are on disk, in no folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spool_is_left_behind() {
    let house = House::on_sqlite().await;
    let server = Server::start_idle(&house).await;
    let before = std::fs::read_dir(house.dir.path()).unwrap().count();
    let text: String = (0..3_000).fold(String::new(), |text, _| text + &json!({"sku": "no good"}).to_string() + "\n");
    assert_eq!(bulk(&server, "/api/v1/products", text.clone()).await.len(), 3_001);
    assert_eq!(bulk(&server, "/api/v1/products?on_error=reject_all", text).await.len(), 3_001);
    assert_eq!(std::fs::read_dir(house.dir.path()).unwrap().count(), before);
}
