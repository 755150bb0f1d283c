//! Every SQL statement about imports, their issues and the profiles they read with.

use super::{Counts, ImportKind, ImportMode, ImportStatus, Issue};
use crate::db::schema::{held_offers, import_issues, imports, profiles};
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
    /// The supplier's code; there may be no supplier of it yet.
    pub supplier: String,
    /// What the files are about.
    pub kind: ImportKind,
    /// As asked for; none means as the profile says.
    pub mode: Option<ImportMode>,
    /// Only tell what would change.
    pub dry_run: bool,
    /// The profile to read with (TOML), when one was given or is in force.
    pub profile: Option<String>,
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
    /// The profile it reads with (TOML); none until one is proposed.
    pub profile: Option<String>,
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
    (String, String, String, String, bool, String),
    (Option<String>, String, JsonText),
    (i64, i64, i64, i64, i64, i64, i64),
    (Option<String>, Option<String>, String, Time, Option<Time>, Option<Time>),
);

macro_rules! select_import {
    () => {
        imports::table.select((
            (imports::id, imports::supplier, imports::kind, imports::mode, imports::dry_run, imports::status),
            (imports::profile, imports::profile_name, imports::files),
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
    let ((id, supplier, kind, mode, dry_run, status), (profile, profile_name, files), counts, rest) = row;
    let (rows_read, created, updated, unchanged, rejected, warned, gone) = counts;
    let (change, error, operation_id, created_at, started_at, finished_at) = rest;
    Ok(ImportRow {
        id,
        supplier,
        kind: kind.parse()?,
        mode: if mode.is_empty() { None } else { Some(mode.parse()?) },
        dry_run,
        status: status.parse()?,
        profile,
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
            imports::supplier.eq(&import.supplier),
            imports::kind.eq(import.kind.as_str()),
            imports::mode.eq(import.mode.map_or("", ImportMode::as_str)),
            imports::dry_run.eq(import.dry_run),
            imports::status.eq(ImportStatus::Queued.as_str()),
            imports::profile.eq(&import.profile),
            imports::profile_name.eq(&import.profile_name),
            imports::files.eq(JsonText::of(&import.files)?),
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
pub fn imports_before(conn: &mut Conn, supplier: Option<&str>, before: Option<&str>, limit: i64) -> Result<Vec<ImportRow>> {
    let mut query = select_import!().order(imports::id.desc()).limit(limit).into_boxed();
    if let Some(supplier) = supplier {
        query = query.filter(imports::supplier.eq(supplier));
    }
    if let Some(before) = before {
        query = query.filter(imports::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(import_row).collect()
}

/// Which of these ids are imports.
pub fn imports_known(conn: &mut Conn, ids: &[String]) -> Result<std::collections::HashSet<String>> {
    let known: Vec<String> =
        each_backend!(conn => imports::table.filter(imports::id.eq_any(ids)).select(imports::id).load(conn))?;
    Ok(known.into_iter().collect())
}

/// Imports that are not over, oldest first.
pub fn imports_open(conn: &mut Conn, limit: i64) -> Result<Vec<ImportRow>> {
    let open = imports::status.eq(ImportStatus::Queued.as_str()).or(imports::status.eq(ImportStatus::Running.as_str()));
    let rows: Vec<Row> = select_import!().filter(open).order(imports::id).limit(limit).load(conn)?;
    rows.into_iter().map(import_row).collect()
}

/// The newest import of this supplier and kind that came after `id` and wrote something.
pub fn import_later_than(conn: &mut Conn, import: &ImportRow) -> Result<Option<String>> {
    Ok(imports::table
        .filter(imports::supplier.eq(&import.supplier).and(imports::kind.eq(import.kind.as_str())))
        .filter(imports::id.gt(&import.id).and(imports::dry_run.eq(false)).and(imports::rows_read.gt(0)))
        .order(imports::id.desc())
        .select(imports::id)
        .first(conn)
        .optional()?)
}

/// Another import of this supplier and kind that is running now.
pub fn import_running_beside(conn: &mut Conn, import: &ImportRow) -> Result<Option<String>> {
    Ok(imports::table
        .filter(imports::supplier.eq(&import.supplier).and(imports::kind.eq(import.kind.as_str())))
        .filter(imports::id.ne(&import.id).and(imports::status.eq(ImportStatus::Running.as_str())))
        .order(imports::id)
        .select(imports::id)
        .first(conn)
        .optional()?)
}

/// The import begins, or goes on after what an earlier, interrupted try has counted. False when somebody has stopped it meanwhile.
pub fn import_start(conn: &mut Conn, id: &str, profile: &str, profile_name: &str, now: DateTime<Utc>) -> Result<bool> {
    let open = imports::status.eq(ImportStatus::Queued.as_str()).or(imports::status.eq(ImportStatus::Running.as_str()));
    let begun = diesel::update(imports::table.filter(imports::id.eq(id).and(open)))
        .set((
            imports::status.eq(ImportStatus::Running.as_str()),
            imports::profile.eq(profile),
            imports::profile_name.eq(profile_name),
        ))
        .execute(conn)?;
    if begun == 0 {
        return Ok(false);
    }
    diesel::update(imports::table.filter(imports::id.eq(id).and(imports::started_at.is_null())))
        .set(imports::started_at.eq(Time(now)))
        .execute(conn)?;
    Ok(true)
}

/// Counts from nothing again; what an interrupted try told is forgotten, what it wrote stays.
pub fn import_restart(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(import_issues::table.filter(import_issues::import_id.eq(id))).execute(conn)?;
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

/// An import that goes on after all has not ended.
pub fn import_reopen(conn: &mut Conn, id: &str) -> Result<()> {
    let (never, nothing): (Option<Time>, Option<String>) = (None, None);
    diesel::update(imports::table.find(id)).set((imports::finished_at.eq(never), imports::error.eq(nothing))).execute(conn)?;
    Ok(())
}

/// Moves an import from one status to another; false when it was not in the first.
pub fn import_move(conn: &mut Conn, id: &str, from: ImportStatus, to: ImportStatus) -> Result<bool> {
    let here = imports::table.filter(imports::id.eq(id).and(imports::status.eq(from.as_str())));
    Ok(diesel::update(here).set(imports::status.eq(to.as_str())).execute(conn)? == 1)
}

/// Where it stands and how many rows are in. Asked inside the transaction that goes on, so that a person's cancel stops it between two
/// chunks, and a worker that was thought dead writes nothing beside the one that has taken its work up.
pub fn import_stage(conn: &mut Conn, id: &str) -> Result<(ImportStatus, i64)> {
    let (status, rows): (String, i64) = imports::table.find(id).select((imports::status, imports::rows_read)).first(conn)?;
    Ok((status.parse()?, rows))
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

/// What a held import would lose: an offer, or (with a warehouse) its level there; the warehouse is 0 for a catalogue.
pub type HeldLoss = (i64, i64);

/// Remembers what a held import would lose.
pub fn held_put(conn: &mut Conn, import_id: &str, losses: &[HeldLoss]) -> Result<()> {
    held_delete(conn, import_id)?;
    let rows: Vec<_> = losses
        .iter()
        .map(|(offer, warehouse)| {
            (held_offers::import_id.eq(import_id), held_offers::offer_id.eq(*offer), held_offers::warehouse_id.eq(*warehouse))
        })
        .collect();
    for part in rows.chunks(1_000) {
        each_backend!(conn => diesel::insert_into(held_offers::table).values(part.to_vec()).execute(conn))?;
    }
    Ok(())
}

/// What a held import would lose.
pub fn held_of(conn: &mut Conn, import_id: &str) -> Result<Vec<HeldLoss>> {
    Ok(held_offers::table
        .filter(held_offers::import_id.eq(import_id))
        .order((held_offers::offer_id, held_offers::warehouse_id))
        .select((held_offers::offer_id, held_offers::warehouse_id))
        .load(conn)?)
}

/// Forgets what a held import would have lost.
pub fn held_delete(conn: &mut Conn, import_id: &str) -> Result<()> {
    diesel::delete(held_offers::table.filter(held_offers::import_id.eq(import_id))).execute(conn)?;
    Ok(())
}
