//! Doctor as an operator meets it: what was broken behind the program's back is found, `--repair` mends what follows from something
//! else, and what only a person can decide stays in the list.

use crate::support::{House, Server, Upload};
use beamline::db::schema::{jobs, listings, products, stock_levels, stock_movements};
use beamline::db::{Conn, Time};
use beamline::error::Result;
use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const PROFILE: &str = r#"
name = "lamps"
locale = "en"
currency = "EUR"
[[column]]
from = "sku"
to = "supplier_sku"
[[column]]
from = "brand"
to = "brand"
[[column]]
from = "mpn"
to = "mpn"
[[column]]
from = "title"
to = "title"
[[column]]
from = "cost"
to = "cost"
[[column]]
from = "stock"
to = "on_hand"
[fixed]
product_kind = "headlamp"
category = "headlamps"
"#;

fn lamps(count: usize) -> String {
    let rows: Vec<String> = (1..=count).map(|n| format!("L-{n},Fenix,HM{n}R,Lamp {n},20.00,5")).collect();
    format!("sku,brand,mpn,title,cost,stock\n{}\n", rows.join("\n"))
}

/// Runs `beamline doctor` with these options: its exit status and the findings it tells, by their area and code.
fn doctor(house: &House, options: &[&str]) -> (i32, Vec<Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(&house.config.data).args(["--log", "error", "--database-url", &house.database_url()]);
    let output = tokio::task::block_in_place(|| command.args(["doctor", "--json"]).args(options).output().unwrap());
    let said = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code().unwrap();
    assert!(code < 2, "{said} {}", String::from_utf8_lossy(&output.stderr));
    (code, said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn told<'a>(findings: &'a [Value], repair: &str) -> BTreeSet<(&'a str, &'a str)> {
    let of = findings.iter().filter(|finding| finding["repair"] == repair);
    of.map(|finding| (finding["area"].as_str().unwrap(), finding["code"].as_str().unwrap())).collect()
}

/// A catalogue with a feed, everything followed.
async fn shop(house: &House, server: &Server) -> String {
    // Prices are compared with the time of the program that is run, which goes by the system's clock.
    house.clock.set(Utc::now());
    let done = Upload::new("alpine", "lamps.csv", lamps(12)).profile(PROFILE).done(server).await;
    assert_eq!((&done["status"], &done["created"]), (&json!("done"), &json!(12)), "{done}");
    let settings = json!({"currency": "EUR", "link_template": "https://shop.example/{sku}"});
    server.send(Method::PATCH, "/api/v1/channels/shopify", settings).await.expect(200);
    house.seen().await;
    let made = server.send(Method::POST, "/api/v1/channels/shopify/publications", json!({})).await.expect(201);
    assert_eq!(made["state"], "published", "{made}");
    house.seen().await;
    beamline::search::catch_up(&house.app).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn change(house: &House, work: impl FnOnce(&mut Conn) -> Result<()> + Send + 'static) {
    house.app.db.write(work).await.unwrap();
}

fn product_ids(conn: &mut Conn) -> Vec<i64> {
    products::table.order(products::id).select(products::id).load(conn).unwrap()
}

fn offer_ids(conn: &mut Conn) -> Vec<i64> {
    stock_levels::table.order(stock_levels::offer_id).select(stock_levels::offer_id).load(conn).unwrap()
}

/// A file that has lain there for `hours`.
fn lay(house: &House, path: &str, hours: u64) -> PathBuf {
    let path = house.config.data.join("files").join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "left over").unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3_600)).unwrap();
    path
}

fn only_file(folder: &Path, ending: &str) -> PathBuf {
    let mut found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.to_str().unwrap().ends_with(ending)).unwrap()
}

both_databases! {
    async fn what_is_derived_is_mended_where_nothing_runs(house: House) {
        let server = Server::start(&house).await;
        let publication = shop(&house, &server).await;
        drop(server);
        // The background work has let go of the index when a command can take it.
        beamline::search::catch_up(&house.open_again().await).await.unwrap();
        assert_eq!(doctor(&house, &[]), (0, vec![]), "nothing is wrong yet");

        change(&house, |conn| {
            let (products_of, offers_of) = (product_ids(conn), offer_ids(conn));
            let set = |conn: &mut Conn, at: usize| diesel::update(products::table.find(products_of[at])).set(products::available.eq(77)).execute(conn);
            set(conn, 0)?;
            diesel::update(products::table.find(products_of[1])).set(products::title.eq("Somebody's own")).execute(conn)?;
            // Only the index can tell.
            diesel::update(products::table.find(products_of[2])).set(products::version.eq(9)).execute(conn)?;
            diesel::update(stock_levels::table.filter(stock_levels::offer_id.eq(offers_of[3]))).set(stock_levels::on_hand.eq(99)).execute(conn)?;
            diesel::delete(stock_levels::table.filter(stock_levels::offer_id.eq(offers_of[4]))).execute(conn)?;
            diesel::update(stock_movements::table.filter(stock_movements::offer_id.eq(offers_of[5]))).set(stock_movements::on_hand.eq(3)).execute(conn)?;
            diesel::update(listings::table.filter(listings::product_id.eq(products_of[6]))).set(listings::state.eq("blocked")).execute(conn)?;
            let long_ago = Time(Utc::now() - TimeDelta::hours(2));
            diesel::insert_into(jobs::table)
                .values((
                    jobs::id.eq("job_1"), jobs::kind.eq("resolve_all"), jobs::payload.eq(beamline::db::JsonText::of(&json!({"kind": "resolve_all"}))?),
                    jobs::state.eq("running"), jobs::attempts.eq(1), jobs::run_at.eq(long_ago), jobs::leased_by.eq("somebody"),
                    jobs::lease_until.eq(long_ago), jobs::created_at.eq(long_ago),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
        let strays = [lay(&house, "imports/imp_gone/000-a.csv", 2), lay(&house, "publications/shopify/pub_gone/a.csv", 2)];
        let young = lay(&house, "imports/imp_coming/000-a.csv", 0);
        let theirs = lay(&house, "feeds/shopify/robots.txt", 48);
        let stored = house.config.data.join("files");
        let zipped = only_file(&stored.join("publications/shopify").join(&publication), ".csv.gz");
        std::fs::remove_file(&zipped).unwrap();
        let copy = only_file(&stored.join("feeds/shopify"), ".csv");
        std::fs::remove_file(&copy).unwrap();

        let (code, found) = doctor(&house, &[]);
        let expected = BTreeSet::from([
            ("golden", "stale"), ("stock", "ledger"), ("listings", "stale"), ("listings", "counts"), ("index", "differs"), ("files", "missing"),
            ("files", "copy"), ("files", "stray"), ("jobs", "lease"),
        ]);
        assert_eq!((code, told(&found, "possible"), told(&found, "by_person")), (1, expected, BTreeSet::new()), "{found:#?}");
        assert_eq!(found.iter().filter(|finding| finding["area"] == "stock").count(), 3, "{found:#?}");
        assert_eq!(found.iter().filter(|finding| finding["code"] == "stray").count(), 2, "{found:#?}");
        // Stock, version, and the channels a product is ready on: each is another state of a document.
        assert_eq!(found.iter().filter(|finding| finding["area"] == "index").count(), 3, "{found:#?}");
        assert_eq!(doctor(&house, &[]).1, found, "looking changes nothing");

        let (code, mended) = doctor(&house, &["--repair"]);
        assert_eq!(code, 0, "{mended:#?}");
        assert!(mended.iter().all(|finding| finding["repair"] == "done"), "{mended:#?}");
        assert_eq!(doctor(&house, &["--repair"]), (0, vec![]), "nothing is left to do");
        assert!(strays.iter().all(|path| !path.exists()) && [young, theirs, zipped, copy].iter().all(|path| path.exists()));
        let left = |conn: &mut Conn| {
            let levels: Vec<i64> = stock_levels::table.select(stock_levels::on_hand).load(conn)?;
            let available: Vec<i64> = products::table.select(products::available).load(conn)?;
            let titles: Vec<String> = products::table.select(products::title).load(conn)?;
            Ok((levels, available, titles.iter().all(|title| title.starts_with("Lamp "))))
        };
        assert_eq!(house.app.db.read(left).await.unwrap(), (vec![5; 12], vec![5; 12], true));
    }

    async fn a_person_counts_where_three_numbers_differ(house: House) {
        let server = Server::start(&house).await;
        shop(&house, &server).await;
        change(&house, |conn| {
            let offer = offer_ids(conn)[0];
            diesel::update(stock_levels::table.filter(stock_levels::offer_id.eq(offer))).set(stock_levels::on_hand.eq(9)).execute(conn)?;
            diesel::update(stock_movements::table.filter(stock_movements::offer_id.eq(offer))).set(stock_movements::on_hand.eq(7)).execute(conn)?;
            Ok(())
        })
        .await;
        // Beside the running server: what may be sold is mended, the level is not guessed at.
        let (code, left) = doctor(&house, &["--repair"]);
        assert_eq!((code, told(&left, "by_person")), (1, BTreeSet::from([("stock", "ledger")])), "{left:#?}");
        let advice = left.last().unwrap();
        assert!(advice["subject"] == "alpine/L-1 in default" && advice["message"].as_str().unwrap().contains("report anew"), "{advice}");
        house.clock.set(Utc::now() + TimeDelta::minutes(1));
        server.send(Method::PATCH, "/api/v1/stock", json!({"supplier": "alpine", "supplier_sku": "L-1", "on_hand": 4})).await.expect(200);
        let (code, mended) = doctor(&house, &["--repair"]);
        assert_eq!((code, told(&mended, "by_person")), (0, BTreeSet::new()), "{mended:#?}");
        assert_eq!(doctor(&house, &[]), (0, vec![]));
    }

    async fn mending_beside_a_running_server_shows_there(house: House) {
        let server = Server::start(&house).await;
        shop(&house, &server).await;
        change(&house, |conn| {
            diesel::update(products::table).set((products::title.eq("Broken"), products::version.eq(50))).execute(conn)?;
            Ok(())
        })
        .await;
        let (code, mended) = doctor(&house, &["--repair"]);
        assert_eq!(code, 0, "{mended:#?}");
        let found = server.get("/api/v1/search?q=lamp&limit=100").await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 12, "{found}");
        assert_eq!(doctor(&house, &[]), (0, vec![]));
    }
}
