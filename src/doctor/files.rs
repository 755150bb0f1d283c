//! Files: what is published stands in the store, whole, in both forms and with its copy; so do the originals of imports that are
//! still to be read; and nothing lies there that nobody refers to.

use super::{Finding, LISTED, decided, derived, listed, mended};
use crate::app::App;
use crate::channels::profile::ChannelProfile;
use crate::channels::publish::{self, Part, Publication};
use crate::channels::{manifest, mirror, queries as publications, store};
use crate::error::{Error, Result};
use crate::files;
use crate::import::queries::{imports_known, imports_open};
use chrono::TimeDelta;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::HashSet;
use std::sync::Arc;

/// How long a file that nobody refers to is left alone: it may be on its way to be referred to.
const STRAY: TimeDelta = TimeDelta::hours(1);
/// Folders asked about in one transaction.
const CHUNK: usize = 500;

/// How a file was found.
enum Found {
    Right(ObjectMeta),
    Size(u64),
    Missing,
}

async fn look(app: &App, place: &Path, bytes: u64) -> Result<Found> {
    match app.files.head(place).await {
        Ok(meta) if meta.size == bytes => Ok(Found::Right(meta)),
        Ok(meta) => Ok(Found::Size(meta.size)),
        Err(object_store::Error::NotFound { .. }) => Ok(Found::Missing),
        Err(error) => Err(files::refused("it cannot be examined", error)),
    }
}

pub(super) async fn examine(app: &App) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    // A store that does not answer would say so of every other file, too.
    if let Err((place, error)) = look_at_all(app, &mut findings).await {
        findings.push(decided("files", "unread", place, error.to_string()));
    }
    Ok(findings)
}

type Unread = (String, Error);

async fn look_at_all(app: &App, findings: &mut Vec<Finding>) -> Result<(), Unread> {
    let database = |error| ("files".to_owned(), error);
    for (profile, publication) in standing(app).await.map_err(database)? {
        for part in &publication.parts {
            look_at_part(app, &profile, &publication, part, findings).await?;
        }
    }
    for import in app.db.read(move |conn| imports_open(conn, listed())).await.map_err(database)? {
        for file in import.files {
            let place = Path::from(file.path);
            let found = look(app, &place, file.bytes).await.map_err(|error| (place.to_string(), error))?;
            let again = format!("cancel import {} and send the file again", import.id);
            findings.extend(wrong(&found, file.bytes, &again).map(|(code, what)| decided("files", code, place, what)));
        }
    }
    let mut more = 0_usize;
    let mut listed = 0_usize;
    let mut tell = |place: Path| {
        listed += 1;
        if listed <= LISTED {
            findings.push(derived("files", "stray", place, "nobody refers to it; run 'beamline doctor --repair' to remove it"));
        } else {
            more += 1;
        }
    };
    strays(app, &mut tell).await.map_err(|error| ("the file store".to_owned(), error))?;
    if more > 0 {
        findings.push(derived("files", "more", "files", format!("nobody refers to {more} more files")));
    }
    Ok(())
}

/// The code and text of a finding, unless the file is right.
fn wrong(found: &Found, bytes: u64, advice: &str) -> Option<(&'static str, String)> {
    match found {
        Found::Right(_) => None,
        Found::Size(size) => Some(("size", format!("has {size} bytes, not {bytes}; {advice}"))),
        Found::Missing => Some(("missing", format!("is not in the file store; {advice}"))),
    }
}

/// Both forms of a part, and their copies.
async fn look_at_part(
    app: &App,
    profile: &ChannelProfile,
    publication: &Publication,
    part: &Part,
    findings: &mut Vec<Finding>,
) -> Result<(), Unread> {
    let again = format!("publish {} again", profile.code);
    let mut whole = false;
    for form in Form::both(profile, publication, part) {
        let at = |error| (form.place.to_string(), error);
        let found = look(app, &form.place, form.bytes).await.map_err(at)?;
        let Found::Right(meta) = found else {
            // The gzip form follows from the file.
            let tell = if form.zipped && whole { derived } else { decided };
            let told = wrong(&found, form.bytes, &again);
            findings.extend(told.map(|(code, what)| tell("files", code, form.place.to_string(), what)));
            continue;
        };
        whole |= !form.zipped;
        if !copied(app, &form, &meta).await.map_err(|error| (form.copy.to_string(), error))? {
            let what = format!("is not a copy of {}; run 'beamline doctor --repair'", form.place);
            findings.push(derived("files", "copy", form.copy.to_string(), what));
        }
    }
    Ok(())
}

/// One form of a part: the file itself, or its gzip form.
struct Form {
    zipped: bool,
    place: Path,
    copy: Path,
    bytes: u64,
    sha256: String,
}

impl Form {
    fn both(profile: &ChannelProfile, publication: &Publication, part: &Part) -> [Self; 2] {
        let form = |zipped: bool, name: &str, bytes: u64, sha256: &str| Self {
            zipped,
            place: store::place(&profile.code, &publication.id, name),
            copy: mirror::feed(&profile.code, name),
            bytes,
            sha256: sha256.to_owned(),
        };
        [
            form(false, &part.file, part.bytes, &part.sha256),
            form(true, &format!("{}.gz", part.file), part.gzip.bytes, &part.gzip.sha256),
        ]
    }
}

/// Is the copy in `feeds/` the form's? It is read only where its size and time leave a doubt.
async fn copied(app: &App, form: &Form, original: &ObjectMeta) -> Result<bool> {
    match look(app, &form.copy, form.bytes).await? {
        Found::Right(copy) if copy.last_modified >= original.last_modified => Ok(true),
        Found::Right(_) => Ok(store::sha256(app, &form.copy).await? == form.sha256),
        _ => Ok(false),
    }
}

/// What is published now: for every format of a channel, the newest publication that holds it, with the parts of that format.
async fn standing(app: &App) -> Result<Vec<(Arc<ChannelProfile>, Publication)>> {
    let mut standing = Vec::new();
    for profile in app.channels.iter() {
        for format in &profile.formats {
            if let Some(mut publication) = publish::newest(app, profile, &format.code, publish::Kind::Full).await? {
                publication.parts.retain(|part| part.format == format.code);
                standing.push((Arc::clone(profile), publication));
            }
        }
    }
    Ok(standing)
}

pub(super) async fn repair(app: &App) -> Result<Vec<Finding>> {
    let mut done = Vec::new();
    for (profile, publication) in standing(app).await? {
        let mut copies = true;
        for part in &publication.parts {
            let [plain, zipped] = Form::both(&profile, &publication, part);
            let Found::Right(meta) = look(app, &plain.place, plain.bytes).await? else { continue };
            copies &= copied(app, &plain, &meta).await?;
            if let Found::Right(meta) = look(app, &zipped.place, zipped.bytes).await? {
                copies &= copied(app, &zipped, &meta).await?;
            } else if let Err(error) = store::zip_again(app, &publication, part).await {
                // It stays in the list, with what to do.
                tracing::warn!(%error, place = %zipped.place, "a gzip form could not be made anew");
            } else {
                done.push(mended("files", "gzip", zipped.place.to_string(), "was made anew from its file"));
                copies = false;
            }
        }
        if !copies {
            mirror::bring(app, &profile, &publication).await;
            done.push(mended(
                "files",
                "copy",
                mirror::feed(&profile.code, "").to_string(),
                "was copied anew from the publication",
            ));
        }
    }
    let mut gone = Vec::new();
    strays(app, &mut |place| gone.push(place)).await?;
    for place in &gone {
        match app.files.delete(place).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(files::refused(&format!("{place} cannot be removed"), error)),
        }
    }
    if !gone.is_empty() {
        done.push(mended("files", "stray", "files", format!("{} files that nobody referred to were removed", gone.len())));
    }
    Ok(done)
}

/// Files of refused uploads and of publications that never came to stand. Only in the folders that this program names by ids: what
/// somebody else put elsewhere is theirs.
async fn strays(app: &App, found: &mut (dyn FnMut(Path) + Send)) -> Result<()> {
    for ids in folders(app, &Path::from("imports")).await?.chunks(CHUNK) {
        let asked = ids.to_vec();
        let known = app.db.read(move |conn| imports_known(conn, &asked)).await?;
        for id in ids.iter().filter(|id| !known.contains(*id)) {
            old_files(app, &Path::from_iter(["imports", id.as_str()]), &HashSet::new(), found).await?;
        }
    }
    for channel in folders(app, &Path::from("publications")).await? {
        for id in folders(app, &Path::from_iter(["publications", channel.as_str()])).await? {
            let (of, wanted) = (channel.clone(), id.clone());
            let row = app.db.read(move |conn| publications::publication(conn, &of, &wanted)).await?;
            // What is held waits with its files for a person.
            let mut ours = HashSet::new();
            if let Some(row) = row.filter(|row| row.state != "failed") {
                ours.insert(manifest::STORED.to_owned());
                let parts = Publication::of(row)?.parts;
                ours.extend(parts.iter().flat_map(|part| [part.file.clone(), format!("{}.gz", part.file)]));
            }
            old_files(app, &Path::from_iter(["publications", channel.as_str(), id.as_str()]), &ours, found).await?;
        }
    }
    Ok(())
}

/// The names of the folders in a folder.
async fn folders(app: &App, folder: &Path) -> Result<Vec<String>> {
    let listed =
        app.files.list_with_delimiter(Some(folder)).await.map_err(|error| files::refused("the files cannot be listed", error))?;
    Ok(listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect())
}

/// The files of a folder besides `ours`, once all of it has been at rest for a while.
async fn old_files(app: &App, folder: &Path, ours: &HashSet<String>, found: &mut (dyn FnMut(Path) + Send)) -> Result<()> {
    let refused = |error| files::refused("the files cannot be listed", error);
    let all: Vec<ObjectMeta> = app.files.list(Some(folder)).try_collect().await.map_err(refused)?;
    let latest = app.clock.now() - STRAY;
    if all.iter().all(|meta| meta.last_modified < latest) {
        let strays = all.into_iter().filter(|meta| !meta.location.filename().is_some_and(|name| ours.contains(name)));
        strays.for_each(|meta| found(meta.location));
    }
    Ok(())
}
