//! The change log outside: `GET /events`, one CloudEvents 1.0 envelope a change.
//!
//! Nobody who keeps the `next` of the last answer and comes back with it misses an event: the cursor is the log's own, and the log shows
//! nothing that an older transaction could still precede.

use super::extract::parameter;
use super::visible::{self, AfterChange};
use super::{Query, paging};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::{Change, ChangeKind, Position, changes};
use crate::error::Result;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Changes looked at for one answer, events or not.
const LOOKED_AT: usize = 10_000;
/// Changes read at once.
const BATCH: i64 = 1_000;

/// The path of the events.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_events))
}

/// One event, as CloudEvents 1.0 has it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Version of the envelope.
    #[schema(example = "1.0")]
    pub specversion: &'static str,
    /// The change's sequence: also an `after` and an `after_change`.
    pub id: String,
    /// Which log: a path that holds the life of the database.
    #[schema(example = "/api/v1/events/0a1b2c3d")]
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schema(example = "product.updated")]
    pub kind: String,
    /// What it happened to: a SKU, an import's id.
    pub subject: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Media type of the data.
    #[schema(example = "application/json")]
    pub datacontenttype: &'static str,
    /// The operation it belongs to.
    #[serde(rename = "operationid", skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// What is told about it.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

impl From<Change> for Event {
    fn from(change: Change) -> Self {
        Self {
            specversion: "1.0",
            id: change.position.to_string(),
            source: format!("/api/v1/events/{}", change.position.epoch),
            kind: change.kind.as_str().to_owned(),
            subject: change.subject,
            time: change.changed_at,
            datacontenttype: "application/json",
            operation_id: change.operation_id,
            data: change.data,
        }
    }
}

/// Some events and where to go on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Events {
    /// The events, oldest first; none when nothing has happened since.
    pub items: Vec<Event>,
    /// What to give as `after` the next time. Never null: there is always a next time.
    pub next: String,
}

/// Which events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The `next` of the answer before, an event's id or a `Beamline-Change`; left out, from the beginning.
    after: Option<String>,
    /// How many events at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<i64>,
    /// Only of these types, with commas between them, such as `product.created,product.updated`.
    types: Option<String>,
}

/// Events after a point of the change log, oldest first.
#[utoipa::path(get, path = "/events", tag = "operations", params(Wanted), responses((status = 200, body = Events)))]
async fn list_events(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    AfterChange(shown): AfterChange,
) -> Result<Response> {
    caller.require(Permission::ReadInner)?;
    let limit = wanted.limit.unwrap_or(paging::DEFAULT);
    if !(1..=paging::MAX).contains(&limit) {
        return Err(parameter("limit", format!("it is a number from 1 to {}", paging::MAX)));
    }
    let after: Option<Position> = wanted.after.as_deref().map(str::parse).transpose()?;
    let kinds = wanted.types.as_deref().map(kinds).transpose()?;
    let limit = usize::try_from(limit).unwrap_or(0);
    if let Some(position) = shown {
        told(&app, &position).await?;
    }
    let events = app.db.read(move |conn| read(conn, after, kinds.as_deref(), limit)).await?;
    Ok(super::Json(events).into_response())
}

/// Waits until the log tells `position`: it is in the database before every older transaction has ended, and told only after.
async fn told(app: &App, position: &Position) -> Result<()> {
    let deadline = tokio::time::Instant::now() + visible::LONGEST;
    while !app.db.read(changes::head).await?.covers(position) {
        if tokio::time::Instant::now() >= deadline || app.shutdown.is_cancelled() {
            return Err(visible::not_yet());
        }
        tokio::time::sleep(visible::PAUSE).await;
    }
    Ok(())
}

fn kinds(types: &str) -> Result<Vec<ChangeKind>> {
    let read = |name: &str| {
        let known = name.trim().parse::<ChangeKind>().ok().filter(|kind| kind.is_event());
        known.ok_or_else(|| {
            parameter("types", format!("there is no event named '{}'", name.chars().take(100).collect::<String>()))
        })
    };
    types.split(',').take(100).map(read).collect()
}

fn read(conn: &mut crate::db::Conn, after: Option<Position>, kinds: Option<&[ChangeKind]>, limit: usize) -> Result<Events> {
    let mut position = match after {
        Some(position) => position,
        None => changes::start(conn)?,
    };
    let (mut items, mut seen) = (Vec::new(), 0);
    while items.len() < limit && seen < LOOKED_AT {
        let batch = changes::read_after(conn, &position, BATCH)?;
        let last = i64::try_from(batch.len()).unwrap_or(BATCH) < BATCH;
        for change in batch {
            if items.len() == limit {
                break;
            }
            seen += 1;
            position = change.position.clone();
            if change.kind.is_event() && kinds.is_none_or(|kinds| kinds.contains(&change.kind)) {
                items.push(Event::from(change));
            }
        }
        if last {
            break;
        }
    }
    Ok(Events { items, next: position.to_string() })
}
