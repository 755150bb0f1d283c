//! What handlers take in: JSON bodies, query parameters and path parameters whose mistakes are named.

use super::body;
use crate::error::{Code, Error, FieldError};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON body, of `application/json` or `application/merge-patch+json`; as an answer, JSON without a tag.
///
/// What is not JSON is `invalid_json`; what is JSON but not this shape is `invalid` with a pointer to the field.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        media_type(request.headers(), JSON)?;
        let bytes = body::read(request.into_body(), body::LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// `Option<Json<T>>`: a request without a body, whatever media type it names, asks for the defaults.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Error> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, body::LIMIT).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        media_type(&parts.headers, JSON)?;
        parse(&bytes).map(|value| Some(Self(value)))
    }
}

/// The media types of a JSON body.
const JSON: &[&str] = &["application/json", "application/merge-patch+json"];

/// Checks that the body is of one of these media types; parameters such as `charset` are passed over.
pub fn media_type<'a>(headers: &HeaderMap, taken: &[&'a str]) -> Result<&'a str, Error> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    let known = taken.iter().find(|taken| taken.eq_ignore_ascii_case(essence));
    known.copied().ok_or_else(|| {
        Error::new(Code::UnsupportedMediaType, format!("this path takes {}; set Content-Type", taken.join(" or ")))
    })
}

/// Reads JSON of one shape.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    use axum::extract::rejection::JsonRejection;
    if holds_nul(bytes) {
        // PostgreSQL cannot keep it, and no name or text has it.
        return Err(Error::field("", "nul_character", "a text holds the character U+0000; leave it out"));
    }
    match axum::Json::<T>::from_bytes(bytes) {
        Ok(axum::Json(value)) => Ok(value),
        Err(JsonRejection::JsonDataError(error)) => {
            let (path, message) = named(&error);
            let pointer = pointer(&path);
            let place = if pointer.is_empty() { "the body".to_owned() } else { format!("the field {pointer}") };
            let detail = format!("{place} is not valid: {message}");
            Err(Error { detail, ..Error::field(pointer, "invalid", message) })
        }
        Err(error) => {
            let (_, message) = named(&error);
            Err(Error::new(Code::InvalidJson, format!("the body is not valid JSON: {message}")))
        }
    }
}

/// Does a JSON text hold an escaped U+0000?
pub(super) fn holds_nul(bytes: &[u8]) -> bool {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match (escaped, byte) {
            (true, b'u') if bytes.get(at + 1..at + 5) == Some(b"0000") => return true,
            (true, _) => escaped = false,
            (false, b'\\') => escaped = true,
            (false, _) => {}
        }
    }
    false
}

/// The place and the sentence of a rejection of the framework: its cause reads `place: sentence`, the place left out at the root.
fn named(error: &dyn std::error::Error) -> (String, String) {
    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    match cause.split_once(": ") {
        Some((place, message)) if !place.contains(' ') && !place.is_empty() => (place.to_owned(), message.to_owned()),
        _ => (String::new(), cause),
    }
}

/// `lines[0].sku` as an RFC 6901 pointer.
fn pointer(path: &str) -> String {
    if path.is_empty() || path == "." {
        return String::new();
    }
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty() && *step != "?");
    steps.fold(String::new(), |pointer, step| pointer + "/" + &step.replace('~', "~0").replace('/', "~1"))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

/// Query parameters. One that the API's document does not name never gets here (see [`super::strict`]).
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                let (name, message) = named(&error);
                Err(parameter(name, message))
            }
        }
    }
}

/// A wrong parameter.
pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Error {
    let (name, message) = (name.into(), message.into());
    let detail = if name.is_empty() { message.clone() } else { format!("the parameter '{name}' is not valid: {message}") };
    let field = FieldError { pointer: name, code: Code::InvalidParameter.as_str().to_owned(), message };
    Error { fields: vec![field], ..Error::new(Code::InvalidParameter, detail) }
}

/// Path parameters.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => Err(Error::new(Code::BadRequest, format!("the path cannot be read: {}", error.body_text()))),
        }
    }
}
