//! Making several products one, and parting them again. Offers keep their own claims, so that neither loses anything.
//!
//! Of several products the oldest stays, with its SKU. The others' offers become its offers, what people said of them counts where
//! nothing was said of it, and their SKUs answer for it from then on. Both ways are one operation each, and undone as one.

use super::cases::{self, Deciding, Told};
use super::queries::{homes_of, homes_remember};
use crate::catalog::golden::{self, Chosen, Pending, Restored};
use crate::catalog::identify::refresh_keys;
use crate::catalog::intake::offer_image;
use crate::catalog::lifecycle::{BY_IMPORT, BY_MERGE};
use crate::catalog::queries::{
    EditRow, Keys, NewProduct, OfferRow, ProductRow, Rules, edit_delete, edit_rows_of, edits_put, merged_into,
    offers_of_products, offers_set_product, products_by_id, products_put, skus_taken,
};
use crate::catalog::{ProductStatus, said, sku};
use crate::db::{ChangeKind, Conn, NewChange, Position, changes, ids, lock_catalog, operations};
use crate::error::{Code, Error, Result};
use crate::suppliers::queries::supplier_codes;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Products that one merge makes one.
pub const MAX_PRODUCTS: usize = 50;
/// Offers that one merge or split moves: it is one transaction.
pub const MAX_OFFERS: usize = 2_000;

/// What came of a merge or split.
#[derive(Debug)]
pub struct Merged {
    /// SKU of the product that stays, or that was split off.
    pub sku: String,
    /// Was it made by this?
    pub created: bool,
    /// Where the log stands with it.
    pub change: Position,
}

/// Makes these products one: the oldest stays.
pub fn merge(conn: &mut Conn, rules: &Rules, mut products: Vec<ProductRow>, deciding: Deciding<'_>) -> Result<Merged> {
    lock_catalog(conn)?;
    products.sort_unstable_by_key(|product| (product.body.created_at, product.id));
    let mut products = products.into_iter();
    let kept = products.next().ok_or_else(|| Error::internal("a merge of no products"))?;
    let gone: Vec<ProductRow> = products.collect();
    let gone_ids: Vec<i64> = gone.iter().map(|product| product.id).collect();
    let summary = json!({"sku": kept.body.sku, "merged": gone.iter().map(|product| &product.body.sku).collect::<Vec<_>>()});
    let operation = operations::record(conn, "merge", deciding.actor, &kept.body.sku, &summary, deciding.now)?;

    let offers = offers_of_products(conn, &gone_ids, MAX_OFFERS)?;
    let homes: Vec<(i64, i64)> = offers.iter().filter_map(|offer| Some((offer.id, offer.body.product_id?))).collect();
    homes_remember(conn, &homes)?;
    let mut told = move_offers(conn, &offers, &kept, &operation)?;
    told.extend(edits(conn, &kept, &gone_ids, &operation)?);
    told.extend(cases::merged(conn, kept.id, &gone_ids, &operation, deciding)?);

    let mut chosen = HashMap::new();
    for product in &gone {
        let status = Some((ProductStatus::Discontinued, BY_MERGE));
        let choice = Chosen { status, group: Some(None), by_person: true, merged: Some(kept.id), ..Chosen::default() };
        chosen.insert(product.id, choice);
    }
    let group = gone.iter().find_map(|product| product.body.group_id).filter(|_| kept.body.group_id.is_none());
    if let Some(group) = group {
        chosen.insert(kept.id, Chosen { group: Some(Some(group)), ..Chosen::default() });
    }
    let touched: BTreeSet<i64> = gone_ids.iter().copied().chain([kept.id]).collect();
    let mut rebuilt = golden::rebuild_with(conn, rules, &touched, &chosen, Pending::default(), Some(&operation), deciding.now)?;
    for change in rebuilt.iter_mut().filter(|change| change.product_id.is_some_and(|id| gone_ids.contains(&id))) {
        // Whoever follows the events need not ask for what is gone.
        if let Some(data) = change.data.as_object_mut() {
            data.insert("merged_into".to_owned(), json!(kept.body.sku));
        }
    }
    told.extend(rebuilt);
    refresh_keys(conn, rules, &touched.into_iter().collect::<Vec<_>>())?;
    let change = changes::append(conn, deciding.now, &told)?;
    Ok(Merged { sku: kept.body.sku, created: false, change })
}

/// The offers become this product's.
fn move_offers(conn: &mut Conn, offers: &[OfferRow], to: &ProductRow, operation: &str) -> Result<Vec<NewChange>> {
    let suppliers = supplier_codes(conn)?;
    let told = offers.iter().map(|offer| {
        let supplier = suppliers.get(&offer.body.supplier_id).map_or("", String::as_str);
        Ok(NewChange::new(
            ChangeKind::OfferChanged,
            format!("{supplier}/{}", offer.body.supplier_sku),
            json!({"supplier": supplier, "supplier_sku": offer.body.supplier_sku, "state": "moved"}),
        )
        .of_product(to.id)
        .of_offer(offer.id)
        .within(operation)
        .was(offer_image(&offer.body)?))
    });
    let told = told.collect::<Result<Vec<_>>>()?;
    let ids: Vec<i64> = offers.iter().map(|offer| offer.id).collect();
    for part in ids.chunks(500) {
        offers_set_product(conn, to.id, part)?;
    }
    Ok(told)
}

/// What people said of the products that go counts for the one that stays, where nothing was said of it. It is kept with the others as
/// well: after a split it is theirs again.
fn edits(conn: &mut Conn, kept: &ProductRow, gone: &[i64], operation: &str) -> Result<Option<NewChange>> {
    let before = edit_rows_of(conn, &[kept.id])?;
    let mut after: BTreeMap<(String, String), EditRow> =
        before.iter().map(|row| ((row.attribute.clone(), row.locale.clone()), row.clone())).collect();
    let spoken: HashSet<String> = before.iter().map(|row| row.attribute.clone()).collect();
    let mut said = edit_rows_of(conn, gone)?;
    said.sort_unstable_by(|a, b| b.edited_at.cmp(&a.edited_at).then_with(|| a.product_id.cmp(&b.product_id)));
    let mut new = Vec::new();
    for row in said.into_iter().filter(|row| !spoken.contains(&row.attribute)) {
        let key = (row.attribute.clone(), row.locale.clone());
        if let std::collections::btree_map::Entry::Vacant(place) = after.entry(key) {
            let row = EditRow { product_id: kept.id, operation_id: operation.to_owned(), ..row };
            new.push(place.insert(row).clone());
        }
    }
    edits_put(conn, &new)?;
    let after: Vec<EditRow> = after.into_values().collect();
    said::change(kept.id, &kept.body.sku, operation, &before, &after)
}

/// What people had said of the product that goes home counts for it alone again. What was said of the other since, or was said of it as well,
/// stays there.
fn edits_back(conn: &mut Conn, from: &ProductRow, home: &ProductRow, operation: &str) -> Result<Option<NewChange>> {
    let theirs = edit_rows_of(conn, &[home.id])?;
    // A merge copies what was said, and by whom and when, as a part of its own operation.
    let is_copy = |row: &EditRow, said: &EditRow| {
        EditRow { product_id: said.product_id, operation_id: said.operation_id.clone(), ..row.clone() } == *said
            && row.operation_id != said.operation_id
    };
    let before = edit_rows_of(conn, &[from.id])?;
    let (copies, after): (Vec<EditRow>, Vec<EditRow>) =
        before.iter().cloned().partition(|row| theirs.iter().any(|said| is_copy(row, said)));
    for row in &copies {
        edit_delete(conn, from.id, &row.attribute, Some(&row.locale))?;
    }
    said::change(from.id, &from.body.sku, operation, &before, &after)
}

/// Parts these offers from a product: they get the product back that they were of before a merge, else a new one. The two are never
/// taken for one again by themselves.
pub fn split(
    conn: &mut Conn,
    rules: &Rules,
    product: &ProductRow,
    leaving: &[(String, String)],
    deciding: Deciding<'_>,
) -> Result<Merged> {
    lock_catalog(conn)?;
    let suppliers = supplier_codes(conn)?;
    let all = offers_of_products(conn, &[product.id], MAX_OFFERS)?;
    let name = |offer: &OfferRow| {
        let supplier = suppliers.get(&offer.body.supplier_id).cloned().unwrap_or_default();
        (supplier, offer.body.supplier_sku.clone())
    };
    for (at, wanted) in leaving.iter().enumerate() {
        if !all.iter().any(|offer| name(offer) == *wanted) {
            let message = format!("{} has no offer {}/{}", product.body.sku, wanted.0, wanted.1);
            return Err(Error::field(format!("/offers/{at}"), "unknown_offer", message));
        }
    }
    let (moving, staying): (Vec<OfferRow>, Vec<OfferRow>) = all.into_iter().partition(|offer| leaving.contains(&name(offer)));
    let Some(first) = moving.first().filter(|_| !staying.is_empty()) else {
        return Err(Error::field("/offers", "nothing_stays", "name some of the product's offers: at least one has to stay"));
    };
    let operation =
        operations::record(conn, "split", deciding.actor, &product.body.sku, &json!({"from": product.body.sku}), deciding.now)?;
    let ids: Vec<i64> = moving.iter().map(|offer| offer.id).collect();
    let (target, created) = match home(conn, product, &ids)? {
        Some(home) => (home, false),
        None => (found(conn, &name(first), deciding)?, true),
    };
    let mut told = move_offers(conn, &moving, &target, &operation)?;
    told.extend(edits_back(conn, product, &target, &operation)?);
    let reasons = vec![Told::plain("split_by_hand", "offers")];
    told.extend(cases::keep_apart(conn, product.id, target.id, reasons, &operation, deciding)?);
    let restored = Restored { status: Some((ProductStatus::Draft, BY_IMPORT)), merged: Some(None), group: None };
    let chosen = HashMap::from([(target.id, Chosen { restored, ..Chosen::default() })]);
    let touched = BTreeSet::from([product.id, target.id]);
    told.extend(golden::rebuild_with(conn, rules, &touched, &chosen, Pending::default(), Some(&operation), deciding.now)?);
    refresh_keys(conn, rules, &touched.into_iter().collect::<Vec<_>>())?;
    let change = changes::append(conn, deciding.now, &told)?;
    operations::finish(conn, &operation, &json!({"from": product.body.sku, "sku": target.body.sku}), deciding.now)?;
    Ok(Merged { sku: target.body.sku, created, change })
}

/// The product that most of these offers were of before it was merged into this one; of equals the oldest.
fn home(conn: &mut Conn, product: &ProductRow, offers: &[i64]) -> Result<Option<ProductRow>> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for home in homes_of(conn, offers)?.into_values().filter(|home| *home != product.id) {
        *counts.entry(home).or_default() += 1;
    }
    let mut homes: Vec<(i64, usize)> = counts.into_iter().collect();
    homes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (id, _) in homes {
        let Some(row) = products_by_id(conn, &[id])?.remove(&id) else { continue };
        if merged_into(conn, &row)?.is_some_and(|into| into.id == product.id) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// A new product, with the SKU that an offer founds.
fn found(conn: &mut Conn, (supplier, key): &(String, String), deciding: Deciding<'_>) -> Result<ProductRow> {
    let mut taken: HashSet<String> = HashSet::new();
    let code = loop {
        let code = sku::founded_by(supplier, key, |code| taken.contains(code));
        if taken.contains(&code) {
            return Err(Error::new(Code::Conflict, format!("every SKU that {supplier}/{key} could found is taken")));
        }
        if !skus_taken(conn, &[code.as_str()])?.contains(&code) {
            break code;
        }
        taken.insert(code);
    };
    let id = ids::reserve(conn, "products", 1)?.pop().ok_or_else(|| Error::internal("no id was given out"))?;
    let row = ProductRow { id, body: NewProduct::empty(code, deciding.now.into())? };
    products_put(conn, std::slice::from_ref(&row), Keys::Any)?;
    Ok(row)
}
