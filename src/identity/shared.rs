//! How much of two titles is the same: word by word, neighbours joined, one letter wrong.

use super::text::{Text, Word};
use super::words::Sort;

/// What two texts share.
pub(super) struct Shared {
    pub(super) cosine: f32,
    pub(super) contained: f32,
    /// Both sides have a rare word that the other lacks: the lesser of the two weights.
    pub(super) rare_apart: f32,
    /// The lesser of the weights that found no partner.
    pub(super) left_over: f32,
    /// The weight of the rarest word without partner, on either side.
    pub(super) rarest: f32,
    /// The greater of the weights that found no partner.
    pub(super) surplus: f32,
    /// Share of the words without partner that stand in the other's description.
    pub(super) described: f32,
}

impl Shared {
    pub(super) fn of(left: &Text, right: &Text) -> Self {
        let (mut mine, mut theirs) = (vec![0.0_f32; left.words.len()], vec![0.0_f32; right.words.len()]);
        same_words(left, right, &mut mine, &mut theirs);
        joined(left, right, &mut mine, &mut theirs);
        misspelt(left, right, &mut mine, &mut theirs);
        let sums = |words: &[Word], matched: &[f32]| {
            let (mut all, mut squares, mut found, mut found_squares, mut rarest) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
            for (word, matched) in words.iter().zip(matched) {
                all += word.weight;
                squares += word.weight * word.weight;
                found += word.weight * matched;
                found_squares += word.weight * word.weight * matched;
                if *matched == 0.0 {
                    rarest = rarest.max(word.weight);
                }
            }
            (all, squares, found, found_squares, rarest)
        };
        let (all_l, squares_l, found_l, both_l, rarest_l) = sums(&left.words, &mine);
        let (all_r, squares_r, found_r, both_r, rarest_r) = sums(&right.words, &theirs);
        let length = (squares_l * squares_r).sqrt();
        let less = all_l.min(all_r);
        let cosine = if length > 0.0 { ((both_l * both_r).sqrt() / length).min(1.0) } else { 0.0 };
        let contained = if less > 0.0 { ((found_l * found_r).sqrt() / less).min(1.0) } else { 0.0 };
        let described = described(left, right, &mine).max(described(right, left, &theirs));
        Self {
            cosine,
            contained,
            rare_apart: rarest_l.min(rarest_r),
            left_over: (all_l - found_l).min(all_r - found_r).max(0.0),
            rarest: rarest_l.max(rarest_r),
            surplus: (all_l - found_l).max(all_r - found_r).max(0.0),
            described,
        }
    }
}

fn same_words(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    let (mut l, mut r) = (0, 0);
    while let (Some(a), Some(b)) = (left.words.get(l), right.words.get(r)) {
        match a.hash.cmp(&b.hash) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => {
                if let (Some(mine), Some(theirs)) = (mine.get_mut(l), theirs.get_mut(r)) {
                    (*mine, *theirs) = (1.0, 1.0);
                }
                l += 1;
                r += 1;
            }
        }
    }
}

/// `wifi` here is `wi-fi` there. Both directions are looked up before either is marked, so that neither side comes first.
fn joined(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    let (there, back) = (joins(left, right, mine), joins(right, left, theirs));
    mark(&there, mine, theirs);
    mark(&back, theirs, mine);
}

fn mark(found: &[(usize, [Option<usize>; 2])], wholes: &mut [f32], parts: &mut [f32]) {
    for (whole, both) in found {
        if let Some(matched) = wholes.get_mut(*whole) {
            *matched = 1.0;
        }
        for part in both.iter().flatten() {
            if let Some(matched) = parts.get_mut(*part) {
                *matched = 1.0;
            }
        }
    }
}

/// Words without partner that the other side writes as two: their places, and those of the parts.
fn joins(wholes: &Text, parts: &Text, matched: &[f32]) -> Vec<(usize, [Option<usize>; 2])> {
    let free = wholes.words.iter().zip(matched).enumerate().filter(|(_, (_, matched))| **matched == 0.0);
    let found = free.filter_map(|(place, (word, _))| {
        let at = parts.joins.binary_search_by_key(&word.hash, |(whole, ..)| *whole).ok()?;
        let (_, first, second) = parts.joins.get(at)?;
        let place_of = |part: &u64| parts.words.binary_search_by_key(part, |word| word.hash).ok();
        Some((place, [place_of(first), place_of(second)]))
    });
    found.collect()
}

/// Letters alone, one of them wrong, or two in a long word. The nearest find each other first, and of equally near ones those whose
/// words come first, whichever side each stands on.
fn misspelt(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    let (ours, others) = (spelt(left, mine), spelt(right, theirs));
    let mut near: Vec<(usize, u64, u64, usize, usize)> = Vec::new();
    for (place, word, length, first) in &ours {
        for (other_place, other, other_length, other_first) in &others {
            let (least, most) = (*length.min(other_length), *length.max(other_length));
            let allowed = if least >= 9 { 2 } else { 1 };
            if most < 5 || most - least > allowed || first != other_first {
                continue;
            }
            let distance = strsim::osa_distance(&word.text, &other.text);
            if distance <= allowed {
                near.push((distance, word.hash.min(other.hash), word.hash.max(other.hash), *place, *other_place));
            }
        }
    }
    near.sort_unstable();
    for (_, _, _, place, other) in near {
        if let (Some(mine), Some(theirs)) = (mine.get_mut(place), theirs.get_mut(other))
            && *mine == 0.0
            && *theirs == 0.0
        {
            (*mine, *theirs) = (0.8, 0.8);
        }
    }
}

/// Plain words of four letters and more without partner: place, word, letters, the first of them.
fn spelt<'a>(text: &'a Text, matched: &[f32]) -> Vec<(usize, &'a Word, usize, Option<char>)> {
    let free = text.words.iter().zip(matched).enumerate();
    let free = free.filter(|(_, (word, matched))| **matched == 0.0 && word.sort == Sort::Plain);
    let measured = free.map(|(place, (word, _))| (place, word, word.text.chars().count(), word.text.chars().next()));
    measured.filter(|(_, _, letters, _)| *letters >= 4).collect()
}

fn described(left: &Text, right: &Text, mine: &[f32]) -> f32 {
    if right.more.is_empty() {
        return 0.0;
    }
    let (mut all, mut found) = (0.0_f32, 0.0_f32);
    for (word, _) in left.words.iter().zip(mine).filter(|(_, matched)| **matched == 0.0) {
        all += word.weight;
        if right.more.binary_search(&word.hash).is_ok() {
            found += word.weight;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}
