//! Money as suppliers write it: `R3 049.00`, `€ 1.299,00`, `29,95 kr`. The amount and, where the text says it, the currency.

use super::{
    DecimalStyle, Hints,
    number::Style,
    scan::{DASHES, Piece, Token, tokens},
};
use crate::dictionary::Dictionary;
use rust_decimal::Decimal;

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing, or a null word.
    #[error("no amount is given")]
    Empty,
    /// No number inside.
    #[error("'{0}' holds no number; write an amount such as 29.95")]
    NoNumber(String),
    /// More than one number.
    #[error("'{0}' holds several numbers; give one amount")]
    Several(String),
}

/// The text with a space between a letter and the digit behind it.
fn apart(text: &str) -> String {
    let mut parted = String::with_capacity(text.len() + 4);
    let mut letter = false;
    for sign in text.chars() {
        if letter && sign.is_ascii_digit() {
            parted.push(' ');
        }
        letter = sign.is_alphabetic();
        parted.push(sign);
    }
    parted
}

/// Reads an amount; the sign is kept. The currency is an ISO 4217 code.
///
/// One sign with three digits behind it parts thousands (`1.299` is no price with three decimals) unless the profile's decimal
/// style says otherwise.
pub fn parse_amount(dictionary: &Dictionary, raw: &str, hints: &Hints) -> Result<(Decimal, Option<String>), AmountError> {
    let shown = || raw.chars().take(60).collect::<String>();
    let text = raw.trim();
    if text.is_empty() || dictionary.words().is_null(text) {
        return Err(AmountError::Empty);
    }
    if text.len() > 200 || has_letter_for_digit(text) {
        return Err(AmountError::NoNumber(shown()));
    }
    // "R3 049.00": what stands before a number of money is its currency, and no name that the digit belongs to.
    let text = &apart(text);
    let pieces = tokens(text, Style::of(dictionary, hints));
    let numbers: Vec<usize> =
        pieces.iter().enumerate().filter(|(_, token)| matches!(token.piece, Piece::Number(_))).map(|(at, _)| at).collect();
    let place = match numbers.as_slice() {
        [] => return Err(AmountError::NoNumber(shown())),
        [place] => *place,
        _ => return Err(AmountError::Several(shown())),
    };
    let Some(Token { piece: Piece::Number(number), start, end }) = pieces.get(place) else {
        return Err(AmountError::NoNumber(shown()));
    };
    let mut amount = number.value;
    if hints.decimal == DecimalStyle::Auto
        && amount.scale() == 3
        && let Some(thousands) = number.alternative
    {
        amount = thousands;
    }
    let before = text.get(..*start).unwrap_or_default();
    let behind = text.get(*end..).unwrap_or_default();
    if before.trim_end().ends_with(DASHES)
        || before.trim_start().starts_with(DASHES)
        || (before.trim_end().ends_with('(') && behind.trim_start().starts_with(')'))
    {
        amount = -amount;
    }
    let sides = [behind, before].into_iter().flat_map(|side| {
        let bare =
            side.trim().trim_matches(|c: char| DASHES.contains(&c) || matches!(c, ',' | '.' | '(' | ')' | ':' | '+')).trim();
        std::iter::once(bare).chain(bare.split_whitespace())
    });
    let locale = hints.locale.as_deref();
    let currency =
        sides.filter(|side| !side.is_empty()).find_map(|side| dictionary.currency_for(side, locale)).map(str::to_owned);
    Ok((amount, currency))
}

/// Letters that are typed, or read by a scanner, in the place of 0 and 1; Cyrillic and Greek ones look the same.
const FOR_DIGITS: [char; 9] = ['O', 'o', 'l', 'I', '|', 'О', 'о', 'Ο', 'ο'];

/// Is a letter part of a number (`1O`, `2l`)? Read without it, ten would be one.
fn has_letter_for_digit(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '|';
    text.split(|c: char| !part(c)).any(|word| {
        word.contains(|c: char| c.is_ascii_digit())
            && word.contains(FOR_DIGITS)
            && word.chars().all(|c| c.is_ascii_digit() || FOR_DIGITS.contains(&c))
    })
}
