//! Work that outlives a request: a small queue in the database, and the runner that empties it.
//!
//! A job is enqueued in the caller's transaction, taken by lease (never by a row lock held while working), and taken up again when
//! its worker stops renewing the lease. So every job must be idempotent.
//!
//! One that fails is tried again after a pause that doubles ([`pause`]), and given up after [`MAX_ATTEMPTS`]. Then it is dead: it stays
//! in the list until a person has it tried again or discards it (`dead`).

pub mod api;
pub mod dead;
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

/// How long a job that has failed so often waits for its next try: 2 s, 4 s, 8 s, 16 s. None when it is given up.
pub fn pause(attempts: i32) -> Option<TimeDelta> {
    (attempts < MAX_ATTEMPTS).then(|| TimeDelta::seconds(1 << attempts.clamp(0, 10)))
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits for a worker, or for its next try.
    Queued,
    /// A worker has it.
    Running,
    /// Done.
    Done,
    /// Given up: it failed too often. It waits for a person.
    Dead,
    /// Given up, and a person says that it need not be done.
    Discarded,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Dead, Self::Discarded];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
        }
    }

    /// The status of this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

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
    /// Publish a channel's feed, because its schedule says so.
    Publish {
        /// The channel's code.
        channel: String,
    },
}

impl Job {
    /// The names of all kinds.
    pub const KINDS: [&'static str; 5] = ["import", "release", "undo", "resolve_all", "publish"];

    /// What it is about: an import's or an operation's id, a channel's code.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Import { import_id } | Self::Release { import_id } => Some(import_id),
            Self::Undo { operation_id } => Some(operation_id),
            Self::ResolveAll => None,
            Self::Publish { channel } => Some(channel),
        }
    }

    /// Its kind's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "import",
            Self::Release { .. } => "release",
            Self::Undo { .. } => "undo",
            Self::ResolveAll => "resolve_all",
            Self::Publish { .. } => "publish",
        }
    }
}

#[cfg(test)]
mod tests;
