//! `schema/import/records.toml`: how XML files call their records, and name and value pairs.

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
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    elements: Vec<String>,
    pair: Vec<Pair>,
}

// A test holds that the embedded file parses.
static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("../../../schema/import/records.toml")).unwrap_or_default());

pub(super) fn pairs() -> &'static [Pair] {
    &WORDS.pair
}

/// Is this a usual name of a record's element?
pub(super) fn is_record(name: &str) -> bool {
    let name = name.to_lowercase();
    WORDS.elements.contains(&name)
}
