//! Chunks on their way to the writer.

#[cfg(test)]
mod tests;

use super::chunk::Chunk;
use crate::error::Result;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;

/// Chunks that are gathered for one transaction at most.
const MOST_GATHERED: usize = 20;

/// The chunks of a file, in order.
pub struct Chunks {
    receive: mpsc::Receiver<Result<Chunk>>,
    /// Those that have come and were not asked for yet.
    came: VecDeque<Result<Chunk>>,
}

impl Chunks {
    pub(super) fn of(receive: mpsc::Receiver<Result<Chunk>>) -> Self {
        Self { receive, came: VecDeque::new() }
    }

    /// The next one, once it is there; none after the last.
    pub async fn next(&mut self) -> Option<Result<Chunk>> {
        match self.came.pop_front() {
            Some(chunk) => Some(chunk),
            None => self.receive.recv().await,
        }
    }

    /// The next one, if it is there already. A failure is left for [`Self::next`].
    pub fn ready(&mut self) -> Option<Chunk> {
        if self.came.is_empty() {
            self.came.extend(self.receive.try_recv());
        }
        if self.came.front()?.is_err() {
            return None;
        }
        self.came.pop_front()?.ok()
    }

    /// Waits for `longest` at most until a chunk has come that changes something, or the last one. Chunks of rows that stand as they are
    /// cost less than a transaction of their own.
    pub async fn gather(&mut self, longest: Duration) {
        let end = tokio::time::Instant::now() + longest;
        let stands = |chunk: &Result<Chunk>| chunk.as_ref().is_ok_and(Chunk::stands);
        while self.came.len() < MOST_GATHERED && self.came.back().is_none_or(stands) {
            match tokio::time::timeout_at(end, self.receive.recv()).await {
                Ok(Some(chunk)) => self.came.push_back(chunk),
                Ok(None) | Err(_) => return,
            }
        }
    }
}
