//! Whether an address may be asked, as far as its text tells.
//!
//! The URL library has already brought a host into one form (`0x7f.1`, `2130706433` and `１２７.0.0.1` are all `127.0.0.1`, names are lower case and
//! punycode), and the same parsed URL is what is asked, so nothing can be read in two ways. Names are judged again by where they lead, in
//! [`super::lookup`].

use super::public::is_public;
use super::{FetchSettings, Refusal};
use crate::error::{Code, Error, Result};
use ipnet::IpNet;
use reqwest::Url;
use std::net::IpAddr;

/// The longest name that the DNS can hold, as text: RFC 1035, section 2.3.4.
const LONGEST_NAME: usize = 253;
/// The longest part of a name between dots: RFC 1035, section 2.3.4.
const LONGEST_LABEL: usize = 63;

/// Names that mean this machine or this network, by their last parts: RFC 6761 (localhost), RFC 6762 (local, and in its appendix G those that
/// private networks use), RFC 8375 (home.arpa), ICANN's board of 29 July 2024 (internal).
const NAMES_AT_HOME: [&str; 10] =
    ["corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "localhost", "private"];

/// Ports where something else than a web server listens: the blocked ports of the Fetch standard (<https://fetch.spec.whatwg.org/#port-blocking>), and
/// the usual ports of databases and caches, which a forged request could write to. In order, to be searched.
pub(super) const PORTS_OF_OTHERS: [u16; 91] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
    113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548,
    554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060,
    5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
];

/// What the owner lets us ask although it is not public.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    /// Hosts as URLs write them, each at one port or at any.
    hosts: Vec<(String, Option<u16>)>,
    blocks: Vec<IpNet>,
}

impl Allowed {
    /// Reads [`FetchSettings::allowed_hosts`].
    pub(super) fn read(entries: &[String]) -> Result<Self> {
        let mut allowed = Self::default();
        for entry in entries {
            let text = entry.trim();
            if let Ok(block) = text.parse::<IpNet>() {
                allowed.blocks.push(block.trunc());
            } else if let Ok(address) = text.parse::<IpAddr>() {
                allowed.blocks.push(address.to_canonical().into());
            } else {
                allowed.hosts.push(host_and_port(text).ok_or_else(|| {
                    let advice =
                        "write a host (images.example), a host and port (localhost:8080), an IP address or a block (10.0.0.0/8)";
                    Error::new(Code::Invalid, format!("the allowed host '{entry}' cannot be read; {advice}"))
                })?);
            }
        }
        Ok(allowed)
    }

    /// Did the owner name this host, so that it may be asked wherever it leads?
    fn names(&self, host: &str, port: Option<u16>) -> bool {
        self.hosts.iter().any(|(name, at)| name == host && (at.is_none() || *at == port))
    }

    /// May this address be asked?
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.blocks.iter().any(|block| block.contains(&address))
    }
}

/// `host` or `host:port`, the host as a URL writes it.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let url = Url::parse(&format!("http://{host}/")).ok()?;
    let only_a_host = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.port().is_none();
    let plain = only_a_host && url.username().is_empty() && url.password().is_none() && !host.ends_with('/');
    plain.then(|| url.host_str().map(|host| (undotted(host), port))).flatten()
}

/// A name without the dot that may end it: `localhost.` is `localhost`.
fn undotted(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

/// An address that may be asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) url: Url,
    /// Its host, for messages and for counting how many ask it at once.
    pub(super) host: String,
    /// The owner named this host: it may be asked wherever it leads.
    pub(super) trusted: bool,
}

/// Reads an address that somebody wrote.
pub(super) fn read(text: &str, allowed: &Allowed, settings: &FetchSettings) -> Result<Asked, Refusal> {
    if text.len() > settings.max_address {
        return Err(Refusal::bad_address(&format!("it is longer than {} bytes", settings.max_address)));
    }
    let url = Url::parse(text).map_err(|error| Refusal::bad_address(&error.to_string()))?;
    judge(url, allowed)
}

/// Where a redirect leads: `location` is as the host wrote it, relative or not (RFC 9110, section 10.2.2).
pub(super) fn follow(from: &Url, location: &str, allowed: &Allowed, settings: &FetchSettings) -> Result<Asked, Refusal> {
    if location.len() > settings.max_address {
        return Err(Refusal::bad_address(&format!("it redirects to one that is longer than {} bytes", settings.max_address)));
    }
    let url = from.join(location).map_err(|error| Refusal::bad_address(&format!("it redirects to one that is none: {error}")))?;
    let asked = judge(url, allowed)?;
    if from.scheme() == "https" && asked.url.scheme() != "https" {
        let message =
            format!("the address redirects from https to http at '{}'; give an address that stays with https", asked.host);
        return Err(Refusal::never("downgrade", message));
    }
    Ok(asked)
}

fn judge(mut url: Url, allowed: &Allowed) -> Result<Asked, Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::bad_address("only http and https are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::bad_address("it holds a user or password"));
    }
    url.set_fragment(None);
    let host = undotted(url.host_str().unwrap_or_default());
    if host.is_empty()
        || host.len() > LONGEST_NAME
        || host.split('.').any(|label| label.is_empty() || label.len() > LONGEST_LABEL)
    {
        return Err(Refusal::bad_address("its host's name is empty or too long"));
    }
    let port = url.port_or_known_default();
    if port.is_none_or(|port| PORTS_OF_OTHERS.binary_search(&port).is_ok()) {
        return Err(Refusal::bad_address("its port is not one of a web server"));
    }
    let trusted = allowed.names(&host, port);
    if !trusted {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let may_be_asked = literal.map_or_else(|_| !is_at_home(&host), |address| allowed.admits(address));
        if !may_be_asked {
            return Err(Refusal::forbidden(&host));
        }
    }
    Ok(Asked { url, host, trusted })
}

fn is_at_home(host: &str) -> bool {
    NAMES_AT_HOME.iter().any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
