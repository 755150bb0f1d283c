//! Keys and roles through HTTP.

use crate::support::{Answer, Server, key};
use beamline::auth::{Role, keys};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

both_databases! {
    async fn without_a_valid_key_only_the_open_paths_answer(house: House) {
        let server = Server::start(&house).await;
        for path in ["/healthz", "/readyz", "/openapi.json", "/docs/", "/docs/errors"] {
            assert_eq!(Answer::of(server.bare(Method::GET, path)).await.status, 200, "{path}");
        }
        for path in ["/metrics", "/api/v1/suppliers", "/api/v1/keys", "/api/v1/events", "/api/v1/operations", "/api/v1/rates"] {
            let answer = Answer::of(server.bare(Method::GET, path)).await;
            answer.problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"beamline\"");
        }
        let stranger = format!("bl_{}", "a".repeat(43));
        for given in [stranger.as_str(), "x", "", "bl_"] {
            server.get_as(given, "/api/v1/suppliers").await.problem(401, "unauthorized");
        }
        let basic = server.bare(Method::GET, "/api/v1/suppliers").header("authorization", "Basic YTpi");
        Answer::of(basic).await.problem(401, "unauthorized");
        let lower = server.bare(Method::GET, "/api/v1/suppliers").header("authorization", format!("bearer {}", server.admin));
        Answer::of(lower).await.expect(200);
    }

    async fn a_key_is_shown_once_and_kept_as_a_hash(house: House) {
        let server = Server::start(&house).await;
        let answer = server.send(Method::POST, "/api/v1/keys", json!({"name": "shop", "role": "viewer"})).await;
        let made = answer.expect(201);
        assert_eq!(answer.header("cache-control"), "no-store");
        let secret = made["key"].as_str().unwrap();
        let listed = server.get("/api/v1/keys").await;
        assert!(listed.expect(200)["items"].as_array().unwrap().iter().any(|one| one["id"] == made["id"]));
        assert!(!listed.text.contains(secret), "no secret in a list");
        server.get_as(secret, "/api/v1/suppliers").await.expect(200);
        server.send_as(secret, Method::POST, "/api/v1/suppliers", json!({})).await.problem(403, "forbidden");
        server.get_as(secret, "/api/v1/keys").await.problem(403, "forbidden");
        assert_eq!(server.get_as(secret, "/metrics").await.status, 200);
        let operations = server.get("/api/v1/operations?kind=key").await;
        assert!(!operations.text.contains(secret) && operations.text.contains("created"));
    }

    async fn a_key_names_what_it_is_bound_to(house: House) {
        let server = Server::start(&house).await;
        let wrong = [
            (json!({"name": "x", "role": "supplier"}), "/supplier"),
            (json!({"name": "x", "role": "supplier", "supplier": "nobody"}), "/supplier"),
            (json!({"name": "x", "role": "channel"}), "/channel"),
            (json!({"name": "x", "role": "viewer", "channel": "google"}), "/channel"),
            (json!({"name": "x", "role": "admin", "supplier": "alpine"}), "/supplier"),
            (json!({"name": " ", "role": "admin"}), "/name"),
            (json!({"name": "x", "role": "boss"}), "/role"),
        ];
        for (body, pointer) in wrong {
            let problem = server.send(Method::POST, "/api/v1/keys", body.clone()).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
        let made = server.send(Method::POST, "/api/v1/keys", json!({"name": "x", "role": "channel", "channel": "google"})).await.expect(201);
        assert_eq!(made["channel"], "google");
        server.get_as(made["key"].as_str().unwrap(), "/api/v1/suppliers").await.problem(403, "forbidden");
    }

    async fn a_revoked_key_stops_working_at_once(house: House) {
        let server = Server::start(&house).await;
        let made = server.send(Method::POST, "/api/v1/keys", json!({"name": "shop", "role": "viewer"})).await.expect(201);
        let (id, secret) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        server.get_as(secret, "/api/v1/suppliers").await.expect(200);
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/keys/{id}"), json!({})).await.status, 204);
        server.get_as(secret, "/api/v1/suppliers").await.problem(401, "unauthorized");
        server.send(Method::DELETE, "/api/v1/keys/key_nobody", json!({})).await.problem(404, "not_found");
        let all = server.get("/api/v1/keys").await.json();
        let own = all["items"].as_array().unwrap().iter().find(|one| one["role"] == "admin").unwrap();
        server.send(Method::DELETE, &format!("/api/v1/keys/{}", own["id"].as_str().unwrap()), json!({})).await.problem(409, "conflict");
    }

    async fn a_key_revoked_by_another_process_stops_working_within_seconds(house: House) {
        let server = Server::start(&house).await;
        let made = server.send(Method::POST, "/api/v1/keys", json!({"name": "shop", "role": "viewer"})).await.expect(201);
        let (id, secret) = (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap());
        server.get_as(secret, "/api/v1/suppliers").await.expect(200);
        let other = house.open_again().await;
        let now = other.clock.now();
        other.db.write(move |conn| keys::revoke(conn, &id, "command", now)).await.unwrap();
        let revoked = Instant::now();
        while server.get_as(secret, "/api/v1/suppliers").await.status == 200 {
            assert!(revoked.elapsed() < Duration::from_secs(5), "still works");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn the_last_use_of_a_key_is_noted_beside_the_request(house: House) {
        let server = Server::start(&house).await;
        let viewer = key(&house, Role::Viewer, None, None).await;
        server.get_as(&viewer, "/api/v1/suppliers").await.expect(200);
        for _ in 0..100 {
            let listed = server.get("/api/v1/keys").await.expect(200);
            let viewer = listed["items"].as_array().unwrap().iter().find(|one| one["role"] == "viewer").unwrap().clone();
            if viewer["last_used_at"] == "2026-01-01T00:00:00Z" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the last use was not noted");
    }
}
