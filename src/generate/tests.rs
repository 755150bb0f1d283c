//! What every run of the generator must hold.

use super::lamp::{Lamp, tenths};
use super::random::{Random, Subject, shuffled};
use super::shapes::Shapes;
use super::{Dirt, Made, Plan, Rates, generate};
use crate::dictionary::Dictionary;
use crate::normalize::gtin;
use crate::suppliers::Profile;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

fn plan(products: u64, dirt: Rates) -> Plan {
    Plan { products, suppliers: 4, seed: 7, overlap: 0.8325, csv_only: false, change: Some(0.1), dirt }
}

fn make(plan: &Plan, out: &Path) -> Made {
    generate(plan, &Dictionary::embedded().unwrap(), out, &|_| {}).unwrap()
}

/// Every file below the folder, by name.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(bytes(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn rows(path: &Path) -> Vec<csv::StringRecord> {
    csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect()
}

#[test]
fn the_same_arguments_write_the_same_bytes() {
    let [one, two, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let plan = plan(90, Rates::observed().unwrap());
    make(&plan, one.path());
    make(&plan, two.path());
    make(&Plan { seed: 8, ..plan }, other.path());
    let (one, two, other) = (bytes(one.path()), bytes(two.path()), bytes(other.path()));
    assert_eq!(one.len(), 3 + 4 * 5, "{:?}", one.keys());
    assert!(one == two, "the same seed");
    assert!(one.iter().filter(|(name, _)| name.contains("catalog")).all(|(name, bytes)| other[name] != *bytes), "another seed");
}

/// Pinned: a change here changes every catalogue that was ever made, and must be meant.
#[test]
fn the_first_lamp_stays_as_it_is() {
    let lamp = Lamp::of(&Shapes::embedded().unwrap(), 1, 0);
    insta::assert_snapshot!(serde_json::to_string(&lamp.truth()).unwrap());
}

#[test]
fn products_are_told_apart_by_number_and_part_number() {
    let shapes = Shapes::embedded().unwrap();
    let lamps: Vec<Lamp> = (0..3_000).map(|index| Lamp::of(&shapes, 3, index)).collect();
    for lamp in &lamps {
        assert!(gtin::canonicalise(&lamp.gtin).usable().is_some(), "{}", lamp.gtin);
        assert!(lamp.modes.iter().zip(lamp.modes.iter().skip(1)).all(|(one, next)| one.lumens > next.lumens), "{lamp:?}");
        assert!(lamp.lumens > 0 && lamp.distance > 0 && lamp.weight > 0 && lamp.price > 0, "{lamp:?}");
    }
    let distinct = |of: fn(&Lamp) -> String| lamps.iter().map(of).collect::<HashSet<_>>().len();
    assert_eq!(distinct(|lamp| lamp.gtin.clone()), lamps.len());
    assert_eq!(distinct(|lamp| lamp.mpn.clone()), lamps.len());
    // Colours of one model share all but number, colour and a gram.
    assert!(lamps[0].model == lamps[2].model && lamps[0].color != lamps[1].color && lamps[3].model != lamps[2].model);
    let dark = lamps.iter().filter(|lamp| lamp.lumens < 70).count();
    assert!((60..400).contains(&dark), "about a twentieth is below the fifth percentile, {dark} of {} are", lamps.len());
}

#[test]
fn clean_files_hold_no_dirt_and_dirty_ones_as_much_as_was_asked_for() {
    let out = tempfile::tempdir().unwrap();
    let clean = make(&plan(300, Rates::all(0.0)), out.path());
    assert!(rows(&clean.dirt).is_empty());
    let offers: u64 = clean.suppliers.iter().map(|files| files.offers).sum();
    assert_eq!(rows(&clean.truth).len() as u64, offers);
    assert!((930..1_070).contains(&offers), "3.33 offers of each product, {offers} of 300");
    let carried: BTreeSet<String> = rows(&clean.truth).iter().map(|row| row[2].to_owned()).collect();
    assert_eq!(carried.len(), 300, "every product has a supplier");

    let dirty = make(&plan(300, Rates { brand_spelling: 0.2, duplicate_row: 0.1, ..Rates::all(0.0) }), out.path());
    let mut by_kind: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows(&dirty.dirt) {
        *by_kind.entry(row[3].to_owned()).or_default() += 1;
    }
    assert_eq!(by_kind.keys().collect::<Vec<_>>(), ["brand_spelling", "duplicate_row"]);
    assert!((150..250).contains(&by_kind["brand_spelling"]), "{by_kind:?}");
    let twice: u64 = dirty.suppliers.iter().map(|files| files.rows - files.offers).sum();
    // Both rows of a pair are noted.
    assert_eq!(by_kind["duplicate_row"], twice * 2);
}

#[test]
fn every_kind_of_dirt_leaves_its_mark() {
    let out = tempfile::tempdir().unwrap();
    for dirt in Dirt::ALL {
        let mut rates = serde_json::Map::new();
        for kind in Dirt::ALL {
            rates.insert(kind.as_str().to_owned(), serde_json::json!(if kind == dirt { 1.0 } else { 0.0 }));
        }
        let rates: Rates = serde_json::from_value(rates.into()).unwrap();
        let made = make(&plan(40, rates), out.path());
        assert!(rows(&made.dirt).len() > 20, "{dirt:?}");
        assert!(rows(&made.dirt).iter().all(|row| row[3] == *dirt.as_str()));
    }
}

#[test]
fn a_tenth_of_the_stock_changes() {
    let out = tempfile::tempdir().unwrap();
    let made = make(&Plan { csv_only: true, ..plan(600, Rates::all(0.0)) }, out.path());
    let files = &made.suppliers[1];
    let (one, two) = (rows(&files.stock), rows(files.stock_changed.as_ref().unwrap()));
    let changed = one.iter().zip(&two).filter(|(one, two)| one != two).count();
    assert_eq!(one.len(), two.len());
    assert!((25..80).contains(&changed), "{changed} of {}", one.len());
    assert!(one.iter().zip(&two).all(|(one, two)| one[0] == two[0]), "the same offers in the same order");
}

#[test]
fn profiles_are_valid_and_name_the_columns_there_are() {
    let (out, dictionary) = (tempfile::tempdir().unwrap(), Dictionary::embedded().unwrap());
    for csv_only in [true, false] {
        for files in make(&Plan { csv_only, suppliers: 6, ..plan(20, Rates::all(0.0)) }, out.path()).suppliers {
            let catalog = std::fs::read_to_string(&files.catalog).unwrap();
            let profile = Profile::parse(&std::fs::read_to_string(&files.profile).unwrap(), &dictionary).unwrap();
            for column in &profile.columns {
                let last = column.from.rsplit('.').next().unwrap();
                assert!(catalog.contains(last), "{}: {last}", files.supplier);
            }
            Profile::parse(&std::fs::read_to_string(&files.stock_profile).unwrap(), &dictionary).unwrap();
        }
    }
}

#[test]
fn what_cannot_be_made_is_refused_with_what_to_do() {
    let out = tempfile::tempdir().unwrap();
    let clean = || plan(10, Rates::all(0.0));
    for (plan, option) in [
        (Plan { products: 0, ..clean() }, "--products"),
        (Plan { suppliers: 65, ..clean() }, "--suppliers"),
        (Plan { overlap: 1.5, ..clean() }, "--overlap"),
        (Plan { change: Some(f64::NAN), ..clean() }, "--change"),
        (plan(10, Rates { gtin_wrong: -0.1, ..Rates::all(0.0) }), "--gtin-wrong"),
    ] {
        let error = generate(&plan, &Dictionary::embedded().unwrap(), out.path(), &|_| {}).unwrap_err().to_string();
        assert!(error.contains(option), "{error}");
    }
}

#[test]
fn an_order_holds_everything_once() {
    for len in [1, 2, 3, 10, 97, 1_000] {
        let places: BTreeSet<u64> = (0..len).map(|at| shuffled(at, len, 5)).collect();
        assert_eq!(places.len() as u64, len);
    }
    let mut random = Random::of(1, Subject::Model, 0, 0);
    let hits = (0..10_000).filter(|_| random.parts(250_000)).count();
    assert!((2_300..2_700).contains(&hits), "{hits}");
    assert_eq!((tenths(120), tenths(123)), ("12".to_owned(), "12.3".to_owned()));
}
