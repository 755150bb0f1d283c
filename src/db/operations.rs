//! Operations: one import, edit, merge or rule run; what history shows and what can be undone as one.

use super::schema::operations;
use super::{Conn, JsonText, Time};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value as JsonValue;

/// An operation as stored.
#[derive(Debug, Clone, Queryable)]
pub struct OperationRow {
    /// Id.
    pub id: String,
    /// `import`, `edit`, `stock`, `prices`, `settings`.
    pub kind: String,
    /// Who: `key:NAME`, `command`, `clock`.
    pub actor: String,
    /// What it is about: an import's id, a SKU, a supplier.
    pub subject: String,
    /// Counts and the like, for people.
    pub summary: JsonText,
    /// When it began.
    pub created_at: Time,
    /// When it ended; none while it runs.
    pub finished_at: Option<Time>,
}

macro_rules! row {
    () => {
        (
            operations::id,
            operations::kind,
            operations::actor,
            operations::subject,
            operations::summary,
            operations::created_at,
            operations::finished_at,
        )
    };
}

/// Begins an operation; its id.
pub fn operation_begin(conn: &mut Conn, kind: &str, actor: &str, subject: &str, now: DateTime<Utc>) -> Result<String> {
    let id = crate::id::new("op", now);
    diesel::insert_into(operations::table)
        .values((
            operations::id.eq(&id),
            operations::kind.eq(kind),
            operations::actor.eq(actor),
            operations::subject.eq(subject),
            operations::summary.eq(JsonText::of(&serde_json::json!({}))?),
            operations::created_at.eq(Time(now)),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Ends it, with what it did.
pub fn operation_finish(conn: &mut Conn, id: &str, summary: &JsonValue, now: DateTime<Utc>) -> Result<()> {
    diesel::update(operations::table.find(id))
        .set((operations::summary.eq(JsonText::of(summary)?), operations::finished_at.eq(Time(now))))
        .execute(conn)?;
    Ok(())
}

/// An operation that begins and ends at once.
pub fn operation_of(conn: &mut Conn, kind: &str, actor: &str, subject: &str, now: DateTime<Utc>) -> Result<String> {
    let id = operation_begin(conn, kind, actor, subject, now)?;
    operation_finish(conn, &id, &serde_json::json!({}), now)?;
    Ok(id)
}

/// One operation.
pub fn operation_by_id(conn: &mut Conn, id: &str) -> Result<Option<OperationRow>> {
    Ok(operations::table.find(id).select(row!()).first(conn).optional()?)
}

/// One page of operations, newest first, older than `before`.
pub fn operations_before(conn: &mut Conn, before: Option<&str>, limit: i64) -> Result<Vec<OperationRow>> {
    Ok(match before {
        Some(before) => operations::table
            .filter(operations::id.lt(before))
            .order(operations::id.desc())
            .limit(limit)
            .select(row!())
            .load(conn)?,
        None => operations::table.order(operations::id.desc()).limit(limit).select(row!()).load(conn)?,
    })
}
