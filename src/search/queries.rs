//! What the index reads of the database besides the product views.

use crate::db::schema::{changes, listings};
use crate::db::{Conn, Position, changes as log};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// The newest change that is committed. On PostgreSQL readers of the log may see it only later, when no older transaction runs.
pub(super) fn newest(conn: &mut Conn) -> Result<Position> {
    let newest = changes::table
        .order((changes::xid.desc(), changes::seq.desc()))
        .select((changes::xid, changes::seq))
        .first::<(i64, i64)>(conn)
        .optional()?;
    let (xid, seq) = newest.unwrap_or((0, 0));
    Ok(Position { epoch: log::epoch(conn)?, xid, seq })
}

/// Channels on which each of these products is ready.
pub(super) fn ready_channels(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let mut by_product: HashMap<i64, Vec<String>> = HashMap::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String)> = each_backend!(conn => listings::table
            .filter(listings::product_id.eq_any(part).and(listings::state.eq("ready")))
            .select((listings::product_id, listings::channel))
            .load(conn))?;
        for (product, channel) in rows {
            let channels = by_product.entry(product).or_default();
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
    }
    Ok(by_product)
}
