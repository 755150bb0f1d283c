//! Any parts as a workbook: records or errors, never a panic, never more memory than the limits allow.
#![no_main]

#[path = "../parts.rs"]
mod parts;

use beamline::import::read::{Format, ReadLimits, ReadOptions, open};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions { format: Some(Format::Xlsx), ..ReadOptions::default() };
    let limits = ReadLimits { max_total_bytes: 16 << 20, max_xlsx_bytes: 16 << 20, ..ReadLimits::default() };
    if let Ok(records) = open(Cursor::new(parts::workbook(bytes)), "a.xlsx", &options, &limits) {
        records.for_each(drop);
    }
});
