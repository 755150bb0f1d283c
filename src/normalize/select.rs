//! One or several of an attribute's options, by code, label, synonym, phrase or near miss.

use super::{
    Finding, Reading, Status, Value,
    text::{is_unspaced, key, spaced_key},
};
use crate::dictionary::{Attribute, AttributeType, Dictionary, Several, holds_phrase};

/// Parts of one cell; more are prose.
const MAX_PARTS: usize = 64;

/// How a part was matched.
enum Match {
    Exact(String),
    Phrase(String),
    Typo(String),
    Several,
    Unknown,
}

/// Reads a select or multi-select.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str) -> Reading {
    if attribute.kind == AttributeType::MultiSelect {
        return list(dictionary, attribute, raw);
    }
    match find(dictionary, attribute, raw) {
        Match::Phrase(_) | Match::Several if negated(dictionary, raw) => {
            Reading::rejected(attribute, "select", "negated", "The text says what it is not; say what it is.")
        }
        Match::Exact(code) => Reading::accepted(attribute, "select", Value::text(code), 98),
        Match::Phrase(code) => Reading::accepted(attribute, "select.phrase", Value::text(code), 80),
        Match::Typo(code) => {
            let mut reading = Reading::accepted(attribute, "select.typo", Value::text(&code), 50);
            reading.doubt("typo", format!("Read as {code}, which is spelt almost like it."), 50);
            reading
        }
        Match::Several if attribute.several == Several::First && raw.contains(['|', ';', ',', '/']) => {
            // A list where one is wanted: the dictionary's order says which weighs most, the headlamp before its clip.
            let found = phrases(dictionary, attribute, &spaced_key(raw));
            let first = attribute.options.iter().find(|option| found.contains(&option.code));
            let Some(first) = first else { return unknown(attribute, "select", raw) };
            let mut reading = Reading::accepted(attribute, "select.first", Value::text(&first.code), 60);
            reading.doubt(
                "several_options",
                format!("Several options are named ({}); {} was kept.", found.join(", "), first.code),
                60,
            );
            reading
        }
        Match::Several => {
            let message = "The text names several options; give one.";
            Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "select", "several_options", message) }
        }
        Match::Unknown => unknown(attribute, "select", raw),
    }
}

fn unknown(attribute: &Attribute, rule: &'static str, raw: &str) -> Reading {
    let known: Vec<&str> = attribute.options.iter().take(12).map(|option| option.code.as_str()).collect();
    let text: String = raw.chars().take(60).collect();
    let more = if attribute.options.len() > known.len() { " ..." } else { "" };
    Reading::rejected(
        attribute,
        rule,
        "unknown_option",
        format!("'{text}' is none of the options ({}{more}); add it as a synonym or correct it.", known.join(", ")),
    )
}

fn list(dictionary: &Dictionary, attribute: &Attribute, raw: &str) -> Reading {
    let one = !raw.contains([',', ';', '|', '\n']);
    if let Some(option) = dictionary.option_for(attribute, raw).filter(|_| one) {
        return Reading::accepted(attribute, "select", Value::List(vec![option.code.clone()]), 98);
    }
    let mut codes: Vec<String> = Vec::new();
    let (mut findings, mut left_out) = (Vec::new(), Vec::new());
    let mut confidence = 95_u8;
    for part in parts(raw) {
        // "//0.8m" and the like are a source's own helper values.
        if part.starts_with("//") || dictionary.words().is_null(part) {
            continue;
        }
        let mut add = |code: String| {
            if !codes.contains(&code) {
                codes.push(code);
            }
        };
        match find(dictionary, attribute, part) {
            Match::Phrase(_) | Match::Several if negated(dictionary, part) => {
                let shown: String = part.chars().take(60).collect();
                left_out.push(Finding::new("negated", format!("'{shown}' says what it is not, and was left out.")));
            }
            Match::Exact(code) => add(code),
            Match::Phrase(code) => {
                confidence = confidence.min(80);
                add(code);
            }
            Match::Typo(code) => {
                confidence = confidence.min(50);
                findings.push(Finding::new("typo", format!("'{part}' was read as {code}, which is spelt almost like it.")));
                add(code);
            }
            Match::Several => {
                let found = phrases(dictionary, attribute, &spaced_key(part));
                confidence = confidence.min(70);
                found.into_iter().for_each(&mut add);
            }
            Match::Unknown => {
                let shown: String = part.chars().take(60).collect();
                findings.push(Finding::new(
                    "unknown_option",
                    format!("'{shown}' is none of the options; add it as a synonym or correct it."),
                ));
            }
        }
    }
    if codes.is_empty() {
        return unknown(attribute, "select.list", raw);
    }
    let mut reading = Reading::accepted(attribute, "select.list", Value::List(codes), confidence);
    if !findings.is_empty() {
        reading.status = Status::Doubtful;
        reading.confidence = reading.confidence.min(60);
        reading.findings = findings;
    }
    reading.findings.extend(left_out);
    reading
}

/// Does the text begin by saying that something is not so?
fn negated(dictionary: &Dictionary, text: &str) -> bool {
    let folded = key(text);
    let words = dictionary.words();
    let begins = |phrase: &String| {
        // "non slip" is a property.
        phrase != "non"
            && phrase.chars().count() >= 2
            && phrase.chars().next().is_some_and(char::is_alphabetic)
            && folded.strip_prefix(phrase.as_str()).is_some_and(|rest| rest.starts_with(' '))
    };
    words.not.iter().chain(&words.no).any(begins)
}

/// The parts of a list in one cell.
pub(super) fn parts(raw: &str) -> impl Iterator<Item = &str> {
    raw.split([',', ';', '|', '\n', '\r', '&', '+', '•', '、', '，', '・', '和'])
        .flat_map(|part| {
            // "w/" is "with".
            let one = part.trim_start().starts_with("//") || part.contains("w/");
            if one { vec![part] } else { part.split('/').collect() }
        })
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .take(MAX_PARTS)
}

fn find(dictionary: &Dictionary, attribute: &Attribute, text: &str) -> Match {
    let head = text.split(['(', '[']).next().unwrap_or(text);
    for candidate in [text, head] {
        if let Some(option) = dictionary.option_for(attribute, candidate) {
            return Match::Exact(option.code.clone());
        }
    }
    let folded = spaced_key(text);
    if folded.len() > 200 {
        return Match::Unknown;
    }
    match phrases(dictionary, attribute, &folded).as_slice() {
        [only] => return Match::Phrase(only.clone()),
        [] => {}
        _ => return Match::Several,
    }
    near_miss(dictionary, attribute, &folded)
}

/// Options whose words stand inside the text; a phrase inside a longer one that was found does not count.
fn phrases(dictionary: &Dictionary, attribute: &Attribute, folded: &str) -> Vec<String> {
    let long = |word: &str| word.chars().count() >= 3 || word.chars().any(is_unspaced);
    let mut inside: Vec<(&str, &str)> = dictionary.options_inside(attribute, folded).filter(|(word, _)| long(word)).collect();
    if folded.chars().any(is_unspaced) {
        // Words that no space parts stand anywhere in the text; one sign alone says too little.
        let anywhere = |word: &str| word.chars().all(is_unspaced) && word.chars().nth(1).is_some() && folded.contains(word);
        inside.extend(dictionary.option_keys(attribute).filter(|(word, _)| anywhere(word)));
    }
    inside.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let mut taken: Vec<(&str, &str)> = Vec::new();
    for (word, code) in inside {
        let part_of = |longer: &str| holds_phrase(longer, word) || (word.chars().any(is_unspaced) && longer.contains(word));
        if !taken.iter().any(|(longer, _)| part_of(longer)) {
            taken.push((word, code));
        }
    }
    taken.sort_by_key(|(word, _)| folded.find(word));
    let mut codes: Vec<String> = Vec::new();
    for (_, code) in taken {
        if !codes.iter().any(|known| known == code) {
            codes.push(code.to_owned());
        }
    }
    codes
}

/// One wrong, missing or swapped letter in a word of four or more, never the first one; only when one option is that near. Names with a
/// digit are never guessed.
fn near_miss(dictionary: &Dictionary, attribute: &Attribute, folded: &str) -> Match {
    let length = folded.chars().count();
    let allowed = 1;
    let first = folded.chars().next();
    if length < 4 || folded.chars().any(|c| c.is_ascii_digit()) {
        return Match::Unknown;
    }
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let own = letters(folded);
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for (word, code) in dictionary.option_keys(attribute) {
        if word.chars().next() != first || word.chars().count().abs_diff(length) > allowed || word.chars().count() < 4 {
            continue;
        }
        if strsim::osa_distance(folded, word) > allowed {
            continue;
        }
        // A letter that is missing or swapped is likelier than a wrong one: "blak" is black rather than "blau".
        let cost = 1 + usize::from(word.chars().count() == length && letters(word) != own);
        match best {
            Some((known, known_code)) if cost > known || (cost == known && known_code == code) => {}
            Some((known, _)) if cost == known => tie = true,
            _ => (best, tie) = (Some((cost, code)), false),
        }
    }
    match best {
        Some((_, code)) if !tie => Match::Typo(code.to_owned()),
        _ => Match::Unknown,
    }
}
