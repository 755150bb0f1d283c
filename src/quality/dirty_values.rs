//! `headlamp-dirt/dirty_values.csv`: raw cells of real files with the reading that a researcher expects.

use super::{Case, Measure, Row, expected, rows};
use crate::{
    dictionary::{Attribute, Dictionary},
    normalize::{Hints, Reading, Status, StockWord, normalize, stock_word},
};
use std::path::Path;

pub(super) fn judge(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("dirty_values");
    for row in &rows {
        match case(dictionary, row) {
            Some(case) => measure.cases.push(case),
            None => measure.not_judged += 1,
        }
    }
    Ok(Some(vec![measure]))
}

fn case(dictionary: &Dictionary, row: &Row) -> Option<Case> {
    let (name, raw, note) = (row.get("attribute"), row.get("raw_value"), row.get("expected_by_researcher"));
    // Titles are no values; what they hold is judged where lamps are matched.
    let code = match name {
        "title" | "description" | "name" => return None,
        "stock" => return Some(stock(dictionary, raw, note)),
        "null_word" => "light_output_max",
        name => name,
    };
    let attribute = dictionary.attribute(code).or_else(|| dictionary.attribute_for(code, None))?;
    let reading = normalize(dictionary, attribute, raw, &Hints::default());
    let target = target(dictionary, attribute, &reading);
    let expected = match code {
        "gtin" if note.starts_with("valid") => expected::Expected::Words(vec![format!("{raw:0>14}")]),
        _ => expected::parse(dictionary, target.unit.as_deref(), note),
    };
    let flagged = note.contains("implausible") && !note.contains(';');
    let right = expected::agrees(dictionary, &expected, &reading) && (!flagged || reading.status != Status::Ok);
    Some(Case {
        raw: raw.to_owned(),
        read_as: attribute.code.clone(),
        expected: note.to_owned(),
        got: shown(&reading),
        right,
        called_ok: reading.status == Status::Ok,
    })
}

/// The attribute that the text turned out to be about.
fn target<'a>(dictionary: &'a Dictionary, asked: &'a Attribute, reading: &Reading) -> &'a Attribute {
    dictionary.attribute(&reading.resolved_attribute).unwrap_or(asked)
}

fn stock(dictionary: &Dictionary, raw: &str, note: &str) -> Case {
    let (got, right) = match (stock_word(dictionary, raw, &Hints::default()), raw.trim().parse::<u32>()) {
        (_, Ok(count)) => (count.to_string(), note == count.to_string()),
        (Some(StockWord::In), _) => ("in".to_owned(), note.starts_with("in stock")),
        (Some(StockWord::Out), _) => ("out".to_owned(), note.starts_with("out")),
        (Some(StockWord::Unknown) | None, _) => ("unknown".to_owned(), note.starts_with("unknown")),
    };
    Case { raw: raw.to_owned(), read_as: "stock".to_owned(), expected: note.to_owned(), got, right, called_ok: true }
}

/// A reading in one line.
pub(super) fn shown(reading: &Reading) -> String {
    let value = reading.value.as_ref().and_then(|value| serde_json::to_string(value).ok()).unwrap_or_default();
    let amounts: Vec<String> = reading.amounts.iter().map(ToString::to_string).collect();
    let also: Vec<String> = reading.also.iter().map(shown).collect();
    let findings: Vec<&str> = reading.findings.iter().map(|finding| finding.code.as_str()).collect();
    let mut line = format!("{:?} {} {value} [{}]", reading.status, reading.resolved_attribute, reading.rule);
    for (name, list) in [
        ("amounts", amounts.join(" ")),
        ("with", reading.qualifiers.join(" ")),
        ("findings", findings.join(" ")),
        ("also", also.join("; ")),
    ] {
        if !list.is_empty() {
            line.extend([" ", name, ": ", &list]);
        }
    }
    line
}
