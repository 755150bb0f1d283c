//! Money, and what a product is sold for.

pub mod api;
pub mod first;
pub mod list;
pub mod money;
pub mod queries;

pub use first::{NoPrice, OfferTerms, PriceSettings, PriceSource, Priced, Rates, first_price};
pub use money::{Money, MoneyError};

use rust_decimal::Decimal;

/// How much of `quote` one unit of `base` is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// ISO 4217 code.
    pub base: String,
    /// ISO 4217 code.
    pub quote: String,
    /// Exact and positive.
    pub rate: Decimal,
}
