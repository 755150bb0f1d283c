//! Sending a supplier's files to a server, and waiting until they are taken in.

use super::{Answer, Server};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long an import of a test may take on a busy machine.
const LONGEST: Duration = Duration::from_secs(90);

/// One file on its way, with what is said about it.
#[derive(Clone)]
pub struct Upload {
    supplier: String,
    query: String,
    name: String,
    bytes: Vec<u8>,
    profile: Option<String>,
}

impl Upload {
    /// A file of this supplier; its name tells the format where its bytes do not.
    pub fn new(supplier: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { supplier: supplier.to_owned(), query: String::new(), name: name.to_owned(), bytes: bytes.into(), profile: None }
    }

    /// With this query, such as `kind=stock&mode=full`.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// With a profile beside it.
    pub fn profile(mut self, toml: &str) -> Self {
        self.profile = Some(toml.to_owned());
        self
    }

    /// Sends it as multipart with this key.
    pub async fn send_as(&self, server: &Server, key: &str) -> Answer {
        let path = format!("/api/v1/suppliers/{}/imports?{}", self.supplier, self.query);
        let mut form = Form::new().part("file", Part::bytes(self.bytes.clone()).file_name(self.name.clone()));
        if let Some(profile) = &self.profile {
            form = form.text("profile", profile.clone());
        }
        Answer::of(server.bare(Method::POST, &path).bearer_auth(key).multipart(form)).await
    }

    /// Sends it as an admin; the import as it ended, its rows accounted for.
    #[track_caller]
    pub fn done(self, server: &Server) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let accepted = self.send_as(server, &server.admin).await;
            assert_eq!(accepted.status.as_u16(), 202, "{caller}: {}", accepted.text);
            server.ended(accepted.json()["id"].as_str().unwrap()).await
        }
    }
}

impl Server {
    /// The import of this id as it ended, its rows accounted for.
    pub async fn ended(&self, id: &str) -> Value {
        let begun = Instant::now();
        loop {
            let import = self.get(&format!("/api/v1/imports/{id}")).await.expect(200);
            if import["status"] != "queued" && import["status"] != "running" {
                let count = |name: &str| import[name].as_i64().unwrap_or_else(|| panic!("no {name}: {import}"));
                let accounted = count("created") + count("updated") + count("unchanged") + count("rejected");
                assert_eq!(count("rows_read"), accounted, "a row is lost without a word: {import}");
                return import;
            }
            assert!(begun.elapsed() < LONGEST, "this import does not end: {import}");
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// GET as an admin, once the answer shows what an import wrote.
    pub async fn get_after(&self, import: &Value, path: &str) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        let change = import["change"].as_str().unwrap_or_else(|| panic!("no change: {import}"));
        self.get(&format!("{path}{mark}after_change={change}")).await.expect(200)
    }

    /// Every item of a list, page after page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{mark}limit=1000{after}")).await.expect(200);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }
}

/// The counts of an import that tests look at most: read, created, updated, unchanged, rejected, gone.
#[track_caller]
pub fn counts(import: &Value) -> [i64; 6] {
    ["rows_read", "created", "updated", "unchanged", "rejected", "gone"].map(|name| import[name].as_i64().unwrap())
}
