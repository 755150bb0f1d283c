//! Reading what was just written: `after_change=SEQ` waits until an answer shows that change.
//!
//! The database shows a change to everybody once it is committed, so one layer here serves every path that reads the database. What
//! follows the log at its own pace (the search index, the listings) waits for itself, with [`AfterChange`].

use super::Query;
use super::extract::parameter;
use crate::app::App;
use crate::db::{Position, changes};
use crate::error::{Code, Error, Result};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;

/// How long a read waits for a change at most.
pub const LONGEST: Duration = Duration::from_secs(10);
/// Between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// The change that an answer must show.
#[derive(Debug, Clone, Default)]
pub struct AfterChange(pub Option<Position>);

#[derive(Deserialize)]
struct Given {
    after_change: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for AfterChange {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(given) = Query::<Given>::from_request_parts(parts, state).await?;
        let read = |text: String| {
            text.parse::<Position>().map_err(|_| {
                parameter("after_change", "it is what an earlier answer gave as Beamline-Change; give that, letter by letter")
            })
        };
        Ok(Self(given.after_change.map(read).transpose()?))
    }
}

/// The answer when the wait was in vain.
pub fn not_yet() -> Error {
    Error::new(Code::NotYetVisible, "this change is not visible here yet; ask again")
}

/// Waits until the database shows `position`.
pub async fn wait(app: &App, position: &Position) -> Result<()> {
    let deadline = tokio::time::Instant::now() + LONGEST;
    loop {
        let wanted = position.clone();
        if app.db.read(move |conn| changes::shows(conn, &wanted)).await? {
            return Ok(());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(not_yet());
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = app.shutdown.cancelled() => return Err(not_yet()),
        }
    }
}

/// Makes every GET that carries `after_change` wait for it.
pub(super) async fn after_change(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.uri().query().is_some_and(|query| query.contains("after_change="));
    if !asked || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let waited = match AfterChange::from_request_parts(&mut parts, &()).await {
        Ok(AfterChange(Some(position))) => wait(&app, &position).await,
        Ok(AfterChange(None)) => Ok(()),
        Err(error) => Err(error),
    };
    match waited {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => error.into_response(),
    }
}
