//! All lines or none: every line is put on disk first, then all are written in one transaction.
//!
//! One transaction is what makes it true, also against whoever writes at the same time and against a crash. It holds other writers up for
//! as long as it takes, so this is for thousands of lines; millions go by `reject_rows`.

use super::Bulk;
use super::batch::{Answer, Desk, Parsed, Stand};
use super::format::Format;
use super::lines::{Line, Lines};
use crate::db::{Conn, changes};
use crate::error::{Code, Error, FieldError, Result};
use axum::body::{Body, Bytes};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that may be staged.
const MOST: u64 = 8 << 30;
/// Lines written by one round of statements.
const ROUND: usize = 500;
/// Bytes of staged lines, or of answers, that are handled at once.
const PIECE: usize = 256 * 1024;
/// Stands in the place of the length of a line that was too long.
const TOO_LONG: u32 = u32::MAX;

/// What came of it: the answers on disk, and whether they hold.
struct Outcome {
    answers: File,
    stand: Stand,
    /// The last point of the log, for the last line.
    change: String,
}

/// Stages, writes, and gives the answer's body. A body that breaks leaves nothing changed.
pub(super) async fn run<B, S, E>(desk: Desk<B>, lines: Lines<S>, format: Format) -> Result<Body>
where
    B: Bulk,
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    let staged = stage(&desk, lines).await?;
    let outcome = Arc::new(Mutex::new(None));
    let (inner, slot, now) = (desk.clone(), Arc::clone(&outcome), desk.app.clock.now());
    let work = move |conn: &mut Conn| {
        let done = inner.write_all(conn, staged, now)?;
        let rejected = done.stand.rejected > 0;
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        if rejected { Err(Error::new(Code::Conflict, "a line was rejected, so nothing is written")) } else { Ok(()) }
    };
    let written = if desk.dry_run { desk.app.db.rehearse(work).await } else { desk.app.db.write(work).await };
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (written, outcome) {
        (Ok(()), Some(outcome)) => Ok(answers(outcome, format)),
        // Rolled back by our own word, and only by that.
        (Err(error), Some(outcome)) if error.code == Code::Conflict && outcome.stand.rejected > 0 => Ok(answers(outcome, format)),
        (Err(error), _) => Err(error),
        (Ok(()), None) => Err(Error::internal("a bulk write ended without an outcome")),
    }
}

/// Puts all lines on disk.
async fn stage<B, S, E>(desk: &Desk<B>, mut lines: Lines<S>) -> Result<File>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    let mut file = tempfile::tempfile_in(&desk.app.config.data)?;
    let (mut piece, mut bytes) = (Vec::with_capacity(PIECE), 0_u64);
    loop {
        let line = tokio::select! {
            line = lines.next() => line?,
            () = desk.app.shutdown.cancelled() => {
                return Err(Error::new(Code::Unavailable, "the server is stopping; nothing was written, send it again"));
            }
        };
        let last = line.is_none();
        if let Some(Line { number, bytes: line }) = line {
            let length = line.as_ref().map_or(Ok(TOO_LONG), |line| u32::try_from(line.len())).unwrap_or(TOO_LONG);
            piece.extend_from_slice(&number.to_le_bytes());
            piece.extend_from_slice(&length.to_le_bytes());
            piece.extend_from_slice(line.as_deref().unwrap_or_default());
        }
        if piece.len() >= PIECE || last {
            bytes += piece.len() as u64;
            if bytes > MOST {
                return Err(Error::new(
                    Code::TooLarge,
                    format!("on_error=reject_all takes at most {MOST} bytes at once; send less"),
                ));
            }
            let part = std::mem::take(&mut piece);
            let write = move || file.write_all(&part).map(|()| file);
            file = tokio::task::spawn_blocking(write).await.map_err(Error::internal)??;
        }
        if last {
            return Ok(file);
        }
    }
}

impl<B: Bulk> Desk<B> {
    fn write_all(&self, conn: &mut Conn, mut staged: File, now: DateTime<Utc>) -> Result<Outcome> {
        staged.seek(SeekFrom::Start(0))?;
        let mut staged = BufReader::with_capacity(PIECE, staged);
        let mut told = BufWriter::with_capacity(PIECE, tempfile::tempfile_in(&self.app.config.data)?);
        let mut stand = Stand::default();
        loop {
            let lines = round(&mut staged)?;
            if lines.is_empty() {
                break;
            }
            let parsed: Vec<Parsed<B::Line>> = self.parse(lines);
            let (answers, next) = self.apply(conn, &parsed, stand, now)?;
            stand = next;
            for answer in answers {
                serde_json::to_writer(&mut told, &answer)?;
                told.write_all(b"\n")?;
            }
        }
        let change = match stand.change.as_ref().filter(|_| !self.dry_run && stand.rejected == 0) {
            Some(change) => change.to_string(),
            None => changes::head(conn)?.to_string(),
        };
        let mut answers = told.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        answers.seek(SeekFrom::Start(0))?;
        Ok(Outcome { answers, stand, change })
    }
}

/// The next staged lines.
fn round(staged: &mut BufReader<File>) -> Result<Vec<Line>> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while lines.len() < ROUND && bytes < 16 * PIECE && !staged.fill_buf()?.is_empty() {
        let (mut number, mut length) = ([0; 8], [0; 4]);
        staged.read_exact(&mut number)?;
        staged.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        let line = if length == TOO_LONG {
            None
        } else {
            let mut line = vec![0; usize::try_from(length).map_err(Error::internal)?];
            staged.read_exact(&mut line)?;
            bytes += line.len();
            Some(line)
        };
        lines.push(Line { number: u64::from_le_bytes(number), bytes: line });
    }
    Ok(lines)
}

/// The answers as a body. Where a line was rejected, no other was taken.
fn answers(outcome: Outcome, format: Format) -> Body {
    let Outcome { answers, stand, change } = outcome;
    let rejected = stand.rejected > 0;
    let last = format.done(stand.lines, &change);
    let pieces = stream::try_unfold((Some(BufReader::with_capacity(PIECE, answers)), last), move |(told, last)| async move {
        let Some(told) = told else { return Ok(last.map(|last| (last, (None, None)))) };
        let piece = tokio::task::spawn_blocking(move || rendered(told, rejected, format)).await;
        let (piece, told) = piece.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>(Some((piece, (told, last))))
    });
    Body::from_stream(pieces)
}

/// Some answers as they are sent, and the reader unless it has come to its end.
fn rendered(mut told: BufReader<File>, rejected: bool, format: Format) -> std::io::Result<(Bytes, Option<BufReader<File>>)> {
    let (mut text, mut line) = (Vec::with_capacity(PIECE), String::new());
    while text.len() < PIECE {
        line.clear();
        if told.read_line(&mut line)? == 0 {
            return Ok((Bytes::from(text), None));
        }
        let answer: Answer = serde_json::from_str(&line)?;
        format.line(&if rejected { not_applied(answer) } else { answer }, &mut text);
    }
    Ok((Bytes::from(text), Some(told)))
}

fn not_applied(mut answer: Answer) -> Answer {
    if answer.errors.is_empty() {
        answer.status = 422;
        answer.change = None;
        answer.errors = vec![FieldError {
            pointer: String::new(),
            code: "not_applied".to_owned(),
            message: "this line is right, and was not written because another line was rejected".to_owned(),
        }];
    }
    answer
}
