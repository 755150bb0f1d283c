//! Beamline: product information management for people who sell headlamps they do not stock.

pub mod cli;
pub mod dictionary;
pub mod identity;
pub mod import;
pub mod normalize;
pub mod pricing;
pub mod suppliers;
