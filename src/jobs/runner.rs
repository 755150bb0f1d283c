//! The runner: takes jobs one after another, keeps their leases alive, and gives them back at shutdown.

use super::queries::{Held, job_claim, job_fail, job_finish, job_is_due, job_renew, job_return};
use super::{HEARTBEAT, Job, MAX_ATTEMPTS};
use crate::app::App;
use crate::error::{Code, Error, Result};
use chrono::TimeDelta;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the queue may stay unlooked-at when nothing was written by this process.
const POLL: Duration = Duration::from_millis(500);

/// Works until `shutdown`; the job at hand is given back then, to go on after the restart.
pub async fn run(app: App, shutdown: CancellationToken) {
    let worker = crate::id::new("worker", app.clock.now());
    let mut written = app.db.written();
    while !shutdown.is_cancelled() {
        match claim(&app, &worker).await {
            Ok(Some(held)) => work(&app, &worker, held, &shutdown).await,
            Ok(None) => {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                    _ = written.changed() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the job queue cannot be read; trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// Looks before it writes: a claim would otherwise wake every follower of the log, this runner included.
async fn claim(app: &App, worker: &str) -> Result<Option<Held>> {
    let now = app.clock.now();
    if !app.db.read(move |conn| job_is_due(conn, now)).await? {
        return Ok(None);
    }
    let worker = worker.to_owned();
    app.db.write(move |conn| job_claim(conn, &worker, now)).await
}

async fn work(app: &App, worker: &str, held: Held, shutdown: &CancellationToken) {
    tracing::info!(job = %held.id, kind = held.job.kind(), attempt = held.attempts, "job begins");
    let result = tokio::select! {
        result = perform(app, &held.job) => Some(result),
        () = keep_alive(app, worker, &held.id) => None,
        () = shutdown.cancelled() => None,
    };
    let (id, now) = (held.id.clone(), app.clock.now());
    let noted = match result {
        None => app.db.write(move |conn| job_return(conn, &id, now)).await,
        Some(Ok(())) => app.db.write(move |conn| job_finish(conn, &id, now)).await,
        Some(Err(error)) => {
            let retry =
                (held.attempts < MAX_ATTEMPTS && is_passing(&error)).then(|| TimeDelta::seconds(1 << held.attempts.clamp(0, 10)));
            tracing::warn!(job = %held.id, %error, retry = retry.is_some(), "job failed");
            let text = error.to_string();
            app.db.write(move |conn| job_fail(conn, &id, &text, retry, now)).await
        }
    };
    if let Err(error) = noted {
        // Its lease runs out and it is taken up again: jobs are idempotent.
        tracing::warn!(job = %held.id, %error, "the job's end could not be noted");
    }
}

/// Does the job; what went wrong with its own matter (a bad file) is the job's result, not an error.
async fn perform(app: &App, job: &Job) -> Result<()> {
    match job {
        Job::Import { import_id } => crate::import::run::execute(app, import_id, &|_| {}).await.map(|_| ()),
        Job::ResolveAll => crate::catalog::resolve_all::run(app, &|_| {}).await.map(|_| ()),
    }
}

fn is_passing(error: &Error) -> bool {
    matches!(error.code, Code::Unavailable | Code::Internal)
}

/// Renews the lease until the job has gone to another worker.
pub async fn keep_alive(app: &App, worker: &str, id: &str) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let (id, worker, now) = (id.to_owned(), worker.to_owned(), app.clock.now());
        match app.db.write(move |conn| job_renew(conn, &id, &worker, now)).await {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
        }
    }
}
