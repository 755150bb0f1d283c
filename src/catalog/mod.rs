//! Products: the golden record resolved from offers and people's edits.
//!
//! Pure rules stand in files of their own: [`resolve`] (which claim wins), [`lifecycle`] (draft, active, discontinued), [`sku`]
//! (what a product is called). [`intake`] takes an import's rows in, [`edit`] a person's; both end in [`golden`], which rebuilds
//! the golden record of the products they touched. Where only stock or cost moved, [`terms`] is enough.

pub mod ahead;
mod all_products;
pub mod api;
pub mod brand;
pub mod compare_all;
pub mod edit;
pub mod expire;
pub mod golden;
pub mod group;
pub mod identify;
pub mod intake;
pub mod lifecycle;
pub mod offer_lines;
pub mod patch;
pub mod picture;
pub mod queries;
pub mod reliability;
pub mod resolve;
pub mod resolve_all;
pub mod said;
pub mod sku;
pub mod terms;
pub mod view;

pub use picture::{Kept, Known, Picture};
pub use view::{GoldenValue, GoldenValues, ProductStatus, ProductView, in_language};
