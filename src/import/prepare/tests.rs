//! Tests of preparing rows.

mod real;
mod rows;

use super::{ImportKind, prepare};
use crate::dictionary::Dictionary;
use crate::import::row::{PreparedRow, Record, Severity};
use crate::suppliers::Profile;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().unwrap());

fn profile(toml: &str) -> Profile {
    Profile::parse(&format!("name = \"test\"\n{toml}"), &DICTIONARY).unwrap()
}

/// A profile of `(from, to)` columns; `top` stands above them.
fn columns<const N: usize>(top: &str, columns: [(&str, &str); N]) -> Profile {
    let columns: Vec<_> = columns.into_iter().map(|(from, to)| format!("[[column]]\nfrom = \"{from}\"\nto = \"{to}\"")).collect();
    profile(&format!("{top}\n{}", columns.join("\n")))
}

fn record<const N: usize>(fields: [(&str, &str); N]) -> Record {
    Record { row: 7, fields: fields.into_iter().map(|(name, text)| (name.into(), text.to_owned())).collect() }
}

fn catalog<const N: usize>(profile: &Profile, fields: [(&str, &str); N]) -> PreparedRow {
    prepare(ImportKind::Catalog, profile, &DICTIONARY, None, &record(fields))
}

fn issues(row: &PreparedRow) -> Vec<(&str, &str, Severity)> {
    row.issues.iter().map(|issue| (issue.field.as_str(), issue.code.as_str(), issue.severity)).collect()
}
