//! The job queue over HTTP: what waits, what runs, what was given up.

use super::queries::{self, JobRow};
use super::{Job as Work, JobStatus, MAX_ATTEMPTS, dead};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::Result;
use crate::http::{Listed, Page, Path, Query, Tagged, Written, answered};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_jobs))
        .routes(routes!(get_job))
        .routes(routes!(retry_job))
        .routes(routes!(discard_job))
}

/// Work that outlives a request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Job {
    /// Its id.
    #[schema(example = "job_0197c3a2b4d57e0f8a1b2c3d4e5f6071")]
    pub id: String,
    /// `import`, `release`, `undo`, `resolve_all` or `publish`.
    pub kind: &'static str,
    /// The import, operation or channel that it is for.
    #[schema(required)]
    pub subject: Option<String>,
    /// Where it stands.
    pub status: JobStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// After so many tries it is given up.
    pub max_attempts: i32,
    /// Why the last try failed.
    #[schema(required)]
    pub error: Option<String>,
    /// When it was put in.
    pub created_at: DateTime<Utc>,
    /// When it may be tried next; null unless it is queued.
    #[schema(required)]
    pub next_try_at: Option<DateTime<Utc>>,
    /// Until when its worker has it without a further sign of life; null unless it is running.
    #[schema(required)]
    pub lease_until: Option<DateTime<Utc>>,
    /// When it was done or given up.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: row.job.kind(),
            subject: row.job.subject().map(str::to_owned),
            status: row.status,
            attempts: row.attempts,
            max_attempts: MAX_ATTEMPTS,
            error: row.error,
            created_at: row.created_at,
            next_try_at: (row.status == JobStatus::Queued).then_some(row.run_at),
            lease_until: row.lease_until,
            finished_at: row.finished_at,
        }
    }
}

/// Which jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only in this status; `dead` are those that were given up.
    status: Option<JobStatus>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<Kind>,
}

/// A kind of job.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Import,
    Release,
    Undo,
    ResolveAll,
    Publish,
}

impl Kind {
    fn as_str(self) -> &'static str {
        let [import, release, undo, resolve_all, publish] = Work::KINDS;
        match self {
            Self::Import => import,
            Self::Release => release,
            Self::Undo => undo,
            Self::ResolveAll => resolve_all,
            Self::Publish => publish,
        }
    }
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(Which, Page), responses((status = 200, body = Listed<Job>)))]
async fn list_jobs(State(app): State<App>, caller: Caller, Query(which): Query<Which>, page: Page) -> Result<Listed<Job>> {
    caller.require(Permission::ReadInner)?;
    let (before, fetch) = (page.cursor::<String>()?, page.fetch());
    let kind = which.kind.map(Kind::as_str);
    let rows = app.db.read(move |conn| queries::jobs_before(conn, which.status, kind, before.as_deref(), fetch)).await?;
    page.list(rows, |row| row.id.clone(), Job::from)
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, body = Job)))]
async fn get_job(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Job>> {
    caller.require(Permission::ReadInner)?;
    app.db.read(move |conn| queries::job_by_id(conn, &id)).await.map(|row| Tagged::of(Job::from(row)))
}

/// Has a job that was given up tried again, with all of its tries before it. What it is for goes on: a failed import is queued again.
///
/// 409 when it was not given up, or when doing it now would do harm: a later file of the supplier came in since.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 202, body = Job)))]
async fn retry_job(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Job>> {
    caller.require(Permission::Edit)?;
    let now = app.clock.now();
    let work = move |conn: &mut crate::db::Conn| {
        let row = dead::retry(conn, &id, now)?;
        Ok(Written::accepted(Job::from(row), format!("/api/v1/jobs/{id}")))
    };
    answered(&app, work).await
}

/// Takes a job that was given up off the list; it will not be done.
#[utoipa::path(post, path = "/jobs/{id}/discard", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, body = Job)))]
async fn discard_job(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Job>> {
    caller.require(Permission::Edit)?;
    answered(&app, move |conn| Ok(Written::changed(Job::from(dead::discard(conn, &id)?)))).await
}
