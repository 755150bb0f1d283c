//! Every SQL statement of the job queue.

use super::{Job, JobStatus, LEASE, MAX_ATTEMPTS};
use crate::db::schema::jobs;
use crate::db::{Conn, JsonText, Time};
use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

/// A job that this worker holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub job: Job,
    /// How often it has been tried, this time included.
    pub attempts: i32,
}

/// Puts a job into the queue, inside the caller's transaction.
pub fn job_enqueue(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> Result<String> {
    insert(conn, job, "queued", None, now)
}

/// Puts a job in that this worker begins at once: a command that does its own work, yet may be killed.
pub fn job_begin(conn: &mut Conn, job: &Job, worker: &str, now: DateTime<Utc>) -> Result<String> {
    insert(conn, job, "running", Some(worker), now)
}

fn insert(conn: &mut Conn, job: &Job, state: &str, worker: Option<&str>, now: DateTime<Utc>) -> Result<String> {
    let id = crate::id::new("job", now);
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(&id),
            jobs::kind.eq(job.kind()),
            jobs::payload.eq(JsonText::of(job)?),
            jobs::state.eq(state),
            jobs::attempts.eq(i32::from(worker.is_some())),
            jobs::run_at.eq(Time(now)),
            jobs::leased_by.eq(worker),
            jobs::lease_until.eq(worker.map(|_| Time(now + LEASE))),
            jobs::created_at.eq(Time(now)),
        ))
        .execute(conn)?;
    Ok(id)
}

macro_rules! due {
    ($now:expr) => {{
        let due = jobs::state.eq("queued").and(jobs::run_at.le(Time($now)));
        let silent = jobs::state.eq("running").and(jobs::lease_until.lt(Time($now)).assume_not_null());
        jobs::table.filter(due.or(silent)).order((jobs::run_at, jobs::id)).select(jobs::id).limit(1)
    }};
}

/// Is there anything to take? A look that writes nothing.
pub fn job_is_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool> {
    let next: Option<String> = due!(now).first(conn).optional()?;
    Ok(next.is_some())
}

/// What a look into the queue brought.
#[derive(Debug, Clone)]
pub enum Claimed {
    /// A job to be done now.
    Work(Held),
    /// A job whose workers died too often; it is given up now.
    GivenUp(Held),
    /// Nothing is due.
    Nothing,
}

/// Takes the next job that is due, or whose worker fell silent. One that has been tried too often is given up: whatever it does to its
/// worker, it will do again.
pub fn job_claim(conn: &mut Conn, worker: &str, now: DateTime<Utc>) -> Result<Claimed> {
    let candidates = due!(now);
    let next: Option<String> = match conn {
        Conn::Sqlite(conn) => candidates.first(conn).optional()?,
        Conn::Postgres(conn) => candidates.for_update().skip_locked().first(conn).optional()?,
    };
    let Some(id) = next else { return Ok(Claimed::Nothing) };
    let (payload, attempts): (JsonText, i32) = jobs::table.find(&id).select((jobs::payload, jobs::attempts)).first(conn)?;
    let held = Held { id: id.clone(), job: payload.read()?, attempts: attempts + 1 };
    if attempts >= MAX_ATTEMPTS {
        let why = format!("its worker died {attempts} times");
        diesel::update(jobs::table.find(&id))
            .set((jobs::state.eq("dead"), jobs::error.eq(why), jobs::finished_at.eq(Time(now))))
            .execute(conn)?;
        return Ok(Claimed::GivenUp(held));
    }
    diesel::update(jobs::table.find(&id))
        .set((
            jobs::state.eq("running"),
            jobs::attempts.eq(attempts + 1),
            jobs::leased_by.eq(worker),
            jobs::lease_until.eq(Time(now + LEASE)),
        ))
        .execute(conn)?;
    Ok(Claimed::Work(held))
}

macro_rules! mine {
    ($id:expr, $worker:expr) => {
        jobs::table.filter(jobs::id.eq($id).and(jobs::leased_by.eq($worker)).and(jobs::state.eq("running")))
    };
}

/// Renews the lease; false when another worker has taken the job up.
pub fn job_renew(conn: &mut Conn, id: &str, worker: &str, now: DateTime<Utc>) -> Result<bool> {
    Ok(diesel::update(mine!(id, worker)).set(jobs::lease_until.eq(Time(now + LEASE))).execute(conn)? == 1)
}

/// The job is done; false when it was another worker's by then.
pub fn job_finish(conn: &mut Conn, id: &str, worker: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = (jobs::state.eq("done"), jobs::finished_at.eq(Time(now)));
    Ok(diesel::update(mine!(id, worker)).set(done).execute(conn)? == 1)
}

/// The job failed: it is tried again after `retry_in`, or given up when that is none.
pub fn job_fail(
    conn: &mut Conn,
    id: &str,
    worker: &str,
    error: &str,
    retry_in: Option<TimeDelta>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let state = if retry_in.is_some() { "queued" } else { "dead" };
    let failed = (
        jobs::state.eq(state),
        jobs::error.eq(error),
        jobs::run_at.eq(Time(now + retry_in.unwrap_or_default())),
        jobs::finished_at.eq(retry_in.is_none().then_some(Time(now))),
    );
    Ok(diesel::update(mine!(id, worker)).set(failed).execute(conn)? == 1)
}

/// Gives the job back unfinished, to be taken up after `pause`; the try does not count.
pub fn job_return(conn: &mut Conn, id: &str, worker: &str, pause: TimeDelta, now: DateTime<Utc>) -> Result<bool> {
    let back = (jobs::state.eq("queued"), jobs::attempts.eq(jobs::attempts - 1), jobs::run_at.eq(Time(now + pause)));
    Ok(diesel::update(mine!(id, worker)).set(back).execute(conn)? == 1)
}

/// Jobs that were given up, newest first: id, kind, error.
pub fn jobs_dead(conn: &mut Conn, limit: i64) -> Result<Vec<(String, String, Option<String>)>> {
    Ok(jobs::table
        .filter(jobs::state.eq("dead"))
        .order(jobs::id.desc())
        .limit(limit)
        .select((jobs::id, jobs::kind, jobs::error))
        .load(conn)?)
}

macro_rules! silent_since {
    ($since:expr) => {
        jobs::table.filter(jobs::state.eq("running").and(jobs::lease_until.lt(Time($since)).assume_not_null()))
    };
}

/// Jobs whose worker's lease ran out before `since`: id and kind.
pub fn jobs_silent(conn: &mut Conn, since: DateTime<Utc>, limit: i64) -> Result<Vec<(String, String)>> {
    Ok(silent_since!(since).order(jobs::id).limit(limit).select((jobs::id, jobs::kind)).load(conn)?)
}

/// Puts the jobs of such workers into the queue again; how many.
pub fn jobs_give_back(conn: &mut Conn, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<usize> {
    Ok(diesel::update(silent_since!(since)).set((jobs::state.eq("queued"), jobs::run_at.eq(Time(now)))).execute(conn)?)
}

/// Is there a job of this import that is still to be done, or being done?
pub fn job_of_import_is_alive(conn: &mut Conn, import_id: &str) -> Result<bool> {
    let alive: Vec<JsonText> = jobs::table
        .filter(jobs::kind.eq("import").or(jobs::kind.eq("release")))
        .filter(jobs::state.eq("queued").or(jobs::state.eq("running")))
        .select(jobs::payload)
        .load(conn)?;
    for job in alive {
        if let Job::Import { import_id: of } | Job::Release { import_id: of } = job.read()?
            && of == import_id
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts a job in, unless the same is waiting already: it would find nothing left to do.
pub fn job_enqueue_once(conn: &mut Conn, job: &Job, now: DateTime<Utc>) -> Result<()> {
    let payload = JsonText::of(job)?;
    let waiting: Vec<JsonText> =
        jobs::table.filter(jobs::kind.eq(job.kind()).and(jobs::state.eq("queued"))).select(jobs::payload).load(conn)?;
    if !waiting.contains(&payload) {
        job_enqueue(conn, job, now)?;
    }
    Ok(())
}

/// A job as stored.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// Its id; ids are in the order of their making.
    pub id: String,
    /// What is to be done.
    pub job: Job,
    /// Where it stands.
    pub status: JobStatus,
    /// How often it was tried since it was last put into the queue.
    pub attempts: i32,
    /// When it may be tried next, or was due last.
    pub run_at: DateTime<Utc>,
    /// Until when its worker has it, unless it says that it is still there.
    pub lease_until: Option<DateTime<Utc>>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was put in.
    pub created_at: DateTime<Utc>,
    /// When it was done or given up.
    pub finished_at: Option<DateTime<Utc>>,
}

type Row = (String, JsonText, String, i32, Time, Option<Time>, Option<String>, Time, Option<Time>);
type Columns = (
    jobs::id,
    jobs::payload,
    jobs::state,
    jobs::attempts,
    jobs::run_at,
    jobs::lease_until,
    jobs::error,
    jobs::created_at,
    jobs::finished_at,
);

const COLUMNS: Columns = (
    jobs::id,
    jobs::payload,
    jobs::state,
    jobs::attempts,
    jobs::run_at,
    jobs::lease_until,
    jobs::error,
    jobs::created_at,
    jobs::finished_at,
);

fn shape((id, payload, state, attempts, run_at, lease_until, error, created_at, finished_at): Row) -> Result<JobRow> {
    let status = JobStatus::parse(&state).ok_or_else(|| Error::internal(format!("job {id} is '{state}'")))?;
    Ok(JobRow {
        id,
        job: payload.read()?,
        status,
        attempts,
        run_at: run_at.into(),
        lease_until: lease_until.filter(|_| status == JobStatus::Running).map(Into::into),
        error,
        created_at: created_at.into(),
        finished_at: finished_at.map(Into::into),
    })
}

/// One job.
pub fn job_by_id(conn: &mut Conn, id: &str) -> Result<JobRow> {
    let row: Option<Row> = jobs::table.find(id).select(COLUMNS).first(conn).optional()?;
    row.map(shape).transpose()?.ok_or_else(|| Error::not_found(format!("job '{id}'")))
}

/// Jobs, newest first, before the id `before`, of one status or kind when given.
pub fn jobs_before(
    conn: &mut Conn,
    status: Option<JobStatus>,
    kind: Option<&str>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<JobRow>> {
    let mut query = jobs::table.select(COLUMNS).order(jobs::id.desc()).limit(limit).into_boxed();
    if let Some(status) = status {
        query = query.filter(jobs::state.eq(status.as_str()));
    }
    if let Some(kind) = kind {
        query = query.filter(jobs::kind.eq(kind));
    }
    if let Some(before) = before {
        query = query.filter(jobs::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(shape).collect()
}

/// Puts a dead job into the queue again as if it were new; its last error stays to be read.
pub fn job_revive(conn: &mut Conn, id: &str, now: DateTime<Utc>) -> Result<()> {
    let never: Option<Time> = None;
    let again = (
        jobs::state.eq(JobStatus::Queued.as_str()),
        jobs::attempts.eq(0),
        jobs::run_at.eq(Time(now)),
        jobs::finished_at.eq(never),
    );
    diesel::update(jobs::table.find(id)).set(again).execute(conn)?;
    Ok(())
}

/// Notes that nobody wants a dead job done any more.
pub fn job_discard(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::update(jobs::table.find(id)).set(jobs::state.eq(JobStatus::Discarded.as_str())).execute(conn)?;
    Ok(())
}

/// How many jobs of a kind are in a status, and since when the first of them has been due.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its kind.
    pub kind: String,
    /// `queued`, `running` or `dead`.
    pub status: String,
    /// How many.
    pub count: i64,
    /// When the first of them is, or was, due.
    pub first_due: Option<DateTime<Utc>>,
}

/// What is in the queue; jobs that are done with are not looked at.
pub fn jobs_standing(conn: &mut Conn) -> Result<Vec<Standing>> {
    type Found = (String, String, i64, Option<Time>);
    let open = jobs::state.eq("queued").or(jobs::state.eq("running")).or(jobs::state.eq("dead"));
    let rows: Vec<Found> = jobs::table
        .filter(open)
        .group_by((jobs::kind, jobs::state))
        .select((
            jobs::kind,
            jobs::state,
            diesel::dsl::count_star(),
            diesel::dsl::sql::<diesel::sql_types::Nullable<crate::db::types::UtcTime>>("MIN(run_at)"),
        ))
        .load(conn)?;
    let standing =
        |(kind, status, count, first_due): Found| Standing { kind, status, count, first_due: first_due.map(Into::into) };
    Ok(rows.into_iter().map(standing).collect())
}
