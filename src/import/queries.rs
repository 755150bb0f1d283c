//! Every SQL statement about imports, their issues and the profiles they read with.

use super::{Counts, ImportKind, ImportMode, ImportStatus, Issue};
use crate::db::schema::{held_offers, import_issues, imports, profiles, suppliers};
use crate::db::{Conn, JsonText, Position, Time};
use crate::each_backend;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// One file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its own name, for people.
    pub name: String,
    /// Where the original is kept in the file store.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// An import to be stored.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// Its id.
    pub id: String,
    /// The supplier.
    pub supplier_id: i64,
    /// What the files are about.
    pub kind: ImportKind,
    /// As asked for; none means as the profile says.
    pub mode: Option<ImportMode>,
    /// Only tell what would change.
    pub dry_run: bool,
    /// The profile to read with, when one was given.
    pub profile_id: Option<i64>,
    /// Its name.
    pub profile_name: String,
    /// The files, in order.
    pub files: Vec<StoredFile>,
    /// The operation it is.
    pub operation_id: String,
}

/// An import as stored.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its id.
    pub id: String,
    /// The supplier's row id.
    pub supplier_id: i64,
    /// The supplier's code.
    pub supplier: String,
    /// What the files are about.
    pub kind: ImportKind,
    /// As asked for; none means as the profile says.
    pub mode: Option<ImportMode>,
    /// Only tell what would change.
    pub dry_run: bool,
    /// Where it stands.
    pub status: ImportStatus,
    /// The profile it reads with.
    pub profile_id: Option<i64>,
    /// That profile's name.
    pub profile_name: String,
    /// The files, in order.
    pub files: Vec<StoredFile>,
    /// What became of the rows so far.
    pub counts: Counts,
    /// The change log's point at its end.
    pub change: Option<String>,
    /// Why it failed or is held.
    pub error: Option<String>,
    /// The operation it is.
    pub operation_id: String,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

type Row = (
    (String, i64, String, String, String, bool, String),
    (Option<i64>, String, JsonText),
    (i64, i64, i64, i64, i64, i64, i64),
    (Option<String>, Option<String>, String, Time, Option<Time>, Option<Time>),
);

macro_rules! select_import {
    () => {
        imports::table.inner_join(suppliers::table).select((
            (imports::id, imports::supplier_id, suppliers::code, imports::kind, imports::mode, imports::dry_run, imports::status),
            (imports::profile_id, imports::profile_name, imports::files),
            (
                imports::rows_read,
                imports::created,
                imports::updated,
                imports::unchanged,
                imports::rejected,
                imports::warned,
                imports::gone,
            ),
            (
                imports::change,
                imports::error,
                imports::operation_id,
                imports::created_at,
                imports::started_at,
                imports::finished_at,
            ),
        ))
    };
}

fn import_row(row: Row) -> Result<ImportRow> {
    let ((id, supplier_id, supplier, kind, mode, dry_run, status), (profile_id, profile_name, files), counts, rest) = row;
    let (rows_read, created, updated, unchanged, rejected, warned, gone) = counts;
    let (change, error, operation_id, created_at, started_at, finished_at) = rest;
    Ok(ImportRow {
        id,
        supplier_id,
        supplier,
        kind: kind.parse()?,
        mode: if mode.is_empty() { None } else { Some(mode.parse()?) },
        dry_run,
        status: status.parse()?,
        profile_id,
        profile_name,
        files: files.read()?,
        counts: Counts { rows_read, created, updated, unchanged, rejected, warned, gone },
        change,
        error,
        operation_id,
        created_at: created_at.into(),
        started_at: started_at.map(Into::into),
        finished_at: finished_at.map(Into::into),
    })
}

/// Stores an accepted import.
pub fn import_insert(conn: &mut Conn, import: &NewImport, now: DateTime<Utc>) -> Result<()> {
    diesel::insert_into(imports::table)
        .values((
            imports::id.eq(&import.id),
            imports::supplier_id.eq(import.supplier_id),
            imports::kind.eq(import.kind.as_str()),
            imports::mode.eq(import.mode.map_or("", ImportMode::as_str)),
            imports::dry_run.eq(import.dry_run),
            imports::status.eq(ImportStatus::Queued.as_str()),
            imports::profile_id.eq(import.profile_id),
            imports::profile_name.eq(&import.profile_name),
            imports::files.eq(JsonText::of(&import.files)?),
            imports::progress.eq(JsonText::of(&serde_json::json!({}))?),
            imports::operation_id.eq(&import.operation_id),
            imports::created_at.eq(Time(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// One import.
pub fn import_by_id(conn: &mut Conn, id: &str) -> Result<ImportRow> {
    let row: Option<Row> = select_import!().filter(imports::id.eq(id)).first(conn).optional()?;
    row.map(import_row).transpose()?.ok_or_else(|| Error::not_found(format!("import {id}")))
}

/// One page of imports, newest first, older than `before`, of one supplier when given.
pub fn imports_before(conn: &mut Conn, supplier_id: Option<i64>, before: Option<&str>, limit: i64) -> Result<Vec<ImportRow>> {
    // The largest id there can be: an absent bound is one that everything meets.
    let before = before.unwrap_or("imp_~");
    let rows: Vec<Row> = match supplier_id {
        Some(supplier) => select_import!()
            .filter(imports::supplier_id.eq(supplier).and(imports::id.lt(before)))
            .order(imports::id.desc())
            .limit(limit)
            .load(conn)?,
        None => select_import!().filter(imports::id.lt(before)).order(imports::id.desc()).limit(limit).load(conn)?,
    };
    rows.into_iter().map(import_row).collect()
}

/// The import begins: counts from nothing, whatever an earlier, interrupted try left.
pub fn import_start(conn: &mut Conn, id: &str, profile_id: i64, profile_name: &str, now: DateTime<Utc>) -> Result<()> {
    diesel::delete(import_issues::table.filter(import_issues::import_id.eq(id))).execute(conn)?;
    diesel::update(imports::table.find(id))
        .set((
            imports::status.eq(ImportStatus::Running.as_str()),
            imports::profile_id.eq(profile_id),
            imports::profile_name.eq(profile_name),
            imports::started_at.eq(Time(now)),
        ))
        .execute(conn)?;
    import_count(conn, id, &Counts::default())
}

/// How far it is.
pub fn import_count(conn: &mut Conn, id: &str, counts: &Counts) -> Result<()> {
    diesel::update(imports::table.find(id))
        .set((
            imports::rows_read.eq(counts.rows_read),
            imports::created.eq(counts.created),
            imports::updated.eq(counts.updated),
            imports::unchanged.eq(counts.unchanged),
            imports::rejected.eq(counts.rejected),
            imports::warned.eq(counts.warned),
            imports::gone.eq(counts.gone),
        ))
        .execute(conn)?;
    Ok(())
}

/// It has ended, or waits for a person.
pub fn import_finish(
    conn: &mut Conn,
    id: &str,
    status: ImportStatus,
    error: Option<&str>,
    change: &Position,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(imports::table.find(id))
        .set((
            imports::status.eq(status.as_str()),
            imports::error.eq(error),
            imports::change.eq(change.to_string()),
            imports::finished_at.eq(Time(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Moves an import from one status to another; false when it was not in the first.
pub fn import_move(conn: &mut Conn, id: &str, from: ImportStatus, to: ImportStatus) -> Result<bool> {
    let here = imports::table.filter(imports::id.eq(id).and(imports::status.eq(from.as_str())));
    Ok(diesel::update(here).set(imports::status.eq(to.as_str())).execute(conn)? == 1)
}

/// Has a person stopped it?
pub fn import_is_cancelled(conn: &mut Conn, id: &str) -> Result<bool> {
    let status: String = imports::table.find(id).select(imports::status).first(conn)?;
    Ok(status == ImportStatus::Cancelled.as_str())
}

/// An issue as stored.
#[derive(Debug, Clone, Queryable)]
pub struct IssueRow {
    /// Row id, for paging.
    pub id: i64,
    /// The file.
    pub file: String,
    /// Record number.
    pub row_number: i64,
    /// The supplier's field.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// What stood there.
    pub raw: String,
    /// `rejected` or `warning`.
    pub severity: String,
}

/// Stores issues.
pub fn issues_insert(conn: &mut Conn, import_id: &str, file: &str, issues: &[Issue]) -> Result<()> {
    let rows: Vec<_> = issues
        .iter()
        .map(|issue| {
            (
                import_issues::import_id.eq(import_id),
                import_issues::file.eq(file),
                import_issues::row_number.eq(i64::try_from(issue.row).unwrap_or(i64::MAX)),
                import_issues::field.eq(&issue.field),
                import_issues::code.eq(&issue.code),
                // PostgreSQL keeps no NUL in a text.
                import_issues::message.eq(issue.message.replace('\0', " ")),
                import_issues::raw.eq(issue.raw.replace('\0', " ")),
                import_issues::severity.eq(issue.severity.as_str()),
            )
        })
        .collect();
    for part in rows.chunks(1_000) {
        each_backend!(conn => diesel::insert_into(import_issues::table).values(part.to_vec()).execute(conn))?;
    }
    Ok(())
}

/// One page of an import's issues in the order they were found.
pub fn issues_after(conn: &mut Conn, import_id: &str, after: i64, limit: i64) -> Result<Vec<IssueRow>> {
    Ok(import_issues::table
        .filter(import_issues::import_id.eq(import_id).and(import_issues::id.gt(after)))
        .order(import_issues::id)
        .limit(limit)
        .select((
            import_issues::id,
            import_issues::file,
            import_issues::row_number,
            import_issues::field,
            import_issues::code,
            import_issues::message,
            import_issues::raw,
            import_issues::severity,
        ))
        .load(conn)?)
}

/// How many issues of each severity and code an import has, the most frequent first.
pub fn issues_by_code(conn: &mut Conn, import_id: &str) -> Result<Vec<(String, String, i64)>> {
    let mut rows: Vec<(String, String, i64)> = import_issues::table
        .filter(import_issues::import_id.eq(import_id))
        .group_by((import_issues::severity, import_issues::code))
        .select((import_issues::severity, import_issues::code, diesel::dsl::count_star()))
        .load(conn)?;
    rows.sort_by(|a, b| (b.2, &a.1).cmp(&(a.2, &b.1)));
    Ok(rows)
}

/// A profile as stored.
#[derive(Debug, Clone, Queryable)]
pub struct ProfileRow {
    /// Row id.
    pub id: i64,
    /// Its text.
    pub toml: String,
    /// Was it proposed by us rather than written by a person?
    pub proposed: bool,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// The profile in force for a supplier's files of a kind: the newest.
pub fn profile_in_force(conn: &mut Conn, supplier_id: i64, kind: ImportKind) -> Result<Option<ProfileRow>> {
    Ok(profiles::table
        .filter(profiles::supplier_id.eq(supplier_id).and(profiles::kind.eq(kind.as_str())))
        .order(profiles::id.desc())
        .select((profiles::id, profiles::toml, profiles::proposed, profiles::fingerprint))
        .first(conn)
        .optional()?)
}

/// One profile.
pub fn profile_by_id(conn: &mut Conn, id: i64) -> Result<ProfileRow> {
    Ok(profiles::table.find(id).select((profiles::id, profiles::toml, profiles::proposed, profiles::fingerprint)).first(conn)?)
}

/// Stores a profile, unless the one in force says the same; its id.
pub fn profile_put(
    conn: &mut Conn,
    supplier_id: i64,
    kind: ImportKind,
    toml: &str,
    fingerprint: &str,
    proposed: bool,
    now: DateTime<Utc>,
) -> Result<i64> {
    match profile_in_force(conn, supplier_id, kind)? {
        Some(row) if row.fingerprint == fingerprint => Ok(row.id),
        _ => Ok(diesel::insert_into(profiles::table)
            .values((
                profiles::supplier_id.eq(supplier_id),
                profiles::kind.eq(kind.as_str()),
                profiles::toml.eq(toml),
                profiles::proposed.eq(proposed),
                profiles::fingerprint.eq(fingerprint),
                profiles::created_at.eq(Time(now)),
            ))
            .returning(profiles::id)
            .get_result(conn)?),
    }
}

/// Remembers which offers a held import would lose.
pub fn held_put(conn: &mut Conn, import_id: &str, offer_ids: &[i64]) -> Result<()> {
    diesel::delete(held_offers::table.filter(held_offers::import_id.eq(import_id))).execute(conn)?;
    let rows: Vec<_> = offer_ids.iter().map(|id| (held_offers::import_id.eq(import_id), held_offers::offer_id.eq(*id))).collect();
    for part in rows.chunks(1_000) {
        each_backend!(conn => diesel::insert_into(held_offers::table).values(part.to_vec()).execute(conn))?;
    }
    Ok(())
}

/// Which offers a held import would lose.
pub fn held_of(conn: &mut Conn, import_id: &str) -> Result<Vec<i64>> {
    Ok(held_offers::table.filter(held_offers::import_id.eq(import_id)).select(held_offers::offer_id).load(conn)?)
}
