//! What each channel gets of a product's pictures, and in which order.

use super::drawn::jpeg;
use super::sending::sent;
use super::{Server, fetching, lamp};
use beamline::channels::contract::check::{Wanted, check};
use beamline::channels::follow;
use reqwest::Method;
use serde_json::{Value, json};

/// What a line of a bulk edit is answered.
async fn by_line(server: &Server, line: Value) -> Value {
    let request = server.request(Method::PATCH, "/api/v1/products").header("content-type", "application/x-ndjson");
    let answer = request.body(line.to_string()).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(answer.lines().next().unwrap()).unwrap()
}

both_databases! {
    async fn a_channel_gets_its_own_choice_in_its_own_order(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let path = lamp(&server, "").await;
        let mut ids = Vec::new();
        for (seed, name) in (61..).zip(["front", "back", "scene", "box"]) {
            ids.push(sent(&server, &format!("{name}.jpg"), jpeg(seed, 900, 900)).await);
        }
        let [front, back, scene, package] = ids.as_slice() else { unreachable!() };
        let set = async |images: Value| server.send(Method::PATCH, &path, json!({"images": images})).await;
        let images = json!([
            {"id": front},
            {"id": back, "channels": ["google", "shopify"]},
            {"id": scene, "positions": {"amazon": 1}},
            {"id": package, "positions": {"google": 2, "amazon": 1}},
        ]);
        set(images).await.expect(200);
        // What each feed holds of them, in its order.
        let order = async |channel: &str, file: &str| {
            house.seen().await;
            follow::catch_up(&house.app).await.unwrap();
            let (none, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let wanted = Wanted { against: none.path().to_owned(), channel: None, keep: Some(kept.path().to_owned()) };
            check(&house.app, &wanted).await.unwrap();
            let Ok(text) = std::fs::read_to_string(kept.path().join(channel).join(file)) else {
                panic!("{channel}: {}", server.get(&format!("{path}/listings")).await.expect(200))
            };
            let mut found: Vec<(usize, usize)> =
                ids.iter().enumerate().filter_map(|(at, id)| Some((text.find(id.as_str())?, at))).collect();
            found.sort_unstable();
            found.into_iter().map(|(_, at)| at).collect::<Vec<_>>()
        };
        assert_eq!(order("google", "google.tsv").await, [0, 3, 1, 2]);
        assert_eq!(order("amazon", "amazon-listings.json").await, [2, 3, 0]);
        assert_eq!(order("shopify", "shopify.csv").await, [0, 1, 2, 3]);
        // The list itself keeps its order, tells the places, and takes what it told.
        let product = server.get(&path).await.expect(200);
        let shown = product["images"].clone();
        assert_eq!((&shown[3]["id"], &shown[3]["positions"]), (&json!(package), &json!({"google": 2, "amazon": 1})), "{shown}");
        set(shown).await.expect(200);
        assert_eq!(server.get(&path).await.expect(200)["version"], product["version"]);
        // Attaching again moves it and leaves what was chosen.
        server.send(Method::POST, &format!("{path}/images"), json!({"id": package, "position": 1})).await.expect(200);
        let moved = server.get(&path).await.expect(200);
        assert_eq!((&moved["images"][0]["id"], &moved["images"][0]["positions"]["amazon"]), (&json!(package), &json!(1)), "{moved}");
        for wrong in [json!({"amazon": 0}), json!({"amazon": 51}), json!({"": 1}), json!({"amazon": "first"}), json!([1])] {
            let refused = set(json!([{"id": front, "positions": wrong}])).await;
            let problem = refused.json();
            assert_eq!((refused.status.as_u16(), &problem["errors"][0]["code"]), (422, &json!("wrong_type")), "{problem}");
        }
        // A channel that does not exist would get nothing and say nothing.
        let kept = server.get(&path).await.expect(200);
        let sku = kept["sku"].as_str().unwrap();
        for wrong in [json!({"id": front, "channels": ["gogle"]}), json!({"id": front, "positions": {"gogle": 1}})] {
            let line = json!({"sku": sku, "images": [wrong]});
            let answers = [
                set(json!([wrong])).await.expect(422),
                server.send(Method::POST, &format!("{path}/images"), wrong.clone()).await.expect(422),
                server.send(Method::POST, "/api/v1/products", json!({"images": [wrong]})).await.expect(422),
                server.send(Method::PATCH, "/api/v1/product-groups/all", json!({"images": [wrong]})).await.expect(422),
                by_line(&server, line).await,
            ];
            for answer in answers {
                let error = &answer["errors"][0];
                assert_eq!(error["code"], "unknown_channel", "{answer}");
                assert!(error["message"].as_str().is_some_and(|text| text.contains("gogle") && text.contains("google")), "{answer}");
            }
        }
        assert_eq!(server.get(&path).await.expect(200), kept);
        // Undo brings back both.
        let operations = server.get("/api/v1/operations").await.expect(200);
        let newest = operations["items"][0]["id"].as_str().unwrap();
        server.send(Method::POST, &format!("/api/v1/operations/{newest}/undo"), json!({})).await.expect(200);
        assert_eq!(server.get(&path).await.expect(200)["images"], product["images"]);
    }
}
