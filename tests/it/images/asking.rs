//! Which addresses are asked when, and what a late answer is worth.

use super::{Server, follow};
use beamline::db::Conn;
use beamline::media::queries::{Claimed, Outcome, Room, addresses_claim, addresses_due, addresses_settle};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

/// Takes what is due, as a worker would.
fn claim(conn: &mut Conn, worker: &str, room: &Room, now: DateTime<Utc>) -> beamline::error::Result<Vec<Claimed>> {
    let (due, _) = addresses_due(conn, room, 64, now)?;
    addresses_claim(conn, worker, due, now, now + TimeDelta::minutes(10))
}

fn by_host(claimed: &[Claimed]) -> BTreeMap<&str, usize> {
    let mut hosts = BTreeMap::new();
    for one in claimed {
        *hosts.entry(one.host.as_str()).or_default() += 1;
    }
    hosts
}

both_databases! {
    async fn hosts_are_asked_in_turn_and_only_who_asks_may_answer(house: House) {
        let server = Server::start(&house).await;
        let slow: Vec<_> = (0..40).map(|at| json!({"url": format!("https://slow.example/{at}.jpg")})).collect();
        let fast: Vec<_> = (0..3).map(|at| json!({"url": format!("https://a.example/{at}.jpg")})).collect();
        for (sku, images) in [("L-1", slow), ("L-2", fast)] {
            server.send(Method::POST, "/api/v1/products", json!({"sku": sku, "images": images})).await.expect(201);
        }
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        let now = house.clock.now();
        let mut room = Room { each: 16, ..Room::default() };
        let first = house.app.db.write({ let room = room.clone(); move |conn| claim(conn, "one", &room, now) }).await.unwrap();
        assert_eq!(by_host(&first), [("a.example", 3), ("slow.example", 16)].into());
        // A host that has enough to do is let alone until it has done half of it.
        for (asked, more) in [(16, 0), (9, 0), (8, 8)] {
            room.asked.insert("slow.example".to_owned(), asked);
            let look = room.clone();
            let (due, _) = house.app.db.read(move |conn| addresses_due(conn, &look, 64, now)).await.unwrap();
            assert_eq!(due.len(), more, "{asked}");
        }
        // What one has taken nobody else gets, until it is given up for dead; then the first one's answer counts no more.
        let (one, later) = (first[0].clone(), now + TimeDelta::minutes(11));
        let again = house.app.db.write(move |conn| claim(conn, "two", &Room { each: 64, ..Room::default() }, later)).await.unwrap();
        let second = again.iter().find(|claimed| claimed.id == one.id).unwrap().clone();
        assert_eq!(second.attempts, 2);
        let gone = Outcome::Unusable { code: "not_found".to_owned(), message: "there is nothing".to_owned() };
        let settled = house.app.db.write({
            let gone = gone.clone();
            move |conn| Ok((addresses_settle(conn, &one, &gone, later)?, addresses_settle(conn, &second, &gone, later)?))
        });
        assert_eq!(settled.await.unwrap(), (false, true));
        // A file may come before its pictures: what was not there is asked for again, days later.
        let due = async |days: i64| {
            let look = Room { each: 64, ..Room::default() };
            let (due, _) = house.app.db.read(move |conn| addresses_due(conn, &look, 64, later + TimeDelta::days(days))).await.unwrap();
            due.iter().any(|one| one.id == first[0].id)
        };
        assert_eq!((due(1).await, due(3).await), (false, true));
    }

    async fn a_host_is_reached_behind_however_many_that_have_nothing_due(house: House) {
        let server = Server::start(&house).await;
        for part in 0..2 {
            let images: Vec<_> = (0..50).map(|at| json!({"url": format!("https://h{part}-{at:02}.example/a.jpg")})).collect();
            server.send(Method::POST, "/api/v1/products", json!({"sku": format!("L-{part}"), "images": images})).await.expect(201);
        }
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        let now = house.clock.now();
        let mut taken = 0;
        for _ in 0..2 {
            let room = Room { each: 16, ..Room::default() };
            taken += house.app.db.write(move |conn| claim(conn, "one", &room, now)).await.unwrap().len();
        }
        assert_eq!(taken, 100);
        server.send(Method::POST, "/api/v1/products", json!({"sku": "L-9", "images": [{"url": "https://z.example/a.jpg"}]})).await.expect(201);
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        let (due, _) = house.app.db.read(move |conn| addresses_due(conn, &Room { each: 16, ..Room::default() }, 64, now)).await.unwrap();
        assert_eq!(by_host(&due), [("z.example", 1)].into());
    }
}
