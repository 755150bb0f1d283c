//! Reading a product patch: RFC 7396 JSON in, a person's claims out. Pure; every mistake names its JSON pointer.

use super::view::ProductStatus;
use crate::dictionary::{Attribute, AttributeType, Dictionary};
use crate::error::{Error, FieldError, Result};
use crate::identity::canonicalise;
use crate::normalize::{Hints, Status, Value, normalize, text::clean_line};
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
}

/// Fields of a product that are claims of their own beside `values`.
const CLAIMED: [&str; 5] = ["brand", "gtin", "mpn", "category", "tags"];
/// Fields that are told and never taken; sending back what was read must not fail.
const TOLD: [&str; 9] = ["sku", "available", "price", "completeness", "version", "created_at", "updated_at", "images", "title"];
/// Tags a person may give.
const MAX_TAGS: usize = 100;

/// Reads a patch.
pub fn parse(dictionary: &Dictionary, body: &Map<String, JsonValue>) -> Result<Patch> {
    let mut patch = Patch::default();
    let mut errors = Vec::new();
    for (field, value) in body {
        let pointer = format!("/{field}");
        let read = match field.as_str() {
            "values" => values(dictionary, value, &mut patch, &mut errors),
            "status" => status(value).map(|status| patch.status = Some(status)),
            "group" => group(value).map(|group| patch.group = Some(group)),
            name if CLAIMED.contains(&name) => claimed(dictionary, name, value).map(|value| {
                patch.statements.push(Statement { attribute: name.to_owned(), locale: None, value });
            }),
            name if TOLD.contains(&name) => Ok(()),
            name => Err(("unknown_field", format!("a product has no field '{name}'; attributes stand under 'values'"))),
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
    if is_none(value) {
        return Ok(Some(Value::none()));
    }
    if field == "tags" {
        let words: Vec<String> =
            serde_json::from_value(value.clone()).map_err(|_| ("wrong_type", "tags is a list of texts".to_owned()))?;
        if words.len() > MAX_TAGS {
            return Err(("too_many", format!("a product has at most {MAX_TAGS} tags")));
        }
        return Ok(Some(Value::List(words.iter().map(|word| clean_line(word)).filter(|word| !word.is_empty()).collect())));
    }
    let text = value.as_str().map(clean_line).filter(|text| !text.is_empty() && text.chars().count() <= 250);
    let text = text.ok_or_else(|| ("wrong_type", format!("{field} is a text of 1 to 250 characters, or null")))?;
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
        let pointer = format!("/values/{code}");
        let Some(attribute) = dictionary.attribute(code) else {
            let message = format!("there is no attribute '{code}'; GET /api/v1/attributes lists them");
            errors.push(FieldError { pointer, code: "unknown_attribute".to_owned(), message });
            continue;
        };
        if CLAIMED.contains(&code.as_str()) {
            let message = format!("'{code}' is a field of the product itself, not one of its values");
            errors.push(FieldError { pointer, code: "not_a_value".to_owned(), message });
            continue;
        }
        let mut push = |locale: Option<&str>, read: Read<Option<Value>>, pointer: String| match read {
            Ok(value) => {
                patch.statements.push(Statement { attribute: code.clone(), locale: locale.map(str::to_owned), value });
            }
            Err((code, message)) => errors.push(FieldError { pointer, code: code.to_owned(), message }),
        };
        match value {
            JsonValue::Null => push(None, Ok(None), pointer),
            JsonValue::Object(texts) if attribute.localized => {
                for (locale, text) in texts {
                    let pointer = format!("{pointer}/{locale}");
                    push(Some(locale), localized(dictionary, attribute, locale, text), pointer);
                }
            }
            _ if attribute.localized => {
                let message = format!("{code} is an object of texts by locale, such as {{\"en\": \"…\"}}");
                push(None, Err(("wrong_type", message)), pointer);
            }
            value => push(None, typed(dictionary, attribute, value, None).map(Some), pointer),
        }
    }
    Ok(())
}

fn localized(dictionary: &Dictionary, attribute: &Attribute, locale: &str, text: &JsonValue) -> Read<Option<Value>> {
    if locale.parse::<icu_locale_core::LanguageIdentifier>().is_err() {
        return Err(("invalid_locale", format!("'{locale}' is not a BCP 47 language tag")));
    }
    match text {
        JsonValue::Null => Ok(None),
        text => typed(dictionary, attribute, text, Some(locale)).map(Some),
    }
}

fn is_none(value: &JsonValue) -> bool {
    value.as_object().is_some_and(|object| object.len() == 1 && object.get("none") == Some(&JsonValue::Bool(true)))
}

fn typed(dictionary: &Dictionary, attribute: &Attribute, value: &JsonValue, locale: Option<&str>) -> Read<Value> {
    if is_none(value) {
        return Ok(Value::none());
    }
    // What is sent as text is read like a supplier's text.
    if let Some(text) = value.as_str() {
        let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
        let reading = normalize(dictionary, attribute, text, &hints);
        return match (reading.status, reading.value) {
            (Status::Ok | Status::Doubtful, Some(value)) if reading.resolved_attribute == attribute.code => Ok(value),
            _ => Err((
                "unreadable",
                reading
                    .findings
                    .first()
                    .map_or_else(|| format!("'{text}' cannot be read as {}", attribute.code), |finding| finding.message.clone()),
            )),
        };
    }
    let read: Value = serde_json::from_value(value.clone()).map_err(|_| ("wrong_type", shape(attribute)))?;
    fits(dictionary, attribute, read)
}

/// Does a value sent as JSON fit its attribute? Units are converted, options and ranges checked.
fn fits(dictionary: &Dictionary, attribute: &Attribute, value: Value) -> Read<Value> {
    let wrong = || ("wrong_type", shape(attribute));
    let convert = |amount, unit: &str| {
        let canonical = attribute.unit.as_deref().unwrap_or_default();
        let known = dictionary.unit_for(unit).map_or(unit, |unit| unit.code.as_str());
        dictionary
            .convert(amount, known, canonical)
            .ok_or_else(|| ("unknown_unit", format!("{unit} cannot be converted to {canonical}, the unit of {}", attribute.code)))
    };
    match (attribute.kind, value) {
        (AttributeType::Measure, Value::Measure(measure)) => {
            let amount = convert(measure.amount, &measure.unit)?;
            // The same limits as a supplier's text meets.
            let text = format!("{amount} {}", attribute.unit.as_deref().unwrap_or_default());
            typed(dictionary, attribute, &JsonValue::String(text), None)
        }
        (AttributeType::Range, Value::Range(range)) => {
            let (min, max) = (convert(range.min, &range.unit)?, convert(range.max, &range.unit)?);
            if min > max {
                return Err(("invalid_range", "min must not be above max".to_owned()));
            }
            let unit = attribute.unit.clone().unwrap_or_default();
            Ok(Value::Range(crate::normalize::Range { min, max, unit }))
        }
        (AttributeType::MultiSelect, Value::List(codes)) => match codes.iter().find(|code| attribute.option(code).is_none()) {
            Some(code) => Err(("unknown_option", format!("{} has no option '{code}'", attribute.code))),
            None => Ok(Value::List(codes)),
        },
        (AttributeType::Boolean, value @ Value::Boolean(_))
        | (AttributeType::Integer, value @ Value::Integer(_))
        | (AttributeType::TextList, value @ Value::List(_))
        | (AttributeType::Batteries, value @ Value::Batteries(_))
        | (AttributeType::Modes, value @ Value::Modes(_)) => Ok(value),
        // An empty list parses as the first list there is.
        (AttributeType::TextList | AttributeType::MultiSelect, Value::Batteries(none)) if none.is_empty() => {
            Ok(Value::List(Vec::new()))
        }
        (AttributeType::Modes, Value::Batteries(none)) if none.is_empty() => Ok(Value::Modes(Vec::new())),
        _ => Err(wrong()),
    }
}

/// What a value of this attribute looks like, for the error.
fn shape(attribute: &Attribute) -> String {
    let unit = attribute.unit.as_deref().unwrap_or_default();
    let form = match attribute.kind {
        AttributeType::Measure => format!("{{\"amount\":\"86\",\"unit\":\"{unit}\"}} whole, or a text such as \"86 {unit}\""),
        AttributeType::Range => format!("{{\"min\":\"-10\",\"max\":\"40\",\"unit\":\"{unit}\"}} whole, or a text"),
        AttributeType::Boolean => "true or false".to_owned(),
        AttributeType::Integer => "a whole number".to_owned(),
        AttributeType::MultiSelect | AttributeType::TextList => "a list of texts".to_owned(),
        AttributeType::Batteries => "a list of {\"quantity\":3,\"cell\":\"AAA\"}, or a text such as \"3 x AAA\"".to_owned(),
        AttributeType::Modes => "a list of {\"name\",\"light_output\",\"runtime\",\"beam_distance\",\"color\"}".to_owned(),
        _ => "a text".to_owned(),
    };
    format!("{} is {form}", attribute.code)
}
