//! The real HTTP server, on a port of its own, and the clients that speak to it.

use super::House;
use beamline::auth::{NewKey, Role};
use beamline::http::server;
use beamline::search::Feeder;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running server. Dropping it, or [`Server::stop`], asks it to stop as SIGTERM would.
pub struct Server {
    /// Such as `http://127.0.0.1:40001`, without a slash at its end.
    pub base_url: String,
    /// Sends an admin's key with every request.
    pub client: reqwest::Client,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<beamline::error::Result<()>>>,
}

impl House {
    /// Serves this house on 127.0.0.1, on a port of its own, with all that `beamline serve` runs beside it.
    ///
    /// Once: a house that was asked to stop stays so.
    pub async fn serve(&self) -> Server {
        let listener = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(Feeder::new(self.app.db.clone(), self.app.search.clone()).run(self.app.shutdown.clone()));
        let serving = tokio::spawn(server::serve(self.app.clone(), listener));
        let client = client(Some(&self.key(Role::Admin, None, None).await));
        Server { base_url, client, shutdown: self.app.shutdown.clone(), serving: Some(serving) }
    }

    /// Makes a key and answers with its secret. A supplier's role wants the supplier's code, a channel's the channel's.
    pub async fn key(&self, role: Role, supplier: Option<&str>, channel: Option<&str>) -> String {
        let new = NewKey {
            name: "a test's".to_owned(),
            role,
            supplier: supplier.map(str::to_owned),
            channel: channel.map(str::to_owned),
        };
        let now = self.app.clock.now();
        let made = self.app.db.write(move |conn| beamline::auth::keys::create(conn, &new, "test", now)).await;
        made.expect("the key is made").secret
    }
}

impl Server {
    /// `path` on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Asks the server to stop and waits until it has.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.unwrap().expect("the server stops without an error");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A client that sends this key, or none, with every request and follows no redirect.
pub fn client(key: Option<&str>) -> reqwest::Client {
    // The TLS library wants its provider chosen once for the process; a second choice is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
    }
    let builder = reqwest::Client::builder().default_headers(headers).no_proxy().timeout(Duration::from_secs(60));
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
