//! Reading kept rows again: what a better parser, a new synonym or a corrected profile makes of what suppliers once sent.
//!
//! Every offer keeps the record it was read from, so no supplier is asked for anything. Identity stays: an offer's key and its product
//! do not change by being read again; its claims, its marks, its pictures and its tags do. A price that is there stays, because a price
//! list may have given it since; one that could not be read before is filled in.

use super::prepare::{Preparer, record_hash};
use super::queries::profile_in_force;
use super::run::fingerprint;
use super::{ImportKind, Record};
use crate::app::App;
use crate::catalog::golden;
use crate::catalog::intake::{marks_of, offer_image};
use crate::catalog::queries::{Keys, OfferBody, OfferRow, Rules, offers_page_of_supplier, offers_put, records_put};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, changes, lock_catalog};
use crate::error::Result;
use crate::normalize::Claim;
use crate::normalize::value::Compact;
use crate::pricing::{Money, money};
use crate::suppliers::profile::Profile;
use crate::suppliers::queries::supplier_list;
use serde_json::{Map, Value as JsonValue, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Offers of one transaction.
const CHUNK: i64 = 500;

/// Reads every offer's kept row again with its supplier's profile in force; how many offers say something else now.
pub async fn all(app: &App, progress: &(dyn Fn(u64) + Sync)) -> Result<u64> {
    let mut changed = 0;
    let mut after_supplier: Option<String> = None;
    loop {
        let after = after_supplier.clone();
        let suppliers = app.db.read(move |conn| supplier_list(conn, after.as_deref(), None, 100)).await?;
        let Some(last) = suppliers.last() else { return Ok(changed) };
        after_supplier = Some(last.code.clone());
        for supplier in suppliers {
            let id = supplier.id;
            let Some(row) = app.db.read(move |conn| profile_in_force(conn, id, ImportKind::Catalog)).await? else { continue };
            let profile = match Profile::parse(&row.toml, &app.dictionary) {
                Ok(profile) => Arc::new(profile),
                Err(error) => {
                    tracing::warn!(supplier = supplier.code, %error, "the profile no longer fits the dictionary; its offers stay as they are");
                    continue;
                }
            };
            let currency = money::currency(&supplier.currency).ok();
            let mut after_offer = 0;
            loop {
                let (dictionary, profile) = (Arc::clone(&app.dictionary), Arc::clone(&profile));
                let (code, locale, now) = (supplier.code.clone(), supplier.locale.clone(), app.clock.now());
                let reader = fingerprint(&profile, &app.dictionary);
                let work = move |conn: &mut Conn| {
                    lock_catalog(conn)?;
                    let rules = Rules::load(conn, &dictionary)?;
                    let preparer = Preparer::new(ImportKind::Catalog, &profile, &dictionary, profile.currency.or(currency));
                    let preparer = preparer.of_supplier(&locale);
                    let offers = offers_page_of_supplier(conn, id, after_offer, CHUNK)?;
                    let last = offers.last().map(|offer| offer.id);
                    let (mut other, mut told) = (Vec::new(), Vec::new());
                    for mut offer in offers {
                        // Earlier versions stored the same claims in another form.
                        let claims: Vec<Claim> = offer.body.record.claims.read()?;
                        offer.body.record.claims = JsonText::of(&Compact(&claims))?;
                        let (id, before) = (offer.id, offer.body.clone());
                        let again = reread(offer, &preparer, &reader, &rules)?;
                        if again.body != before {
                            told.push(change(id, &code, &before)?);
                            other.push(again);
                        }
                    }
                    offers_put(conn, &other, Keys::Any)?;
                    records_put(conn, &other)?;
                    let products: BTreeSet<i64> = other.iter().filter_map(|offer| offer.body.product_id).collect();
                    told.extend(golden::rebuild(conn, &rules, &products, None, now)?);
                    changes::append(conn, now, &told)?;
                    Ok((last, other.len() as u64))
                };
                let (last, more) = app.db.write(work).await?;
                changed += more;
                progress(changed);
                match last {
                    Some(last) => after_offer = last,
                    None => break,
                }
            }
        }
    }
}

fn change(offer_id: i64, supplier: &str, before: &OfferBody) -> Result<NewChange> {
    Ok(NewChange::new(
        ChangeKind::OfferChanged,
        format!("{supplier}/{}", before.supplier_sku),
        json!({"supplier": supplier, "supplier_sku": before.supplier_sku, "state": "reread"}),
    )
    .of_product(before.product_id)
    .of_offer(offer_id)
    .was(offer_image(before)?))
}

/// One offer, read again. A row that cannot be read any more keeps what was understood of it before.
fn reread(mut offer: OfferRow, preparer: &Preparer<'_>, reader: &str, rules: &Rules) -> Result<OfferRow> {
    let raw: Map<String, JsonValue> = offer.body.record.raw.read()?;
    let record = record(offer.body.row_number, &raw);
    let row = preparer.prepare(&record);
    if row.rejected() || row.key != offer.body.supplier_sku {
        return Ok(offer);
    }
    let body = &mut offer.body;
    body.row_hash = record_hash(&record, reader);
    body.warned = !row.issues.is_empty();
    body.record.issues = if row.issues.is_empty() { None } else { Some(JsonText::of(&row.issues)?) };
    body.record.claims = JsonText::of(&Compact(&row.claims))?;
    body.record.images = JsonText::of(&row.images)?;
    body.record.tags = JsonText::of(&row.tags)?;
    let marks = marks_of(&row, rules);
    (body.gtin, body.brand, body.mpn_key) = (marks.gtin, marks.brand, marks.mpn_key);
    let fill = |minor: &mut Option<i64>, currency: &mut Option<String>, price: Option<Money>| {
        if minor.is_none() {
            *minor = price.map(|price| price.minor);
            *currency = price.map(|price| price.currency.code().to_owned());
        }
    };
    fill(&mut body.cost_minor, &mut body.cost_currency, row.cost);
    fill(&mut body.recommended_minor, &mut body.recommended_currency, row.recommended_price);
    Ok(offer)
}

/// The record as it was read: an array is a repeated field.
pub fn record(row: i64, raw: &Map<String, JsonValue>) -> Record {
    let mut fields = Vec::with_capacity(raw.len());
    for (name, value) in raw {
        let name: Arc<str> = Arc::from(name.as_str());
        let texts = match value {
            JsonValue::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        for text in texts {
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            fields.push((Arc::clone(&name), text));
        }
    }
    Record { row: u64::try_from(row).unwrap_or(0), fields }
}
