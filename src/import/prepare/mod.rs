//! A record as read and a profile in, a row ready to be written out: typed claims, key, identity, price, stock, pictures.
//!
//! Pure: no database, no clock. What cannot be understood is an issue with the field's name and text and the row goes on without
//! it; only a row without a key, or a stock or price row without its number, is lost.

mod cells;
mod claims;
mod key;
mod price;
mod row;
pub use row::address;
mod stock;
#[cfg(test)]
mod tests;
mod typed;

use super::ImportKind;
use super::read::ReadError;
use super::row::{PreparedRow, Record};
use crate::dictionary::{Attribute, Dictionary};
use crate::normalize::{Hints, Memo, Reading, normalize};
use crate::suppliers::Profile;
use iso_currency::Currency;
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How one text of a record was read.
#[derive(Debug, Clone)]
pub struct CellReading {
    /// The column or path it stood in; empty for a fixed value of the profile.
    pub field: String,
    /// The text.
    pub raw: String,
    /// The attribute that the column is mapped to.
    pub attribute: String,
    /// What was understood.
    pub reading: Reading,
}

/// Prepares the rows of one file.
#[derive(Debug, Clone, Copy)]
pub struct Preparer<'a> {
    profile: &'a Profile,
    dictionary: &'a Dictionary,
    kind: ImportKind,
    currency: Option<Currency>,
    memo: Option<&'a Memo>,
    locale: Option<&'a str>,
}

impl<'a> Preparer<'a> {
    /// `currency` is the supplier's own, for prices that say none.
    pub fn new(kind: ImportKind, profile: &'a Profile, dictionary: &'a Dictionary, currency: Option<Currency>) -> Self {
        Self { profile, dictionary, kind, currency, memo: None, locale: None }
    }

    /// The same, with a memory of cells that were read with this dictionary.
    #[must_use]
    pub fn remembering(self, memo: &'a Memo) -> Self {
        Self { memo: Some(memo), ..self }
    }

    /// The same, for a supplier whose texts are in this language where its profile says nothing of them.
    #[must_use]
    pub fn of_supplier(self, locale: &'a str) -> Self {
        Self { locale: Some(locale), ..self }
    }

    fn normalize(&self, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
        match self.memo {
            Some(memo) => memo.normalize(self.dictionary, attribute, raw, hints),
            None => normalize(self.dictionary, attribute, raw, hints),
        }
    }

    /// Does this text say nothing, in any language?
    fn is_null(&self, text: &str) -> bool {
        self.dictionary.words().is_null(text)
    }

    /// Understands one record.
    pub fn prepare(&self, record: &Record) -> PreparedRow {
        row::prepare(self, record)
    }

    /// How each cell of a catalogue record was read: what came of it, and what else was told.
    pub fn readings(&self, record: &Record) -> Vec<CellReading> {
        row::readings(self, record)
    }

    /// The offer's key alone, where it can be read; quick where a column holds the supplier's SKU.
    pub fn key(&self, record: &Record) -> Option<String> {
        row::key(self, record)
    }

    /// What a record is about, in one number: its offer's key and the warehouses of its stock. None for a row that will be lost.
    pub fn about(&self, record: &Record) -> Option<u64> {
        if self.kind == ImportKind::Catalog {
            return Some(about_key(&self.key(record)?));
        }
        let row = self.prepare(record);
        if row.rejected() {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        row.key.hash(&mut hasher);
        for line in &row.stock {
            line.warehouse.hash(&mut hasher);
        }
        Some(hasher.finish())
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

/// What a catalogue's record of this key is about; see [`Preparer::about`].
pub fn about_key(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// What tells whether a record says anything new: its fields, in whatever order they come, and who reads them.
pub fn record_hash(record: &Record, reader: &str) -> String {
    let mut fields: Vec<&(std::sync::Arc<str>, String)> = record.fields.iter().collect();
    // Stable: texts of a repeated field keep their order.
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hash = Sha256::new();
    hash.update(reader.as_bytes());
    for (field, text) in fields {
        hash.update([0]);
        hash.update(field.as_bytes());
        hash.update([1]);
        hash.update(text.as_bytes());
    }
    // 128 bits tell rows of one key apart for ever; the rest would only cost room.
    hex::encode(hash.finalize().get(..16).unwrap_or_default())
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
