//! `torch-directory/value_synonyms.csv`: words of a real clean-up and what they were mapped to; `headlamp-dirt/measurement_strings.csv`:
//! sizes with the part that they are of, counted by status, because the set has no answers.

use super::{Case, Measure, dirty_values::shown, rows};
use crate::{
    dictionary::Dictionary,
    normalize::{Hints, Status, Value, normalize},
};
use std::path::Path;

/// A canonical word of the set and our codes for it.
type Words = &'static [(&'static str, &'static str)];

/// The set's attribute, ours, and which of its canonical words are which of our codes. Words that it drops, and those for which we have
/// no option, are not judged.
const ATTRIBUTES: [(&str, &str, Words); 4] = [
    (
        "material",
        "housing_material",
        &[
            ("aluminum", "aluminium"),
            ("polymer", "plastic polycarbonate abs nylon"),
            ("stainless steel", "steel"),
            ("steel", "steel"),
            ("titanium", "titanium"),
            ("copper", "copper"),
            ("brass", "copper"),
            ("rubber", "rubber"),
            ("magnesium", "magnesium"),
            ("carbon fiber", "carbon_fiber"),
        ],
    ),
    (
        "battery",
        "battery_options",
        &[
            ("CR123A", "CR123A 16340"),
            ("16340", "16340"),
            ("18650", "18650"),
            ("AAA", "AAA"),
            ("D", "D"),
            ("C", "C"),
            ("4xD", "D"),
            ("6xAA", "AA"),
            ("LR41", "LR41"),
            ("LR44", "LR44"),
            ("18350", "18350"),
            ("built-in", "built_in proprietary"),
        ],
    ),
    (
        "features",
        "features",
        &[
            ("rechargeable", "rechargeable"),
            ("clip", "clip"),
            ("lanyard", "lanyard"),
            ("magnet", "magnet"),
            ("battery included", "battery_included"),
            ("mode memory", "mode_memory"),
            ("power bank", "powerbank"),
            ("lockout", "lockout"),
            ("holster", "holster"),
            ("battery indicator", "battery_indicator"),
            ("tailstand", "tailstand"),
            ("turbo", "turbo"),
            ("moonlight", "moonlight"),
            ("ramping", "dimming"),
            ("focusable", "focusable"),
            ("aux LED", "aux_led"),
            ("Bluetooth", "bluetooth"),
            ("pivoting head", "tilting_head"),
            ("sensor", "motion_sensor"),
            ("quick release", "detachable"),
            ("collapsible", "collapsible"),
            ("high CRI", "high_cri"),
            ("programmable", "programmable"),
            ("tripod mount", "tripod_mount"),
        ],
    ),
    (
        "switch",
        "switch_type",
        &[
            ("tail", "tail"),
            ("side", "side"),
            ("rotary", "rotary"),
            ("electronic", "electronic"),
            ("twisty", "rotary"),
            ("top", "top"),
            ("dual", "dual"),
            ("sensor", "sensor"),
            ("clicky", "push_button"),
            ("magnetic ring", "rotary"),
            ("selector", "rotary"),
        ],
    ),
];

pub(super) fn synonyms(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("value_synonyms");
    for row in &rows {
        let known = ATTRIBUTES.iter().find(|(theirs, _, _)| *theirs == row.get("attribute"));
        let codes = known.and_then(|(_, _, words)| words.iter().find(|(word, _)| *word == row.get("canonical_value")));
        let attribute =
            known.and_then(|(_, ours, _)| dictionary.attribute(ours).or_else(|| dictionary.attribute_for(ours, None)));
        let (Some((_, codes)), Some(attribute)) = (codes, attribute) else {
            measure.not_judged += 1;
            continue;
        };
        let raw = row.get("raw_value_lower");
        let reading = normalize(dictionary, attribute, raw, &Hints::default());
        let said: Vec<String> = match &reading.value {
            Some(Value::Text(text)) => vec![text.clone()],
            Some(Value::List(list)) => list.clone(),
            Some(Value::Batteries(options)) => options.iter().map(|option| option.cell.clone()).collect(),
            _ => Vec::new(),
        };
        measure.cases.push(Case {
            raw: raw.to_owned(),
            read_as: attribute.code.clone(),
            expected: (*codes).to_owned(),
            got: shown(&reading),
            right: said.iter().any(|said| codes.split(' ').any(|code| code == said)),
            called_ok: reading.status == Status::Ok,
        });
    }
    Ok(Some(vec![measure]))
}

/// Right here means only: read as a size at all, with the number that stands in the text.
pub(super) fn sizes(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let (Some(rows), Some(attribute)) = (rows(path)?, dictionary.attribute("dim_length")) else { return Ok(None) };
    let mut measure = Measure::new("measurement_strings");
    for row in &rows {
        let raw = row.get("raw");
        let reading = normalize(dictionary, attribute, raw, &Hints::default());
        let number: String = raw.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let right = match &reading.value {
            Some(Value::Measure(measure)) => number.parse() == Ok(measure.amount),
            _ => false,
        };
        measure.cases.push(Case {
            raw: raw.to_owned(),
            read_as: attribute.code.clone(),
            expected: number,
            got: shown(&reading),
            right,
            called_ok: reading.status == Status::Ok,
        });
    }
    Ok(Some(vec![measure]))
}
