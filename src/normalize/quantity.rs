//! Finds the quantities in a cell: number, tolerance, unit, and what stands between one quantity and the next.

use super::{
    number::{Number, Style},
    scan::{DASHES, Piece, Token, tokens},
    text::key,
};
use crate::dictionary::{Dictionary, Unit};
use rust_decimal::Decimal;

/// One number with its unit, where it has one.
#[derive(Debug, Clone)]
pub(super) struct Quantity<'a> {
    pub(super) number: Number,
    pub(super) unit: Option<&'a Unit>,
    /// `±` this, in the same unit.
    pub(super) tolerance: Option<Decimal>,
    /// `300+`.
    pub(super) plus: bool,
    pub(super) negative: bool,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How it is joined to the quantity before it.
    pub(super) join: Join,
}

/// What stands between two quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// Nothing stands before the first.
    First,
    /// White space only, or "and" (`2 lb 3 oz`).
    Adjacent,
    /// `6+54 min`.
    Plus,
    /// `3 to 7`, `3-7`.
    To,
    /// `/`, a bracket, `or`, `=`.
    Either,
    /// `x` between lengths.
    Times,
    /// `,`, `;`, `|`.
    List,
    /// Words.
    Apart,
}

/// The quantities of a cell that may belong to one family, in order; numbers with a unit of another family are kept apart.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) quantities: Vec<Quantity<'a>>,
    /// Code of a unit of another family that was seen.
    pub(super) foreign: Option<&'a str>,
    /// What is left of the cell without its quantities, folded.
    pub(super) rest: String,
}

/// Finds them. Bare numbers are quantities without unit; one joined to the next by a sign takes that one's unit.
pub(super) fn find<'a>(dictionary: &'a Dictionary, family: &str, text: &str, style: Style) -> Found<'a> {
    let tokens = tokens(text, style);
    let mut found = Found::default();
    let mut rest = String::new();
    let mut between: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let Piece::Number(number) = token.piece else {
            rest.push_str(text.get(token.start..token.end).unwrap_or_default());
            if tokens
                .get(at + 1)
                .is_none_or(|next| next.start > token.end || next.piece == Piece::Word || matches!(next.piece, Piece::Number(_)))
            {
                rest.push(' ');
            }
            between.push(at);
            at += 1;
            continue;
        };
        let mut next = at + 1;
        let mut tolerance = None;
        let take_tolerance = |next: &mut usize, tolerance: &mut Option<Decimal>| {
            let sign = tokens.get(*next).is_some_and(|token| token.is_sign(&['±']));
            let written = tokens.get(*next).is_some_and(|token| token.is_sign(&['+']))
                && tokens.get(*next + 1).is_some_and(|token| token.is_sign(&['/']))
                && tokens.get(*next + 2).is_some_and(|token| token.is_sign(&DASHES));
            let number_at = *next + if sign { 1 } else { 3 };
            if let (true, Some(Piece::Number(number))) = (sign || written, tokens.get(number_at).map(|token| &token.piece)) {
                *tolerance = Some(number.value);
                *next = number_at + 1;
            }
        };
        take_tolerance(&mut next, &mut tolerance);
        let mut plus = false;
        if tolerance.is_none() && tokens.get(next).is_some_and(|sign| sign.is_sign(&['+']) && sign.start == token.end) {
            let number_follows = tokens.get(next + 1).is_some_and(|token| matches!(token.piece, Piece::Number(_)));
            if !number_follows {
                plus = true;
                next += 1;
            }
        }
        let (unit, foreign, length) = unit_at(dictionary, family, text, &tokens, next);
        next += length;
        // Some languages put the unit first ("saa 100"), and some tables do ("Lumens: 400").
        let unit =
            unit.or_else(|| if foreign.is_none() { unit_before(dictionary, family, text, &tokens, &between, at) } else { None });
        if tolerance.is_none() {
            take_tolerance(&mut next, &mut tolerance);
            if tolerance.is_some() {
                next += unit_at(dictionary, family, text, &tokens, next).2;
            }
        }
        let end = tokens.get(next - 1).map_or(token.end, |last| last.end);
        if let Some(foreign) = foreign {
            found.foreign = Some(foreign);
            rest.push(' ');
            // A foreign quantity parts its neighbours.
            between.push(at);
            at = next;
            continue;
        }
        let join = if found.quantities.is_empty() { Join::First } else { join(dictionary, text, &tokens, &between) };
        let dash =
            between.last().and_then(|place| tokens.get(*place)).filter(|dash| dash.is_sign(&DASHES) && dash.end == token.start);
        let negative = dash.is_some() && found.quantities.is_empty() && between.len() == 1;
        found.quantities.push(Quantity { number, unit, tolerance, plus, negative, start: token.start, end, join });
        between.clear();
        rest.push(' ');
        at = next;
    }
    // A shared unit stands once, behind the last number: "480 / 90 / 7 lumen", "140x90x60 mm".
    let mut unit_behind: Option<&Unit> = None;
    let mut joined = Join::Apart;
    for quantity in found.quantities.iter_mut().rev() {
        if quantity.unit.is_none() && !matches!(joined, Join::Apart | Join::Adjacent | Join::First) {
            quantity.unit = unit_behind;
        }
        unit_behind = quantity.unit;
        joined = quantity.join;
    }
    found.rest = key(&rest);
    found
}

/// The unit that begins at token `at`: one of the family, else one of another family, and how many tokens it takes.
fn unit_at<'a>(
    dictionary: &'a Dictionary,
    family: &str,
    text: &str,
    tokens: &[Token],
    at: usize,
) -> (Option<&'a Unit>, Option<&'a str>, usize) {
    let mut slices = Vec::new();
    let Some(first) = tokens.get(at).filter(|token| !matches!(token.piece, Piece::Number(_))) else {
        return (None, None, 0);
    };
    let mut end = first.end;
    for (place, token) in tokens.iter().enumerate().skip(at).take(5) {
        let fits = token.piece == Piece::Word
            || token.is_sign(&[
                '°', 'º', '˚', '\'', '"', '″', '′', '’', '”', '•', '·', '⋅', '∙', '.', '*', '/', '%', '-', '℃', '℉', '#',
            ]);
        // Parts of one unit stand close together.
        if !fits || text.get(end..token.start).is_some_and(|gap| gap.chars().count() > 1 && place > at) {
            break;
        }
        end = token.end;
        slices.push((text.get(first.start..end).unwrap_or_default(), place + 1 - at));
    }
    let ends_in_letter_or_sign = |slice: &str| !slice.ends_with(['/', '-', '*', '•', '·']);
    for (slice, length) in slices.iter().rev().filter(|(slice, _)| ends_in_letter_or_sign(slice)) {
        if let Some(unit) = dictionary.unit_in(family, slice) {
            return (Some(unit), None, *length);
        }
    }
    for (slice, length) in slices.iter().rev().filter(|(slice, _)| ends_in_letter_or_sign(slice) && !slice.starts_with('#')) {
        if let Some(unit) = dictionary.unit_for(slice) {
            return (None, Some(&unit.code), *length);
        }
    }
    (None, None, 0)
}

/// A unit's word right before the number, when no quantity has taken it.
fn unit_before<'a>(
    dictionary: &'a Dictionary,
    family: &str,
    text: &str,
    tokens: &[Token],
    between: &[usize],
    number: usize,
) -> Option<&'a Unit> {
    let mut free = between.iter().rev().filter_map(|place| tokens.get(*place)).skip_while(|token| token.is_sign(&[':', '=']));
    let word = free.next().filter(|token| token.piece == Piece::Word)?;
    let near = tokens.get(number).is_some_and(|number| number.start.saturating_sub(word.end) <= 3);
    let written = text.get(word.start..word.end).filter(|written| near && written.chars().count() >= 2)?;
    dictionary.unit_in(family, written)
}

fn join(dictionary: &Dictionary, text: &str, tokens: &[Token], between: &[usize]) -> Join {
    let parts: Vec<&Token> =
        between.iter().filter_map(|place| tokens.get(*place)).filter(|token| !token.is_sign(&['.', '"', '\''])).collect();
    let words = dictionary.words();
    let word = |token: &Token| text.get(token.start..token.end).map(key).unwrap_or_default();
    match parts.as_slice() {
        [] => Join::Adjacent,
        [only] if only.piece == Piece::Word => match word(only) {
            x if x == "x" => Join::Times,
            and if words.and.contains(&and) => Join::Adjacent,
            to if words.to.contains(&to) => Join::To,
            or if words.or.contains(&or) => Join::Either,
            _ => Join::Apart,
        },
        // "L 70 x W 45 x H 40": letters of the axes stand beside the sign.
        parts
            if parts.iter().any(|part| part.is_sign(&['×', '*']) || word(part) == "x")
                && parts.iter().all(|part| part.end - part.start <= 2) =>
        {
            Join::Times
        }
        [only] if only.is_sign(&['+']) => Join::Plus,
        [only] if only.is_sign(&['×', '*']) => Join::Times,
        signs if signs.iter().all(|token| token.is_sign(&DASHES) || token.is_sign(&['~', '…', '～', '〜'])) => Join::To,
        signs if signs.iter().all(|token| token.is_sign(&[',', ';', '|', ':', '&', '\u{b7}'])) => Join::List,
        signs if signs.iter().all(|token| token.is_sign(&['/', '(', ')', '[', ']', '=', '≈', '~'])) => Join::Either,
        _ => Join::Apart,
    }
}
