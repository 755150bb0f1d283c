//! Files that are wrong, connections that break, disks that fill: what is told, what is kept, and that the house stands.

use crate::support::{Answer, House, Server, Upload, counts};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const PROFILE: &str = r#"
name = "Alpine list"
locale = "en"
currency = "EUR"
column = [
    { from = "sku", to = "supplier_sku" }, { from = "brand", to = "brand" }, { from = "mpn", to = "mpn" },
    { from = "title", to = "title" }, { from = "lumens", to = "light_output_max", unit = "lm" }, { from = "stock", to = "on_hand" },
]
"#;
const HEADER: &str = "sku,brand,mpn,title,lumens,stock";

fn lamp(number: usize) -> String {
    format!("A-{number},Fenix,HM{number},Fenix HM{number} lamp,400,3")
}

fn list(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn lamps(count: usize) -> String {
    list(&(1..=count).map(lamp).collect::<Vec<_>>())
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

async fn take(server: &Server, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    Upload::new("alpine", name, bytes).profile(PROFILE).done(server).await
}

async fn issues(server: &Server, import: &Value) -> Vec<Value> {
    server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await
}

async fn offers(server: &Server) -> Vec<Value> {
    server.all("/api/v1/suppliers/alpine/offers").await
}

/// Files below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

both_databases! {
    async fn a_bad_row_is_named_and_the_rest_comes_in(house: House) {
        let server = Server::start(&house).await;
        let long = format!("A-20,Fenix,HM20,{},400,3", "very ".repeat(300_000));
        let wide = format!("A-21,{}", "x,".repeat(50_000) + "x");
        let rows = [
            lamp(1),
            "A-2,Fenix,HM2,Fenix HM2, the red one,400,3".to_owned(),
            lamp(3),
            HEADER.to_owned(),
            wide,
            lamp(4),
            long,
            "A-5,Fenix,HM5,Fenix\0 HM5\0 lamp,400,3".to_owned(),
            lamp(6).replace(",400,", ",\u{FFFD}lots,"),
            lamp(7),
            lamp(7).replace(",400,", ",500,"),
        ];
        let import = take(&server, "list.csv", list(&rows)).await;
        let told = issues(&server, &import).await;
        let of = |row: i64| told.iter().filter(|issue| issue["row"] == row).map(|issue| issue["code"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(import["status"], "done_with_issues", "{import}");
        assert_eq!((of(2), of(4), of(5), of(7)), (vec!["ragged_row"], vec!["repeated_header"], vec!["too_many_fields"], vec!["row_too_large"]), "{told:?}");
        assert_eq!(of(10), ["duplicate_key"]);
        assert!(!of(9).is_empty(), "what is no number is told: {told:?}");
        assert_eq!(counts(&import)[..2], [11, 6], "{import}");
        assert_eq!(counts(&import)[4], 4);
        let message = |row: i64| told.iter().find(|issue| issue["row"] == row).unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message(2).contains("line 3 has 7 cells, the header has 6"), "{}", message(2));
        let mut skus: Vec<String> = offers(&server).await.iter().map(|offer| offer["supplier_sku"].as_str().unwrap().to_owned()).collect();
        skus.sort();
        assert_eq!(skus, ["A-1", "A-3", "A-4", "A-5", "A-6", "A-7"]);
        let again = take(&server, "list.csv", list(&rows)).await;
        assert_eq!((counts(&again)[1], counts(&again)[2]), (0, 0), "the same file changes nothing: {again}");
    }

    async fn a_cell_of_megabytes_costs_one_row(house: House) {
        let server = Server::start(&house).await;
        let file = format!("{HEADER}\n{}\nA-2,Fenix,HM2,\"{}\",400,3\n{}\n", lamp(1), "x".repeat(8 << 20), lamp(3));
        let import = take(&server, "list.csv", file).await;
        assert_eq!((&import["status"], counts(&import)), (&json!("done_with_issues"), [3, 2, 0, 0, 1, 0]), "{import}");
        let told = issues(&server, &import).await;
        assert_eq!((told.len(), &told[0]["row"], &told[0]["code"]), (1, &json!(2), &json!("row_too_large")));
    }

    async fn what_is_no_catalogue_fails_in_words_and_changes_nothing(house: House) {
        let server = Server::start(&house).await;
        take(&server, "good.csv", lamps(3)).await;
        let before = offers(&server).await;
        let bomb = format!("{HEADER}\n{}", format!("A-9,x,x,{},1,1\n", "x".repeat(100_000)).repeat(400));
        let billion = format!(
            "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\">{}]><r><item><sku>&e9;</sku></item></r>",
            (0..10).map(|level| format!("<!ENTITY e{level} \"{}\">", "&a;".repeat(10))).collect::<Vec<_>>().concat()
        );
        let page = "<!DOCTYPE html>\n<html><body><h1>Please log in</h1></body></html>";
        let mut torn = zipped("list.csv", lamps(5).as_bytes());
        let directory = torn.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        torn[directory + 16] ^= 1;
        let deep_xml = format!("<r><item>{}", "<a>".repeat(10_000));
        let columns = format!("{}\n1\n", (0..50_000).map(|at| format!("c{at}")).collect::<Vec<_>>().join(","));
        let files: [(&str, Vec<u8>, &str); 8] = [
            ("list.csv", page.into(), "web page"),
            ("page.xml", format!("<?xml version=\"1.0\"?><!-- 403 -->\n{page}").into(), "web page"),
            ("torn.zip", torn, "checksum"),
            ("deep.xml", deep_xml.into(), "nested deeper"),
            ("wide.csv", columns.into(), "50000 columns"),
            ("empty.csv", b" \n".to_vec(), "empty"),
            ("image.csv", vec![0; 4_000_000], "is this a text file"),
            ("bomb.zip", zipped("list.csv", bomb.as_bytes()), "bomb"),
        ];
        for (name, bytes, why) in files {
            let import = take(&server, name, bytes).await;
            let error = import["error"].as_str().unwrap_or_default();
            assert_eq!(import["status"], "failed", "{name}: {import}");
            assert!(error.contains(why) && error.len() < 500, "{name}: {error}");
            if name != "bomb.zip" {
                assert_eq!(offers(&server).await, before, "{name}");
            }
        }
        // Not expanded, so one strange row.
        let import = take(&server, "laughs.xml", billion).await;
        assert_eq!(counts(&import)[0], 1, "{import}");
        let deep = format!("[{}{},{{\"sku\":\"A-30\",\"title\":\"Lamp\"}}]", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let import = take(&server, "deep.json", deep).await;
        assert_eq!((counts(&import), issues(&server, &import).await[0]["code"].as_str()), ([2, 1, 0, 0, 1, 0], Some("bad_json")), "{import}");
        // What stood before a broken end stays, and the end is told. (One that breaks off in its first 64 KiB is refused whole.)
        let rows = (0..6_000).map(|at| format!("B-{at},Fenix,X{},Lamp,400,3\n", at * 7_919)).collect::<Vec<_>>().concat();
        let packed = gzipped((lamps(3) + &rows).as_bytes());
        let import = take(&server, "cut.csv.gz", &packed[..packed.len() / 2]).await;
        assert!(import["status"] == "failed" && import["error"].as_str().unwrap().contains("cut.csv.gz"), "{import}");
        let kept = offers(&server).await.len();
        assert!(kept > 500, "{kept}");
        assert_eq!(take(&server, "good.csv", lamps(4)).await["rejected"], 0);
        assert!(house.app.db.read(|conn| beamline::import::queries::imports_open(conn, 10)).await.unwrap().is_empty());
    }

    async fn an_upload_that_stops_half_way_leaves_nothing(house: House) {
        let server = Server::start(&house).await;
        let folder = house.dir.path().join("files");
        let send = |head: String, body: Vec<u8>| {
            let (address, key) = (server.url.trim_start_matches("http://").to_owned(), server.admin.clone());
            tokio::task::spawn_blocking(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                write!(stream, "POST /api/v1/suppliers/alpine/imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n{head}\r\n\r\n").unwrap();
                stream.write_all(&body).unwrap();
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let mut answer = String::new();
                let _ = stream.read_to_string(&mut answer);
                answer
            })
        };
        let body = lamps(50).into_bytes();
        let large = lamps(300_000).into_bytes();
        let part = |name: &str| format!("--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        let parts = [part("one.csv").into_bytes(), body.clone(), b"\r\n".to_vec(), part("two.csv").into_bytes(), body.clone()].concat();
        for (head, body) in [
            (format!("content-length: {}", body.len() * 2), body.clone()),
            (format!("content-length: {}", large.len() + 1), large),
            ("transfer-encoding: chunked".to_owned(), [format!("{:x}\r\n", body.len()).into_bytes(), body.clone()].concat()),
            ("content-length: 100000\r\ncontent-type: multipart/form-data; boundary=b".to_owned(), parts),
        ] {
            let answer = send(head.clone(), body).await.unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head}: {answer}");
        }
        let until = Instant::now() + Duration::from_secs(10);
        while files(&folder) > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((files(&folder), server.all("/api/v1/imports").await.len()), (0, 0));
        assert_eq!(take(&server, "list.csv", body).await["created"], 50);
    }

    async fn a_disk_that_fills_is_told_and_the_import_goes_through_when_there_is_room(house: House) {
        let file = house.dir.path().join("list.csv");
        std::fs::write(&file, lamps(120_000)).unwrap();
        let profile = house.dir.path().join("profile.toml");
        std::fs::write(&profile, PROFILE).unwrap();
        // A limit on the size of files is what needs no privilege; its signal is ignored, so that writing fails as on a full disk.
        let run = |blocks: u32, line: &[&str]| {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks} || exit 9; exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_beamline"));
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
                command.env_remove(name);
            }
            command.arg("--data").arg(&house.config.data).args(["--log", "off", "--database-url", &house.config.database()]);
            let output = tokio::task::block_in_place(|| command.args(line).output().unwrap());
            (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
        };
        let import = ["import", "--supplier", "alpine", "--profile", profile.to_str().unwrap(), file.to_str().unwrap()];
        let (code, said) = run(4_000, &import);
        assert!(code == Some(2) && said.contains("list.csv cannot be stored") && said.contains("ulimit -f"), "{code:?} {said}");
        assert_eq!(files(&house.dir.path().join("files/imports")), 0, "nothing half-written");
        std::fs::write(&file, lamps(50)).unwrap();
        let (code, said) = run(1_000_000, &import);
        assert!(code == Some(0) && said.contains("50 rows read = 50 created"), "{code:?} {said}");
        let (code, said) = run(1_000_000, &["doctor"]);
        assert_eq!(code, Some(0), "{said}");
    }
}

/// Ends every connection to this house's database but its own, as a server that is restarted does.
async fn cut_off(house: &House) {
    use diesel::prelude::*;
    let url = house.database_url();
    tokio::task::spawn_blocking(move || {
        let mut conn = PgConnection::establish(&url).unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        diesel::sql_query(end).execute(&mut conn).unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_goes_away_and_comes_back_loses_no_row() {
    // SQLite is in the process itself.
    let Some(house) = House::on_postgres().await else { return };
    let server = Server::start(&house).await;
    let sent = Upload::new("alpine", "list.csv", lamps(4_000)).profile(PROFILE).send_as(&server, &server.admin).await.expect(202);
    let path = format!("/api/v1/imports/{}", sent["id"].as_str().unwrap());
    let until = Instant::now() + Duration::from_secs(240);
    let (mut cuts, mut last) = (0, 0);
    let import = loop {
        assert!(Instant::now() < until, "the import does not end after {cuts} cuts");
        tokio::time::sleep(Duration::from_millis(20)).await;
        // Waiting jobs look at the clock.
        house.clock.set(house.clock.now() + TimeDelta::milliseconds(200));
        let answer = Answer::of(server.request(Method::GET, &path)).await;
        if answer.status != 200 {
            continue;
        }
        let import = answer.json();
        if !["queued", "running"].contains(&import["status"].as_str().unwrap()) {
            break import;
        }
        let read = import["rows_read"].as_i64().unwrap();
        if cuts < 3 && import["status"] == "running" && (cuts == 0 || read != last) {
            (cuts, last) = (cuts + 1, read);
            cut_off(&house).await;
        }
    };
    assert!(cuts > 0);
    assert_eq!(
        (&import["status"], &import["rows_read"], &import["rejected"]),
        (&json!("done"), &json!(4_000), &json!(0)),
        "{import}"
    );
    let skus: std::collections::BTreeSet<String> =
        offers(&server).await.iter().map(|offer| offer["supplier_sku"].as_str().unwrap().to_owned()).collect();
    assert_eq!(skus.len(), 4_000);
    assert_eq!(take(&server, "list.csv", lamps(4_000)).await["unchanged"], 4_000);
}

/// The most memory that a process had at once, in MiB, as Linux tells it while it runs.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1_024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cell_of_a_hundred_megabytes_costs_one_row_and_no_memory() {
    let house = House::on_sqlite().await;
    let (file, profile) = (house.dir.path().join("list.csv"), house.dir.path().join("profile.toml"));
    std::fs::write(&profile, PROFILE).unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    write!(out, "{HEADER}\n{}\nA-2,Fenix,HM2,\"", lamp(1)).unwrap();
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        out.write_all(&megabyte).unwrap();
    }
    write!(out, "\",400,3\n{}\n", lamp(3)).unwrap();
    out.into_inner().unwrap();
    let mut command = crate::killed::program::beamline(&house.config);
    command.args(["import", "--supplier", "alpine", "--profile"]).args([&profile, &file]);
    let mut running = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while running.try_wait().unwrap().is_none() {
        most = peak(running.id()).map_or(most, |peak| most.max(peak));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("3 rows read = 2 created") && said.contains("row_too_large"), "{said}");
    assert!(most < 300, "{most} MiB");
}
