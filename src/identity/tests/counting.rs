//! Precision, recall and the fit of weights.

use crate::identity::Decision;
use crate::identity::evaluate::{Counts, against_all, against_labelled, best, curve};
use crate::identity::evidence::Evidence;
use crate::identity::fit::{Example, fit};
use std::collections::{HashMap, HashSet};

#[test]
fn pairs_are_counted_against_the_truth() {
    let truth: HashSet<(u32, u32)> = [(1, 1), (2, 2), (3, 3), (4, 4)].into();
    let decided = [
        ((1, 1), Decision::Merge),
        ((2, 2), Decision::Merge),
        ((2, 3), Decision::Merge),
        ((3, 3), Decision::Review),
        ((9, 9), Decision::Variant),
    ];
    let counts = against_all(decided, &truth);
    assert_eq!(counts, Counts { right: 2, wrong: 1, missed: 2, asked: 1 });
    assert!((counts.precision() - 2.0 / 3.0).abs() < 1e-9 && (counts.recall() - 0.5).abs() < 1e-9);
    assert!((counts.f1() - 4.0 / 7.0).abs() < 1e-9);
    let decided: HashMap<(u32, u32), Decision> = decided.into();
    let labelled = [((1, 1), true), ((2, 3), false), ((3, 3), true), ((8, 8), false)];
    assert_eq!(against_labelled(&decided, &labelled), Counts { right: 1, wrong: 1, missed: 1, asked: 1 });
    assert!((Counts::default().f1() - 1.0).abs() < 1e-9, "nothing to find and nothing found");
}

#[test]
fn the_best_threshold_is_on_the_curve() {
    let points = curve(&[(900, true), (800, true), (700, false), (700, true), (100, false)]);
    assert_eq!(points.iter().map(|point| point.threshold).collect::<Vec<_>>(), [900, 800, 700, 100]);
    let best = best(&points).unwrap();
    assert_eq!((best.threshold, best.counts), (700, Counts { right: 3, wrong: 1, missed: 0, asked: 0 }));
    assert_eq!(super::super::evaluate::best(&[]), None);
}

#[test]
fn weights_are_found_again() {
    let mut examples = Vec::new();
    for at in 0..400_u16 {
        let mut evidence = Evidence::default();
        evidence.set(0, 1.0);
        let value = f32::from(at % 20) / 20.0;
        evidence.set(1, value);
        // Noise on both sides of one half.
        examples.push(Example { evidence, same: value > 0.5 || at % 17 == 0, weight: 1.0 });
    }
    let weights = fit(&examples, 0.1);
    let chance = |value: f32| {
        let mut evidence = Evidence::default();
        evidence.set(0, 1.0);
        evidence.set(1, value);
        evidence.dot(&weights)
    };
    assert!(chance(0.2) < 0.0 && chance(0.8) > 0.0 && weights.values().iter().all(|weight| weight.is_finite()), "{weights:?}");
    assert!(weights.values().iter().skip(2).all(|weight| weight.abs() < 1e-6), "what never occurs weighs nothing");
}
