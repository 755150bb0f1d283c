//! Supplier files in: bytes to records, records to offers. Streaming; one poison row never stops it.
//!
//! [`read`] turns bytes into records, [`mod@prepare`] makes a record a typed row by the supplier's profile, both without a database.
//! [`accept`] stores what was sent and its row in `imports`; [`run`] does the import, chunk by chunk.

pub mod accept;
pub mod api;
pub mod chunk;
pub mod chunks;
pub mod finish;
pub mod formula;
mod language;
pub mod last_rows;
pub mod pairs;
pub mod prepare;
pub mod queries;
pub mod read;
pub mod reread;
mod resume;
pub mod row;
pub mod run;
pub mod seen;
pub mod timings;
mod write;

pub use prepare::{Preparer, address, prepare};
pub use row::{ImageLink, Issue, PreparedRow, Record, Severity, StockLine};

use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])+ $name:ident { $($(#[$variant_doc:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])+ $variant,)+ }

        impl $name {
            /// The word of the API and the database.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $word,)+ } }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(word: &str) -> Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    other => Err(Error::new(Code::Invalid, format!("'{other}' is not one of {}", [$($word),+].join(", ")))),
                }
            }
        }
    };
}

words! {
    /// What a file is about.
    ImportKind {
        /// Items: their data, and perhaps their stock and cost.
        Catalog = "catalog",
        /// Levels of offers that are there already.
        Stock = "stock",
        /// Cost and recommended prices of offers that are there already.
        Prices = "prices",
    }
}

words! {
    /// Is a file the supplier's whole range?
    ImportMode {
        /// What is missing from it is gone.
        Full = "full",
        /// It says nothing about what it does not hold.
        Partial = "partial",
    }
}

words! {
    /// Where an import stands.
    ImportStatus {
        /// Accepted, not begun.
        Queued = "queued",
        /// Under way.
        Running = "running",
        /// Every row was taken.
        Done = "done",
        /// At least one row was rejected.
        DoneWithIssues = "done_with_issues",
        /// Nothing could be read, or not to the end.
        Failed = "failed",
        /// It would lose too many offers and waits for a person.
        Held = "held",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
}

impl ImportStatus {
    /// Will nothing more happen by itself?
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// What became of the rows. `rows_read = created + updated + unchanged + rejected`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    /// Records in the files.
    pub rows_read: i64,
    /// Offers (or levels, for stock) made.
    pub created: i64,
    /// Offers (or levels, or prices) changed.
    pub updated: i64,
    /// Rows that changed nothing.
    pub unchanged: i64,
    /// Rows that were not taken.
    pub rejected: i64,
    /// Rows that were taken with a warning.
    pub warned: i64,
    /// Offers that a full import missed.
    pub gone: i64,
}
