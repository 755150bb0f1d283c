//! Operations: one import, one edit, one merge; what changes are grouped by, and what can be undone as one.

use super::schema::operations;
use super::{Conn, JsonText, Time};
use crate::error::Result;
use crate::id;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value as JsonValue;

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Id, `op_…`; ids are in the order of their making.
    pub id: String,
    /// `import`, `edit`, `stock`, `settings`, `rule`, `undo`, `key`, `resolve`, `repair`, `images`, `image`.
    pub kind: String,
    /// Who did it: `key:NAME`, `command`, `demo`, or `job` for work that nobody in particular asked for.
    pub actor: String,
    /// What it was done to: an import's id, a SKU, a supplier's code.
    pub subject: String,
    /// What came of it.
    pub summary: JsonValue,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ended; none while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// The operation that it takes back.
    pub undoes: Option<String>,
    /// The operation that takes it back.
    pub undone_by: Option<String>,
}

/// Which operations are wanted.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only on this subject.
    pub subject: Option<String>,
}

/// Begins an operation; [`finish`] ends it.
pub fn begin<S: Serialize>(
    conn: &mut Conn,
    kind: &str,
    actor: &str,
    subject: &str,
    summary: &S,
    now: DateTime<Utc>,
) -> Result<String> {
    insert(conn, kind, actor, subject, summary, now, None)
}

/// Notes an operation that ends with the transaction it is part of.
pub fn record<S: Serialize>(
    conn: &mut Conn,
    kind: &str,
    actor: &str,
    subject: &str,
    summary: &S,
    now: DateTime<Utc>,
) -> Result<String> {
    insert(conn, kind, actor, subject, summary, now, Some(now))
}

fn insert<S: Serialize>(
    conn: &mut Conn,
    kind: &str,
    actor: &str,
    subject: &str,
    summary: &S,
    now: DateTime<Utc>,
    finished: Option<DateTime<Utc>>,
) -> Result<String> {
    let id = id::new("op", now);
    diesel::insert_into(operations::table)
        .values((
            operations::id.eq(&id),
            operations::kind.eq(kind),
            operations::actor.eq(actor),
            operations::subject.eq(subject),
            operations::summary.eq(JsonText::of(summary)?),
            operations::created_at.eq(Time(now)),
            operations::finished_at.eq(finished.map(Time)),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Ends an operation with what came of it.
pub fn finish<S: Serialize>(conn: &mut Conn, id: &str, summary: &S, now: DateTime<Utc>) -> Result<()> {
    diesel::update(operations::table.filter(operations::id.eq(id)))
        .set((operations::summary.eq(JsonText::of(summary)?), operations::finished_at.eq(Some(Time(now)))))
        .execute(conn)?;
    Ok(())
}

/// An operation that was ended is going on after all.
pub fn reopen(conn: &mut Conn, id: &str) -> Result<()> {
    let never: Option<Time> = None;
    diesel::update(operations::table.filter(operations::id.eq(id))).set(operations::finished_at.eq(never)).execute(conn)?;
    Ok(())
}

/// One operation by id.
pub fn get(conn: &mut Conn, id: &str) -> Result<Option<Operation>> {
    let row: Option<Row> = operations::table.filter(operations::id.eq(id)).select(columns()).first(conn).optional()?;
    row.map(shape).transpose()
}

/// Operations, newest first, before the id `before`.
pub fn list(conn: &mut Conn, filter: &OperationFilter, before: Option<&str>, limit: i64) -> Result<Vec<Operation>> {
    let mut query = operations::table.select(columns()).order(operations::id.desc()).limit(limit).into_boxed();
    if let Some(kind) = &filter.kind {
        query = query.filter(operations::kind.eq(kind));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(operations::subject.eq(subject));
    }
    if let Some(before) = before {
        query = query.filter(operations::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(shape).collect()
}

/// Notes what an unfinished operation has done so far.
pub fn note<S: Serialize>(conn: &mut Conn, id: &str, summary: &S) -> Result<()> {
    diesel::update(operations::table.filter(operations::id.eq(id)))
        .set(operations::summary.eq(JsonText::of(summary)?))
        .execute(conn)?;
    Ok(())
}

/// Notes which operation this one takes back.
pub fn set_undoes(conn: &mut Conn, id: &str, undoes: &str) -> Result<()> {
    diesel::update(operations::table.filter(operations::id.eq(id))).set(operations::undoes.eq(undoes)).execute(conn)?;
    Ok(())
}

/// Notes by which operation this one was taken back; none when it stands again.
pub fn set_undone_by(conn: &mut Conn, id: &str, by: Option<&str>) -> Result<()> {
    diesel::update(operations::table.filter(operations::id.eq(id))).set(operations::undone_by.eq(by)).execute(conn)?;
    Ok(())
}

type Row = (String, String, String, String, JsonText, Time, Option<Time>, (Option<String>, Option<String>));
type Columns = (
    operations::id,
    operations::kind,
    operations::actor,
    operations::subject,
    operations::summary,
    operations::created_at,
    operations::finished_at,
    (operations::undoes, operations::undone_by),
);

fn columns() -> Columns {
    (
        operations::id,
        operations::kind,
        operations::actor,
        operations::subject,
        operations::summary,
        operations::created_at,
        operations::finished_at,
        (operations::undoes, operations::undone_by),
    )
}

fn shape((id, kind, actor, subject, summary, created_at, finished_at, (undoes, undone_by)): Row) -> Result<Operation> {
    Ok(Operation {
        id,
        kind,
        actor,
        subject,
        summary: summary.read()?,
        created_at: created_at.into(),
        finished_at: finished_at.map(Into::into),
        undoes,
        undone_by,
    })
}
