//! Pruning: old publications go, files and row, and so do files that no publication came of.

use super::publish::{Kind, Publication};
use super::{manifest, queries, store};
use crate::app::App;
use crate::error::Result;
use chrono::TimeDelta;

/// Removes the files and rows of old publications, the newest `keep` of each kind aside. What is current always stays, and so does the
/// full publication that says what the channel was told: without it the next delta would tell everything.
pub async fn prune(app: &App, channel: &str, keep: usize) -> Result<usize> {
    let profile = app.channels.get(channel)?;
    let of = channel.to_owned();
    let rows = app.db.read(move |conn| queries::publications(conn, &of, None, None, 10_000)).await?;
    let formats: Vec<String> = profile.formats.iter().map(|format| format.code.clone()).collect();
    let mut kept = [Kept::new(&formats), Kept::new(&formats)];
    let mut memory = false;
    let mut pruned = 0;
    for row in rows {
        let publication = Publication::of(row)?;
        let published = publication.state == "published";
        let [full, delta] = &mut kept;
        let of_kind = if publication.kind == Kind::Full { full } else { delta };
        let mut needed = published && of_kind.is_current(&publication);
        if published && publication.kind == Kind::Full && !memory {
            memory = store::is_there(app, channel, &publication.id, manifest::STORED).await?;
            needed |= memory;
        }
        of_kind.seen += 1;
        if of_kind.seen <= keep.max(1) || needed {
            continue;
        }
        store::remove_all(app, channel, &publication.id).await?;
        app.db.write(move |conn| queries::delete_publication(conn, &publication.id)).await?;
        pruned += 1;
    }
    sweep(app, channel).await?;
    Ok(pruned)
}

/// What was met of one kind, the newest first.
struct Kept<'a> {
    seen: usize,
    /// Formats of which no publication was met yet.
    formats: Vec<&'a str>,
}

impl<'a> Kept<'a> {
    fn new(formats: &'a [String]) -> Self {
        Self { seen: 0, formats: formats.iter().map(String::as_str).collect() }
    }

    /// Is it the newest that holds one of its formats?
    fn is_current(&mut self, publication: &Publication) -> bool {
        let holds = |format: &str| publication.parts.iter().any(|part| part.format == format);
        let before = self.formats.len();
        self.formats.retain(|format| !holds(format));
        self.formats.len() < before
    }
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
