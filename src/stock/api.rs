//! Stock over HTTP.

use super::lines::{self, StockLine};
use super::queries::{NamedLevel, named_levels_after, named_levels_of_product};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::{Rules, product_of_sku};
use crate::db::{Conn, Position, lock_catalog, operations};
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, FieldError, Result};
use crate::http::bulk::{self, Bulk, BulkAnswer, Doing, How, Took};
use crate::http::{Json, Listed, Page, Path, Query, Tagged, Written, extract};
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue, json};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_stock, patch_stock)).routes(routes!(get_product_stock))
}

/// What one supplier has of one offer in one warehouse.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct StockLevel {
    /// Supplier code.
    supplier: String,
    /// The supplier's SKU.
    supplier_sku: String,
    /// Warehouse code.
    warehouse: String,
    /// Pieces the supplier says it has.
    on_hand: i64,
    /// Pieces promised to orders.
    reserved: i64,
    /// What may be sold of it; 0 when the offer is gone.
    available: i64,
    /// When the supplier counted.
    reported_at: DateTime<Utc>,
}

impl From<NamedLevel> for StockLevel {
    fn from(named: NamedLevel) -> Self {
        let level = super::available::Level {
            offer_id: named.level.offer_id,
            live: named.live,
            on_hand: named.level.on_hand,
            reserved: named.level.reserved,
        };
        Self {
            supplier: named.supplier,
            supplier_sku: named.supplier_sku,
            warehouse: named.warehouse,
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.available(),
            reported_at: named.level.reported_at.into(),
        }
    }
}

/// Stock of one product.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct ProductStock {
    /// What may be sold: on hand less reserved, over live offers.
    available: i64,
    /// Where it is.
    levels: Vec<StockLevel>,
}

/// Whose stock.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Only this supplier's.
    supplier: Option<String>,
}

/// Stock levels. A supplier key sees its own.
#[utoipa::path(get, path = "/stock", tag = "stock", params(Whose, Page), responses((status = 200, body = Listed<StockLevel>)))]
async fn list_stock(
    State(app): State<App>,
    caller: Caller,
    Query(whose): Query<Whose>,
    page: Page,
) -> Result<Listed<StockLevel>> {
    caller.require(Permission::ReadSupply)?;
    let supplier = caller.supplier.as_ref().map(|own| own.code.clone()).or(whose.supplier);
    let (after, fetch) = (page.cursor::<(i64, i64)>()?.unwrap_or((0, 0)), page.fetch());
    let rows = app.db.read(move |conn| named_levels_after(conn, supplier.as_deref(), after, fetch)).await?;
    page.list(rows, |row| (row.level.offer_id, row.level.warehouse_id), StockLevel::from)
}

/// Stock of one product, by supplier and warehouse.
#[utoipa::path(get, path = "/products/{sku}/stock", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    responses((status = 200, body = ProductStock)))]
async fn get_product_stock(State(app): State<App>, caller: Caller, Path(sku): Path<String>) -> Result<Tagged<ProductStock>> {
    caller.require(Permission::ReadInner)?;
    let work = move |conn: &mut Conn| {
        let product = product_of_sku(conn, &sku)?;
        let levels = named_levels_of_product(conn, product.id)?;
        Ok(ProductStock { available: product.body.available, levels: levels.into_iter().map(StockLevel::from).collect() })
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

/// Reported levels: one, or a list.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
enum StockLines {
    /// Several.
    Many(Vec<StockLine>),
    /// One.
    One(StockLine),
}

impl StockLines {
    /// Reads one line or a list of them. The shape decides which, so that a mistake names its field.
    fn read(body: &JsonValue) -> Result<Self> {
        match body {
            JsonValue::Array(lines) if lines.len() > MAX_LINES => {
                Err(Error::new(Code::TooLarge, format!("one request reports at most {MAX_LINES} lines; send several")))
            }
            JsonValue::Array(_) => extract::parse(&serde_json::to_vec(body)?).map(Self::Many),
            JsonValue::Object(_) => extract::parse(&serde_json::to_vec(body)?).map(Self::One),
            _ => Err(Error::field("", "invalid", "send one line as an object, or a list of them")),
        }
    }

    fn all(&self) -> &[StockLine] {
        match self {
            Self::Many(lines) => lines,
            Self::One(line) => std::slice::from_ref(line),
        }
    }

    /// Where a line stands in the body.
    fn pointer(&self, place: usize) -> String {
        match self {
            Self::Many(_) => format!("/{place}"),
            Self::One(_) => String::new(),
        }
    }
}

/// What became of a report.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct StockReported {
    /// Levels reported.
    lines: usize,
    /// Levels that changed.
    changed: usize,
}

/// Lines of one request in one JSON document.
const MAX_LINES: usize = 10_000;

/// Reports stock. As JSON: one line or a list of them, all or none. As lines of JSON: any number, each answered by a line, the wrong ones
/// passed over unless `on_error=reject_all`. A supplier key reports its own.
#[utoipa::path(patch, path = "/stock", tag = "stock", params(How),
    request_body(content((StockLines = "application/json"), (StockLine = "application/x-ndjson"),
        (StockLine = "application/vnd.akeneo.collection+json"))),
    responses((status = 200, content((StockReported = "application/json"), (BulkAnswer = "application/x-ndjson")))))]
async fn patch_stock(State(app): State<App>, caller: Caller, Query(how): Query<How>, request: Request) -> Result<Response> {
    caller.require(Permission::Supply)?;
    if bulk::is_lines(&request) {
        let lines = Levels { dictionary: Arc::clone(&app.dictionary), caller: caller.clone() };
        return bulk::patch(&app, &caller, how, request, lines).await;
    }
    how.whole_only()?;
    let Json(body) = Json::<JsonValue>::from_request(request, &()).await?;
    let body = StockLines::read(&body)?;
    for line in body.all() {
        caller.require_supplier(&line.supplier)?;
    }
    let (now, actor, dictionary) = (app.clock.now(), caller.actor(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &dictionary)?;
        let lines: Vec<&StockLine> = body.all().iter().collect();
        let operation = operations::record(conn, "stock", &actor, "api", &json!({"lines": lines.len()}), now)?;
        let (answers, change) = lines::take(conn, &rules, &lines, &operation, now)?;
        Ok((whole(&body, answers)?, change))
    };
    let dry_run = how.dry_run.unwrap_or(false);
    let (reported, change) = if dry_run { app.db.rehearse(work).await? } else { app.db.write(work).await? };
    let written = Written::changed(reported);
    Ok(if dry_run { written } else { written.change(change) }.into_response())
}

/// One answer for all lines: what was reported, or every mistake with its place.
fn whole(body: &StockLines, answers: Vec<Result<lines::Reported>>) -> Result<StockReported> {
    let (mut reported, mut mistakes) = (StockReported { lines: answers.len(), changed: 0 }, Vec::new());
    for (place, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(line) => reported.changed += usize::from(line.changed),
            Err(error) if error.fields.is_empty() => return Err(error),
            Err(error) => mistakes.extend(error.fields.into_iter().map(|field| {
                let pointer = format!("{}{}", body.pointer(place), field.pointer);
                FieldError { pointer, ..field }
            })),
        }
    }
    if mistakes.is_empty() { Ok(reported) } else { Err(Error::fields(mistakes)) }
}

/// Levels as lines.
struct Levels {
    dictionary: Arc<Dictionary>,
    caller: Caller,
}

impl Bulk for Levels {
    type Line = StockLine;

    fn operation(&self) -> (&'static str, String) {
        ("stock", "api".to_owned())
    }

    fn id(&self, body: &Map<String, JsonValue>) -> Option<String> {
        Some(format!("{}/{}", body.get("supplier")?.as_str()?, body.get("supplier_sku")?.as_str()?))
    }

    fn read(&self, _: u64, body: Map<String, JsonValue>) -> Result<StockLine> {
        let line: StockLine = extract::parse(&serde_json::to_vec(&body)?)?;
        // Another's supplier is one that there is not.
        self.caller.require_supplier(&line.supplier).map_err(|_| lines::unknown_supplier(&line.supplier))?;
        Ok(line)
    }

    fn take(&self, conn: &mut Conn, doing: Doing<'_>, lines: &[&StockLine]) -> Result<(Vec<Result<Took>>, Position)> {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &self.dictionary)?;
        let (answers, change) = lines::take(conn, &rules, lines, doing.operation, doing.now)?;
        let took = |line: lines::Reported| Took { created: line.created, id: Some(line.level), warnings: Vec::new() };
        Ok((answers.into_iter().map(|answer| answer.map(took)).collect(), change))
    }
}
