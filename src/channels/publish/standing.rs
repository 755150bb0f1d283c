//! Which publication stands now.

use super::{Kind, Part, Publication};
use crate::app::App;
use crate::channels::profile::{ChannelProfile, Holds, Scope};
use crate::channels::queries;
use crate::error::Result;
use std::sync::Arc;

/// The part that answers for `file` now: from the newest publication that holds its format. None before the first.
pub async fn current(app: &App, profile: &Arc<ChannelProfile>, file: &str) -> Result<Option<(Publication, Part)>> {
    let plain = profile.formats.iter().find(|format| format.owns(file)).map(|format| (format, Kind::Full));
    let delta = || profile.formats.iter().find(|format| format.of_delta().owns(file)).map(|format| (format, Kind::Delta));
    let Some((format, kind)) = plain.or_else(delta) else { return Ok(None) };
    let Some(publication) = newest(app, profile, &format.code, kind).await? else { return Ok(None) };
    let part = publication.parts.iter().find(|part| part.file == file).cloned();
    Ok(part.map(|part| (publication, part)))
}

/// The parts of a format as they stand now, and the publication they are of. None before the first.
pub async fn standing(app: &App, profile: &ChannelProfile, format: &str) -> Result<Vec<(String, Part)>> {
    let Some(publication) = newest(app, profile, format, Kind::Full).await? else { return Ok(Vec::new()) };
    let parts = publication.parts.into_iter().filter(|part| part.format == format);
    Ok(parts.map(|part| (publication.id.clone(), part)).collect())
}

/// The newest publication of this kind that holds a format. None before the first.
pub async fn newest(app: &App, profile: &ChannelProfile, format: &str, kind: Kind) -> Result<Option<Publication>> {
    let channel = profile.code.clone();
    let may_lack = profile.format(format).is_some_and(|format| format.scope == Scope::Removed || format.holds == Holds::Families);
    // A channel that is only ever published format by format still has each of them among the newest.
    let newest =
        app.db.read(move |conn| queries::publications(conn, &channel, Some(("published", kind.as_str())), None, 50)).await?;
    for row in newest {
        let publication = Publication::of(row)?;
        if publication.parts.iter().any(|part| part.format == format) {
            return Ok(Some(publication));
        }
        // A publication of the whole channel without it says that there is nothing to tell.
        let holds = |code: &str| {
            profile.format(code).is_some_and(|format| format.scope != Scope::Removed && format.holds != Holds::Families)
        };
        if may_lack && publication.parts.iter().any(|part| holds(&part.format)) {
            return Ok(None);
        }
    }
    Ok(None)
}
