//! Suppliers, warehouses and rates through HTTP.

use crate::support::{Answer, Server, key};
use beamline::auth::Role;
use beamline::db::schema::changes as log;
use beamline::db::{ChangeKind, Conn, JsonText, changes};
use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

async fn made(server: &Server, code: &str) -> Value {
    let body = json!({"code": code, "name": "Alpine Licht", "currency": "eur", "locale": "de"});
    server.send(Method::POST, "/api/v1/suppliers", body).await.expect(201)
}

both_databases! {
    async fn a_supplier_is_made_read_and_listed(house: House) {
        let server = Server::start(&house).await;
        let answer = server.send(Method::POST, "/api/v1/suppliers", json!({"code": "alpine", "name": "Alpine", "currency": "eur"})).await;
        let supplier = answer.expect(201);
        assert_eq!(answer.header("location"), "/api/v1/suppliers/alpine");
        assert_eq!((&supplier["currency"], &supplier["locale"], &supplier["rank"]), (&json!("EUR"), &json!("en"), &json!(100)));
        assert_eq!(supplier["created_at"], "2026-01-01T00:00:00Z");
        let change = answer.header("beamline-change");
        let read = server.get(&format!("/api/v1/suppliers/alpine?after_change={change}")).await;
        assert_eq!(read.expect(200), supplier);
        assert_eq!(read.header("etag"), answer.header("etag"));
        made(&server, "bivak").await;
        made(&server, "cairn").await;
        let page = server.get("/api/v1/suppliers?limit=2").await.expect(200);
        assert_eq!(page["items"][1]["code"], "bivak");
        let next = page["next"].as_str().unwrap();
        let rest = server.get(&format!("/api/v1/suppliers?limit=2&after={next}")).await.expect(200);
        assert_eq!((rest["items"][0]["code"].as_str(), &rest["next"]), (Some("cairn"), &Value::Null));
        let full = server.get("/api/v1/suppliers?limit=3").await.expect(200);
        assert_eq!(full["next"], Value::Null, "a full last page leads nowhere");
    }

    async fn a_code_is_taken_once_and_every_field_is_checked(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        let again = server.send(Method::POST, "/api/v1/suppliers", json!({"code": "alpine", "name": "x", "currency": "EUR"})).await;
        again.problem(409, "conflict");
        let wrong = json!({"code": "alp", "name": "", "currency": "XXQ", "locale": "!", "rank": 0, "country": "Austria"});
        let problem = server.send(Method::POST, "/api/v1/suppliers", wrong).await.problem(422, "invalid");
        let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/name", "/currency", "/locale", "/rank", "/country"]);
        let problem = server.send(Method::POST, "/api/v1/suppliers", json!({"code": "Alp", "name": "x", "currency": "EUR"})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/code");
        server.get("/api/v1/suppliers/nobody").await.problem(404, "not_found");
    }

    async fn a_patch_changes_what_it_names_and_makes_what_is_absent(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        let patched = server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 5, "country": "at"})).await.expect(200);
        assert_eq!((&patched["rank"], &patched["country"], &patched["name"], &patched["version"]), (&json!(5), &json!("AT"), &json!("Alpine Licht"), &json!(2)));
        let back = server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": null, "country": null})).await.expect(200);
        assert_eq!((&back["rank"], &back["country"]), (&json!(100), &Value::Null));
        let same = server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 100})).await.expect(200);
        assert_eq!(same["version"], 3, "an edit that changes nothing is none");
        let new = server.send(Method::PATCH, "/api/v1/suppliers/nordlys", json!({"currency": "DKK"})).await;
        assert_eq!((new.expect(201)["name"].as_str(), new.header("location").as_str()), (Some("nordlys"), "/api/v1/suppliers/nordlys"));
        let problem = server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"colour": "red"})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/colour");
        server.send(Method::PATCH, "/api/v1/suppliers/Bad%20Code", json!({})).await.problem(422, "invalid");
    }

    async fn a_stale_edit_is_refused(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        let patch = |tag: &str, body: Value| server.request(Method::PATCH, "/api/v1/suppliers/alpine").header("if-match", tag).json(&body);
        let tag = server.get("/api/v1/suppliers/alpine").await.header("etag");
        assert!(tag.starts_with("\"1-"), "{tag}");
        Answer::of(patch(&tag, json!({"rank": 5}))).await.expect(200);
        Answer::of(patch(&tag, json!({"rank": 6}))).await.problem(412, "precondition_failed");
        Answer::of(patch("\"2-other\"", json!({"rank": 7}))).await.expect(200);
        Answer::of(patch("W/\"3\"", json!({"rank": 8}))).await.problem(412, "precondition_failed");
        Answer::of(patch("\"1\", \"3\"", json!({"rank": 8}))).await.expect(200);
        Answer::of(patch("*", json!({"rank": 9}))).await.expect(200);
        let absent = server.request(Method::PATCH, "/api/v1/suppliers/nobody").header("if-match", "*").json(&json!({}));
        Answer::of(absent).await.problem(412, "precondition_failed");
        let present = server.request(Method::PATCH, "/api/v1/suppliers/alpine").header("if-none-match", "*").json(&json!({}));
        Answer::of(present).await.problem(412, "precondition_failed");
    }

    async fn a_new_rank_is_told_to_those_who_follow_the_log(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"name": "Alpine"})).await.expect(200);
        let start = house.app.db.read(changes::start).await.unwrap();
        let follow = || { let start = start.clone(); house.app.db.read(move |conn| changes::read_after(conn, &start, 10)) };
        house.seen().await;
        let named = follow().await.unwrap();
        assert!(named.iter().all(|change| change.kind == ChangeKind::EditChanged), "a name is nobody's value: {named:?}");
        server.send(Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 5})).await.expect(200);
        house.seen().await;
        let changes = follow().await.unwrap().split_off(named.len());
        assert_eq!((changes.len(), changes[0].data.clone()), (1, json!({"supplier": "alpine", "resolve": true})));
        let seq = changes[0].position.seq;
        let kept = move |conn: &mut Conn| Ok(log::table.filter(log::seq.eq(seq)).select(log::before).first::<Option<JsonText>>(conn)?);
        let before: Value = house.app.db.read(kept).await.unwrap().unwrap().read().unwrap();
        assert_eq!((&before["rank"], &before["currency"]), (&json!(100), &json!("EUR")));
        let operation = changes[0].operation_id.clone().unwrap();
        let shown = server.get(&format!("/api/v1/operations/{operation}")).await.expect(200);
        assert_eq!((&shown["kind"], &shown["actor"], &shown["subject"]), (&json!("edit"), &json!("key:test admin"), &json!("alpine")));
        assert_eq!(server.get("/api/v1/events").await.expect(200)["items"], json!([]), "settings are nobody's event");
    }

    async fn another_supplier_does_not_exist_for_a_supplier_key(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        made(&server, "nordlys").await;
        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        server.get_as(&own, "/api/v1/suppliers/alpine").await.expect(200);
        server.get_as(&own, "/api/v1/suppliers/nordlys").await.problem(404, "not_found");
        server.get_as(&own, "/api/v1/suppliers/nordlys/warehouses").await.problem(404, "not_found");
        server.send_as(&own, Method::PATCH, "/api/v1/suppliers/nordlys", json!({"name": "x"})).await.problem(404, "not_found");
        server.send_as(&own, Method::PATCH, "/api/v1/suppliers/alpine", json!({"name": "x"})).await.expect(200);
        server.send_as(&own, Method::PATCH, "/api/v1/suppliers/alpine", json!({"rank": 1})).await.problem(403, "forbidden");
        server.send_as(&own, Method::POST, "/api/v1/suppliers", json!({})).await.problem(403, "forbidden");
        let listed = server.get_as(&own, "/api/v1/suppliers").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }

    async fn warehouses_are_put_and_listed(house: House) {
        let server = Server::start(&house).await;
        made(&server, "alpine").await;
        let path = "/api/v1/suppliers/alpine/warehouses/wien";
        let answer = server.send(Method::PUT, path, json!({"name": "Wien", "country": "at"})).await;
        assert_eq!(answer.expect(201), json!({"code": "wien", "name": "Wien", "country": "AT"}));
        assert_eq!(answer.header("location"), path);
        let tag = server.get(path).await.header("etag");
        let put = |tag: &str| server.request(Method::PUT, path).header("if-match", tag).json(&json!({"name": "Wien Süd"}));
        Answer::of(put(&tag)).await.expect(200);
        Answer::of(put(&tag)).await.problem(412, "precondition_failed");
        let listed = server.get("/api/v1/suppliers/alpine/warehouses").await.expect(200);
        assert_eq!(listed["items"], json!([{"code": "wien", "name": "Wien Süd", "country": null}]));
        server.send(Method::PUT, "/api/v1/suppliers/alpine/warehouses/W", json!({"name": "x"})).await.problem(422, "invalid");
        server.send(Method::PUT, "/api/v1/suppliers/nobody/warehouses/w", json!({"name": "x"})).await.problem(404, "not_found");
        server.get("/api/v1/suppliers/alpine/warehouses/graz").await.problem(404, "not_found");
    }

    async fn rates_are_exact_and_set_as_a_whole(house: House) {
        let server = Server::start(&house).await;
        let rates = json!({"items": [{"base": "eur", "quote": "USD", "rate": "1.08450"}, {"base": "EUR", "quote": "DKK", "rate": "7.4604"}]});
        let answer = server.send(Method::PUT, "/api/v1/rates", rates).await;
        answer.expect(200);
        let read = server.get("/api/v1/rates").await;
        let items = json!([{"base": "EUR", "quote": "DKK", "rate": "7.4604"}, {"base": "EUR", "quote": "USD", "rate": "1.08450"}]);
        assert_eq!(read.expect(200)["items"], items);
        assert_eq!(read.header("etag"), answer.header("etag"));
        Answer::of(server.request(Method::PUT, "/api/v1/rates").header("if-match", "\"stale\"").json(&json!({"items": []}))).await.problem(412, "precondition_failed");
        let wrong = json!({"items": [
            {"base": "EUR", "quote": "EUR", "rate": "1"}, {"base": "EUR", "quote": "QQQ", "rate": "1"},
            {"base": "EUR", "quote": "USD", "rate": "-1"}, {"base": "EUR", "quote": "GBP", "rate": "1,2"},
        ]});
        let problem = server.send(Method::PUT, "/api/v1/rates", wrong).await.problem(422, "invalid");
        let pointers: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/items/0/quote", "/items/1/quote", "/items/2/rate", "/items/3/rate"]);
        assert_eq!(server.get("/api/v1/rates").await.expect(200)["items"], items, "a refused table changes nothing");
        server.send(Method::PUT, "/api/v1/rates", read.json()).await.expect(200);
    }
}
