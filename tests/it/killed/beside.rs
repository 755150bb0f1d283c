//! Several processes on one data folder: commands beside a server, and an older backup under a newer index.

use super::catalogue;
use super::life::{Home, PROFILE};
use super::program::{Serving, beamline, client, run as ended};
use crate::support::House;
use serde_json::{Value, json};

async fn get(serving: &Serving, key: &str, path: &str) -> (u16, Value) {
    let answer = client().get(format!("{}{path}", serving.url)).bearer_auth(key).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn patch(serving: &Serving, key: &str, path: &str, body: Value) -> Value {
    let request = client().patch(format!("{}{path}", serving.url)).bearer_auth(key).json(&body);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert_eq!(status, 200, "{}", answer.text().await.unwrap());
    json!(answer.headers()["beamline-change"].to_str().unwrap())
}

fn listed(home: &Home, name: &str, round: usize, rows: usize) -> (String, String) {
    (home.file("profile.toml", PROFILE), home.file(name, &catalogue::list(round, rows)))
}

both_databases! {
    async fn commands_work_beside_a_server(house: House) {
        let home = Home::of(house).await;
        let key = home.server.admin.clone();
        let (profile, file) = listed(&home, "a.csv", 1, 300);
        home.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;
        let mut serving = Serving::start(beamline(&home.house.config)).await;
        let sku = home.server.get("/api/v1/products?limit=1").await.expect(200)["items"][0]["sku"].as_str().unwrap().to_owned();

        // Two imports, a reindex and a person, all at once.
        let (_, second) = listed(&home, "b.csv", 2, 700);
        let (_, third) = listed(&home, "c.csv", 3, 700);
        let lines: [&[&str]; 3] = [
            &["import", "--supplier", "alpine", "--json", "--profile", &profile, &second],
            &["import", "--supplier", "bivak", "--json", "--profile", &profile, &third],
            &["reindex", "--json"],
        ];
        let commands: Vec<_> = lines.iter().map(|line| tokio::spawn(ended(home.command(line)))).collect();
        let mut edits = 0;
        while commands.iter().any(|command| !command.is_finished()) || edits == 0 {
            edits += 1;
            let said = json!({"values": {"title": {"en": format!("Zebra {edits}")}}});
            let change = patch(&serving, &key, &format!("/api/v1/products/{sku}"), said).await;
            let path = format!("/api/v1/search?q=zebra&after_change={}", change.as_str().unwrap());
            let (status, found) = get(&serving, &key, &path).await;
            assert!(status == 200 && found["items"][0]["title"] == format!("Zebra {edits}"), "{status} {found}");
        }
        for (line, command) in lines.iter().zip(commands) {
            let (status, said) = command.await.unwrap();
            assert!(matches!(status.code(), Some(0 | 1)), "{line:?} {status}: {said}");
            assert!(!said.to_lowercase().contains("lock"), "{line:?}: {said}");
            let told = said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{line:?}: {said}"));
            let told: Value = serde_json::from_str(told).unwrap();
            if line[0] == "reindex" {
                assert_eq!(told["by_holder"], true, "the server builds it: {told}");
                continue;
            }
            // What a command has imported is found by the server when the command ends.
            let path = format!("/api/v1/search?q=lamp&filter=supplier={}&after_change={}", line[2], told["change"].as_str().unwrap());
            let (status, found) = get(&serving, &key, &path).await;
            assert!(status == 200 && found["total"]["value"].as_u64() > Some(500), "{status} {found}");
        }
        assert!(serving.is_alive());
        home.settled().await;
        assert_eq!(home.index_equals_database().await, Ok(()));
        assert_eq!(home.healthy().await, Ok(()));
    }

    async fn an_older_backup_under_a_newer_index_is_noticed(house: House) {
        let home = Home::of(house).await;
        let key = home.server.admin.clone();
        let (profile, file) = listed(&home, "a.csv", 1, 100);
        home.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;
        let place = home.house.dir.path().join("old.backup");
        home.done(&["backup", place.to_str().unwrap()]).await;
        let (_, file) = listed(&home, "b.csv", 2, 250);
        home.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;

        let serving = Serving::start(beamline(&home.house.config)).await;
        home.settled().await;
        let (_, events) = get(&serving, &key, "/api/v1/events?limit=1000").await;
        let (_, page) = get(&serving, &key, "/api/v1/search?q=lamp&limit=5").await;
        let (cursor, next) = (events["next"].as_str().unwrap().to_owned(), page["next"].as_str().unwrap().to_owned());
        assert!(page["total"]["value"].as_u64() > Some(150), "{page}");
        drop(serving);

        home.done(&["restore", place.to_str().unwrap(), "--force"]).await;
        let serving = Serving::start(beamline(&home.house.config)).await;
        home.settled().await;
        let products = home.server.all("/api/v1/products").await.len();
        assert!(products < 100, "{products}");
        let (_, page) = get(&serving, &key, "/api/v1/search?q=lamp&limit=5").await;
        assert_eq!(page["total"]["value"], products, "the newer index was built anew");
        assert_eq!(home.index_equals_database().await, Ok(()));
        for path in [
            format!("/api/v1/events?after={cursor}"),
            format!("/api/v1/products?after_change={cursor}"),
            format!("/api/v1/search?q=lamp&after_change={cursor}"),
            format!("/api/v1/search?q=lamp&limit=5&after={next}"),
        ] {
            let (status, problem) = get(&serving, &key, &path).await;
            assert_eq!((status, problem["code"].as_str()), (410, Some("cursor_expired")), "{path}: {problem}");
        }
        assert_eq!(home.healthy().await, Ok(()));
    }
}

/// Somebody who puts an older copy of the database's file in its place asks nobody: its epoch is the same, its log ends earlier.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_older_database_file_under_a_newer_index_is_noticed() {
    let home = Home::of(House::on_sqlite().await).await;
    let key = home.server.admin.clone();
    let (profile, file) = listed(&home, "a.csv", 1, 100);
    home.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;
    // Two folders, because a file must not be exchanged under those that have it open, as this test has.
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |data: &std::path::Path| {
        let data = data.to_owned();
        beamline(&beamline::config::Config { data, database_url: None, files: None, ..home.house.config.clone() })
    };
    copy(home.house.dir.path(), old.path());
    let (_, file) = listed(&home, "b.csv", 2, 250);
    home.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;
    copy(home.house.dir.path(), new.path());
    let cursor = home.server.get("/api/v1/events?limit=1000").await.expect(200)["next"].as_str().unwrap().to_owned();
    for file in ["beamline.db", "beamline.db-wal", "beamline.db-shm"] {
        let _ = std::fs::remove_file(new.path().join(file));
        let _ = std::fs::copy(old.path().join(file), new.path().join(file));
    }

    let serving = Serving::start(at(new.path())).await;
    let begun = std::time::Instant::now();
    let (products, found) = loop {
        let products = get(&serving, &key, "/api/v1/products?limit=1000").await.1["items"].as_array().map_or(0, Vec::len);
        let found = get(&serving, &key, "/api/v1/search?q=lamp").await.1["total"]["value"].clone();
        if found == products || begun.elapsed() > std::time::Duration::from_secs(20) {
            break (products, found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(products > 50 && found == products, "{products} products, {found} found");
    let (status, problem) = get(&serving, &key, &format!("/api/v1/events?after={cursor}")).await;
    assert_eq!((status, problem["code"].as_str()), (410, Some("cursor_expired")), "{problem}");
    let mut doctor = at(new.path());
    doctor.arg("doctor");
    let (status, said) = ended(doctor).await;
    assert!(status.success(), "{said}");
    drop(serving);
}

/// Copies a folder with all that lies in it.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}
