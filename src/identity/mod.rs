//! Which product is this? By GTIN first, then by brand and manufacturer's part number.

pub mod find;
pub mod mpn;
