//! Renditions that are there before anybody asks.

use super::drawn::jpeg;
use super::sending::sent;
use super::{House, Server, fetching};
use beamline::media::queries::renditions_of;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// What has been made of an image, once it is so many.
async fn made(house: &House, image: &str, at_least: usize) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for _ in 0..600 {
        let id = image.to_owned();
        let rows = house.app.db.read(move |conn| renditions_of(conn, &id)).await.unwrap();
        there = rows.into_iter().map(|row| row.rendition).collect();
        if there.len() >= at_least {
            return there;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} renditions and not {at_least}", there.len());
}

both_databases! {
    async fn what_is_sent_is_made_ready_and_again_when_a_channel_is_switched_on(house: House) {
        let house = fetching(house, None).await;
        let server = Server::start(&house).await;
        let channel = async |on: bool| {
            server.send(Method::PATCH, "/api/v1/channels/amazon", json!({"enabled": on})).await.expect(200);
        };
        channel(false).await;
        let image = sent(&server, "a.jpg", jpeg(71, 900, 900)).await;
        let lists = house.app.lists.iter().map(|list| list.wishes.len()).sum::<usize>();
        let first = made(&house, &image, lists + 1).await;
        // Nobody's wish is left for when it is asked for.
        for name in ["thumb", "card", "page"] {
            server.request(Method::GET, &format!("/api/v1/images/{image}/{name}")).send().await.unwrap().error_for_status().unwrap();
        }
        assert_eq!(made(&house, &image, 1).await, first);
        channel(true).await;
        let second = made(&house, &image, first.len() + 1).await;
        assert!(second.is_superset(&first) && second.len() == first.len() + 1, "{first:?} {second:?}");
    }
}
