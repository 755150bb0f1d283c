//! Where files live: import originals and publications, in a folder or an S3 bucket.
//!
//! A bucket is reached as the AWS tools reach one, by `AWS_*` variables. Reading them is a thin step of its own ([`Settings::from_env`]):
//! everything else takes them as a value.

use crate::error::{Code, Error, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Bytes of one part of a large object. S3 takes parts of 5 MiB and more, and 10,000 of them.
const PART: usize = 8 << 20;
/// Bytes that a file on its way here is read in: each piece is handed from a thread for blocking work to one that is not, which costs more than
/// reading it.
pub const PIECE: usize = 256 << 10;
/// Parts on their way at once; with [`PART`] this bounds the memory of one upload.
const PARTS_AT_ONCE: usize = 3;
/// How long a bucket may be silent. There is no limit for a whole object: a slow reader of a feed is no fault.
const SILENCE: Duration = Duration::from_secs(60);

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names as in the environment, such as `AWS_ENDPOINT`, and their values. Names that say nothing about a bucket are ignored.
    pub aws: Vec<(String, String)>,
    /// How often a request that the bucket fails is sent again.
    pub retries: usize,
    /// No further try begins after so long.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { aws: Vec::new(), retries: 6, patience: Duration::from_secs(30) }
    }
}

impl Settings {
    /// As the environment says.
    pub fn from_env() -> Self {
        let text =
            |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let aws = std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("AWS_")).collect();
        Self { aws, ..Self::default() }
    }

    fn builder(&self) -> AmazonS3Builder {
        let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: self.retries, retry_timeout: self.patience };
        let client = ClientOptions::new().with_timeout_disabled().with_read_timeout(SILENCE);
        let builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
        self.aws.iter().fold(builder, |builder, (name, value)| match name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        })
    }
}

/// Opens `place`: `s3://BUCKET/PREFIX`, else a folder, which is made.
pub fn open(place: &str, settings: &Settings) -> Result<Arc<dyn ObjectStore>> {
    match place.split_once("://") {
        Some(("s3", rest)) => s3(rest, settings),
        Some((scheme, _)) => {
            Err(Error::new(Code::Invalid, format!("files cannot be kept at '{scheme}://'; give a folder or s3://BUCKET/PREFIX")))
        }
        None => folder(Path::new(place)),
    }
}

fn folder(path: &Path) -> Result<Arc<dyn ObjectStore>> {
    let refused = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(Code::Unavailable, format!("the folder {} cannot be written", path.display())).because(error)
    };
    std::fs::create_dir_all(path).map_err(|error| refused(error.into()))?;
    let store = LocalFileSystem::new_with_prefix(path).map_err(|error| refused(error.into()))?;
    // A feed that was announced must still be there after a power cut.
    Ok(Arc::new(store.with_fsync(true)))
}

fn s3(rest: &str, settings: &Settings) -> Result<Arc<dyn ObjectStore>> {
    // The TLS library wants its provider chosen once for the process; a second choice is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(Error::new(Code::Invalid, "the bucket has no name; files are kept at s3://BUCKET/PREFIX"));
    }
    let store = settings.builder().with_bucket_name(bucket).build().map_err(|error| {
        Error::new(Code::Unavailable, format!("the bucket {bucket} cannot be used; check the AWS_* environment variables"))
            .because(error)
    })?;
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() { Ok(Arc::new(store)) } else { Ok(Arc::new(PrefixStore::new(store, prefix))) }
}

/// The store's fault as ours: `what` could not be done, and what the owner of a bucket can do about it. A file that is not there is
/// `not_found`.
pub fn refused(what: &str, error: object_store::Error) -> Error {
    let chain = chain(&error);
    let advice = if chain.contains("NoSuchBucket") {
        "there is no such bucket; make it, or mend --files (BEAMLINE_FILES) and AWS_ENDPOINT"
    } else if chain.contains("169.254.") {
        "no credentials for the bucket were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    } else {
        match &error {
            object_store::Error::NotFound { .. } => {
                return Error::new(Code::NotFound, format!("{what}: it is not in the file store")).because(error);
            }
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                "the store refuses it; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and what they may do, or the \
                 folder's permissions"
            }
            _ if chain.contains("URL scheme is not allowed") => {
                "the endpoint is plain http; use https, or set AWS_ALLOW_HTTP=true for a server of your own"
            }
            _ if chain.contains("os error 28") || chain.contains("os error 122") => "the disk is full; make room and try again",
            _ if chain.contains("os error 27") => {
                "the file has grown to the largest size that is allowed here (ulimit -f); raise it and try again"
            }
            _ => "the file store cannot be used just now; try again",
        }
    };
    Error::new(Code::Unavailable, format!("{what}: {advice}")).because(error)
}

/// An error and what it says lay beneath, in one text.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Why an object was not stored.
#[derive(Debug)]
pub enum NotStored<E> {
    /// What was to be stored did not arrive whole.
    Body(E),
    /// It has more bytes than it may.
    TooLarge,
    /// The store failed.
    Store(object_store::Error),
}

/// Stores what comes as one object, whole or not at all, and answers with its length. Memory is bounded whatever the length; a
/// large object goes in parts, which are taken back when it fails.
pub async fn put<E>(
    store: &Arc<dyn ObjectStore>,
    to: ObjectPath,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    max_bytes: u64,
) -> Result<u64, NotStored<E>> {
    let mut writer = BufWriter::with_capacity(Arc::clone(store), to, PART).with_max_concurrency(PARTS_AT_ONCE);
    match pour(&mut writer, &mut body, max_bytes).await {
        Ok(bytes) => {
            // What fails here takes its parts back by itself.
            writer.shutdown().await.map_err(|error| NotStored::Store(of_io(error)))?;
            Ok(bytes)
        }
        Err(failed) => {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, "a broken upload could not be removed from the file store");
            }
            Err(failed)
        }
    }
}

async fn pour<E>(
    writer: &mut BufWriter,
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    max_bytes: u64,
) -> Result<u64, NotStored<E>> {
    let mut bytes = 0_u64;
    while let Some(part) = body.next().await {
        let part = part.map_err(NotStored::Body)?;
        bytes = bytes.saturating_add(part.len() as u64);
        if bytes > max_bytes {
            return Err(NotStored::TooLarge);
        }
        writer.put(part).await.map_err(NotStored::Store)?;
    }
    Ok(bytes)
}

/// The store's own error out of the writer's.
fn of_io(error: std::io::Error) -> object_store::Error {
    let generic = |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "files", source };
    if !error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<object_store::Error>) {
        return generic(Box::new(error));
    }
    match error.into_inner().map(<dyn std::error::Error + Send + Sync>::downcast::<object_store::Error>) {
        Some(Ok(inner)) => *inner,
        Some(Err(inner)) => generic(inner),
        None => generic("no reason was given".into()),
    }
}

#[cfg(test)]
mod tests;
