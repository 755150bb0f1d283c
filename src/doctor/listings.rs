//! Listings: what every channel that is on thinks of every product.
//!
//! Judging is the follower's work, and a command leaves it to whoever asks next. So only where the follower has come to the log's end
//! must the listings be what judging them again would make.

use super::{Finding, derived, mended};
use crate::app::App;
use crate::channels::judge::ChannelDesk;
use crate::channels::{follow, queries};
use crate::db::{Conn, Position, changes, lock_catalog};
use crate::error::Result;
use std::sync::Arc;

/// Products judged in one transaction.
const BATCH: i64 = 500;

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let stale = walk(app, false).await?;
    let told = stale.into_iter().map(|(channel, stale)| {
        let what = format!(
            "{stale} listings are not what their products and the channel's settings make; run 'beamline doctor --repair'"
        );
        derived("listings", "stale", channel, what)
    });
    Ok(told.collect())
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let judged = walk(app, true).await?;
    Ok(judged
        .into_iter()
        .map(|(channel, count)| mended("listings", "judged", channel, format!("{count} listings were judged anew")))
        .collect())
}

/// Judges everything again; channels with the number of listings that are another then.
async fn walk(app: &App, mend: bool) -> Result<Vec<(String, usize)>> {
    let mut found = Vec::new();
    for profile in app.channels.iter() {
        let (profile, of) = (Arc::clone(profile), Arc::clone(profile));
        let desk = app.db.read(move |conn| ChannelDesk::load(conn, &of)).await?;
        if !desk.enabled {
            continue;
        }
        let (mut at, mut differ) = (queries::Walk::Single(0), 0);
        while at != queries::Walk::Done {
            let (desk, dictionary, now) = (desk.clone(), Arc::clone(&app.dictionary), app.clock.now());
            let work = move |conn: &mut Conn| {
                // Products stand still, so that what is judged is what is stored.
                lock_catalog(conn)?;
                let (blocks, next) = queries::walk(conn, at, BATCH)?;
                let ids: Vec<i64> = blocks.iter().flatten().map(|view| view.id).collect();
                let terms = queries::offer_terms(conn, &ids)?;
                let judged: Vec<_> = desk.judge_all(&blocks, &terms, &*dictionary, false).into_iter().flatten().collect();
                let written = queries::save_listings(conn, &desk.profile.code, &desk.settings.locale, &judged, now)?;
                Ok((written, next))
            };
            let followed = mend || followed(app).await?;
            let (written, next) = if mend { app.db.write(work).await? } else { app.db.rehearse(work).await? };
            // What was written meanwhile is still to be followed.
            if written > 0 && followed && (mend || self::followed(app).await?) {
                differ += written;
            }
            at = next;
        }
        if differ > 0 {
            found.push((profile.code.clone(), differ));
        }
    }
    Ok(found)
}

/// Has the follower come to the end of the log?
async fn followed(app: &App) -> Result<bool> {
    let Some(position): Option<Position> = follow::position(app).await? else { return Ok(false) };
    let end = app.db.read(changes::end).await?;
    Ok(position.covers(&end))
}
