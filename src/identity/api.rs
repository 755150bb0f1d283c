//! `/matches`, and merging and splitting products by hand.

use super::cases::{self, CaseState, Deciding, Told};
use super::merge::{self, MAX_OFFERS, MAX_PRODUCTS, Merged};
use super::queries::{CaseRow, cases_page};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::api::{Product, Units};
use crate::catalog::queries::{ProductRow, Rules, completeness_of, offers_of_product, product_of_sku, view_by_sku, views};
use crate::catalog::{GoldenValue, ProductView};
use crate::db::{Conn, lock_catalog};
use crate::error::{Error, Result};
use crate::http::{Json, Listed, Page, Path, Query, Tagged, Written, answered};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_matches))
        .routes(routes!(get_match))
        .routes(routes!(accept_match))
        .routes(routes!(reject_match))
        .routes(routes!(merge_products))
        .routes(routes!(split_product))
}

/// Two products that may be one lamp.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Match {
    /// Its id.
    #[schema(example = "match_0197c3a2b4d57e0f8a1b2c3d4e5f6071")]
    pub id: String,
    /// Where it stands.
    pub state: CaseState,
    /// How alike they are, 0 to 1000.
    pub score: i32,
    /// Why they may be one, and why they may not.
    pub reasons: Vec<Told>,
    /// The older product.
    pub left: Side,
    /// The other.
    pub right: Side,
    /// Both sides field by field; only of a single match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Compared>>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was decided.
    #[schema(required)]
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom.
    #[schema(required)]
    pub decided_by: Option<String>,
    /// In which operation; undoing that reopens the match.
    #[schema(required)]
    pub operation: Option<String>,
}

/// One side of a match, as the product is now; one that was merged elsewhere since is that other one.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Side {
    /// The product.
    pub sku: String,
    /// Its title in the default locale.
    pub title: String,
    /// Brand code.
    #[schema(required)]
    pub brand: Option<String>,
    /// 14-digit GTIN.
    #[schema(required)]
    pub gtin: Option<String>,
    /// Manufacturer's part number.
    #[schema(required)]
    pub mpn: Option<String>,
    /// Its offers, as `supplier/supplier SKU`; only of a single match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers: Option<Vec<String>>,
}

/// What both sides say about one thing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Compared {
    /// `brand`, `gtin`, `mpn`, `category` or an attribute's code.
    pub field: String,
    /// What the left one says; null when nothing.
    #[schema(value_type = Object, nullable)]
    pub left: JsonValue,
    /// What the right one says; null when nothing.
    #[schema(value_type = Object, nullable)]
    pub right: JsonValue,
    /// Do both say the same?
    pub same: bool,
}

/// Which matches.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only in this state.
    #[param(inline)]
    state: Option<CaseState>,
    /// Only those that this product has a side in, by SKU.
    product: Option<String>,
}

/// Match cases, newest first.
#[utoipa::path(get, path = "/matches", tag = "matches", params(Which, Page), responses((status = 200, body = Listed<Match>)))]
async fn list_matches(State(app): State<App>, caller: Caller, Query(which): Query<Which>, page: Page) -> Result<Listed<Match>> {
    caller.require(Permission::ReadInner)?;
    let (before, fetch) = (page.cursor::<String>()?, page.fetch());
    let work = move |conn: &mut Conn| {
        let product = which.product.map(|sku| product_of_sku(conn, &sku)).transpose()?.map(|product| product.id);
        let rows = cases_page(conn, which.state.map(CaseState::as_str), product, before.as_deref(), fetch)?;
        let sides = cases::sides(conn, &rows)?;
        rows.into_iter()
            .zip(sides)
            .map(|(row, (left, right))| shape(row, Side::of(left), Side::of(right)))
            .collect::<Result<Vec<_>>>()
    };
    page.list(app.db.read(work).await?, |case| case.id.clone(), |case| case)
}

/// One match case, with both sides field by field.
#[utoipa::path(get, path = "/matches/{id}", tag = "matches", params(("id" = String, Path, description = "The match's id")),
    responses((status = 200, body = Match)))]
async fn get_match(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Tagged<Match>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut Conn| {
        let case = cases::existing(conn, &id)?;
        whole(conn, case)
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

/// They are one lamp: the products are merged, and the older SKU stays. Undoing the operation parts them and reopens the match.
#[utoipa::path(post, path = "/matches/{id}/accept", tag = "matches", params(("id" = String, Path, description = "The match's id")),
    responses((status = 200, body = Match)))]
async fn accept_match(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Match>> {
    caller.require(Permission::Edit)?;
    let (actor, now, dictionary) = (caller.actor(), app.clock.now(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &dictionary)?;
        let merged = cases::accept(conn, &rules, &id, Deciding { actor: &actor, now })?;
        let case = cases::existing(conn, &id)?;
        Ok(Written::changed(whole(conn, case)?).change(merged.change))
    };
    answered(&app, work).await
}

/// They are two lamps. That is remembered for ever: nobody is asked about these two again, and nothing merges them by itself.
#[utoipa::path(post, path = "/matches/{id}/reject", tag = "matches", params(("id" = String, Path, description = "The match's id")),
    responses((status = 200, body = Match)))]
async fn reject_match(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Written<Match>> {
    caller.require(Permission::Edit)?;
    let (actor, now) = (caller.actor(), app.clock.now());
    let work = move |conn: &mut Conn| {
        let change = cases::reject(conn, &id, Deciding { actor: &actor, now })?;
        let case = cases::existing(conn, &id)?;
        Ok(Written::changed(whole(conn, case)?).change(change))
    };
    answered(&app, work).await
}

/// Which products are one.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeProducts {
    /// SKUs of the others, at most 49.
    #[serde(default)]
    #[schema(example = json!(["BL-7Q2M4KD"]))]
    with: Vec<String>,
}

/// Makes products one: the oldest stays, with its SKU; the others' SKUs answer 308 to it. Its offers are those of all, and what people
/// said of the others counts where nothing was said of it.
#[utoipa::path(post, path = "/products/{sku}/merge", tag = "matches", request_body = MergeProducts,
    params(("sku" = String, Path, description = "One of the products")), responses((status = 200, body = Product)))]
async fn merge_products(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    Json(body): Json<MergeProducts>,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    let (actor, now, dictionary) = (caller.actor(), app.clock.now(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let mut products = vec![product_of_sku(conn, &sku)?];
        let skus: BTreeSet<String> = body.with.iter().cloned().chain([sku.clone()]).collect();
        if skus.len() < 2 {
            return Err(Error::field("/with", "too_few", "name at least one other product"));
        }
        if skus.len() > MAX_PRODUCTS {
            return Err(Error::field("/with", "too_many", format!("at most {MAX_PRODUCTS} products are merged at once")));
        }
        for (at, other) in body.with.iter().enumerate().filter(|(_, other)| **other != sku) {
            let row = product_of_sku(conn, other)
                .map_err(|error| Error::field(format!("/with/{at}"), error.code.as_str(), error.detail))?;
            if !products.iter().any(|known| known.id == row.id) {
                products.push(row);
            }
        }
        let rules = Rules::load(conn, &dictionary)?;
        let Merged { sku, change, .. } = merge::merge(conn, &rules, products, Deciding { actor: &actor, now })?;
        let (product, version) = product(conn, &sku, &dictionary)?;
        Ok(Written::changed(product).version(version).change(change))
    };
    answered(&app, work).await
}

/// Which offers leave.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SplitProduct {
    /// The offers that are another lamp; at least one stays.
    #[serde(default)]
    offers: Vec<OfferName>,
}

/// Names an offer.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OfferName {
    /// Its supplier's code.
    supplier: String,
    /// Its key with that supplier.
    supplier_sku: String,
}

/// Parts offers from a product: they get the product back that they were of before a merge (200), else a new one (201). Nothing is lost,
/// for offers keep their own claims; nothing merges the two again by itself.
#[utoipa::path(post, path = "/products/{sku}/split", tag = "matches", request_body = SplitProduct,
    params(("sku" = String, Path, description = "The product")),
    responses((status = 200, body = Product), (status = 201, body = Product)))]
async fn split_product(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    Json(body): Json<SplitProduct>,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    let (actor, now, dictionary) = (caller.actor(), app.clock.now(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let from = product_of_sku(conn, &sku)?;
        if body.offers.is_empty() || body.offers.len() > MAX_OFFERS {
            return Err(Error::field("/offers", "wrong_count", format!("name 1 to {MAX_OFFERS} offers")));
        }
        let leaving: Vec<(String, String)> = body.offers.into_iter().map(|offer| (offer.supplier, offer.supplier_sku)).collect();
        let rules = Rules::load(conn, &dictionary)?;
        let Merged { sku, created, change } = merge::split(conn, &rules, &from, &leaving, Deciding { actor: &actor, now })?;
        let (product, version) = product(conn, &sku, &dictionary)?;
        let written =
            if created { Written::created(product, format!("/api/v1/products/{sku}")) } else { Written::changed(product) };
        Ok(written.version(version).change(change))
    };
    answered(&app, work).await
}

fn product(conn: &mut Conn, sku: &str, dictionary: &crate::dictionary::Dictionary) -> Result<(Product, i64)> {
    let view = view_by_sku(conn, sku)?.ok_or_else(|| Error::not_found(format!("product {sku}")))?;
    let shares = completeness_of(conn, &[view.id], None)?.remove(&view.id).unwrap_or_default();
    let version = view.version;
    Ok((Product::of(view, shares, dictionary, Units::Canonical), version))
}

/// A case with both sides' offers, field by field.
fn whole(conn: &mut Conn, case: CaseRow) -> Result<Match> {
    let (left, right) = cases::sides_of(conn, &case)?;
    let fields = compare(conn, left.id, right.id)?;
    let mut side = |row: ProductRow| -> Result<Side> {
        let offers = offers_of_product(conn, row.id)?;
        let offers = offers.into_iter().map(|(supplier, body)| format!("{supplier}/{}", body.supplier_sku)).collect();
        Ok(Side { offers: Some(offers), ..Side::of(row) })
    };
    let (left, right) = (side(left)?, side(right)?);
    Ok(Match { fields: Some(fields), ..shape(case, left, right)? })
}

fn shape(case: CaseRow, left: Side, right: Side) -> Result<Match> {
    Ok(Match {
        left,
        right,
        id: case.id,
        state: CaseState::parse(&case.state),
        score: case.score,
        reasons: case.reasons.read()?,
        fields: None,
        opened_at: case.opened_at.into(),
        decided_at: case.decided_at.map(Into::into),
        decided_by: case.decided_by,
        operation: case.operation_id,
    })
}

impl Side {
    fn of(row: ProductRow) -> Self {
        let body = row.body;
        Self { sku: body.sku, title: body.title, brand: body.brand, gtin: body.gtin, mpn: body.mpn, offers: None }
    }
}

/// A field and where it stands.
type Name<'a> = (&'a str, fn(&ProductView) -> Option<&String>);

/// Everything that either of two products says.
fn compare(conn: &mut Conn, left: i64, right: i64) -> Result<Vec<Compared>> {
    let found = views(conn, &[left, right])?;
    let of = |id: i64| found.iter().find(|view| view.id == id);
    let (Some(left), Some(right)) = (of(left), of(right)) else { return Ok(Vec::new()) };
    let names: [Name<'_>; 4] = [
        ("brand", |view| view.brand.as_ref()),
        ("gtin", |view| view.gtin.as_ref()),
        ("mpn", |view| view.mpn.as_ref()),
        ("category", |view| view.category.as_ref()),
    ];
    let text = |text: Option<&String>| text.map_or(JsonValue::Null, |text| JsonValue::String(text.clone()));
    let mut fields: Vec<(String, JsonValue, JsonValue)> =
        names.into_iter().map(|(name, of)| (name.to_owned(), text(of(left)), text(of(right)))).collect();
    let codes: BTreeSet<&String> = left.values.keys().chain(right.values.keys()).collect();
    let value = |view: &ProductView, code: &str| -> Result<JsonValue> {
        let value: Option<&GoldenValue> = view.values.get(code);
        Ok(value.map(serde_json::to_value).transpose()?.unwrap_or(JsonValue::Null))
    };
    for code in codes {
        fields.push((code.clone(), value(left, code)?, value(right, code)?));
    }
    fields.retain(|(_, left, right)| !left.is_null() || !right.is_null());
    Ok(fields.into_iter().map(|(field, left, right)| Compared { same: left == right, field, left, right }).collect())
}
