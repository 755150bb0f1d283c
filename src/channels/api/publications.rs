//! Publications over HTTP: what the next one would change, publishing, releasing what was held, rolling back.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::channels::publish::{self, Diff, Kind, Options, Publication};
use crate::channels::queries;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::{Json, Listed, Page, Path, Query, Tagged, Written, extract};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::fmt::Write;
use std::future::Future;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(get_diff))
        .routes(routes!(list_publications, create_publication))
        .routes(routes!(get_publication))
        .routes(routes!(release_publication))
        .routes(routes!(roll_back_publication))
}

/// How much of a difference is named, and how.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// How many SKUs of each kind are named.
    #[param(minimum = 0, maximum = 1000, default = 50)]
    limit: Option<usize>,
    /// `json`, or `text` for a page that a person reads.
    #[param(inline, default = "json")]
    format: Option<DiffFormat>,
}

/// See [`DiffQuery::format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum DiffFormat {
    Json,
    Text,
}

/// What the next publication would add, change and remove: by field, with prices and stock, and whether the guard would hold it.
#[utoipa::path(get, path = "/channels/{code}/diff", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), DiffQuery), responses((status = 200, body = Diff)))]
async fn get_diff(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(query): Query<DiffQuery>,
) -> Result<Response> {
    caller.require(Permission::ReadInner)?;
    let first = query.limit.unwrap_or(50);
    if first > 1_000 {
        return Err(extract::parameter("limit", "it is a number from 0 to 1000"));
    }
    let diff = publish::diff(&app, &code, first).await?;
    if query.format == Some(DiffFormat::Text) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        return Ok(([(header::CONTENT_TYPE, plain)], told(&code, &diff, first)).into_response());
    }
    Ok(Tagged::of(diff).into_response())
}

/// A difference as a person reads it.
pub fn told(code: &str, diff: &Diff, of_each: usize) -> String {
    let Diff { added, changed, removed, unchanged, .. } = diff;
    let mut text = format!("{code}: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged\n");
    if let Some(detail) = &diff.detail {
        let _ = writeln!(text, "  {}: {detail}", if diff.held { "held" } else { "fails" });
    }
    text + &diff.report.told(of_each)
}

/// How to publish. An empty body publishes the formats of the channel's settings.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewPublication {
    /// Only this format.
    pub format: Option<String>,
    /// Everything, or what differs from the last full one.
    pub kind: Kind,
    /// Publish although the guard would hold it.
    pub force: bool,
}

/// Publishes the channel's feed. The answer's `state` says whether it became the current one: `published`, `held` or `failed`.
#[utoipa::path(post, path = "/channels/{code}/publications", tag = "channels",
    params(("code" = String, Path, description = "The channel's code")), request_body = Option<NewPublication>,
    responses((status = 201, body = Publication)))]
async fn create_publication(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    body: Option<Json<NewPublication>>,
) -> Result<Written<Publication>> {
    caller.require(Permission::Edit)?;
    let NewPublication { format, kind, force } = body.map(|Json(new)| new).unwrap_or_default();
    let of = code.clone();
    made(&of, async move { publish::publish(&app, &code, &Options { format, kind, force }).await }).await
}

/// On a task of its own: a reader who goes away must not leave half a publication.
async fn made(code: &str, work: impl Future<Output = Result<Publication>> + Send + 'static) -> Result<Written<Publication>> {
    let publication = tokio::spawn(work).await.map_err(Error::internal)??;
    let location = format!("/api/v1/channels/{code}/publications/{}", publication.id);
    Ok(Written::created(publication, location))
}

/// Lets a publication that the guard held become the current one, exactly as it was made.
#[utoipa::path(post, path = "/channels/{code}/publications/{id}/release", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), ("id" = String, Path, description = "The publication's id")),
    responses((status = 201, body = Publication)))]
async fn release_publication(
    State(app): State<App>,
    caller: Caller,
    Path((code, id)): Path<(String, String)>,
) -> Result<Written<Publication>> {
    caller.require(Permission::Edit)?;
    let of = code.clone();
    made(&of, async move { publish::release(&app, &code, &id).await }).await
}

/// Makes an earlier publication the current one again, as a new publication with the same files.
#[utoipa::path(post, path = "/channels/{code}/publications/{id}/rollback", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), ("id" = String, Path, description = "The publication's id")),
    responses((status = 201, body = Publication)))]
async fn roll_back_publication(
    State(app): State<App>,
    caller: Caller,
    Path((code, id)): Path<(String, String)>,
) -> Result<Written<Publication>> {
    caller.require(Permission::Edit)?;
    let of = code.clone();
    made(&of, async move { publish::roll_back(&app, &code, &id).await }).await
}

/// A channel's publications, newest first.
#[utoipa::path(get, path = "/channels/{code}/publications", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), Page), responses((status = 200, body = Listed<Publication>)))]
async fn list_publications(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    page: Page,
) -> Result<Listed<Publication>> {
    caller.require(Permission::ReadInner)?;
    app.channels.get(&code)?;
    let (before, fetch) = (page.cursor::<String>()?, page.fetch());
    let work = move |conn: &mut Conn| {
        let rows = queries::publications(conn, &code, None, before.as_deref(), fetch)?;
        rows.into_iter().map(Publication::of).collect::<Result<Vec<_>>>()
    };
    page.list(app.db.read(work).await?, |publication| publication.id.clone(), |publication| publication)
}

/// One publication.
#[utoipa::path(get, path = "/channels/{code}/publications/{id}", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), ("id" = String, Path, description = "The publication's id")),
    responses((status = 200, body = Publication)))]
async fn get_publication(
    State(app): State<App>,
    caller: Caller,
    Path((code, id)): Path<(String, String)>,
) -> Result<Tagged<Publication>> {
    caller.require(Permission::ReadInner)?;
    app.channels.get(&code)?;
    let work = move |conn: &mut Conn| {
        queries::publication(conn, &code, &id)?.ok_or_else(|| Error::not_found(format!("publication '{id}' of channel '{code}'")))
    };
    Ok(Tagged::of(Publication::of(app.db.read(work).await?)?))
}
