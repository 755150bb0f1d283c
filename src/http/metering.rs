//! What is counted and timed: every metric's name, unit and meaning; and what is looked up when somebody asks.
//!
//! Counters and histograms are kept where the work is done. How long the queue is and how far each reader is behind is asked of the
//! database at the scrape itself, so that it is right then, and nobody works for it when nobody looks. Labels have few values, known
//! beforehand: kinds, stages, channels; never a supplier or a SKU.

use crate::app::App;
use crate::channels::follow;
use crate::db::{Conn, changes};
use crate::error::Result;
use crate::jobs::queries::{Standing, jobs_standing};
use crate::jobs::{Job, JobStatus};
use ::metrics::{Unit, gauge};
use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

/// Upper bounds of what is answered while somebody waits, in seconds.
const WAITED_FOR: [f64; 13] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of work in the background, in seconds.
const LONG: [f64; 12] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0];
/// What takes long.
const LONG_ONES: [&str; 3] = ["beamline_import_seconds", "beamline_job_seconds", "beamline_publication_seconds"];

/// What kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Histogram,
    /// Asked for at the scrape.
    Asked,
    Gauge,
}

use Kind::{Asked, Counter, Gauge, Histogram};

/// Every metric there is: name, kind, unit, meaning. docs/operations.md lists the same.
const ALL: [(&str, Kind, Unit, &str); 31] = [
    ("beamline_http_requests_total", Counter, Unit::Count, "Requests answered, by method, route and status"),
    ("beamline_http_request_duration_seconds", Histogram, Unit::Seconds, "Time to the head of the answer, by method and route"),
    ("beamline_http_requests_in_flight", Gauge, Unit::Count, "Requests being worked on"),
    (
        "beamline_images_collected_total",
        Counter,
        Unit::Count,
        "Addresses of pictures that were asked, by outcome: kept, unchanged, later, unusable",
    ),
    ("beamline_renditions_total", Counter, Unit::Count, "Renditions of pictures that were made"),
    ("beamline_imports_total", Counter, Unit::Count, "Imports that ended, by kind and status"),
    ("beamline_import_seconds", Histogram, Unit::Seconds, "Time from an import's begin to its end, by kind"),
    ("beamline_import_stage_rows_total", Counter, Unit::Count, "Rows that left a stage of an import: read, understand, write"),
    ("beamline_import_rows_total", Counter, Unit::Count, "Rows by kind and outcome: created, updated, unchanged, rejected"),
    ("beamline_import_chunks_total", Counter, Unit::Count, "Chunks written, 500 rows each"),
    (
        "beamline_import_stage_seconds",
        Histogram,
        Unit::Seconds,
        "Time of a transaction's chunks in a stage: read, understand, wait (the writer for rows), lock, write, commit; look_ahead is once a file",
    ),
    ("beamline_jobs", Asked, Unit::Count, "Jobs by kind and status: queued, running, dead"),
    ("beamline_job_oldest_due_seconds", Asked, Unit::Seconds, "How long the job has waited that has been due longest"),
    ("beamline_job_attempts_total", Counter, Unit::Count, "Tries by kind and outcome: done, failed, waits, returned, lost"),
    ("beamline_job_seconds", Histogram, Unit::Seconds, "Time of one try, by kind"),
    ("beamline_jobs_given_up_total", Counter, Unit::Count, "Jobs given up by this process, by kind"),
    ("beamline_db_connection_wait_seconds", Histogram, Unit::Seconds, "Wait for a free connection: read, write, rehearsal"),
    ("beamline_db_write_lock_wait_seconds", Histogram, Unit::Seconds, "Wait of a writer until it is the only one"),
    (
        "beamline_db_transaction_seconds",
        Histogram,
        Unit::Seconds,
        "Time of a transaction, its end included: read, write, rehearsal",
    ),
    ("beamline_db_slow_statements_total", Counter, Unit::Count, "Statements that took longer than --slow-query-ms"),
    ("beamline_db_connections", Asked, Unit::Count, "Open connections, by pool and whether in use"),
    ("beamline_change_log_sequence", Asked, Unit::Count, "Number of the newest committed change"),
    ("beamline_reader_lag_changes", Asked, Unit::Count, "Changes that a reader of the log has still to read: search, listings"),
    ("beamline_reader_lag_seconds", Asked, Unit::Seconds, "Age of the oldest of them; 0 when there is none"),
    ("beamline_index_documents_total", Counter, Unit::Count, "Products written to the search index"),
    ("beamline_index_commit_seconds", Histogram, Unit::Seconds, "Time of a commit of the search index"),
    ("beamline_index_products", Asked, Unit::Count, "Products that searches see"),
    ("beamline_publications_total", Counter, Unit::Count, "Publications by channel and state: published, held, failed, error"),
    ("beamline_publication_seconds", Histogram, Unit::Seconds, "Time of a publication, by channel"),
    ("beamline_publication_bytes_total", Counter, Unit::Bytes, "Bytes stored for publications, both forms, by channel"),
    ("beamline_publication_listings_total", Counter, Unit::Count, "Listings in publications, by channel"),
];

/// A recorder of what is counted where the work is done.
pub(super) fn recorder() -> Option<PrometheusRecorder> {
    let mut builder = PrometheusBuilder::new().set_buckets(&WAITED_FOR).ok()?;
    for name in LONG_ONES {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &LONG).ok()?;
    }
    Some(builder.build_recorder())
}

/// Tells the recorder in force what its metrics mean.
pub(super) fn describe() {
    describe_all(|kind| kind != Asked);
}

fn describe_all(wanted: impl Fn(Kind) -> bool) {
    for (name, kind, unit, help) in ALL.into_iter().filter(|(_, kind, ..)| wanted(*kind)) {
        match kind {
            Counter => ::metrics::describe_counter!(name, unit, help),
            Histogram => ::metrics::describe_histogram!(name, unit, help),
            Asked | Gauge => ::metrics::describe_gauge!(name, unit, help),
        }
    }
}

/// What the database says.
struct Answer {
    jobs: Vec<Standing>,
    sequence: i64,
    lags: Vec<(&'static str, i64, Option<DateTime<Utc>>)>,
}

/// The metrics that are asked for now, in Prometheus's text format. They are of this house alone and of this moment, so they have a
/// recorder of their own, which is gone with the answer.
pub(super) async fn asked(app: &App) -> Result<String> {
    let readers = [("search", app.search.position()), ("listings", follow::position(app).await?)];
    let work = move |conn: &mut Conn| {
        let mut lags = Vec::with_capacity(readers.len());
        for (reader, position) in &readers {
            if let Some(position) = position {
                let (behind, oldest) = changes::lag(conn, position)?;
                lags.push((*reader, behind, oldest));
            }
        }
        Ok(Answer { jobs: jobs_standing(conn)?, sequence: changes::newest_seq(conn)?, lags })
    };
    let answer = app.db.read(work).await?;
    let recorder = PrometheusBuilder::new().build_recorder();
    ::metrics::with_local_recorder(&recorder, || {
        describe_all(|kind| kind == Asked);
        set(app, &answer);
    });
    Ok(recorder.handle().render())
}

#[allow(clippy::cast_precision_loss)] // Gauges are floats; none of these comes near 2^53.
fn set(app: &App, answer: &Answer) {
    let now = app.clock.now();
    let age = |since: Option<DateTime<Utc>>| since.map_or(0.0, |since| (now - since).num_milliseconds().max(0) as f64 / 1_000.0);
    for kind in Job::KINDS {
        for status in [JobStatus::Queued, JobStatus::Running, JobStatus::Dead].map(JobStatus::as_str) {
            let found = answer.jobs.iter().find(|standing| standing.kind == kind && standing.status == status);
            gauge!("beamline_jobs", "kind" => kind, "status" => status).set(found.map_or(0, |standing| standing.count) as f64);
        }
    }
    let queued = answer.jobs.iter().filter(|standing| standing.status == JobStatus::Queued.as_str());
    gauge!("beamline_job_oldest_due_seconds").set(age(queued.filter_map(|standing| standing.first_due).min()));
    gauge!("beamline_change_log_sequence").set(answer.sequence as f64);
    for (reader, behind, oldest) in &answer.lags {
        gauge!("beamline_reader_lag_changes", "reader" => *reader).set(*behind as f64);
        gauge!("beamline_reader_lag_seconds", "reader" => *reader).set(age(*oldest));
    }
    gauge!("beamline_index_products").set(app.search.products() as f64);
    for (pool, busy, idle) in app.db.connections() {
        gauge!("beamline_db_connections", "pool" => pool, "state" => "busy").set(busy as f64);
        gauge!("beamline_db_connections", "pool" => pool, "state" => "idle").set(idle as f64);
    }
}

#[cfg(test)]
mod tests;
