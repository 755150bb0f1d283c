//! Which product is this? By GTIN first, then by brand and manufacturer's part number.

pub mod find;
pub mod gtin;
pub mod mpn;

pub use gtin::{Gtin, GtinKind, GtinStatus, canonicalise};
pub use mpn::{brand_key, mpn_key};

#[cfg(test)]
mod tests;
