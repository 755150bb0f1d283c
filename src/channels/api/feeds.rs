//! The files channels read, at the root: by a key or a signed link, plain or gzip, whole or in ranges.

use crate::app::App;
use crate::auth::Caller;
use crate::channels::publish::{self, Part, Publication};
use crate::channels::serve::{Wanted, names, range, wants_gzip};
use crate::channels::{signed, store};
use crate::error::{Code, Error, Result};
use crate::http::{Path, Query};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use object_store::{GetOptions, GetRange, ObjectStore};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths at the root.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_feed))
}

/// A signed link's own parameters.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Signature {
    /// Of a signed link: seconds since 1970.
    expires: Option<i64>,
    /// Of a signed link.
    signature: Option<String>,
}

/// A channel's feed: the current publication's file, or one of its further parts.
#[utoipa::path(get, path = "/feeds/{channel}/{file}", tag = "feeds",
    params(("channel" = String, Path, description = "The channel's code"), ("file" = String, Path, description = "The file's name"), Signature),
    responses((status = 200, description = "The file", content_type = "application/octet-stream"), (status = 206, description = "A range of it"),
        (status = 304, description = "The reader has it")))]
async fn get_feed(
    State(app): State<App>,
    caller: Option<Extension<Caller>>,
    Path((channel, file)): Path<(String, String)>,
    Query(link): Query<Signature>,
    headers: HeaderMap,
) -> Result<Response> {
    match (caller, &link.signature) {
        (Some(Extension(caller)), _) => caller.require_channel(&channel)?,
        (None, Some(signature)) => {
            let secret = signed::secret(&app).await?;
            signed::check(&secret, &channel, &file, link.expires.unwrap_or_default(), signature, app.clock.now())?;
        }
        (None, None) => return Err(Error::new(Code::Unauthorized, "send a channel's key or use a signed link")),
    }
    let profile = app.channels.get(&channel)?;
    let found = publish::current(&app, &profile, &file).await?;
    let (publication, part) =
        found.ok_or_else(|| Error::not_found(format!("feed '{file}' of channel '{channel}'; publish it first")))?;
    let content_type = profile.format(&part.format).map_or("application/octet-stream", |format| format.content_type.as_str());
    send(&app, &publication, &part, content_type, &headers).await
}

async fn send(app: &App, publication: &Publication, part: &Part, content_type: &str, headers: &HeaderMap) -> Result<Response> {
    let given = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let zipped = wants_gzip(given(header::ACCEPT_ENCODING).unwrap_or_default());
    let (name, length, sha256) = if zipped {
        (format!("{}.gz", part.file), part.gzip.bytes, &part.gzip.sha256)
    } else {
        (part.file.clone(), part.bytes, &part.sha256)
    };
    let tag = format!("\"{sha256}\"");
    let mut answer = HeaderMap::new();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::ETAG, &tag);
    set(header::VARY, "Accept-Encoding");
    set(header::CACHE_CONTROL, "private, no-cache");
    set(header::ACCEPT_RANGES, "bytes");
    let stood_at = publication.finished_at.unwrap_or(publication.created_at);
    set(header::LAST_MODIFIED, &stood_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if given(header::IF_NONE_MATCH).is_some_and(|held| names(held, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    // A range of another version would be joined to the wrong beginning.
    let same = given(header::IF_RANGE).is_none_or(|held| held.trim() == tag);
    let wanted = range(given(header::RANGE).filter(|_| same), length);
    let (status, first, end) = match wanted {
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
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, content_type);
    set(header::CONTENT_LENGTH, &(end - first).to_string());
    if zipped {
        set(header::CONTENT_ENCODING, "gzip");
    }
    if status == StatusCode::PARTIAL_CONTENT {
        set(header::CONTENT_RANGE, &format!("bytes {first}-{}/{length}", end.saturating_sub(1)));
    }
    let place = store::place(&publication.channel, &publication.id, &name);
    let options =
        GetOptions { range: (first != 0 || end != length).then_some(GetRange::Bounded(first..end)), ..GetOptions::default() };
    let object = app.files.get_opts(&place, options).await.map_err(store::refused)?;
    Ok((status, answer, Body::from_stream(object.into_stream())).into_response())
}
