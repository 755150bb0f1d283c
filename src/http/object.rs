//! An object of the file store as an answer: whole or in ranges, and not at all when the reader has it (RFC 9110).

use crate::error::{Code, Error, Result};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use object_store::{GetOptions, GetRange, ObjectStore, path::Path};

/// One form of something that is answered.
#[derive(Debug, Clone)]
pub struct Form<'a> {
    /// Where it stands in the file store.
    pub place: Path,
    /// Its bytes.
    pub length: u64,
    /// SHA-256 of its bytes in hexadecimal digits: its strong `ETag`.
    pub sha256: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// `gzip` where that is the form.
    pub encoding: Option<&'static str>,
    /// Which of the reader's headers decided which form it is.
    pub vary: Option<&'static str>,
    /// How long it may be kept.
    pub cache: &'static str,
    /// When it was made.
    pub modified: DateTime<Utc>,
}

/// Answers with what the reader asks of it. `refused` says what a fault of the store means.
pub async fn send(
    files: &dyn ObjectStore,
    form: &Form<'_>,
    asked: &HeaderMap,
    refused: impl Fn(object_store::Error) -> Error,
) -> Result<Response> {
    let given = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let tag = format!("\"{}\"", form.sha256);
    let mut answer = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::ETAG, &tag);
    if let Some(vary) = form.vary {
        set(header::VARY, vary);
    }
    set(header::CACHE_CONTROL, form.cache);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::LAST_MODIFIED, &form.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if given(header::IF_NONE_MATCH).is_some_and(|held| names(held, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    // A range of another version would be joined to the wrong beginning.
    let same = given(header::IF_RANGE).is_none_or(|held| held.trim() == tag);
    let length = form.length;
    let (status, first, end) = match range(given(header::RANGE).filter(|_| same), length) {
        Wanted::All => (StatusCode::OK, 0, length),
        Wanted::Part(first, end) => (StatusCode::PARTIAL_CONTENT, first, end),
        Wanted::Nothing => {
            let error = Error::new(Code::RangeNotSatisfiable, format!("the file has {length} bytes; ask for some of them"));
            let mut response = error.into_response();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return Ok(response);
        }
    };
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, form.content_type);
    set(header::CONTENT_LENGTH, &(end - first).to_string());
    if let Some(encoding) = form.encoding {
        set(header::CONTENT_ENCODING, encoding);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        set(header::CONTENT_RANGE, &format!("bytes {first}-{}/{length}", end.saturating_sub(1)));
    }
    let options =
        GetOptions { range: (first != 0 || end != length).then_some(GetRange::Bounded(first..end)), ..GetOptions::default() };
    let object = files.get_opts(&form.place, options).await.map_err(refused)?;
    Ok((status, answer, Body::from_stream(object.into_stream())).into_response())
}

/// Takes `Range` off what is no GET: only that has ranges (RFC 9110, section 14.2).
pub async fn range_of_get(mut request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        request.headers_mut().remove(header::RANGE);
    }
    next.run(request).await
}

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    All,
    /// From the first to the one before the last number.
    Part(u64, u64),
    /// None of these exist.
    Nothing,
}

/// Reads a `Range` header for a file of `length` bytes. What is no single byte range asks for all, as the standard allows.
pub fn range(header: Option<&str>, length: u64) -> Wanted {
    let Some(given) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = given.split_once('-') else { return Wanted::All };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(text.parse::<u64>().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => match last {
            Some(last) if last < first => Wanted::All,
            _ if first >= length => Wanted::Nothing,
            last => Wanted::Part(first, last.map_or(length, |last| last.saturating_add(1).min(length))),
        },
        (Some(None), Some(Some(0))) => Wanted::Nothing,
        (Some(None), Some(Some(_))) if length == 0 => Wanted::Nothing,
        (Some(None), Some(Some(tail))) => Wanted::Part(length.saturating_sub(tail), length),
        _ => Wanted::All,
    }
}

/// Does `If-None-Match` or `If-Range` name this tag?
pub fn names(header: &str, tag: &str) -> bool {
    header.trim() == "*" || header.split(',').any(|given| given.trim().trim_start_matches("W/") == tag)
}
