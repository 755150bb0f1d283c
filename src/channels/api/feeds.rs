//! The files channels read, at the root: by a key or a signed link, plain or gzip, whole or in ranges.

use crate::app::App;
use crate::auth::Caller;
use crate::channels::publish::{self, Part, Publication};
use crate::channels::serve::wants_gzip;
use crate::channels::{signed, store};
use crate::error::{Code, Error, Result};
use crate::http::object::{self, Form};
use crate::http::{Path, Query};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
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
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let zipped = wants_gzip(accepted.unwrap_or_default());
    let (name, length, sha256) = if zipped {
        (format!("{}.gz", part.file), part.gzip.bytes, &part.gzip.sha256)
    } else {
        (part.file.clone(), part.bytes, &part.sha256)
    };
    let form = Form {
        place: store::place(&publication.channel, &publication.id, &name),
        length,
        sha256,
        content_type,
        encoding: zipped.then_some("gzip"),
        vary: Some("Accept-Encoding"),
        cache: "private, no-cache",
        modified: publication.finished_at.unwrap_or(publication.created_at),
    };
    object::send(&*app.files, &form, headers, store::refused).await
}
