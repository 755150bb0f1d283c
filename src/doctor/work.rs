//! Imports and jobs: nothing is stuck, nothing is forgotten.

use super::{Finding, decided, derived, listed, mended};
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::import::ImportStatus;
use crate::import::queries::{ImportRow, imports_open};
use crate::jobs::Job;
use crate::jobs::queries::{job_enqueue, job_of_import_is_alive, jobs_dead, jobs_give_back, jobs_silent};
use chrono::TimeDelta;

/// How long a lease must have run out: whoever works on the queue would have taken its job up by then.
const SILENT: TimeDelta = TimeDelta::seconds(30);

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let since = app.clock.now() - SILENT;
    let (imports, dead, silent) =
        app.db.read(move |conn| Ok((stuck(conn)?, jobs_dead(conn, listed())?, jobs_silent(conn, since, listed())?))).await?;
    let stuck = imports.into_iter().map(|import| {
        let state = import.status.as_str();
        if import.status == ImportStatus::Queued {
            derived("imports", "stuck", import.id, format!("is {state} and no job is there for it; put it into the queue again"))
        } else {
            let advice = "retry its job if one is listed here, else cancel it and send the file again";
            decided("imports", "stuck", import.id, format!("is {state} and nobody works on it; {advice}"))
        }
    });
    let dead = dead.into_iter().map(|(id, kind, error)| {
        let why = error.unwrap_or_else(|| "no reason was noted".to_owned());
        let advice = format!("POST /api/v1/jobs/{id}/retry when the reason is gone, or /discard");
        decided("jobs", "dead", id, format!("the {kind} job was given up: {why}; {advice}"))
    });
    let silent = silent.into_iter().map(|(id, kind)| {
        let what =
            format!("the worker of this {kind} job is gone and nobody has taken it up; start 'beamline serve', or give it back");
        derived("jobs", "lease", id, what)
    });
    Ok(stuck.chain(dead).chain(silent).collect())
}

/// Unfinished imports that no living job is for.
fn stuck(conn: &mut Conn) -> Result<Vec<ImportRow>> {
    let mut stuck = Vec::new();
    for import in imports_open(conn, listed())? {
        if !job_of_import_is_alive(conn, &import.id)? {
            stuck.push(import);
        }
    }
    Ok(stuck)
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        let given_back = jobs_give_back(conn, now - SILENT, now)?;
        let mut queued = Vec::new();
        for import in stuck(conn)?.into_iter().filter(|import| import.status == ImportStatus::Queued) {
            job_enqueue(conn, &Job::Import { import_id: import.id.clone() }, now)?;
            queued.push(import.id);
        }
        Ok((given_back, queued))
    };
    let (given_back, queued) = app.db.write(work).await?;
    let mut done: Vec<Finding> =
        queued.into_iter().map(|id| mended("imports", "queued", id, "was put into the queue again")).collect();
    if given_back > 0 {
        done.push(mended("jobs", "lease", "jobs", format!("{given_back} jobs of workers that are gone wait in the queue again")));
    }
    Ok(done)
}
