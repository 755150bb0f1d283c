//! Pictures a second on one core: from the bytes of a photograph to facts, hash and three renditions, and the encoders by themselves.
//!
//! `cargo bench --bench pictures`. The photographs are drawn by `generate::photographs`.

#![allow(missing_docs, clippy::unwrap_used, reason = "the macros write items without docs, and a bench may fail loudly")]

use beamline::dictionary::Dictionary;
use beamline::generate::photographs::{Lamp, lamp, scene};
use beamline::media::picture::{Format, Spec, examine, examine_and_render, render};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn whole_way(criterion: &mut Criterion) {
    let dictionary = Dictionary::embedded().unwrap();
    let rules = dictionary.pictures();
    let specs =
        [Spec::inside(Format::Jpeg, 1600, 1600), Spec::inside(Format::Jpeg, 800, 800), Spec::inside(Format::Webp, 200, 200)];
    let drawn = [("photograph", scene(1, 3000, 2000)), ("lamp", lamp(&Lamp::new(1), 2000, 2000, 0.9))];
    let mut group = criterion.benchmark_group("pictures");
    group.sample_size(10).throughput(Throughput::Elements(1));
    for (name, picture) in &drawn {
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(picture).unwrap();
        group.bench_function(format!("{name}, facts"), |bench| bench.iter(|| examine(black_box(&bytes), rules).unwrap()));
        group.bench_function(format!("{name}, three renditions"), |bench| {
            bench.iter(|| render(black_box(&bytes), &specs, rules).unwrap());
        });
        group.bench_function(format!("{name}, both"), |bench| {
            bench.iter(|| examine_and_render(black_box(&bytes), &specs, rules).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, whole_way);
criterion_main!(benches);
