//! The arithmetic of pairs.

use super::Pairs;

#[test]
fn f1_counts_pairs_that_both_sides_make() {
    let of = |rows: &[(u32, u32)]| {
        let mut pairs = Pairs::default();
        for (truth, found) in rows {
            pairs.add(*truth, *found);
        }
        pairs.f1()
    };
    let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-9, "{value} is not {wanted}");
    near(of(&[(1, 7), (1, 7), (2, 8)]), 1.0);
    near(of(&[(1, 7), (2, 8)]), 1.0);
    // Two of three found each other: one pair of three; nothing wrong.
    near(of(&[(1, 7), (1, 7), (1, 8)]), 2.0 * (1.0 / 3.0) / (1.0 + 1.0 / 3.0));
    // All in one: three pairs, one of them true.
    near(of(&[(1, 7), (1, 7), (2, 7)]), 2.0 * (1.0 / 3.0) / (1.0 + 1.0 / 3.0));
    near(of(&[(1, 7), (2, 7)]), 0.0);
}
