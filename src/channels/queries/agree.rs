//! Do a channel's listings, their rows and their counts agree? For `doctor`.

use crate::db::Conn;
use crate::db::schema::{listing_rows, listings, products};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Are the counts of states what counting the listings gives, and are there listings of every reason that is counted?
pub fn counts_agree(conn: &mut Conn, channel: &str) -> Result<bool> {
    let rows: Vec<(String, i64)> = listings::table
        .filter(listings::channel.eq(channel))
        .group_by(listings::state)
        .select((listings::state, diesel::dsl::count_star()))
        .load(conn)?;
    let counted: BTreeMap<String, i64> = rows.into_iter().collect();
    Ok(counted == super::state_counts(conn, channel)? && super::reasons::agree(conn, channel)?)
}

/// Rows that no listing has, and listings whose row is not there: how many of both.
pub fn rows_apart(conn: &mut Conn, channel: &str) -> Result<usize> {
    Ok(orphans(conn, channel)?.len() + rowless(conn, channel)?.len())
}

/// Removes rows that no listing has, and forgets the hashes of listings whose row is not there: judged again, they write it.
pub fn part_rows(conn: &mut Conn, channel: &str) -> Result<()> {
    for part in orphans(conn, channel)?.chunks(1_000) {
        each_backend!(conn => diesel::delete(
            listing_rows::table.filter(listing_rows::channel.eq(channel).and(listing_rows::sku.eq_any(part)))
        )
        .execute(conn))?;
    }
    for part in rowless(conn, channel)?.chunks(1_000) {
        each_backend!(conn => diesel::update(
            listings::table.filter(listings::channel.eq(channel).and(listings::product_id.eq_any(part)))
        )
        .set(listings::row_hash.eq(None::<String>))
        .execute(conn))?;
    }
    Ok(())
}

/// Looked at in one go at most; what is beyond is found the next time.
const MOST: i64 = 100_000;

fn orphans(conn: &mut Conn, channel: &str) -> Result<Vec<String>> {
    Ok(listing_rows::table
        .filter(listing_rows::channel.eq(channel))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            listings::table.filter(
                listings::product_id
                    .eq(listing_rows::product_id)
                    .and(listings::channel.eq(listing_rows::channel))
                    .and(listings::row_hash.eq(listing_rows::row_hash.nullable())),
            ),
        )))
        .select(listing_rows::sku)
        .limit(MOST)
        .load(conn)?)
}

fn rowless(conn: &mut Conn, channel: &str) -> Result<Vec<i64>> {
    Ok(listings::table
        .inner_join(products::table)
        .filter(listings::channel.eq(channel).and(listings::row_hash.is_not_null()))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            listing_rows::table.filter(
                listing_rows::channel
                    .eq(listings::channel)
                    .and(listing_rows::sku.eq(products::sku))
                    .and(listing_rows::row_hash.nullable().eq(listings::row_hash)),
            ),
        )))
        .select(listings::product_id)
        .limit(MOST)
        .load(conn)?)
}
