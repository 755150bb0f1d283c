//! How long the change log is kept: what is older is pruned in batches, from its beginning, and a watermark says up to where.
//!
//! Nobody waits for the slowest reader. One whose cursor stands before the watermark is told `cursor_expired` by
//! [`changes::read_after`](super::changes::read_after) and reads everything anew; nobody is led past what is missing. The newest change
//! always stays, so that the log never looks younger than it is.

use super::changes::{settled, stands};
use super::schema::changes;
use super::settings::{setting, setting_put};
use super::{Conn, Time};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Key of the watermark among the settings.
pub const PRUNED: &str = "pruned";

/// Up to where the log is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// Transaction id of the last change that is gone; 0 on SQLite.
    pub xid: i64,
    /// Its sequence.
    pub seq: i64,
    /// Operations that began before this moment may lack changes.
    pub before: DateTime<Utc>,
}

/// Up to where the log is gone; none when all of it is there.
pub fn watermark(conn: &mut Conn) -> Result<Option<Watermark>> {
    setting(conn, PRUNED)
}

/// Prunes at most `limit` of the oldest changes, when they are older than `before`; how many. None left is 0.
pub fn prune(conn: &mut Conn, before: DateTime<Utc>, limit: i64) -> Result<usize> {
    // One more than is pruned: the newest change stays.
    let oldest: Vec<(i64, i64, Time)> = changes::table
        .filter(settled(conn))
        .order((changes::xid, changes::seq))
        .limit(limit + 1)
        .select((changes::xid, changes::seq, changes::changed_at))
        .load(conn)?;
    let prunable = oldest.len().saturating_sub(1);
    let last = oldest.iter().take(prunable).take_while(|(_, _, at)| DateTime::<Utc>::from(*at) < before).last();
    let Some((xid, seq, _)) = last.copied() else { return Ok(0) };
    let gone = stands!(conn, "<=", xid, seq);
    let pruned = diesel::delete(changes::table.filter(gone)).execute(conn)?;
    let kept = watermark(conn)?.map_or(before, |earlier| earlier.before.max(before));
    setting_put(conn, PRUNED, &Watermark { xid, seq, before: kept })?;
    Ok(pruned)
}
