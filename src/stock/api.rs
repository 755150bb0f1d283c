//! Stock over HTTP.

use super::intake::{NewLevel, put_levels, warehouse_code};
use super::queries::{NamedLevel, named_levels_after, named_levels_of_product};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::golden;
use crate::catalog::queries::{Rules, offer_keys, products_by_sku};
use crate::db::{Conn, Position, changes, lock_catalog, operations};
use crate::error::{Code, Error, FieldError, Result};
use crate::http::{Json, Listed, Page, Path, Query, Tagged, Written, extract};
use crate::suppliers::queries::supplier_by_code;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};
use std::collections::{BTreeMap, BTreeSet};
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
        let product = products_by_sku(conn, &sku)?.ok_or_else(|| Error::not_found(format!("product {sku}")))?;
        let levels = named_levels_of_product(conn, product.id)?;
        Ok(ProductStock { available: product.body.available, levels: levels.into_iter().map(StockLevel::from).collect() })
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

/// One reported level.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct StockLine {
    /// Supplier code.
    supplier: String,
    /// The supplier's SKU.
    supplier_sku: String,
    /// Warehouse code; the supplier's default when left out.
    warehouse: Option<String>,
    /// Pieces on hand, 0 to 10,000,000.
    #[schema(minimum = 0, maximum = 10_000_000)]
    on_hand: i64,
    /// When the supplier counted; now when left out.
    reported_at: Option<DateTime<Utc>>,
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

    /// Where a field of a line stands in the body.
    fn pointer(&self, place: usize, field: &str) -> String {
        match self {
            Self::Many(_) => format!("/{place}/{field}"),
            Self::One(_) => format!("/{field}"),
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

/// Lines of one request.
const MAX_LINES: usize = 10_000;
/// More than any warehouse of lamps holds; a larger number is a GTIN in the wrong column.
const MAX_ON_HAND: i64 = 10_000_000;

/// Reports stock: one line or a list of them, all or none. A supplier key reports its own.
#[utoipa::path(patch, path = "/stock", tag = "stock", request_body = StockLines, responses((status = 200, body = StockReported)))]
async fn patch_stock(State(app): State<App>, caller: Caller, Json(body): Json<JsonValue>) -> Result<Written<StockReported>> {
    caller.require(Permission::Supply)?;
    let lines = StockLines::read(&body)?;
    for line in lines.all() {
        caller.require_supplier(&line.supplier)?;
    }
    let (now, actor, dictionary) = (app.clock.now(), caller.actor().clone(), Arc::clone(&app.dictionary));
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let rules = Rules::load(conn, &dictionary)?;
        report(conn, &rules, &lines, &actor, now)
    };
    let (reported, change) = app.db.write(work).await?;
    Ok(Written::changed(reported).change(change))
}

fn report(
    conn: &mut Conn,
    rules: &Rules,
    body: &StockLines,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(StockReported, Position)> {
    let lines = body.all();
    let mut by_supplier: BTreeMap<&str, Vec<(usize, &StockLine)>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        by_supplier.entry(&line.supplier).or_default().push((place, line));
    }
    let mut errors = Vec::new();
    let mut error = |place: usize, field: &str, code: &str, message: String| {
        errors.push(FieldError { pointer: body.pointer(place, field), code: code.to_owned(), message });
    };
    let mut taken = Vec::new();
    for (code, lines) in by_supplier {
        let Some(supplier) = supplier_by_code(conn, code)? else {
            for (place, _) in lines {
                error(place, "supplier", "unknown_supplier", format!("there is no supplier '{code}'"));
            }
            continue;
        };
        let keys: Vec<&str> = lines.iter().map(|(_, line)| line.supplier_sku.as_str()).collect();
        let offers = offer_keys(conn, supplier.id, &keys)?;
        let mut levels = Vec::with_capacity(lines.len());
        for (place, line) in lines {
            if !(0..=MAX_ON_HAND).contains(&line.on_hand) {
                error(place, "on_hand", "out_of_range", format!("on_hand is 0 to {MAX_ON_HAND}"));
            }
            if line.warehouse.as_deref().is_some_and(|warehouse| warehouse_code(warehouse).is_none()) {
                error(place, "warehouse", "invalid_code", "a warehouse's code has letters or digits".to_owned());
            }
            match offers.get(&line.supplier_sku) {
                None => error(place, "supplier_sku", "unknown_sku", format!("{code} has no offer '{}'", line.supplier_sku)),
                Some(offer) => levels.push(NewLevel {
                    offer_id: offer.id,
                    warehouse: line.warehouse.clone(),
                    on_hand: line.on_hand,
                    reported_at: line.reported_at,
                }),
            }
        }
        let products: BTreeSet<i64> = offers.values().filter_map(|offer| offer.product_id).collect();
        taken.push((supplier.id, levels, products));
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    let operation = operations::record(conn, "stock", actor, "api", &json!({"lines": lines.len()}), now)?;
    let (mut changed, mut touched) = (0, BTreeSet::new());
    for (supplier_id, levels, products) in taken {
        let answers = put_levels(conn, supplier_id, &operation, now, levels)?;
        changed += answers.iter().filter(|answer| answer.changed).count();
        touched.extend(products);
    }
    let told = golden::rebuild(conn, rules, &touched, Some(&operation), now)?;
    let change = changes::append(conn, now, &told)?;
    Ok((StockReported { lines: lines.len(), changed }, change))
}
