//! A reading as people and programs see it: one JSON object with every key, the command line's and the API's alike.

use super::{Mode, Reading, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// What one text says of one attribute. Other attributes that the same text states follow under `also`, in the same shape without `raw`.
pub fn line(asked: &str, raw: &str, reading: &Reading) -> Json {
    let mut object = Map::new();
    object.insert("attribute".to_owned(), json!(asked));
    object.insert("resolved_attribute".to_owned(), json!(reading.resolved_attribute));
    object.insert("raw".to_owned(), json!(raw));
    describe(&mut object, reading);
    if !reading.also.is_empty() {
        let also: Vec<Json> = reading
            .also
            .iter()
            .map(|other| {
                let mut entry = Map::new();
                entry.insert("resolved_attribute".to_owned(), json!(other.resolved_attribute));
                describe(&mut entry, other);
                Json::Object(entry)
            })
            .collect();
        object.insert("also".to_owned(), Json::Array(also));
    }
    Json::Object(object)
}

fn describe(object: &mut Map<String, Json>, reading: &Reading) {
    let (value, unit) = shown(reading);
    object.insert("status".to_owned(), json!(reading.status));
    object.insert("value".to_owned(), value);
    object.insert("unit".to_owned(), json!(unit));
    object.insert("qualifiers".to_owned(), json!(reading.qualifiers));
    object.insert("rule".to_owned(), json!(reading.rule));
    object.insert("confidence".to_owned(), json!(reading.confidence));
    object.insert("span".to_owned(), json!(reading.span.map(|(start, end)| [start, end])));
    object.insert("findings".to_owned(), json!(reading.findings));
}

/// A mode with every key, absent figures as null.
#[derive(Serialize)]
struct ModeLine<'a> {
    name: &'a str,
    light_output: Option<String>,
    runtime: Option<String>,
    beam_distance: Option<String>,
    color: Option<&'a str>,
}

impl<'a> ModeLine<'a> {
    fn of(mode: &'a Mode) -> Self {
        let text = |amount: Option<rust_decimal::Decimal>| amount.map(|amount| amount.normalize().to_string());
        Self {
            name: &mode.name,
            light_output: text(mode.light_output),
            runtime: text(mode.runtime),
            beam_distance: text(mode.beam_distance),
            color: mode.color.as_deref(),
        }
    }
}

fn shown(reading: &Reading) -> (Json, Option<&str>) {
    match &reading.value {
        None => (Json::Null, None),
        Some(Value::Measure(measure)) if reading.amounts.len() > 1 => {
            let list: Vec<String> = reading.amounts.iter().map(|amount| amount.normalize().to_string()).collect();
            (json!(list), Some(&measure.unit))
        }
        Some(Value::Measure(measure)) => (json!(measure.amount.normalize().to_string()), Some(&measure.unit)),
        Some(Value::Range(range)) => (json!(range), Some(&range.unit)),
        Some(Value::Modes(modes)) => (json!(modes.iter().map(ModeLine::of).collect::<Vec<_>>()), None),
        Some(value) => (json!(value), None),
    }
}
