//! Pictures that people send, attach, order, mark and take away.

use super::drawn::{jpeg, picture, png};
use super::{Server, Upload, fetching, follow};
use beamline::channels;
use reqwest::Method;
use serde_json::{Value, json};

async fn send(server: &Server, name: &str, bytes: Vec<u8>) -> (u16, Value) {
    let answer = server.request(Method::POST, &format!("/api/v1/images?filename={name}")).body(bytes).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(super) async fn sent(server: &Server, name: &str, bytes: Vec<u8>) -> String {
    let (status, image) = send(server, name, bytes).await;
    assert!([200, 201].contains(&status), "{image}");
    image["id"].as_str().unwrap().to_owned()
}

/// Ids or addresses of a product's pictures with their roles.
fn shown(product: &Value) -> Vec<String> {
    let name = |image: &Value| image["id"].as_str().or(image["url"].as_str()).unwrap().to_owned();
    product["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| format!("{} {}", name(image), image["role"].as_str().unwrap()))
        .collect()
}

both_databases! {
    async fn what_is_sent_is_kept_once_and_what_is_no_picture_is_refused(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let bytes = jpeg(1, 800, 600);
        let (status, image) = send(&server, "front.jpg", bytes.clone()).await;
        assert_eq!((status, &image["width"], &image["height"], &image["format"], &image["name"]), (201, &json!(800), &json!(600), &json!("jpeg"), &json!("front.jpg")));
        let (status, again) = send(&server, "other.jpg", bytes.clone()).await;
        assert_eq!((status, &again["id"], &again["name"]), (200, &image["id"], &json!("front.jpg")));
        // By a form, too.
        let form = reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::bytes(bytes.clone()).file_name("x.jpg"));
        let answer = server.request(Method::POST, "/api/v1/images").multipart(form).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.json::<Value>().await.unwrap()["id"]), (200, &image["id"]));
        // The same picture in another size and compression is known to be the same, another one is not.
        let (_, small) = send(&server, "small.png", {
            let mut small = std::io::Cursor::new(Vec::new());
            picture(1, 800, 600).thumbnail(400, 300).write_to(&mut small, image::ImageFormat::Png).unwrap();
            small.into_inner()
        }).await;
        assert_eq!(small["same_as"], image["id"], "{small}");
        let (_, other) = send(&server, "other.png", png(2, 800, 600)).await;
        assert_eq!(other["same_as"], Value::Null);
        for (name, bytes, code) in [("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "svg"), ("a.jpg", b"<html></html>".to_vec(), "not_an_image"), ("b.jpg", vec![], "empty")] {
            let (status, problem) = send(&server, name, bytes).await;
            assert_eq!((status, &problem["errors"][0]["code"], &problem["errors"][0]["pointer"]), (422, &json!(code), &json!("/file")), "{problem}");
        }
        // The original is what was sent; a list gets what it takes.
        let id = image["id"].as_str().unwrap();
        let original = server.request(Method::GET, &format!("/api/v1/images/{id}/original")).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(original, bytes);
        for (accept, kind) in [("image/webp,*/*", "image/webp"), ("*/*", "image/jpeg")] {
            let thumb = server.request(Method::GET, &format!("/api/v1/images/{id}/thumb")).header("accept", accept).send().await.unwrap();
            assert_eq!((thumb.status().as_u16(), thumb.headers()["content-type"].to_str().unwrap(), thumb.headers()["vary"].to_str().unwrap()), (200, kind, "Accept"));
            let thumb = image::load_from_memory(&thumb.bytes().await.unwrap()).unwrap();
            assert_eq!((thumb.width(), thumb.height()), (160, 120));
        }
        assert_eq!(server.get(&format!("/api/v1/images/{id}/huge")).await.status, 404);
    }

    async fn pictures_are_attached_ordered_taken_off_and_all_of_it_is_undone(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let (a, b, c) = (sent(&server, "a", jpeg(11, 700, 700)).await, sent(&server, "b", jpeg(12, 700, 700)).await, sent(&server, "c", jpeg(13, 700, 700)).await);
        server.send(Method::POST, "/api/v1/products", json!({"sku": "L-1", "brand": "Acme", "category": "headlamps", "values": {"title": {"en": "Ridge"}}})).await.expect(201);
        let attach = |body: Value| server.send(Method::POST, "/api/v1/products/L-1/images", body);
        let first = attach(json!({"id": a})).await.expect(200);
        // Known at once, and kept at once.
        assert_eq!((&first["images"][0]["state"], &first["images"][0]["width"]), (&json!("ready"), &json!(700)));
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/images/{a}"), Value::Null).await.status, 409);
        attach(json!({"id": b, "alt": {"en": "From the side"}, "role": "angle"})).await.expect(200);
        let product = attach(json!({"id": c, "position": 1})).await.expect(200);
        assert_eq!(shown(&product), [format!("{c} main"), format!("{a} gallery"), format!("{b} angle")]);
        // One that is moved keeps what was said of it.
        let moved = attach(json!({"id": b, "position": 2})).await.expect(200);
        assert_eq!((&moved["images"][1]["id"], &moved["images"][1]["alt"]["en"], &moved["images"][1]["role"]), (&json!(b), &json!("From the side"), &json!("angle")));
        let product = attach(json!({"id": b})).await.expect(200);
        // Sent back as read it is no edit; in another order it is one.
        let mut images = product["images"].clone();
        let same = server.send(Method::PATCH, "/api/v1/products/L-1", json!({"images": images})).await.expect(200);
        assert_eq!(same["version"], product["version"]);
        images.as_array_mut().unwrap().rotate_left(1);
        let turned = server.send(Method::PATCH, "/api/v1/products/L-1", json!({"images": images})).await.expect(200);
        assert_eq!(shown(&turned), [format!("{a} main"), format!("{b} angle"), format!("{c} gallery")]);
        assert_eq!(turned["images"][1]["alt"]["en"], "From the side");
        // One that a product shows is not deleted; taken off, it is.
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/images/{b}"), Value::Null).await.status, 409);
        let without = server.send(Method::DELETE, &format!("/api/v1/products/L-1/images/{b}"), Value::Null).await.expect(200);
        assert_eq!(shown(&without), [format!("{a} main"), format!("{c} gallery")]);
        // Undone, it is back.
        let operations = server.get("/api/v1/operations").await.expect(200);
        let newest = operations["items"][0]["id"].as_str().unwrap();
        server.send(Method::POST, &format!("/api/v1/operations/{newest}/undo"), json!({})).await.expect(200);
        assert_eq!(shown(&server.get("/api/v1/products/L-1").await.expect(200)), shown(&turned));
        server.send(Method::DELETE, &format!("/api/v1/products/L-1/images/{b}"), Value::Null).await.expect(200);
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/images/{b}"), Value::Null).await.status, 204);
        assert_eq!(server.get(&format!("/api/v1/images/{b}")).await.status, 404);
        let unknown = attach(json!({"id": b})).await;
        assert_eq!((unknown.status.as_u16(), &unknown.json()["errors"][0]["code"]), (422, &json!("unknown_image")));
        // Many at once, a line each.
        let lines = format!("{}\n{}\n", json!({"sku": "L-1", "images": [{"id": c}]}), json!({"sku": "L-1", "images": [{"id": "nonsense"}]}));
        let answer = server.request(Method::PATCH, "/api/v1/products").header("content-type", "application/x-ndjson").body(lines).send().await.unwrap().text().await.unwrap();
        let answers: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&answers[0]["status"], &answers[1]["status"], &answers[1]["errors"][0]["pointer"]), (&json!(200), &json!(422), &json!("/images")), "{answer}");
        assert_eq!(shown(&server.get("/api/v1/products/L-1").await.expect(200)), [format!("{c} main")]);
    }

    async fn a_group_gives_its_pictures_to_all_its_products(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let (own, chart, pack) = (sent(&server, "a", jpeg(31, 700, 700)).await, sent(&server, "b", jpeg(32, 700, 700)).await, sent(&server, "c", jpeg(33, 700, 700)).await);
        server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"title": {"en": "Ridge"}})).await.expect(201);
        for (sku, images) in [("L-1", json!([{"id": own}])), ("L-2", Value::Null)] {
            let product = json!({"sku": sku, "group": "G", "brand": "Acme", "category": "headlamps", "values": {"title": {"en": "Ridge"}}, "images": images});
            server.send(Method::POST, "/api/v1/products", product).await.expect(201);
        }
        let product = async |sku: &str| server.get(&format!("/api/v1/products/{sku}")).await.expect(200);
        let said = json!({"images": [{"id": chart, "role": "size_chart", "alt": {"en": "Sizes"}}, {"id": pack, "role": "package"}]});
        let group = server.send(Method::PATCH, "/api/v1/product-groups/G", said).await.expect(200);
        let of_group: Vec<_> = group["images"].as_array().unwrap().iter().map(|image| (&image["id"], &image["role"], &image["state"])).collect();
        assert_eq!(of_group, [(&json!(chart), &json!("size_chart"), &json!("ready")), (&json!(pack), &json!("package"), &json!("ready"))]);
        // Behind a product's own, and alone where it has none.
        let first = product("L-1").await;
        assert_eq!(shown(&first), [format!("{own} main"), format!("{chart} size_chart"), format!("{pack} package")]);
        assert_eq!((&first["images"][0]["inherited"], &first["images"][1]["inherited"], &first["images"][1]["alt"]["en"]), (&Value::Null, &json!(true), &json!("Sizes")));
        assert_eq!(shown(&product("L-2").await), [format!("{chart} main"), format!("{pack} package")]);
        // Sent back as read it is no edit, neither of the group nor of a product.
        for (path, present) in [("/api/v1/product-groups/G", &group), ("/api/v1/products/L-1", &first)] {
            let same = server.send(Method::PATCH, path, json!({"images": present["images"]})).await.expect(200);
            assert_eq!(same["version"], present["version"], "{path}");
        }
        // One product goes without, and nothing brings it back.
        let without = server.send(Method::DELETE, &format!("/api/v1/products/L-1/images/{chart}"), Value::Null).await.expect(200);
        assert_eq!(shown(&without), [format!("{own} main"), format!("{pack} package")]);
        let title = server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"title": {"en": "Ridge 2"}})).await.expect(200);
        assert_eq!(title["images"], group["images"]);
        assert_eq!(shown(&product("L-1").await), shown(&without));
        // An image that a group shows is not deleted, whoever else shows it.
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(server.send(Method::DELETE, &format!("/api/v1/images/{chart}"), Value::Null).await.status, 409);
        // Taken off the group they are off all of its products, and back when that is undone; history tells of it.
        server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"images": null})).await.expect(200);
        assert_eq!(shown(&product("L-1").await), [format!("{own} main")]);
        assert!(shown(&product("L-2").await).is_empty());
        let newest = server.get("/api/v1/operations").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        server.send(Method::POST, &format!("/api/v1/operations/{newest}/undo"), json!({})).await.expect(200);
        assert_eq!(server.get("/api/v1/product-groups/G").await.expect(200)["images"], group["images"]);
        assert_eq!(shown(&product("L-2").await), [format!("{chart} main"), format!("{pack} package")]);
        let history = server.get("/api/v1/products/L-2/history").await.expect(200);
        let newest = history["items"].as_array().unwrap().iter().find(|entry| entry["kind"] == "product.updated").unwrap();
        assert_eq!(newest["data"]["changed"], json!(["images"]), "{history}");
        // Out of the group, without its pictures.
        let alone = server.send(Method::PATCH, "/api/v1/products/L-2", json!({"group": null})).await.expect(200);
        assert!(shown(&alone).is_empty());
        let unknown = server.send(Method::PATCH, "/api/v1/product-groups/G", json!({"images": [{"id": "0".repeat(32)}]})).await;
        assert_eq!((unknown.status.as_u16(), &unknown.json()["errors"][0]["pointer"]), (422, &json!("/images")));
    }

    async fn lineage_tells_which_supplier_gave_a_picture(house: House) {
        let server = Server::start(&house).await;
        for (rank, code) in [(1, "acme"), (2, "best")] {
            server.send(Method::POST, "/api/v1/suppliers", json!({"code": code, "name": code, "currency": "USD", "rank": rank})).await.expect(201);
        }
        let csv = |images: &str| format!("SKU,EAN,Brand,MPN,Title,Category,Stock,Cost,Image\nA-1,4006381333931,Acme,M-1,Ridge headlamp,headlamps,5,20.00,{images}\n");
        Upload::new("acme", "a.csv", csv("https://a.example/front.jpg|https://a.example/side.jpg")).done(&server).await;
        Upload::new("best", "b.csv", csv("https://b.example/box.jpg|https://a.example/side.jpg")).done(&server).await;
        let product = server.get("/api/v1/products").await.expect(200)["items"][0].clone();
        let sku = product["sku"].as_str().unwrap();
        let lineage = server.get(&format!("/api/v1/products/{sku}/lineage?field=images")).await.expect(200);
        let told = |one: &Value| format!("{} {} {}", one["raw"].as_str().unwrap(), one["supplier"].as_str().unwrap(), one["winner"]);
        let candidates: Vec<String> = lineage["items"][0]["candidates"].as_array().unwrap().iter().map(told).collect();
        let wanted = ["https://a.example/front.jpg acme true", "https://a.example/side.jpg acme true", "https://a.example/side.jpg best false", "https://b.example/box.jpg best true"];
        assert_eq!(candidates, wanted, "{lineage}");
    }

    async fn a_placeholder_is_learnt_once_and_refused_for_ever(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let id = sent(&server, "soon.jpg", jpeg(21, 600, 600)).await;
        for sku in ["L-1", "L-2"] {
            server.send(Method::POST, "/api/v1/products", json!({"sku": sku, "brand": "Acme", "category": "headlamps", "status": "active", "values": {"title": {"en": "Ridge"}}, "images": [{"id": id}]})).await.expect(201);
        }
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        assert_eq!(server.get(&format!("/api/v1/images/{id}")).await.expect(200)["products"], 2);
        server.send(Method::PATCH, &format!("/api/v1/images/{id}"), json!({"placeholder": true})).await.expect(200);
        for sku in ["L-1", "L-2"] {
            let image = &server.get(&format!("/api/v1/products/{sku}")).await.expect(200)["images"][0];
            assert_eq!((&image["state"], &image["code"]), (&json!("unusable"), &json!("placeholder")));
        }
        // Again, and in another size: refused.
        let (status, problem) = send(&server, "soon.jpg", jpeg(21, 600, 600)).await;
        assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("placeholder")));
        let (status, problem) = send(&server, "soon2.jpg", jpeg(21, 900, 900)).await;
        assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("placeholder")));
        assert_eq!(send(&server, "real.jpg", jpeg(22, 900, 900)).await.0, 201);
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains(&id), "{problem}");
        // What is said of a copy is said of all that show the same.
        let (large, small) = (sent(&server, "l.jpg", jpeg(23, 900, 900)).await, sent(&server, "s.jpg", jpeg(23, 450, 450)).await);
        server.send(Method::PATCH, &format!("/api/v1/images/{small}"), json!({"placeholder": true})).await.expect(200);
        assert_eq!(server.get(&format!("/api/v1/images/{large}")).await.expect(200)["placeholder"], true);
        server.send(Method::PATCH, &format!("/api/v1/images/{large}"), json!({"placeholder": false})).await.expect(200);
        assert_eq!(server.get(&format!("/api/v1/images/{small}")).await.expect(200)["placeholder"], false);
        // Each saying is an operation that history tells of and undo takes back, for the copies as well, and so is the undo.
        let marked = async |id: &str| server.get(&format!("/api/v1/images/{id}")).await.expect(200)["placeholder"] == true;
        let newest = async || server.get("/api/v1/operations").await.expect(200)["items"][0].clone();
        let undo = async |operation: &Value| {
            server.send(Method::POST, &format!("/api/v1/operations/{}/undo", operation["id"].as_str().unwrap()), json!({})).await
        };
        let said = newest().await;
        assert_eq!((&said["kind"], &said["subject"], &said["summary"]), (&json!("image"), &json!(large), &json!({"placeholder": false})));
        let path = format!("/api/v1/operations/{}/undo?dry_run=true", said["id"].as_str().unwrap());
        let dry = server.send(Method::POST, &path, json!({})).await.expect(200);
        let done = undo(&said).await.expect(200);
        assert_eq!((&dry["restored"]["settings"], &done["restored"]["settings"]), (&json!(2), &json!(2)), "{dry} {done}");
        assert!(marked(&large).await && marked(&small).await);
        let undone = newest().await;
        assert_eq!(undo(&undone).await.expect(200)["conflicts_total"], 0);
        assert!(!marked(&large).await && !marked(&small).await);
        // Saying what is said already is no operation.
        let before = newest().await;
        server.send(Method::PATCH, &format!("/api/v1/images/{large}"), json!({"placeholder": false})).await.expect(200);
        assert_eq!(newest().await, before);
        // That it shows something else is taken back as well.
        server.send(Method::PATCH, &format!("/api/v1/images/{small}"), json!({"same": false})).await.expect(200);
        let image = server.get(&format!("/api/v1/images/{small}")).await.expect(200);
        assert_eq!(image["same_as"], Value::Null, "{image}");
        let refused = server.send(Method::PATCH, &format!("/api/v1/images/{small}"), json!({"same": true})).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["code"]), (422, &json!("not_alike")));
        let parted = newest().await;
        // What was said since by another is not overwritten.
        server.send(Method::PATCH, &format!("/api/v1/images/{small}"), json!({"placeholder": true})).await.expect(200);
        assert_eq!(undo(&parted).await.status, 409);
        assert_eq!(undo(&newest().await).await.expect(200)["restored"]["settings"], 1);
        undo(&parted).await.expect(200);
        assert_eq!(server.get(&format!("/api/v1/images/{small}")).await.expect(200)["same_as"], json!(large));
        // A product is told when its picture stands for no picture, and when it does again, in the operation that says so.
        let history = server.get("/api/v1/products/L-1/history").await.expect(200);
        let told = history["items"].as_array().unwrap().iter().find(|entry| entry["kind"] == "image.changed").unwrap();
        assert!(told["operation"].is_string(), "{told}");
        // The listings know.
        house.seen().await;
        channels::follow::catch_up(&house.app).await.unwrap();
        let listing = server.get("/api/v1/products/L-1/listings").await.expect(200);
        let google = listing["items"].as_array().unwrap().iter().find(|one| one["channel"] == "google").unwrap();
        assert!(google["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "no_usable_picture"), "{google}");
    }
}
