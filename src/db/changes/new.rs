//! A change before it stands in the log.

use super::ChangeKind;
use crate::db::JsonText;
use serde_json::Value as JsonValue;

/// A change to be appended.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// What happened.
    pub kind: ChangeKind,
    /// What it happened to: a SKU, an offer key, an id.
    pub subject: String,
    /// The product, where it is about one.
    pub product_id: Option<i64>,
    /// The offer, where it is about one.
    pub offer_id: Option<i64>,
    /// The operation it belongs to.
    pub operation_id: Option<String>,
    /// How it was before; what undo restores.
    pub before: Option<JsonText>,
    /// What readers and subscribers are told.
    pub data: JsonValue,
}

impl NewChange {
    /// A change that is about no product and no offer, belongs to no operation and brings nothing back.
    pub fn new(kind: ChangeKind, subject: impl Into<String>, data: JsonValue) -> Self {
        let subject = subject.into();
        Self { kind, subject, product_id: None, offer_id: None, operation_id: None, before: None, data }
    }

    /// It is about this product.
    #[must_use]
    pub fn of_product(self, id: impl Into<Option<i64>>) -> Self {
        Self { product_id: id.into(), ..self }
    }

    /// It is about this offer.
    #[must_use]
    pub fn of_offer(self, id: i64) -> Self {
        Self { offer_id: Some(id), ..self }
    }

    /// It belongs to this operation.
    #[must_use]
    pub fn within<'a>(self, operation: impl Into<Option<&'a str>>) -> Self {
        Self { operation_id: operation.into().map(str::to_owned), ..self }
    }

    /// How it was before, which undo brings back.
    #[must_use]
    pub fn was(self, before: impl Into<Option<JsonText>>) -> Self {
        Self { before: before.into(), ..self }
    }
}
