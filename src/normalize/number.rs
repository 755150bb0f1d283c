//! Numbers as people write them: `1,234.5`, `1.234,5`, `3 049.00`, `1'299`, `,5`. Exact, never a float.
//!
//! One sign with three digits behind it says two things (`1.200`). The profile's style decides; else the locale's, and the other
//! reading is kept as [`Number::alternative`] for a rule that knows which amounts are usual.

use super::{DecimalStyle, Hints};
use crate::dictionary::Dictionary;
use rust_decimal::Decimal;

/// A number as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The likelier value.
    pub value: Decimal,
    /// The other reading of an ambiguous sign.
    pub alternative: Option<Decimal>,
}

/// How to read an ambiguous sign, and whether that is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    decimal: DecimalStyle,
    certain: bool,
}

impl Style {
    /// The profile's style, else the locale's, else none.
    pub fn of(dictionary: &Dictionary, hints: &Hints) -> Self {
        if hints.decimal != DecimalStyle::Auto {
            return Self { decimal: hints.decimal, certain: true };
        }
        let locale = hints.locale.as_deref().and_then(|tag| dictionary.locale(tag)).and_then(|words| words.decimal);
        Self { decimal: locale.unwrap_or_default(), certain: false }
    }
}

/// More digits than this are no quantity, and would not fit a decimal.
const MAX_DIGITS: usize = 24;

/// Length in bytes of the number at the start of `text`, which begins with a digit (or a point before one).
pub(super) fn scan(text: &str) -> usize {
    let chars: Vec<(usize, char)> = text.char_indices().take(60).collect();
    let at = |place: usize| chars.get(place).map(|(_, c)| *c);
    let digits_from = |place: usize| chars.iter().skip(place).take_while(|(_, c)| c.is_ascii_digit()).count();
    let mut place = 0;
    let mut pointed = false;
    let mut group = 0;
    let mut grouped = true;
    while let Some(c) = at(place) {
        match c {
            '0'..='9' => group += 1,
            '.' | ',' if digits_from(place + 1) > 0 => {
                pointed = true;
                group = 0;
            }
            // White space and apostrophes part thousands only: one to three digits before, exactly three behind.
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’'
                if !pointed && grouped && (1..=3).contains(&group) && digits_from(place + 1) == 3 =>
            {
                grouped = true;
                group = 0;
            }
            _ => break,
        }
        if group > 3 {
            grouped = false;
        }
        place += 1;
    }
    chars.get(place).map_or_else(|| text.len().min(chars.last().map_or(0, |(at, c)| at + c.len_utf8())), |(at, _)| *at)
}

/// Reads the text of one number, without sign or unit.
pub(super) fn read(text: &str, style: Style) -> Option<Number> {
    let plain: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    if plain.len() > MAX_DIGITS {
        return None;
    }
    let signs: Vec<char> = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    let groups: Vec<&str> = plain.split(['.', ',']).collect();
    let whole = |value: String| value.parse::<Decimal>().ok();
    let certain = |value: Option<Decimal>| value.map(|value| Number { value, alternative: None });
    let joined = || groups.concat();
    let thousands =
        groups.iter().skip(1).all(|group| group.len() == 3) && groups.first().is_some_and(|first| (1..=3).contains(&first.len()));
    match (signs.as_slice(), groups.as_slice()) {
        ([], _) => certain(whole(plain)),
        ([sign], [first, rest]) => {
            let decimal = whole(format!("{}.{rest}", if first.is_empty() { "0" } else { first }))?;
            if !thousands || first.starts_with('0') {
                return certain(Some(decimal));
            }
            let grouped = whole(joined())?;
            let point_is_decimal = match style.decimal {
                DecimalStyle::Point | DecimalStyle::Auto => *sign == '.',
                DecimalStyle::Comma => *sign == ',',
            };
            let (value, other) = if point_is_decimal { (decimal, grouped) } else { (grouped, decimal) };
            Some(Number { value, alternative: (!style.certain).then_some(other) })
        }
        (several, _) => {
            let last = several.last()?;
            if several.iter().all(|sign| sign == last) {
                return if thousands { certain(whole(joined())) } else { None };
            }
            // Two signs: the last one is the decimal sign and stands once, the groups before it are thousands.
            let (fraction, before) = groups.split_last()?;
            let sound =
                several.iter().filter(|sign| *sign == last).count() == 1 && before.iter().skip(1).all(|group| group.len() == 3);
            if sound { certain(whole(format!("{}.{fraction}", before.concat()))) } else { None }
        }
    }
}
