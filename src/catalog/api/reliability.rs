//! `/suppliers/{code}/reliability`.

use crate::app::App;
use crate::auth::Caller;
use crate::catalog::golden;
use crate::catalog::queries::{claims_of_products, edits_of, shared_products};
use crate::catalog::reliability::{Standing, count};
use crate::catalog::resolve::Source;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::{Path, Tagged};
use crate::suppliers::queries::supplier_by_code;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_supplier_reliability))
}

/// Offers that are looked at: enough for a share, few enough to be counted while somebody waits.
const LOOKED_AT: i64 = 1_000;

/// How often what a supplier says stands against what others say of the same products.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Reliability {
    /// The supplier.
    supplier: String,
    /// Products looked at: those that another supplier offers as well, the first thousand by this supplier's keys.
    products: usize,
    /// Claims that stand or agree, as a share of those about which another supplier says something too, 0 to 1; null where there are none.
    #[schema(required)]
    share: Option<f64>,
    /// All attributes together.
    #[serde(flatten)]
    total: Standing,
    /// Attribute by attribute, the one with most contested claims first.
    attributes: Vec<AttributeReliability>,
}

/// One attribute's part.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct AttributeReliability {
    /// Attribute code.
    attribute: String,
    /// Its counts.
    #[serde(flatten)]
    standing: Standing,
}

/// How far a supplier's values can be trusted, measured on the products that others offer as well. Values of text are left out.
#[utoipa::path(get, path = "/suppliers/{code}/reliability", tag = "suppliers",
    params(("code" = String, Path, description = "The supplier's code")), responses((status = 200, body = Reliability)))]
async fn get_supplier_reliability(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<Tagged<Reliability>> {
    caller.require_supplier(&code)?;
    let dictionary = Arc::clone(&app.dictionary);
    let work = move |conn: &mut Conn| {
        let supplier = supplier_by_code(conn, &code)?.ok_or_else(|| Error::not_found(format!("supplier '{code}'")))?;
        let products = shared_products(conn, supplier.id, LOOKED_AT)?;
        let (claims, edits) = (claims_of_products(conn, &products)?, edits_of(conn, &products)?);
        let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
        for (product, offers) in &claims {
            let sources: Vec<Source> = offers.iter().filter(|offer| offer.live).map(golden::source).collect::<Result<_>>()?;
            let edits = edits.get(product).map_or(&[][..], Vec::as_slice);
            count(&code, &sources, edits, &dictionary, &mut standings);
        }
        Ok(shape(code, products.len(), standings))
    };
    Ok(Tagged::of(app.db.read(work).await?))
}

#[expect(clippy::cast_precision_loss, reason = "counts of at most some ten thousand claims; a share is meant")]
fn shape(supplier: String, products: usize, standings: BTreeMap<String, Standing>) -> Reliability {
    let mut total = Standing::default();
    for standing in standings.values() {
        total.shared += standing.shared;
        total.contested += standing.contested;
        total.lost += standing.lost;
        total.outvoted += standing.outvoted;
    }
    let share = (total.shared > 0).then(|| (total.shared - total.lost) as f64 / total.shared as f64);
    let mut attributes: Vec<AttributeReliability> =
        standings.into_iter().map(|(attribute, standing)| AttributeReliability { attribute, standing }).collect();
    attributes.sort_by_key(|attribute| std::cmp::Reverse(attribute.standing.contested));
    Reliability { supplier, products, share: share.map(|share| (share * 1000.0).round() / 1000.0), total, attributes }
}
