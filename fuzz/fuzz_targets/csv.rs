//! Any bytes as Csv: records or errors, never a panic, never more memory than the limits allow.
#![no_main]

use beamline::import::read::{Format, ReadLimits, ReadOptions, open};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
    if let Ok(records) = open(Cursor::new(bytes.to_vec()), "a.csv", &options, &ReadLimits::default()) {
        records.for_each(drop);
    }
});
