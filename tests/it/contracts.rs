//! Every channel's files, made of the samples, judged by the contracts that the channels publish; and that the judges judge.
//!
//! The contracts are no part of the project. Without them the tests say so and pass; the judges' own tests, with contracts of our invention,
//! stand beside them in `src/channels/contract/`.

use crate::support::{House, shared};
use beamline::channels::contract::check::{Verdict, Wanted, check};
use beamline::channels::contract::{Finding, Judge};
use beamline::channels::profile::ChannelProfile;
use beamline::channels::queries;
use beamline::cli::{Outcome, channels::check as command};
use beamline::db::Conn;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Imports the samples as the demo does.
fn samples(house: &House) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    let data = command.arg("--data").arg(&house.config.data);
    let output = data.args(["--log", "warn", "--database-url", &house.database_url(), "demo", "--no-serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What has to be judged, and how many items at least: the samples are 148 products, 26 of them in 11 groups.
const JUDGED: [(&str, &str, u64); 29] = [
    ("amazon", "listings", 140),
    ("amazon", "parents", 10),
    ("amazon", "offers", 140),
    ("amazon", "deletions", 140),
    ("bigcommerce", "products", 125),
    ("bigcommerce", "inventory", 140),
    ("bigcommerce", "hidden", 140),
    ("ebay", "items", 140),
    ("ebay", "offers", 140),
    ("ebay", "groups", 10),
    ("ebay", "stock", 140),
    ("ebay", "ended", 140),
    ("google", "rss", 148),
    ("google", "tsv", 148),
    ("google", "supplemental", 148),
    ("google", "local", 148),
    ("meta", "csv", 148),
    ("meta", "supplementary", 148),
    ("microsoft", "tsv", 148),
    ("openai", "jsonl", 140),
    ("openai", "acp", 125),
    ("shopify", "csv", 500),
    ("shopify", "jsonl", 125),
    ("walmart", "inventory", 120),
    ("walmart", "price", 120),
    ("woocommerce", "csv", 150),
    ("woocommerce", "json", 125),
    ("woocommerce", "variations", 20),
    ("woocommerce", "terms", 140),
];

/// Judges a part of a channel as it stands on disk.
fn judged(profile: &ChannelProfile, format: &str, against: &Path, part: &Path) -> Vec<Finding> {
    let format = profile.format(format).unwrap();
    let judge = Judge::open(format.contract.as_ref().unwrap(), &profile.corrections, against).unwrap().unwrap();
    let mut found = Vec::new();
    judge.part(format, part, &mut |finding| found.push(finding)).unwrap();
    found
}

/// A fault that is put into a file: channel, format, what stands there, what is put there, what the judge has to say about which place.
type Broken = (&'static str, &'static str, &'static str, &'static str, &'static str);

const BROKEN: [Broken; 24] = [
    ("amazon", "listings", "\"operationType\":\"UPDATE\"", "\"operationType\":\"REPLACE\"", "/operationType"),
    ("amazon", "listings", "\"messageId\":1,", "\"messageId\":\"1\",", "/messages/0/messageId"),
    (
        "amazon",
        "deletions",
        "\"operationType\":\"DELETE\"",
        "\"operationType\":\"DELETE\",\"productType\":\"FLASHLIGHT\"",
        "/messages/0",
    ),
    ("bigcommerce", "products", "\"weight\":", "\"weight\":\"heavy\",\"w\":", "/weight"),
    ("bigcommerce", "products", "\"name\":", "\"lumens\":400,\"name\":", "lumens"),
    ("bigcommerce", "inventory", "\"quantity\":", "\"quantity\":\"twelve\",\"q\":", "/items/0"),
    ("ebay", "items", "\"condition\":\"NEW\"", "\"condition\":\"BRAND NEW\"", "/condition"),
    ("ebay", "items", "\"aspects\":{", "\"aspects\":{\"Beam\":\"wide\",", "/aspects/Beam"),
    ("ebay", "offers", "\"price\":{\"value\":\"", "\"price\":{\"value\":\"from ", "/pricingSummary/price/value"),
    ("ebay", "groups", "\"variesBy\":", "\"varies\":", "variesBy"),
    ("google", "rss", "<g:availability>in_stock<", "<g:availability>instock<", "/availability"),
    ("google", "rss", "<g:attribute_value>", "<g:value>x</g:value><g:attribute_value>", "/product_detail/value"),
    ("google", "tsv", "\timage_link\t", "\timage_url\t", "/image_url"),
    ("google", "tsv", " USD\t", " DOLLARS\t", "/price"),
    ("google", "tsv", "\t2454\t", "\t9999999\t", "/google_product_category"),
    ("google", "local", "\tin_stock\t", "\tpreorder\t", "/availability"),
    ("meta", "csv", ",image_link,", ",picture,", "/picture"),
    ("openai", "jsonl", "\"availability\":\"in_stock\"", "\"availability\":\"in stock\"", "/availability"),
    ("openai", "acp", "\"amount\":", "\"amount\":\"1\",\"x\":", "/products/0/variants/0/price"),
    ("shopify", "csv", "Title,URL handle,", "Title,Handle,", "/Handle"),
    ("shopify", "jsonl", "\"status\":\"ACTIVE\"", "\"status\":\"LIVE\"", "/input/status"),
    ("shopify", "jsonl", "\"unit\":\"GRAMS\"", "\"unit\":\"g\"", "/measurement/weight/unit"),
    ("walmart", "price", "\"currency\":\"USD\"", "\"currency\":\"US$\"", "/Price/0/pricing/0/currentPrice/currency"),
    ("woocommerce", "json", "\"regular_price\":\"", "\"status\":\"live\",\"price\":\"", "/create/0"),
];

/// The newest publication and the settings of every channel.
async fn stored(house: &House) -> Vec<(Option<String>, Option<queries::StoredSettings>)> {
    let codes: Vec<String> = house.app.channels.iter().map(|profile| profile.code.clone()).collect();
    let of = move |conn: &mut Conn| {
        let of = |code: &String| {
            let newest = queries::publications(conn, code, None, None, 1)?.pop().map(|publication| publication.id);
            Ok((newest, queries::channel_settings(conn, code)?))
        };
        codes.iter().map(of).collect()
    };
    house.app.db.read(of).await.unwrap()
}

both_databases! {
    async fn every_file_is_what_its_channel_asks_for(house: House) {
        let Some(against) = shared("specs") else { return };
        samples(&house);
        let before = stored(&house).await;
        let keep = tempfile::tempdir().unwrap();
        let wanted = Wanted { against: against.clone(), channel: None, keep: Some(keep.path().to_owned()) };
        let verdicts = check(&house.app, &wanted).await.unwrap();
        let faulty: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.faults > 0).collect();
        assert!(faulty.is_empty(), "{faulty:#?}");
        for (channel, format, least) in JUDGED {
            let verdict = verdicts.iter().find(|verdict| verdict.channel == channel && verdict.format == format).unwrap();
            assert!(verdict.judged && verdict.items >= least, "at least {least}: {verdict:?}");
        }
        let judged_at_all = verdicts.iter().filter(|verdict| verdict.judged).count();
        assert!(judged_at_all >= JUDGED.len(), "{judged_at_all}");
        assert_eq!(stored(&house).await, before, "nothing is stored for it");

        for (channel, format, stands, put, place) in BROKEN {
            let profile: Arc<ChannelProfile> = house.app.channels.get(channel).unwrap();
            let part = keep.path().join(channel).join(&profile.format(format).unwrap().file);
            let text = std::fs::read_to_string(&part).unwrap();
            assert!(text.contains(stands), "{channel}/{format} has no {stands}");
            let broken = keep.path().join("broken");
            std::fs::write(&broken, text.replacen(stands, put, 1)).unwrap();
            let found = judged(&profile, format, &against, &broken);
            let told = |finding: &Finding| finding.pointer.contains(place) || finding.reason.contains(place);
            assert!(found.iter().any(told), "{channel}/{format} with {put}: {found:?}");
        }
    }
}

/// What the command says and how it ends.
async fn said(house: &House, against: &Path, json: bool) -> (Outcome, String) {
    let args = command::Check { against: against.to_owned(), channel: None, keep: None, json };
    let mut said = Vec::new();
    let outcome = command::run(&house.app, &args, &mut said).await.unwrap();
    (outcome, String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn judging_nothing_is_no_success() {
    let house = House::on_sqlite().await;
    let empty = tempfile::tempdir().unwrap();
    let (outcome, text) = said(&house, empty.path(), false).await;
    assert_eq!(outcome, Outcome::Held);
    assert!(text.contains("google/rss") && text.contains("not judged") && text.contains("holds none of the contracts"), "{text}");
    let (_, lines) = said(&house, empty.path(), true).await;
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((first["channel"].as_str(), first["judged"].as_bool()), (Some("amazon"), Some(false)));

    // A contract, and no product.
    let contract = empty.path().join("shopify");
    std::fs::create_dir(&contract).unwrap();
    std::fs::write(contract.join("product_csv_headers.txt"), "Title,URL handle\n").unwrap();
    let (outcome, text) = said(&house, empty.path(), false).await;
    assert_eq!(outcome, Outcome::Held, "{text}");
    assert!(text.contains("the catalogue has no product that is ready"), "{text}");
    assert!(text.contains("ebay is not fully set up") && text.contains("category_id=CHECK"), "{text}");

    // A contract, products, and columns that it does not know.
    samples(&house);
    let (outcome, text) = said(&house, empty.path(), false).await;
    assert_eq!(outcome, Outcome::Findings, "{text}");
    assert!(text.contains("/Vendor: the channel has no column 'Vendor'"), "{text}");
    let nowhere = command::Check { against: "nowhere".into(), channel: None, keep: None, json: false };
    let refused = command::run(&house.app, &nowhere, &mut Vec::new()).await.unwrap_err();
    assert!(refused.to_string().contains("is no folder"), "{refused}");
}
