//! Which product is this? By GTIN first, then by brand and manufacturer's part number.

pub mod api;
pub mod cases;
pub mod find;
pub mod merge;
pub mod mpn;
pub mod queries;

pub use crate::normalize::gtin::{self, Gtin, GtinKind, GtinStatus, canonicalise};
pub use mpn::{brand_key, mpn_key};

#[cfg(test)]
mod tests;
