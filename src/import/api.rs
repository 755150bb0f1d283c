//! Imports over HTTP.

use super::accept::{self, Request};
use super::queries::{self, ImportRow, IssueRow};
use super::{Counts, ImportKind, ImportMode, ImportStatus, finish};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::sse::{self, Message};
use crate::http::{Listed, Page, Path, Query, Tagged, Written, answered};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(create_import))
        .routes(routes!(list_imports))
        .routes(routes!(get_import))
        .routes(routes!(list_import_issues))
        .routes(routes!(follow_import))
        .routes(routes!(release_import))
        .routes(routes!(cancel_import))
}

/// An import: what was sent, how far it is, what became of the rows.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Import {
    /// Its id.
    pub id: String,
    /// Supplier code.
    pub supplier: String,
    /// What the files are about.
    pub kind: ImportKind,
    /// As asked for; null means as the profile says.
    #[schema(required)]
    pub mode: Option<ImportMode>,
    /// Does it only tell what would change?
    pub dry_run: bool,
    /// Where it stands.
    pub status: ImportStatus,
    /// What became of the rows.
    #[serde(flatten)]
    pub counts: Counts,
    /// The change log's point at its end, for `after_change`; null until then.
    #[schema(required)]
    pub change: Option<String>,
    /// The name of the profile it was read with; proposed ones are named so.
    pub profile: String,
    /// Why it failed or is held.
    #[schema(required)]
    pub error: Option<String>,
    /// The operation it is: what its changes are grouped by.
    pub operation: String,
    /// The files' names.
    pub files: Vec<String>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it began; null until then.
    #[schema(required)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; null until then.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        Self {
            id: row.id,
            supplier: row.supplier,
            kind: row.kind,
            mode: row.mode,
            dry_run: row.dry_run,
            status: row.status,
            counts: row.counts,
            change: row.change,
            profile: row.profile_name,
            error: row.error,
            operation: row.operation_id,
            files: row.files.into_iter().map(|file| file.name).collect(),
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// What is wrong with one row or one of its values.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ImportIssue {
    /// The file.
    pub file: String,
    /// Record number, from 1 after the header; 0 for the file itself.
    pub row: i64,
    /// The supplier's own field name; empty for the row as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// The text as it stood there.
    pub raw: String,
    /// `rejected`: the row was not taken. `warning`: it was.
    pub severity: String,
}

impl From<IssueRow> for ImportIssue {
    fn from(row: IssueRow) -> Self {
        let IssueRow { id: _, file, row_number, field, code, message, raw, severity } = row;
        Self { file, row: row_number, field, code, message, raw, severity }
    }
}

/// How an import is to be done.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// What the file is about; `catalog` when left out.
    kind: Option<ImportKind>,
    /// Is the file the whole range? As the profile says when left out.
    mode: Option<ImportMode>,
    /// Only tell what would change.
    dry_run: Option<bool>,
    /// The file's name, when it is the body itself.
    filename: Option<String>,
}

/// A file's bytes: CSV, TSV, XLSX, XML, JSON or NDJSON, plain or in gzip or zip.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only documents the body, which is streamed")]
struct FileBytes(Vec<u8>);

/// Several files, and a profile to read them with.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the body, which is streamed")]
struct ImportForm {
    /// The file; the part may be repeated.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// How the columns map to attributes, as TOML.
    profile: Option<String>,
}

/// Sends a supplier's file: as the body itself, of any media type, or as `multipart/form-data` with one or more parts `file` and, if you like, a part
/// `profile` (TOML). Any size up to 8 GiB is streamed. The import is put in a queue.
#[utoipa::path(post, path = "/suppliers/{code}/imports", tag = "imports",
    params(("code" = String, Path, description = "The supplier's code; an unknown one is created"), How),
    request_body(content((FileBytes = "application/octet-stream"), (ImportForm = "multipart/form-data"))),
    responses((status = 202, body = Import)))]
async fn create_import(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(how): Query<How>,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Result<Written<Import>> {
    caller.require(Permission::Supply)?;
    caller.require_supplier(&code)?;
    crate::suppliers::check::code("/code", &code)?;
    let id = crate::id::new("imp", app.clock.now());
    let mut files = Vec::new();
    let accepted = async {
        let profile = if is_multipart(&headers) {
            multipart(&app, &id, request, &mut files).await?
        } else {
            let name = how.filename.clone().unwrap_or_else(|| default_name(&headers));
            body(&app, &id, &name, request.into_body(), &mut files).await?;
            None
        };
        if files.is_empty() {
            return Err(Error::field("/file", "missing", "send the file as the body, or as a part named 'file'"));
        }
        let request = Request {
            supplier: code,
            kind: how.kind.unwrap_or(ImportKind::Catalog),
            mode: how.mode,
            profile,
            dry_run: how.dry_run.unwrap_or(false),
            actor: caller.actor().clone(),
        };
        let accepted = accept::Accepted::check(&app, id.clone(), request, files.clone())?;
        let now = app.clock.now();
        let work = move |conn: &mut Conn| {
            let (id, _) = accepted.enqueue(conn, None, now)?;
            let row = queries::import_by_id(conn, &id)?;
            Ok(Written::accepted(Import::from(row), format!("/api/v1/imports/{id}")))
        };
        answered(&app, work).await
    };
    let queued = accepted.await;
    if queued.is_err() {
        accept::discard(&app, &files).await;
    }
    queued
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// A name whose ending helps to detect the format when the content alone does not say.
fn default_name(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let ending = match kind.split(';').next().unwrap_or_default().trim() {
        "text/csv" => "csv",
        "text/tab-separated-values" => "tsv",
        "application/json" => "json",
        "application/x-ndjson" => "ndjson",
        "application/xml" | "text/xml" => "xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        _ => return "upload".to_owned(),
    };
    format!("upload.{ending}")
}

async fn body(app: &App, id: &str, name: &str, body: Body, files: &mut Vec<queries::StoredFile>) -> Result<()> {
    let stored = accept::store_file(app, id, 0, name, body.into_data_stream(), accept::MAX_BYTES).await?;
    let empty = stored.bytes == 0;
    files.push(stored);
    if empty {
        return Err(Error::new(Code::UnreadableFile, "the body is empty; send the file as the body"));
    }
    Ok(())
}

/// Profiles are small; a megabyte of one is a mistake.
const MAX_PROFILE_BYTES: usize = 1 << 20;
/// Files of one import.
const MAX_FILES: usize = 100;

/// Stores the parts as they come; the answer is the profile's text. What was stored before something is wrong stands in `files`.
async fn multipart(
    app: &App,
    id: &str,
    mut request: axum::extract::Request,
    files: &mut Vec<queries::StoredFile>,
) -> Result<Option<String>> {
    // The extractor would stop at two megabytes. The parts are streamed, under limits of their own.
    DefaultBodyLimit::disable().apply(&mut request);
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|error| Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}")))?;
    let broken = |error: axum::extract::multipart::MultipartError| {
        Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}"))
    };
    let mut profile = None;
    let mut left = accept::MAX_BYTES;
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "profile" => {
                let mut text = Vec::new();
                while let Some(bytes) = part.chunk().await.map_err(broken)? {
                    text.extend_from_slice(&bytes);
                    if text.len() > MAX_PROFILE_BYTES {
                        return Err(Error::new(Code::TooLarge, format!("a profile has at most {MAX_PROFILE_BYTES} bytes")));
                    }
                }
                profile =
                    Some(String::from_utf8(text).map_err(|_| Error::new(Code::InvalidProfile, "the profile is not UTF-8"))?);
            }
            "file" if files.len() < MAX_FILES => {
                let name = part.file_name().unwrap_or("upload").to_owned();
                let stream = futures_util::stream::unfold(part, |mut part| async move {
                    part.chunk().await.transpose().map(|chunk| (chunk, part))
                });
                let stored = accept::store_file(app, id, files.len(), &name, stream.boxed(), left).await?;
                left = left.saturating_sub(stored.bytes);
                files.push(stored);
            }
            "file" => return Err(Error::new(Code::TooLarge, format!("an import has at most {MAX_FILES} files; zip them"))),
            other => return Err(Error::field(format!("/{other}"), "unknown_part", "the parts are named 'file' and 'profile'")),
        }
    }
    Ok(profile)
}

/// Whose imports.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Only this supplier's.
    supplier: Option<String>,
}

/// Imports, newest first. A supplier key sees its own.
#[utoipa::path(get, path = "/imports", tag = "imports", params(Whose, Page), responses((status = 200, body = Listed<Import>)))]
async fn list_imports(State(app): State<App>, caller: Caller, Query(whose): Query<Whose>, page: Page) -> Result<Listed<Import>> {
    caller.require(Permission::ReadSupply)?;
    let wanted = caller.supplier.as_ref().map(|own| own.code.clone()).or(whose.supplier);
    let (before, fetch) = (page.cursor::<String>()?, page.fetch());
    let rows = app.db.read(move |conn| queries::imports_before(conn, wanted.as_deref(), before.as_deref(), fetch)).await?;
    page.list(rows, |row| row.id.clone(), Import::from)
}

async fn visible(app: &App, caller: &Caller, id: &str) -> Result<ImportRow> {
    let wanted = id.to_owned();
    let row = app.db.read(move |conn| queries::import_by_id(conn, &wanted)).await?;
    match caller.require_supplier(&row.supplier) {
        Err(error) if error.code == Code::NotFound => Err(Error::not_found(format!("import {id}"))),
        other => other.map(|()| row),
    }
}

/// One import: how far it is, and what became of its rows.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, body = Import)))]
async fn get_import(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Import>> {
    Ok(Tagged::of(visible(&app, &caller, &id).await?.into()))
}

/// Every rejected or doubtful value of an import, in the order they were found.
#[utoipa::path(get, path = "/imports/{id}/issues", tag = "imports",
    params(("id" = String, Path, description = "The import's id"), Page), responses((status = 200, body = Listed<ImportIssue>)))]
async fn list_import_issues(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    page: Page,
) -> Result<Listed<ImportIssue>> {
    visible(&app, &caller, &id).await?;
    let (after, fetch) = (page.cursor::<i64>()?.unwrap_or(0), page.fetch());
    let rows = app.db.read(move |conn| queries::issues_after(conn, &id, after, fetch)).await?;
    page.list(rows, |row| row.id, ImportIssue::from)
}

/// How often an import that is written by another process is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often at most a client is told.
const TELL: Duration = Duration::from_millis(200);

/// Follows an import as Server-Sent Events: `event: import` with the import as `data` whenever it has got further, until it has ended or is
/// held.
#[utoipa::path(get, path = "/imports/{id}/events", tag = "imports", params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn follow_import(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let mut written = app.db.written();
    let mut row = visible(&app, &caller, &id).await?;
    Ok(sse::answer(app.shutdown.clone(), move |mut out| async move {
        let mut told = String::new();
        loop {
            let over = !matches!(row.status, ImportStatus::Queued | ImportStatus::Running);
            let now = serde_json::to_string(&Import::from(row))?;
            if now != told {
                out.send(&Message { id: None, event: "import", data: &now }).await?;
                told = now;
            }
            if over {
                return Ok(());
            }
            tokio::time::sleep(TELL).await;
            let _ = tokio::time::timeout(LOOK, out.idle(written.changed())).await;
            let wanted = id.clone();
            row = app.db.read(move |conn| queries::import_by_id(conn, &wanted)).await?;
        }
    }))
}

/// Says that a held import is right: what it lacks is lost, by a job.
#[utoipa::path(post, path = "/imports/{id}/release", tag = "imports", params(("id" = String, Path, description = "The import's id")),
    responses((status = 202, body = Import)))]
async fn release_import(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Import>> {
    caller.require(Permission::Edit)?;
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        let row = finish::release(conn, &id, now)?;
        Ok(Written::accepted(Import::from(row), format!("/api/v1/imports/{id}")))
    };
    answered(&app, work).await
}

/// Stops an import that is queued, running or held. What it wrote stays.
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "imports", params(("id" = String, Path, description = "The import's id")),
    responses((status = 200, body = Import)))]
async fn cancel_import(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Import>> {
    caller.require(Permission::Supply)?;
    visible(&app, &caller, &id).await?;
    let now = app.clock.now();
    answered(&app, move |conn| Ok(ended(finish::cancel(conn, &id, now)?))).await
}

fn ended(row: ImportRow) -> Written<Import> {
    let change = row.change.as_ref().and_then(|change| change.parse().ok());
    let written = Written::changed(Import::from(row));
    match change {
        Some(change) => written.change(change),
        None => written,
    }
}
