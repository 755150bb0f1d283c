//! Packed files: gzip streams, and zip archives whose members follow each other as if they were one file.

use super::bounded::{Bounded, Counted};
use super::error::ReadError;
use super::limits::ReadLimits;
use super::options::{Format, Layout, ReadOptions};
use super::{Bytes, Context, Records, Rows, workbook};
use crate::import::row::Record;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

/// Extensions of members that hold records; `txt` counts only where nothing else does.
const DATA: [&str; 8] = ["csv", "tsv", "tab", "xml", "json", "ndjson", "jsonl", "xlsx"];

/// Opens a zip that arrives as a stream: a workbook, or an archive of data files.
pub(super) fn open(source: Bytes, inner: bool, options: &ReadOptions, context: &Context) -> Result<Records, ReadError> {
    let file = spool(source)?;
    let archive = ZipArchive::new(BufReader::new(handle(&file)?)).map_err(|error| damaged(&error.to_string()))?;
    let names: Vec<String> =
        archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned).unwrap_or_default()).collect();
    if names.len() > context.limits.max_members {
        let message =
            format!("the archive holds {} files, more than {}; send the data alone", names.len(), context.limits.max_members);
        return Err(ReadError::fatal("too_many_members", message));
    }
    if names.iter().any(|name| name == "[Content_Types].xml") {
        let (rows, sheet) = workbook::open(file, options, &context.limits)?;
        let layout = Layout { format: Format::Xlsx, separator: None, record: Some(sheet) };
        return Ok(Records { rows, layout, done: false });
    }
    if inner {
        return Err(ReadError::fatal("format_unsupported", "the file is packed twice; send it packed once"));
    }
    let mut members = Members {
        waiting: members(archive, &context.limits)?,
        file,
        options: options.clone(),
        context: context.clone(),
        current: None,
        offset: 0,
        row: 0,
    };
    let Some(first) = members.advance()? else {
        let message = format!("the archive holds no CSV, TSV, XML, JSON or XLSX file, only: {}", shown(&names));
        return Err(ReadError::fatal("no_data_in_archive", message));
    };
    Ok(Records { rows: Box::new(members), layout: first, done: false })
}

/// Writes a stream to a temporary file, for readers that jump about in it.
fn spool(mut source: Bytes) -> Result<File, ReadError> {
    let spooled = tempfile::tempfile().and_then(|mut file| {
        io::copy(&mut source, &mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    });
    spooled.map_err(|error| ReadError::from_io(&error))
}

/// Another handle of the same file. The position is shared: only one may read at a time.
fn handle(file: &File) -> Result<File, ReadError> {
    file.try_clone().map_err(|error| ReadError::from_io(&error))
}

fn damaged(why: &str) -> ReadError {
    ReadError::fatal("archive_damaged", format!("the archive cannot be opened: {why}; send it again"))
}

fn shown(names: &[String]) -> String {
    let mut shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 5 {
        shown.push_str(", ...");
    }
    shown
}

struct Member {
    name: String,
    start: u64,
    packed: u64,
    plain: u64,
    checksum: u32,
    deflated: bool,
}

/// The data files of the archive, in its order.
fn members(mut archive: ZipArchive<BufReader<File>>, limits: &ReadLimits) -> Result<VecDeque<Member>, ReadError> {
    let mut found = Vec::new();
    for index in 0..archive.len().min(limits.max_members) {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(&error.to_string()))?;
        let name = entry.name().map(std::borrow::Cow::into_owned).unwrap_or_default();
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let extension = base.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
        let data = DATA.contains(&extension.as_str());
        if entry.is_dir() || base.starts_with('.') || name.starts_with("__MACOSX/") || !(data || extension == "txt") {
            continue;
        }
        if entry.encrypted() {
            return Err(ReadError::fatal("archive_encrypted", format!("'{name}' has a password; send it without one")));
        }
        let deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                let message = format!("'{name}' is packed with {other}; pack it with deflate, as every zip tool can");
                return Err(ReadError::fatal("format_unsupported", message));
            }
        };
        let start = entry.data_start().ok_or_else(|| damaged("a member has no place"))?;
        let (packed, plain, checksum) = (entry.compressed_size(), entry.size(), entry.crc32());
        let member = Member { start, packed, plain, checksum, deflated, name: name.clone() };
        found.push((data, member));
    }
    let any = found.iter().any(|(data, _)| *data);
    Ok(found.into_iter().filter(|(data, _)| *data || !any).map(|(_, member)| member).collect())
}

/// Holds the checksum and the length that the archive states against what came out, at its end (APPNOTE 4.4.7). A deflate stream that
/// breaks off would otherwise end like a whole one.
struct Checked<R> {
    inner: R,
    sum: Crc,
    length: u64,
    stated: (u32, u64),
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sum.update(buffer.get(..read).unwrap_or_default());
        self.length += read as u64;
        if read == 0 && !buffer.is_empty() && (self.sum.sum(), self.length) != self.stated {
            let message = "what came out is not what was packed: its checksum or its length is another. The archive was damaged on its \
                           way; send it again";
            return Err(ReadError::fatal("archive_damaged", message).into_io());
        }
        Ok(read)
    }
}

/// Records of one member after another; their numbers go on.
struct Members {
    file: File,
    waiting: VecDeque<Member>,
    options: ReadOptions,
    context: Context,
    current: Option<(String, Records)>,
    offset: u64,
    row: u64,
}

impl Members {
    /// Opens the next member; none when there is no more.
    fn advance(&mut self) -> Result<Option<Layout>, ReadError> {
        self.current = None;
        let Some(member) = self.waiting.pop_front() else { return Ok(None) };
        self.offset = self.row;
        let mut file = handle(&self.file)?;
        file.seek(SeekFrom::Start(member.start)).map_err(|error| ReadError::from_io(&error))?;
        let (packed, count) = Counted::new(BufReader::new(file).take(member.packed));
        let plain: Bytes = if member.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        let plain = Checked { inner: plain, sum: Crc::new(), length: 0, stated: (member.checksum, member.plain) };
        let bounded = Box::new(Bounded::new(plain, Some(count), self.context.total.clone(), &self.context.limits));
        let records = super::open_stream(bounded, &member.name, &self.options, &self.context, true)
            .map_err(|error| named(error, &member.name))?;
        let layout = records.layout().clone();
        self.current = Some((member.name, records));
        Ok(Some(layout))
    }
}

fn named(mut error: ReadError, member: &str) -> ReadError {
    error.message = format!("{member}: {}", error.message);
    error
}

impl Iterator for Members {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, records) = self.current.as_mut()?;
            match records.next() {
                Some(Ok(mut record)) => {
                    record.row += self.offset;
                    self.row = self.row.max(record.row);
                    return Some(Ok(record));
                }
                Some(Err(error)) => {
                    let mut error = named(error, name);
                    if error.row > 0 {
                        error.row += self.offset;
                        self.row = self.row.max(error.row);
                    }
                    if let Some(record) = &mut error.record {
                        record.row = error.row;
                    }
                    return Some(Err(error));
                }
                None => match self.advance() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    // An empty member beside full ones loses nothing.
                    Err(error) if error.code == "empty_file" && self.row > 0 => {
                        if !self.skip_empty() {
                            return None;
                        }
                    }
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

impl Members {
    /// Opens the next member that is not empty; false at the end.
    fn skip_empty(&mut self) -> bool {
        loop {
            match self.advance() {
                Ok(Some(_)) => return true,
                Ok(None) => return false,
                Err(error) if error.code == "empty_file" => {}
                Err(error) => {
                    let layout = Layout { format: Format::Csv, separator: None, record: None };
                    let rows: Rows = Box::new(std::iter::once(Err(error)));
                    self.current = Some((String::new(), Records { rows, layout, done: false }));
                    return true;
                }
            }
        }
    }
}
