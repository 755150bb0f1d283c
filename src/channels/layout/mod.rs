//! Rows as bytes: RSS items, lines of a table, JSON documents. Pure; where the bytes go is [`super::write`]'s business.

mod json;
mod rss;
mod table;

use super::profile::{ChannelProfile, Field, Format, Layout};
use super::readiness::Row;
use super::render::Cell;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Bytes and how many rows they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// In the file's form.
    pub bytes: Vec<u8>,
    /// Lines or items.
    pub rows: u64,
}

/// What stands in a file besides its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Address of the shop, which RSS wants to be told.
    pub shop: String,
    /// Settings of the channel, for envelopes: options, `locale`, `currency`, `country`.
    pub settings: BTreeMap<String, String>,
}

/// One format of one channel.
#[derive(Clone, Copy)]
pub struct Encoder<'a> {
    /// The channel.
    pub profile: &'a ChannelProfile,
    /// The format.
    pub format: &'a Format,
    /// What stands around the rows.
    pub frame: &'a Frame,
}

impl<'a> Encoder<'a> {
    /// The fields that the format has, in its order.
    pub fn fields(&self) -> Vec<(usize, &'a Field)> {
        let all = self.profile.fields.iter().enumerate();
        if self.format.columns.is_empty() {
            let code = &self.format.code;
            return all.filter(|(_, field)| !field.not_in.contains(code)).collect();
        }
        let of = |name: &String| self.profile.fields.iter().position(|field| field.name == *name);
        let places = self.format.columns.iter().filter_map(of);
        places.filter_map(|at| Some((at, self.profile.fields.get(at)?))).collect()
    }

    /// What every part begins with.
    pub fn head(&self) -> Result<Vec<u8>> {
        match self.format.layout {
            Layout::Rss => self.rss_head(),
            Layout::Tsv | Layout::Csv => self.bytes_of([self.heading()]),
            Layout::Json => Ok(self.envelope()?.0),
            Layout::Jsonl | Layout::Xlsx => Ok(Vec::new()),
        }
    }

    /// What every part ends with.
    pub fn foot(&self) -> Result<Vec<u8>> {
        match self.format.layout {
            Layout::Rss => Ok(b"</channel>\n</rss>\n".to_vec()),
            Layout::Json => Ok(self.envelope()?.1),
            Layout::Tsv | Layout::Csv | Layout::Jsonl | Layout::Xlsx => Ok(Vec::new()),
        }
    }

    /// Rows that belong together: those of one group, or a single one. `position` counts the part's items before it.
    pub fn block(&self, rows: &[&Row], position: u64) -> Result<Encoded> {
        match self.format.layout {
            Layout::Rss => self.items(rows),
            Layout::Json | Layout::Jsonl => Ok(self.documents(rows, position)),
            Layout::Tsv | Layout::Csv | Layout::Xlsx => {
                let lines = self.lines(rows);
                let rows = lines.len() as u64;
                Ok(Encoded { bytes: self.bytes_of(lines)?, rows })
            }
        }
    }

    /// What stands between two blocks.
    pub fn separator(&self) -> &'static [u8] {
        if self.format.layout == Layout::Json { b",\n" } else { b"" }
    }

    /// Do the items tell where in their part they stand?
    pub fn is_numbered(&self) -> bool {
        self.format.shape.as_deref().is_some_and(super::shape::Shape::has_position)
    }
}

/// Cells of one field.
fn cells(row: &Row, at: usize) -> &[Cell] {
    row.cells.get(at).map_or(&[], Vec::as_slice)
}

/// A fault that a profile's check should have found.
fn unchecked(what: impl Into<String>) -> Error {
    Error::internal(what.into())
}
