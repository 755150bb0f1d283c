//! How Google writes a type in its files: words, prices, measures, lists.

use super::part::{Given, parts};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

/// A discovery document's schemas.
pub(super) struct Types {
    pub(super) schemas: Map<String, Json>,
}

impl Types {
    /// What is wrong with a value of this property; a place inside the value with it.
    pub(super) fn fault(&self, property: &Json, given: &Given) -> Option<(String, String)> {
        let here = |reason: String| Some((String::new(), reason));
        if let Some(name) = property.get("$ref").and_then(Json::as_str) {
            let Some(members) = self.schemas.get(name).and_then(|schema| schema["properties"].as_object()) else {
                return here(format!("the contract has no type {name}"));
            };
            return object(name, members, given);
        }
        let Given::Text(text) = given else { return here("it has parts and should be one text".to_owned()) };
        word(property, text).and_then(here)
    }
}

fn object(name: &str, members: &Map<String, Json>, given: &Given) -> Option<(String, String)> {
    let here = |reason: String| Some((String::new(), reason));
    let has = |wanted: [&str; 2]| members.len() == 2 && wanted.iter().all(|name| members.contains_key(*name));
    match given {
        Given::Text(text) if has(["amountMicros", "currencyCode"]) => price(text).and_then(here),
        Given::Text(text) if has(["value", "unit"]) => measure(&members["unit"], text).and_then(here),
        Given::Text(text) if has(["startTime", "endTime"]) => {
            let times = text.split_once('/').is_some_and(|(from, to)| is_time(from) && is_time(to));
            if times { None } else { here(format!("'{text}' is not two times with '/' between")) }
        }
        Given::Text(text) => {
            let parts = parts(text);
            if parts.len() > members.len() || parts.last().is_none_or(String::is_empty) {
                return here(format!("'{text}' has {} parts; {name} has {}", parts.len(), members.len()));
            }
            None
        }
        Given::Parts(parts) => parts.iter().find_map(|(part, text)| {
            let part = part.as_deref().unwrap_or_default();
            let inside = || format!("/{part}");
            let Some(property) = members.get(&camel(part)) else {
                return Some((inside(), format!("{name} has no part '{part}'")));
            };
            word(property, text).map(|reason| (inside(), reason))
        }),
    }
}

/// `image_link` as the API writes it: `imageLink`.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut all = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        all.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        all.push_str(letters.as_str());
    }
    all
}

/// A single text of a plain type.
fn word(property: &Json, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("it is empty".to_owned());
    }
    if let Some(known) = property.get("enum").and_then(Json::as_array) {
        let written = text.to_uppercase().replace(' ', "_");
        let fits = known.iter().filter_map(Json::as_str).any(|word| word == written && !word.ends_with("_UNSPECIFIED"));
        let all = || known.iter().filter_map(Json::as_str).map(str::to_lowercase).collect::<Vec<_>>().join(", ");
        return (!fits).then(|| format!("'{text}' is not one of {}", all()));
    }
    let kind = property.get("type").and_then(Json::as_str).unwrap_or_default();
    let form = property.get("format").and_then(Json::as_str).unwrap_or_default();
    let fits = match (kind, form) {
        ("boolean", _) => ["yes", "no", "true", "false"].contains(&text),
        ("integer", _) | ("string", "int64" | "uint64") => text.parse::<i64>().is_ok(),
        ("number", _) => text.parse::<Decimal>().is_ok(),
        ("string", "google-datetime") => is_time(text),
        _ => true,
    };
    (!fits).then(|| format!("'{text}' is not a {}", if form.is_empty() { kind } else { form }))
}

/// `29.99 USD`
fn price(text: &str) -> Option<String> {
    let fits = text.split_once(' ').is_some_and(|(amount, currency)| {
        let amount = amount.parse::<Decimal>().is_ok_and(|amount| !amount.is_sign_negative());
        amount && crate::pricing::money::currency(currency).is_ok()
    });
    (!fits).then(|| format!("'{text}' is not an amount and an ISO 4217 code, such as 29.99 USD"))
}

/// `120 g`; the units are those that the description sets in backticks.
fn measure(unit: &Json, text: &str) -> Option<String> {
    let about = unit.get("description").and_then(Json::as_str).unwrap_or_default();
    let known: Vec<&str> = about.split('`').skip(1).step_by(2).collect();
    let fits = text.split_once(' ').is_some_and(|(amount, unit)| {
        let amount = amount.parse::<Decimal>().is_ok_and(|amount| !amount.is_sign_negative());
        amount && if known.is_empty() { unit.bytes().all(|b| b.is_ascii_alphabetic()) } else { known.contains(&unit) }
    });
    let units = if known.is_empty() { "a unit".to_owned() } else { known.join(", ") };
    (!fits).then(|| format!("'{text}' is not a number and {units}"))
}

fn is_time(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%z").is_ok()
        || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}
