//! Where a product stands in its life, and who may move it.

use super::view::ProductStatus;

/// What an import or edit leaves a product with.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, named where they are given")]
pub struct Standing {
    /// Has a title in some locale?
    pub title: bool,
    /// Has a brand?
    pub brand: bool,
    /// Has a category?
    pub category: bool,
    /// Has a live offer?
    pub live_offer: bool,
}

/// Who set the present status.
pub const BY_IMPORT: &str = "import";
/// A profile's rule; see [`BY_IMPORT`].
pub const BY_RULE: &str = "rule";
/// Being merged into another product; see [`BY_IMPORT`].
pub const BY_MERGE: &str = "merge";
/// See [`BY_IMPORT`].
pub const BY_PERSON: &str = "person";

/// The next status of a product.
///
/// - Draft becomes active when it has a title, a brand, a category and a live offer.
/// - Active stays active, even when its last offer goes: available is 0 then, and only a person or a profile's rule discontinues.
/// - Discontinued becomes active again with a live offer, unless a person discontinued it.
pub fn next_status(present: ProductStatus, set_by: &str, standing: Standing) -> ProductStatus {
    let complete = standing.title && standing.brand && standing.category;
    match present {
        ProductStatus::Draft if set_by != BY_PERSON && complete && standing.live_offer => ProductStatus::Active,
        ProductStatus::Discontinued if set_by != BY_PERSON && standing.live_offer => {
            if complete {
                ProductStatus::Active
            } else {
                ProductStatus::Draft
            }
        }
        present => present,
    }
}
