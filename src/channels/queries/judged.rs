//! What was judged: listings, their rows, how often each reason is given, and values that must be one product's own.

use super::super::readiness::{Evaluation, Level, Reason, Row};
use super::super::render::Cell;
use super::super::{judge::ChannelDesk, readiness};
use super::reasons::{self, Sought, Turn};
use super::rows::save_rows;
use crate::db::schema::{listing_counts, listing_keys, listings, products};
use crate::db::{Conn, JsonText, NewChange, ROWS_A_STATEMENT, Time, changes};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

#[derive(Insertable)]
#[diesel(table_name = listings, treat_none_as_default_value = false)]
struct NewListing {
    product_id: i64,
    channel: String,
    locale: String,
    state: String,
    completeness: i32,
    reasons: JsonText,
    missing: JsonText,
    row_hash: Option<String>,
    updated_at: Time,
}

/// What storing judgements did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Listings that are another now.
    pub written: usize,
    /// Products to judge again: a value that they share with others is free now.
    pub again: BTreeSet<i64>,
}

/// How often a reason is given on a channel, with an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReasonCount {
    /// What it does to the listings.
    pub level: Level,
    /// The channel's field.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// How many listings have it.
    pub listings: i64,
    /// One of them.
    pub example: ReasonExample,
}

/// See [`ReasonCount::example`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReasonExample {
    /// The product; it may have been mended since.
    pub sku: String,
    /// What is wrong.
    pub message: String,
    /// Where the rule stands.
    pub source: String,
    /// What to do.
    pub fix: String,
}

/// Level under which states are counted.
pub(super) const STATE: &str = "state";

/// How many listings of a channel are in each state.
pub fn state_counts(conn: &mut Conn, channel: &str) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = listing_counts::table
        .filter(listing_counts::channel.eq(channel).and(listing_counts::level.eq(STATE)).and(listing_counts::listings.gt(0)))
        .select((listing_counts::code, listing_counts::listings))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Why listings of a channel are not ready or could be better, the most frequent first.
pub fn reason_counts(conn: &mut Conn, channel: &str) -> Result<Vec<ReasonCount>> {
    let rows: Vec<(String, String, String, i64, JsonText)> = listing_counts::table
        .filter(listing_counts::channel.eq(channel).and(listing_counts::level.ne(STATE)).and(listing_counts::listings.gt(0)))
        .order((listing_counts::listings.desc(), listing_counts::level, listing_counts::field, listing_counts::code))
        .select((
            listing_counts::level,
            listing_counts::field,
            listing_counts::code,
            listing_counts::listings,
            listing_counts::example,
        ))
        .load(conn)?;
    let read = |(level, field, code, listings, example): (String, String, String, i64, JsonText)| {
        let level = serde_json::from_value(serde_json::Value::String(level))?;
        Ok(ReasonCount { level, field, code, listings, example: example.read()? })
    };
    rows.into_iter().map(read).collect()
}

type Known = (i64, String, i32, JsonText, JsonText, Option<String>);
type Tally = HashMap<(&'static str, String, String), (i64, ReasonExample)>;

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Blocked => "blocked",
        Level::Warning => "warning",
        Level::Excluded => "excluded",
    }
}

fn count(tally: &mut Tally, by: i64, sku: &str, state: &str, reasons: &[Reason]) {
    let entry = tally.entry((STATE, String::new(), state.to_owned())).or_default();
    entry.0 += by;
    for reason in reasons {
        let key = (level_name(reason.level), reason.field.clone(), reason.code.clone());
        let entry = tally.entry(key).or_default();
        entry.0 += by;
        if by > 0 {
            let Reason { message, source, fix, .. } = reason.clone();
            entry.1 = ReasonExample { sku: sku.to_owned(), message, source, fix };
        }
    }
}

/// Stores judgements of one channel and appends `listing.changed` for every listing whose state is another than before. What
/// did not change is not written.
pub fn save_listings(conn: &mut Conn, desk: &ChannelDesk, judged: &mut [Evaluation], now: DateTime<Utc>) -> Result<Saved> {
    let (channel, locale) = (desk.profile.code.as_str(), desk.settings.locale.as_str());
    let mut saved = Saved::default();
    let mut tally = Tally::new();
    for part in judged.chunks_mut(1_000) {
        let ids: Vec<i64> = part.iter().map(|evaluation| evaluation.product_id).collect();
        saved.again.extend(shared_values(conn, desk, &ids, part)?);
        let rows: Vec<Known> = each_backend!(conn => listings::table
            .filter(listings::channel.eq(channel).and(listings::locale.eq(locale)))
            .filter(listings::product_id.eq_any(&ids))
            .select((
                listings::product_id, listings::state, listings::completeness, listings::reasons, listings::missing,
                listings::row_hash,
            ))
            .load(conn))?;
        let known: HashMap<i64, Known> = rows.into_iter().map(|row| (row.0, row)).collect();
        // A product may have been removed since it was judged.
        let there: Vec<i64> =
            each_backend!(conn => products::table.filter(products::id.eq_any(&ids)).select(products::id).load(conn))?;
        let there: HashSet<i64> = there.into_iter().collect();
        let mut fresh = Vec::new();
        let mut told = Vec::new();
        let mut rows: Vec<(&Row, &str)> = Vec::new();
        let mut gone: Vec<&str> = Vec::new();
        let mut turn = Turn::default();
        for evaluation in part.iter().filter(|evaluation| there.contains(&evaluation.product_id)) {
            let state = evaluation.state.as_str();
            let (reasons, missing) = (JsonText::of(&evaluation.reasons)?, JsonText::of(&evaluation.missing)?);
            let was = known.get(&evaluation.product_id);
            let same = was.is_some_and(|(_, was, completeness, because, lacking, hash)| {
                was == state
                    && *completeness == evaluation.completeness
                    && *because == reasons
                    && *lacking == missing
                    && *hash == evaluation.row_hash
            });
            if same {
                continue;
            }
            let had_row = was.is_some_and(|was| was.5.is_some());
            match (&evaluation.row, &evaluation.row_hash) {
                (Some(row), Some(hash)) if was.is_none_or(|was| was.5.as_ref() != Some(hash)) => rows.push((row, hash)),
                (None, _) if had_row => gone.push(&evaluation.sku),
                _ => {}
            }
            let before: Option<(&str, Vec<Reason>)> =
                was.map(|(_, was, _, because, ..)| because.read().map(|reasons| (was.as_str(), reasons))).transpose()?;
            if let Some((was, reasons)) = &before {
                count(&mut tally, -1, &evaluation.sku, was, reasons);
            }
            let before = before.as_ref().map(|(was, reasons)| (*was, reasons.as_slice()));
            turn.take(evaluation.product_id, before, evaluation.state, &evaluation.reasons);
            count(&mut tally, 1, &evaluation.sku, state, &evaluation.reasons);
            if was.is_none_or(|(_, was, ..)| was != state) {
                told.push(state_change(evaluation, channel, locale, was.map(|was| was.1.as_str())));
            }
            fresh.push(NewListing {
                product_id: evaluation.product_id,
                channel: channel.to_owned(),
                locale: locale.to_owned(),
                state: state.to_owned(),
                completeness: evaluation.completeness,
                reasons,
                missing,
                row_hash: evaluation.row_hash.clone(),
                updated_at: now.into(),
            });
        }
        upsert(conn, &fresh)?;
        save_rows(conn, channel, &rows, &gone)?;
        turn.save(conn, channel)?;
        if !told.is_empty() {
            changes::append(conn, now, &told)?;
        }
        saved.written += fresh.len();
    }
    add_counts(conn, channel, tally)?;
    Ok(saved)
}

fn state_change(evaluation: &Evaluation, channel: &str, locale: &str, was: Option<&str>) -> NewChange {
    NewChange::new(
        changes::ChangeKind::ListingChanged,
        &evaluation.sku,
        serde_json::json!({
            "sku": evaluation.sku, "channel": channel, "locale": locale, "state": evaluation.state.as_str(), "was": was,
        }),
    )
    .of_product(evaluation.product_id)
}

fn upsert(conn: &mut Conn, rows: &[NewListing]) -> Result<()> {
    for part in rows.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(listings::table)
            .values(part)
            .on_conflict((listings::product_id, listings::channel, listings::locale))
            .do_update()
            .set((
                listings::state.eq(excluded(listings::state)),
                listings::completeness.eq(excluded(listings::completeness)),
                listings::reasons.eq(excluded(listings::reasons)),
                listings::missing.eq(excluded(listings::missing)),
                listings::row_hash.eq(excluded(listings::row_hash)),
                listings::updated_at.eq(excluded(listings::updated_at)),
            ))
            .execute(conn))?;
    }
    Ok(())
}

fn add_counts(conn: &mut Conn, channel: &str, tally: Tally) -> Result<()> {
    for ((level, field, code), (by, example)) in tally {
        if by == 0 {
            continue;
        }
        let example = JsonText::of(&example)?;
        let row = listing_counts::table.find((channel, level, &field, &code));
        let told = (listing_counts::listings.eq(listing_counts::listings + by), listing_counts::example.eq(&example));
        let changed = if by > 0 {
            diesel::update(row).set(told).execute(conn)?
        } else {
            diesel::update(row).set(listing_counts::listings.eq(listing_counts::listings + by)).execute(conn)?
        };
        if changed == 0 && by > 0 {
            each_backend!(conn => diesel::insert_into(listing_counts::table)
                .values((
                    listing_counts::channel.eq(channel), listing_counts::level.eq(level), listing_counts::field.eq(&field),
                    listing_counts::code.eq(&code), listing_counts::listings.eq(by), listing_counts::example.eq(&example),
                ))
                .execute(conn))?;
        }
    }
    Ok(())
}

/// Counts a channel's listings anew, and writes which of them have which reason, for `doctor`.
pub fn recount(conn: &mut Conn, channel: &str) -> Result<()> {
    diesel::delete(listing_counts::table.filter(listing_counts::channel.eq(channel))).execute(conn)?;
    reasons::forget(conn, channel)?;
    let mut after = 0;
    loop {
        let page = super::channel_listings(conn, channel, &Sought::default(), after, 1_000)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.product_id;
        let mut tally = Tally::new();
        let mut turn = Turn::default();
        for listing in &page {
            turn.take(listing.product_id, None, listing.state, &listing.reasons);
            count(&mut tally, 1, &listing.sku, listing.state.as_str(), &listing.reasons);
        }
        turn.save(conn, channel)?;
        add_counts(conn, channel, tally)?;
    }
}

/// Blocks listings that share a value which must be one product's own with an earlier product. Returns products that shared a value
/// which one of these gave up.
fn shared_values(conn: &mut Conn, desk: &ChannelDesk, ids: &[i64], judged: &mut [Evaluation]) -> Result<BTreeSet<i64>> {
    let channel = desk.profile.code.as_str();
    let unique: Vec<(usize, &str)> = desk
        .profile
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.unique)
        .map(|(at, field)| (at, field.name.as_str()))
        .collect();
    if unique.is_empty() {
        return Ok(BTreeSet::new());
    }
    let held: Vec<(String, String, i64)> = each_backend!(conn => listing_keys::table
        .filter(listing_keys::channel.eq(channel).and(listing_keys::product_id.eq_any(ids)))
        .select((listing_keys::field, listing_keys::value, listing_keys::product_id))
        .load(conn))?;
    let held: BTreeSet<(String, String, i64)> = held.into_iter().collect();
    let mut now: BTreeSet<(String, String, i64)> = BTreeSet::new();
    for evaluation in judged.iter() {
        let Some(row) = &evaluation.row else { continue };
        for (at, field) in &unique {
            if let Some(Cell::Text(value)) = row.cells.get(*at).and_then(|cells| cells.first()) {
                now.insert(((*field).to_owned(), value.clone(), evaluation.product_id));
            }
        }
    }
    let mut again = BTreeSet::new();
    for (field, value, product) in held.difference(&now) {
        diesel::delete(listing_keys::table.find((channel, field, value, product))).execute(conn)?;
        let others = holders(conn, channel, field, value)?;
        again.extend(others.into_iter().filter(|other| !ids.contains(other)));
    }
    let fresh: Vec<_> = now.difference(&held).collect();
    for part in fresh.chunks(500) {
        let rows: Vec<_> = part
            .iter()
            .map(|(field, value, product)| {
                (
                    listing_keys::channel.eq(channel),
                    listing_keys::field.eq(field),
                    listing_keys::value.eq(value),
                    listing_keys::product_id.eq(product),
                )
            })
            .collect();
        each_backend!(conn => diesel::insert_into(listing_keys::table).values(&rows).execute(conn))?;
    }
    let firsts = first_holders(conn, channel, &now)?;
    let mut shared: HashMap<i64, (&str, &str, i64)> = HashMap::new();
    for (field, value, product) in &now {
        if let Some(first) = firsts.get(&(field.clone(), value.clone())).filter(|first| *first != product) {
            shared.entry(*product).or_insert((field, value, *first));
        }
    }
    for evaluation in judged.iter_mut() {
        if let Some((field, value, first)) = shared.get(&evaluation.product_id) {
            let other: Option<String> = products::table.find(first).select(products::sku).first(conn).optional()?;
            readiness::shares(evaluation, &desk.profile, field, value, other.as_deref().unwrap_or_default());
        }
    }
    Ok(again)
}

fn holders(conn: &mut Conn, channel: &str, field: &str, value: &str) -> Result<Vec<i64>> {
    let of = listing_keys::channel.eq(channel).and(listing_keys::field.eq(field)).and(listing_keys::value.eq(value));
    Ok(listing_keys::table.filter(of).order(listing_keys::product_id).select(listing_keys::product_id).limit(1_000).load(conn)?)
}

/// The product that had each value first.
fn first_holders(
    conn: &mut Conn,
    channel: &str,
    keys: &BTreeSet<(String, String, i64)>,
) -> Result<HashMap<(String, String), i64>> {
    let values: Vec<&str> = keys.iter().map(|(_, value, _)| value.as_str()).collect();
    let mut firsts = HashMap::new();
    for part in values.chunks(1_000) {
        let rows: Vec<(String, String, Option<i64>)> = each_backend!(conn => listing_keys::table
            .filter(listing_keys::channel.eq(channel).and(listing_keys::value.eq_any(part)))
            .group_by((listing_keys::field, listing_keys::value))
            .select((listing_keys::field, listing_keys::value, diesel::dsl::min(listing_keys::product_id)))
            .load(conn))?;
        firsts.extend(rows.into_iter().filter_map(|(field, value, product)| Some(((field, value), product?))));
    }
    Ok(firsts)
}
