//! Whether the codes by which makers name their goods speak for one product or for two.

use super::text::{Text, Word};
use super::traits::Traits;

/// How the codes of two records relate.
pub(super) struct Codes {
    pub(super) same: f32,
    pub(super) part: f32,
    pub(super) near: f32,
    pub(super) apart: f32,
    pub(super) missing: bool,
    pub(super) described: bool,
    /// Both sides have a code that the other lacks, whatever else they share: the lesser of the two weights.
    pub(super) rest: f32,
    /// The weight of a shared code of three signs.
    pub(super) short: f32,
}

impl Codes {
    pub(super) fn of(left: &Traits, right: &Traits) -> Self {
        let strong = |word: &&Word| word.weight >= 0.4 && word.text.len() >= 4;
        let mine: Vec<&Word> = left.text.codes.iter().filter(strong).collect();
        let theirs: Vec<&Word> = right.text.codes.iter().filter(strong).collect();
        let (mut same, mut near) = (0.0_f32, 0.0_f32);
        for code in &mine {
            for other in &theirs {
                if code.hash == other.hash {
                    same = same.max(code.weight.max(other.weight));
                } else if code.text.len().min(other.text.len()) >= 5 {
                    near = near.max(nearness(&code.text, &other.text));
                }
            }
        }
        let inside = |codes: &[&Word], text: &Text| {
            let found = codes.iter().filter(|code| code.text.len() >= 5 && text.letters.contains(&*code.text));
            found.map(|code| code.weight).fold(0.0_f32, f32::max)
        };
        let part = inside(&mine, &right.text).max(inside(&theirs, &left.text));
        let missing = mine.is_empty() || theirs.is_empty();
        let apart = if missing || same > 0.0 || part > 0.0 {
            0.0
        } else {
            let best = |codes: &[&Word]| codes.iter().map(|code| code.weight).fold(0.0_f32, f32::max);
            best(&mine).min(best(&theirs))
        };
        let told = |codes: &[&Word], text: &Text| codes.iter().any(|code| text.more.binary_search(&code.hash).is_ok());
        let described = same == 0.0 && part == 0.0 && (told(&mine, &right.text) || told(&theirs, &left.text));
        let rest = unmatched(&mine, &theirs, &right.text).min(unmatched(&theirs, &mine, &left.text));
        let tiny = |word: &&Word| word.text.len() == 3 && right.text.codes.iter().any(|other| other.hash == word.hash);
        let short = left.text.codes.iter().filter(tiny).map(|word| word.weight).fold(0.0_f32, f32::max);
        Self { rest, short, same, part, near: if same > 0.0 || part > 0.0 { 0.0 } else { near }, apart, missing, described }
    }
}

/// The weight of the rarest code that has no partner and is no part of one that has.
fn unmatched(codes: &[&Word], others: &[&Word], text: &Text) -> f32 {
    let has_partner = |code: &Word| {
        others.iter().any(|other| other.hash == code.hash || other.text.contains(&*code.text))
            || text.letters.contains(&*code.text)
    };
    let (matched, free): (Vec<&Word>, Vec<&Word>) = codes.iter().copied().partition(|code| has_partner(code));
    let free = free.iter().filter(|code| {
        let inside = |known: &&Word| code.text.contains(&*known.text) || known.text.contains(&*code.text);
        !matched.iter().any(inside)
    });
    free.map(|code| code.weight).fold(0.0_f32, f32::max)
}

/// Codes that begin alike and end otherwise name variants: `mf209b1` and `mf209bk`.
fn nearness(left: &str, right: &str) -> f32 {
    let alike = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    let less = left.len().min(right.len());
    if alike < 4 || less == 0 {
        return 0.0;
    }
    let share = u8::try_from(alike * 100 / less.max(1)).unwrap_or(100);
    f32::from(share) / 100.0
}
