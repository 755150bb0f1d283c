//! `feeds/<channel>/<file>` and `<file>.gz`: copies of the current publications' files, each replaced whole, for people who let a web
//! server or a sync tool read the folder.

use super::profile::{ChannelProfile, Format};
use super::publish::{self, Kind, Publication};
use super::store::{place, refused};
use crate::app::App;
use crate::error::Result;
use futures_util::TryStreamExt;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};

/// Where the copy of a channel's current file lies.
pub fn feed(channel: &str, file: &str) -> ObjectPath {
    ObjectPath::from_iter(["feeds", channel, file])
}

/// Brings `feeds/<channel>/` to the publication. The publication already stands, so a fault here is only logged: what is served
/// over HTTP comes from the publication itself.
pub async fn bring(app: &App, profile: &ChannelProfile, publication: &Publication) {
    if let Err(error) = copy(app, profile, publication).await {
        tracing::warn!(%error, channel = profile.code, "the copy of the feed in feeds/ could not be written");
    }
}

async fn copy(app: &App, profile: &ChannelProfile, publication: &Publication) -> Result<()> {
    let channel = &profile.code;
    for part in &publication.parts {
        let name = &part.file;
        for name in [name.clone(), format!("{name}.gz")] {
            app.files.copy(&place(channel, &publication.id, &name), &feed(channel, &name)).await.map_err(refused)?;
        }
    }
    // Parts that an earlier, longer feed of the same formats left behind.
    let formats: Vec<_> =
        profile.formats.iter().filter(|format| publication.parts.iter().any(|part| part.format == format.code)).collect();
    let prefix = ObjectPath::from_iter(["feeds", channel.as_str()]);
    let old: Vec<ObjectPath> = app.files.list(Some(&prefix)).map_ok(|meta| meta.location).try_collect().await.map_err(refused)?;
    for location in old {
        let name = location.filename().unwrap_or_default();
        let bare = name.strip_suffix(".gz").unwrap_or(name);
        let owns = |format: &&Format| match publication.kind {
            Kind::Full => format.owns(bare),
            Kind::Delta => format.of_delta().owns(bare),
        };
        let ours = formats.iter().any(owns);
        if ours && !publication.parts.iter().any(|part| part.file == bare) {
            app.files.delete(&location).await.map_err(refused)?;
        }
    }
    Ok(())
}

/// Brings every channel's copies to what stands now, where a process died between the publication and its copies.
pub async fn bring_all(app: &App) -> Result<()> {
    for profile in app.channels.iter() {
        for format in &profile.formats {
            let Some(mut publication) = publish::newest(app, profile, &format.code, Kind::Full).await? else { continue };
            // The newest of one format may hold another's older parts.
            publication.parts.retain(|part| part.format == format.code);
            if !is_there(app, profile, &publication).await? {
                tracing::info!(
                    channel = profile.code,
                    publication = publication.id,
                    "the copies of the feed are brought up to date"
                );
                bring(app, profile, &publication).await;
            }
        }
    }
    Ok(())
}

/// Is every copy as long as its original, and no older?
async fn is_there(app: &App, profile: &ChannelProfile, publication: &Publication) -> Result<bool> {
    for part in &publication.parts {
        for name in [part.file.clone(), format!("{}.gz", part.file)] {
            let original = match app.files.head(&place(&profile.code, &publication.id, &name)).await {
                Ok(original) => original,
                // Nothing to copy from; `doctor` tells.
                Err(object_store::Error::NotFound { .. }) => return Ok(true),
                Err(error) => return Err(refused(error)),
            };
            match app.files.head(&feed(&profile.code, &name)).await {
                Ok(copy) if copy.size == original.size && copy.last_modified >= original.last_modified => {}
                Ok(_) | Err(object_store::Error::NotFound { .. }) => return Ok(false),
                Err(error) => return Err(refused(error)),
            }
        }
    }
    Ok(true)
}
