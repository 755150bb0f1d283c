//! What handlers answer with.

use super::etag;
use crate::app::App;
use crate::db::idempotency::{self, Answer};
use crate::db::{Conn, Position};
use crate::error::{Error, Result};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Names the change that a write made, for `after_change`.
pub const CHANGE: HeaderName = HeaderName::from_static("beamline-change");

/// A resource as it stands, with its entity tag.
#[derive(Debug, Clone)]
pub struct Tagged<T> {
    body: T,
    version: Option<i64>,
}

impl<T: Serialize> Tagged<T> {
    /// A resource that does not count its edits.
    pub fn of(body: T) -> Self {
        Self { body, version: None }
    }

    /// A resource that does.
    pub fn versioned(body: T, version: i64) -> Self {
        Self { body, version: Some(version) }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.body, self.version)
    }
}

/// A resource as a write left it: with its tag, the change, and where it stands if it is new.
#[derive(Debug, Clone)]
pub struct Written<T> {
    body: T,
    status: StatusCode,
    version: Option<i64>,
    change: Option<Position>,
    location: Option<String>,
}

impl<T: Serialize> Written<T> {
    /// Changed: 200.
    pub fn changed(body: T) -> Self {
        Self { body, status: StatusCode::OK, version: None, change: None, location: None }
    }

    /// Made: 201, found at `location` from now on.
    pub fn created(body: T, location: impl Into<String>) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location.into()), ..Self::changed(body) }
    }

    /// Begun: 202, its progress is at `location`.
    pub fn accepted(body: T, location: impl Into<String>) -> Self {
        Self { status: StatusCode::ACCEPTED, location: Some(location.into()), ..Self::changed(body) }
    }

    /// The resource's count of edits, for its tag.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The change that the write made.
    #[must_use]
    pub fn change(self, change: Position) -> Self {
        Self { change: Some(change), ..self }
    }
}

impl<T: Serialize> Written<T> {
    /// The answer as it is kept for a repeat of the request.
    fn kept(&self) -> Result<Answer> {
        let body = serde_json::to_vec(&self.body)?;
        let mut headers: Vec<(String, String)> =
            own_headers(&body, self.version).into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        headers.extend(self.location.iter().map(|location| (header::LOCATION.to_string(), location.clone())));
        headers.extend(self.change.iter().map(|change| (CHANGE.to_string(), change.to_string())));
        Ok(Answer { status: self.status.as_u16(), headers, body })
    }
}

/// Does one unit of work that answers a POST: with an `Idempotency-Key` its answer is committed together with what it did.
///
/// A handler that writes in another way is answered alike; only a crash between its commit and its answer leaves the answer unknown.
pub async fn answered<T: Serialize + Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut Conn) -> Result<Written<T>> + Send + 'static,
) -> Result<Written<T>> {
    answered_as(app, work, Written::kept).await
}

/// [`answered`], where a repeat is told the body that `repeated` makes of the first one.
pub async fn answered_but<T: Serialize + Clone + Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut Conn) -> Result<Written<T>> + Send + 'static,
    repeated: impl FnOnce(T) -> T + Send + 'static,
) -> Result<Written<T>> {
    let keep = move |written: &Written<T>| {
        let written = written.clone();
        Written { body: repeated(written.body), ..written }.kept()
    };
    answered_as(app, work, keep).await
}

async fn answered_as<T: Serialize + Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut Conn) -> Result<Written<T>> + Send + 'static,
    keep: impl FnOnce(&Written<T>) -> Result<Answer> + Send + 'static,
) -> Result<Written<T>> {
    let ticket = idempotency::current();
    let work = move |conn: &mut Conn| {
        let written = work(conn)?;
        if let Some(ticket) = ticket {
            ticket.keep(conn, &keep(&written)?)?;
        }
        Ok(written)
    };
    app.db.write(work).await
}

impl<T: Serialize> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body, self.version);
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        stamp(&mut response, self.change.as_ref());
        response
    }
}

/// Done, and there is nothing to show: 204.
#[derive(Debug, Clone)]
pub struct Empty {
    /// The change that the write made.
    pub change: Option<Position>,
}

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        stamp(&mut response, self.change.as_ref());
        response
    }
}

fn stamp(response: &mut Response, change: Option<&Position>) {
    if let Some(change) = change.and_then(|change| HeaderValue::try_from(change.to_string()).ok()) {
        response.headers_mut().insert(CHANGE, change);
    }
}

fn json<T: Serialize>(status: StatusCode, body: &T, version: Option<i64>) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, own_headers(&body, version), body).into_response(),
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Private, and asked for again each time: the tag makes that cheap.
fn own_headers(body: &[u8], version: Option<i64>) -> [(HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, etag::of(body, version)),
    ]
}
