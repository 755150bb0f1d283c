//! Listings that are not as the channel was told last, for deltas: their number decides what they cost, not the catalogue's size.

use super::rows::StoredRow;
use crate::db::Conn;
use crate::db::schema::{listings, products};
use crate::error::Result;
use diesel::prelude::*;

/// A listing that differs from what was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The product.
    pub product_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Of the row as it was told; none when it was not.
    pub sent: Option<String>,
    /// The group in which it was told.
    pub group: Option<String>,
    /// What would be told; none when it no longer goes.
    pub now: Option<StoredRow>,
}

/// Product, SKU, the hashes of the row as it was told and as it is, and the group in which it was told.
type Differing = (i64, String, Option<String>, Option<String>, Option<String>);

/// At most so many in one go; with more the whole is walked.
pub const MOST: i64 = 10_000;

/// The listings of a channel that differ from what was told, in the order of SKUs; none when there are more than 10,000.
pub fn untold(conn: &mut Conn, channel: &str) -> Result<Option<Vec<Untold>>> {
    macro_rules! differing {
        ($conn:ident, $differs:expr) => {
            listings::table
                .inner_join(products::table)
                .filter(listings::channel.eq(channel).and($differs))
                .select((listings::product_id, products::sku, listings::sent_hash, listings::row_hash, listings::sent_group))
                .limit(MOST + 1)
                .load($conn)?
        };
    }
    // Each database has its own words for it, and the index is found by them.
    let rows: Vec<Differing> = match conn {
        Conn::Sqlite(conn) => differing!(conn, listings::row_hash.is_not(listings::sent_hash)),
        Conn::Postgres(conn) => differing!(conn, listings::row_hash.is_distinct_from(listings::sent_hash)),
    };
    if i64::try_from(rows.len()).is_ok_and(|len| len > MOST) {
        return Ok(None);
    }
    let going: Vec<&str> = rows.iter().filter(|row| row.3.is_some()).map(|row| row.1.as_str()).collect();
    let mut stored = super::rows::rows_of(conn, channel, &going)?;
    let found = rows.into_iter().map(|(product_id, sku, sent, _, group)| Untold {
        product_id,
        now: stored.remove(&sku),
        sku,
        sent,
        group,
    });
    let mut found: Vec<Untold> = found.collect();
    found.sort_by(|a, b| a.sku.cmp(&b.sku));
    Ok(Some(found))
}
