//! Brands and their aliases.

use super::shape::seen_anew;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::{
    BrandRow, aliases_of_brands, brand_by_code, brand_put_aliases, brands_after, brands_ensure, products_of_brand,
};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes, lock_catalog, operations, unique_violation};
use crate::error::{Error, Result};
use crate::http::patch::{Field, divide, unchanged};
use crate::http::{Json, Listed, Page, Path, Preconditions, Tagged, Written, etag};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use crate::normalize::text::{clean_line, key};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue, json};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_brands)).routes(routes!(get_brand, patch_brand))
}

/// A brand, and what else it is written as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct Brand {
    /// Stable key.
    #[schema(example = "black-diamond")]
    code: String,
    /// Its own spelling.
    name: String,
    /// Spellings that people added; the dictionary knows more.
    aliases: Vec<String>,
}

/// What to change about a brand (RFC 7396). Its own code may stand there as it was read.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PatchBrand {
    /// Its own spelling.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    name: Field<String>,
    /// All spellings that mean it, in the place of those there are; null takes them away.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default)]
    aliases: Field<Vec<String>>,
}

/// What a brand shows and nobody sets.
const TOLD: [&str; 1] = ["code"];
/// Aliases of one brand.
const MAX_ALIASES: usize = 200;
/// Characters of an alias.
const MAX_ALIAS: usize = 200;
/// Characters of a brand's name, where the dictionary sets no length.
const MAX_NAME: usize = 70;
/// Products told of at once.
const BATCH: i64 = 1_000;

fn shaped(conn: &mut Conn, rows: Vec<BrandRow>) -> Result<Vec<Brand>> {
    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let mut aliases = aliases_of_brands(conn, &codes)?;
    let brand = |row: BrandRow| Brand { aliases: aliases.remove(&row.code).unwrap_or_default(), code: row.code, name: row.name };
    Ok(rows.into_iter().map(brand).collect())
}

fn found(conn: &mut Conn, code: &str) -> Result<Option<Brand>> {
    let row = brand_by_code(conn, code)?;
    Ok(shaped(conn, row.into_iter().collect())?.pop())
}

fn existing(conn: &mut Conn, code: &str) -> Result<Brand> {
    found(conn, code)?.ok_or_else(|| Error::not_found(format!("brand '{code}'")))
}

/// Brands in order of their codes.
#[utoipa::path(get, path = "/brands", tag = "brands", params(Page), responses((status = 200, body = Listed<Brand>)))]
async fn list_brands(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<Brand>> {
    caller.require(Permission::ReadInner)?;
    let (after, fetch) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let work = move |conn: &mut Conn| {
        let rows = brands_after(conn, &after, fetch)?;
        shaped(conn, rows)
    };
    page.list(app.db.read(work).await?, |brand| brand.code.clone(), |brand| brand)
}

/// One brand.
#[utoipa::path(get, path = "/brands/{code}", tag = "brands", params(("code" = String, Path, description = "The brand's code")),
    responses((status = 200, body = Brand)))]
async fn get_brand(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<Brand>> {
    caller.require(Permission::ReadInner)?;
    Ok(Tagged::of(app.db.read(move |conn| existing(conn, &code)).await?))
}

/// Changes a brand's spelling and aliases, or makes it. Its products follow by themselves.
#[utoipa::path(patch, path = "/brands/{code}", tag = "brands", params(("code" = String, Path, description = "The brand's code")),
    request_body(content = PatchBrand, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Brand), (status = 201, body = Brand)))]
async fn patch_brand(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, JsonValue>>,
) -> Result<Written<Brand>> {
    caller.require(Permission::Edit)?;
    if code != crate::catalog::brand::code(&code) || code.is_empty() {
        return Err(Error::field("/code", "invalid_code", "a brand's code is its folded name, such as 'black-diamond'"));
    }
    let (told, patch) = divide::<PatchBrand>(body, &TOLD)?;
    let (now, actor) = (app.clock.now(), caller.actor());
    let longest = app.dictionary.attribute("brand").and_then(|attribute| attribute.max_length).unwrap_or(MAX_NAME);
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let before = found(conn, &code)?;
        let tag = before.as_ref().map(serde_json::to_vec).transpose()?.map(|body| etag::of(&body, None));
        preconditions.allow_tag(tag.as_deref())?;
        match &before {
            Some(brand) => unchanged(&told, brand, &[])?,
            None => unchanged(&told, &json!({"code": code}), &[])?,
        }
        let after = Brand {
            name: name(patch.name, before.as_ref(), longest)?,
            aliases: match patch.aliases {
                Field::Absent => before.as_ref().map(|brand| brand.aliases.clone()).unwrap_or_default(),
                Field::Null => Vec::new(),
                Field::Set(aliases) => folded(&aliases)?,
            },
            code,
        };
        let created = before.is_none();
        let change = match before {
            Some(before) if before == after => changes::head(conn)?,
            before => store(conn, before.as_ref(), &after, &actor, now)?,
        };
        Ok((after, created, change))
    };
    let (brand, created, change) = app.db.write(work).await?;
    let location = format!("/api/v1/brands/{}", brand.code);
    let written = if created { Written::created(brand, location) } else { Written::changed(brand) };
    Ok(written.change(change))
}

fn name(patch: Field<String>, before: Option<&Brand>, longest: usize) -> Result<String> {
    match (patch, before) {
        (Field::Set(name), _) => {
            let name = clean_line(&name);
            if name.is_empty() || name.chars().count() > longest {
                return Err(Error::field("/name", "invalid_name", format!("a brand's name has 1 to {longest} characters")));
            }
            Ok(name)
        }
        (Field::Absent, Some(brand)) => Ok(brand.name.clone()),
        (Field::Null, _) => Err(Error::field("/name", "missing", "a brand needs its name; leave it out to keep it")),
        (Field::Absent, None) => Err(Error::field("/name", "missing", "a new brand needs its name")),
    }
}

/// Stores a brand and tells whoever shows it.
fn store(conn: &mut Conn, before: Option<&Brand>, after: &Brand, actor: &str, now: DateTime<Utc>) -> Result<Position> {
    let Brand { code, name, aliases } = after;
    brands_ensure(conn, &[BrandRow { code: code.clone(), name: name.clone(), created_at: now.into() }])?;
    let taken = || Error::field("/aliases", "taken", "one of these spellings already means another brand");
    brand_put_aliases(conn, code, name, aliases).map_err(|error| unique_violation(error, taken))?;
    let operation = operations::record(conn, "edit", actor, code, &json!({"brand": code}), now)?;
    let mut told = changes::head(conn)?;
    if before.map_or(!aliases.is_empty(), |before| before.aliases != *aliases) {
        // Which products mean this brand now is only known by resolving them all.
        job_enqueue_once(conn, &Job::ResolveAll, now)?;
        let change = NewChange::new(ChangeKind::SettingsChanged, code, json!({"brand": code, "resolve": true}))
            .within(operation.as_str())
            .was(before.map(|before| JsonText::of(&before)).transpose()?);
        told = changes::append(conn, now, &[change])?;
    }
    if before.is_some_and(|before| before.name != *name) {
        let mut after = 0;
        // Every product of the brand shows its name: readers look at them anew.
        loop {
            let products = products_of_brand(conn, code, after, BATCH)?;
            let Some((last, ..)) = products.last() else { break };
            after = *last;
            told = changes::append(conn, now, &seen_anew(products, "brand", &operation))?;
        }
    }
    Ok(told)
}

fn folded(aliases: &[String]) -> Result<Vec<String>> {
    if aliases.len() > MAX_ALIASES {
        return Err(Error::field("/aliases", "too_many", format!("a brand has at most {MAX_ALIASES} aliases")));
    }
    if let Some(place) = aliases.iter().position(|alias| alias.chars().count() > MAX_ALIAS) {
        let message = format!("an alias has at most {MAX_ALIAS} characters");
        return Err(Error::field(format!("/aliases/{place}"), "too_long", message));
    }
    let mut folded: Vec<String> = aliases.iter().map(|alias| key(alias)).filter(|alias| !alias.is_empty()).collect();
    folded.sort();
    folded.dedup();
    Ok(folded)
}
