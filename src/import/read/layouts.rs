//! `schema/import/layouts.toml`: files of known programs, how their rows belong together and what their columns mean.

use super::named::is_named;
use super::{Items, List, Parents};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A file of a known program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownLayout {
    known: Vec<String>,
    /// Fields that tell its items apart where they have no SKU.
    pub key: Vec<String>,
    /// How rows belong together where an item takes several.
    pub items: Option<Items>,
    /// Rows that others inherit from.
    pub parents: Option<Parents>,
    /// Cells that hold lists of names and values.
    #[serde(default, rename = "list")]
    pub lists: Vec<List>,
    /// Between the items of a list in one cell, where a column names nothing else.
    pub split: Option<String>,
    /// The sign behind which a header adds a locale, a channel, a currency or the word `unit`.
    pub suffix: Option<char>,
    /// Does an apostrophe stand in front of texts that a spreadsheet would run as a formula?
    #[serde(default)]
    pub formulas_guarded: bool,
    /// The member of a JSON object that holds values as our API writes them, by attribute code.
    pub values: Option<String>,
    /// What its columns mean.
    #[serde(default, rename = "column")]
    pub columns: Vec<Meaning>,
}

/// What a column of a known file means; the words are a profile's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Its header; `*` stands for any text.
    pub from: String,
    /// An attribute or a target.
    pub to: String,
    /// Unit of a bare number; else that of the header.
    pub unit: Option<String>,
    /// Between the items of a list.
    pub split: Option<String>,
    /// What of the text counts.
    pub pattern: Option<String>,
    /// Role of a picture.
    pub role: Option<String>,
    /// The field that says the pictures' roles.
    pub role_from: Option<String>,
    /// Rows of which this holds have nothing in it.
    pub unless: Option<Unless>,
    /// Does it only count where no other column says anything?
    #[serde(default)]
    pub fallback: bool,
    /// Where it stands among the columns.
    #[serde(default)]
    pub place: Place,
}

/// A field and what it says where a column of the same row does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The field.
    pub field: String,
    /// Its text, without regard to case.
    pub says: String,
}

/// Where a column stands among the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before them.
    First,
    /// As in the file.
    #[default]
    Between,
    /// Behind them.
    Last,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    layout: Vec<KnownLayout>,
}

// A test holds that the embedded file parses.
static LAYOUTS: LazyLock<File> =
    LazyLock::new(|| toml::from_str(include_str!("../../../schema/import/layouts.toml")).unwrap_or_default());

/// The layouts that a file with these headers may be of, the likeliest first.
pub fn known_layouts<'a>(headers: &'a [&'a str]) -> impl Iterator<Item = &'static KnownLayout> + 'a {
    let is = |layout: &&KnownLayout| layout.known.iter().all(|name| headers.iter().any(|header| is_named(name, header)));
    LAYOUTS.layout.iter().filter(is)
}

impl KnownLayout {
    /// What its column of this header means.
    pub fn meaning(&self, header: &str) -> Option<&Meaning> {
        self.columns.iter().find(|column| is_named(&column.from, header))
    }
}
