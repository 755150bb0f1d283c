//! A table of light modes: `140 lum / 5h 30m (turbo) | 35 lum / 12h`, `Turbo 900 lumen / 1h`, `520lm  210lm  70lm`.

mod rows;

use super::{
    Hints, Mode, Reading, Status, Value,
    amounts::{clock_times, drop_count},
    measure::{Choice, choose},
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
    let mut parts: Vec<Part> = Vec::new();
    for text in raw.split(['|', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()).take(MAX_MODES) {
        let part = Part::read(dictionary, text, hints);
        match rows::split(dictionary, text, &part, hints) {
            Some(rows) => parts.extend(rows),
            None => parts.push(part),
        }
    }
    if let Some(open) = parts.iter().find_map(|part| part.open.clone()) {
        let message =
            format!("{open} can be two amounts, by what the sign between its digits means; set the profile's decimal style.");
        return Reading { status: Status::Ambiguous, ..Reading::rejected(attribute, "modes", "decimal_sign_unclear", message) };
    }
    let guessed = parts.iter().any(|part| part.guessed);
    let unclear = parts.iter().any(|part| part.unclear);
    let mut modes: Vec<Mode> = Vec::new();
    let mut rest = parts.as_slice();
    while let [part, behind @ ..] = rest {
        rest = behind;
        let mut part = part.clone();
        // "450 / 100 / 6 lumen; 2 / 8 / 130 hours": a list of times for the list of outputs before.
        if part.lumens.len() > 1
            && part.hours.is_empty()
            && let [next, others @ ..] = rest
            && next.lumens.is_empty()
            && next.hours.len() == part.lumens.len()
        {
            part.hours.clone_from(&next.hours);
            rest = others;
        }
        let rows = part.lumens.len().max(1);
        if rows > MAX_MODES {
            break;
        }
        for row in 0..rows {
            // Lists of equal length belong together row by row; a single figure belongs to the first row only.
            let pick = |list: &[Decimal]| if list.len() == rows || row == 0 { list.get(row).copied() } else { None };
            let mode = Mode {
                name: part.names.get(row).cloned().unwrap_or_default(),
                light_output: pick(&part.lumens),
                runtime: pick(&part.hours),
                beam_distance: pick(&part.metres),
                color: part.color.clone(),
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
        // "High, Medium, Low": one name a mode.
        let words = &dictionary.words().modes;
        let codes = raw.split(['|', ';', '\n', ',', '/', '+']).filter_map(|name| words.get(&key(name))).take(MAX_MODES);
        let listed: Vec<Mode> = codes.map(|code| Mode { name: code.clone(), ..Mode::default() }).collect();
        let modes = if listed.len() > modes.len() { listed } else { modes };
        let mut reading = Reading::accepted(attribute, "modes.names", Value::Modes(modes), 50);
        reading.doubt("no_figures", "Modes are named without light output or run time.".to_owned(), 50);
        return reading;
    }
    if let Some((field, _)) = modes.iter().find_map(|mode| impossible(dictionary, mode)) {
        let message = format!("A mode's {} is not possible; check the numbers.", field.replace('_', " "));
        return Reading::rejected(attribute, "modes", "out_of_range", message);
    }
    let maxima = maxima(dictionary, &modes, hints);
    let mut reading = Reading::accepted(attribute, "modes", Value::Modes(modes), 90);
    reading.also = maxima;
    if guessed {
        let message = "A light output can be read in two ways; the usual size decided. Set the profile's decimal style.";
        reading.doubt("decimal_sign_guessed", message.to_owned(), 60);
    }
    if unclear {
        let message =
            "Outputs joined by a plus, a dash or a number of lights may be one mode or several; they were read as they stand.";
        reading.doubt("modes_unclear", message.to_owned(), 50);
    }
    reading
}

/// The largest output, run time and distance of the table, as the whole lamp's.
fn maxima(dictionary: &Dictionary, modes: &[Mode], hints: &Hints) -> Vec<Reading> {
    type Pick = fn(&Mode) -> Option<Decimal>;
    let figures: [(&str, Pick); 3] = [
        ("light_output_max", |mode| mode.light_output),
        ("runtime_max", |mode| mode.runtime),
        ("beam_distance_max", |mode| mode.beam_distance),
    ];
    let mut maxima = Vec::new();
    for (code, pick) in figures {
        let Some(attribute) = dictionary.attribute(code) else { continue };
        let Some((most, unit)) = modes.iter().filter_map(pick).max().zip(attribute.unit.as_deref()) else { continue };
        // One mode alone need not be the brightest.
        if modes.len() < 2 || attribute.hard.is_some_and(|hard| !hard.contains(most)) {
            continue;
        }
        let mut reading = Reading::accepted(attribute, "modes.max", Value::measure(most, unit), 80);
        if attribute.usual_for(hints.category.as_deref()).is_some_and(|usual| !usual.contains(most)) {
            reading.doubt("unusual", format!("{most} {unit} is unusual for {}.", attribute.label("en")), 40);
        }
        maxima.push(reading);
    }
    maxima
}

/// What one part of the table says.
#[derive(Clone)]
struct Part {
    lumens: Vec<Decimal>,
    hours: Vec<Decimal>,
    metres: Vec<Decimal>,
    names: Vec<String>,
    color: Option<String>,
    /// An output whose sign between the digits may part thousands or decimals.
    open: Option<String>,
    /// Did the usual size decide what such a sign means?
    guessed: bool,
    /// Are there outputs that a plus, an interval or a number of lights joins?
    unclear: bool,
}

impl Part {
    fn read(dictionary: &Dictionary, text: &str, hints: &Hints) -> Self {
        let of = |family: &str| find(dictionary, Scope::family(dictionary, family), text, hints).quantities;
        let mut times = find(dictionary, Scope::family(dictionary, "time"), text, hints);
        clock_times(dictionary, text, &mut times);
        let times = times.quantities;
        let has_hours = times.iter().any(|quantity| quantity.unit.is_some_and(|unit| unit.code == "h"));
        let mut outputs = find(dictionary, Scope::family(dictionary, "luminous_flux"), text, hints);
        // "2 x 400 lm" is one mode of two lights.
        let counted = drop_count(&mut outputs).is_some();
        let mut outputs = outputs.quantities;
        let (open, guessed) = settle(dictionary, text, &mut outputs, hints);
        let unclear = counted || outputs.iter().any(|output| matches!(output.join, Join::Plus | Join::To));
        let spans: Vec<(usize, usize)> =
            outputs.iter().filter(|output| output.unit.is_some()).map(|output| (output.start, output.end)).collect();
        let lumens = amounts(dictionary, "lm", text, outputs, None);
        let (name, color) = name_of(dictionary, text, lumens.len().max(1));
        let names = if lumens.len() > 1 { row_names(dictionary, text, &spans) } else { vec![name] };
        Self {
            hours: amounts(dictionary, "h", text, times, Some(BareM { here: true, has_hours })),
            metres: amounts(dictionary, "m", text, of("length"), Some(BareM { here: false, has_hours })),
            lumens,
            names,
            color,
            open,
            guessed,
            unclear,
        }
    }
}

/// Decides what a sign before three digits means: the text of an output where that stays open, and whether the usual size decided.
fn settle(dictionary: &Dictionary, text: &str, outputs: &mut [Quantity<'_>], hints: &Hints) -> (Option<String>, bool) {
    let Some(whole) = dictionary.attribute("light_output_max") else { return (None, false) };
    let mut guessed = false;
    for output in outputs.iter_mut().filter(|output| output.unit.is_some_and(|unit| unit.code == "lm")) {
        let Some(other) = output.number.alternative else { continue };
        match choose(whole, (output.number.value, other), hints) {
            Choice::Both => return (text.get(output.start..output.end).map(str::to_owned), guessed),
            Choice::Other => (output.number.value, guessed) = (other, true),
            Choice::First { .. } => {}
        }
    }
    (None, guessed)
}

/// The mode's word of each row of a list: all before their outputs ("high 400 lm, low 5 lm") or all behind ("400 lm high, 5 lm low").
fn row_names(dictionary: &Dictionary, text: &str, spans: &[(usize, usize)]) -> Vec<String> {
    let word = |from: usize, to: usize| {
        let folded = key(text.get(from..to).unwrap_or_default());
        let words = &dictionary.words().modes;
        runs(&folded)
            .filter_map(|word| words.get_key_value(word))
            .max_by_key(|(word, code)| (word.len(), std::cmp::Reverse((*code).clone())))
            .map(|(_, code)| code.clone())
            .unwrap_or_default()
    };
    let end_before = |row: usize| row.checked_sub(1).and_then(|before| spans.get(before)).map_or(0, |(_, end)| *end);
    let start_behind = |row: usize| spans.get(row + 1).map_or(text.len(), |(start, _)| *start);
    let before: Vec<String> = spans.iter().enumerate().map(|(row, (start, _))| word(end_before(row), *start)).collect();
    let behind: Vec<String> = spans.iter().enumerate().map(|(row, (_, end))| word(*end, start_behind(row))).collect();
    let named = |names: &[String]| names.iter().filter(|name| !name.is_empty()).count();
    // A word between two outputs belongs to the one that leaves fewest without a name.
    if before.first().is_some_and(|first| !first.is_empty()) || named(&before) > named(&behind) { before } else { behind }
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
        let continues = matches!(quantity.join, Join::Adjacent | Join::And)
            && before.is_some_and(|(code, end)| code != from.code && end <= quantity.start);
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
