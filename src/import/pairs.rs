//! Columns that name other columns: a supplier writes `Merkmal`, `Wert`, `Einheit` again and again, or a list of `{name, value, unit}`.
//!
//! The value of one of them has an address of its own, `Wert[Merkmal=Gewicht]`: the text of `Wert` that stands where `Merkmal` says
//! `Gewicht`. XML's pairs of elements have such an address from the reader; here are those of repeated or numbered fields.

use super::read::column_words;
use super::row::Record;
use crate::normalize::text::key;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Names that one record's pairs, or the samples of a file, may bring forward.
const MAX_NAMES: usize = 500;
/// Characters of a name that are looked at.
const MAX_NAME_CHARS: usize = 200;

/// The parts of `value[key=name]`, as far as its fields are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Field of the values.
    pub value: &'a str,
    /// Field of the names.
    pub key: &'a str,
    /// The name.
    pub name: &'a str,
}

impl<'a> Address<'a> {
    /// Reads an address; headers may hold brackets too, so that `is_field` decides what is a field.
    pub fn parse(from: &'a str, is_field: impl Fn(&str) -> bool) -> Option<Self> {
        let inner = from.trim().strip_suffix(']')?;
        inner.match_indices('[').find_map(|(at, _)| {
            let (value, rest) = (inner.get(..at)?.trim(), inner.get(at + 1..)?);
            let (key, name) = rest.split_once('=')?;
            let (key, name) = (key.trim(), name.trim());
            (!name.is_empty() && is_field(value) && is_field(key)).then_some(Self { value, key, name })
        })
    }

    /// As a profile writes it.
    pub fn write(value: &str, key: &str, name: &str) -> String {
        format!("{value}[{key}={name}]")
    }
}

/// Which occurrence of the value belongs to which of the name: both in the order of the record. Nothing where their number shows that
/// one has been left out, as a value beside the wrong name is worse than none.
pub fn aligned(keys: &[usize], values: &[usize]) -> Vec<(usize, usize)> {
    let whole = keys.len() == values.len();
    // A row that ends early: every value but the last stands between its name and the next.
    let cut = keys.len() == values.len() + 1
        && keys.iter().zip(values).all(|(key, value)| key < value)
        && values.iter().zip(keys.iter().skip(1)).all(|(value, next)| value < next);
    if whole || cut { keys.iter().copied().zip(values.iter().copied()).collect() } else { Vec::new() }
}

/// Fields that belong together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Columns {
    /// Field of the names.
    pub key: Arc<str>,
    /// Field of the values.
    pub value: Arc<str>,
    /// Field of the values' units.
    pub unit: Option<Arc<str>>,
}

/// Finds such fields in the first records of a file: their names differ in one word only (`schema/import/records.toml`), and they are
/// repeated or numbered.
pub fn find(records: &[Record]) -> Vec<Columns> {
    let mut repeated: BTreeMap<Arc<str>, bool> = BTreeMap::new();
    for record in records {
        let mut seen: HashMap<&Arc<str>, usize> = HashMap::new();
        for (name, _) in &record.fields {
            *seen.entry(name).or_default() += 1;
        }
        for (name, count) in seen {
            *repeated.entry(Arc::clone(name)).or_default() |= count > 1;
        }
    }
    let words = column_words();
    let mut by_rest: BTreeMap<String, Columns> = BTreeMap::new();
    let mut roles: Vec<(String, u8, Arc<str>)> = Vec::new();
    for (name, repeated) in &repeated {
        let text = key(&name.replace(['.', '/', '_'], " "));
        let numbered = text.chars().any(|sign| sign.is_ascii_digit());
        if !repeated && !numbered {
            continue;
        }
        for (role, words) in [(0, &words.name), (1, &words.value), (2, &words.unit)] {
            let rests = words.iter().filter_map(|word| without(&text, word));
            roles.extend(rests.map(|rest| (rest, role, Arc::clone(name))));
        }
    }
    for wanted in [0, 1, 2] {
        for (rest, _, name) in roles.iter().filter(|(_, role, _)| *role == wanted) {
            match (wanted, by_rest.get_mut(rest)) {
                (0, None) => {
                    let columns = Columns { key: Arc::clone(name), value: "".into(), unit: None };
                    by_rest.insert(rest.clone(), columns);
                }
                (1, Some(columns)) if columns.value.is_empty() && columns.key != *name => columns.value = Arc::clone(name),
                (2, Some(columns)) if columns.unit.is_none() && columns.key != *name => columns.unit = Some(Arc::clone(name)),
                _ => {}
            }
        }
    }
    by_rest.into_values().filter(|columns| !columns.value.is_empty()).collect()
}

/// The text without this word, where it stands in it whole.
fn without(text: &str, word: &str) -> Option<String> {
    let padded = format!(" {text} ");
    let at = padded.find(&format!(" {word} "))?;
    let rest = format!("{}{}", padded.get(..at)?, padded.get(at + word.len() + 1..)?);
    Some(rest.trim().to_owned())
}

/// The records with each value under its own address instead of its field, for whoever wants to see all names.
pub fn addressed(records: &[Record], pairs: &[Columns]) -> Vec<Record> {
    let mut names: BTreeMap<String, Arc<str>> = BTreeMap::new();
    records.iter().map(|record| Record { row: record.row, fields: fields(record, pairs, &mut names) }).collect()
}

fn fields(record: &Record, pairs: &[Columns], names: &mut BTreeMap<String, Arc<str>>) -> Vec<(Arc<str>, String)> {
    let part =
        |name: &Arc<str>| pairs.iter().any(|pair| *name == pair.key || *name == pair.value || pair.unit.as_ref() == Some(name));
    let mut fields: Vec<_> = record.fields.iter().filter(|(name, _)| !part(name)).cloned().collect();
    let places = |wanted: &Arc<str>| -> Vec<usize> {
        record.fields.iter().enumerate().filter(|(_, (name, _))| name == wanted).map(|(at, _)| at).collect()
    };
    let text = |at: usize| record.fields.get(at).map_or("", |(_, text)| text.trim());
    for pair in pairs {
        for (key, value) in aligned(&places(&pair.key), &places(&pair.value)) {
            let (name, value) = (text(key), text(value));
            if name.is_empty() || value.is_empty() || name.chars().count() > MAX_NAME_CHARS {
                continue;
            }
            let address = Address::write(&pair.value, &pair.key, name);
            if names.len() >= MAX_NAMES && !names.contains_key(&address) {
                continue;
            }
            let address = names.entry(address.clone()).or_insert_with(|| address.into());
            fields.push((Arc::clone(address), value.to_owned()));
        }
    }
    fields
}

#[cfg(test)]
mod tests;
