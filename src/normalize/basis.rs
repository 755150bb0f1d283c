//! Which attribute an amount is of, by the words beside it: weights net and gross, with batteries and without.

use super::{
    Hints, Reading, Status,
    amounts::Amount,
    measure::{judge, other_attribute},
    text::spaced_key,
};
use crate::dictionary::{Attribute, Dictionary, Unit, holds_phrase};

/// The attribute a text is about, by the longest cue that stands in it, and that cue's qualifier; none where it says nothing of it.
pub(super) fn about<'a>(
    dictionary: &'a Dictionary,
    asked: &'a Attribute,
    text_key: &str,
) -> Option<(&'a Attribute, Option<String>)> {
    if text_key.is_empty() {
        return None;
    }
    let longest = |phrases: &[String]| phrases.iter().filter(|phrase| holds_phrase(text_key, phrase)).map(String::len).max();
    let found = dictionary
        .cue_group(asked)
        .filter(|(other, _)| other.unit == asked.unit)
        .flat_map(|(other, cue)| {
            let by_word = longest(&cue.keys).map(|length| (length, other.code == asked.code, other, cue.qualifier.clone()));
            let by_name = longest(&cue.name_keys).map(|length| (length, other.code == asked.code, other, None));
            [by_word, by_name].into_iter().flatten()
        })
        .max_by_key(|(length, own, _, _)| (*length, *own))?;
    Some((found.2, found.3))
}

/// `1.6 oz each (3 oz with batteries)`, `Net 85 g / Gross 120 g`, `86/62 g (with/without battery)`: each amount goes to the attribute that the
/// words beside it name.
pub(super) fn per_basis(
    dictionary: &Dictionary,
    asked: &Attribute,
    unit: &Unit,
    raw: &str,
    amounts: &[Amount<'_>],
    hints: &Hints,
) -> Option<Reading> {
    let head = amounts.first().and_then(|first| raw.get(..first.start)).unwrap_or_default();
    let tail = amounts.last().and_then(|last| raw.get(last.end..)).unwrap_or_default();
    let named =
        match declared(dictionary, asked, head, amounts.len()).or_else(|| declared(dictionary, asked, tail, amounts.len())) {
            Some(named) => named.into_iter().map(Some).collect(),
            None => beside(dictionary, asked, raw, (head, tail), amounts),
        };
    let twice = |place: usize, code: &str| named.iter().take(place).flatten().any(|(other, _)| other.code == code);
    if named.iter().enumerate().any(|(place, named)| named.as_ref().is_some_and(|(target, _)| twice(place, &target.code))) {
        let message = "Two amounts in this text are said to be the same thing; keep the right one.";
        return Some(Reading {
            status: Status::Ambiguous,
            ..Reading::rejected(asked, "measure.basis", "several_values", message)
        });
    }
    let mut readings: Vec<Reading> = Vec::new();
    let mut unnamed = Vec::new();
    for (amount, named) in amounts.iter().zip(named) {
        let Some((target, qualifier)) = named else {
            unnamed.push(amount);
            continue;
        };
        let mut reading = judge(target, unit, amount, hints);
        reading.rule = "measure.basis";
        reading.qualifiers.extend(qualifier);
        readings.push(reading);
    }
    if readings.is_empty() || unnamed.len() > 1 {
        return None;
    }
    if let Some(amount) = unnamed.first() {
        // What is left beside "with batteries" is without them, and the other way round; that is a guess.
        let named: Vec<&str> = readings.iter().map(|reading| reading.resolved_attribute.as_str()).collect();
        let (other, _) =
            dictionary.cue_group(asked).find(|(other, _)| !named.contains(&other.code.as_str()) && other.unit == asked.unit)?;
        let mut reading = judge(other, unit, amount, hints);
        reading.rule = "measure.basis";
        reading.doubt("basis_implied", "The text names the other weight's basis; this one follows from it.".to_owned(), 60);
        readings.push(reading);
    }
    let own = readings.iter().position(|reading| reading.resolved_attribute == asked.code);
    let mut first = readings.remove(own.unwrap_or(0));
    if own.is_none()
        && first.value.is_some()
        && let Some(target) = dictionary.attribute(&first.resolved_attribute)
    {
        first.findings.push(other_attribute(target, asked));
    }
    first.also = readings;
    Some(first)
}

type Named<'a> = (&'a Attribute, Option<String>);

/// What the words between the amounts say of each: all stand before their amounts, or all behind.
fn beside<'a>(
    dictionary: &'a Dictionary,
    asked: &'a Attribute,
    raw: &str,
    (head, tail): (&str, &str),
    amounts: &[Amount<'_>],
) -> Vec<Option<Named<'a>>> {
    let told = |text: &str| about(dictionary, asked, &spaced_key(text));
    if let Some(parts) = parted(raw, amounts, &told) {
        return parts.iter().map(|part| told(part)).collect();
    }
    let named_before = told(head).is_some() && told(tail).is_none();
    let words = |place: usize| {
        let amount = amounts.get(place)?;
        if named_before {
            let from = place.checked_sub(1).and_then(|before| amounts.get(before)).map_or(0, |before| before.end);
            return raw.get(from..amount.start);
        }
        raw.get(amount.end..amounts.get(place + 1).map_or(raw.len(), |next| next.start))
    };
    (0..amounts.len()).map(|place| words(place).and_then(told)).collect()
}

/// The part of the text that each amount stands in, with what follows it in brackets, where signs part the text so that no part has two amounts.
fn parted<'a>(raw: &str, amounts: &[Amount<'_>], told: &impl Fn(&str) -> Option<Named<'a>>) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::with_capacity(amounts.len());
    let mut from = 0;
    let cuts = raw.match_indices([',', ';', '/', '|', '(', ')', '[', ']', '\n']).map(|(at, sign)| (at, at + sign.len()));
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    // "w/o" is one word.
    let inside_word = |from: usize, to: usize| {
        letter(raw.get(..from).and_then(|head| head.chars().next_back()))
            && letter(raw.get(to..).and_then(|tail| tail.chars().next()))
    };
    let cuts = cuts.filter(|(at, behind)| !inside_word(*at, *behind));
    let cuts = cuts.filter(|(at, _)| !amounts.iter().any(|amount| (amount.start..amount.end).contains(at)));
    for (at, behind) in cuts.chain([(raw.len(), raw.len())]) {
        let part = raw.get(from..at).unwrap_or_default();
        match amounts.iter().filter(|amount| (from..at).contains(&amount.start)).count() {
            0 => match parts.last_mut() {
                Some(last) => {
                    last.push(' ');
                    last.push_str(part);
                }
                // Names in brackets before their amounts are another order.
                None if told(part).is_some() => return None,
                None => {}
            },
            1 => parts.push(part.to_owned()),
            _ => return None,
        }
        from = behind;
    }
    (parts.len() == amounts.len()).then_some(parts)
}

/// Several names that stand together, one for each amount: `with/without battery`, `net / gross`.
fn declared<'a>(dictionary: &'a Dictionary, asked: &'a Attribute, text: &str, wanted: usize) -> Option<Vec<Named<'a>>> {
    if wanted < 2 || text.is_empty() {
        return None;
    }
    let folded = spaced_key(text);
    let noun = folded.rsplit(' ').next().unwrap_or_default();
    let named = |parts: Vec<&str>| {
        let named: Option<Vec<Named<'a>>> = parts
            .iter()
            .map(|part| about(dictionary, asked, part).or_else(|| about(dictionary, asked, &format!("{part} {noun}"))))
            .collect();
        named.filter(|named| {
            named.iter().enumerate().all(|(place, (one, _))| named.iter().take(place).all(|(other, _)| other.code != one.code))
        })
    };
    let by_sign: Vec<&str> = folded.split(['/', '&', '+']).map(str::trim).collect();
    if by_sign.len() == wanted
        && let Some(named) = named(by_sign)
    {
        return Some(named);
    }
    // "with and without battery": "with" is a word of joining, too, so every such word is tried.
    let words = dictionary.words();
    let joins = folded.match_indices(' ').filter_map(|(at, _)| {
        let rest = folded.get(at + 1..)?;
        let (word, behind) = rest.split_once(' ')?;
        (words.and.contains(word) || words.or.contains(word)).then(|| folded.get(..at).map(|before| vec![before, behind]))?
    });
    if wanted == 2 { joins.take(4).find_map(named) } else { None }
}
