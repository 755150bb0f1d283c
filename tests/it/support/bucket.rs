//! A bucket on loopback: the part of S3's HTTP interface that an object store's client speaks, as the AWS documentation has it. Requests
//! must be signed with the right key's name and carry the hash of their body; parts have S3's least size; lists come in short pages.

mod s3;

use axum::body::Bytes;
use axum::http::Method;
use beamline::files::{self, Settings};
use chrono::{DateTime, Utc};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use object_store::ObjectStore;
use s3::{Inner, KEY, answer};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a request goes wrong.
#[derive(Clone, Copy)]
pub enum Fault {
    /// It is answered with this status.
    Status(u16),
    /// The connection ends without an answer.
    HangUp,
}

type Plan = Box<dyn FnMut(&Method, &str) -> Option<Fault> + Send>;

/// A running bucket called `lamps`. Dropping it stops it.
pub struct Bucket {
    inner: Arc<Mutex<Inner>>,
    /// Where it listens.
    pub url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Bucket {
    /// An empty bucket.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner::default()));
        let state = Arc::clone(&inner);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move { drop(connection.await) });
            }
        });
        Self { inner, url, serving }
    }

    /// What a process needs in its environment to reach it.
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT", self.url.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// A store under the prefix `house`, of little patience.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        files::open("s3://lamps/house", &self.settings()).unwrap()
    }

    /// See [`Bucket::store`].
    pub fn settings(&self) -> Settings {
        Settings { aws: self.env(), retries: 1, patience: Duration::from_secs(5) }
    }

    /// Requests go wrong as the plan says, given the method and the key.
    pub fn breaks(&self, plan: impl FnMut(&Method, &str) -> Option<Fault> + Send + 'static) {
        self.inner.lock().unwrap().plan = Some(Box::new(plan));
    }

    /// All is well again.
    pub fn mends(&self) {
        self.inner.lock().unwrap().plan = None;
    }

    /// Keys that begin so.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.inner.lock().unwrap().objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// What is stored.
    #[track_caller]
    pub fn read(&self, key: &str) -> Bytes {
        self.inner.lock().unwrap().objects.get(key).unwrap_or_else(|| panic!("no {key}")).0.clone()
    }

    /// Stores something behind everybody's back.
    pub fn write(&self, key: &str, bytes: impl Into<Bytes>) {
        self.inner.lock().unwrap().store(key, bytes.into());
    }

    /// Lets it seem that all was stored at this time.
    pub fn date(&self, when: DateTime<Utc>) {
        self.inner.lock().unwrap().objects.values_mut().for_each(|(_, _, modified)| *modified = when);
    }

    /// Removes something behind everybody's back.
    pub fn delete(&self, key: &str) {
        assert!(self.inner.lock().unwrap().objects.remove(key).is_some(), "no {key}");
    }

    /// Uploads in parts: how many were begun, how many are unfinished.
    pub fn uploads(&self) -> (usize, usize) {
        let inner = self.inner.lock().unwrap();
        (inner.begun, inner.uploads.len())
    }
}
