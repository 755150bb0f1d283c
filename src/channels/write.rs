//! A feed on disk: rows come in block by block, named parts within the channel's limits come out. Memory holds what comes at once.

use super::layout::{Encoded, Encoder};
use super::profile::{ChannelProfile, Format};
use super::readiness::Row;
use crate::error::{Code, Error, Result};
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes one format of one channel into a folder.
pub struct FeedWriter {
    profile: Arc<ChannelProfile>,
    format: Format,
    shop: String,
    folder: PathBuf,
    parts: Vec<WrittenPart>,
    open: Option<BufWriter<File>>,
}

/// One finished part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPart {
    /// Its name in the feed.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Lines or items, header not counted.
    pub rows: u64,
    /// Length.
    pub bytes: u64,
}

impl FeedWriter {
    /// Begins a feed of this format in `folder`, which is there. `shop` is the shop's address.
    pub fn new(profile: Arc<ChannelProfile>, format: &Format, shop: &str, folder: &Path) -> Self {
        let (format, shop, folder) = (format.clone(), shop.to_owned(), folder.to_owned());
        Self { profile, format, shop, folder, parts: Vec::new(), open: None }
    }

    /// Adds blocks of rows that belong together, laid out on all cores. A block stays in one part unless it alone is too much for one.
    pub fn blocks(&mut self, blocks: &[Vec<&Row>]) -> Result<()> {
        let encoder = self.encoder();
        let laid_out: Vec<(&[&Row], Result<Encoded>)> =
            blocks.par_iter().filter(|rows| !rows.is_empty()).map(|rows| (rows.as_slice(), encoder.block(rows))).collect();
        laid_out.into_iter().try_for_each(|(rows, block)| self.place(rows, &block?))
    }

    fn encoder(&self) -> Encoder<'_> {
        Encoder { profile: &self.profile, format: &self.format, shop: &self.shop }
    }

    /// Puts a block into the open part, or a new one where it does not fit.
    fn place(&mut self, rows: &[&Row], block: &Encoded) -> Result<()> {
        let encoder = self.encoder();
        let foot = encoder.foot();
        let limits = self.profile.limits;
        let fits = |bytes: u64, rows: u64| {
            limits.bytes_per_part.is_none_or(|max| bytes + block.bytes.len() as u64 + foot.len() as u64 <= max)
                && limits.rows_per_part.is_none_or(|max| rows + block.rows <= max)
        };
        let in_open = self.open.is_some() && self.parts.last().is_some_and(|part| fits(part.bytes, part.rows));
        let mut head = Vec::new();
        if !in_open {
            head = encoder.head()?;
            if !fits(head.len() as u64, 0) {
                // Each half begins anew with what belongs to the group.
                if rows.len() > 1 {
                    let (left, right) = rows.split_at(rows.len() / 2);
                    return [left, right].into_iter().try_for_each(|half| {
                        let block = self.encoder().block(half)?;
                        self.place(half, &block)
                    });
                }
                let message =
                    format!("one product alone is more than a part of {} may hold; check its limits", self.profile.name);
                return Err(Error::new(Code::TooLarge, message));
            }
        }
        if !in_open {
            self.begin(&head)?;
        }
        self.put(&block.bytes, block.rows)
    }

    /// Ends the feed; its parts in order. A feed without rows still has one part, with its head.
    pub fn finish(mut self) -> Result<Vec<WrittenPart>> {
        if self.parts.is_empty() {
            let head = self.encoder().head()?;
            self.begin(&head)?;
        }
        self.end()?;
        Ok(self.parts)
    }

    fn begin(&mut self, head: &[u8]) -> Result<()> {
        self.end()?;
        let name = self.format.part_name(self.parts.len());
        let path = self.folder.join(&name);
        self.open = Some(BufWriter::new(File::create(&path)?));
        self.parts.push(WrittenPart { name, path, rows: 0, bytes: 0 });
        self.put(head, 0)
    }

    fn end(&mut self) -> Result<()> {
        let foot = self.encoder().foot();
        if self.open.is_some() {
            self.put(foot, 0)?;
        }
        if let Some(mut file) = self.open.take() {
            file.flush()?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], rows: u64) -> Result<()> {
        if let (Some(file), Some(part)) = (&mut self.open, self.parts.last_mut()) {
            file.write_all(bytes)?;
            part.bytes += bytes.len() as u64;
            part.rows += rows;
        }
        Ok(())
    }
}
