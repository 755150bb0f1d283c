//! Images: every original and rendition that a row names stands in the store, whole, and nothing lies there that no row names.

use super::{Finding, LISTED, decided, derived, mended};
use crate::app::App;
use crate::error::{Code, Result};
use crate::files as store;
use crate::media::intake::ORIGINALS;
use crate::media::queries;
use crate::media::rendition::RENDITIONS;
use chrono::TimeDelta;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

/// How long a file that no row names is left alone: its row may be on its way.
const STRAY: TimeDelta = TimeDelta::hours(1);
/// Rows looked at at once.
const PAGE: i64 = 1_000;

/// What does not agree.
#[derive(Default)]
struct Found {
    /// Originals that are gone or of another length; nothing brings them back.
    originals: Vec<(String, String)>,
    /// Renditions that are gone or of another length, by image and key; they are made anew.
    renditions: Vec<(String, String)>,
    /// Files that no row names.
    strays: Vec<Path>,
}

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let found = match look(app).await {
        Ok(found) => found,
        // A store that does not answer says so of every file.
        Err(error) if error.code == Code::Unavailable => {
            return Ok(vec![decided("images", "unread", "the file store".to_owned(), error.to_string())]);
        }
        Err(error) => return Err(error),
    };
    let mut findings = Vec::new();
    for (image, file) in found.originals.iter().take(LISTED) {
        let what = format!(
            "its original {file} is not in the file store as it was; send the same picture again, run 'beamline images fetch --again ready' or restore a backup"
        );
        findings.push(decided("images", "original", image.clone(), what));
    }
    for (image, rendition) in found.renditions.iter().take(LISTED) {
        let what = format!("its rendition {rendition} is not in the file store as it was; run 'beamline doctor --repair'");
        findings.push(derived("images", "rendition", image.clone(), what));
    }
    for place in found.strays.iter().take(LISTED) {
        let what = "no image has it; run 'beamline doctor --repair' to remove it";
        findings.push(derived("images", "stray", place.clone(), what));
    }
    for (code, count) in
        [("original", found.originals.len()), ("rendition", found.renditions.len()), ("stray", found.strays.len())]
    {
        if let Some(more) = count.checked_sub(LISTED).filter(|more| *more > 0) {
            let subject = format!("{code}s");
            findings.push(if code == "original" {
                decided("images", "more", subject, format!("there are {more} more"))
            } else {
                derived("images", "more", subject, format!("there are {more} more"))
            });
        }
    }
    Ok(findings)
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let found = look(app).await?;
    let mut done = Vec::new();
    if !found.renditions.is_empty() {
        let (count, gone) = (found.renditions.len(), found.renditions);
        // Without its row a rendition is made when it is asked for.
        app.db
            .write(move |conn| gone.iter().try_for_each(|(image, rendition)| queries::rendition_forget(conn, image, rendition)))
            .await?;
        done.push(mended("images", "rendition", "renditions", format!("{count} are made anew when they are asked for")));
    }
    for place in &found.strays {
        match app.files.delete(place).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(store::refused(&format!("{place} cannot be removed"), error)),
        }
    }
    if !found.strays.is_empty() {
        done.push(mended("images", "stray", "files", format!("{} files that no image has were removed", found.strays.len())));
    }
    Ok(done)
}

/// Compares what stands in the store with what the rows say. The store is asked for its lists; each file by itself only where a list
/// shows that one is missing.
async fn look(app: &App) -> Result<Found> {
    let mut found = Found::default();
    let before = app.clock.now() - STRAY;
    let mut standing = 0;
    for root in [ORIGINALS, RENDITIONS] {
        let mut files = app.files.list(Some(&Path::from(root)));
        let mut part: Vec<ObjectMeta> = Vec::new();
        loop {
            let next = files.try_next().await.map_err(|error| store::refused("the pictures in the file store", error))?;
            let end = next.is_none();
            part.extend(next);
            if part.len() >= 1_000 || end {
                let names: Vec<String> = part.iter().map(|meta| meta.location.to_string()).collect();
                let known = app.db.read(move |conn| queries::files_known(conn, &names)).await?;
                for meta in part.drain(..) {
                    match known.get(meta.location.as_ref()) {
                        Some(bytes) => standing += i64::from(i64::try_from(meta.size) == Ok(*bytes)),
                        None if meta.last_modified < before => found.strays.push(meta.location),
                        None => {}
                    }
                }
            }
            if end {
                break;
            }
        }
    }
    if standing < app.db.read(queries::files_count).await? {
        missing(app, &mut found).await?;
    }
    Ok(found)
}

/// Finds the files that are not there as the rows say.
async fn missing(app: &App, found: &mut Found) -> Result<()> {
    let mut after = String::new();
    loop {
        let from = after.clone();
        let rows = app.db.read(move |conn| queries::image_files(conn, &from, PAGE)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for row in rows {
            if !stands(app, &row.file, row.bytes).await? {
                found.originals.push((row.id.clone(), row.file));
            }
            for made in row.renditions {
                if !stands(app, &made.file, made.bytes).await? {
                    found.renditions.push((row.id.clone(), made.rendition));
                }
            }
        }
    }
}

/// Is the file there, in its length?
async fn stands(app: &App, file: &str, bytes: i64) -> Result<bool> {
    match app.files.head(&Path::from(file)).await {
        Ok(meta) => Ok(i64::try_from(meta.size).is_ok_and(|size| size == bytes)),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(store::refused("it cannot be examined", error)),
    }
}
