//! Tests of the readers, one file per format.

mod corpus;
mod delimited;
mod items;
mod json;
mod known;
mod real;
mod unpack;
mod workbook;
mod xml;

use super::{ReadError, ReadLimits, ReadOptions, Record, open};
use std::io::Cursor;

/// All items of a file of our own, with default limits.
fn read(bytes: &[u8], name: &str, options: &ReadOptions) -> Vec<Result<Record, ReadError>> {
    read_within(bytes, name, options, &ReadLimits::default())
}

fn read_within(bytes: &[u8], name: &str, options: &ReadOptions, limits: &ReadLimits) -> Vec<Result<Record, ReadError>> {
    match open(Cursor::new(bytes.to_vec()), name, options, limits) {
        Ok(records) => records.collect(),
        Err(error) => vec![Err(error)],
    }
}

/// The fields of every record, where all could be read.
fn fields(bytes: &[u8], name: &str) -> Vec<Vec<(String, String)>> {
    fields_with(bytes, name, &ReadOptions::default())
}

fn fields_with(bytes: &[u8], name: &str, options: &ReadOptions) -> Vec<Vec<(String, String)>> {
    read(bytes, name, options).into_iter().map(|item| pairs(&item.expect("a readable record"))).collect()
}

fn pairs(record: &Record) -> Vec<(String, String)> {
    record.fields.iter().map(|(name, text)| (name.to_string(), text.clone())).collect()
}

/// `[("a", "1")]` as the owned pairs that [`fields`] gives.
fn expect<const N: usize>(fields: [(&str, &str); N]) -> Vec<(String, String)> {
    fields.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}
