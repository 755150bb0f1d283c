//! Cuts a cell into numbers, words and signs, with their places in the raw text.

use super::number::{self, Number, Style};

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

/// Cuts the text; numbers too long to be quantities become signs.
pub(super) fn tokens(text: &str, style: Style) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        if tokens.len() >= MAX_TOKENS {
            break;
        }
        let next_is_digit = || rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        let (piece, length) = if c.is_ascii_digit() || (matches!(c, '.' | ',') && next_is_digit()) {
            let length = number::scan(rest).max(1);
            let number = rest.get(..length).and_then(|text| number::read(text, style));
            (Some(number.map_or(Piece::Sign('#'), Piece::Number)), length)
        } else if c.is_alphabetic() {
            (
                Some(Piece::Word),
                rest.find(|c: char| !(c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c))).unwrap_or(rest.len()),
            )
        } else if c.is_whitespace() || c.is_control() {
            (None, c.len_utf8())
        } else {
            (Some(Piece::Sign(c)), c.len_utf8())
        };
        if let Some(piece) = piece {
            tokens.push(Token { piece, start: at, end: at + length });
        }
        at += length;
    }
    tokens
}
