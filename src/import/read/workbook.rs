//! XLSX workbooks.
//!
//! The library trusts the counts a file declares: a 1.5 kB file can ask for terabytes and abort the process. So every part is unpacked
//! and its declarations are looked at before the library sees it. The cells are then read on a thread of their own, a few rows
//! ahead: the library's reader borrows the workbook, and should it panic on a file we have not thought of, only that thread ends.

use super::Rows;
use super::delimited::Header;
use super::error::ReadError;
use super::limits::ReadLimits;
use super::options::ReadOptions;
use crate::import::row::Record;
use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};
use quick_xml::events::{BytesStart, Event};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use zip::ZipArchive;

/// Rows that may wait for the importer.
const AHEAD: usize = 64;
/// Rows and columns of a worksheet (ECMA-376 as Excel applies it); a larger declared dimension is a lie.
const EXCEL_ROWS: u64 = 1_048_576;
const EXCEL_COLUMNS: u64 = 16_384;

/// Opens the workbook and the worksheet the options name; gives the sheet's name too.
pub(super) fn open(file: File, options: &ReadOptions, limits: &ReadLimits) -> Result<(Rows, String), ReadError> {
    check(&file, limits)?;
    let (sender, receiver) = sync_channel(AHEAD);
    let (wanted, bounds) = (options.sheet.clone(), limits.clone());
    let worker = move || send_rows(file, wanted.as_deref(), &bounds, &sender);
    let spawned = std::thread::Builder::new().name("workbook".into()).spawn(worker);
    spawned.map_err(|error| ReadError::from_io(&error))?;
    let sheet = match receiver.recv() {
        Ok(Message::Sheet(name)) => name,
        Ok(Message::Failed(error)) => return Err(*error),
        _ => return Err(crashed()),
    };
    let rows = Workbook {
        receiver,
        header: None,
        header_row: options.header_row.unwrap_or(1),
        row: 0,
        limits: limits.clone(),
        done: false,
    };
    Ok((Box::new(rows), sheet))
}

fn crashed() -> ReadError {
    ReadError::fatal("workbook_damaged", "the workbook cannot be read; open it in a spreadsheet program and save it again")
}

fn damaged(why: impl std::fmt::Display) -> ReadError {
    ReadError::fatal(
        "workbook_damaged",
        format!("the workbook cannot be read: {why}; open it in a spreadsheet program and save it again"),
    )
}

/// Unpacks every part within the limits, and holds its declared counts against them.
fn check(file: &File, limits: &ReadLimits) -> Result<(), ReadError> {
    let mut handle = file.try_clone().map_err(|error| ReadError::from_io(&error))?;
    handle.rewind().map_err(|error| ReadError::from_io(&error))?;
    let mut archive = ZipArchive::new(BufReader::new(handle)).map_err(damaged)?;
    if !archive.file_names().any(|name| name.is_ok_and(|name| name.to_ascii_lowercase().ends_with("workbook.xml"))) {
        return Err(ReadError::fatal(
            "format_unsupported",
            "the file is an Office document but no XLSX workbook; save it as XLSX",
        ));
    }
    let mut left = limits.max_xlsx_bytes;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        if part.name().is_ok_and(|name| name.to_ascii_lowercase().contains("/media/")) {
            continue;
        }
        let mut bounded = BufReader::new(part.take(left.saturating_add(1)));
        declarations(&mut bounded, limits)?;
        io::copy(&mut bounded, &mut io::sink()).map_err(|error| ReadError::from_io(&error))?;
        left = bounded.get_ref().limit().checked_sub(1).ok_or_else(|| {
            let message = format!("the workbook unpacks to more than {} bytes; send it as CSV", limits.max_xlsx_bytes);
            ReadError::fatal("workbook_too_large", message)
        })?;
    }
    Ok(())
}

/// Looks at what a part declares before its data: `uniqueCount` of shared strings, `ref` of a sheet's dimension.
fn declarations(part: impl io::BufRead, limits: &ReadLimits) -> Result<(), ReadError> {
    let mut reader = quick_xml::Reader::from_reader(part);
    let mut buffer = Vec::new();
    // Parts that are no XML are left to the library, which reads none of them.
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        match event {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "sst" => return shared_strings(&element, limits),
                "dimension" => return dimension(&element),
                "sheetData" | "si" | "row" => return Ok(()),
                _ => {}
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
    Ok(())
}

fn shared_strings(element: &BytesStart<'_>, limits: &ReadLimits) -> Result<(), ReadError> {
    let counts = element.attributes().flatten().filter(|attribute| attribute.key.local_name().as_ref() == "uniqueCount");
    for count in counts {
        let declared = count.value.trim().parse::<u64>();
        // What is no number is not reserved for either; a number beyond 64 bits is.
        if declared.as_ref().map_or_else(|_| count.value.trim().len() > 18, |declared| *declared > limits.max_xlsx_cells) {
            let message = format!(
                "the workbook declares {} texts, more than {}; send it as CSV",
                super::error::cut(&count.value),
                limits.max_xlsx_cells
            );
            return Err(ReadError::fatal("workbook_too_large", message));
        }
    }
    Ok(())
}

fn dimension(element: &BytesStart<'_>) -> Result<(), ReadError> {
    for declared in element.attributes().flatten().filter(|attribute| attribute.key.local_name().as_ref() == "ref") {
        for corner in declared.value.split(':') {
            let letters = corner.chars().filter(char::is_ascii_alphabetic);
            let column = letters.fold(0_u64, |sum, letter| {
                sum.saturating_mul(26).saturating_add(u64::from(u32::from(letter.to_ascii_uppercase()).saturating_sub(64)))
            });
            let digits: String = corner.chars().filter(char::is_ascii_digit).collect();
            let row = if digits.is_empty() { 0 } else { digits.parse::<u64>().unwrap_or(u64::MAX) };
            if column > EXCEL_COLUMNS || row > EXCEL_ROWS {
                let message = format!(
                    "a worksheet declares the dimension {}, which no spreadsheet has",
                    super::error::cut(&declared.value)
                );
                return Err(ReadError::fatal("workbook_damaged", message));
            }
        }
    }
    Ok(())
}

/// What the reading thread tells.
enum Message {
    /// The worksheet that is read.
    Sheet(String),
    /// Cells of one row that is not blank, by position.
    Row(Vec<String>),
    /// A row of the sheet that is beyond the limits.
    Skipped(Box<ReadError>),
    /// It ends here.
    Failed(Box<ReadError>),
    /// All is read.
    End,
}

fn send_rows(mut file: File, wanted: Option<&str>, limits: &ReadLimits, sender: &SyncSender<Message>) {
    let end = match file.rewind().map_err(|error| ReadError::from_io(&error)).and_then(|()| rows(file, wanted, limits, sender)) {
        Ok(()) => Message::End,
        Err(error) => Message::Failed(Box::new(error)),
    };
    // Nobody listens when the import was cancelled.
    let _ = sender.send(end);
}

fn rows(file: File, wanted: Option<&str>, limits: &ReadLimits, sender: &SyncSender<Message>) -> Result<(), ReadError> {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(damaged)?;
    let sheets = book.sheet_names();
    let sheet = match wanted {
        None => sheets.first(),
        Some(wanted) => sheets.iter().find(|name| *name == wanted).or_else(|| {
            let number = wanted.trim().parse::<usize>().ok()?;
            sheets.get(number.checked_sub(1)?)
        }),
    };
    let Some(sheet) = sheet.cloned() else {
        let message = format!("the workbook has no sheet '{}'; it has: {}", wanted.unwrap_or_default(), sheets.join(", "));
        return Err(ReadError::fatal("no_sheet", message));
    };
    if sender.send(Message::Sheet(sheet.clone())).is_err() {
        return Ok(());
    }
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(damaged)?;
    let mut gather = Gather { row: None, cells: Vec::new(), bytes: 0, over: None };
    let mut count = 0_u64;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        count += 1;
        if count > limits.max_xlsx_cells {
            let message = format!("the sheet has more than {} cells; send it as CSV", limits.max_xlsx_cells);
            return Err(ReadError::fatal("workbook_too_large", message));
        }
        let (row, column) = cell.get_position();
        if gather.row != Some(row) {
            if !gather.send(sender) {
                return Ok(());
            }
            gather.row = Some(row);
        }
        gather.add(column, text(cell.get_value()), limits);
    }
    gather.send(sender);
    Ok(())
}

/// The cells of the row that is being read.
struct Gather {
    row: Option<u32>,
    cells: Vec<String>,
    bytes: usize,
    over: Option<&'static str>,
}

impl Gather {
    fn add(&mut self, column: u32, text: String, limits: &ReadLimits) {
        if text.is_empty() {
            return;
        }
        let at = column as usize;
        self.bytes = self.bytes.saturating_add(text.len());
        if at >= limits.max_fields {
            self.over = Some("too_many_fields");
        } else if self.bytes > limits.max_row_bytes {
            self.over = Some("row_too_large");
        } else {
            if self.cells.len() <= at {
                self.cells.resize(at + 1, String::new());
            }
            if let Some(cell) = self.cells.get_mut(at) {
                *cell = text;
            }
        }
    }

    /// Sends the row and begins the next; false when nobody listens any more.
    fn send(&mut self, sender: &SyncSender<Message>) -> bool {
        let cells = std::mem::take(&mut self.cells);
        self.bytes = 0;
        let message = match self.over.take() {
            Some(code) => {
                let line = self.row.unwrap_or_default() + 1;
                let message = format!("row {line} of the sheet is too large; shorten it");
                Message::Skipped(Box::new(ReadError::row(0, code, message, &cells.join(" | "))))
            }
            None if cells.iter().all(|cell| cell.trim().is_empty()) => return true,
            None => Message::Row(cells),
        };
        sender.send(message).is_ok()
    }
}

/// A cell as a person would type it.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => float(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => date_time(moment),
        DataRef::Error(error) => error.to_string(),
    }
}

/// Without the noise of binary fractions: a spreadsheet itself keeps 15 digits.
fn float(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    if rounded.abs() >= 1e21 || (rounded != 0.0 && rounded.abs() < 1e-9) { format!("{rounded:e}") } else { format!("{rounded}") }
}

/// ISO 8601, without a time where it is midnight; a duration as hours, minutes and seconds.
fn date_time(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return float(moment.as_f64() * 24.0) + " h";
    }
    if moment.as_f64() < 1.0 {
        // A time without a day.
        let (_, _, _, hour, minute, second, _) = moment.to_ymd_hms_milli();
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Rows under a header.
struct Workbook {
    receiver: Receiver<Message>,
    header: Option<Header>,
    header_row: u32,
    row: u64,
    limits: ReadLimits,
    done: bool,
}

impl Workbook {
    fn record(&mut self) -> Result<Option<Record>, ReadError> {
        if self.header.is_none() {
            let mut names = Vec::new();
            for _ in 0..self.header_row {
                match self.receiver.recv().map_err(|_| crashed())? {
                    Message::Row(cells) => names = cells,
                    Message::Skipped(error) => return Err(ReadError { fatal: true, ..*error }),
                    Message::Failed(error) => return Err(*error),
                    Message::Sheet(_) | Message::End => {
                        let message = "the sheet ends before its header row; see file.header_row and file.sheet in the profile";
                        return Err(ReadError::fatal("no_header", message));
                    }
                }
            }
            self.header = Some(Header::new(&names, &self.limits)?);
        }
        let message = self.receiver.recv().map_err(|_| crashed())?;
        let Some(header) = &mut self.header else { return Ok(None) };
        match message {
            Message::Row(mut cells) => {
                self.row += 1;
                if header.is(cells.iter().map(String::as_str)) {
                    let message = "the row is the header once more, as where sheets were put together; it is left out";
                    return Err(ReadError::row(self.row, "repeated_header", message, &cells.join(" | ")));
                }
                // Spreadsheets store no empty cell; a record has every column all the same.
                if cells.len() < header.len() {
                    cells.resize(header.len(), String::new());
                }
                header.record(self.row, cells.into_iter(), &self.limits).map(Some)
            }
            Message::Skipped(error) => {
                self.row += 1;
                Err(error.at(self.row))
            }
            Message::Failed(error) => Err(error.at(self.row + 1)),
            Message::Sheet(_) | Message::End => Ok(None),
        }
    }
}

impl Iterator for Workbook {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.record().transpose();
        self.done = match &item {
            None => true,
            Some(Err(error)) => error.fatal,
            Some(Ok(_)) => false,
        };
        item
    }
}
