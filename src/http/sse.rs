//! Server-Sent Events, as the HTML standard has them (section 9.2): messages that a client gets as they come.
//!
//! A stream is fed by a task that ends when the client has gone or the server stops. While nothing happens it sends a comment now and then,
//! so that both sides and what stands between them notice when the other is gone.

use crate::error::{Code, Error, Result};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The media type.
pub const MEDIA_TYPE: &str = "text/event-stream";
/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a client comes back, in milliseconds.
const RETRY: u32 = 2_000;
/// How long a stream lasts: a client comes back by itself, and its key is looked at again.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Pieces that wait for a client.
const AHEAD: usize = 16;

/// Does the client want a stream?
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|value| value.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim());
    types.any(|one| one.eq_ignore_ascii_case(MEDIA_TYPE))
}

/// The last id that a client has seen, when it comes back.
pub fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty())
}

/// One message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What a client that comes back gives as the last one it saw.
    pub id: Option<&'a str>,
    /// Its name.
    pub event: &'a str,
    /// Its content, of one line.
    pub data: &'a str,
}

/// Where a stream's messages go.
pub struct Outlet {
    send: mpsc::Sender<Bytes>,
    /// Where the client could go on although it got no message.
    at: Option<String>,
    beat: Instant,
}

impl Outlet {
    /// Sends a message; an error when the client has gone.
    pub async fn send(&mut self, message: &Message<'_>) -> Result<()> {
        let mut text = String::with_capacity(message.data.len() + 64);
        if let Some(id) = message.id {
            field(&mut text, "id", id);
            self.at = None;
        }
        field(&mut text, "event", message.event);
        field(&mut text, "data", message.data);
        text.push('\n');
        self.push(text).await
    }

    /// Notes how far the client has come; the next sign of life tells it.
    pub fn at(&mut self, id: &str) {
        self.at = Some(id.to_owned());
    }

    /// Waits for something, and sends signs of life meanwhile.
    pub async fn idle<T>(&mut self, something: impl Future<Output = T>) -> Result<T> {
        let mut something = std::pin::pin!(something);
        loop {
            tokio::select! {
                happened = &mut something => return Ok(happened),
                () = tokio::time::sleep_until(self.beat) => {
                    // A message without data is none, but its id counts.
                    let mut text = String::from(":\n");
                    if let Some(at) = self.at.take() {
                        field(&mut text, "id", &at);
                    }
                    text.push('\n');
                    self.push(text).await?;
                }
            }
        }
    }

    async fn push(&mut self, text: String) -> Result<()> {
        self.beat = Instant::now() + HEARTBEAT;
        self.send.send(Bytes::from(text)).await.map_err(|_| Error::new(Code::BadRequest, "the client has gone"))
    }
}

/// A field; what has a line's end in it would be two.
fn field(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.extend(value.chars().filter(|c| !matches!(c, '\n' | '\r' | '\0')));
    text.push('\n');
}

/// A stream that `feed` writes, until it ends, the client goes or `shutdown` is cancelled.
pub fn answer<F>(shutdown: CancellationToken, feed: impl FnOnce(Outlet) -> F + Send + 'static) -> Response
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (send, receive) = mpsc::channel(AHEAD);
    let running = async move {
        let gone = send.clone();
        let mut outlet = Outlet { send, at: None, beat: Instant::now() };
        // At once, so that the client knows that it is connected.
        if outlet.push(format!("retry: {RETRY}\n\n")).await.is_err() {
            return;
        }
        tokio::select! {
            ended = feed(outlet) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an event stream ended");
                }
            }
            () = gone.closed() => {}
            () = tokio::time::sleep(LONGEST) => {}
            () = shutdown.cancelled() => {}
        }
    };
    tokio::spawn(tracing::Instrument::instrument(running, tracing::Span::current()));
    let pieces = stream::unfold(receive, |mut receive| async move {
        receive.recv().await.map(|piece| (Ok::<_, std::convert::Infallible>(piece), receive))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would else gather the messages.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
