//! The walk through the images: sent, shown, attached, asked for, taken away.

use super::Walk;
use crate::support::{Answer, House};
use beamline::media::rendition;
use reqwest::Method;
use serde_json::json;
use std::io::{Cursor, Write};

pub(super) async fn use_images(walk: &mut Walk, house: &House, sku: &str) {
    let mut bytes = Cursor::new(Vec::new());
    let drawn = image::RgbImage::from_fn(200, 150, |x, y| image::Rgb([(x % 250) as u8, (y % 250) as u8, 90]));
    drawn.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    let mut id = String::new();
    for status in [201, 200] {
        let sent = Answer::of(walk.server.request(Method::POST, "/api/v1/images?filename=a.png").body(bytes.clone())).await;
        walk.note("POST", "/api/v1/images", &sent);
        sent.expect(status)["id"].as_str().unwrap().clone_into(&mut id);
    }
    walk.get("/api/v1/images").await;
    walk.get(&format!("/api/v1/images/{id}")).await;
    walk.ask("PATCH", &format!("/api/v1/images/{id}"), Some(json!({"placeholder": false})), 200).await;
    walk.ask("POST", &format!("/api/v1/products/{sku}/images"), Some(json!({"id": id})), 200).await;
    walk.ask("DELETE", &format!("/api/v1/products/{sku}/images/{id}"), None, 200).await;
    walk.get("/api/v1/images/addresses").await;
    walk.get("/api/v1/images/fetch").await;
    walk.ask("POST", "/api/v1/images/fetch", Some(json!({"state": "failed"})), 200).await;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("nobody_1.png", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&bytes).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let batch = Answer::of(walk.server.request(Method::POST, "/api/v1/images/batches").body(zip)).await;
    assert!(batch.text.contains("unmatched"), "{}", batch.text);
    walk.note("POST", "/api/v1/images/batches", &batch);

    let wish = &house.app.lists.get("thumb").unwrap().wishes[0];
    for path in [format!("/api/v1/images/{id}/thumb"), format!("/media/{id}/{}/lamp.webp", rendition::key(wish))] {
        let whole = walk.get(&path).await;
        for (header, value, status) in [("range", "bytes=0-9".to_owned(), 206), ("if-none-match", whole.header("etag"), 304)] {
            let answer = Answer::of(walk.server.request(Method::GET, &path).header("accept", "*/*").header(header, value)).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {header}");
            walk.note("GET", &path, &answer);
        }
    }
    // Nothing points at it any more once the readers of the log have seen so.
    house.seen().await;
    beamline::media::follow::catch_up(&house.app).await.unwrap();
    let gone = Answer::of(walk.server.request(Method::DELETE, &format!("/api/v1/images/{id}"))).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    walk.note("DELETE", &format!("/api/v1/images/{id}"), &gone);
}
