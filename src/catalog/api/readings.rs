//! `/products/{sku}/readings`: how the suppliers' texts were read.

use super::products::existing;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::offers_of_products;
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Listed, Path, Query, Tagged};
use crate::import::queries::profile_in_force;
use crate::import::reread::record;
use crate::import::{ImportKind, Preparer};
use crate::normalize::line::line;
use crate::suppliers::Profile;
use crate::suppliers::queries::supplier_codes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_product_readings))
}

/// Offers that are read again while somebody waits.
const MAX_OFFERS: usize = 200;

/// How one text of one supplier is read.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct ProductReading {
    /// The supplier.
    supplier: String,
    /// Its key of the offer.
    supplier_sku: String,
    /// The column or path of its file; empty for a fixed value of the profile.
    field: String,
    /// What is understood: `attribute`, `resolved_attribute`, `raw`, `status` (ok, doubtful, ambiguous, rejected, empty), `value`, `unit`,
    /// `qualifiers`, `rule`, `confidence`, `span`, `findings`, as `beamline normalize` writes it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    reading: serde_json::Value,
}

/// Which attribute.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OfField {
    /// Only this attribute, by code: texts mapped to it, and texts that turned out to be about it.
    field: Option<String>,
}

/// How each supplier's texts are read, cell by cell, with today's dictionary and the supplier's profile in force: also what was rejected or left
/// open, which is no claim and so in no lineage.
#[utoipa::path(get, path = "/products/{sku}/readings", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), OfField),
    responses((status = 200, body = Listed<ProductReading>)))]
async fn list_product_readings(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    Query(of): Query<OfField>,
) -> Result<Tagged<Listed<ProductReading>>> {
    caller.require(Permission::ReadInner)?;
    let dictionary = Arc::clone(&app.dictionary);
    let work = move |conn: &mut Conn| {
        let view = existing(conn, &sku)?;
        let suppliers = supplier_codes(conn)?;
        let mut profiles: HashMap<i64, Option<Profile>> = HashMap::new();
        let mut items = Vec::new();
        for offer in offers_of_products(conn, &[view.id], MAX_OFFERS)? {
            let id = offer.body.supplier_id;
            if let std::collections::hash_map::Entry::Vacant(place) = profiles.entry(id) {
                let row = profile_in_force(conn, id, ImportKind::Catalog)?;
                // A profile that no longer fits the dictionary reads nothing; `resolve --all` tells of it.
                place.insert(row.and_then(|row| Profile::parse(&row.toml, &dictionary).ok()));
            }
            let Some(Some(profile)) = profiles.get(&id) else { continue };
            let raw: serde_json::Map<String, serde_json::Value> = offer.body.record.raw.read()?;
            let preparer = Preparer::new(ImportKind::Catalog, profile, &dictionary, profile.currency);
            for cell in preparer.readings(&record(offer.body.row_number, &raw)) {
                let about = |code: &String| {
                    cell.attribute == *code
                        || cell.reading.resolved_attribute == *code
                        || cell.reading.also.iter().any(|also| also.resolved_attribute == *code)
                };
                if of.field.as_ref().is_none_or(about) {
                    items.push(ProductReading {
                        supplier: suppliers.get(&id).cloned().unwrap_or_default(),
                        supplier_sku: offer.body.supplier_sku.clone(),
                        field: cell.field.clone(),
                        reading: line(&cell.attribute, &cell.raw, &cell.reading),
                    });
                }
            }
        }
        Ok(items)
    };
    Ok(Tagged::of(Listed { items: app.db.read(work).await?, next: None }))
}
