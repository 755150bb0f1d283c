//! Product groups: products that differ only in variant attributes.

use super::shape::seen_anew;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::{
    GroupRow, group_by_code, group_insert, group_update, groups_after, product_skus_of_groups, products_of_group,
};
use crate::catalog::sku;
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes, lock_catalog, operations, unique_violation};
use crate::error::{Code, Error, Result};
use crate::http::patch::{Field, divide, unchanged};
use crate::http::{Json, Listed, Page, Path, Preconditions, Tagged, Written};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue, json};
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_product_groups)).routes(routes!(get_product_group, patch_product_group))
}

/// Products that differ only in variant attributes, such as colour.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct ProductGroup {
    /// Stable key.
    code: String,
    /// Title per locale.
    title: BTreeMap<String, String>,
    /// SKUs of its products; at most 1,000 are listed.
    products: Vec<String>,
    /// Counts edits.
    version: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// What to change about a group (RFC 7396); products are put into it by patching their `group`. What nobody sets may stand there as
/// it was read.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PatchProductGroup {
    /// Title per locale; null takes a locale's away, or all of them.
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    #[serde(default)]
    title: Field<BTreeMap<String, Option<String>>>,
}

/// What a group shows and nobody sets.
const TOLD: [&str; 5] = ["code", "products", "version", "created_at", "updated_at"];
/// Titles of one group.
const MAX_LOCALES: usize = 100;
/// Characters of one title.
const MAX_TITLE: usize = 250;
/// Products told of at once, and listed at most.
const BATCH: i64 = 1_000;

fn shaped(conn: &mut Conn, rows: &[GroupRow]) -> Result<Vec<ProductGroup>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut products = product_skus_of_groups(conn, &ids, BATCH)?;
    let group = |row: &GroupRow| {
        Ok(ProductGroup {
            code: row.code.clone(),
            title: row.title.read()?,
            products: products.remove(&row.id).unwrap_or_default(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    };
    rows.iter().map(group).collect()
}

fn existing(conn: &mut Conn, code: &str) -> Result<ProductGroup> {
    let row = group_by_code(conn, code)?.ok_or_else(|| Error::not_found(format!("product group {code}")))?;
    shaped(conn, &[row])?.pop().ok_or_else(|| Error::not_found(format!("product group {code}")))
}

/// Product groups in order of their codes.
#[utoipa::path(get, path = "/product-groups", tag = "product-groups", params(Page),
    responses((status = 200, body = Listed<ProductGroup>)))]
async fn list_product_groups(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<ProductGroup>> {
    caller.require(Permission::ReadInner)?;
    let (after, fetch) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let work = move |conn: &mut Conn| {
        let rows = groups_after(conn, &after, fetch)?;
        shaped(conn, &rows)
    };
    page.list(app.db.read(work).await?, |group| group.code.clone(), |group| group)
}

/// One product group.
#[utoipa::path(get, path = "/product-groups/{code}", tag = "product-groups",
    params(("code" = String, Path, description = "The group's code")), responses((status = 200, body = ProductGroup)))]
async fn get_product_group(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<ProductGroup>> {
    caller.require(Permission::ReadInner)?;
    let group = app.db.read(move |conn| existing(conn, &code)).await?;
    let version = group.version;
    Ok(Tagged::versioned(group, version))
}

/// Changes a product group, or makes it.
#[utoipa::path(patch, path = "/product-groups/{code}", tag = "product-groups",
    params(("code" = String, Path, description = "The group's code")),
    request_body(content = PatchProductGroup, content_type = "application/merge-patch+json"),
    responses((status = 200, body = ProductGroup), (status = 201, body = ProductGroup)))]
async fn patch_product_group(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, JsonValue>>,
) -> Result<Written<ProductGroup>> {
    caller.require(Permission::Edit)?;
    if !sku::is_valid(&code) {
        return Err(Error::field(
            "/code",
            "invalid_code",
            "a group's code has 1 to 40 of A-Z, a-z, 0-9, dot, underscore and hyphen",
        ));
    }
    let (told, patch) = divide::<PatchProductGroup>(body, &TOLD)?;
    let (now, actor) = (app.clock.now(), caller.actor());
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let found = group_by_code(conn, &code)?;
        preconditions.allow_version(found.as_ref().map(|row| row.version))?;
        match &found {
            Some(_) => unchanged(&told, &existing(conn, &code)?, &["products"])?,
            None => unchanged(&told, &json!({"code": code}), &[])?,
        }
        let title = titles(found.as_ref(), patch.title)?;
        let stored = JsonText::of(&title)?;
        let created = found.is_none();
        let before = found.as_ref().map_or_else(|| Ok(json!({"title": {}})), title_document)?;
        if let Some(row) = &found {
            if row.title == stored {
                return Ok((existing(conn, &code)?, false, changes::head(conn)?));
            }
            group_update(conn, row.id, &stored, now.into())?;
        } else {
            let taken = || Error::new(Code::Conflict, format!("there is a product group {code} already"));
            group_insert(conn, &code, &stored, now.into()).map_err(|error| unique_violation(error, taken))?;
        }
        let row = group_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("product group {code}")))?;
        let change = tell(conn, &row, before, &actor, now)?;
        Ok((existing(conn, &code)?, created, change))
    };
    let (group, created, change) = app.db.write(work).await?;
    let (version, location) = (group.version, format!("/api/v1/product-groups/{}", group.code));
    let written = if created { Written::created(group, location) } else { Written::changed(group) };
    Ok(written.version(version).change(change))
}

fn titles(found: Option<&GroupRow>, patch: Field<BTreeMap<String, Option<String>>>) -> Result<BTreeMap<String, String>> {
    let mut title: BTreeMap<String, String> = match found {
        Some(row) if !matches!(patch, Field::Null) => row.title.read()?,
        _ => BTreeMap::new(),
    };
    let Field::Set(patch) = patch else { return Ok(title) };
    for (locale, text) in patch {
        let pointer = format!("/title/{locale}");
        if locale.parse::<icu_locale_core::LanguageIdentifier>().is_err() {
            return Err(Error::field(pointer, "invalid_locale", format!("'{locale}' is not a BCP 47 language tag")));
        }
        match text {
            Some(text) if text.trim().is_empty() || text.chars().count() > MAX_TITLE => {
                return Err(Error::field(pointer, "invalid_title", format!("a title has 1 to {MAX_TITLE} characters")));
            }
            Some(text) => {
                title.insert(locale, text.trim().to_owned());
            }
            None => {
                title.remove(&locale);
            }
        }
    }
    if title.len() > MAX_LOCALES {
        return Err(Error::field("/title", "too_many", format!("a group has titles in at most {MAX_LOCALES} locales")));
    }
    Ok(title)
}

/// What undo restores of a group.
fn title_document(row: &GroupRow) -> Result<JsonValue> {
    Ok(json!({"title": row.title.read::<JsonValue>()?}))
}

/// Every product of the group shows its title: readers look at them anew.
fn tell(conn: &mut Conn, row: &GroupRow, before: JsonValue, actor: &str, now: DateTime<Utc>) -> Result<Position> {
    let operation = operations::record(conn, "edit", actor, &row.code, &json!({"group": row.code}), now)?;
    let change = NewChange {
        kind: ChangeKind::EditChanged,
        subject: row.code.clone(),
        product_id: None,
        offer_id: None,
        operation_id: Some(operation.clone()),
        before: Some(JsonText::of(&before)?),
        data: json!({"what": "group", "group": row.code}),
    };
    let (mut after, mut told) = (0, changes::append(conn, now, &[change])?);
    loop {
        let products = products_of_group(conn, row.id, after, BATCH)?;
        let Some((last, ..)) = products.last() else { return Ok(told) };
        after = *last;
        told = changes::append(conn, now, &seen_anew(products, "group", &operation))?;
    }
}
