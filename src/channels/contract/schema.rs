//! Contracts as one dialect: JSON Schema 2020-12, in which what a contract does not name is refused.
//!
//! OpenAPI 3.0 is a dialect of its own (`nullable`, boolean `exclusiveMinimum`), and older drafts write lists of items otherwise. Neither says
//! that other members are refused, though a channel ignores or refuses them, so a misspelt name would pass. Here every object whose members
//! are named takes no others, unless the contract says that it does.

use serde_json::{Map, Value as Json, json};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Schemas are not nested deeper.
const MAX_DEPTH: usize = 100;

/// A JSON Schema; `at` is the place of the schema wanted, such as `#/$defs/Product`.
pub(super) fn of_json_schema(mut document: Json, at: &str) -> Result<Json, String> {
    modern(&mut document, 0);
    if !at.is_empty() {
        expect(&document, at)?;
        document["$ref"] = json!(at);
    }
    Ok(closed(document))
}

/// An OpenAPI description; `at` is the place of a schema (`#/components/schemas/Item`) or an operation (`put /inventory`), whose body is meant.
pub(super) fn of_openapi(document: &Json, at: &str) -> Result<Json, String> {
    let mut schemas = document.pointer("/components/schemas").cloned().ok_or("it has no components/schemas")?;
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        modern(schema, 0);
    }
    let mut bundle = json!({ "components": { "schemas": schemas } });
    if at.starts_with('#') {
        expect(&bundle, at)?;
        bundle["$ref"] = json!(at);
        return Ok(closed(bundle));
    }
    let (method, path) = at.split_once(' ').ok_or("at names neither a schema nor an operation such as 'put /inventory'")?;
    let body = document["paths"][path][method]["requestBody"]["content"].as_object().and_then(|content| {
        let json = content.iter().find(|(kind, _)| kind.contains("json"));
        json.and_then(|(_, body)| body.get("schema"))
    });
    let mut body = body.cloned().ok_or_else(|| format!("there is no '{at}' that takes JSON"))?;
    modern(&mut body, 0);
    bundle["$defs"] = json!({ "body": body });
    bundle["$ref"] = json!("#/$defs/body");
    Ok(closed(bundle))
}

fn expect(document: &Json, at: &str) -> Result<(), String> {
    let pointer = at.strip_prefix('#').unwrap_or(at);
    document.pointer(pointer).map(|_| ()).ok_or_else(|| format!("there is no '{at}' in it"))
}

/// How a schema inside a schema is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It describes another value: a member, an item.
    Inner,
    /// It says more about the same value.
    Same,
    /// It is only kept there.
    Kept,
}

fn inner(schema: &mut Map<String, Json>, visit: &mut dyn FnMut(&mut Json, Place)) {
    for (key, value) in schema.iter_mut() {
        let place = match key.as_str() {
            "properties" | "patternProperties" | "items" | "prefixItems" | "additionalProperties" | "contains" => Place::Inner,
            "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else" | "dependentSchemas" => Place::Same,
            "$defs" | "definitions" | "components" => Place::Kept,
            _ => continue,
        };
        match (key.as_str(), value) {
            ("components", components) => {
                let schemas = components.get_mut("schemas").and_then(Json::as_object_mut);
                schemas.into_iter().flat_map(Map::values_mut).for_each(|schema| visit(schema, place));
            }
            ("properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions", Json::Object(named)) => {
                named.values_mut().for_each(|schema| visit(schema, place));
            }
            (_, Json::Array(list)) => list.iter_mut().for_each(|schema| visit(schema, place)),
            (_, schema) => visit(schema, place),
        }
    }
}

/// Older ways of saying it in today's.
fn modern(schema: &mut Json, depth: usize) {
    let Json::Object(members) = schema else { return };
    if depth > MAX_DEPTH {
        return;
    }
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        let Some(is_exclusive) = members.get(exclusive).and_then(Json::as_bool) else { continue };
        members.remove(exclusive);
        if is_exclusive && let Some(value) = members.remove(bound) {
            members.insert(exclusive.to_owned(), value);
        }
    }
    // OpenAPI writes `required: true` at parameters, and some descriptions at members.
    if members.get("required").is_some_and(|required| !required.is_array()) {
        members.remove("required");
    }
    if members.get("items").is_some_and(Json::is_array)
        && let Some(items) = members.remove("items")
    {
        members.insert("prefixItems".to_owned(), items);
    }
    members.remove("$schema");
    members.remove("$id");
    inner(members, &mut |schema, _| modern(schema, depth + 1));
    if members.remove("nullable") == Some(Json::Bool(true)) {
        let own = Json::Object(std::mem::take(members));
        *schema = json!({ "anyOf": [own, { "type": "null" }] });
    }
}

/// The same with every object of named members closed.
fn closed(mut document: Json) -> Json {
    let whole = document.clone();
    close(&mut document, Place::Inner, &whole, 0);
    if let Json::Object(members) = &mut document {
        members.insert("$schema".to_owned(), json!(DIALECT));
    }
    document
}

fn close(schema: &mut Json, place: Place, whole: &Json, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut found = Members::default();
    if place == Place::Inner {
        found.of(schema, whole, 0);
    }
    let Json::Object(members) = schema else { return };
    inner(members, &mut |schema, place| close(schema, place, whole, depth + 1));
    if found.named && !found.open {
        members.insert("unevaluatedProperties".to_owned(), Json::Bool(false));
    }
}

/// What a schema says about an object's members, whatever it refers to included.
#[derive(Default)]
struct Members {
    named: bool,
    open: bool,
}

impl Members {
    fn of(&mut self, schema: &Json, whole: &Json, depth: usize) {
        const MAX_REFERENCES: usize = 20;
        let Some(members) = schema.as_object().filter(|_| depth < MAX_REFERENCES) else { return };
        self.named |= members.get("properties").and_then(Json::as_object).is_some_and(|named| !named.is_empty());
        self.open |=
            ["additionalProperties", "unevaluatedProperties", "patternProperties"].iter().any(|key| members.contains_key(*key));
        let referred = members.get("$ref").and_then(Json::as_str).and_then(|at| whole.pointer(at.strip_prefix('#')?));
        let same = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| members.get(*key)?.as_array()).flatten();
        for schema in referred.into_iter().chain(same) {
            self.of(schema, whole, depth + 1);
        }
    }
}
