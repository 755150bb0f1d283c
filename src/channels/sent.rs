//! What changes in what a channel was told, on disk until the publication is committed: as long as the catalogue, and not in memory.

use super::queries::Sent;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

/// Listings as they were told, a JSON line each.
pub struct SentLog(BufWriter<File>);

impl SentLog {
    /// An empty one; its file has no name and is gone with the process, whatever happens.
    pub(super) fn new() -> Result<Self> {
        Ok(Self(BufWriter::new(tempfile::tempfile()?)))
    }

    /// Notes one.
    pub(super) fn add(&mut self, sent: &Sent) -> Result<()> {
        serde_json::to_writer(&mut self.0, sent)?;
        Ok(self.0.write_all(b"\n")?)
    }

    /// All of them in order, some thousand at once.
    pub fn batches(self) -> Result<impl Iterator<Item = Result<Vec<Sent>>>> {
        let mut file = self.0.into_inner().map_err(|error| Error::internal(error.into_error()))?;
        file.seek(SeekFrom::Start(0))?;
        let mut lines = BufReader::new(file).lines();
        Ok(std::iter::from_fn(move || {
            let batch = lines.by_ref().take(2_000).map(|line| Ok(serde_json::from_str(&line?)?)).collect::<Result<Vec<Sent>>>();
            Some(batch).filter(|batch| batch.as_ref().map_or(true, |batch| !batch.is_empty()))
        }))
    }
}
