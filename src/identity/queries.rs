//! Every SQL statement about match cases and about where offers were before a merge.

use super::block::MAX_BLOCK;
use crate::db::schema::{match_cases, match_keys, offer_homes};
use crate::db::{Conn, JsonText, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::collections::{HashMap, HashSet};

/// Two products that may be one, as stored.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = match_cases, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CaseRow {
    /// Outside key.
    pub id: String,
    /// The product with the smaller id.
    pub left_product: i64,
    /// The other.
    pub right_product: i64,
    /// See [`super::cases::CaseState`].
    pub state: String,
    /// 0 to 1000.
    pub score: i32,
    /// Why they may be one, and why they may not.
    pub reasons: JsonText,
    /// When it was opened.
    pub opened_at: Time,
    /// When it was decided.
    pub decided_at: Option<Time>,
    /// By whom.
    pub decided_by: Option<String>,
    /// In which operation.
    pub operation_id: Option<String>,
}

macro_rules! case {
    () => {
        (
            match_cases::id,
            match_cases::left_product,
            match_cases::right_product,
            match_cases::state,
            match_cases::score,
            match_cases::reasons,
            match_cases::opened_at,
            match_cases::decided_at,
            match_cases::decided_by,
            match_cases::operation_id,
        )
    };
}

/// One case by id.
pub fn case_by_id(conn: &mut Conn, id: &str) -> Result<Option<CaseRow>> {
    Ok(match_cases::table.filter(match_cases::id.eq(id)).select(case!()).first(conn).optional()?)
}

/// The case about these two products, the smaller id first.
pub fn case_of(conn: &mut Conn, left: i64, right: i64) -> Result<Option<CaseRow>> {
    let of = match_cases::left_product.eq(left).and(match_cases::right_product.eq(right));
    Ok(match_cases::table.filter(of).select(case!()).first(conn).optional()?)
}

/// Every case that one of these products has a side in.
pub fn cases_about(conn: &mut Conn, products: &[i64]) -> Result<Vec<CaseRow>> {
    let mut found: Vec<CaseRow> = Vec::new();
    for part in products.chunks(500) {
        let rows: Vec<CaseRow> = each_backend!(conn => match_cases::table
            .filter(match_cases::left_product.eq_any(part).or(match_cases::right_product.eq_any(part)))
            .select(case!())
            .load(conn))?;
        found.extend(rows);
    }
    found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    Ok(found)
}

/// One page of cases, newest first, before the id `before`.
pub fn cases_page(
    conn: &mut Conn,
    state: Option<&str>,
    product: Option<i64>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<CaseRow>> {
    let mut query = match_cases::table.select(case!()).order(match_cases::id.desc()).limit(limit).into_boxed();
    if let Some(state) = state {
        query = query.filter(match_cases::state.eq(state));
    }
    if let Some(product) = product {
        query = query.filter(match_cases::left_product.eq(product).or(match_cases::right_product.eq(product)));
    }
    if let Some(before) = before {
        query = query.filter(match_cases::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// A case that was opened: its id, its score.
pub type Opened = (String, i32);

/// Opens cases. Where two products have one already it stays as it is, unless what opened it was undone.
pub fn cases_open(conn: &mut Conn, rows: &[CaseRow]) -> Result<Vec<Opened>> {
    let mut opened = Vec::new();
    for part in rows.chunks(500) {
        let (left, right): (Vec<i64>, Vec<i64>) = part.iter().map(|row| (row.left_product, row.right_product)).unzip();
        // A withdrawn case remembers nothing: it makes room.
        let withdrawn = match_cases::state.eq("withdrawn");
        each_backend!(conn => diesel::delete(match_cases::table.filter(
            withdrawn.and(match_cases::left_product.eq_any(&left)).and(match_cases::right_product.eq_any(&right)),
        ))
        .execute(conn))?;
        let new: Vec<Opened> = each_backend!(conn => diesel::insert_into(match_cases::table)
            .values(part)
            .on_conflict_do_nothing()
            .returning((match_cases::id, match_cases::score))
            .get_results(conn))?;
        opened.extend(new);
    }
    Ok(opened)
}

/// Writes a case as it is now.
pub fn case_put(conn: &mut Conn, row: &CaseRow) -> Result<()> {
    each_backend!(conn => diesel::insert_into(match_cases::table)
        .values(row)
        .on_conflict(match_cases::id)
        .do_update()
        .set(row)
        .execute(conn))?;
    Ok(())
}

/// Remembers which product these offers were of before a merge; what is remembered of an earlier one stays.
pub fn homes_remember(conn: &mut Conn, homes: &[(i64, i64)]) -> Result<()> {
    for part in homes.chunks(500) {
        let rows: Vec<_> = part
            .iter()
            .map(|(offer, product)| (offer_homes::offer_id.eq(*offer), offer_homes::product_id.eq(*product)))
            .collect();
        each_backend!(conn => diesel::insert_into(offer_homes::table).values(rows).on_conflict_do_nothing().execute(conn))?;
    }
    Ok(())
}

/// Which products these offers were of before a merge, by offer.
pub fn homes_of(conn: &mut Conn, offers: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut homes = HashMap::new();
    for part in offers.chunks(500) {
        let rows: Vec<(i64, i64)> = each_backend!(conn => offer_homes::table
            .filter(offer_homes::offer_id.eq_any(part))
            .select((offer_homes::offer_id, offer_homes::product_id))
            .load(conn))?;
        homes.extend(rows);
    }
    Ok(homes)
}

#[derive(QueryableByName)]
struct Met {
    #[diesel(sql_type = BigInt)]
    key: i64,
    #[diesel(sql_type = BigInt)]
    product_id: i64,
}

/// The products that stand under these keys. A key of more products than a block may hold says too little and has none.
pub fn products_by_key(conn: &mut Conn, keys: &[i64]) -> Result<HashMap<i64, Vec<i64>>> {
    let mut found: HashMap<i64, Vec<i64>> = HashMap::new();
    for part in keys.chunks(2_000) {
        let part = JsonText::of(&part)?;
        let select = |keys: &str| {
            format!(
                "SELECT m.key, m.product_id FROM {keys} CROSS JOIN match_keys m WHERE m.key = k.value AND NOT EXISTS \
                 (SELECT 1 FROM match_keys o WHERE o.key = k.value ORDER BY o.product_id LIMIT 1 OFFSET {MAX_BLOCK})"
            )
        };
        let rows: Vec<Met> = match conn {
            Conn::Sqlite(conn) => diesel::sql_query(select("json_each(?) k")).bind::<Text, _>(part.as_str()).load(conn)?,
            Conn::Postgres(conn) => {
                let keys = "(SELECT CAST(value AS BIGINT) AS value FROM json_array_elements_text($1::json)) k";
                diesel::sql_query(select(keys)).bind::<Text, _>(part.as_str()).load(conn)?
            }
        };
        for row in rows {
            found.entry(row.key).or_default().push(row.product_id);
        }
    }
    Ok(found)
}

/// The keys that these products stand under, each with its product, in order.
pub fn keys_of(conn: &mut Conn, products: &[i64]) -> Result<Vec<(i64, i64)>> {
    let mut there: Vec<(i64, i64)> = Vec::new();
    for part in products.chunks(500) {
        let rows: Vec<(i64, i64)> = each_backend!(conn => match_keys::table
            .filter(match_keys::product_id.eq_any(part))
            .select((match_keys::key, match_keys::product_id))
            .load(conn))?;
        there.extend(rows);
    }
    there.sort_unstable();
    Ok(there)
}

/// From now on these products stand under these keys and no others.
pub fn keys_replace(conn: &mut Conn, products: &[i64], keys: &[(i64, i64)]) -> Result<()> {
    let wanted: HashSet<(i64, i64)> = keys.iter().copied().collect();
    let there: HashSet<(i64, i64)> = keys_of(conn, products)?.into_iter().collect();
    let stale: Vec<(i64, i64)> = there.difference(&wanted).copied().collect();
    for part in stale.chunks(2_000) {
        let part = JsonText::of(&part)?;
        match conn {
            Conn::Sqlite(conn) => diesel::sql_query(
                "DELETE FROM match_keys WHERE (key, product_id) IN \
                 (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))",
            )
            .bind::<Text, _>(part.as_str())
            .execute(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(
                "DELETE FROM match_keys m USING (SELECT CAST(value->>0 AS BIGINT) AS key, CAST(value->>1 AS BIGINT) AS product_id \
                 FROM json_array_elements($1::json)) k WHERE m.key = k.key AND m.product_id = k.product_id",
            )
            .bind::<Text, _>(part.as_str())
            .execute(conn)?,
        };
    }
    let fresh: Vec<(i64, i64)> = wanted.difference(&there).copied().collect();
    keys_put(conn, &fresh)
}

/// From now on these products stand under these keys, too.
pub fn keys_put(conn: &mut Conn, keys: &[(i64, i64)]) -> Result<()> {
    for part in keys.chunks(ROWS_A_STATEMENT) {
        let rows: Vec<_> =
            part.iter().map(|(key, product)| (match_keys::key.eq(*key), match_keys::product_id.eq(*product))).collect();
        each_backend!(conn => diesel::insert_into(match_keys::table).values(rows).on_conflict_do_nothing().execute(conn))?;
    }
    Ok(())
}
