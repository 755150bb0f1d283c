//! A record as read and a profile in, a row ready to be written out: typed claims, key, identity, price, stock, pictures.
//!
//! Pure: no database, no clock. What cannot be understood is an issue with the field's name and text and the row goes on without
//! it; only a row without a key, or a stock or price row without its number, is lost.

mod cells;
mod claims;
mod key;
mod price;
mod row;
mod stock;
#[cfg(test)]
mod tests;

use super::ImportKind;
use super::read::ReadError;
use super::row::{PreparedRow, Record};
use crate::dictionary::Dictionary;
use crate::suppliers::Profile;
use iso_currency::Currency;

/// Prepares the rows of one file.
#[derive(Debug, Clone, Copy)]
pub struct Preparer<'a> {
    profile: &'a Profile,
    dictionary: &'a Dictionary,
    kind: ImportKind,
    currency: Option<Currency>,
}

impl<'a> Preparer<'a> {
    /// `currency` is the supplier's own, for prices that say none.
    pub fn new(kind: ImportKind, profile: &'a Profile, dictionary: &'a Dictionary, currency: Option<Currency>) -> Self {
        Self { profile, dictionary, kind, currency }
    }

    /// Does this text say nothing, in any language?
    fn is_null(&self, text: &str) -> bool {
        self.dictionary.words().is_null(text)
    }

    /// Understands one record.
    pub fn prepare(&self, record: &Record) -> PreparedRow {
        row::prepare(self, record)
    }

    /// Understands one item of the reader: an unreadable row becomes a rejected one, a doubtful row carries its warning. `Err` is
    /// the file's own end: nothing follows it.
    pub fn take(&self, item: Result<Record, ReadError>) -> Result<PreparedRow, ReadError> {
        match item {
            Ok(record) => Ok(self.prepare(&record)),
            Err(error) if error.fatal => Err(error),
            Err(error) => {
                let mut row = match &error.record {
                    Some(record) => self.prepare(record),
                    None => PreparedRow { row: error.row, ..PreparedRow::default() },
                };
                row.issues.insert(0, error.issue());
                Ok(row)
            }
        }
    }
}

/// Understands one record; see [`Preparer`] for many.
pub fn prepare(
    kind: ImportKind,
    profile: &Profile,
    dictionary: &Dictionary,
    currency: Option<Currency>,
    record: &Record,
) -> PreparedRow {
    Preparer::new(kind, profile, dictionary, currency).prepare(record)
}
