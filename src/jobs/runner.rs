//! The runner: takes jobs one after another, keeps their leases alive, and gives them back at shutdown.

use super::queries::{Claimed, Held, job_claim, job_fail, job_finish, job_is_due, job_renew, job_return};
use super::{HEARTBEAT, Job, LEASE, pause};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::import::finish;
use chrono::TimeDelta;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long the queue may stay unlooked-at when nothing was written by this process.
const POLL: Duration = Duration::from_millis(500);

/// How long a job waits for what is not to be had just now.
const WAIT: TimeDelta = TimeDelta::seconds(3);

/// Works until `shutdown`; the job at hand is given back then, to go on after the restart.
pub async fn run(app: App, shutdown: CancellationToken) {
    let worker = crate::id::new("worker", app.clock.now());
    let mut written = app.db.written();
    while !shutdown.is_cancelled() {
        match claim(&app, &worker).await {
            Ok(Claimed::Work(held)) => work(&app, &worker, held, &shutdown).await,
            Ok(Claimed::GivenUp(held)) => give_up(&app, &held).await,
            Ok(Claimed::Nothing) => {
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

/// Does one job that is due, as a server would; false when there is none. For a command that waits for what a dead process has left.
pub async fn one(app: &App, worker: &str) -> Result<bool> {
    match claim(app, worker).await? {
        Claimed::Work(held) => work(app, worker, held, &app.shutdown).await,
        Claimed::GivenUp(held) => give_up(app, &held).await,
        Claimed::Nothing => return Ok(false),
    }
    Ok(true)
}

/// Looks before it writes: a claim would otherwise wake every follower of the log, this runner included.
async fn claim(app: &App, worker: &str) -> Result<Claimed> {
    let now = app.clock.now();
    if !app.db.read(move |conn| job_is_due(conn, now)).await? {
        return Ok(Claimed::Nothing);
    }
    let worker = worker.to_owned();
    app.db.write(move |conn| job_claim(conn, &worker, now)).await
}

/// How a job left this worker.
enum Left {
    /// It ran to an end.
    Ended(Result<()>),
    /// Another worker has it.
    Lost,
    /// This process is asked to stop.
    Stopped,
}

async fn work(app: &App, worker: &str, held: Held, shutdown: &CancellationToken) {
    tracing::info!(job = %held.id, kind = held.job.kind(), attempt = held.attempts, "job begins");
    let began = Instant::now();
    let left = tokio::select! {
        result = perform(app, &held.job) => Left::Ended(result),
        () = keep_alive(app, worker, &held.id) => Left::Lost,
        () = shutdown.cancelled() => Left::Stopped,
    };
    let outcome = match &left {
        Left::Lost => "lost",
        Left::Stopped => "returned",
        Left::Ended(Ok(())) => "done",
        Left::Ended(Err(error)) if error.code == Code::Unavailable => "waits",
        Left::Ended(Err(_)) => "failed",
    };
    metrics::counter!("beamline_job_attempts_total", "kind" => held.job.kind(), "outcome" => outcome).increment(1);
    metrics::histogram!("beamline_job_seconds", "kind" => held.job.kind()).record(began.elapsed());
    let (id, worker, now) = (held.id.clone(), worker.to_owned(), app.clock.now());
    let noted = match left {
        Left::Lost => {
            tracing::warn!(job = %held.id, "another worker has taken this job up");
            return;
        }
        Left::Stopped => app.db.write(move |conn| job_return(conn, &id, &worker, TimeDelta::zero(), now)).await,
        Left::Ended(Ok(())) => app.db.write(move |conn| job_finish(conn, &id, &worker, now)).await,
        // What is only not to be had just now is waited for, however long.
        Left::Ended(Err(error)) if error.code == Code::Unavailable => {
            tracing::info!(job = %held.id, %error, "job waits");
            give_back(app, &id, &worker, shutdown).await
        }
        Left::Ended(Err(error)) => {
            let retry = pause(held.attempts);
            tracing::warn!(job = %held.id, %error, retry = retry.is_some(), "job failed");
            let text = error.to_string();
            let noted = app.db.write(move |conn| job_fail(conn, &id, &worker, &text, retry, now)).await;
            if retry.is_none() {
                give_up(app, &held).await;
            }
            noted
        }
    };
    if let Err(error) = noted {
        // Its lease runs out and it is taken up again: jobs are idempotent.
        tracing::warn!(job = %held.id, %error, "the job's end could not be noted");
    }
}

/// How often a job is given back to a database that cannot be written.
const GIVE_BACK: Duration = Duration::from_secs(1);

/// Gives back a job that waits for what is not to be had. That may be the database itself: then it is tried until the lease is over, so
/// that the job waits no longer than the database is away or its disk is full.
async fn give_back(app: &App, id: &str, worker: &str, shutdown: &CancellationToken) -> Result<bool> {
    let until = app.clock.now() + LEASE;
    loop {
        let (id, worker, now) = (id.to_owned(), worker.to_owned(), app.clock.now());
        let given = app.db.write(move |conn| job_return(conn, &id, &worker, WAIT, now)).await;
        if given.is_ok() || now >= until || shutdown.is_cancelled() {
            return given;
        }
        tokio::select! {
            () = tokio::time::sleep(GIVE_BACK) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// A job that is given up ends what it was for: an import would otherwise run for ever.
async fn give_up(app: &App, held: &Held) {
    tracing::error!(job = %held.id, kind = held.job.kind(), "job given up");
    metrics::counter!("beamline_jobs_given_up_total", "kind" => held.job.kind()).increment(1);
    if let Job::Import { import_id } | Job::Release { import_id } = &held.job {
        let error = Error::new(Code::Internal, "the import could not be finished however often it was tried; look into the log");
        if let Err(error) = finish::fail(app, import_id, &error).await {
            tracing::warn!(import = import_id, %error, "the import's end could not be noted");
        }
    }
    if let Job::Undo { operation_id } = &held.job
        && let Err(error) = crate::undo::run::give_up(app, operation_id).await
    {
        tracing::warn!(operation = operation_id, %error, "the undo's end could not be noted");
    }
}

/// Does the job; what went wrong with its own matter (a bad file) is the job's result, not an error.
async fn perform(app: &App, job: &Job) -> Result<()> {
    match job {
        Job::Import { import_id } => crate::import::run::execute(app, import_id).await.map(|_| ()),
        Job::Release { import_id } => finish::lose_held(app, import_id).await.map(|_| ()),
        Job::Undo { operation_id } => crate::undo::run::execute(app, operation_id).await,
        Job::ResolveAll => crate::catalog::resolve_all::run(app, &|_| {}).await.map(|_| ()),
        Job::Publish { channel } => crate::channels::schedule::publish(app, channel).await,
    }
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
