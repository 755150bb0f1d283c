//! The lines that scripts read.

use crate::cli::{gtin, normalize};
use crate::dictionary::Dictionary;
use clap::Parser;

#[derive(Parser)]
enum Command {
    Normalize(normalize::NormalizeArgs),
    Gtin(gtin::GtinArgs),
}

fn lines(arguments: &[&str]) -> Vec<serde_json::Value> {
    let mut out = Vec::new();
    match Command::try_parse_from([&["beamline"], arguments].concat()).unwrap() {
        Command::Normalize(args) => normalize::run(&args, &Dictionary::embedded().unwrap(), &mut out).unwrap(),
        Command::Gtin(args) => gtin::run(&args, &mut out).unwrap(),
    }
    String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn normalize_prints_the_promised_fields_in_order() {
    let lines = lines(&["normalize", "--attribute", "light_output_max", "1,400 lumens", "500lm  200lm", "-"]);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    let promised = [
        "attribute",
        "resolved_attribute",
        "raw",
        "status",
        "value",
        "unit",
        "qualifiers",
        "rule",
        "confidence",
        "span",
        "findings",
    ];
    assert_eq!(keys, promised);
    assert_eq!(
        (lines[0]["value"].as_str(), lines[0]["unit"].as_str(), lines[0]["status"].as_str()),
        (Some("1400"), Some("lm"), Some("ok"))
    );
    assert_eq!(lines[0]["span"], serde_json::json!([0, 12]));
    assert_eq!(lines[1]["value"], serde_json::json!(["500", "200"]));
    assert_eq!(lines[2]["status"], "empty");
}

#[test]
fn normalize_prints_modes_with_every_key() {
    let lines = lines(&["normalize", "--attribute", "modes", "130 lum / 4h 30m (turbo) | ? lum / 10h"]);
    let expected = serde_json::json!([
        {"name": "turbo", "light_output": "130", "runtime": "4.5", "beam_distance": null, "color": null},
        {"name": "", "light_output": null, "runtime": "10", "beam_distance": null, "color": null},
    ]);
    assert_eq!(lines[0]["value"], expected);
}

#[test]
fn a_file_gives_one_line_per_row_even_for_unknown_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.csv");
    std::fs::write(&path, "\u{feff}attribute,raw,locale,unit\nweight,\"1.234,5 g\",de,\nweight,3,,oz\nnonsense,3,,\n").unwrap();
    let lines = lines(&["normalize", "--file", path.to_str().unwrap()]);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["value"], "1234.5");
    assert_eq!(lines[1]["value"], "85.0486");
    assert_eq!(lines[2]["findings"][0]["code"], "unknown_attribute");
}

#[test]
fn gtin_prints_the_promised_fields_in_order() {
    let lines = lines(&["gtin", "5901234123457", "5.70E+12"]);
    assert_eq!(
        lines[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["input", "status", "gtin14", "kind", "issue", "proposal", "issuing_country"]
    );
    assert_eq!((lines[0]["status"].as_str(), lines[0]["kind"].as_str()), (Some("ok"), Some("ean13")));
    assert_eq!(lines[1]["status"], "rejected");
}
