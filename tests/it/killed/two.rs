//! Two servers on one PostgreSQL, each with a data folder of its own and one place for files, and one of them killed at work.

use super::life::{Home, PROFILE, differ};
use super::program::{Moments, Serving, beamline, client, nothing_left_to_do};
use crate::support::House;
use beamline::db::Time;
use beamline::db::schema::{imports, jobs};
use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const SUPPLIERS: [&str; 3] = ["alpine", "bivak", "carn"];
const ROWS: usize = 1_100;

/// A supplier's list; no two suppliers have the same lamp, so that nothing depends on who is first.
fn list(supplier: &str) -> String {
    let mut csv = "sku,ean,brand,mpn,title,lumens,cost,stock,image,kind,text\n".to_owned();
    for n in 1..=ROWS {
        let _ = writeln!(csv, "S-{n},,Fenix,{supplier}{n},Lamp {n},{},12.50,{},,Headlamps,", 100 + n % 500, n % 9);
    }
    csv
}

async fn send(serving: &Serving, key: &str, supplier: &str) -> String {
    let form = Form::new().part("file", Part::bytes(list(supplier).into_bytes()).file_name("list.csv"));
    let url = format!("{}/api/v1/suppliers/{supplier}/imports?kind=catalog", serving.url);
    let form = form.text("profile", PROFILE);
    let answer = client().request(Method::POST, url).bearer_auth(key).multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// Who works now: worker and the rows that its import has read.
async fn workers(house: &House) -> Vec<(String, i64)> {
    let work = |conn: &mut beamline::db::Conn| {
        let busy: Vec<(Option<String>, beamline::db::JsonText)> =
            jobs::table.filter(jobs::state.eq("running")).select((jobs::leased_by, jobs::payload)).load(conn)?;
        let mut workers = Vec::new();
        for (worker, payload) in busy {
            let import = payload.read::<Value>()?["import_id"].as_str().unwrap_or_default().to_owned();
            let rows: Option<i64> = imports::table.find(import).select(imports::rows_read).first(conn).optional()?;
            workers.push((worker.unwrap_or_default(), rows.unwrap_or(0)));
        }
        Ok(workers)
    };
    house.app.db.read(work).await.unwrap()
}

/// The lease of this worker has run out; the other's goes on.
async fn is_thought_dead(house: &House, worker: &str) {
    let (worker, past) = (worker.to_owned(), Time(Utc::now() - TimeDelta::seconds(1)));
    let work = move |conn: &mut beamline::db::Conn| {
        let its = jobs::table.filter(jobs::leased_by.eq(&worker).and(jobs::state.eq("running")));
        Ok(diesel::update(its).set(jobs::lease_until.eq(past)).execute(conn)?)
    };
    let had = house.app.db.write(work).await.unwrap();
    assert_eq!(had, 1, "it was killed at work");
}

/// What does not depend on who did it, and in which order.
async fn holds(home: &Home) -> Vec<Value> {
    let mut all = Vec::new();
    let mut products = home.server.all("/api/v1/products").await;
    products.sort_by_key(|product| product["sku"].as_str().unwrap().to_owned());
    let mut imports = home.server.all("/api/v1/imports").await;
    imports.sort_by_key(|import| import["supplier"].as_str().unwrap().to_owned());
    let mut levels = home.server.all("/api/v1/stock").await;
    levels.sort_by_key(|level| {
        (level["supplier"].as_str().unwrap().to_owned(), level["supplier_sku"].as_str().unwrap().to_owned())
    });
    all.extend(imports);
    all.extend(products);
    all.extend(levels);
    let passing = ["id", "change", "created_at", "started_at", "finished_at", "updated_at", "reported_at", "operation"];
    for item in &mut all {
        for field in passing {
            item.as_object_mut().unwrap().remove(field);
        }
    }
    all
}

async fn found(serving: &Serving, key: &str) -> Value {
    let url = format!("{}/api/v1/search?q=lamp&limit=1", serving.url);
    let begun = Instant::now();
    loop {
        let answer = client().get(&url).bearer_auth(key).send().await.unwrap();
        let total = answer.json::<Value>().await.unwrap()["total"]["value"].clone();
        if total == SUPPLIERS.len() * ROWS || begun.elapsed() > Duration::from_secs(30) {
            return total;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_other_takes_up_what_one_of_two_servers_has_begun() {
    // SQLite belongs to one machine.
    let Some(house) = House::on_postgres().await else { return };
    let mut moments = Moments::new("two");
    let quiet = Home::of(House::on_sqlite().await).await;
    for supplier in SUPPLIERS {
        let (profile, file) = (quiet.file("profile.toml", PROFILE), quiet.file("list.csv", &list(supplier)));
        quiet.done(&["import", "--supplier", supplier, "--profile", &profile, &file]).await;
    }

    let home = Home::of(house).await;
    let key = home.server.admin.clone();
    // Its database and its files are the house's, its data folder is not.
    let other = tempfile::tempdir().unwrap();
    let elsewhere = || {
        let config = beamline::config::Config {
            data: other.path().to_owned(),
            database_url: Some(home.house.database_url()),
            files: Some(home.house.config.file_store()),
            ..home.house.config.clone()
        };
        beamline(&config)
    };
    let mut dies = Serving::start(elsewhere()).await;
    send(&dies, &key, SUPPLIERS[0]).await;
    let begun = Instant::now();
    let worker = loop {
        if let Some((worker, _)) = workers(&home.house).await.first() {
            break worker.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody begins");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let mut stays = Serving::start(beamline(&home.house.config)).await;
    for supplier in &SUPPLIERS[1..] {
        send(&stays, &key, supplier).await;
    }
    // Both are at work, and the one that dies has written some of a list that is not at its end.
    let moment = moments.within(Duration::from_millis(300));
    loop {
        let now = workers(&home.house).await;
        let rows = now.iter().find(|(who, _)| *who == worker).map_or(0, |(_, rows)| *rows);
        if now.len() == 2 && rows >= 1_000 && begun.elapsed() > moment {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "they do not share the work: {now:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    dies.kill();
    is_thought_dead(&home.house, &worker).await;
    nothing_left_to_do(&home.house).await;
    assert!(stays.is_alive());

    quiet.settled().await;
    home.settled().await;
    let (expected, held) = (holds(&quiet).await, holds(&home).await);
    assert_eq!(differ("the two houses", &held, &expected), Ok(()), "seed {}", moments.seed);
    assert_eq!(home.index_equals_database().await, Ok(()));
    assert_eq!(found(&stays, &key).await, SUPPLIERS.len() * ROWS);
    // The dead one comes back with the index that it left.
    let back = Serving::start(elsewhere()).await;
    assert_eq!(found(&back, &key).await, SUPPLIERS.len() * ROWS);
    assert_eq!(home.healthy().await, Ok(()));
}
