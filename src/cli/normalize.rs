//! `beamline normalize`: what a text says as a value of an attribute, one JSON object a line.

use crate::{
    dictionary::{Attribute, Dictionary},
    normalize::{FoundQuantity, Hints, Status, line::line, normalize, quantities},
};
use anyhow::{Context, bail};
use serde_json::{Value as Json, json};
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
        write_line(out, &line(code, raw, &normalize(dictionary, attribute, raw, &hints)))?;
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
        let told = match find(dictionary, code, locale.as_deref()) {
            Some(attribute) => {
                let hints = Hints { locale, unit: field(unit_at).or_else(|| args.unit.clone()), ..Hints::default() };
                line(code, raw, &normalize(dictionary, attribute, raw, &hints))
            }
            None => unknown(code, raw),
        };
        write_line(out, &told)?;
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
