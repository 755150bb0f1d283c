//! Money, and what a product is sold for.

pub mod first;
pub mod money;

pub use first::{NoPrice, OfferTerms, PriceSettings, PriceSource, Priced, Rates, first_price};
pub use money::{Money, MoneyError};
