//! A file that a channel can be given: how it is laid out, which listings it holds and how large it may be.

use super::super::shape::Shape;
use super::Contract;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The largest part that the channel takes; a feed that is larger becomes several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Rows, header not counted.
    pub rows_per_part: Option<u64>,
    /// Bytes of the uncompressed file.
    pub bytes_per_part: Option<u64>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// RSS 2.0 with a namespace for the channel's elements.
    Rss,
    /// Tab-separated with a header row.
    Tsv,
    /// Comma-separated with a header row.
    Csv,
    /// One JSON document: an envelope around the items.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// A spreadsheet with a header row.
    Xlsx,
}

impl Layout {
    /// Rows and columns?
    pub fn is_table(self) -> bool {
        matches!(self, Self::Tsv | Self::Csv | Self::Xlsx)
    }

    /// Made of shapes?
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// Which listings a file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All that are ready; in a delta those that were added or changed.
    #[default]
    Full,
    /// The same, and the channel drops what it does not find in it: never part of a delta.
    Snapshot,
    /// Stock and price: all that are ready; in a delta those whose stock or price changed.
    Terms,
    /// Those that were sent last and are no longer ready.
    Removed,
}

/// What one item of a file is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// One product.
    #[default]
    Products,
    /// A group with all its members; a product without a group is one of its own.
    Groups,
    /// The same, groups of two and more only.
    Families,
}

/// One file the channel can be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Name for `--format`.
    pub code: String,
    /// How it is written.
    pub layout: Layout,
    /// Name of the first part; further parts are numbered before the extension.
    pub file: String,
    /// Media type it is served with.
    pub content_type: String,
    /// Namespace prefix of the elements, for `rss`.
    #[serde(default)]
    pub prefix: String,
    /// Address of the namespace, for `rss`.
    #[serde(default)]
    pub namespace: String,
    /// Between several values of one column, for tables.
    #[serde(default = "comma")]
    pub joiner: String,
    /// Which listings it holds.
    #[serde(default)]
    pub scope: Scope,
    /// What one item is about, for JSON.
    #[serde(default)]
    pub holds: Holds,
    /// The item as a document, for JSON; see [`super::super::shape`].
    #[serde(default)]
    pub item: String,
    /// What stands around the items, for `json`: a document in which `"$items"` stands. Without it an array.
    #[serde(default)]
    pub envelope: String,
    /// Is it opened in a spreadsheet by people? Then what a spreadsheet would take for a formula is neutralised.
    #[serde(default)]
    pub spreadsheet: bool,
    /// Left out of publications unless the owner names it.
    #[serde(default)]
    pub optional: bool,
    /// The channel's limits for this file, where they are not the profile's.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Columns of a table, where they are not all fields: names in order.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The outside contract that the file is judged by; none where the channel publishes none.
    #[serde(default)]
    pub contract: Option<Contract>,
    /// The item, read; filled in when the profile is loaded.
    #[serde(skip)]
    pub shape: Option<Arc<Shape>>,
}

fn comma() -> String {
    ",".to_owned()
}

impl Format {
    /// Name of part number `at`, counted from 0: `feed.tsv`, `feed-2.tsv`, `feed-3.tsv`. The first keeps the plain name, so that
    /// an address that a channel was once given never dies.
    pub fn part_name(&self, at: usize) -> String {
        if at == 0 {
            return self.file.clone();
        }
        let number = at + 1;
        match self.file.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{number}.{extension}"),
            None => format!("{}-{number}", self.file),
        }
    }

    /// The same format for what differs from the last full file: `feed-delta.tsv`.
    #[must_use]
    pub fn of_delta(&self) -> Self {
        let file = match self.file.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-delta.{extension}"),
            None => format!("{}-delta", self.file),
        };
        Self { file, ..self.clone() }
    }

    /// Is this the name of one of its parts?
    pub fn owns(&self, file: &str) -> bool {
        if file == self.file {
            return true;
        }
        let (stem, extension) = self.file.rsplit_once('.').unwrap_or((&self.file, ""));
        let rest = file.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        let number = rest.map(|rest| rest.strip_suffix(extension).unwrap_or(rest)).map(|rest| rest.trim_end_matches('.'));
        number.is_some_and(|number| !number.is_empty() && number.len() < 10 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
