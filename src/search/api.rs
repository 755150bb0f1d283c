//! Search over HTTP.

use super::{SearchPage, SearchRequest, SearchScope, Suggestions};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::Result;
use crate::http::visible::LONGEST;
use crate::http::{AfterChange, Query, Tagged};
use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(search_products)).routes(routes!(suggest))
}

/// What to search for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Words, or a GTIN, SKU or part number in any form. Blank finds everything.
    #[serde(default)]
    q: String,
    /// A filter over attributes and built-ins, such as `light_output_max >= 400 AND ip_rating IN [IPX7, IPX8]`.
    filter: Option<String>,
    /// Attributes whose values are counted, divided by commas.
    facets: Option<String>,
    /// `relevance`, an attribute or built-in, or `-` and one of these for the other direction.
    sort: Option<String>,
    /// BCP 47 tag of the language to search in; `en` when absent.
    locale: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// What is being typed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Typed {
    /// The text so far.
    #[serde(default)]
    q: String,
    /// BCP 47 tag of the language to search in; `en` when absent.
    locale: Option<String>,
    /// How many suggestions at most.
    #[param(minimum = 1, maximum = 20, default = 10)]
    limit: Option<usize>,
}

/// Searches the products.
#[utoipa::path(get, path = "/search", tag = "search", params(Asked), responses((status = 200, body = SearchPage)))]
async fn search_products(
    State(app): State<App>,
    caller: Caller,
    AfterChange(change): AfterChange,
    Query(asked): Query<Asked>,
) -> Result<Tagged<SearchPage>> {
    caller.require(Permission::ReadCatalog)?;
    if let Some(change) = change {
        app.search.wait_visible(&change, LONGEST).await?;
    }
    Ok(Tagged::of(app.search.search(asked.into(), scope(&caller)).await?))
}

/// Completes what is being typed.
#[utoipa::path(get, path = "/search/suggest", operation_id = "suggest_products", tag = "search", params(Typed), responses((status = 200, body = Suggestions)))]
async fn suggest(
    State(app): State<App>,
    caller: Caller,
    AfterChange(change): AfterChange,
    Query(typed): Query<Typed>,
) -> Result<Tagged<Suggestions>> {
    caller.require(Permission::ReadCatalog)?;
    if let Some(change) = change {
        app.search.wait_visible(&change, LONGEST).await?;
    }
    let locale = typed.locale.unwrap_or_else(|| "en".to_owned());
    Ok(Tagged::of(app.search.suggest(typed.q, locale, typed.limit, scope(&caller)).await?))
}

/// A channel sees what is ready for it.
fn scope(caller: &Caller) -> SearchScope {
    SearchScope { ready_on_channel: caller.channel.clone() }
}

impl From<Asked> for SearchRequest {
    fn from(asked: Asked) -> Self {
        let facets = asked.facets.as_deref().map(super::facets::names).unwrap_or_default();
        let Asked { q, filter, sort, locale, limit, after, .. } = asked;
        Self { q, filter, facets, sort, locale, limit, after }
    }
}
