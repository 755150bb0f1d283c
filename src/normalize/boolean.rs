//! Yes and no in every language of the dictionary.

use super::{Hints, Reading, Status, Value, text::key};
use crate::dictionary::{Attribute, Dictionary, holds_phrase};

/// Reads yes or no: the whole cell, then its first word or what stands before a bracket, then a phrase inside.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    if let Some(answer) = whole(dictionary, raw, hints) {
        return Reading::accepted(attribute, "boolean", Value::Boolean(answer), 98);
    }
    let head = raw.split(['(', ',', ';', '/', '–', ':']).next().unwrap_or_default();
    if let Some(answer) = whole(dictionary, head, hints) {
        let rest = raw.get(head.len()..).unwrap_or_default().trim_start_matches(|c: char| !c.is_alphanumeric());
        if said(dictionary, rest, hints) == Some(!answer) {
            let message = "The text says yes and no; keep the right one.";
            return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "boolean.head", "conflict", message) };
        }
        return Reading::accepted(attribute, "boolean.head", Value::Boolean(answer), 85);
    }
    let folded = key(raw);
    if let Some((answer, sure)) = by_name(dictionary, attribute, &folded) {
        let mut reading = Reading::accepted(attribute, "boolean.name", Value::Boolean(answer), 85);
        if !sure {
            reading.doubt("more_words", "More than the attribute's own name stands here; the name decided.".to_owned(), 60);
        }
        return reading;
    }
    let words = dictionary.words();
    // Longer phrases first, so that "not included" is not read as "included".
    let phrases = words.yes.iter().map(|word| (word, true)).chain(words.no.iter().map(|word| (word, false)));
    let inside =
        phrases.filter(|(word, _)| word.chars().count() >= 4 && holds_phrase(&folded, word)).max_by_key(|(word, _)| word.len());
    if let Some((phrase, answer)) = inside {
        let answer = answer && !is_denied(dictionary, &folded, phrase);
        let mut reading = Reading::accepted(attribute, "boolean.phrase", Value::Boolean(answer), 60);
        reading.doubt("more_words", "More than yes or no stands here; a known phrase decided.".to_owned(), 60);
        return reading;
    }
    Reading::rejected(attribute, "boolean", "not_yes_or_no", "This is neither yes nor no; write yes or no.")
}

/// What stands behind a yes or no says by itself: the whole of it, or a phrase of several words ("batteries not included").
fn said(dictionary: &Dictionary, rest: &str, hints: &Hints) -> Option<bool> {
    if rest.is_empty() {
        return None;
    }
    let folded = key(rest);
    let phrase = |phrases: &std::collections::HashSet<String>| {
        phrases.iter().any(|phrase| phrase.contains(' ') && holds_phrase(&folded, phrase))
    };
    let words = dictionary.words();
    whole(dictionary, rest, hints).or_else(|| match (phrase(&words.yes), phrase(&words.no)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    })
}

/// `Rechargeable` under "rechargeable" is yes, `non-rechargeable` and `ohne Bewegungssensor` are no; the second: is that all that stands there?
fn by_name(dictionary: &Dictionary, attribute: &Attribute, folded: &str) -> Option<(bool, bool)> {
    if folded.len() > 200 {
        return None;
    }
    let names = attribute.label.values().chain(&attribute.synonyms).map(|name| key(name));
    let name = names.filter(|name| name.chars().count() >= 4 && holds_phrase(folded, name)).max_by_key(String::len)?;
    let at = folded.find(name.as_str())?;
    let before = folded.get(..at).unwrap_or_default().trim_end();
    let words = dictionary.words();
    let last = before.rsplit(' ').next().unwrap_or_default();
    let denied = |text: &str| words.not.contains(text) || words.no.contains(text) || text == "non";
    let no = !last.is_empty() && (denied(last) || denied(before) || is_denied(dictionary, folded, &name));
    let behind = folded.get(at + name.len()..).unwrap_or_default().trim_start();
    // "battery included: no" answers behind the name.
    if whole_key(dictionary, behind) == Some(false)
        || (!behind.is_empty() && denied(behind.split(' ').next().unwrap_or_default()))
    {
        return Some((false, !no && before.is_empty()));
    }
    let alone = (before.is_empty() || no) && behind.is_empty();
    Some((!no, alone))
}

/// Does a word that denies stand in the four words before the phrase, or right behind it?
fn is_denied(dictionary: &Dictionary, folded: &str, phrase: &str) -> bool {
    let words = dictionary.words();
    let denies = |word: &str| word.chars().count() >= 2 && (words.not.contains(word) || words.no.contains(word));
    let Some((before, behind)) = folded.split_once(phrase) else { return false };
    before.rsplit(' ').filter(|word| !word.is_empty()).take(4).any(denies) || behind.split_whitespace().next().is_some_and(denies)
}

fn whole_key(dictionary: &Dictionary, folded: &str) -> Option<bool> {
    let words = dictionary.words();
    match (words.yes.contains(folded), words.no.contains(folded)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
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
    whole_key(dictionary, &folded)
}
