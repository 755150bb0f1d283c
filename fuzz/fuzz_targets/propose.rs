//! Any bytes as a supplier's first file: a profile is proposed for it, says itself in TOML, and reads the file.
#![no_main]

use beamline::dictionary::Dictionary;
use beamline::import::read::{ReadLimits, ReadOptions, open};
use beamline::import::{ImportKind, Preparer, Record};
use beamline::suppliers::{Profile, field_names, propose};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().expect("the embedded dictionary is sound"));

fuzz_target!(|bytes: &[u8]| {
    let read = |options: &ReadOptions| open(Cursor::new(bytes.to_vec()), "a", options, &ReadLimits::default());
    let Ok(records) = read(&ReadOptions::default()) else { return };
    let samples: Vec<Record> = records.filter_map(Result::ok).take(200).collect();
    let profile = propose(&field_names(&samples), &samples, &DICTIONARY, None);
    assert_eq!(Profile::parse(&profile.to_toml(), &DICTIONARY).as_ref(), Ok(&profile));
    let Ok(records) = read(&profile.read_options()) else { return };
    let preparer = Preparer::new(ImportKind::Catalog, &profile, &DICTIONARY, None);
    for record in records {
        let _ = preparer.take(record);
    }
});
