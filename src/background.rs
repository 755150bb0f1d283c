//! What a serving process does besides answering: it follows the change log and works off the queue.

pub mod follow;

use crate::app::App;
use crate::db::{idempotency, retention};
use crate::error::Result;
use crate::search::Feeder;
use crate::{catalog, channels, jobs, media};
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Starts the index's feeder, the listings' follower and the job runner; all end when `app.shutdown` is cancelled.
pub fn start(app: &App) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(Feeder::new(app.db.clone(), app.search.clone()).run(app.shutdown.clone()));
    tasks.spawn(channels::follow::run(app.clone(), app.shutdown.clone()));
    tasks.spawn(jobs::runner::run(app.clone(), app.shutdown.clone()));
    tasks.spawn(media::follow::run(app.clone(), app.shutdown.clone()));
    if app.config.fetch_images {
        tasks.spawn(media::collect::run(app.clone(), app.shutdown.clone()));
    }
    tasks.spawn(media::ahead::run(app.clone(), app.shutdown.clone()));
    tasks.spawn(keep_time(app.clone()));
    tasks.spawn(mend_copies(app.clone()));
    tasks.spawn(channels::schedule::run(app.clone(), app.shutdown.clone()));
    tasks.close();
    tasks
}

/// Feeds whose copies an earlier process did not come to make, before it died.
async fn mend_copies(app: App) {
    if let Err(error) = channels::mirror::bring_all(&app).await {
        tracing::warn!(%error, "the copies of the feeds could not be looked at; they are written with the next publication");
    }
}

/// How often time is looked at.
const HOUR: Duration = Duration::from_secs(3_600);

/// Time is a writer too: what changes with nobody writing is turned into ordinary changes.
async fn keep_time(app: App) {
    loop {
        match catalog::expire::run(&app).await {
            Ok(0) => {}
            Ok(products) => tracing::info!(products, "discontinued what its suppliers have not had for long"),
            Err(error) => tracing::warn!(%error, "the rule for what is gone could not be run; trying again in an hour"),
        }
        if let Err(error) = forget(&app).await {
            tracing::warn!(%error, "old idempotency keys could not be forgotten; trying again in an hour");
        }
        match prune(&app).await {
            Ok(0) => {}
            Ok(changes) => tracing::info!(changes, "pruned what the change log no longer keeps"),
            Err(error) => tracing::warn!(%error, "the change log could not be pruned; trying again in an hour"),
        }
        tokio::select! {
            () = tokio::time::sleep(HOUR) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}

/// Idempotency keys forgotten in one transaction.
const FORGOTTEN: i64 = 500;

/// Forgets the answers of requests that nobody may repeat any more.
pub async fn forget(app: &App) -> Result<usize> {
    let mut all = 0;
    loop {
        let now = app.clock.now();
        let some = app.db.write(move |conn| idempotency::prune(conn, now, FORGOTTEN)).await?;
        all += some;
        if some == 0 {
            return Ok(all);
        }
    }
}

/// Changes pruned in one transaction.
const PRUNED: i64 = 5_000;

/// Prunes changes that are older than they are kept, batch by batch; how many.
pub async fn prune(app: &App) -> Result<usize> {
    let before = app.clock.now() - TimeDelta::days(i64::from(app.config.keep_days));
    let mut pruned = 0;
    while !app.shutdown.is_cancelled() {
        match app.db.write(move |conn| retention::prune(conn, before, PRUNED)).await? {
            0 => break,
            more => pruned += more,
        }
    }
    Ok(pruned)
}

/// Waits until what was begun has been given back or finished, so that nothing is cut in the middle.
pub async fn finish(tasks: TaskTracker, at_most: Duration) {
    if tokio::time::timeout(at_most, tasks.wait()).await.is_err() {
        tracing::warn!("background work did not end in time; it is taken up again at the next start");
    }
}
