//! Where files live: import originals and publications, in a folder or an S3 bucket.

use crate::error::{Code, Error, Result};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use std::path::Path;
use std::sync::Arc;

/// Opens `place`: `s3://BUCKET/PREFIX` with the usual AWS environment variables, else a folder, which is made.
pub fn open(place: &str) -> Result<Arc<dyn ObjectStore>> {
    match place.split_once("://") {
        Some(("s3", rest)) => s3(rest),
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

fn s3(rest: &str) -> Result<Arc<dyn ObjectStore>> {
    // The TLS library wants its provider chosen once for the process; a second choice is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build().map_err(|error| {
        Error::new(Code::Unavailable, format!("the bucket {bucket} cannot be used; check the AWS_* environment variables"))
            .because(error)
    })?;
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() { Ok(Arc::new(store)) } else { Ok(Arc::new(PrefixStore::new(store, prefix))) }
}
