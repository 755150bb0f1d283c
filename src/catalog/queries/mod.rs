//! Every SQL statement about products, offers, groups, brands and edits.

mod brands;
mod edits;
mod groups;
mod offers;
mod pictures;
mod products;
mod rules;
mod terms;
mod views;

pub use brands::{BrandRow, aliases_of_brands, brand_aliases, brand_by_code, brand_put_aliases, brands_after, brands_ensure};
pub use edits::{EditRow, edit_delete, edit_rows_of, edits_of, edits_put, product_that_names};
pub use groups::{
    FoundedGroup, GroupRow, group_by_code, group_codes_taken, group_insert, group_that_shows, group_update, groups_after,
    groups_by_parent, groups_found, pictures_of_groups,
};
pub use offers::{
    ClaimsRow, GoneOffer, OfferBody, OfferKey, OfferRecord, OfferRow, claims_of_products, issues_of_offers, offer_keys,
    offers_by_id, offers_by_key, offers_by_supplier, offers_mark_gone, offers_of_product, offers_of_products,
    offers_page_of_supplier, offers_put, offers_set_product, offers_walk, products_all_gone, records_put,
};
pub use pictures::{known_of_pictures, with_what_is_known};
pub use products::{
    CatalogFigures, NewProduct, ProductRow, Told, catalog_figures, completeness_of, is_listed, merged_into, offer_marks,
    product_count, product_ids_after, product_of_sku, product_skus_of_groups, products_by_id, products_by_sku, products_by_skus,
    products_lock, products_of_brand, products_of_group, products_put, shared_products, skus_of, skus_taken,
};
pub use rules::{ChannelPrice, Rules, price_defaults_put};
pub use terms::{TermsRow, sold, sold_put, terms_of_products};
pub use views::{ViewFilter, view_by_sku, views, views_after, views_page};

/// Do rows that are written keep what they are looked up by? SQLite writes an index anew for every column that is set, be its value the
/// same, and each such index is a page somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// All that are stored do. New ones have whatever they have.
    Kept,
    /// Who knows.
    Any,
}
