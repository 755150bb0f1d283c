//! How many lamps a title sells: `2-pack`, `pack of 3`, `2er Set`, `Doppelpack`, `2x Tikka`, `Tikka x2`.

use super::rules::MatchRules;
use super::words::{Sort, Token};

/// More are no pack but a figure.
const MOST: u32 = 10_000;
/// More of `x3` are no pack but a model or a zoom.
const MOST_TIMES: u32 = 100;

/// The lamps in the pack. `title` is the text of the words, in which large and small letters still differ.
pub(super) fn pack(rules: &MatchRules, title: &str, words: &[Token]) -> Option<u32> {
    let is_pack = |word: &Token| rules.words.pack.contains(&word.text);
    let mut phrase = String::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1);
        // What comes along is counted for itself, but "Pack mit 3".
        if at > 0 && rules.words.with.contains(&word.text) && !words.get(at - 1).is_some_and(is_pack) {
            break;
        }
        phrase.clear();
        phrase.extend([word.text.as_str(), " ", next.map_or("", |next| next.text.as_str())]);
        if let Some(count) = rules.counted.get(&phrase).or_else(|| rules.counted.get(&word.text)) {
            return Some(*count);
        }
        let number = |word: &Token| (word.sort == Sort::Number && !word.decimal).then(|| word.text.parse().ok()).flatten();
        let inside = |word: &Token| {
            let digits = word.text.find(|c: char| !c.is_ascii_digit())?;
            let (number, rest) = word.text.split_at_checked(digits)?;
            let next = next.is_some_and(is_pack);
            (rules.words.pack.contains(rest) || ((rest == "er" || rest == "x") && next)).then(|| number.parse().ok()).flatten()
        };
        let found = match number(word) {
            Some(count) if next.is_some_and(is_pack) => Some(count),
            Some(_) => None,
            None if is_pack(word) && next.is_some_and(|next| rules.words.of.contains(&next.text)) => {
                words.get(at + 2).and_then(number)
            }
            None => inside(word),
        };
        if let Some(count) = found.filter(|count| (1..=MOST).contains(count)) {
            return Some(count);
        }
    }
    times(rules, title)
}

/// `2x` before what is sold and `x2` behind it. Batteries are counted like that too, and `X2` in large letters is a model.
fn times(rules: &MatchRules, title: &str) -> Option<u32> {
    let words: Vec<&str> = title.split_whitespace().take(60).collect();
    let bare = |at: usize| words.get(at).map_or("", |word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '×'));
    let folded = |at: usize| bare(at).to_lowercase();
    let is_cell = |word: &str| {
        let word = word.to_lowercase();
        rules.lexicon.is_cell(&word) || rules.words.accessory.contains(&word)
    };
    let count = |digits: &str| digits.parse::<u32>().ok().filter(|count| (2..=MOST_TIMES).contains(count));
    let sign = |text: &str| matches!(text, "x" | "×" | "X");
    let (before, sold) = match bare(0).strip_suffix(['x', '×', 'X']) {
        Some(digits) => (count(digits), 1),
        None => (count(bare(0)).filter(|_| sign(bare(1))), 2),
    };
    if before.is_some() && bare(sold).starts_with(char::is_alphabetic) && !is_cell(bare(sold)) {
        return before;
    }
    for at in 2..words.len() {
        if rules.words.with.contains(&folded(at)) {
            break;
        }
        let small = bare(at).strip_prefix(['x', '×']).and_then(|digits| if digits.is_empty() { None } else { count(digits) });
        let apart = count(bare(at)).filter(|_| at > 2 && matches!(bare(at - 1), "x" | "×"));
        let sold = at - if small.is_some() { 1 } else { 2 };
        // At the end, before a comma or in brackets; inside a name it is part of it.
        let word = words.get(at).copied().unwrap_or_default();
        let closes = at + 1 == words.len() || word.ends_with([',', ';', ')', ']']);
        if let Some(count) = small.or(apart).filter(|_| closes && !is_cell(bare(sold))) {
            return Some(count);
        }
    }
    None
}
