//! Tables of properties in Markdown as a JSON Schema: a heading, then `| Attribute | Type | Description |`.
//!
//! A description may name options (`Options: …`), another table (`See [...](#anchor)`), and that a property is read-only.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

struct Property<'a> {
    name: &'a str,
    kind: &'a str,
    about: &'a str,
}

/// The schema of what the table under the heading `at` describes.
pub(super) fn schema(text: &str, at: &str) -> Result<Json, String> {
    let tables = tables(text);
    let wanted = anchor(at);
    if tables.get(&wanted).is_none_or(Vec::is_empty) {
        return Err(format!("there is no table of properties under the heading '{at}'"));
    }
    Ok(object(&wanted, &tables, 0))
}

fn tables(text: &str) -> BTreeMap<String, Vec<Property<'_>>> {
    let mut all: BTreeMap<String, Vec<Property>> = BTreeMap::new();
    let mut heading = String::new();
    for line in text.lines() {
        if line.starts_with('#') {
            heading = anchor(line.trim_matches('#'));
            continue;
        }
        let mut cells = line.trim().trim_matches('|').splitn(3, '|').map(str::trim);
        let (Some(name), Some(kind), Some(about)) = (cells.next(), cells.next(), cells.next()) else { continue };
        let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else { continue };
        all.entry(heading.clone()).or_default().push(Property { name, kind, about });
    }
    all
}

/// What a link to a heading is called.
fn anchor(heading: &str) -> String {
    let words = heading.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

fn object(anchor: &str, tables: &BTreeMap<String, Vec<Property>>, depth: usize) -> Json {
    const MAX_DEPTH: usize = 10;
    let table = tables.get(anchor).filter(|_| depth < MAX_DEPTH);
    let Some(table) = table else { return json!({ "type": "object" }) };
    let property = |property: &Property| (property.name.to_owned(), of(property, tables, depth));
    let properties: Map<String, Json> = table.iter().map(property).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn of(property: &Property, tables: &BTreeMap<String, Vec<Property>>, depth: usize) -> Json {
    if property.about.contains("read-only") {
        return Json::Bool(false);
    }
    let linked = property.about.split_once("](#").and_then(|(_, rest)| rest.split_once(')')).map(|(anchor, _)| anchor);
    match (property.kind, linked) {
        ("integer" | "boolean" | "number", _) => json!({ "type": property.kind }),
        ("date-time", _) => json!({ "type": "string", "format": "date-time" }),
        ("object", Some(anchor)) => object(anchor, tables, depth + 1),
        ("object", None) => json!({ "type": "object" }),
        ("array", Some(anchor)) => json!({ "type": "array", "items": object(anchor, tables, depth + 1) }),
        ("array", None) => json!({ "type": "array" }),
        ("string", _) => match options(property.about) {
            options if options.is_empty() => json!({ "type": "string" }),
            options => json!({ "type": "string", "enum": options }),
        },
        // `mixed`, and whatever else a page calls its types.
        _ => Json::Bool(true),
    }
}

/// The words in backticks behind `Options:`, up to the end of the sentence.
fn options(about: &str) -> Vec<&str> {
    let Some((_, listed)) = about.split_once("Options: ") else { return Vec::new() };
    let listed = listed.split(". ").next().unwrap_or_default();
    listed.split('`').skip(1).step_by(2).collect()
}
