//! Suppliers and warehouses over HTTP.

use super::{DEFAULT_RANK, Supplier, SupplierTerms, Warehouse, check, queries};
use crate::app::App;
use crate::auth::{Caller, Permission, Role};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes, operations};
use crate::error::{Code, Error, Result};
use crate::http::patch::{Field, divide, unchanged};
use crate::http::{Json, Listed, Page, Path, Preconditions, Tagged, Written, answered};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue, json};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_suppliers, create_supplier))
        .routes(routes!(get_supplier, patch_supplier))
        .routes(routes!(list_warehouses))
        .routes(routes!(get_warehouse, put_warehouse))
}

/// Who ships.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Supplier)]
pub struct SupplierBody {
    /// Stable key.
    #[schema(example = "alpine")]
    pub code: String,
    /// What people call it.
    pub name: String,
    /// ISO 4217 code of what it charges in.
    #[schema(example = "EUR")]
    pub currency: String,
    /// BCP 47 tag of the language its texts are in.
    #[schema(example = "de")]
    pub locale: String,
    /// Whose word counts first: 1 before 1000.
    pub rank: i32,
    /// ISO 3166-1 alpha-2 code.
    #[schema(required)]
    pub country: Option<String>,
    /// Counts edits.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<Supplier> for SupplierBody {
    fn from(supplier: Supplier) -> Self {
        let Supplier { id: _, code, name, currency, locale, rank, country, version, created_at, updated_at } = supplier;
        Self { code, name, currency, locale, rank, country, version, created_at, updated_at }
    }
}

/// A supplier to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSupplier {
    /// `[a-z0-9][a-z0-9_-]{0,39}`
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,39}$", example = "alpine")]
    pub code: String,
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// BCP 47 tag; the house's default when left out.
    pub locale: Option<String>,
    /// 1 (first) to 1000; 100 when left out.
    #[schema(minimum = 1, maximum = 1000)]
    pub rank: Option<i32>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
}

/// What to change about a supplier (RFC 7396): null gives a member its default again. What nobody sets may stand there as it was
/// read.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchSupplier {
    /// What people call it.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub name: Field<String>,
    /// ISO 4217 code.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub currency: Field<String>,
    /// BCP 47 tag.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub locale: Field<String>,
    /// 1 (first) to 1000.
    #[schema(value_type = Option<i32>)]
    #[serde(default)]
    pub rank: Field<i32>,
    /// ISO 3166-1 alpha-2 code.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub country: Field<String>,
}

/// What a supplier shows and nobody sets.
const TOLD: [&str; 4] = ["code", "version", "created_at", "updated_at"];

impl PatchSupplier {
    fn onto(self, now: SupplierTerms, defaults: SupplierTerms) -> SupplierTerms {
        SupplierTerms {
            name: self.name.apply(now.name, || defaults.name),
            currency: self.currency.apply(now.currency, || defaults.currency),
            locale: self.locale.apply(now.locale, || defaults.locale),
            rank: self.rank.apply(now.rank, || DEFAULT_RANK),
            country: self.country.apply_optional(now.country),
        }
    }
}

/// Suppliers by code. A supplier key sees its own.
#[utoipa::path(get, path = "/suppliers", tag = "suppliers", params(Page), responses((status = 200, body = Listed<SupplierBody>)))]
async fn list_suppliers(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<SupplierBody>> {
    caller.require(Permission::ReadSupply)?;
    let (after, fetch) = (page.cursor::<String>()?, page.fetch());
    let only = caller.supplier.map(|own| own.code);
    let work = move |conn: &mut Conn| queries::supplier_list(conn, after.as_deref(), only.as_deref(), fetch);
    page.list(app.db.read(work).await?, |supplier| supplier.code.clone(), SupplierBody::from)
}

/// Makes a supplier.
#[utoipa::path(post, path = "/suppliers", tag = "suppliers", request_body = CreateSupplier,
    responses((status = 201, body = SupplierBody)))]
async fn create_supplier(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<CreateSupplier>,
) -> Result<Written<SupplierBody>> {
    caller.require(Permission::Edit)?;
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        check::code("/code", &body.code)?;
        let defaults = queries::supplier_defaults(conn, &body.code)?;
        let mut terms = SupplierTerms {
            name: body.name,
            currency: body.currency,
            locale: body.locale.unwrap_or(defaults.locale),
            rank: body.rank.unwrap_or(DEFAULT_RANK),
            country: body.country,
        };
        check::terms(&mut terms)?;
        let (supplier, change) = insert(conn, &body.code, &terms, &caller.actor(), now)?;
        Ok(created(supplier, change))
    };
    answered(&app, work).await
}

/// One supplier.
#[utoipa::path(get, path = "/suppliers/{code}", tag = "suppliers", params(("code" = String, Path, description = "The supplier's code")),
    responses((status = 200, body = SupplierBody)))]
async fn get_supplier(State(app): State<App>, caller: Caller, Path(code): Path<String>) -> Result<Tagged<SupplierBody>> {
    caller.require_supplier(&code)?;
    let supplier = app.db.read(move |conn| existing(conn, &code)).await?;
    let version = supplier.version;
    Ok(Tagged::versioned(supplier.into(), version))
}

/// Changes a supplier, or makes it. A supplier key may change all of its own but the rank.
#[utoipa::path(patch, path = "/suppliers/{code}", tag = "suppliers", params(("code" = String, Path, description = "The supplier's code")),
    request_body(content = PatchSupplier, content_type = "application/merge-patch+json"),
    responses((status = 200, body = SupplierBody), (status = 201, body = SupplierBody)))]
async fn patch_supplier(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, JsonValue>>,
) -> Result<Written<SupplierBody>> {
    caller.require(Permission::Supply)?;
    caller.require_supplier(&code)?;
    let (told, patch) = divide::<PatchSupplier>(body, &TOLD)?;
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        crate::db::lock_catalog(conn)?;
        let found = queries::supplier_by_code(conn, &code)?;
        preconditions.allow_version(found.as_ref().map(|supplier| supplier.version))?;
        match &found {
            Some(supplier) => unchanged(&told, &SupplierBody::from(supplier.clone()), &[])?,
            None => unchanged(&told, &json!({"code": code}), &[])?,
        }
        let defaults = queries::supplier_defaults(conn, &code)?;
        let before = found.as_ref().map_or_else(|| defaults.clone(), Supplier::terms);
        let rank = before.rank;
        let mut terms = patch.onto(before, defaults);
        if caller.role == Role::Supplier && terms.rank != rank {
            return Err(Error::new(Code::Forbidden, "a supplier key may not change its own rank; leave 'rank' out"));
        }
        check::terms(&mut terms)?;
        if let Some(supplier) = found {
            let (supplier, change) = update(conn, supplier, &terms, &caller.actor(), now)?;
            return Ok((supplier, change, false));
        }
        check::code("/code", &code)?;
        let (supplier, change) = insert(conn, &code, &terms, &caller.actor(), now)?;
        Ok((supplier, change, true))
    };
    let (supplier, change, new) = app.db.write(work).await?;
    if new {
        return Ok(created(supplier, change));
    }
    let version = supplier.version;
    Ok(Written::changed(supplier.into()).version(version).change(change))
}

fn existing(conn: &mut Conn, code: &str) -> Result<Supplier> {
    queries::supplier_by_code(conn, code)?.ok_or_else(|| Error::not_found(format!("supplier '{code}'")))
}

fn created(supplier: Supplier, change: Position) -> Written<SupplierBody> {
    let (location, version) = (format!("/api/v1/suppliers/{}", supplier.code), supplier.version);
    Written::created(supplier.into(), location).version(version).change(change)
}

fn insert(conn: &mut Conn, code: &str, terms: &SupplierTerms, actor: &str, now: DateTime<Utc>) -> Result<(Supplier, Position)> {
    let supplier = queries::supplier_insert(conn, code, terms, now)?;
    operations::record(conn, "edit", actor, code, &json!({"supplier": code, "action": "created"}), now)?;
    // No product depends on a supplier without offers.
    Ok((supplier, changes::head(conn)?))
}

fn update(
    conn: &mut Conn,
    supplier: Supplier,
    terms: &SupplierTerms,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(Supplier, Position)> {
    let before = supplier.terms();
    if before == *terms {
        return Ok((supplier, changes::head(conn)?));
    }
    let code = supplier.code.clone();
    let operation = operations::record(conn, "edit", actor, &code, &json!({"supplier": code, "action": "updated"}), now)?;
    let written = queries::supplier_update(conn, &supplier, terms, now)?;
    // Rank decides whose value wins, currency what a cost is worth; a name is nobody's value.
    let inner = before.rank == terms.rank && before.currency == terms.currency;
    let change = NewChange::new(
        if inner { ChangeKind::EditChanged } else { ChangeKind::SettingsChanged },
        &code,
        json!({"supplier": code, "resolve": !inner}),
    )
    .within(operation.as_str())
    .was(JsonText::of(&before)?);
    if !inner {
        job_enqueue_once(conn, &Job::ResolveAll, now)?;
    }
    let position = changes::append(conn, now, &[change])?;
    Ok((written, position))
}

/// Where a supplier ships from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Warehouse)]
pub struct WarehouseBody {
    /// Code within the supplier.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// ISO 3166-1 alpha-2 code.
    #[schema(required)]
    pub country: Option<String>,
}

impl From<Warehouse> for WarehouseBody {
    fn from(Warehouse { id: _, code, name, country }: Warehouse) -> Self {
        Self { code, name, country }
    }
}

/// What to say about a warehouse.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutWarehouse {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
}

/// A supplier's warehouses by code.
#[utoipa::path(get, path = "/suppliers/{code}/warehouses", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code"), Page), responses((status = 200, body = Listed<WarehouseBody>)))]
async fn list_warehouses(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    page: Page,
) -> Result<Listed<WarehouseBody>> {
    caller.require_supplier(&code)?;
    let (after, fetch) = (page.cursor::<String>()?, page.fetch());
    let work = move |conn: &mut Conn| {
        let supplier = existing(conn, &code)?;
        queries::warehouse_list(conn, supplier.id, after.as_deref(), fetch)
    };
    page.list(app.db.read(work).await?, |warehouse| warehouse.code.clone(), WarehouseBody::from)
}

/// One warehouse.
#[utoipa::path(get, path = "/suppliers/{code}/warehouses/{warehouse}", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code"), ("warehouse" = String, Path, description = "The warehouse's code")),
    responses((status = 200, body = WarehouseBody)))]
async fn get_warehouse(
    State(app): State<App>,
    caller: Caller,
    Path((code, warehouse)): Path<(String, String)>,
) -> Result<Tagged<WarehouseBody>> {
    caller.require_supplier(&code)?;
    let work = move |conn: &mut Conn| {
        let supplier = existing(conn, &code)?;
        let found = queries::warehouse_by_code(conn, supplier.id, &warehouse)?;
        found.ok_or_else(|| Error::not_found(format!("warehouse '{warehouse}'")))
    };
    Ok(Tagged::of(app.db.read(work).await?.into()))
}

/// Makes a warehouse or writes over it.
#[utoipa::path(put, path = "/suppliers/{code}/warehouses/{warehouse}", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code"), ("warehouse" = String, Path, description = "The warehouse's code")),
    request_body = PutWarehouse,
    responses((status = 200, body = WarehouseBody), (status = 201, body = WarehouseBody)))]
async fn put_warehouse(
    State(app): State<App>,
    caller: Caller,
    Path((code, warehouse)): Path<(String, String)>,
    preconditions: Preconditions,
    Json(mut body): Json<PutWarehouse>,
) -> Result<Written<WarehouseBody>> {
    caller.require(Permission::Edit)?;
    check::warehouse(&body.name, &mut body.country)?;
    let (now, location) = (app.clock.now(), format!("/api/v1/suppliers/{code}/warehouses/{warehouse}"));
    let work = move |conn: &mut Conn| {
        check::code("/warehouse", &warehouse)?;
        let supplier = existing(conn, &code)?;
        let before = queries::warehouse_by_code(conn, supplier.id, &warehouse)?.map(WarehouseBody::from);
        let tag = before.map(|before| serde_json::to_vec(&before)).transpose()?.map(|body| crate::http::etag::of(&body, None));
        preconditions.allow_tag(tag.as_deref())?;
        let new = queries::warehouse_put(conn, supplier.id, &warehouse, &body.name, body.country.as_deref())?;
        operations::record(conn, "edit", &caller.actor(), &code, &json!({"supplier": code, "warehouse": warehouse}), now)?;
        Ok((WarehouseBody { code: warehouse, name: body.name, country: body.country }, new, changes::head(conn)?))
    };
    let (warehouse, new, change) = app.db.write(work).await?;
    let written = if new { Written::created(warehouse, location) } else { Written::changed(warehouse) };
    Ok(written.change(change))
}
