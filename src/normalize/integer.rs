//! Whole numbers without a unit: a year, a count, a colour rendering index glued into another text (`CRI70`).

use super::{
    Hints, Reading, Status, Value,
    number::Style,
    scan::{DASHES, Piece, tokens},
    text::key,
};
use crate::dictionary::{Attribute, Dictionary};
use rust_decimal::{Decimal, prelude::ToPrimitive};

/// Reads a whole number; one that fits the hard range alone wins among several.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let inside =
        |bounds: Option<crate::dictionary::Bounds>, value: i64| bounds.is_none_or(|bounds| bounds.contains(Decimal::from(value)));
    let pieces = tokens(raw, Style::of(dictionary, hints));
    let mut numbers = Vec::new();
    let mut guessed = false;
    for (at, token) in pieces.iter().enumerate() {
        let Piece::Number(number) = &token.piece else { continue };
        // "1O" and "12abc" are typing mistakes; "6pcs" and "90CRI" are not.
        let glued = pieces.get(at + 1).filter(|next| next.piece == Piece::Word && next.start == token.end);
        if let Some(word) =
            glued.and_then(|word| raw.get(word.start..word.end)).filter(|word| !counts(dictionary, attribute, word))
        {
            let message = format!("'{word}' stands right behind the number and means nothing here; write the number alone.");
            return Reading::rejected(attribute, "integer", "glued_letters", message);
        }
        // "1.000" counts one or a thousand.
        let whole = |value: Decimal| value.is_integer() && attribute.hard.is_none_or(|hard| hard.contains(value));
        if let Some(other) = number.alternative.filter(|other| whole(*other) && whole(number.value)) {
            let message = format!("This can be {} or {other}; write the number without signs.", number.value.normalize());
            return Reading {
                status: Status::Ambiguous,
                ..Reading::rejected(attribute, "integer", "decimal_sign_unclear", message)
            };
        }
        guessed |= !number.value.is_integer() && number.alternative.is_some();
        let dash = at.checked_sub(1).and_then(|before| pieces.get(before)).filter(|sign| sign.is_sign(&DASHES));
        if at == 1 && dash.is_some_and(|dash| dash.end == token.start) {
            let message = format!("{} counts nothing below zero; check the number.", attribute.label("en"));
            return Reading::rejected(attribute, "integer", "out_of_range", message);
        }
        let readings = [Some(number.value), number.alternative];
        if let Some(value) = readings.into_iter().flatten().filter(Decimal::is_integer).find_map(|value| value.to_i64()) {
            numbers.push((value, (token.start, token.end)));
        }
    }
    let Some(first) = numbers.first().copied() else {
        return Reading::rejected(attribute, "integer", "no_number", "There is no whole number in this text.");
    };
    let fitting: Vec<_> = numbers.iter().copied().filter(|(value, _)| inside(attribute.hard, *value)).collect();
    let (value, span) = match fitting.as_slice() {
        [] => {
            let message = format!("{} is not possible for {}.", first.0, attribute.label("en"));
            return Reading::rejected(attribute, "integer", "out_of_range", message);
        }
        [only] => *only,
        [first, rest @ ..] if rest.iter().all(|(value, _)| *value == first.0) => *first,
        _ => {
            let message = "Several numbers stand in this text and not which one is meant.";
            return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "integer", "several_values", message) };
        }
    };
    let alone = pieces.len() == 1;
    let mut reading = Reading::accepted(attribute, "integer", Value::Integer(value), if alone { 95 } else { 75 });
    reading.span = Some(span);
    if guessed {
        reading.doubt("decimal_sign_guessed", "The sign in the number was taken to part thousands.".to_owned(), 50);
    }
    if !inside(attribute.usual_for(hints.category.as_deref()), value) {
        reading.doubt("unusual", format!("{value} is unusual for {}.", attribute.label("en")), 40);
    }
    reading
}

/// May this word stand right behind the number: a word for pieces, or the attribute's own name?
fn counts(dictionary: &Dictionary, attribute: &Attribute, word: &str) -> bool {
    dictionary.words().pieces.contains(&key(word))
        || dictionary.unit_in("time", word).is_some_and(|unit| unit.code == "year")
        || dictionary.header(word).is_some_and(|header| header.attribute.code == attribute.code)
}
