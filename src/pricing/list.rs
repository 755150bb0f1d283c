//! A price list's rows: cost and recommended price of offers that are there already.

use crate::catalog::intake::{Batch, Taken, offer_image};
use crate::catalog::queries::{Keys, Rules, offers_by_key, offers_put};
use crate::catalog::terms;
use crate::db::{ChangeKind, Conn, NewChange, lock_catalog};
use crate::error::Result;
use crate::import::chunk::reject_unknown_sku;
use crate::import::{Counts, Issue, PreparedRow};
use serde_json::json;
use std::collections::BTreeSet;

/// Takes rows in. A row of an unknown SKU is rejected.
pub fn take_prices(
    conn: &mut Conn,
    rules: &Rules,
    batch: &Batch,
    rows: &[PreparedRow],
    counts: &mut Counts,
    issues: &mut Vec<Issue>,
) -> Result<Taken> {
    lock_catalog(conn)?;
    let mut taken = Taken::default();
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    let mut offers = offers_by_key(conn, batch.supplier_id, &keys)?;
    let mut priced = Vec::new();
    let mut products = BTreeSet::new();
    for row in rows {
        let Some(mut offer) = offers.remove(&row.key) else {
            reject_unknown_sku(row, counts, issues);
            continue;
        };
        taken.seen.push(offer.id);
        let body = &mut offer.body;
        let cost = terms::stored_money(body.cost_minor, body.cost_currency.as_deref());
        let recommended = terms::stored_money(body.recommended_minor, body.recommended_currency.as_deref());
        let same =
            (row.cost.is_none() || row.cost == cost) && (row.recommended_price.is_none() || row.recommended_price == recommended);
        if same {
            taken.unchanged += 1;
            continue;
        }
        taken.updated += 1;
        products.extend(body.product_id);
        taken.changes.push(
            NewChange::new(
                ChangeKind::OfferChanged,
                format!("{}/{}", batch.supplier_code, body.supplier_sku),
                json!({"supplier": batch.supplier_code, "supplier_sku": body.supplier_sku, "state": "priced"}),
            )
            .of_product(body.product_id)
            .of_offer(offer.id)
            .within(batch.operation_id.as_str())
            .was(offer_image(body)?),
        );
        if let Some(cost) = row.cost {
            (body.cost_minor, body.cost_currency) = (Some(cost.minor), Some(cost.currency.code().to_owned()));
        }
        if let Some(price) = row.recommended_price {
            (body.recommended_minor, body.recommended_currency) = (Some(price.minor), Some(price.currency.code().to_owned()));
        }
        body.updated_at = batch.now.into();
        priced.push(offer);
    }
    offers_put(conn, &priced, Keys::Kept)?;
    taken.changes.extend(terms::refresh(conn, rules, &products, Some(&batch.operation_id))?);
    Ok(taken)
}
