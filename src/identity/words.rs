//! A title in words: plain words, numbers, quantities with their unit, and the codes by which makers name their goods.
//!
//! Suppliers glue and part as they like (`STR-DG520`, `strdg520`; `8 GB`, `8gb`), so a quantity is written one way, a code is kept
//! without its signs, and neighbours are also known joined.

use super::rules::MatchRules;
use crate::normalize::text::key;
use std::borrow::Borrow;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Letters.
    Plain,
    /// A bare number.
    Number,
    /// A number with its unit, such as `8gb`.
    Quantity,
    /// Letters and digits together, or a long number: it may be a part number.
    Code,
}

/// A word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Lower-case Latin letters and digits, `.` between digits.
    pub text: String,
    /// What it is.
    pub sort: Sort,
    /// Did it stand right behind the word before, with a hyphen, slash or point between?
    pub glued: bool,
    /// Was it a number written with a point, such as `2.0`?
    pub decimal: bool,
}

/// Words of one text at most, and letters of a word.
const MAX_WORDS: usize = 80;
const MAX_LETTERS: usize = 60;

/// Cuts a text into words.
pub fn tokens(rules: &MatchRules, text: &str) -> Vec<Token> {
    measured(rules, pieces(text))
}

/// The codes among the words: mixed ones, long numbers, and what hyphens hold together.
pub fn codes<T: Borrow<Token>>(tokens: &[T]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    let mut add = |code: String| {
        if !codes.contains(&code) && codes.len() < 12 {
            codes.push(code);
        }
    };
    let mut at = 0;
    while at < tokens.len() {
        let run = tokens.iter().skip(at + 1).take_while(|next| (*next).borrow().glued).count();
        let parts = || tokens.get(at..=at + run).unwrap_or_default().iter().map(Borrow::borrow);
        if run > 0 && !parts().any(|part| part.sort == Sort::Quantity) {
            let whole: String = parts().flat_map(|part| part.text.chars()).filter(|c| c.is_alphanumeric()).collect();
            let digits = whole.chars().filter(char::is_ascii_digit).count();
            if digits > 0 && (4..=30).contains(&whole.len()) && (digits < whole.len() || digits >= 5) {
                add(whole);
            }
        }
        for part in parts().filter(|part| part.sort == Sort::Code && part.text.len() >= 3) {
            add(part.text.chars().filter(|c| c.is_alphanumeric()).collect());
        }
        at += run + 1;
    }
    codes
}

/// Runs of letters and digits, with what glues them.
fn pieces(text: &str) -> Vec<Token> {
    let mut pieces: Vec<Token> = Vec::new();
    let mut word = String::new();
    let mut glued = false;
    let mut signs = text.chars().peekable();
    let mut before = ' ';
    while let Some(sign) = signs.next() {
        let digit_after = signs.peek().is_some_and(char::is_ascii_digit);
        if sign.is_alphanumeric() || (('\u{300}'..='\u{36f}').contains(&sign) && !word.is_empty()) {
            if word.len() < MAX_LETTERS {
                word.push(sign);
            }
        } else if sign == '.' && before.is_ascii_digit() && digit_after && !word.contains('.') {
            word.push('.');
        } else if sign == ',' && before.is_ascii_digit() && digit_after {
            // 1,200: thousands are written without a sign here.
        } else {
            let inch =
                matches!(sign, '"' | '″' | '”') || (sign == '\'' && !signs.peek().is_some_and(|next| next.is_alphabetic()));
            let measured = inch && before.is_ascii_digit();
            push(&mut pieces, &mut word, glued);
            if measured {
                pieces.push(Token { text: "in".to_owned(), sort: Sort::Plain, glued: true, decimal: false });
            }
            glued = matches!(sign, '-' | '/' | '.' | '_' | '‐' | '–') && before.is_alphanumeric();
        }
        before = sign;
        if pieces.len() >= MAX_WORDS {
            break;
        }
    }
    push(&mut pieces, &mut word, glued);
    pieces
}

fn push(pieces: &mut Vec<Token>, word: &mut String, glued: bool) {
    if word.is_empty() {
        return;
    }
    let mut folded = std::mem::take(word);
    if folded.is_ascii() {
        folded.make_ascii_lowercase();
    } else {
        folded = key(&folded).split_whitespace().collect();
    }
    folded.truncate(folded.trim_end_matches('.').len());
    folded.drain(..folded.len() - folded.trim_start_matches('.').len());
    if !folded.is_empty() {
        let decimal = folded.contains('.');
        pieces.push(Token { text: folded, sort: Sort::Plain, glued, decimal });
    }
}

/// A number and the letters behind it: `8gb`, `21.5in`.
fn number_and_rest(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    (!number.is_empty() && number.starts_with(|c: char| c.is_ascii_digit())).then_some((number, rest))
}

/// Tells numbers, quantities and codes.
fn measured(rules: &MatchRules, pieces: Vec<Token>) -> Vec<Token> {
    let mut words = Vec::with_capacity(pieces.len());
    let mut pieces = pieces.into_iter().peekable();
    while let Some(mut piece) = pieces.next() {
        let Some((number, rest)) = number_and_rest(&piece.text) else {
            let mixed = piece.text.bytes().any(|b| b.is_ascii_digit());
            // `AA2.0` is a name and its version.
            if let Some(at) = piece.text.find('.').and_then(|point| name_end(&piece.text, point)) {
                let (name, version) = piece.text.split_at_checked(at).unwrap_or((&piece.text, ""));
                let version = Token { text: plain(version), sort: Sort::Number, glued: true, decimal: true };
                let sort = if name.bytes().any(|b| b.is_ascii_digit()) { Sort::Code } else { Sort::Plain };
                words.push(Token { text: name.to_owned(), sort, glued: piece.glued, decimal: false });
                words.push(version);
                continue;
            }
            piece.sort = if mixed { Sort::Code } else { Sort::Plain };
            words.push(piece);
            continue;
        };
        let unit = if rest.is_empty() { pieces.peek().map(|next| next.text.as_str()) } else { Some(rest) };
        if let Some((unit, times)) = unit.and_then(|unit| rules.unit(unit)) {
            if rest.is_empty() {
                pieces.next();
            }
            let text = format!("{}{unit}", scaled(number, times));
            // What stands before a unit is no part of a code.
            words.push(Token { text, sort: Sort::Quantity, glued: false, decimal: false });
            continue;
        }
        piece.sort = match rest.is_empty() {
            true if number.len() >= 5 && !number.contains('.') => Sort::Code,
            true => Sort::Number,
            false => Sort::Code,
        };
        // Zeros in front say nothing, but behind a hyphen they are part of a code.
        if rest.is_empty() && !piece.glued {
            piece.text = plain(number);
        }
        words.push(piece);
    }
    words
}

/// Where the letters end and a decimal version begins: `aa2.0` at 2.
fn name_end(text: &str, point: usize) -> Option<usize> {
    let head = text.get(..point)?;
    let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let name = head.len() - digits;
    let tail = text.get(point + 1..)?;
    (digits > 0 && name > 1 && !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit())).then_some(name)
}

/// `07.50` as `7.5`.
fn plain(number: &str) -> String {
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    let bare = number.trim_start_matches('0');
    if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() }
}

fn scaled(number: &str, times: u32) -> String {
    match number.parse::<u64>() {
        Ok(whole) if times > 1 => whole.saturating_mul(u64::from(times)).to_string(),
        _ => plain(number),
    }
}

/// A stable 64-bit hash (FNV-1a with a final mix): it may be stored.
pub fn hash(parts: &[&str]) -> u64 {
    hash_of(parts.iter().flat_map(|part| part.bytes().chain([0xff])))
}

/// The [`hash`] of two neighbours' letters and digits in one word.
pub fn hash_joined(left: &str, right: &str) -> u64 {
    if left.is_ascii() && right.is_ascii() {
        let bytes = left.bytes().chain(right.bytes()).filter(u8::is_ascii_alphanumeric);
        return hash_of(bytes.chain([0xff]));
    }
    let whole: String = left.chars().chain(right.chars()).filter(|c| c.is_alphanumeric()).collect();
    hash(&[&whole])
}

fn hash_of(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}
