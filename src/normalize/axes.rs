//! Several sizes in one cell: by the labels that name them, else by their order as length, width and height.

use super::{Hints, Reading, Status, amounts::Amount, measure::judge, text::key};
use crate::dictionary::{Attribute, Cue, Dictionary, Unit, holds_phrase};

/// `L70 W50 H30 mm`, `120 mm (L) x 26 mm (head)`, `Länge: 70 mm, Breite: 50 mm`: each amount goes to the attribute that its label
/// names; what has no label takes the axes that are left, in order.
pub(super) fn labelled(
    dictionary: &Dictionary,
    asked: &Attribute,
    unit: &Unit,
    raw: &str,
    amounts: &[Amount<'_>],
    hints: &Hints,
) -> Option<Reading> {
    let group: Vec<(&Attribute, &Cue)> = dictionary.cue_group(asked).filter(|(other, _)| other.unit == asked.unit).collect();
    let before = |place: usize| {
        let from = place.checked_sub(1).and_then(|at| amounts.get(at)).map_or(0, |amount: &Amount<'_>| amount.end);
        amounts.get(place).and_then(|amount| raw.get(from..amount.start)).unwrap_or_default()
    };
    let label = |text: &str| label_of(&group, text);
    // Labels stand before their amounts when one stands before the first.
    let leads = label(before(0)).is_some();
    let mut taken: Vec<Option<&Attribute>> = Vec::with_capacity(amounts.len());
    for place in 0..amounts.len() {
        let text = if leads {
            before(place)
        } else {
            let until = amounts.get(place + 1).map_or(raw.len(), |next| next.start);
            amounts.get(place).and_then(|amount| raw.get(amount.start..until)).unwrap_or_default()
        };
        let named = label(text).unwrap_or_default();
        taken.push(named.into_iter().find(|attribute| !taken.iter().flatten().any(|known| known.code == attribute.code)));
    }
    if taken.iter().all(Option::is_none) {
        return None;
    }
    let mut axes = group.iter().map(|(attribute, _)| *attribute).take(3);
    let mut readings = Vec::with_capacity(amounts.len());
    for (place, amount) in amounts.iter().enumerate() {
        let attribute = match taken.get(place).copied().flatten() {
            Some(attribute) => attribute,
            None => axes.find(|axis| !taken.iter().flatten().any(|known| known.code == axis.code))?,
        };
        let mut reading = judge(attribute, unit, amount, hints);
        reading.rule = "measure.labelled";
        reading.span = Some((amount.start, amount.end));
        readings.push(reading);
    }
    let own = readings.iter().position(|reading| reading.resolved_attribute == asked.code).unwrap_or(0);
    let mut first = readings.remove(own);
    first.also = readings;
    Some(first)
}

/// The attributes that a label may mean, likeliest first: by a word, else by the letter of an axis.
fn label_of<'a>(group: &[(&'a Attribute, &'a Cue)], text: &str) -> Option<Vec<&'a Attribute>> {
    let folded = key(text);
    let by_word = group
        .iter()
        .filter_map(|(attribute, cue)| {
            let longest = cue.keys.iter().filter(|phrase| holds_phrase(&folded, phrase)).map(String::len).max()?;
            Some((longest, *attribute))
        })
        .max_by_key(|(length, _)| *length);
    if let Some((_, attribute)) = by_word {
        return Some(vec![attribute]);
    }
    let mut words = text.split(|c: char| !c.is_alphabetic() && !matches!(c, '⌀' | '∅')).filter(|word| !word.is_empty());
    words.find_map(|word| {
        let letter = word.to_uppercase();
        let named: Vec<&Attribute> =
            group.iter().filter(|(_, cue)| cue.letters.contains(&letter)).map(|(attribute, _)| *attribute).collect();
        (!named.is_empty()).then_some(named)
    })
}

/// `140 x 90 x 60 mm` under one column: length, width and height.
pub(super) fn axes(dictionary: &Dictionary, asked: &Attribute, unit: &Unit, amounts: &[Amount<'_>], hints: &Hints) -> Reading {
    let siblings: Vec<&Attribute> = dictionary.cue_group(asked).map(|(other, _)| other).take(amounts.len()).collect();
    if amounts.len() > 3 || siblings.len() < amounts.len() {
        let message = "More than three amounts are no length, width and height.";
        return Reading { status: Status::Ambiguous, ..Reading::rejected(asked, "measure.axes", "several_values", message) };
    }
    let mut readings = siblings.iter().zip(amounts).map(|(attribute, amount)| {
        let mut reading = judge(attribute, unit, amount, hints);
        reading.rule = "measure.axes";
        reading.confidence = reading.confidence.min(85);
        reading
    });
    let Some(mut first) = readings.next() else {
        return Reading::rejected(asked, "measure.axes", "no_number", "There is no number in this text.");
    };
    first.also = readings.collect();
    first.amounts = amounts.iter().map(|amount| amount.value).collect();
    first
}
