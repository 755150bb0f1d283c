//! The change log from outside: events and operations, after an import and an edit.

use crate::support::{Raw, Server, Upload, key};
use beamline::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};

const FILE: &str =
    "sku,brand,mpn,title,stock\nA-1,Fenix,HM65R,Fenix HM65R,5\nA-2,Fenix,HM70R,Fenix HM70R,3\nA-3,Petzl,E099AA,Petzl Tikka,1\n";

/// An import and an edit of its first product; the import, the SKU, and the edit's change.
async fn history(server: &Server) -> (Value, String, String) {
    let import = Upload::new("alpine", "list.csv", FILE).done(server).await;
    let offers = server.all("/api/v1/suppliers/alpine/offers").await;
    let sku = offers[0]["product"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/products/{sku}");
    let edited = server.send(Method::PATCH, &path, json!({"values": {"title": {"en": "Renamed lamp"}}})).await;
    edited.expect(200);
    (import, sku, edited.header("beamline-change"))
}

both_databases! {
    async fn every_event_is_told_once_in_its_envelope(house: House) {
        let server = Server::start(&house).await;
        let (import, sku, change) = history(&server).await;
        let whole = server.get(&format!("/api/v1/events?limit=1000&after_change={change}")).await.expect(200);
        let items = whole["items"].as_array().unwrap().clone();
        for event in &items {
            assert_eq!((&event["specversion"], &event["datacontenttype"], &event["time"]), (&json!("1.0"), &json!("application/json"), &json!("2026-01-01T00:00:00Z")));
            assert!(event["data"].is_object() && event["id"].is_string() && event["source"].as_str().unwrap().starts_with('/'), "{event}");
        }
        let ids: HashSet<&str> = items.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), items.len());
        let of = |kind: &str| items.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
        assert_eq!((of("product.created").len(), of("product.updated").len(), of("import.finished").len()), (3, 1, 1));
        assert_eq!((&of("import.finished")[0]["subject"], &of("import.finished")[0]["operationid"]), (&import["id"], &import["operation"]));
        assert_eq!((&of("product.updated")[0]["subject"], &of("product.updated")[0]["data"]["changed"]), (&json!(sku), &json!(["title"])));
        assert_eq!(of("product.updated")[0]["id"], change, "an event's id is the change that the write answered with");

        // One at a time: no gap and nothing twice.
        let (mut seen, mut after) = (Vec::new(), String::new());
        while seen.len() < items.len() {
            let page = server.get(&format!("/api/v1/events?limit=1{after}")).await.expect(200);
            assert_eq!(page["items"].as_array().unwrap().len(), 1, "after {} of {}", seen.len(), items.len());
            seen.push(page["items"][0].clone());
            after = format!("&after={}", page["next"].as_str().unwrap());
        }
        assert_eq!(seen, items);
        // From an event's own id, and by type.
        let rest = server.get(&format!("/api/v1/events?limit=1000&after={}", items[1]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap()[..items.len() - 2], items[2..]);
        let only = server.get("/api/v1/events?types=product.updated,import.finished").await.expect(200);
        assert_eq!(only["items"].as_array().unwrap().len(), 2);
        let newest = whole["next"].as_str().unwrap();
        let since = server.get(&format!("/api/v1/events?types=product.created&after={newest}")).await.expect(200);
        assert_eq!(since["items"], json!([]));
        server.send(Method::POST, "/api/v1/products", json!({"sku": "NEW-1"})).await.expect(201);
        house.seen().await;
        let since = server.get(&format!("/api/v1/events?types=product.created&after={}", since["next"].as_str().unwrap())).await.expect(200);
        assert_eq!(since["items"][0]["subject"], "NEW-1");
    }

    async fn a_point_of_another_log_has_expired(house: House) {
        let server = Server::start(&house).await;
        let (_, _, change) = history(&server).await;
        let foreign = format!("00000000.{}", change.split_once('.').unwrap().1);
        server.get(&format!("/api/v1/events?after={foreign}")).await.problem(410, "cursor_expired");
        for wrong in ["after=nonsense", "limit=0", "limit=1001", "types=product.exploded", "types="] {
            let answer = server.get(&format!("/api/v1/events?{wrong}")).await;
            assert_eq!(answer.status, 400, "{wrong}: {}", answer.text);
        }
        let supplier = key(&house, Role::Supplier, Some("alpine"), None).await;
        server.get_as(&supplier, "/api/v1/events").await.problem(403, "forbidden");
        server.get_as(&supplier, "/api/v1/operations").await.problem(403, "forbidden");
        server.get_as("bl_nonsense", "/api/v1/events").await.problem(401, "unauthorized");
    }

    async fn what_was_done_is_an_operation(house: House) {
        let server = Server::start(&house).await;
        let (import, sku, _) = history(&server).await;
        let imports = server.all("/api/v1/operations?kind=import").await;
        assert_eq!((imports.len(), &imports[0]["id"], &imports[0]["subject"]), (1, &import["operation"], &import["id"]));
        assert_eq!((&imports[0]["summary"]["counts"]["created"], &imports[0]["summary"]["status"]), (&json!(3), &json!("done")));
        assert!(imports[0]["finished_at"].is_string() && imports[0]["actor"] == "key:test admin", "{}", imports[0]);
        let edits = server.all(&format!("/api/v1/operations?subject={sku}")).await;
        assert_eq!((edits.len(), &edits[0]["kind"], &edits[0]["actor"]), (1, &json!("edit"), &json!("key:test admin")));
        let one = server.get(&format!("/api/v1/operations/{}", edits[0]["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(one, edits[0]);
        server.get("/api/v1/operations/op_none").await.problem(404, "not_found");
        let page = server.get("/api/v1/operations?limit=1").await.expect(200);
        let all = server.all("/api/v1/operations").await;
        let rest = server.get(&format!("/api/v1/operations?limit=1000&after={}", page["next"].as_str().unwrap())).await.expect(200);
        assert_eq!(rest["items"].as_array().unwrap().len() + 1, all.len());
    }

    async fn a_search_waits_for_what_was_just_written(house: House) {
        let server = Server::start(&house).await;
        let (_, sku, change) = history(&server).await;
        let found = server.get(&format!("/api/v1/search?q=renamed&after_change={change}")).await.expect(200);
        assert_eq!((&found["items"][0]["sku"], &found["total"]["value"]), (&json!(sku), &json!(1)));
        for word in ["amber", "birch", "cedar", "glacier", "harbour"] {
            let edit = json!({"values": {"title": {"en": format!("{word} lamp")}}});
            let edited = server.send(Method::PATCH, &format!("/api/v1/products/{sku}"), edit).await;
            let query = format!("/api/v1/search?q={word}&after_change={}", edited.header("beamline-change"));
            assert_eq!(server.get(&query).await.expect(200)["items"][0]["sku"], sku.as_str());
        }
        assert_eq!(server.get("/api/v1/search?q=birch").await.expect(200)["total"]["value"], 0, "and no longer what it was");
        server.get("/api/v1/search?after_change=nonsense").await.problem(400, "invalid_parameter");
    }

    async fn a_long_poll_waits_for_the_next_event_and_loses_none(house: House) {
        let server = Server::start(&house).await;
        let begun = Instant::now();
        let start = server.get("/api/v1/events").await.expect(200)["next"].as_str().unwrap().to_owned();
        let none = server.get(&format!("/api/v1/events?wait=1&after={start}")).await.expect(200);
        assert_eq!((&none["items"], begun.elapsed() >= Duration::from_secs(1)), (&json!([]), true));
        // Writers write while a reader asks for the next, page after page.
        let write = async |letter: char| {
            for n in 0..25 {
                server.send(Method::POST, "/api/v1/products", json!({"sku": format!("{letter}-{n}")})).await.expect(201);
            }
        };
        let read = async {
            let (mut seen, mut after) = (Vec::new(), start.clone());
            while seen.len() < 75 {
                let page = server.get(&format!("/api/v1/events?types=product.created&limit=7&wait=20&after={after}")).await.expect(200);
                seen.extend(page["items"].as_array().unwrap().iter().map(|event| event["subject"].as_str().unwrap().to_owned()));
                page["next"].as_str().unwrap().clone_into(&mut after);
            }
            seen
        };
        let (seen, ..) = tokio::join!(read, write('A'), write('B'), write('C'));
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (75, 75));
        for letter in ['A', 'B', 'C'] {
            let own: Vec<_> = seen.iter().filter(|sku| sku.starts_with(letter)).cloned().collect();
            assert_eq!(own, (0..25).map(|n| format!("{letter}-{n}")).collect::<Vec<_>>());
        }
        server.get("/api/v1/events?wait=61").await.problem(400, "invalid_parameter");
    }

    async fn another_process_wakes_a_long_poll(house: House) {
        let server = Server::start_idle(&house).await;
        let start = server.get("/api/v1/events").await.expect(200)["next"].as_str().unwrap().to_owned();
        let other = house.open_again().await;
        let write = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = other.clock.now();
            let change = beamline::db::NewChange::new(beamline::db::ChangeKind::ProductCreated, "ELSEWHERE", json!({}));
            other.db.write(move |conn| beamline::db::changes::append(conn, now, &[change])).await.unwrap();
        };
        let path = format!("/api/v1/events?wait=30&after={start}");
        let (page, ()) = tokio::join!(server.get(&path), write);
        assert_eq!(page.expect(200)["items"][0]["subject"], "ELSEWHERE");
    }

    async fn a_stream_tells_events_as_they_come_and_goes_on_where_it_was(house: House) {
        let server = Server::start(&house).await;
        let accept = [("accept", "text/event-stream")];
        let mut stream = Raw::begin(&server, "GET", "/api/v1/events?types=product.created", &accept).await;
        assert_eq!(stream.status().await, 200);
        assert!(stream.head.contains("content-type: text/event-stream"), "{}", stream.head);
        for n in 0..5 {
            server.send(Method::POST, "/api/v1/products", json!({"sku": format!("S-{n}")})).await.expect(201);
        }
        let mut seen = Vec::new();
        while seen.len() < 5 {
            seen.push(message(&mut stream).await.expect("the stream goes on"));
        }
        let subjects: Vec<_> = seen.iter().map(|(_, event, data)| (event.as_str(), data["subject"].as_str().unwrap().to_owned())).collect();
        assert_eq!(subjects, (0..5).map(|n| ("product.created", format!("S-{n}"))).collect::<Vec<_>>());
        assert!(seen.iter().all(|(id, _, data)| data["id"] == *id));
        drop(stream);
        // A client that comes back names the last one it saw.
        let resumed = [accept[0], ("last-event-id", seen[2].0.as_str())];
        let mut stream = Raw::begin(&server, "GET", "/api/v1/events?types=product.created", &resumed).await;
        assert_eq!(message(&mut stream).await.unwrap().2["subject"], "S-3");
        assert_eq!(message(&mut stream).await.unwrap().2["subject"], "S-4");
        let foreign = [accept[0], ("last-event-id", "00000000.0.1")];
        assert_eq!(Raw::begin(&server, "GET", "/api/v1/events", &foreign).await.status().await, 410);

        // Streams and long polls end at once when the server stops.
        let next = server.get("/api/v1/events?limit=1000").await.expect(200)["next"].as_str().unwrap().to_owned();
        let mut poll = Raw::begin(&server, "GET", &format!("/api/v1/events?wait=60&after={next}"), &[]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.shutdown.cancel();
        let begun = Instant::now();
        assert!(message(&mut stream).await.is_none() && stream.ended);
        assert_eq!(poll.status().await, 200);
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }

    async fn an_import_is_followed_until_it_is_over(house: House) {
        let server = Server::start_idle(&house).await;
        let queued = Upload::new("alpine", "list.csv", FILE).send_as(&server, &server.admin).await.expect(202);
        let path = format!("/api/v1/imports/{}/events", queued["id"].as_str().unwrap());
        let mut stream = Raw::begin(&server, "GET", &path, &[]).await;
        let (_, event, first) = message(&mut stream).await.unwrap();
        assert_eq!((event.as_str(), &first["status"]), ("import", &json!("queued")));
        Server::work(&house);
        let mut last = first;
        while let Some((_, _, import)) = message(&mut stream).await {
            last = import;
        }
        assert!(stream.ended);
        assert_eq!((&last["status"], &last["created"]), (&json!("done"), &json!(3)));
        assert_eq!(last, server.get(&format!("/api/v1/imports/{}", queued["id"].as_str().unwrap())).await.expect(200));
        let other = key(&house, Role::Supplier, Some("alpine"), None).await;
        assert_eq!(server.get_as(&other, &path).await.status, 200);
        server.get("/api/v1/imports/imp_none/events").await.problem(404, "not_found");
    }
}

/// The next message of a stream that has data: id, event, data.
async fn message(stream: &mut Raw) -> Option<(String, String, Value)> {
    let (mut id, mut event, mut data) = (String::new(), String::new(), None);
    loop {
        let line = stream.line().await?;
        match line.split_once(": ") {
            Some(("id", value)) => value.clone_into(&mut id),
            Some(("event", value)) => value.clone_into(&mut event),
            Some(("data", value)) => data = Some(serde_json::from_str(value).unwrap()),
            _ => {}
        }
        if line.is_empty()
            && let Some(data) = data.take()
        {
            return Some((id, event, data));
        }
    }
}
