//! Every path there is, and the layers around them.

use super::{body, caller, etag, events, health, idempotency, object, observe, openapi, operations, strict, visible};
use crate::app::App;
use crate::error::{Error, Result};
use crate::{auth, catalog, channels, identity, import, jobs, media, pricing, search, stock, suppliers, undo};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

/// What stands under `/api/v1`: one line for each capability.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(suppliers::api::router())
        .merge(import::api::router())
        .merge(catalog::api::router())
        .merge(identity::api::router())
        .merge(stock::api::router())
        .merge(pricing::api::router())
        .merge(search::api::router())
        .merge(channels::api::router())
        .merge(media::api::router())
        .merge(operations::router())
        .merge(undo::api::router())
        .merge(jobs::api::router())
        .merge(events::router())
        .merge(auth::api::router())
}

/// What stands at the root.
fn root() -> OpenApiRouter<App> {
    OpenApiRouter::default().merge(health::router()).merge(channels::api::feeds::router()).merge(media::api::serve::router())
}

fn all() -> OpenApiRouter<App> {
    root().nest("/api/v1", api())
}

/// The API's document, which needs no database.
pub fn document() -> Result<Value> {
    openapi::complete(all().into_openapi())
}

/// The whole outside.
pub fn router(app: App) -> Result<Router> {
    observe::metrics();
    let (routes, handlers) = all().split_for_parts();
    let document = openapi::complete(handlers)?;
    // Read from the bottom up: the last layer meets a request first.
    let layered = routes
        .merge(openapi::pages(&document)?)
        .layer(DefaultBodyLimit::max(body::LIMIT))
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .layer(from_fn_with_state(app.clone(), visible::after_change))
        .layer(from_fn_with_state(strict::Known::of(&document), strict::refuse_unknown))
        .layer(from_fn_with_state(app.clone(), caller::authenticate))
        .layer(from_fn(etag::not_modified))
        .layer(from_fn(object::range_of_get))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(observe::Bounds::default(), observe::observe))
        .with_state(app);
    Ok(layered)
}

// The layer hands the cause over as a box.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    Error::internal(format!("a handler panicked: {}", text.unwrap_or("no message"))).into_response()
}
