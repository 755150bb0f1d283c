//! Pictures fetched from the addresses that suppliers name, and from nowhere else.
//!
//! Whoever writes a supplier's file chooses what this machine asks, so nothing about an address or an answer is believed. What may be asked is
//! decided three times: by the text of the address (`address`), by the addresses that its name leads to at the moment of connecting (`lookup`,
//! by the table in [`public`]), and again for every redirect, which is followed by hand. What comes back is bounded in bytes, in time and in how many
//! come at once (`places`). No cookies, no `Referer`, no proxy of the environment, no compressed bodies, HTTP/1.1 only.
//!
//! A [`Fetcher`] judges nothing about the bytes: whether they are a picture is told by reading them.

mod address;
mod lookup;
mod places;
pub mod public;
pub mod refusal;
mod reply;

pub use lookup::{Lookup, SystemLookup};
pub use refusal::{Again, Refusal};

use crate::error::{Code, Error, Result};
use address::{Allowed, Asked};
use bytes::Bytes;
use lookup::Screen;
pub use places::Held;
use places::Places;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, Response, redirect, retry};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What we can read, best first; anything else rather than nothing, since many hosts ignore this and some refuse what does not name them.
const ACCEPTED: &str = "image/webp, image/jpeg, image/png, image/tiff, image/gif, image/bmp, image/*;q=0.5, */*;q=0.1";

/// How long a connection waits for the next picture of its host. Short: a file may name thousands of hosts, and each would keep one open.
const KEPT_OPEN: Duration = Duration::from_secs(1);

/// What may be asked, and how much of it.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// May be asked although they are not public: `host` or `host:port` (wherever the name leads), an IP address or a block such as
    /// `10.0.0.0/8` (whatever name leads there).
    pub allowed_hosts: Vec<String>,
    /// The longest address, in bytes. Signed addresses of stores have about 2,500.
    pub max_address: usize,
    /// The most bytes of one picture: 50 MiB, which a TIFF of 16 megapixels fits into.
    pub max_bytes: u64,
    /// How long a host may take to accept a connection, with the look-up of its name and the agreement on encryption.
    pub connect_timeout: Duration,
    /// How long a host may send nothing. It may think as long before its answer begins.
    pub idle_timeout: Duration,
    /// A body may take so long, and a second more for every [`slowest`](Self::slowest) bytes that have come.
    pub grace: Duration,
    /// Bytes a second below which a host is given up once [`grace`](Self::grace) is used up.
    pub slowest: u64,
    /// Redirects that are followed. Browsers follow 20; a picture's host that needs more than two is rare.
    pub redirects: usize,
    /// The longest time to wait that is believed of a host's `Retry-After`.
    pub longest_wait: Duration,
    /// Requests at once, over all hosts.
    pub at_once: usize,
    /// Requests at once at one host (by its name). Browsers use 6; suppliers' hosts are small.
    pub at_once_per_host: usize,
    /// What we call ourselves, so that a host's owner can see who asks.
    pub user_agent: String,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            max_address: 4096,
            max_bytes: 50 << 20,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            grace: Duration::from_secs(60),
            slowest: 16 << 10,
            redirects: 5,
            longest_wait: Duration::from_secs(6 * 60 * 60),
            at_once: 16,
            at_once_per_host: 2,
            user_agent: concat!("Beamline/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// What a host said about a picture, to be told that it has not changed (RFC 9110, section 13.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag` as sent, with its quotes.
    pub etag: Option<String>,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
}

/// What an address gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Bytes, never none.
    New {
        /// The whole body.
        bytes: Bytes,
        /// To ask with the next time.
        validators: Validators,
        /// As the host said, not to be believed.
        content_type: Option<String>,
        /// The address that gave the bytes, after redirects.
        from: String,
    },
    /// The host says that nothing has changed since `known`.
    NotModified,
}

/// Fetches pictures. Clones share their connections and their bounds.
#[derive(Clone)]
pub struct Fetcher {
    shared: Arc<Shared>,
}

struct Shared {
    settings: FetchSettings,
    allowed: Arc<Allowed>,
    /// For everything that the owner did not name.
    screened: Client,
    /// For hosts that the owner named, wherever they lead.
    trusted: Client,
    places: Places,
}

/// What one request came to.
enum Answer {
    Done(Fetched),
    Elsewhere(Asked),
}

impl Fetcher {
    /// Fails where an allowed host cannot be read, and where this machine has no certificates to judge hosts by.
    pub fn new(settings: FetchSettings, lookup: Arc<dyn Lookup>) -> Result<Self> {
        let allowed = Arc::new(Allowed::read(&settings.allowed_hosts)?);
        let screened = client(&settings, Screen { lookup: Arc::clone(&lookup), allowed: Some(Arc::clone(&allowed)) })?;
        let trusted = client(&settings, Screen { lookup, allowed: None })?;
        let places = Places::new(settings.at_once, settings.at_once_per_host);
        Ok(Self { shared: Arc::new(Shared { settings, allowed, screened, trusted, places }) })
    }

    /// Fetches `address`, unless the host says that it is still as `known`. Waits for a place first, without limit; all that
    /// follows is bounded by the settings. Dropping the future ends the request.
    pub async fn fetch(&self, address: &str, known: &Validators) -> Result<Fetched, Refusal> {
        self.fetch_held(address, known).await.map(|(fetched, _)| fetched)
    }

    /// The same, keeping one of the places there are overall until the picture has been dealt with: so no more of them wait in memory than
    /// are fetched at once.
    pub async fn fetch_held(&self, address: &str, known: &Validators) -> Result<(Fetched, Held), Refusal> {
        let Shared { settings, allowed, places, .. } = &*self.shared;
        let mut asked = address::read(address, allowed, settings)?;
        let mut seen = HashSet::from([asked.url.clone()]);
        loop {
            let place = places.enter(&asked.host).await;
            let next = match self.ask(&asked, known).await? {
                Answer::Done(fetched) => return Ok((fetched, place.held())),
                Answer::Elsewhere(next) => next,
            };
            drop(place);
            if !seen.insert(next.url.clone()) || seen.len() > settings.redirects.saturating_add(1) {
                let message =
                    format!("'{}' redirects in a circle or too often; give the address where the picture is", next.host);
                return Err(Refusal::never("too_many_redirects", message));
            }
            asked = next;
        }
    }

    async fn ask(&self, asked: &Asked, known: &Validators) -> Result<Answer, Refusal> {
        let Shared { settings, allowed, screened, trusted, .. } = &*self.shared;
        let client = if asked.trusted { trusted } else { screened };
        let began = Instant::now();
        let request = client.get(asked.url.clone()).headers(condition(known)).send();
        let patience = settings.connect_timeout.saturating_add(settings.idle_timeout);
        let response = tokio::time::timeout(patience, request).await.map_err(|_| Refusal::too_slow(&asked.host))?;
        let response = response.map_err(|error| Refusal::of_error(&error, &asked.host))?;
        match response.status().as_u16() {
            200 | 203 => reply::read(response, asked, settings, began).await.map(Answer::Done),
            204 | 205 => Err(Refusal::empty(&asked.host)),
            304 if *known != Validators::default() => Ok(Answer::Done(Fetched::NotModified)),
            301 | 302 | 303 | 307 | 308 if response.headers().contains_key(LOCATION) => {
                address::follow(&asked.url, &location(&response), allowed, settings).map(Answer::Elsewhere)
            }
            _ => Err(Refusal::of_status(response.status(), response.headers(), &asked.host, settings)),
        }
    }
}

fn location(response: &Response) -> String {
    response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// The headers that ask for what is newer than `known`; what cannot stand in a header is not sent.
fn condition(known: &Validators) -> HeaderMap {
    let said = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)];
    let sendable = |text: &Option<String>| HeaderValue::from_str(text.as_deref()?).ok();
    said.into_iter().filter_map(|(name, text)| Some((name, sendable(text)?))).collect()
}

fn client(settings: &FetchSettings, screen: Screen) -> Result<Client> {
    // The TLS library wants its provider chosen once for the process; a second choice is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let client = Client::builder()
        .user_agent(&settings.user_agent)
        .default_headers(headers)
        .dns_resolver(screen)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .http1_only()
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(KEPT_OPEN)
        .pool_max_idle_per_host(settings.at_once_per_host.max(1));
    client.build().map_err(|error| {
        let advice = "check the user agent, and that this machine has certificates (Debian: the package ca-certificates)";
        Error::new(Code::Unavailable, format!("pictures cannot be fetched; {advice}")).because(error)
    })
}

#[cfg(test)]
mod tests;
