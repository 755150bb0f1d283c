//! Backup and restore: the whole of a catalogue in one file, made while it is served, for either database.
//!
//! A backup is a zip archive: every table as lines of JSON (`tables/NAME.ndjson`, one array of values a row), the files of the file
//! store (originals of imports, publications), and last a `manifest.json` that names every part with its rows, bytes and SHA-256. The
//! tables come from one snapshot, so writes go on meanwhile. Nothing in it belongs to one database: a backup of SQLite is restored into
//! PostgreSQL and the other way round. Files in a bucket are named and not copied; a bucket has versions and replication of its own.
//!
//! A restore reads the whole archive against its manifest before it touches anything, and loads it in one transaction: it is done or it
//! never was. It begins a new epoch of the change log with every change's transaction id 0, so a search index of another life is built
//! anew and a client that holds a newer position is told `cursor_expired`. Jobs that were being worked on are free to be taken up.
//!
//! Memory stays bounded however large the catalogue is: rows are read and written in small batches. The search index is in no backup.

pub mod make;
pub mod queries;
pub mod restore;

use crate::error::{Code, Error};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// Name of the part that names all others.
const MANIFEST: &str = "manifest.json";
/// What a manifest says it is.
const FORMAT: &str = "beamline-backup";
/// The layout described above.
const VERSION: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// `beamline-backup`.
    pub format: String,
    /// Layout of the archive.
    pub version: u32,
    /// The program that made it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Newest migration of its database.
    pub schema: String,
    /// The database it came from: `sqlite` or `postgres`.
    pub database: String,
    /// The tables, in the order of their making.
    pub tables: Vec<Table>,
    /// The files of the file store.
    pub files: Vec<File>,
    /// Files that stand in a bucket and are not in the archive.
    pub files_elsewhere: Vec<String>,
}

/// A table in a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of each line's values.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: u64,
    /// Where it stands in the archive.
    #[serde(flatten)]
    pub part: Part,
}

/// A file in a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    /// Its path in the file store.
    pub path: String,
    /// Where it stands in the archive.
    #[serde(flatten)]
    pub part: Part,
}

/// One part of the archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Its name there.
    pub part: String,
    /// Its size, not compressed.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Who is told how much of what is done.
pub type Tell = std::sync::Arc<dyn Fn(i64, &str) + Send + Sync>;

/// Passes bytes on, counting and hashing them.
struct Hashing<W> {
    inner: W,
    bytes: u64,
    hash: Sha256,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self { inner, bytes: 0, hash: Sha256::new() }
    }

    fn part(self, name: &str) -> Part {
        Part { part: name.to_owned(), bytes: self.bytes, sha256: hex::encode(self.hash.finalize()) }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.hash.update(buf.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::new(Code::UnreadableFile, format!("this backup cannot be used and nothing was changed: {why}"))
}
