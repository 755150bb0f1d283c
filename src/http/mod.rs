//! The outside of the house over HTTP: what every capability's `api.rs` stands on.
//!
//! A capability gives a `router()` of annotated handlers; [`mod@router`] mounts them and wraps them once in what every answer owes its
//! reader: a request id, a problem document for every error ([`problem`]), a key checked ([`caller`]), parameters that the API's
//! document names and no others ([`strict`]), and limits on bodies and time ([`body`]). Handlers take the extractors of
//! [`extract`] and [`paging`], and answer with [`Tagged`], [`Listed`] or [`Written`].

pub mod answer;
pub mod body;
pub mod bulk;
pub mod caller;
pub mod etag;
pub mod events;
pub mod extract;
pub mod health;
pub mod idempotency;
mod metering;
pub mod object;
pub mod observe;
pub mod openapi;
pub mod operations;
pub mod paging;
pub mod patch;
pub mod problem;
pub mod router;
pub mod server;
pub mod sse;
pub mod strict;
pub mod visible;

pub use answer::{Empty, Tagged, Written, answered, answered_but};
pub use etag::Preconditions;
pub use extract::{Json, Path, Query};
pub use paging::{Listed, Page};
pub use patch::Field;
pub use problem::Problem;
pub use router::router;
pub use visible::AfterChange;

#[cfg(test)]
mod tests;
