//! What the house stands on goes away for a while: the disk under the database fills, PostgreSQL is down.

use crate::killed::life::{Home, PROFILE, differ};
use crate::killed::program::{Serving, beamline, client, nothing_left_to_do, run as ended};
use crate::support::{House, say};
use beamline::config::Config;
use beamline::db::schema::imports;
use diesel::prelude::*;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: usize = 3_000;

fn list() -> String {
    let mut csv = "sku,ean,brand,mpn,title,lumens,cost,stock,image,kind,text\n".to_owned();
    for n in 1..=ROWS {
        let _ = writeln!(csv, "A-{n},,Fenix,HM{n},Lamp {n},{},12.50,{},,Headlamps,", 100 + n % 500, n % 9);
    }
    csv
}

/// The undisturbed house.
async fn quiet() -> Home {
    let quiet = Home::of(House::on_sqlite().await).await;
    let (profile, file) = (quiet.file("profile.toml", PROFILE), quiet.file("list.csv", &list()));
    quiet.done(&["import", "--supplier", "alpine", "--profile", &profile, &file]).await;
    quiet.settled().await;
    quiet
}

/// Catalogue, stock and listings are those of the undisturbed house.
async fn same(home: &Home, quiet: &Home) {
    home.settled().await;
    let (found, expected) = (home.holds().await, quiet.holds().await);
    for what in ["products", "offers", "stock", "google"] {
        let without = |items: &[Value]| -> Vec<Value> {
            let mut items = items.to_vec();
            for item in &mut items {
                item.as_object_mut().unwrap().remove("file");
            }
            items
        };
        assert_eq!(differ(what, &without(&found[what]), &without(&expected[what])), Ok(()));
    }
    assert_eq!(home.index_equals_database().await, Ok(()));
    assert_eq!(home.healthy().await, Ok(()));
}

async fn rows_read(house: &House) -> i64 {
    let newest = |conn: &mut beamline::db::Conn| {
        let rows = imports::table.order(imports::id.asc()).select(imports::rows_read).first::<i64>(conn).optional()?;
        Ok(rows.unwrap_or(0))
    };
    house.app.db.read(newest).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_whose_database_cannot_grow_says_so_and_the_next_one_goes_on() {
    let home = Home::of(House::on_sqlite().await).await;
    let (profile, file) = (home.file("profile.toml", PROFILE), home.file("list.csv", &list()));
    let import = ["import", "--supplier", "alpine", "--profile", &profile, &file];
    // A limit on the size of files needs no privilege; its signal is ignored, so that writing fails as on a full disk.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 6000 || exit 9; exec \"$0\" \"$@\""]);
    let whole = home.command(&import);
    limited.arg(whole.get_program()).args(whole.get_args());
    // As where a server feeds the index: chunk by chunk, so that some are written before the disk is full.
    let index = home.house.config.data.join("index");
    std::fs::create_dir_all(&index).unwrap();
    let served = std::fs::File::options().create(true).write(true).truncate(false).open(index.join("writer.lock")).unwrap();
    served.lock().unwrap();
    let (status, said) = ended(limited).await;
    drop(served);
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("the database's disk") && said.contains("goes on where it was"), "{said}");
    let rows = rows_read(&home.house).await;
    assert!(rows > 0 && rows % 500 == 0 && rows < 3_000, "whole chunks and no others: {rows}");
    assert_eq!(home.server.all("/api/v1/products").await.len(), usize::try_from(rows).unwrap());

    // The same command, once there is room: it ends what was begun, and finds nothing left to do.
    let (status, said) = ended(home.command(&import)).await;
    assert!(status.success() && said.contains("0 created + 0 updated + 3000 unchanged"), "{status} {said}");
    let told = home.server.all("/api/v1/imports").await;
    let counted: Vec<_> = told.iter().map(|import| (&import["status"], &import["rows_read"], &import["created"])).collect();
    assert_eq!(counted, [(&json!("done"), &json!(3_000), &json!(0)), (&json!("done"), &json!(3_000), &json!(3_000))]);
    same(&home, &quiet().await).await;
}

/// A small disk of its own for a data folder, without privileges: a mount that only this process and its children see.
struct SmallDisk {
    child: Child,
    tell: ChildStdin,
    url: String,
    key: String,
}

impl SmallDisk {
    /// None where the system allows no such thing.
    fn serving(config: &Config, megabytes: u32) -> Option<Self> {
        const SCRIPT: &str = r#"
            mount -t tmpfs -o size="$1"m tmpfs "$2" || { echo none; exit 0; }
            data=$2; shift 2
            echo key: $("$@" key create --role admin --name disk --json)
            "$@" serve --listen 127.0.0.1:0 &
            read -r _ && mount -o remount,size=400m "$data" && echo roomy
            read -r _; "$@" doctor; echo doctor: $?
            kill -9 $!; wait $!
        "#;
        let program = beamline(config);
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", &megabytes.to_string()]);
        command.arg(&config.data).arg(program.get_program()).args(program.get_args());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let tell = child.stdin.take()?;
        let mut disk = Self { child, tell, url: String::new(), key: String::new() };
        let key = disk.line();
        if !key.starts_with("key: ") {
            return None;
        }
        let made: Value = serde_json::from_str(&key["key: ".len()..]).unwrap();
        made["key"].as_str().unwrap().clone_into(&mut disk.key);
        let said = disk.line();
        said.split_whitespace().find(|word| word.starts_with("http://")).unwrap().clone_into(&mut disk.url);
        Some(disk)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        // One byte after another: nothing of the next line is taken.
        let mut out = BufReader::with_capacity(1, self.child.stdout.as_mut().unwrap());
        out.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = client().get(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let answer = request.send().await.expect("the process is alive");
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = writeln!(self.tell, "\n\n");
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_on_a_full_disk_stays_alive_and_goes_on_when_there_is_room() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let house = House::on_sqlite().await;
    let files = Some(files.path().to_str().unwrap().to_owned());
    let config = Config { data: data.path().to_owned(), database_url: None, files, ..house.config.clone() };
    let Some(mut disk) = SmallDisk::serving(&config, 7) else {
        say("a full disk: NOT tested, this system lets nobody mount one (unshare --user --mount)");
        return;
    };
    let form = Form::new().part("file", Part::bytes(list().into_bytes()).file_name("list.csv")).text("profile", PROFILE);
    let url = format!("{}/api/v1/suppliers/alpine/imports?kind=catalog", disk.url);
    let sent = client().request(Method::POST, url).bearer_auth(&disk.key).multipart(form).send().await.unwrap();
    assert_eq!(sent.status(), 202, "{}", sent.text().await.unwrap());
    let id = sent.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/imports/{id}");

    // It fills; reading goes on, writing is refused in words.
    let write = || {
        let url = format!("{}/api/v1/suppliers", disk.url);
        let body = json!({"code": format!("s{}", rand_code()), "name": "x".repeat(190), "currency": "EUR"});
        client().request(Method::POST, url).bearer_auth(&disk.key).json(&body).send()
    };
    let begun = Instant::now();
    let refused = loop {
        let answer = write().await.expect("the process is alive");
        if answer.status() != 201 {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the disk does not fill; make it smaller");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (status, text) = (refused.status(), refused.text().await.unwrap());
    assert!(status == 503 && text.contains("disk is full"), "{status} {text}");
    let (status, import) = disk.get(&path).await;
    assert!(status == 200 && import["rows_read"].as_i64().unwrap() % 500 == 0, "{status} {import}");
    assert!(import["status"] == "running" || import["status"] == "queued", "it waits: {import}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(disk.get(&path).await.1["rows_read"], import["rows_read"]);
    assert_eq!(disk.get("/api/v1/products?limit=1").await.0, 200);

    // There is room again, and nobody need do anything.
    writeln!(disk.tell).unwrap();
    assert_eq!(disk.line(), "roomy");
    let begun = Instant::now();
    let import = loop {
        let import = disk.get(&path).await.1;
        if import["finished_at"].is_string() {
            break import;
        }
        assert!(begun.elapsed() < Duration::from_secs(45), "it does not go on before its lease is over: {import}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let counted = (&import["status"], &import["rows_read"], &import["created"]);
    assert_eq!(counted, (&json!("done"), &json!(3_000), &json!(3_000)), "{import}");
    let (status, found) = disk.get(&format!("/api/v1/search?q=lamp&after_change={}", import["change"].as_str().unwrap())).await;
    assert!(status == 200 && found["total"]["value"] == 3_000, "{status} {found}");
    writeln!(disk.tell).unwrap();
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.starts_with("doctor: ")) && said.len() < 50 {
        said.push(disk.line());
    }
    assert_eq!(said.last().unwrap(), "doctor: 0", "{said:#?}");
}

/// A code that was not used yet.
fn rand_code() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Lets nobody connect to this database any more, and ends all who are; or lets them again.
async fn let_in(house: &House, connections: bool) {
    let url = house.database_url();
    let (server, name) = url.rsplit_once('/').map(|(server, name)| (server.to_owned(), name.to_owned())).unwrap();
    tokio::task::spawn_blocking(move || {
        use diesel::connection::SimpleConnection;
        let mut conn = PgConnection::establish(&format!("{server}/postgres")).unwrap();
        conn.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}")).unwrap();
        if !connections {
            let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
            conn.batch_execute(&end).unwrap();
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_outlives_its_database_and_goes_on_with_it() {
    let Some(house) = House::on_postgres().await else { return };
    let home = Home::of(house).await;
    let key = home.server.admin.clone();
    let mut serving = Serving::start(beamline(&home.house.config)).await;
    let url = serving.url.clone();
    let get = |path: String| {
        let request = client().get(format!("{url}{path}")).bearer_auth(&key);
        async move { request.send().await.expect("the process is alive").status().as_u16() }
    };
    let form = Form::new().part("file", Part::bytes(list().into_bytes()).file_name("list.csv")).text("profile", PROFILE);
    let post = format!("{}/api/v1/suppliers/alpine/imports?kind=catalog", serving.url);
    let sent = client().request(Method::POST, post).bearer_auth(&key).multipart(form).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    let begun = Instant::now();
    while rows_read(&home.house).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the import does not begin");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let_in(&home.house, false).await;
    // The second is longer than any connection is tried; readiness tells, and so does every answer.
    let down = Instant::now();
    while down.elapsed() < Duration::from_secs(2) {
        assert_eq!(get("/healthz".to_owned()).await, 200);
        assert_eq!(get("/readyz".to_owned()).await, 503);
        assert_eq!(get("/api/v1/suppliers".to_owned()).await, 503);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let_in(&home.house, true).await;
    let back = Instant::now();
    while get("/readyz".to_owned()).await != 200 {
        assert!(back.elapsed() < Duration::from_secs(10), "it does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nothing_left_to_do(&home.house).await;
    assert!(serving.is_alive());
    let told = home.server.all("/api/v1/imports").await;
    assert_eq!((&told[0]["status"], &told[0]["rows_read"], &told[0]["created"]), (&json!("done"), &json!(3_000), &json!(3_000)));
    same(&home, &quiet().await).await;
}
