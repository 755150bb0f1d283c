//! The reader of the change log that knows which product shows which picture. Its cursor moves in the same transaction as what it notes, so
//! a crash repeats work and loses none.

use super::queries::{self, Registered};
use crate::app::App;
use crate::background::follow::{Reader, Step};
use crate::channels::queries::{cursor, move_cursor};
use crate::db::{Change, ChangeKind, Conn, Position, changes, lock_pictures};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

/// Name of the cursor.
const CURSOR: &str = "images";
/// Changes read at once.
const CHANGES: i64 = 5_000;
/// Products noted in one transaction.
const BATCH: usize = 500;
const BATCH_ROWS: i64 = 500;

/// The reader that notes pictures.
const READER: Reader =
    Reader { cursor: CURSOR, fault: "the pictures of products could not be noted", step: |app| Box::pin(step(app)) };

/// Follows the change log until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    READER.run(app, shutdown).await;
}

/// Follows everything that was committed before the call. For commands.
pub async fn catch_up(app: &App) -> Result<()> {
    READER.catch_up(app).await
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
            lock_pictures(conn)?;
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
