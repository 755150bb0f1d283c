//! What a researcher wrote as the right reading, made comparable: amounts with a unit, lists, intervals, codes, and words for "none".

use crate::{
    dictionary::Dictionary,
    normalize::{Reading, Status, Value},
};
use rust_decimal::Decimal;

/// A reading as it was meant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// No value may be kept.
    Nothing,
    /// Nothing more definite than "kept, but not called ok".
    NotOk,
    /// All of these amounts; and the qualifiers.
    Amounts(Vec<Decimal>, Vec<&'static str>),
    /// All of these words or codes.
    Words(Vec<String>),
    /// At least two alternatives.
    Alternatives,
}

/// Reads the note. A unit in it is converted to the canonical unit of the attribute that was asked.
pub(super) fn parse(dictionary: &Dictionary, unit: Option<&str>, note: &str) -> Expected {
    let plain = without_brackets(note);
    let lower = plain.trim().to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    if begins(&["unknown", "invalid", "missing", "null", "conflict", "garbage", "none", "reject", "ambiguous", "not a", "not "]) {
        return Expected::Nothing;
    }
    if begins(&["doubtful", "flag", "implausible"]) {
        return Expected::NotOk;
    }
    if begins(&["alternatives"]) {
        return Expected::Alternatives;
    }
    let canonical = unit.and_then(|code| dictionary.unit(code));
    if let Some(canonical) = canonical {
        let amounts = amounts(dictionary, canonical, &plain);
        if !amounts.is_empty() {
            return Expected::Amounts(amounts, qualifiers(&lower));
        }
    }
    let words = plain
        .split([';', ',', '|', '[', ']', ':'])
        .flat_map(|part| part.split(" OR "))
        .map(|part| {
            let part = part.trim().trim_start_matches("op temp").trim();
            part.strip_suffix(" C").map_or_else(|| part.to_lowercase(), |range| format!("{range} degc").to_lowercase())
        })
        // A finish is no attribute of ours, and what is excluded is no value.
        .filter(|part| !part.is_empty() && !part.starts_with("finish") && !part.starts_with("exclu"))
        .collect();
    Expected::Words(words)
}

/// Takes notes in brackets away, but for square ones, which are lists.
fn without_brackets(note: &str) -> String {
    let mut depth = 0_usize;
    note.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

fn qualifiers(lower: &str) -> Vec<&'static str> {
    [
        (">=", "minimum"),
        ("±", "tolerance"),
        ("@low", "in_low"),
        ("@high", "in_high"),
        ("@turbo", "in_turbo"),
        ("~", "approximate"),
    ]
    .into_iter()
    .filter(|(sign, _)| lower.contains(sign))
    .map(|(_, qualifier)| qualifier)
    .collect()
}

/// Numbers of the note in the canonical unit; the unit stands once, behind the last of a list.
fn amounts(dictionary: &Dictionary, canonical: &crate::dictionary::Unit, note: &str) -> Vec<Decimal> {
    let mut amounts = Vec::new();
    let mut pending: Vec<Decimal> = Vec::new();
    let mut rest = note.split('±').next().unwrap_or(note);
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let minus = rest.get(..at).is_some_and(|head| head.ends_with('-'));
        let tail = rest.get(at..).unwrap_or_default();
        let mut end = tail.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tail.len());
        // "3..7 h"
        if let Some(dots) = tail.get(..end).and_then(|number| number.find("..")) {
            end = dots;
        }
        let number: Option<Decimal> = tail.get(..end).and_then(|number| number.trim_end_matches('.').parse().ok());
        rest = tail.get(end..).unwrap_or_default();
        let Some(number) = number else { continue };
        pending.push(if minus { -number } else { number });
        let behind = rest.trim_start_matches([' ', ']']);
        let word: String = behind.chars().take_while(|c| c.is_alphabetic() || *c == '°').collect();
        if word.is_empty() || word == "x" {
            continue;
        }
        match dictionary.unit_in(&canonical.family, &word) {
            Some(unit) => amounts.extend(pending.drain(..).filter_map(|amount| unit.convert(amount, canonical))),
            None => pending.clear(),
        }
    }
    amounts
}

/// Does the reading say what was meant?
pub(super) fn agrees(dictionary: &Dictionary, expected: &Expected, reading: &Reading) -> bool {
    match expected {
        Expected::Nothing => reading.value.is_none(),
        Expected::NotOk => reading.status != Status::Ok,
        Expected::Alternatives => matches!(&reading.value, Some(Value::Batteries(options)) if options.len() > 1),
        Expected::Amounts(wanted, qualifiers) => {
            let known = known_amounts(reading);
            let near = |left: Decimal, right: Decimal| (left - right).abs() <= right.abs() * Decimal::new(1, 2);
            let all = wanted.iter().all(|wanted| known.iter().any(|known| near(*known, *wanted)));
            // What was read and not asked for is as wrong as what was missed.
            let none_else = known.iter().all(|known| wanted.iter().any(|wanted| near(*known, *wanted)));
            all && none_else && qualifiers.iter().all(|wanted| reading.qualifiers.iter().any(|known| known == wanted))
        }
        Expected::Words(words) => {
            let said = said(dictionary, reading);
            words.iter().all(|word| said.iter().any(|said| same(said, word)))
        }
    }
}

fn known_amounts(reading: &Reading) -> Vec<Decimal> {
    let mut known = reading.amounts.clone();
    match &reading.value {
        Some(Value::Measure(measure)) if known.is_empty() => known.push(measure.amount),
        Some(Value::Range(range)) => known.extend([range.min, range.max]),
        _ => {}
    }
    for also in reading.also.iter().filter(|also| matches!(also.value, Some(Value::Measure(_)))) {
        known.extend(known_amounts(also));
    }
    known
}

/// Every word that the reading says: codes, labels, texts, battery options, intervals.
fn said(dictionary: &Dictionary, reading: &Reading) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let attribute = dictionary.attribute(&reading.resolved_attribute);
    let mut name = |code: &str| {
        said.push(code.to_lowercase());
        if let Some(option) = attribute.and_then(|attribute| attribute.option(code)) {
            said.extend(option.label.values().chain(&option.synonyms).map(|name| name.to_lowercase()));
        }
    };
    match &reading.value {
        Some(Value::Text(text)) => name(text),
        Some(Value::List(items)) => items.iter().for_each(|item| name(item)),
        Some(Value::Integer(number)) => name(&number.to_string()),
        Some(Value::Batteries(options)) => {
            for option in options {
                name(&option.cell);
                name(&format!("{} x {}", option.quantity, option.cell));
            }
        }
        Some(Value::Measure(measure)) => name(&format!("{} {}", measure.amount.normalize(), measure.unit)),
        Some(Value::Range(range)) => name(&format!("{}..{} {}", range.min, range.max, range.unit)),
        _ => {}
    }
    for also in &reading.also {
        said.extend(self::said(dictionary, also));
    }
    said
}

fn same(said: &str, word: &str) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect() };
    let (said, word) = (bare(said), bare(word));
    // "3 x AAA with adapter" holds "3 x AAA", but neither "AAA" nor "13 x AAA".
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return said == word || (said.starts_with(|c: char| c.is_ascii_digit()) && word.starts_with(&said));
    }
    said == word || (said.len() >= 3 && word.contains(&said)) || (word.len() >= 3 && said.contains(&word))
}
