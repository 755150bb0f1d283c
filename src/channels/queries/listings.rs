//! Listings: what was judged, and what was sent.

use super::super::answer::ChannelAnswer;
use super::super::readiness::{ListingState, Reason};
use crate::db::schema::{listing_rows, listings, products};
use crate::db::{Conn, JsonText, Time};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A listing as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredListing {
    /// The product.
    pub product_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Where it stands.
    pub state: ListingState,
    /// 0 to 1000.
    pub completeness: i32,
    /// Why it is not ready.
    pub reasons: Vec<Reason>,
    /// Required and recommended fields without a value.
    pub missing: Vec<String>,
    /// What the channel said of it.
    pub answer: Option<ChannelAnswer>,
    /// Of the row as it would be sent now.
    pub row_hash: Option<String>,
    /// Of the row as it was sent last.
    pub sent_hash: Option<String>,
    /// When it was sent last.
    pub sent_at: Option<DateTime<Utc>>,
    /// The channel.
    pub channel: String,
    /// The locale.
    pub locale: String,
}

type ListingRow = (
    (i64, String, String, i32, JsonText),
    (Option<String>, Option<String>, Option<Time>, String, String),
    (JsonText, Option<JsonText>),
);

fn stored_listing(row: ListingRow) -> Result<StoredListing> {
    let ((product_id, sku, state, completeness, reasons), (row_hash, sent_hash, sent_at, channel, locale), (missing, answer)) =
        row;
    Ok(StoredListing {
        product_id,
        sku,
        state: ListingState::parse(&state).unwrap_or(ListingState::Blocked),
        completeness,
        reasons: reasons.read()?,
        missing: missing.read()?,
        answer: answer.map(|answer| answer.read()).transpose()?,
        row_hash,
        sent_hash,
        sent_at: sent_at.map(Into::into),
        channel,
        locale,
    })
}

macro_rules! select_listing {
    () => {
        listings::table.inner_join(products::table).select((
            (listings::product_id, products::sku, listings::state, listings::completeness, listings::reasons),
            (listings::row_hash, listings::sent_hash, listings::sent_at, listings::channel, listings::locale),
            (listings::missing, listings::answer),
        ))
    };
}

/// The listings of one product, by channel.
pub fn product_listings(conn: &mut Conn, product_id: i64) -> Result<Vec<StoredListing>> {
    let rows: Vec<ListingRow> =
        select_listing!().filter(listings::product_id.eq(product_id)).order(listings::channel).load(conn)?;
    rows.into_iter().map(stored_listing).collect()
}

/// Listings of a channel after a product, by product; of one state or of all.
pub fn channel_listings(
    conn: &mut Conn,
    channel: &str,
    state: Option<ListingState>,
    after: i64,
    limit: i64,
) -> Result<Vec<StoredListing>> {
    let of_channel = listings::channel.eq(channel).and(listings::product_id.gt(after));
    let rows: Vec<ListingRow> = match state {
        Some(state) => select_listing!()
            .filter(of_channel.and(listings::state.eq(state.as_str())))
            .order(listings::product_id)
            .limit(limit)
            .load(conn)?,
        None => select_listing!().filter(of_channel).order(listings::product_id).limit(limit).load(conn)?,
    };
    rows.into_iter().map(stored_listing).collect()
}

/// Notes what was sent: a hash where the product's row is in the feed, none where it no longer is.
pub fn mark_sent(conn: &mut Conn, channel: &str, locale: &str, sent: &[(i64, Option<String>)], now: DateTime<Utc>) -> Result<()> {
    for (product, hash) in sent {
        let listing = listings::table.find((product, channel, locale));
        match hash {
            Some(hash) => {
                diesel::update(listing).set((listings::sent_hash.eq(hash), listings::sent_at.eq(Time(now)))).execute(conn)?;
            }
            None => {
                diesel::update(listing).set(listings::sent_hash.eq(None::<String>)).execute(conn)?;
            }
        }
    }
    Ok(())
}

/// Notes what the channel said of a listing, unless it has said something later; false when there is no such listing.
pub fn note_answer(conn: &mut Conn, channel: &str, sku: &str, answer: &ChannelAnswer) -> Result<bool> {
    let product: Option<i64> = products::table.filter(products::sku.eq(sku)).select(products::id).first(conn).optional()?;
    let Some(product) = product else { return Ok(false) };
    let of = listings::table.filter(listings::product_id.eq(product).and(listings::channel.eq(channel)));
    let known: Option<Option<Time>> = of.select(listings::answered_at).first(conn).optional()?;
    let Some(known) = known else { return Ok(false) };
    if known.is_none_or(|known| known.0 <= answer.at) {
        let document = JsonText::of(answer)?;
        let of = listings::table.filter(listings::product_id.eq(product).and(listings::channel.eq(channel)));
        diesel::update(of).set((listings::answer.eq(document), listings::answered_at.eq(Time(answer.at)))).execute(conn)?;
    }
    Ok(true)
}

/// Gives the listings of a channel another locale; what was sent is still known, so the next publication counts changes.
pub fn move_locale(conn: &mut Conn, channel: &str, locale: &str) -> Result<()> {
    let of_channel = listings::table.filter(listings::channel.eq(channel));
    diesel::delete(of_channel.filter(listings::locale.eq(locale))).execute(conn)?;
    let others = listings::table.filter(listings::channel.eq(channel).and(listings::locale.ne(locale)));
    // Every row is written in the new locale when it is judged; until then there is none.
    diesel::update(others).set((listings::locale.eq(locale), listings::row_hash.eq(None::<String>))).execute(conn)?;
    diesel::delete(listing_rows::table.filter(listing_rows::channel.eq(channel))).execute(conn)?;
    Ok(())
}
