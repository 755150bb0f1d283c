//! One batch: lines understood, written in one transaction, and answered.

use super::lines::{Line, object};
use super::{Bulk, Doing};
use crate::app::App;
use crate::db::{Conn, Position, operations};
use crate::error::{Code, Error, FieldError, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Tries of a batch while the database is busy or away.
const TRIES: u32 = 4;

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub line: u64,
    pub status: u16,
    pub id: Option<String>,
    pub change: Option<String>,
    pub errors: Vec<FieldError>,
    pub warnings: Vec<FieldError>,
}

/// A line as it was understood.
pub(super) struct Parsed<L> {
    number: u64,
    id: Option<String>,
    line: Result<L, Refused>,
}

/// Why a line is not taken.
#[derive(Debug, Clone)]
struct Refused {
    status: u16,
    errors: Vec<FieldError>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = if error.code == Code::PreconditionFailed { 412 } else { 422 };
        let errors = if error.fields.is_empty() {
            vec![FieldError { pointer: String::new(), code: error.code.as_str().to_owned(), message: error.detail }]
        } else {
            error.fields
        };
        Self { status, errors }
    }
}

/// How far a request has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Stand {
    /// The operation, once a line was to be written.
    pub operation: Option<String>,
    /// Where the log stands with the last batch.
    pub change: Option<Position>,
    pub lines: u64,
    pub created: u64,
    pub updated: u64,
    pub rejected: u64,
}

impl Stand {
    fn summary(&self) -> serde_json::Value {
        json!({"lines": self.lines, "created": self.created, "updated": self.updated, "rejected": self.rejected})
    }
}

/// What one request works with.
pub(super) struct Desk<B> {
    pub app: App,
    pub bulk: Arc<B>,
    pub actor: String,
    pub dry_run: bool,
}

impl<B> Clone for Desk<B> {
    fn clone(&self) -> Self {
        Self { app: self.app.clone(), bulk: Arc::clone(&self.bulk), actor: self.actor.clone(), dry_run: self.dry_run }
    }
}

impl<B: Bulk> Desk<B> {
    /// Understands lines; costs no database.
    pub(super) fn parse(&self, lines: Vec<Line>) -> Vec<Parsed<B::Line>> {
        let parse = |line: Line| match object(line.bytes.as_deref()) {
            Ok(body) => {
                let id = self.bulk.id(&body);
                Parsed { number: line.number, id, line: self.bulk.read(line.number, body).map_err(Refused::from) }
            }
            Err(error) => Parsed { number: line.number, id: None, line: Err(error.into()) },
        };
        lines.into_iter().map(parse).collect()
    }

    /// Writes one batch as one transaction; the answers, and how far the request is then.
    pub(super) async fn commit(&self, lines: Vec<Line>, stand: Stand) -> Result<(Vec<Answer>, Stand)> {
        let desk = self.clone();
        let parsed = tokio::task::spawn_blocking(move || desk.parse(lines)).await.map_err(Error::internal)?;
        let parsed = Arc::new(parsed);
        let mut tries = 1;
        loop {
            let (desk, parsed, stand, now) = (self.clone(), Arc::clone(&parsed), stand.clone(), self.app.clock.now());
            let work = move |conn: &mut Conn| desk.apply(conn, &parsed, stand, now);
            let done = if self.dry_run { self.app.db.rehearse(work).await } else { self.app.db.write(work).await };
            match done {
                Err(error) if error.code == Code::Unavailable && tries < TRIES && !self.app.shutdown.is_cancelled() => {
                    tracing::info!(%error, tries, "a bulk batch waits for the database");
                    tokio::time::sleep(Duration::from_millis(250) * 2_u32.pow(tries)).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// Writes a batch in the caller's transaction.
    pub(super) fn apply(
        &self,
        conn: &mut Conn,
        parsed: &[Parsed<B::Line>],
        mut stand: Stand,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Answer>, Stand)> {
        let ready: Vec<&B::Line> = parsed.iter().filter_map(|parsed| parsed.line.as_ref().ok()).collect();
        let mut taken = Vec::new();
        if !ready.is_empty() {
            let operation = if let Some(operation) = stand.operation.take() {
                operation
            } else {
                let (kind, subject) = self.bulk.operation();
                operations::begin(conn, kind, &self.actor, &subject, &stand.summary(), now)?
            };
            let doing = Doing { actor: &self.actor, operation: &operation, now };
            let (answers, change) = self.bulk.take(conn, doing, &ready)?;
            taken = answers;
            stand.operation = Some(operation);
            stand.change = Some(change);
        }
        let mut taken = taken.into_iter();
        let mut answers = Vec::with_capacity(parsed.len());
        for parsed in parsed {
            let took = match &parsed.line {
                Ok(_) => match taken.next() {
                    Some(Ok(took)) => Ok(took),
                    Some(Err(error)) if error.code.status() >= 500 => return Err(error),
                    Some(Err(error)) => Err(Refused::from(error)),
                    None => return Err(Error::internal("a line of a bulk write had no answer")),
                },
                Err(refused) => Err(refused.clone()),
            };
            stand.lines += 1;
            let (line, id) = (parsed.number, parsed.id.clone());
            answers.push(match took {
                Ok(took) => {
                    let counted = if took.created { &mut stand.created } else { &mut stand.updated };
                    *counted += 1;
                    let change = stand.change.as_ref().filter(|_| !self.dry_run).map(ToString::to_string);
                    let status = if took.created { 201 } else { 200 };
                    Answer { line, status, id: took.id.or(id), change, errors: Vec::new(), warnings: took.warnings }
                }
                Err(Refused { status, errors }) => {
                    stand.rejected += 1;
                    Answer { line, status, id, change: None, errors, warnings: Vec::new() }
                }
            });
        }
        // After each batch, so that a request that is cut off leaves an operation that has ended.
        if let Some(operation) = &stand.operation {
            operations::finish(conn, operation, &stand.summary(), now)?;
        }
        if self.dry_run {
            stand.operation = None;
        }
        Ok((answers, stand))
    }
}
