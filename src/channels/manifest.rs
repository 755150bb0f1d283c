//! What a publication holds, row by row: the memory of what the channel was told.
//!
//! A gzipped file of JSON lines beside the publication's parts, in the order of SKUs. The first line names the fields, so that a manifest
//! outlives changes of the channel's profile. Differences, deltas, removals and roll-backs are made by walking two of them side by side.

use super::profile::ChannelProfile;
use super::readiness::{self, Row};
use super::render::Cell;
use crate::error::{Error, Result};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// Name of the file among those of the publication.
pub const FILE: &str = "rows.ndjson";
/// The same as it lies in the store.
pub const STORED: &str = "rows.ndjson.gz";

#[derive(Serialize, Deserialize)]
struct Head {
    fields: Vec<String>,
}

type Line = (String, i64, Option<String>, String, String, Vec<Vec<Cell>>);

/// A row as it was told, in the fields of today's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The row.
    pub row: Row,
    /// Its hash, by today's fields.
    pub hash: String,
}

/// Writes a manifest.
pub struct Writer(GzEncoder<BufWriter<File>>);

impl Writer {
    /// Begins one.
    pub fn create(path: &Path, profile: &ChannelProfile) -> Result<Self> {
        // No name and no time inside, so that the same rows are the same file.
        let mut to = GzBuilder::new().write(BufWriter::new(File::create(path)?), Compression::fast());
        let fields = profile.fields.iter().map(|field| field.name.clone()).collect();
        serde_json::to_writer(&mut to, &Head { fields })?;
        to.write_all(b"\n")?;
        Ok(Self(to))
    }

    /// Adds a row; rows come in the order of their SKUs.
    pub fn add(&mut self, row: &Row, hash: &str) -> Result<()> {
        serde_json::to_writer(&mut self.0, &(&row.sku, row.product_id, &row.group, &row.handle, hash, &row.cells))?;
        self.0.write_all(b"\n")?;
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> Result<()> {
        self.0.finish()?.into_inner().map_err(|error| Error::internal(error.into_error()))?.sync_all()?;
        Ok(())
    }
}

/// Reads a manifest; the rows come in the order of SKUs.
pub struct Reader {
    lines: BufReader<GzDecoder<BufReader<File>>>,
    /// Where today's fields stood; none: just so.
    places: Option<Vec<Option<usize>>>,
    profile: ChannelProfile,
    line: String,
}

impl Reader {
    /// Opens one.
    pub fn open(path: &Path, profile: &ChannelProfile) -> Result<Self> {
        let mut lines = BufReader::new(GzDecoder::new(BufReader::new(File::open(path)?)));
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let head: Head = serde_json::from_str(&line)?;
        let same = head.fields.iter().eq(profile.fields.iter().map(|field| &field.name));
        let place = |name: &String| head.fields.iter().position(|field| field == name);
        let places = (!same).then(|| profile.fields.iter().map(|field| place(&field.name)).collect());
        Ok(Self { lines, places, profile: profile.clone(), line })
    }
}

impl Iterator for Reader {
    type Item = Result<Told>;

    fn next(&mut self) -> Option<Result<Told>> {
        self.line.clear();
        match self.lines.read_line(&mut self.line) {
            Ok(0) => None,
            Ok(_) => Some(self.told()),
            Err(error) => Some(Err(error.into())),
        }
    }
}

impl Reader {
    fn told(&self) -> Result<Told> {
        let (sku, product_id, group, handle, hash, cells): Line = serde_json::from_str(&self.line)?;
        let Some(places) = &self.places else {
            return Ok(Told { row: Row { product_id, sku, group, handle, cells }, hash });
        };
        let cells: Vec<Vec<Cell>> =
            places.iter().map(|place| place.and_then(|at| cells.get(at)).cloned().unwrap_or_default()).collect();
        let hash = readiness::hash(&self.profile, &cells, group.as_deref());
        Ok(Told { row: Row { product_id, sku, group, handle, cells }, hash })
    }
}
