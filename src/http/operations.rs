//! What was done: `GET /operations`.

use super::{Listed, Page, Path, Query, Tagged};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::operations::{self, OperationFilter};
use crate::error::{Error, Result};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of operations.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_operations)).routes(routes!(get_operation))
}

/// One import, edit or other operation: what its changes are grouped by.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Operation {
    /// Id.
    #[schema(example = "op_0197c3a2b4d57e0f8a1b2c3d4e5f6071")]
    pub id: String,
    /// `import`, `edit`, `stock`, `settings`, `key`, `resolve`.
    pub kind: String,
    /// Who did it: `key:NAME`, `command`, `demo`, or `job` for work that nobody in particular asked for.
    pub actor: String,
    /// What it was done to: an import's id, a SKU, a supplier's code.
    pub subject: String,
    /// What came of it.
    #[schema(value_type = Object)]
    pub summary: serde_json::Value,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended; null while it runs.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<operations::Operation> for Operation {
    fn from(operation: operations::Operation) -> Self {
        let operations::Operation { id, kind, actor, subject, summary, created_at, finished_at, .. } = operation;
        Self { id, kind, actor, subject, summary, created_at, finished_at }
    }
}

/// Which operations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only of this kind, such as `import` or `edit`.
    kind: Option<String>,
    /// Only on this subject, such as a SKU or a supplier's code.
    subject: Option<String>,
}

/// Operations, newest first.
#[utoipa::path(get, path = "/operations", tag = "operations", params(Wanted, Page),
    responses((status = 200, body = Listed<Operation>)))]
async fn list_operations(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    page: Page,
) -> Result<Listed<Operation>> {
    caller.require(Permission::ReadInner)?;
    let (before, fetch) = (page.cursor::<String>()?, page.fetch());
    let filter = OperationFilter { kind: wanted.kind, subject: wanted.subject };
    let rows = app.db.read(move |conn| operations::list(conn, &filter, before.as_deref(), fetch)).await?;
    page.list(rows, |row| row.id.clone(), Operation::from)
}

/// One operation.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations",
    params(("id" = String, Path, description = "The operation's id")), responses((status = 200, body = Operation)))]
async fn get_operation(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Operation>> {
    caller.require(Permission::ReadInner)?;
    let wanted = id.clone();
    let found = app.db.read(move |conn| operations::get(conn, &wanted)).await?;
    found.map(|row| Tagged::of(row.into())).ok_or_else(|| Error::not_found(format!("operation '{id}'")))
}
