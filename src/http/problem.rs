//! Every error as a problem document (RFC 9457), the framework's own rejections included.
//!
//! A handler's [`Error`] becomes an empty answer that carries it; the outermost layer renders it, because only there the request's
//! id is known and only there an answer that some layer below made without us (a 404 of the router, a 405, a body too large) can be
//! given its document too. What is our own fault is logged there, once, with its cause, and answered without it.

use crate::error::{Code, Error, FieldError, Moved};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong (RFC 9457).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Where this kind of problem is explained: a path on this server.
    #[serde(rename = "type")]
    #[schema(example = "/docs/errors#not_found")]
    pub kind: String,
    /// A short text, the same for every occurrence.
    #[schema(example = "Not found")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What is wrong this time, and what to do.
    #[schema(example = "there is no supplier 'acme'")]
    pub detail: String,
    /// A stable code for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// The request's id, as in the logs and in the `X-Request-Id` header.
    pub request_id: String,
    /// Which fields are wrong; empty when it is not about fields.
    pub errors: Vec<ProblemField>,
}

/// Which field is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    /// RFC 6901 pointer into the body, or the name of a parameter.
    #[schema(example = "/currency")]
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
}

impl From<&FieldError> for ProblemField {
    fn from(field: &FieldError) -> Self {
        Self { pointer: field.pointer.clone(), code: field.code.clone(), message: field.message.clone() }
    }
}

impl Problem {
    /// The document of an error.
    pub fn of(error: &Error, request_id: &str) -> Self {
        Self {
            kind: format!("/docs/errors#{}", error.code.as_str()),
            title: error.code.title().to_owned(),
            status: error.code.status(),
            detail: error.detail.clone(),
            code: error.code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            errors: error.fields.iter().map(ProblemField::from).collect(),
        }
    }
}

/// The error an answer stands for, until it is rendered.
#[derive(Clone)]
struct Failure(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        match self.code {
            Code::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"beamline\""));
            }
            Code::Unavailable | Code::NotYetVisible => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // The rest of a body that is not read would be taken for the next request.
            Code::Timeout | Code::TooLarge => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

/// The error that an answer stands for, if it is one of ours.
pub(super) fn failure(response: &Response) -> Option<Arc<Error>> {
    response.extensions().get::<Failure>().map(|Failure(error)| Arc::clone(error))
}

/// Gives an error answer its document; any other answer passes.
pub(super) fn render(response: Response, request_id: &str, asked: &Uri) -> Response {
    let status = response.status();
    let ours = response.extensions().get::<Failure>().is_some();
    if !ours && !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let error = match parts.extensions.remove::<Failure>() {
        Some(Failure(error)) => error,
        None => Arc::new(of_status(status)),
    };
    if error.code.status() >= 500 {
        let source = error.source.as_deref().map(ToString::to_string);
        tracing::error!(code = error.code.as_str(), detail = %error.detail, source, "request failed");
    }
    let body = serde_json::to_vec(&Problem::of(&error, request_id)).unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::TRANSFER_ENCODING);
    parts.headers.remove(header::ETAG);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(place) = error.moved.as_ref().and_then(|moved| elsewhere(asked, moved)) {
        parts.headers.insert(header::LOCATION, place);
    }
    Response::from_parts(parts, Body::from(body))
}

/// What was asked for, under the name that it goes by now.
fn elsewhere(asked: &Uri, moved: &Moved) -> Option<HeaderValue> {
    let path: Vec<&str> = asked.path().split('/').map(|part| if part == moved.from { moved.to.as_str() } else { part }).collect();
    let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::try_from(format!("{}{query}", path.join("/"))).ok()
}

/// What a status means that the framework answered with by itself.
fn of_status(status: StatusCode) -> Error {
    let (code, detail) = match status.as_u16() {
        404 => (Code::NotFound, "there is no such path; /docs lists those there are"),
        405 => (Code::MethodNotAllowed, "this path does not take this method; the Allow header names those it takes"),
        408 => (Code::Timeout, "the request took too long to arrive; send it again"),
        410 => (Code::CursorExpired, "this has expired; start again"),
        412 => (Code::PreconditionFailed, "the resource has changed; read it again"),
        413 => (Code::TooLarge, "the body is larger than this path takes"),
        415 => (Code::UnsupportedMediaType, "this path does not take this media type"),
        416 => (Code::RangeNotSatisfiable, "the range lies outside the file"),
        401 => (Code::Unauthorized, "send a key as 'Authorization: Bearer KEY'"),
        403 => (Code::Forbidden, "this key may not do that"),
        409 => (Code::Conflict, "the current state does not allow this"),
        422 => (Code::Invalid, "some fields are not valid"),
        503 => (Code::Unavailable, "not available just now; try again"),
        400..=499 => (Code::BadRequest, "the request cannot be read"),
        _ => (Code::Internal, "an internal error was logged"),
    };
    Error::new(code, detail)
}
