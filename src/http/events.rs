//! The change log outside: `GET /events`, one CloudEvents 1.0 envelope a change.
//!
//! Nobody who keeps the `next` of the last answer and comes back with it misses an event: the cursor is the log's own, and the log shows
//! nothing that an older transaction could still precede. Who does not want to ask again and again waits: with `wait=`, or with
//! Server-Sent Events. All who wait look at one [`Tail`](crate::db::Tail), not each at the database.

use super::extract::parameter;
use super::sse::{self, Message};
use super::visible::{self, AfterChange};
use super::{Query, paging};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::{Change, ChangeKind, Position, changes};
use crate::error::Result;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Changes looked at for one answer, events or not.
const LOOKED_AT: usize = 10_000;
/// Changes read at once.
const BATCH: i64 = 1_000;
/// Events read at once for a stream.
const STREAMED: usize = 200;
/// Seconds that an answer may wait.
const LONGEST_WAIT: u64 = 60;
/// Answers that may wait at once: each of them counts as a request that is worked on.
const WAITING: usize = 256;

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
    /// Seconds to wait for an event when there is none, 60 at most. An answer without events gives a `next` like any other.
    #[param(minimum = 0, maximum = 60)]
    wait: Option<u64>,
}

/// Events after a point of the change log, oldest first. With `wait` the answer comes when there is an event. With
/// `Accept: text/event-stream` they come as Server-Sent Events until somebody ends it: `id` is the change sequence, `event` the type and
/// `data` the envelope; `Last-Event-ID` stands in the place of `after` when a client comes back.
#[utoipa::path(get, path = "/events", tag = "operations", params(Wanted),
    responses((status = 200, content((Events = "application/json"), (String = "text/event-stream")))))]
async fn list_events(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    AfterChange(shown): AfterChange,
    headers: HeaderMap,
) -> Result<Response> {
    caller.require(Permission::ReadInner)?;
    let limit = wanted.limit.unwrap_or(paging::DEFAULT);
    if !(1..=paging::MAX).contains(&limit) {
        return Err(parameter("limit", format!("it is a number from 1 to {}", paging::MAX)));
    }
    let wait = wanted.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(parameter("wait", format!("it is a number of seconds from 0 to {LONGEST_WAIT}")));
    }
    let streamed = sse::is_wanted(&headers);
    let resumed = sse::last_event_id(&headers).filter(|_| streamed);
    let after: Option<Position> = resumed.or(wanted.after.as_deref()).map(str::parse).transpose()?;
    let kinds: Option<Arc<[ChangeKind]>> = wanted.types.as_deref().map(kinds).transpose()?.map(Arc::from);
    let limit = usize::try_from(limit).unwrap_or(0);
    if let Some(position) = shown {
        told(&app, &position).await?;
    }
    if streamed {
        return stream(app, after, kinds).await;
    }
    let events =
        if wait == 0 { look(&app, after, kinds, limit).await? } else { await_one(&app, after, kinds, limit, wait).await? };
    Ok(super::Json(events).into_response())
}

async fn look(app: &App, after: Option<Position>, kinds: Option<Arc<[ChangeKind]>>, limit: usize) -> Result<Events> {
    app.db.read(move |conn| read(conn, after, kinds.as_deref(), limit)).await
}

/// Looks until there is an event, the time is over or the server stops; what was passed over meanwhile is in `next`.
async fn await_one(
    app: &App,
    mut after: Option<Position>,
    kinds: Option<Arc<[ChangeKind]>>,
    limit: usize,
    wait: u64,
) -> Result<Events> {
    static ROOM: Semaphore = Semaphore::const_new(WAITING);
    let deadline = Instant::now() + Duration::from_secs(wait);
    // Who finds no room is answered at once, and asks again.
    let room = ROOM.try_acquire();
    let mut tail = app.db.tail().await?;
    loop {
        // Before looking: what comes while we look wakes us.
        tail.mark_unchanged();
        let events = look(app, after.clone(), kinds.clone(), limit).await?;
        if !events.items.is_empty() || room.is_err() {
            return Ok(events);
        }
        let next: Position = events.next.parse()?;
        let behind = !next.covers(&tail.borrow());
        let moved = after.as_ref() != Some(&next);
        after = Some(next);
        if behind && moved {
            // More was to be passed over than one look does.
            continue;
        }
        tokio::select! {
            changed = tail.changed() => {
                if changed.is_err() {
                    return Ok(events);
                }
            }
            () = tokio::time::sleep_until(deadline) => return Ok(events),
            () = app.shutdown.cancelled() => return Ok(events),
        }
    }
}

/// Events as they come, until the client or the server goes.
async fn stream(app: App, after: Option<Position>, kinds: Option<Arc<[ChangeKind]>>) -> Result<Response> {
    let mut tail = app.db.tail().await?;
    tail.mark_unchanged();
    // The first look is before the answer: a point that has expired is a 410 and not a broken stream.
    let first = look(&app, after, kinds.clone(), STREAMED).await?;
    Ok(sse::answer(app.shutdown.clone(), move |mut out| async move {
        let mut events = first;
        loop {
            let more = !events.items.is_empty();
            for event in &events.items {
                out.send(&Message { id: Some(&event.id), event: &event.kind, data: &serde_json::to_string(event)? }).await?;
            }
            // Events of other types are passed over, and need not be again when the client comes back.
            out.at(&events.next);
            let next: Position = events.next.parse()?;
            if !more && next.covers(&tail.borrow_and_update()) {
                let Ok(()) = out.idle(tail.changed()).await? else { return Ok(()) };
            }
            events = look(&app, Some(next), kinds.clone(), STREAMED).await?;
        }
    }))
}

/// Waits until the log tells `position`: it is in the database before every older transaction has ended, and told only after.
async fn told(app: &App, position: &Position) -> Result<()> {
    let deadline = Instant::now() + visible::LONGEST;
    while !app.db.read(changes::head).await?.covers(position) {
        if Instant::now() >= deadline || app.shutdown.is_cancelled() {
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
