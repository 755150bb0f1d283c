//! Images over HTTP: sent, looked at, marked, taken away, and their renditions.

mod addresses;
mod batches;
mod images;
pub mod serve;

use crate::app::App;
use utoipa_axum::router::OpenApiRouter;

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().merge(images::router()).merge(addresses::router()).merge(batches::router()).merge(serve::inner())
}
