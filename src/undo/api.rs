//! `POST /operations/{id}/undo`.

use super::run::{self, Answer, Wanted};
use super::{OnConflict, Report};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::Result;
use crate::http::{Path, Query, Written};
use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(undo_operation))
}

/// How to undo.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only tell what would be restored, and what was changed since.
    #[serde(default)]
    dry_run: bool,
    /// What to do where something was changed since: `stop` (the default) undoes nothing, `skip` undoes the rest.
    #[serde(default)]
    #[param(inline)]
    on_conflict: OnConflict,
}

/// Undoes an operation as one unit: an import, an edit, a stock report, a setting, a rule run, or an undo.
///
/// What a later operation changed is never overwritten; with `on_conflict=stop` one such thing stops all (409, with each in `errors`). A
/// small operation is undone at once (200); a large one by a job (202), and the undo's own operation at `Location` shows how far it is:
/// its `summary` is this report. The undo is an operation, and can be undone. What a catalogue import made stays as a draft product and an
/// empty, gone offer, so that the same file brings back the same SKU.
#[utoipa::path(post, path = "/operations/{id}/undo", tag = "operations",
    params(("id" = String, Path, description = "The operation to take back"), How),
    responses((status = 200, body = Report), (status = 202, body = Report)))]
async fn undo_operation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(how): Query<How>,
) -> Result<Written<Report>> {
    caller.require(Permission::Edit)?;
    let wanted = Wanted { operation: id, dry_run: how.dry_run, on_conflict: how.on_conflict, actor: caller.actor() };
    Ok(match run::undo(&app, wanted).await? {
        Answer::Done(report, _) if report.dry_run => Written::changed(*report),
        Answer::Done(report, change) => Written::changed(*report).change(change),
        Answer::Accepted(report) => {
            let location = format!("/api/v1/operations/{}", report.undo.as_deref().unwrap_or_default());
            Written::accepted(*report, location)
        }
    })
}
