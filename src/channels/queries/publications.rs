//! Publications: dated, immutable versions of a feed.

use crate::db::schema::publications;
use crate::db::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// A publication as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRow {
    /// Its id; the order of ids is the order of time.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// `full` or `delta`.
    pub kind: String,
    /// `published`, `held` or `failed`.
    pub state: String,
    /// Why, when it was not published.
    pub detail: Option<String>,
    /// Listings that were not in the last one.
    pub added: i64,
    /// Listings whose row is another.
    pub changed: i64,
    /// Listings that are no longer in.
    pub removed: i64,
    /// Listings whose row is the same.
    pub unchanged: i64,
    /// Its parts, as JSON.
    pub parts: serde_json::Value,
    /// What differs from the one before, as JSON.
    pub report: Option<serde_json::Value>,
    /// The publication that it repeats.
    pub of_publication: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Stores a publication.
pub fn insert_publication(conn: &mut Conn, row: &PublicationRow) -> Result<()> {
    let parts = JsonText::of(&row.parts)?;
    let report = row.report.as_ref().map(JsonText::of).transpose()?;
    each_backend!(conn => diesel::insert_into(publications::table)
        .values((
            (publications::id.eq(&row.id), publications::channel.eq(&row.channel), publications::kind.eq(&row.kind)),
            (publications::state.eq(&row.state), publications::detail.eq(&row.detail)),
            (publications::added.eq(row.added), publications::changed.eq(row.changed)),
            (publications::removed.eq(row.removed), publications::unchanged.eq(row.unchanged)),
            (publications::parts.eq(&parts), publications::report.eq(&report)),
            publications::of_publication.eq(&row.of_publication),
            publications::created_at.eq(Time(row.created_at)),
            publications::finished_at.eq(row.finished_at.map(Time)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Lets a held publication stand.
pub fn release_publication(conn: &mut Conn, row: &PublicationRow) -> Result<()> {
    diesel::update(publications::table.find(&row.id))
        .set((
            publications::state.eq(&row.state),
            publications::detail.eq(None::<String>),
            publications::finished_at.eq(row.finished_at.map(Time)),
        ))
        .execute(conn)?;
    Ok(())
}

type RawPublication = (
    (String, String, String, String, Option<String>),
    (i64, i64, i64, i64),
    (JsonText, Time, Option<Time>, Option<JsonText>, Option<String>),
);

fn publication_row(row: RawPublication) -> Result<PublicationRow> {
    let (names, (added, changed, removed, unchanged), (parts, created_at, finished_at, report, of_publication)) = row;
    let (id, channel, kind, state, detail) = names;
    Ok(PublicationRow {
        id,
        channel,
        kind,
        report: report.map(|report| report.read()).transpose()?,
        of_publication,
        state,
        detail,
        added,
        changed,
        removed,
        unchanged,
        parts: parts.read()?,
        created_at: created_at.into(),
        finished_at: finished_at.map(Into::into),
    })
}

macro_rules! select_publication {
    () => {
        publications::table.select((
            (publications::id, publications::channel, publications::kind, publications::state, publications::detail),
            (publications::added, publications::changed, publications::removed, publications::unchanged),
            (
                publications::parts,
                publications::created_at,
                publications::finished_at,
                publications::report,
                publications::of_publication,
            ),
        ))
    };
}

/// One publication of a channel.
pub fn publication(conn: &mut Conn, channel: &str, id: &str) -> Result<Option<PublicationRow>> {
    let row: Option<RawPublication> =
        select_publication!().filter(publications::id.eq(id).and(publications::channel.eq(channel))).first(conn).optional()?;
    row.map(publication_row).transpose()
}

/// Publications of a channel, newest first, before this id; of one state and kind or of all.
pub fn publications(
    conn: &mut Conn,
    channel: &str,
    only: Option<(&str, &str)>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<PublicationRow>> {
    // `~` sorts behind every id.
    let of_channel = publications::channel.eq(channel).and(publications::id.lt(before.unwrap_or("~")));
    let rows: Vec<RawPublication> = match only {
        Some((state, kind)) => select_publication!()
            .filter(of_channel.and(publications::state.eq(state)).and(publications::kind.eq(kind)))
            .order(publications::id.desc())
            .limit(limit)
            .load(conn)?,
        None => select_publication!().filter(of_channel).order(publications::id.desc()).limit(limit).load(conn)?,
    };
    rows.into_iter().map(publication_row).collect()
}

/// Removes the row of a publication whose files are gone.
pub fn delete_publication(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::delete(publications::table.find(id)).execute(conn)?;
    Ok(())
}
