//! The way through an undo: may it be, is it small enough to be done at once, and the walk that takes it back batch by batch.

use super::products::{self, Desk};
use super::{OnConflict, Report, Restored, State, possible, queries, settings, stock};
use crate::app::App;
use crate::catalog::queries::Rules;
use crate::channels::Channels;
use crate::db::operations::{self, Operation};
use crate::db::{Conn, Position, changes, lock_catalog, retention};
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, FieldError, Result};
use crate::import::ImportStatus;
use crate::import::queries::import_by_id;
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An operation of at most so many changes is undone at once; a larger one by a job.
pub const AT_ONCE: i64 = 500;
/// Changes of one transaction.
const BATCH: i64 = 500;
/// Clocks of several machines may differ by so much.
const SKEW: TimeDelta = TimeDelta::hours(1);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The operation to take back.
    pub operation: String,
    /// Only tell what would be.
    pub dry_run: bool,
    /// What to do where something was changed since.
    pub on_conflict: OnConflict,
    /// Who asks.
    pub actor: String,
}

/// What came of asking.
#[derive(Debug)]
pub enum Answer {
    /// Done, or told what would be; where the log stands with it.
    Done(Box<Report>, Position),
    /// A job works on it.
    Accepted(Box<Report>),
}

/// Which part of the operation is walked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Products,
    Stock,
    Settings,
    Over,
}

/// How far a walk is; kept with the undo, so that another worker goes on there.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Walk {
    /// Is it only being looked whether something was changed since?
    looking: bool,
    phase: Phase,
    /// The change or movement that was last looked at.
    after: i64,
    /// Where the ledger stood when the operation began.
    began: i64,
}

/// Undoes an operation, begins to, or tells what that would do.
pub async fn undo(app: &App, wanted: Wanted) -> Result<Answer> {
    let id = wanted.operation.clone();
    let small = app
        .db
        .read(move |conn| {
            may_be_undone(conn, &id)?;
            Ok(queries::change_count(conn, &id, AT_ONCE + 1)? <= AT_ONCE)
        })
        .await?;
    let (dictionary, channels, now) = (Arc::clone(&app.dictionary), Arc::clone(&app.channels), app.clock.now());
    if !small {
        let begun = move |conn: &mut Conn| {
            lock_catalog(conn)?;
            let report = begin(conn, &wanted, now)?;
            if let Some(undo) = report.undo.clone() {
                job_enqueue(conn, &Job::Undo { operation_id: undo }, now)?;
            }
            Ok(report)
        };
        return app.db.write(begun).await.map(|report| Answer::Accepted(Box::new(report)));
    }
    if wanted.dry_run {
        let look = move |conn: &mut Conn| {
            let mut report = fresh(conn, &wanted, None)?;
            while step(conn, &dictionary, &channels, &mut report, now)?.is_some() {}
            report.state = State::Done;
            Ok((report, changes::head(conn)?))
        };
        return app.db.read(look).await.map(|(report, head)| Answer::Done(Box::new(report), head));
    }
    let work = move |conn: &mut Conn| {
        lock_catalog(conn)?;
        let mut report = begin(conn, &wanted, now)?;
        let mut change = None;
        while let Some(told) = step(conn, &dictionary, &channels, &mut report, now)? {
            change = told.or(change);
        }
        if report.state == State::Stopped {
            // The transaction is taken back, and with it the operation.
            return Err(stopped(&report));
        }
        let change = match change {
            Some(change) => change,
            None => changes::head(conn)?,
        };
        Ok((report, change))
    };
    app.db.write(work).await.map(|(report, change)| Answer::Done(Box::new(report), change))
}

/// The operation, when it can be undone.
fn may_be_undone(conn: &mut Conn, id: &str) -> Result<Operation> {
    let operation = operations::get(conn, id)?.ok_or_else(|| Error::not_found(format!("operation '{id}'")))?;
    possible(&operation, retention::watermark(conn)?.as_ref())?;
    if operation.kind == "import" {
        let status = import_by_id(conn, &operation.subject)?.status;
        if matches!(status, ImportStatus::Held | ImportStatus::Running | ImportStatus::Queued) {
            let why = format!("import {} is {}; release or cancel it first", operation.subject, status.as_str());
            return Err(Error::new(Code::Conflict, why));
        }
    }
    Ok(operation)
}

fn stopped(report: &Report) -> Error {
    let fields = report.conflicts.iter().map(|conflict| FieldError {
        pointer: conflict.subject.clone(),
        code: "changed_since".to_owned(),
        message: format!(
            "{} of {} was changed since by {}",
            conflict.fields.join(", "),
            conflict.subject,
            conflict.operation.as_deref().unwrap_or("an operation that is no longer known")
        ),
    });
    let detail = format!(
        "{} things were changed since and nothing was undone; on_conflict=skip undoes the rest, dry_run=true tells what that is",
        report.conflicts_total
    );
    Error { fields: fields.collect(), ..Error::new(Code::Conflict, detail) }
}

/// A report before anything is done.
fn fresh(conn: &mut Conn, wanted: &Wanted, undo: Option<String>) -> Result<Report> {
    let operation = may_be_undone(conn, &wanted.operation)?;
    let note = (operation.kind == "rule").then(|| {
        "the rule runs every hour and does it again unless the supplier's profile says otherwise (discontinue_after_days)"
            .to_owned()
    });
    let began = queries::movement_before(conn, operation.created_at - SKEW)?;
    Ok(Report {
        operation: wanted.operation.clone(),
        undo,
        state: State::Running,
        dry_run: wanted.dry_run,
        on_conflict: wanted.on_conflict,
        restored: Restored::default(),
        conflicts_total: 0,
        conflicts: Vec::new(),
        note,
        changes_done: 0,
        changes_total: queries::change_count_all(conn, &wanted.operation)?,
        walk: Walk { looking: !wanted.dry_run && wanted.on_conflict == OnConflict::Stop, began, ..Walk::default() },
    })
}

/// Notes the undo as an operation.
fn begin(conn: &mut Conn, wanted: &Wanted, now: DateTime<Utc>) -> Result<Report> {
    let mut report = fresh(conn, wanted, None)?;
    let undo = operations::begin(conn, "undo", &wanted.actor, &wanted.operation, &report, now)?;
    operations::set_undoes(conn, &undo, &wanted.operation)?;
    if !wanted.dry_run {
        operations::set_undone_by(conn, &wanted.operation, Some(&undo))?;
    }
    report.undo = Some(undo);
    note(conn, &report)?;
    Ok(report)
}

fn note(conn: &mut Conn, report: &Report) -> Result<()> {
    report.undo.as_deref().map_or(Ok(()), |undo| operations::note(conn, undo, report))
}

/// Some operation's end: what it took back stands again when it was an undo itself.
fn finish(conn: &mut Conn, report: &mut Report, state: State, now: DateTime<Utc>) -> Result<()> {
    report.state = state;
    let Some(undo) = &report.undo else { return Ok(()) };
    if !report.dry_run {
        if state == State::Stopped {
            operations::set_undone_by(conn, &report.operation, None)?;
        } else if let Some(first) = operations::get(conn, &report.operation)?.and_then(|operation| operation.undoes) {
            operations::set_undone_by(conn, &first, None)?;
        }
    }
    operations::finish(conn, undo, report, now)
}

/// One batch of the walk. None when it is over; else where the log stands with it, when it wrote anything.
#[expect(clippy::option_option, reason = "over, nothing told, and told are three things")]
fn step(
    conn: &mut Conn,
    dictionary: &Arc<Dictionary>,
    channels: &Channels,
    report: &mut Report,
    now: DateTime<Utc>,
) -> Result<Option<Option<Position>>> {
    let (of, undo) = (report.operation.clone(), report.undo.clone());
    let writes = !report.dry_run && !report.walk.looking;
    let rules = Rules::load(conn, dictionary)?;
    let first = queries::first_change(conn, &of)?.unwrap_or(0);
    let desk = Desk { rules: &rules, of: &of, first, undo: undo.as_deref().filter(|_| writes), now };
    let after = report.walk.after;
    let told = match report.walk.phase {
        Phase::Products => {
            let some = queries::changes_after(conn, &of, after, BATCH)?;
            match some.last() {
                Some((last, _)) => {
                    report.walk.after = *last;
                    report.changes_done += i64::try_from(some.len()).unwrap_or(0);
                    let touched = some.iter().filter_map(|(_, product)| *product).collect();
                    products::step(conn, &desk, report, touched, after)?
                }
                None => turn(report, Phase::Stock, report.walk.began),
            }
        }
        Phase::Stock => {
            let some = queries::movements_of(conn, &of, after, BATCH)?;
            match some.last() {
                Some((last, _)) => {
                    report.walk.after = *last;
                    let offers: BTreeSet<i64> = some.iter().map(|(_, offer)| *offer).collect();
                    stock::step(conn, &desk, report, &offers, report.walk.began, after)?
                }
                None => turn(report, Phase::Settings, 0),
            }
        }
        Phase::Settings => {
            let told = settings::step(conn, &desk, channels, report)?;
            turn(report, Phase::Over, 0);
            told
        }
        Phase::Over if report.walk.looking => {
            if report.conflicts_total > 0 {
                finish(conn, report, State::Stopped, now)?;
                return Ok(None);
            }
            // Nothing was changed since: now in earnest.
            report.walk = Walk { began: report.walk.began, ..Walk::default() };
            (report.restored, report.changes_done) = (Restored::default(), 0);
            Vec::new()
        }
        Phase::Over => {
            if report.undo.is_some() {
                finish(conn, report, State::Done, now)?;
            }
            return Ok(None);
        }
    };
    let position = if told.is_empty() || !writes { None } else { Some(changes::append(conn, now, &told)?) };
    Ok(Some(position))
}

fn turn(report: &mut Report, phase: Phase, after: i64) -> Vec<crate::db::NewChange> {
    (report.walk.phase, report.walk.after) = (phase, after);
    Vec::new()
}

/// Works a large undo off, batch by batch, each in a transaction of its own with its progress. Safe to repeat.
pub async fn execute(app: &App, undo: &str) -> Result<()> {
    loop {
        let (dictionary, channels, now) = (Arc::clone(&app.dictionary), Arc::clone(&app.channels), app.clock.now());
        let undo = undo.to_owned();
        let work = move |conn: &mut Conn| {
            lock_catalog(conn)?;
            let Some(mut report) = running(conn, &undo)? else { return Ok(false) };
            let more = step(conn, &dictionary, &channels, &mut report, now)?.is_some();
            if more {
                note(conn, &report)?;
            }
            Ok(more)
        };
        if !app.db.write(work).await? {
            return Ok(());
        }
    }
}

/// The report of an undo that is not over.
fn running(conn: &mut Conn, undo: &str) -> Result<Option<Report>> {
    let operation = operations::get(conn, undo)?.ok_or_else(|| Error::not_found(format!("operation '{undo}'")))?;
    if operation.finished_at.is_some() { Ok(None) } else { Ok(Some(serde_json::from_value(operation.summary)?)) }
}

/// Ends an undo whose job was given up; what it took back by then can be brought back by undoing it.
pub async fn give_up(app: &App, undo: &str) -> Result<()> {
    let (undo, now) = (undo.to_owned(), app.clock.now());
    app.db
        .write(move |conn| match running(conn, &undo)? {
            Some(mut report) => finish(conn, &mut report, State::Failed, now),
            None => Ok(()),
        })
        .await
}

/// A given-up undo is to go on where it was. Not one that was undone itself since.
pub fn reopen(conn: &mut Conn, undo: &str) -> Result<()> {
    let operation = operations::get(conn, undo)?.ok_or_else(|| Error::not_found(format!("operation '{undo}'")))?;
    if operation.finished_at.is_none() {
        return Ok(());
    }
    let mut report: Report = serde_json::from_value(operation.summary)?;
    if report.state != State::Failed || operation.undone_by.is_some() {
        return Err(Error::new(Code::Conflict, format!("the undo {undo} is over; discard its job")));
    }
    report.state = State::Running;
    note(conn, &report)?;
    operations::reopen(conn, undo)
}
