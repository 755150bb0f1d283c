//! Where an import's time went: a look at the clock at the borders of each transaction's stages, nothing per row.
//!
//! Reading and understanding go on beside the writer, so their times overlap with its own; the writer's stages add up to the whole.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// One stage of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The first, quick reading of a file, for the keys that repeat.
    LookAhead,
    /// Bytes to records.
    Read,
    /// Records to rows: looking up what is stored, normalising.
    Understand,
    /// The writer waits for rows.
    Wait,
    /// The writer waits for a connection and for its turn.
    Lock,
    /// Rows into tables: look-ups, golden records, insertions.
    Write,
    /// Until the database has it for good.
    Commit,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 7] = [Self::LookAhead, Self::Read, Self::Understand, Self::Wait, Self::Lock, Self::Write, Self::Commit];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LookAhead => "look_ahead",
            Self::Read => "read",
            Self::Understand => "understand",
            Self::Wait => "wait",
            Self::Lock => "lock",
            Self::Write => "write",
            Self::Commit => "commit",
        }
    }
}

/// Seconds per stage, summed over the chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Timings {
    /// Rows read.
    pub rows: i64,
    /// Chunks written.
    pub chunks: u64,
    /// From begin to end.
    pub seconds: f64,
    /// See [`Stage::LookAhead`].
    pub look_ahead: f64,
    /// See [`Stage::Read`]; beside the writer.
    pub read: f64,
    /// See [`Stage::Understand`]; beside the writer.
    pub understand: f64,
    /// See [`Stage::Wait`].
    pub wait: f64,
    /// See [`Stage::Lock`].
    pub lock: f64,
    /// See [`Stage::Write`].
    pub write: f64,
    /// See [`Stage::Commit`].
    pub commit: f64,
}

impl Timings {
    /// Notes what a chunk spent in a stage, here and in the metrics.
    pub fn add(&mut self, stage: Stage, spent: Duration) {
        metrics::histogram!("beamline_import_stage_seconds", "stage" => stage.as_str()).record(spent);
        let sum = match stage {
            Stage::LookAhead => &mut self.look_ahead,
            Stage::Read => &mut self.read,
            Stage::Understand => &mut self.understand,
            Stage::Wait => &mut self.wait,
            Stage::Lock => &mut self.lock,
            Stage::Write => &mut self.write,
            Stage::Commit => &mut self.commit,
        };
        *sum += spent.as_secs_f64();
    }

    /// What the stages of the writer do not account for: choosing the profile, losing what a full file lacks, the end.
    pub fn rest(&self) -> f64 {
        (self.seconds - self.look_ahead - self.wait - self.lock - self.write - self.commit).max(0.0)
    }

    /// Rows in a second.
    #[allow(clippy::cast_precision_loss)] // A rate for people.
    pub fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.rows as f64 / self.seconds } else { 0.0 }
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, chunks, seconds, look_ahead, read, understand, wait, lock, write, commit } = self;
        write!(
            f,
            "{rows} rows in {seconds:.2} s, {:.0} rows/s, {chunks} chunks; look ahead {look_ahead:.2} s, wait for rows {wait:.2} s, \
             for the lock {lock:.2} s, write {write:.2} s, commit {commit:.2} s, rest {:.2} s; beside that read {read:.2} s, \
             understand {understand:.2} s",
            self.rows_per_second(),
            self.rest()
        )
    }
}

#[cfg(test)]
mod tests;
