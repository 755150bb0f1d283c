//! The fuzzer's seeds, and whatever it once found, on every test run.

#[path = "../../../../fuzz/parts.rs"]
mod parts;

use super::read_within;
use crate::catalog::patch;
use crate::dictionary::Dictionary;
use crate::http::bulk;
use crate::import::read::{Format, ReadLimits, ReadOptions};
use crate::import::{ImportKind, Preparer, Record};
use crate::suppliers::{Profile, field_names, propose};
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

#[test]
fn workbooks_survive_every_seed() {
    let options = ReadOptions { format: Some(Format::Xlsx), ..ReadOptions::default() };
    let limits = ReadLimits { max_total_bytes: 16 << 20, max_xlsx_bytes: 16 << 20, ..ReadLimits::default() };
    seeds("xlsx", |bytes| {
        let items = read_within(&parts::workbook(bytes), "seed.xlsx", &options, &limits);
        assert!(!items.is_empty());
    });
    let lamps = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/xlsx/lamps")).unwrap();
    let items = read_within(&parts::workbook(&lamps), "seed.xlsx", &options, &limits);
    assert_eq!(items.into_iter().filter_map(Result::ok).count(), 2, "the parts make a workbook that is read");
}

#[test]
fn bulk_lines_survive_every_seed() {
    let dictionary = Dictionary::embedded().unwrap();
    seeds("bulk", |bytes| {
        let (piece, body) = bytes.split_first().unwrap();
        let [whole, cut] = [body.len(), usize::from(*piece)].map(|piece| bulk::objects(body, piece));
        let told =
            |objects: &[crate::error::Result<_>]| objects.iter().map(|object| object.as_ref().ok().cloned()).collect::<Vec<_>>();
        assert_eq!(told(&whole), told(&cut), "however a body is cut, it says the same");
        for object in whole.into_iter().flatten() {
            let _ = patch::parse(&dictionary, &object);
        }
    });
}

#[test]
fn proposals_survive_every_seed() {
    let dictionary = Dictionary::embedded().unwrap();
    seeds("propose", |bytes| {
        let samples: Vec<Record> = read_within(bytes, "a", &ReadOptions::default(), &ReadLimits::default())
            .into_iter()
            .filter_map(Result::ok)
            .take(200)
            .collect();
        let profile = propose(&field_names(&samples), &samples, &dictionary, None);
        assert_eq!(Profile::parse(&profile.to_toml(), &dictionary).as_ref(), Ok(&profile));
        let preparer = Preparer::new(ImportKind::Catalog, &profile, &dictionary, None);
        for record in read_within(bytes, "a", &profile.read_options(), &ReadLimits::default()) {
            let _ = preparer.take(record);
        }
    });
}
