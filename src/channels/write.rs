//! A feed on disk: rows come in block by block, named parts within the channel's limits come out. Memory holds what comes at once.

use super::layout::{Encoded, Encoder, Frame};
use super::profile::{ChannelProfile, Format, Layout, Limits};
use super::readiness::Row;
use super::sheet::{self, Sheet};
use crate::error::{Code, Error, Result};
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a part that are written at once.
const BUFFER: usize = 256 << 10;

/// Writes one format of one channel into a folder.
pub struct FeedWriter {
    profile: Arc<ChannelProfile>,
    format: Format,
    frame: Frame,
    folder: PathBuf,
    parts: Vec<WrittenPart>,
    open: Option<Open>,
}

enum Open {
    File(BufWriter<File>),
    Sheet(Box<Sheet>),
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
    /// Begins a feed of this format in `folder`, which is there.
    pub fn new(profile: Arc<ChannelProfile>, format: &Format, frame: &Frame, folder: &Path) -> Self {
        let (format, frame, folder) = (format.clone(), frame.clone(), folder.to_owned());
        Self { profile, format, frame, folder, parts: Vec::new(), open: None }
    }

    /// The format it writes.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Adds blocks of rows that belong together, laid out on all cores. A block stays in one part unless it alone is too much for one.
    pub fn blocks(&mut self, blocks: &[Vec<&Row>]) -> Result<()> {
        let encoder = self.encoder();
        // What tells its place in the part can only be laid out when that is known.
        if encoder.is_numbered() || self.format.layout == Layout::Xlsx {
            return blocks.iter().filter(|rows| !rows.is_empty()).try_for_each(|rows| self.place(rows, None));
        }
        let laid_out: Vec<(&[&Row], Result<Encoded>)> =
            blocks.par_iter().filter(|rows| !rows.is_empty()).map(|rows| (rows.as_slice(), encoder.block(rows, 0))).collect();
        laid_out.into_iter().try_for_each(|(rows, block)| self.place(rows, Some(block?)))
    }

    fn encoder(&self) -> Encoder<'_> {
        Encoder { profile: &self.profile, format: &self.format, frame: &self.frame }
    }

    fn limits(&self) -> Limits {
        let limits = self.format.limits.unwrap_or(self.profile.limits);
        let most = (self.format.layout == Layout::Xlsx).then_some(sheet::MAX_ROWS);
        Limits { rows_per_part: limits.rows_per_part.into_iter().chain(most).min(), ..limits }
    }

    /// Puts a block into the open part, or a new one where it does not fit.
    fn place(&mut self, rows: &[&Row], block: Option<Encoded>) -> Result<()> {
        let encoder = self.encoder();
        let (foot, separator) = (encoder.foot()?, encoder.separator());
        let limits = self.limits();
        let fits = |bytes: u64, rows: u64, block: &Encoded| {
            let more = (block.bytes.len() + foot.len() + separator.len()) as u64;
            limits.bytes_per_part.is_none_or(|max| bytes + more <= max)
                && limits.rows_per_part.is_none_or(|max| rows + block.rows <= max)
        };
        let numbered = block.is_none();
        let (bytes, before) = self.parts.last().map_or((0, 0), |part| (part.bytes, part.rows));
        let mut block = match block {
            Some(block) => block,
            None => encoder.block(rows, before)?,
        };
        if block.rows == 0 {
            return Ok(());
        }
        if self.open.is_some() && fits(bytes, before, &block) {
            return self.put(rows, &block);
        }
        if numbered && before > 0 {
            block = encoder.block(rows, 0)?;
        }
        let head = encoder.head()?;
        if !fits(head.len() as u64, 0, &block) {
            // Each half begins anew with what belongs to the group.
            if rows.len() > 1 {
                let (left, right) = rows.split_at(rows.len() / 2);
                return [left, right].into_iter().try_for_each(|half| self.place(half, None));
            }
            let message = format!("one product alone is more than a part of {} may hold; check its limits", self.profile.name);
            return Err(Error::new(Code::TooLarge, message));
        }
        self.begin(&head)?;
        self.put(rows, &block)
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
        self.open = Some(if self.format.layout == Layout::Xlsx {
            Open::Sheet(Box::new(Sheet::open(&self.encoder().heading())?))
        } else {
            Open::File(BufWriter::with_capacity(BUFFER, File::create(&path)?))
        });
        self.parts.push(WrittenPart { name, path, rows: 0, bytes: 0 });
        self.write(head, 0)
    }

    fn end(&mut self) -> Result<()> {
        if self.open.is_some() {
            let foot = self.encoder().foot()?;
            self.write(&foot, 0)?;
        }
        match (self.open.take(), self.parts.last_mut()) {
            (Some(Open::File(mut file)), _) => file.flush()?,
            (Some(Open::Sheet(sheet)), Some(part)) => {
                sheet.save(&part.path)?;
                part.bytes = std::fs::metadata(&part.path)?.len();
            }
            _ => {}
        }
        Ok(())
    }

    fn put(&mut self, rows: &[&Row], block: &Encoded) -> Result<()> {
        if self.format.layout == Layout::Xlsx {
            let encoder = self.encoder();
            let numbers: Vec<bool> = encoder.fields().iter().map(|(_, field)| field.render.is_number()).collect();
            let lines = encoder.lines(rows);
            if let Some(Open::Sheet(sheet)) = &mut self.open {
                lines.iter().try_for_each(|line| sheet.line(line, &numbers))?;
            }
            return self.write(&[], block.rows);
        }
        if self.parts.last().is_some_and(|part| part.rows > 0) {
            let separator = self.encoder().separator();
            self.write(separator, 0)?;
        }
        self.write(&block.bytes, block.rows)
    }

    fn write(&mut self, bytes: &[u8], rows: u64) -> Result<()> {
        if let Some(part) = self.parts.last_mut() {
            if let Some(Open::File(file)) = &mut self.open {
                file.write_all(bytes)?;
            }
            part.bytes += bytes.len() as u64;
            part.rows += rows;
        }
        Ok(())
    }
}
