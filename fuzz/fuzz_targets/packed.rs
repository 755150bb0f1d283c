//! Any bytes as whatever they say they are: gzip, zip, workbook or plain.
#![no_main]

use beamline::import::read::{ReadLimits, ReadOptions, open};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let limits = ReadLimits { max_total_bytes: 16 << 20, max_xlsx_bytes: 16 << 20, ..ReadLimits::default() };
    if let Ok(records) = open(Cursor::new(bytes.to_vec()), "a", &ReadOptions::default(), &limits) {
        records.for_each(drop);
    }
});
