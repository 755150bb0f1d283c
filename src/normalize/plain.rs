//! Values that are mostly text: names, lists of texts, brands, GTINs.

use super::{
    Hints, MAX_ITEMS, Reading, Status, Value, names, select,
    text::{clean_line, key},
};
use crate::{
    dictionary::{Attribute, Dictionary},
    normalize::gtin::{GtinStatus, canonicalise},
};

/// One clean line of at most the attribute's length.
pub(super) fn text(attribute: &Attribute, raw: &str) -> Reading {
    let mut line = clean_line(&strip_tags(raw));
    if let Some(bare) = without_lead(attribute, &line) {
        line = bare;
    }
    if !line.chars().any(char::is_alphanumeric) {
        return Reading::rejected(attribute, "text", "no_text", "No letter or digit stands in this text.");
    }
    if let Some(message) = too_long(attribute, &line) {
        return Reading::rejected(attribute, "text", "too_long", message);
    }
    Reading::accepted(attribute, "text", Value::text(line), 95)
}

/// What follows a phrase that is no part of the value: the country behind "Made in".
fn without_lead(attribute: &Attribute, line: &str) -> Option<String> {
    let folded = line.to_lowercase();
    let lead = |phrase: &String| {
        let rest = folded.strip_prefix(phrase.as_str())?;
        let gap = rest.find(|c: char| c.is_alphanumeric())?;
        // What is cut off the folded line is as long in the line itself, or nothing is cut.
        let cut = line.len().checked_sub(rest.len())?.checked_add(gap)?;
        let bare = line.get(cut..).filter(|bare| gap > 0 && folded.len() == line.len() && bare.len() + gap == rest.len())?;
        Some(bare.trim_end_matches(['.', ' ']).to_owned())
    };
    attribute.lead.iter().filter_map(lead).min_by_key(String::len)
}

/// Several texts, parted by line ends, bars or semicolons; by commas only when nothing else parts them.
pub(super) fn list(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let strong: Vec<&str> = raw.split(['|', ';', '\n', '•']).collect();
    let parts: Vec<&str> = if strong.len() > 1 || attribute.localized { strong } else { raw.split(',').collect() };
    // "no" under approvals says that there is none, "yes" does not say which.
    let words = dictionary.words();
    let answer = key(raw.rsplit(':').next().unwrap_or(raw));
    if !attribute.localized && words.no.contains(&answer) {
        return Reading::empty(attribute);
    }
    if !attribute.localized && words.yes.contains(&answer) {
        return Reading::rejected(attribute, "text_list", "only_yes", "Yes alone does not say which; name it.");
    }
    let mut items: Vec<String> = Vec::new();
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty() && !part.starts_with("//")).take(MAX_ITEMS) {
        let line = clean_line(&strip_tags(part));
        if line.is_empty() || dictionary.words().is_null(&line) || items.contains(&line) {
            continue;
        }
        if let Some(message) = too_long(attribute, &line) {
            return Reading::rejected(attribute, "text_list", "too_long", message);
        }
        items.push(line);
    }
    if items.is_empty() {
        return Reading::rejected(attribute, "text_list", "no_text", "No text is left in this list.");
    }
    let mut reading = Reading::accepted(attribute, "text_list", Value::List(items), 90);
    if !attribute.makers.is_empty() {
        names::put_right(attribute, &mut reading);
        reading.also = names::facts(dictionary, raw, hints);
    }
    reading
}

/// A brand: the dictionary's own spelling where it is known, else the text as it stands.
pub(super) fn reference(dictionary: &Dictionary, attribute: &Attribute, raw: &str) -> Reading {
    let bare = without_lead(attribute, raw);
    let raw = bare.as_deref().unwrap_or(raw);
    if let Some(brand) = dictionary.brand(raw) {
        return Reading::accepted(attribute, "brand", Value::text(&brand.name), 98);
    }
    let mut known: Vec<&str> =
        select::parts(raw).filter_map(|part| dictionary.brand(part)).map(|brand| brand.name.as_str()).collect();
    known.dedup();
    if let [first, second, ..] = known.as_slice() {
        let message = format!("Two brands are named, {first} and {second}; keep the right one.");
        return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "brand.part", "several_brands", message) };
    }
    let head = select::parts(raw).next().unwrap_or(raw);
    let without_bracket = raw.split(['(', '[']).next().unwrap_or(raw);
    for part in [head, without_bracket] {
        if let Some(brand) = dictionary.brand(part) {
            return Reading::accepted(attribute, "brand.part", Value::text(&brand.name), 80);
        }
    }
    let mut reading = text(attribute, raw);
    if reading.value.is_some() {
        (reading.rule, reading.confidence) = ("brand.new", 70);
        if let Some(near) = dictionary.near_brand(raw) {
            let message =
                format!("This brand is not known, and {} is spelt almost like it; correct it, or add the new brand.", near.name);
            reading.doubt("near_brand", message, 50);
        }
    }
    reading
}

/// A GTIN, by the rules of [`crate::normalize::gtin`].
pub(super) fn gtin(attribute: &Attribute, raw: &str) -> Reading {
    let read = canonicalise(raw);
    let message = read.message().unwrap_or_default();
    match (read.status, read.gtin14.clone()) {
        (GtinStatus::Ok, Some(key)) => Reading::accepted(attribute, "gtin", Value::text(key), 99),
        (GtinStatus::Doubtful, Some(key)) => {
            let mut reading = Reading::accepted(attribute, "gtin", Value::text(key), 50);
            reading.doubt(read.issue.unwrap_or("doubtful"), message, 50);
            reading
        }
        _ => Reading::rejected(attribute, "gtin", read.issue.unwrap_or("not_a_number"), message),
    }
}

pub(super) fn too_long(attribute: &Attribute, text: &str) -> Option<String> {
    let (length, max) = (text.chars().count(), attribute.max_length?);
    (length > max)
        .then(|| format!("The text has {length} characters; {} takes at most {max}. Shorten it.", attribute.label("en")))
}

/// Titles come with markup too; a title has none.
pub(super) fn strip_tags(raw: &str) -> String {
    if raw.contains('<') || (raw.contains('&') && raw.contains(';')) {
        super::rich_text::to_plain(&super::rich_text::sanitize(raw))
    } else {
        raw.to_owned()
    }
}
