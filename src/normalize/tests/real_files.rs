//! How many cells of real files are read as a person reads them. The files are not part of the project; without them: skipped.

use super::cells::{DICTIONARY, json, read};
use crate::normalize::{Reading, Status, Value};

fn rows(path: &str) -> Option<Vec<csv::StringRecord>> {
    let shared =
        std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let Ok(mut reader) = csv::ReaderBuilder::new().flexible(true).from_path(format!("{shared}/data/{path}")) else {
        println!("skipped: no {path} beside the project");
        return None;
    };
    Some(reader.records().map(Result::unwrap).collect())
}

#[test]
fn mode_strings() {
    let Some(rows) = rows("headlamp-dirt/mode_strings.csv") else { return };
    let mut right = 0;
    for row in &rows {
        let reading = read("modes", &row[3], None);
        let number = |text: &str| text.parse::<rust_decimal::Decimal>().ok().map(|number| number.round_dp(4).normalize());
        let (lumens, hours) = (number(&row[4]), number(&row[5]));
        let found = match &reading.value {
            Some(Value::Modes(modes)) if modes.len() == 1 => (modes[0].light_output, modes[0].runtime),
            None => (None, None),
            _ => (Some((-1).into()), None),
        };
        if found == (lumens, hours) {
            right += 1;
        } else {
            println!("{:?} -> {found:?}, expected {:?}", &row[3], (lumens, hours));
        }
    }
    println!("mode_strings: {right} of {}", rows.len());
    assert!(right * 100 >= rows.len() * 97, "{right} of {}", rows.len());
}

#[test]
fn measurement_strings() {
    let Some(rows) = rows("headlamp-dirt/measurement_strings.csv") else { return };
    let mut right = 0;
    for row in &rows {
        let reading = read("dim_length", &row[0], None);
        let number: String = row[0].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let axis = match row[0].split(['(', ')']).nth(1) {
            Some("length" | "lamp length") => "dim_length",
            Some("width" | "lamp width") => "dim_width",
            Some("height" | "depth" | "thickness" | "thick" | "lamp height") => "dim_height",
            Some("bezel" | "head" | "diameter") => "head_diameter",
            _ => "body_diameter",
        };
        if json(&reading) == format!("{number} mm") && reading.resolved_attribute == axis {
            right += 1;
        } else {
            println!("{} -> {} {}", &row[0], reading.resolved_attribute, json(&reading));
        }
    }
    println!("measurement_strings: {right} of {}", rows.len());
    assert!(right * 100 >= rows.len() * 95, "{right} of {}", rows.len());
}

/// The expectation of a row of `dirty_values.csv`, where it is plain enough to compare by machine; judged otherwise by status.
fn agrees(attribute: &str, expected: &str, reading: &Reading) -> bool {
    let refused = matches!(reading.status, Status::Rejected | Status::Empty | Status::Ambiguous);
    let lower = expected.to_lowercase();
    if ["unknown", "invalid", "missing", "null", "conflict", "garbage"].iter().any(|word| lower.starts_with(word)) {
        return refused || reading.status == Status::Doubtful;
    }
    let shown = json(reading).to_lowercase();
    let first: String = expected
        .trim_start_matches(['>', '=', '<', '~', '[', ' '])
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    if let (Ok(wanted), Some(Value::Measure(measure))) =
        (first.trim_end_matches('.').split("..").last().unwrap_or("").parse::<rust_decimal::Decimal>(), &reading.value)
    {
        let factor = if expected.contains("Ah") && !expected.contains("mAh") {
            rust_decimal::Decimal::ONE_THOUSAND
        } else {
            rust_decimal::Decimal::ONE
        };
        let known = if reading.amounts.is_empty() { vec![measure.amount] } else { reading.amounts.clone() };
        let also = reading.also.iter().flat_map(|other| other.amounts.clone());
        return known
            .into_iter()
            .chain(also)
            .any(|amount| (amount - wanted * factor).abs() <= (wanted * factor).abs() * rust_decimal::Decimal::new(1, 2));
    }
    match attribute {
        "operating_temperature" => shown == expected.replace(" C", " degC").to_lowercase(),
        _ => {
            lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.len() > 1).any(|word| shown.contains(word))
        }
    }
}

#[test]
fn dirty_values() {
    let Some(rows) = rows("headlamp-dirt/dirty_values.csv") else { return };
    let (mut right, mut judged) = (0, 0);
    for row in &rows {
        let (name, raw, expected) = (&row[0], &row[1], &row[2]);
        let attribute = match name {
            "stock" | "title" | "description" | "name" => continue,
            "null_word" => Some("light_output_max"),
            name => DICTIONARY.attribute_for(name, None).map(|attribute| attribute.code.as_str()),
        };
        judged += 1;
        let Some(attribute) = attribute else {
            println!("no attribute for {name}");
            continue;
        };
        let reading = read(attribute, raw, None);
        if agrees(attribute, expected, &reading) {
            right += 1;
        } else {
            println!("{attribute}: {raw:?} -> {} {}, expected {expected}", reading.resolved_attribute, json(&reading));
        }
    }
    println!("dirty_values: {right} of {judged}");
    assert!(right * 100 >= judged * 85, "{right} of {judged}");
}

#[test]
fn unit_parse_examples() {
    let Some(rows) = rows("measure-vectors/unit_parse_examples.csv") else { return };
    // Only temperatures and masses are quantities of ours; all else must be refused or ignored without harm.
    let (mut right, mut judged) = (0, 0);
    for row in &rows {
        let (attribute, wanted) = if row[1].contains("degC") && !row[1].starts_with("[[") {
            ("operating_temperature", "rejected")
        } else if row[1].contains("\"5 g\"") {
            ("weight_with_battery", "5 g")
        } else {
            continue;
        };
        judged += 1;
        let shown = json(&read(attribute, &row[0], None));
        if shown == wanted || shown.ends_with("degC") {
            right += 1;
        } else {
            println!("{:?} -> {shown}", &row[0]);
        }
    }
    println!("unit_parse_examples: {right} of {judged}");
    assert_eq!(right, judged);
}
