//! What people said about single listings.

use super::super::extract::Choice;
use crate::db::schema::listing_choices;
use crate::db::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// A choice as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredChoice {
    /// What was said.
    pub choice: Choice,
    /// Counts edits; 0 before the first.
    pub version: i64,
}

/// What was said of one product on one channel.
pub fn choice(conn: &mut Conn, product_id: i64, channel: &str) -> Result<StoredChoice> {
    let row: Option<(JsonText, i64)> = listing_choices::table
        .find((product_id, channel))
        .select((listing_choices::choice, listing_choices::version))
        .first(conn)
        .optional()?;
    let stored = row.map(|(choice, version)| Ok::<_, crate::error::Error>(StoredChoice { choice: choice.read()?, version }));
    Ok(stored.transpose()?.unwrap_or_default())
}

/// What was said of these products, by channel and product.
pub fn choices(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<(String, i64), Choice>> {
    let mut found = HashMap::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String, JsonText)> = each_backend!(conn => listing_choices::table
            .filter(listing_choices::product_id.eq_any(part))
            .select((listing_choices::product_id, listing_choices::channel, listing_choices::choice))
            .load(conn))?;
        for (product, channel, choice) in rows {
            found.insert((channel, product), choice.read()?);
        }
    }
    Ok(found)
}

/// Stores what was said.
pub fn put_choice(conn: &mut Conn, product_id: i64, channel: &str, stored: &StoredChoice, now: DateTime<Utc>) -> Result<()> {
    let document = JsonText::of(&stored.choice)?;
    each_backend!(conn => diesel::insert_into(listing_choices::table)
        .values((
            listing_choices::product_id.eq(product_id),
            listing_choices::channel.eq(channel),
            listing_choices::choice.eq(&document),
            listing_choices::version.eq(stored.version),
            listing_choices::updated_at.eq(Time(now)),
        ))
        .on_conflict((listing_choices::product_id, listing_choices::channel))
        .do_update()
        .set((
            listing_choices::choice.eq(&document),
            listing_choices::version.eq(stored.version),
            listing_choices::updated_at.eq(Time(now)),
        ))
        .execute(conn))?;
    Ok(())
}
