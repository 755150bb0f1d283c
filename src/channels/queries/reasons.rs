//! Which listings have a reason: a row each beside the listings, so that those of one reason are found without looking at the others.

use super::super::readiness::{ListingState, Reason};
use crate::db::Conn;
use crate::db::schema::{listing_counts, listing_reasons};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Which listings of a channel are wanted; what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Those in this state.
    pub state: Option<ListingState>,
    /// Those that have a reason of this code.
    pub reason: Option<String>,
    /// Those that have a reason about this field; with a code, one reason has both.
    pub field: Option<String>,
}

/// Products whose listings have the reason that is sought, in order.
pub(super) fn products_with(conn: &mut Conn, channel: &str, sought: &Sought, after: i64, limit: i64) -> Result<Vec<i64>> {
    let of_channel = listing_reasons::channel.eq(channel).and(listing_reasons::product_id.gt(after));
    let mut query = listing_reasons::table
        .filter(of_channel)
        .select(listing_reasons::product_id)
        .distinct()
        .order(listing_reasons::product_id)
        .limit(limit)
        .into_boxed();
    if let Some(code) = &sought.reason {
        query = query.filter(listing_reasons::code.eq(code));
    }
    if let Some(field) = &sought.field {
        query = query.filter(listing_reasons::field.eq(field));
    }
    if let Some(state) = sought.state {
        query = query.filter(listing_reasons::state.eq(state.as_str()));
    }
    Ok(query.load(conn)?)
}

/// Code and field of a reason.
type Key = (String, String);

/// What becomes of the reasons of some listings.
#[derive(Default)]
pub(super) struct Turn {
    /// Those that were, and those that are: whatever stands there is replaced.
    stale: BTreeMap<Key, BTreeSet<i64>>,
    fresh: BTreeSet<(Key, i64, &'static str)>,
}

impl Turn {
    /// The listing of this product had `was`, and has `is` from now on.
    pub(super) fn take(&mut self, product: i64, was: Option<(&str, &[Reason])>, state: ListingState, is: &[Reason]) {
        let keys = |reasons: &[Reason]| -> BTreeSet<Key> {
            reasons.iter().map(|reason| (reason.code.clone(), reason.field.clone())).collect()
        };
        let now = keys(is);
        let before = was.map(|(_, reasons)| keys(reasons)).unwrap_or_default();
        if was.is_some_and(|(was, _)| was == state.as_str()) && before == now {
            return;
        }
        for key in before.union(&now) {
            self.stale.entry(key.clone()).or_default().insert(product);
        }
        self.fresh.extend(now.into_iter().map(|key| (key, product, state.as_str())));
    }

    /// Writes it.
    pub(super) fn save(self, conn: &mut Conn, channel: &str) -> Result<()> {
        for ((code, field), products) in self.stale {
            let products: Vec<i64> = products.into_iter().collect();
            for part in products.chunks(1_000) {
                let of = listing_reasons::channel.eq(channel).and(listing_reasons::code.eq(&code));
                let of = of.and(listing_reasons::field.eq(&field)).and(listing_reasons::product_id.eq_any(part));
                each_backend!(conn => diesel::delete(listing_reasons::table.filter(of)).execute(conn))?;
            }
        }
        let fresh: Vec<_> = self.fresh.into_iter().collect();
        for part in fresh.chunks(500) {
            let rows: Vec<_> = part
                .iter()
                .map(|((code, field), product, state)| {
                    (
                        listing_reasons::channel.eq(channel),
                        listing_reasons::code.eq(code),
                        listing_reasons::product_id.eq(product),
                        listing_reasons::field.eq(field),
                        listing_reasons::state.eq(state),
                    )
                })
                .collect();
            each_backend!(conn => diesel::insert_into(listing_reasons::table).values(&rows).execute(conn))?;
        }
        Ok(())
    }
}

/// Forgets all reasons of a channel, for `doctor`, which writes them anew.
pub(super) fn forget(conn: &mut Conn, channel: &str) -> Result<()> {
    diesel::delete(listing_reasons::table.filter(listing_reasons::channel.eq(channel))).execute(conn)?;
    Ok(())
}

/// Are there listings of every reason that is counted, and of no other?
pub(super) fn agree(conn: &mut Conn, channel: &str) -> Result<bool> {
    let kept: Vec<Key> = listing_reasons::table
        .filter(listing_reasons::channel.eq(channel))
        .select((listing_reasons::code, listing_reasons::field))
        .distinct()
        .load(conn)?;
    let counted: Vec<Key> = listing_counts::table
        .filter(listing_counts::channel.eq(channel).and(listing_counts::level.ne(super::judged::STATE)))
        .filter(listing_counts::listings.gt(0))
        .select((listing_counts::code, listing_counts::field))
        .distinct()
        .load(conn)?;
    Ok(kept.into_iter().collect::<BTreeSet<_>>() == counted.into_iter().collect())
}
