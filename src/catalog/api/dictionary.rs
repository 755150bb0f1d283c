//! What the dictionary says: attributes and categories.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::dictionary::AttributeType;
use crate::error::{Error, Result};
use crate::http::{Listed, Page, Path, Tagged};
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_attributes))
        .routes(routes!(get_attribute))
        .routes(routes!(list_categories))
        .routes(routes!(get_category))
}

/// A typed property of products.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Attribute {
    /// Stable key.
    #[schema(example = "light_output_max")]
    code: String,
    /// Type of its values.
    #[serde(rename = "type")]
    kind: AttributeType,
    /// Canonical unit of a measure or range.
    #[schema(required, example = "lm")]
    unit: Option<String>,
    /// Is there one text per locale?
    localized: bool,
    /// May products of one group differ in it?
    variant: bool,
    /// Is it offered as a facet?
    facet: bool,
    /// Name per locale.
    label: BTreeMap<String, String>,
    /// Options of a select.
    options: Vec<AttributeOption>,
}

/// One option of a select.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct AttributeOption {
    /// Stable key.
    code: String,
    /// Name per locale.
    label: BTreeMap<String, String>,
}

impl From<&crate::dictionary::Attribute> for Attribute {
    fn from(attribute: &crate::dictionary::Attribute) -> Self {
        Self {
            code: attribute.code.clone(),
            kind: attribute.kind,
            unit: attribute.unit.clone(),
            localized: attribute.localized,
            variant: attribute.variant,
            facet: attribute.facet,
            label: attribute.label.clone(),
            options: attribute
                .options
                .iter()
                .map(|option| AttributeOption { code: option.code.clone(), label: option.label.clone() })
                .collect(),
        }
    }
}

/// A category of products.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Category {
    /// Stable key.
    #[schema(example = "headlamps")]
    code: String,
    /// Name per locale.
    label: BTreeMap<String, String>,
    /// Its id in outside taxonomies.
    ids: BTreeMap<String, String>,
}

impl From<&crate::dictionary::Category> for Category {
    fn from(category: &crate::dictionary::Category) -> Self {
        Self { code: category.code.clone(), label: category.label.clone(), ids: category.ids.clone() }
    }
}

/// Attributes in the dictionary's order.
#[utoipa::path(get, path = "/attributes", tag = "dictionary", params(Page), responses((status = 200, body = Listed<Attribute>)))]
async fn list_attributes(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<Attribute>> {
    caller.require(Permission::ReadInner)?;
    let after = page.cursor::<usize>()?.unwrap_or(0);
    let fetch = usize::try_from(page.fetch()).unwrap_or(usize::MAX);
    let rows: Vec<_> = app.dictionary.attributes().enumerate().skip(after).take(fetch).collect();
    page.list(rows, |(place, _)| place + 1, |(_, attribute)| attribute.into())
}

/// One attribute.
#[utoipa::path(get, path = "/attributes/{code}", tag = "dictionary", params(("code" = String, Path, description = "The attribute's code")),
    responses((status = 200, body = Attribute)))]
async fn get_attribute(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<Attribute>> {
    caller.require(Permission::ReadInner)?;
    let found = app.dictionary.attribute(&code).map(Attribute::from);
    found.map(Tagged::of).ok_or_else(|| Error::not_found(format!("attribute '{code}'")))
}

/// Categories in the dictionary's order.
#[utoipa::path(get, path = "/categories", tag = "dictionary", params(Page), responses((status = 200, body = Listed<Category>)))]
async fn list_categories(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<Category>> {
    caller.require(Permission::ReadInner)?;
    let after = page.cursor::<usize>()?.unwrap_or(0);
    let fetch = usize::try_from(page.fetch()).unwrap_or(usize::MAX);
    let rows: Vec<_> = app.dictionary.categories().enumerate().skip(after).take(fetch).collect();
    page.list(rows, |(place, _)| place + 1, |(_, category)| category.into())
}

/// One category.
#[utoipa::path(get, path = "/categories/{code}", tag = "dictionary", params(("code" = String, Path, description = "The category's code")),
    responses((status = 200, body = Category)))]
async fn get_category(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<Category>> {
    caller.require(Permission::ReadInner)?;
    let found = app.dictionary.category(&code).map(Category::from);
    found.map(Tagged::of).ok_or_else(|| Error::not_found(format!("category '{code}'")))
}
