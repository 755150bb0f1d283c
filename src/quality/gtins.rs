//! `gtin-vectors/gtin_vectors.csv`: identifiers with the verdict of python-stdnum and biip.

use super::{Case, Measure, rows};
use crate::{
    dictionary::Dictionary,
    normalize::gtin::{GtinStatus, canonicalise},
};
use std::path::Path;

pub(super) fn judge(_: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("gtin_vectors");
    for row in &rows {
        let (input, expected) = (row.get("input"), row.get("expected"));
        let (text, wanted) = match expected {
            // A payload with its check digit is an identifier only in a length that GTINs have.
            "check_digit" if matches!(input.len(), 7 | 11 | 12 | 13) => {
                (format!("{input}{}", row.get("error_or_check_digit")), true)
            }
            "check_digit" => {
                measure.not_judged += 1;
                continue;
            }
            _ => (input.to_owned(), expected == "valid"),
        };
        let read = canonicalise(&text);
        let found = read.gtin14.is_some();
        measure.cases.push(Case {
            raw: text,
            read_as: "gtin".to_owned(),
            expected: expected.to_owned(),
            got: format!("{:?} {} {}", read.status, read.gtin14.as_deref().unwrap_or("none"), read.issue.unwrap_or("")),
            right: found == wanted,
            called_ok: read.status == GtinStatus::Ok,
        });
    }
    Ok(Some(vec![measure]))
}
