//! One part of a table that holds several whole rows: `Red 2 lm/30 h, White 400 lm/3 h`, `White: high 400 lm, low 5 lm`.

use super::{Hints, MAX_MODES, Part};
use crate::dictionary::Dictionary;

/// The rows of a part with several outputs, each with its own name, colour, time and distance; none unless every piece between two signs
/// belongs to one row without a doubt. What shares a unit (`400, 100, 10 lm`) does not.
pub(super) fn split(dictionary: &Dictionary, text: &str, whole: &Part, hints: &Hints) -> Option<Vec<Part>> {
    if whole.lumens.len() < 2 || whole.lumens.len() > MAX_MODES {
        return None;
    }
    let (color, body) = leading_color(dictionary, text);
    let mut rows: Vec<String> = Vec::new();
    let mut read: Vec<Part> = Vec::new();
    let mut waiting = String::new();
    for piece in pieces(body) {
        let own = Part::read(dictionary, piece, hints);
        let begins = !own.lumens.is_empty();
        match (begins, rows.last_mut()) {
            (true, _) => {
                rows.push(format!("{waiting}{piece}"));
                waiting.clear();
            }
            (false, Some(row)) => {
                row.push_str(", ");
                row.push_str(piece);
            }
            // "High, 400 lm": what stands before the first output is its name.
            (false, None) => {
                waiting.push_str(piece);
                waiting.push_str(", ");
            }
        }
    }
    for row in &rows {
        let mut part = Part::read(dictionary, row, hints);
        if part.lumens.len() != 1 || part.hours.len() > 1 || part.metres.len() > 1 {
            return None;
        }
        part.color = part.color.or_else(|| color.clone());
        part.unclear = whole.unclear;
        read.push(part);
    }
    let of = |list: fn(&Part) -> usize| read.iter().map(list).sum::<usize>();
    let same = read.len() == whole.lumens.len()
        && of(|part| part.hours.len()) == whole.hours.len()
        && of(|part| part.metres.len()) == whole.metres.len();
    // Either each row has its time or none has.
    let hours = of(|part| part.hours.len());
    (same && (hours == 0 || hours == read.len())).then_some(read)
}

/// The colour that a colon sets in front of all rows, and the rows.
fn leading_color<'t>(dictionary: &Dictionary, text: &'t str) -> (Option<String>, &'t str) {
    let Some((head, body)) = text.split_once(':') else { return (None, text) };
    if head.chars().any(|c| c.is_ascii_digit()) {
        return (None, text);
    }
    match super::name_of(dictionary, head, 1).1 {
        Some(color) => (Some(color), body),
        None => (None, text),
    }
}

/// What stands between signs; one between two digits is part of a number or a list.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, sign) in text.match_indices([',', '/', '+', '&', '、', '，']) {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + sign.len()..).unwrap_or_default();
        let number = digit(before.chars().next_back()) && digit(behind.chars().next());
        if !number {
            pieces.push(text.get(from..at).unwrap_or_default().trim());
            from = at + sign.len();
        }
    }
    pieces.push(text.get(from..).unwrap_or_default().trim());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
