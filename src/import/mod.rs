//! Supplier files in: bytes to records, records to offers. Streaming; one poison row never stops it.

pub mod prepare;
pub mod read;
pub mod row;

pub use prepare::{ImportKind, Preparer, prepare};
pub use row::{ImageLink, Issue, PreparedRow, Record, Severity, StockLine};
