//! Fetching pictures: nothing reaches what is not public, and no host that misbehaves does harm.

mod at_once;

use crate::support::{Behaviour, Names, PictureHost};
use beamline::media::fetch::{Again, FetchSettings, Fetched, Fetcher, Lookup, Refusal, Validators};
use std::sync::Arc;
use std::time::Duration;

/// In the block of public addresses, in a part of it that nobody was ever given: nothing answers there.
const NOBODYS: &str = "2e00::1";

/// Little patience, so that a host that is slow is told soon.
fn settings(allowed: &[&str]) -> FetchSettings {
    FetchSettings {
        allowed_hosts: allowed.iter().map(ToString::to_string).collect(),
        max_bytes: 1 << 20,
        connect_timeout: Duration::from_secs(5),
        ..FetchSettings::default()
    }
}

fn fetcher(allowed: &[&str], names: &Arc<Names>) -> Fetcher {
    with(settings(allowed), names)
}

fn with(settings: FetchSettings, names: &Arc<Names>) -> Fetcher {
    Fetcher::new(settings, Arc::clone(names) as Arc<dyn Lookup>).unwrap()
}

async fn get(fetcher: &Fetcher, address: &str) -> Result<Fetched, Refusal> {
    // Longer than anything here may take: a test that hangs fails and says where.
    let came = tokio::time::timeout(Duration::from_secs(60), fetcher.fetch(address, &Validators::default())).await;
    came.unwrap_or_else(|_| panic!("{address} came to no end"))
}

async fn refused(fetcher: &Fetcher, address: &str) -> Refusal {
    get(fetcher, address).await.expect_err(address)
}

/// A host with a picture at /lamp.jpg.
async fn host() -> PictureHost {
    let host = PictureHost::start().await;
    host.serves("/lamp.jpg", Behaviour::Ok(b"lamp".to_vec(), "image/jpeg", Some("\"1\"")));
    host
}

#[tokio::test]
async fn a_picture_of_an_allowed_host_comes_whole_with_what_the_host_says_of_it() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    let came = get(&fetcher, &format!("{}#top", host.url("/lamp.jpg"))).await.unwrap();
    let validators = Validators { etag: Some("\"1\"".to_owned()), last_modified: None };
    let content_type = Some("image/jpeg".to_owned());
    let from = host.url("/lamp.jpg");
    assert_eq!(came, Fetched::New { bytes: b"lamp".as_slice().into(), validators, content_type, from });

    let head = host.heads().remove(0).to_lowercase();
    assert!(
        head.contains("user-agent: beamline/")
            && head.contains("accept: image/webp")
            && head.contains("accept-encoding: identity")
    );
    for unsaid in ["cookie:", "referer:", "if-none-match:", "authorization:"] {
        assert!(!head.contains(unsaid), "{head}");
    }
}

#[tokio::test]
async fn a_picture_that_has_not_changed_is_not_sent_again() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    let known = Validators { etag: Some("\"1\"".to_owned()), last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()) };
    assert_eq!(fetcher.fetch(&host.url("/lamp.jpg"), &known).await, Ok(Fetched::NotModified));
    assert!(host.heads()[0].contains("if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));

    let other = Validators { etag: Some("\"2\"".to_owned()), last_modified: None };
    assert!(matches!(fetcher.fetch(&host.url("/lamp.jpg"), &other).await, Ok(Fetched::New { .. })));
    // A host that says 304 to a question that nobody asked has given no picture.
    host.serves("/same.jpg", Behaviour::Status(304, vec![]));
    assert_eq!(refused(&fetcher, &host.url("/same.jpg")).await.code, "http_status");
    // What was remembered wrongly is not sent, and breaks nothing.
    let broken = Validators { etag: Some("\"1\"\r\nhost: evil".to_owned()), last_modified: None };
    assert!(matches!(fetcher.fetch(&host.url("/lamp.jpg"), &broken).await, Ok(Fetched::New { .. })));
}

#[tokio::test]
async fn nothing_that_means_this_machine_is_asked_however_it_is_written() {
    let host = host().await;
    let fetcher = fetcher(&[], &Names::none());
    let port = host.port();
    for written in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0x7f000001",
        "0177.0.0.1",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127.0.0.1.",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "pictures.localhost",
        "nas.local",
        "metadata.google.internal",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        let refusal = refused(&fetcher, &format!("http://{written}:{port}/lamp.jpg")).await;
        assert_eq!((refusal.code, refusal.again), ("forbidden_address", Again::Never), "{written}: {}", refusal.message);
    }
    assert_eq!(host.heads().len(), 0);
}

#[tokio::test]
async fn a_name_that_leads_home_is_not_asked() {
    let host = host().await;
    let names = Names::new(&[
        ("loopback.example", &[&["127.0.0.1"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254", "fd00:ec2::254"]]),
        ("xn--brnner-4ya.example", &[&["127.0.0.1"]]),
    ]);
    let fetcher = fetcher(&[], &names);
    for name in ["loopback.example", "mapped.example", "metadata.example", "brünner.example"] {
        let refusal = refused(&fetcher, &format!("http://{name}:{}/lamp.jpg", host.port())).await;
        assert_eq!(refusal.code, "forbidden_address", "{name}: {}", refusal.message);
    }
    let refusal = refused(&fetcher, "http://nobody.example/lamp.jpg").await;
    assert_eq!((refusal.code, refusal.again), ("no_such_host", Again::Later), "{}", refusal.message);
    assert_eq!(host.heads().len(), 0);
}

#[tokio::test]
async fn a_name_that_answers_otherwise_the_second_time_gains_nothing() {
    let host = host().await;
    let names = Names::new(&[("turncoat.example", &[&[NOBODYS], &["127.0.0.1"]])]);
    let fetcher = with(FetchSettings { connect_timeout: Duration::from_millis(300), ..settings(&[]) }, &names);
    let address = format!("http://turncoat.example:{}/lamp.jpg", host.port());
    // The address that was judged is the one that is asked: one look-up, and nobody answers there.
    assert_eq!(refused(&fetcher, &address).await.code, "cannot_connect");
    assert_eq!(names.lookups(), 1);
    assert_eq!(refused(&fetcher, &address).await.code, "forbidden_address");
    assert_eq!(names.lookups(), 2);
    assert_eq!(host.heads().len(), 0);
}

#[tokio::test]
async fn of_many_addresses_only_those_that_may_be_asked_are() {
    let (host, home) = (host().await, "127.0.0.1");
    let names = Names::new(&[("both.example", &[&[home, NOBODYS]]), ("allowed.example", &[&["10.255.255.1", home]])]);
    let quick = FetchSettings { connect_timeout: Duration::from_millis(300), ..settings(&[]) };
    let address = format!("http://both.example:{}/lamp.jpg", host.port());
    assert_eq!(refused(&with(quick, &names), &address).await.code, "cannot_connect");
    assert_eq!(host.heads().len(), 0);
    let fetcher = fetcher(&["127.0.0.0/8"], &names);
    assert!(get(&fetcher, &format!("http://allowed.example:{}/lamp.jpg", host.port())).await.is_ok());
}

#[tokio::test]
async fn a_redirect_is_judged_as_an_address_is() {
    let (host, inside) = (host().await, host().await);
    let names = Names::new(&[("pictures.example", &[&["127.0.0.1"]]), ("private.example", &[&["127.0.0.1"]])]);
    let fetcher = fetcher(&[&format!("pictures.example:{}", host.port())], &names);
    let start = |path: &str| format!("http://pictures.example:{}{path}", host.port());
    for (path, to) in [
        ("/home", inside.url("/lamp.jpg")),
        ("/itself-by-number", host.url("/lamp.jpg")),
        ("/metadata", "http://169.254.169.254/latest/meta-data/".to_owned()),
        ("/decimal", format!("http://2130706433:{}/lamp.jpg", inside.port())),
        ("/mapped", format!("http://[::ffff:127.0.0.1]:{}/lamp.jpg", inside.port())),
        ("/name", format!("http://private.example:{}/lamp.jpg", inside.port())),
        ("/same-name-other-port", format!("//pictures.example:{}/lamp.jpg", inside.port())),
    ] {
        host.serves(path, Behaviour::Redirect(to.clone()));
        let refusal = refused(&fetcher, &start(path)).await;
        assert_eq!((refusal.code, refusal.again), ("forbidden_address", Again::Never), "{path} to {to}: {}", refusal.message);
    }
    for (path, to) in [("/file", "file:///etc/passwd"), ("/user", "http://a:b@pictures.example/"), ("/none", "http://[")] {
        host.serves(path, Behaviour::Redirect(to.to_owned()));
        assert_eq!(refused(&fetcher, &start(path)).await.code, "bad_address", "{to}");
    }
    assert_eq!(inside.heads().len(), 0);
    assert_eq!(host.requests("/lamp.jpg"), 0);

    host.serves("/moved", Behaviour::Redirect("lamp.jpg".to_owned()));
    let Ok(Fetched::New { from, .. }) = get(&fetcher, &start("/moved")).await else { panic!("a picture") };
    assert_eq!(from, start("/lamp.jpg"));
    assert!(host.heads().iter().all(|head| !head.to_lowercase().contains("referer:")));
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    host.serves("/loop", Behaviour::Loop);
    let refusal = refused(&fetcher, &host.url("/loop")).await;
    assert_eq!((refusal.code, refusal.again), ("too_many_redirects", Again::Never));
    assert_eq!(host.requests("/loop"), 1, "a circle is seen at once");

    for n in 0..9 {
        host.serves(&format!("/{n}"), Behaviour::Redirect(format!("/{}", n + 1)));
    }
    host.serves("/9", Behaviour::Ok(b"lamp".to_vec(), "image/jpeg", None));
    assert!(get(&fetcher, &host.url("/4")).await.is_ok(), "five are followed");
    assert_eq!(refused(&fetcher, &host.url("/3")).await.code, "too_many_redirects");
    assert_eq!(host.requests("/9"), 1);
}

#[tokio::test]
async fn addresses_that_are_none_are_told_without_asking_anybody() {
    let names = Names::none();
    let fetcher = fetcher(&[], &names);
    let long_name = format!("http://{}.example/lamp.jpg", "a.".repeat(150));
    let long_label = format!("http://{}.example/lamp.jpg", "a".repeat(64));
    let long_path = format!("http://shop.example/{}", "a".repeat(5000));
    for address in [
        "",
        "lamp.jpg",
        "//shop.example/lamp.jpg",
        "www.shop.example/lamp.jpg",
        "ftp://shop.example/lamp.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "http://user:secret@shop.example/lamp.jpg",
        "http://user@shop.example/lamp.jpg",
        "http://shop.example:22/lamp.jpg",
        "http://shop.example:25/lamp.jpg",
        "http://shop.example:70000/lamp.jpg",
        "http://shop..example/lamp.jpg",
        "http://.../lamp.jpg",
        "http://1.2.3.256/lamp.jpg",
        &long_name,
        &long_label,
        &long_path,
    ] {
        let refusal = refused(&fetcher, address).await;
        assert_eq!((refusal.code, refusal.again), ("bad_address", Again::Never), "{address}: {}", refusal.message);
        assert!(!refusal.message.contains("secret") && refusal.message.len() < 300, "{}", refusal.message);
    }
    assert_eq!(names.lookups(), 0);
}

#[tokio::test]
async fn a_host_that_sends_too_much_is_left() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    host.serves("/declared", Behaviour::TooLarge);
    host.serves("/endless", Behaviour::Endless);
    for path in ["/declared", "/endless"] {
        let refusal = refused(&fetcher, &host.url(path)).await;
        assert_eq!((refusal.code, refusal.again), ("too_large", Again::Never), "{path}: {}", refusal.message);
        assert!(refusal.message.contains("1048576"), "{}", refusal.message);
    }
    // What was on its way in the sockets is sent too; it is far from 10 GB.
    assert!(host.sent() < 64 << 20, "{}", host.sent());
    host.serves("/most", Behaviour::Ok(vec![7; 1 << 20], "image/jpeg", None));
    host.serves("/one-more", Behaviour::Ok(vec![7; (1 << 20) + 1], "image/jpeg", None));
    assert!(get(&fetcher, &host.url("/most")).await.is_ok(), "as many as allowed");
    assert_eq!(refused(&fetcher, &host.url("/one-more")).await.code, "too_large");
}

#[tokio::test]
async fn a_host_that_dawdles_is_left() {
    let host = host().await;
    let impatient = FetchSettings {
        connect_timeout: Duration::from_millis(400),
        idle_timeout: Duration::from_millis(400),
        grace: Duration::from_millis(800),
        ..settings(&[&host.at])
    };
    let fetcher = with(impatient, &Names::none());
    // It is never silent for as long as it may be; all the same it is too slow.
    host.serves("/drip", Behaviour::Slow(Duration::from_millis(20)));
    host.serves("/drip-of-head", Behaviour::SlowHead(Duration::from_millis(20)));
    host.serves("/pause", Behaviour::Slow(Duration::from_secs(3600)));
    host.serves("/silent", Behaviour::Silent);
    for path in ["/drip", "/drip-of-head", "/pause", "/silent"] {
        let refusal = refused(&fetcher, &host.url(path)).await;
        assert_eq!((refusal.code, refusal.again), ("too_slow", Again::Later), "{path}: {}", refusal.message);
    }
}

#[tokio::test]
async fn what_does_not_come_whole_is_no_picture() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    host.serves("/truncated", Behaviour::Truncated(5000));
    host.serves("/hang-up", Behaviour::HangUp);
    host.serves(
        "/half-a-chunk",
        Behaviour::Raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n9\r\nab".to_vec()),
    );
    host.serves("/empty", Behaviour::Empty);
    host.serves("/no-content", Behaviour::Status(204, vec![]));
    host.serves("/no-http", Behaviour::Raw(b"220 mail.example ESMTP\r\n".to_vec()));
    host.serves("/headers", Behaviour::Raw([b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".repeat(100_000)].concat()));
    for (path, code) in [
        ("/truncated", "cut_off"),
        ("/hang-up", "cut_off"),
        ("/half-a-chunk", "cut_off"),
        ("/empty", "empty"),
        ("/no-content", "empty"),
        ("/no-http", "host_error"),
        ("/headers", "host_error"),
    ] {
        let refusal = refused(&fetcher, &host.url(path)).await;
        assert_eq!((refusal.code, refusal.again), (code, Again::Later), "{path}: {}", refusal.message);
    }
}

#[tokio::test]
async fn a_status_says_whether_to_ask_again() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    let after = |seconds: u64| Again::After(Duration::from_secs(seconds));
    let wait = |value: &str| vec![("retry-after", value.to_owned())];
    let dated =
        vec![("date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()), ("retry-after", "Sun, 06 Nov 1994 08:51:37 GMT".to_owned())];
    for (path, status, headers, code, again) in [
        ("/404", 404, vec![], "not_found", Again::Never),
        ("/410", 410, vec![], "not_found", Again::Never),
        ("/401", 401, vec![], "refused_by_host", Again::Never),
        ("/403", 403, vec![], "refused_by_host", Again::Never),
        ("/400", 400, vec![], "http_status", Again::Never),
        ("/408", 408, vec![], "http_status", Again::Later),
        ("/425", 425, vec![], "http_status", Again::Later),
        ("/202", 202, vec![], "http_status", Again::Later),
        ("/302", 302, vec![], "http_status", Again::Never),
        ("/500", 500, wait("7"), "host_error", Again::Later),
        ("/503", 503, wait("7"), "host_error", after(7)),
        ("/429", 429, wait("120"), "host_busy", after(120)),
        ("/429?none", 429, vec![], "host_busy", Again::Later),
        ("/429?zero", 429, wait("0"), "host_busy", after(1)),
        ("/429?long", 429, wait("99999999999999999999999999"), "host_busy", after(6 * 3600)),
        ("/429?junk", 429, wait("soon"), "host_busy", Again::Later),
        ("/429?date", 429, dated, "host_busy", after(120)),
    ] {
        host.serves(path, Behaviour::Status(status, headers));
        let refusal = refused(&fetcher, &host.url(path)).await;
        assert_eq!((refusal.code, refusal.again), (code, again), "{path}: {}", refusal.message);
        assert!(refusal.message.contains("'127.0.0.1'"), "{}", refusal.message);
    }
}

#[tokio::test]
async fn the_content_is_not_judged_here() {
    let host = host().await;
    host.serves("/page", Behaviour::Html);
    let Ok(Fetched::New { bytes, content_type, .. }) = get(&fetcher(&[&host.at], &Names::none()), &host.url("/page")).await
    else {
        panic!("bytes")
    };
    assert!(bytes.starts_with(b"<!doctype html>"));
    assert_eq!(content_type.as_deref(), Some("text/html"));
}

#[tokio::test]
async fn a_host_without_encryption_is_told_so() {
    let host = host().await;
    let fetcher = fetcher(&[&host.at], &Names::none());
    let refusal = refused(&fetcher, &format!("https://{}/lamp.jpg", host.at)).await;
    assert_eq!((refusal.code, refusal.again), ("tls", Again::Later), "{}", refusal.message);
    let closed = PictureHost::start().await.at.clone();
    let refusal = refused(&self::fetcher(&[&closed], &Names::none()), &format!("http://{closed}/lamp.jpg")).await;
    assert_eq!((refusal.code, refusal.again), ("cannot_connect", Again::Later), "{}", refusal.message);
}

#[tokio::test]
async fn an_allowed_host_is_allowed_as_far_as_it_was_named() {
    let host = host().await;
    let names = Names::new(&[("localhost", &[&["127.0.0.1"]]), ("nas.local", &[&["127.0.0.1"]])]);
    let port = host.port();
    let at = |name: &str| format!("http://{name}:{port}/lamp.jpg");
    for allowed in ["localhost", "LocalHost.", &format!("localhost:{port}")] {
        let fetcher = fetcher(&[allowed], &names);
        assert!(get(&fetcher, &at("localhost")).await.is_ok(), "{allowed}");
        for other in ["127.0.0.1", "nas.local"] {
            assert_eq!(refused(&fetcher, &at(other)).await.code, "forbidden_address", "{allowed} is not {other}");
        }
    }
    for allowed in ["127.0.0.1", "127.0.0.1/8", "::ffff:127.0.0.1", &format!("127.0.0.1:{port}")] {
        assert!(get(&fetcher(&[allowed], &names), &at("127.0.0.1")).await.is_ok(), "{allowed}");
    }
    let refusal = refused(&fetcher(&["localhost:1"], &names), &at("localhost")).await;
    assert_eq!(refusal.code, "forbidden_address");
    assert!(refusal.message.contains("allowed hosts"), "{}", refusal.message);

    for wrong in
        ["", "http://shop.example", "shop.example/lamps", "a b", "10.0.0.0/33", "user@shop.example", "shop.example:99999"]
    {
        let refused = Fetcher::new(settings(&[wrong]), Names::none()).err().unwrap_or_else(|| panic!("'{wrong}' is no host"));
        assert!(refused.to_string().contains("cannot be read"), "{refused}");
    }
}
