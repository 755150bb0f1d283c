//! The SQL of the floors: as little as the work could possibly take, in the same kind of database.

use crate::db::schema::{image_addresses, images, offers, products, stock_levels, suppliers};
use crate::db::{Conn, JsonText};
use crate::each_backend;
use crate::error::{Code, Error, Result};
use crate::media::queries::ImageRow;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::HashMap;

diesel::table! {
    bench_rows (row_key) {
        row_key -> Text,
        body -> Text,
    }
}

diesel::table! {
    bench_levels (offer_id, warehouse_id) {
        offer_id -> BigInt,
        warehouse_id -> BigInt,
        on_hand -> BigInt,
    }
}

/// Parameters of one statement stay below SQLite's 32,766.
const ROWS: usize = 5_000;

/// A table of rows as JSON text, with one index.
pub fn create_rows(conn: &mut Conn) -> Result<()> {
    diesel::sql_query("CREATE TABLE bench_rows (row_key TEXT NOT NULL, body TEXT NOT NULL)").execute(conn)?;
    diesel::sql_query("CREATE INDEX bench_rows_key ON bench_rows (row_key)").execute(conn)?;
    Ok(())
}

/// Inserts rows of key and JSON text: many a statement on SQLite, COPY on PostgreSQL, each the fastest there is.
pub fn insert_rows(conn: &mut Conn, rows: &[(String, String)]) -> Result<()> {
    for part in rows.chunks(ROWS) {
        let values = part.iter().map(|(key, body)| (bench_rows::row_key.eq(key), bench_rows::body.eq(body)));
        let values: Vec<_> = values.collect();
        match conn {
            Conn::Sqlite(conn) => diesel::insert_into(bench_rows::table).values(values).execute(conn)?,
            Conn::Postgres(conn) => diesel::copy_from(bench_rows::table).from_insertable(values).execute(conn)?,
        };
    }
    Ok(())
}

/// Every offer key of a supplier with the hash of its row, in one read.
pub fn keys_and_hashes(conn: &mut Conn, supplier: &str) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, String)> = offers::table
        .inner_join(suppliers::table.on(suppliers::id.eq(offers::supplier_id)))
        .filter(suppliers::code.eq(supplier))
        .select((offers::supplier_sku, offers::row_hash))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A stock level: offer, warehouse, pieces.
pub type Level = (i64, i64, i64);

/// Every level of a supplier by offer key, in one read.
pub fn levels(conn: &mut Conn, supplier: &str) -> Result<HashMap<String, Level>> {
    let rows: Vec<(String, i64, i64, i64)> = stock_levels::table
        .inner_join(offers::table.on(offers::id.eq(stock_levels::offer_id)))
        .inner_join(suppliers::table.on(suppliers::id.eq(offers::supplier_id)))
        .filter(suppliers::code.eq(supplier))
        .select((offers::supplier_sku, stock_levels::offer_id, stock_levels::warehouse_id, stock_levels::on_hand))
        .load(conn)?;
    Ok(rows.into_iter().map(|(sku, offer, warehouse, on_hand)| (sku, (offer, warehouse, on_hand))).collect())
}

/// A table of levels as they stand, for the bare upsert.
pub fn copy_levels(conn: &mut Conn) -> Result<()> {
    diesel::sql_query("DROP TABLE IF EXISTS bench_levels").execute(conn)?;
    diesel::sql_query(
        "CREATE TABLE bench_levels (offer_id BIGINT NOT NULL, warehouse_id BIGINT NOT NULL, on_hand BIGINT NOT NULL, \
         PRIMARY KEY (offer_id, warehouse_id))",
    )
    .execute(conn)?;
    diesel::sql_query("INSERT INTO bench_levels SELECT offer_id, warehouse_id, on_hand FROM stock_levels").execute(conn)?;
    Ok(())
}

/// Writes levels, and nothing about them.
pub fn upsert_levels(conn: &mut Conn, levels: &[Level]) -> Result<()> {
    for part in levels.chunks(ROWS) {
        let values = part.iter().map(|(offer, warehouse, on_hand)| {
            (bench_levels::offer_id.eq(offer), bench_levels::warehouse_id.eq(warehouse), bench_levels::on_hand.eq(on_hand))
        });
        let values: Vec<_> = values.collect();
        each_backend!(conn => diesel::insert_into(bench_levels::table)
            .values(values)
            .on_conflict((bench_levels::offer_id, bench_levels::warehouse_id))
            .do_update()
            .set(bench_levels::on_hand.eq(excluded(bench_levels::on_hand)))
            .execute(conn))?;
    }
    Ok(())
}

/// Golden records in the order of their ids, after `after`: id, SKU and the stored document.
pub fn golden_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(i64, String, JsonText)>> {
    Ok(each_backend!(conn => products::table
        .filter(products::id.gt(after))
        .order(products::id)
        .limit(limit)
        .select((products::id, products::sku, products::golden))
        .load(conn))?)
}

/// Makes an image of every address that a product shows; how many there are.
pub fn attach_pictures(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let ids: Vec<String> = image_addresses::table.select(image_addresses::id).load(conn)?;
    let facts = JsonText::of(&serde_json::json!({}))?;
    for part in ids.chunks(ROWS / 10) {
        let rows = part.iter().map(|id| ImageRow {
            id: id.clone(),
            sha256: id.clone(),
            file: id.clone(),
            format: "jpeg".to_owned(),
            width: 2_000,
            height: 2_000,
            bytes: 400_000,
            white_border: 1_000,
            looks: String::new(),
            findings: String::new(),
            facts: facts.clone(),
            same_as: None,
            distinct_by: None,
            placeholder: false,
            name: None,
            created_by: "bench".to_owned(),
            created_at: now.into(),
        });
        let rows: Vec<ImageRow> = rows.collect();
        each_backend!(conn => diesel::insert_into(images::table).values(&rows).execute(conn))?;
    }
    diesel::update(image_addresses::table)
        .set((image_addresses::state.eq("ready"), image_addresses::image_id.eq(image_addresses::id.nullable())))
        .execute(conn)?;
    Ok(ids.len())
}

/// Makes a database beside the one of `server`, and returns its URL.
pub fn create_database(server: &str, name: &str) -> Result<String> {
    admin(server, &format!("CREATE DATABASE {name}"))?;
    Ok(database_url(server, name))
}

/// The URL of another database on the same server.
pub(super) fn database_url(server: &str, name: &str) -> String {
    let (head, query) = server.split_once('?').map_or((server, None), |(head, query)| (head, Some(query)));
    let authority = head.find("//").map_or(0, |at| at + 2);
    let end = head.get(authority..).and_then(|rest| rest.find('/')).map_or(head.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", head.get(..end).unwrap_or(head))
}

/// Drops a database that [`create_database`] made.
pub fn drop_database(server: &str, name: &str) -> Result<()> {
    admin(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
}

fn admin(server: &str, sql: &str) -> Result<()> {
    let mut conn = PgConnection::establish(server).map_err(|error| {
        Error::new(Code::Unavailable, "PostgreSQL cannot be reached; check --database-url and that the server runs")
            .because(error)
    })?;
    diesel::sql_query(sql).execute(&mut conn).map_err(|error| {
        Error::new(Code::Unavailable, "the bench needs a PostgreSQL role that may create databases; give it CREATEDB")
            .because(error)
    })?;
    Ok(())
}

/// An offer's id, its supplier's, its key, its product and its GTIN.
pub type OfferProduct = (i64, i64, String, Option<i64>, Option<String>);

/// Offers in the order of their ids, after `after`.
pub fn offer_products(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<OfferProduct>> {
    Ok(offers::table
        .filter(offers::id.gt(after))
        .order(offers::id)
        .limit(limit)
        .select((offers::id, offers::supplier_id, offers::supplier_sku, offers::product_id, offers::gtin))
        .load(conn)?)
}
