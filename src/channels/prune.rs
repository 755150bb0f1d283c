//! Pruning: old publications go, files and row, and so do files that no publication came of.

use super::publish::Publication;
use super::{queries, store};
use crate::app::App;
use crate::error::Result;
use chrono::TimeDelta;

/// Removes the files and rows of old publications, the newest `keep` of each state aside. What is current always stays.
pub async fn prune(app: &App, channel: &str, keep: usize) -> Result<usize> {
    let profile = app.channels.get(channel)?;
    let of = channel.to_owned();
    let rows = app.db.read(move |conn| queries::publications(conn, &of, None, None, 10_000)).await?;
    let mut formats: Vec<String> = profile.formats.iter().map(|format| format.code.clone()).collect();
    let mut pruned = 0;
    for (at, row) in rows.into_iter().enumerate() {
        let publication = Publication::of(row)?;
        let needed = publication.state == "published" && publication.parts.iter().any(|part| formats.contains(&part.format));
        if publication.state == "published" {
            formats.retain(|format| !publication.parts.iter().any(|part| part.format == *format));
        }
        if at < keep.max(1) || needed {
            continue;
        }
        store::remove_all(app, channel, &publication.id).await?;
        app.db.write(move |conn| queries::delete_publication(conn, &publication.id)).await?;
        pruned += 1;
    }
    sweep(app, channel).await?;
    Ok(pruned)
}

/// How long files without a publication are left alone: another process may be making it, and none takes that long.
const STRAY: TimeDelta = TimeDelta::days(1);

/// Removes files of publications that never came to stand: their process or the store went away before they could be taken back.
async fn sweep(app: &App, channel: &str) -> Result<()> {
    let latest = app.clock.now() - STRAY;
    for (id, stored_at) in store::publications(app, channel).await? {
        if stored_at > latest {
            continue;
        }
        let (of, wanted) = (channel.to_owned(), id.clone());
        if app.db.read(move |conn| queries::publication(conn, &of, &wanted)).await?.is_none_or(|row| row.state == "failed") {
            store::remove_all(app, channel, &id).await?;
        }
    }
    Ok(())
}
