//! What every path owes its caller: problems, limits, ids, tags, a document that needs no other host, a clean stop.

use crate::support::{Answer, Server};
use beamline::db::{ChangeKind, NewChange, Position, changes};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

both_databases! {
    async fn every_error_is_a_problem(house: House) {
        let server = Server::start(&house).await;
        server.get("/nowhere").await.problem(404, "not_found");
        server.get("/api/v1/nowhere").await.problem(404, "not_found");
        server.get("/api/v1/operations/op_none").await.problem(404, "not_found");
        let answer = server.send(Method::PUT, "/api/v1/suppliers", json!({})).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD,POST");
        let post = || server.request(Method::POST, "/api/v1/suppliers");
        Answer::of(post().body("code=alpine")).await.problem(415, "unsupported_media_type");
        Answer::of(post().header("content-type", "text/plain").body("{}")).await.problem(415, "unsupported_media_type");
        Answer::of(post().header("content-type", "application/json").body("{\"code\":")).await.problem(400, "invalid_json");
        Answer::of(post().header("content-type", "application/json; charset=utf-8").body("[]")).await.problem(422, "invalid");
        let huge = format!("{{\"code\":\"{}\"}}", "a".repeat(3 * 1024 * 1024));
        Answer::of(post().header("content-type", "application/json").body(huge)).await.problem(413, "too_large");
        let problem = server.send(Method::POST, "/api/v1/suppliers", json!({"code": 1})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/code");
        let head = Answer::of(server.request(Method::HEAD, "/api/v1/operations/op_none")).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (404, ""));
    }

    async fn a_wrong_parameter_is_named(house: House) {
        let server = Server::start(&house).await;
        for (query, name) in [("limt=5", "limt"), ("limit=x", "limit"), ("limit=0", "limit"), ("limit=1001", "limit"), ("%6Cimt=5", "limt")] {
            let problem = server.get(&format!("/api/v1/suppliers?{query}")).await.problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], name, "{query}");
        }
        server.get("/api/v1/suppliers?limit=1&limit=2").await.problem(400, "invalid_parameter");
        server.get("/api/v1/suppliers?after=nonsense").await.problem(400, "invalid_cursor");
        server.get("/api/v1/suppliers?after_change=nonsense").await.problem(400, "invalid_parameter");
        server.get("/api/v1/suppliers/%00").await.problem(400, "invalid_parameter");
        server.get("/api/v1/suppliers/%FF").await.problem(400, "bad_request");
        server.get("/healthz?x=1").await.problem(400, "invalid_parameter");
        let patch = server.send(Method::PATCH, "/api/v1/suppliers/alpine?dry=1", json!({})).await;
        patch.problem(400, "invalid_parameter");
        server.get("/api/v1/suppliers?limit=1000").await.expect(200);
    }

    async fn a_request_keeps_its_id(house: House) {
        let server = Server::start(&house).await;
        let ask = |id: &str| server.bare(Method::GET, "/healthz").header("x-request-id", id);
        assert_eq!(Answer::of(ask("shop-42")).await.header("x-request-id"), "shop-42");
        for bad in ["a b", "<x>", &"x".repeat(129)] {
            let made = Answer::of(ask(bad)).await.header("x-request-id");
            assert!(made != bad && made.len() == 32, "{made}");
        }
        let answer = server.get("/api/v1/suppliers").await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }

    async fn what_the_reader_holds_is_not_sent_again(house: House) {
        let server = Server::start(&house).await;
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "alpine", "name": "A", "currency": "EUR"})).await.expect(201);
        for path in ["/api/v1/suppliers/alpine", "/api/v1/suppliers", "/openapi.json", "/api/v1/rates"] {
            let tag = server.get(path).await.header("etag");
            let ask = |held: &str| server.request(Method::GET, path).header(header::IF_NONE_MATCH, held);
            let answer = Answer::of(ask(&tag)).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str(), answer.header("etag")), (304, "", tag.clone()), "{path}");
            assert_eq!(Answer::of(ask(&format!("\"other\", W/{tag}"))).await.status, 304, "{path}");
            assert_eq!(Answer::of(ask("\"other\"")).await.status, 200, "{path}");
        }
    }

    async fn a_read_waits_for_the_change_it_names(house: House) {
        let server = Server::start(&house).await;
        let answer = server.send(Method::PUT, "/api/v1/rates", json!({"items": [{"base": "EUR", "quote": "USD", "rate": "1.1"}]})).await;
        let change = answer.header("beamline-change");
        server.get(&format!("/api/v1/rates?after_change={change}")).await.expect(200);
        let mut later: Position = change.parse().unwrap();
        later.seq += 1;
        let path = format!("/api/v1/rates?after_change={later}");
        let (waited, writing) = tokio::join!(server.get(&path), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.send(Method::PUT, "/api/v1/rates", json!({"items": []})).await
        });
        writing.expect(200);
        assert_eq!(waited.expect(200)["items"], json!([]), "it waited for the change it named");
        let stranger = Position { epoch: "feedbeef".to_owned(), ..later };
        server.get(&format!("/api/v1/rates?after_change={stranger}")).await.problem(410, "cursor_expired");
    }

    async fn events_are_told_once_and_in_order(house: House) {
        let server = Server::start(&house).await;
        let now = house.clock.now();
        let event = |kind, n: usize| NewChange::new(kind, format!("BL-{n}"), json!({"n": n}));
        let kinds = [ChangeKind::ProductCreated, ChangeKind::OfferChanged, ChangeKind::ProductUpdated, ChangeKind::StockChanged];
        let new: Vec<NewChange> = kinds.into_iter().enumerate().map(|(n, kind)| event(kind, n)).collect();
        house.app.db.write(move |conn| changes::append(conn, now, &new)).await.unwrap();
        house.seen().await;
        let first = server.get("/api/v1/events?limit=2").await.expect(200);
        let types = |page: &Value| page["items"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(types(&first), ["product.created", "product.updated"]);
        let one = &first["items"][0];
        assert_eq!((&one["specversion"], &one["subject"], &one["data"]), (&json!("1.0"), &json!("BL-0"), &json!({"n": 0})));
        assert_eq!(one["time"], "2026-01-01T00:00:00Z");
        let next = first["next"].as_str().unwrap();
        let rest = server.get(&format!("/api/v1/events?after={next}")).await.expect(200);
        assert_eq!(types(&rest), ["stock.changed"]);
        let end = rest["next"].as_str().unwrap();
        assert_eq!(server.get(&format!("/api/v1/events?after={end}")).await.expect(200)["items"], json!([]));
        let after_one = one["id"].as_str().unwrap();
        assert_eq!(types(&server.get(&format!("/api/v1/events?after={after_one}")).await.json()).len(), 2, "an event's id is a cursor");
        assert_eq!(types(&server.get("/api/v1/events?types=stock.changed").await.json()), ["stock.changed"]);
        for wrong in ["offer.changed", "nonsense"] {
            server.get(&format!("/api/v1/events?types={wrong}")).await.problem(400, "invalid_parameter");
        }
        server.get("/api/v1/events?after=feedbeef.0.1").await.problem(410, "cursor_expired");
        server.get("/api/v1/events?after=x").await.problem(400, "invalid_cursor");
        server.get("/api/v1/events?limit=1001").await.problem(400, "invalid_parameter");
    }

    async fn operations_are_listed_newest_first(house: House) {
        let server = Server::start(&house).await;
        for code in ["a", "b", "c"] {
            server.send(Method::POST, "/api/v1/suppliers", json!({"code": code, "name": code, "currency": "EUR"})).await.expect(201);
            house.clock.set(house.clock.now() + chrono::TimeDelta::seconds(1));
        }
        let page = server.get("/api/v1/operations?kind=edit&limit=2").await.expect(200);
        assert_eq!((&page["items"][0]["subject"], &page["items"][1]["subject"]), (&json!("c"), &json!("b")));
        let next = page["next"].as_str().unwrap();
        let rest = server.get(&format!("/api/v1/operations?kind=edit&limit=2&after={next}")).await.expect(200);
        assert_eq!((&rest["items"][0]["subject"], &rest["next"]), (&json!("a"), &Value::Null));
        assert_eq!(server.get("/api/v1/operations?subject=b").await.json()["items"].as_array().unwrap().len(), 1);
    }

    async fn the_documentation_needs_no_other_host(house: House) {
        let server = Server::start(&house).await;
        let document = Answer::of(server.bare(Method::GET, "/openapi.json")).await.expect(200);
        assert_eq!(document["openapi"], "3.1.0");
        let page = Answer::of(server.bare(Method::GET, "/docs/")).await;
        assert!(page.header("content-type").starts_with("text/html"));
        let assets: Vec<&str> = page.text.split(['"', '\'']).filter(|text| text.ends_with(".js") || text.ends_with(".css") || text.ends_with(".png")).collect();
        assert!(assets.len() >= 4, "{assets:?}");
        for asset in assets {
            assert!(!asset.contains("//"), "{asset} is on another host");
            let answer = server.bare(Method::GET, &format!("/docs/{}", asset.trim_start_matches("./"))).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{asset}");
            assert!(!answer.bytes().await.unwrap().is_empty(), "{asset}");
        }
        let start = Answer::of(server.bare(Method::GET, "/docs/swagger-initializer.js")).await.text;
        assert!(start.contains("/openapi.json") && !start.contains("https://"), "{start}");
        assert!(start.contains("\"validatorUrl\": \"none\""), "{start}");
        assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
        let errors = Answer::of(server.bare(Method::GET, "/docs/errors")).await;
        assert!(errors.text.contains("id=\"not_found\""));
        Answer::of(server.bare(Method::GET, "/docs/no-such-asset")).await.problem(404, "not_found");
    }

    async fn metrics_count_by_route_and_status(house: House) {
        let server = Server::start(&house).await;
        server.get("/api/v1/operations/op_1").await.problem(404, "not_found");
        let text = server.get("/metrics").await.text;
        let wanted = "beamline_http_requests_total{method=\"GET\",route=\"/api/v1/operations/{id}\",status=\"404\"}";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("beamline_http_request_duration_seconds_bucket"), "{text}");
    }

    async fn asked_to_stop_it_says_so_and_finishes_what_was_begun(house: House) {
        let mut server = Server::start(&house).await;
        let change = server.send(Method::PUT, "/api/v1/rates", json!({"items": []})).await.header("beamline-change");
        let mut never: Position = change.parse().unwrap();
        never.seq += 1_000;
        // A body that arrives slowly is in the middle of a request when the stop comes.
        let address = server.url.trim_start_matches("http://").to_owned();
        let mut slow = TcpStream::connect(&address).await.unwrap();
        let body = "{\"items\":[]}";
        let head = format!(
            "PUT /api/v1/rates HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            server.admin, body.len()
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        slow.write_all(&body.as_bytes()[..5]).await.unwrap();
        let waiting = tokio::spawn({
            let request = server.request(Method::GET, &format!("/api/v1/rates?after_change={never}"));
            async move { (Answer::of(request).await, Instant::now()) }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = Instant::now();
        server.shutdown.cancel();
        let (answer, ended) = waiting.await.unwrap();
        answer.problem(503, "not_yet_visible");
        assert!(ended - asked < Duration::from_secs(2), "a wait ends at once");
        let ready = Answer::of(server.bare(Method::GET, "/readyz")).await.problem(503, "unavailable");
        assert_eq!(ready["errors"][0]["code"], "shutting_down");
        assert!(!server.running.is_finished());
        slow.write_all(&body.as_bytes()[5..]).await.unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        tokio::time::timeout(Duration::from_secs(5), &mut server.running).await.unwrap().unwrap().unwrap();
        assert!(TcpStream::connect(&address).await.is_err());
    }

    async fn ready_means_that_the_database_answers(house: House) {
        let server = Server::start(&house).await;
        assert_eq!(Answer::of(server.bare(Method::GET, "/readyz")).await.text, "ready\n");
        assert_eq!(Answer::of(server.bare(Method::GET, "/healthz")).await.text, "ok\n");
    }
}
