//! Brands and their aliases.

use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::{BrandRow, aliases_of_brand, brand_by_code, brand_put_aliases, brands_after, brands_ensure};
use crate::db::{ChangeKind, Conn, NewChange, changes, lock_catalog, operations, unique_violation};
use crate::error::{Code, Error, Result};
use crate::http::{Json, Listed, Page, Path, Tagged, Written};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use crate::normalize::text::{clean_line, key};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_brands)).routes(routes!(get_brand, patch_brand))
}

/// A brand, and what else it is written as.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Brand {
    /// Stable key.
    #[schema(example = "black-diamond")]
    code: String,
    /// Its own spelling.
    name: String,
    /// Spellings that people added; the dictionary knows more.
    aliases: Vec<String>,
}

/// What to change about a brand.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PatchBrand {
    /// Its own spelling.
    name: Option<String>,
    /// All spellings that mean it, in the place of those there are.
    aliases: Option<Vec<String>>,
}

/// Aliases of one brand.
const MAX_ALIASES: usize = 200;

fn shaped(conn: &mut Conn, row: BrandRow) -> Result<Brand> {
    Ok(Brand { aliases: aliases_of_brand(conn, &row.code)?, code: row.code, name: row.name })
}

/// Brands in order of their codes.
#[utoipa::path(get, path = "/brands", tag = "brands", params(Page), responses((status = 200, body = Listed<Brand>)))]
async fn list_brands(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<Brand>> {
    caller.require(Permission::ReadInner)?;
    let (after, fetch) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let work = move |conn: &mut Conn| {
        let rows = brands_after(conn, &after, fetch)?;
        rows.into_iter().map(|row| shaped(conn, row)).collect::<Result<Vec<_>>>()
    };
    page.list(app.db.read(work).await?, |brand| brand.code.clone(), |brand| brand)
}

/// One brand.
#[utoipa::path(get, path = "/brands/{code}", tag = "brands", params(("code" = String, Path, description = "The brand's code")),
    responses((status = 200, body = Brand)))]
async fn get_brand(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<Brand>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut Conn| {
        let row = brand_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("brand '{code}'")))?;
        shaped(conn, row)
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

/// Changes a brand's spelling and aliases, or makes it; every product is then looked at anew.
#[utoipa::path(patch, path = "/brands/{code}", tag = "brands", params(("code" = String, Path, description = "The brand's code")),
    request_body(content = PatchBrand, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Brand), (status = 201, body = Brand)))]
async fn patch_brand(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Json(patch): Json<PatchBrand>,
) -> Result<Written<Brand>> {
    caller.require(Permission::Edit)?;
    if code != crate::catalog::brand::code(&code) || code.is_empty() {
        return Err(Error::field("/code", "invalid_code", "a brand's code is its folded name, such as 'black-diamond'"));
    }
    let (now, actor) = (app.clock.now(), caller.actor().clone());
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let found = brand_by_code(conn, &code)?;
        let created = found.is_none();
        let name = match (patch.name.as_deref().map(clean_line), &found) {
            (Some(name), _) if name.is_empty() || name.chars().count() > 80 => {
                return Err(Error::field("/name", "invalid_name", "a brand's name has 1 to 80 characters"));
            }
            (Some(name), _) => name,
            (None, Some(row)) => row.name.clone(),
            (None, None) => return Err(Error::field("/name", "missing", "a new brand needs its name")),
        };
        brands_ensure(conn, &[BrandRow { code: code.clone(), name: name.clone(), created_at: now.into() }])?;
        let aliases = match patch.aliases {
            Some(aliases) => folded(&aliases)?,
            None => aliases_of_brand(conn, &code)?,
        };
        let taken = || Error::field("/aliases", "taken", "one of these spellings already means another brand");
        brand_put_aliases(conn, &code, &name, &aliases).map_err(|error| unique_violation(error, taken))?;
        let operation = operations::record(conn, "edit", &actor, &code, &json!({"brand": code}), now)?;
        // Which products mean this brand now is only known by resolving them all.
        job_enqueue_once(conn, &Job::ResolveAll, now)?;
        let change = NewChange {
            kind: ChangeKind::SettingsChanged,
            subject: code.clone(),
            product_id: None,
            offer_id: None,
            operation_id: Some(operation),
            before: None,
            data: json!({"brand": code, "resolve": true}),
        };
        let position = changes::append(conn, now, &[change])?;
        let row = brand_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("brand '{code}'")))?;
        Ok((shaped(conn, row)?, created, position))
    };
    let (brand, created, change) = app.db.write(work).await?;
    let location = format!("/api/v1/brands/{}", brand.code);
    let written = if created { Written::created(brand, location) } else { Written::changed(brand) };
    Ok(written.change(change))
}

fn folded(aliases: &[String]) -> Result<Vec<String>> {
    if aliases.len() > MAX_ALIASES {
        return Err(Error::new(Code::TooLarge, format!("a brand has at most {MAX_ALIASES} aliases")));
    }
    let mut folded: Vec<String> = aliases.iter().map(|alias| key(alias)).filter(|alias| !alias.is_empty()).collect();
    folded.sort();
    folded.dedup();
    Ok(folded)
}
