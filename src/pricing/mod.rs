//! Money, and what a product is sold for.

pub mod money;

pub use money::{Money, MoneyError};
