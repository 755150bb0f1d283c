//! Listings: what was judged, and what was sent.

use super::super::answer::ChannelAnswer;
use super::super::readiness::{ListingState, Reason};
use super::reasons::{Sought, products_with};
use crate::db::schema::{listing_rows, listings, products};
use crate::db::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// Listings of a channel after a product, by product: those that are sought.
pub fn channel_listings(conn: &mut Conn, channel: &str, sought: &Sought, after: i64, limit: i64) -> Result<Vec<StoredListing>> {
    let of_channel = listings::channel.eq(channel).and(listings::product_id.gt(after));
    let rows: Vec<ListingRow> = if sought.reason.is_some() || sought.field.is_some() {
        let products = products_with(conn, channel, sought, after, limit)?;
        each_backend!(conn => select_listing!()
            .filter(listings::channel.eq(channel).and(listings::product_id.eq_any(&products)))
            .order(listings::product_id)
            .load(conn))?
    } else if let Some(state) = sought.state {
        select_listing!()
            .filter(of_channel.and(listings::state.eq(state.as_str())))
            .order(listings::product_id)
            .limit(limit)
            .load(conn)?
    } else {
        select_listing!().filter(of_channel).order(listings::product_id).limit(limit).load(conn)?
    };
    rows.into_iter().map(stored_listing).collect()
}

/// Notes what was sent: a hash where the product's row is in the feed, none where it no longer is.
pub fn mark_sent(conn: &mut Conn, channel: &str, locale: &str, sent: &[Sent], now: DateTime<Utc>) -> Result<()> {
    let at = now.to_rfc3339_opts(SecondsFormat::Micros, true);
    for part in sent.chunks(1_000) {
        let lines = JsonText::of(part)?;
        // What is no longer told keeps the time at which it was told last.
        match conn {
            Conn::Sqlite(conn) => diesel::sql_query(MARK_SENT)
            .bind::<Text, _>(&at)
            .bind::<Text, _>(lines.as_str())
            .bind::<Text, _>(channel)
            .bind::<Text, _>(locale)
            .execute(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(
                "UPDATE listings SET sent_hash = new.hash, sent_group = new.of, \
                 sent_at = CASE WHEN new.hash IS NULL THEN sent_at ELSE $1::timestamptz END FROM (SELECT (line->>0)::bigint AS id, \
                 line->>1 AS hash, line->>2 AS of FROM jsonb_array_elements($2::jsonb) AS line) AS new \
                 WHERE listings.product_id = new.id AND listings.channel = $3 AND listings.locale = $4",
            )
            .bind::<Text, _>(&at)
            .bind::<Text, _>(lines.as_str())
            .bind::<Text, _>(channel)
            .bind::<Text, _>(locale)
            .execute(conn)?,
        };
    }
    Ok(())
}

/// A listing as it was told: product, hash of its row and group; without a hash it is no longer told.
pub type Sent = (i64, Option<String>, Option<String>);

/// The pluses keep SQLite from looking through the channel's listings for each line, instead of looking each line's product up.
pub(crate) const MARK_SENT: &str = "UPDATE listings SET sent_hash = new.hash, sent_group = new.of, \
     sent_at = CASE WHEN new.hash IS NULL THEN sent_at ELSE ? END FROM (SELECT json_extract(value, '$[0]') AS id, \
     json_extract(value, '$[1]') AS hash, json_extract(value, '$[2]') AS of FROM json_each(?)) AS new \
     WHERE listings.product_id = new.id AND +listings.channel = ? AND +listings.locale = ?";

/// See [`MARK_SENT`].
pub(crate) const NOTE_ANSWERS: &str = "UPDATE listings SET answer = new.answer, answered_at = new.at \
     FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS answer, json_extract(value, '$[2]') AS at \
     FROM json_each(?)) AS new WHERE listings.product_id = new.id AND +listings.channel = ?";

/// What is known of a listing that an answer is about: product, SKU, when the channel last said something.
type Answered = (i64, String, Option<Time>);

/// Notes what the channel said of listings, by SKU, each unless it has said something later. Returns the SKUs of which there is a listing.
pub fn note_answers(conn: &mut Conn, channel: &str, answers: &[(String, ChannelAnswer)]) -> Result<HashSet<String>> {
    let mut known: HashMap<String, (i64, Option<DateTime<Utc>>)> = HashMap::with_capacity(answers.len());
    let skus: Vec<&str> = answers.iter().map(|(sku, _)| sku.as_str()).collect();
    for part in skus.chunks(1_000) {
        let rows: Vec<Answered> = each_backend!(conn => listings::table
            .inner_join(products::table)
            .filter(listings::channel.eq(channel).and(products::sku.eq_any(part)))
            .select((listings::product_id, products::sku, listings::answered_at))
            .load(conn))?;
        known.extend(rows.into_iter().map(|(product, sku, at)| (sku, (product, at.map(Into::into)))));
    }
    let mut last: BTreeMap<i64, &ChannelAnswer> = BTreeMap::new();
    for (sku, answer) in answers {
        let Some((product, at)) = known.get_mut(sku) else { continue };
        if at.is_none_or(|at| at <= answer.at) {
            *at = Some(answer.at);
            last.insert(*product, answer);
        }
    }
    let lines = last.iter().map(|(product, answer)| {
        Ok(json!([product, serde_json::to_string(answer)?, answer.at.to_rfc3339_opts(SecondsFormat::Micros, true)]))
    });
    let lines = lines.collect::<Result<Vec<_>>>()?;
    for part in lines.chunks(1_000) {
        let part = JsonText::of(part)?;
        match conn {
            Conn::Sqlite(conn) => {
                diesel::sql_query(NOTE_ANSWERS).bind::<Text, _>(part.as_str()).bind::<Text, _>(channel).execute(conn)?
            }
            Conn::Postgres(conn) => diesel::sql_query(
                "UPDATE listings SET answer = new.answer, answered_at = new.at FROM (SELECT (line->>0)::bigint AS id, \
                 (line->>1)::json AS answer, (line->>2)::timestamptz AS at FROM jsonb_array_elements($1::jsonb) AS line) AS new \
                 WHERE listings.product_id = new.id AND listings.channel = $2",
            )
            .bind::<Text, _>(part.as_str())
            .bind::<Text, _>(channel)
            .execute(conn)?,
        };
    }
    Ok(known.into_keys().collect())
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
