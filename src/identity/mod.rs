//! Which product is this? By GTIN first, then by brand and manufacturer's part number.

pub mod find;
pub mod mpn;

pub use crate::normalize::gtin::{self, Gtin, GtinKind, GtinStatus, canonicalise};
pub use mpn::{brand_key, mpn_key};

#[cfg(test)]
mod tests;
