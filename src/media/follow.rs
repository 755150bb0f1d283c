//! The reader of the change log that knows which product shows which picture. Its cursor moves in the same transaction as what it notes, so
//! a crash repeats work and loses none.

use super::queries::{self, Registered};
use crate::app::App;
use crate::channels::queries::{cursor, move_cursor};
use crate::db::{Change, ChangeKind, Conn, Position, changes};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Name of the cursor.
const CURSOR: &str = "images";
/// Changes read at once.
const CHANGES: i64 = 5_000;
/// Products noted in one transaction.
const BATCH: usize = 500;
const BATCH_ROWS: i64 = 500;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to read.
    Worked,
    /// Everything committed so far has been followed.
    Idle,
}

/// Follows the change log until `shutdown`. Faults are logged and tried again; the cursor stands where it was.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut written = app.db.written();
    loop {
        written.borrow_and_update();
        let pause = match step(&app).await {
            Ok(Step::Worked) => Duration::ZERO,
            // Other processes write without our knowing; a poll finds them.
            Ok(Step::Idle) => Duration::from_millis(500),
            Err(error) if error.code == Code::Conflict => Duration::from_millis(50),
            Err(error) => {
                tracing::warn!(%error, "the pictures of products could not be noted; trying again");
                Duration::from_secs(2)
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            _ = written.changed(), if pause > Duration::ZERO && pause < Duration::from_secs(1) => {}
        }
        if shutdown.is_cancelled() {
            return;
        }
    }
}

/// Follows everything that a reader may see now. For commands.
pub async fn catch_up(app: &App) -> Result<()> {
    let goal = app.db.read(changes::end).await?;
    loop {
        let idle = match step(app).await {
            Ok(step) => step == Step::Idle,
            // Somebody else follows, too, and was faster.
            Err(error) if error.code == Code::Conflict => true,
            Err(error) => return Err(error),
        };
        let at = app.db.read(|conn| cursor(conn, CURSOR)).await?.and_then(|at| at.parse::<Position>().ok());
        if at.is_some_and(|at| at.covers(&goal)) {
            return Ok(());
        }
        if idle {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

enum Read {
    Anew { head: Position, cursor: Option<String> },
    Changes { cursor: String, changes: Vec<Change> },
}

/// Reads some changes and notes what the products that they touched show.
pub async fn step(app: &App) -> Result<Step> {
    let read = app
        .db
        .read(|conn| {
            let at = cursor(conn, CURSOR)?;
            if let Some(position) = at.as_ref().and_then(|at| at.parse::<Position>().ok()) {
                match changes::read_after(conn, &position, CHANGES) {
                    Ok(changes) => return Ok(Read::Changes { cursor: position.to_string(), changes }),
                    Err(error) if error.code == Code::CursorExpired => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(Read::Anew { head: changes::head(conn)?, cursor: at })
        })
        .await?;
    match read {
        Read::Anew { head, cursor } => {
            let mut after = 0;
            loop {
                let ids = app.db.read(move |conn| crate::catalog::queries::product_ids_after(conn, after, BATCH_ROWS)).await?;
                let Some(last) = ids.last().copied() else { break };
                note(app, ids, None).await?;
                after = last;
            }
            let now = app.clock.now();
            app.db.write(move |conn| move_or_conflict(conn, cursor.as_deref(), &head.to_string(), now)).await?;
            Ok(Step::Worked)
        }
        Read::Changes { cursor, changes } => {
            let Some(last) = changes.last().map(|change| change.position.to_string()) else { return Ok(Step::Idle) };
            let more = i64::try_from(changes.len()).is_ok_and(|len| len == CHANGES);
            let products: Vec<i64> = touched(&changes).into_iter().collect();
            let mut parts = products.chunks(BATCH).peekable();
            if parts.peek().is_none() {
                note(app, Vec::new(), Some((cursor, last))).await?;
            } else {
                while let Some(part) = parts.next() {
                    let moved = parts.peek().is_none().then(|| (cursor.clone(), last.clone()));
                    note(app, part.to_vec(), moved).await?;
                }
            }
            Ok(if more { Step::Worked } else { Step::Idle })
        }
    }
}

/// Products whose pictures may be others now.
fn touched(changes: &[Change]) -> BTreeSet<i64> {
    let shows_others = |change: &&Change| match change.kind {
        ChangeKind::ProductCreated => true,
        ChangeKind::ProductUpdated | ChangeKind::ProductDiscontinued => {
            let fields = change.data.get("changed").and_then(serde_json::Value::as_array);
            fields.is_none_or(|fields| fields.iter().any(|field| field == "images" || field == "merged_into"))
        }
        _ => false,
    };
    changes.iter().filter(shows_others).filter_map(|change| change.product_id).collect()
}

/// Notes what these products show, and moves the cursor with it.
async fn note(app: &App, products: Vec<i64>, moved: Option<(String, String)>) -> Result<Registered> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            if let Some((from, to)) = &moved {
                move_or_conflict(conn, Some(from), to, now)?;
            }
            let (registered, told) = queries::register(conn, &products, now)?;
            if !told.is_empty() {
                changes::append(conn, now, &told)?;
            }
            Ok(registered)
        })
        .await
}

fn move_or_conflict(conn: &mut Conn, from: Option<&str>, to: &str, now: DateTime<Utc>) -> Result<()> {
    if move_cursor(conn, CURSOR, from, to, now)? {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "another process follows the change log and was faster"))
}
