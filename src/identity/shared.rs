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
        joined(right, left, &mut theirs, &mut mine);
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

/// `wifi` here is `wi-fi` there.
fn joined(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    for (word, matched) in left.words.iter().zip(mine.iter_mut()).filter(|(_, matched)| **matched == 0.0) {
        let Ok(at) = right.joins.binary_search_by_key(&word.hash, |(whole, ..)| *whole) else { continue };
        let Some((_, first, second)) = right.joins.get(at) else { continue };
        *matched = 1.0;
        for part in [first, second] {
            if let Ok(at) = right.words.binary_search_by_key(part, |word| word.hash)
                && let Some(theirs) = theirs.get_mut(at)
            {
                *theirs = 1.0;
            }
        }
    }
}

/// Letters alone, one of them wrong, or two in a long word.
fn misspelt(left: &Text, right: &Text, mine: &mut [f32], theirs: &mut [f32]) {
    for (word, matched) in left.words.iter().zip(mine.iter_mut()).filter(|(_, matched)| **matched == 0.0) {
        if word.sort != Sort::Plain || word.text.len() < 5 {
            continue;
        }
        let others = right.words.iter().zip(theirs.iter_mut());
        for (other, theirs) in
            others.filter(|(other, theirs)| **theirs == 0.0 && other.sort == Sort::Plain && other.text.len() >= 4)
        {
            let allowed = if word.text.len().min(other.text.len()) >= 9 { 2 } else { 1 };
            if word.text.len().abs_diff(other.text.len()) <= allowed
                && word.text.bytes().next() == other.text.bytes().next()
                && strsim::osa_distance(&word.text, &other.text) <= allowed
            {
                (*matched, *theirs) = (0.8, 0.8);
                break;
            }
        }
    }
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
