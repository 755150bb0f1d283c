//! Listings over HTTP: by channel, and by product.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::product_of_sku;
use crate::channels::answer::ChannelAnswer;
use crate::channels::follow;
use crate::channels::queries::{self, Sought, StoredListing};
use crate::channels::readiness::{ListingState, Reason};
use crate::db::Conn;
use crate::error::Result;
use crate::http::visible::LONGEST;
use crate::http::{AfterChange, Listed, Page, Path, Query, Tagged};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_listings)).routes(routes!(list_product_listings))
}

/// One product on one channel.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Listing {
    /// The product.
    pub sku: String,
    /// The channel.
    pub channel: String,
    /// The locale of its texts.
    pub locale: String,
    /// Where it stands.
    pub state: ListingState,
    /// Share of the required and recommended fields that have a value, 0 to 1.
    pub completeness: f64,
    /// Required and recommended fields that have no value.
    pub missing: Vec<String>,
    /// Why it is not ready, or could be better.
    pub reasons: Vec<Reason>,
    /// A person's word: on the channel or not. Told with one product's listings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<bool>,
    /// A person's values of the channel's fields. Told with one product's listings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// What the channel said of it after it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ChannelAnswer>,
    /// When its row last changed in a publication.
    #[schema(required)]
    pub sent_at: Option<DateTime<Utc>>,
}

impl From<StoredListing> for Listing {
    fn from(stored: StoredListing) -> Self {
        Self {
            sku: stored.sku,
            channel: stored.channel,
            locale: stored.locale,
            state: stored.state,
            completeness: f64::from(stored.completeness) / 1_000.0,
            missing: stored.missing,
            reasons: stored.reasons,
            include: None,
            fields: BTreeMap::new(),
            answer: stored.answer,
            sent_at: stored.sent_at,
        }
    }
}

/// Which listings are wanted.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListingFilter {
    /// Only those in this state.
    state: Option<ListingState>,
    /// Only those that have a reason of this code, as the channel's `reasons` count them.
    #[param(example = "missing")]
    reason: Option<String>,
    /// Only those that have a reason about this field of the channel; with `reason`, one reason that is both.
    #[param(example = "gtin")]
    field: Option<String>,
}

/// A channel's listings, oldest product first.
#[utoipa::path(get, path = "/channels/{code}/listings", tag = "channels",
    params(("code" = String, Path, description = "The channel's code"), ListingFilter, Page), responses((status = 200, body = Listed<Listing>)))]
async fn list_listings(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    AfterChange(change): AfterChange,
    Query(filter): Query<ListingFilter>,
    page: Page,
) -> Result<Listed<Listing>> {
    caller.require(Permission::ReadInner)?;
    app.channels.get(&code)?;
    follow::wait_for(&app, change, LONGEST).await?;
    let ListingFilter { state, reason, field } = filter;
    let sought = Sought { state, reason, field };
    let (after, fetch) = (page.cursor::<i64>()?.unwrap_or(0), page.fetch());
    let work = move |conn: &mut Conn| queries::channel_listings(conn, &code, &sought, after, fetch);
    page.list(app.db.read(work).await?, |listing| listing.product_id, Listing::from)
}

/// The listings of one product, by channel: where it is ready, and why it is not.
#[utoipa::path(get, path = "/products/{sku}/listings", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    responses((status = 200, body = Listed<Listing>)))]
async fn list_product_listings(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    AfterChange(change): AfterChange,
) -> Result<Tagged<Listed<Listing>>> {
    caller.require(Permission::ReadInner)?;
    follow::wait_for(&app, change, LONGEST).await?;
    let work = move |conn: &mut Conn| {
        let product = product_of_sku(conn, &sku)?;
        let mut choices = queries::choices(conn, &[product.id])?;
        let listings = queries::product_listings(conn, product.id)?;
        let told = listings.into_iter().map(Listing::from);
        Ok(told
            .map(|listing| {
                let choice = choices.remove(&(listing.channel.clone(), product.id));
                listing.with(choice)
            })
            .collect::<Vec<_>>())
    };
    let items = app.db.read(work).await?;
    Ok(Tagged::of(Listed { items, next: None }))
}
