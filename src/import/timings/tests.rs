//! Sums of stages.

use super::{Stage, Timings};
use std::time::Duration;

#[test]
fn the_writers_stages_and_the_rest_are_the_whole() {
    let mut timings = Timings { rows: 3_000, chunks: 3, seconds: 4.0, ..Timings::default() };
    for stage in Stage::ALL {
        timings.add(stage, Duration::from_millis(250));
        timings.add(stage, Duration::from_millis(250));
    }
    // Reading and understanding go on beside it.
    assert!((timings.rest() - 1.5).abs() < 1e-9, "{timings:?}");
    let text = timings.to_string();
    assert!(
        text.starts_with("3000 rows in 4.00 s, 750 rows/s, 3 chunks; look ahead 0.50 s,") && text.contains("rest 1.50 s"),
        "{text}"
    );
    assert!(Timings::default().rows_per_second().abs() < 1e-9);
}
