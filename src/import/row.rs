//! The nouns of a row on its way in: a [`Record`] as read, a [`PreparedRow`] as understood, an [`Issue`] for what was not.

use crate::catalog::ahead::Ahead;
use crate::normalize::Claim;
use crate::pricing::Money;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One record of a supplier's file, as read: field names in file order with their texts. Nothing is interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Number of the record in its file, from 1 after the header.
    pub row: u64,
    /// Field name (header, JSON key or XML path) and text, in file order. A repeated field stands once per occurrence.
    pub fields: Vec<(std::sync::Arc<str>, String)>,
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row was not taken.
    Rejected,
    /// The row was taken; this value was left out or is doubtful.
    Warning,
}

impl Severity {
    /// The word of the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Warning => "warning",
        }
    }
}

/// What is wrong with one row or one of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Record number, from 1 after the header; 0 for the file itself.
    pub row: u64,
    /// The supplier's own field name, empty for the row as a whole.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
    /// The text as it stood there, cut at 1,000 characters.
    pub raw: String,
    /// Was the row lost by it?
    pub severity: Severity,
}

/// A picture as a supplier names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImageLink {
    /// Absolute http or https address.
    pub url: String,
    /// `main`, `gallery`, `swatch`, `lifestyle`; `gallery` when nothing is said.
    pub role: String,
}

/// One supplier's stock of one offer, as a row states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLine {
    /// Warehouse code; none means the supplier's default warehouse.
    pub warehouse: Option<String>,
    /// Pieces on hand, not negative.
    pub on_hand: i64,
    /// When the supplier counted; none means the import's own time.
    pub reported_at: Option<DateTime<Utc>>,
}

/// A record mapped by a profile and normalised, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct PreparedRow {
    /// Record number.
    pub row: u64,
    /// Offer key within the supplier: its SKU, or made from key columns. Empty when it could not be read.
    pub key: String,
    /// The record as read, as a JSON object in file order; repeated fields become arrays.
    pub raw: serde_json::Map<String, serde_json::Value>,
    /// Typed values with their sources.
    pub claims: Vec<Claim>,
    /// 14-digit GTIN, only when usable to identify.
    pub gtin: Option<String>,
    /// Brand as claimed (canonical spelling where the dictionary knows it).
    pub brand: Option<String>,
    /// Manufacturer's part number as written.
    pub mpn: Option<String>,
    /// The supplier's key of the parent that groups variants.
    pub parent: Option<String>,
    /// What the supplier charges.
    pub cost: Option<Money>,
    /// The price the supplier recommends.
    pub recommended_price: Option<Money>,
    /// Stock stated by this row.
    pub stock: Vec<StockLine>,
    /// Pictures in order.
    pub images: Vec<ImageLink>,
    /// Free words of the supplier.
    pub tags: Vec<String>,
    /// What was wrong; the row is not taken when one of them is `Rejected`.
    pub issues: Vec<Issue>,
    /// Was anything wrong?
    pub warned: bool,
    /// What tells whether the record says anything new; see [`super::prepare::record_hash`]. Catalogue rows have one.
    pub hash: String,
    /// What was made of it ahead of the writer.
    pub ahead: Option<Box<Ahead>>,
}

impl PreparedRow {
    /// Was the row lost?
    pub fn rejected(&self) -> bool {
        self.issues.iter().any(|issue| issue.severity == Severity::Rejected)
    }
}
