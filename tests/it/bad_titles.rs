//! Titles that nobody should write and somebody does: through import to every channel's files. Each file is read by a parser of its own; no sign
//! that a reader sees as one is ever parted; and what a channel cannot take is kept out with a reason.

use crate::support::{Server, Upload};
use beamline::channels::contract::check::{Wanted, check};
use beamline::channels::follow;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const FAMILY: &str = "👩\u{200D}👩\u{200D}👧\u{200D}👦";
const FLAG: &str = "🇩🇰";
/// No composed letter stands for it.
const MARKED: &str = "x\u{323}\u{301}";

fn titles() -> Vec<String> {
    vec![
        format!("Lamp{}", FAMILY.repeat(35)),
        format!("Lamp {FAMILY} ").repeat(19),
        format!("Lamp{}", FLAG.repeat(120)),
        MARKED.repeat(80),
        format!("Q{}", "\u{301}".repeat(240)),
        "מנורת ראש עוצמתית ".repeat(13),
        "\u{202E}مصباح رأس قوي\u{202C} 400 لومن ".repeat(8),
        "Ridge\u{7}\u{1B}[31m 400\u{1} lamp\u{FFFE}\u{85}".to_owned(),
        "x".repeat(5_000),
        "bright lamp ".repeat(417),
        "=HYPERLINK(\"https://example.com\",\"lamp\")".to_owned(),
        "<script>alert(1)</script> ]]> & \"quoted\", \t; lamp\r\nsecond line".to_owned(),
        "頭燈".repeat(90),
        FAMILY.repeat(35),
    ]
}

fn gtin(number: usize) -> String {
    let body = format!("40063813{number:04}");
    let sum: u32 = body.chars().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn file() -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = [
        "SKU",
        "EAN",
        "Brand",
        "MPN",
        "Model",
        "Title",
        "Description",
        "Category",
        "Weight",
        "Light output",
        "Beam distance",
        "Run time",
        "IP rating",
        "Stock",
        "Cost",
        "Image",
    ];
    table.write_record(header).unwrap();
    for (at, title) in titles().into_iter().enumerate() {
        let at = at + 1;
        let image = format!("https://img.example/{at}.jpg");
        let (sku, mpn, model) = (format!("T-{at}"), format!("M-{at}"), format!("Ridge {at}"));
        let description = title.repeat(2).chars().take(5_000).collect::<String>();
        let row = [
            &sku,
            &gtin(at),
            "Acme",
            &mpn,
            &model,
            &title,
            &description,
            "headlamps",
            "86 g",
            "400 lm",
            "120 m",
            "40 h",
            "IPX4",
            "5",
            "20.00",
            &image,
        ];
        table.write_record(row).unwrap();
    }
    table.into_inner().unwrap()
}

/// All texts of a file, by a reader that knows nothing of us. It fails where the file is not well-formed.
fn texts(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.file_name().unwrap().to_str().unwrap();
    match name.rsplit('.').next().unwrap() {
        "csv" => table(&text, b','),
        "tsv" | "txt" => table(&text, b'\t'),
        "json" | "jsonld" => strings(&serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))),
        "jsonl" => text
            .lines()
            .flat_map(|line| strings(&serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"))))
            .collect(),
        "xml" => elements(&text),
        other => panic!("no reader for {other}"),
    }
}

fn table(text: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

fn elements(xml: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed), "a character that XML 1.0 cannot hold");
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut texts, mut depth) = (vec![String::new()], 0_i32);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => depth += 1,
            Event::End(_) => {
                depth -= 1;
                texts.push(String::new());
            }
            Event::Text(text) => *texts.last_mut().unwrap() += &text,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    texts
}

/// Nothing is left of a sign where all whole ones are taken away.
fn is_whole(text: &str) -> bool {
    let rest = text.replace(FAMILY, "").replace(FLAG, "").replace(MARKED, "").replace(&format!("Q{}", "\u{301}".repeat(240)), "");
    let part = |c: char| matches!(c, '👩' | '👧' | '👦' | '\u{200D}' | '\u{301}' | '\u{323}' | '\u{1F1E6}'..='\u{1F1FF}');
    !rest.contains(part)
}

/// Turns every channel on, with something in the place of what only an owner knows.
async fn all_channels(server: &Server) -> Vec<String> {
    let channels = server.get("/api/v1/channels").await.expect(200)["items"].as_array().unwrap().clone();
    for channel in &channels {
        let asked = channel["asks"].as_array().unwrap().iter().filter(|asked| asked["required"] == json!(true));
        let options: BTreeMap<&str, &str> = asked.map(|asked| (asked["option"].as_str().unwrap(), "1")).collect();
        let settings =
            json!({"enabled": true, "link_template": "https://shop.example/p/{sku}", "currency": "USD", "options": options});
        server
            .send(Method::PATCH, &format!("/api/v1/channels/{}", channel["code"].as_str().unwrap()), settings)
            .await
            .expect(200);
    }
    channels.iter().map(|channel| channel["code"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn every_channel_takes_them_or_says_why_not(house: House) {
        let server = Server::start(&house).await;
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "acme", "name": "Acme", "currency": "USD", "locale": "en"})).await.expect(201);
        let import = Upload::new("acme", "titles.csv", file()).done(&server).await;
        assert_eq!((import["rows_read"].as_u64(), import["rejected"].as_u64()), (Some(titles().len() as u64), Some(0)), "{import}");
        let issues = server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await;
        let told: Vec<u64> = issues.iter().filter(|issue| issue["field"] == "Title").map(|issue| issue["row"].as_u64().unwrap()).collect();
        assert!(told.contains(&9) && told.contains(&10), "5,000 characters are told of: {issues:?}");
        server.get_after(&import, "/api/v1/products?limit=1").await;
        let codes = all_channels(&server).await;
        assert_eq!(codes.len(), 12);
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        for code in &codes {
            let listings = server.all(&format!("/api/v1/channels/{code}/listings")).await;
            assert_eq!(listings.len(), titles().len(), "{code}");
            for listing in listings {
                let reasons = listing["reasons"].as_array().unwrap();
                let said = |reason: &Value| !reason["field"].is_null() && reason["message"].as_str().is_some_and(|message| !message.is_empty());
                assert!(listing["state"] == "ready" || (!reasons.is_empty() && reasons.iter().all(said)), "{code}: {listing}");
            }
        }
        let (none, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wanted = Wanted { against: none.path().to_owned(), channel: None, keep: Some(kept.path().to_owned()) };
        check(&house.app, &wanted).await.unwrap();
        for code in &codes {
            let (mut files, mut families) = (0, 0);
            for entry in std::fs::read_dir(kept.path().join(code)).unwrap() {
                let path = entry.unwrap().path();
                files += 1;
                for text in texts(&path) {
                    assert!(is_whole(&text), "{code}: {} parts a sign: {text:?}", path.display());
                    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
                    assert!(!text.contains(control), "{code}: {text:?}");
                    families += usize::from(text.contains(FAMILY));
                }
            }
            assert!(files > 0 && families > 0, "{code}: {files} files, {families} families");
        }
    }
}
