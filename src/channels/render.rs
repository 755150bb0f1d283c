//! From raw values to what stands in the file: one [`Render`] per field, then its limits.

use super::extract::Raw;
use super::link;
use super::profile::{Field, Render, TooLong};
use super::text;
use super::words::Words;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One value of one field as it stands in the file, not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A text.
    Text(String),
    /// Parts in the order of the field's `parts`; an empty one is left out.
    Parts(Vec<String>),
}

impl<'de> Deserialize<'de> for Cell {
    /// In one pass: a million rows are read for a feed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrParts)
    }
}

impl Cell {
    /// The name of this fact, if its value is that text.
    pub fn name_of(&self, value: &Cell) -> Option<&str> {
        match (self, value) {
            (Self::Parts(parts), Self::Text(value)) => match parts.as_slice() {
                [_, name, of] if of == value && !name.is_empty() => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

struct TextOrParts;

impl<'de> Visitor<'de> for TextOrParts {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or its parts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Cell, E> {
        Ok(Cell::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Cell, A::Error> {
        let mut all = Vec::with_capacity(parts.size_hint().unwrap_or(3));
        while let Some(part) = parts.next_element()? {
            all.push(part);
        }
        Ok(Cell::Parts(all))
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Longer than allowed, and the field must not be cut.
    TooLong {
        /// Characters it has.
        length: usize,
    },
    /// Longer than allowed, and cut.
    Cut {
        /// Characters it has.
        length: usize,
    },
    /// Longer than allowed, and left out.
    Dropped {
        /// Characters it has.
        length: usize,
    },
    /// Shorter than allowed.
    TooShort,
    /// Not one of the channel's values.
    NotAllowed(String),
    /// A code that the field's map has no word for.
    NotMapped(String),
    /// A number below or above what is allowed.
    OutOfRange(String),
    /// Not a valid GTIN.
    Gtin(String),
    /// Not an address.
    Url(String),
    /// An address that does not begin with https.
    NotHttps(String),
    /// An address with another ending than the channel reads.
    Ending(String),
    /// A unit that does not convert.
    Unit(String),
}

/// Renders the values of one field. A value with a fault is left out or cut; the faults say why.
pub fn render(field: &Field, values: Vec<Raw>, words: &dyn Words) -> (Vec<Cell>, Vec<Fault>) {
    let mut cells = Vec::new();
    let mut faults = Vec::new();
    let mut take = |rendered: Result<Limited, Fault>| {
        let (cell, fault) = match rendered {
            Ok(Limited { cell, fault }) => (cell, fault),
            Err(fault) => (None, Some(fault)),
        };
        cells.extend(cell.filter(|cell| !cells.contains(cell)));
        faults.extend(fault);
    };
    // An outsider's list may be long; what comes after the last value that could be written is not even looked at.
    let many = field.max_count.saturating_mul(4).max(64);
    if let Some(joiner) = &field.joiner {
        let written: Vec<String> = values
            .into_iter()
            .take(many)
            .filter_map(|value| write(field, value, words).ok())
            .filter(|text| !text.is_empty())
            .collect();
        take(limit(field, written.join(joiner)));
    } else {
        for value in values.into_iter().take(many) {
            take(match value {
                Raw::Fact(parts) => Ok(Limited { cell: fact(field, parts), fault: None }),
                value => write(field, value, words).and_then(|text| limit(field, text)),
            });
        }
    }
    cells.truncate(field.max_count);
    if cells.len() < field.min_count {
        cells.clear();
    }
    (cells, faults)
}

fn fact(field: &Field, parts: [String; 3]) -> Option<Cell> {
    let fits = |part: &String| field.max_length.is_none_or(|max| part.chars().count() <= max);
    if field.parts.is_empty() {
        let [_, name, value] = parts;
        return Some(Cell::Text(text::line(&format!("{name}: {value}"))));
    }
    let parts: Vec<String> = parts.iter().map(|part| text::line(part)).collect();
    parts.iter().all(fits).then_some(Cell::Parts(parts))
}

fn write(field: &Field, value: Raw, words: &dyn Words) -> Result<String, Fault> {
    let number = |raw: &Raw| match raw {
        Raw::Number(number) => Ok(*number),
        Raw::Money(money) => Ok(money.amount()),
        Raw::Measure(amount, unit) => match field.unit.as_deref() {
            Some(wanted) => words.convert(*amount, unit, wanted).ok_or_else(|| Fault::Unit(unit.clone())),
            None => Ok(*amount),
        },
        Raw::Text(text) => text.parse().map_err(|_| Fault::NotAllowed(text.clone())),
        Raw::Fact(_) => Err(Fault::NotAllowed(String::new())),
    };
    Ok(match field.render {
        Render::Text => text::line(&text::without_html(&plain(value))),
        Render::Plain => text::without_html(&plain(value)),
        Render::Html => {
            let html = plain(value);
            if text::looks_like_html(&html) { text::line(&html) } else { text::to_html(&html) }
        }
        Render::Money => match value {
            Raw::Money(money) => money.to_string(),
            other => return Err(Fault::NotAllowed(plain(other))),
        },
        Render::Decimal => match value {
            Raw::Money(money) => money.amount().to_string(),
            other => number(&other)?.normalize().to_string(),
        },
        Render::MinorUnits => match value {
            Raw::Money(money) => money.minor.to_string(),
            other => return Err(Fault::NotAllowed(plain(other))),
        },
        Render::Measure => {
            let unit = field.unit.as_deref().unwrap_or_default();
            format!("{} {unit}", digits(number(&value)?))
        }
        Render::Number => digits(number(&value)?),
        Render::Integer => {
            let whole = number(&value)?.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            whole.normalize().to_string()
        }
        Render::Gtin => {
            let gtin = plain(value);
            gtin_text(&gtin).ok_or(Fault::Gtin(gtin))?
        }
        Render::Map => {
            let code = plain(value);
            let word = field.map.get(&code).or_else(|| field.map.get("*"));
            let left_out = || field.omit.iter().any(|omitted| *omitted == code || omitted == "*").then(String::new);
            word.cloned().or_else(left_out).ok_or(Fault::NotMapped(code))?
        }
        Render::Url => {
            let url = plain(value);
            let address = link::address(&url).ok_or(Fault::Url(url))?;
            if field.https && !address.starts_with("https://") {
                return Err(Fault::NotHttps(address));
            }
            let ends =
                |ending: &String| address.len() > ending.len() && address.to_ascii_lowercase().ends_with(&format!(".{ending}"));
            if !field.endings.is_empty() && !field.endings.iter().any(ends) {
                return Err(Fault::Ending(address));
            }
            address
        }
    })
}

/// Channels read at most four decimals.
fn digits(number: Decimal) -> String {
    number.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero).normalize().to_string()
}

fn plain(value: Raw) -> String {
    match value {
        Raw::Text(text) => text,
        Raw::Money(money) => money.to_string(),
        Raw::Number(number) => number.normalize().to_string(),
        Raw::Measure(amount, unit) => format!("{} {unit}", text::said(amount)),
        Raw::Fact([_, name, value]) => format!("{name}: {value}"),
    }
}

/// A GTIN without the zeros that fill it up to 14 digits; none when its check digit is wrong.
fn gtin_text(gtin: &str) -> Option<String> {
    if gtin.len() > 14 || gtin.len() < 8 || !check_digit_fits(gtin) {
        return None;
    }
    let bare = gtin.trim_start_matches('0');
    let width = [8, 12, 13, 14].into_iter().find(|width| bare.len() <= *width)?;
    Some(format!("{bare:0>width$}"))
}

/// GS1's check digit: weights 3 and 1 from the right, a multiple of ten in all.
fn check_digit_fits(gtin: &str) -> bool {
    let sum: Option<u32> = gtin
        .chars()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit.to_digit(10).map(|digit| digit * weight))
        .sum();
    sum.is_some_and(|sum| sum % 10 == 0)
}

/// A value within the field's limits, and what had to be done for it.
struct Limited {
    cell: Option<Cell>,
    fault: Option<Fault>,
}

fn limit(field: &Field, written: String) -> Result<Limited, Fault> {
    let length = written.chars().count();
    if length == 0 || field.omit.contains(&written) {
        return Ok(Limited { cell: None, fault: None });
    }
    if !field.allowed.is_empty() && !field.allowed.contains(&written) {
        return Err(Fault::NotAllowed(written));
    }
    if field.min.is_some() || field.max.is_some() {
        let number = written.split(' ').next().and_then(|number| number.parse::<Decimal>().ok());
        let fits = |number: Decimal| field.min.is_none_or(|min| number >= min) && field.max.is_none_or(|max| number <= max);
        if !number.is_some_and(fits) {
            return Err(Fault::OutOfRange(written));
        }
    }
    if field.min_length.is_some_and(|min| length < min) {
        return Err(Fault::TooShort);
    }
    let max = field.max_length.unwrap_or(usize::MAX);
    let max_bytes = field.max_bytes.unwrap_or(usize::MAX);
    if length <= max && written.len() <= max_bytes {
        return Ok(Limited { cell: Some(Cell::Text(written)), fault: None });
    }
    match field.on_too_long {
        TooLong::Block => Err(Fault::TooLong { length }),
        TooLong::Drop => Err(Fault::Dropped { length }),
        TooLong::Cut => {
            let cell = shorten(field.render == Render::Html, &written, max, max_bytes);
            Ok(Limited { cell, fault: Some(Fault::Cut { length }) })
        }
    }
}

/// At whole words.
fn shorten(html: bool, written: &str, max: usize, max_bytes: usize) -> Option<Cell> {
    let max = max.min(max_bytes);
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= max && text.len() <= max_bytes;
    // Cut as text, because half a tag breaks the page; escaping and letters of several bytes make it longer again, hence the next tries.
    let plain = if html { text::without_html(written) } else { written.to_owned() };
    let lengths = [max, max / 2, max / 3, max / 4, max / 8];
    let cut = lengths.into_iter().map(|max| text::cut(&plain, max));
    let cut = cut.map(|text| if html { text::to_html(text) } else { text.to_owned() });
    cut.into_iter().find(fits).map(Cell::Text)
}
