//! Quantities a second on one core: the cells that files are full of.
//!
//! `cargo bench --bench quantities`. Throughput counts quantities, not cells: "86 g / 3 oz" is two.

#![allow(missing_docs, clippy::unwrap_used, reason = "the macros write items without docs, and a bench may fail loudly")]

use beamline::dictionary::Dictionary;
use beamline::normalize::{Hints, normalize, quantities};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Cells, the attribute each stands under, and how many quantities it has.
const CELLS: [(&str, &str, u64); 6] = [
    ("light_output_max", "1,200 lm", 1),
    ("weight_with_battery", "86 g / 3 oz", 2),
    ("runtime_max", "4h 30m", 2),
    ("light_output_max", "up to 450 lumens", 1),
    ("dim_length", "140 x 90 x 60 mm", 3),
    ("beam_distance_max", "120 m (394 ft)", 2),
];

fn typical(criterion: &mut Criterion) {
    let dictionary = Dictionary::embedded().unwrap();
    let hints = Hints::default();
    let all: u64 = CELLS.iter().map(|(_, _, count)| count).sum();
    let mut group = criterion.benchmark_group("quantities");
    for (_, raw, count) in CELLS {
        group.throughput(Throughput::Elements(count));
        group.bench_function(raw, |bench| bench.iter(|| quantities(&dictionary, black_box(raw), &hints)));
    }
    group.throughput(Throughput::Elements(all));
    group.bench_function("all", |bench| {
        bench.iter(|| CELLS.iter().map(|(_, raw, _)| quantities(&dictionary, black_box(raw), &hints).len()).sum::<usize>());
    });
    group.finish();
    let mut group = criterion.benchmark_group("typed values");
    let known: Vec<_> = CELLS.iter().map(|(code, raw, _)| (dictionary.attribute(code).unwrap(), *raw)).collect();
    group.throughput(Throughput::Elements(all));
    group.bench_function("all", |bench| {
        bench.iter(|| {
            known
                .iter()
                .filter(|(attribute, raw)| normalize(&dictionary, attribute, black_box(raw), &hints).value.is_some())
                .count()
        });
    });
    group.finish();
}

criterion_group!(benches, typical);
criterion_main!(benches);
