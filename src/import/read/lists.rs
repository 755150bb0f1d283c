//! Cells that hold a list of names and values, such as Google's `product_detail`: `Light:Light output:600 lm,Light:Beam distance:85 m`.
//!
//! Each part becomes a field of its own, `product_detail.name` and `product_detail.value`, once per item, as the lists of a JSON file do.

use super::named::is_named;
use super::{ReadError, Rows};
use crate::import::row::Record;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Items of one cell at most; as many details as Google Merchant takes of a product.
const MAX_ITEMS: usize = 1_000;

/// How a cell holds a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The field.
    pub field: String,
    /// What stands between two items. Inside double quotes it is text; a quote is written twice there.
    pub between: String,
    /// What stands between the parts of an item.
    pub sign: String,
    /// Names of the parts; the last takes the rest of the item.
    pub parts: Vec<String>,
}

impl List {
    /// The record with the parts in place of the list.
    pub fn unfold(&self, record: &mut Record) {
        let Some(at) = record.fields.iter().position(|(name, _)| is_named(&self.field, name)) else { return };
        let (field, text) = record.fields.remove(at);
        let names: Vec<Arc<str>> = self.parts.iter().map(|name| format!("{field}.{name}").into()).collect();
        for item in divided(&text, &self.between, usize::MAX).into_iter().filter(|item| !item.trim().is_empty()).take(MAX_ITEMS) {
            let parts = divided(item, &self.sign, names.len());
            // Of an item that lacks its section, say, nobody knows what its parts are.
            if parts.len() == names.len() {
                record.fields.extend(names.iter().cloned().zip(parts.into_iter().map(unquoted)));
            }
        }
    }
}

/// The text at its separators outside of quotes, in at most `most` parts.
fn divided<'a>(text: &'a str, separator: &str, most: usize) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, sign) in text.char_indices() {
        if sign == '"' {
            quoted = !quoted;
        }
        let rest = text.get(at..).unwrap_or_default();
        if !quoted && !separator.is_empty() && at >= start && parts.len() + 1 < most && rest.starts_with(separator) {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + separator.len();
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Without the quotes around it.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

/// The rows with their lists unfolded.
pub(super) fn unfolded(rows: Rows, lists: Vec<List>) -> Rows {
    Box::new(rows.map(move |mut item| {
        let record = match &mut item {
            Ok(record) => Some(record),
            Err(ReadError { record, .. }) => record.as_deref_mut(),
        };
        if let Some(record) = record {
            for list in &lists {
                list.unfold(record);
            }
        }
        item
    }))
}
