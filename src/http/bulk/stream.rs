//! Lines in, batches committed, answers out, at the same time.

use super::Bulk;
use super::batch::{Desk, Stand};
use super::format::Format;
use super::lines::{Line, Lines};
use super::spool::Writer;
use crate::db::changes;
use crate::error::{Error, Result};
use axum::body::Bytes;
use futures_util::Stream;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// Lines of one transaction.
const BATCH_LINES: usize = 500;
/// Bytes of one transaction.
const BATCH_BYTES: usize = 4 << 20;
/// How long a batch waits for another line: who sends one line and waits for its answer must have it.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a batch is gathered.
const GATHER: Duration = Duration::from_millis(200);
/// How long a client may go on sending after the answer has ended: a connection that is closed before would lose what is under way.
const LINGER: Duration = Duration::from_secs(2);

/// Why no more lines come.
enum End {
    /// The body has ended.
    Whole,
    /// It broke, or the client has gone.
    Broken(Error),
    /// This process is asked to stop.
    Stopped,
}

/// Runs a request to its end. The last line is written only when every line was answered.
pub(super) async fn run<B, S, E>(desk: Desk<B>, mut lines: Lines<S>, mut answers: Writer, format: Format)
where
    B: Bulk,
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    match work(&desk, &mut lines, &mut answers, format).await {
        Ok((End::Whole, stand)) => {
            if let Err(error) = finish(&desk, stand, &mut answers, format).await {
                tracing::warn!(%error, "the last line of a bulk answer could not be written");
            }
        }
        Ok((End::Broken(error), stand)) => tracing::info!(%error, lines = stand.lines, "a bulk body was cut off"),
        Ok((End::Stopped, stand)) => tracing::info!(lines = stand.lines, "a bulk write ends because the server stops"),
        Err(error) => {
            let source = error.source.as_deref().map(ToString::to_string);
            tracing::error!(%error, source, "a bulk write had to end early");
        }
    }
    drop(answers);
    let _ = tokio::time::timeout(LINGER, lines.drain()).await;
}

async fn work<B, S, E>(desk: &Desk<B>, lines: &mut Lines<S>, answers: &mut Writer, format: Format) -> Result<(End, Stand)>
where
    B: Bulk,
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    let stop = &desk.app.shutdown;
    let gone = answers.reader_gone();
    let mut stand = Stand::default();
    let (mut batch, mut end) = gather(lines, stop, &gone).await;
    loop {
        if !batch.is_empty() {
            // The next batch is gathered while this one is written.
            let write = async {
                let (told, stand) = desk.commit(std::mem::take(&mut batch), stand.clone()).await?;
                let mut text = Vec::with_capacity(told.len() * 128);
                for answer in &told {
                    format.line(answer, &mut text);
                }
                answers.push(Bytes::from(text)).await?;
                Ok::<_, Error>(stand)
            };
            if let Some(end) = end {
                return Ok((end, write.await?));
            }
            // Where writing fails, nobody waits for lines that would not be written.
            let next = async { Ok(gather(lines, stop, &gone).await) };
            (stand, (batch, end)) = tokio::try_join!(write, next)?;
        } else if let Some(end) = end {
            return Ok((end, stand));
        } else {
            (batch, end) = gather(lines, stop, &gone).await;
        }
    }
}

/// The next lines, and why there will be no more. What was gathered when the process is asked to stop is not begun any more.
async fn gather<S, E>(lines: &mut Lines<S>, stop: &CancellationToken, gone: &CancellationToken) -> (Vec<Line>, Option<End>)
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut latest: Option<Instant> = None;
    loop {
        let next = async {
            match latest {
                Some(latest) => timeout_at(latest.min(Instant::now() + PAUSE), lines.next()).await.ok(),
                None => Some(lines.next().await),
            }
        };
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return (Vec::new(), Some(End::Stopped)),
            () = gone.cancelled() => {
                return (Vec::new(), Some(End::Broken(Error::new(crate::error::Code::BadRequest, "the client has gone"))));
            }
            next = next => next,
        };
        match next {
            None => return (batch, None),
            Some(Ok(Some(line))) => {
                latest.get_or_insert_with(|| Instant::now() + GATHER);
                bytes += line.bytes.as_ref().map_or(0, Vec::len);
                batch.push(line);
                if batch.len() >= BATCH_LINES || bytes >= BATCH_BYTES {
                    return (batch, None);
                }
            }
            Some(Ok(None)) => return (batch, Some(End::Whole)),
            Some(Err(error)) => return (batch, Some(End::Broken(error))),
        }
    }
}

async fn finish<B: Bulk>(desk: &Desk<B>, stand: Stand, answers: &mut Writer, format: Format) -> Result<()> {
    let change = match stand.change.filter(|_| !desk.dry_run) {
        Some(change) => change,
        None => desk.app.db.read(changes::head).await?,
    };
    match format.done(stand.lines, &change.to_string()) {
        Some(line) => answers.push(line).await,
        None => Ok(()),
    }
}
