//! How well Beamline reads text that it has never seen, measured against rows that people labelled.
//!
//! Each file beside this one reads one labelled set of a data folder and judges every row: right or not, and whether Beamline called it
//! `ok`. What it calls `ok` must be right; what it is not sure of it must say. The sets are not part of the project: a folder is named by
//! whoever measures, and a set that is not there is left out and said so.

mod dirty_values;
mod expected;
mod gtins;
mod mode_strings;
mod sentences;
pub mod speed;
mod web_offers;
mod words;

use crate::dictionary::Dictionary;
use serde::Serialize;
use std::path::Path;

/// One judged row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// The text that was read.
    pub raw: String,
    /// What it was read as: an attribute's code, or a language.
    pub read_as: String,
    /// What the set says.
    pub expected: String,
    /// What Beamline says.
    pub got: String,
    /// Do they agree?
    pub right: bool,
    /// Did Beamline call it `ok`?
    pub called_ok: bool,
}

/// All rows of one set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measure {
    /// Its name, stable.
    pub name: &'static str,
    /// Its rows.
    pub cases: Vec<Case>,
    /// Rows of the set that say nothing about what is measured.
    pub not_judged: usize,
    /// Quantities that were found where the set has none.
    pub surplus: usize,
    /// Cases in a form that other programs can be held against; see [`Comparable`].
    pub comparable: Vec<Comparable>,
}

/// The figures of one set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The set.
    pub measure: &'static str,
    /// Rows judged.
    pub cases: usize,
    /// Rows read right.
    pub right: usize,
    /// `right` of `cases`, 0 to 1.
    pub share: f64,
    /// Rows called `ok`.
    pub called_ok: usize,
    /// Rows called `ok` and right.
    pub called_ok_right: usize,
    /// `called_ok_right` of `called_ok`, 0 to 1.
    pub called_ok_share: f64,
    /// See [`Measure::surplus`].
    pub surplus: usize,
    /// See [`Measure::not_judged`].
    pub not_judged: usize,
}

/// One sentence with the quantities that a set says are in it, in a form that any program can be held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparable {
    /// The set.
    pub measure: &'static str,
    /// The sentence.
    pub text: String,
    /// Its language, a BCP 47 tag.
    pub locale: String,
    /// Families of units in which a quantity that is not expected counts as surplus.
    pub families: Vec<String>,
    /// The set has a quantity here that is none of ours, so what is found beside the expected ones is not counted.
    pub others: bool,
    /// The quantities.
    pub expected: Vec<Plain>,
    /// What Beamline found.
    pub got: Vec<Plain>,
}

/// An amount in the base unit of its family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plain {
    /// Such as `length`.
    pub family: String,
    /// All amounts that count as this one: the ends and middle of an interval, the parts of a compound.
    pub amounts: Vec<f64>,
}

impl Measure {
    fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        let count = |judge: fn(&&Case) -> bool| self.cases.iter().filter(judge).count();
        let (right, called_ok) = (count(|case| case.right), count(|case| case.called_ok));
        let called_ok_right = count(|case| case.called_ok && case.right);
        Figures {
            measure: self.name,
            cases: self.cases.len(),
            right,
            share: share(right, self.cases.len()),
            called_ok,
            called_ok_right,
            called_ok_share: share(called_ok_right, called_ok),
            surplus: self.surplus,
            not_judged: self.not_judged,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0 }
}

/// Reads a set's rows in one data folder; none when the set is not there.
type Judge = fn(&Dictionary, &Path) -> anyhow::Result<Option<Vec<Measure>>>;

/// The sets about text and values: the file below the data folder, and who judges it.
const SETS: [(&str, Judge); 10] = [
    ("headlamp-dirt/dirty_values.csv", dirty_values::judge),
    ("headlamp-dirt/mode_strings.csv", mode_strings::judge),
    ("headlamp-dirt/measurement_strings.csv", words::sizes),
    ("measure-vectors/ms_recognizers_dimension.csv", sentences::recognizers),
    ("measure-vectors/quantulum3_quantities.csv", sentences::quantulum),
    ("measure-vectors/unit_parse_examples.csv", sentences::unit_parse),
    ("measure-vectors/ucum_conversion.csv", sentences::conversions),
    ("wdc-pave/raw_to_normalized_values.csv", web_offers::judge),
    ("torch-directory/value_synonyms.csv", words::synonyms),
    ("gtin-vectors/gtin_vectors.csv", gtins::judge),
];

/// Judges every set of the folder. Sets that are not there are named in the second list.
pub fn judge(dictionary: &Dictionary, folder: &Path) -> anyhow::Result<(Vec<Measure>, Vec<&'static str>)> {
    let (mut measures, mut missing) = (Vec::new(), Vec::new());
    for (file, judge) in SETS {
        match judge(dictionary, &folder.join(file))? {
            Some(found) => measures.extend(found),
            None => missing.push(file),
        }
    }
    Ok((measures, missing))
}

/// The rows of a CSV file as maps from column to text; none when there is no such file.
fn rows(path: &Path) -> anyhow::Result<Option<Vec<Row>>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path)?;
    let header: Vec<String> = reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let records: Result<Vec<_>, _> = reader.records().collect();
    Ok(Some(
        records?.into_iter().map(|record| Row(header.iter().cloned().zip(record.iter().map(str::to_owned)).collect())).collect(),
    ))
}

/// One row of a set.
struct Row(std::collections::HashMap<String, String>);

impl Row {
    fn get(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests;
