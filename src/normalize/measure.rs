//! A quantity in the attribute's unit, out of what suppliers write: `1.9oz`, `4h 30m`, `90 meters (295 ft.)`, `33±1 g`.
//!
//! The order: find all quantities, add up compounds, set two spellings of the same amount against each other, then decide what
//! several different amounts mean for this attribute. A text may say that it is about a sibling ("without batteries" under a
//! weight); then the reading is resolved to that one.

use super::{
    Finding, Hints, Reading, Status, Value,
    amounts::{Amount, add_up, clock_times, convert, drop_count, merge_duals, merge_sizes},
    axes::{axes, labelled, of_variants},
    basis::{about, per_basis},
    qualifiers::{doubt_the_basis, is_of_red_light, qualify},
    quantity::{Found, Join, Quantity, find},
    text::spaced_key,
    units::Scope,
};
use crate::dictionary::{Attribute, Dictionary, Several, Unit, holds_phrase};
use rust_decimal::Decimal;

/// Reads a measure.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    read_one(dictionary, attribute, raw, hints, true)
}

/// Reads a measure; `beside`: what the same text says about a sibling, too.
fn read_one(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints, beside: bool) -> Reading {
    let Some(unit) = attribute.unit.as_deref().and_then(|code| dictionary.unit(code)) else {
        return Reading::rejected(attribute, "measure", "no_unit", "The attribute has no unit in the dictionary.");
    };
    let scope = Scope::family(dictionary, &unit.family);
    let lettered = attribute.cue.as_ref().is_some_and(|cue| !cue.letters.is_empty());
    let mut found = find(dictionary, if lettered { scope.with_axes() } else { scope }, raw, hints);
    let mut multiplied = None;
    if found.quantities.is_empty() {
        return match found.foreign {
            Some(foreign) => match sibling(dictionary, attribute, foreign).filter(|_| beside) {
                // "12 Wh" under a capacity is the energy.
                Some(other) => {
                    let mut reading = read_one(dictionary, other, raw, hints, false);
                    if reading.value.is_some() {
                        reading.findings.push(other_attribute(other, attribute));
                    }
                    reading
                }
                None => wrong_unit(attribute, unit, foreign),
            },
            None => Reading::rejected(attribute, "measure", "no_number", "There is no number in this text."),
        };
    }
    if unit.family == "time" {
        clock_times(dictionary, raw, &mut found);
    }
    if attribute.several != Several::Axes {
        multiplied = drop_count(&mut found);
    }
    let clock = |pair: &[Quantity<'_>]| match pair {
        [hours, minutes] => {
            hours.unit.is_none() && minutes.unit.is_none() && raw.get(hours.end..minutes.start).map(str::trim) == Some(":")
        }
        _ => false,
    };
    if unit.family == "time" && found.quantities.windows(2).any(clock) {
        let message = "A time such as 1:30 can be hours and minutes or minutes and seconds; write its units.";
        return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "measure.clock", "clock_time", message) };
    }
    let bare = !found.quantities.iter().any(|quantity| quantity.unit.is_some());
    let numbers = found.quantities.len();
    let quantities = match settle_units(dictionary, attribute, unit, &mut found, hints) {
        Ok(quantities) => quantities,
        Err(reading) => return *reading,
    };
    let mut conflict = false;
    let mut sums = add_up(convert(&quantities, unit));
    if lettered {
        sums = merge_sizes(sums, raw, &mut conflict);
    }
    let amounts = merge_duals(sums, &mut conflict);
    // A cue is looked for only where more than amounts stands.
    let wordless = |word: &str| word == "x" || !word.chars().any(char::is_alphabetic);
    let raw_or_nothing = if found.rest.split(' ').all(wordless) { "" } else { raw };
    let Some(first) = amounts.first() else {
        return Reading::rejected(attribute, "measure", "out_of_range", "The number is too large to be stored.");
    };
    let mut reading = if conflict {
        let message = "The text states two amounts that do not agree; keep the right one.";
        Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "measure.dual", "conflict", message) }
    } else if amounts.len() == 1 {
        single(dictionary, attribute, unit, raw_or_nothing, first, hints)
    } else {
        several(dictionary, attribute, unit, (raw, raw_or_nothing), &amounts, hints)
    };
    reading.span = amounts.first().zip(amounts.last()).map(|(first, last)| (first.start, last.end));
    qualify(dictionary, &found, raw_or_nothing, &quantities, &mut reading);
    doubt_the_basis(attribute, unit, &quantities, amounts.len(), &mut reading);
    if !attribute.contrary.is_empty()
        && amounts.len() == 1
        && is_of_red_light(dictionary, raw_or_nothing, first)
        && reading.value.is_some()
    {
        reading.doubt("other_basis", format!("The text is about the red light, which {} is not.", attribute.label("en")), 40);
    }
    if lettered && quantities.len() < numbers && reading.value.is_some() {
        let message = "Not every number of this text could be told from the sizes; some were left out.";
        reading.doubt("numbers_left_out", message.to_owned(), 50);
    }
    if raw.contains('?') && reading.value.is_some() {
        reading.doubt("questioned", "The text puts a question mark beside its amount.".to_owned(), 50);
    }
    if let Some(count) = multiplied.filter(|_| reading.value.is_some()) {
        reading.qualifiers.push("each".to_owned());
        reading.doubt("multiplied", format!("The text says {count} times this amount; one of them was kept."), 60);
    }
    if reading.qualifiers.iter().any(|qualifier| qualifier == "per_pack") && reading.value.is_some() {
        reading.doubt("of_a_pack", "The amount is that of several pieces together.".to_owned(), 50);
    }
    if bare && reading.value.is_some() {
        reading.rule = "measure.bare";
        reading.confidence = reading.confidence.min(if hints.unit.is_some() { 90 } else { 70 });
    }
    // "3400 mAh / 12.6 Wh" states both.
    if let Some(other) = found.foreign.filter(|_| beside).and_then(|foreign| sibling(dictionary, attribute, foreign)) {
        let other = Reading { span: None, also: Vec::new(), ..read_one(dictionary, other, raw, hints, false) };
        if other.value.is_some() && !reading.also.iter().any(|known| known.resolved_attribute == other.resolved_attribute) {
            reading.also.push(other);
        }
    }
    reading
}

pub(super) fn other_attribute(target: &Attribute, asked: &Attribute) -> Finding {
    Finding::new("other_attribute", format!("The text is about {}, not {}.", target.label("en"), asked.label("en")))
}

fn wrong_unit(attribute: &Attribute, unit: &Unit, foreign: &str) -> Reading {
    let message = format!("The unit {foreign} does not measure what this attribute means; it wants {}.", unit.symbol);
    Reading::rejected(attribute, "measure.unit", "wrong_unit", message)
}

/// Gives bare numbers their unit, or drops them beside numbers that have one.
fn settle_units<'a>(
    dictionary: &'a Dictionary,
    attribute: &Attribute,
    unit: &'a Unit,
    found: &mut Found<'a>,
    hints: &Hints,
) -> Result<Vec<Quantity<'a>>, Box<Reading>> {
    if found.quantities.iter().any(|quantity| quantity.unit.is_some()) {
        let mut quantities = std::mem::take(&mut found.quantities);
        quantities.retain(|quantity| quantity.unit.is_some());
        return Ok(quantities);
    }
    if let Some(foreign) = found.foreign {
        return Err(Box::new(wrong_unit(attribute, unit, foreign)));
    }
    let assumed = match hints.unit.as_deref() {
        None => unit,
        Some(hint) => match dictionary.unit_in(&unit.family, hint) {
            Some(hinted) => hinted,
            None => return Err(Box::new(wrong_unit(attribute, unit, hint))),
        },
    };
    let strange = found
        .rest
        .split(' ')
        .find(|word| word.chars().any(char::is_alphabetic) && !is_known(dictionary, attribute, &found.rest, word));
    if let Some(word) = strange {
        let message =
            format!("'{word}' beside the number is not a unit that the dictionary knows; write the amount in {}.", unit.symbol);
        return Err(Box::new(Reading::rejected(attribute, "measure.unit", "unknown_unit", message)));
    }
    Ok(found.quantities.iter().map(|quantity| Quantity { unit: Some(assumed), ..*quantity }).collect())
}

/// Is this word one that may stand beside a bare number?
fn is_known(dictionary: &Dictionary, attribute: &Attribute, rest: &str, word: &str) -> bool {
    let words = dictionary.words();
    let inside = |phrase: &String| phrase.split(' ').any(|part| part == word) && holds_phrase(rest, phrase);
    [&words.up_to, &words.at_least, &words.approximately, &words.to, &words.and, &words.or]
        .iter()
        .any(|set| set.iter().any(inside))
        || words.modes.keys().any(inside)
        || word == "x"
        || (attribute.cue.as_ref().is_some_and(|cue| !cue.letters.is_empty()) && are_axes(dictionary, word))
        || dictionary.cue_group(attribute).flat_map(|(_, cue)| cue.keys.iter().chain(&cue.name_keys)).any(inside)
}

/// Is this a letter of an axis, or several with a sign between them (`hxbxt`)?
fn are_axes(dictionary: &Dictionary, word: &str) -> bool {
    word.split('x').all(|side| side.is_empty() || dictionary.is_axis(side) || dictionary.is_axis(&side.to_uppercase()))
}

fn single(dictionary: &Dictionary, attribute: &Attribute, unit: &Unit, raw: &str, amount: &Amount<'_>, hints: &Hints) -> Reading {
    let (mut target, qualifier) = about(dictionary, attribute, &spaced_key(raw)).unwrap_or((attribute, None));
    // "Ø 26 mm" is a diameter.
    let is_round = |cue: &crate::dictionary::Cue| {
        cue.letters.iter().any(|letter| letter == "Ø") && cue.letters.iter().any(|letter| raw.contains(letter.as_str()))
    };
    if !raw.is_ascii()
        && let Some((round, _)) = dictionary.cue_group(attribute).find(|(_, cue)| is_round(cue))
    {
        target = round;
    }
    let mut reading = judge(target, unit, amount, hints);
    reading.qualifiers.extend(qualifier);
    if target.code != attribute.code && reading.value.is_some() {
        reading.findings.push(other_attribute(target, attribute));
    }
    reading
}

/// The attribute beside this one that a unit of another family belongs to.
fn sibling<'a>(dictionary: &'a Dictionary, asked: &'a Attribute, foreign: &str) -> Option<&'a Attribute> {
    let family = &dictionary.unit(foreign)?.family;
    dictionary.cue_group(asked).map(|(other, _)| other).find(|other| {
        other.code != asked.code
            && other.unit.as_deref().and_then(|code| dictionary.unit(code)).is_some_and(|unit| unit.family == *family)
    })
}

/// Which of the two readings of a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The first, which the shape of the number or the language makes likelier.
    First {
        /// Is the other one impossible or unusual?
        sure: bool,
    },
    /// The other, which alone is of a usual size.
    Other,
    /// Both are as good.
    Both,
}

/// Decides between two readings of a number by what is possible and usual. A point before three digits says least: English writes decimals so,
/// others thousands; where no language is known, a whole number of either kind (`100.000`, `12.500`) stays open.
pub(super) fn choose(attribute: &Attribute, (first, other): (Decimal, Decimal), hints: &Hints) -> Choice {
    let usual = |value: Decimal| {
        let fits = |bounds: Option<crate::dictionary::Bounds>| bounds.is_none_or(|bounds| bounds.contains(value));
        fits(attribute.usual_for(hints.category.as_deref())) && fits(attribute.hard)
    };
    let possible = attribute.hard.is_none_or(|hard| hard.contains(other));
    let open = hints.locale.is_none() && first.abs() < other.abs() && possible;
    match (usual(first), usual(other)) {
        (false, true) => Choice::Other,
        (true, true) if open => Choice::Both,
        (true, false) if open && first.is_integer() => Choice::Both,
        (true, other) => Choice::First { sure: !other },
        (false, false) => Choice::First { sure: true },
    }
}

/// Holds one amount against the attribute's ranges.
pub(super) fn judge(attribute: &Attribute, unit: &Unit, amount: &Amount<'_>, hints: &Hints) -> Reading {
    let usual_bounds = attribute.usual_for(hints.category.as_deref());
    let fits = |bounds: Option<crate::dictionary::Bounds>, value: Decimal| bounds.is_none_or(|bounds| bounds.contains(value));
    let mut value = amount.value;
    let mut reading = Reading::accepted(attribute, amount.rule, Value::Boolean(false), 95);
    if amount.rule == "measure.dual_rounded" {
        reading.doubt("rounded_twice", "The two amounts in the text agree only roughly.".to_owned(), 60);
    }
    if let Some(other) = amount.alternative {
        match choose(attribute, (value, other), hints) {
            Choice::Both => {
                let message = format!(
                    "This can be {value} or {other} {}, by what the sign between the digits means; set the profile's decimal style.",
                    unit.symbol
                );
                return Reading {
                    status: Status::Ambiguous,
                    ..Reading::rejected(attribute, "measure.decimal", "decimal_sign_unclear", message)
                };
            }
            Choice::Other => {
                value = other;
                reading.doubt(
                    "decimal_sign_guessed",
                    "The number can be read in two ways; the usual size decided. Set the profile's decimal style.".to_owned(),
                    60,
                );
            }
            Choice::First { sure } => reading.confidence = if sure { reading.confidence } else { 75 },
        }
    }
    if !fits(attribute.hard, value) {
        let message =
            format!("{value} {} is not possible for {}; check the number and its unit.", unit.symbol, attribute.label("en"));
        return Reading::rejected(attribute, amount.rule, "out_of_range", message);
    }
    if !fits(usual_bounds, value) {
        let message = format!("{value} {} is unusual for {}.", unit.symbol, attribute.label("en"));
        reading.doubt("unusual", message, 40);
    }
    reading.value = Some(Value::measure(value, &unit.code));
    reading.amounts = vec![value];
    reading
}

fn several(
    dictionary: &Dictionary,
    attribute: &Attribute,
    unit: &Unit,
    (raw, words): (&str, &str),
    amounts: &[Amount<'_>],
    hints: &Hints,
) -> Reading {
    if let [low, high] = amounts
        && high.join == Join::To
    {
        let mut reading = judge(attribute, unit, if low.value > high.value { low } else { high }, hints);
        if reading.value.is_some() {
            reading.rule = "measure.range";
            reading.qualifiers.push("range".to_owned());
            reading.amounts = vec![low.value, high.value];
            reading.doubt(
                "range_given",
                format!("The text gives an interval from {} to {}; its upper end was kept.", low.value, high.value),
                50,
            );
        }
        return single_target(dictionary, attribute, raw, (unit, high, hints), reading);
    }
    if attribute.cue.is_some()
        && attribute.several != Several::Axes
        && let Some(reading) = per_basis(dictionary, attribute, unit, raw, amounts, hints)
    {
        return reading;
    }
    let sided = attribute.cue.as_ref().is_some_and(|cue| !cue.letters.is_empty());
    if sided && of_variants(dictionary, raw, amounts) {
        let message = "Each amount is that of another variant or part; write the one that is meant.";
        return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "measure.list", "of_variants", message) };
    }
    if sided
        // Digits and signs alone name no side.
        && (!words.is_empty() || raw.contains(['⌀', '∅']))
        && let Some(reading) = labelled(dictionary, attribute, unit, raw, amounts, hints)
    {
        return reading;
    }
    match attribute.several {
        Several::Axes => axes(dictionary, attribute, unit, amounts, hints),
        Several::Max => {
            let Some(largest) = amounts.iter().max_by_key(|amount| amount.value) else {
                return Reading::rejected(attribute, "measure.list", "no_number", "There is no number in this text.");
            };
            let mut reading = judge(attribute, unit, largest, hints);
            if reading.value.is_some() {
                reading.rule = "measure.list";
                reading.amounts = amounts.iter().map(|amount| amount.value).collect();
                reading.confidence = reading.confidence.min(80);
            }
            reading
        }
        Several::Ambiguous | Several::First => {
            if let Some(first) = amounts.first().filter(|first| amounts.iter().all(|amount| amount.value == first.value)) {
                return judge(attribute, unit, first, hints);
            }
            let message = "The text states several amounts and not which one is meant.";
            Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "measure.list", "several_values", message) }
        }
    }
}

/// An interval under one attribute may be about its sibling: "light angle adjusts 0 to 80 degrees".
fn single_target(
    dictionary: &Dictionary,
    asked: &Attribute,
    raw: &str,
    (unit, high, hints): (&Unit, &Amount<'_>, &Hints),
    reading: Reading,
) -> Reading {
    let (target, qualifier) = about(dictionary, asked, &spaced_key(raw)).unwrap_or((asked, None));
    if target.code == asked.code {
        return reading;
    }
    let mut moved = judge(target, unit, high, hints);
    if moved.value.is_some() {
        moved.amounts = reading.amounts;
    }
    moved.qualifiers = reading.qualifiers;
    moved.qualifiers.extend(qualifier);
    moved.findings.extend(reading.findings);
    moved.rule = reading.rule;
    moved.confidence = moved.confidence.min(reading.confidence);
    if moved.status == Status::Ok {
        moved.status = reading.status;
    }
    moved
}
