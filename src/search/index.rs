//! The folder of the index: versions side by side, and one small file that names the live one.
//!
//! ```text
//! <data>/index/current            the live version's name, replaced in one step
//! <data>/index/writer.lock        held by the process that feeds the index, released by the system when it dies
//! <data>/index/rebuild.request    asks the holder to build anew
//! <data>/index/<version>/         a tantivy index, and the fingerprint of its schema
//! ```
//!
//! One lock stands above all versions, because tantivy's own is per version: two processes that found no index would both make
//! one, and a holder that changes versions would for a moment hold neither.

use super::fields::Fields;
use crate::db::Position;
use crate::error::{Code, Error, Result};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexSettings};

const CURRENT: &str = "current";
const LOCK: &str = "writer.lock";
const REQUEST: &str = "rebuild.request";
const FINGERPRINT: &str = "fingerprint";

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

/// The right to feed the index, until dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

impl Folder {
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The live version's name; none before the first was built.
    pub fn current(&self) -> Result<Option<String>> {
        match fs::read_to_string(self.root.join(CURRENT)) {
            Ok(name) => Ok(Some(name.trim().to_owned()).filter(|name| is_version(name))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// Makes a version the live one, for every process at once.
    pub fn publish(&self, version: &str) -> Result<()> {
        self.replace(&self.root.join(CURRENT), version)
    }

    /// Takes the right to feed, unless another process or task has it.
    pub fn lock(&self) -> Result<Option<WriterLock>> {
        fs::create_dir_all(&self.root).map_err(|error| self.unreadable(error))?;
        let file = File::options().create(true).write(true).truncate(false).open(self.root.join(LOCK));
        let file = file.map_err(|error| self.unreadable(error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(WriterLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.unreadable(error)),
        }
    }

    /// Makes an empty index of a version that was never there. Only the lock's holder may.
    pub fn create(&self, fields: &Fields) -> Result<(String, Index)> {
        fs::create_dir_all(&self.root).map_err(|error| self.unreadable(error))?;
        let newest = self.versions()?.iter().filter_map(|name| number(name)).max().unwrap_or(0);
        let version = format!("v{:06}", newest + 1);
        let path = self.root.join(&version);
        fs::create_dir_all(&path).map_err(|error| self.unreadable(error))?;
        let directory = MmapDirectory::open(&path).map_err(Error::internal)?;
        let mut index = Index::create(directory, fields.schema.clone(), IndexSettings::default()).map_err(Error::internal)?;
        index.set_tokenizers(fields.tokenizers());
        self.replace(&path.join(FINGERPRINT), fields.fingerprint())?;
        Ok((version, index))
    }

    /// Opens a version; none when it was built for another schema.
    pub fn open(&self, version: &str, fields: &Fields) -> Result<Option<Index>> {
        let path = self.root.join(version);
        let built_for = fs::read_to_string(path.join(FINGERPRINT)).unwrap_or_default();
        if built_for.trim() != fields.fingerprint() {
            return Ok(None);
        }
        let mut index = Index::open_in_dir(&path).map_err(Error::internal)?;
        index.set_tokenizers(fields.tokenizers());
        Ok(Some(index))
    }

    /// Removes every version but this one. Open readers keep their files on Unix; where they cannot go yet, the next sweep takes them.
    pub fn sweep(&self, keep: &str) {
        for version in self.versions().unwrap_or_default() {
            if version != keep
                && let Err(error) = fs::remove_dir_all(self.root.join(&version))
            {
                tracing::debug!(%error, version, "an old index version stays for now");
            }
        }
    }

    /// Asks whoever feeds the index to build it anew.
    pub fn request_rebuild(&self) -> Result<()> {
        self.replace(&self.root.join(REQUEST), "rebuild")
    }

    pub fn rebuild_requested(&self) -> bool {
        self.root.join(REQUEST).exists()
    }

    /// The request is fulfilled.
    pub fn forget_request(&self) {
        let _ = fs::remove_file(self.root.join(REQUEST));
    }

    fn versions(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.root).map_err(|error| self.unreadable(error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_version(name)).collect())
    }

    /// Replaces a small file in one step, so that nobody ever reads half of it, and so that it outlasts a power cut.
    fn replace(&self, path: &Path, text: &str) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.root)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)?;
            if cfg!(unix) {
                File::open(path.parent().unwrap_or(&self.root))?.sync_all()?;
            }
            Ok(())
        };
        write().map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, error: std::io::Error) -> Error {
        let detail = format!("the index folder {} cannot be used; check that it can be written", self.root.display());
        Error::new(Code::Unavailable, detail).because(error)
    }
}

/// How far an index has followed the change log: what its last commit says.
pub(super) fn position(index: &Index) -> Result<(u64, Option<Position>)> {
    let meta = index.load_metas().map_err(Error::internal)?;
    Ok((meta.opstamp, meta.payload.and_then(|payload| payload.parse().ok())))
}

fn is_version(name: &str) -> bool {
    number(name).is_some()
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix('v').filter(|digits| digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}
