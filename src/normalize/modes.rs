//! A table of light modes: `140 lum / 5h 30m (turbo) | 35 lum / 12h`, `Turbo 900 lumen / 1h`, `520lm  210lm  70lm`.

use super::{
    Hints, Mode, Reading, Value,
    quantity::{Join, Quantity, find},
    text::{clean_line, key},
    units::Scope,
};
use crate::dictionary::{Attribute, Bounds, Dictionary, runs};
use rust_decimal::Decimal;

/// Rows of one table; lamps have 13 at most.
pub(super) const MAX_MODES: usize = 60;
/// Characters of a mode's name.
pub(super) const MAX_NAME: usize = 60;

/// Reads a table.
pub(super) fn read(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let mut modes: Vec<Mode> = Vec::new();
    for part in raw.split(['|', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()).take(MAX_MODES) {
        let times = find(dictionary, Scope::family(dictionary, "time"), part, hints).quantities;
        let has_hours = times.iter().any(|quantity| quantity.unit.is_some_and(|unit| unit.code == "h"));
        let of = |family: &str| find(dictionary, Scope::family(dictionary, family), part, hints).quantities;
        let lumens = amounts(dictionary, "lm", part, of("luminous_flux"), None);
        let hours = amounts(dictionary, "h", part, times, Some(BareM { here: true, has_hours }));
        let metres = amounts(dictionary, "m", part, of("length"), Some(BareM { here: false, has_hours }));
        let rows = lumens.len().max(1);
        if rows > MAX_MODES {
            break;
        }
        let (name, color) = name_of(dictionary, part, rows);
        for row in 0..rows {
            // Lists of equal length belong together row by row; a single figure belongs to the first row only.
            let pick = |list: &[Decimal]| if list.len() == rows || row == 0 { list.get(row).copied() } else { None };
            let mode = Mode {
                name: name.clone(),
                light_output: pick(&lumens),
                runtime: pick(&hours),
                beam_distance: pick(&metres),
                color: color.clone(),
            };
            let says_something = !mode.name.is_empty() || mode.light_output.is_some() || mode.runtime.is_some();
            if says_something && modes.len() < MAX_MODES {
                modes.push(mode);
            }
        }
    }
    if modes.is_empty() {
        return Reading::rejected(
            attribute,
            "modes",
            "no_modes",
            "No mode is named here; write such as 'high 400 lm / 3 h | low 10 lm / 100 h'.",
        );
    }
    if modes.iter().all(|mode| mode.light_output.is_none() && mode.runtime.is_none()) {
        let mut reading = Reading::accepted(attribute, "modes.names", Value::Modes(modes), 50);
        reading.doubt("no_figures", "Modes are named without light output or run time.".to_owned(), 50);
        return reading;
    }
    if let Some((field, _)) = modes.iter().find_map(|mode| impossible(dictionary, mode)) {
        let message = format!("A mode's {} is not possible; check the numbers.", field.replace('_', " "));
        return Reading::rejected(attribute, "modes", "out_of_range", message);
    }
    Reading::accepted(attribute, "modes", Value::Modes(modes), 90)
}

/// A figure of a mode that no lamp has, and what it may be: 0 to the most that the same quantity of a whole lamp may be. Its
/// least does not count: the dimmest mode may be below what a lamp's brightest must reach.
pub(super) fn impossible(dictionary: &Dictionary, mode: &Mode) -> Option<(&'static str, Bounds)> {
    let figures = [
        ("light_output", "light_output_max", mode.light_output),
        ("runtime", "runtime_max", mode.runtime),
        ("beam_distance", "beam_distance_max", mode.beam_distance),
    ];
    figures.into_iter().find_map(|(field, whole, amount)| {
        let max = dictionary.attribute(whole).and_then(|attribute| attribute.hard).and_then(|hard| hard.max);
        let bounds = Bounds { min: Some(Decimal::ZERO), max };
        amount.filter(|amount| !bounds.contains(*amount)).map(|_| (field, bounds))
    })
}

/// Whether a bare `m` is a minute: it is one behind hours ("4h 30m") or where no hours stand ("46m"), and a metre beside hours
/// ("2h / 115m").
#[derive(Clone, Copy)]
struct BareM {
    /// Are minutes looked for?
    here: bool,
    /// Do hours stand in this text?
    has_hours: bool,
}

/// Amounts with an explicit unit, compounds added up.
fn amounts(
    dictionary: &Dictionary,
    unit: &str,
    text: &str,
    quantities: Vec<Quantity<'_>>,
    bare_m: Option<BareM>,
) -> Vec<Decimal> {
    let Some(unit) = dictionary.unit(unit) else { return Vec::new() };
    let mut amounts: Vec<Decimal> = Vec::new();
    let mut before: Option<(&str, usize)> = None;
    for quantity in quantities {
        let Some(from) = quantity.unit else { continue };
        let Some(amount) = from.convert(quantity.number.value, unit).map(|amount| amount.round_dp(4).normalize()) else {
            continue;
        };
        // "4h 30m" is one amount, "3h 4h" are two.
        let continues =
            matches!(quantity.join, Join::Adjacent | Join::And) && before.is_some_and(|(code, end)| code != from.code && end <= quantity.start);
        if let Some(BareM { here, has_hours }) = bare_m {
            let written = text.get(quantity.start..quantity.end).unwrap_or_default();
            let bare = written.ends_with(['m', 'м'])
                && written.trim_end_matches(['m', 'м']).ends_with(|c: char| c.is_ascii_digit() || c == ' ');
            let minutes = !has_hours || text.get(..quantity.start).is_some_and(|head| head.trim_end().ends_with(['h', 'H', 'ч']));
            if bare && minutes != here {
                continue;
            }
        }
        match amounts.last_mut() {
            Some(last) if continues => *last = last.checked_add(amount).unwrap_or(*last),
            _ => amounts.push(amount),
        }
        before = Some((&from.code, quantity.end));
    }
    amounts
}

/// A mode's name from its bracket, else from a known word; and the colour of its light.
fn name_of(dictionary: &Dictionary, part: &str, rows: usize) -> (String, Option<String>) {
    let bracket =
        part.split_once('(').map(|(_, inside)| inside.split(')').next().unwrap_or(inside)).map(clean_line).unwrap_or_default();
    let folded = key(part);
    let light = dictionary.attribute("light_colors");
    let color = light.and_then(|attribute| {
        dictionary
            .options_inside(attribute, &folded)
            .filter(|(word, _)| word.len() >= 3)
            .max_by_key(|(word, _)| (word.len(), *word))
            .map(|(_, code)| code.to_owned())
    });
    let words = &dictionary.words().modes;
    let note = key(&bracket);
    let known = words.get(&note).cloned();
    let inside = || {
        runs(&folded)
            .filter_map(|word| words.get_key_value(word))
            .max_by_key(|(word, code)| (word.len(), std::cmp::Reverse((*code).clone())))
            .map(|(_, code)| code.clone())
    };
    let says_words = note.chars().any(char::is_alphabetic) && !note.chars().any(|c| c.is_ascii_digit());
    let name = match known {
        Some(code) => code,
        None if says_words => bracket.chars().take(MAX_NAME).collect(),
        None if rows == 1 => inside().unwrap_or_default(),
        None => String::new(),
    };
    (name, color)
}
