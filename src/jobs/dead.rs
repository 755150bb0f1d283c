//! The dead: jobs that were given up, and what a person may do about them.
//!
//! Giving a job up ended what it was for (an import failed, an undo stopped half-way), so trying it again reopens that first. Where the
//! world has gone on since, so that doing it late would do harm, it is refused and says why.

use super::queries::{JobRow, job_by_id, job_discard, job_revive};
use super::{Job, JobStatus};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::import::{ImportStatus, finish};
use crate::undo;
use chrono::{DateTime, Utc};

/// Puts a given-up job into the queue again, with all of its tries before it.
pub fn retry(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<JobRow> {
    match dead(conn, id)?.job {
        Job::Import { import_id } => finish::reopen(conn, &import_id, ImportStatus::Queued)?,
        Job::Release { import_id } => finish::reopen(conn, &import_id, ImportStatus::Running)?,
        Job::Undo { operation_id } => undo::run::reopen(conn, &operation_id)?,
        Job::ResolveAll | Job::Publish { .. } => {}
    }
    job_revive(conn, id, now)?;
    job_by_id(conn, id)
}

/// Takes a given-up job off the list; it will not be done.
pub fn discard(conn: &mut Conn, id: &str) -> Result<JobRow> {
    dead(conn, id)?;
    job_discard(conn, id)?;
    job_by_id(conn, id)
}

fn dead(conn: &mut Conn, id: &str) -> Result<JobRow> {
    let row = job_by_id(conn, id)?;
    if row.status == JobStatus::Dead {
        return Ok(row);
    }
    let why = format!("job {id} is {}; only one that was given up can be retried or discarded", row.status.as_str());
    Err(Error::new(Code::Conflict, why))
}
