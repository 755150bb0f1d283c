//! Listings: what was judged, and what was sent.

use super::super::readiness::{Evaluation, ListingState, Reason};
use crate::db::schema::{listings, products};
use crate::db::{Conn, JsonText, NewChange, Time, changes};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
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

type ListingRow = ((i64, String, String, i32, JsonText), (Option<String>, Option<String>, Option<Time>, String, String));

fn stored_listing(row: ListingRow) -> Result<StoredListing> {
    let ((product_id, sku, state, completeness, reasons), (row_hash, sent_hash, sent_at, channel, locale)) = row;
    Ok(StoredListing {
        product_id,
        sku,
        state: ListingState::parse(&state).unwrap_or(ListingState::Blocked),
        completeness,
        reasons: reasons.read()?,
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
        ))
    };
}

/// The listings of one product, by channel.
pub fn product_listings(conn: &mut Conn, product_id: i64) -> Result<Vec<StoredListing>> {
    let rows: Vec<ListingRow> =
        select_listing!().filter(listings::product_id.eq(product_id)).order(listings::channel).load(conn)?;
    rows.into_iter().map(stored_listing).collect()
}

/// The completeness of these products by channel, 0 to 1000.
pub fn completeness(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, BTreeMap<String, i32>>> {
    let mut found: HashMap<i64, BTreeMap<String, i32>> = HashMap::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, String, i32)> = each_backend!(conn => listings::table
            .filter(listings::product_id.eq_any(part))
            .select((listings::product_id, listings::channel, listings::completeness))
            .load(conn))?;
        for (product, channel, completeness) in rows {
            found.entry(product).or_default().insert(channel, completeness);
        }
    }
    Ok(found)
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

/// How many listings of a channel are in each state.
pub fn state_counts(conn: &mut Conn, channel: &str) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = listings::table
        .filter(listings::channel.eq(channel))
        .group_by(listings::state)
        .select((listings::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What was sent last of these products: hash by product. Products without a listing are left out.
pub fn sent_hashes(conn: &mut Conn, channel: &str, locale: &str, product_ids: &[i64]) -> Result<HashMap<i64, Option<String>>> {
    let mut found = HashMap::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, Option<String>)> = each_backend!(conn => listings::table
            .filter(listings::channel.eq(channel).and(listings::locale.eq(locale)))
            .filter(listings::product_id.eq_any(part))
            .select((listings::product_id, listings::sent_hash))
            .load(conn))?;
        found.extend(rows);
    }
    Ok(found)
}

#[derive(Insertable)]
#[diesel(table_name = listings)]
struct NewListing {
    product_id: i64,
    channel: String,
    locale: String,
    state: String,
    completeness: i32,
    reasons: JsonText,
    row_hash: Option<String>,
    updated_at: Time,
}

/// Stores judgements of one channel and appends `listing.changed` for every listing whose state is another than before. What
/// did not change is not written. Returns how many rows were written.
pub fn save_listings(conn: &mut Conn, channel: &str, locale: &str, judged: &[Evaluation], now: DateTime<Utc>) -> Result<usize> {
    type Known = (i64, String, i32, JsonText, Option<String>);
    let mut written = 0;
    for part in judged.chunks(1_000) {
        let ids: Vec<i64> = part.iter().map(|evaluation| evaluation.product_id).collect();
        let rows: Vec<Known> = each_backend!(conn => listings::table
            .filter(listings::channel.eq(channel).and(listings::locale.eq(locale)))
            .filter(listings::product_id.eq_any(&ids))
            .select((listings::product_id, listings::state, listings::completeness, listings::reasons, listings::row_hash))
            .load(conn))?;
        let known: HashMap<i64, Known> = rows.into_iter().map(|row| (row.0, row)).collect();
        // A product may have been removed since it was judged.
        let there: Vec<i64> =
            each_backend!(conn => products::table.filter(products::id.eq_any(&ids)).select(products::id).load(conn))?;
        let there: HashSet<i64> = there.into_iter().collect();
        let mut fresh = Vec::new();
        let mut told = Vec::new();
        for evaluation in part.iter().filter(|evaluation| there.contains(&evaluation.product_id)) {
            let state = evaluation.state.as_str();
            let reasons = JsonText::of(&evaluation.reasons)?;
            let was = known.get(&evaluation.product_id);
            let same = was.is_some_and(|(_, was, completeness, because, hash)| {
                was == state && *completeness == evaluation.completeness && *because == reasons && *hash == evaluation.row_hash
            });
            if same {
                continue;
            }
            if was.is_none_or(|(_, was, ..)| was != state) {
                told.push(NewChange {
                    kind: changes::ChangeKind::ListingChanged,
                    subject: evaluation.sku.clone(),
                    product_id: Some(evaluation.product_id),
                    offer_id: None,
                    operation_id: None,
                    before: None,
                    data: serde_json::json!({
                        "sku": evaluation.sku, "channel": channel, "locale": locale, "state": state,
                        "was": was.map(|(_, was, ..)| was),
                    }),
                });
            }
            fresh.push(NewListing {
                product_id: evaluation.product_id,
                channel: channel.to_owned(),
                locale: locale.to_owned(),
                state: state.to_owned(),
                completeness: evaluation.completeness,
                reasons,
                row_hash: evaluation.row_hash.clone(),
                updated_at: now.into(),
            });
        }
        upsert(conn, &fresh)?;
        changes_of(conn, now, &told)?;
        written += fresh.len();
    }
    Ok(written)
}

fn changes_of(conn: &mut Conn, now: DateTime<Utc>, told: &[NewChange]) -> Result<()> {
    if !told.is_empty() {
        changes::append(conn, now, told)?;
    }
    Ok(())
}

fn upsert(conn: &mut Conn, rows: &[NewListing]) -> Result<()> {
    macro_rules! upsert {
        ($conn:ident, $values:expr) => {
            diesel::insert_into(listings::table)
                .values($values)
                .on_conflict((listings::product_id, listings::channel, listings::locale))
                .do_update()
                .set((
                    listings::state.eq(excluded(listings::state)),
                    listings::completeness.eq(excluded(listings::completeness)),
                    listings::reasons.eq(excluded(listings::reasons)),
                    listings::row_hash.eq(excluded(listings::row_hash)),
                    listings::updated_at.eq(excluded(listings::updated_at)),
                ))
                .execute($conn)?
        };
    }
    match conn {
        // Diesel writes ON CONFLICT for one row at a time on SQLite; inside a transaction that costs little.
        Conn::Sqlite(conn) => {
            for row in rows {
                upsert!(conn, row);
            }
        }
        Conn::Postgres(conn) => {
            for part in rows.chunks(1_000) {
                upsert!(conn, part);
            }
        }
    }
    Ok(())
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

/// Gives the listings of a channel another locale; what was sent is still known, so the next publication counts changes.
pub fn move_locale(conn: &mut Conn, channel: &str, locale: &str) -> Result<()> {
    let of_channel = listings::table.filter(listings::channel.eq(channel));
    diesel::delete(of_channel.filter(listings::locale.eq(locale))).execute(conn)?;
    let others = listings::table.filter(listings::channel.eq(channel).and(listings::locale.ne(locale)));
    diesel::update(others).set(listings::locale.eq(locale)).execute(conn)?;
    Ok(())
}
