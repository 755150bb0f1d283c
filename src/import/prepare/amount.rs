//! Numbers of prices and stock: exact, in either decimal style, never guessed.

use crate::normalize::DecimalStyle;
use rust_decimal::Decimal;

/// Why a text is no single number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoNumber {
    /// No digit in it.
    Words,
    /// Several numbers.
    Several,
    /// `1.234` may be either; the profile has to say `decimal`.
    Ambiguous,
    /// Too many digits, or signs in impossible places.
    Unreadable,
}

/// The one number in the text; what stands around it may be words, no digits.
pub(crate) fn number(text: &str, style: DecimalStyle) -> Result<Decimal, NoNumber> {
    let text: String = text.chars().take(200).collect();
    let start = text.find(|sign: char| sign.is_ascii_digit()).ok_or(NoNumber::Words)?;
    let (before, rest) = text.split_at(start);
    let length = rest.char_indices().find(|(at, sign)| !belongs(rest, *at, *sign)).map_or(rest.len(), |(at, _)| at);
    let (digits, after) = rest.split_at(length);
    if after.chars().any(|sign| sign.is_ascii_digit()) {
        return Err(NoNumber::Several);
    }
    let compact: String = digits.chars().filter(|sign| sign.is_ascii_digit() || matches!(sign, '.' | ',')).collect();
    let compact = compact.trim_end_matches(['.', ',']);
    let before = before.trim_end_matches(|sign: char| sign.is_whitespace() || matches!(sign, '€' | '$' | '£'));
    let leading = before.ends_with(['.', ',']);
    let plain = plain(compact, style)?;
    let amount: Decimal = if leading { format!("0.{plain}").parse() } else { plain.parse() }.map_err(|_| NoNumber::Unreadable)?;
    // "12-" is how some accounting programs write a negative number; "12,-" is a price without cents.
    let trailing = after.trim() == "-" && !digits.ends_with(['.', ',']);
    let negative = before.ends_with(['-', '−', '–']) || trailing || (before.ends_with('(') && after.starts_with(')'));
    Ok(if negative { -amount } else { amount })
}

/// Does this sign go on with the number? A space or apostrophe does only before a group of three digits.
fn belongs(text: &str, at: usize, sign: char) -> bool {
    match sign {
        '0'..='9' | '.' | ',' => true,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' => {
            let next: String = text.get(at + sign.len_utf8()..).unwrap_or_default().chars().take(4).collect();
            let three = next.chars().take(3).filter(char::is_ascii_digit).count() == 3;
            let before = text.get(..at).and_then(|text| text.chars().next_back()).is_some_and(|sign| sign.is_ascii_digit());
            three && before && !next.chars().nth(3).is_some_and(|sign| sign.is_ascii_digit())
        }
        _ => false,
    }
}

/// Digits with at most one point.
fn plain(digits: &str, style: DecimalStyle) -> Result<String, NoNumber> {
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let decimal = match (points, commas) {
        (0, 0) => return Ok(digits.to_owned()),
        (_, 0) => one_sign(digits, '.', points, style == DecimalStyle::Comma, style == DecimalStyle::Point)?,
        (0, _) => one_sign(digits, ',', commas, style == DecimalStyle::Point, style == DecimalStyle::Comma)?,
        (_, _) => {
            // The last one divides, the other groups.
            let last = if digits.rfind('.') > digits.rfind(',') { '.' } else { ',' };
            if digits.matches(last).count() > 1 {
                return Err(NoNumber::Unreadable);
            }
            Some(last)
        }
    };
    let Some(decimal) = decimal else { return grouped(digits) };
    let (whole, part) = digits.rsplit_once(decimal).ok_or(NoNumber::Unreadable)?;
    Ok(format!("{}.{part}", grouped(whole)?))
}

/// Does the only kind of sign in the digits divide (`Some`) or group (`None`)?
fn one_sign(digits: &str, sign: char, count: usize, groups: bool, divides: bool) -> Result<Option<char>, NoNumber> {
    if count > 1 {
        return Ok(None);
    }
    if divides {
        return Ok(Some(sign));
    }
    let (whole, part) = digits.split_once(sign).ok_or(NoNumber::Unreadable)?;
    let may_group = part.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    match (may_group, groups) {
        (true, true) => Ok(None),
        (true, false) => Err(NoNumber::Ambiguous),
        (false, _) => Ok(Some(sign)),
    }
}

/// Takes the signs out of groups of three.
fn grouped(digits: &str) -> Result<String, NoNumber> {
    let mut groups = digits.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    if !rest.is_empty() && (first.len() > 3 || rest.iter().any(|group| group.len() != 3)) {
        return Err(NoNumber::Unreadable);
    }
    Ok(format!("{first}{}", rest.concat()))
}
