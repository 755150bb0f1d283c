//! Storage: opening, migrating, transactions and types, on both databases.

use crate::support::{Cluster, Postgres, Server, Upload, say};
use beamline::catalog::queries::offers_by_supplier;
use beamline::db::schema::{rates, settings, suppliers};
use beamline::db::{Backend, Conn, Db, JsonText, Time, changes};
use beamline::error::{Code, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use std::process::Command;
use tempfile::TempDir;

fn put(conn: &mut Conn, key: &str, value: &serde_json::Value) -> Result<()> {
    let values = (settings::key.eq(key), settings::value.eq(JsonText::of(value)?));
    diesel::insert_into(settings::table).values(values).execute(conn)?;
    Ok(())
}

fn get(conn: &mut Conn, key: &str) -> Result<Option<serde_json::Value>> {
    let stored: Option<JsonText> = settings::table.find(key).select(settings::value).first(conn).optional()?;
    Ok(stored.map(|json| json.read()).transpose()?)
}

async fn stored(db: &Db, key: &'static str) -> Option<serde_json::Value> {
    db.read(move |conn| get(conn, key)).await.unwrap()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(conn: &mut Conn, sql: &str) -> Result<i64> {
    Ok(diesel::sql_query(sql).get_result::<Count>(conn)?.n)
}

/// Opens `url` eight times at once, each with pools of its own, as eight processes starting together would.
async fn open_together(url: &str) {
    let opened = (0..8).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move { Db::open(&url).await })
    });
    let mut dbs = Vec::new();
    for opened in opened.collect::<Vec<_>>() {
        dbs.push(opened.await.unwrap().expect("every one of them opens"));
    }
    let mut epochs = Vec::new();
    for db in &dbs {
        epochs.push(db.read(changes::epoch).await.unwrap());
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "all of them live in the same epoch: {epochs:?}");
    let migrations = include_dir::include_dir!("$CARGO_MANIFEST_DIR/migrations/sqlite").dirs().count();
    let ran = dbs[0].read(|conn| count(conn, "SELECT count(*) AS n FROM __diesel_schema_migrations")).await.unwrap();
    assert_eq!(usize::try_from(ran).unwrap(), migrations, "each migration ran once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn sqlite_migrates_once_when_many_open_a_new_file() {
    for _ in 0..20 {
        let dir = TempDir::new().unwrap();
        open_together(&format!("sqlite:{}", dir.path().join("new.db").display())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn postgres_migrates_once_when_many_open_a_new_database() {
    let Some(server) = Postgres::get().await else { return };
    let database = server.create_blank_database().await;
    open_together(database.url()).await;
}

#[tokio::test]
async fn a_mistyped_scheme_is_refused_and_makes_no_file() {
    let dir = TempDir::new().unwrap();
    let urls =
        ["postgre://me@127.0.0.1/shop", "mysql://me@127.0.0.1/shop", "postgres:shop", "http://127.0.0.1/", "sqlite3:shop.db"];
    for url in urls {
        // The path is below the folder, so that a file made by mistake would be found there.
        let url = format!("{url}/../{}/made.db", dir.path().display());
        let error = Db::open(&url).await.err().unwrap_or_else(|| panic!("{url} must be refused"));
        assert_eq!(error.code, Code::Invalid, "{url}: {error}");
        assert!(error.detail.contains("sqlite:PATH") && error.detail.contains("postgres://"), "it says what to write: {error}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    for url in urls {
        assert!(!std::path::Path::new(url).exists(), "a file called {url} was made");
    }
}

#[tokio::test]
async fn a_plain_path_and_every_sqlite_spelling_open_the_same_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("shop.db").display().to_string();
    let first = Db::open(&path).await.unwrap();
    first.write(|conn| put(conn, "colour", &json!("red"))).await.unwrap();
    for url in [format!("sqlite:{path}"), format!("sqlite://{path}")] {
        let db = Db::open(&url).await.unwrap();
        assert_eq!(db.backend(), Backend::Sqlite);
        assert_eq!(stored(&db, "colour").await, Some(json!("red")), "{url}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_unavailable_and_names_the_remedy() {
    let error = Db::open("postgres://nobody@127.0.0.1:1/none").await.err().unwrap();
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.detail.contains("check the database URL"), "{error}");
    let dir = TempDir::new().unwrap();
    let error = Db::open(&format!("sqlite:{}/missing/folder/x.db", dir.path().display())).await.err().unwrap();
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.detail.contains("missing/folder/x.db"), "{error}");
}

both_databases! {
    async fn json_comes_back_as_it_went(house: House) {
        let document = json!({
            "z": 1, "a": 2, "text": "Stirnlampe – 600 lm ‘Ğ’ 🔦 \" \\ \n\t", "large": i64::MAX, "price": "29.90",
            "nested": [null, true, {"empty": {}}], "": ""
        });
        let put_it = document.clone();
        house.app.db.write(move |conn| put(conn, "document", &put_it)).await.unwrap();
        let text = house.app.db.read(|conn| {
            Ok(settings::table.find("document").select(settings::value).first::<JsonText>(conn)?)
        }).await.unwrap();
        assert_eq!(text.as_str(), document.to_string(), "letter by letter, the order of its keys included");
        assert_eq!(stored(&house.app.db, "document").await, Some(document));
    }

    async fn times_come_back_to_the_microsecond_and_sort(house: House) {
        let base: DateTime<Utc> = "2026-03-29T00:59:59.999999Z".parse().unwrap();
        let offsets = [TimeDelta::zero(), TimeDelta::microseconds(1), TimeDelta::seconds(1), TimeDelta::days(-20_000), TimeDelta::days(20_000)];
        house.app.db.write(move |conn| {
            for (n, offset) in offsets.iter().enumerate() {
                let row = (
                    rates::base.eq("EUR"), rates::quote.eq(format!("{n}")), rates::rate.eq("1.05"),
                    rates::updated_at.eq(Time(base + *offset)),
                );
                diesel::insert_into(rates::table).values(row).execute(conn)?;
            }
            Ok(())
        }).await.unwrap();
        let read = house.app.db.read(|conn| {
            Ok(rates::table.order(rates::updated_at).select(rates::updated_at).load::<Time>(conn)?)
        }).await.unwrap();
        let mut expected = offsets.map(|offset| Time(base + offset)).to_vec();
        expected.sort();
        assert_eq!(read, expected);
        let later = house.app.db.read(move |conn| {
            Ok(rates::table.filter(rates::updated_at.gt(Time(base))).count().get_result::<i64>(conn)?)
        }).await.unwrap();
        assert_eq!(later, 3, "times compare as times in SQL");
    }

    async fn a_failed_write_leaves_nothing(house: House) {
        let result: Result<()> = house.app.db.write(|conn| {
            put(conn, "half", &json!(1))?;
            Err(Error::new(Code::Conflict, "no"))
        }).await;
        assert_eq!(result.unwrap_err().code, Code::Conflict, "the caller's own error comes back");
        assert_eq!(stored(&house.app.db, "half").await, None);
        // An error of the database itself ends the transaction on PostgreSQL; the next write must not notice.
        let result = house.app.db.write(|conn| {
            put(conn, "twice", &json!(1))?;
            put(conn, "twice", &json!(2))
        }).await;
        assert!(result.is_err());
        assert_eq!(stored(&house.app.db, "twice").await, None);
        house.app.db.write(|conn| put(conn, "twice", &json!(3))).await.unwrap();
        assert_eq!(stored(&house.app.db, "twice").await, Some(json!(3)));
    }

    async fn a_panic_in_a_write_rolls_back_and_the_pool_survives(house: House) {
        // More often than there are connections: none of them may be lost or stay inside a transaction.
        for _ in 0..20 {
            let result: Result<()> = house.app.db.write(|conn| {
                put(conn, "half", &json!(1))?;
                panic!("this panic belongs to the test");
            }).await;
            assert_eq!(result.unwrap_err().code, Code::Internal);
            let result: Result<()> = house.app.db.read(|_| panic!("this panic belongs to the test")).await;
            assert_eq!(result.unwrap_err().code, Code::Internal);
        }
        assert_eq!(stored(&house.app.db, "half").await, None);
        house.app.db.write(|conn| put(conn, "whole", &json!(1))).await.unwrap();
        assert_eq!(stored(&house.app.db, "whole").await, Some(json!(1)));
    }

    async fn an_inner_transaction_fails_alone(house: House) {
        house.app.db.write(|conn| {
            put(conn, "outer", &json!(1))?;
            let inner: Result<()> = conn.transaction(|conn| {
                put(conn, "inner", &json!(1))?;
                let innermost: Result<()> = conn.transaction(|conn| {
                    put(conn, "innermost", &json!(1))?;
                    put(conn, "outer", &json!(2))
                });
                assert!(innermost.is_err(), "the key is there already");
                put(conn, "after innermost", &json!(1))?;
                Err(Error::new(Code::Conflict, "no"))
            });
            assert_eq!(inner.unwrap_err().code, Code::Conflict);
            let kept: Result<()> = conn.transaction(|conn| put(conn, "kept", &json!(1)));
            kept
        }).await.unwrap();
        for (key, there) in [("outer", true), ("inner", false), ("innermost", false), ("after innermost", false), ("kept", true)] {
            assert_eq!(stored(&house.app.db, key).await.is_some(), there, "{key}");
        }
    }

    async fn a_read_sees_one_snapshot_and_may_not_write(house: House) {
        let db = house.app.db.clone();
        let handle = tokio::runtime::Handle::current();
        let seen = house.app.db.read(move |conn| {
            let before = get(conn, "late")?;
            handle.block_on(db.write(|conn| put(conn, "late", &json!(1))))?;
            Ok((before, get(conn, "late")?))
        }).await.unwrap();
        assert_eq!(seen, (None, None), "what was committed meanwhile does not appear half way");
        assert_eq!(stored(&house.app.db, "late").await, Some(json!(1)));
        let result = house.app.db.read(|conn| put(conn, "sneaked", &json!(1))).await;
        assert!(result.is_err(), "a write through the readers is refused");
        assert_eq!(stored(&house.app.db, "sneaked").await, None);
    }

    async fn many_who_read_then_write_lose_no_update(house: House) {
        house.app.db.write(|conn| {
            let time = Time("2026-01-01T00:00:00Z".parse().unwrap());
            let row = (
                suppliers::code.eq("ACME"), suppliers::name.eq("Acme"), suppliers::currency.eq("EUR"), suppliers::locale.eq("en"),
                suppliers::created_at.eq(time), suppliers::updated_at.eq(time),
            );
            diesel::insert_into(suppliers::table).values(row).execute(conn)?;
            Ok(())
        }).await.unwrap();
        // Half of them in what is a second process to the database.
        let apps = [house.app.clone(), house.open_again().await];
        let tasks: Vec<_> = (0..8).map(|n| {
            let db = apps[n % 2].db.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    db.write(|conn| {
                        beamline::db::lock_catalog(conn)?;
                        let version: i64 = suppliers::table.select(suppliers::version).first(conn)?;
                        diesel::update(suppliers::table).set(suppliers::version.eq(version + 1)).execute(conn)?;
                        Ok(())
                    }).await.expect("nobody is told that the database is locked");
                }
            })
        }).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let version = house.app.db.read(|conn| Ok(suppliers::table.select(suppliers::version).first::<i64>(conn)?)).await.unwrap();
        assert_eq!(version, 1 + 8 * 25);
    }

    async fn a_migration_of_what_suppliers_said_loses_nothing_either_way(house: House) {
        let csv = "sku,name,weight,image,tag\nA-1,Alpine Spot,86 g,https://img.example/1.jpg,trail\nA-2,Alpine Beam,120 g,,\n";
        Upload::new("alpine", "a.csv", csv).done(&Server::start(&house).await).await;
        let offers = |conn: &mut Conn| Ok(offers_by_supplier(conn, 1, "", 10)?.into_iter().map(|offer| offer.body).collect::<Vec<_>>());
        let before = house.app.db.read(offers).await.unwrap();
        assert_eq!(before.len(), 2);
        assert!(before.iter().all(|offer| offer.record.raw.as_str().contains("Alpine") && offer.record.claims.as_str().contains("Alpine")));
        // As the version before kept them, and then as this one does again.
        let down = match house.backend() {
            Backend::Sqlite => [
                include_str!("../../migrations/sqlite/0012_issues_of_an_offer/down.sql"),
                include_str!("../../migrations/sqlite/0006_records/down.sql"),
            ],
            Backend::Postgres => [
                include_str!("../../migrations/postgres/0012_issues_of_an_offer/down.sql"),
                include_str!("../../migrations/postgres/0006_records/down.sql"),
            ],
        };
        house.app.db.write(move |conn| {
            down.into_iter().try_for_each(|down| conn.batch_execute(down))?;
            Ok(conn.batch_execute("DELETE FROM __diesel_schema_migrations WHERE version IN ('0006', '0012')")?)
        }).await.unwrap();
        let again = house.open_again().await;
        assert_eq!(again.db.read(offers).await.unwrap(), before);
    }

    async fn rows_that_refer_to_nothing_are_refused(house: House) {
        let result = house.app.db.write(|conn| {
            conn.batch_execute("INSERT INTO warehouses (supplier_id, code, name) VALUES (999, 'x', 'x')")?;
            Ok(())
        }).await;
        assert!(result.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_over_tls() {
    if Command::new("openssl").arg("version").output().is_err() {
        say("skipped: postgres_over_tls needs the program openssl to make a certificate, which is not here");
        return;
    }
    if Postgres::get().await.is_none() {
        return;
    }
    let cluster = Cluster::start(|folder| {
        folder
            .run(Command::new("openssl").args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                "data/server.key",
                "-out",
                "data/server.crt",
            ]))
            .unwrap();
        // Nobody gets in without TLS: a client that silently spoke plain text would be found out.
        std::fs::write(folder.path().join("data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").unwrap();
        folder.give("data/pg_hba.conf".as_ref());
        vec!["ssl=on".to_owned()]
    });
    let cluster = match cluster {
        Ok(cluster) => cluster,
        Err(reason) if reason.contains("SSL is not supported") => {
            say("skipped: postgres_over_tls needs a PostgreSQL server built with TLS");
            return;
        }
        Err(reason) => panic!("{reason}"),
    };
    let url = cluster.url("postgres");
    let db = Db::open(&format!("{url}?sslmode=require")).await.expect("TLS is spoken by the one binary");
    let encrypted =
        db.read(|conn| count(conn, "SELECT count(*) AS n FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()")).await.unwrap();
    assert_eq!(encrypted, 1);
    assert!(Db::open(&format!("{url}?sslmode=disable")).await.is_err(), "this server takes no plain text");
    let unknown = Db::open(&format!("{url}?sslmode=verify-full&sslrootcert=/dev/null")).await;
    assert!(unknown.is_err(), "a certificate nobody vouches for is refused where verification is asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restarted_postgres_is_answered_from_at_once() {
    let Some(server) = Postgres::get().await else { return };
    let database = server.create_blank_database().await;
    let db = Db::open(database.url()).await.unwrap();
    // Fill both pools with connections that will sleep.
    let reads = (0..8).map(|_| db.read(|conn| count(conn, "SELECT 1::bigint AS n FROM (SELECT pg_sleep(0.3)) AS s")));
    futures_util::future::join_all(reads).await.into_iter().for_each(|read| assert_eq!(read.unwrap(), 1));
    let writes = (0..4).map(|_| db.write(|conn| count(conn, "SELECT 1::bigint AS n FROM (SELECT pg_sleep(0.3)) AS s")));
    futures_util::future::join_all(writes).await.into_iter().for_each(|write| assert_eq!(write.unwrap(), 1));
    let mut other = PgConnection::establish(database.url()).unwrap();
    let ended = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(diesel::sql_query(ended).get_result::<Count>(&mut other).unwrap().n >= 12);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(db.read(|conn| count(conn, "SELECT 1::bigint AS n")).await.unwrap(), 1);
    db.write(|conn| put(conn, "colour", &json!("red"))).await.unwrap();
    assert_eq!(stored(&db, "colour").await, Some(json!("red")));
}
