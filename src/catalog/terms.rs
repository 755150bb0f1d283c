//! What may be sold of a product, and for how much. It drifts with every stock file and price list, which change nothing else of a product:
//! [`refresh`] looks at its offers' terms and levels, and leaves their claims where they are.

use super::queries::{Rules, TermsRow, products_lock, sold, sold_put, terms_of_products};
use crate::db::{ChangeKind, Conn, NewChange};
use crate::error::Result;
use crate::pricing::{Money, OfferTerms, first_price, money};
use crate::stock::available::{Level, available};
use crate::stock::queries::levels_of_products;
use serde_json::json;
use std::collections::BTreeSet;

/// What is for sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sold {
    /// How many, over all suppliers.
    pub available: i64,
    /// The price on the default channel; none where no rule makes one.
    pub price: Option<Money>,
}

impl Sold {
    /// What these terms and levels come to.
    pub fn of(terms: &[OfferTerms], levels: &[Level], rules: &Rules) -> Self {
        let priced = rules.price.as_ref().and_then(|settings| first_price(terms, settings, &rules.rates).ok());
        Self { available: available(levels), price: priced.map(|priced| priced.price) }
    }
}

/// Brings stock and price of these products up to date, and returns what changed. Whoever changed what an offer claims, or whether it is
/// live, rebuilds the whole product instead: see [`super::golden`].
pub fn refresh(
    conn: &mut Conn,
    rules: &Rules,
    product_ids: &BTreeSet<i64>,
    operation_id: Option<&str>,
) -> Result<Vec<NewChange>> {
    let ids: Vec<i64> = product_ids.iter().copied().collect();
    products_lock(conn, &ids)?;
    let (terms, levels) = (terms_of_products(conn, &ids)?, levels_of_products(conn, &ids)?);
    let (mut told, mut moved) = (Vec::new(), Vec::new());
    for (id, sku, before) in sold(conn, &ids)? {
        let levels = levels.get(&id).map_or(&[][..], Vec::as_slice);
        let terms = offer_terms(terms.get(&id).map_or(&[][..], Vec::as_slice), levels);
        let next = Sold::of(&terms, levels, rules);
        if next != before {
            told.extend(changes_between((id, &sku), before, next, operation_id));
            moved.push((id, next));
        }
    }
    sold_put(conn, &moved)?;
    Ok(told)
}

/// An offer is in stock where some level of it may be sold.
pub fn in_stock(offer_id: i64, levels: &[Level]) -> bool {
    levels.iter().any(|level| level.offer_id == offer_id && level.available() > 0)
}

/// The terms of a product's offers, as pricing wants them.
pub fn offer_terms(offers: &[TermsRow], levels: &[Level]) -> Vec<OfferTerms> {
    let terms = offers.iter().map(|offer| OfferTerms {
        supplier_rank: offer.rank,
        supplier_code: offer.supplier_code.clone(),
        offer_key: offer.supplier_sku.clone(),
        live: offer.live,
        in_stock: in_stock(offer.offer_id, levels),
        cost: offer.cost,
        recommended_price: offer.recommended_price,
    });
    terms.collect()
}

/// What is told of a product whose stock or price changed.
pub fn changes_between(product: (i64, &str), before: Sold, next: Sold, operation_id: Option<&str>) -> Vec<NewChange> {
    let (id, sku) = product;
    let change = |kind: ChangeKind, data: serde_json::Value| NewChange::new(kind, sku, data).of_product(id).within(operation_id);
    let stock = (next.available != before.available).then(|| {
        let data = json!({"sku": sku, "available": next.available, "was": before.available});
        change(ChangeKind::StockChanged, data)
    });
    let price = (next.price != before.price)
        .then(|| change(ChangeKind::PriceChanged, json!({"sku": sku, "price": next.price, "was": before.price})));
    stock.into_iter().chain(price).collect()
}

/// Money from its two columns.
pub fn stored_money(minor: Option<i64>, currency: Option<&str>) -> Option<Money> {
    Some(Money { minor: minor?, currency: money::currency(currency?).ok()? })
}
