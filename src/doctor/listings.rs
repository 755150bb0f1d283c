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
    let mut findings: Vec<Finding> = told.collect();
    for channel in enabled(app).await? {
        let of = channel.clone();
        let (apart, counted) =
            app.db.read(move |conn| Ok((queries::rows_apart(conn, &of)?, queries::counts_agree(conn, &of)?))).await?;
        if apart > 0 {
            let what = format!("{apart} rows of the next feed are not what their listings say; run 'beamline doctor --repair'");
            findings.push(derived("listings", "rows", channel.clone(), what));
        }
        if !counted {
            let what = "the counts of its listings are not what counting gives; run 'beamline doctor --repair'".to_owned();
            findings.push(derived("listings", "counts", channel, what));
        }
    }
    Ok(findings)
}

/// Codes of the channels that are on.
async fn enabled(app: &App) -> Result<Vec<String>> {
    let profiles: Vec<_> = app.channels.iter().cloned().collect();
    app.db
        .read(move |conn| {
            let desks = profiles.iter().map(|profile| ChannelDesk::load(conn, profile)).collect::<Result<Vec<_>>>()?;
            Ok(desks.into_iter().filter(|desk| desk.enabled).map(|desk| desk.profile.code.clone()).collect())
        })
        .await
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let channels = enabled(app).await?;
    let mut found = Vec::new();
    for channel in &channels {
        let of = channel.clone();
        let apart = app.db.read(move |conn| queries::rows_apart(conn, &of)).await?;
        if apart > 0 {
            let of = channel.clone();
            app.db.write(move |conn| queries::part_rows(conn, &of)).await?;
            found.push(mended("listings", "rows", channel.clone(), format!("{apart} rows were made anew")));
        }
    }
    let judged = walk(app, true).await?;
    found.extend(
        judged
            .into_iter()
            .map(|(channel, count)| mended("listings", "judged", channel, format!("{count} listings were judged anew"))),
    );
    for channel in channels {
        let of = channel.clone();
        let recounted = app
            .db
            .write(move |conn| {
                let agree = queries::counts_agree(conn, &of)?;
                if !agree {
                    queries::recount(conn, &of)?;
                }
                Ok(!agree)
            })
            .await?;
        if recounted {
            found.push(mended("listings", "counts", channel, "its listings were counted anew".to_owned()));
        }
    }
    Ok(found)
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
                let mut judged = desk.judge(&follow::batch(conn, blocks)?, &*dictionary);
                let saved = queries::save_listings(conn, &desk, &mut judged, now)?;
                Ok((saved.written, next))
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
