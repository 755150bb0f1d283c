//! Two houses that live the same life, and what both must hold after each round of it.

use super::program::{Fate, Moments, Serving, a_minute_later, beamline, kill_after, nothing_left_to_do, run};
use crate::support::{House, Server};
use chrono::Utc;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How the supplier's list is read.
pub const PROFILE: &str = r#"
name = "Alpine list"
locale = "en"
currency = "EUR"
column = [
    { from = "sku", to = "supplier_sku" }, { from = "ean", to = "gtin" }, { from = "brand", to = "brand" },
    { from = "mpn", to = "mpn" }, { from = "title", to = "title" }, { from = "lumens", to = "light_output_max", unit = "lm" },
    { from = "cost", to = "cost" }, { from = "stock", to = "on_hand" }, { from = "image", to = "image" },
    { from = "kind", to = "category" }, { from = "text", to = "description" },
]
"#;

/// A house and a server on it that does nothing by itself: it only answers.
pub struct Home {
    pub house: House,
    pub server: Server,
}

impl Home {
    pub async fn of(house: House) -> Self {
        house.clock.set(Utc::now());
        let server = Server::start_idle(&house).await;
        Self { house, server }
    }

    /// Writes a file that a command reads.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.house.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program with this line, on this house.
    pub fn command(&self, line: &[&str]) -> std::process::Command {
        let mut command = beamline(&self.house.config);
        command.args(line);
        command
    }

    /// Runs it to its end, which is no failure; how long that took.
    pub async fn done(&self, line: &[&str]) -> Duration {
        let begun = Instant::now();
        let (status, said) = run(self.command(line)).await;
        assert!(matches!(status.code(), Some(0 | 1)), "{line:?} {status}: {said}");
        begun.elapsed()
    }

    /// Starts the program again as somebody would who finds it dead, and waits until it has done what was left.
    pub async fn started_again(&self) -> Serving {
        a_minute_later(&self.house).await;
        let serving = Serving::start(beamline(&self.house.config)).await;
        nothing_left_to_do(&self.house).await;
        self.settled().await;
        serving
    }

    /// Waits until the readers of the log are at its end.
    pub async fn settled(&self) {
        // Another test's transaction on the same server may still hide what was committed here.
        self.house.seen().await;
        beamline::channels::follow::catch_up(&self.house.app).await.unwrap();
        beamline::search::catch_up(&self.house.app).await.unwrap();
    }

    /// What `doctor` finds, which must be nothing.
    pub async fn healthy(&self) -> Result<(), String> {
        let (status, said) = run(self.command(&["doctor"])).await;
        if status.success() { Ok(()) } else { Err(format!("doctor: {status}: {said}")) }
    }

    /// Has a newer import than `before` been accepted?
    pub async fn imports(&self) -> usize {
        self.server.all("/api/v1/imports").await.len()
    }

    /// Everything that somebody could tell the two houses by.
    pub async fn holds(&self) -> BTreeMap<&'static str, Vec<Value>> {
        let server = &self.server;
        let mut holds = BTreeMap::new();
        let products = plain(server.all("/api/v1/products").await, &["updated_at", "created_at"]);
        let offers = plain(server.all("/api/v1/suppliers/alpine/offers").await, &["updated_at", "created_at", "import"]);
        let levels = plain(server.all("/api/v1/stock").await, &["reported_at", "updated_at"]);
        let mut imports = server.all("/api/v1/imports").await;
        imports.reverse();
        let mut issues = Vec::new();
        for import in &imports {
            let path = format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap());
            issues.extend(plain(server.all(&path).await, &["id"]));
        }
        let passing = ["id", "change", "created_at", "started_at", "finished_at", "operation", "_links"];
        holds.insert("products", sorted(products, "sku"));
        holds.insert("offers", sorted(offers, "supplier_sku"));
        holds.insert("stock", sorted(levels, "supplier_sku"));
        holds.insert("imports", plain(imports, &passing));
        holds.insert("issues", issues);
        for channel in ["google", "shopify"] {
            let listings = plain(server.all(&format!("/api/v1/channels/{channel}/listings")).await, &["sent_at", "updated_at"]);
            holds.insert(channel, sorted(listings, "sku"));
        }
        holds
    }

    /// The index says of every product what the database says.
    pub async fn index_equals_database(&self) -> Result<(), String> {
        let filter = "status+IN+%5Bdraft,active,discontinued%5D";
        let found = self.server.all(&format!("/api/v1/search?filter={filter}&sort=sku")).await;
        let products = sorted(self.server.all("/api/v1/products").await, "sku");
        let told = |product: &Value, title: &Value| {
            let mut told = Map::new();
            for field in ["sku", "gtin", "mpn", "category", "status", "available", "price", "group"] {
                told.insert(field.to_owned(), product[field].clone());
            }
            told.insert("title".to_owned(), title.clone());
            Value::Object(told)
        };
        let indexed: Vec<Value> = found.iter().map(|hit| told(hit, &hit["title"])).collect();
        let stored: Vec<Value> = products.iter().map(|product| told(product, &product["values"]["title"]["en"])).collect();
        differ("the index and the database", &indexed, &stored)
    }
}

/// The life of a kind of work: what is prepared once, and what is done in each round, killed or not.
pub struct Life {
    pub quiet: Home,
    pub home: Home,
    moments: Moments,
    kills: usize,
    rounds: usize,
}

impl Life {
    pub async fn of(kind: &str, house: House) -> Self {
        let salt = format!("{kind} {:?}", house.backend());
        Self {
            quiet: Home::of(House::on_sqlite().await).await,
            home: Home::of(house).await,
            moments: Moments::new(&salt),
            kills: 0,
            rounds: 0,
        }
    }

    /// Is there to be another round? None is counted that was done before the kill fell.
    pub fn goes_on(&mut self, kills: usize) -> bool {
        self.rounds += 1;
        assert!(self.rounds <= 3 * kills + 3, "only {} of {} rounds were killed in time", self.kills, self.rounds - 1);
        self.kills < kills
    }

    /// The number of this round, from 1.
    pub fn round(&self) -> usize {
        self.rounds
    }

    /// Draws the moment of this round's kill.
    pub fn moment(&mut self, took: Duration) -> Duration {
        self.moments.within(took)
    }

    /// Notes what became of the process.
    pub fn note(&mut self, fate: Fate) {
        self.kills += usize::from(fate == Fate::Killed);
    }

    /// Kills this command at a random moment of the time that it took where nobody killed it.
    pub async fn killed(&mut self, line: &[&str], took: Duration) -> (Fate, Duration) {
        let moment = self.moment(took);
        let fate = kill_after(self.home.command(line), moment).await;
        self.note(fate);
        (fate, moment)
    }

    /// Says how to see this again.
    pub fn at(&self, moment: Duration) -> String {
        format!("round {}, killed after {moment:?}, BEAMLINE_KILLS_SEED={}", self.rounds, self.moments.seed)
    }

    /// Both houses hold the same, and `doctor` finds nothing.
    pub async fn same(&self, moment: Duration) {
        self.quiet.settled().await;
        let (expected, found) = (self.quiet.holds().await, self.home.holds().await);
        let mut wrong = Vec::new();
        for (what, expected) in &expected {
            wrong.extend(differ(what, &found[what], expected).err());
        }
        wrong.extend(self.home.index_equals_database().await.err());
        wrong.extend(self.home.healthy().await.err());
        assert!(wrong.is_empty(), "{}:\n{}", self.at(moment), wrong.join("\n"));
    }
}

fn plain(mut items: Vec<Value>, passing: &[&str]) -> Vec<Value> {
    for item in &mut items {
        let item = item.as_object_mut().unwrap();
        for field in passing {
            item.remove(*field);
        }
    }
    items
}

fn sorted(mut items: Vec<Value>, by: &str) -> Vec<Value> {
    items.sort_by_cached_key(|item| (item[by].as_str().unwrap().to_owned(), item["warehouse"].to_string()));
    items
}

/// The first difference, in words.
pub fn differ(what: &str, found: &[Value], expected: &[Value]) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let none = json!(null);
    let at = (0..found.len().max(expected.len())).find(|at| found.get(*at) != expected.get(*at)).unwrap();
    let (one, other) = (found.get(at).unwrap_or(&none), expected.get(at).unwrap_or(&none));
    Err(format!("{what} differ ({} and {} of them), first at {at}:\n  {one}\n  {other}", found.len(), expected.len()))
}
