//! Products of our own invention, straight into the tables.

use crate::catalog::ProductView;
use crate::db::schema::{brands, offers, product_groups, products, rates, stock_levels, suppliers, warehouses};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Time, changes};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A supplier `acme` with a warehouse, selling in EUR, and a rate to USD.
pub(crate) fn house(conn: &mut Conn, now: DateTime<Utc>) -> Result<()> {
    let time = Time(now);
    each_backend!(conn => {
        diesel::insert_into(suppliers::table)
            .values((
                suppliers::id.eq(1), suppliers::code.eq("acme"), suppliers::name.eq("Acme"), suppliers::currency.eq("EUR"),
                suppliers::locale.eq("en"), suppliers::rank.eq(1), suppliers::version.eq(1),
                suppliers::created_at.eq(time), suppliers::updated_at.eq(time),
            ))
            .execute(conn)?;
        diesel::insert_into(warehouses::table)
            .values((warehouses::id.eq(1), warehouses::supplier_id.eq(1), warehouses::code.eq("main"), warehouses::name.eq("Main")))
            .execute(conn)?;
        diesel::insert_into(rates::table)
            .values((rates::base.eq("EUR"), rates::quote.eq("USD"), rates::rate.eq("1.25"), rates::updated_at.eq(time)))
            .execute(conn)?;
    });
    Ok(())
}

/// Stores a product as the view says, with one offer of `acme` that costs so many cents, and tells the change log.
pub(crate) fn product(conn: &mut Conn, view: &ProductView, cost: Option<i64>, now: DateTime<Utc>) -> Result<()> {
    let time = Time(now);
    let empty = JsonText::of(&serde_json::json!([]))?;
    let golden = JsonText::of(&view.values)?;
    let images = JsonText::of(&view.images)?;
    let tags = JsonText::of(&view.tags)?;
    let group_id: Option<i64> = match &view.group {
        None => None,
        Some(code) => {
            let known: Option<i64> =
                product_groups::table.filter(product_groups::code.eq(code)).select(product_groups::id).first(conn).optional()?;
            Some(match known {
                Some(id) => id,
                None => each_backend!(conn => diesel::insert_into(product_groups::table)
                    .values((
                        product_groups::code.eq(code), product_groups::title.eq(&empty), product_groups::pinned.eq(false),
                        product_groups::version.eq(1), product_groups::created_at.eq(time), product_groups::updated_at.eq(time),
                    ))
                    .returning(product_groups::id)
                    .get_result(conn))?,
            })
        }
    };
    each_backend!(conn => {
        if let (Some(code), Some(name)) = (&view.brand_code, &view.brand) {
            diesel::insert_into(brands::table)
                .values((brands::code.eq(code), brands::name.eq(name), brands::created_at.eq(time)))
                .on_conflict_do_nothing()
                .execute(conn)?;
        }
        diesel::insert_into(products::table)
            .values((
                (products::id.eq(view.id), products::sku.eq(&view.sku), products::status.eq(view.status.as_str())),
                (products::status_by.eq("import"), products::gtin.eq(&view.gtin), products::brand.eq(&view.brand_code)),
                (products::mpn.eq(&view.mpn), products::category.eq(&view.category), products::group_id.eq(group_id)),
                (products::group_pinned.eq(false), products::title.eq(""), products::golden.eq(&golden)),
                (products::images.eq(&images), products::tags.eq(&tags), products::available.eq(view.available)),
                (products::version.eq(1), products::created_at.eq(time), products::updated_at.eq(time)),
            ))
            .execute(conn)?;
        if let Some(cost) = cost {
            diesel::insert_into(offers::table)
                .values((
                    (offers::id.eq(view.id), offers::supplier_id.eq(1), offers::supplier_sku.eq(&view.sku)),
                    (offers::product_id.eq(view.id), offers::live.eq(true), offers::row_hash.eq("")),
                    (offers::cost_minor.eq(cost), offers::cost_currency.eq("EUR")),
                    (offers::import_id.eq("imp"), offers::file.eq("f")),
                    (offers::row_number.eq(1), offers::created_at.eq(time), offers::updated_at.eq(time)),
                ))
                .execute(conn)?;
            diesel::insert_into(stock_levels::table)
                .values((
                    stock_levels::offer_id.eq(view.id), stock_levels::warehouse_id.eq(1), stock_levels::on_hand.eq(view.available),
                    stock_levels::reserved.eq(0), stock_levels::reported_at.eq(time),
                ))
                .execute(conn)?;
        }
    });
    tell(conn, ChangeKind::ProductCreated, view, now)
}

/// Sets a product's status and tells the change log.
pub(crate) fn status(conn: &mut Conn, view: &ProductView, status: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::update(products::table.filter(products::sku.eq(&view.sku))).set(products::status.eq(status)).execute(conn)?;
    tell(conn, ChangeKind::ProductUpdated, view, now)
}

/// Sets what its offer costs and tells the change log.
pub(crate) fn cost(conn: &mut Conn, view: &ProductView, cost: i64, now: DateTime<Utc>) -> Result<()> {
    diesel::update(offers::table.filter(offers::supplier_sku.eq(&view.sku))).set(offers::cost_minor.eq(cost)).execute(conn)?;
    tell(conn, ChangeKind::OfferChanged, view, now)
}

fn tell(conn: &mut Conn, kind: ChangeKind, view: &ProductView, now: DateTime<Utc>) -> Result<()> {
    let change = NewChange::new(kind, &view.sku, serde_json::json!({})).of_product(view.id);
    changes::append(conn, now, &[change])?;
    Ok(())
}
