//! A publication that was made before becomes the current one: released by a person, or rolled back to.

use super::make::{commit, local, take_back};
use super::{Kind, Publication, desk, row};
use crate::app::App;
use crate::channels::judge::ChannelDesk;
use crate::channels::manifest::{self, Told};
use crate::channels::press::{Press, Printed, Purpose, Rows};
use crate::channels::queries::{self, PublicationRow, StoredRow};
use crate::channels::{mirror, store};
use crate::error::{Code, Error, Result};
use std::path::{Path, PathBuf};

/// Extension of manifests in a temporary folder.
pub(super) const LOCAL: &str = "rows.gz";
/// Rows compared at once.
const BATCH: usize = 1_000;

/// Lets a held publication become the current one, exactly as it was looked at. `conflict` when another was published since.
pub async fn release(app: &App, channel: &str, id: &str) -> Result<Publication> {
    let desk = desk(app, channel).await?;
    desk.expect_enabled()?;
    let mut row = stored(app, channel, id).await?;
    if row.state != "held" {
        return Err(Error::new(Code::Conflict, format!("publication {id} is {}; only a held one can be released", row.state)));
    }
    let folder = tempfile::tempdir()?;
    "published".clone_into(&mut row.state);
    row.detail = None;
    let has_manifest = store::is_there(app, channel, id, manifest::STORED).await?;
    let sent = if has_manifest { Some(compared(app, &desk, id, folder.path()).await?.sent) } else { None };
    let publication = commit(app, row, &desk, sent, true).await?;
    mirror::bring(app, &desk.profile, &publication).await;
    Ok(publication)
}

/// Makes an earlier publication the current one again: a new one with the same files. What the channel was told is then what it was told
/// then; the next publication tells the difference.
pub async fn roll_back(app: &App, channel: &str, id: &str) -> Result<Publication> {
    let desk = desk(app, channel).await?;
    desk.expect_enabled()?;
    let old = stored(app, channel, id).await?;
    if old.state != "published" || old.kind != Kind::Full.as_str() {
        let message =
            format!("publication {id} is a {} one and {}; only a full one that was published can come back", old.kind, old.state);
        return Err(Error::new(Code::Conflict, message));
    }
    if !store::is_there(app, channel, id, manifest::STORED).await? {
        let message = format!("publication {id} holds one format only, or is of an older version; publish {channel} instead");
        return Err(Error::new(Code::Conflict, message));
    }
    let folder = tempfile::tempdir()?;
    let Printed { counts, report, sent, .. } = compared(app, &desk, id, folder.path()).await?;
    let now = app.clock.now();
    let fresh = crate::id::new("pub", now);
    let mut row = row(&fresh, channel, Kind::Full, &counts, now);
    row.of_publication = Some(id.to_owned());
    row.parts = old.parts;
    row.report = Some(serde_json::to_value(&report)?);
    let parts = Publication::of(row.clone())?.parts;
    let mut names: Vec<String> = parts.iter().flat_map(|part| [part.file.clone(), format!("{}.gz", part.file)]).collect();
    names.push(manifest::STORED.to_owned());
    let copied = store::copy(app, channel, id, &fresh, &names).await;
    let bare = || parts.iter().map(|part| part.file.as_str()).chain([manifest::FILE]);
    if let Err(error) = copied {
        take_back(app, channel, &fresh, bare()).await;
        return Err(error);
    }
    match commit(app, row, &desk, Some(sent), false).await {
        Ok(publication) => {
            mirror::bring(app, &desk.profile, &publication).await;
            Ok(publication)
        }
        Err(error) => {
            take_back(app, channel, &fresh, bare()).await;
            Err(error)
        }
    }
}

async fn stored(app: &App, channel: &str, id: &str) -> Result<PublicationRow> {
    let (of, wanted) = (channel.to_owned(), id.to_owned());
    let row = app.db.read(move |conn| queries::publication(conn, &of, &wanted)).await?;
    row.ok_or_else(|| Error::not_found(format!("publication '{id}' of channel '{channel}'")))
}

/// A publication's rows against what was told last.
async fn compared(app: &App, desk: &ChannelDesk, id: &str, folder: &Path) -> Result<Printed> {
    let before = manifest_of(app, desk, None, folder).await?;
    let after = manifest_of(app, desk, Some(id), folder).await?;
    let (of, to) = (desk.clone(), folder.to_owned());
    let compare = move || {
        let mut press = Press::open(&of, &[], &to, before.as_deref(), (Purpose::Diff, 50))?;
        let mut rows = match after {
            Some(path) => Some(manifest::Reader::open(&path, &of.profile)?),
            None => None,
        };
        loop {
            let piece = rows.iter_mut().flatten().take(BATCH);
            let piece = piece.map(|told| told.map(|Told { row, hash }| StoredRow { row, hash })).collect::<Result<Vec<_>>>()?;
            if piece.is_empty() {
                break;
            }
            press.take(&Rows { rows: piece, ..Rows::default() })?;
        }
        press.end()?;
        press.finish(&to)
    };
    tokio::task::spawn_blocking(compare).await.map_err(Error::internal)?
}

/// The manifest of a publication, or of the one that stands, in `folder`; none where there is none.
pub(super) async fn manifest_of(app: &App, desk: &ChannelDesk, id: Option<&str>, folder: &Path) -> Result<Option<PathBuf>> {
    let channel = desk.profile.code.clone();
    let ids: Vec<String> = if let Some(id) = id {
        vec![id.to_owned()]
    } else {
        let of = channel.clone();
        let rows = app.db.read(move |conn| queries::publications(conn, &of, Some(("published", "full")), None, 50)).await?;
        rows.into_iter().map(|row| row.id).collect()
    };
    for id in ids {
        let path = local(folder, &id);
        // A publication of one format alone has none: the one before it still says what the channel knows.
        if store::fetch(app, &store::place(&channel, &id, manifest::STORED), &path).await? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
