//! Repeating a POST: done once, answered alike, for a day.

use crate::support::{Answer, Raw, Server, Upload, key};
use beamline::auth::Role;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

async fn post(server: &Server, key: &str, path: &str, body: Value) -> Answer {
    Answer::of(server.request(Method::POST, path).header("idempotency-key", key).json(&body)).await
}

fn supplier(code: &str) -> Value {
    json!({"code": code, "name": "A", "currency": "EUR"})
}

both_databases! {
    async fn a_repeat_gets_the_first_answer(house: House) {
        let server = Server::start_idle(&house).await;
        let first = post(&server, "one", "/api/v1/suppliers", supplier("alpine")).await;
        first.expect(201);
        let again = post(&server, "one", "/api/v1/suppliers", supplier("alpine")).await;
        assert_eq!(again.expect(201), first.json());
        for header in ["location", "etag", "beamline-change", "content-type", "cache-control"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert!(!first.headers.contains_key("idempotent-replayed"));
        // Without the key it is another request.
        server.send(Method::POST, "/api/v1/suppliers", supplier("alpine")).await.problem(409, "conflict");

        // A problem is an answer as well, with the id of the request that asks.
        let wrong = post(&server, "two", "/api/v1/suppliers", supplier("alpine")).await.problem(409, "conflict");
        let same = post(&server, "two", "/api/v1/suppliers", supplier("alpine")).await.problem(409, "conflict");
        assert_eq!(wrong["detail"], same["detail"]);
        let wrong = post(&server, "three", "/api/v1/products", json!({"sku": "B-1", "values": {"colour": 1}})).await.problem(422, "invalid");
        let same = post(&server, "three", "/api/v1/products", json!({"sku": "B-1", "values": {"colour": 1}})).await.problem(422, "invalid");
        assert_eq!(wrong["errors"], same["errors"]);

        // A product is made once, and each key makes its own.
        let made = post(&server, "p", "/api/v1/products", json!({})).await.expect(201);
        assert_eq!(post(&server, "p", "/api/v1/products", json!({})).await.expect(201), made);
        let other = post(&server, "q", "/api/v1/products", json!({})).await.expect(201);
        assert_ne!(other["sku"], made["sku"]);
        assert_eq!(server.all("/api/v1/products").await.len(), 2);
    }

    async fn another_request_under_a_used_key_is_refused(house: House) {
        let server = Server::start_idle(&house).await;
        post(&server, "one", "/api/v1/suppliers", supplier("alpine")).await.expect(201);
        post(&server, "one", "/api/v1/suppliers", supplier("bivak")).await.problem(422, "idempotency_key_reused");
        let path = "/api/v1/suppliers/alpine/imports";
        let import = |key: &str, query: &str, body: &'static [u8]| {
            let request = server.request(Method::POST, &format!("{path}{query}")).header("idempotency-key", key.to_owned());
            Answer::of(request.header("content-type", "text/csv").body(body))
        };
        let first = import("i", "?kind=stock", b"sku,stock\nA,1\n").await.expect(202);
        assert_eq!(import("i", "?kind=stock", b"sku,stock\nA,1\n").await.expect(202), first);
        import("i", "?kind=stock", b"sku,stock\nA,2\n").await.problem(422, "idempotency_key_reused");
        import("i", "?kind=prices", b"sku,stock\nA,1\n").await.problem(422, "idempotency_key_reused");
        assert_eq!(server.all("/api/v1/imports").await.len(), 1);
        // The same key on another path, or from somebody else, is another one.
        post(&server, "one", "/api/v1/products", json!({"sku": "ONE"})).await.expect(201);
        let manager = key(&house, Role::Manager, None, None).await;
        let other = server.bare(Method::POST, "/api/v1/suppliers").bearer_auth(&manager).header("idempotency-key", "one").json(&supplier("carn"));
        Answer::of(other).await.expect(201);
        for wrong in ["", "Ä", &"x".repeat(256)] {
            let request = server.request(Method::POST, "/api/v1/products").header("idempotency-key", wrong.as_bytes()).json(&json!({}));
            Answer::of(request).await.problem(400, "bad_request");
        }
        let twice = server.request(Method::POST, "/api/v1/products").header("idempotency-key", "a").header("idempotency-key", "b").json(&json!({}));
        Answer::of(twice).await.problem(400, "bad_request");
    }

    async fn many_at_once_do_it_once(house: House) {
        let server = Server::start_idle(&house).await;
        let sent = (0..12).map(|_| post(&server, "all", "/api/v1/products", json!({"values": {"title": {"en": "One lamp"}}})));
        let answers = futures_util::future::join_all(sent).await;
        let made: Vec<Value> = answers.iter().filter(|answer| answer.status == 201).map(Answer::json).collect();
        assert!(!made.is_empty() && made.iter().all(|one| *one == made[0]), "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.problem(409, "in_progress");
        }
        assert_eq!(server.all("/api/v1/products").await.len(), 1);
        assert_eq!(post(&server, "all", "/api/v1/products", json!({"values": {"title": {"en": "One lamp"}}})).await.expect(201), made[0]);
    }

    async fn a_secret_is_not_told_again(house: House) {
        let server = Server::start_idle(&house).await;
        let first = post(&server, "k", "/api/v1/keys", json!({"name": "shop", "role": "viewer"})).await.expect(201);
        let secret = first["key"].as_str().unwrap();
        let again = post(&server, "k", "/api/v1/keys", json!({"name": "shop", "role": "viewer"})).await.expect(201);
        assert_eq!((&again["id"], again.get("key")), (&first["id"], None));
        server.get_as(secret, "/api/v1/suppliers").await.expect(200);
        let kept = house.app.db.read(|conn| {
            use diesel::prelude::*;
            Ok(beamline::db::schema::idempotency::table.select(beamline::db::schema::idempotency::body).load::<Option<Vec<u8>>>(conn)?)
        }).await.unwrap();
        assert!(kept.iter().flatten().all(|body| !String::from_utf8_lossy(body).contains(secret)));
    }

    async fn an_answer_is_kept_for_a_day(house: House) {
        let server = Server::start_idle(&house).await;
        let first = post(&server, "d", "/api/v1/products", json!({})).await.expect(201);
        house.clock.set(house.clock.now() + TimeDelta::hours(23));
        assert_eq!(post(&server, "d", "/api/v1/products", json!({})).await.expect(201), first);
        house.clock.set(house.clock.now() + TimeDelta::hours(2));
        assert_eq!(beamline::background::forget(&house.app).await.unwrap(), 1);
        assert_ne!(post(&server, "d", "/api/v1/products", json!({})).await.expect(201)["sku"], first["sku"]);
        // One that was not forgotten yet has ended all the same.
        house.clock.set(house.clock.now() + TimeDelta::hours(25));
        post(&server, "d", "/api/v1/products", json!({"sku": "OTHER"})).await.expect(201);
    }

    async fn a_crash_frees_the_key_unless_it_took_effect(house: House) {
        use beamline::db::idempotency::{Reserved, reserve};
        let now = house.clock.now();
        let take = async |now| house.app.db.write(move |conn| reserve(conn, "scope", "", Some("hash"), now)).await.unwrap();
        let Reserved::Fresh(lost) = take(now).await else { panic!("the key is new") };
        assert!(matches!(take(now).await, Reserved::Running(_)));
        // Its process died: after the lease another has it, and what the first would still write is refused.
        let later = now + TimeDelta::seconds(61);
        let Reserved::Fresh(second) = take(later).await else { panic!("the lease is over") };
        let refused = lost.scope(house.app.db.write(|conn| beamline::db::settings::setting_put(conn, "x", &1))).await;
        assert_eq!(refused.unwrap_err().code.as_str(), "in_progress");
        assert_eq!(house.app.db.read(|conn| beamline::db::settings::setting::<i32>(conn, "x")).await.unwrap(), None);
        // The second commits something and dies before it answers: never a third time.
        second.scope(house.app.db.write(|conn| beamline::db::settings::setting_put(conn, "x", &2))).await.unwrap();
        let end = later + TimeDelta::seconds(61);
        assert!(matches!(take(end).await, Reserved::Unanswered(_)));
        assert_eq!(house.app.db.read(|conn| beamline::db::settings::setting::<i32>(conn, "x")).await.unwrap(), Some(2));
    }

    async fn a_large_upload_is_streamed_and_known_again(house: House) {
        let server = Server::start_idle(&house).await;
        let file = (0..20_000).fold(String::from("sku,brand,mpn,title\n"), |text, n| text + &format!("A-{n},Fenix,HM{n},Fenix lamp number {n}\n"));
        let path = "/api/v1/suppliers/alpine/imports";
        // In pieces of unknown total length.
        let raw = async |file: &str| {
            let mut request = Raw::begin(&server, "POST", path, &[("idempotency-key", "raw"), ("content-type", "text/csv")]).await;
            for piece in file.as_bytes().chunks(10_000) {
                request.send(piece).await;
            }
            request.end().await;
            (request.status().await, serde_json::from_str::<Value>(&request.text().await).unwrap())
        };
        let first = raw(&file).await;
        assert_eq!(first.0, 202, "{first:?}");
        assert_eq!(raw(&file).await, first);
        let other = raw(&file.replace("A-19999", "A-19998")).await;
        assert_eq!((other.0, &other.1["code"]), (422, &json!("idempotency_key_reused")));

        // A client makes up another boundary each time it sends a form.
        let form = |file: &str| {
            let part = reqwest::multipart::Part::bytes(file.as_bytes().to_vec()).file_name("a.csv");
            let form = reqwest::multipart::Form::new().part("file", part);
            Answer::of(server.request(Method::POST, path).header("idempotency-key", "form").multipart(form))
        };
        let first = form(&file).await.expect(202);
        assert_eq!(form(&file).await.expect(202), first);
        form(&file.replace("A-19999", "A-19998")).await.problem(422, "idempotency_key_reused");
        assert_eq!(server.all("/api/v1/imports").await.len(), 2);
        // What was refused left no file behind.
        let stored = walk(&house.dir.path().join("files"));
        assert_eq!(stored, 2);
    }

    async fn a_held_import_is_released_once(house: House) {
        let server = Server::start(&house).await;
        let rows = |n: usize| (0..n).fold(String::from("sku,brand,mpn,title\n"), |text, n| text + &format!("A-{n},Fenix,X{n}00,Fenix {n}\n"));
        Upload::new("alpine", "a.csv", rows(10)).done(&server).await;
        let held = Upload::new("alpine", "a.csv", rows(3)).query("mode=full").done(&server).await;
        assert_eq!(held["status"], "held");
        let path = format!("/api/v1/imports/{}/release", held["id"].as_str().unwrap());
        let release = || Answer::of(server.request(Method::POST, &path).header("idempotency-key", "r"));
        let first = release().await.expect(202);
        assert_eq!(release().await.expect(202), first);
    }
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
