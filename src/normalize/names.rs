//! Names of parts that have a maker and a model, such as LEDs: `CREE XPG3 S3 CRI70 6500K` is a Cree XP-G3 of CRI 70 and 6,500 K.
//!
//! A model says who makes it, so a maker misspelt beside a known model is put right; a maker alone is put right too, but only as a guess.

use super::{Finding, Hints, Reading, Value, measure, quantity::find, text::key, units::Scope};
use crate::dictionary::{Attribute, Dictionary, Maker};
use rust_decimal::prelude::ToPrimitive;

/// What was made of one name.
pub(super) enum Named {
    /// Maker and model of the dictionary, or the maker alone where nothing else stands.
    Known(String),
    /// A maker's name, spelt almost like it.
    Almost(String),
    /// Not of the dictionary.
    Unknown,
}

/// Looks for a maker and a model of this attribute in one item.
pub(super) fn canonical(attribute: &Attribute, item: &str) -> Named {
    if attribute.makers.is_empty() || item.len() > 200 {
        return Named::Unknown;
    }
    let folded = key(item);
    let words: Vec<&str> = folded.split(' ').collect();
    let mut best: Option<(usize, &Maker, &str)> = None;
    for maker in &attribute.makers {
        for model in &maker.models {
            let wanted = compact(model);
            if best.is_none_or(|(length, _, _)| wanted.len() > length) && stands(&words, &wanted) {
                best = Some((wanted.len(), maker, model));
            }
        }
    }
    let named = attribute.makers.iter().find(|maker| names(maker).any(|name| stands(&words, &compact(name))));
    match (best, named) {
        // "Cree SST-40" contradicts itself; it stays as it stands.
        (Some((_, maker, _)), Some(other)) if other.name != maker.name => Named::Unknown,
        (Some((_, maker, model)), _) => Named::Known(format!("{} {model}", maker.name).trim().to_owned()),
        (None, Some(maker)) if names(maker).any(|name| compact(name) == compact(item)) => Named::Known(maker.name.clone()),
        (None, Some(_)) => Named::Unknown,
        (None, None) => match words.as_slice() {
            [word] if word.chars().count() >= 5 && word.chars().all(char::is_alphabetic) => {
                let near = |maker: &&Maker| names(maker).any(|name| strsim::osa_distance(&key(name), word) == 1);
                let mut found = attribute.makers.iter().filter(near);
                match (found.next(), found.next()) {
                    (Some(maker), None) => Named::Almost(maker.name.clone()),
                    _ => Named::Unknown,
                }
            }
            _ => Named::Unknown,
        },
    }
}

fn names(maker: &Maker) -> impl Iterator<Item = &str> {
    std::iter::once(maker.name.as_str()).chain(maker.synonyms.iter().map(String::as_str))
}

fn compact(name: &str) -> String {
    key(name).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Does a run of up to three words make this name, signs left out?
fn stands(words: &[&str], wanted: &str) -> bool {
    !wanted.is_empty()
        && (0..words.len()).any(|start| {
            (1..=3).any(|length| {
                let run = words.get(start..start + length);
                run.is_some_and(|run| run.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphanumeric()).eq(wanted.chars()))
            })
        })
}

/// The colour rendering index and colour temperature that a name carries with it, as readings of their attributes.
pub(super) fn facts(dictionary: &Dictionary, raw: &str, hints: &Hints) -> Vec<Reading> {
    let mut facts = Vec::new();
    if let Some(cri) = dictionary.attribute("cri")
        && let Some(index) = rendering(&key(raw))
        && cri.hard.is_none_or(|hard| hard.contains(index.into()))
    {
        facts.push(Reading::accepted(cri, "name.cri", Value::Integer(index), 85));
    }
    if let Some(warmth) = dictionary.attribute("color_temperature")
        && raw.contains(['K', 'k', 'К'])
    {
        let found = find(dictionary, Scope::family(dictionary, "temperature"), raw, hints);
        let kelvin: Vec<_> = found.quantities.iter().filter(|found| found.unit.is_some_and(|unit| unit.code == "K")).collect();
        if let [only] = kelvin.as_slice()
            && only.number.value.to_u32().is_some_and(|kelvin| (1_000..=20_000).contains(&kelvin))
        {
            let text = raw.get(only.start..only.end).unwrap_or_default();
            let reading = Reading { span: None, ..measure::read(dictionary, warmth, text, hints) };
            if reading.value.is_some() {
                facts.push(reading);
            }
        }
    }
    facts
}

/// `CRI70`, `CRI 90`, `95CRI`, `Ra 80`.
fn rendering(folded: &str) -> Option<i64> {
    let words: Vec<&str> = folded.split(' ').collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let rest = word.strip_prefix("cri").or_else(|| word.strip_prefix("ra"));
        let number = match rest {
            Some("") => words.get(at + 1).copied(),
            Some(digits) => Some(digits),
            None => word.strip_suffix("cri").filter(|digits| !digits.is_empty()),
        };
        number.filter(|digits| digits.len() == 2).and_then(|digits| digits.trim_end_matches('+').parse().ok())
    })
}

/// Puts the names of a list right.
pub(super) fn put_right(attribute: &Attribute, reading: &mut Reading) {
    let Some(Value::List(items)) = &mut reading.value else { return };
    let mut guessed = Vec::new();
    for item in items.iter_mut() {
        match canonical(attribute, item) {
            Named::Known(name) => *item = name,
            Named::Almost(name) => {
                guessed.push(Finding::new("typo", format!("'{item}' was read as {name}, which is spelt almost like it.")));
                *item = name;
            }
            Named::Unknown => {}
        }
    }
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(item.clone()));
    for finding in guessed {
        reading.doubt(&finding.code, finding.message, 50);
    }
}
