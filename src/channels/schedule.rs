//! Publishing by itself: every so many minutes, or so many seconds after the first change that was not published, and always before what
//! was told of long ago expires on the channel.
//!
//! Several processes may keep time at once; what is due becomes a job, of which there is one.

use super::judge::ChannelDesk;
use super::publish::{self, Kind, Options};
use super::queries;
use crate::app::App;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// What decides whether a channel is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When the newest publication of the whole channel was begun, whatever became of it.
    pub published: Option<DateTime<Utc>>,
    /// When its listings last became others.
    pub changed: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Is it time to publish?
pub fn is_due(desk: &ChannelDesk, times: Times) -> bool {
    let schedule = &desk.settings.schedule;
    if schedule.every_minutes.is_none() && schedule.on_change_seconds.is_none() {
        return false;
    }
    let Some(published) = times.published else { return true };
    let age = times.now - published;
    let every = schedule.every_minutes.is_some_and(|minutes| age >= TimeDelta::minutes(minutes.into()));
    // Changes come in bursts: what follows the first within the time is published with it.
    let changed = times.changed.is_some_and(|changed| changed > published);
    let on_change = schedule.on_change_seconds.is_some_and(|seconds| changed && age >= TimeDelta::seconds(seconds.into()));
    // Four fifths of the time: one publication that fails still leaves time for the next.
    let expires = desk.profile.keep_alive_days.is_some_and(|days| age * 5 >= TimeDelta::days(days.into()) * 4);
    every || on_change || expires
}

/// Makes jobs of what is due, until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "the channels' schedules could not be looked at; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Makes a job for every channel that is due; their codes.
pub async fn look(app: &App) -> Result<Vec<String>> {
    let now = app.clock.now();
    let profiles: Vec<_> = app.channels.iter().cloned().collect();
    let due = app
        .db
        .read(move |conn| {
            let mut due = Vec::new();
            for profile in &profiles {
                let desk = ChannelDesk::load(conn, profile)?;
                if desk.enabled && is_due(&desk, times(conn, &profile.code, now)?) {
                    due.push(profile.code.clone());
                }
            }
            Ok(due)
        })
        .await?;
    if due.is_empty() {
        return Ok(due);
    }
    app.db
        .write(move |conn| {
            for channel in &due {
                job_enqueue_once(conn, &Job::Publish { channel: channel.clone() }, now)?;
            }
            Ok(due)
        })
        .await
}

fn times(conn: &mut Conn, channel: &str, now: DateTime<Utc>) -> Result<Times> {
    let newest = queries::publications(conn, channel, None, None, 50)?;
    let published = newest.iter().find(|row| row.kind == Kind::Full.as_str()).map(|row| row.created_at);
    Ok(Times { published, changed: queries::changed_at(conn, channel)?, now })
}

/// Publishes a channel that is due. One that was published or turned off meanwhile is left alone; one that is held or fails says so in
/// its publication, which a person looks at, and is no fault of the job.
pub async fn publish(app: &App, channel: &str) -> Result<()> {
    let profile = app.channels.get(channel)?;
    let now = app.clock.now();
    let still_due = app
        .db
        .read(move |conn| {
            let desk = ChannelDesk::load(conn, &profile)?;
            Ok(desk.enabled && is_due(&desk, times(conn, &profile.code, now)?))
        })
        .await?;
    if !still_due {
        return Ok(());
    }
    match publish::publish(app, channel, &Options::default()).await {
        // A conflict: another publication was faster, or the channel was turned off.
        Ok(_) | Err(Error { code: Code::Conflict, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
