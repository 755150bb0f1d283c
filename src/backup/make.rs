//! Making a backup while the catalogue is served.

use super::{FORMAT, File, Hashing, MANIFEST, Manifest, Part, Table, Tell, VERSION, queries};
use crate::app::App;
use crate::db::{Backend, Conn};
use crate::error::{Code, Error, Result};
use futures_util::TryStreamExt;
use object_store::{GetResultPayload, ObjectStoreExt};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// On the heap: it lives across many steps of a future.
type Archive = Box<ZipWriter<BufWriter<NamedTempFile>>>;

/// Writes a backup to `place`, whole or not at all: until it is done it has another name. One that stands there is replaced. Only its
/// owner may read it, because it holds costs and the hashes of keys.
pub async fn make(app: &App, place: &Path, tell: Tell) -> Result<Manifest> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".beamline-backup-")
        .tempfile_in(folder)
        .map_err(|error| Error::new(Code::Unavailable, format!("{} cannot be written", folder.display())).because(error))?;
    let archive = Box::new(ZipWriter::new(BufWriter::with_capacity(1 << 18, file)));
    let (backend, now, told) = (app.db.backend(), app.clock.now(), tell.clone());
    let (archive, mut manifest) = app
        .db
        .read(move |conn| {
            let mut archive = archive;
            let manifest = Manifest {
                format: FORMAT.to_owned(),
                version: VERSION,
                made_by: format!("beamline {}", env!("CARGO_PKG_VERSION")),
                made_at: now,
                schema: queries::schema_version(conn)?,
                database: if backend == Backend::Sqlite { "sqlite" } else { "postgres" }.to_owned(),
                tables: tables(conn, &mut archive, &told)?,
                files: Vec::new(),
                files_elsewhere: Vec::new(),
            };
            Ok((archive, manifest))
        })
        .await?;
    let mut archive = files(app, archive, &mut manifest, &tell).await?;
    let place = place.to_owned();
    tokio::task::spawn_blocking(move || {
        begin(&mut archive, MANIFEST)?;
        serde_json::to_writer_pretty(&mut archive, &manifest)?;
        let written = archive.finish().map_err(zip_failed)?;
        let file = written.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&place).map_err(|error| {
            Error::new(Code::Unavailable, format!("{} cannot be written", place.display())).because(error.error)
        })?;
        Ok(manifest)
    })
    .await
    .map_err(Error::internal)?
}

fn begin(archive: &mut Archive, name: &str) -> Result<()> {
    // The lightest compression: a backup is bound by it, and the rest saves little.
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(1)).large_file(true);
    archive.start_file(name, options).map_err(zip_failed)
}

fn zip_failed(error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => error.into(),
        other => Error::internal(other),
    }
}

/// Rows between two words about progress.
const TOLD_EVERY: u64 = 10_000;

fn tables(conn: &mut Conn, archive: &mut Archive, tell: &Tell) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    let mut all = 0_u64;
    for name in queries::tables(conn)? {
        let columns = queries::columns(conn, &name)?;
        let part = format!("tables/{name}.ndjson");
        begin(archive, &part)?;
        let mut out = Hashing::new(&mut *archive);
        let mut rows = 0;
        queries::dump(conn, &name, &columns, &mut |line| {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
            rows += 1;
            all += 1;
            if all.is_multiple_of(TOLD_EVERY) {
                tell(i64::try_from(all).unwrap_or(i64::MAX), "rows");
            }
            Ok(())
        })?;
        let part = out.part(&part);
        tables.push(Table { name, columns: columns.into_iter().map(|column| column.name).collect(), rows, part });
    }
    Ok(tables)
}

/// Copies the file store. What is taken away while it is read is left out: nothing that the catalogue needs is.
async fn files(app: &App, mut archive: Archive, manifest: &mut Manifest, tell: &Tell) -> Result<Archive> {
    let unreadable = |error: object_store::Error| {
        Error::new(Code::Unavailable, "the file store cannot be read; check its folder or bucket").because(error)
    };
    let elsewhere = app.config.file_store().contains("://");
    let mut list = app.files.list(None);
    let mut done = 0_i64;
    while let Some(meta) = list.try_next().await.map_err(unreadable)? {
        if elsewhere {
            manifest.files_elsewhere.push(meta.location.to_string());
            continue;
        }
        let found = match app.files.get(&meta.location).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let path = meta.location.to_string();
        let (back, part) = match found.payload {
            GetResultPayload::File(mut file, _) => {
                let name = format!("files/{path}");
                tokio::task::spawn_blocking(move || -> Result<(Archive, Part)> {
                    begin(&mut archive, &name)?;
                    let mut out = Hashing::new(&mut archive);
                    io::copy(&mut file, &mut out)?;
                    let part = out.part(&name);
                    Ok((archive, part))
                })
                .await
                .map_err(Error::internal)??
            }
            GetResultPayload::Stream(_) => return Err(Error::internal("a folder's file came as a stream")),
        };
        archive = back;
        manifest.files.push(File { path, part });
        done += 1;
        tell(done, "files");
    }
    Ok(archive)
}
