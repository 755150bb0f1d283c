//! A row's values held against each other. What cannot be together is told as a finding and changes nothing: which of the two is wrong,
//! nobody knows from here.
//!
//! The limits stand in `schema/normalize/checks.toml` with where they come from.

use super::value::{BatteryOption, Mode, Value};
use super::{Finding, Measure};
use crate::dictionary::{SchemaError, Source};
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use std::collections::HashMap;
use toml::Spanned;

/// The limits of `schema/normalize/checks.toml`, a user's over ours.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    limits: Limits,
    cell: Vec<Cell>,
}

#[derive(Debug, Clone, Default)]
struct Limits {
    beam_distance: f64,
    lumen_hours_per_wh: f64,
    maximum: f64,
    aside: Vec<String>,
    cell_volts: f64,
    cells: u32,
    energy: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    code: String,
    grams: f64,
    lumens: f64,
}

/// A file says what it wants to say; the rest stays as it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    cell: Vec<Spanned<Cell>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    beam_distance: Option<Spanned<f64>>,
    lumen_hours_per_wh: Option<Spanned<f64>>,
    maximum: Option<Spanned<f64>>,
    aside: Option<Vec<String>>,
    cell_volts: Option<Spanned<f64>>,
    cells: Option<Spanned<u32>>,
    energy: Option<Spanned<f64>>,
}

impl Checks {
    /// Puts one file over what was read before: numbers and words replace, cells are added or replaced by code.
    pub(crate) fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let File { limits, cell } = source.parse()?;
        let LimitsFile { beam_distance, lumen_hours_per_wh, maximum, aside, cell_volts, cells, energy } = limits;
        for (name, said, place) in [
            ("beam_distance", beam_distance, &mut self.limits.beam_distance),
            ("lumen_hours_per_wh", lumen_hours_per_wh, &mut self.limits.lumen_hours_per_wh),
            ("maximum", maximum, &mut self.limits.maximum),
            ("cell_volts", cell_volts, &mut self.limits.cell_volts),
            ("energy", energy, &mut self.limits.energy),
        ] {
            let Some(said) = said else { continue };
            let span = said.span();
            *place = said.into_inner();
            if !place.is_finite() || *place <= 0.0 {
                return Err(source.error(Some(span), name, "is not above zero; a check needs a limit"));
            }
        }
        if let Some(cells) = cells {
            self.limits.cells = cells.into_inner();
        }
        if let Some(aside) = aside {
            self.limits.aside = aside.iter().map(|word| word.to_lowercase()).collect();
        }
        for said in cell {
            let span = said.span();
            let cell = said.into_inner();
            if ![cell.grams, cell.lumens].iter().all(|amount| amount.is_finite() && *amount > 0.0) {
                let message = "needs grams and lumens above zero";
                return Err(source.error(Some(span), format!("cell {}", cell.code), message));
            }
            match self.cell.iter_mut().find(|known| known.code == cell.code) {
                Some(known) => *known = cell,
                None => self.cell.push(cell),
            }
        }
        Ok(())
    }
}

/// Something that cannot be together.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The attribute that it is told of.
    pub attribute: &'static str,
    /// What is told.
    pub finding: Finding,
}

/// What does not fit together among the values of one row, by attribute code in canonical units.
pub fn contradictions<'a>(checks: &'a Checks, values: impl Iterator<Item = (&'a str, &'a Value)>) -> Vec<Check> {
    let row = Row { values: values.collect(), checks };
    let mut found = Vec::new();
    row.beam(&mut found);
    row.maxima(&mut found);
    row.energy(&mut found);
    row.weights(&mut found);
    row.output(&mut found);
    found
}

struct Row<'a> {
    values: HashMap<&'a str, &'a Value>,
    checks: &'a Checks,
}

/// A factor by which a unit that was taken for another puts an amount out, and what was probably meant.
type Slip = (f64, &'static str);

const MASS: &[Slip] =
    &[(1000.0, "kilograms taken for grams"), (453.592, "pounds taken for grams"), (28.3495, "ounces taken for grams")];
const LENGTH: &[Slip] = &[(3.28084, "feet taken for metres"), (1000.0, "kilometres taken for metres")];
const TIME: &[Slip] = &[(60.0, "minutes taken for hours")];
const ENERGY: &[Slip] = &[(1000.0, "thousandths taken for whole units")];
/// Whatever the unit.
const DECIMAL: Slip = (10.0, "a decimal sign that was lost");

/// What one amount is to the other, when a slip explains it.
fn slip(slips: &[Slip], amount: f64, expected: f64) -> String {
    let ratio = (amount / expected).max(expected / amount);
    let near = slips.iter().chain([&DECIMAL]).find(|(factor, _)| (ratio / factor - 1.0).abs() < 0.06);
    near.map(|(_, why)| format!(" ({why}?)")).unwrap_or_default()
}

impl Row<'_> {
    fn amount(&self, code: &str) -> Option<f64> {
        match self.values.get(code)? {
            Value::Measure(Measure { amount, .. }) => amount.to_f64().filter(|amount| *amount > 0.0),
            _ => None,
        }
    }

    fn modes(&self) -> &[Mode] {
        match self.values.get("modes") {
            Some(Value::Modes(modes)) => modes,
            _ => &[],
        }
    }

    fn batteries(&self) -> &[BatteryOption] {
        match self.values.get("battery_options") {
            Some(Value::Batteries(options)) => options,
            _ => &[],
        }
    }

    fn tell(found: &mut Vec<Check>, attribute: &'static str, code: &str, message: String) {
        found.push(Check { attribute, finding: Finding { code: code.to_owned(), message } });
    }

    /// FL 1: d = 2 x sqrt(I).
    fn beam(&self, found: &mut Vec<Check>) {
        let (Some(distance), Some(intensity)) = (self.amount("beam_distance_max"), self.amount("peak_beam_intensity")) else {
            return;
        };
        let expected = 2.0 * intensity.sqrt();
        if (distance / expected - 1.0).abs() > self.checks.limits.beam_distance {
            let why = slip(LENGTH, distance, expected);
            let message = format!(
                "{distance} m and {intensity} cd do not go together: {intensity} cd reach {expected:.0} m (FL 1: twice the root of the candela){why}"
            );
            Self::tell(found, "beam_distance_max", "beam_contradicts_intensity", message);
        }
    }

    /// A maximum is no less than the largest of the modes.
    fn maxima(&self, found: &mut Vec<Check>) {
        type Of = fn(&Mode) -> Option<rust_decimal::Decimal>;
        let figures: [(&'static str, Of, &str, &[Slip]); 3] = [
            ("light_output_max", |mode| mode.light_output, "lm", &[]),
            ("runtime_max", |mode| mode.runtime, "h", TIME),
            ("beam_distance_max", |mode| mode.beam_distance, "m", LENGTH),
        ];
        for (attribute, of, unit, slips) in figures {
            let plain = self.modes().iter().filter(|mode| self.is_plain(mode));
            let most = plain.filter_map(of).filter_map(|amount| amount.to_f64()).fold(0.0, f64::max);
            let Some(declared) = self.amount(attribute) else { continue };
            if most > declared * (1.0 + self.checks.limits.maximum) {
                let why = slip(slips, most, declared);
                let message = format!("a mode says {most} {unit}, which is more than the maximum of {declared} {unit}{why}");
                Self::tell(found, attribute, "maximum_below_modes", message);
            }
        }
    }

    /// Steady white light, which is what a maximum is told of.
    fn is_plain(&self, mode: &Mode) -> bool {
        let white = mode.color.as_deref().is_none_or(|color| color.contains("white"));
        let name = mode.name.to_lowercase();
        white && !self.checks.limits.aside.iter().any(|word| name.contains(word.as_str()))
    }

    /// A battery holds no more than it holds.
    fn energy(&self, found: &mut Vec<Check>) {
        let limits = &self.checks.limits;
        let Some(energy) = self.amount("battery_energy") else { return };
        if let Some(capacity) = self.amount("battery_capacity") {
            let one = capacity * limits.cell_volts / 1000.0;
            let most = one * f64::from(limits.cells);
            if energy < one * (1.0 - limits.energy) || energy > most * (1.0 + limits.energy) {
                let why = slip(ENERGY, energy, one);
                let message = format!(
                    "{energy} Wh and {capacity} mAh do not go together: {capacity} mAh are {one:.1} Wh at {} V{why}",
                    limits.cell_volts
                );
                Self::tell(found, "battery_energy", "energy_contradicts_capacity", message);
            }
        }
        let full = self.amount("light_output_max").zip(self.amount("runtime_at_max"));
        let modes = self.modes().iter().filter_map(|mode| mode.light_output?.to_f64().zip(mode.runtime?.to_f64()));
        let worst = full.into_iter().chain(modes).max_by(|a, b| (a.0 * a.1).total_cmp(&(b.0 * b.1)));
        if let Some((lumens, hours)) = worst.filter(|(lumens, hours)| lumens * hours > energy * limits.lumen_hours_per_wh) {
            let message = format!("{lumens} lm for {hours} h is more light than {energy} Wh can make");
            Self::tell(found, "runtime_at_max", "runtime_beyond_battery", message);
        }
    }

    /// A lamp weighs no less than its cells, with them no less than without, and packed no less than bare.
    fn weights(&self, found: &mut Vec<Check>) {
        let [with, without, packed] =
            ["weight_with_battery", "weight_without_battery", "weight_packaged"].map(|code| self.amount(code));
        let order = [
            ("weight_with_battery", with, without, "with its battery it weighs", "without it"),
            ("weight_packaged", packed, with.or(without), "in its package it weighs", "unpacked"),
        ];
        for (attribute, more, less, first, second) in order {
            if let (Some(more), Some(less)) = (more, less)
                && more < less
            {
                let why = slip(MASS, more, less);
                Self::tell(found, attribute, "weights_out_of_order", format!("{first} {more} g, and {second} {less} g{why}"));
            }
        }
        let least = self.batteries().iter().filter_map(|option| Some(self.cell(option)?.grams * f64::from(option.quantity)));
        let least = least.reduce(f64::min);
        if let (Some(with), Some(least)) = (with, least.filter(|_| self.all_known()))
            && with < least
        {
            let message = format!("with its battery it weighs {with} g, and the cells alone weigh at least {least} g");
            Self::tell(found, "weight_with_battery", "weight_below_cells", message);
        }
    }

    /// More light than any lamp draws from such cells: inflated figures of no-name lamps.
    fn output(&self, found: &mut Vec<Check>) {
        let most = self.batteries().iter().filter_map(|option| Some(self.cell(option)?.lumens * f64::from(option.quantity)));
        let most = most.reduce(f64::max);
        if let (Some(lumens), Some(most)) = (self.amount("light_output_max"), most.filter(|_| self.all_known()))
            && lumens > most
        {
            let message = format!("{lumens} lm is more than any known lamp makes out of these cells ({most} lm)");
            Self::tell(found, "light_output_max", "output_beyond_cells", message);
        }
    }

    fn cell(&self, option: &BatteryOption) -> Option<&Cell> {
        self.checks.cell.iter().find(|cell| cell.code == option.cell)
    }

    /// Cells that nothing is known of could weigh and give anything.
    fn all_known(&self) -> bool {
        !self.batteries().is_empty() && self.batteries().iter().all(|option| self.cell(option).is_some())
    }
}

#[cfg(test)]
mod tests;
