//! A closed interval, such as an operating temperature: `-20 ... +60 °C`, `von −25 bis +55 °C`, `- 25 °C ~ 55 °C`.
//!
//! The trouble is the hyphen, which is a minus and a "to". A hyphen before the first number is its sign. Between the numbers, the
//! last sign belongs to the second number when something else already parts the two.

use super::{
    Hints, Range, Reading, Status, Value,
    number::Style,
    scan::{DASHES, Piece, tokens},
    text::key,
};
use crate::dictionary::{Attribute, Dictionary, Unit};
use rust_decimal::Decimal;

/// The text with a sign in the place of its word, where it has any: "minus 20 bis plus 50 °C".
fn signed(dictionary: &Dictionary, raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut found = false;
    let mut pieces = raw.split(' ').peekable();
    while let Some(piece) = pieces.next() {
        // "零下20至50" has the word glued to its number.
        if let Some(glued) = dictionary.numerals().glued_minus(piece) {
            text.push_str(&glued);
            found = true;
            if pieces.peek().is_some() {
                text.push(' ');
            }
            continue;
        }
        let number = pieces.peek().is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if number && dictionary.numerals().is_minus(piece) {
            text.push('-');
            found = true;
            continue;
        }
        text.push_str(piece);
        if pieces.peek().is_some() {
            text.push(' ');
        }
    }
    found.then_some(text)
}

/// The text without the second spelling of each end: `-25 °C/-13 °F to 50 °C/122 °F` says two temperatures, not four. Each number's unit
/// stands right behind it.
fn said_once(dictionary: &Dictionary, canonical: &Unit, raw: &str, hints: &Hints) -> Option<String> {
    let pieces = tokens(raw, Style::of(dictionary, hints));
    let mut ends: Vec<(Decimal, &Unit, usize, usize)> = Vec::new();
    for (at, token) in pieces.iter().enumerate() {
        let Piece::Number(number) = &token.piece else { continue };
        let sign_at = at
            .checked_sub(1)
            .and_then(|before| pieces.get(before))
            .filter(|sign| sign.is_sign(&DASHES) && sign.end == token.start);
        let glued = |sign: usize| raw.get(..sign).is_some_and(|head| head.ends_with(|c: char| c.is_alphanumeric() || c == '°'));
        let minus = sign_at.filter(|sign| !glued(sign.start));
        let amount = if minus.is_some() { -number.value } else { number.value };
        let next =
            pieces.iter().skip(at + 1).find(|token| matches!(token.piece, Piece::Number(_))).map_or(raw.len(), |next| next.start);
        let found = super::quantity::find(
            dictionary,
            super::units::Scope::family(dictionary, &canonical.family),
            raw.get(token.start..next)?.trim_end_matches(|c: char| DASHES.contains(&c)),
            hints,
        );
        let only = found.quantities.first()?;
        ends.push((amount, only.unit?, minus.map_or(token.start, |sign| sign.start), token.start + only.end));
    }
    if !matches!(ends.len(), 2 | 4) {
        return None;
    }
    let mut text = String::new();
    for pair in ends.chunks(2) {
        let [(first, first_unit, start, end), (second, second_unit, other_start, other_end)] = pair else { return None };
        let (left, right) = (first_unit.convert(*first, canonical)?, second_unit.convert(*second, canonical)?);
        if first_unit.code == second_unit.code || left.checked_sub(right)?.abs() > Decimal::ONE {
            return None;
        }
        let (from, to) = if second_unit.code == canonical.code { (other_start, other_end) } else { (start, end) };
        text.push_str(if text.is_empty() { "" } else { " … " });
        text.push_str(raw.get(*from..*to)?);
    }
    Some(text)
}

/// Reads an interval.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    if let Some(signed) = signed(dictionary, raw) {
        return read(dictionary, attribute, &signed, hints);
    }
    let Some(canonical) = attribute.unit.as_deref().and_then(|code| dictionary.unit(code)) else {
        return Reading::rejected(attribute, "range", "no_unit", "The attribute has no unit in the dictionary.");
    };
    if raw.contains(['F', 'f', '℉', 'K'])
        && let Some(once) = said_once(dictionary, canonical, raw, hints)
    {
        return Reading { span: None, ..read(dictionary, attribute, &once, hints) };
    }
    let pieces = tokens(raw, Style::of(dictionary, hints));
    let numbers: Vec<usize> =
        pieces.iter().enumerate().filter(|(_, token)| matches!(token.piece, Piece::Number(_))).map(|(at, _)| at).collect();
    let (first, second) = match numbers.as_slice() {
        [] => return Reading::rejected(attribute, "range", "no_number", "There is no number in this text."),
        [_] => {
            return Reading::rejected(
                attribute,
                "range",
                "one_end",
                "Only one end of the interval is given; write both, such as -20 to 60 °C.",
            );
        }
        [first, second, ..] => (*first, *second),
    };
    let value = |at: usize| match pieces.get(at).map(|token| &token.piece) {
        Some(Piece::Number(number)) => number.value,
        _ => Decimal::ZERO,
    };
    let dash_before =
        |at: usize| at.checked_sub(1).and_then(|before| pieces.get(before)).is_some_and(|token| token.is_sign(&DASHES));
    let low = if dash_before(first) { -value(first) } else { value(first) };
    // What stands between the numbers, without the unit.
    let between = pieces.get(first + 1..second).unwrap_or_default();
    let parting = between.iter().take(between.len().saturating_sub(1)).any(|token| match &token.piece {
        Piece::Sign(sign) => DASHES.contains(sign) || matches!(sign, '~' | '…' | '/' | ':' | ',' | ';' | '|' | '～' | '÷'),
        Piece::Word => raw.get(token.start..token.end).is_some_and(|word| dictionary.words().to.contains(&key(word))),
        Piece::Number(_) => false,
    });
    let last = between.last().filter(|token| token.is_sign(&DASHES));
    let glued = last.is_some_and(|dash| {
        let gap_before =
            between.iter().rev().nth(1).map_or(pieces.get(first).map_or(0, |token| token.end), |token| token.end) < dash.start;
        gap_before && pieces.get(second).is_some_and(|token| token.start == dash.end)
    });
    let high = if last.is_some() && (parting || glued) { -value(second) } else { value(second) };
    // "-4 °F ~ 140 °F (-20 °C ~ 60 °C)": the second pair says the same in another unit.
    let split = numbers.get(2).and_then(|third| pieces.get(*third)).filter(|_| numbers.len() == 4).map(|third| third.start);
    let cut = split.map(|third| {
        let head = raw.get(..third).unwrap_or_default();
        head.trim_end_matches(|c: char| DASHES.contains(&c) || matches!(c, '+' | ' ')).len()
    });
    let (raw, other) = match cut.and_then(|cut| raw.split_at_checked(cut)) {
        Some((head, tail)) => (head, Some(read(dictionary, attribute, tail, hints))),
        None => (raw, None),
    };
    let unit = match unit_of(dictionary, canonical, raw, hints) {
        Ok(unit) => unit,
        Err(foreign) => {
            let message =
                format!("The unit {foreign} does not measure what this attribute means; it wants {}.", canonical.symbol);
            return Reading::rejected(attribute, "range", "wrong_unit", message);
        }
    };
    let convert = |amount: Decimal| unit.convert(amount, canonical).map(|amount| amount.round_dp(4).normalize());
    let (Some(low), Some(high)) = (convert(low), convert(high)) else {
        return Reading::rejected(attribute, "range", "out_of_range", "The number is too large to be stored.");
    };
    if low > high {
        return Reading::rejected(
            attribute,
            "range",
            "reversed",
            "The interval's first end is above its second; check the signs.",
        );
    }
    let inside =
        |bounds: Option<crate::dictionary::Bounds>| bounds.is_none_or(|bounds| bounds.contains(low) && bounds.contains(high));
    if !inside(attribute.hard) {
        let message = format!("{low} to {high} {} is not possible for {}.", canonical.symbol, attribute.label("en"));
        return Reading::rejected(attribute, "range", "out_of_range", message);
    }
    let mut reading =
        Reading::accepted(attribute, "range", Value::Range(Range { min: low, max: high, unit: canonical.code.clone() }), 90);
    reading.span = pieces
        .get(first.saturating_sub(usize::from(dash_before(first))))
        .zip(pieces.get(second))
        .map(|(from, to)| (from.start, to.end));
    if let Some(Value::Range(second)) = other.as_ref().and_then(|other| other.value.as_ref()) {
        let near = |left: Decimal, right: Decimal| (left - right).abs() <= Decimal::TWO;
        if near(low, second.min) && near(high, second.max) {
            reading.rule = "range.dual";
            // Who writes both measured in the canonical unit more often than not.
            if unit.code != canonical.code {
                reading.value = Some(Value::Range(second.clone()));
            }
        } else {
            let message = "The text states two intervals that do not agree; keep the right one.";
            return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "range.dual", "conflict", message) };
        }
    } else if numbers.len() > 2 {
        reading.doubt("more_numbers", "More than two numbers stand in this text; the first two were read.".to_owned(), 50);
    }
    if !inside(attribute.usual_for(hints.category.as_deref())) {
        reading.doubt("unusual", format!("{low} to {high} {} is unusual for {}.", canonical.symbol, attribute.label("en")), 40);
    }
    if raw.contains('?') && reading.status == Status::Ok {
        reading.doubt("unit_lost", "The unit's sign was lost on the way (?); the attribute's own unit was taken.".to_owned(), 60);
    }
    reading
}

/// The unit in the text, else the hint, else the canonical one. A foreign unit is an error only when no own one is there.
fn unit_of<'a>(dictionary: &'a Dictionary, canonical: &'a Unit, raw: &str, hints: &Hints) -> Result<&'a Unit, String> {
    let found = super::quantity::find(dictionary, super::units::Scope::family(dictionary, &canonical.family), raw, hints);
    let written = found.quantities.iter().rev().find_map(|quantity| quantity.unit);
    match (written, hints.unit.as_deref()) {
        // A degree sign alone means the canonical scale; a letter says which.
        (Some(unit), _) => Ok(unit),
        (None, Some(hint)) => dictionary.unit_in(&canonical.family, hint).ok_or_else(|| hint.to_owned()),
        (None, None) => match found.foreign.filter(|_| found.quantities.is_empty()) {
            Some(foreign) => Err(foreign.to_owned()),
            None => Ok(canonical),
        },
    }
}
