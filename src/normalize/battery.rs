//! Ways to power a lamp: `3 x AAA`, `1x 21700, 2x CR123A, or 2x RCR123`, `CORE-batteri + 2 × AAA/LR03`, `built in`.
//!
//! Each part of the cell is one alternative. LR03 and AAA are one cell under two standards' names, so both lead to one code.

use super::{
    BatteryOption, Finding, Hints, Reading, Value, measure,
    quantity::find,
    text::{is_unspaced, key, spaced_key},
    units::Scope,
};
use crate::dictionary::{Attribute, Dictionary, holds, holds_phrase};
use rust_decimal::prelude::ToPrimitive;

/// Alternatives in one cell; more are prose.
pub(super) const MAX_OPTIONS: usize = 20;
/// More cells than this fit no lamp.
pub(super) const MAX_CELLS: u32 = 24;

/// Reads battery options.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let words = dictionary.words();
    let mut options: Vec<BatteryOption> = Vec::new();
    let mut unknown = Vec::new();
    let mut excluded = false;
    for part in alternatives(dictionary, raw) {
        let folded = key(&part);
        // "AAA (3)", "AAA (3x)", "AAA, 3 Stück"
        let counted = Some(folded.trim_matches(['x', '*', ' ']))
            .map(|text| text.rsplit_once(' ').filter(|(_, word)| words.pieces.contains(*word)).map_or(text, |(count, _)| count));
        if let (Some(last), Some(Ok(count @ 2..=MAX_CELLS))) = (options.last_mut(), counted.map(str::parse::<u32>))
            && last.quantity == 1
            && folded.len() <= 20
        {
            last.quantity = count;
            continue;
        }
        if folded.is_empty() || words.is_null(&part) {
            continue;
        }
        // "not included" says nothing against the cell.
        let included = words.no.iter().any(|phrase| phrase.contains(' ') && holds_phrase(&folded, phrase));
        if holds(&folded, &words.not) && !included && !starts_with_cell(dictionary, attribute, &folded) {
            excluded = true;
            continue;
        }
        let found = cell(dictionary, attribute, &folded).or_else(|| cell(dictionary, attribute, &spaced_key(&part)));
        match found {
            Some(option) if option.quantity > MAX_CELLS => unknown.push(part),
            // "AAA/LR03" names one cell twice; a bare name after the same cell adds nothing.
            Some(option) => {
                let known = options
                    .iter()
                    .any(|known| known.cell == option.cell && (known.quantity == option.quantity || option.quantity == 1));
                if !known && options.len() < MAX_OPTIONS {
                    options.push(option);
                }
            }
            None => unknown.push(part),
        }
    }
    if options.is_empty() {
        let message = "No battery that the dictionary knows is named here; write such as '3 x AAA', '1 x 18650' or 'built-in'.";
        return Reading::rejected(attribute, "battery", "unknown_battery", message);
    }
    let mut reading = Reading::accepted(attribute, "battery", Value::Batteries(options), 92);
    if !unknown.is_empty() {
        let shown: String = unknown.join(", ").chars().take(80).collect();
        // Remarks beside a battery ("included", a capacity) are common and harmless.
        reading.findings.push(Finding::new("remark", format!("Not read as a battery: {shown}.")));
        reading.confidence = 80;
        // "3 or 4 AAA", "AA x 1-2": a number that belongs to nothing may be another count.
        if unknown.iter().any(|part| part.trim().len() <= 2 && part.trim().chars().all(|c| c.is_ascii_digit())) {
            reading.doubt(
                "number_left_out",
                "A number in this text belongs to no battery; check how many there are.".to_owned(),
                50,
            );
        }
    }
    if excluded {
        reading.findings.push(Finding::new(
            "excluded_batteries",
            "The text also names batteries that do not fit; they were left out.".to_owned(),
        ));
    }
    reading.also = facts(dictionary, &reading, raw, hints);
    reading
}

/// The chemistry and capacity of the cell, where the text names only one cell that they can be of.
fn facts(dictionary: &Dictionary, reading: &Reading, raw: &str, hints: &Hints) -> Vec<Reading> {
    let mut facts = Vec::new();
    if !matches!(&reading.value, Some(Value::Batteries(options)) if options.len() == 1) {
        return facts;
    }
    if let Some(chemistry) = dictionary.attribute("battery_chemistry") {
        let folded = key(raw);
        let mut codes: Vec<(usize, &str)> = dictionary
            .options_inside(chemistry, &folded)
            .map(|(word, code)| (word.len(), code))
            .filter(|(length, _)| *length >= 4)
            .collect();
        codes.sort_unstable_by_key(|(length, _)| std::cmp::Reverse(*length));
        if let Some((_, code)) = codes.first() {
            facts.push(Reading::accepted(chemistry, "battery.chemistry", Value::text(*code), 80));
        }
    }
    for sibling in ["battery_capacity", "battery_energy"].into_iter().filter_map(|code| dictionary.attribute(code)) {
        let Some(unit) = sibling.unit.as_deref().and_then(|code| dictionary.unit(code)) else { continue };
        let found = find(dictionary, Scope::family(dictionary, &unit.family), raw, hints);
        let written: Vec<_> = found.quantities.iter().filter(|quantity| quantity.unit.is_some()).collect();
        if let [only] = written.as_slice() {
            let text = raw.get(only.start..only.end).unwrap_or_default();
            let fact = Reading { span: None, also: Vec::new(), ..measure::read(dictionary, sibling, text, hints) };
            if fact.value.is_some() && fact.resolved_attribute == sibling.code {
                facts.push(fact);
            }
        }
    }
    facts
}

/// Splits at signs and at the words for "or" and "and"; a bracket is a part of its own.
fn alternatives(dictionary: &Dictionary, raw: &str) -> Vec<String> {
    let words = dictionary.words();
    let mut parts = vec![String::new()];
    let raw = &with_fractions(raw);
    for piece in raw.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '+' | '(' | ')' | '&')) {
        let (word, ending) = match piece.char_indices().next_back() {
            Some((at, c)) if c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '+' | '(' | ')' | '&') => {
                (piece.get(..at).unwrap_or_default(), Some(c))
            }
            _ => (piece, None),
        };
        let word = &word.replace(FRACTION, "/");
        let folded = key(word);
        // "not compatible with A / B" excludes both.
        let inside_not = parts.last().is_some_and(|part| holds(&key(&format!("{part} {word}")), &words.not));
        if !inside_not && (words.or.contains(&folded) || words.and.contains(&folded)) {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push_str(word);
            last.push(' ');
        }
        let ends = ending.is_some_and(|c| !c.is_whitespace());
        if ends && !(inside_not && ending != Some(')')) {
            parts.push(String::new());
        }
        if parts.len() > 200 {
            break;
        }
    }
    parts
}

/// Stands for the slash of a fraction while slashes part the text.
const FRACTION: char = '\u{2044}';

/// The text with the slash of `1/2 AA` and `2/3A` marked, which parts nothing.
fn with_fractions(raw: &str) -> String {
    let mut text = raw.replace('½', &format!("1{FRACTION}2 "));
    for fraction in ["1/2", "1/3", "2/3", "4/5"] {
        while let Some(at) = text.find(fraction) {
            let before = text.get(..at).unwrap_or_default();
            let behind = text.get(at + fraction.len()..).unwrap_or_default().trim_start();
            let is_size =
                !before.ends_with(|c: char| c.is_alphanumeric() || c == '.') && behind.starts_with(['A', 'a', 'C', 'D']);
            let Some(rest) = text.get(at + fraction.len()..).filter(|_| is_size) else { break };
            text = format!("{before}{}{rest}", fraction.replace('/', &FRACTION.to_string()));
        }
    }
    text
}

fn starts_with_cell(dictionary: &Dictionary, attribute: &Attribute, folded: &str) -> bool {
    let head = dictionary.words().not.iter().filter_map(|phrase| folded.find(phrase.as_str())).min().unwrap_or(0);
    folded.get(..head).is_some_and(|head| cell(dictionary, attribute, head.trim()).is_some())
}

/// The cell of one part with its number.
fn cell(dictionary: &Dictionary, attribute: &Attribute, folded: &str) -> Option<BatteryOption> {
    if folded.len() > 200 {
        return None;
    }
    let mut best: Option<(usize, usize, &str)> = None;
    for (word, code) in dictionary.option_keys(attribute) {
        let single = word.chars().count() == 1;
        for (at, _) in folded.match_indices(word) {
            let before = folded.get(..at).unwrap_or_default();
            let behind = folded.get(at + word.len()..).unwrap_or_default();
            if !opens(before, word)
                || !(closes(behind)
                    || word.ends_with(is_unspaced) && behind.starts_with(|c: char| c.is_ascii_digit() || c == 'x'))
                || (single && !before.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == 'x'))
            {
                continue;
            }
            // A cell that is named tells more than a battery that is built in.
            let weight = |code: &str, length: usize| (!matches!(code, "built_in" | "proprietary"), length);
            if best.is_none_or(|(_, length, known)| weight(code, word.len()) > weight(known, length)) {
                best = Some((at, word.len(), code));
            }
        }
    }
    let words = dictionary.words();
    // "2/3 AA" is a size of its own, and none that the dictionary knows.
    let fraction = |before: &str| {
        let mut signs = before.trim_end().chars().rev();
        signs.next().is_some_and(|c| c.is_ascii_digit())
            && signs.next() == Some('/')
            && signs.next().is_some_and(|c| c.is_ascii_digit())
    };
    if best.is_some_and(|(at, _, _)| folded.get(..at).is_some_and(fraction)) {
        return None;
    }
    let Some((at, length, code)) = best else {
        let longest = |set: &std::collections::HashSet<String>| {
            set.iter().filter(|phrase| holds_phrase(folded, phrase)).map(String::len).max().unwrap_or(0)
        };
        let (built_in, proprietary) = (longest(&words.built_in), longest(&words.proprietary));
        return match (built_in, proprietary) {
            (0, 0) => None,
            (built_in, proprietary) if proprietary >= built_in => {
                Some(BatteryOption { quantity: 1, cell: "proprietary".to_owned() })
            }
            _ => Some(BatteryOption { quantity: 1, cell: "built_in".to_owned() }),
        };
    };
    let before = folded.get(..at).unwrap_or_default();
    let behind = folded.get(at + length..).unwrap_or_default();
    let quantity = number_before(before, &words.pieces)
        .or_else(|| number_behind(behind, &words.pieces))
        .or_else(|| number_apart(dictionary, before))
        .unwrap_or(1);
    (quantity > 0).then(|| BatteryOption { quantity, cell: code.to_owned() })
}

/// A name may follow a gap, or an `x` or number of pieces where it begins with a letter ("3xAAA", "4AA").
fn opens(before: &str, word: &str) -> bool {
    let letter = word.starts_with(char::is_alphabetic);
    match before.chars().next_back() {
        None => true,
        Some('x') => before.trim_end_matches('x').ends_with(|c: char| c.is_ascii_digit() || c == ' ') || before == "x",
        Some(c) if c.is_ascii_digit() => letter && before.chars().rev().take_while(char::is_ascii_digit).count() <= 2,
        Some(c) => !c.is_alphanumeric(),
    }
}

fn closes(behind: &str) -> bool {
    let mut rest = behind.chars();
    match rest.next() {
        None => true,
        Some('s') => rest.next().is_none_or(|c| !c.is_alphanumeric()),
        Some('x' | '*') => rest.next().is_none_or(|c| c.is_ascii_digit() || c == ' '),
        Some(c) => !c.is_alphanumeric(),
    }
}

/// `3 x`, `3*`, `3 Stück`, `3 za`.
fn number_before(before: &str, pieces: &std::collections::HashSet<String>) -> Option<u32> {
    let before = before.trim_end();
    let times = before.ends_with(['x', '*']);
    let before = before.strip_suffix(['x', '*']).unwrap_or(before).trim_end();
    let before = match before.rsplit_once(' ') {
        Some((head, word)) if pieces.contains(word) => head.trim_end(),
        _ => before,
    };
    let start = before.char_indices().rev().take_while(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).last()?;
    let free = before.get(..start)?.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let digits = before.get(start..).filter(|_| free)?;
    // "1-2 AA" counts this or that.
    let other = before.get(..start).unwrap_or_default().trim_end().rsplit(' ').next().unwrap_or_default();
    if digits.len() <= 2 && (1..=2).contains(&other.len()) && other.chars().all(|c| c.is_ascii_digit()) {
        return Some(u32::MAX);
    }
    // "3000 x AAA" counts too many, "14500 AA" names two cells.
    match digits.len() {
        0..=2 => digits.parse().ok(),
        _ if times => Some(u32::MAX),
        _ => None,
    }
}

/// `three`, and a number with a word or two between it and the cell: `3 pilas AAA`, `3 батарейки ААА`. A unit is no such word.
fn number_apart(dictionary: &Dictionary, before: &str) -> Option<u32> {
    for (place, word) in before.split(' ').filter(|word| !word.is_empty()).rev().take(3).enumerate() {
        if let Some(value) = dictionary.numerals().count(word).and_then(|value| value.to_u32()) {
            return Some(value).filter(|value| (1..=MAX_CELLS).contains(value));
        }
        if word.len() <= 2 && word.chars().all(|c| c.is_ascii_digit()) {
            return word.parse().ok().filter(|value| place > 0 && (1..=MAX_CELLS).contains(value));
        }
        if !word.chars().all(char::is_alphabetic) || dictionary.unit_for(word).is_some() {
            return None;
        }
    }
    None
}

/// `x 3`, `3x`, `3 pcs`, `batteries: 3`, behind a cell and at most two words of what it is.
fn number_behind(behind: &str, pieces: &std::collections::HashSet<String>) -> Option<u32> {
    let mut rest = behind.strip_prefix('s').unwrap_or(behind).trim_start();
    for _ in 0..2 {
        let word = rest.split(' ').next().unwrap_or_default();
        if word.chars().count() < 3 || !word.chars().all(char::is_alphabetic) {
            break;
        }
        rest = rest.get(word.len()..).unwrap_or_default().trim_start();
    }
    let (times, digits) = match rest.strip_prefix(['x', '*']) {
        Some(digits) => (true, digits.trim_start()),
        None => (false, rest),
    };
    // "AAA 1.5 V x 3": the number stands at the very end.
    if !times && let Some((_, last)) = rest.rsplit_once(" x") {
        return last.trim().parse().ok().filter(|count| *count <= MAX_CELLS);
    }
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let count: u32 = digits.get(..end).filter(|digits| digits.len() <= 2)?.parse().ok()?;
    let behind = digits.get(end..).unwrap_or_default().trim();
    let ends = behind.is_empty() || behind == "x" || pieces.contains(behind);
    (times || (ends && count <= MAX_CELLS)).then_some(count)
}
