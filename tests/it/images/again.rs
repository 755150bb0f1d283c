//! Pictures that are looked at again, after what is asked of them has changed.

use super::drawn::jpeg;
use super::sending::sent;
use super::{App, House, Server, fetching, follow};
use beamline::media::queries::image_mark;
use beamline::media::reexamine::{Reexamined, reexamine};
use reqwest::Method;
use serde_json::{Value, json};

/// The same house with thresholds of the owner's own.
async fn minding(mut house: House, thresholds: &str) -> House {
    let folder = house.dir.path().join("schema");
    std::fs::create_dir_all(folder.join("media")).unwrap();
    std::fs::write(folder.join("media/pictures.toml"), thresholds).unwrap();
    house.config.schema = Some(folder);
    house.app = App::open(house.config.clone(), house.clock.clone()).await.unwrap();
    house
}

async fn codes(server: &Server, id: &str) -> Vec<Value> {
    let image = server.get(&format!("/api/v1/images/{id}")).await.expect(200);
    image["findings"].as_array().unwrap().iter().map(|finding| finding["code"].clone()).collect()
}

both_databases! {
    async fn a_changed_threshold_reaches_pictures_that_are_here_already(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let (small, large) = (sent(&server, "s.jpg", jpeg(41, 400, 400)).await, sent(&server, "l.jpg", jpeg(42, 900, 900)).await);
        for (sku, id) in [("L-1", &small), ("L-2", &large)] {
            server.send(Method::POST, "/api/v1/products", json!({"sku": sku, "brand": "Acme", "category": "headlamps", "values": {"title": {"en": "Ridge"}}, "images": [{"id": id}]})).await.expect(201);
        }
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        let looked = |changed, unreadable| Reexamined { images: 2, changed, unreadable };
        assert_eq!(reexamine(&house.app, &|_| ()).await.unwrap(), looked(0, 0), "nothing has changed yet");
        assert!(!codes(&server, &small).await.contains(&json!("tiny")));
        drop(server);

        let house = minding(house, "[findings]\ntiny_side = 500\n").await;
        let server = Server::start(&house).await;
        assert!(!codes(&server, &small).await.contains(&json!("tiny")), "a threshold alone changes nothing");
        assert_eq!(reexamine(&house.app, &|_| ()).await.unwrap(), looked(1, 0));
        assert!(codes(&server, &small).await.contains(&json!("tiny")));
        assert!(!codes(&server, &large).await.contains(&json!("tiny")));
        let listed: Vec<Value> = server.all("/api/v1/images?finding=tiny").await;
        assert_eq!(listed.iter().map(|image| image["id"].as_str().unwrap()).collect::<Vec<_>>(), [small.as_str()]);
        // The product that shows it is told, the other is not.
        let told = async |sku: &str| {
            let history = server.get(&format!("/api/v1/products/{sku}/history")).await.expect(200);
            history["items"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "image.changed").count()
        };
        assert!(told("L-1").await > told("L-2").await);
        assert_eq!(reexamine(&house.app, &|_| ()).await.unwrap(), looked(0, 0));

        // A limit below what was taken once, and an original that is lost: told, and nothing is taken away.
        drop(server);
        let house = minding(house, "[findings]\ntiny_side = 500\n[limits]\nmax_side = 500\n").await;
        assert_eq!(reexamine(&house.app, &|_| ()).await.unwrap(), looked(0, 1));
        let house = minding(house, "").await;
        std::fs::remove_dir_all(house.dir.path().join("files/media/originals")).unwrap();
        assert_eq!(reexamine(&house.app, &|_| ()).await.unwrap(), looked(0, 2));
        let server = Server::start(&house).await;
        assert!(codes(&server, &small).await.contains(&json!("tiny")));
    }

    async fn an_undo_that_would_show_a_deleted_picture_names_who_deleted_it(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let id = sent(&server, "lamp.jpg", jpeg(43, 600, 600)).await;
        server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"title": {"en": "Ridge"}, "images": [{"id": id}]})).await.expect(201);
        server.send(Method::POST, "/api/v1/products", json!({"sku": "L-1", "brand": "Acme", "category": "headlamps", "values": {"title": {"en": "Ridge"}}, "images": [{"id": id}]})).await.expect(201);
        let newest = async || server.get("/api/v1/operations").await.expect(200)["items"][0].clone();
        let path = |operation: &Value, how: &str| format!("/api/v1/operations/{}/undo{how}", operation["id"].as_str().unwrap());
        server.send(Method::PATCH, "/api/v1/products/L-1", json!({"images": null})).await.expect(200);
        let of_product = newest().await;
        server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"images": null})).await.expect(200);
        let of_group = newest().await;
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/images/{id}"), Value::Null).await.status, 204);
        let deleted = newest().await;
        assert_eq!((&deleted["kind"], &deleted["subject"], &deleted["undoable"]), (&json!("image_delete"), &json!(id), &json!(false)));
        assert_eq!(server.send(Method::POST, &path(&deleted, ""), json!({})).await.json()["code"], "not_undoable");
        for (operation, subject) in [(&of_product, "L-1"), (&of_group, "G")] {
            let told = server.send(Method::POST, &path(operation, "?dry_run=true"), json!({})).await.expect(200);
            assert_eq!(told["conflicts"], json!([{"subject": subject, "fields": ["images"], "operation": deleted["id"]}]));
            assert_eq!(server.send(Method::POST, &path(operation, ""), json!({})).await.status, 409);
        }
        // Sent anew it is the same picture, and all of it can be undone.
        assert_eq!(sent(&server, "lamp.jpg", jpeg(43, 600, 600)).await, id);
        for operation in [&of_product, &of_group] {
            server.send(Method::POST, &path(operation, ""), json!({})).await.expect(200);
        }
        for shown in ["/api/v1/products/L-1", "/api/v1/product-groups/G"] {
            assert_eq!(server.get(shown).await.expect(200)["images"][0]["id"], json!(id), "{shown}");
        }
    }

    async fn a_copy_that_comes_back_follows_the_others_and_brings_its_own(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let (first, copy) = (sent(&server, "a.jpg", jpeg(51, 900, 900)).await, sent(&server, "b.jpg", jpeg(51, 600, 600)).await);
        let image = async |id: &str| server.get(&format!("/api/v1/images/{id}")).await.expect(200);
        let says = async |id: &str, said: Value| server.send(Method::PATCH, &format!("/api/v1/images/{id}"), said).await.expect(200);
        let newest = async || server.get("/api/v1/operations").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        let undo = async |id: &str| server.send(Method::POST, &format!("/api/v1/operations/{id}/undo"), json!({})).await.expect(200);
        says(&first, json!({"placeholder": true})).await;
        assert_eq!((&image(&copy).await["same_as"], &image(&copy).await["placeholder"]), (&json!(first), &json!(true)));
        // Parted and no placeholder, in one saying; meanwhile the first turns out to be none either.
        says(&copy, json!({"same": false, "placeholder": false})).await;
        let parted = newest().await;
        says(&first, json!({"placeholder": false})).await;
        undo(&parted).await;
        // The later word on the first stands, and the copy follows it.
        for (id, same) in [(&first, Value::Null), (&copy, json!(first))] {
            let there = image(id).await;
            assert_eq!((&there["placeholder"], &there["same_as"]), (&json!(false), &same), "{there}");
        }
        // Parted again; one is taken to be the same as the copy, and the first becomes a placeholder. Back together they are one set.
        says(&copy, json!({"same": false})).await;
        let parted = newest().await;
        let third = sent(&server, "c.jpg", jpeg(52, 600, 600)).await;
        let (of, like) = (third.clone(), copy.clone());
        house.app.db.write(move |conn| image_mark(conn, &of, Some(&like), None, false)).await.unwrap();
        says(&first, json!({"placeholder": true})).await;
        undo(&parted).await;
        for id in [&copy, &third] {
            let there = image(id).await;
            assert_eq!((&there["placeholder"], &there["same_as"]), (&json!(true), &json!(first)), "{there}");
        }
        // And apart again as they were, when that is undone.
        undo(&newest().await).await;
        assert_eq!((&image(&copy).await["same_as"], &image(&third).await["same_as"]), (&Value::Null, &json!(copy)));
    }
}
