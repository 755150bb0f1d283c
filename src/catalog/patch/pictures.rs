//! A person's list of pictures, out of JSON.

use super::{MAX_LOCALES, MAX_TAG_BYTES, Read};
use crate::catalog::picture::{MAX_PICTURES, UPLOADED};
use crate::normalize::{PictureChoice, text::clean_line};
use crate::suppliers::profile::ROLES;
use serde_json::{Map, Value as JsonValue};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Characters of an alternative text: the most that a channel takes (Shopify, 512).
const MAX_ALT_CHARS: usize = 512;
/// Channels that one picture may be kept for.
const MAX_CHANNELS: usize = 100;
/// Hexadecimal digits of an image's id.
const ID_DIGITS: usize = 32;
/// What is told of a picture and never taken.
const TOLD: [&str; 12] = [
    "position",
    "inherited",
    "width",
    "height",
    "format",
    "bytes",
    "state",
    "code",
    "message",
    "findings",
    "same_as",
    "renditions",
];

/// Reads the list: each an object with `id` or `url`, or just one of these as a text.
pub fn read(value: &JsonValue) -> Read<Vec<PictureChoice>> {
    let Some(items) = value.as_array() else {
        return Err((
            "wrong_type",
            "images is a list of pictures with an id or a url each, or null for the suppliers' own".to_owned(),
        ));
    };
    if items.len() > MAX_PICTURES {
        return Err(("too_many", format!("a product has at most {MAX_PICTURES} pictures")));
    }
    let mut seen = HashSet::new();
    let mut all = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let choice = one(item).map_err(|(code, message)| (code, format!("picture {}: {message}", at + 1)))?;
        if !seen.insert(choice.picture.clone()) {
            return Err(("repeated", format!("picture {}: it stands in the list twice", at + 1)));
        }
        all.push(choice);
    }
    Ok(all)
}

/// Reads one picture of the list.
pub fn one(item: &JsonValue) -> Read<PictureChoice> {
    let nothing = Map::new();
    let fields = match item {
        JsonValue::Object(fields) => fields,
        JsonValue::String(_) => &nothing,
        _ => return Err(("wrong_type", "it is an object with an id or a url, or one of these as a text".to_owned())),
    };
    if let Some(name) = fields.keys().find(|name| {
        !["id", "url", "role", "alt", "channels", "positions"].contains(&name.as_str()) && !TOLD.contains(&name.as_str())
    }) {
        let name: String = name.chars().take(100).collect();
        return Err(("unknown_field", format!("a picture has no field '{name}'")));
    }
    let text = |name: &str| match fields.get(name) {
        None | Some(JsonValue::Null) => Ok(None),
        Some(JsonValue::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(("wrong_type", format!("{name} is a text"))),
    };
    let named = match item.as_str() {
        Some(text) => Some(text),
        // An address stays what it is, whatever came of it.
        None => text("url")?.or(text("id")?),
    };
    let Some(named) = named else { return Err(("missing", "it needs the id of an image or a url".to_owned())) };
    let role = text("role")?.map(str::to_owned);
    if let Some(role) = role.as_deref().filter(|role| !ROLES.contains(role)) {
        let role: String = role.chars().take(60).collect();
        return Err(("not_allowed", format!("there is no role '{role}'; give one of {}", ROLES.join(", "))));
    }
    let (channels, positions) = (channels(fields)?, positions(fields)?);
    Ok(PictureChoice { picture: picture(named)?, role, alt: alt(fields)?, channels, positions, hidden: false })
}

/// An address, or an image's id with what stands before ids.
fn picture(text: &str) -> Read<String> {
    let text = text.trim();
    let id = text.strip_prefix(UPLOADED).unwrap_or(text);
    if id.len() == ID_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Ok(format!("{UPLOADED}{id}"));
    }
    if !text.contains("://") {
        let message = "it needs the id of an image, or an absolute address that begins with http:// or https://";
        return Err(("not_an_address", message.to_owned()));
    }
    crate::import::address(text).map(Cow::into_owned).map_err(|message| ("not_an_address", message.to_owned()))
}

fn alt(fields: &Map<String, JsonValue>) -> Read<BTreeMap<String, String>> {
    let texts = match fields.get("alt") {
        None | Some(JsonValue::Null) => return Ok(BTreeMap::new()),
        Some(JsonValue::Object(texts)) if texts.len() <= MAX_LOCALES => texts,
        Some(_) => return Err(("wrong_type", "alt is an object of texts by locale, such as {\"en\": \"…\"}".to_owned())),
    };
    let mut alt = BTreeMap::new();
    for (locale, text) in texts {
        if locale.len() > MAX_TAG_BYTES || locale.parse::<icu_locale_core::LanguageIdentifier>().is_err() {
            return Err(("invalid_locale", "a text of alt is under a BCP 47 language tag, such as en or de-AT".to_owned()));
        }
        let text = text.as_str().map(clean_line).filter(|text| text.chars().count() <= MAX_ALT_CHARS);
        let text = text.ok_or_else(|| ("too_long", format!("a text of alt has at most {MAX_ALT_CHARS} characters")))?;
        if !text.is_empty() {
            alt.insert(locale.clone(), text);
        }
    }
    Ok(alt)
}

fn channels(fields: &Map<String, JsonValue>) -> Read<Vec<String>> {
    let wrong = || ("wrong_type", "channels is a list of channels' codes".to_owned());
    match fields.get("channels") {
        None | Some(JsonValue::Null) => Ok(Vec::new()),
        Some(codes) => {
            let codes: Vec<String> = serde_json::from_value(codes.clone()).map_err(|_| wrong())?;
            if codes.len() > MAX_CHANNELS || !codes.iter().all(|code| is_code(code)) {
                return Err(wrong());
            }
            Ok(codes)
        }
    }
}

fn positions(fields: &Map<String, JsonValue>) -> Read<BTreeMap<String, u32>> {
    let wrong = || {
        let message =
            format!("positions is an object of places from 1 to {MAX_PICTURES} by a channel's code, such as {{\"amazon\": 1}}");
        ("wrong_type", message)
    };
    match fields.get("positions") {
        None | Some(JsonValue::Null) => Ok(BTreeMap::new()),
        Some(places) => {
            let places: BTreeMap<String, u32> = serde_json::from_value(places.clone()).map_err(|_| wrong())?;
            let right = |(code, place): (&String, &u32)| is_code(code) && (1..=MAX_PICTURES).contains(&(*place as usize));
            if places.len() > MAX_CHANNELS || !places.iter().all(right) {
                return Err(wrong());
            }
            Ok(places)
        }
    }
}

/// May it be a channel's code? Which channels there are, whoever answers a request knows.
fn is_code(code: &str) -> bool {
    !code.is_empty() && code.chars().count() <= 60
}
