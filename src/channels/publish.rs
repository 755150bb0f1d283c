//! Publications: a walk over the catalogue becomes the parts of a feed, which are stored once and never change.
//!
//! The parts are written to a temporary folder, uploaded, and only then does one transaction make the publication the current
//! one, note what was sent and append the change. A crash before it leaves the last feed standing. A publication without a ready
//! listing fails; one that would drop more than half of what was sent last is held, so that a broken import never empties a shop.

use super::judge::ChannelDesk;
use super::press::{Batch, Counts, Press, Purpose};
use super::profile::ChannelProfile;
use super::queries::{self, PublicationRow, Walk};
use super::{mirror, store};
use crate::app::App;
use crate::db::{ChangeKind, NewChange, changes};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// One dated, immutable version of a channel's feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Publication {
    /// Its id; the order of ids is the order of time.
    pub id: String,
    /// The channel.
    pub channel: String,
    /// `published`; `held` by the guard until forced; `failed` when there was nothing to publish or it could not be stored.
    pub state: String,
    /// Why it was not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
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
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
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
    /// Publish although the guard would hold it.
    pub force: bool,
}

/// What the next publication would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
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
    /// The first SKUs of each kind.
    pub first: DiffSkus,
}

/// See [`Diff::first`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DiffSkus {
    /// Would come in.
    pub added: Vec<String>,
    /// Would change.
    pub changed: Vec<String>,
    /// Would go.
    pub removed: Vec<String>,
}

/// Publications of a channel that are kept.
const KEPT: usize = 30;
/// Products walked at once.
const BATCH: i64 = 500;

impl Publication {
    /// A publication as it is told outside.
    pub fn of(row: PublicationRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            channel: row.channel,
            state: row.state,
            detail: row.detail,
            added: row.added,
            changed: row.changed,
            removed: row.removed,
            unchanged: row.unchanged,
            parts: serde_json::from_value(row.parts)?,
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

/// Makes and stores a publication; its state says whether it became the current one.
pub async fn publish(app: &App, channel: &str, options: &Options) -> Result<Publication> {
    let began = Instant::now();
    let desk = desk(app, channel).await?;
    // From here on the channel is one of those there are: labels stay few.
    let made = make(app, channel, desk, options).await;
    let state = made.as_ref().map_or("error", |publication| match publication.state.as_str() {
        "published" => "published",
        "held" => "held",
        _ => "failed",
    });
    metrics::counter!("beamline_publications_total", "channel" => channel.to_owned(), "state" => state).increment(1);
    metrics::histogram!("beamline_publication_seconds", "channel" => channel.to_owned()).record(began.elapsed());
    if let Ok(publication) = &made {
        let bytes = publication.parts.iter().map(|part| part.bytes + part.gzip.bytes).sum();
        let listings = publication.added + publication.changed + publication.unchanged;
        metrics::counter!("beamline_publication_bytes_total", "channel" => channel.to_owned()).increment(bytes);
        metrics::counter!("beamline_publication_listings_total", "channel" => channel.to_owned())
            .increment(listings.unsigned_abs());
    }
    made
}

async fn make(app: &App, channel: &str, desk: ChannelDesk, options: &Options) -> Result<Publication> {
    desk.expect_enabled()?;
    let formats = formats(&desk, options.format.as_deref())?;
    let created_at = app.clock.now();
    let id = crate::id::new("pub", created_at);
    super::follow::catch_up(app).await?;
    let folder = tempfile::tempdir()?;
    let press = Press::open(&desk, &formats, folder.path(), Purpose::Full)?;
    let printed = walk(app, &desk, press).await?.finish()?;
    let counts = printed.counts.clone();
    let mut row = row(&id, channel, &counts, created_at);
    // What was sent is known of the channel as a whole: one of its formats alone says nothing about the others.
    let whole = desk.settings.formats.iter().all(|format| formats.contains(format));
    let shrunk = if whole { None } else { shrunk(app, &desk, &printed.files).await?.filter(|_| !options.force) };
    if let Some((state, detail)) = verdict(&counts, options.force).or(shrunk) {
        state.clone_into(&mut row.state);
        row.detail = Some(detail);
        row.finished_at = Some(app.clock.now());
        return store_only(app, row).await;
    }
    let names: Vec<String> = printed.files.iter().map(|(_, part)| part.name.clone()).collect();
    let parts = match store::upload(app, channel, &id, printed.files).await {
        Ok(parts) => parts,
        Err(error) => return unstored(app, row, &names, error).await,
    };
    row.parts = serde_json::to_value(&parts)?;
    let unpublished = Publication::of(row.clone())?;
    let publication = match commit(app, row, &desk, whole.then_some(printed.sent)).await {
        Ok(publication) => publication,
        Err(error) => {
            // Nobody will ever ask for these files.
            take_back(app, channel, &id, unpublished.parts.iter().map(|part| part.file.as_str())).await;
            return Err(error);
        }
    };
    mirror::bring(app, &desk.profile, &publication).await;
    if let Err(error) = super::prune::prune(app, channel, KEPT).await {
        tracing::warn!(%error, channel, "old publications could not be removed; they are looked at again at the next one");
    }
    Ok(publication)
}

/// What the next publication would add, change and remove; nothing is stored. At most `first` SKUs of each kind are named.
pub async fn diff(app: &App, channel: &str, first: usize) -> Result<Diff> {
    let desk = desk(app, channel).await?;
    super::follow::catch_up(app).await?;
    let folder = tempfile::tempdir()?;
    let press = Press::open(&desk, &[], folder.path(), Purpose::Diff { first })?;
    let counts = walk(app, &desk, press).await?.finish()?.counts;
    let held = verdict(&counts, false).is_some_and(|(state, _)| state == "held");
    let Counts { added, changed, removed, unchanged, first, .. } = counts;
    Ok(Diff { added, changed, removed, unchanged, held, first })
}

/// Writes only what was added or changed since the last publication into `folder`. Nothing is stored, so that the next full
/// publication still knows what the channel's own feed holds.
pub async fn delta(
    app: &App,
    channel: &str,
    format: Option<&str>,
    folder: &Path,
) -> Result<(Counts, Vec<super::write::WrittenPart>)> {
    let desk = desk(app, channel).await?;
    desk.expect_enabled()?;
    let formats = formats(&desk, format)?;
    super::follow::catch_up(app).await?;
    let press = Press::open(&desk, &formats, folder, Purpose::Delta)?;
    let printed = walk(app, &desk, press).await?.finish()?;
    Ok((printed.counts, printed.files.into_iter().map(|(_, part)| part).collect()))
}

fn formats(desk: &ChannelDesk, wanted: Option<&str>) -> Result<Vec<String>> {
    let Some(wanted) = wanted else { return Ok(desk.settings.formats.clone()) };
    if desk.profile.format(wanted).is_some() {
        return Ok(vec![wanted.to_owned()]);
    }
    let known = desk.profile.formats.iter().map(|format| format.code.as_str()).collect::<Vec<_>>().join(", ");
    Err(Error::field("/format", "unknown_format", format!("{} has no format '{wanted}'; it has {known}", desk.profile.name)))
}

/// Walks the catalogue and feeds the press: the next batch is read while the last is printed.
async fn walk(app: &App, desk: &ChannelDesk, mut press: Press) -> Result<Press> {
    let (mut batch, mut next) = read_batch(app, desk, Walk::Single(0)).await?;
    loop {
        let (of, dictionary) = (desk.clone(), app.dictionary.clone());
        let printing = tokio::task::spawn_blocking(move || press.take(&of, &batch, &*dictionary).map(|()| press));
        let (printed, read) = match next {
            Walk::Done => (printing.await, None),
            next => {
                let (printed, read) = tokio::join!(printing, read_batch(app, desk, next));
                (printed, Some(read))
            }
        };
        press = printed.map_err(Error::internal)??;
        let Some(read) = read else { return Ok(press) };
        (batch, next) = read?;
    }
}

async fn read_batch(app: &App, desk: &ChannelDesk, from: Walk) -> Result<(Batch, Walk)> {
    let (channel, locale) = (desk.profile.code.clone(), desk.settings.locale.clone());
    app.db
        .read(move |conn| {
            let (blocks, next) = queries::walk(conn, from, BATCH)?;
            let ids: Vec<i64> = blocks.iter().flatten().map(|view| view.id).collect();
            let terms = queries::offer_terms(conn, &ids)?;
            let sent = queries::sent_hashes(conn, &channel, &locale, &ids)?;
            Ok((Batch { blocks, terms, sent }, next))
        })
        .await
}

/// Why a publication must not become the current one.
fn verdict(counts: &Counts, force: bool) -> Option<(&'static str, String)> {
    let ready = counts.added + counts.changed + counts.unchanged;
    let before = counts.changed + counts.unchanged + counts.removed;
    if ready == 0 {
        let why = counts.why_blocked();
        let detail =
            if why.is_empty() { "there are no products; import some".to_owned() } else { format!("no listing is ready: {why}") };
        return Some(("failed", detail));
    }
    if !force && counts.removed.saturating_mul(2) > before {
        let detail = format!(
            "it would remove {} of the {before} listings sent last, more than half; the last feed stays. Publish with force if \
             that is right",
            counts.removed
        );
        return Some(("held", detail));
    }
    None
}

/// Why one format alone must not become current: it has less than half of the rows that it has in its current publication. The
/// channel's own guard does not see that, because it compares with what was sent as a whole.
async fn shrunk(
    app: &App,
    desk: &ChannelDesk,
    files: &[(String, super::write::WrittenPart)],
) -> Result<Option<(&'static str, String)>> {
    for (format, _) in files {
        let Some(file) = desk.profile.format(format).map(|format| format.file.clone()) else { continue };
        let Some((before, _)) = current(app, &desk.profile, &file).await? else { continue };
        let before: u64 = before.parts.iter().filter(|part| part.format == *format).map(|part| part.rows).sum();
        let now: u64 = files.iter().filter(|(of, _)| of == format).map(|(_, part)| part.rows).sum();
        if now.saturating_mul(2) < before {
            let detail = format!(
                "the format {format} would have {now} rows where its current file has {before}; the last feed stays. Publish with \
                 force if that is right"
            );
            return Ok(Some(("held", detail)));
        }
    }
    Ok(None)
}

fn row(id: &str, channel: &str, counts: &Counts, created_at: DateTime<Utc>) -> PublicationRow {
    PublicationRow {
        id: id.to_owned(),
        channel: channel.to_owned(),
        state: "published".to_owned(),
        detail: None,
        added: counts.added,
        changed: counts.changed,
        removed: counts.removed,
        unchanged: counts.unchanged,
        parts: serde_json::json!([]),
        created_at,
        finished_at: None,
    }
}

fn finished(row: &PublicationRow) -> NewChange {
    NewChange {
        kind: ChangeKind::PublicationFinished,
        subject: row.id.clone(),
        product_id: None,
        offer_id: None,
        operation_id: None,
        before: None,
        data: serde_json::json!({
            "id": row.id, "channel": row.channel, "state": row.state, "added": row.added, "changed": row.changed,
            "removed": row.removed, "unchanged": row.unchanged,
        }),
    }
}

/// A publication that did not become current.
async fn store_only(app: &App, row: PublicationRow) -> Result<Publication> {
    let now = app.clock.now();
    let stored = row.clone();
    app.db
        .write(move |conn| {
            queries::insert_publication(conn, &stored)?;
            changes::append(conn, now, &[finished(&stored)])?;
            Ok(())
        })
        .await?;
    Publication::of(row)
}

/// A publication whose files could not be stored. What was stored of it is taken back; the last feed stays.
async fn unstored(app: &App, mut row: PublicationRow, names: &[String], error: Error) -> Result<Publication> {
    tracing::warn!(%error, id = row.id, channel = row.channel, "a publication could not be stored");
    take_back(app, &row.channel, &row.id, names.iter().map(String::as_str)).await;
    "failed".clone_into(&mut row.state);
    row.detail = Some(format!("{}. The last feed stays; publish again", error.detail));
    row.finished_at = Some(app.clock.now());
    store_only(app, row).await
}

/// Removes files that nobody will ever ask for. What cannot be removed now goes when old publications do.
async fn take_back(app: &App, channel: &str, id: &str, names: impl Iterator<Item = &str>) {
    if let Err(left) = store::remove(app, channel, id, names).await {
        tracing::warn!(%left, id, "the files of a dropped publication remain in the store for now");
    }
}

/// The swap: from here on this is the current publication.
async fn commit(
    app: &App,
    mut row: PublicationRow,
    desk: &ChannelDesk,
    sent: Option<super::press::SentLog>,
) -> Result<Publication> {
    let now = app.clock.now();
    row.finished_at = Some(now);
    let stored = row.clone();
    let (channel, locale) = (desk.profile.code.clone(), desk.settings.locale.clone());
    app.db
        .write(move |conn| {
            let newest = queries::publications(conn, &channel, Some("published"), None, 1)?;
            if newest.first().is_some_and(|newest| newest.id > stored.id) {
                return Err(Error::new(
                    Code::Conflict,
                    format!("a newer publication of {channel} was finished meanwhile; it stands, and this one was dropped"),
                ));
            }
            queries::insert_publication(conn, &stored)?;
            if let Some(sent) = sent {
                for sent in sent.batches()? {
                    queries::mark_sent(conn, &channel, &locale, &sent?, now)?;
                }
            }
            changes::append(conn, now, &[finished(&stored)])?;
            Ok(())
        })
        .await?;
    Publication::of(row)
}

/// The part that answers for `file` now: from the newest publication that holds its format. None before the first.
pub async fn current(app: &App, profile: &Arc<ChannelProfile>, file: &str) -> Result<Option<(Publication, Part)>> {
    let Some(format) = profile.formats.iter().find(|format| format.owns(file)) else { return Ok(None) };
    let Some(publication) = newest(app, profile, &format.code).await? else { return Ok(None) };
    let part = publication.parts.iter().find(|part| part.file == file).cloned();
    Ok(part.map(|part| (publication, part)))
}

/// The parts of a format as they stand now, and the publication they are of. None before the first.
pub async fn standing(app: &App, profile: &ChannelProfile, format: &str) -> Result<Vec<(String, Part)>> {
    let Some(publication) = newest(app, profile, format).await? else { return Ok(Vec::new()) };
    let parts = publication.parts.into_iter().filter(|part| part.format == format);
    Ok(parts.map(|part| (publication.id.clone(), part)).collect())
}

/// The newest publication that holds a format. None before the first.
pub async fn newest(app: &App, profile: &ChannelProfile, format: &str) -> Result<Option<Publication>> {
    let channel = profile.code.clone();
    // A channel that is only ever published format by format still has each of them among the newest.
    let newest = app.db.read(move |conn| queries::publications(conn, &channel, Some("published"), None, 50)).await?;
    for row in newest {
        let publication = Publication::of(row)?;
        if publication.parts.iter().any(|part| part.format == format) {
            return Ok(Some(publication));
        }
    }
    Ok(None)
}
