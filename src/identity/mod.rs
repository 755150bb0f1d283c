//! Which product is this? By GTIN first, then by brand and manufacturer's part number, then by everything else the records say.
//!
//! [`Traits`] is what is compared of a record, [`block::blocks`] which records are compared, [`judge()`] what two of them are to each
//! other. Words, weights and thresholds are in `schema/identity/matching.toml`.

pub mod api;
pub mod block;
pub mod cases;
mod codes;
pub mod corpus;
pub mod evaluate;
pub mod evidence;
pub mod find;
pub mod fit;
pub mod judge;
pub mod lexicon;
pub mod merge;
pub mod model;
pub mod mpn;
mod pack;
pub mod pairing;
pub mod queries;
pub mod repair;
pub mod rules;
mod shared;
mod steps;
pub mod text;
mod title;
pub mod traits;
pub mod words;

pub use crate::normalize::gtin::{self, Gtin, GtinKind, GtinStatus, canonicalise};
pub use block::blocks;
pub use corpus::Corpus;
pub use judge::{Decision, Reason, Verdict, judge};
pub use mpn::{brand_key, mpn_key};
pub use rules::MatchRules;
pub use traits::{Kind, Names, Traits, said};

#[cfg(test)]
mod tests;
