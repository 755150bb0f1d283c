//! Numbers as words: `two and a half miles`, `zweihundert kB`, `2,4 miljard liter`, `1.2k lm`, `三千两百`, `3만 4천 500`.
//!
//! A word counts only where a unit follows: "one" alone is a pronoun far more often than a number.

use super::{
    number::Number,
    quantity::Cell,
    scan::{DASHES, Piece},
    text::is_unspaced,
    units::{self, Scope},
};
use crate::dictionary::NumberWord;
use rust_decimal::Decimal;

/// Tokens of one number, at most.
const LONGEST: usize = 16;

/// A number that is being put together.
#[derive(Default, Clone, Copy)]
struct Sum {
    total: Decimal,
    section: Decimal,
    current: Option<Decimal>,
    pieces: usize,
    scaled: bool,
}

impl Sum {
    fn take(&mut self, word: NumberWord) -> Option<()> {
        let twenty = Decimal::from(20);
        if let Some(scale) = word.scale {
            let hundred = Decimal::ONE_HUNDRED;
            if scale <= hundred {
                self.section = self.section.checked_add(self.current.take().unwrap_or(Decimal::ONE).checked_mul(scale)?)?;
            } else {
                let counted = match self.current.take() {
                    Some(current) => self.section.checked_add(current)?,
                    None if self.section.is_zero() && (self.total.is_zero() || self.total >= scale) => Decimal::ONE,
                    None => self.section,
                };
                self.section = Decimal::ZERO;
                // 一千二百万 counts all that stands before, one million two hundred thousand does not.
                if self.total < scale {
                    self.total = self.total.checked_add(counted)?.checked_mul(scale)?;
                } else {
                    self.total = self.total.checked_add(counted.checked_mul(scale)?)?;
                }
            }
            self.scaled = true;
        } else {
            let value = word.value?;
            self.current = Some(match self.current {
                None => value,
                // "twenty-one", "einundzwanzig"
                Some(before)
                    if (before >= twenty && value < Decimal::TEN && (before % Decimal::TEN).is_zero())
                        || (value >= twenty && before < Decimal::TEN && value < Decimal::ONE_HUNDRED) =>
                {
                    before.checked_add(value)?
                }
                Some(_) => return None,
            });
        }
        self.pieces += 1;
        Some(())
    }

    fn value(&self) -> Option<Decimal> {
        self.total.checked_add(self.section)?.checked_add(self.current.unwrap_or_default())
    }
}

/// The number that begins with the word at this token, and the token behind it; only where a unit follows.
pub(super) fn read(cell: &Cell<'_, '_>, at: usize) -> Option<(Number, usize)> {
    let first = cell.word(at)?;
    let word = cell.numeral.word(first);
    let known = word.is_some_and(|word| word.value.is_some() || word.scale.is_some() || word.article || word.half);
    let glued = if known { Vec::new() } else { cell.numeral.parts(first) };
    if !known && glued.is_empty() {
        return None;
    }
    if at.checked_sub(1).and_then(|before| cell.token(before)).is_some_and(|before| {
        before.end == cell.token(at).map_or(0, |token| token.start)
            && before.piece == Piece::Word
            && !first.chars().next().is_some_and(is_unspaced)
    }) {
        return None;
    }
    let mut sum = Sum::default();
    let next = gather(cell, &mut sum, at);
    let (value, next, only_article) = if let Some(next) = next {
        (sum.value()?, next, false)
    } else {
        let word = word?;
        if word.half {
            // "half a mile"
            let article = cell.word(at + 1).and_then(|word| cell.numeral.word(word)).is_some_and(|word| word.article);
            (Decimal::new(5, 1), at + 1 + usize::from(article), true)
        } else if word.article {
            match cell.word(at + 1).and_then(|word| cell.numeral.word(word)) {
                Some(half) if half.half => (Decimal::new(5, 1), at + 2, false),
                Some(scale) if scale.scale.is_some() => {
                    gather(cell, &mut sum, at + 1).and_then(|next| Some((sum.value()?, next, false)))?
                }
                _ => (Decimal::ONE, at + 1, true),
            }
        } else {
            return None;
        }
    };
    let (value, next) = half_more(cell, value, next);
    let next = back_to_unit(cell, at, next)?;
    let value = if next.1 { value_of(cell, at, next.0)? } else { value };
    let unit = units::at(cell, next.0, cell.token(next.0.checked_sub(1)?)?);
    if unit.own.is_none() && unit.foreign.is_none() {
        return None;
    }
    // "a m" is no metre.
    let long = unit.length > 1 || cell.word(next.0).is_none_or(|word| word.chars().count() >= 2 || word.chars().any(is_unspaced));
    (long || !only_article).then_some((Number { value, alternative: None }, next.0))
}

fn value_of(cell: &Cell<'_, '_>, at: usize, end: usize) -> Option<Decimal> {
    let mut sum = Sum::default();
    let tokens = cell.tokens.get(..end)?;
    gather(&Cell { tokens, ..*cell }, &mut sum, at)?;
    sum.value()
}

/// Where the unit begins: the last sign of a Chinese number may be the first of its unit (`一百千瓦`, `三十两`).
fn back_to_unit(cell: &Cell<'_, '_>, at: usize, next: usize) -> Option<(usize, bool)> {
    let stays = Some((next, false));
    let Some(last) = next.checked_sub(1).filter(|last| *last > at) else { return stays };
    let Some(sign) = cell.word(last).filter(|word| matches!(*word, "千" | "两" | "兩" | "百" | "兆")) else { return stays };
    let number = cell.token(last)?;
    let found = units::at(cell, last, number);
    let behind = units::at(cell, next, number);
    let longer = found.length > 1 || (matches!(sign, "两" | "兩") && behind.length == 0);
    if found.own.is_some() && longer { Some((last, true)) } else { stays }
}

/// Takes words and numbers while they make one number; the token behind them.
fn gather(cell: &Cell<'_, '_>, sum: &mut Sum, at: usize) -> Option<usize> {
    let mut next = at;
    while next < at + LONGEST {
        let Some(token) = cell.token(next) else { break };
        let mut trial = *sum;
        match &token.piece {
            Piece::Number(number) if trial.pieces > 0 && trial.scaled && trial.current.is_none() => {
                // "1万6千", "3만 4천 500"
                let unspaced =
                    next.checked_sub(1).and_then(|before| cell.word(before)).is_some_and(|word| word.chars().all(is_unspaced));
                if !unspaced {
                    break;
                }
                trial.current = Some(number.value);
                trial.pieces += 1;
                next += 1;
            }
            Piece::Word => {
                let written = cell.written(token);
                let known = cell.numeral.word(written);
                match known {
                    Some(word) if word.value.is_some() || word.scale.is_some() => {
                        if trial.take(word).is_none() {
                            break;
                        }
                        next += 1;
                    }
                    // "three hundred and ten"
                    Some(word) if word.and && trial.pieces > 0 => {
                        let more = cell.word(next + 1).and_then(|word| cell.numeral.word(word));
                        let Some(more) = more.filter(|more| more.value.is_some() && trial.take(*more).is_some()) else { break };
                        let _ = more;
                        next += 2;
                    }
                    _ => {
                        let parts = cell.numeral.parts(written);
                        if parts.is_empty() || parts.iter().any(|part| !part.and && trial.take(*part).is_none()) {
                            break;
                        }
                        next += 1;
                    }
                }
            }
            // "twenty-one"
            Piece::Sign(sign) if DASHES.contains(sign) && trial.pieces > 0 => {
                let tens = trial.current.is_some_and(|current| current >= Decimal::from(20));
                let more = cell.word(next + 1).and_then(|word| cell.numeral.word(word));
                match more {
                    Some(more) if tens && more.value.is_some() && trial.take(more).is_some() => next += 2,
                    _ => break,
                }
            }
            _ => break,
        }
        *sum = trial;
    }
    (sum.pieces > 0).then_some(next)
}

/// A number in digits with the words that scale it; and the token behind.
pub(super) fn go_on(cell: &Cell<'_, '_>, number: Number, at: usize) -> (Number, usize) {
    let stays = (number, at + 1);
    let Some(token) = cell.token(at + 1) else { return stays };
    if token.piece != Piece::Word {
        return stays;
    }
    let written = cell.written(token);
    let glued = cell.token(at).is_some_and(|before| before.end == token.start);
    if let ("k" | "K" | "M", true) = (written, glued) {
        return thousands(cell, number, at, written).unwrap_or(stays);
    }
    let Some(word) = cell.numeral.word(written) else { return stays };
    if let Some(scale) = word.scale {
        let unit = units::at(cell, at + 1, token);
        // "323千卡" are kilocalories; "5 min" is no thousand.
        if unit.length > 1 {
            return stays;
        }
        let mut sum = Sum { current: Some(number.value), ..Sum::default() };
        let Some(next) = sum
            .take(NumberWord { scale: Some(scale), ..NumberWord::default() })
            .and_then(|()| gather(cell, &mut sum, at + 2).or(Some(at + 2)))
        else {
            return stays;
        };
        let behind = next.checked_sub(1).and_then(|last| cell.token(last)).map(|last| units::at(cell, linking(cell, next), last));
        let followed = behind.is_some_and(|behind| behind.own.is_some() || behind.foreign.is_some());
        return match sum.value() {
            Some(value) if followed => (Number { value, alternative: None }, linking(cell, next)),
            Some(value) if unit.length == 0 => (Number { value, alternative: None }, next),
            _ => stays,
        };
    }
    if word.and {
        let (value, next) = half_more(cell, number.value, at + 1);
        if next > at + 1 {
            return (Number { value, alternative: None }, next);
        }
        // "1/4 de milla", "0,9 billones de pies"
        let link = linking(cell, at + 1);
        if link > at + 1 {
            let unit = units::at(cell, link, token);
            if unit.own.is_some_and(|unit| unit.family != "time") {
                return (number, link);
            }
        }
    }
    stays
}

/// Behind "of" between number and unit: `2 millones de litros`.
fn linking(cell: &Cell<'_, '_>, at: usize) -> usize {
    let Some(word) = cell.word(at).filter(|word| matches!(*word, "de" | "di" | "d")) else { return at };
    at + 1 + usize::from(word == "d" && cell.is_sign(at + 1, &['\'', '’']))
}

/// `1.2k lm`, `0.5k miles`: a letter for thousands or millions. A capital is one only where a unit follows.
fn thousands(cell: &Cell<'_, '_>, number: Number, at: usize, letter: &str) -> Option<(Number, usize)> {
    let token = cell.token(at + 1)?;
    let factor = if letter == "M" { Decimal::from(1_000_000) } else { Decimal::ONE_THOUSAND };
    let behind = units::at(cell, at + 2, token);
    let unit = behind.own.is_some() || behind.foreign.is_some();
    let parted = cell.token(at + 2).is_none_or(|next| next.start > token.end);
    let alone = cell.token(at + 2).is_none() && cell.scope != Scope::Any;
    if !parted || !(unit || (alone && letter == "k")) {
        return None;
    }
    let value = number.value.checked_mul(factor)?;
    Some((Number { value, alternative: None }, at + 2))
}

/// `… and a half`.
pub(super) fn half_more(cell: &Cell<'_, '_>, value: Decimal, next: usize) -> (Decimal, usize) {
    let role = |at: usize| cell.word(at).and_then(|word| cell.numeral.word(word)).unwrap_or_default();
    if !role(next).and {
        return (value, next);
    }
    let half = if role(next + 1).article { next + 2 } else { next + 1 };
    if role(half).half { (value.checked_add(Decimal::new(5, 1)).unwrap_or(value), half + 1) } else { (value, next) }
}

/// Half a unit more.
pub(super) fn and_half(number: Number) -> Number {
    Number { value: number.value.checked_add(Decimal::new(5, 1)).unwrap_or(number.value), alternative: None }
}
