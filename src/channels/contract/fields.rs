//! A table of fields as a JSON Schema: `{"fields": [{name, type, requirement, limit_or_enum}]}`.

use serde_json::{Map, Value as Json, json};

/// Major units, a decimal point and an ISO 4217 code.
const MONEY: &str = "^(0|[1-9][0-9]*)(\\.[0-9]+)? [A-Z]{3}$";
const DECIMAL: &str = "^(0|[1-9][0-9]*)(\\.[0-9]+)?$";
const ADDRESS: &str = "^https?://[^\\s]+$";

pub(super) fn schema(text: &str) -> Result<Json, String> {
    let table: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let fields = table.get("fields").and_then(Json::as_array).ok_or("it has no list 'fields'")?;
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let word = |key: &str| field.get(key).and_then(Json::as_str).unwrap_or_default();
        let name = word("name");
        if name.is_empty() {
            return Err("a field has no name".to_owned());
        }
        if word("requirement") == "required" {
            required.push(json!(name));
        }
        properties.insert(name.to_owned(), of_type(word("type"), field.get("limit_or_enum"))?);
    }
    Ok(json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false }))
}

fn of_type(kind: &str, limit: Option<&Json>) -> Result<Json, String> {
    let listed = limit.filter(|limit| limit.is_array());
    let mut text = json!({ "type": "string", "minLength": 1 });
    if let Some(longest) = limit.filter(|limit| limit.is_u64()) {
        text["maxLength"] = longest.clone();
    }
    if let Some(values) = listed {
        text["enum"] = values.clone();
    }
    let like = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    Ok(match kind {
        "string" | "enum" => text,
        "url" => like(ADDRESS),
        "money" => like(MONEY),
        "decimal string" => like(DECIMAL),
        "bool" => json!({ "type": "boolean" }),
        "int" => json!({ "type": "integer" }),
        "object" => json!({ "type": "object", "minProperties": 1 }),
        "object<string>" => json!({ "type": "object", "minProperties": 1, "additionalProperties": text }),
        "url list" => json!({ "type": "array", "minItems": 1, "items": like(ADDRESS) }),
        "string list" => json!({ "type": "array", "minItems": 1, "items": text }),
        other => return Err(format!("'{other}' is a type of field that is not known here")),
    })
}
