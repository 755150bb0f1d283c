//! Quantities a second, on the cells that files are full of; for a comparison with other programs in the same run.

use crate::{
    dictionary::Dictionary,
    normalize::{Hints, normalize, quantities},
};
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Cells and the attribute that each stands under.
pub const CELLS: [(&str, &str); 6] = [
    ("light_output_max", "1,200 lm"),
    ("weight_with_battery", "86 g / 3 oz"),
    ("runtime_max", "4h 30m"),
    ("light_output_max", "up to 450 lumens"),
    ("dim_length", "140 x 90 x 60 mm"),
    ("beam_distance_max", "120 m (394 ft)"),
];

/// Figures of one core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Speed {
    /// Always `speed`.
    pub measure: &'static str,
    /// Quantities found in the cells by [`quantities`], a second.
    pub quantities_per_second: f64,
    /// Quantities in the cells, read as typed values by [`normalize`], a second.
    pub values_per_second: f64,
    /// The cells.
    pub cells: Vec<&'static str>,
}

/// Measures for about twice this long.
pub fn measure(dictionary: &Dictionary, long: Duration) -> Speed {
    let hints = Hints::default();
    let known: Vec<_> = CELLS.iter().filter_map(|(code, raw)| Some((dictionary.attribute(code)?, *raw))).collect();
    // "4h 30m" is two quantities that make one.
    let count: usize =
        known.iter().flat_map(|(_, raw)| quantities(dictionary, raw, &hints)).map(|found| found.parts.len().max(1)).sum();
    let find = || {
        for (_, raw) in &known {
            black_box(quantities(dictionary, black_box(raw), &hints));
        }
    };
    let read = || {
        for (attribute, raw) in &known {
            black_box(normalize(dictionary, attribute, black_box(raw), &hints));
        }
    };
    Speed {
        measure: "speed",
        quantities_per_second: rate(long, count, find),
        values_per_second: rate(long, count, read),
        cells: CELLS.iter().map(|(_, raw)| *raw).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(long: Duration, each: usize, work: impl Fn()) -> f64 {
    let (begun, mut rounds) = (Instant::now(), 0_usize);
    while begun.elapsed() < long {
        for _ in 0..100 {
            work();
        }
        rounds += 100;
    }
    ((rounds * each) as f64 / begun.elapsed().as_secs_f64()).round()
}
