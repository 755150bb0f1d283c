//! One image and the list of them.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Code, Error, Result};
use crate::http::{Empty, Json, Listed, Page, Path, Query, Tagged, Written, body};
use crate::media::intake::{self, Taken};
use crate::media::keep;
use crate::media::picture::{FINDINGS, Facts, Finding, Refusal};
use crate::media::queries::{self, ImageRow};
use crate::media::said::{Mark, mark};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::header;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_images, create_image)).routes(routes!(get_image, patch_image, delete_image))
}

/// A picture that is kept.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Image {
    /// Of its bytes.
    id: String,
    /// Of its bytes, in hexadecimal digits.
    sha256: String,
    /// What it is, whatever its name says: `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`.
    format: String,
    /// Pixels, as it is looked at.
    width: i32,
    /// Pixels, as it is looked at.
    height: i32,
    /// Of the original.
    bytes: i64,
    /// Can something be seen through it?
    transparent: bool,
    /// Had it more frames? Only the first counts.
    animated: bool,
    /// IPTC's word on how it came to be, such as that it was made by a model. Renditions keep it.
    #[schema(required)]
    digital_source_type: Option<String>,
    /// How much of its rim is white, in thousandths.
    white_border: i32,
    /// What was noticed.
    findings: Vec<Finding>,
    /// The image that shows the same and was here first.
    #[schema(required)]
    same_as: Option<String>,
    /// Does it stand for no picture? Then nothing like it is taken.
    placeholder: bool,
    /// The name of the file that was sent.
    #[schema(required)]
    name: Option<String>,
    /// How many products show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<i64>,
    /// Who sent it; `collect` for one that was fetched.
    created_by: String,
    /// When it came first.
    created_at: DateTime<Utc>,
}

impl Image {
    fn of(row: ImageRow, products: Option<i64>) -> Result<Self> {
        let facts: Facts = row.facts.read()?;
        Ok(Self {
            id: row.id,
            sha256: row.sha256,
            format: row.format,
            width: row.width,
            height: row.height,
            bytes: row.bytes,
            transparent: facts.transparent,
            animated: facts.animated,
            digital_source_type: facts.digital_source_type,
            white_border: row.white_border,
            findings: facts.findings,
            same_as: row.same_as,
            placeholder: row.placeholder,
            name: row.name,
            products,
            created_by: row.created_by,
            created_at: row.created_at.into(),
        })
    }
}

/// Which images are listed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those of which this was noticed, such as `blurred`.
    finding: Option<String>,
}

/// All images that are kept, by id.
#[utoipa::path(get, path = "/images", tag = "images", params(Which, Page), responses((status = 200, body = Listed<Image>)))]
async fn list_images(State(app): State<App>, caller: Caller, Query(which): Query<Which>, page: Page) -> Result<Listed<Image>> {
    caller.require(Permission::ReadInner)?;
    if let Some(code) = which.finding.as_deref().filter(|code| !FINDINGS.contains(code)) {
        let code: String = code.chars().take(60).collect();
        let message = format!("there is no finding '{code}'; there are {}", FINDINGS.join(", "));
        return Err(Error::field("/finding", "not_allowed", message));
    }
    let (after, limit) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let rows = app.db.read(move |conn| queries::images_page(conn, which.finding.as_deref(), &after, limit)).await?;
    let images = rows.into_iter().map(|row| Image::of(row, None)).collect::<Result<Vec<_>>>()?;
    page.list(images, |image| image.id.clone(), |image| image)
}

/// The file's name, where the body is the file itself.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Named {
    /// The file's name.
    filename: Option<String>,
}

/// A file's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only documents the body")]
struct ImageBytes(Vec<u8>);

/// A form with the file in it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the body")]
struct ImageForm {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Sends a picture: as the body itself, of any media type, or as `multipart/form-data` with a part `file`. It is examined at once and kept
/// once: sending the same bytes again answers 200 with the image that is there. It belongs to no product until it is attached.
#[utoipa::path(post, path = "/images", tag = "images", params(Named),
    request_body(content((ImageBytes = "application/octet-stream"), (ImageForm = "multipart/form-data"))),
    responses((status = 201, body = Image), (status = 200, body = Image)))]
async fn create_image(
    State(app): State<App>,
    caller: Caller,
    Query(named): Query<Named>,
    request: Request,
) -> Result<Written<Image>> {
    caller.require(Permission::Edit)?;
    let most = usize::try_from(app.dictionary.pictures().max_bytes).unwrap_or(usize::MAX);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (bytes, name) = if kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        let (bytes, name) = part(request, most).await?;
        (bytes, named.filename.or(name))
    } else {
        (body::read_file(request.into_body(), most).await?, named.filename)
    };
    match intake::take(&app, bytes, name.as_deref(), &caller.actor()).await? {
        Taken::Refused(refusal) => Err(refused(&refusal)),
        Taken::Kept { row, known } => {
            let location = format!("/api/v1/images/{}", row.id);
            let image = Image::of(*row, None)?;
            Ok(if known { Written::changed(image) } else { Written::created(image, location) })
        }
    }
}

/// The part named `file`.
async fn part(mut request: Request, most: usize) -> Result<(Bytes, Option<String>)> {
    // The extractor would stop at two megabytes; the part has a limit of its own.
    DefaultBodyLimit::disable().apply(&mut request);
    let broken = |error: MultipartError| Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}"));
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|error| Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}")))?;
    let (mut ignored, mut found) = (0, None);
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some("file") {
            body::pass_over(part, &mut ignored).await?;
            continue;
        }
        let name = part.file_name().map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(broken)? {
            if bytes.len().saturating_add(piece.len()) > most {
                return Err(Error::new(Code::TooLarge, format!("a picture has at most {most} bytes; send a smaller one")));
            }
            bytes.extend_from_slice(&piece);
        }
        if found.replace((bytes.into(), name)).is_some() {
            let message = "send one picture at a time, or many as a zip to POST /api/v1/images/batches";
            return Err(Error::field("/file", "repeated", message));
        }
    }
    found.ok_or_else(|| Error::field("/file", "missing", "send the picture as the body, or as a part named 'file'"))
}

/// A refusal as an answer.
fn refused(refusal: &Refusal) -> Error {
    let code = if refusal.code == "too_large" { Code::TooLarge } else { Code::Invalid };
    Error { code, ..Error::field("/file", refusal.code, refusal.message.clone()) }
}

/// One image, and how many products show it.
#[utoipa::path(get, path = "/images/{id}", tag = "images", params(("id" = String, Path, description = "The image's id")),
    responses((status = 200, body = Image)))]
async fn get_image(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Image>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut crate::db::Conn| {
        let row = keep::existing(conn, &id)?;
        let products = queries::image_references(conn, &id)?;
        Image::of(row, Some(products))
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

/// What a person says of an image.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PatchImage {
    /// It stands for no picture, as "image coming soon" does: no channel gets it, and nothing like it is taken again.
    placeholder: Option<bool>,
    /// `false`: it shows something else than the image that it was taken to be the same as.
    same: Option<bool>,
}

/// Says of an image that it is a placeholder, or that it is not the same as another after all.
#[utoipa::path(patch, path = "/images/{id}", tag = "images", params(("id" = String, Path, description = "The image's id")),
    request_body(content = PatchImage, content_type = "application/merge-patch+json"), responses((status = 200, body = Image)))]
async fn patch_image(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(said): Json<PatchImage>,
) -> Result<Written<Image>> {
    caller.require(Permission::Edit)?;
    let (actor, now) = (caller.actor(), app.clock.now());
    let (row, change) =
        app.db.write(move |conn| mark(conn, &id, Mark { placeholder: said.placeholder, same: said.same }, &actor, now)).await?;
    let written = Written::changed(Image::of(row, None)?);
    Ok(match change {
        Some(change) => written.change(change),
        None => written,
    })
}

/// Takes an image away with everything that was made of it. One that a product shows stays: 409.
#[utoipa::path(delete, path = "/images/{id}", tag = "images", params(("id" = String, Path, description = "The image's id")),
    responses((status = 204, description = "It is gone")))]
async fn delete_image(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Empty> {
    caller.require(Permission::Edit)?;
    keep::delete(&app, &id, &caller.actor()).await?;
    Ok(Empty { change: None })
}
