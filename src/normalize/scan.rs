//! Cuts a cell into numbers, words and signs, with their places in the raw text.

use super::{
    number::{self, Number, Style},
    text::is_unspaced,
};

/// Cells longer than this are prose, not a quantity.
pub(super) const MAX_CELL_BYTES: usize = 2_000;
const MAX_TOKENS: usize = 400;

/// What one piece of a cell is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// A number without its sign.
    Number(Number),
    /// Letters.
    Word,
    /// Anything else that is not white space.
    Sign(char),
}

/// A piece and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn is_sign(&self, signs: &[char]) -> bool {
        matches!(self.piece, Piece::Sign(sign) if signs.contains(&sign))
    }
}

/// Dashes that people use for minus and for "to".
pub(super) const DASHES: [char; 7] = ['-', '\u{2010}', '\u{2011}', '\u{2012}', '–', '—', '−'];

/// Cuts the text; numbers too long to be quantities become signs. A letter of a script that is written without spaces is a word by itself.
pub(super) fn tokens(text: &str, style: Style<'_>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity((text.len() / 3 + 2).min(MAX_TOKENS));
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && tokens.len() < MAX_TOKENS {
        let Some(byte) = bytes.get(at).copied() else { break };
        let next_is_digit = || bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        // ".5" is a number, but not in "1h,500lm" nor in "-20...50".
        let free = || {
            at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|before| {
                before.is_ascii_whitespace()
                    || matches!(before, b'(' | b'[' | b'-' | b'+' | b'~' | b'<' | b'>' | b'=' | b'/' | b'x' | b'*')
            })
        };
        if byte.is_ascii_digit() || (matches!(byte, b'.' | b',') && next_is_digit() && free()) {
            let rest = text.get(at..).unwrap_or_default();
            // "XP-G3 600 lm", "Mode 3 350 lm": a digit that names something begins no thousands.
            let counted = is_counted(text, &tokens, style);
            let names = counted || begins_behind_letter(text, at);
            let rest = if names { rest.split(char::is_whitespace).next().unwrap_or(rest) } else { rest };
            let (length, number) = number::scan(rest, style);
            let end = at + length;
            // "Stufe 1: 400 lm", "Mode 3 350 lm": it says which one.
            let piece = if counted && length <= 2 && is_ordinal(text.get(end..).unwrap_or_default()) {
                Piece::Word
            } else {
                number.map_or(Piece::Sign('#'), Piece::Number)
            };
            tokens.push(Token { piece, start: at, end });
            at = end;
            continue;
        }
        if byte.is_ascii_whitespace() || byte.is_ascii_control() {
            at += 1;
            continue;
        }
        if byte.is_ascii() && !byte.is_ascii_alphabetic() {
            tokens.push(Token { piece: Piece::Sign(char::from(byte)), start: at, end: at + 1 });
            at += 1;
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        let (piece, length) = if c.is_alphabetic() && !is_unspaced(c) {
            let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
            (Some(Piece::Word), end)
        } else if c.is_alphabetic() || c == 'ー' {
            (Some(Piece::Word), c.len_utf8())
        } else if number::is_vulgar(c) {
            let (length, number) = number::scan(rest, style);
            (number.map(Piece::Number), length)
        } else if c.is_whitespace() || c.is_control() || super::text::is_invisible(c) {
            (None, c.len_utf8())
        } else {
            (Some(Piece::Sign(c)), c.len_utf8())
        };
        if let Some(piece) = piece {
            tokens.push(Token { piece, start: at, end: at + length });
        }
        at += length.max(1);
    }
    tokens
}

/// Does a letter stand right before this place, perhaps with a hyphen between?
pub(super) fn begins_behind_letter(text: &str, at: usize) -> bool {
    let mut before = text.get(..at).unwrap_or_default().chars().rev();
    match before.next() {
        Some('-' | '\u{2010}' | '\u{2011}') => before.next().is_some_and(char::is_alphabetic),
        Some(c) => c.is_alphabetic() && !is_unspaced(c),
        None => false,
    }
}

/// Does the text behind a number say that it was one of several, and the amount is still to come?
fn is_ordinal(behind: &str) -> bool {
    let rest = behind.trim_start();
    let parted = rest.strip_prefix([':', ')']).or_else(|| rest.strip_prefix(DASHES).filter(|rest| rest.starts_with(' ')));
    let next = parted.unwrap_or(rest).trim_start();
    (parted.is_some() || rest.len() < behind.len()) && next.starts_with(|c: char| c.is_ascii_digit())
}

/// Is the word before one that is numbered?
fn is_counted(text: &str, tokens: &[Token], style: Style<'_>) -> bool {
    let last = tokens.last().filter(|token| token.piece == Piece::Word);
    last.and_then(|token| text.get(token.start..token.end)).is_some_and(|word| style.is_counted(word))
}

/// Does this stand inside a word: a letter, an accent, or a sign of Devanagari or Thai that is no letter?
fn in_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    (c.is_alphabetic() && !is_unspaced(c)) || matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{e47}'..='\u{e4e}')
}
