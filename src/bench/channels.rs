//! What is measured of channels inside a process: judging everything from scratch, and what one edit costs until a delta of it is ready.

use super::floor::Told;
use crate::app::App;
use crate::catalog::{edit, patch, queries::Rules};
use crate::channels::publish::{self, Kind, Options};
use crate::channels::{self, ChannelProfile, follow, placeholders, settings};
use crate::db::{Conn, operations};
use crate::error::{Code, Error, Result};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// Sets the first `count` channels up and judges every listing of theirs.
pub(super) async fn listings(app: &App, count: usize) -> Result<Told> {
    set_up(app, app.channels.iter().take(count).cloned().collect()).await?;
    let began = Instant::now();
    follow::catch_up(app).await?;
    let told = Told { seconds: began.elapsed().as_secs_f64(), ..Told::default() };
    let judged = app.db.read(|conn| channels::queries::state_counts(conn, FEED)).await?;
    if judged.values().sum::<i64>() == 0 {
        return Err(Error::new(Code::Internal, "no listing was judged"));
    }
    Ok(told)
}

/// Turns channels on, with placeholders for what only an owner knows.
pub(super) async fn set_up(app: &App, profiles: Vec<Arc<ChannelProfile>>) -> Result<()> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            operations::record(conn, "settings", "command", "bench", &json!({}), now)?;
            for profile in &profiles {
                let (stored, _) = placeholders::complete(profile, None)?;
                channels::queries::put_channel_settings(conn, &profile.code, &stored, now)?;
                settings::tell(conn, &profile.code, None, None, now)?;
            }
            Ok(())
        })
        .await
}

/// The channel whose delta is made: one that takes deltas of everything.
const FEED: &str = "amazon";
/// Edits before those that are measured: the first ones read what the others find in memory.
const WARM_UP: usize = 3;

/// Edits one product's title after another. Of each: milliseconds until all its listings are judged and a delta of one channel is
/// published, and as floor the milliseconds of the edit alone.
pub(super) async fn one_change(app: &App, times: usize) -> Result<Told> {
    let full = publish::publish(app, FEED, &Options { force: true, ..Options::default() }).await?;
    let listed = app.db.read(|conn| channels::queries::rows_after(conn, FEED, "", 1_000)).await?;
    if full.state != "published" || listed.is_empty() {
        return Err(Error::new(Code::Internal, format!("nothing stands at {FEED}: {:?}", full.detail)));
    }
    let skus = listed.iter().map(|stored| stored.row.sku.clone()).cycle();
    let mut told = Told::default();
    for (place, sku) in skus.take(WARM_UP + times).enumerate() {
        let began = Instant::now();
        retitle(app, sku, place).await?;
        let edited = began.elapsed();
        let delta = publish::publish(app, FEED, &Options { kind: Kind::Delta, force: true, ..Options::default() }).await?;
        let ready = began.elapsed();
        if delta.state != "published" || delta.changed == 0 {
            return Err(Error::new(Code::Internal, format!("the delta does not tell the change: {delta:?}")));
        }
        if place >= WARM_UP {
            told.samples.push(ready.as_secs_f64() * 1_000.0);
            told.floors.push(edited.as_secs_f64() * 1_000.0);
        }
    }
    Ok(told)
}

async fn retitle(app: &App, sku: String, place: usize) -> Result<()> {
    let (dictionary, now) = (app.dictionary.clone(), app.clock.now());
    let body = json!({"values": {"title": {"en": format!("A headlamp with another name {place}")}}});
    let patch = patch::parse(&dictionary, body.as_object().ok_or_else(|| Error::internal("no object"))?)?;
    let change = move |conn: &mut Conn| {
        let rules = Rules::load(conn, &dictionary)?;
        let operation = operations::record(conn, "edit", "command", &sku, &json!({}), now)?;
        let saying = edit::Saying { author: "command", operation: &operation, now };
        let edit = edit::Edit { sku, patch, version: None };
        let (answers, _) = edit::apply(conn, &rules, saying, &[&edit], &|_, _, _| Ok(()))?;
        answers.into_iter().collect::<Result<Vec<_>>>()
    };
    app.db.write(change).await?;
    Ok(())
}
