//! Where publications lie in the object store.
//!
//! `publications/<channel>/<publication id>/<file>` and `<file>.gz` are written once. `super::mirror` copies the current ones to
//! `feeds/<channel>/`.

use super::publish::{Gzip, Part, Publication};
use super::write::WrittenPart;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::files::{self, NotStored};
use chrono::{DateTime, Utc};
use flate2::{Compression, GzBuilder};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// Where a file of a publication lies.
pub fn place(channel: &str, publication: &str, file: &str) -> ObjectPath {
    ObjectPath::from_iter(["publications", channel, publication, file])
}

/// The store's fault as ours.
pub fn refused(error: object_store::Error) -> Error {
    files::refused("the feed", error)
}

/// Parts that are hashed, compressed and stored at once: a processor each, of the two that a small machine has.
const AT_ONCE: usize = 2;

/// Uploads the parts and their gzip forms.
pub async fn upload(app: &App, channel: &str, publication: &str, files: Vec<(String, WrittenPart)>) -> Result<Vec<Part>> {
    let one = |(format, written): (String, WrittenPart)| async move {
        let path = written.path.clone();
        let (sha256, zipped, gzip) = tokio::task::spawn_blocking(move || seal(&path)).await.map_err(Error::internal)??;
        put(app, &written.path, place(channel, publication, &written.name)).await?;
        put(app, &zipped, place(channel, publication, &format!("{}.gz", written.name))).await?;
        Ok(Part { file: written.name, format, rows: written.rows, bytes: written.bytes, sha256, gzip })
    };
    // Also where one fails the others come to their end, so that all of them can be taken back.
    let parts: Vec<Result<Part>> = futures_util::stream::iter(files).map(one).buffered(AT_ONCE).collect().await;
    parts.into_iter().collect()
}

/// Hashes a file and writes its gzip form beside it.
fn seal(path: &Path) -> Result<(String, PathBuf, Gzip)> {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let zipped = PathBuf::from(name);
    let mut from = File::open(path)?;
    // No name and no time inside, so that the same feed is the same file.
    let mut to = GzBuilder::new().write(File::create(&zipped)?, Compression::fast());
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        to.write_all(bytes)?;
    }
    to.finish()?;
    let mut of_zip = Sha256::new();
    let mut file = File::open(&zipped)?;
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        of_zip.update(piece);
        bytes += read as u64;
    }
    Ok((hex::encode(hash.finalize()), zipped, Gzip { bytes, sha256: hex::encode(of_zip.finalize()) }))
}

/// Makes the gzip form of a stored part anew. A part that is not what it was published as is left, and said.
pub async fn zip_again(app: &App, publication: &Publication, part: &Part) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("part");
    download(app, publication, part, &path).await?;
    let (sha256, zipped, gzip) = tokio::task::spawn_blocking(move || seal(&path)).await.map_err(Error::internal)??;
    let channel = &publication.channel;
    if sha256 != part.sha256 || gzip != part.gzip {
        let why = format!("{} of {channel} is not as it was published; publish {channel} again", part.file);
        return Err(Error::new(Code::Conflict, why));
    }
    put(app, &zipped, place(channel, &publication.id, &format!("{}.gz", part.file))).await
}

/// Hex SHA-256 of a stored file.
pub async fn sha256(app: &App, at: &ObjectPath) -> Result<String> {
    let mut hash = Sha256::new();
    let mut stream = app.files.get(at).await.map_err(refused)?.into_stream();
    while let Some(bytes) = stream.next().await {
        hash.update(&bytes.map_err(refused)?);
    }
    Ok(hex::encode(hash.finalize()))
}

/// Stores a local file.
pub async fn put(app: &App, from: &Path, to: ObjectPath) -> Result<()> {
    let file = tokio::fs::File::open(from).await?;
    match files::put(&app.files, to, ReaderStream::with_capacity(file, files::PIECE), u64::MAX).await {
        Ok(_) => Ok(()),
        Err(NotStored::Store(error)) => {
            let error = files::refused("the feed cannot be stored", error);
            Err(Error { code: Code::Unavailable, ..error })
        }
        Err(NotStored::Body(error)) => Err(error.into()),
        Err(NotStored::TooLarge) => Err(Error::internal("a feed without an end")),
    }
}

/// Writes a stored part to a local file, through a temporary one beside it.
pub async fn download(app: &App, publication: &Publication, part: &Part, to: &Path) -> Result<()> {
    let unwritable = |error: std::io::Error| Error::new(Code::Invalid, format!("{} cannot be written ({error})", to.display()));
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = readable().tempfile_in(folder).map_err(unwritable)?;
    let mut file = tokio::fs::File::from_std(temporary.reopen().map_err(unwritable)?);
    let place = place(&publication.channel, &publication.id, &part.file);
    let mut stream = app.files.get(&place).await.map_err(refused)?.into_stream();
    while let Some(bytes) = stream.next().await {
        file.write_all(&bytes.map_err(refused)?).await.map_err(unwritable)?;
    }
    file.flush().await.map_err(unwritable)?;
    temporary.persist(to).map_err(|error| unwritable(error.error))?;
    Ok(())
}

/// A temporary file that, once it has its name, whoever may read the folder's other new files may read: the umask decides.
fn readable() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(<std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder
}

/// Copies a stored file to a local one; false when there is none.
pub async fn fetch(app: &App, from: &ObjectPath, to: &Path) -> Result<bool> {
    let mut stream = match app.files.get(from).await {
        Ok(found) => found.into_stream(),
        Err(object_store::Error::NotFound { .. }) => return Ok(false),
        Err(error) => return Err(refused(error)),
    };
    let mut file = tokio::fs::File::create(to).await?;
    while let Some(bytes) = stream.next().await {
        file.write_all(&bytes.map_err(refused)?).await?;
    }
    file.flush().await?;
    Ok(true)
}

/// Has a publication this file?
pub async fn is_there(app: &App, channel: &str, publication: &str, file: &str) -> Result<bool> {
    match app.files.head(&place(channel, publication, file)).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

/// Copies files of one publication to another.
pub async fn copy(app: &App, channel: &str, from: &str, to: &str, names: &[String]) -> Result<()> {
    for name in names {
        app.files.copy(&place(channel, from, name), &place(channel, to, name)).await.map_err(refused)?;
    }
    Ok(())
}

/// Removes the files of a publication, their gzip forms too.
pub async fn remove(app: &App, channel: &str, id: &str, names: impl Iterator<Item = &str>) -> Result<()> {
    let places = names.flat_map(|name| [place(channel, id, name), place(channel, id, &format!("{name}.gz"))]).collect();
    delete(app, places).await
}

/// Publications of a channel that have files, by id, and when the last of these was stored.
pub async fn publications(app: &App, channel: &str) -> Result<BTreeMap<String, DateTime<Utc>>> {
    let prefix = ObjectPath::from_iter(["publications", channel]);
    let mut found = BTreeMap::new();
    let mut files = app.files.list(Some(&prefix));
    while let Some(file) = files.try_next().await.map_err(refused)? {
        let Some(id) = file.location.prefix_match(&prefix).and_then(|mut parts| parts.next()) else { continue };
        let stored_at = found.entry(id.as_ref().to_owned()).or_insert(file.last_modified);
        *stored_at = file.last_modified.max(*stored_at);
    }
    Ok(found)
}

/// Removes whatever files a publication has.
pub async fn remove_all(app: &App, channel: &str, id: &str) -> Result<()> {
    let prefix = ObjectPath::from_iter(["publications", channel, id]);
    let places = app.files.list(Some(&prefix)).map_ok(|meta| meta.location).try_collect().await.map_err(refused)?;
    delete(app, places).await
}

async fn delete(app: &App, places: Vec<ObjectPath>) -> Result<()> {
    let places = futures_util::stream::iter(places).map(Ok).boxed();
    let gone = |done: object_store::Result<ObjectPath>| async {
        match done {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    };
    app.files.delete_stream(places).then(gone).try_collect().await
}
