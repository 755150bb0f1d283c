//! Renditions as bytes: for channels at the root, without a key and never changing; for lists and pages under the API, in the format that the
//! reader takes.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Error, Result};
use crate::files;
use crate::http::Path;
use crate::http::object::{self, Form};
use crate::media::queries::RenditionRow;
use crate::media::{keep, link, rendition};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use object_store::path::Path as ObjectPath;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What never changes may be kept for as long as anybody keeps anything: a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What a key was asked for may be kept by who sent it.
const PRIVATE: &str = "private, max-age=86400";

/// The path at the root.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_media))
}

/// The path under the API.
pub(super) fn inner() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_rendition))
}

/// A picture as a channel fetches it: the address stands in its feed. Needs no key; where the house signs such addresses, one that is not
/// signed is not found.
#[utoipa::path(get, path = "/media/{image}/{rendition}/{file}", tag = "images",
    params(("image" = String, Path, description = "The image's id"), ("rendition" = String, Path, description = "Which rendition; as the feed has it"),
        ("file" = String, Path, description = "Any name; the ending is the format's")),
    responses((status = 200, description = "The picture", content_type = "image/*"), (status = 206, description = "A range of it"),
        (status = 304, description = "The reader has it")))]
async fn get_media(
    State(app): State<App>,
    Path((image, part, _)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let secret = app.db.read(crate::channels::queries::link_secret).await?;
    // Who guesses learns nothing: what is wrongly signed is not there.
    let key = link::open(secret.as_deref(), &image, &part).ok_or_else(|| Error::not_found("picture"))?;
    let row = rendition::get(&app, &image, key).await?;
    send(&app, &row, &headers, FOR_EVER, None).await
}

/// A picture for a list or page: `thumb`, `card` or `page` in the best format that `Accept` names, a rendition by its key, or the `original`.
#[utoipa::path(get, path = "/images/{id}/{rendition}", tag = "images",
    params(("id" = String, Path, description = "The image's id"), ("rendition" = String, Path, description = "`thumb`, `card`, `page`, `original`, or a key")),
    responses((status = 200, description = "The picture", content_type = "image/*"), (status = 206, description = "A range of it"),
        (status = 304, description = "The reader has it")))]
async fn get_rendition(
    State(app): State<App>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    caller.require(Permission::ReadCatalog)?;
    if name == "original" {
        // It may hold what people put into a file without knowing: where it was taken, by whom.
        caller.require(Permission::ReadInner)?;
        let row = app.db.read(move |conn| keep::existing(conn, &id)).await?;
        let form = Form {
            place: ObjectPath::from(row.file.as_str()),
            length: u64::try_from(row.bytes).unwrap_or_default(),
            sha256: &row.sha256,
            content_type: rendition::content_type(&row.format),
            encoding: None,
            vary: None,
            cache: PRIVATE,
            modified: row.created_at.into(),
        };
        return object::send(&*app.files, &form, &headers, |error| files::refused("the picture", error)).await;
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let (key, vary) = match app.lists.get(&name).and_then(|list| list.accepted(accept)) {
        Some(spec) => (rendition::key(spec), Some("Accept")),
        None => (name, None),
    };
    let row = rendition::get(&app, &id, &key).await?;
    send(&app, &row, &headers, PRIVATE, vary).await
}

async fn send(
    app: &App,
    row: &RenditionRow,
    headers: &HeaderMap,
    cache: &'static str,
    vary: Option<&'static str>,
) -> Result<Response> {
    let form = Form {
        place: ObjectPath::from(row.file.as_str()),
        length: u64::try_from(row.bytes).unwrap_or_default(),
        sha256: &row.sha256,
        content_type: rendition::content_type(&row.format),
        encoding: None,
        vary,
        cache,
        modified: row.created_at.into(),
    };
    object::send(&*app.files, &form, headers, |error| files::refused("the picture", error)).await
}
