//! Search from outside: over HTTP, while a feeder follows what is written.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use beamline::app::App;
use beamline::auth::{NewKey, Role, keys};
use beamline::db::{ChangeKind, NewChange, Position, changes};
use beamline::each_backend;
use beamline::search::{Feeder, catch_up};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW: &str = "2026-01-01T00:00:00.000000Z";

/// Writes a product and its change in one transaction, as the catalogue does.
async fn write(app: &App, id: i64, brand: &str, title: &str) -> Position {
    let golden = json!({"title": {"en": title}, "light_output_max": {"amount": (id * 100).to_string(), "unit": "lm"}});
    let code = brand.to_lowercase();
    let sql = format!(
        "INSERT INTO brands (code, name, created_at) VALUES ('{code}', '{brand}', '{NOW}') ON CONFLICT DO NOTHING; \
         DELETE FROM products WHERE id = {id}; \
         INSERT INTO products (id, sku, status, status_by, brand, title, golden, images, tags, available, created_at, updated_at) \
         VALUES ({id}, 'BL-{id}', 'active', 'rule', '{code}', '{title}', '{golden}', '[]', '[]', 1, '{NOW}', '{NOW}');"
    );
    let change = NewChange::new(ChangeKind::ProductUpdated, format!("BL-{id}"), json!({})).of_product(id);
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            each_backend!(conn => conn.batch_execute(&sql))?;
            changes::append(conn, now, &[change])
        })
        .await
        .unwrap()
}

/// The listing of a product on a channel takes this state.
async fn list(app: &App, id: i64, channel: &'static str, state: &'static str) -> Position {
    let sql = format!(
        "DELETE FROM listings WHERE product_id = {id} AND channel = '{channel}'; \
         INSERT INTO listings (product_id, channel, locale, state, completeness, reasons, updated_at) \
         VALUES ({id}, '{channel}', 'en', '{state}', 100, '[]', '{NOW}')"
    );
    let change = NewChange::new(ChangeKind::ListingChanged, format!("BL-{id}"), json!({"channel": channel, "state": state}))
        .of_product(id);
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            each_backend!(conn => conn.batch_execute(&sql))?;
            changes::append(conn, now, &[change])
        })
        .await
        .unwrap()
}

async fn key(app: &App, role: Role, channel: Option<&str>) -> String {
    let new = NewKey { name: "test".to_owned(), role, supplier: None, channel: channel.map(str::to_owned) };
    let now = app.clock.now();
    app.db.write(move |conn| keys::create(conn, &new, "test", now)).await.unwrap().secret
}

async fn get(app: &App, key: &str, path: &str) -> (StatusCode, Value) {
    let router = beamline::http::router(app.clone()).unwrap();
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {key}")).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn skus(body: &Value) -> Vec<&str> {
    body["items"].as_array().into_iter().flatten().filter_map(|item| item["sku"].as_str()).collect()
}

both_databases! {
    async fn a_search_shows_what_was_just_written(house: House) {
        let app = &house.app;
        let feeding = tokio::spawn(Feeder::new(app.db.clone(), app.search.clone()).run(app.shutdown.clone()));
        let viewer = key(app, Role::Viewer, None).await;
        let change = write(app, 4, "Petzl", "Actik headlamp").await;
        let (status, body) = get(app, &viewer, &format!("/api/v1/search?q=petzl&facets=brand&after_change={change}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(skus(&body), ["BL-4"]);
        assert_eq!(body["facets"], json!({"brand": [{"value": "Petzl", "count": 1}]}));
        assert_eq!(body["total"], json!({"value": 1, "relation": "eq"}));
        assert_eq!(body["next"], Value::Null);

        // A second process only reads, and waits as well as the first.
        let second = house.open_again().await;
        let change = write(app, 4, "Fenix", "Renamed lamp").await;
        let (_, body) = get(&second, &viewer, &format!("/api/v1/search?q=fenix&after_change={change}")).await;
        assert_eq!(skus(&body), ["BL-4"]);
        let (_, body) = get(&second, &viewer, "/api/v1/search?q=petzl").await;
        assert_eq!(skus(&body), Vec::<&str>::new());
        let (_, body) = get(&second, &viewer, "/api/v1/search/suggest?q=fen").await;
        assert_eq!(body["items"][0], json!({"text": "Fenix", "kind": "brand"}));
        app.shutdown.cancel();
        feeding.await.unwrap();
    }

    async fn mistakes_are_named(house: House) {
        let app = &house.app;
        catch_up(app).await.unwrap();
        let viewer = key(app, Role::Viewer, None).await;
        for (query, status, code) in [
            ("filter=light_output_max%20%3E%3D", 400, "invalid_filter"),
            ("sort=nothing", 400, "invalid_parameter"),
            ("facets=nothing", 400, "invalid_parameter"),
            ("limit=0", 400, "invalid_parameter"),
            ("limit=many", 400, "invalid_parameter"),
            ("after=e30", 400, "invalid_cursor"),
        ] {
            let (got, body) = get(app, &viewer, &format!("/api/v1/search?{query}")).await;
            assert_eq!((got.as_u16(), body["code"].as_str()), (status, Some(code)), "{query}: {body}");
        }
        let (_, body) = get(app, &viewer, "/api/v1/search?filter=light_output_max%20%3E%3D").await;
        assert!(body["detail"].as_str().unwrap().contains("at character 20: expected a value, found the end"), "{body}");
        let (status, _) = get(app, "nonsense", "/api/v1/search").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }

    async fn a_channel_key_sees_what_is_ready_for_it_and_no_suppliers(house: House) {
        let app = &house.app;
        write(app, 1, "Petzl", "Ready lamp").await;
        write(app, 2, "Petzl", "Blocked lamp").await;
        list(app, 1, "google", "ready").await;
        list(app, 2, "google", "blocked").await;
        catch_up(app).await.unwrap();
        let (viewer, channel) = (key(app, Role::Viewer, None).await, key(app, Role::Channel, Some("google")).await);
        let (_, body) = get(app, &viewer, "/api/v1/search?q=lamp").await;
        assert_eq!(skus(&body).len(), 2);
        let (_, body) = get(app, &channel, "/api/v1/search?q=lamp").await;
        assert_eq!(skus(&body), ["BL-1"]);
        for query in ["facets=supplier", "filter=NOT%20supplier%20EXISTS"] {
            let (status, _) = get(app, &channel, &format!("/api/v1/search?{query}")).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{query}");
        }
        // What is no longer ready goes with its change.
        list(app, 1, "google", "blocked").await;
        catch_up(app).await.unwrap();
        let (_, body) = get(app, &channel, "/api/v1/search?q=lamp").await;
        assert_eq!(skus(&body), Vec::<&str>::new());
    }
}
