//! Many pictures in one zip, each attached to the product that its name means.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::{Code, Error, Result};
use crate::http::Query;
use crate::http::body::{self, failure};
use crate::http::bulk::NDJSON;
use crate::media::batch::{self, Files, Summary, Told};
use crate::media::naming::Naming;
use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::io::Seek;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tracing::Instrument;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Bytes of a zip.
const MAX_BYTES: u64 = 8 << 30;
/// Batches at once in one process: each has a file of its own on the disk.
const BATCHES: usize = 4;
/// Lines that wait to be read, and how long they do.
const WAITING: usize = 256;
const IDLE: Duration = Duration::from_secs(60);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(create_image_batch))
}

/// How a batch is to be done.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only tell what would come of it.
    dry_run: Option<bool>,
}

/// A zip's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it only documents the body, which is streamed")]
struct ZipBytes(Vec<u8>);

/// A form with the zip in it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the body, which is streamed")]
struct ZipForm {
    /// The zip.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The last line.
#[derive(Serialize)]
struct Done<'a> {
    done: bool,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// What is told: a line for each file, and last `{"done":true,…}` with the counts, the operation and the change.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the answer, which is streamed")]
#[schema(as = ImageBatchAnswer)]
struct BatchAnswer {
    #[serde(flatten)]
    told: Told,
}

/// Takes a zip of pictures and attaches each to the product that its name means, such as `SKU_1.jpg` or `GTIN-2.png`: as the body itself,
/// of any media type, or as `multipart/form-data` with a part `file`. The answer has a line for each file while the work goes on; an answer
/// without the last line, `{"done":true,…}`, was cut off. What is attached is one operation and can be undone as one.
#[utoipa::path(post, path = "/images/batches", tag = "images", params(How),
    request_body(content((ZipBytes = "application/zip"), (ZipForm = "multipart/form-data"))),
    responses((status = 200, body = BatchAnswer, content_type = "application/x-ndjson")))]
async fn create_image_batch(
    State(app): State<App>,
    caller: Caller,
    Query(how): Query<How>,
    request: Request,
) -> Result<Response> {
    static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(BATCHES)));
    caller.require(Permission::Edit)?;
    let permit = Arc::clone(&ROOM)
        .try_acquire_owned()
        .map_err(|_| Error::new(Code::Unavailable, "too many zips of pictures at once; try again when one has ended"))?;
    let file = spooled(&app, request).await?;
    let naming = Naming::of(&app.dictionary)?;
    let files = tokio::task::spawn_blocking(move || Files::of_zip(file, &naming)).await.map_err(Error::internal)??;
    let how = batch::How { actor: caller.actor(), dry_run: how.dry_run.unwrap_or(false) };
    let (lines, body) = mpsc::channel::<Bytes>(WAITING);
    let work = async move {
        answer(&app, files, how, lines).await;
        drop(permit);
    };
    tokio::spawn(work.instrument(tracing::Span::current()));
    let body = futures_util::stream::unfold(body, |mut body| async move {
        body.recv().await.map(|line| (Ok::<_, std::convert::Infallible>(line), body))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

/// Does it, and writes what is told as lines.
async fn answer(app: &App, files: Files, how: batch::How, lines: mpsc::Sender<Bytes>) {
    let (told, mut telling) = mpsc::channel::<Told>(1);
    let work = batch::run(app, files, how, told);
    let write = async {
        while let Some(told) = telling.recv().await {
            if lines.send_timeout(text(&told), IDLE).await.is_err() {
                // Nobody reads any more: the channel closes, and the work ends with it.
                telling.close();
                break;
            }
        }
    };
    let (done, ()) = tokio::join!(work, write);
    match done {
        Ok(summary) => {
            let _ = lines.send_timeout(text(&Done { done: true, summary: &summary }), IDLE).await;
        }
        Err(error) if error.code == Code::Timeout => tracing::info!(%error, "a batch of pictures was cut off"),
        Err(error) => {
            let source = error.source.as_deref().map(ToString::to_string);
            tracing::error!(%error, source, "a batch of pictures had to end early");
        }
    }
}

fn text(line: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text.into()
}

/// The zip in a file without a name.
async fn spooled(app: &App, mut request: Request) -> Result<std::fs::File> {
    let folder = app.config.data.clone();
    let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await.map_err(Error::internal)??;
    let (mut file, mut left) = (tokio::fs::File::from_std(file), MAX_BYTES);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        let broken = |error: MultipartError| Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}"));
        // The extractor would stop at two megabytes; the file has a limit of its own.
        DefaultBodyLimit::disable().apply(&mut request);
        let parts = Multipart::from_request(request, &()).await;
        let mut parts =
            parts.map_err(|error| Error::new(Code::BadRequest, format!("the multipart body cannot be read: {error}")))?;
        let (mut found, mut ignored) = (false, 0);
        while let Some(mut part) = parts.next_field().await.map_err(broken)? {
            if found || part.name() != Some("file") {
                body::pass_over(part, &mut ignored).await?;
                continue;
            }
            found = true;
            while let Some(piece) = part.chunk().await.map_err(broken)? {
                write(&mut file, &piece, &mut left).await?;
            }
        }
        if !found {
            return Err(Error::field("/file", "missing", "send the zip as the body, or as a part named 'file'"));
        }
    } else {
        let mut pieces = request.into_body().into_data_stream();
        while let Some(piece) = pieces.next().await {
            write(&mut file, &piece.map_err(failure)?, &mut left).await?;
        }
    }
    file.flush().await?;
    let mut file = file.into_std().await;
    file.rewind()?;
    Ok(file)
}

async fn write(file: &mut tokio::fs::File, piece: &[u8], left: &mut u64) -> Result<()> {
    *left = left
        .checked_sub(piece.len() as u64)
        .ok_or_else(|| Error::new(Code::TooLarge, format!("a zip has at most {MAX_BYTES} bytes; split it")))?;
    Ok(file.write_all(piece).await?)
}
