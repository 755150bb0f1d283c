//! What stands under one product: lineage, history, price, pictures.

use super::products::existing;
use super::shape::MoneyBody;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::{Rules, claims_of_products, edits_of, terms_of_products};
use crate::catalog::resolve::{self, Candidate};
use crate::catalog::{golden, picture, terms};
use crate::db::{Change, Conn, changes};
use crate::error::Result;
use crate::http::{Listed, Page, Path, Query, Tagged};
use crate::pricing::{Money, first_price};
use crate::stock::queries::levels_of_products;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(get_product_lineage))
        .routes(routes!(list_product_history))
        .routes(routes!(get_product_price))
}

/// Where the values of one attribute came from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct AttributeLineage {
    /// Attribute code.
    attribute: String,
    /// BCP 47 tag, where the attribute has text per locale.
    #[schema(required)]
    locale: Option<String>,
    /// Everybody who says something about it, the winner first.
    candidates: Vec<Candidate>,
}

/// Which attribute.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OfField {
    /// Only this attribute.
    field: Option<String>,
}

/// Where each value came from: file, row, field, rule and raw text, the winner and the losers.
#[utoipa::path(get, path = "/products/{sku}/lineage", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), OfField),
    responses((status = 200, body = Listed<AttributeLineage>)))]
async fn get_product_lineage(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    Query(of): Query<OfField>,
) -> Result<Tagged<Listed<AttributeLineage>>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        let offers = claims_of_products(conn, &[view.id])?.remove(&view.id).unwrap_or_default();
        let edits = edits_of(conn, &[view.id])?.remove(&view.id).unwrap_or_default();
        let sources = offers.iter().map(golden::source).collect::<Result<Vec<_>>>()?;
        let mut lineage = resolve::lineage(&sources, &edits);
        let pictures = resolve::lineage_of_pictures(&sources, &view.images);
        if !pictures.is_empty() {
            lineage.entry((picture::ATTRIBUTE.to_owned(), None)).or_default().extend(pictures);
        }
        Ok(lineage)
    };
    let lineage = app.db.read(work).await?;
    let items = lineage
        .into_iter()
        .filter(|((attribute, _), _)| of.field.as_ref().is_none_or(|field| field == attribute))
        .map(|((attribute, locale), candidates)| AttributeLineage { attribute, locale, candidates })
        .collect();
    Ok(Tagged::of(Listed { items, next: None }))
}

/// One thing that happened to a product.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct HistoryEntry {
    /// The change's sequence.
    change: String,
    /// What happened.
    #[schema(example = "product.updated")]
    kind: &'static str,
    /// What it happened to: the SKU, or supplier and key of an offer.
    subject: String,
    /// The operation it belongs to.
    #[schema(required)]
    operation: Option<String>,
    /// What was told about it.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    /// How it was before.
    #[schema(value_type = Option<Object>, required)]
    before: Option<serde_json::Value>,
    /// When.
    at: DateTime<Utc>,
}

impl From<Change> for HistoryEntry {
    fn from(change: Change) -> Self {
        Self {
            change: change.position.to_string(),
            kind: change.kind.as_str(),
            subject: change.subject,
            operation: change.operation_id,
            data: change.data,
            before: change.before,
            at: change.changed_at,
        }
    }
}

/// What happened to a product and its offers, newest first.
#[utoipa::path(get, path = "/products/{sku}/history", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), Page), responses((status = 200, body = Listed<HistoryEntry>)))]
async fn list_product_history(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    page: Page,
) -> Result<Listed<HistoryEntry>> {
    caller.require(Permission::ReadInner)?;
    let (before, fetch) = (page.cursor::<i64>()?.unwrap_or(i64::MAX), page.fetch());
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        changes::history(conn, view.id, before, fetch)
    };
    page.list(app.db.read(work).await?, |change| change.position.seq, HistoryEntry::from)
}

/// What a product is sold for, and why.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct ProductPrice {
    /// The price, when there is one.
    #[schema(required, value_type = Option<MoneyBody>)]
    price: Option<Money>,
    /// Its arithmetic, a step a line.
    explanation: Vec<String>,
    /// Why there is none.
    #[schema(required)]
    missing: Option<String>,
}

/// The price that the default channel asks, with its arithmetic.
#[utoipa::path(get, path = "/products/{sku}/price", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    responses((status = 200, body = ProductPrice)))]
async fn get_product_price(State(app): State<App>, caller: Caller, Path(sku): Path<String>) -> Result<Tagged<ProductPrice>> {
    caller.require(Permission::ReadInner)?;
    let dictionary = Arc::clone(&app.dictionary);
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        let rules = Rules::load(conn, &dictionary)?;
        let offers = terms_of_products(conn, &[view.id])?.remove(&view.id).unwrap_or_default();
        let levels = levels_of_products(conn, &[view.id])?.remove(&view.id).unwrap_or_default();
        let terms = terms::offer_terms(&offers, &levels);
        Ok(match &rules.price {
            None => ProductPrice {
                price: None,
                explanation: Vec::new(),
                missing: Some("there is no default channel; the setting default_channel names one".to_owned()),
            },
            Some(settings) => match first_price(&terms, settings, &rules.rates) {
                Ok(priced) => ProductPrice { price: Some(priced.price), explanation: priced.explanation, missing: None },
                Err(none) => ProductPrice { price: None, explanation: Vec::new(), missing: Some(none.to_string()) },
            },
        })
    };
    Ok(Tagged::of(app.db.read(work).await?))
}
