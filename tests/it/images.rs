//! Pictures as a supplier names them and a person sends them: on the right product, kept once, and as every channel wants them.

mod again;
mod ahead;
mod asking;
mod batch;
mod choosing;
mod drawn;
mod encrypted;
mod feeds;
mod lost;
mod sending;

use crate::support::{Bucket, House, PictureHost, Server, Upload};
use beamline::app::App;
use beamline::config::Config;
use beamline::media::follow;
use object_store::ObjectStore;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The same house, fetching pictures from loopback, and reached from outside as this.
async fn fetching(mut house: House, files: Option<Arc<dyn ObjectStore>>) -> House {
    house.config = Config {
        fetch_images: true,
        image_hosts: vec!["127.0.0.1".to_owned()],
        image_timeout: 3,
        public_url: Some("https://pim.example".to_owned()),
        ..house.config
    };
    let (config, clock) = (house.config.clone(), house.clock.clone());
    house.app = match files {
        Some(files) => App::open_on(config, clock, files).await.unwrap(),
        None => App::open(config, clock).await.unwrap(),
    };
    house
}

/// A supplier's lamp that nothing is missing of, with these addresses of pictures (`|` between); the path of the product.
async fn lamp(server: &Server, pictures: &str) -> String {
    let acme = json!({"code": "acme", "name": "Acme", "currency": "USD"});
    server.send(Method::POST, "/api/v1/suppliers", acme).await.expect(201);
    let csv = format!(
        "SKU,EAN,Brand,MPN,Title,Description,Category,Weight,Light output,Beam distance,Run time,IP rating,Stock,Cost,Image\n\
        R-1,4006381333931,Acme,M-1,Ridge headlamp,A lamp for long nights with a wide beam,headlamps,86 g,400 lm,120 m,40 h,IPX4,5,20.00,{pictures}\n"
    );
    let import = Upload::new("acme", "lamps.csv", csv).done(server).await;
    assert_eq!(import["created"], 1, "{import}");
    format!("/api/v1/products/{}", server.all("/api/v1/products").await[0]["sku"].as_str().unwrap())
}

/// Waits until every address that products show has been asked, and says how many are in which state.
async fn fetched(server: &Server, house: &House) -> Value {
    follow::catch_up(&house.app).await.unwrap();
    for _ in 0..1_200 {
        let now = server.get("/api/v1/images/fetch").await.expect(200);
        let waiting = server.all("/api/v1/images/addresses?state=waiting").await;
        // What is asked again later has been asked.
        if waiting.iter().all(|address| !address["code"].is_null()) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let waiting = server.all("/api/v1/images/addresses?state=waiting").await;
    panic!("the pictures were not fetched in two minutes: {} {waiting:?}", server.get("/api/v1/images/fetch").await.expect(200));
}
