//! The whole of the HTTP interface, operation by operation: what openapi/beamline.json promises is answered by a real server.
//!
//! One walk uses every operation as a catalogue manager would and keeps what was answered; then the document is held against it:
//! each of its operations with each status it names, and the refusals all of them share. An operation that is added to the
//! document and not to the walk fails here.

mod images;

use crate::support::{Answer, House, Server, key};
use beamline::auth::Role;
use beamline::error::Code;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Open to everybody: they have no refusal for want of a key.
const OPEN: [&str; 3] = ["/healthz", "/readyz", "/media/{image}/{rendition}/{file}"];

/// Codes that this walk cannot cause, and the tests that do.
const ELSEWHERE: [(&str, &str); 10] = [
    ("merged", "matches::"),
    ("not_undoable", "undo::"),
    ("no_longer_kept", "undo::"),
    ("idempotency_key_reused", "idempotency::"),
    ("in_progress", "idempotency::, two at once"),
    ("cursor_expired", "events::, http::"),
    ("not_yet_visible", "http::, nobody feeds the index"),
    ("unavailable", "http::, readiness while stopping"),
    ("timeout", "a unit test of http::body"),
    ("internal", "nothing known causes it"),
];

/// A server, the document it serves, and everything it has answered.
struct Walk {
    server: Server,
    document: Value,
    answered: BTreeMap<(String, String), BTreeSet<u16>>,
    codes: BTreeSet<String>,
}

impl Walk {
    async fn begin(house: &House) -> Self {
        let server = Server::start(house).await;
        let document = Answer::of(server.bare(Method::GET, "/openapi.json")).await.expect(200);
        Self { server, document, answered: BTreeMap::new(), codes: BTreeSet::new() }
    }

    /// Every operation of the document: verb and path with its parameters' names.
    fn operations(&self) -> Vec<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |verb| (verb.to_uppercase(), path.clone())))
            .collect()
    }

    /// The document's path that a request's belongs to; literal segments go before parameters.
    fn path_of(&self, asked: &str) -> String {
        let asked: Vec<&str> = asked.split('?').next().unwrap().split('/').collect();
        let fits = |path: &&String| {
            let segments: Vec<&str> = path.split('/').collect();
            segments.len() == asked.len() && segments.iter().zip(&asked).all(|(known, is)| known.starts_with('{') || known == is)
        };
        let paths = self.document["paths"].as_object().unwrap();
        let fitting = paths.keys().filter(fits).min_by_key(|path| path.matches('{').count());
        fitting.unwrap_or_else(|| panic!("{asked:?} is in no path of the document")).clone()
    }

    fn note(&mut self, verb: &str, path: &str, answer: &Answer) {
        let status = answer.status.as_u16();
        assert!(status < 500, "{verb} {path}: {status} {}", answer.text);
        if status >= 400 {
            let code = answer.json()["code"].as_str().unwrap_or_else(|| panic!("{verb} {path}: {}", answer.text)).to_owned();
            answer.problem(status, &code);
            self.codes.insert(code);
        }
        self.answered.entry((verb.to_owned(), self.path_of(path))).or_default().insert(status);
    }

    /// Asks as an admin; an answer of this status.
    #[track_caller]
    fn ask<'a>(
        &'a mut self,
        verb: &'a str,
        path: &'a str,
        body: Option<Value>,
        status: u16,
    ) -> impl Future<Output = Answer> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let mut request = self.server.request(verb.parse().unwrap(), path);
            if let Some(body) = body {
                request = request.json(&body);
            }
            let answer = Answer::of(request).await;
            assert_eq!(answer.status.as_u16(), status, "{caller}: {verb} {path}: {}", answer.text);
            self.note(verb, path, &answer);
            answer
        }
    }

    /// GET as an admin.
    #[track_caller]
    fn get<'a>(&'a mut self, path: &'a str) -> impl Future<Output = Answer> + 'a {
        self.ask("GET", path, None, 200)
    }

    /// Sends a catalogue and waits for its end.
    async fn import(&mut self, path: &str, csv: String) -> Value {
        let form = Form::new().part("file", Part::bytes(csv.into_bytes()).file_name("lamps.csv"));
        let accepted = Answer::of(self.server.request(Method::POST, path).multipart(form)).await;
        self.note("POST", path, &accepted);
        let id = accepted.expect(202)["id"].as_str().unwrap().to_owned();
        self.server.ended(&id).await
    }
}

/// `count` lamps with everything that Google wants of them.
fn lamps(count: usize) -> String {
    let header = "SKU;EAN;Brand;Model;Title;Description;Category;Weight;Light output;Stock;Cost;Image".to_owned();
    let rows = (1..=count).map(|n| {
        let digits = format!("590123412{n:03}");
        let sum: u32 = digits.bytes().enumerate().map(|(at, b)| u32::from(b - b'0') * if at % 2 == 0 { 1 } else { 3 }).sum();
        let ean = format!("{digits}{}", (10 - sum % 10) % 10);
        format!(
            "A-{n};{ean};Petzl;Tikka {n};Petzl Tikka {n} headlamp;A light lamp for the trail.;Headlamps;82 g;350 lm;5;19.90;https://img.example/{n}.jpg"
        )
    });
    std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n")
}

/// What one lamp can be asked about, for each part of the interface.
async fn use_catalogue(walk: &mut Walk) -> String {
    walk.ask("POST", "/api/v1/suppliers", Some(json!({"code": "alpine", "name": "Alpine", "currency": "EUR"})), 201).await;
    walk.ask("PATCH", "/api/v1/suppliers/bivak", Some(json!({"name": "Bivak", "currency": "EUR"})), 201).await;
    walk.ask("PATCH", "/api/v1/suppliers/bivak", Some(json!({"rank": 3})), 200).await;
    walk.get("/api/v1/suppliers").await;
    walk.get("/api/v1/suppliers/alpine").await;
    walk.get("/api/v1/suppliers/alpine/reliability").await;
    let house = "/api/v1/suppliers/alpine/warehouses/graz";
    walk.ask("PUT", house, Some(json!({"name": "Graz"})), 201).await;
    walk.ask("PUT", house, Some(json!({"name": "Graz Süd"})), 200).await;
    assert_eq!(walk.get(house).await.json()["name"], "Graz Süd");
    walk.get("/api/v1/suppliers/alpine/warehouses").await;

    let imports = "/api/v1/suppliers/alpine/imports?mode=full";
    let done = walk.import(imports, lamps(10)).await;
    assert_eq!((&done["status"], &done["created"]), (&json!("done"), &json!(10)), "{done}");
    let change = done["change"].as_str().unwrap().to_owned();
    walk.get("/api/v1/imports").await;
    let import = format!("/api/v1/imports/{}", done["id"].as_str().unwrap());
    walk.get(&import).await;
    walk.get(&format!("{import}/issues")).await;
    let told = walk.get(&format!("{import}/events")).await;
    assert!(told.header("content-type").starts_with("text/event-stream") && told.text.contains("done"), "{}", told.text);
    walk.ask("POST", &format!("{import}/cancel"), None, 409).await;
    // Half of the lamps are missing: somebody has to say that this is meant.
    for step in ["release", "cancel"] {
        let held = walk.import(imports, lamps(5)).await;
        assert_eq!(held["status"], "held", "{held}");
        let id = held["id"].as_str().unwrap();
        let status = if step == "release" { 202 } else { 200 };
        walk.ask("POST", &format!("/api/v1/imports/{id}/{step}"), None, status).await;
        if step == "release" {
            walk.server.ended(id).await;
            walk.import(imports, lamps(10)).await;
        }
    }
    assert_eq!(walk.get("/api/v1/suppliers/alpine/offers").await.json()["items"].as_array().unwrap().len(), 10);

    let stock = json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 12});
    walk.ask("PATCH", "/api/v1/stock", Some(stock), 200).await;
    walk.get("/api/v1/stock").await;

    let found = walk.get(&format!("/api/v1/search?q=tikka&facets=brand&after_change={change}")).await.json();
    assert_eq!(found["facets"]["brand"], json!([{"value": "Petzl", "count": 10}]), "{found}");
    walk.get("/api/v1/search/suggest?q=tik").await;
    let products = walk.get("/api/v1/products").await.json();
    let sku = products["items"][0]["sku"].as_str().unwrap().to_owned();
    for part in ["", "/history", "/images", "/lineage", "/listings", "/offers", "/price", "/readings", "/stock"] {
        walk.get(&format!("/api/v1/products/{sku}{part}")).await;
    }
    sku
}

/// What nobody could do, and what somebody says about it.
async fn use_jobs(walk: &mut Walk, house: &House) {
    for (id, step, status) in [("job_a", "retry", 202), ("job_b", "discard", 200)] {
        crate::jobs::bury(house, id).await;
        assert_eq!(walk.get("/api/v1/jobs?status=dead").await.json()["items"][0]["id"], id);
        walk.get(&format!("/api/v1/jobs/{id}")).await;
        walk.ask("POST", &format!("/api/v1/jobs/{id}/{step}"), None, status).await;
        walk.ask("POST", &format!("/api/v1/jobs/{id}/discard"), None, 409).await;
    }
}

/// The same lamp twice.
async fn use_matches(walk: &mut Walk, house: &House) {
    let offers = walk.get("/api/v1/suppliers/alpine/offers").await.json();
    let skus: Vec<String> = (0..4).map(|at| offers["items"][at]["product"].as_str().unwrap().to_owned()).collect();
    for (pair, step) in [([&skus[0], &skus[1]], "accept"), ([&skus[2], &skus[3]], "reject")] {
        let id = crate::matches::open_case(house, &walk.server, pair[0], pair[1]).await;
        walk.get("/api/v1/matches").await;
        walk.get(&format!("/api/v1/matches/{id}")).await;
        walk.ask("POST", &format!("/api/v1/matches/{id}/{step}"), None, 200).await;
        walk.ask("POST", &format!("/api/v1/matches/{id}/reject"), None, 409).await;
    }
    let offer = |at: usize| json!({"offers": [{"supplier": "alpine", "supplier_sku": offers["items"][at]["supplier_sku"]}]});
    walk.ask("POST", &format!("/api/v1/products/{}/merge", skus[2]), Some(json!({"with": [skus[3]]})), 200).await;
    walk.ask("POST", &format!("/api/v1/products/{}/split", skus[2]), Some(offer(3)), 200).await;
    walk.ask("POST", &format!("/api/v1/products/{}/split", skus[2]), Some(offer(3)), 422).await;
    walk.ask("POST", &format!("/api/v1/products/{}/split", skus[0]), Some(offer(0)), 201).await;
}

/// What people write themselves.
async fn use_edits(walk: &mut Walk, sku: &str) {
    walk.ask("POST", "/api/v1/products", Some(json!({"sku": "OWN-1", "brand": "Petzl"})), 201).await;
    walk.ask("PATCH", "/api/v1/products/OWN-2", Some(json!({"brand": "Petzl"})), 201).await;
    walk.ask("PATCH", &format!("/api/v1/products/{sku}"), Some(json!({"tags": ["trail"]})), 200).await;
    for (path, line) in [
        ("/api/v1/products", json!({"sku": "OWN-3", "brand": "Petzl"})),
        ("/api/v1/suppliers/alpine/offers", json!({"supplier_sku": "A-1", "cost": {"amount": "18.00", "currency": "EUR"}})),
        ("/api/v1/stock", json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 11})),
    ] {
        let lines = walk.server.request(Method::PATCH, path).header("content-type", "application/x-ndjson");
        let answer = Answer::of(lines.body(format!("{line}\n"))).await;
        walk.note("PATCH", path, &answer);
        assert!(answer.text.ends_with("}\n") && answer.text.contains("\"done\":true,\"lines\":1"), "{path}: {}", answer.text);
        assert!(!answer.text.contains("\"status\":4"), "{path}: {}", answer.text);
    }
    for (path, body) in [
        ("/api/v1/brands/hellberg", json!({"name": "Hellberg"})),
        ("/api/v1/product-groups/tikka", json!({"title": {"en": "Tikka"}})),
    ] {
        walk.ask("PATCH", path, Some(body.clone()), 201).await;
        walk.ask("PATCH", path, Some(body), 200).await;
        walk.get(path).await;
        walk.get(path.rsplit_once('/').unwrap().0).await;
    }
    for list in ["attributes", "categories"] {
        let items = walk.get(&format!("/api/v1/{list}")).await.json();
        let code = items["items"][0]["code"].as_str().unwrap().to_owned();
        walk.get(&format!("/api/v1/{list}/{code}")).await;
    }
    let rates = json!({"items": [{"base": "EUR", "quote": "USD", "rate": "1.10"}]});
    walk.ask("PUT", "/api/v1/rates", Some(rates), 200).await;
    walk.get("/api/v1/rates").await;
    walk.get("/api/v1/operations").await;
    let operations = walk.get(&format!("/api/v1/operations?kind=edit&subject={sku}")).await.json();
    let newest = operations["items"][0]["id"].as_str().unwrap().to_owned();
    walk.get(&format!("/api/v1/operations/{newest}")).await;
    walk.ask("POST", &format!("/api/v1/operations/{newest}/undo"), None, 200).await;
    walk.ask("POST", &format!("/api/v1/operations/{newest}/undo"), None, 409).await;
    // Too much to be undone while the request waits.
    walk.ask("POST", "/api/v1/suppliers", Some(json!({"code": "cumbre", "name": "Cumbre", "currency": "EUR"})), 201).await;
    let large = walk.import("/api/v1/suppliers/cumbre/imports", lamps(400)).await;
    let operation = large["operation"].as_str().unwrap();
    walk.ask("POST", &format!("/api/v1/operations/{operation}/undo"), None, 202).await;
    // On PostgreSQL a change is told only when every older transaction of the server has ended.
    let told = walk.get("/api/v1/events?wait=30").await.json();
    assert!(!told["items"].as_array().unwrap().is_empty(), "{told}");

    let made = walk.ask("POST", "/api/v1/keys", Some(json!({"name": "shop", "role": "viewer"})), 201).await.json();
    walk.get("/api/v1/keys").await;
    walk.ask("DELETE", &format!("/api/v1/keys/{}", made["id"].as_str().unwrap()), None, 204).await;
}

/// From settings to a feed that a marketplace fetches.
async fn use_channels(walk: &mut Walk, sku: &str) {
    let settings = json!({"currency": "EUR", "link_template": "https://shop.example/{sku}"});
    let set = walk.ask("PATCH", "/api/v1/channels/google", Some(settings), 200).await.header("beamline-change");
    walk.get("/api/v1/channels").await;
    walk.get(&format!("/api/v1/channels/google?after_change={set}")).await;
    walk.get("/api/v1/channels/google/diff").await;
    walk.get("/api/v1/channels/google/diff?format=text&limit=3").await;
    let none = walk.get(&format!("/api/v1/channels/google/listings?reason=missing&field=gtin&after_change={set}")).await.json();
    assert_eq!(none["items"], json!([]), "{none}");
    let listings = walk.get(&format!("/api/v1/channels/google/listings?state=ready&after_change={set}")).await.json();
    assert!(listings["items"].as_array().unwrap().iter().any(|listing| listing["sku"] == sku), "{listings}");
    let made = walk.ask("POST", "/api/v1/channels/google/publications", Some(json!({})), 201).await.json();
    walk.get("/api/v1/channels/google/publications").await;
    walk.get(&format!("/api/v1/channels/google/publications/{}", made["id"].as_str().unwrap())).await;
    let back = format!("/api/v1/channels/google/publications/{}/rollback", made["id"].as_str().unwrap());
    walk.ask("POST", &back, None, 201).await;
    let choice = json!({"fields": {"title": "A title for Google alone"}});
    walk.ask("PATCH", &format!("/api/v1/products/{sku}/listings/google"), Some(choice), 200).await;
    let answers = json!({"answers": [{"sku": sku, "state": "live"}]});
    walk.ask("POST", "/api/v1/channels/google/answers", Some(answers), 200).await;
    // A lost column is held: nobody's listing has a barcode any more.
    let none = json!({"guard": {"removed": "0"}, "assortment": format!("sku = {sku}")});
    let set = walk.ask("PATCH", "/api/v1/channels/google", Some(none), 200).await.header("beamline-change");
    walk.get(&format!("/api/v1/channels/google?after_change={set}")).await;
    let held = walk.ask("POST", "/api/v1/channels/google/publications", Some(json!({})), 201).await.json();
    assert_eq!(held["state"], "held", "{held}");
    walk.ask("POST", &format!("/api/v1/channels/google/publications/{}/release", held["id"].as_str().unwrap()), None, 201).await;
    let file = made["parts"][0]["file"].as_str().unwrap().to_owned();
    let link = walk.ask("POST", "/api/v1/channels/google/links", Some(json!({"ttl_seconds": 600})), 200).await.json();
    let signed = link["items"][0]["url"].as_str().unwrap();
    assert_eq!(Answer::of(walk.server.bare(Method::GET, signed)).await.status, 200, "{link}");

    let feed = format!("/feeds/google/{file}");
    let whole = walk.get(&feed).await;
    assert!(whole.text.contains(sku));
    for (header, value, status) in
        [("range", "bytes=0-9", 206), ("range", "bytes=99999999-", 416), ("if-none-match", whole.header("etag").as_str(), 304)]
    {
        let answer = Answer::of(walk.server.request(Method::GET, &feed).header(header, value)).await;
        assert_eq!(answer.status.as_u16(), status, "{header}: {value}");
        walk.note("GET", &feed, &answer);
    }
    for open in ["/healthz", "/readyz", "/metrics"] {
        walk.get(open).await;
    }
}

/// A path of the document with values that are nobody's.
fn nobody(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "nobody-here" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// What every operation refuses alike.
async fn refuse(walk: &mut Walk, viewer: &str) {
    for (verb, path) in walk.operations() {
        let method: Method = verb.parse().unwrap();
        let asked = nobody(&path);
        if !OPEN.contains(&path.as_str()) {
            let answer = Answer::of(walk.server.bare(method.clone(), &asked)).await;
            assert_eq!(answer.problem(401, "unauthorized")["status"], 401, "{verb} {path}");
            walk.note(&verb, &asked, &answer);
            let answer = Answer::of(walk.server.bare(method.clone(), &asked).bearer_auth("blk_wrong")).await;
            answer.problem(401, "unauthorized");
        }
        if path.starts_with("/api/") {
            let odd = format!("{asked}?no_such_parameter=1");
            let answer = Answer::of(walk.server.request(method.clone(), &odd).json(&json!({}))).await;
            assert!([400, 404].contains(&answer.status.as_u16()), "{verb} {odd}: {} {}", answer.status, answer.text);
            walk.note(&verb, &odd, &answer);
            let answer = Answer::of(walk.server.request(Method::TRACE, &asked)).await;
            answer.problem(405, "method_not_allowed");
            walk.codes.insert("method_not_allowed".to_owned());
        }
        if method != Method::GET {
            let answer = Answer::of(walk.server.bare(method.clone(), &asked).bearer_auth(viewer).json(&json!({}))).await;
            answer.problem(403, "forbidden");
            walk.note(&verb, &asked, &answer);
        }
        // A PATCH creates what its path names, and an import its supplier; everything else says that there is no such thing.
        let creates = (method == Method::PATCH && path.ends_with('}')) || (method == Method::POST && path.ends_with("/imports"));
        if path.contains('{') && !creates {
            let body = match path.rsplit('/').next() {
                Some("{warehouse}") => json!({"name": "x"}),
                Some("links") => json!({"ttl_seconds": 60}),
                Some("answers") => json!({"answers": []}),
                Some("images") => json!({"url": "https://s.example/a.jpg"}),
                _ => json!({}),
            };
            let answer = Answer::of(walk.server.request(method.clone(), &asked).json(&body)).await;
            assert_eq!(answer.problem(404, "not_found")["status"], 404, "{verb} {path}");
            walk.note(&verb, &asked, &answer);
        }
        let takes_json =
            walk.document["paths"][&path][verb.to_lowercase()]["requestBody"]["content"].as_object().is_some_and(|content| {
                ["application/json", "application/merge-patch+json"].iter().any(|kind| content.contains_key(*kind))
            });
        if takes_json {
            let request = || walk.server.request(method.clone(), &asked);
            for (kind, body, status, code) in [
                ("application/json", "{", 400, "invalid_json"),
                ("text/html", "<p>", 415, "unsupported_media_type"),
                ("application/json", "{\"surely_unknown\": true}", 422, "invalid"),
            ] {
                let answer = Answer::of(request().header("content-type", kind).body(body)).await;
                // Whether there is such a thing may be asked first.
                if answer.status != 404 {
                    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)), "{verb} {path} {body}");
                }
                walk.answered.entry((verb.clone(), path.clone())).or_default().insert(answer.status.as_u16());
                walk.codes.insert(answer.json()["code"].as_str().unwrap().to_owned());
            }
        }
    }
}

/// The errors that only some operations know.
async fn refuse_one_by_one(walk: &mut Walk, sku: &str) {
    let product = format!("/api/v1/products/{sku}");
    for (path, status) in [
        ("/api/v1/products?after=nonsense", 400),
        ("/api/v1/products?limit=0", 400),
        ("/api/v1/search?filter=brand%20%3D", 400),
        ("/api/v1/suppliers/%FF", 400),
    ] {
        walk.ask("GET", path, None, status).await;
    }
    let stale = walk.server.request(Method::PATCH, &product).header("if-match", "\"0-x\"").json(&json!({"tags": []}));
    let stale = Answer::of(stale).await;
    stale.problem(412, "precondition_failed");
    walk.note("PATCH", &product, &stale);
    let many = vec![json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 1}); 20_000];
    walk.ask("PATCH", "/api/v1/stock", Some(json!(many)), 413).await;
    let imports = "/api/v1/suppliers/alpine/imports";
    let empty = Answer::of(walk.server.request(Method::POST, imports).body("")).await;
    empty.problem(422, "unreadable_file");
    walk.note("POST", imports, &empty);
    let form = Form::new().part("file", Part::bytes(lamps(1).into_bytes()).file_name("a.csv")).text("profile", "nonsense = [");
    let wrong = Answer::of(walk.server.request(Method::POST, imports).multipart(form)).await;
    wrong.problem(422, "invalid_profile");
    walk.note("POST", imports, &wrong);
}

both_databases! {
    async fn every_operation_of_the_document_is_answered_as_it_says(house: House) {
        let mut walk = Walk::begin(&house).await;
        let sku = use_catalogue(&mut walk).await;
        use_edits(&mut walk, &sku).await;
        use_channels(&mut walk, &sku).await;
        use_jobs(&mut walk, &house).await;
        use_matches(&mut walk, &house).await;
        images::use_images(&mut walk, &house, &sku).await;
        let promised = |walk: &Walk| {
            let mut missing = Vec::new();
            for (verb, path) in walk.operations() {
                let answered = walk.answered.get(&(verb.clone(), path.clone())).cloned().unwrap_or_default();
                let statuses = walk.document["paths"][&path][verb.to_lowercase()]["responses"].as_object().unwrap();
                for status in statuses.keys().filter(|status| *status != "default") {
                    if !answered.contains(&status.parse().unwrap()) {
                        missing.push(format!("{verb} {path} {status}"));
                    }
                }
                let known = |status: &&u16| **status < 400 && !statuses.contains_key(&status.to_string());
                missing.extend(answered.iter().filter(known).map(|status| format!("{verb} {path} {status} is not in the document")));
            }
            missing
        };
        assert_eq!(promised(&walk), Vec::<String>::new(), "promised and not seen");

        let viewer = key(&house, Role::Viewer, None, None).await;
        refuse(&mut walk, &viewer).await;
        refuse_one_by_one(&mut walk, &sku).await;
        let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
        let unseen: Vec<&str> = Code::ALL
            .iter()
            .map(|code| code.as_str())
            .filter(|code| !walk.codes.contains(*code) && !elsewhere.contains(code))
            .collect();
        assert_eq!(unseen, Vec::<&str>::new(), "codes of the table that no operation answered with");
    }
}
