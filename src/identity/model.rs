//! A model's name: what names the model, and what names its generation, edition or colour.
//!
//! `Tool AA2.0`, `Tool AA 2.0` and `Tool AA V2` are one lamp; `Tool AA` is the one before. So a name is a key of its letters and digits
//! and a [`Generation`] beside it; words such as "headlamp" stand in the first key and not in the second.

use super::rules::MatchRules;
use super::words::{Sort, Token, tokens};

/// Which generation of a model: its number (`2` for V2.0, `MkII`, Gen 2) and its year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generation {
    /// `2` for V2.0, `MkII` and Gen 2.
    pub number: Option<String>,
    /// `2018` where the name says it.
    pub year: Option<u16>,
}

/// A model's name, comparable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelName {
    /// Its letters and digits without brand, generation and colour.
    pub whole: String,
    /// The same without words that only say what it is.
    pub bare: String,
    /// Its words, sorted.
    pub words: Vec<String>,
    /// Colours that the name itself says.
    pub colors: Vec<String>,
    /// Words in brackets and of editions: they name a variant at most.
    pub aside: Vec<String>,
    /// Read from a title, not from a column of its own.
    pub guessed: bool,
}

impl ModelName {
    /// Do both name one model, generations aside?
    pub fn same(&self, other: &Self) -> bool {
        (!self.whole.is_empty() && self.whole == other.whole) || (!self.bare.is_empty() && self.bare == other.bare)
    }
}

/// Years that a name may state.
const YEARS: std::ops::RangeInclusive<u16> = 1990..=2099;

/// Reads a model's name. `is_color` knows colour words; they are left out and returned.
pub fn read(
    rules: &MatchRules,
    name: &str,
    brand: &[Token],
    color: impl Fn(&str) -> Option<String>,
) -> (ModelName, Generation, Vec<String>) {
    let (outside, inside) = brackets(name);
    let mut words = tokens(rules, &outside);
    let repeats = brand.iter().zip(&words).filter(|(part, word)| part.text == word.text).count();
    if !brand.is_empty() && repeats == brand.len() && words.len() > repeats {
        words.drain(..repeats);
    }
    let mut generation = Generation::default();
    let mut colors = Vec::new();
    let mut model = ModelName::default();
    for word in tokens(rules, &inside) {
        match year(&word) {
            Some(year) => generation.year = Some(year),
            None => match color(&word.text) {
                Some(code) => colors.push(code),
                None => model.aside.push(word.text),
            },
        }
    }
    take_generation(rules, &mut words, &mut generation, Where::Name);
    // A colour behind the name is no part of it; a name that is nothing but a colour is one.
    while words.len() > 1 {
        let Some(code) = words.last().and_then(|word| color(&word.text)) else { break };
        colors.push(code);
        words.pop();
    }
    model.aside.extend(words.iter().filter(|word| rules.words.edition.contains(&word.text)).map(|word| word.text.clone()));
    words.retain(|word| !rules.words.edition.contains(&word.text));
    model.whole = words.iter().map(|word| letters(&word.text)).collect();
    model.bare = words.iter().filter(|word| !rules.words.filler.contains(&word.text)).map(|word| letters(&word.text)).collect();
    model.words = words.iter().map(|word| letters(&word.text)).filter(|word| !rules.words.filler.contains(word)).collect();
    model.words.sort();
    model.colors.clone_from(&colors);
    (model, generation, colors)
}

/// What stands in brackets, and what does not.
fn brackets(name: &str) -> (String, String) {
    let (mut outside, mut inside, mut depth) = (String::new(), String::new(), 0_u32);
    for sign in name.chars().take(500) {
        match sign {
            '(' | '[' => {
                depth += 1;
                outside.push(' ');
                inside.push(' ');
            }
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => inside.push(sign),
            _ => outside.push(sign),
        }
    }
    (outside, inside)
}

fn letters(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect()
}

fn year(word: &Token) -> Option<u16> {
    (word.text.len() == 4).then(|| word.text.parse().ok()).flatten().filter(|year| YEARS.contains(year))
}

/// What a text is that a generation is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// A model's name: a bare `2.0` or `II` is its generation, a year at its end its year.
    Name,
    /// What is left of a title when brand and kind are taken away: a bare `2.0` or `II` is a generation there too.
    Title,
    /// Any text: only what is marked counts, such as `Mk II`.
    Prose,
}

/// Takes `V2.0`, `Mk II`, `Gen 3` and `2nd gen`, and what else the text's sort allows.
pub(super) fn take_generation(rules: &MatchRules, words: &mut Vec<Token>, generation: &mut Generation, place: Where) {
    let (is_name, named) = (place == Where::Name, place != Where::Prose);
    let mut marked = false;
    let mut at = 0;
    while at < words.len() {
        let Some(word) = words.get(at) else { break };
        let split = word.text.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(word.text.len());
        let (head, tail) = word.text.split_at_checked(split).unwrap_or((&word.text, ""));
        let next = words.get(at + 1).and_then(|next| number(&next.text));
        let found = if rules.words.generation.contains(head) && number(tail).is_some() && at > 0 {
            number(tail).map(|number| (number, 1))
        } else if tail.is_empty()
            && rules.words.generation.contains(head)
            && next.is_some()
            && (head.len() > 1 || words.get(at + 1).is_some_and(|next| next.decimal))
        {
            next.map(|number| (number, 2))
        } else if let Some(roman) = marked_roman(rules, &word.text).filter(|_| at > 0) {
            Some((roman, 1))
        } else if let Some(ordinal) = ordinal(rules, words, at) {
            Some((ordinal, 2))
        } else if named
            && at > 0
            && at + 1 >= words.len().saturating_sub(2)
            && decimal_version(word)
            && !of_standard(rules, words, at)
        {
            number(&word.text).or_else(|| Some(word.text.clone())).map(|number| (number, 1))
        } else {
            None
        };
        if let Some((number, taken)) = found {
            generation.number = Some(number);
            marked = true;
            words.drain(at..(at + taken).min(words.len()));
        } else if is_name && at > 0 && at + 1 == words.len() && year(word).is_some_and(|year| year >= 2008) {
            generation.year = year(word);
            words.pop();
        } else {
            at += 1;
        }
    }
    // "EC35 II" is "EC35 Gen 2", and "Thor II V2" the second of the Thor II.
    let bare = words.iter().skip(1).position(|word| BARE.contains(&word.text.as_str()));
    if let Some(at) = bare.filter(|_| named && !marked) {
        generation.number = words.get(at + 1).and_then(|word| number(&word.text));
        words.remove(at + 1);
    }
}

/// Roman numbers that stand for a generation without a mark; others are letters or volts as often.
const BARE: [&str; 3] = ["ii", "iii", "iv"];

/// The number in "2nd gen" and "2. Generation", which begin at a word.
fn ordinal(rules: &MatchRules, words: &[Token], at: usize) -> Option<String> {
    let (word, mark) = (words.get(at)?, words.get(at + 1)?);
    // "6 V" are volts, and in "Nova 2 Gen 3" the number behind counts.
    if mark.text.len() < 3
        || !rules.words.generation.contains(&mark.text)
        || words.get(at + 2).is_some_and(|next| number(&next.text).is_some())
    {
        return None;
    }
    let bare = word.sort == Sort::Number && !word.decimal && word.text.len() <= 2;
    rules.ordinals.get(&word.text).map(u32::to_string).or_else(|| bare.then(|| word.text.clone()))
}

/// Is it the number of a standard that stands before it: USB 2.0?
fn of_standard(rules: &MatchRules, words: &[Token], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| rules.words.standard.contains(&before.text))
}

/// `2`, `2.0` and `ii` as `2`; `2.1` as it is.
fn number(text: &str) -> Option<String> {
    if let Some(at) = ROMAN.iter().position(|roman| *roman == text) {
        return Some((at + 1).to_string());
    }
    let number = text.strip_suffix(".0").unwrap_or(text);
    (!number.is_empty() && number.len() <= 4 && number.chars().all(|c| c.is_ascii_digit() || c == '.')).then(|| number.to_owned())
}

const ROMAN: [&str; 6] = ["i", "ii", "iii", "iv", "v", "vi"];

/// `mkii` as `2`.
fn marked_roman(rules: &MatchRules, text: &str) -> Option<String> {
    let marks = rules.words.generation.iter().filter(|mark| mark.len() > 1);
    marks.filter_map(|mark| text.strip_prefix(mark.as_str())).find(|rest| rest.starts_with(['i', 'v'])).and_then(number)
}

/// `2.0` alone: the point was kept where it stood in the text, and a whole number is none.
fn decimal_version(word: &Token) -> bool {
    word.sort == Sort::Number && word.decimal
}
