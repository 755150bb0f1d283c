//! Entity tags: what a reader holds, and whether a writer read what stands there now (RFC 9110, section 13).
//!
//! A tag is `"<hash of the body as sent>"`, or `"<version>-<hash>"` where the resource counts its edits. `If-None-Match` compares the
//! whole tag. `If-Match` on a counted resource compares the version alone, so that a change of stock or price, which is in the body
//! but is nobody's edit, never fails an edit.

use crate::error::{Code, Error, Result};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// The strong tag of a body, with its quotes.
pub fn of(body: &[u8], version: Option<i64>) -> String {
    let hash = hex::encode(Sha256::digest(body));
    let hash = hash.get(..24).unwrap_or(&hash);
    match version {
        Some(version) => format!("\"{version}-{hash}\""),
        None => format!("\"{hash}\""),
    }
}

/// What a writer demands of the resource as it stands.
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    matches: Option<String>,
    none_matches: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { matches: list(&parts.headers, &header::IF_MATCH), none_matches: list(&parts.headers, &header::IF_NONE_MATCH) })
    }
}

impl Preconditions {
    /// Allows the write on a resource that counts its edits; `version` is none when it does not exist yet.
    pub fn allow_version(&self, version: Option<i64>) -> Result<()> {
        self.allow(version.is_some(), |tag| {
            let given = tag.trim_matches('"').split('-').next().and_then(|given| given.parse::<i64>().ok());
            given.is_some() && given == version
        })
    }

    /// Allows the write on a resource whose tag is the hash of its body; `tag` is none when it does not exist yet.
    pub fn allow_tag(&self, tag: Option<&str>) -> Result<()> {
        self.allow(tag.is_some(), |given| Some(given) == tag)
    }

    fn allow(&self, exists: bool, current: impl Fn(&str) -> bool) -> Result<()> {
        if let Some(matches) = &self.matches {
            let fits = if matches.trim() == "*" { exists } else { tags(matches).any(&current) };
            if !fits {
                return Err(Error::new(
                    Code::PreconditionFailed,
                    "it has changed since you read it; read it again and repeat your edit",
                ));
            }
        }
        if self.none_matches.as_deref().is_some_and(|none| none.trim() == "*") && exists {
            return Err(Error::new(Code::PreconditionFailed, "it exists already; leave out If-None-Match to change it"));
        }
        Ok(())
    }
}

/// The strong tags of a list; a weak one never matches a write.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|tag| !tag.starts_with("W/"))
}

fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    // A header that cannot be read is a demand that cannot be met, not one that was not made.
    (headers.contains_key(name)).then(|| values.join(","))
}

/// Answers 304 to a reader who already holds what would be sent. One place for every GET: a handler only sets the tag.
pub(super) async fn not_modified(request: Request, next: Next) -> Response {
    let reading = request.method() == Method::GET || request.method() == Method::HEAD;
    let held = reading.then(|| list(request.headers(), &header::IF_NONE_MATCH)).flatten();
    let response = next.run(request).await;
    let Some(held) = held.filter(|_| response.status() == StatusCode::OK) else { return response };
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    // If-None-Match compares weakly: a tag marked weak on its way through a proxy is still the one we gave.
    let fits =
        tag.is_some_and(|tag| held.split(',').any(|held| matches!(held.trim().trim_start_matches("W/"), held if held == tag)));
    if !fits && held.trim() != "*" {
        return response;
    }
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY, header::LAST_MODIFIED] {
        if let Some(value) = response.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}
