//! Reported levels as lines: one report and a thousand are one unit of work.

use super::intake::{NewLevel, put_levels, warehouse_code};
use super::queries::DEFAULT_WAREHOUSE;
use crate::catalog::queries::{Rules, offer_keys};
use crate::catalog::terms;
use crate::db::{Conn, Position, changes, lock_catalog};
use crate::error::{Error, FieldError, Result};
use crate::suppliers::queries::supplier_by_code;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// More than any warehouse of lamps holds; a larger number is a GTIN in the wrong column.
const MAX_ON_HAND: i64 = 10_000_000;

/// One reported level.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLine {
    /// Supplier code.
    pub supplier: String,
    /// The supplier's SKU.
    pub supplier_sku: String,
    /// Warehouse code; the supplier's default when left out.
    pub warehouse: Option<String>,
    /// Pieces on hand, 0 to 10,000,000.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub on_hand: i64,
    /// When the supplier counted; now when left out.
    pub reported_at: Option<DateTime<Utc>>,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// `supplier/supplier_sku/warehouse`.
    pub level: String,
    /// Was there no such level before?
    pub created: bool,
    /// Did what is on hand change?
    pub changed: bool,
}

/// Takes reported levels; one answer each, in order, and where the log stands then. A line that is wrong changes nothing.
pub fn take(
    conn: &mut Conn,
    rules: &Rules,
    lines: &[&StockLine],
    operation: &str,
    now: DateTime<Utc>,
) -> Result<(Vec<Result<Reported>>, Position)> {
    lock_catalog(conn)?;
    let mut by_supplier: BTreeMap<&str, Vec<(usize, &StockLine)>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        by_supplier.entry(&line.supplier).or_default().push((place, line));
    }
    let mut answers: BTreeMap<usize, Result<Reported>> = BTreeMap::new();
    let mut touched = BTreeSet::new();
    for (code, lines) in by_supplier {
        let Some(supplier) = supplier_by_code(conn, code)? else {
            for (place, _) in lines {
                answers.insert(place, Err(unknown_supplier(code)));
            }
            continue;
        };
        let keys: Vec<&str> = lines.iter().map(|(_, line)| line.supplier_sku.as_str()).collect();
        let offers = offer_keys(conn, supplier.id, &keys)?;
        let (mut levels, mut places) = (Vec::with_capacity(lines.len()), Vec::with_capacity(lines.len()));
        for (place, line) in lines {
            let offer = offers.get(&line.supplier_sku);
            match (offer, mistakes(line, offer.is_some())) {
                (Some(offer), mistakes) if mistakes.is_empty() => {
                    levels.push(NewLevel {
                        offer_id: offer.id,
                        warehouse: line.warehouse.clone(),
                        on_hand: line.on_hand,
                        reported_at: line.reported_at,
                    });
                    places.push((place, line, offer.product_id));
                }
                (_, mistakes) => {
                    answers.insert(place, Err(Error::fields(mistakes)));
                }
            }
        }
        let taken = put_levels(conn, supplier.id, operation, now, levels)?;
        for ((place, line, product), put) in places.into_iter().zip(taken) {
            touched.extend(product.filter(|_| put.changed));
            let warehouse = line.warehouse.as_deref().and_then(warehouse_code);
            let warehouse = warehouse.as_deref().unwrap_or(DEFAULT_WAREHOUSE);
            let level = format!("{code}/{}/{warehouse}", line.supplier_sku);
            answers.insert(place, Ok(Reported { level, created: put.created, changed: put.changed }));
        }
    }
    let told = terms::refresh(conn, rules, &touched, Some(operation))?;
    let change = changes::append(conn, now, &told)?;
    Ok((answers.into_values().collect(), change))
}

/// The mistake of a supplier that there is not, or not for this caller.
pub fn unknown_supplier(code: &str) -> Error {
    let code: String = code.chars().take(100).collect();
    Error::field("/supplier", "unknown_supplier", format!("there is no supplier '{code}'"))
}

fn mistakes(line: &StockLine, known: bool) -> Vec<FieldError> {
    let mut mistakes = Vec::new();
    let mut mistake = |field: &str, code: &str, message: String| {
        mistakes.push(FieldError { pointer: format!("/{field}"), code: code.to_owned(), message });
    };
    if !(0..=MAX_ON_HAND).contains(&line.on_hand) {
        mistake("on_hand", "out_of_range", format!("on_hand is 0 to {MAX_ON_HAND}"));
    }
    if line.warehouse.as_deref().is_some_and(|warehouse| warehouse_code(warehouse).is_none()) {
        mistake("warehouse", "invalid_code", "a warehouse's code has letters or digits".to_owned());
    }
    if !known {
        let sku: String = line.supplier_sku.chars().take(100).collect();
        mistake("supplier_sku", "unknown_sku", format!("{} has no offer '{sku}'", line.supplier));
    }
    mistakes
}
