//! Why a row, or a whole file, could not be read.

use crate::import::row::{Issue, Record, Severity};
use std::io;

/// Characters of the offending text that an issue keeps.
pub const RAW_CHARS: usize = 1_000;

/// One unreadable or doubtful row, or the end of a file that cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if *.row == 0 { String::new() } else { format!("row {row}: ", row = .row) })]
pub struct ReadError {
    /// Record number, from 1 after the header; 0 for the file itself.
    pub row: u64,
    /// A stable code, such as `ragged_row` or `file_too_large`.
    pub code: &'static str,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
    /// The text as it stood there, cut at 1,000 characters.
    pub raw: String,
    /// True when nothing after it can be read: the stream has ended.
    pub fatal: bool,
    /// What could be read all the same. Take it, with this error as a warning.
    pub record: Option<Box<Record>>,
}

impl ReadError {
    /// The file itself cannot be read, or not any further.
    pub(crate) fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        Self { row: 0, code, message: message.into(), raw: String::new(), fatal: true, record: None }
    }

    /// One record is lost; the next can be read.
    pub(crate) fn row(row: u64, code: &'static str, message: impl Into<String>, raw: &str) -> Self {
        Self { row, code, message: message.into(), raw: cut(raw), fatal: false, record: None }
    }

    /// Says at which record the stream ended.
    pub(crate) fn at(mut self, row: u64) -> Self {
        self.row = row;
        self
    }

    /// An error of the source: our own bounds come back as themselves, anything else as `unreadable`.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            Some(own) => own.clone(),
            None => Self::fatal("unreadable", format!("the file could not be read: {error}; send it again")),
        }
    }

    /// Hands the error through code that only knows [`io::Error`].
    pub(crate) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// The same as an issue of the import.
    pub fn issue(&self) -> Issue {
        Issue {
            row: self.row,
            field: String::new(),
            code: self.code.to_owned(),
            message: self.message.clone(),
            raw: self.raw.clone(),
            severity: if self.record.is_some() { Severity::Warning } else { Severity::Rejected },
        }
    }
}

/// The first [`RAW_CHARS`] characters.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(RAW_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}
