//! A real server on loopback, and a client that asks it as anybody would.

use super::House;
use beamline::auth::{NewKey, Role, keys};
use beamline::http::server;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A running server. Dropping it stops it.
pub struct Server {
    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub url: String,
    /// An admin's key; requests carry it unless they say otherwise.
    pub admin: String,
    /// Stops it as SIGTERM would.
    pub shutdown: tokio_util::sync::CancellationToken,
    /// Ends when the server has stopped.
    pub running: JoinHandle<beamline::error::Result<()>>,
    client: reqwest::Client,
}

impl Server {
    /// Serves this house on a free port, with all that `beamline serve` runs beside the server.
    pub async fn start(house: &House) -> Self {
        let server = Self::start_idle(house).await;
        Self::work(house);
        server
    }

    /// Serves this house, and leaves the queue and the change log alone until [`Server::work`].
    pub async fn start_idle(house: &House) -> Self {
        // The client wants a TLS provider chosen even where it speaks plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let app = house.app.clone();
        let listener = server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = app.shutdown.clone();
        let admin = key(house, Role::Admin, None, None).await;
        let running = tokio::spawn(server::serve(app, listener));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap();
        Self { url, admin, shutdown, running, client }
    }

    /// Starts the index's feeder, the listings' follower and the job runner.
    pub fn work(house: &House) {
        beamline::background::start(&house.app);
    }

    /// A request to a path, with the admin's key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.admin)
    }

    /// A request to a path, without a key.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// GET as an admin.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// GET with a key.
    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        Answer::of(self.bare(Method::GET, path).bearer_auth(key)).await
    }

    /// A JSON body as an admin.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        Answer::of(self.request(method, path).json(&body)).await
    }

    /// A JSON body with a key.
    pub async fn send_as(&self, key: &str, method: Method, path: &str, body: Value) -> Answer {
        Answer::of(self.bare(method, path).bearer_auth(key).json(&body)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Makes a key in the house's database, as the command does.
pub async fn key(house: &House, role: Role, supplier: Option<&str>, channel: Option<&str>) -> String {
    let new = NewKey {
        name: format!("test {}", role.as_str()),
        role,
        supplier: supplier.map(str::to_owned),
        channel: channel.map(str::to_owned),
    };
    let now = house.app.clock.now();
    house.app.db.write(move |conn| keys::create(conn, &new, "command", now)).await.unwrap().secret
}

/// What a server answered, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// Sends a request and reads the answer.
    pub async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await
    }

    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The body as JSON, of this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// A header's value.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let name = HeaderName::try_from(name).unwrap();
        let value = self.headers.get(&name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().unwrap().to_owned()
    }

    /// A whole problem document of this status and code; the document itself.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/docs/errors#{code}"), "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        for text in ["title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        assert!(problem["errors"].is_array(), "{problem}");
        problem
    }
}
