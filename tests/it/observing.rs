//! What an operator can see from outside: metrics that are right at the scrape, statements that took long, and where an import's time
//! went.

use crate::support::{House, Server, Upload};
use beamline::app::App;
use beamline::config::Config;
use beamline::db::Backend;
use beamline::jobs::Job;
use beamline::jobs::queries::job_enqueue;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

fn lamps(count: usize) -> String {
    let mut csv = "sku,brand,mpn,title\n".to_owned();
    for n in 1..=count {
        let _ = writeln!(csv, "L-{n},Fenix,HM{n}R,Secret lamp {n}");
    }
    csv
}

/// The value of a metric with these labels; none where it is not told.
fn value(text: &str, metric: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with(' ')))?;
    Some(line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

async fn scrape(server: &Server) -> String {
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// Scrapes until it holds.
async fn until(server: &Server, what: &str, holds: impl Fn(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let text = scrape(server).await;
        if holds(&text) {
            return text;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs the program on this house; what it answers and what it logs.
fn program(house: &House, log: &str, line: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(&house.config.data).args(["--log", log, "--database-url", &house.database_url()]);
    let output = tokio::task::block_in_place(|| command.args(line).output().unwrap());
    let (said, logged) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said} {logged}");
    (said, logged)
}

both_databases! {
    async fn the_queue_and_the_readers_are_told_as_they_are_now(house: House) {
        let server = Server::start_idle(&house).await;
        let empty = scrape(&server).await;
        assert_eq!(value(&empty, "beamline_jobs{kind=\"import\",status=\"queued\"}"), Some(0.0), "{empty}");
        assert_eq!(value(&empty, "beamline_job_oldest_due_seconds"), Some(0.0));
        Upload::new("alpine", "a.csv", lamps(3)).send_as(&server, &server.admin).await.expect(202);
        house.clock.set(house.clock.now() + TimeDelta::seconds(90));
        let now = house.clock.now();
        house.app.db.write(move |conn| job_enqueue(conn, &Job::ResolveAll, now)).await.unwrap();
        crate::jobs::bury(&house, "job_a").await;
        let waiting = scrape(&server).await;
        for (labels, count) in [
            ("kind=\"import\",status=\"queued\"", 1.0), ("kind=\"import\",status=\"running\"", 0.0),
            ("kind=\"resolve_all\",status=\"queued\"", 1.0), ("kind=\"resolve_all\",status=\"dead\"", 1.0),
        ] {
            assert_eq!(value(&waiting, &format!("beamline_jobs{{{labels}}}")), Some(count), "{labels} {waiting}");
        }
        assert_eq!(value(&waiting, "beamline_job_oldest_due_seconds"), Some(90.0), "{waiting}");

        Server::work(&house);
        let lag = |reader: &str, unit: &str| format!("beamline_reader_lag_{unit}{{reader=\"{reader}\"}}");
        let done = until(&server, "everything is followed", |text| {
            value(text, "beamline_jobs{kind=\"import\",status=\"queued\"}") == Some(0.0)
                && value(text, "beamline_index_products") == Some(3.0)
                && ["search", "listings"].iter().all(|reader| value(text, &lag(reader, "changes")) == Some(0.0))
        })
        .await;
        assert!(["search", "listings"].iter().all(|reader| value(&done, &lag(reader, "seconds")) == Some(0.0)), "{done}");
        let sequence = value(&done, "beamline_change_log_sequence").unwrap();
        assert!(sequence >= 3.0, "{done}");

        // Nobody follows any more: what is written then is what they lag behind.
        server.shutdown.cancel();
        let mut idle = house;
        idle.app = idle.open_again().await;
        let server = Server::start_idle(&idle).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.send(Method::POST, "/api/v1/products", json!({"sku": "OWN-1", "brand": "Fenix"})).await.expect(201);
        idle.clock.set(idle.clock.now() + TimeDelta::seconds(42));
        let behind = scrape(&server).await;
        for reader in ["search", "listings"] {
            assert!(value(&behind, &lag(reader, "changes")).unwrap() >= 1.0, "{behind}");
            let seconds = value(&behind, &lag(reader, "seconds")).unwrap();
            assert!((41.9..=43.0).contains(&seconds), "{reader} {seconds}");
        }
        assert!(value(&behind, "beamline_change_log_sequence").unwrap() > sequence);
    }

    async fn an_import_leaves_its_rows_and_times_in_the_metrics(house: House) {
        let server = Server::start(&house).await;
        let count = |text: &str, outcome: &str| value(text, &format!("beamline_import_rows_total{{kind=\"catalog\",outcome=\"{outcome}\"}}")).unwrap_or(0.0);
        let before = scrape(&server).await;
        let mut file = lamps(1_200);
        file.push_str(",,,\nX-1,Fenix\n");
        let done = Upload::new("alpine", "a.csv", file).done(&server).await;
        // Other tests import in this process, too: theirs only add to it. It is told as done a moment before it is counted.
        until(&server, "the import is counted", |text| text.contains("beamline_imports_total")).await;
        let after = scrape(&server).await;
        assert!(count(&after, "created") - count(&before, "created") >= done["created"].as_f64().unwrap(), "{done} {after}");
        assert!(count(&after, "rejected") - count(&before, "rejected") >= done["rejected"].as_f64().unwrap(), "{done} {after}");
        for stage in ["read", "understand", "write"] {
            let rows = |text: &str| value(text, &format!("beamline_import_stage_rows_total{{stage=\"{stage}\"}}")).unwrap_or(0.0);
            assert!(rows(&after) - rows(&before) >= 1_200.0, "{stage}");
        }
        for stage in ["look_ahead", "read", "understand", "wait", "lock", "write", "commit"] {
            assert!(value(&after, &format!("beamline_import_stage_seconds_count{{stage=\"{stage}\"}}")).unwrap() >= 1.0, "{stage}");
        }
        for metric in ["beamline_imports_total", "beamline_db_transaction_seconds_count", "beamline_job_attempts_total", "beamline_db_connection_wait_seconds_count", "beamline_db_write_lock_wait_seconds_count"] {
            assert!(after.contains(metric), "no {metric}: {after}");
        }
        until(&server, "the index is committed", |text| value(text, "beamline_index_commit_seconds_count").unwrap_or(0.0) >= 1.0).await;
        // Every family once, each with its meaning, and none named by a supplier or an article.
        let families: Vec<&str> = after.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let mut once = families.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), families.len(), "{families:?}");
        let without: Vec<_> = families.iter().filter(|family| !after.contains(&format!("# HELP {family} "))).collect();
        assert!(without.is_empty(), "{without:?}");
        assert!(!after.contains("alpine") && !after.contains("L-1"), "{after}");
    }

    async fn statements_that_take_long_are_logged_without_their_values(house: House) {
        // With no patience at all, every statement takes long.
        let hasty = Config { slow_query_ms: 0, ..house.config.clone() };
        let app = App::open(hasty, house.clock.clone()).await.unwrap();
        let mut house = house;
        house.app = app;
        let database = if house.backend() == Backend::Sqlite { "sqlite" } else { "postgres" };
        let metric = format!("beamline_db_slow_statements_total{{database=\"{database}\"}}");
        let server = Server::start_idle(&house).await;
        let before = value(&scrape(&server).await, &metric).unwrap_or(0.0);
        server.get("/api/v1/suppliers").await.expect(200);
        assert!(value(&scrape(&server).await, &metric).unwrap() > before);

        let file = house.dir.path().join("a.csv");
        std::fs::write(&file, lamps(20)).unwrap();
        let import = ["import", "--supplier", "alpine", file.to_str().unwrap()];
        let (_, logged) = program(&house, "warn", &[&["--slow-query-ms", "0"], &import[..]].concat());
        let slow: Vec<&str> = logged.lines().filter(|line| line.contains("slow statement")).collect();
        assert!(slow.iter().any(|line| line.contains("INSERT INTO") && line.contains("offers") && line.contains(database)), "{logged}");
        assert!(slow.iter().all(|line| line.contains("ms=")), "{logged}");
        assert!(!logged.contains("Secret lamp") && !logged.contains("binds"), "{logged}");
        let (_, quiet) = program(&house, "warn", &[&["--slow-query-ms", "60000"], &import[..]].concat());
        assert!(!quiet.contains("slow statement"), "{quiet}");
    }

    async fn an_import_says_where_its_time_went(house: House) {
        let file = house.dir.path().join("a.csv");
        std::fs::write(&file, lamps(1_400)).unwrap();
        let import = ["import", "--supplier", "alpine", "--timings", file.to_str().unwrap()];
        let (said, logged) = program(&house, "beamline=debug", &import);
        assert!(said.contains("1400 rows in ") && said.contains(" rows/s, 3 chunks; look ahead "), "{said}");
        for span in ["import", "chunk", "write", "look_up", "rebuild", "insert", "commit", "read", "understand"] {
            let closed = |line: &&str| line.contains("close") && line.contains("time.busy") && line.contains(span);
            assert!(logged.lines().any(|line| closed(&line)), "no {span}: {logged}");
        }
        std::fs::write(&file, lamps(1_501)).unwrap();
        let (said, logged) = program(&house, "info", &[&import[..], &["--json"]].concat());
        let timings = &serde_json::from_str::<Value>(&said).unwrap()["timings"];
        assert_eq!((&timings["rows"], &timings["chunks"]), (&json!(1_501), &json!(4)), "{said}");
        let of = |name: &str| timings[name].as_f64().unwrap_or_else(|| panic!("{name} {said}"));
        let own = of("look_ahead") + of("wait") + of("lock") + of("write") + of("commit");
        assert!(of("write") > 0.0 && of("read") > 0.0 && own <= of("seconds"), "{said}");
        assert!(logged.contains("1501 rows in ") && !logged.contains("time.busy"), "one line, and no spans: {logged}");
    }
}
