//! Backup and restore: made while people write, restored elsewhere and into the other database, refused when damaged.

use crate::support::{House, Server, Upload};
use beamline::app::App;
use beamline::backup::{Manifest, Tell, make, restore};
use beamline::catalog::ProductView;
use beamline::catalog::queries::offers_by_supplier;
use beamline::db::{Backend, Conn, changes};
use beamline::doctor::examine;
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn silent() -> Tell {
    Arc::new(|_, _| {})
}

fn lamps(count: usize) -> String {
    let rows: Vec<String> =
        (1..=count).map(|n| format!("L-{n},Fenix,HM{n}R,\"Lampe \u{e4}\u{f6} \"\"{n}\"\"\",12.50,{n}")).collect();
    format!("sku,brand,mpn,title,cost,stock\n{}\n", rows.join("\n"))
}

async fn filled(house: &House) -> Server {
    let server = Server::start(house).await;
    let import = Upload::new("alpine", "lamps.csv", lamps(300)).done(&server).await;
    let sku = server.get_after(&import, "/api/v1/products?limit=1").await["items"][0]["sku"].as_str().unwrap().to_owned();
    let said = json!({"tags": ["mine"], "values": {"title": {"en": "Zebra lamp"}}});
    server.send(Method::PATCH, &format!("/api/v1/products/{sku}"), said).await.expect(200);
    server
}

async fn products(app: &App) -> Vec<ProductView> {
    app.db.read(|conn| beamline::catalog::queries::views_after(conn, 0, 10_000)).await.unwrap()
}

async fn backup(house: &House, name: &str) -> (PathBuf, Manifest) {
    let place = house.dir.path().join(name);
    let manifest = make::make(&house.app, &place, silent()).await.unwrap();
    (place, manifest)
}

/// A house that nobody lives in yet, on the same database or the other.
async fn empty(other: bool, backend: Backend) -> Option<House> {
    if (backend == Backend::Sqlite) == other { House::on_postgres().await } else { Some(House::on_sqlite().await) }
}

async fn clean(app: &App) {
    let findings = examine(app, &|_| {}).await.unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

/// What the database holds of everything but jobs and what belongs to one life.
async fn tables(app: &App) -> Vec<(String, u64)> {
    let dir = tempfile::tempdir().unwrap();
    rows(make::make(app, &dir.path().join("again"), silent()).await.unwrap())
}

fn rows(manifest: Manifest) -> Vec<(String, u64)> {
    manifest.tables.into_iter().filter(|table| table.name != "jobs").map(|table| (table.name, table.rows)).collect()
}

both_databases! {
    async fn a_catalogue_is_restored_elsewhere_and_into_the_other_database(house: House) {
        let server = filled(&house).await;
        house.seen().await;
        let (place, manifest) = backup(&house, "one.backup").await;
        assert!(manifest.files.iter().any(|file| file.path.starts_with("imports/")), "{:?}", manifest.files);
        let position = server.get("/api/v1/events?limit=1000").await.expect(200)["next"].as_str().unwrap().to_owned();
        let (before, counted) = (products(&house.app).await, rows(manifest));
        assert_eq!(before.len(), 300);

        for other in [false, true] {
            let Some(there) = empty(other, house.backend()).await else { continue };
            restore::restore(&there.app, &place, false, silent()).await.unwrap();
            assert_eq!(products(&there.app).await, before);
            assert_eq!(tables(&there.app).await, counted);
            let started = Server::start(&there).await;
            there.seen().await;
            beamline::search::catch_up(&there.app).await.unwrap();
            beamline::channels::follow::catch_up(&there.app).await.unwrap();
            let found = started.get("/api/v1/search?q=zebra").await.expect(200);
            assert_eq!(found["total"]["value"], 1, "{found}");
            clean(&there.app).await;
            // A client that holds a position of the other life hears of it, and starts anew.
            started.get(&format!("/api/v1/events?after={position}")).await.problem(410, "cursor_expired");
            started.get(&format!("/api/v1/products?after_change={position}")).await.problem(410, "cursor_expired");
            assert!(!started.get("/api/v1/events?limit=1").await.expect(200)["items"].as_array().unwrap().is_empty());
            // It goes on as if nothing had been: new numbers, the same file, an undo of what was done before.
            let more = Upload::new("alpine", "lamps.csv", lamps(301)).done(&started).await;
            assert_eq!((&more["created"], &more["unchanged"]), (&json!(1), &json!(300)), "{more}");
            let edit = started.get("/api/v1/operations?kind=edit&limit=1").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
            started.send(Method::POST, &format!("/api/v1/operations/{edit}/undo"), json!({})).await.expect(200);
            there.seen().await;
            clean(&there.app).await;
        }
    }

    async fn a_backup_of_an_older_schema_is_brought_forward(house: House) {
        drop(filled(&house).await);
        let offers = |conn: &mut Conn| Ok(offers_by_supplier(conn, 1, "", 1_000)?.into_iter().map(|offer| offer.body).collect::<Vec<_>>());
        let (before, said) = (products(&house.app).await, house.app.db.read(offers).await.unwrap());
        // As the version before kept what suppliers said.
        house.app.db.write(|conn| beamline::db::migrate::back_to(conn, "0005")).await.unwrap();
        let (place, manifest) = backup(&house, "old.backup").await;
        assert!(manifest.schema == "0005" && manifest.tables.iter().all(|table| table.name != "offer_records"), "{}", manifest.schema);

        for other in [false, true] {
            let Some(there) = empty(other, house.backend()).await else { continue };
            restore::restore(&there.app, &place, false, silent()).await.unwrap();
            assert_eq!(products(&there.app).await, before);
            assert_eq!(there.app.db.read(offers).await.unwrap(), said);
            // And what is restored over it is this version's again.
            let (newer, _) = backup(&there, "new.backup").await;
            restore::restore(&there.app, &newer, true, silent()).await.unwrap();
            assert_eq!(there.app.db.read(offers).await.unwrap(), said);
            let _server = Server::start(&there).await;
            there.seen().await;
            beamline::search::catch_up(&there.app).await.unwrap();
            beamline::channels::follow::catch_up(&there.app).await.unwrap();
            clean(&there.app).await;
        }
    }

    async fn a_backup_made_while_people_write_is_of_one_moment(house: House) {
        let server = Arc::new(filled(&house).await);
        let skus: Vec<String> = products(&house.app).await.into_iter().map(|product| product.sku).take(40).collect();
        let writer = {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                for (n, sku) in skus.iter().cycle().take(80).enumerate() {
                    let path = format!("/api/v1/products/{sku}");
                    server.send(Method::PATCH, &path, json!({"values": {"title": {"en": format!("Written {n}")}}})).await.expect(200);
                }
            })
        };
        let mut places = Vec::new();
        while !writer.is_finished() {
            places.push(backup(&house, &format!("{}.backup", places.len())).await.0);
        }
        writer.await.unwrap();
        let Some(there) = empty(false, house.backend()).await else { return };
        restore::restore(&there.app, &places[places.len() / 2], false, silent()).await.unwrap();
        beamline::search::catch_up(&there.app).await.unwrap();
        clean(&there.app).await;
        // One that is full is refused, and replaced when somebody insists.
        let refused = restore::restore(&there.app, &places[0], false, silent()).await.unwrap_err();
        assert!(refused.detail.contains("--force"), "{refused}");
        let epoch = there.app.db.read(changes::epoch).await.unwrap();
        restore::restore(&there.app, places.last().unwrap(), true, silent()).await.unwrap();
        assert_ne!(there.app.db.read(changes::epoch).await.unwrap(), epoch);
        beamline::search::catch_up(&there.app).await.unwrap();
        clean(&there.app).await;
    }

    async fn a_damaged_backup_changes_nothing(house: House) {
        let _server = filled(&house).await;
        let (place, manifest) = backup(&house, "whole.backup").await;
        let whole = std::fs::read(&place).unwrap();
        let before = products(&house.app).await;
        let tried = house.dir.path().join("damaged.backup");
        let mut flipped = whole.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x40;
        for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 7], &flipped[..], b"", b"no archive at all"] {
            std::fs::write(&tried, bytes).unwrap();
            let refused = restore::restore(&house.app, &tried, true, silent()).await.unwrap_err();
            assert!(refused.detail.contains("nothing was changed"), "{refused}");
            assert_eq!(products(&house.app).await, before);
        }
        // Parts that are whole and not those of the manifest.
        std::fs::write(&tried, &whole).unwrap();
        tamper(&tried, "tables/products.ndjson", "Zebra", "Tiger");
        let refused = restore::restore(&house.app, &tried, true, silent()).await.unwrap_err();
        assert!(refused.detail.contains("products") && refused.detail.contains("not what its manifest says"), "{refused}");
        assert_eq!(products(&house.app).await, before);
        // A schema that never was, before all others or between two.
        for schema in ["0000", "0003_5"] {
            std::fs::write(&tried, &whole).unwrap();
            tamper(&tried, "manifest.json", &format!("\"schema\": \"{}\"", manifest.schema), &format!("\"schema\": \"{schema}\""));
            assert!(restore::restore(&house.app, &tried, true, silent()).await.is_err(), "{schema}");
            assert_eq!(products(&house.app).await, before);
        }
    }

    async fn work_that_was_going_on_is_taken_up_after_a_restore(house: House) {
        let server = Server::start_idle(&house).await;
        let accepted = Upload::new("alpine", "lamps.csv", lamps(20)).send_as(&server, &server.admin).await.expect(202);
        let now = house.app.clock.now();
        house.app.db.write(move |conn| beamline::jobs::queries::job_claim(conn, "worker_dead", now)).await.unwrap();
        let (place, _) = backup(&house, "running.backup").await;
        let Some(there) = empty(false, house.backend()).await else { return };
        restore::restore(&there.app, &place, false, silent()).await.unwrap();
        let started = Server::start(&there).await;
        let import = started.ended(accepted["id"].as_str().unwrap()).await;
        assert_eq!(import["created"], 20, "{import}");
    }
}

/// Writes the archive anew with another table of products, its checks in order and its manifest as it was.
fn tamper(place: &Path, part: &str, from: &str, to: &str) {
    use std::io::{Read, Write};
    let mut whole = zip::ZipArchive::new(std::fs::File::open(place).unwrap()).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..whole.len() {
        let mut entry = whole.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name == part {
            bytes = String::from_utf8(bytes).unwrap().replace(from, to).into_bytes();
        }
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    std::fs::write(place, out.finish().unwrap().into_inner()).unwrap();
}
