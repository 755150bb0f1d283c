//! What was done: `GET /operations`.

use super::{Listed, Page, Path, Query, Tagged};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::Conn;
use crate::db::operations::{self, OperationFilter};
use crate::db::retention::{self, Watermark};
use crate::error::{Error, Result};
use crate::undo;
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
    /// `import`, `edit`, `stock`, `settings`, `rule`, `undo`, `key`, `resolve`, `repair`.
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
    /// Can it be undone, so far as is known without trying?
    pub undoable: bool,
    /// Why it cannot be.
    #[schema(required)]
    pub not_undoable: Option<String>,
    /// The operation that it takes back.
    #[schema(required)]
    pub undoes: Option<String>,
    /// The operation that takes it back.
    #[schema(required)]
    pub undone_by: Option<String>,
}

impl Operation {
    /// As it is told outside; `pruned` says up to where changes are gone.
    fn of(operation: operations::Operation, pruned: Option<&Watermark>) -> Self {
        let not_undoable = undo::possible(&operation, pruned).err().map(|error| error.detail);
        let operations::Operation { id, kind, actor, subject, mut summary, created_at, finished_at, undoes, undone_by } =
            operation;
        if let (true, Some(report)) = (undoes.is_some(), summary.as_object_mut()) {
            // How far an undo is, in a form that only it reads.
            report.remove("walk");
        }
        let undoable = not_undoable.is_none();
        Self { id, kind, actor, subject, summary, created_at, finished_at, undoable, not_undoable, undoes, undone_by }
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
    let work = move |conn: &mut Conn| {
        let rows = operations::list(conn, &filter, before.as_deref(), fetch)?;
        Ok((rows, retention::watermark(conn)?))
    };
    let (rows, pruned) = app.db.read(work).await?;
    page.list(rows, |row| row.id.clone(), |row| Operation::of(row, pruned.as_ref()))
}

/// One operation.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations",
    params(("id" = String, Path, description = "The operation's id")), responses((status = 200, body = Operation)))]
async fn get_operation(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Operation>> {
    caller.require(Permission::ReadInner)?;
    let wanted = id.clone();
    let work = move |conn: &mut Conn| Ok((operations::get(conn, &wanted)?, retention::watermark(conn)?));
    let (found, pruned) = app.db.read(work).await?;
    found.map(|row| Tagged::of(Operation::of(row, pruned.as_ref()))).ok_or_else(|| Error::not_found(format!("operation '{id}'")))
}
