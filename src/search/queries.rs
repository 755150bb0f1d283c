//! What the index reads of the database besides the product views.

use crate::db::Conn;
pub(super) use crate::db::changes::end as newest;
use crate::db::schema::listings;
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// Channels on which each of these products is ready.
pub(super) fn ready_channels(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<String>>> {
    let mut by_product: HashMap<i64, Vec<String>> = HashMap::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String)> = each_backend!(conn => listings::table
            .filter(listings::product_id.eq_any(part).and(listings::state.eq_any(["ready", "warned"])))
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
