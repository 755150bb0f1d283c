//! A supplier's file with two hundred addresses, at a host that misbehaves in every way.

use super::drawn::{jpeg, png};
use super::{Bucket, House, PictureHost, Server, Upload, fetched, fetching};
use crate::support::{Behaviour, S3Server};
use beamline::channels::contract::check::{Wanted, check};
use beamline::channels::follow;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What stands at the second address of the first products, and the code that the picture then has.
fn misbehaviours() -> Vec<(&'static str, Behaviour, Option<&'static str>)> {
    let mut truncated = png(900, 600, 600);
    truncated.truncate(truncated.len() / 2);
    // A head that claims 65,000 x 65,000 pixels.
    let mut huge = png(901, 40, 40);
    huge[16..24].copy_from_slice(&[0, 0, 0xFD, 0xE8, 0, 0, 0xFD, 0xE8]);
    let crc = crc(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    let ok = |bytes: Vec<u8>| Behaviour::Ok(bytes, "image/jpeg", None);
    vec![
        ("gone.jpg", Behaviour::Status(404, vec![]), Some("not_found")),
        ("page.jpg", Behaviour::Html, Some("not_an_image")),
        ("drawing.svg", ok(b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>".to_vec()), Some("svg")),
        ("zero.jpg", Behaviour::Empty, None),
        ("half.png", ok(truncated), Some("truncated")),
        ("noise.jpg", ok((0..5_000_u32).map(|at| (at * 7 % 251) as u8).collect()), Some("not_an_image")),
        ("huge.png", ok(huge), Some("too_wide")),
        ("loop.jpg", Behaviour::Loop, Some("too_many_redirects")),
        ("large.jpg", Behaviour::TooLarge, Some("too_large")),
        ("inner.jpg", Behaviour::Redirect("http://169.254.169.254/latest/meta-data".to_owned()), Some("forbidden_address")),
        // What may be had later is asked again, and goes as the supplier has it meanwhile.
        ("slow.jpg", Behaviour::Slow(Duration::from_millis(200)), None),
        ("silent.jpg", Behaviour::Silent, None),
        ("down.jpg", Behaviour::Status(503, vec![]), None),
        ("cut.jpg", Behaviour::Truncated(40_000), None),
        // A picture of another format than its name says, and one that is found elsewhere.
        ("mislabelled.jpg", ok(png(902, 700, 700)), Some("ready")),
        ("moved.jpg", Behaviour::Redirect("/front-3.jpg".to_owned()), Some("ready")),
    ]
}

fn gtin(number: usize) -> String {
    let body = format!("40063814{number:04}");
    let sum: u32 = body.chars().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The host's pictures and the supplier's file.
fn set_up(host: &PictureHost, products: usize) -> String {
    let mut csv = "SKU,EAN,Brand,MPN,Model,Title,Description,Category,Weight,Light output,Beam distance,Run time,IP rating,Stock,Cost,Image\n".to_owned();
    let bad = misbehaviours();
    for (name, behaviour, _) in &bad {
        host.serves(&format!("/{name}"), behaviour.clone());
    }
    for at in 0..products {
        let number = u32::try_from(at).unwrap();
        host.serves(&format!("/front-{at}.jpg"), Behaviour::Ok(jpeg(number, 340, 250 + number), "image/jpeg", Some("\"1\"")));
        let second = if let Some((name, ..)) = bad.get(at) {
            (*name).to_owned()
        } else {
            // The same bytes for ten products each: kept once.
            let shared = 1_000 + u32::try_from(at / 10).unwrap();
            host.serves(&format!("/box-{at}.jpg"), Behaviour::Ok(jpeg(shared, 300, 300), "image/jpeg", None));
            format!("box-{at}.jpg")
        };
        let (front, second) = (host.url(&format!("/front-{at}.jpg")), host.url(&format!("/{second}")));
        writeln!(
            csv,
            "L-{at},{},Acme,M-{at},Ridge {at},Ridge {at} headlamp,A lamp for long nights with a wide beam,headlamps,86 g,400 lm,120 m,40 h,IPX4,5,{}.00,{front}|{second}",
            gtin(at),
            20 + at,
        )
        .unwrap();
    }
    csv
}

/// Each product has two addresses.
async fn from_file_to_feed(house: House, products: usize) {
    let host = PictureHost::start().await;
    let csv = set_up(&host, products);
    let server = Server::start(&house).await;
    server.send(Method::POST, "/api/v1/suppliers", json!({"code": "acme", "name": "Acme", "currency": "USD"})).await.expect(201);
    let import = Upload::new("acme", "lamps.csv", csv).done(&server).await;
    assert_eq!(&import["created"], &json!(products), "{import}");
    house.seen().await;
    let now = fetched(&server, &house).await;
    // Every address that did not come says the right thing of itself.
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for address in server.all("/api/v1/images/addresses").await {
        if let Some(code) = address["code"].as_str() {
            let name = address["address"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            codes.insert(name, format!("{} {code}", address["state"].as_str().unwrap()));
        }
    }
    let expected =
        misbehaviours().into_iter().filter(|(_, _, code)| *code != Some("ready")).map(|(name, _, code)| match (code, name) {
            (Some(code), _) => (name.to_owned(), format!("failed {code}")),
            (None, "down.jpg") => (name.to_owned(), "waiting host_error".to_owned()),
            (None, "zero.jpg") => (name.to_owned(), "waiting empty".to_owned()),
            (None, "cut.jpg") => (name.to_owned(), "waiting cut_off".to_owned()),
            (None, _) => (name.to_owned(), "waiting too_slow".to_owned()),
        });
    assert_eq!(codes, expected.collect::<BTreeMap<_, _>>());
    assert_eq!(now["total"], json!(2 * products), "{now}");

    // The right picture on the right product, and each that cannot be had with its reason.
    let all = server.all("/api/v1/products").await;
    assert_eq!(all.len(), products);
    let mut boxes: BTreeMap<String, usize> = BTreeMap::new();
    for product in &all {
        let at: usize = product["values"]["title"]["en"].as_str().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let [front, second] = product["images"].as_array().unwrap().as_slice() else { panic!("{product}") };
        assert_eq!(
            (&front["state"], &front["width"], &front["height"]),
            (&json!("ready"), &json!(340), &json!(250 + at)),
            "{product}"
        );
        match misbehaviours().get(at) {
            Some((name, _, Some("ready"))) => assert_eq!(second["state"], "ready", "{name}: {second}"),
            Some((name, _, Some(code))) => {
                assert_eq!((&second["state"], &second["code"]), (&json!("unusable"), &json!(code)), "{name}: {second}");
                assert!(second["message"].as_str().unwrap().len() > 20, "{name}: {second}");
            }
            Some((name, _, None)) => {
                assert!(second["state"] == "waiting" && second["message"].is_string(), "{name}: {second}");
            }
            None => *boxes.entry(second["id"].as_str().unwrap().to_owned()).or_default() += 1,
        }
    }
    // Ten products each show the picture of one box.
    let with_box = products - misbehaviours().len();
    assert_eq!((boxes.len(), boxes.values().sum::<usize>()), ((products - 1) / 10, with_box));
    let images = server.all("/api/v1/images").await;
    assert_eq!(images.len(), products + boxes.len() + 1, "fronts, boxes and the one that was called a JPEG");
    assert_eq!(images.iter().filter(|image| !image["same_as"].is_null()).count(), 0);

    in_the_feeds(&house, &server, products).await;
    let metadata = host.heads().iter().filter(|head| head.contains("meta-data")).count();
    assert_eq!(metadata, 0);
}

/// The files of three channels, each with our own address for what is kept and the supplier's for what may still come.
async fn in_the_feeds(house: &House, server: &Server, products: usize) {
    house.seen().await;
    follow::catch_up(&house.app).await.unwrap();
    let (none, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let wanted = Wanted { against: none.path().to_owned(), channel: None, keep: Some(kept.path().to_owned()) };
    check(&house.app, &wanted).await.unwrap();
    for (channel, file, side, least) in [
        ("google", "google.tsv", 2000, 500),
        ("amazon", "amazon-listings.json", 2560, 500),
        ("shopify", "shopify.csv", 2048, 250),
    ] {
        let folder = kept.path().join(channel);
        let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{error}: {names:?}"));
        let urls: Vec<&str> = text
            .split("https://pim.example")
            .skip(1)
            .map(|rest| rest.split(['"', '<', ',', '\t', '\n', '|']).next().unwrap())
            .collect();
        assert!(urls.len() >= 2 * products - misbehaviours().len(), "{channel}: {} addresses of ours", urls.len());
        assert!(!text.contains("gone.jpg") && !text.contains("page.jpg") && text.contains("slow.jpg"), "{channel}");
        // Two of them are asked for as the channel would, without a key.
        for url in [urls[0], urls[urls.len() - 1]] {
            let answer = server.bare(Method::GET, url).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{channel} {url}");
            assert_eq!(answer.headers()["content-type"], "image/jpeg");
            assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
            let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
            let picture = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
            let (longest, shortest) = (picture.width().max(picture.height()), picture.width().min(picture.height()));
            assert!(longest <= side && shortest >= least, "{channel} {url}: {longest} x {shortest}");
            let again = server.bare(Method::GET, url).header("if-none-match", &tag).send().await.unwrap();
            assert_eq!(again.status(), 304);
            let part = server.bare(Method::GET, url).header("range", "bytes=0-1").send().await.unwrap();
            assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().to_vec()), (206, vec![0xFF, 0xD8]));
        }
    }
}

both_databases! {
    async fn two_hundred_addresses_of_a_host_that_misbehaves(house: House) {
        from_file_to_feed(fetching(house, None).await, 100).await;
    }

    async fn the_same_with_everything_in_a_bucket(house: House) {
        let bucket = Bucket::start().await;
        let store = bucket.store();
        from_file_to_feed(fetching(house, Some(store)).await, 30).await;
    }

    async fn the_same_with_everything_in_a_real_s3_server(house: House) {
        let Some(server) = S3Server::start() else { return };
        from_file_to_feed(fetching(house, Some(server.store())).await, 100).await;
        // Ten products share a picture: fewer originals than addresses. Three channels and the lists have renditions of each.
        let [originals, renditions] = ["media/originals", "media/renditions"].map(|folder| server.files(folder).len());
        assert!((101..150).contains(&originals) && renditions > 2 * originals, "{originals} originals, {renditions} renditions");
    }
}
