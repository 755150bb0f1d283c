//! Making a publication: rows are read while those before them are printed; files are stored; one transaction swaps.

use super::again::{self, manifest_of};
use super::{Diff, Kind, Options, Publication, desk, finished, row, standing};
use crate::app::App;
use crate::channels::guard::{Verdict, verdict};
use crate::channels::judge::ChannelDesk;
use crate::channels::press::{Counts, Press, Printed, Purpose, Rows, is_grouped};
use crate::channels::profile::{Format, Holds, Scope};
use crate::channels::queries::{self, PublicationRow, Untold};
use crate::channels::sent::SentLog;
use crate::channels::write::WrittenPart;
use crate::channels::{follow, mirror, prune, store};
use crate::db::changes;
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Publications of a channel that are kept.
const KEPT: usize = 30;
/// Rows read at once.
const BATCH: i64 = 1_000;
/// Groups read at once.
const GROUPS: usize = 200;
/// SKUs of each kind that a stored report names.
const NAMED: usize = 50;

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
    let formats = formats(&desk, options.format.as_deref(), options.kind)?;
    follow::catch_up(app).await?;
    // What changes from here on is for the next one.
    let created_at = app.clock.now();
    let id = crate::id::new("pub", created_at);
    let folder = tempfile::tempdir()?;
    // What was sent is known of the channel as a whole: one of its formats alone says nothing about the others.
    let whole = options.format.is_none() || desk.settings.formats.len() == 1;
    let purpose = if options.kind == Kind::Delta { Purpose::Delta } else { Purpose::Full };
    let printed = print(app, &desk, &formats, folder.path(), (purpose, NAMED)).await?;
    let Printed { counts, report, files, manifest, sent } = printed;
    let mut row = row(&id, channel, options.kind, &counts, created_at);
    row.report = Some(serde_json::to_value(&report)?);
    let found = verdict(&desk.settings.guard, &counts, &report);
    let shrunk = if whole || options.kind == Kind::Delta { None } else { shrunk(app, &desk, &files).await? };
    let held = match found {
        Some(Verdict::Failed(detail)) if options.kind == Kind::Full => {
            "failed".clone_into(&mut row.state);
            row.detail = Some(detail);
            row.finished_at = Some(app.clock.now());
            return store_only(app, row).await;
        }
        // A delta that tells of the last ones going is what the guard is for.
        Some(Verdict::Failed(_)) if counts.removed == 0 => None,
        Some(Verdict::Failed(detail)) => Some(detail),
        Some(Verdict::Held(detail)) if whole || options.kind == Kind::Delta => Some(detail),
        _ => shrunk,
    };
    let held = held.filter(|_| !options.force);
    let manifest = manifest.filter(|_| whole);
    let mut names: Vec<String> = files.iter().map(|(_, part)| part.name.clone()).collect();
    names.push(crate::channels::manifest::FILE.to_owned());
    let parts = match upload(app, channel, &id, files, manifest.as_deref()).await {
        Ok(parts) => parts,
        Err(error) => return unstored(app, row, &names, error).await,
    };
    row.parts = serde_json::to_value(&parts)?;
    if let Some(detail) = held {
        "held".clone_into(&mut row.state);
        row.detail = Some(detail);
        row.finished_at = Some(app.clock.now());
        return store_only(app, row).await;
    }
    let sent = (whole && options.kind == Kind::Full).then_some(sent);
    let publication = match commit(app, row, &desk, sent, false).await {
        Ok(publication) => publication,
        Err(error) => {
            // Nobody will ever ask for these files.
            take_back(app, channel, &id, names.iter().map(String::as_str)).await;
            return Err(error);
        }
    };
    mirror::bring(app, &desk.profile, &publication).await;
    if let Err(error) = prune::prune(app, channel, KEPT).await {
        tracing::warn!(%error, channel, "old publications could not be removed; they are looked at again at the next one");
    }
    Ok(publication)
}

async fn upload(
    app: &App,
    channel: &str,
    id: &str,
    files: Vec<(String, WrittenPart)>,
    manifest: Option<&Path>,
) -> Result<Vec<super::Part>> {
    let parts = store::upload(app, channel, id, files).await?;
    if let Some(manifest) = manifest {
        store::put(app, manifest, store::place(channel, id, crate::channels::manifest::STORED)).await?;
    }
    Ok(parts)
}

/// What the next publication would add, change and remove; nothing is stored. At most `first` SKUs of each kind are named.
pub async fn diff(app: &App, channel: &str, first: usize) -> Result<Diff> {
    let desk = desk(app, channel).await?;
    follow::catch_up(app).await?;
    let folder = tempfile::tempdir()?;
    let printed = print(app, &desk, &[], folder.path(), (Purpose::Diff, first)).await?;
    let (counts, report) = (printed.counts, printed.report);
    let (held, detail) = match verdict(&desk.settings.guard, &counts, &report) {
        Some(Verdict::Held(detail)) => (true, Some(detail)),
        Some(Verdict::Failed(detail)) => (false, Some(detail)),
        None => (false, None),
    };
    let Counts { added, changed, removed, unchanged, .. } = counts;
    Ok(Diff { added, changed, removed, unchanged, held, detail, report })
}

/// Writes only what differs from the last full publication into `folder`. Nothing is stored.
pub async fn delta(app: &App, channel: &str, format: Option<&str>, folder: &Path) -> Result<(Counts, Vec<WrittenPart>)> {
    let desk = desk(app, channel).await?;
    desk.expect_enabled()?;
    let formats = formats(&desk, format, Kind::Delta)?;
    follow::catch_up(app).await?;
    let printed = print(app, &desk, &formats, folder, (Purpose::Delta, 0)).await?;
    Ok((printed.counts, printed.files.into_iter().map(|(_, part)| part).collect()))
}

/// The formats that a publication holds. A delta holds those that can tell a difference; one that the caller names is taken at its word.
fn formats(desk: &ChannelDesk, wanted: Option<&str>, kind: Kind) -> Result<Vec<Format>> {
    let own = |format: &Format| if kind == Kind::Delta { format.of_delta() } else { format.clone() };
    if let Some(wanted) = wanted {
        match desk.profile.format(wanted) {
            Some(format) if desk.settings.formats.contains(&format.code) => return Ok(vec![own(format)]),
            Some(_) => {
                let (code, formats) = (&desk.profile.code, &desk.settings.formats);
                let message = format!(
                    "{code} is not set up for '{wanted}'; add it to the channel's formats, which are {}",
                    formats.join(", ")
                );
                return Err(Error::field("/format", "unknown_format", message));
            }
            None => {}
        }
        let known = desk.profile.formats.iter().map(|format| format.code.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Error::field(
            "/format",
            "unknown_format",
            format!("{} has no format '{wanted}'; it has {known}", desk.profile.name),
        ));
    }
    let all = || desk.profile.formats.iter().filter(|format| desk.settings.formats.contains(&format.code));
    // What tells everything tells stock and price too.
    let complete = all().any(|format| format.scope == Scope::Full && format.holds != Holds::Families);
    let chosen: Vec<Format> = match kind {
        Kind::Full => all().filter(|format| format.scope != Scope::Terms || !complete).map(own).collect(),
        Kind::Delta => all().filter(|format| format.scope != Scope::Snapshot).map(own).collect(),
    };
    if chosen.is_empty() {
        let message =
            format!("{} takes whole feeds only; name a format to get what differs in it all the same", desk.profile.name);
        return Err(Error::field("/kind", "no_delta", message));
    }
    Ok(chosen)
}

/// Walks the channel's rows and feeds the press: the next rows are read while the last are printed.
async fn print(
    app: &App,
    desk: &ChannelDesk,
    formats: &[Format],
    folder: &Path,
    (purpose, first): (Purpose, usize),
) -> Result<Printed> {
    if let Some(untold) = untold(app, desk, purpose).await? {
        return print_untold(app, desk, formats, folder, untold, first).await;
    }
    let before = manifest_of(app, desk, None, folder).await?;
    let (owned, of, to) = (formats.to_vec(), desk.clone(), folder.to_owned());
    let open = move || {
        let formats: Vec<&Format> = owned.iter().collect();
        Press::open(&of, &formats, &to, before.as_deref(), (purpose, first))
    };
    let mut press = tokio::task::spawn_blocking(open).await.map_err(Error::internal)??;
    let groups = purpose == Purpose::Full && formats.iter().any(|format| is_grouped(format, desk));
    let (mut rows, mut next) = read(app, desk, String::new(), groups).await?;
    loop {
        let printing = tokio::task::spawn_blocking(move || press.take(&rows).map(|()| press));
        let (printed, read) = match next {
            None => (printing.await, None),
            Some(after) => {
                let (printed, read) = tokio::join!(printing, read(app, desk, after, groups));
                (printed, Some(read))
            }
        };
        press = printed.map_err(Error::internal)??;
        let Some(read) = read else { break };
        (rows, next) = read?;
    }
    let channel = desk.profile.code.clone();
    let why = app.db.read(move |conn| queries::reason_counts(conn, &channel)).await?;
    let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
    for reason in why.into_iter().filter(|reason| reason.level != crate::channels::readiness::Level::Warning) {
        *reasons.entry(reason.code).or_default() += reason.listings;
    }
    press.explain(reasons);
    finish(app, desk, press, folder).await
}

/// Prints the groups that a delta must still tell, and ends all files.
async fn finish(app: &App, desk: &ChannelDesk, mut press: Press, folder: &Path) -> Result<Printed> {
    let touched = press.end()?;
    for part in touched.chunks(GROUPS) {
        let (channel, part) = (desk.profile.code.clone(), part.to_vec());
        let groups = app
            .db
            .read(move |conn| {
                let codes: Vec<&str> = part.iter().map(String::as_str).collect();
                queries::rows_of_groups(conn, &channel, &codes)
            })
            .await?;
        // Laying out is work for a thread of its own, as everywhere above.
        let printing = tokio::task::spawn_blocking(move || press.take_groups(&groups).map(|()| press));
        press = printing.await.map_err(Error::internal)??;
    }
    let to = folder.to_owned();
    tokio::task::spawn_blocking(move || press.finish(&to)).await.map_err(Error::internal)?
}

/// What a delta is made of, where it is little: then nothing else is read. None where everything must be walked: for whole feeds, where
/// much differs, and where the profile words a removal in the row as it was told, which only the manifest has.
async fn untold(app: &App, desk: &ChannelDesk, purpose: Purpose) -> Result<Option<Vec<Untold>>> {
    if purpose != Purpose::Delta {
        return Ok(None);
    }
    let channel = desk.profile.code.clone();
    let untold = app.db.read(move |conn| queries::untold(conn, &channel)).await?;
    let needs_told_rows = |listing: &Untold| listing.now.is_none() && !desk.profile.removed.is_empty();
    Ok(untold.filter(|untold| !untold.iter().any(needs_told_rows)))
}

async fn print_untold(
    app: &App,
    desk: &ChannelDesk,
    formats: &[Format],
    folder: &Path,
    untold: Vec<Untold>,
    first: usize,
) -> Result<Printed> {
    let channel = desk.profile.code.clone();
    let last = app.db.read(move |conn| queries::publications(conn, &channel, Some(("published", "full")), None, 1)).await?;
    let told = last.first().map_or(0, |row| row.added + row.changed + row.unchanged);
    let (owned, of, to) = (formats.to_vec(), desk.clone(), folder.to_owned());
    let print = move || {
        let formats: Vec<&Format> = owned.iter().collect();
        let mut press = Press::open(&of, &formats, &to, None, (Purpose::Delta, first))?;
        press.take_untold(&untold).map(|()| press)
    };
    let press = tokio::task::spawn_blocking(print).await.map_err(Error::internal)??;
    let mut printed = finish(app, desk, press, folder).await?;
    let Counts { changed, removed, unchanged, .. } = &mut printed.counts;
    *unchanged = (told - *changed - *removed).max(0);
    Ok(printed)
}

/// The rows behind a SKU, with the groups that begin among them; and where the next ones begin.
async fn read(app: &App, desk: &ChannelDesk, after: String, groups: bool) -> Result<(Rows, Option<String>)> {
    let channel = desk.profile.code.clone();
    app.db
        .read(move |conn| {
            let rows = queries::rows_after(conn, &channel, &after, BATCH)?;
            let full = i64::try_from(rows.len()).is_ok_and(|len| len == BATCH);
            let next = rows.last().filter(|_| full).map(|stored| stored.row.sku.clone());
            let mut all = Rows { rows, groups: BTreeMap::new() };
            if groups {
                let mut codes: Vec<&str> = all.rows.iter().filter_map(|stored| stored.row.group.as_deref()).collect();
                codes.sort_unstable();
                codes.dedup();
                let leaders = queries::group_leaders(conn, &channel, &codes)?;
                let here = |sku: &String| all.rows.binary_search_by(|stored| stored.row.sku.cmp(sku)).is_ok();
                let begun: Vec<&str> = leaders.iter().filter(|(_, sku)| here(sku)).map(|(group, _)| group.as_str()).collect();
                all.groups = queries::rows_of_groups(conn, &channel, &begun)?;
            }
            Ok((all, next))
        })
        .await
}

/// Why one format alone must not become current: it has less than half of the rows that it has in its current publication. The
/// channel's own guard does not see that, because it compares with what was sent as a whole.
async fn shrunk(app: &App, desk: &ChannelDesk, files: &[(String, WrittenPart)]) -> Result<Option<String>> {
    for (format, _) in files {
        let before: u64 = standing(app, &desk.profile, format).await?.iter().map(|(_, part)| part.rows).sum();
        let now: u64 = files.iter().filter(|(of, _)| of == format).map(|(_, part)| part.rows).sum();
        if now.saturating_mul(2) < before {
            return Ok(Some(format!(
                "the format {format} would have {now} rows where its current file has {before}; the last feed stays. Release this \
                 publication if that is right"
            )));
        }
    }
    Ok(None)
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
pub(super) async fn take_back(app: &App, channel: &str, id: &str, names: impl Iterator<Item = &str>) {
    if let Err(left) = store::remove(app, channel, id, names).await {
        tracing::warn!(%left, id, "the files of a dropped publication remain in the store for now");
    }
}

/// The swap: from here on this is the current publication. `known`: its row is stored already, because it was held.
pub(super) async fn commit(
    app: &App,
    mut row: PublicationRow,
    desk: &ChannelDesk,
    sent: Option<SentLog>,
    known: bool,
) -> Result<Publication> {
    let now = app.clock.now();
    row.finished_at = Some(now);
    let stored = row.clone();
    let (profile, locale) = (desk.profile.clone(), desk.settings.locale.clone());
    app.db
        .write(move |conn| {
            let channel = &profile.code;
            // It may have been turned off while its feed was made.
            ChannelDesk::load(conn, &profile)?.expect_enabled()?;
            let newest = queries::publications(conn, channel, Some(("published", &stored.kind)), None, 1)?;
            if newest.first().is_some_and(|newest| newest.id > stored.id) {
                return Err(Error::new(
                    Code::Conflict,
                    format!("a newer publication of {channel} was finished meanwhile; it stands, and this one was dropped"),
                ));
            }
            if known {
                queries::release_publication(conn, &stored)?;
            } else {
                queries::insert_publication(conn, &stored)?;
            }
            if let Some(sent) = sent {
                for sent in sent.batches()? {
                    queries::mark_sent(conn, channel, &locale, &sent?, now)?;
                }
            }
            changes::append(conn, now, &[finished(&stored)])?;
            Ok(())
        })
        .await?;
    Publication::of(row)
}

/// A temporary place for a manifest of this publication.
pub(super) fn local(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.{}", again::LOCAL))
}
