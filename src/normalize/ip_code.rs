//! IP codes by IEC 60529: `IP` + solids 0-6 or X + water 0-9 or X (`9K` by ISO 20653). `waterproof` is a word, not a rating.

use super::{
    Hints, Reading, Status, Value, measure, range,
    text::{is_unspaced, key},
};
use crate::dictionary::{Attribute, Dictionary};
use regex::Regex;
use std::sync::LazyLock;

/// Latin letters and the Cyrillic ones that look the same, and what is typed for an I. What stands around a code is looked at by itself: the
/// letters of Chinese are no part of it.
static CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)([iі1l|])\.?[pр][\s\-–_.:]*([0-6xх×])[\s\-–]*([0-9xх×])(?:\s?([kк])(?:$|[^\p{L}]))?").ok());
static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)^\s*([0-6xх])([0-9])(k)?\s*$").ok());

/// Reads an IP code, and the depth or temperature that the same cell may state.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let Some(code) = CODE.as_ref() else {
        return Reading::rejected(attribute, "ip_code", "not_a_rating", "IP codes cannot be read.");
    };
    let mut ratings: Vec<(String, (usize, usize))> = Vec::new();
    let mut rest = raw.to_owned();
    let mut guessed = false;
    for found in code.captures_iter(raw).take(10) {
        let Some(whole) = found.get(0) else { continue };
        let joined = |c: char| c.is_alphanumeric() && !is_unspaced(c);
        let before = raw.get(..whole.start()).unwrap_or_default();
        if before.ends_with(joined)
            || raw.get(whole.end()..).is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_digit()))
            || is_denied(dictionary, before)
        {
            continue;
        }
        guessed |= found.get(1).is_some_and(|letter| matches!(letter.as_str(), "1" | "l" | "L" | "|"));
        rest = rest.replacen(whole.as_str(), " ", 1);
        if let Some(rating) =
            written(found.get(2).map_or("", |m| m.as_str()), found.get(3).map_or("", |m| m.as_str()), found.get(4).is_some())
            && !ratings.iter().any(|(known, _)| *known == rating)
        {
            ratings.push((rating, (whole.start(), whole.end())));
        }
    }
    if ratings.is_empty() {
        let bare = BARE.as_ref().and_then(|bare| bare.captures(raw));
        let rating = bare.and_then(|found| {
            written(found.get(1).map_or("", |m| m.as_str()), found.get(2).map_or("", |m| m.as_str()), found.get(3).is_some())
        });
        let Some(rating) = rating else {
            let message = "This is not an IP code; write it as IEC 60529 does, such as IPX4 or IP67. Words such as 'waterproof' say no rating.";
            return Reading::rejected(attribute, "ip_code", "not_a_rating", message);
        };
        let mut reading = Reading::accepted(attribute, "ip_code.bare", Value::text(rating), 60);
        let message = "The letters IP are missing; two digits were taken for an IP code.";
        reading.doubt("no_ip_letters", message.to_owned(), 50);
        return reading;
    }
    // IP66 says all that IPX6 says.
    let figures: Vec<(String, u32)> = ratings.iter().map(|(rating, _)| (rating.clone(), water(rating))).collect();
    ratings.retain(|(rating, _)| {
        !rating.starts_with("IPX") || !figures.iter().any(|(other, figure)| !other.starts_with("IPX") && *figure == water(rating))
    });
    // Water resistance decides between several; a body that is marked IP66 and IP68 has both.
    let best = ratings.iter().max_by_key(|(rating, _)| water(rating)).cloned();
    let Some((rating, span)) = best else {
        return Reading::rejected(attribute, "ip_code", "not_a_rating", "There is no IP code in this text.");
    };
    let mut reading = Reading::accepted(attribute, "ip_code", Value::text(rating), 98);
    reading.span = Some(span);
    if guessed {
        reading.doubt("look_alike", "Another sign stands where the I of IP belongs; it was read as one.".to_owned(), 60);
    }
    if ratings.len() > 1 {
        let all: Vec<&str> = ratings.iter().map(|(rating, _)| rating.as_str()).collect();
        reading.doubt(
            "several_ratings",
            format!("Several ratings are given ({}); the one with the highest water figure was kept.", all.join(", ")),
            60,
        );
    }
    for (sibling, temperature) in [("submersion_depth", false), ("operating_temperature", true)] {
        if !rest.chars().any(|c| c.is_ascii_digit()) {
            break;
        }
        let Some(sibling) = dictionary.attribute(sibling) else { continue };
        let other = if temperature {
            range::read(dictionary, sibling, &rest, hints)
        } else {
            measure::read(dictionary, sibling, &rest, hints)
        };
        // A figure of 7 or 8 is for lying in water; a lower one with a height is a lamp that was dropped.
        let wet = other.resolved_attribute != "submersion_depth"
            || reading.value.as_ref().and_then(Value::as_text).is_some_and(|code| water(code) >= 7);
        if wet
            && matches!(other.status, Status::Ok | Status::Doubtful)
            && !matches!(other.rule, "measure.bare")
            && (!temperature || rest.contains(['°', '℃']))
        {
            // The place counted in the rest of the cell is not one in the cell itself.
            reading.also.push(Reading { span: None, ..other });
        }
    }
    reading
}

/// Does what stands before it say that it is not so: "not IPX7"?
fn is_denied(dictionary: &Dictionary, before: &str) -> bool {
    let folded = key(before);
    let last = folded.rsplit(' ').next().unwrap_or_default();
    let words = dictionary.words();
    last.chars().count() >= 2 && (words.not.contains(last) || words.no.contains(last))
}

fn written(solids: &str, water: &str, k: bool) -> Option<String> {
    let digit = |text: &str| if matches!(text, "x" | "X" | "х" | "Х" | "×") { "X".to_owned() } else { text.to_owned() };
    let (solids, water) = (digit(solids), digit(water));
    if (solids == "X" && water == "X") || (k && water != "9") {
        return None;
    }
    Some(format!("IP{solids}{water}{}", if k { "K" } else { "" }))
}

fn water(rating: &str) -> u32 {
    rating.chars().nth(3).and_then(|c| c.to_digit(10)).unwrap_or(0)
}
