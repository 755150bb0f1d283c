//! A publication, killed: the command, and the server that was asked for one.

use super::life::{Home, Life, PROFILE, differ};
use super::program::{Fate, Serving, beamline, client, share_of_many};
use crate::support::{Answer, House};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const ROWS: usize = 500;
const EXPORT: [&str; 3] = ["export", "--channel", "google"];

fn list(round: usize) -> String {
    let mut csv = "sku,ean,brand,mpn,title,lumens,cost,stock,image,kind,text\n".to_owned();
    for n in (1..=ROWS).filter(|n| round == 0 || n % 10 == round % 10) {
        let title = format!("Lamp {n} edition {round}");
        let _ = writeln!(
            csv,
            "A-{n},,Fenix,HM{n},{title},{},12.50,{},https://img.example/{n}.jpg,Headlamps,A lamp for the night {n}",
            100 + n % 500,
            n % 9
        );
    }
    csv
}

async fn import(home: &Home, round: usize) {
    let (profile, file) = (home.file("profile.toml", PROFILE), home.file("list.csv", &list(round)));
    home.done(&["import", "--supplier", "alpine", "--partial", "--profile", &profile, &file]).await;
}

async fn publications(home: &Home) -> Vec<Value> {
    home.server.all("/api/v1/channels/google/publications").await
}

/// Whatever is told of a publication is there, whole, in both forms; the current one is what is served, and what lies in `feeds/`.
async fn whole(home: &Home) -> Result<(), String> {
    let files = home.house.dir.path().join("files");
    let told = publications(home).await;
    for publication in &told {
        let id = publication["id"].as_str().unwrap();
        for part in publication["parts"].as_array().unwrap() {
            let place = format!("publications/google/{id}/{}", part["file"].as_str().unwrap());
            is(&files.join(&place), part["bytes"].as_u64(), part["sha256"].as_str())?;
            is(&files.join(place + ".gz"), part["gzip"]["bytes"].as_u64(), part["gzip"]["sha256"].as_str())?;
        }
    }
    let Some(current) = told.iter().find(|publication| publication["state"] == "published") else { return Ok(()) };
    for part in current["parts"].as_array().unwrap() {
        let name = part["file"].as_str().unwrap();
        let served = home.server.get(&format!("/feeds/google/{name}")).await;
        if served.status != 200 || hex::encode(Sha256::digest(&served.text)) != part["sha256"].as_str().unwrap() {
            return Err(format!("/feeds/google/{name} is answered with {} and is not the current one", served.status));
        }
        let copy = files.join("feeds/google").join(name);
        is(&copy, part["bytes"].as_u64(), part["sha256"].as_str())?;
        is(&copy.with_file_name(format!("{name}.gz")), part["gzip"]["bytes"].as_u64(), part["gzip"]["sha256"].as_str())?;
    }
    Ok(())
}

fn is(path: &Path, bytes: Option<u64>, sha256: Option<&str>) -> Result<(), String> {
    let held = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let same = Some(held.len() as u64) == bytes && Some(hex::encode(Sha256::digest(&held)).as_str()) == sha256;
    if same { Ok(()) } else { Err(format!("{} has {} bytes, and not those that are told", path.display(), held.len())) }
}

/// What a publication says that does not tell when it was made.
fn counts(publication: &Value) -> Value {
    let mut counts = json!({});
    for field in ["state", "added", "changed", "removed", "unchanged"] {
        counts[field] = publication[field].clone();
    }
    counts["parts"] = publication["parts"].clone();
    counts
}

/// Asks a server for a publication and kills it after `moment`.
async fn ask_and_kill(home: &Home, moment: Duration) -> Fate {
    let mut serving = Serving::start(beamline(&home.house.config)).await;
    home.settled().await;
    let url = format!("{}/api/v1/channels/google/publications", serving.url);
    let request = client().request(Method::POST, url).bearer_auth(&home.server.admin).json(&json!({}));
    let begun = Instant::now();
    let asked = tokio::spawn(request.send());
    while begun.elapsed() < moment && !asked.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let fate = if asked.is_finished() { Fate::Done } else { Fate::Killed };
    serving.kill();
    fate
}

async fn knocks(house: House, kills: usize) {
    let mut life = Life::of("publication", house).await;
    for home in [&life.quiet, &life.home] {
        let settings = json!({"link_template": "https://shop.example/{sku}", "currency": "EUR", "markup": "0.4"});
        home.server.send(Method::PATCH, "/api/v1/channels/google", settings).await.expect(200);
    }
    while life.goes_on(kills) {
        let round = life.round() - 1;
        for home in [&life.quiet, &life.home] {
            import(home, round).await;
            home.settled().await;
        }
        let took = life.quiet.done(&EXPORT).await;
        let before = publications(&life.home).await.len();
        let moment = if round % 2 == 0 {
            life.killed(&EXPORT, took).await.1
        } else {
            let moment = life.moment(took / 2);
            let fate = ask_and_kill(&life.home, moment).await;
            life.note(fate);
            moment
        };
        let serving = life.home.started_again().await;
        let mirrored = Instant::now();
        let mut found = whole(&life.home).await;
        while found.is_err() && mirrored.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            found = whole(&life.home).await;
        }
        drop(serving);
        assert_eq!(found, Ok(()), "{}", life.at(moment));
        let after = publications(&life.home).await;
        if after.len() == before {
            life.home.done(&EXPORT).await;
        }
        let (expected, found) = (publications(&life.quiet).await, publications(&life.home).await);
        assert_eq!(whole(&life.home).await, Ok(()), "{}", life.at(moment));
        let (expected, found): (Vec<_>, Vec<_>) = (expected.iter().map(counts).collect(), found.iter().map(counts).collect());
        assert_eq!(differ("publications", &found, &expected), Ok(()), "{}", life.at(moment));
        life.same(moment).await;
    }
    let once = Answer::of(life.home.server.request(Method::GET, "/api/v1/channels/google/publications")).await.expect(200);
    assert!(!once["items"].as_array().unwrap().is_empty());
}

both_databases! {
    async fn a_killed_publication_leaves_the_last_feed_or_the_next(house: House) {
        knocks(house, 2).await;
    }

    #[ignore = "many kills; .ci/long runs it"]
    async fn many_killed_publications(house: House) {
        knocks(house, share_of_many()).await;
    }
}
