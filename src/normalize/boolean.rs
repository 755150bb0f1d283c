//! Yes and no in every language of the dictionary.

use super::{Hints, Reading, Value, text::key};
use crate::dictionary::{Attribute, Dictionary, holds_phrase};

/// Reads yes or no: the whole cell, then its first word or what stands before a bracket, then a phrase inside.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    if let Some(answer) = whole(dictionary, raw, hints) {
        return Reading::accepted(attribute, "boolean", Value::Boolean(answer), 98);
    }
    let head = raw.split(['(', ',', ';', '/', '–', ':']).next().unwrap_or_default();
    if let Some(answer) = whole(dictionary, head, hints) {
        return Reading::accepted(attribute, "boolean.head", Value::Boolean(answer), 85);
    }
    let folded = key(raw);
    let words = dictionary.words();
    // Longer phrases first, so that "not included" is not read as "included".
    let phrases = words.yes.iter().map(|word| (word, true)).chain(words.no.iter().map(|word| (word, false)));
    let inside =
        phrases.filter(|(word, _)| word.chars().count() >= 4 && holds_phrase(&folded, word)).max_by_key(|(word, _)| word.len());
    if let Some((_, answer)) = inside {
        let mut reading = Reading::accepted(attribute, "boolean.phrase", Value::Boolean(answer), 60);
        reading.doubt("more_words", "More than yes or no stands here; a known phrase decided.".to_owned(), 60);
        return reading;
    }
    Reading::rejected(attribute, "boolean", "not_yes_or_no", "This is neither yes nor no; write yes or no.")
}

/// The cell's own language decides first: a word may mean yes in one and nothing in another.
fn whole(dictionary: &Dictionary, text: &str, hints: &Hints) -> Option<bool> {
    let trimmed = text.trim();
    if matches!(trimmed, "✓" | "✔" | "●" | "☑") {
        return Some(true);
    }
    if matches!(trimmed, "✗" | "✘" | "×" | "☐") {
        return Some(false);
    }
    let folded = key(trimmed);
    if folded.is_empty() {
        return None;
    }
    if let Some(words) = hints.locale.as_deref().and_then(|tag| dictionary.locale(tag)) {
        let says = |list: &[String]| list.iter().any(|word| key(word) == folded);
        if says(&words.yes) {
            return Some(true);
        }
        if says(&words.no) {
            return Some(false);
        }
    }
    let words = dictionary.words();
    match (words.yes.contains(&folded), words.no.contains(&folded)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}
