//! Finds the quantities in a cell: number, tolerance, unit, and what stands between one quantity and the next.

use super::{
    Hints,
    number::{Number, Style},
    numeral,
    scan::{DASHES, Piece, Token, tokens},
    text::key,
    units::{self, Scope},
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
    /// Glued to letters before it: `FL1`. Such a number has no part in a unit that stands farther behind.
    pub(super) named: bool,
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
    /// White space only (`2 lb 3 oz`).
    Adjacent,
    /// "and" (`2 lb and 3 oz`, `45 and 50 mg`).
    And,
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

/// What every step of the search looks at.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a, 't> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) scope: Scope,
    pub(super) text: &'t str,
    pub(super) tokens: &'t [Token],
    pub(super) numeral: crate::dictionary::Numeral<'a>,
}

impl<'t> Cell<'_, 't> {
    pub(super) fn token(&self, at: usize) -> Option<&'t Token> {
        self.tokens.get(at)
    }

    /// The text of one token.
    pub(super) fn written(&self, token: &Token) -> &'t str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The word at this place.
    pub(super) fn word(&self, at: usize) -> Option<&'t str> {
        self.token(at).filter(|token| token.piece == Piece::Word).map(|token| self.written(token))
    }

    pub(super) fn is_sign(&self, at: usize, signs: &[char]) -> bool {
        self.token(at).is_some_and(|token| token.is_sign(signs))
    }

    fn is_number(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| matches!(token.piece, Piece::Number(_)))
    }
}

/// Finds them. Bare numbers are quantities without unit; one joined to the next by a sign takes that one's unit.
pub(super) fn find<'a>(dictionary: &'a Dictionary, scope: Scope, text: &str, hints: &Hints) -> Found<'a> {
    let pieces = tokens(text, Style::of(dictionary, hints));
    let numeral = dictionary.numerals().of(hints.locale.as_deref());
    let cell = Cell { dictionary, scope, text, tokens: &pieces, numeral };
    let mut found = Found::default();
    let mut rest = String::new();
    let mut between: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(token) = cell.token(at) {
        let read = match token.piece {
            Piece::Number(number) => {
                if scope == Scope::Any && is_name(&cell, &between, token) {
                    None
                } else {
                    Some(numeral::go_on(&cell, number, at))
                }
            }
            Piece::Word => numeral::read(&cell, at),
            Piece::Sign(_) => None,
        };
        let Some((number, mut next)) = read else {
            put_rest(&cell, &mut rest, token, at);
            between.push(at);
            at += 1;
            continue;
        };
        let mut tolerance = None;
        take_tolerance(&cell, &mut next, &mut tolerance);
        let mut plus = false;
        if tolerance.is_none() && cell.is_sign(next, &['+']) && touches(&cell, next) && !cell.is_number(next + 1) {
            plus = true;
            next += 1;
        }
        let mut unit = units::at(&cell, next, token);
        next += unit.length;
        // Some languages put the unit first ("saa 100"), and some tables do ("Lumens: 400").
        if unit.own.is_none() && unit.foreign.is_none() {
            unit.own = units::before(&cell, &between, at);
        }
        if tolerance.is_none() {
            take_tolerance(&cell, &mut next, &mut tolerance);
            if tolerance.is_some() {
                let behind = units::at(&cell, next, token);
                next += behind.length;
                unit.own = unit.own.or(behind.own);
            }
        }
        let end = next.checked_sub(1).and_then(|last| cell.token(last)).map_or(token.end, |last| last.end);
        if let Some(foreign) = unit.foreign {
            found.foreign = Some(foreign);
            part(&mut rest);
            // A foreign quantity parts its neighbours.
            between.push(at);
            at = next;
            continue;
        }
        let mut number = if unit.half { numeral::and_half(number) } else { number };
        let mut end = end;
        if unit.own.is_some() {
            // "an hour and a half"
            let (value, behind) = numeral::half_more(&cell, number.value, next);
            if behind > next {
                number = Number { value, alternative: None };
                end = cell.token(behind - 1).map_or(end, |last| last.end);
                next = behind;
            }
        }
        let join = if found.quantities.is_empty() { Join::First } else { join(&cell, &between) };
        let negative = is_negative(&cell, &between, token, found.quantities.last());
        let mut own = unit.own.map(|own| units::speed(&cell, own, token.start));
        // "4h 30m": a bare m behind hours is a minute.
        let of_time = found.quantities.last().and_then(|before| before.unit).is_some_and(|before| before.family == "time");
        if scope == Scope::Any && of_time && join == Join::Adjacent && own.is_some_and(|own| own.code == "m") {
            own = dictionary.unit("min");
        }
        let named = matches!(scope, Scope::Family(_)) && super::scan::begins_behind_letter(text, token.start);
        found.quantities.push(Quantity { number, unit: own, tolerance, plus, negative, named, start: token.start, end, join });
        between.clear();
        part(&mut rest);
        at = next;
    }
    share_units(&mut found.quantities, scope);
    found.rest = if rest.is_empty() { rest } else { key(&rest) };
    found
}

/// A shared unit stands once, behind the last number: "480 / 90 / 7 lumen", "140x90x60 mm".
fn share_units(quantities: &mut [Quantity<'_>], scope: Scope) {
    let mut unit_behind: Option<&Unit> = None;
    let mut joined = Join::Apart;
    for quantity in quantities.iter_mut().rev() {
        let shares = match joined {
            Join::Apart | Join::Adjacent | Join::First => false,
            // In prose a comma parts a year from a length.
            Join::List | Join::Plus => scope != Scope::Any,
            Join::And | Join::To | Join::Either | Join::Times => true,
        };
        if quantity.unit.is_none() && shares && !quantity.named {
            quantity.unit = unit_behind;
        }
        unit_behind = quantity.unit;
        joined = quantity.join;
    }
    // "mm 60 x 45 x 40"
    let mut unit_before: Option<&Unit> = None;
    for quantity in quantities.iter_mut().filter(|_| matches!(scope, Scope::Axes(_))) {
        if quantity.unit.is_none() && quantity.join == Join::Times {
            quantity.unit = unit_before;
        }
        unit_before = quantity.unit;
    }
}

fn part(rest: &mut String) {
    if !rest.is_empty() {
        rest.push(' ');
    }
}

fn put_rest(cell: &Cell<'_, '_>, rest: &mut String, token: &Token, at: usize) {
    rest.push_str(cell.written(token));
    let parted = cell
        .token(at + 1)
        .is_none_or(|next| next.start > token.end || next.piece == Piece::Word || matches!(next.piece, Piece::Number(_)));
    if parted {
        rest.push(' ');
    }
}

/// Does this token stand right behind the one before?
fn touches(cell: &Cell<'_, '_>, at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| cell.token(before))
        .zip(cell.token(at))
        .is_some_and(|(before, token)| before.end == token.start)
}

/// Is the number glued to letters, as in the name `SCP-173m`?
fn is_name(cell: &Cell<'_, '_>, between: &[usize], number: &Token) -> bool {
    let mut near = between.iter().rev().filter_map(|place| cell.token(*place));
    let Some(last) = near.next().filter(|last| last.end == number.start) else { return false };
    // Money is another matter.
    if last.is_sign(&['$', '€', '£', '¥', '₴', '₽']) {
        return true;
    }
    let letter = |token: &Token| {
        token.piece == Piece::Word && cell.written(token).chars().next_back().is_some_and(|c| !super::text::is_unspaced(c))
    };
    if letter(last) {
        return true;
    }
    last.is_sign(&DASHES) && near.next().is_some_and(|before| before.end == last.start && letter(before))
}

fn take_tolerance(cell: &Cell<'_, '_>, next: &mut usize, tolerance: &mut Option<Decimal>) {
    let sign = cell.is_sign(*next, &['±']);
    let written = cell.is_sign(*next, &['+']) && cell.is_sign(*next + 1, &['/']) && cell.is_sign(*next + 2, &DASHES);
    let number_at = *next + if sign { 1 } else { 3 };
    if let (true, Some(Piece::Number(number))) = (sign || written, cell.token(number_at).map(|token| &token.piece)) {
        *tolerance = Some(number.value);
        *next = number_at + 1;
    }
}

/// Is the dash before this number its minus?
fn is_negative(cell: &Cell<'_, '_>, between: &[usize], number: &Token, before: Option<&Quantity<'_>>) -> bool {
    let mut near = between.iter().rev().filter_map(|place| cell.token(*place));
    let Some(last) = near.next() else { return false };
    if last.piece == Piece::Word {
        return cell.scope == Scope::Any && cell.numeral.word(cell.written(last)).is_some_and(|word| word.minus);
    }
    if !last.is_sign(&DASHES) || last.end != number.start {
        return false;
    }
    match cell.scope {
        Scope::Family(_) | Scope::Axes(_) => before.is_none() && between.len() == 1,
        Scope::Any => {
            let parted = near.next().is_none_or(|other| other.end < last.start || other.is_sign(&['(', '[', '~', '+']));
            // "75 -300 mm" is an interval, "-18 °C to -34 °C" has two minus signs.
            parted && (before.is_none() || between.len() > 1)
        }
    }
}

fn join(cell: &Cell<'_, '_>, between: &[usize]) -> Join {
    let words = cell.dictionary.words();
    let parts = || between.iter().filter_map(|place| cell.token(*place)).filter(|token| !token.is_sign(&['.', '"', '\'']));
    let count = parts().count();
    let sized = matches!(cell.scope, Scope::Axes(_));
    let Some(only) = parts().next() else { return Join::Adjacent };
    let is_x =
        |token: &Token| token.is_sign(&['×', '*', '⨯', '✕', '✖', '╳']) || matches!(cell.written(token), "x" | "X" | "х" | "Х");
    if count == 1 && only.piece == Piece::Word {
        if is_x(only) {
            return Join::Times;
        }
        let word = key(cell.written(only));
        return match word.as_str() {
            "x" => Join::Times,
            and if words.and.contains(and) => Join::And,
            to if words.to.contains(to) => Join::To,
            or if words.or.contains(or) => Join::Either,
            // "L70 W50 H30 mm": the letters of axes.
            _ if sized && cell.dictionary.is_axis(cell.written(only)) => Join::List,
            _ if sized && cell.dictionary.numerals().is_times(cell.written(only)) => Join::Times,
            _ => Join::Apart,
        };
    }
    // "L 70 x W 45 x H 40", "高45×宽60": letters of the axes stand beside the sign.
    if parts().any(is_x) && parts().all(|part| cell.written(part).chars().nth(2).is_none()) {
        return Join::Times;
    }
    // "L: 60 / B: 45 / H: 40 mm", "Länge 60 x Breite 45"
    let side = |part: &Token| part.piece != Piece::Word || is_x(part) || cell.dictionary.is_side(cell.written(part));
    if sized && count <= 5 && parts().all(side) && parts().any(|part| part.piece == Piece::Word && !is_x(part)) {
        return if parts().any(is_x) { Join::Times } else { Join::List };
    }
    // "長さ60幅45高さ40mm"
    let unspaced = |part: &Token| part.piece == Piece::Word && cell.written(part).chars().all(super::text::is_unspaced);
    if sized && count <= 3 && parts().all(unspaced) {
        return Join::List;
    }
    if count == 1 && only.is_sign(&['+']) {
        return Join::Plus;
    }
    if parts().all(|token| token.is_sign(&DASHES) || token.is_sign(&['~', '…', '～', '〜'])) {
        return Join::To;
    }
    if parts().all(|token| token.is_sign(&[',', ';', '|', ':', '&', '\u{b7}', '、', '，'])) {
        return Join::List;
    }
    if parts().all(|token| token.is_sign(&['/', '(', ')', '[', ']', '=', '≈', '~'])) {
        return Join::Either;
    }
    // "8- to 16-meter", "20 - bis 30 mm".
    let to = |token: &Token| token.piece == Piece::Word && words.to.contains(&key(cell.written(token)));
    if count == 2 && parts().all(|token| token.is_sign(&DASHES) || to(token)) && parts().any(to) {
        return Join::To;
    }
    Join::Apart
}
