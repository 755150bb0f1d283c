//! What people said about a product, before and after an operation: the change that history shows and undo takes back. Pure.
//!
//! A golden record that stays the same tells of no edit (a person may say what the suppliers say already), so edits have a change of
//! their own. Its `before` holds the claims as they were; its `data` names every claim touched and the operation that it is of now, by
//! which undo sees whether somebody has said something else since.

use super::queries::EditRow;
use crate::db::{ChangeKind, JsonText, NewChange, Time};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};
use std::collections::{BTreeMap, BTreeSet};

/// A person's claim as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditImage {
    /// Attribute code.
    pub attribute: String,
    /// BCP 47 tag; empty where the attribute has no locales.
    pub locale: String,
    /// The value.
    pub value: JsonValue,
    /// Who said it.
    pub author: String,
    /// In which operation.
    pub operation: String,
    /// When.
    pub at: Time,
}

/// A claim that an operation stated or withdrew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Attribute code.
    pub attribute: String,
    /// BCP 47 tag; empty where the attribute has no locales.
    pub locale: String,
    /// The operation that the claim is of now; none when it was withdrawn.
    pub operation: Option<String>,
}

impl EditImage {
    /// The stored claim's image.
    pub fn of(row: &EditRow) -> Result<Self> {
        Ok(Self {
            attribute: row.attribute.clone(),
            locale: row.locale.clone(),
            value: row.value.read()?,
            author: row.author.clone(),
            operation: row.operation_id.clone(),
            at: row.edited_at,
        })
    }

    /// The claim to be stored again.
    pub fn row(&self, product_id: i64) -> Result<EditRow> {
        Ok(EditRow {
            product_id,
            attribute: self.attribute.clone(),
            locale: self.locale.clone(),
            value: JsonText::of(&self.value)?,
            author: self.author.clone(),
            operation_id: self.operation.clone(),
            edited_at: self.at,
        })
    }
}

/// The change from these claims of a product to those; none when they are the same.
pub fn change(
    product_id: i64,
    sku: &str,
    operation_id: &str,
    before: &[EditRow],
    after: &[EditRow],
) -> Result<Option<NewChange>> {
    let by_key = |rows: &[EditRow]| -> BTreeMap<(String, String), EditRow> {
        rows.iter().map(|row| ((row.attribute.clone(), row.locale.clone()), row.clone())).collect()
    };
    let (before, after) = (by_key(before), by_key(after));
    let keys: BTreeSet<&(String, String)> =
        before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key)).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let touched: Vec<Touched> = keys
        .iter()
        .map(|key| Touched {
            attribute: key.0.clone(),
            locale: key.1.clone(),
            operation: after.get(*key).map(|row| row.operation_id.clone()),
        })
        .collect();
    let images = keys.iter().filter_map(|key| before.get(*key)).map(EditImage::of).collect::<Result<Vec<_>>>()?;
    Ok(Some(
        NewChange::new(ChangeKind::EditChanged, sku, json!({"what": "edit", "sku": sku, "said": touched}))
            .of_product(product_id)
            .within(operation_id)
            .was(JsonText::of(&images)?),
    ))
}
