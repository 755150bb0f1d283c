//! `schema/import/records.toml`: how suppliers' files call their records, and how they write name and value pairs.

use crate::normalize::text::key;
use serde::Deserialize;
use std::sync::LazyLock;

/// A name and a value as two parts of one element.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    /// Element, or `@attribute`, that holds the name.
    pub(super) key: String,
    /// Element that holds the value; empty for the text itself.
    pub(super) value: String,
    /// What follows the pair's path where it says the unit: `/FUNIT`, `@unit`.
    #[serde(default)]
    unit: Option<String>,
}

/// Words of headers that name what stands in another column, folded.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnWords {
    /// Of the column that holds the name.
    pub name: Vec<String>,
    /// Of the value.
    pub value: Vec<String>,
    /// Of the value's unit.
    pub unit: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    elements: Vec<String>,
    pair: Vec<Pair>,
    columns: ColumnWords,
}

// A test holds that the embedded file parses.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words: Words = toml::from_str(include_str!("../../../schema/import/records.toml")).unwrap_or_default();
    for list in [&mut words.columns.name, &mut words.columns.value, &mut words.columns.unit] {
        for word in list.iter_mut() {
            *word = key(word);
        }
    }
    words
});

pub(super) fn pairs() -> &'static [Pair] {
    &WORDS.pair
}

/// Is this a usual name of a record's element?
pub(super) fn is_record(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.elements.contains(&name)
}

/// Words of headers that name what stands in another column.
pub fn column_words() -> &'static ColumnWords {
    &WORDS.columns
}

/// Where the unit of a pair may stand: `FEATURE[FNAME=Gewicht]/FUNIT` beside `FEATURE[FNAME=Gewicht]/FVALUE`.
pub fn unit_fields(field: &str) -> impl Iterator<Item = String> {
    let end = field.rfind(']').map_or(0, |at| at + 1);
    let (pair, tail) = field.split_at(end);
    let element = tail.strip_prefix('/').unwrap_or_default();
    let units = WORDS.pair.iter().filter(move |known| end > 0 && known.value == element);
    units.filter_map(move |known| known.unit.as_ref().map(|unit| format!("{pair}{unit}")))
}
