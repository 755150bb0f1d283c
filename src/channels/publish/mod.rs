//! Publications: the rows of a channel become the parts of a feed, which are stored once and never change.
//!
//! The parts are written to a temporary folder, uploaded, and only then does one transaction make the publication the current
//! one, note what was sent and append the change. A crash before it leaves the last feed standing. A publication without a ready
//! listing fails; one that the guard ([`super::guard`]) finds too large a step is held, files and all, until a person releases it.
//!
//! A *full* publication tells everything, and its manifest is the memory of what was told. A *delta* tells what differs from the last full
//! one; it changes no memory, so a delta that got lost is part of the next.

mod again;
mod make;
mod standing;

pub use again::{release, roll_back};
pub use make::{delta, diff, publish};
pub use standing::{current, newest, standing};

use super::compare::Report;
use super::judge::ChannelDesk;
use super::press::Counts;
use super::queries::PublicationRow;
use crate::app::App;
use crate::db::{ChangeKind, NewChange};
use crate::error::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One dated, immutable version of a channel's feed.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Publication {
    /// Its id; the order of ids is the order of time.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// Everything, or what differs from the last full one.
    pub kind: Kind,
    /// `published`; `held` by the guard until released; `failed` when there was nothing to publish or it could not be stored.
    pub state: String,
    /// Why it was not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The publication that this one is the same as, rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_publication: Option<String>,
    /// Listings that were not in the last one.
    pub added: i64,
    /// Listings whose row is another.
    pub changed: i64,
    /// Listings that are no longer in.
    pub removed: i64,
    /// Listings whose row is the same.
    pub unchanged: i64,
    /// Named parts within the channel's row and byte limits.
    pub parts: Vec<Part>,
    /// What differs from the full one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a publication tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PublicationKind)]
pub enum Kind {
    /// Everything.
    #[default]
    Full,
    /// What differs from the last full one.
    Delta,
}

impl Kind {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
        }
    }
}

/// One file of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Part {
    /// Its name; it is read at `/feeds/{channel}/{file}`.
    pub file: String,
    /// The format it belongs to.
    pub format: String,
    /// Lines or items, header not counted.
    pub rows: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// Hex SHA-256 of the bytes.
    pub sha256: String,
    /// The gzip form, an object of its own.
    pub gzip: Gzip,
}

/// The gzip form of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Gzip {
    /// Length in bytes.
    pub bytes: u64,
    /// Hex SHA-256 of the bytes.
    pub sha256: String,
}

/// How to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Only this format; without one those of the channel's settings.
    pub format: Option<String>,
    /// Everything, or what differs.
    pub kind: Kind,
    /// Publish although the guard would hold it.
    pub force: bool,
}

/// What the next publication would do.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Diff {
    /// Listings that would come in.
    pub added: i64,
    /// Listings whose row would change.
    pub changed: i64,
    /// Listings that would go.
    pub removed: i64,
    /// Listings that would stay as they are.
    pub unchanged: i64,
    /// Would the guard hold it?
    pub held: bool,
    /// Why it would be held or fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// SKUs, fields, prices and stock.
    #[serde(flatten)]
    pub report: Report,
}

impl Publication {
    /// A publication as it is told outside.
    pub fn of(row: PublicationRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            channel: row.channel,
            kind: if row.kind == "delta" { Kind::Delta } else { Kind::Full },
            state: row.state,
            detail: row.detail,
            of_publication: row.of_publication,
            added: row.added,
            changed: row.changed,
            removed: row.removed,
            unchanged: row.unchanged,
            parts: serde_json::from_value(row.parts)?,
            report: row.report.map(serde_json::from_value).transpose()?,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

/// The channel as it is set up now; `not_found` when there is none of this code.
pub async fn desk(app: &App, channel: &str) -> Result<ChannelDesk> {
    let profile = app.channels.get(channel)?;
    app.db.read(move |conn| ChannelDesk::load(conn, &profile)).await
}

/// A row for a publication that was just begun.
fn row(id: &str, channel: &str, kind: Kind, counts: &Counts, created_at: DateTime<Utc>) -> PublicationRow {
    PublicationRow {
        id: id.to_owned(),
        channel: channel.to_owned(),
        kind: kind.as_str().to_owned(),
        state: "published".to_owned(),
        detail: None,
        of_publication: None,
        added: counts.added,
        changed: counts.changed,
        removed: counts.removed,
        unchanged: counts.unchanged,
        parts: serde_json::json!([]),
        report: None,
        created_at,
        finished_at: None,
    }
}

fn finished(row: &PublicationRow) -> NewChange {
    NewChange::new(
        ChangeKind::PublicationFinished,
        &row.id,
        serde_json::json!({
            "id": row.id, "channel": row.channel, "kind": row.kind, "state": row.state, "added": row.added, "changed": row.changed,
            "removed": row.removed, "unchanged": row.unchanged,
        }),
    )
}
