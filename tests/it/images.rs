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
use serde_json::Value;
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
