//! Bulk writes: `PATCH` on a collection with one object a line, any number of lines, streamed in and answered a line a line.
//!
//! A capability says what one line means and how some lines are written in one transaction ([`Bulk`]); everything else is here. Lines
//! are cut and read as they arrive (`lines`), gathered into batches that are bounded in lines, bytes and time, and each batch is one
//! transaction (`stream`). A line that is wrong is answered and passed over. Answers wait in memory and then on disk for a client
//! that sends everything before it reads anything (`spool`). With `on_error=reject_all` all lines are put on disk first and written
//! in one transaction, or none of them is (`staged`).
//!
//! Whoever sees the last line, `{"done":true,…}`, knows that every line was answered. An answer without it was cut off: what was
//! answered is written, and the rest can be sent again.

mod batch;
mod format;
mod lines;
mod spool;
mod staged;
mod stream;

#[cfg(test)]
mod tests;

pub use format::{AKENEO, NDJSON};

use super::extract::{media_type, parameter};
use crate::app::App;
use crate::auth::Caller;
use crate::db::{Conn, Position};
use crate::error::{Code, Error, FieldError, Result};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use chrono::{DateTime, Utc};
use format::Format;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// A whole body cut into lines as it would be if it came in pieces of so many bytes: each line's object, or why it holds none. What the
/// fuzzer feeds.
pub fn objects(body: &[u8], piece: usize) -> Vec<Result<Map<String, JsonValue>>> {
    let pieces =
        body.chunks(piece.max(1)).map(|piece| Ok::<_, std::convert::Infallible>(axum::body::Bytes::copy_from_slice(piece)));
    let mut lines = lines::Lines::new(futures_util::stream::iter(pieces));
    let mut objects = Vec::new();
    // Nothing has to be waited for.
    while let Some(Ok(Some(line))) = lines.next().now_or_never() {
        objects.push(lines::object(line.bytes.as_deref()));
    }
    objects
}

/// Streams at once in one process. Each may hold some megabytes.
const STREAMS: usize = 32;

/// What one line of a collection means.
pub trait Bulk: Send + Sync + 'static {
    /// A line as it was understood, before the database is asked.
    type Line: Send + Sync + 'static;

    /// The operation that all lines of a request are: its kind and its subject.
    fn operation(&self) -> (&'static str, String);

    /// What the line is about, as far as that can be read; for its answer.
    fn id(&self, body: &Map<String, JsonValue>) -> Option<String>;

    /// Understands one line, without the database. `number` counts the lines of the request from 1.
    fn read(&self, number: u64, body: Map<String, JsonValue>) -> Result<Self::Line>;

    /// Writes lines in the caller's transaction: one answer each, in order, and where the change log stands then. A line that is
    /// wrong changes nothing.
    fn take(&self, conn: &mut Conn, doing: Doing<'_>, lines: &[&Self::Line]) -> Result<(Vec<Result<Took>>, Position)>;
}

/// Who does it, in which operation, when.
#[derive(Debug, Clone, Copy)]
pub struct Doing<'a> {
    /// As operations name the caller.
    pub actor: &'a str,
    /// The operation of the whole request.
    pub operation: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// A line that was taken.
#[derive(Debug, Clone, Default)]
pub struct Took {
    /// Was it made by this line?
    pub created: bool,
    /// A better id than the line's own, where there is one.
    pub id: Option<String>,
    /// What was left out or is doubtful.
    pub warnings: Vec<FieldError>,
}

/// What becomes of the others when a line is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// They are written.
    RejectRows,
    /// Nothing is written.
    RejectAll,
}

/// How lines are to be written.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// What becomes of the other lines when one is wrong: `reject_rows` writes them (the default), `reject_all` writes none and answers
    /// after the last line.
    #[param(inline)]
    pub on_error: Option<OnError>,
    /// Only tell what would come of it.
    pub dry_run: Option<bool>,
}

impl How {
    /// For bodies of one JSON document, which are always taken whole or not at all.
    pub fn whole_only(&self) -> Result<()> {
        match self.on_error {
            Some(OnError::RejectRows) => Err(parameter(
                "on_error",
                format!("a JSON body is taken whole or not at all; send lines as {NDJSON} to have the right ones written"),
            )),
            _ => Ok(()),
        }
    }
}

/// The answer to one line. The last line of all is `{"done":true,"lines":…,"change":…}`; an answer without it was cut off.
///
/// To `application/vnd.akeneo.collection+json` the answer has `identifier`, `status_code` and `message` instead, and no last line.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the answer, which is streamed")]
pub struct BulkAnswer {
    /// Number of the line in the body, from 1; blank lines count, and are not answered.
    line: u64,
    /// 200 changed or as it was, 201 made, 412 of another `version`, 422 not taken.
    status: u16,
    /// What it is about.
    id: Option<String>,
    /// The change sequence with which it is visible, for `after_change`; null where nothing was written.
    change: Option<String>,
    /// What is wrong with it, by field.
    errors: Vec<super::problem::ProblemField>,
}

/// Is this body one of lines?
pub fn is_lines(request: &Request) -> bool {
    media_type(request.headers(), &[NDJSON, AKENEO]).is_ok()
}

/// Takes a body of lines. The answer begins at once, unless all lines are to be written or none.
pub async fn patch<B: Bulk>(app: &App, caller: &Caller, how: How, request: Request, bulk: B) -> Result<Response> {
    static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(STREAMS)));
    let format = Format::of(media_type(request.headers(), &[NDJSON, AKENEO])?);
    let permit = Arc::clone(&ROOM)
        .try_acquire_owned()
        .map_err(|_| Error::new(Code::Unavailable, "too many bulk writes at once; try again when one has ended"))?;
    let desk =
        batch::Desk { app: app.clone(), bulk: Arc::new(bulk), actor: caller.actor(), dry_run: how.dry_run.unwrap_or(false) };
    let lines = lines::Lines::new(request.into_body().into_data_stream());
    match how.on_error.unwrap_or(OnError::RejectRows) {
        OnError::RejectRows => {
            let (writer, reader) = spool::spool(app.config.data.clone());
            tokio::spawn(tracing::Instrument::instrument(
                async move {
                    stream::run(desk, lines, writer, format).await;
                    drop(permit);
                },
                tracing::Span::current(),
            ));
            Ok(format.response(Body::from_stream(reader.into_stream())))
        }
        OnError::RejectAll => {
            let body = staged::run(desk, lines, format).await?;
            drop(permit);
            Ok(format.response(body))
        }
    }
}

/// Parts lines where a key comes again: within a part each key stands once, so that its lines can be written together.
pub fn parts<T>(lines: &[T], key: impl Fn(&T) -> &str) -> Vec<&[T]> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let mut seen = std::collections::HashSet::new();
    for (place, line) in lines.iter().enumerate() {
        if !seen.insert(key(line).to_owned()) {
            parts.extend(lines.get(begin..place));
            begin = place;
            seen.clear();
            seen.insert(key(line).to_owned());
        }
    }
    parts.extend(lines.get(begin..).filter(|rest| !rest.is_empty()));
    parts
}
