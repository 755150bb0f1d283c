//! Offers: of one product, and of one supplier.

use super::products::existing;
use super::shape::MoneyBody;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::offer_lines::{self, OfferLine, TakenLine};
use crate::catalog::queries::{OfferBody, OfferRow, Rules, offer_keys, offers_by_supplier, offers_of_product, skus_of};
use crate::catalog::terms::stored_money;
use crate::db::{Conn, Position, lock_catalog};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::http::bulk::{self, Bulk, BulkAnswer, Doing, How, Took};
use crate::http::patch::{divide, unchanged};
use crate::http::{Listed, Page, Path, Query, Tagged};
use crate::import::ImageLink;
use crate::normalize::Claim;
use crate::pricing::Money;
use crate::suppliers::Supplier;
use crate::suppliers::queries::supplier_by_code;
use axum::extract::{Request, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value as JsonValue, json};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_product_offers)).routes(routes!(list_supplier_offers, patch_supplier_offers))
}

/// One supplier's record of one item: raw and normalised side by side.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Offer {
    /// Supplier code.
    supplier: String,
    /// The supplier's SKU, or the key made in its place.
    supplier_sku: String,
    /// SKU of its product.
    #[schema(required)]
    product: Option<String>,
    /// `live`, or `gone` from the supplier's newest full catalogue.
    state: &'static str,
    /// What the supplier charges.
    #[schema(required, value_type = Option<MoneyBody>)]
    cost: Option<Money>,
    /// What the supplier recommends.
    #[schema(required, value_type = Option<MoneyBody>)]
    recommended_price: Option<Money>,
    /// Usable 14-digit GTIN.
    #[schema(required)]
    gtin: Option<String>,
    /// The supplier's key of the parent that groups variants.
    #[schema(required)]
    parent: Option<String>,
    /// The record as it was read.
    #[schema(value_type = Object)]
    raw: serde_json::Value,
    /// Typed values, each with its source.
    #[schema(value_type = Vec<Object>)]
    claims: Vec<Claim>,
    /// Pictures in order.
    images: Vec<ImageLink>,
    /// The supplier's words.
    tags: Vec<String>,
    /// The import that last changed it.
    import: String,
    /// The file in that import.
    file: String,
    /// The record in that file, from 1 after the header.
    row: i64,
    /// When it was first seen.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl Offer {
    fn of(supplier: &str, product: Option<String>, body: OfferBody) -> Result<Self> {
        let images: Vec<ImageLink> = body.record.images.read()?;
        Ok(Self {
            supplier: supplier.to_owned(),
            supplier_sku: body.supplier_sku,
            product,
            state: if body.live { "live" } else { "gone" },
            cost: stored_money(body.cost_minor, body.cost_currency.as_deref()),
            recommended_price: stored_money(body.recommended_minor, body.recommended_currency.as_deref()),
            gtin: body.gtin,
            parent: body.parent,
            raw: body.record.raw.read()?,
            claims: body.record.claims.read()?,
            images,
            tags: body.record.tags.read()?,
            import: body.import_id,
            file: body.file,
            row: body.row_number,
            created_at: body.created_at.into(),
            updated_at: body.updated_at.into(),
        })
    }
}

/// Every supplier's offer of a product, the best ranked first.
#[utoipa::path(get, path = "/products/{sku}/offers", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    responses((status = 200, body = Listed<Offer>)))]
async fn list_product_offers(State(app): State<App>, caller: Caller, Path(sku): Path<String>) -> Result<Tagged<Listed<Offer>>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        let offers = offers_of_product(conn, view.id)?;
        offers.into_iter().map(|(supplier, body)| Offer::of(&supplier, Some(sku.clone()), body)).collect::<Result<Vec<_>>>()
    };
    Ok(Tagged::of(Listed { items: app.db.read(work).await?, next: None }))
}

/// A supplier's offers in order of their keys. A supplier key sees its own.
#[utoipa::path(get, path = "/suppliers/{code}/offers", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code"), Page), responses((status = 200, body = Listed<Offer>)))]
async fn list_supplier_offers(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    page: Page,
) -> Result<Listed<Offer>> {
    caller.require_supplier(&code)?;
    let (after, fetch) = (page.cursor::<String>()?.unwrap_or_default(), page.fetch());
    let work = move |conn: &mut Conn| {
        let supplier = supplier_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("supplier '{code}'")))?;
        let rows = offers_by_supplier(conn, supplier.id, &after, fetch)?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.body.product_id).collect();
        let skus = skus_of(conn, &ids)?;
        let shaped = rows.into_iter().map(|row| {
            let product = row.body.product_id.and_then(|id| skus.get(&id).cloned());
            Offer::of(&code, product, row.body)
        });
        shaped.collect::<Result<Vec<_>>>()
    };
    page.list(app.db.read(work).await?, |offer| offer.supplier_sku.clone(), |offer| offer)
}

/// What an offer shows and nobody sets.
const TOLD: [&str; 13] = [
    "supplier",
    "product",
    "state",
    "gtin",
    "parent",
    "claims",
    "images",
    "tags",
    "import",
    "file",
    "row",
    "created_at",
    "updated_at",
];

/// Changes a supplier's offers or makes them, one a line: `raw` holds fields of the supplier's own record, by its own names, and is read
/// through the supplier's profile; `cost` and `recommended_price` are terms. Any number of lines is streamed, each is answered by a line.
/// A supplier key changes its own.
#[utoipa::path(patch, path = "/suppliers/{code}/offers", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code"), How),
    request_body(content((OfferLine = "application/x-ndjson"), (OfferLine = "application/vnd.akeneo.collection+json"))),
    responses((status = 200, body = BulkAnswer, content_type = "application/x-ndjson")))]
async fn patch_supplier_offers(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Query(how): Query<How>,
    request: Request,
) -> Result<Response> {
    caller.require(Permission::Supply)?;
    caller.require_supplier(&code)?;
    let wanted = code.clone();
    let supplier = app.db.read(move |conn| supplier_by_code(conn, &wanted)).await?;
    supplier.ok_or_else(|| Error::not_found(format!("supplier '{code}'")))?;
    let lines = Offers { dictionary: Arc::clone(&app.dictionary), code };
    bulk::patch(&app, &caller, how, request, lines).await
}

/// One supplier's offers as lines.
struct Offers {
    dictionary: Arc<Dictionary>,
    code: String,
}

impl Bulk for Offers {
    type Line = OfferLine;

    fn operation(&self) -> (&'static str, String) {
        ("edit", self.code.clone())
    }

    fn id(&self, body: &Map<String, JsonValue>) -> Option<String> {
        body.get("supplier_sku")?.as_str().map(str::to_owned)
    }

    fn read(&self, number: u64, body: Map<String, JsonValue>) -> Result<OfferLine> {
        let (told, line) = divide::<OfferLine>(body, &TOLD)?;
        Ok(OfferLine { number, told, ..line })
    }

    fn take(&self, conn: &mut Conn, doing: Doing<'_>, lines: &[&OfferLine]) -> Result<(Vec<Result<Took>>, Position)> {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &self.dictionary)?;
        // Read anew with each batch: a rank or a currency may have changed.
        let supplier = supplier_by_code(conn, &self.code)?.ok_or_else(|| Error::internal("a supplier went away"))?;
        let (mut all, mut change) = (Vec::with_capacity(lines.len()), None);
        for part in bulk::parts(lines, |line| &line.supplier_sku) {
            let skus = Self::products_told(conn, &supplier, part)?;
            let allow = |line: &OfferLine, row: Option<&OfferRow>| self.as_read(line, row, &skus);
            let (answers, position) = offer_lines::take(conn, &rules, &supplier, part, doing.operation, doing.now, &allow)?;
            let took = |line: TakenLine| Took { created: line.created, id: None, warnings: line.warnings };
            all.extend(answers.into_iter().map(|answer| answer.map(took)));
            change = Some(position);
        }
        Ok((all, change.ok_or_else(|| Error::internal("no line was given to be written"))?))
    }
}

impl Offers {
    /// SKUs of the products of those offers that are sent back as they were read.
    fn products_told(conn: &mut Conn, supplier: &Supplier, lines: &[&OfferLine]) -> Result<HashMap<i64, String>> {
        let keys: Vec<&str> =
            lines.iter().filter(|line| line.told.contains_key("product")).map(|line| line.supplier_sku.as_str()).collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let stored = offer_keys(conn, supplier.id, &keys)?;
        skus_of(conn, &stored.values().filter_map(|offer| offer.product_id).collect::<Vec<_>>())
    }

    /// Refuses a line that says something of what nobody sets, unless it says it as it stands.
    fn as_read(&self, line: &OfferLine, row: Option<&OfferRow>, skus: &HashMap<i64, String>) -> Result<()> {
        if line.told.is_empty() {
            return Ok(());
        }
        match row {
            Some(row) => {
                let product = row.body.product_id.and_then(|id| skus.get(&id).cloned());
                unchanged(&line.told, &Offer::of(&self.code, product, row.body.clone())?, &[])
            }
            None => unchanged(&line.told, &json!({"supplier": self.code}), &[]),
        }
    }
}
