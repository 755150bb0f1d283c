//! Statements that take long: logged with their text, and counted.
//!
//! Never with the values bound to them, which may be personal or a supplier's prices: the text is cut off where they begin.

use super::Backend;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

/// Bytes of a statement that are logged; a batch of a thousand rows goes on and on.
const MOST: usize = 1_000;
/// What Diesel writes between a statement and its values.
const VALUES: &str = " -- binds: ";

/// Watches one connection. It costs two looks at the clock a statement.
pub(super) struct Watch {
    backend: Backend,
    slow: Duration,
    began: Option<Instant>,
}

impl Watch {
    /// Tells of statements that take at least `slow`.
    pub(super) fn new(backend: Backend, slow: Duration) -> Self {
        Self { backend, slow, began: None }
    }
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.began = Some(Instant::now()),
            InstrumentationEvent::FinishQuery { query, .. } => {
                let took = self.began.take().map(|began| began.elapsed());
                if let Some(took) = took.filter(|took| *took >= self.slow) {
                    tell(self.backend, &statement(query), took);
                }
            }
            _ => {}
        }
    }
}

fn tell(backend: Backend, statement: &str, took: Duration) {
    if waits(statement) {
        return;
    }
    let database = backend.as_str();
    metrics::counter!("beamline_db_slow_statements_total", "database" => database).increment(1);
    tracing::warn!(database, ms = took.as_secs_f64() * 1_000.0, statement, "slow statement");
}

/// Is it the waiting for a lock, which says nothing about the statement and is measured as such?
fn waits(statement: &str) -> bool {
    statement.starts_with("BEGIN") || statement.contains("pg_advisory_xact_lock")
}

/// The text of a statement without its values.
fn statement(query: &dyn fmt::Display) -> String {
    let mut text = Text(String::new());
    // Ends with an error as soon as there is enough of it.
    let _ = write!(text, "{query}");
    text.0
}

struct Text(String);

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = whole_chars(part, (MOST + VALUES.len()).saturating_sub(self.0.len()));
        let (fits, rest) = part.split_at(room);
        self.0.push_str(fits);
        if let Some(at) = self.0.find(VALUES) {
            self.0.truncate(at);
            return Err(fmt::Error);
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.0.truncate(whole_chars(&self.0, MOST));
        self.0.push('…');
        Err(fmt::Error)
    }
}

/// The length of the longest beginning of `text` that has at most so many bytes and ends with a whole character.
fn whole_chars(text: &str, bytes: usize) -> usize {
    (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
