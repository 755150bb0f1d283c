//! `/products` and `/products/{sku}`.

use super::pictures::of_known_channels;
use super::shape::{Product, Units};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::edit::{self, Edit, Edited, Saying};
use crate::catalog::queries::{ProductRow, Rules, ViewFilter, completeness_of, product_of_sku, view_by_sku, views_page};
use crate::catalog::{ProductStatus, ProductView, patch, picture, sku};
use crate::channels::Channels;
use crate::db::{Conn, Position, lock_catalog, operations};
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use crate::http::bulk::{self, Bulk, BulkAnswer, Doing, How, Took};
use crate::http::patch::unchanged;
use crate::http::{Json, Listed, Page, Path, Preconditions, Query, Tagged, Written, answered};
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue, json};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_products, create_product, patch_products))
        .routes(routes!(get_product, patch_product))
}

/// Which products, and in which units.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only in this status.
    status: Option<ProductStatus>,
    /// Only of this brand, by code.
    brand: Option<String>,
    /// Only of this category, by code.
    category: Option<String>,
    /// Only of this product group, by code.
    group: Option<String>,
    /// Units of measures.
    #[param(inline)]
    units: Option<Units>,
}

/// In which units.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Shown {
    /// Units of measures.
    #[param(inline)]
    units: Option<Units>,
}

/// Products in the order they were made; search finds and sorts. A channel key sees those that are ready for it.
#[utoipa::path(get, path = "/products", tag = "products", params(Which, Page), responses((status = 200, body = Listed<Product>)))]
async fn list_products(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
    page: Page,
) -> Result<Listed<Product>> {
    caller.require(Permission::ReadCatalog)?;
    let (after, fetch) = (page.cursor::<i64>()?.unwrap_or(0), page.fetch());
    let units = which.units.unwrap_or_default();
    let filter = ViewFilter {
        status: which.status,
        brand: which.brand,
        category: which.category,
        group: which.group,
        listed: caller.channel.clone(),
    };
    let channel = caller.channel;
    let work = move |conn: &mut Conn| {
        let views = views_page(conn, &filter, after, fetch)?;
        let ids: Vec<i64> = views.iter().map(|view| view.id).collect();
        let completeness = completeness_of(conn, &ids, channel.as_deref())?;
        Ok((views, completeness))
    };
    let (views, mut completeness) = app.db.read(work).await?;
    page.list(
        views,
        |view| view.id,
        |view| {
            let shares = completeness.remove(&view.id).unwrap_or_default();
            Product::of(view, shares, &app.dictionary, units)
        },
    )
}

/// One product.
#[utoipa::path(get, path = "/products/{sku}", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), Shown), responses((status = 200, body = Product)))]
async fn get_product(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Tagged<Product>> {
    caller.require(Permission::ReadCatalog)?;
    let channel = caller.channel.clone();
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        if let Some(channel) = &channel
            && !crate::catalog::queries::is_listed(conn, view.id, channel)?
        {
            return Err(Error::not_found(format!("product {sku}")));
        }
        let shares = completeness_of(conn, &[view.id], channel.as_deref())?.remove(&view.id).unwrap_or_default();
        Ok((view, shares))
    };
    let (view, shares) = app.db.read(work).await?;
    let version = view.version;
    Ok(Tagged::versioned(Product::of(view, shares, &app.dictionary, shown.units.unwrap_or_default()), version))
}

/// The product of this SKU, or 404; 308 to the one that it was merged into.
pub(super) fn existing(conn: &mut Conn, sku: &str) -> Result<ProductView> {
    match view_by_sku(conn, sku)? {
        Some(view) if view.merged_into.is_none() => Ok(view),
        _ => Err(product_of_sku(conn, sku).err().unwrap_or_else(|| Error::not_found(format!("product {sku}")))),
    }
}

/// What to say about a product: any of its fields. Read as RFC 7396, so that an absent field and `null` are told apart.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the body; what is absent and what is null can be told apart in a map alone")]
struct PatchProduct {
    /// For a new product: 1 to 40 of `A-Z a-z 0-9 . _ -`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,40}$")]
    sku: Option<String>,
    /// In any usual form; null takes it back.
    gtin: Option<String>,
    /// Manufacturer's part number.
    mpn: Option<String>,
    /// Brand, in any known spelling.
    brand: Option<String>,
    /// Code of a product group.
    group: Option<String>,
    /// Category code.
    category: Option<String>,
    /// Where it stands in its life.
    status: Option<ProductStatus>,
    /// All tags, in the place of those there are.
    tags: Option<Vec<String>>,
    /// All pictures in order, each with the `id` of an image or a `url`, and if you like `role`, `alt` by locale and `channels`. Those that are
    /// not named any more stay away; what a supplier adds later follows. Null leaves it to the suppliers.
    #[schema(value_type = Option<Vec<Object>>)]
    images: Option<Vec<JsonValue>>,
    /// Values by attribute code; null takes one back, `{"none":true}` states that there is none.
    #[schema(value_type = Option<Object>)]
    values: Option<Map<String, JsonValue>>,
}

/// Makes a product by hand. Give a `sku` of your own or leave it out.
#[utoipa::path(post, path = "/products", tag = "products", request_body = PatchProduct, responses((status = 201, body = Product)))]
async fn create_product(
    State(app): State<App>,
    caller: Caller,
    Json(mut body): Json<Map<String, JsonValue>>,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    let sku = match body.remove("sku") {
        None | Some(JsonValue::Null) => {
            // Nothing founded it but this request; its id is as unique.
            let founder = crate::id::new("product", app.clock.now());
            sku::founded_by("", &founder, |_| false)
        }
        Some(JsonValue::String(sku)) => sku,
        Some(_) => return Err(Error::field("/sku", "wrong_type", "sku is a text")),
    };
    let new = |version: Option<i64>| match version {
        None => Ok(()),
        Some(_) => Err(Error::new(Code::Conflict, "there is a product of this SKU already; PATCH it instead")),
    };
    of_known_channels(&app.channels, body.get(picture::ATTRIBUTE))?;
    edit_product(&app, &caller, sku, move |_| Ok(body.clone()), new).await
}

/// Edits products, one a line, each as `PATCH /products/{sku}` does with its `sku`. Any number of lines is streamed, each is answered by a
/// line. A `version` in a line is its If-Match: of another version it is answered 412.
#[utoipa::path(patch, path = "/products", tag = "products", params(How),
    request_body(content((PatchProduct = "application/x-ndjson"), (PatchProduct = "application/vnd.akeneo.collection+json"))),
    responses((status = 200, body = BulkAnswer, content_type = "application/x-ndjson")))]
async fn patch_products(State(app): State<App>, caller: Caller, Query(how): Query<How>, request: Request) -> Result<Response> {
    caller.require(Permission::Edit)?;
    let (dictionary, channels) = (Arc::clone(&app.dictionary), Arc::clone(&app.channels));
    bulk::patch(&app, &caller, how, request, Edits { dictionary, channels }).await
}

/// Edits as lines.
struct Edits {
    dictionary: Arc<Dictionary>,
    channels: Arc<Channels>,
}

impl Bulk for Edits {
    type Line = Edit;

    fn operation(&self) -> (&'static str, String) {
        ("edit", "products".to_owned())
    }

    fn id(&self, body: &Map<String, JsonValue>) -> Option<String> {
        body.get("sku")?.as_str().map(str::to_owned)
    }

    fn read(&self, _: u64, mut body: Map<String, JsonValue>) -> Result<Edit> {
        let sku = match body.remove("sku") {
            Some(JsonValue::String(sku)) => sku,
            Some(_) => return Err(Error::field("/sku", "wrong_type", "sku is a text")),
            None => return Err(Error::field("/sku", "missing", "a line names its product with 'sku'")),
        };
        let version = match body.get("version") {
            None | Some(JsonValue::Null) => None,
            Some(version) => Some(version.as_i64().ok_or_else(|| {
                Error::field("/version", "wrong_type", "version is the number that a reading of the product gave")
            })?),
        };
        if version.is_none() {
            body.remove("version");
        }
        of_known_channels(&self.channels, body.get(picture::ATTRIBUTE))?;
        Ok(Edit { sku, patch: patch::parse(&self.dictionary, &body)?, version })
    }

    fn take(&self, conn: &mut Conn, doing: Doing<'_>, lines: &[&Edit]) -> Result<(Vec<Result<Took>>, Position)> {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &self.dictionary)?;
        let saying = Saying { author: doing.actor, operation: doing.operation, now: doing.now };
        let allow = |conn: &mut Conn, edit: &Edit, row: Option<&ProductRow>| as_read(conn, &self.dictionary, edit, row.is_some());
        let (mut all, mut change) = (Vec::with_capacity(lines.len()), None);
        for part in bulk::parts(lines, |edit| &edit.sku) {
            let (answers, position) = edit::apply(conn, &rules, saying, part, &allow)?;
            let took = |edited: Edited| Took { created: edited.created, ..Took::default() };
            all.extend(answers.into_iter().map(|answer| answer.map(took)));
            change = Some(position);
        }
        Ok((all, change.ok_or_else(|| Error::internal("no line was given to be written"))?))
    }
}

/// Edits a product: what you say stands above every supplier's word. `null` takes it back, `{"none":true}` states that there is no
/// value. Makes the product when there is none of this SKU.
#[utoipa::path(patch, path = "/products/{sku}", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    request_body(content = PatchProduct, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Product), (status = 201, body = Product)))]
async fn patch_product(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, JsonValue>>,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    of_known_channels(&app.channels, body.get(picture::ATTRIBUTE))?;
    edit_product(&app, &caller, sku, move |_| Ok(body.clone()), move |version| preconditions.allow_version(version)).await
}

/// Edits a product by what `body` makes, which may look at the product as it stands: nothing comes between.
pub(super) async fn edit_product(
    app: &App,
    caller: &Caller,
    sku: String,
    body: impl Fn(&mut Conn) -> Result<Map<String, JsonValue>> + Send + 'static,
    allow: impl Fn(Option<i64>) -> Result<()> + Send + 'static,
) -> Result<Written<Product>> {
    let (author, now, dictionary) = (caller.actor(), app.clock.now(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let edit = Edit { sku: sku.clone(), patch: patch::parse(&dictionary, &body(conn)?)?, version: None };
        let rules = Rules::load(conn, &dictionary)?;
        let operation = operations::record(conn, "edit", &author, &edit.sku, &json!({}), now)?;
        let saying = Saying { author: &author, operation: &operation, now };
        let allow = |conn: &mut Conn, edit: &Edit, row: Option<&ProductRow>| {
            allow(row.map(|row| row.body.version))?;
            as_read(conn, &dictionary, edit, row.is_some())
        };
        let (mut answers, change) = edit::apply(conn, &rules, saying, &[&edit], &allow)?;
        let edited = answers.pop().ok_or_else(|| Error::internal("an edit had no answer"))??;
        let view = existing(conn, &edit.sku)?;
        let shares = completeness_of(conn, &[view.id], None)?.remove(&view.id).unwrap_or_default();
        let (version, location) = (view.version, format!("/api/v1/products/{}", view.sku));
        let body = Product::of(view, shares, &dictionary, Units::Canonical);
        let written = if edited.created { Written::created(body, location) } else { Written::changed(body) };
        Ok(written.version(version).change(change))
    };
    answered(app, work).await
}

/// What of a product changes without an edit.
const DRIFTING: [&str; 3] = ["available", "price", "completeness"];

/// Refuses an edit that says something of what nobody sets, unless it says it as it stands.
pub(super) fn as_read(conn: &mut Conn, dictionary: &Dictionary, edit: &Edit, exists: bool) -> Result<()> {
    if edit.patch.told.is_empty() {
        return Ok(());
    }
    let view = if exists { view_by_sku(conn, &edit.sku)? } else { None };
    let present = match view {
        Some(view) => {
            let shares = completeness_of(conn, &[view.id], None)?.remove(&view.id).unwrap_or_default();
            serde_json::to_value(Product::of(view, shares, dictionary, Units::Canonical))?
        }
        None => json!({"sku": edit.sku}),
    };
    unchanged(&edit.patch.told, &present, &DRIFTING)
}
