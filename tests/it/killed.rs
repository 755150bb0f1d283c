//! The program killed with no warning in the middle of its work, and what the next start makes of it.
//!
//! What counts is not that it goes on, but that nobody can tell afterwards: the same catalogue, the same stock, the same counts, and
//! nothing that `doctor` finds.

use crate::support::{House, Server, Upload};
use beamline::config::Config;
use beamline::db::schema::imports;
use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROFILE: &str = r#"
name = "Alpine list"
locale = "en"
currency = "EUR"
mode = "full"
[[column]]
from = "sku"
to = "supplier_sku"
[[column]]
from = "ean"
to = "gtin"
[[column]]
from = "brand"
to = "brand"
[[column]]
from = "title"
to = "title"
[[column]]
from = "lumens"
to = "light_output_max"
unit = "lm"
[[column]]
from = "stock"
to = "on_hand"
"#;

/// So many lamps; every fortieth row is of a key that was there before, every thirtieth has a bad barcode.
fn lamps(count: u32) -> String {
    let mut csv = "sku,ean,brand,title,lumens,stock\n".to_owned();
    for n in 1..=count {
        let key = if n % 40 == 0 { n - 39 } else { n };
        let ean = if n % 30 == 0 { "123" } else { "" };
        let _ = writeln!(csv, "A-{key},{ean},Fenix,Lamp {n},{},{}", 100 + n % 500, n % 9);
    }
    csv
}

fn beamline(config: &Config) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(&config.data).args(["--log", "warn", "--database-url", &config.database()]);
    command
}

async fn rows_read(house: &House) -> i64 {
    let newest = |conn: &mut beamline::db::Conn| {
        let rows = imports::table.order(imports::id.desc()).select(imports::rows_read).first::<i64>(conn).optional()?;
        Ok(rows.unwrap_or(0))
    };
    house.app.db.read(newest).await.unwrap()
}

/// Imports with the program itself, and kills it when it has written so many rows; false when it was faster.
async fn import_and_kill(house: &House, file: &str, after: i64) -> bool {
    let path = house.dir.path().join("list.csv");
    let profile = house.dir.path().join("list.toml");
    std::fs::write(&path, file).unwrap();
    std::fs::write(&profile, PROFILE).unwrap();
    let (path, profile) = (path.to_str().unwrap(), profile.to_str().unwrap());
    let line = ["import", "--supplier", "alpine", "--profile", profile, path];
    let mut running = beamline(&house.config).args(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let before = rows_read(house).await;
    loop {
        let read = rows_read(house).await;
        if read >= after && read != before {
            break;
        }
        if running.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "the import does not get to row {after}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.kill().unwrap();
    running.wait().unwrap();
    true
}

/// Everything about the catalogue that does not tell when it was made.
async fn catalogue(server: &Server) -> Vec<Value> {
    let mut products = server.all("/api/v1/products").await;
    for product in &mut products {
        // Listings follow at their own pace.
        for passing in ["updated_at", "created_at", "version", "completeness"] {
            product.as_object_mut().unwrap().remove(passing);
        }
    }
    products.sort_by_key(|product| product["sku"].as_str().unwrap().to_owned());
    products
}

const COUNTS: [&str; 7] = ["rows_read", "created", "updated", "unchanged", "rejected", "warned", "gone"];

fn told(import: &Value) -> Vec<Value> {
    COUNTS.iter().map(|count| import[*count].clone()).collect()
}

/// Takes up what was left, as the next start does once the dead worker's lease has run out.
async fn taken_up(house: &House, server: &Server) -> Value {
    let imports = server.get("/api/v1/imports").await.expect(200);
    let id = imports["items"][0]["id"].as_str().unwrap().to_owned();
    let import = server.ended(&id).await;
    let found = format!("/api/v1/search?q=lamp&after_change={}", import["change"].as_str().unwrap());
    let begun = Instant::now();
    while server.get(&found).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(90), "the index does not catch up");
    }
    let findings = beamline(&house.config).arg("doctor").output().unwrap();
    assert!(findings.status.success(), "{}", String::from_utf8_lossy(&findings.stdout));
    import
}

both_databases! {
    async fn a_killed_import_goes_on_where_it_was(house: House) {
        // Undisturbed, in a house of its own.
        let quiet = House::on_sqlite().await;
        let server = Server::start(&quiet).await;
        let first = Upload::new("alpine", "list.csv", lamps(2_400)).profile(PROFILE).done(&server).await;
        let expected = catalogue(&server).await;
        assert_eq!((expected.len(), &first["warned"]), (2_340, &serde_json::json!(140)), "{first}");
        drop(server);

        let killed = import_and_kill(&house, &lamps(2_400), 1_000).await;
        assert!(killed, "the import was done before it could be killed; make the file larger");
        house.clock.set(Utc::now() + TimeDelta::minutes(2));
        let server = Server::start(&house).await;
        let import = taken_up(&house, &server).await;
        assert_eq!((&import["status"], told(&import)), (&first["status"], told(&first)));
        assert_eq!(catalogue(&server).await, expected);
    }
}
