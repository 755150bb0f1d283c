//! The hot pure parts of a row on its way in: what every one of a million offers goes through, with no database.
//!
//! `cargo bench --bench rows`. `beamline bench` measures the whole way.

#![allow(missing_docs, clippy::unwrap_used, reason = "the macros write items without docs, and a bench may fail loudly")]

use beamline::catalog::resolve::{Source, resolve};
use beamline::dictionary::Dictionary;
use beamline::generate::{Plan, Rates, generate};
use beamline::identity::{canonicalise, mpn_key};
use beamline::import::ImportKind;
use beamline::import::prepare::Preparer;
use beamline::import::read::{ReadLimits, open};
use beamline::import::row::{PreparedRow, Record};
use beamline::normalize::{Hints, normalize};
use beamline::suppliers::Profile;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::fs::File;
use std::hint::black_box;

/// The first supplier's records and the profile that reads them, as dirty as real files.
fn rows(dictionary: &Dictionary) -> (Vec<Record>, Profile) {
    let out = tempfile::tempdir().unwrap();
    let dirt = Rates::observed().unwrap();
    let plan = Plan { products: 300, suppliers: 1, seed: 1, overlap: 1.0, csv_only: true, change: None, dirt };
    let files = generate(&plan, dictionary, out.path(), &|_| {}).unwrap().suppliers.remove(0);
    let profile = Profile::parse(&std::fs::read_to_string(&files.profile).unwrap(), dictionary).unwrap();
    let source = Box::new(File::open(&files.catalog).unwrap());
    let records = open(source, "catalog.csv", &profile.read_options(), &ReadLimits::default()).unwrap();
    (records.filter_map(Result::ok).collect(), profile)
}

fn source(place: i64, row: PreparedRow) -> Source {
    Source {
        offer_id: place,
        supplier: format!("supplier-{place}"),
        rank: 1,
        supplier_sku: row.key,
        live: true,
        import_id: String::new(),
        file: String::new(),
        row: place,
        claims: row.claims,
        images: Vec::new(),
        tags: Vec::new(),
    }
}

fn hot(criterion: &mut Criterion) {
    let dictionary = Dictionary::embedded().unwrap();
    for (attribute, raw) in [
        ("light_output_max", "1.200 lm"),
        ("weight_with_battery", "1.2 oz (35±1 g)"),
        ("runtime_max", "4h 30m"),
        ("modes", "2500 lm / 1,5 h (Max) | 1600 lm / 2,1 h (Hoch) | 30 lm / 2400 h (Niedrig)"),
        ("ip_rating", "IPX-6"),
        ("battery_options", "3 x AAA"),
    ] {
        let known = dictionary.attribute(attribute).unwrap();
        let hints = Hints { locale: Some("de".to_owned()), ..Hints::default() };
        criterion.bench_function(&format!("normalize {attribute}"), |bench| {
            bench.iter(|| normalize(&dictionary, known, black_box(raw), &hints));
        });
    }
    criterion.bench_function("gtin", |bench| bench.iter(|| canonicalise(black_box("590-1234 123457"))));
    criterion.bench_function("mpn", |bench| bench.iter(|| mpn_key(black_box("HX-210/B"))));

    let (records, profile) = rows(&dictionary);
    let preparer = Preparer::new(ImportKind::Catalog, &profile, &dictionary, None);
    let mut group = criterion.benchmark_group("row");
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("prepare", |bench| {
        bench.iter(|| records.iter().map(|record| preparer.prepare(record).claims.len()).sum::<usize>());
    });
    let sources: Vec<Source> = (0_i64..).zip(records.iter().take(4)).map(|(at, row)| source(at, preparer.prepare(row))).collect();
    group.throughput(Throughput::Elements(1));
    group.bench_function("resolve four offers", |bench| bench.iter(|| resolve(black_box(&sources), &[])));
    group.finish();
}

criterion_group!(benches, hot);
criterion_main!(benches);
