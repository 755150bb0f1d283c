//! Names become addresses, and only those that may be asked are handed on.
//!
//! The connection is made to the very addresses that were judged: [`Screen`] stands where the HTTP client looks names up, so there is no second
//! look-up at which a name could answer otherwise.

use super::address::Allowed;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Addresses of one name that are tried at most; a name with more gains nothing by them.
const MOST_ADDRESSES: usize = 16;

/// Where the addresses of a name are asked.
pub trait Lookup: Send + Sync {
    /// The addresses of `host`, in the order in which to try them. Fails, or gives none, where there is no such name.
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As this machine looks names up (`getaddrinfo`).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name led to no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unresolved {
    #[error("the name cannot be looked up")]
    Unknown,
    #[error("the name leads to no address that may be asked")]
    Forbidden,
}

/// Looks names up and keeps back what may not be asked.
pub(super) struct Screen {
    pub(super) lookup: Arc<dyn Lookup>,
    /// None for names that the owner has allowed wherever they lead.
    pub(super) allowed: Option<Arc<Allowed>>,
}

impl Resolve for Screen {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.lookup.addresses(name.as_str());
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let found = looking.await.map_err(|_| Unresolved::Unknown)?;
            Ok(screened(&found, allowed.as_deref())?)
        })
    }
}

/// Those of the addresses that may be asked.
fn screened(found: &[IpAddr], allowed: Option<&Allowed>) -> Result<Addrs, Unresolved> {
    if found.is_empty() {
        return Err(Unresolved::Unknown);
    }
    let may_be_asked = |address: &IpAddr| allowed.is_none_or(|allowed| allowed.admits(*address));
    // The canonical form, so that what is asked is what was judged: an IPv4-mapped address is asked as the IPv4 address.
    let kept: Vec<_> = found.iter().map(IpAddr::to_canonical).filter(may_be_asked).take(MOST_ADDRESSES).collect();
    if kept.is_empty() {
        return Err(Unresolved::Forbidden);
    }
    // The client puts the port in.
    Ok(Box::new(kept.into_iter().map(|address| SocketAddr::new(address, 0))))
}
