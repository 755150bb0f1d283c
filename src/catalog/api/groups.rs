//! Product groups: products that differ only in variant attributes.

use super::Image;
use super::pictures::of_known_channels;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::edit::no_such_image;
use crate::catalog::group::{self, SaidOfGroup};
use crate::catalog::picture::{self, UPLOADED};
use crate::catalog::queries::{
    GroupRow, Rules, group_by_code, group_insert, groups_after, known_of_pictures, product_skus_of_groups, with_what_is_known,
};
use crate::catalog::{patch, sku};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes, lock_catalog, operations, unique_violation};
use crate::error::{Code, Error, Result};
use crate::http::patch::{Field, divide, unchanged};
use crate::http::{Json, Listed, Page, Path, Preconditions, Tagged, Written};
use crate::media::queries::missing_images;
use crate::normalize::PictureChoice;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
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
    /// Pictures that its products show behind their own.
    images: Vec<Image>,
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
    /// Pictures that all its products show behind their own, such as a size chart: a list of pictures with an `id` or a `url`, a `role`,
    /// `alt`, `channels` and `positions`; null for none.
    #[schema(value_type = Option<Vec<Object>>)]
    #[serde(default)]
    images: Field<JsonValue>,
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
    let said = rows.iter().map(SaidOfGroup::of).collect::<Result<Vec<_>>>()?;
    let pictures: Vec<PictureChoice> = said.iter().flat_map(|said| &said.images).cloned().collect();
    let known = if pictures.is_empty() { HashMap::new() } else { known_of_pictures(conn, &pictures)? };
    let group = |(row, said): (&GroupRow, SaidOfGroup)| {
        let mut images = Image::all(with_what_is_known(picture::inheriting(Vec::new(), &said.images, None), &known));
        // What is first here is first of no product that has a picture of its own.
        for (image, choice) in images.iter_mut().zip(&said.images) {
            image.role = choice.role.clone().unwrap_or_else(|| "gallery".to_owned());
        }
        Ok(ProductGroup {
            code: row.code.clone(),
            title: said.title,
            images,
            products: products.remove(&row.id).unwrap_or_default(),
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    };
    rows.iter().zip(said).map(group).collect()
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
    if let Field::Set(images) = &patch.images {
        of_known_channels(&app.channels, Some(images))?;
    }
    let (now, actor, dictionary) = (app.clock.now(), caller.actor(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let found = group_by_code(conn, &code)?;
        preconditions.allow_version(found.as_ref().map(|row| row.version))?;
        match &found {
            Some(_) => unchanged(&told, &existing(conn, &code)?, &["products"])?,
            None => unchanged(&told, &json!({"code": code}), &[])?,
        }
        let before = found.as_ref().map(SaidOfGroup::of).transpose()?.unwrap_or_default();
        let said = SaidOfGroup {
            title: titles(before.title.clone(), patch.title.clone())?,
            images: pictures(conn, before.images.clone(), patch.images.clone())?,
        };
        let created = found.is_none();
        if created {
            let taken = || Error::new(Code::Conflict, format!("there is a product group {code} already"));
            let stored = (&JsonText::of(&said.title)?, &JsonText::of(&said.images)?);
            group_insert(conn, &code, stored, now.into()).map_err(|error| unique_violation(error, taken))?;
        } else if said == before {
            return Ok((existing(conn, &code)?, false, changes::head(conn)?));
        }
        let change = tell(conn, &code, &before, &actor, now)?;
        let row = group_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("product group {code}")))?;
        let mut last = change.1;
        if !created {
            let rules = Rules::load(conn, &dictionary)?;
            let told = group::restate(conn, &rules, &row, &said, &change.0, now)?;
            if !told.is_empty() {
                last = changes::append(conn, now, &told)?;
            }
        }
        Ok((existing(conn, &code)?, created, last))
    };
    let (group, created, change) = app.db.write(work).await?;
    let (version, location) = (group.version, format!("/api/v1/product-groups/{}", group.code));
    let written = if created { Written::created(group, location) } else { Written::changed(group) };
    Ok(written.version(version).change(change))
}

fn titles(before: BTreeMap<String, String>, patch: Field<BTreeMap<String, Option<String>>>) -> Result<BTreeMap<String, String>> {
    let mut title = if patch == Field::Null { BTreeMap::new() } else { before };
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

fn pictures(conn: &mut Conn, before: Vec<PictureChoice>, patch: Field<JsonValue>) -> Result<Vec<PictureChoice>> {
    let list = match patch {
        Field::Absent => return Ok(before),
        Field::Null => return Ok(Vec::new()),
        Field::Set(list) => list,
    };
    let pictures = patch::pictures::read(&list).map_err(|(code, message)| Error::field("/images", code, message))?;
    let uploaded: Vec<&str> = pictures.iter().filter_map(|choice| choice.picture.strip_prefix(UPLOADED)).collect();
    match missing_images(conn, &uploaded)?.first() {
        Some(id) => Err(no_such_image(id)),
        None => Ok(pictures),
    }
}

/// Notes that somebody says something of a group: the operation, and where the log stands.
fn tell(conn: &mut Conn, code: &str, before: &SaidOfGroup, actor: &str, now: DateTime<Utc>) -> Result<(String, Position)> {
    let operation = operations::record(conn, "edit", actor, code, &json!({"group": code}), now)?;
    let change = NewChange::new(ChangeKind::EditChanged, code, json!({"what": "group", "group": code}))
        .within(operation.as_str())
        .was(JsonText::of(before)?);
    let told = changes::append(conn, now, &[change])?;
    Ok((operation, told))
}
