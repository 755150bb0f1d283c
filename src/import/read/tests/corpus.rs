//! The fuzzer's seeds, and whatever it once found, on every test run.

use super::read_within;
use crate::dictionary::Dictionary;
use crate::import::read::{Format, ReadLimits, ReadOptions};
use crate::suppliers::Profile;
use std::path::PathBuf;

/// Runs every seed of one target; a folder without seeds fails, so that none is lost unseen.
fn seeds(target: &str, run: impl Fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        run(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} holds no seed", folder.display());
}

#[test]
fn readers_survive_every_seed() {
    let limits = ReadLimits { max_total_bytes: 16 << 20, max_xlsx_bytes: 16 << 20, ..ReadLimits::default() };
    for (target, format) in
        [("csv", Some(Format::Csv)), ("json", Some(Format::Json)), ("xml", Some(Format::Xml)), ("packed", None)]
    {
        let options = ReadOptions { format, ..ReadOptions::default() };
        seeds(target, |bytes| {
            let items = read_within(bytes, "seed", &options, &limits);
            // An error that ends the stream is the last item.
            let fatal = items.iter().position(|item| item.as_ref().is_err_and(|error| error.fatal));
            assert!(fatal.is_none_or(|at| at + 1 == items.len()));
        });
    }
}

#[test]
fn profiles_survive_every_seed() {
    let dictionary = Dictionary::embedded().unwrap();
    seeds("profile", |bytes| {
        if let Ok(profile) = Profile::parse(&String::from_utf8_lossy(bytes), &dictionary) {
            assert_eq!(Profile::parse(&profile.to_toml(), &dictionary), Ok(profile));
        }
    });
}
