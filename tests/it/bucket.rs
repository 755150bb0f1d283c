//! Everything that is kept as files, kept in an S3 bucket.

use crate::support::{Answer, Bucket, Fault, House, Server, Upload, counts};
use beamline::app::App;
use beamline::channels::{prune, store};
use beamline::doctor::{Finding, examine};
use beamline::files::{self, NotStored, Settings};
use bytes::Bytes;
use chrono::TimeDelta;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Read;
use std::process::Command;
use std::time::{Duration, Instant};

const PROFILE: &str = r#"
name = "Alpine list"
locale = "en"
currency = "EUR"
column = [
    { from = "sku", to = "supplier_sku" }, { from = "brand", to = "brand" }, { from = "mpn", to = "mpn" },
    { from = "title", to = "title" }, { from = "text", to = "description" }, { from = "category", to = "category" },
    { from = "cost", to = "cost" }, { from = "stock", to = "on_hand" }, { from = "image", to = "image" },
]
"#;

/// A list of so many lamps, all of which Google takes.
fn list(count: usize) -> String {
    let lamp = |number: usize| {
        format!(
            "A-{number},Fenix,HM{number},Fenix HM{number} headlamp,A lamp.,headlamps,50.00,3,https://img.example/{number}.jpg\n"
        )
    };
    format!("sku,brand,mpn,title,text,category,cost,stock,image\n{}", (1..=count).map(lamp).collect::<String>())
}

/// The same house with its files in a new bucket.
async fn moved(house: &mut House) -> Bucket {
    let bucket = Bucket::start().await;
    house.app = App::open_on(house.config.clone(), house.clock.clone(), bucket.store()).await.unwrap();
    bucket
}

/// A served house with lamps that may be published.
async fn shop(house: &House, lamps: usize) -> Server {
    let server = Server::start(house).await;
    let link = json!({"link_template": "https://shop.example/{sku}", "currency": "EUR", "locale": "en", "formats": ["rss"]});
    server.send(Method::PATCH, "/api/v1/channels/google", link).await.expect(200);
    take(&server, lamps).await;
    server
}

async fn take(server: &Server, lamps: usize) {
    let import = Upload::new("alpine", "list.csv", list(lamps)).profile(PROFILE).done(server).await;
    assert_eq!((&import["status"], &import["rows_read"]), (&json!("done"), &json!(lamps)), "{import}");
}

/// Publishes a second later than the last time.
async fn publish(house: &House, server: &Server) -> Value {
    house.clock.set(house.clock.now() + TimeDelta::seconds(1));
    house.seen().await;
    server.send(Method::POST, "/api/v1/channels/google/publications", json!({})).await.expect(201)
}

async fn feed(server: &Server, headers: &[(&str, &str)]) -> (u16, reqwest::header::HeaderMap, Bytes) {
    let request = headers
        .iter()
        .fold(server.request(Method::GET, "/feeds/google/google.xml"), |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap())
}

fn items(feed: &[u8]) -> usize {
    String::from_utf8_lossy(feed).matches("<item>").count()
}

async fn stored(house: &House) -> Vec<String> {
    store::publications(&house.app, "google").await.unwrap().into_keys().collect()
}

async fn findings(app: &App) -> Vec<Finding> {
    examine(app, &|_| ()).await.unwrap()
}

both_databases! {
    async fn an_import_is_stored_in_the_bucket_and_read_back_from_it(house: House) {
        let mut house = house;
        let bucket = moved(&mut house).await;
        let server = Server::start_idle(&house).await;
        let sent = Upload::new("alpine", "list 1.csv", list(2)).profile(PROFILE).send_as(&server, &server.admin).await.expect(202);
        let id = sent["id"].as_str().unwrap();
        let key = format!("house/imports/{id}/000-list_1.csv");
        assert_eq!((bucket.keys(""), bucket.read(&key)), (vec![key.clone()], Bytes::from(list(2))));
        assert!(findings(&house.app).await.iter().all(|finding| finding.area != "files"));
        bucket.delete(&key);
        let told = findings(&house.app).await;
        assert!(told.iter().any(|finding| (finding.code, &finding.subject) == ("missing", &key["house/".len()..].to_owned())), "{told:?}");
        // Read from there: what lies there now is what comes in.
        bucket.write(&key, list(3));
        Server::work(&house);
        let import = server.ended(id).await;
        assert_eq!((&import["status"], counts(&import)), (&json!("done"), [3, 3, 0, 0, 0, 0]));
        assert!(!house.dir.path().join("files/imports").exists());

        // A second import whose original is lost says so.
        bucket.breaks(|method, _| (method == Method::GET).then_some(Fault::Status(404)));
        let import = Upload::new("alpine", "list.csv", list(4)).done(&server).await;
        assert_eq!(import["status"], "failed");
        assert!(import["error"].as_str().unwrap().contains("list.csv cannot be read: it is not in the file store"), "{import}");
        // One that cannot be stored is never accepted.
        bucket.breaks(|method, _| (method == Method::PUT).then_some(Fault::HangUp));
        let refused = Upload::new("alpine", "list.csv", list(4)).send_as(&server, &server.admin).await;
        let problem = refused.problem(503, "unavailable");
        assert!(problem["detail"].as_str().unwrap().contains("list.csv cannot be stored"), "{problem}");
        assert_eq!(server.all("/api/v1/imports").await.len(), 2);
    }

    async fn a_feed_is_served_from_the_bucket(house: House) {
        let mut house = house;
        let bucket = moved(&mut house).await;
        let server = shop(&house, 3).await;
        let made = publish(&house, &server).await;
        let id = made["id"].as_str().unwrap();
        assert_eq!((&made["state"], &made["added"]), (&json!("published"), &json!(3)), "{made}");
        let folder = format!("house/publications/google/{id}");
        assert_eq!(bucket.keys("house/publications/"), ["google.xml", "google.xml.gz", "rows.ndjson.gz"].map(|file| format!("{folder}/{file}")));
        assert_eq!(bucket.keys("house/feeds/"), ["house/feeds/google/google.xml", "house/feeds/google/google.xml.gz"]);

        let (status, headers, plain) = feed(&server, &[]).await;
        assert_eq!((status, items(&plain), &plain), (200, 3, &bucket.read(&format!("{folder}/google.xml"))));
        let tag = headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(tag, format!("\"{}\"", made["parts"][0]["sha256"].as_str().unwrap()), "a strong tag of its bytes");
        let (status, headers, zipped) = feed(&server, &[("accept-encoding", "gzip")]).await;
        assert_eq!((status, headers["content-encoding"].to_str().unwrap(), &zipped), (200, "gzip", &bucket.read(&format!("{folder}/google.xml.gz"))));
        let zip_tag = headers["etag"].to_str().unwrap().to_owned();
        assert_ne!(zip_tag, tag);
        let mut unzipped = Vec::new();
        GzDecoder::new(&zipped[..]).read_to_end(&mut unzipped).unwrap();
        assert_eq!(unzipped, plain);

        // A range is of the form that was chosen.
        let (status, headers, some) = feed(&server, &[("range", "bytes=10-29")]).await;
        assert_eq!((status, headers["content-range"].to_str().unwrap(), &some[..]), (206, format!("bytes 10-29/{}", plain.len()).as_str(), &plain[10..30]));
        let (status, _, some) = feed(&server, &[("accept-encoding", "gzip"), ("range", "bytes=-8"), ("if-range", &zip_tag)]).await;
        assert_eq!((status, &some[..]), (206, &zipped[zipped.len() - 8..]));
        assert_eq!(feed(&server, &[("range", "bytes=0-3"), ("if-range", &zip_tag)]).await.2, plain, "a range of the other form is none of this");
        assert_eq!(feed(&server, &[("range", "bytes=999999999-")]).await.0, 416);
        assert_eq!(feed(&server, &[("if-none-match", &tag)]).await.0, 304);
        assert_eq!(feed(&server, &[("if-none-match", &tag), ("accept-encoding", "gzip")]).await.0, 200);
        let (status, headers, body) = {
            let answer = server.request(Method::HEAD, "/feeds/google/google.xml").header("range", "bytes=0-3").send().await.unwrap();
            (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap())
        };
        let told = ["etag", "content-length"].map(|name| headers[name].to_str().unwrap());
        assert_eq!((status, told, body.len()), (200, [tag.as_str(), &plain.len().to_string()], 0), "only GET has ranges");
    }

    async fn the_last_good_feed_stays_while_the_bucket_fails(house: House) {
        let mut house = house;
        let bucket = moved(&mut house).await;
        let server = shop(&house, 2).await;
        let good = publish(&house, &server).await;
        let (_, headers, before) = feed(&server, &[]).await;
        take(&server, 3).await;
        // The first file goes in, its gzip form does not: half a publication is none.
        let half = |fault: Fault| move |method: &Method, key: &str| (*method == Method::PUT && key.contains("publications/") && key.ends_with(".gz")).then_some(fault);
        for fault in [Fault::Status(500), Fault::Status(503), Fault::Status(403), Fault::HangUp] {
            bucket.breaks(half(fault));
            let failed = publish(&house, &server).await;
            assert_eq!((&failed["state"], &failed["added"], &failed["parts"]), (&json!("failed"), &json!(1), &json!([])), "{failed}");
            assert!(failed["detail"].as_str().is_some_and(|why| why.contains("cannot be stored") && why.contains("The last feed stays")), "{failed}");
            let (_, now, stands) = feed(&server, &[]).await;
            assert_eq!((&stands, &now["etag"]), (&before, &headers["etag"]));
            assert_eq!(bucket.keys("house/publications/").len(), 3, "what was stored of it is taken back");
            let diff = server.get("/api/v1/channels/google/diff").await.expect(200);
            assert_eq!((&diff["added"], &diff["unchanged"]), (&json!(1), &json!(2)), "nothing counts as sent");
        }
        // Nothing can even be taken back: it goes when the next publication prunes, a day later.
        let down = half(Fault::Status(500));
        bucket.breaks(move |method, key| down(method, key).or((*method == Method::POST).then_some(Fault::Status(500))));
        assert_eq!(publish(&house, &server).await["state"], "failed");
        assert_eq!(bucket.keys("house/publications/").len(), 4);
        bucket.mends();
        let next = publish(&house, &server).await;
        assert_eq!((&next["state"], &next["added"], &next["unchanged"]), (&json!("published"), &json!(1), &json!(2)));
        let (_, now, stands) = feed(&server, &[]).await;
        assert_eq!(items(&stands), 3);
        assert_ne!(now["etag"], headers["etag"]);
        assert_eq!(bucket.keys("house/publications/").len(), 7, "another process may be at work on what is young");
        bucket.date(house.clock.now() - TimeDelta::days(2));
        let last = publish(&house, &server).await;
        let of = |publication: &Value| bucket.keys(&format!("house/publications/google/{}/", publication["id"].as_str().unwrap())).len();
        assert_eq!((of(&good), of(&next), of(&last), bucket.keys("house/publications/").len()), (3, 3, 3, 9));
        assert!(findings(&house.app).await.is_empty());
        // Whoever reads meanwhile is told; the process lives.
        bucket.breaks(|_, _| Some(Fault::Status(500)));
        let answer = Answer::of(server.request(Method::GET, "/feeds/google/google.xml")).await;
        answer.problem(503, "unavailable");
        let told = findings(&house.app).await;
        let codes: Vec<_> = told.iter().map(|finding| (finding.area, finding.code)).collect();
        assert_eq!(codes, [("files", "unread"), ("images", "unread")], "{told:?}");
        bucket.mends();
        assert_eq!(feed(&server, &[]).await.2, stands, "nothing had changed since");
    }

    async fn old_publications_leave_the_bucket(house: House) {
        let mut house = house;
        let _bucket = moved(&mut house).await;
        let server = shop(&house, 1).await;
        let mut made = Vec::new();
        for _ in 0..6 {
            made.push(publish(&house, &server).await["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(stored(&house).await, made, "the list has several pages");
        assert_eq!(prune::prune(&house.app, "google", 2).await.unwrap(), 4);
        assert_eq!(stored(&house).await, made[4..]);
        assert_eq!(feed(&server, &[]).await.0, 200);
        server.get(&format!("/api/v1/channels/google/publications/{}", made[0])).await.problem(404, "not_found");
    }

    async fn doctor_misses_what_was_deleted(house: House) {
        let mut house = house;
        let bucket = moved(&mut house).await;
        let server = shop(&house, 2).await;
        let made = publish(&house, &server).await;
        assert_eq!(findings(&house.app).await, []);
        let key = format!("house/publications/google/{}/google.xml", made["id"].as_str().unwrap());
        bucket.write(&format!("{key}.gz"), "short");
        bucket.delete(&key);
        let told = findings(&house.app).await;
        let told: Vec<_> = told.iter().map(|finding| (finding.code, finding.subject.as_str())).collect();
        let place = &key["house/".len()..];
        assert_eq!(told, [("missing", place), ("size", format!("{place}.gz").as_str())]);
        server.get("/feeds/google/google.xml").await.problem(404, "not_found");
        publish(&house, &server).await;
        assert_eq!(findings(&house.app).await, [], "publishing again is what it advised");
    }

    async fn the_program_keeps_its_files_in_a_bucket(house: House) {
        let bucket = Bucket::start().await;
        let write = |name: &str, text: &str| {
            let path = house.dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (file, profile) = (write("list.csv", &list(2)), write("profile.toml", PROFILE));
        let out = house.dir.path().join("out.xml");
        let run = |line: &[&str], env: &[(String, String)]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_") || name.starts_with("AWS_")) {
                command.env_remove(name);
            }
            command.arg("--data").arg(&house.config.data).args(["--log", "off", "--database-url", &house.config.database()]);
            command.env("BEAMLINE_FILES", "s3://lamps/house").env("NO_PROXY", "127.0.0.1").envs(env.iter().map(|(name, value)| (name, value)));
            let output = tokio::task::block_in_place(|| command.args(line).output().unwrap());
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            (output.status.code(), said)
        };
        let env = bucket.env();
        let settings = json!({"link_template": "https://shop.example/{sku}", "currency": "EUR", "formats": ["rss"]});
        let server = Server::start_idle(&house).await;
        server.send(Method::PATCH, "/api/v1/channels/google", settings).await.expect(200);
        let (code, said) = run(&["import", "--supplier", "alpine", "--profile", &profile, &file], &env);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(bucket.keys("house/imports/").len(), 1);
        let (code, said) = run(&["export", "--channel", "google", "--out", out.to_str().unwrap()], &env);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(items(&std::fs::read(&out).unwrap()), 2);
        let (code, said) = run(&["doctor"], &env);
        assert_eq!(code, Some(0), "{said}");
        let lost = bucket.keys("house/publications/").remove(0);
        bucket.delete(&lost);
        let (code, said) = run(&["doctor"], &env);
        assert!(code == Some(1) && said.contains("google.xml") && said.contains("publish google again"), "{code:?} {said}");

        // What a person who sets it up may get wrong, each said in a sentence.
        let with = |name: &str, value: &str| {
            let mut env: Vec<_> = env.iter().filter(|(known, _)| known != name).cloned().collect();
            env.push((name.to_owned(), value.to_owned()));
            env
        };
        let import = ["import", "--supplier", "alpine", &file];
        let (code, said) = run(&import, &with("AWS_ACCESS_KEY_ID", "somebody"));
        assert!(code == Some(2) && said.contains("list.csv cannot be stored: the store refuses it; check AWS_ACCESS_KEY_ID"), "{said}");
        let (code, said) = run(&import, &with("AWS_ALLOW_HTTP", "false"));
        assert!(code == Some(2) && said.contains("AWS_ALLOW_HTTP"), "{said}");
        let (code, said) = run(&[&import[..], &["--files", "s3://lanterns"]].concat(), &env);
        assert!(code == Some(2) && said.contains("there is no such bucket"), "{said}");
        let (code, said) = run(&import, &with("AWS_SECRET_ACCESS_KEY", "")[..4]);
        assert!(code == Some(2) && said.contains("AWS_SECRET_ACCESS_KEY") || said.contains("AWS_*"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_original_goes_in_parts_and_leaves_nothing_when_it_breaks() {
    let bucket = Bucket::start().await;
    let store = bucket.store();
    let piece = |number: usize| {
        Bytes::from((0..1_000_003_usize).map(|at| u8::try_from((at * 31 + number * 7) % 251).unwrap()).collect::<Vec<_>>())
    };
    let pieces = || futures_util::stream::iter((0..20).map(|number| Ok::<_, &str>(piece(number))).collect::<Vec<_>>());
    let whole: Vec<u8> = (0..20).flat_map(|number| piece(number).to_vec()).collect();
    let place = Path::from("imports/large");
    assert_eq!(files::put(&store, place.clone(), pieces(), u64::MAX).await.unwrap(), whole.len() as u64);
    assert_eq!((bucket.read("house/imports/large") == whole, bucket.uploads()), (true, (1, 0)));
    assert!(store.get(&place).await.unwrap().bytes().await.unwrap() == whole);

    let stops = pieces().chain(futures_util::stream::iter([Err("hung up")]));
    assert!(matches!(files::put(&store, Path::from("imports/half"), stops, u64::MAX).await, Err(NotStored::Body("hung up"))));
    assert!(matches!(files::put(&store, Path::from("imports/over"), pieces(), 15_000_000).await, Err(NotStored::TooLarge)));
    bucket.breaks(|method, key| (*method == Method::PUT && key.ends_with("lost")).then_some(Fault::Status(500)));
    assert!(matches!(files::put(&store, Path::from("imports/lost"), pieces(), u64::MAX).await, Err(NotStored::Store(_))));
    assert_eq!(
        (bucket.keys(""), bucket.uploads()),
        (vec!["house/imports/large".to_owned()], (4, 0)),
        "no part is left to be paid for"
    );

    // A fault that passes is not noticed.
    let mut left = 2;
    bucket.breaks(move |method, _| {
        left -= i32::from(*method == Method::PUT && left > 0);
        (*method == Method::PUT && left > 0).then_some(Fault::HangUp)
    });
    assert_eq!(files::put(&store, Path::from("imports/again"), pieces(), u64::MAX).await.unwrap(), whole.len() as u64);
    assert!(bucket.read("house/imports/again") == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_given_up_in_time() {
    let bucket = Bucket::start().await;
    let settings = Settings { retries: 2, patience: Duration::from_secs(2), ..bucket.settings() };
    drop(bucket);
    let store = files::open("s3://lamps", &settings).unwrap();
    let began = Instant::now();
    let error = store.head(&Path::from("x")).await.unwrap_err();
    let told = files::refused("the feed cannot be stored", error).to_string();
    assert!(told.contains("cannot be used just now") && began.elapsed() < Duration::from_secs(10), "{told}");
}
