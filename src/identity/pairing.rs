//! Two files, one list of pairs: which records are compared, judged, and given to each other.
//!
//! Records meet by their blocking keys and by the rare words that they share, the likeliest first and never more than a few, so that
//! time grows with the number of records. A record that has several partners is of one product only: either they are one product
//! themselves, or one is clearly the best, or people decide.

use super::block::{MAX_BLOCK, blocks};
use super::corpus::Corpus;
use super::judge::{Decision, Reason, Verdict, judge};
use super::repair;
use super::rules::MatchRules;
use super::traits::Traits;
use rayon::prelude::*;
use std::collections::HashMap;

/// Partners of one record that are judged.
const MAX_CANDIDATES: usize = 24;
/// Words of one record that partners are looked for by, and records that may share such a word.
const MAX_RARE: usize = 8;
const MAX_SHARED: usize = 120;
/// Words that say less than this find nobody.
const LEAST_WEIGHT: f32 = 0.25;

/// A pair that merges or that people should look at; places in the lists that were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Place in the left list.
    pub left: usize,
    /// Place in the right list.
    pub right: usize,
    /// What both are to each other.
    pub verdict: Verdict,
}

/// Gives both lists' words their weights and finds the pairs: merges, colour variants and questions, in the order of the left list.
pub fn pairs(rules: &MatchRules, left: &mut [Traits], right: &mut [Traits]) -> Vec<Pair> {
    let corpus = Corpus::of(left.iter().chain(right.iter()));
    left.par_iter_mut().chain(right.par_iter_mut()).for_each(|traits| corpus.weigh(traits));
    let index = Index::of(right);
    let (left, right) = (&*left, &*right);
    let mut found: Vec<Pair> = left
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, mine)| {
            let judged = index.candidates(mine).into_iter().filter_map(|place| {
                let theirs = right.get(place)?;
                let mut verdict = judge(rules, mine, theirs);
                verdict.reasons.extend(repair::proposed(mine, theirs, &verdict));
                (verdict.decision != Decision::Apart).then_some(Pair { left: at, right: place, verdict })
            });
            judged.collect::<Vec<_>>()
        })
        .collect();
    settle(rules, &mut found, right, |pair| pair.left, |pair| pair.right);
    settle(rules, &mut found, left, |pair| pair.right, |pair| pair.left);
    found.sort_by_key(|pair| (pair.left, pair.right));
    found
}

/// The right list by blocking keys and by rare words.
struct Index {
    blocks: HashMap<u64, Vec<u32>>,
    words: HashMap<u64, Vec<u32>>,
}

impl Index {
    fn of(records: &[Traits]) -> Self {
        let keys: Vec<Vec<u64>> = records.par_iter().map(blocks).collect();
        let mut index = Self { blocks: HashMap::new(), words: HashMap::new() };
        for (at, (record, keys)) in records.iter().zip(keys).enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            for key in keys {
                let block = index.blocks.entry(key).or_default();
                if block.len() < MAX_BLOCK {
                    block.push(at);
                }
            }
            for word in &record.text.words {
                if word.weight >= LEAST_WEIGHT {
                    let shared = index.words.entry(word.hash).or_default();
                    // One more than is looked at, so that a word of too many is known as one.
                    if shared.len() <= MAX_SHARED {
                        shared.push(at);
                    }
                }
            }
        }
        index
    }

    /// Whom a record is compared with, the likeliest first.
    fn candidates(&self, record: &Traits) -> Vec<usize> {
        let mut weights: HashMap<u32, f32> = HashMap::new();
        let keys = blocks(record);
        for block in keys.iter().filter_map(|key| self.blocks.get(key)) {
            // Few records to a key: it says much.
            let share = 4.0 / f32::from(u16::try_from(block.len()).unwrap_or(u16::MAX)).sqrt();
            for at in block {
                *weights.entry(*at).or_default() += share;
            }
        }
        let mut rare: Vec<(u64, f32)> = record.text.words.iter().map(|word| (word.hash, word.weight)).collect();
        // A word joined of two, which the other may write as one.
        rare.extend(record.text.joins.iter().map(|(whole, ..)| (*whole, 0.8)));
        rare.retain(|(hash, weight)| {
            *weight >= LEAST_WEIGHT && self.words.get(hash).is_some_and(|shared| shared.len() <= MAX_SHARED)
        });
        rare.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for (hash, weight) in rare.into_iter().take(MAX_RARE) {
            for at in self.words.get(&hash).into_iter().flatten() {
                *weights.entry(*at).or_default() += weight;
            }
        }
        let mut likely: Vec<(u32, f32)> = weights.into_iter().collect();
        likely.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        likely.into_iter().take(MAX_CANDIDATES).map(|(at, _)| at as usize).collect()
    }
}

/// Of several merges of one record, those stay that are one product with the best; others become questions.
fn settle(
    rules: &MatchRules,
    pairs: &mut [Pair],
    others: &[Traits],
    one: impl Fn(&Pair) -> usize,
    other: impl Fn(&Pair) -> usize,
) {
    let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.verdict.decision == Decision::Merge) {
        of.entry(one(pair)).or_default().push(at);
    }
    for mut places in of.into_values().filter(|places| places.len() > 1) {
        places.sort_by_key(|at| pairs.get(*at).map_or(0, |pair| 1000 - pair.verdict.score.min(1000)));
        let best = places.first().and_then(|at| pairs.get(*at)).cloned();
        let Some(best) = best else { continue };
        let Some(chosen) = others.get(other(&best)) else { continue };
        // Rivals: other products than the best one.
        let rivals: Vec<usize> = places
            .iter()
            .skip(1)
            .copied()
            .filter(|at| {
                let theirs = pairs.get(*at).and_then(|pair| others.get(other(pair)));
                theirs.is_some_and(|theirs| judge(rules, chosen, theirs).decision != Decision::Merge)
            })
            .collect();
        let close = rivals
            .iter()
            .filter_map(|at| pairs.get(*at))
            .any(|pair| pair.verdict.score + rules.thresholds.best_by > best.verdict.score);
        let asked = if close { places.clone() } else { rivals };
        let names: Vec<String> = asked.iter().filter_map(|at| pairs.get(*at)).map(|pair| (other(pair) + 1).to_string()).collect();
        for at in asked {
            if let Some(pair) = pairs.get_mut(at) {
                pair.verdict.decision = Decision::Review;
                let (left, right) = ((pair.left + 1).to_string(), names.join(" "));
                pair.verdict.reasons.insert(0, Reason { code: "several_candidates", field: "", left, right });
            }
        }
    }
}
