//! Every SQL statement about channels, listings and publications.

mod agree;
mod choices;
#[cfg(test)]
pub(crate) mod fixture;
mod judged;
mod listings;
mod publications;
mod reasons;
mod rows;
mod untold;

pub use agree::{counts_agree, part_rows, rows_apart};
pub use choices::{StoredChoice, choice, choices, put_choice};
pub use judged::{ReasonCount, ReasonExample, Saved, reason_counts, recount, save_listings, state_counts};
pub use listings::{Sent, StoredListing, channel_listings, mark_sent, move_locale, note_answers, product_listings};
pub use publications::{PublicationRow, delete_publication, insert_publication, publication, publications, release_publication};
pub use reasons::Sought;
pub use rows::{StoredRow, group_leaders, rows_after, rows_of_groups};
pub use untold::{Untold, untold};

#[cfg(test)]
pub(crate) use listings::{MARK_SENT, NOTE_ANSWERS};

use crate::catalog::{ProductView, queries as catalog};
use crate::db::schema::{channel_settings, cursors, offers, products, settings, stock_levels, suppliers};
use crate::db::settings::{setting, setting_put};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Time, changes};
use crate::each_backend;
use crate::error::Result;
use crate::media::link::Links;
use crate::pricing::{Money, OfferTerms, Rates, money};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// Settings as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSettings {
    /// Is the channel on?
    pub enabled: bool,
    /// What was set, as a JSON object; the rest comes from the profile.
    pub settings: serde_json::Value,
    /// Counts edits.
    pub version: i64,
}

/// The stored settings of a channel.
pub fn channel_settings(conn: &mut Conn, channel: &str) -> Result<Option<StoredSettings>> {
    let row: Option<(bool, JsonText, i64)> = channel_settings::table
        .find(channel)
        .select((channel_settings::enabled, channel_settings::settings, channel_settings::version))
        .first(conn)
        .optional()?;
    row.map(|(enabled, settings, version)| Ok(StoredSettings { enabled, settings: settings.read()?, version })).transpose()
}

/// Stores the settings of a channel.
pub fn put_channel_settings(conn: &mut Conn, channel: &str, stored: &StoredSettings, now: DateTime<Utc>) -> Result<()> {
    let document = JsonText::of(&stored.settings)?;
    each_backend!(conn => diesel::insert_into(channel_settings::table)
        .values((
            channel_settings::channel.eq(channel),
            channel_settings::enabled.eq(stored.enabled),
            channel_settings::settings.eq(&document),
            channel_settings::version.eq(stored.version),
            channel_settings::updated_at.eq(Time(now)),
        ))
        .on_conflict(channel_settings::channel)
        .do_update()
        .set((
            channel_settings::enabled.eq(stored.enabled),
            channel_settings::settings.eq(&document),
            channel_settings::version.eq(stored.version),
            channel_settings::updated_at.eq(Time(now)),
        ))
        .execute(conn))?;
    Ok(())
}

/// The rate table.
pub fn rates(conn: &mut Conn) -> Result<Rates> {
    let rates = crate::pricing::queries::rate_list(conn)?;
    Ok(Rates(rates.into_iter().map(|rate| ((rate.base, rate.quote), rate.rate)).collect()))
}

/// Terms of all offers of these products, live or gone.
pub fn offer_terms(conn: &mut Conn, product_ids: &[i64]) -> Result<HashMap<i64, Vec<OfferTerms>>> {
    type TermsRow = ((i64, Option<i64>, String, bool, i32, String), (Option<i64>, Option<String>, Option<i64>, Option<String>));
    let mut by_product: HashMap<i64, Vec<OfferTerms>> = HashMap::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let stocked: Vec<i64> = each_backend!(conn => stock_levels::table
            .inner_join(offers::table)
            .filter(offers::product_id.eq_any(part).and(stock_levels::on_hand.gt(stock_levels::reserved)))
            .select(stock_levels::offer_id)
            .distinct()
            .load(conn))?;
        let stocked: HashSet<i64> = stocked.into_iter().collect();
        let rows: Vec<TermsRow> = each_backend!(conn => offers::table
            .inner_join(suppliers::table)
            .filter(offers::product_id.eq_any(part))
            .select((
                (offers::id, offers::product_id, offers::supplier_sku, offers::live, suppliers::rank, suppliers::code),
                (offers::cost_minor, offers::cost_currency, offers::recommended_minor, offers::recommended_currency),
            ))
            .load(conn))?;
        for ((id, product, offer_key, live, supplier_rank, supplier_code), (cost, cost_in, recommended, recommended_in)) in rows {
            let Some(product) = product else { continue };
            by_product.entry(product).or_default().push(OfferTerms {
                supplier_rank,
                supplier_code,
                offer_key,
                live,
                in_stock: stocked.contains(&id),
                cost: stored_money(cost, cost_in),
                recommended_price: stored_money(recommended, recommended_in),
            });
        }
    }
    Ok(by_product)
}

fn stored_money(minor: Option<i64>, code: Option<String>) -> Option<Money> {
    Some(Money { minor: minor?, currency: money::currency(&code?).ok()? })
}

/// Where a walk over the catalogue stands. All products without a group come first, by id, then group by group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// After this product without a group.
    Single(i64),
    /// After this group.
    Group(i64),
    /// Through.
    Done,
}

/// Groups larger than this are walked in pieces; no channel takes so many variants.
const MAX_GROUP: i64 = 5_000;

/// The next batch of a walk: a part of the products in blocks. A group is one block, everything else a block of its own.
pub fn walk(conn: &mut Conn, from: Walk, limit: i64) -> Result<(Vec<Vec<ProductView>>, Walk)> {
    match from {
        Walk::Done => Ok((Vec::new(), Walk::Done)),
        Walk::Single(after) => {
            let ids: Vec<i64> = products::table
                .filter(products::group_id.is_null().and(products::id.gt(after)))
                .order(products::id)
                .select(products::id)
                .limit(limit)
                .load(conn)?;
            let next = match ids.last() {
                Some(last) if i64::try_from(ids.len()).is_ok_and(|len| len == limit) => Walk::Single(*last),
                _ => Walk::Group(0),
            };
            Ok((sorted_views(conn, &ids)?.into_iter().map(|view| vec![view]).collect(), next))
        }
        Walk::Group(after) => {
            let keys: Vec<(i64, Option<i64>)> = products::table
                .filter(products::group_id.gt(after))
                .order((products::group_id, products::id))
                .select((products::id, products::group_id))
                .limit(limit)
                .load(conn)?;
            let Some(last) = keys.last().and_then(|(_, group)| *group) else { return Ok((Vec::new(), Walk::Done)) };
            let full = i64::try_from(keys.len()).is_ok_and(|len| len == limit);
            let first = keys.first().and_then(|(_, group)| *group);
            if full && first == Some(last) {
                // One group fills the batch: all of it, and nothing else.
                return Ok((vec![group_members(conn, last)?], Walk::Group(last)));
            }
            // The last group may go on behind the limit; it begins the next batch.
            let whole: Vec<(i64, i64)> = keys
                .into_iter()
                .filter_map(|(id, group)| Some((id, group?)))
                .filter(|(_, group)| !full || *group != last)
                .collect();
            let next = whole.last().filter(|_| full).map_or(Walk::Done, |(_, group)| Walk::Group(*group));
            Ok((blocks(conn, &whole)?, next))
        }
    }
}

/// The blocks that these products belong to: whole groups, and single products.
pub fn blocks_of(conn: &mut Conn, product_ids: &[i64]) -> Result<Vec<Vec<ProductView>>> {
    let mut keys = Vec::with_capacity(product_ids.len());
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(i64, Option<i64>)> = each_backend!(conn => products::table
            .filter(products::id.eq_any(part))
            .select((products::id, products::group_id))
            .load(conn))?;
        keys.extend(rows);
    }
    let mut singles: Vec<i64> = keys.iter().filter(|(_, group)| group.is_none()).map(|(id, _)| *id).collect();
    singles.sort_unstable();
    let mut groups: Vec<i64> = keys.iter().filter_map(|(_, group)| *group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut found: Vec<Vec<ProductView>> = sorted_views(conn, &singles)?.into_iter().map(|view| vec![view]).collect();
    for group in groups {
        found.push(group_members(conn, group)?);
    }
    Ok(found)
}

fn group_members(conn: &mut Conn, group: i64) -> Result<Vec<ProductView>> {
    let ids: Vec<i64> = products::table
        .filter(products::group_id.eq(group))
        .order(products::id)
        .select(products::id)
        .limit(MAX_GROUP)
        .load(conn)?;
    sorted_views(conn, &ids)
}

fn blocks(conn: &mut Conn, keys: &[(i64, i64)]) -> Result<Vec<Vec<ProductView>>> {
    let ids: Vec<i64> = keys.iter().map(|(id, _)| *id).collect();
    let mut by_id: HashMap<i64, ProductView> = catalog::views(conn, &ids)?.into_iter().map(|view| (view.id, view)).collect();
    let mut blocks: Vec<Vec<ProductView>> = Vec::new();
    let mut current = None;
    for (id, group) in keys {
        let Some(view) = by_id.remove(id) else { continue };
        match blocks.last_mut() {
            Some(block) if current == Some(*group) => block.push(view),
            _ => blocks.push(vec![view]),
        }
        current = Some(*group);
    }
    Ok(blocks)
}

fn sorted_views(conn: &mut Conn, ids: &[i64]) -> Result<Vec<ProductView>> {
    let mut views = catalog::views(conn, ids)?;
    views.sort_by_key(|view| view.id);
    Ok(views)
}

/// Where a reader of the change log stands.
pub fn cursor(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    Ok(cursors::table.find(name).select(cursors::position).first(conn).optional()?)
}

/// Moves a cursor from where the caller saw it; false when somebody else has moved it meanwhile.
pub fn move_cursor(conn: &mut Conn, name: &str, from: Option<&str>, to: &str, now: DateTime<Utc>) -> Result<bool> {
    let moved = match from {
        Some(from) => diesel::update(cursors::table.filter(cursors::name.eq(name).and(cursors::position.eq(from))))
            .set((cursors::position.eq(to), cursors::updated_at.eq(Time(now))))
            .execute(conn)?,
        None => each_backend!(conn => diesel::insert_into(cursors::table)
            .values((cursors::name.eq(name), cursors::position.eq(to), cursors::updated_at.eq(Time(now))))
            .on_conflict_do_nothing()
            .execute(conn))?,
    };
    Ok(moved == 1)
}

/// Name of the mark that says when a channel's listings last changed.
fn changed_mark(channel: &str) -> String {
    format!("listings.changed.{channel}")
}

/// Notes that listings of a channel are others than before.
pub fn note_changed(conn: &mut Conn, channel: &str, now: DateTime<Utc>) -> Result<()> {
    let name = changed_mark(channel);
    each_backend!(conn => diesel::insert_into(cursors::table)
        .values((cursors::name.eq(&name), cursors::position.eq(""), cursors::updated_at.eq(Time(now))))
        .on_conflict(cursors::name)
        .do_update()
        .set(cursors::updated_at.eq(Time(now)))
        .execute(conn))?;
    Ok(())
}

/// When listings of a channel last became others.
pub fn changed_at(conn: &mut Conn, channel: &str) -> Result<Option<DateTime<Utc>>> {
    let at: Option<Time> = cursors::table.find(changed_mark(channel)).select(cursors::updated_at).first(conn).optional()?;
    Ok(at.map(Into::into))
}

/// Stores a setting unless there is one already; returns the one in force.
pub fn setting_or(conn: &mut Conn, key: &str, value: &str) -> Result<String> {
    let document = JsonText::of(value)?;
    each_backend!(conn => diesel::insert_into(settings::table)
        .values((settings::key.eq(key), settings::value.eq(&document)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(setting(conn, key)?.unwrap_or_else(|| value.to_owned()))
}

/// Under which key it stands how renditions are addressed.
const LINKS: &str = "media_links";

/// What is stored of it: the secret has a place of its own.
#[derive(serde::Serialize, serde::Deserialize, PartialEq, Eq)]
struct StoredLinks {
    base: String,
    signed: bool,
}

/// What addresses of renditions are signed with; none where they need no signature. Addresses that were handed out stay as they are,
/// whether this house can be reached from outside now or not.
pub fn link_secret(conn: &mut Conn) -> Result<Option<String>> {
    match setting(conn, LINKS)? {
        Some(StoredLinks { signed: true, .. }) => super::signed::secret_in(conn).map(Some),
        _ => Ok(None),
    }
}

/// How renditions are addressed from outside; none while nobody said where that is.
pub fn links(conn: &mut Conn) -> Result<Option<Links>> {
    let Some(StoredLinks { base, signed }) = setting(conn, LINKS)? else { return Ok(None) };
    if base.is_empty() {
        return Ok(None);
    }
    let secret = if signed { Some(super::signed::secret_in(conn)?) } else { None };
    Ok(Some(Links { base, secret }))
}

/// Notes how renditions are addressed. Where that is another way, every listing is judged anew.
pub fn links_put(conn: &mut Conn, base: &str, signed: bool, now: DateTime<Utc>) -> Result<()> {
    let next = StoredLinks { base: base.to_owned(), signed };
    let stored: Option<StoredLinks> = setting(conn, LINKS)?;
    if stored.as_ref() == Some(&next) || (stored.is_none() && base.is_empty()) {
        return Ok(());
    }
    if signed {
        // Readers only look it up.
        super::signed::secret_in(conn)?;
    }
    setting_put(conn, LINKS, &next)?;
    let change = NewChange::new(ChangeKind::SettingsChanged, LINKS, serde_json::json!({ "setting": LINKS }));
    changes::append(conn, now, &[change])?;
    Ok(())
}
