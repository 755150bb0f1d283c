//! Products: the golden record resolved from offers and people's edits.

pub mod queries;
pub mod view;

pub use view::{GoldenValue, GoldenValues, ProductStatus, ProductView};
