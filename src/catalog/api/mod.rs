//! Products, groups, brands and the dictionary over HTTP.

mod brands;
mod details;
mod dictionary;
mod groups;
mod offers;
mod pictures;
mod products;
mod readings;
mod reliability;
mod shape;

pub use shape::{Image, Product, Units, seen_anew};

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(products::router())
        .merge(details::router())
        .merge(pictures::router())
        .merge(offers::router())
        .merge(readings::router())
        .merge(reliability::router())
        .merge(groups::router())
        .merge(brands::router())
        .merge(dictionary::router())
}
