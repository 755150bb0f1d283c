//! Pictures in a zip or a folder, attached by their names.

use super::drawn::{jpeg, png};
use super::{House, Server};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const GTIN: &str = "04006381333931";

/// A zip of these files.
fn zipped(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
            continue;
        }
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Everything that people put into a zip, and what is told of it: file, status, code, SKU.
fn everything() -> (Vec<u8>, Vec<[&'static str; 4]>) {
    let files = [
        ("L_1-A_2.jpg", jpeg(2, 640, 640), ["attached", "", "L_1-A"]),
        ("pictures/", vec![], [""; 3]),
        ("pictures/L_1-A_1.JPG", jpeg(1, 640, 480), ["attached", "", "L_1-A"]),
        ("l_1-a-Verpackung.png", png(3, 500, 500), ["attached", "", "L_1-A"]),
        ("4006381333931-2.png", png(4, 600, 400), ["attached", "", "G-1"]),
        ("G-1/1.jpg", jpeg(5, 600, 600), ["attached", "", "G-1"]),
        ("G-1/front page.jpg", b"<html><body>Not found</body></html>".to_vec(), ["refused", "not_an_image", "G-1"]),
        ("holiday.jpg", jpeg(6, 600, 600), ["unmatched", "no_product", ""]),
        ("LAMP-2.jpg", jpeg(7, 600, 600), ["ambiguous", "several_products", ""]),
        ("../G-1_9.jpg", jpeg(8, 600, 600), ["refused", "unsafe_name", ""]),
        ("G-1_3.bmp", vec![0; 30_000_000], ["refused", "archive_bomb", "G-1"]),
        ("G-1_4.tif", vec![0; 70_000_000], ["refused", "too_large", "G-1"]),
        ("more.zip", zipped(&[("G-1_5.jpg", jpeg(9, 600, 600))]), ["refused", "nested_archive", ""]),
        ("__MACOSX/L_1-A._1.jpg", vec![1, 2, 3], [""; 3]),
        ("pictures/.DS_Store", vec![1, 2, 3], [""; 3]),
    ];
    let told = files.iter().filter(|(.., told)| !told[0].is_empty());
    let told = told.map(|(name, _, [status, code, sku])| [*name, *status, *code, *sku]).collect();
    let files: Vec<(&str, Vec<u8>)> = files.into_iter().map(|(name, bytes, _)| (name, bytes)).collect();
    (zipped(&files), told)
}

async fn with_products(house: &House) -> Server {
    let server = Server::start(house).await;
    for (sku, gtin) in [("L_1-A", None), ("G-1", Some(GTIN)), ("LAMP", None), ("LAMP-2", None)] {
        let body = json!({"sku": sku, "gtin": gtin, "brand": "Acme", "category": "headlamps", "values": {"title": {"en": sku}}});
        server.send(Method::POST, "/api/v1/products", body).await.expect(201);
    }
    server
}

/// What is told: the lines, and the last one.
fn told(answer: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.pop().unwrap();
    assert_eq!(last["done"], true, "{answer}");
    assert_eq!(last["files"], lines.len(), "{answer}");
    (lines, last)
}

async fn sent(server: &Server, query: &str, zip: Vec<u8>) -> (Vec<Value>, Value) {
    let answer = server.request(Method::POST, &format!("/api/v1/images/batches{query}")).body(zip).send().await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!((answer.status().as_u16(), kind.as_str()), (200, "application/x-ndjson"));
    told(&answer.text().await.unwrap())
}

/// The names of a product's pictures, in order.
async fn names(server: &Server, sku: &str) -> Vec<String> {
    let mut names = Vec::new();
    for image in server.get(&format!("/api/v1/products/{sku}")).await.expect(200)["images"].as_array().unwrap() {
        let kept = server.get(&format!("/api/v1/images/{}", image["id"].as_str().unwrap())).await.expect(200);
        names.push(format!("{} {}", kept["name"].as_str().unwrap(), image["role"].as_str().unwrap()));
    }
    names
}

fn sorted(lines: &[Value]) -> Vec<[String; 4]> {
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<[String; 4]> =
        lines.iter().map(|line| ["file", "status", "code", "sku"].map(|field| text(line, field))).collect();
    all.sort();
    all
}

both_databases! {
    async fn a_zip_is_attached_by_its_names_and_taken_back_as_one(house: House) {
        let server = with_products(&house).await;
        let (zip, wanted) = everything();
        // First only told.
        let (lines, last) = sent(&server, "?dry_run=true", zip.clone()).await;
        let mut wanted: Vec<[String; 4]> = wanted.iter().map(|line| line.map(str::to_owned)).collect();
        wanted.sort();
        assert_eq!(sorted(&lines), wanted);
        assert_eq!((&last["attached"], &last["operation"]), (&json!(5), &Value::Null), "{last}");
        assert_eq!(server.get("/api/v1/images").await.expect(200)["items"], json!([]));
        assert!(names(&server, "G-1").await.is_empty());

        let (lines, last) = sent(&server, "", zip.clone()).await;
        assert_eq!(sorted(&lines), wanted);
        let counts = ["attached", "unchanged", "refused", "unmatched", "ambiguous"].map(|field| last[field].as_u64().unwrap());
        assert_eq!(counts, [5, 0, 5, 1, 1], "{last}");
        assert!(lines.iter().all(|line| (line["status"] == "attached") == line["image"].is_string()), "{lines:?}");
        assert!(lines.iter().all(|line| line["status"] == "attached" || line["message"].as_str().unwrap().len() > 20), "{lines:?}");
        let named = ["L_1-A_1.JPG main", "L_1-A_2.jpg gallery", "l_1-a-Verpackung.png package"];
        let numbered = ["1.jpg main", "4006381333931-2.png gallery"];
        assert_eq!(names(&server, "L_1-A").await, named);
        assert_eq!(names(&server, "G-1").await, numbered);
        assert!(names(&server, "LAMP").await.is_empty() && names(&server, "LAMP-2").await.is_empty());

        // Again, this time as a form: nothing changes.
        let before = server.get("/api/v1/products/G-1").await.expect(200)["version"].clone();
        let form = Form::new().part("file", Part::bytes(zip).file_name("all.zip"));
        let again = server.request(Method::POST, "/api/v1/images/batches").multipart(form).send().await.unwrap();
        let (lines, last_again) = told(&again.text().await.unwrap());
        assert_eq!((&last_again["attached"], &last_again["unchanged"], &last_again["operation"]), (&json!(0), &json!(5), &Value::Null), "{lines:?}");
        assert_eq!(server.get("/api/v1/products/G-1").await.expect(200)["version"], before);

        // One operation, of which all is taken back.
        let operation = last["operation"].as_str().unwrap();
        let noted = server.get(&format!("/api/v1/operations/{operation}")).await.expect(200);
        assert_eq!((&noted["kind"], &noted["summary"]["attached"]), (&json!("images"), &json!(5)), "{noted}");
        server.send(Method::POST, &format!("/api/v1/operations/{operation}/undo"), json!({})).await.expect(200);
        assert!(names(&server, "L_1-A").await.is_empty() && names(&server, "G-1").await.is_empty());
    }

    async fn what_is_shown_stays_and_a_position_moves(house: House) {
        let server = with_products(&house).await;
        sent(&server, "", zipped(&[("LAMP_1.jpg", jpeg(1, 500, 500)), ("LAMP_2.jpg", jpeg(2, 500, 500))])).await;
        let (lines, _) = sent(&server, "", zipped(&[("LAMP_1.jpg", jpeg(2, 500, 500)), ("LAMP_side.png", png(3, 500, 500))])).await;
        assert_eq!(lines.len(), 2);
        assert_eq!(names(&server, "LAMP").await, ["LAMP_2.jpg main", "LAMP_1.jpg gallery", "LAMP_side.png angle"]);
    }

    async fn what_is_no_zip_is_refused(house: House) {
        let server = with_products(&house).await;
        for body in [b"".to_vec(), b"PK\x05\x06".to_vec(), jpeg(1, 50, 50)] {
            let answer = server.request(Method::POST, "/api/v1/images/batches").body(body).send().await.unwrap();
            let (status, problem) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
            assert_eq!((status, &problem["code"]), (422, &json!("unreadable_file")), "{problem}");
        }
        let (mut zip, _) = everything();
        zip.truncate(zip.len() - 10);
        assert_eq!(server.request(Method::POST, "/api/v1/images/batches").body(zip).send().await.unwrap().status(), 422);
    }

    async fn the_command_takes_folders_zips_and_pictures(house: House) {
        let server = with_products(&house).await;
        let folder = house.dir.path().join("shots");
        std::fs::create_dir_all(folder.join("G-1")).unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        write("L_1-A_1.jpg", &jpeg(1, 600, 600));
        write("G-1/back.jpg", &jpeg(2, 600, 600));
        write("Thumbs.db", b"x");
        let single = house.dir.path().join("LAMP-2_1.png");
        std::fs::write(&single, png(3, 400, 400)).unwrap();
        let zip = house.dir.path().join("more.zip");
        std::fs::write(&zip, zipped(&[("L_1-A_2.jpg", jpeg(4, 600, 600))])).unwrap();
        let run = |line: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
                command.env_remove(name);
            }
            command.arg("--data").arg(&house.config.data).args(["--log", "warn", "--database-url", &house.config.database(), "images"]);
            command.args(line).output().unwrap()
        };
        let paths = [folder.to_str().unwrap(), single.to_str().unwrap(), zip.to_str().unwrap()];
        let planned = run(&[&["add", "--dry-run"], &paths[..]].concat());
        let text = String::from_utf8_lossy(&planned.stdout).into_owned();
        assert!(planned.status.code() == Some(0) && text.contains("4 attached") && text.contains("dry run"), "{planned:?}");
        assert!(names(&server, "G-1").await.is_empty());
        let done = run(&[&["add", "--json"], &paths[..]].concat());
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        let (lines, last) = told(&String::from_utf8_lossy(&done.stdout));
        assert_eq!((lines.len(), &last["attached"]), (4, &json!(4)));
        assert_eq!(names(&server, "L_1-A").await, ["L_1-A_1.jpg main", "L_1-A_2.jpg gallery"]);
        assert_eq!(names(&server, "G-1").await, ["back.jpg main"]);
        assert_eq!(names(&server, "LAMP-2").await, ["LAMP-2_1.png main"]);
        // Something to look at is told on a line of its own.
        write("nobody.jpg", &jpeg(5, 300, 300));
        let found = run(&["add", paths[0]]);
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(found.status.code() == Some(1) && text.contains("unmatched shots/nobody.jpg"), "{found:?}");
        let missing = run(&["add", "no/such/folder"]);
        assert!(missing.status.code() == Some(2) && String::from_utf8_lossy(&missing.stderr).contains("no/such/folder"), "{missing:?}");
        let counts: Value = serde_json::from_slice(&run(&["status", "--json"]).stdout).unwrap();
        assert_eq!(counts["ready"], 4, "{counts}");
        let fetched = run(&["fetch", "--again", "all", "--json"]);
        assert_eq!(fetched.status.code(), Some(0), "{fetched:?}");
        assert_eq!(run(&["fetch", "--again", "nonsense"]).status.code(), Some(2));
    }
}
