//! Bodies on their way in: how large, and how long they may pause.

use crate::error::{Code, Error, Result};
use axum::body::{Body, Bytes};
use axum::extract::multipart::Field;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::Duration;

/// How large a body may be unless its path says otherwise: 2 MiB. A path that takes files sets its own with
/// `axum::extract::DefaultBodyLimit`.
pub const LIMIT: usize = 2 * 1024 * 1024;

/// How long a body may pause between two pieces.
pub const IDLE: Duration = Duration::from_secs(30);

/// How long a JSON body may take as a whole; files have no total.
pub const TOTAL: Duration = Duration::from_secs(60);

/// A body paused for longer than [`IDLE`].
#[derive(Debug, thiserror::Error)]
#[error("the body paused for too long")]
struct Idle;

/// Ends a body that pauses for longer than `idle`.
pub(super) fn timed(body: Body, idle: Duration) -> Body {
    let pieces = stream::try_unfold(body.into_data_stream(), move |mut pieces| async move {
        match tokio::time::timeout(idle, pieces.next()).await {
            Ok(Some(Ok(piece))) => Ok(Some((piece, pieces))),
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => Ok(None),
            Err(_) => Err(axum::Error::new(Idle)),
        }
    });
    Body::from_stream(pieces)
}

/// What it means that a body could not be read on.
pub fn failure(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(at) = cause {
        if at.is::<Idle>() {
            return Error::new(Code::Timeout, "the body paused for too long; send it again");
        }
        // hyper and http-body-util keep their types to themselves here; their texts are all there is.
        if at.to_string().contains("length limit exceeded") {
            return too_large();
        }
        cause = at.source();
    }
    Error::new(Code::BadRequest, "the body ended early; send it again").because(error)
}

/// The whole of a body, at most `limit` bytes, within [`TOTAL`].
pub async fn read(body: Body, limit: usize) -> Result<Bytes> {
    match tokio::time::timeout(TOTAL, read_file(body, limit)).await {
        Ok(all) => all,
        Err(_) => Err(Error::new(Code::Timeout, "the body took too long to arrive; send it again")),
    }
}

/// The whole of a file, at most `limit` bytes; it may take as long as it likes, but for pauses.
pub async fn read_file(body: Body, limit: usize) -> Result<Bytes> {
    let gather =
        body.into_data_stream().map_err(failure).try_fold(Vec::new(), move |mut all: Vec<u8>, piece: Bytes| async move {
            if all.len().saturating_add(piece.len()) > limit {
                return Err(Error::new(Code::TooLarge, format!("a file has at most {limit} bytes here; send a smaller one")));
            }
            all.extend_from_slice(&piece);
            Ok(all)
        });
    gather.await.map(Bytes::from)
}

/// Bytes of all parts of a form together that nobody asked for.
const IGNORED: usize = 1024 * 1024;

/// Passes over a part of a form that nobody asked for; `ignored` counts the bytes of all of them, which are no more than a megabyte.
pub async fn pass_over(mut part: Field<'_>, ignored: &mut usize) -> Result<()> {
    while let Some(piece) = part.chunk().await.map_err(failure)? {
        *ignored += piece.len();
        if *ignored > IGNORED {
            return Err(too_large());
        }
    }
    Ok(())
}

fn too_large() -> Error {
    Error::new(Code::TooLarge, "the body is larger than this path takes; send less at once")
}
