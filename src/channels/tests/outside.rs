//! Channels as readers of the API and of the feeds see them, and as the commands print them.

use super::publishing::{self, House, house, lamps};
use super::*;
use crate::auth::{NewKey, Role, keys};
use crate::channels::publish::Options;
use crate::channels::serve::wants_gzip;
use crate::channels::signed;
use crate::cli::{Outcome, channels, export};
use crate::http::object::{Wanted, range};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use std::io::Read;
use tower::ServiceExt;

struct Outside {
    house: House,
    router: Router,
    key: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn outside() -> Outside {
    let house = house().await;
    let router = crate::http::router(house.app.clone()).unwrap();
    let key = house.key(Role::Admin, None).await;
    Outside { house, router, key }
}

impl House {
    async fn key(&self, role: Role, channel: Option<&str>) -> String {
        let new = NewKey { name: "test".to_owned(), role, supplier: None, channel: channel.map(str::to_owned) };
        self.app.db.write(move |conn| keys::create(conn, &new, "test", now())).await.unwrap().secret
    }
}

impl Outside {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<serde_json::Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 10_000_000).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn api(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> Answer {
        let key = format!("Bearer {}", self.key);
        self.ask(method, &format!("/api/v1{path}"), &[("authorization", &key)], body).await
    }

    async fn feed(&self, headers: &[(&str, &str)]) -> Answer {
        let key = format!("Bearer {}", self.key);
        let mut all = vec![("authorization", key.as_str())];
        all.extend_from_slice(headers);
        self.ask("GET", "/feeds/google/google.tsv", &all, None).await
    }
}

#[tokio::test]
async fn a_channel_is_set_up_published_and_read_over_http() {
    let outside = outside().await;
    outside.house.add(lamps(3)).await;
    let before = outside.api("GET", "/channels/google", None).await;
    assert_eq!((before.status, before.json()["currency"].as_str()), (StatusCode::OK, Some("USD")));
    let patched = outside.api("PATCH", "/channels/google", Some(json!({"currency": "EUR", "markup": "0.5"}))).await;
    assert_eq!((patched.status, patched.json()["currency"].as_str()), (StatusCode::OK, Some("EUR")));
    assert_eq!(patched.json()["link_template"], "https://shop.example/p/{sku}", "the rest stays");
    assert!(!patched.header("beamline-change").is_empty());
    let wrong = outside.api("PATCH", "/channels/google", Some(json!({"currency": "EURO", "link_template": "/p"}))).await;
    let pointers: Vec<String> =
        wrong.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].to_string()).collect();
    assert_eq!((wrong.status.as_u16(), pointers), (422, vec!["\"/currency\"".to_owned(), "\"/link_template\"".to_owned()]));
    let mistyped = outside.api("PATCH", "/channels/google", Some(json!({"curency": "EUR"}))).await;
    assert_eq!((mistyped.status.as_u16(), mistyped.json()["errors"][0]["code"].as_str()), (422, Some("unknown_field")));
    let diff = outside.api("GET", "/channels/google/diff?limit=1", None).await.json();
    assert_eq!((diff["added"].as_i64(), diff["first"]["added"].as_array().map(Vec::len)), (Some(3), Some(1)));
    let made = outside.api("POST", "/channels/google/publications", None).await;
    assert_eq!((made.status.as_u16(), made.json()["state"].as_str()), (201, Some("published")));
    let again = outside.ask("GET", made.header("location"), &[("authorization", &format!("Bearer {}", outside.key))], None).await;
    assert_eq!(again.json()["parts"], made.json()["parts"]);
    let listings = outside.api("GET", "/channels/google/listings?state=ready&limit=2", None).await.json();
    assert_eq!(listings["items"][0]["sku"], "BL-1");
    assert!(listings["items"][0]["completeness"].as_f64().is_some_and(|share| (0.5..=1.0).contains(&share)));
    let next = format!("/channels/google/listings?limit=2&after={}", listings["next"].as_str().unwrap());
    assert_eq!(outside.api("GET", &next, None).await.json()["items"][0]["sku"], "BL-3");
    assert_eq!(outside.api("GET", "/channels/gogle", None).await.status, StatusCode::NOT_FOUND);
    let tsv = String::from_utf8(outside.feed(&[]).await.body).unwrap();
    assert!(tsv.contains("30.00 EUR"), "{tsv}");
}

#[tokio::test]
async fn a_feed_is_answered_whole_zipped_in_ranges_and_not_at_all() {
    let outside = outside().await;
    assert_eq!(outside.feed(&[]).await.status, StatusCode::NOT_FOUND, "nothing was published yet");
    outside.house.add(lamps(2)).await;
    outside.house.publish(Options::default()).await;
    let whole = outside.feed(&[]).await;
    assert_eq!((whole.status, whole.header("content-type")), (StatusCode::OK, "text/tab-separated-values; charset=utf-8"));
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    assert_eq!(whole.header("vary"), "Accept-Encoding");
    let zipped = outside.feed(&[("accept-encoding", "br, gzip;q=0.8")]).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_ne!(zipped.header("etag"), whole.header("etag"));
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&zipped.body[..]).read_to_end(&mut plain).unwrap();
    assert_eq!(plain, whole.body);
    let held = outside.feed(&[("if-none-match", whole.header("etag"))]).await;
    assert_eq!((held.status, held.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(held.header("etag"), whole.header("etag"));
    assert_eq!(outside.feed(&[("if-none-match", zipped.header("etag"))]).await.status, StatusCode::OK, "that is the other form");
    let part = outside.feed(&[("range", "bytes=3-9")]).await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &whole.body[3..10]));
    assert_eq!(part.header("content-range"), format!("bytes 3-9/{}", whole.body.len()));
    let tail = outside.feed(&[("range", "bytes=-5"), ("accept-encoding", "gzip")]).await;
    assert_eq!(&tail.body[..], &zipped.body[zipped.body.len() - 5..], "a range of the form that was chosen");
    let stale = outside.feed(&[("range", "bytes=3-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((stale.status, stale.body), (StatusCode::OK, whole.body.clone()));
    let beyond = outside.feed(&[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", whole.body.len()));
}

#[tokio::test]
async fn a_feed_wants_its_channels_key_or_a_signed_link() {
    let outside = outside().await;
    outside.house.add(lamps(1)).await;
    outside.house.publish(Options::default()).await;
    let path = "/feeds/google/google.xml";
    let status = async |path: &str, key: Option<String>| {
        let key = key.map(|key| format!("Bearer {key}"));
        let headers: Vec<(&str, &str)> = key.iter().map(|key| ("authorization", key.as_str())).collect();
        outside.ask("GET", path, &headers, None).await.status.as_u16()
    };
    assert_eq!(status(path, None).await, 401);
    assert_eq!(status(path, Some(outside.house.key(Role::Channel, Some("google")).await)).await, 200);
    assert_eq!(status(path, Some(outside.house.key(Role::Channel, Some("shopify")).await)).await, 404, "as if it did not exist");
    let links = outside.api("POST", "/channels/google/links", Some(json!({"ttl_seconds": 60}))).await.json();
    let link = links["items"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(status(&link, None).await, 200);
    assert_eq!(status(&link.replace("google.xml", "google.tsv"), None).await, 401, "it opens one file");
    assert_eq!(status(&link.replace("expires=", "expires=9"), None).await, 401, "it cannot be made to last");
    outside.house.clock.set(outside.house.clock.now() + TimeDelta::seconds(61));
    assert_eq!(status(&link, None).await, 401, "it has expired");
}

#[tokio::test]
async fn commands_tell_people_and_scripts() {
    let house = house().await;
    let mut views = lamps(3);
    views[2].images.clear();
    house.add(views).await;
    let folder = tempfile::tempdir().unwrap();
    let args = |format: Option<&str>, out: std::path::PathBuf| export::Export {
        channel: "google".to_owned(),
        format: format.map(str::to_owned),
        out: Some(out),
        full: false,
        delta: false,
        force: false,
        json: true,
    };
    let mut said = Vec::new();
    let file = folder.path().join("feed.tsv");
    let ended = export::run(&house.app, &args(Some("tsv"), file.clone()), &mut said).await.unwrap();
    assert_eq!(ended, Outcome::Findings, "a listing is blocked");
    let told: serde_json::Value = serde_json::from_slice(&said).unwrap();
    assert_eq!((told["state"].as_str(), told["added"].as_i64()), (Some("published"), Some(2)));
    assert_eq!(std::fs::read(&file).unwrap().len() as u64, told["parts"][0]["bytes"].as_u64().unwrap());
    house.clock.set(house.clock.now() + TimeDelta::seconds(1));
    let both = folder.path().join("both");
    export::run(&house.app, &args(None, both.clone()), &mut Vec::new()).await.unwrap();
    assert!(both.join("google.xml").is_file() && both.join("google.tsv").is_file());
    let mut said = Vec::new();
    channels::run(&house.app, &channels::Channels { code: Some("google".to_owned()), json: false }, &mut said).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("2 ready, 0 warned, 1 blocked, 0 excluded"), "{said}");
    assert!(said.contains("1 x image_link missing") && said.contains("such as BL-3"), "{said}");
    let empty = publishing::house().await;
    let held = export::run(&empty.app, &args(None, both), &mut Vec::new()).await.unwrap();
    assert_eq!(held, Outcome::Held);
}

#[test]
fn signatures_are_hmac_sha256() {
    // RFC 4231, test cases 2 and 6.
    assert_eq!(
        hex::encode(signed::hmac(b"Jefe", b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        hex::encode(signed::hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

#[test]
fn ranges_and_encodings_are_read_as_the_standard_says() {
    let cases = [
        ("bytes=0-", Wanted::Part(0, 10)),
        ("bytes=2-4", Wanted::Part(2, 5)),
        ("bytes=2-400", Wanted::Part(2, 10)),
        ("bytes=-3", Wanted::Part(7, 10)),
        ("bytes=-30", Wanted::Part(0, 10)),
        ("bytes=10-", Wanted::Nothing),
        ("bytes=-0", Wanted::Nothing),
        ("bytes=4-2", Wanted::All),
        ("bytes=1-2,4-5", Wanted::All),
        ("bytes=a-b", Wanted::All),
        ("lines=1-2", Wanted::All),
    ];
    for (header, wanted) in cases {
        assert_eq!(range(Some(header), 10), wanted, "{header}");
    }
    for yes in ["gzip", "br;q=1.0, gzip", "*", "GZIP;q=0.5", "gzip;q=0.5, identity;q=0.5"] {
        assert!(wants_gzip(yes), "{yes}");
    }
    for no in ["", "br", "gzip;q=0", "identity, gzip;q=0.5", "*;q=0", "gzip;q=x"] {
        assert!(!wants_gzip(no), "{no}");
    }
}

proptest! {
    #[test]
    fn any_header_gives_bytes_that_exist(header in "(bytes=)?[0-9,-]{0,30}", length in 0_u64..50) {
        if let Wanted::Part(first, end) = range(Some(&header), length) {
            prop_assert!(first < end && end <= length);
        }
        wants_gzip(&header);
    }
}
