//! The pictures that are asked for elsewhere: how far it is, and asking again.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::error::Result;
use crate::http::{Json, Listed, Page, Query, Tagged, Written};
use crate::media::AddressState;
use crate::media::queries::{self, AddressRow};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_fetching, fetch_again)).routes(routes!(list_image_addresses))
}

/// How far fetching is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Fetching {
    /// Addresses that products show, by state.
    #[schema(value_type = BTreeMap<String, i64>)]
    addresses: BTreeMap<&'static str, i64>,
    /// All of them.
    total: i64,
    /// Those that nothing more is expected of: ready or failed.
    done: i64,
}

impl Fetching {
    fn of(counts: &BTreeMap<String, i64>) -> Self {
        let addresses: BTreeMap<&'static str, i64> = AddressState::ALL
            .into_iter()
            .map(|state| (state.as_str(), counts.get(state.as_str()).copied().unwrap_or(0)))
            .collect();
        let of = |state: AddressState| addresses.get(state.as_str()).copied().unwrap_or(0);
        let (total, done) = (addresses.values().sum(), of(AddressState::Ready) + of(AddressState::Failed));
        Self { addresses, total, done }
    }
}

/// How far fetching the pictures is that suppliers name.
#[utoipa::path(get, path = "/images/fetch", tag = "images", responses((status = 200, body = Fetching)))]
async fn get_fetching(State(app): State<App>, caller: Caller) -> Result<Tagged<Fetching>> {
    caller.require(Permission::ReadInner)?;
    Ok(Tagged::of(Fetching::of(&app.db.read(queries::address_counts).await?)))
}

/// Which addresses are asked again.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FetchAgain {
    /// Only those in this state, such as `failed`; without it all. Hosts are asked whether what is kept has changed.
    state: Option<AddressState>,
}

/// Has addresses asked again.
#[utoipa::path(post, path = "/images/fetch", tag = "images", request_body = FetchAgain, responses((status = 200, body = Fetching)))]
async fn fetch_again(State(app): State<App>, caller: Caller, Json(which): Json<FetchAgain>) -> Result<Written<Fetching>> {
    caller.require(Permission::Edit)?;
    let now = app.clock.now();
    let counts = app
        .db
        .write(move |conn| {
            queries::addresses_again(conn, which.state, now)?;
            queries::address_counts(conn)
        })
        .await?;
    Ok(Written::changed(Fetching::of(&counts)))
}

/// An address that products show a picture from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct ImageAddress {
    /// The address.
    address: String,
    /// What came of it.
    state: AddressState,
    /// The image that is kept of it.
    #[schema(required)]
    image: Option<String>,
    /// What was wrong the last time.
    #[schema(required)]
    code: Option<String>,
    /// What was wrong, and what to do.
    #[schema(required)]
    message: Option<String>,
    /// How often it was asked since it was last reached.
    attempts: i32,
    /// When it was asked last.
    #[schema(required)]
    asked_at: Option<DateTime<Utc>>,
    /// SKUs of products that show it, the first ten.
    products: Vec<String>,
}

/// Which addresses are listed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those in this state.
    state: Option<AddressState>,
}

/// Addresses of pictures, and what came of asking them.
#[utoipa::path(get, path = "/images/addresses", tag = "images", params(Which, Page), responses((status = 200, body = Listed<ImageAddress>)))]
async fn list_image_addresses(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Listed<ImageAddress>> {
    caller.require(Permission::ReadInner)?;
    let (after, limit) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let rows = app.db.read(move |conn| queries::addresses_page(conn, which.state, &after, limit)).await?;
    page.list(
        rows,
        |(row, _)| row.id.clone(),
        |(row, products): (AddressRow, Vec<String>)| ImageAddress {
            address: row.address,
            state: AddressState::parse(&row.state).unwrap_or(AddressState::Waiting),
            image: row.image_id,
            code: row.code,
            message: row.message,
            attempts: row.attempts,
            asked_at: row.asked_at.map(Into::into),
            products,
        },
    )
}
