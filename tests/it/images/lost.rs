//! Originals that the file store lost, and pictures that cannot be had.

use super::drawn::jpeg;
use super::sending::sent;
use super::{House, PictureHost, Server, fetched, fetching, follow, lamp};
use crate::support::Behaviour;
use beamline::channels;
use beamline::media::queries::image;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use reqwest::Method;
use serde_json::{Value, json};

/// Takes the original away, as a disk does.
async fn lose(house: &House, id: &str) {
    let of = id.to_owned();
    let row = house.app.db.read(move |conn| image(conn, &of)).await.unwrap().unwrap();
    house.app.files.delete(&Path::from(row.file)).await.unwrap();
}

both_databases! {
    async fn a_lost_original_comes_back_when_it_is_sent_or_fetched_again(house: House) {
        let host = PictureHost::start().await;
        host.serves("/lamp.jpg", Behaviour::Ok(jpeg(82, 500, 400), "image/jpeg", Some("\"1\"")));
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let original = async |id: &str| {
            let answer = server.request(Method::GET, &format!("/api/v1/images/{id}/original")).send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
        };
        let uploaded = sent(&server, "a.jpg", jpeg(81, 500, 400)).await;
        lose(&house, &uploaded).await;
        assert_ne!(original(&uploaded).await.0, 200);
        assert_eq!(sent(&server, "again.jpg", jpeg(81, 500, 400)).await, uploaded);
        assert_eq!(original(&uploaded).await, (200, jpeg(81, 500, 400)));
        // A host that would say that nothing changed is not asked whether it did.
        let shows = json!({"sku": "L-1", "images": [{"url": host.url("/lamp.jpg")}]});
        server.send(Method::POST, "/api/v1/products", shows).await.expect(201);
        house.seen().await;
        fetched(&server, &house).await;
        let id = server.get("/api/v1/products/L-1").await.expect(200)["images"][0]["id"].as_str().unwrap().to_owned();
        lose(&house, &id).await;
        server.send(Method::POST, "/api/v1/images/fetch", json!({"state": "ready"})).await.expect(200);
        fetched(&server, &house).await;
        assert_eq!(original(&id).await, (200, jpeg(82, 500, 400)));
    }

    async fn what_was_not_seen_is_told_again_when_it_is_shown_again(house: House) {
        let host = PictureHost::start().await;
        host.serves("/lamp.jpg", Behaviour::Status(503, vec![]));
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let path = lamp(&server, &host.url("/lamp.jpg")).await;
        house.seen().await;
        fetched(&server, &house).await;
        let not_seen = async || {
            house.seen().await;
            // Whoever judges comes first, and is told again by who notes what is shown.
            channels::follow::catch_up(&house.app).await.unwrap();
            follow::catch_up(&house.app).await.unwrap();
            channels::follow::catch_up(&house.app).await.unwrap();
            let listings = server.get(&format!("{path}/listings")).await.expect(200);
            let google = listings["items"].as_array().unwrap().iter().find(|one| one["channel"] == "google").unwrap().clone();
            google["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "image_not_seen")
        };
        assert!(not_seen().await);
        let own = sent(&server, "own.jpg", jpeg(83, 900, 900)).await;
        server.send(Method::PATCH, &path, json!({"images": [{"id": own}]})).await.expect(200);
        assert!(!not_seen().await);
        let newest = server.get("/api/v1/operations").await.expect(200)["items"][0]["id"].clone();
        server.send(Method::POST, &format!("/api/v1/operations/{}/undo", newest.as_str().unwrap()), json!({})).await.expect(200);
        assert!(not_seen().await);
    }

    async fn what_a_person_attached_twice_is_told(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let (first, copy) = (sent(&server, "a.jpg", jpeg(84, 900, 900)).await, sent(&server, "b.jpg", jpeg(84, 600, 600)).await);
        let path = lamp(&server, "").await;
        let shows = json!({"images": [{"id": first}, {"id": copy}]});
        let product = server.send(Method::PATCH, &path, shows).await.expect(200);
        assert_eq!((&product["images"][0]["same_as"], &product["images"][1]["same_as"]), (&Value::Null, &json!(first)), "{product}");
        house.seen().await;
        channels::follow::catch_up(&house.app).await.unwrap();
        let listings = server.get(&format!("{path}/listings")).await.expect(200);
        for listing in listings["items"].as_array().unwrap() {
            let told = listing["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == "image_repeated");
            assert!(told.is_some_and(|told| told["message"].as_str().unwrap().contains("picture 2")), "{listing}");
        }
        // What is called main comes first.
        let third = sent(&server, "c.jpg", jpeg(85, 700, 700)).await;
        let attached = server.send(Method::POST, &format!("{path}/images"), json!({"id": third, "role": "main"})).await.expect(200);
        assert_eq!((&attached["images"][0]["id"], &attached["images"][0]["role"]), (&json!(third), &json!("main")), "{attached}");
        let part = |name: &'static str| reqwest::multipart::Part::bytes(jpeg(86, 300, 300)).file_name(name);
        let form = reqwest::multipart::Form::new().part("file", part("x.jpg")).part("file", part("y.jpg"));
        let refused = server.request(Method::POST, "/api/v1/images").multipart(form).send().await.unwrap();
        assert_eq!(refused.status(), 422);
        assert_eq!(refused.json::<Value>().await.unwrap()["errors"][0]["code"], "repeated");
    }
}
