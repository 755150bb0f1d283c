//! What handlers answer with.

use super::etag;
use crate::db::Position;
use crate::error::Error;
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
        Ok(body) => {
            let tag = etag::of(&body, version);
            // Private, and asked for again each time: the tag makes that cheap.
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "private, no-cache"), (header::ETAG, &tag)];
            (status, headers, body).into_response()
        }
        Err(error) => Error::internal(error).into_response(),
    }
}
