//! `beamline normalize`: what a text says as a value of an attribute, one JSON object a line.

use crate::{
    dictionary::{Attribute, Dictionary},
    normalize::{FoundQuantity, Hints, Mode, Reading, Status, Value, normalize, quantities},
};
use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::{io::Write, path::PathBuf};

/// Read values as an import would, and tell how
#[derive(Debug, clap::Args)]
pub struct NormalizeArgs {
    /// Attribute code, or a column name that the dictionary knows
    #[arg(long, env = "BEAMLINE_ATTRIBUTE", value_name = "CODE", required_unless_present_any = ["file", "quantities"])]
    pub attribute: Option<String>,
    /// Language tag of the texts, such as de or az
    #[arg(long, env = "BEAMLINE_LOCALE", value_name = "TAG")]
    pub locale: Option<String>,
    /// Unit of bare numbers
    #[arg(long, env = "BEAMLINE_UNIT", value_name = "U")]
    pub unit: Option<String>,
    /// CSV file with the columns attribute, raw and, if wanted, locale and unit
    #[arg(long, env = "BEAMLINE_NORMALIZE_FILE", value_name = "FILE.csv", conflicts_with_all = ["attribute", "values"])]
    pub file: Option<PathBuf>,
    /// Find every quantity of any kind in the texts, whatever they are about
    #[arg(long, env = "BEAMLINE_QUANTITIES", conflicts_with_all = ["attribute", "file"])]
    pub quantities: bool,
    /// Texts to read
    #[arg(allow_hyphen_values = true, value_name = "VALUE")]
    pub values: Vec<String>,
}

/// Writes one object per value. An attribute that is not known is an error here, and a rejected line in a file.
pub fn run(args: &NormalizeArgs, dictionary: &Dictionary, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(path) = &args.file {
        return run_file(args, path, dictionary, out);
    }
    if args.quantities {
        let hints = Hints { locale: args.locale.clone(), ..Hints::default() };
        for raw in &args.values {
            let found: Vec<Json> = quantities(dictionary, raw, &hints).iter().map(quantity).collect();
            write_line(out, &json!({"raw": raw, "quantities": found}))?;
        }
        return Ok(());
    }
    let Some(code) = args.attribute.as_deref() else { bail!("give --attribute CODE with the texts, or --file FILE.csv") };
    let Some(attribute) = find(dictionary, code, args.locale.as_deref()) else {
        bail!(
            "'{code}' is not an attribute; the codes are in schema/attributes.toml, such as light_output_max or weight_with_battery"
        );
    };
    let hints = Hints { locale: args.locale.clone(), unit: args.unit.clone(), ..Hints::default() };
    for raw in &args.values {
        write_line(out, &object(code, raw, &normalize(dictionary, attribute, raw, &hints)))?;
    }
    Ok(())
}

fn quantity(found: &FoundQuantity<'_>) -> Json {
    let text = |amount: rust_decimal::Decimal| amount.normalize().to_string();
    json!({"value": text(found.amount), "to": found.to.map(text), "tolerance": found.tolerance.map(text), "unit": found.unit.code,
        "family": found.unit.family, "span": [found.span.0, found.span.1]})
}

fn run_file(args: &NormalizeArgs, path: &std::path::Path, dictionary: &Dictionary, out: &mut dyn Write) -> anyhow::Result<()> {
    let shown = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .with_context(|| format!("cannot open {shown}; check the path"))?;
    let headers = reader.headers().with_context(|| format!("cannot read the first line of {shown} as CSV"))?.clone();
    let column = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}').trim() == name);
    let (Some(attribute_at), Some(raw_at)) = (column("attribute"), column("raw")) else {
        bail!("{shown} needs a first line with the columns attribute and raw (and, if wanted, locale and unit)");
    };
    let (locale_at, unit_at) = (column("locale"), column("unit"));
    for (row, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("row {} of {shown} is not CSV in UTF-8", row + 1))?;
        let field = |at: Option<usize>| {
            at.and_then(|at| record.get(at)).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let raw = record.get(raw_at).unwrap_or_default();
        let code = record.get(attribute_at).unwrap_or_default().trim();
        let locale = field(locale_at).or_else(|| args.locale.clone());
        let line = match find(dictionary, code, locale.as_deref()) {
            Some(attribute) => {
                let hints = Hints { locale, unit: field(unit_at).or_else(|| args.unit.clone()), ..Hints::default() };
                object(code, raw, &normalize(dictionary, attribute, raw, &hints))
            }
            None => unknown(code, raw),
        };
        write_line(out, &line)?;
    }
    Ok(())
}

fn find<'a>(dictionary: &'a Dictionary, code: &str, locale: Option<&str>) -> Option<&'a Attribute> {
    dictionary.attribute(code).or_else(|| dictionary.attribute_for(code, locale))
}

fn write_line(out: &mut dyn Write, line: &Json) -> anyhow::Result<()> {
    writeln!(out, "{}", serde_json::to_string(line)?)?;
    Ok(())
}

fn unknown(code: &str, raw: &str) -> Json {
    let message = format!("'{code}' is not an attribute of the dictionary.");
    json!({"attribute": code, "resolved_attribute": null, "raw": raw, "status": Status::Rejected, "value": null, "unit": null, "qualifiers": [],
        "rule": "attribute", "confidence": 0, "span": null, "findings": [{"code": "unknown_attribute", "message": message}]})
}

/// The line's object. Other attributes that the same text states follow under `also`, in the same shape without `raw`.
fn object(asked: &str, raw: &str, reading: &Reading) -> Json {
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
