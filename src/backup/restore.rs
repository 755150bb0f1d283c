//! Restoring: the archive is held against its manifest from end to end, then loaded in one transaction.

use super::{FORMAT, Hashing, MANIFEST, Manifest, Part, Tell, VERSION, damaged, queries};
use crate::app::App;
use crate::db::{Backend, Conn, migrate};
use crate::error::{Code, Error, Result};
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::WriteMultipart;
use object_store::path::Path as StorePath;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

type Archive = ZipArchive<BufReader<File>>;

/// Bytes of a manifest at most.
const MANIFEST_MAX: u64 = 256 << 20;
/// Bytes of one row at most; a supplier's row is far below.
const LINE_MAX: u64 = 256 << 20;
/// Bytes and rows of one insert, about.
const BATCH_BYTES: usize = 2 << 20;
const BATCH_ROWS: usize = 1_000;
/// Bytes of a file that are read at once.
const PIECE: usize = 1 << 20;

/// Restores the backup at `place` into this house. One that holds anything is refused unless `force`, which takes the place of all of it.
pub async fn restore(app: &App, place: &Path, force: bool, tell: Tell) -> Result<Manifest> {
    let (path, told) = (place.to_owned(), tell.clone());
    let manifest = tokio::task::spawn_blocking(move || verify(&path, &told)).await.map_err(Error::internal)??;
    let check = manifest.clone();
    app.db.read(move |conn| fits(conn, &check, force)).await?;
    if !force && app.files.list(None).try_next().await.ok().flatten().is_some() {
        return Err(not_empty("the file store"));
    }
    // Files first: the catalogue never names one that is not there.
    files(app, place, &manifest, &tell).await?;
    let (path, loaded, backend) = (place.to_owned(), manifest.clone(), app.db.backend());
    app.db.write(move |conn| load(conn, backend, &path, &loaded, force, &tell)).await?;
    Ok(manifest)
}

fn open(place: &Path) -> Result<Archive> {
    let file =
        File::open(place).map_err(|error| Error::new(Code::NotFound, format!("{} cannot be read: {error}", place.display())))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(format_args!("it is no whole archive ({error})")))
}

/// Reads everything once and holds it against the manifest.
fn verify(place: &Path, tell: &Tell) -> Result<Manifest> {
    let mut archive = open(place)?;
    let manifest = manifest(&mut archive)?;
    let parts: HashMap<&str, &Part> = parts(&manifest).map(|part| (part.part.as_str(), part)).collect();
    let mut met = HashSet::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        if name == MANIFEST {
            continue;
        }
        let part = parts.get(name.as_str()).ok_or_else(|| damaged(format_args!("its manifest does not name {name}")))?;
        let mut sink = Hashing::new(io::sink());
        // One byte more than is named shows that there is more.
        io::copy(&mut (&mut entry).take(part.bytes + 1), &mut sink)
            .map_err(|error| damaged(format_args!("{name} cannot be read ({error})")))?;
        let found = sink.part(&name);
        if found.bytes != part.bytes || found.sha256 != part.sha256 {
            return Err(damaged(format_args!("{name} is not what its manifest says")));
        }
        met.insert(name);
        tell(i64::try_from(at + 1).unwrap_or(i64::MAX), "parts verified");
    }
    match parts.keys().find(|name| !met.contains(**name)) {
        Some(name) => Err(damaged(format_args!("it lacks {name}"))),
        None => Ok(manifest),
    }
}

fn parts(manifest: &Manifest) -> impl Iterator<Item = &Part> {
    manifest.tables.iter().map(|table| &table.part).chain(manifest.files.iter().map(|file| &file.part))
}

fn manifest(archive: &mut Archive) -> Result<Manifest> {
    let entry = archive.by_name(MANIFEST).map_err(|_| damaged("it has no manifest"))?;
    let manifest: Manifest = serde_json::from_reader(entry.take(MANIFEST_MAX))
        .map_err(|error| damaged(format_args!("its manifest cannot be read ({error})")))?;
    if manifest.format != FORMAT {
        return Err(damaged("it is no backup of Beamline"));
    }
    if manifest.version > VERSION {
        return Err(damaged(format_args!("it was made by a newer program ({}); restore it with that one", manifest.made_by)));
    }
    Ok(manifest)
}

/// A table to be loaded: its name, its columns in the order of the lines, its part, its rows.
struct Load {
    table: String,
    columns: Vec<queries::Column>,
    part: String,
    rows: u64,
}

/// Is there room for this backup, and does this program know its schema?
fn fits(conn: &mut Conn, manifest: &Manifest, force: bool) -> Result<()> {
    let schema = queries::schema_version(conn)?;
    if manifest.schema > schema {
        let why = format!(
            "its schema {} is newer than this program's {schema}; restore it with the program that made it",
            manifest.schema
        );
        return Err(damaged(why));
    }
    for name in queries::tables(conn)? {
        // What every new database has says nothing.
        if !force && name != "settings" && queries::has_rows(conn, &name)? {
            return Err(not_empty("the database"));
        }
    }
    Ok(())
}

/// What is to be loaded, in the order in which rows may refer to each other. The schema is the backup's.
fn plan(conn: &mut Conn, manifest: &Manifest) -> Result<Vec<Load>> {
    let names = queries::tables(conn)?;
    if let Some(table) = manifest.tables.iter().find(|table| !names.contains(&table.name)) {
        return Err(damaged(format_args!("there is no table {} any more", table.name)));
    }
    let mut plan = Vec::new();
    for name in names {
        let Some(table) = manifest.tables.iter().find(|table| table.name == name) else { continue };
        let known = queries::columns(conn, &name)?;
        let column = |wanted: &String| {
            let found = known.iter().find(|column| column.name == *wanted).cloned();
            found.ok_or_else(|| damaged(format_args!("there is no column {name}.{wanted} any more")))
        };
        let columns = table.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        plan.push(Load { columns, part: table.part.part.clone(), rows: table.rows, table: name });
    }
    Ok(plan)
}

fn not_empty(what: &str) -> Error {
    let why = format!(
        "{what} is not empty and nothing was changed; restore into a new data folder, or give --force to replace all of it"
    );
    Error::new(Code::Conflict, why)
}

/// Loads the tables in the caller's transaction.
fn load(conn: &mut Conn, backend: Backend, place: &Path, manifest: &Manifest, force: bool, tell: &Tell) -> Result<()> {
    // Nothing has come in since it was looked at.
    fits(conn, manifest, force)?;
    let mut archive = open(place)?;
    let all = queries::tables(conn)?;
    queries::wipe(conn, &all)?;
    // An older backup is loaded into the tables that it was made of, which then go the way that its database would have gone.
    migrate::back_to(conn, &manifest.schema)?;
    if queries::schema_version(conn)? != manifest.schema {
        return Err(damaged(format_args!("there never was a schema {}", manifest.schema)));
    }
    let plan = plan(conn, manifest)?;
    let mut done = 0_u64;
    for load in &plan {
        let insertion = queries::insertion(backend, &load.table, &load.columns);
        let entry = archive.by_name(&load.part).map_err(damaged)?;
        let mut lines = BufReader::with_capacity(1 << 16, entry);
        let (mut batch, mut rows, mut loaded) = (String::from("["), 0_usize, 0_u64);
        let mut line = String::new();
        loop {
            line.clear();
            let read = (&mut lines).take(LINE_MAX).read_line(&mut line).map_err(damaged)?;
            if read > 0 {
                if rows > 0 {
                    batch.push(',');
                }
                match storable(backend, line.trim_end())? {
                    Some(mended) => batch.push_str(&mended),
                    None => batch.push_str(line.trim_end()),
                }
                rows += 1;
            }
            if rows > 0 && (read == 0 || rows >= BATCH_ROWS || batch.len() >= BATCH_BYTES) {
                batch.push(']');
                loaded += queries::insert(conn, &insertion, &batch)? as u64;
                done += rows as u64;
                tell(i64::try_from(done).unwrap_or(i64::MAX), "rows");
                batch.truncate(1);
                rows = 0;
            }
            if read == 0 {
                break;
            }
        }
        if loaded != load.rows {
            return Err(damaged(format_args!("table {} has {loaded} rows, not {}", load.table, load.rows)));
        }
    }
    migrate::forward(conn)?;
    let loaded: Vec<_> = plan.into_iter().map(|load| (load.table, load.columns)).collect();
    queries::begin_anew(conn, &loaded)
}

/// PostgreSQL keeps no NUL in a text, SQLite does; a line that has one is mended.
fn storable(backend: Backend, line: &str) -> Result<Option<String>> {
    if backend == Backend::Sqlite || !line.contains("\\u0000") {
        return Ok(None);
    }
    let mut values: Vec<serde_json::Value> = serde_json::from_str(line).map_err(damaged)?;
    for value in &mut values {
        if let serde_json::Value::String(text) = value {
            *text = text.replace('\0', " ");
        }
    }
    Ok(Some(serde_json::to_string(&values)?))
}

/// Puts the files back where they were.
async fn files(app: &App, place: &Path, manifest: &Manifest, tell: &Tell) -> Result<()> {
    let failed = |error: object_store::Error| {
        Error::new(Code::Unavailable, "the file store cannot be written; check its folder or bucket").because(error)
    };
    for (at, file) in manifest.files.iter().enumerate() {
        let path = StorePath::parse(&file.path).map_err(damaged)?;
        let upload = app.files.put_multipart(&path).await.map_err(failed)?;
        let mut upload = WriteMultipart::new(upload);
        let mut pieces = pieces(place.to_owned(), file.part.part.clone());
        while let Some(piece) = pieces.recv().await {
            upload.wait_for_capacity(4).await.map_err(failed)?;
            upload.put(piece?);
        }
        upload.finish().await.map_err(failed)?;
        tell(i64::try_from(at + 1).unwrap_or(i64::MAX), "files");
    }
    Ok(())
}

/// A part's bytes, read on a thread of its own.
fn pieces(place: PathBuf, part: String) -> tokio::sync::mpsc::Receiver<Result<Bytes>> {
    let (send, receive) = tokio::sync::mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let read = || -> Result<()> {
            let mut archive = open(&place)?;
            let mut entry = archive.by_name(&part).map_err(damaged)?;
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                (&mut entry).take(PIECE as u64).read_to_end(&mut piece)?;
                if piece.is_empty() || send.blocking_send(Ok(Bytes::from(piece))).is_err() {
                    return Ok(());
                }
            }
        };
        if let Err(error) = read() {
            let _ = send.blocking_send(Err(error));
        }
    });
    receive
}
