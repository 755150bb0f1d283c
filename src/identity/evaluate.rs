//! How good a matcher is: its pairs against the truth.
//!
//! Precision is the share of the merges that are right, recall the share of the true pairs that were merged, F1 their harmonic mean.
//! Pure: whoever has pairs and a truth, from whatever file, counts them here.

use super::judge::Decision;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Counts of one comparison with the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// True pairs that were merged.
    pub right: usize,
    /// Merged pairs that are not true.
    pub wrong: usize,
    /// True pairs that were not merged.
    pub missed: usize,
    /// Those of the missed ones that people are asked about.
    pub asked: usize,
}

impl Counts {
    /// Share of the merges that are right; 1 without any.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Share of the true pairs that were merged; 1 without any.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs; a share is meant")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Counts decisions against all true pairs. A pair that stands twice counts once, with its first decision.
pub fn against_all<K: Eq + Hash + Clone>(decided: impl IntoIterator<Item = (K, Decision)>, truth: &HashSet<K>) -> Counts {
    let mut first: HashMap<K, Decision> = HashMap::new();
    for (pair, decision) in decided {
        first.entry(pair).or_insert(decision);
    }
    let of = |wanted: Decision| first.iter().filter(move |(_, decision)| **decision == wanted).map(|(pair, _)| pair);
    let right = of(Decision::Merge).filter(|pair| truth.contains(*pair)).count();
    Counts {
        right,
        wrong: of(Decision::Merge).count() - right,
        missed: truth.len() - right,
        asked: of(Decision::Review).filter(|pair| truth.contains(*pair)).count(),
    }
}

/// Counts decisions on pairs that somebody has labelled; what is not labelled does not count.
pub fn against_labelled<K: Eq + Hash>(decided: &HashMap<K, Decision>, labelled: &[(K, bool)]) -> Counts {
    let mut counts = Counts::default();
    for (pair, same) in labelled {
        match (decided.get(pair), same) {
            (Some(Decision::Merge), true) => counts.right += 1,
            (Some(Decision::Merge), false) => counts.wrong += 1,
            (decision, true) => {
                counts.missed += 1;
                counts.asked += usize::from(decision == Some(&Decision::Review));
            }
            (_, false) => {}
        }
    }
    counts
}

/// A point of the curve: what a merge threshold would give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Scores from here merge.
    pub threshold: u16,
    /// What that gives.
    pub counts: Counts,
}

/// The curve over all thresholds at which something changes, falling; `scored` holds each labelled pair's score.
pub fn curve(scored: &[(u16, bool)]) -> Vec<Point> {
    let mut sorted = scored.to_vec();
    sorted.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let all = sorted.iter().filter(|(_, same)| *same).count();
    let mut counts = Counts { missed: all, ..Counts::default() };
    let mut points: Vec<Point> = Vec::new();
    for (score, same) in sorted {
        counts.right += usize::from(same);
        counts.missed -= usize::from(same);
        counts.wrong += usize::from(!same);
        match points.last_mut().filter(|point| point.threshold == score) {
            Some(point) => point.counts = counts,
            None => points.push(Point { threshold: score, counts }),
        }
    }
    points
}

/// The threshold with the best F1; the higher of two equal ones.
pub fn best(curve: &[Point]) -> Option<Point> {
    curve.iter().copied().reduce(|best, point| if point.counts.f1() > best.counts.f1() { point } else { best })
}
