//! Work that outlives a request: a small queue in the database, and the runner that empties it.
//!
//! A job is enqueued in the caller's transaction, taken by lease (never by a row lock held while working), and taken up again when
//! its worker stops renewing the lease. So every job must be idempotent.

pub mod queries;
pub mod runner;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How long a worker may be silent before its job is taken up by another.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often a worker renews its lease.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(15);
/// Tries before a job is given up.
pub const MAX_ATTEMPTS: i32 = 5;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Run an accepted import.
    Import {
        /// Its id.
        import_id: String,
    },
    /// Lose what a released import missed.
    Release {
        /// Its id.
        import_id: String,
    },
    /// Take a large operation back.
    Undo {
        /// The undo's own operation.
        operation_id: String,
    },
    /// Rebuild every golden record: a rank, a rate or the default channel changed.
    ResolveAll,
}

impl Job {
    /// Its kind's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "import",
            Self::Release { .. } => "release",
            Self::Undo { .. } => "undo",
            Self::ResolveAll => "resolve_all",
        }
    }
}
