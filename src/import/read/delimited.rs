//! CSV and TSV: cells between separators, names in a header row.

use super::bounded::Governor;
use super::error::ReadError;
use super::limits::ReadLimits;
use super::options::ReadOptions;
use crate::import::row::Record;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// Reads rows under a header; see [`super::open`].
pub(crate) struct Delimited<R: Read> {
    /// None once it has failed.
    reader: Option<csv::Reader<Governor<BufReader<R>>>>,
    builder: csv::ReaderBuilder,
    /// Lines that were read before the reader began.
    lines: u64,
    header: Option<Header>,
    header_row: u32,
    cells: csv::StringRecord,
    row: u64,
    limits: ReadLimits,
    done: bool,
}

impl<R: Read> Delimited<R> {
    /// `text` is UTF-8 already.
    pub(crate) fn new(text: R, separator: char, options: &ReadOptions, limits: &ReadLimits) -> Result<Self, ReadError> {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(one_byte("separator", separator)?);
        match options.quote.as_deref().map(|quote| (quote.chars().next(), quote.chars().count())) {
            None => {}
            Some((None, _)) => _ = builder.quoting(false),
            Some((Some(quote), 1)) => _ = builder.quote(one_byte("quote", quote)?),
            Some(_) => return Err(ReadError::fatal("bad_profile", "file.quote must be one character, or empty for none")),
        }
        // The parser reads ahead by its own buffer, which the bound must leave room for.
        let bound = limits.max_row_bytes.saturating_add(BUFFER);
        builder.buffer_capacity(BUFFER);
        Ok(Self {
            reader: Some(builder.from_reader(Governor::new(BufReader::with_capacity(BUFFER, text), bound))),
            builder,
            lines: 0,
            header: None,
            header_row: options.header_row.unwrap_or(1),
            cells: csv::StringRecord::new(),
            row: 0,
            limits: limits.clone(),
            done: false,
        })
    }

    fn read(&mut self) -> Result<bool, ReadError> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        reader.get_mut().reset();
        reader.read_record(&mut self.cells).map_err(|error| match error.kind() {
            csv::ErrorKind::Io(error) => ReadError::from_io(error),
            _ => ReadError::fatal("unreadable", format!("the text cannot be read: {error}")),
        })
    }

    fn header(&mut self) -> Result<(), ReadError> {
        for _ in 0..self.header_row {
            let read = self.read().map_err(|error| match error.code {
                "row_too_large" => endless(self.limits.max_row_bytes as u64),
                _ => error,
            });
            if !read? {
                return Err(ReadError::fatal(
                    "no_header",
                    "the file ends before its header row; see file.header_row in the profile",
                ));
            }
        }
        let names = if self.header_row == 0 { Vec::new() } else { self.cells.iter().map(str::to_owned).collect() };
        self.header = Some(Header::new(&names, &self.limits)?);
        Ok(())
    }

    fn record(&mut self) -> Result<Option<Record>, ReadError> {
        if self.header.is_none() {
            self.header()?;
        }
        loop {
            match self.read() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) if error.code == "row_too_large" => return self.leave_out().map(|()| None),
                Err(error) => return Err(error),
            }
            if self.cells.iter().any(|cell| !cell.trim().is_empty()) {
                break;
            }
        }
        self.row += 1;
        let line = self.lines + self.cells.position().map_or(0, csv::Position::line);
        let Some(header) = &mut self.header else { return Ok(None) };
        if self.cells.as_slice().len() > self.limits.max_row_bytes {
            return Err(too_large(self.row, &self.limits, self.cells.as_slice()));
        }
        if header.is(self.cells.iter()) {
            let message = format!("line {line} is the header once more, as where files were put together; it is left out");
            return Err(ReadError::row(self.row, "repeated_header", message, &self.cells.iter().collect::<Vec<_>>().join(" | ")));
        }
        let ragged = ragged(header, &self.cells, self.row, line);
        let record = header.record(self.row, self.cells.iter().map(str::to_owned), &self.limits)?;
        match ragged {
            None => Ok(Some(record)),
            Some((error, lost)) => Err(ReadError { record: (!lost).then(|| Box::new(record)), ..error }),
        }
    }

    /// Leaves a record without an end out, and begins anew on the next line: behind a quote that was never closed every line is a row
    /// again, and a cell of a hundred megabytes costs no other row.
    fn leave_out(&mut self) -> Result<(), ReadError> {
        self.row += 1;
        let Some(reader) = self.reader.take() else { return Ok(()) };
        let began = self.lines + self.cells.position().map_or(1, csv::Position::line);
        self.lines += reader.position().line();
        // Its own buffer is empty: it asked for more.
        let mut source = reader.into_inner();
        let mut left = self.limits.max_skip_bytes;
        loop {
            source.reset();
            let bytes = source.fill_buf().map_err(|error| ReadError::from_io(&error))?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(bytes.len(), |end| end + 1);
            left = left.saturating_sub(used as u64);
            if left == 0 {
                return Err(endless(self.limits.max_skip_bytes));
            }
            source.consume(used);
            if end.is_some() || used == 0 {
                break;
            }
        }
        source.reset();
        self.reader = Some(self.builder.from_reader(source));
        let message = format!(
            "the row on line {began} is longer than {} bytes and is left out up to line {}; look for a quote that is not closed",
            self.limits.max_row_bytes, self.lines
        );
        Err(ReadError::row(self.row, "row_too_large", message, ""))
    }
}

fn endless(bytes: u64) -> ReadError {
    let message = format!("a line has no end within {bytes} bytes, so nothing after it can be told apart; is this a text file?");
    ReadError::fatal("row_too_large", message)
}

const BUFFER: usize = 64 << 10;

impl<R: Read> Iterator for Delimited<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.record() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => {
                self.done = true;
                None
            }
            Err(error) if error.fatal => {
                self.done = true;
                let row = if self.header.is_some() { self.row + u64::from(self.reader.is_some()) } else { 0 };
                Some(Err(error.at(row)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// A row with other cells than the header, and whether it is lost.
///
/// Short rows are usual (spreadsheets leave empty cells out), unless a line break inside a cell betrays an open quote that has
/// swallowed the next lines. Surplus texts mean that a separator stands unquoted, so every cell after it is shifted.
fn ragged(header: &Header, cells: &csv::StringRecord, row: u64, line: u64) -> Option<(ReadError, bool)> {
    let (expected, found) = (header.len(), cells.len());
    if expected == 0 || found == expected {
        return None;
    }
    let raw = || cells.iter().collect::<Vec<_>>().join(" | ");
    let broken = cells.iter().map(|cell| cell.matches('\n').count()).max().unwrap_or(0);
    if broken > 0 {
        let message = format!(
            "line {line} and the {broken} after it stand in one cell, and the row has {found} cells where the header has {expected}: \
             a quote is not closed; close it, or set file.quote = \"\" in the profile"
        );
        return Some((ReadError::row(row, "broken_quotes", message, &raw()), true));
    }
    if found < expected {
        let message = format!("line {line} has {found} cells, the header has {expected}; the missing ones are taken as empty");
        return Some((ReadError::row(row, "ragged_row", message, &raw()), false));
    }
    if cells.iter().skip(expected).all(|cell| cell.trim().is_empty()) {
        return None;
    }
    let message = format!(
        "line {line} has {found} cells, the header has {expected}, so its cells are shifted; put the cell that holds the separator in quotes"
    );
    Some((ReadError::row(row, "ragged_row", message, &raw()), true))
}

fn too_large(row: u64, limits: &ReadLimits, raw: &str) -> ReadError {
    ReadError::row(row, "row_too_large", format!("the row is longer than {} bytes; shorten it", limits.max_row_bytes), raw)
}

fn one_byte(what: &str, sign: char) -> Result<u8, ReadError> {
    u8::try_from(sign)
        .ok()
        .filter(|byte| byte.is_ascii() && !matches!(byte, b'\r' | b'\n'))
        .ok_or_else(|| ReadError::fatal("bad_profile", format!("file.{what} must be one ASCII character, not {sign:?}")))
}

/// The names of the columns, shared by all records. Cells beyond them are called `column 7`.
pub(crate) struct Header {
    names: Vec<Arc<str>>,
    /// The names that stand in the file.
    given: Vec<String>,
    named: usize,
}

impl Header {
    pub(crate) fn new(names: &[String], limits: &ReadLimits) -> Result<Self, ReadError> {
        let used = names.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
        if used > limits.max_fields {
            let message = format!("the header has {used} columns, more than {}; leave some out", limits.max_fields);
            return Err(ReadError::fatal("too_many_fields", message));
        }
        let given = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let names = names.iter().take(used).enumerate();
        let names = names.map(|(at, name)| match name.trim() {
            "" => column(at),
            name => name.chars().take(limits.max_name_chars).collect::<String>().into(),
        });
        Ok(Self { names: names.collect(), given, named: used })
    }

    /// Are these cells the names themselves? A single one may be a value by chance.
    pub(crate) fn is<'a>(&self, cells: impl Iterator<Item = &'a str>) -> bool {
        let mut cells = cells.map(str::trim).filter(|cell| !cell.is_empty());
        let mut names = self.given.iter();
        self.given.len() > 1 && names.all(|name| cells.next() == Some(name)) && cells.next().is_none()
    }

    /// Number of named columns.
    pub(crate) fn len(&self) -> usize {
        self.named
    }

    /// Names the cells; empty cells without a name are left out.
    pub(crate) fn record(
        &mut self,
        row: u64,
        cells: impl Iterator<Item = String>,
        limits: &ReadLimits,
    ) -> Result<Record, ReadError> {
        let mut fields = Vec::with_capacity(self.names.len());
        for (at, text) in cells.enumerate() {
            if at >= self.named && text.trim().is_empty() {
                continue;
            }
            if at >= limits.max_fields {
                let message = format!("the row has more than {} cells; leave some out", limits.max_fields);
                return Err(ReadError::row(row, "too_many_fields", message, &text));
            }
            while self.names.len() <= at {
                self.names.push(column(self.names.len()));
            }
            if let Some(name) = self.names.get(at) {
                fields.push((Arc::clone(name), text));
            }
        }
        Ok(Record { row, fields })
    }
}

fn column(at: usize) -> Arc<str> {
    format!("column {}", at + 1).into()
}
