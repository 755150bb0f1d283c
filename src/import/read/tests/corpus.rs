//! The fuzzer's seeds, and whatever it once found, on every test run.

#[path = "../../../../fuzz/parts.rs"]
mod parts;

use super::read_within;
use crate::catalog::patch;
use crate::dictionary::Dictionary;
use crate::http::bulk;
use crate::import::read::{Format, ReadLimits, ReadOptions};
use crate::import::{ImportKind, Preparer, Record};
use crate::normalize::{Hints, gtin::canonicalise, normalize, quantities};
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

/// What each target does with its bytes.
fn feed(target: &str, bytes: &[u8], dictionary: &Dictionary) {
    let limits = ReadLimits { max_total_bytes: 16 << 20, max_xlsx_bytes: 16 << 20, ..ReadLimits::default() };
    let read = |bytes: &[u8], format| {
        let options = ReadOptions { format, ..ReadOptions::default() };
        let items = read_within(bytes, "seed", &options, &limits);
        // An error that ends the stream is the last item.
        let fatal = items.iter().position(|item| item.as_ref().is_err_and(|error| error.fatal));
        assert!(fatal.is_none_or(|at| at + 1 == items.len()));
        items
    };
    match target {
        "csv" => drop(read(bytes, Some(Format::Csv))),
        "json" => drop(read(bytes, Some(Format::Json))),
        "xml" => drop(read(bytes, Some(Format::Xml))),
        "packed" => drop(read(bytes, None)),
        "xlsx" => drop(read(&parts::workbook(bytes), Some(Format::Xlsx))),
        "profile" => {
            if let Ok(profile) = Profile::parse(&String::from_utf8_lossy(bytes), dictionary) {
                assert_eq!(Profile::parse(&profile.to_toml(), dictionary), Ok(profile));
            }
        }
        "bulk" => {
            let Some((piece, body)) = bytes.split_first() else { return };
            let [whole, cut] = [body.len(), usize::from(*piece)].map(|piece| bulk::objects(body, piece));
            let told = |objects: &[crate::error::Result<_>]| {
                objects.iter().map(|object| object.as_ref().ok().cloned()).collect::<Vec<_>>()
            };
            assert_eq!(told(&whole), told(&cut), "however a body is cut, it says the same");
            for object in whole.into_iter().flatten() {
                let _ = patch::parse(dictionary, &object);
            }
        }
        "propose" => {
            let samples: Vec<Record> = read(bytes, None).into_iter().filter_map(Result::ok).take(200).collect();
            let profile = propose(&field_names(&samples), &samples, dictionary, None);
            assert_eq!(Profile::parse(&profile.to_toml(), dictionary).as_ref(), Ok(&profile));
            let preparer = Preparer::new(ImportKind::Catalog, &profile, dictionary, None);
            for record in read_within(bytes, "a", &profile.read_options(), &limits) {
                let _ = preparer.take(record);
            }
        }
        "quantities" => {
            let text = String::from_utf8_lossy(bytes);
            for locale in [None, Some("de"), Some("zh"), Some("tr")] {
                let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
                for found in quantities(dictionary, &text, &hints) {
                    assert!(text.get(found.span.0..found.span.1).is_some_and(|span| !span.is_empty()));
                }
            }
            for code in ["light_output_max", "dim_length", "runtime_max", "operating_temperature", "modes", "battery_options"] {
                let _ = normalize(dictionary, dictionary.attribute(code).unwrap(), &text, &Hints::default());
            }
        }
        "gtin" => {
            let read = canonicalise(&String::from_utf8_lossy(bytes));
            if let Some(key) = read.gtin14 {
                assert_eq!(canonicalise(&key).gtin14, Some(key), "a key is the key of itself");
            }
        }
        other => panic!("there is no target {other}"),
    }
}

const TARGETS: [&str; 10] = ["csv", "json", "xml", "packed", "xlsx", "profile", "bulk", "propose", "quantities", "gtin"];

#[test]
fn every_target_survives_its_seeds() {
    let dictionary = Dictionary::embedded().unwrap();
    for target in TARGETS {
        seeds(target, |bytes| feed(target, bytes, &dictionary));
    }
    let lamps = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/xlsx/lamps")).unwrap();
    let items = read_within(&parts::workbook(&lamps), "seed.xlsx", &ReadOptions::default(), &ReadLimits::default());
    assert_eq!(items.into_iter().filter_map(Result::ok).count(), 2, "the parts make a workbook that is read");
}

/// A fuzzer without instruments, for machines that have no nightly compiler: seeds cut, joined, flipped and doubled. A failure leaves the
/// input in the folder for temporary files and says where.
#[test]
#[ignore = "half a minute for each target; .ci/long runs it"]
fn every_target_survives_what_becomes_of_its_seeds() {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    let dictionary = Dictionary::embedded().unwrap();
    let env = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seconds = env("BEAMLINE_FUZZ_SECONDS").unwrap_or(30);
    let mut random = StdRng::seed_from_u64(env("BEAMLINE_FUZZ_SEED").unwrap_or(1));
    for target in TARGETS {
        let all = std::cell::RefCell::new(Vec::new());
        seeds(target, |bytes| all.borrow_mut().push(bytes.to_vec()));
        let (all, begun, mut tried) = (all.into_inner(), std::time::Instant::now(), 0_u64);
        while begun.elapsed().as_secs() < seconds {
            let mut bytes = all[random.random_range(0..all.len())].clone();
            for _ in 0..random.random_range(1..6) {
                change(&mut bytes, &all, &mut random);
            }
            let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| feed(target, &bytes, &dictionary)));
            if survived.is_err() {
                let place = std::env::temp_dir().join(format!("beamline-{target}-crash"));
                std::fs::write(&place, &bytes).unwrap();
                panic!("{target} does not survive {}", place.display());
            }
            tried += 1;
        }
        println!("{target}: {tried} inputs");
    }
}

/// Changes a seed as a fuzzer does.
fn change(bytes: &mut Vec<u8>, all: &[Vec<u8>], random: &mut rand::rngs::StdRng) {
    use rand::RngExt;
    const WORDS: [&[u8]; 20] = [
        b"\"",
        b"\n",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"<![CDATA[",
        b"]]>",
        b"&#x110000;",
        b"&amp;",
        b"{\"a\":",
        b"[",
        b"}",
        b"\\u0000",
        b"\\ud800",
        b"1e999",
        b"-0",
        b"99999999999999999999",
        b"\xcc\x81",
        b";",
        b"\xe2\x80\x8f",
    ];
    let at = random.random_range(0..=bytes.len());
    let length = random.random_range(0..=(bytes.len() - at).min(40));
    match random.random_range(0..7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + length)),
        2 => {
            let piece = bytes[at..at + length].repeat(random.random_range(1..30));
            bytes.splice(at..at, piece);
        }
        3 => {
            let word = WORDS[random.random_range(0..WORDS.len())];
            bytes.splice(at..at + length.min(word.len()), word.iter().copied());
        }
        4 => {
            let other = &all[random.random_range(0..all.len())];
            let from = random.random_range(0..=other.len());
            bytes.splice(at.., other[from..].iter().copied());
        }
        5 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        _ if at < bytes.len() => bytes[at] = random.random(),
        _ => {}
    }
    bytes.truncate(1 << 16);
}
