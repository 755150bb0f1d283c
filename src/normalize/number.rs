//! Numbers as people write them: `1,234.5`, `1.234,5`, `3 049.00`, `1'299`, `,5`, `1 3/4`, `11-1/2`, `2½`, `4e3`. Exact, never a float.
//!
//! One sign with three digits behind it says two things (`1.200`). The profile's style decides; else the locale's, and the other
//! reading is kept as [`Number::alternative`] for a rule that knows which amounts are usual.

use super::{DecimalStyle, Hints};
use crate::dictionary::{Dictionary, Numerals};
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
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    decimal: DecimalStyle,
    certain: bool,
    numerals: &'a Numerals,
}

impl<'a> Style<'a> {
    /// The profile's style, else the locale's, else none.
    pub fn of(dictionary: &'a Dictionary, hints: &Hints) -> Self {
        let numerals = dictionary.numerals();
        if hints.decimal != DecimalStyle::Auto {
            return Self { decimal: hints.decimal, certain: true, numerals };
        }
        let Some(tag) = hints.locale.as_deref() else { return Self { decimal: DecimalStyle::Auto, certain: false, numerals } };
        let own = dictionary.locale(tag).and_then(|words| words.decimal);
        let style = own.or_else(|| numerals.of(Some(tag)).decimal());
        Self { decimal: style.unwrap_or_default(), certain: false, numerals }
    }

    /// Does the number behind this word count it?
    pub(super) fn is_counted(&self, word: &str) -> bool {
        self.numerals.is_counted(word)
    }
}

/// More digits than this are no quantity, and would not fit a decimal.
const MAX_DIGITS: u32 = 24;
/// Groups that a sign or space parts one number into.
const MAX_GROUPS: usize = 12;

/// The digits of a number, their groups and the signs between them.
#[derive(Default)]
struct Digits {
    mantissa: u128,
    count: u32,
    /// Digits in each group; groups that white space or an apostrophe joins are one.
    groups: [u8; MAX_GROUPS],
    /// `.` or `,` before the group of the same place.
    signs: [u8; MAX_GROUPS],
    last: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.count = self.count.saturating_add(1);
        if self.count <= MAX_DIGITS {
            self.mantissa = self.mantissa * 10 + u128::from(digit - b'0');
        }
        if let Some(group) = self.groups.get_mut(self.last) {
            *group = group.saturating_add(1);
        }
    }

    fn size(&self, group: usize) -> u8 {
        self.groups.get(group).copied().unwrap_or(0)
    }
}

/// The number at the start of `text`, which begins with a digit, a point before one, or a fraction such as `½`: its length in bytes, and
/// its value where it has one.
pub(super) fn scan(text: &str, style: Style<'_>) -> (usize, Option<Number>) {
    let bytes = text.as_bytes();
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    if let Some((value, length)) = vulgar(text) {
        return (length, Some(Number { value, alternative: None }));
    }
    let mut digits = Digits::default();
    let mut place = 0;
    // Where the first group ends, for a row of numbers that only looks like one number in groups.
    let mut first_gap = None;
    while place < 60 {
        let byte = at(place);
        if byte.is_ascii_digit() {
            digits.push(byte);
            place += 1;
            continue;
        }
        if matches!(byte, b'.' | b',') && at(place + 1).is_ascii_digit() {
            if digits.last + 1 >= MAX_GROUPS {
                return (place.max(1), None);
            }
            digits.last += 1;
            if let Some(sign) = digits.signs.get_mut(digits.last) {
                *sign = byte;
            }
            place += 1;
            continue;
        }
        // White space and apostrophes part thousands only: one to three digits before, exactly three behind.
        let gap = gap(bytes, place);
        let before_is_group = if first_gap.is_none() { (1..=3).contains(&digits.size(0)) } else { true };
        if gap == 0 || digits.last > 0 || !before_is_group {
            break;
        }
        let three = (0..3).all(|ahead| at(place + gap + ahead).is_ascii_digit()) && !at(place + gap + 3).is_ascii_digit();
        if !three {
            break;
        }
        first_gap.get_or_insert((place, digits.mantissa, digits.count));
        place += gap;
    }
    if let Some((end, mantissa, count)) = first_gap
        && digits.last == 0
        && at(place) == b' '
        && at(place + 1).is_ascii_digit()
        && !fraction_follows(bytes, place + 1)
    {
        // "520 210 70 lm" lists three numbers: the row goes on with what is no group.
        digits = Digits { mantissa, count, ..Digits::default() };
        place = end;
        first_gap = None;
    }
    let number = value(&digits, style);
    let Some(number) = number else { return (place.max(1), None) };
    let mixed = (digits.last == 0 && first_gap.is_none()).then(|| mixed(text, bytes, place, digits.mantissa)).flatten();
    if let Some((value, end)) = mixed {
        return (end, Some(Number { value, alternative: None }));
    }
    match exponent(bytes, place) {
        Some((power, end)) => match raise(number.value, power) {
            Some(value) => (end, Some(Number { value, alternative: None })),
            None => (end, None),
        },
        None => (place, Some(number)),
    }
}

/// Bytes of the white space or apostrophe at this place that may part thousands.
fn gap(bytes: &[u8], place: usize) -> usize {
    match bytes.get(place..) {
        Some([b' ' | b'\'', ..]) => 1,
        Some([0xc2, 0xa0, ..]) => 2,
        // The narrow, thin and figure space, and the typographic apostrophe.
        Some([0xe2, 0x80, 0xaf | 0x87 | 0x89 | 0x99, ..]) => 3,
        _ => 0,
    }
}

fn value(digits: &Digits, style: Style<'_>) -> Option<Number> {
    if digits.count > MAX_DIGITS || digits.count == 0 {
        return None;
    }
    let of = |scale: u8| {
        let mantissa = i128::try_from(digits.mantissa).ok()?;
        Decimal::try_from_i128_with_scale(mantissa, u32::from(scale)).ok()
    };
    let certain = |value: Option<Decimal>| value.map(|value| Number { value, alternative: None });
    let signs = digits.signs.get(1..=digits.last).unwrap_or_default();
    let behind = digits.groups.get(1..=digits.last).unwrap_or_default();
    let thousands = behind.iter().all(|size| *size == 3) && (1..=3).contains(&digits.size(0));
    match signs {
        [] => certain(of(0)),
        [sign] => {
            let decimal = of(digits.size(1))?;
            let first_is_zero = {
                let whole = u32::from(digits.size(1));
                10_u128.checked_pow(whole).is_some_and(|power| digits.mantissa / power == 0)
            };
            if !thousands || first_is_zero {
                return certain(Some(decimal));
            }
            let grouped = of(0)?;
            let point_is_decimal = match style.decimal {
                DecimalStyle::Point | DecimalStyle::Auto => *sign == b'.',
                DecimalStyle::Comma => *sign == b',',
            };
            let (value, other) = if point_is_decimal { (decimal, grouped) } else { (grouped, decimal) };
            Some(Number { value, alternative: (!style.certain).then_some(other) })
        }
        several => {
            let last = several.last()?;
            if several.iter().all(|sign| sign == last) {
                return if thousands { certain(of(0)) } else { None };
            }
            // Two signs: the last one is the decimal sign and stands once, the groups before it are thousands.
            let (fraction, before) = behind.split_last()?;
            let sound =
                several.iter().position(|sign| sign == last) == Some(several.len() - 1) && before.iter().all(|size| *size == 3);
            if sound { certain(of(*fraction)) } else { None }
        }
    }
}

/// `1/4`, or a fraction behind a whole number: `1 3/4`, `11-1/2`, `2½`. Only halves to sixty-fourths, thirds, fifths and the like, so that
/// a list such as `3/7 h` stays a list.
fn mixed(text: &str, bytes: &[u8], place: usize, whole: u128) -> Option<(Decimal, usize)> {
    let whole_part = Decimal::from(u64::try_from(whole).ok()?);
    let rest = text.get(place..)?;
    let spaced = rest.strip_prefix([' ', '-', '\u{2011}', '–', '\u{2064}']).unwrap_or(rest);
    let skipped = rest.len() - spaced.len();
    if let Some((part, length)) = vulgar(spaced) {
        return Some((whole_part.checked_add(part)?, place + skipped + length));
    }
    if bytes.get(place) == Some(&b'/') {
        let (bottom, end) = small(bytes, place + 1)?;
        let value = sound(bytes, u64::try_from(whole).ok()?, bottom, end)?;
        return Some((value, end));
    }
    if skipped == 0 {
        return None;
    }
    let start = place + skipped;
    let (top, slash) = small(bytes, start)?;
    if bytes.get(slash) != Some(&b'/') {
        return None;
    }
    let (bottom, end) = small(bytes, slash + 1)?;
    let part = sound(bytes, top, bottom, end)?;
    Some((whole_part.checked_add(part)?, end))
}

fn fraction_follows(bytes: &[u8], start: usize) -> bool {
    small(bytes, start).is_some_and(|(_, slash)| bytes.get(slash) == Some(&b'/') && small(bytes, slash + 1).is_some())
}

/// A whole number of one or two digits, and where it ends.
fn small(bytes: &[u8], start: usize) -> Option<(u64, usize)> {
    let digits = bytes.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    let value = bytes.get(start..start + digits)?.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some((value, start + digits))
}

fn sound(bytes: &[u8], top: u64, bottom: u64, end: usize) -> Option<Decimal> {
    let usual =
        matches!(bottom, 2 | 4 | 8 | 16 | 32 | 64) && top % 2 == 1 || matches!(bottom, 3 | 5) || (bottom == 10 && top % 2 == 1);
    let ends =
        !matches!(bytes.get(end), Some(b'/' | b'0'..=b'9')) && !matches!(bytes.get(end..), Some([b'.' | b',', b'0'..=b'9', ..]));
    (usual && ends && top > 0 && top < bottom).then(|| Decimal::from(top).checked_div(Decimal::from(bottom))).flatten()
}

/// A fraction in one sign, and its length.
fn vulgar(text: &str) -> Option<(Decimal, usize)> {
    let sign = text.chars().next().filter(|c| !c.is_ascii())?;
    let (top, bottom) = match sign {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅖' => (2, 5),
        '⅗' => (3, 5),
        '⅘' => (4, 5),
        '⅙' => (1, 6),
        '⅚' => (5, 6),
        '⅛' => (1, 8),
        '⅜' => (3, 8),
        '⅝' => (5, 8),
        '⅞' => (7, 8),
        _ => return None,
    };
    Some((Decimal::from(top).checked_div(Decimal::from(bottom))?, sign.len_utf8()))
}

/// Is this a fraction in one sign?
pub(super) fn is_vulgar(c: char) -> bool {
    matches!(c, '¼'..='¾' | '⅓'..='⅞')
}

/// `4e14`, `5E-1`, `1.10*10**-5`, `8.2x10^1`: the power of ten, and where it ends.
fn exponent(bytes: &[u8], place: usize) -> Option<(i32, usize)> {
    let rest = bytes.get(place..)?;
    let (mut at, marked) = match rest {
        [b'e' | b'E', ..] => (place + 1, true),
        [b'x' | b'*', b'1', b'0', ..] => (place + 3, false),
        [0xc3, 0x97, b'1', b'0', ..] | [0xc2, 0xb7, b'1', b'0', ..] => (place + 4, false),
        _ => return None,
    };
    let mut marked = marked;
    match bytes.get(at..)? {
        [b'^', ..] => {
            at += 1;
            marked = true;
        }
        [b'*', b'*', ..] => {
            at += 2;
            marked = true;
        }
        _ => {}
    }
    let mut minus = false;
    match bytes.get(at..)? {
        [b'+', ..] => {
            at += 1;
            marked = true;
        }
        [b'-', ..] => {
            (at, minus, marked) = (at + 1, true, true);
        }
        _ => {}
    }
    let (power, end) = small(bytes, at).filter(|_| marked)?;
    if bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let power = i32::try_from(power).ok()?;
    Some((if minus { -power } else { power }, end))
}

fn raise(value: Decimal, power: i32) -> Option<Decimal> {
    let ten = |power: u32| Decimal::try_from_i128_with_scale(10_i128.checked_pow(power)?, 0).ok();
    let size = power.unsigned_abs();
    if size > 27 {
        return None;
    }
    if power >= 0 { value.checked_mul(ten(size)?) } else { value.checked_div(ten(size)?) }
}
