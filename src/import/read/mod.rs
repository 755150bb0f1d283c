//! Bytes to records: CSV and TSV, XLSX, XML, JSON and NDJSON, plain or in gzip and zip, as one stream of [`Record`]s.
//!
//! [`open`] is the one door. What a file is, its content says first and its name second; what a profile says outranks both. Memory
//! stays flat: one row or element at a time, whatever the file's size (a zip spools to a temporary file; a workbook's shared
//! strings are held, under [`ReadLimits::max_xlsx_bytes`]). A row that cannot be read is an `Err` in the stream and the next
//! row follows it, where the format allows that; an error that ends the stream says so (`ReadError::fatal`).

mod bounded;
mod decode;
mod delimited;
mod detect;
mod error;
mod items;
mod json;
mod layouts;
mod limits;
mod lists;
mod named;
mod options;
mod parents;
mod record_path;
#[cfg(test)]
mod tests;
mod unpack;
mod words;
mod workbook;
mod xml;

pub use error::{RAW_CHARS, ReadError};
pub use items::Items;
pub use layouts::{KnownLayout, Meaning, Place, Unless, known_layouts};
pub use limits::ReadLimits;
pub use lists::List;
pub use named::is_named;
pub use options::{Format, Layout, ReadOptions};
pub use parents::Parents;
pub use words::{column_words, unit_fields};

use super::row::Record;
use bounded::{Bounded, Counted};
use decode::{Decoding, SNIFF_BYTES};
use detect::Kind;
use encoding_rs::Encoding;
use flate2::bufread::MultiGzDecoder;
use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Any source of bytes.
type Bytes = Box<dyn Read + Send>;
/// Any source of records.
type Rows = Box<dyn Iterator<Item = Result<Record, ReadError>> + Send>;

/// The records of one file, in order.
pub struct Records {
    rows: Rows,
    layout: Layout,
    done: bool,
}

impl Records {
    /// How the file turned out to be laid out; of a zip, its first member.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn change(&mut self, with: impl FnOnce(Rows) -> Rows) {
        let rows = std::mem::replace(&mut self.rows, Box::new(std::iter::empty()));
        self.rows = with(rows);
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.rows.next();
        self.done = match &next {
            None => true,
            Some(Err(error)) => error.fatal,
            Some(Ok(_)) => false,
        };
        next
    }
}

/// What goes along through packed files.
#[derive(Clone)]
struct Context {
    limits: ReadLimits,
    /// Unpacked bytes so far.
    total: Arc<AtomicU64>,
}

/// Opens a supplier's file. `name` is its file name or path, a hint only.
pub fn open(
    source: impl Read + Send + 'static,
    name: &str,
    options: &ReadOptions,
    limits: &ReadLimits,
) -> Result<Records, ReadError> {
    let context = Context { limits: limits.clone(), total: Arc::new(AtomicU64::new(0)) };
    let mut records = open_stream(Box::new(source), name, options, &context, false)?;
    if !options.lists.is_empty() {
        records.change(|rows| lists::unfolded(rows, options.lists.clone()));
    }
    if let Some(items) = &options.items {
        records.change(|rows| Box::new(items::Grouped::new(rows, items.clone())));
    }
    if let Some(parents) = &options.parents {
        records.change(|rows| Box::new(parents::Inheriting::new(rows, parents.clone())));
    }
    Ok(records)
}

/// Opens a stream; `inner` when it came out of a packed file and was counted there.
fn open_stream(source: Bytes, name: &str, options: &ReadOptions, context: &Context, inner: bool) -> Result<Records, ReadError> {
    let (counted, count) = Counted::new(source);
    let (head, source) = peek(Box::new(counted))?;
    let text = decoded(&head, options);
    let bound = |source: Bytes| -> Bytes {
        if inner { source } else { Box::new(Bounded::new(source, None, Arc::clone(&context.total), &context.limits)) }
    };
    match detect::detect(&head, &text, name)? {
        Kind::Records(format) => records(bound(source), &head, &text, options.format.unwrap_or(format), options, &context.limits),
        Kind::Zip => {
            // The packed bytes count for themselves; those of the members count as they come out.
            let packed = Context { limits: context.limits.clone(), total: Arc::new(AtomicU64::new(0)) };
            let source = Bounded::new(source, None, packed.total, &packed.limits);
            unpack::open(Box::new(source), inner, options, context)
        }
        Kind::Gzip if inner => Err(ReadError::fatal("format_unsupported", "the file is packed twice; send it packed once")),
        Kind::Gzip => {
            let plain = MultiGzDecoder::new(BufReader::new(source));
            let plain = Bounded::new(plain, Some(count), Arc::clone(&context.total), &context.limits);
            let name = name.strip_suffix(".gz").unwrap_or(name);
            open_stream(Box::new(plain), name, options, context, true)
        }
    }
}

/// Records of a plain file whose beginning is `head`, decoded `text`.
fn records(
    source: Bytes,
    head: &[u8],
    text: &str,
    format: Format,
    options: &ReadOptions,
    limits: &ReadLimits,
) -> Result<Records, ReadError> {
    let encoding = known_encoding(head, options)?;
    let stream = Decoding::new(source, encoding, options.language.as_deref());
    let mut layout = Layout { format, separator: None, record: options.record.clone() };
    let rows: Rows = match format {
        Format::Csv | Format::Tsv => {
            let found = || if format == Format::Tsv { '\t' } else { detect::separator(text) };
            let separator = options.separator.unwrap_or_else(found);
            layout.separator = Some(separator);
            Box::new(delimited::Delimited::new(stream, separator, options, limits)?)
        }
        Format::Xml => {
            let path = options.record.clone().or_else(|| record_path::guess_record(text, limits));
            let unknown =
                || ReadError::fatal("no_records", "the file repeats no element; name its record as file.record in the profile");
            let path = path.ok_or_else(unknown)?;
            layout.record = Some(path.clone());
            Box::new(xml::Elements::new(stream, &path, options, limits))
        }
        Format::Json => Box::new(json::Elements::new(stream, options, limits)),
        Format::Ndjson => Box::new(json::Lines::new(stream, options, limits)),
        Format::Xlsx => {
            return Err(ReadError::fatal(
                "format_unsupported",
                "the file is no XLSX workbook; leave file.format out of the profile",
            ));
        }
    };
    Ok(Records { rows, layout, done: false })
}

/// The first bytes, and the source with them still in it.
fn peek(mut source: Bytes) -> Result<(Vec<u8>, Bytes), ReadError> {
    let mut head = Vec::new();
    source.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head).map_err(|error| ReadError::from_io(&error))?;
    let again = Cursor::new(head.clone()).chain(source);
    Ok((head, Box::new(again)))
}

/// The beginning of the file as text, for detection only.
fn decoded(head: &[u8], options: &ReadOptions) -> String {
    let encoding = known_encoding(head, options).ok().flatten();
    let mut text = String::new();
    let bytes = Decoding::new(Cursor::new(head.to_vec()), encoding, options.language.as_deref());
    // The decoder gives valid UTF-8 and the cursor cannot fail.
    let _ = bytes.take(SNIFF_BYTES as u64 * 4).read_to_string(&mut text);
    text
}

/// The encoding the profile states, or an XML declaration that the bytes do not refute.
fn known_encoding(head: &[u8], options: &ReadOptions) -> Result<Option<&'static Encoding>, ReadError> {
    if let Some(label) = &options.encoding {
        let unknown = || ReadError::fatal("bad_profile", format!("file.encoding '{label}' is not known; try windows-1252"));
        return Encoding::for_label(label.trim().as_bytes()).map(Some).ok_or_else(unknown);
    }
    Ok(declared(head).and_then(|label| decode::believed(&label, head)))
}

/// The `encoding` of an XML declaration.
fn declared(head: &[u8]) -> Option<String> {
    let head = head.get(..head.len().min(200))?;
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let text: String = head.iter().map(|byte| char::from(*byte)).collect();
    let declaration = text.split("?>").next()?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    rest.split(quote).nth(1).map(str::to_owned)
}
