//! Suppliers, and the profiles that say how their files map to our attributes.

pub mod api;
pub mod check;
mod known;
pub mod language;
pub mod profile;
mod profile_toml;
mod propose;
pub mod queries;
mod samples;
pub mod targets;

pub use profile::{Column, FileMode, Pattern, Profile, ProfileError, Take, Target};
pub use propose::{field_names, propose};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who ships.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Row id; never shown outside.
    pub id: i64,
    /// Stable outside key.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// ISO 4217 code of what it charges in.
    pub currency: String,
    /// BCP 47 tag of the language its texts are in.
    pub locale: String,
    /// Whose word counts first: 1 before 1,000.
    pub rank: i32,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Counts edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What may be said about a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierTerms {
    /// What people call it.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// BCP 47 tag.
    pub locale: String,
    /// 1 to 1,000.
    pub rank: i32,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
}

impl Supplier {
    /// What was said about it.
    pub fn terms(&self) -> SupplierTerms {
        SupplierTerms {
            name: self.name.clone(),
            currency: self.currency.clone(),
            locale: self.locale.clone(),
            rank: self.rank,
            country: self.country.clone(),
        }
    }
}

/// Where a supplier ships from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warehouse {
    /// Row id; never shown outside.
    pub id: i64,
    /// Code within the supplier.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
}

/// The rank of a supplier about whom nobody said anything.
pub const DEFAULT_RANK: i32 = 100;

/// Is this the code of a supplier, a warehouse or a channel: `[a-z0-9][a-z0-9_-]{0,39}`?
pub fn is_code(text: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 40
        && text.bytes().next().is_some_and(small)
        && text.bytes().all(|byte| small(byte) || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests;
