//! Reading a product patch: RFC 7396 JSON in, a person's claims out. Pure; every mistake names its JSON pointer.
//!
//! What a product shows and nobody sets (its price, its version) is kept aside: sending back what was read must not fail, so the
//! caller holds it against the product as it stands.

pub mod pictures;
#[cfg(test)]
mod tests;

use super::picture;
use super::view::ProductStatus;
use crate::dictionary::{Attribute, AttributeType, Dictionary};
use crate::error::{Error, FieldError, Result};
use crate::identity::canonicalise;
use crate::normalize::{Hints, Status, Value, normalize, text::clean_line, typed, typed::Misfit};
use serde_json::{Map, Value as JsonValue};

/// A person's claim, or its withdrawal (no value).
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Attribute code.
    pub attribute: String,
    /// BCP 47 tag; none for attributes without locales, and for withdrawing all locales at once.
    pub locale: Option<String>,
    /// The value; none withdraws what was said before.
    pub value: Option<Value>,
}

/// A patch, understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    /// Claims and withdrawals.
    pub statements: Vec<Statement>,
    /// A new status.
    pub status: Option<ProductStatus>,
    /// A new group by code, or none of any.
    pub group: Option<Option<String>>,
    /// Fields that are told and never taken, as they were sent.
    pub told: Map<String, JsonValue>,
}

/// Fields of a product that are claims of their own beside `values`.
const CLAIMED: [&str; 6] = ["brand", "gtin", "mpn", "category", "tags", picture::ATTRIBUTE];
/// Fields that are told and never taken.
const TOLD: [&str; 7] = ["sku", "available", "price", "completeness", "version", "created_at", "updated_at"];
/// Tags a person may give.
const MAX_TAGS: usize = 100;
/// Characters of a tag, as in an import.
const MAX_TAG_CHARS: usize = 100;
/// Characters of a field whose attribute sets no length.
const MAX_CHARS: usize = 250;
/// Locales of one attribute.
const MAX_LOCALES: usize = 100;
/// Longest language tag that is taken: every part that BCP 47 expects of one (RFC 5646, section 4.4.1).
const MAX_TAG_BYTES: usize = 35;

/// Reads a patch.
pub fn parse(dictionary: &Dictionary, body: &Map<String, JsonValue>) -> Result<Patch> {
    let mut patch = Patch::default();
    let mut errors = Vec::new();
    for (field, value) in body {
        let pointer = format!("/{}", escaped(field));
        let read = match field.as_str() {
            "values" => values(dictionary, value, &mut patch, &mut errors),
            "status" => status(value).map(|status| patch.status = Some(status)),
            "group" => group(value).map(|group| patch.group = Some(group)),
            name if CLAIMED.contains(&name) => claimed(dictionary, name, value).map(|value| {
                patch.statements.push(Statement { attribute: name.to_owned(), locale: None, value });
            }),
            name if TOLD.contains(&name) => {
                patch.told.insert(name.to_owned(), value.clone());
                Ok(())
            }
            name => {
                let name: String = name.chars().take(100).collect();
                Err(("unknown_field", format!("a product has no field '{name}'; attributes stand under 'values'")))
            }
        };
        if let Err((code, message)) = read {
            errors.push(FieldError { pointer, code: code.to_owned(), message });
        }
    }
    if errors.is_empty() { Ok(patch) } else { Err(Error::fields(errors)) }
}

type Read<T> = std::result::Result<T, (&'static str, String)>;

fn status(value: &JsonValue) -> Read<ProductStatus> {
    match value.as_str() {
        Some("draft") => Ok(ProductStatus::Draft),
        Some("active") => Ok(ProductStatus::Active),
        Some("discontinued") => Ok(ProductStatus::Discontinued),
        _ => Err(("invalid_status", "status is draft, active or discontinued".to_owned())),
    }
}

fn group(value: &JsonValue) -> Read<Option<String>> {
    match value {
        JsonValue::Null => Ok(None),
        JsonValue::String(code) => Ok(Some(code.clone())),
        _ => Err(("wrong_type", "group is a group's code, or null".to_owned())),
    }
}

fn claimed(dictionary: &Dictionary, field: &str, value: &JsonValue) -> Read<Option<Value>> {
    if value.is_null() {
        return Ok(None);
    }
    if field == picture::ATTRIBUTE {
        let said = if is_none(value) { Vec::new() } else { pictures::read(value)? };
        return Ok(Some(Value::Pictures(said)));
    }
    if is_none(value) {
        return Ok(Some(Value::none()));
    }
    if field == "tags" {
        let words: Vec<String> =
            serde_json::from_value(value.clone()).map_err(|_| ("wrong_type", "tags is a list of texts".to_owned()))?;
        if words.len() > MAX_TAGS {
            return Err(("too_many", format!("a product has at most {MAX_TAGS} tags")));
        }
        let mut tags: Vec<String> = Vec::with_capacity(words.len());
        for tag in words.iter().map(|word| clean_line(word)).filter(|word| !word.is_empty()) {
            if tag.chars().count() > MAX_TAG_CHARS {
                return Err(("too_long", format!("a tag has at most {MAX_TAG_CHARS} characters")));
            }
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        return Ok(Some(Value::List(tags)));
    }
    let most = dictionary.attribute(field).and_then(|attribute| attribute.max_length).unwrap_or(MAX_CHARS);
    let text = value.as_str().map(clean_line).filter(|text| !text.is_empty() && text.chars().count() <= most);
    let text = text.ok_or_else(|| ("wrong_type", format!("{field} is a text of 1 to {most} characters, or null")))?;
    match field {
        "gtin" => {
            let read = canonicalise(&text);
            match read.usable() {
                Some(digits) => Ok(Some(Value::text(digits))),
                None => Err(("invalid_gtin", read.message().unwrap_or_else(|| "this is not a usable GTIN".to_owned()))),
            }
        }
        "category" if dictionary.category(&text).is_none() => {
            Err(("unknown_category", format!("there is no category '{text}'; GET /api/v1/categories lists them")))
        }
        _ => Ok(Some(Value::text(text))),
    }
}

fn values(dictionary: &Dictionary, value: &JsonValue, patch: &mut Patch, errors: &mut Vec<FieldError>) -> Read<()> {
    let Some(values) = value.as_object() else {
        return Err(("wrong_type", "values is an object by attribute code".to_owned()));
    };
    for (code, value) in values {
        let pointer = format!("/values/{}", escaped(code));
        let Some(attribute) = dictionary.attribute(code) else {
            let shown: String = code.chars().take(100).collect();
            let message = format!("there is no attribute '{shown}'; GET /api/v1/attributes lists them");
            errors.push(FieldError { pointer, code: "unknown_attribute".to_owned(), message });
            continue;
        };
        if CLAIMED.contains(&code.as_str()) {
            let message = format!("'{code}' is a field of the product itself, not one of its values");
            errors.push(FieldError { pointer, code: "not_a_value".to_owned(), message });
            continue;
        }
        let mut push = |locale: Option<&str>, read: Valued, pointer: String| match read {
            Ok(value) => {
                patch.statements.push(Statement { attribute: code.clone(), locale: locale.map(str::to_owned), value });
            }
            Err(Misfit { at, code, message }) => {
                errors.push(FieldError { pointer: format!("{pointer}{at}"), code: code.to_owned(), message });
            }
        };
        match value {
            JsonValue::Null => push(None, Ok(None), pointer),
            // No text in any locale.
            value if is_none(value) => push(None, Ok(Some(Value::none())), pointer),
            JsonValue::Object(texts) if attribute.localized && texts.len() > MAX_LOCALES => {
                let message = format!("{code} has texts in at most {MAX_LOCALES} locales");
                push(None, Err(misfit("too_many", message)), pointer);
            }
            JsonValue::Object(texts) if attribute.localized => {
                for (locale, text) in texts {
                    let pointer = format!("{pointer}/{}", escaped(locale));
                    push(Some(locale), localized(dictionary, attribute, locale, text), pointer);
                }
            }
            _ if attribute.localized => {
                let message = format!("{code} is an object of texts by locale, such as {{\"en\": \"…\"}}");
                push(None, Err(misfit("wrong_type", message)), pointer);
            }
            value => push(None, valued(dictionary, attribute, value, None).map(Some), pointer),
        }
    }
    Ok(())
}

/// What was said about one attribute in one locale; none takes back what was said before.
type Valued = std::result::Result<Option<Value>, Misfit>;

fn misfit(code: &'static str, message: impl Into<String>) -> Misfit {
    Misfit { at: String::new(), code, message: message.into() }
}

/// One step of an RFC 6901 pointer.
fn escaped(step: &str) -> String {
    let step: String = step.chars().take(100).collect();
    step.replace('~', "~0").replace('/', "~1")
}

fn localized(dictionary: &Dictionary, attribute: &Attribute, locale: &str, text: &JsonValue) -> Valued {
    if locale.len() > MAX_TAG_BYTES || locale.parse::<icu_locale_core::LanguageIdentifier>().is_err() {
        return Err(misfit("invalid_locale", "this is not a BCP 47 language tag; write such as en or de-AT"));
    }
    match text {
        JsonValue::Null => Ok(None),
        text => valued(dictionary, attribute, text, Some(locale)).map(Some),
    }
}

fn is_none(value: &JsonValue) -> bool {
    value.as_object().is_some_and(|object| object.len() == 1 && object.get("none") == Some(&JsonValue::Bool(true)))
}

fn valued(
    dictionary: &Dictionary,
    attribute: &Attribute,
    value: &JsonValue,
    locale: Option<&str>,
) -> std::result::Result<Value, Misfit> {
    if is_none(value) {
        return Ok(Value::none());
    }
    let Some(text) = value.as_str() else {
        let read: Value = serde_json::from_value(value.clone()).map_err(|_| misfit("wrong_type", typed::shape(attribute)))?;
        return typed(dictionary, attribute, read);
    };
    // An option's own code means that option, whatever other words it may hold.
    if attribute.kind == AttributeType::Select && attribute.option(text).is_some() {
        return Ok(Value::text(text));
    }
    // What is sent as text is read like a supplier's text.
    let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
    let reading = normalize(dictionary, attribute, text, &hints);
    match (reading.status, reading.value) {
        (Status::Ok | Status::Doubtful, Some(value)) if reading.resolved_attribute == attribute.code => Ok(value),
        _ => {
            let shown: String = text.chars().take(60).collect();
            let message = reading.findings.first().map(|finding| finding.message.clone());
            Err(misfit("unreadable", message.unwrap_or_else(|| format!("'{shown}' cannot be read as {}", attribute.code))))
        }
    }
}
