//! What is measured of a server: `beamline serve` as a process of its own on the loopback.

use super::client::Client;
use super::lab::{House, Lab};
use super::process::{Running, Watch};
use super::search::{Query, WARM_UP};
use crate::error::{Code, Error, Result};
use crate::generate::Made;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A running server.
pub(super) struct Server {
    process: Running,
    address: SocketAddr,
    key: String,
    /// From its start until it was ready.
    pub(super) ready: Duration,
}

/// Longest wait for a server.
const PATIENCE: Duration = Duration::from_secs(120);

impl Server {
    /// Makes a key, starts the server and waits until it is ready.
    pub(super) fn start(lab: &Lab, house: &House) -> Result<Self> {
        let made = lab.beamline(house, ["key", "create", "--role", "admin", "--name", "bench", "--json"])?;
        let made: Value = serde_json::from_str(made.said.trim())?;
        let key = made.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut command = lab.program(house);
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let began = Instant::now();
        let mut process = Running(command.spawn()?);
        let said = process.0.stdout.take().ok_or_else(|| Error::internal("no standard output"))?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        let address: SocketAddr =
            address.ok_or_else(|| Error::new(Code::Internal, "beamline serve did not say where it listens"))?;
        while Client::open(address, &key).and_then(|mut client| client.get("/readyz")).map_or(0, |answer| answer.status) != 200 {
            if began.elapsed() > PATIENCE {
                return Err(Error::new(Code::Internal, "beamline serve does not become ready"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(Self { process, address, key, ready: began.elapsed() })
    }

    fn client(&self) -> Result<Client> {
        Client::open(self.address, &self.key)
    }

    /// Milliseconds of each search, and the peak of the server's memory.
    pub(super) fn search(&self, count: usize) -> Result<(Vec<f64>, Option<f64>)> {
        let watch = Watch::begin(self.process.0.id());
        let mut client = self.client()?;
        let mut samples = Vec::with_capacity(count);
        for (place, query) in Query::mixed(WARM_UP).chain(Query::mixed(count)).enumerate() {
            let path = query.path();
            let began = Instant::now();
            let answer = client.get(&path)?;
            let took = began.elapsed().as_secs_f64() * 1_000.0;
            if place >= WARM_UP {
                samples.push(took);
            } else {
                answer.json()?;
            }
        }
        drop(client);
        Ok((samples, watch.end().0))
    }

    /// SKUs of products that a person may edit.
    fn skus(client: &mut Client) -> Result<Vec<String>> {
        let list = client.get("/api/v1/products?limit=200")?.json()?;
        let items = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        Ok(items.iter().filter_map(|item| Some(item.get("sku")?.as_str()?.to_owned())).collect())
    }

    /// Writes a title and waits until a search shows it, again and again while `go_on` says so. Milliseconds of each.
    fn writes(&self, go_on: &mut dyn FnMut(usize) -> Result<bool>) -> Result<Vec<f64>> {
        let mut client = self.client()?;
        let skus = Self::skus(&mut client)?;
        let mut samples = Vec::new();
        for sku in skus.iter().cycle() {
            if !go_on(samples.len())? {
                break;
            }
            let title = format!("Seen at once {}", samples.len());
            let body = json!({"values": {"title": {"en": title}}}).to_string();
            let began = Instant::now();
            let path = format!("/api/v1/products/{sku}");
            let written = client.send("PATCH", &path, "application/json", body.as_bytes())?;
            let change = written.change.clone().unwrap_or_default();
            written.json()?;
            let found = client.get(&format!("/api/v1/search?limit=1&q={sku}&after_change={change}"))?.json()?;
            samples.push(began.elapsed().as_secs_f64() * 1_000.0);
            if found.pointer("/items/0/title").and_then(Value::as_str) != Some(&title) {
                return Err(Error::new(Code::Internal, format!("{sku} was written and a search does not show it: {found}")));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(samples)
    }

    /// Milliseconds until a write is visible with nothing else going on.
    pub(super) fn writes_alone(&self, count: usize) -> Result<Vec<f64>> {
        self.writes(&mut |done| Ok(done < count))
    }

    /// The same while the server imports these catalogues, one after another.
    pub(super) fn writes_beside_import(&self, made: &Made) -> Result<Vec<f64>> {
        let mut client = self.client()?;
        let mut waiting = made.suppliers.iter();
        let mut running: Option<String> = None;
        self.writes(&mut |done| {
            loop {
                if let Some(id) = &running {
                    let import = client.get(&format!("/api/v1/imports/{id}"))?.json()?;
                    let status = import.get("status").and_then(Value::as_str).unwrap_or_default();
                    if matches!(status, "queued" | "running") {
                        return Ok(true);
                    }
                    if !matches!(status, "done" | "done_with_issues") {
                        return Err(Error::new(Code::Internal, format!("an import ended as {status}: {import}")));
                    }
                }
                let Some(files) = waiting.next() else { return Ok(done == 0) };
                let path = format!("/api/v1/suppliers/{}/imports?kind=catalog&mode=partial", files.supplier);
                let accepted = client.upload(&path, &mut File::open(&files.catalog)?)?.json()?;
                running = accepted.get("id").and_then(Value::as_str).map(str::to_owned);
            }
        })
    }
}

/// Between two writes: a busy person, not a flood.
const PAUSE: Duration = Duration::from_millis(20);
