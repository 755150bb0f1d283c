//! Renditions: what is made of an image for a channel or a list. Named by the wish and made once; the same wish of the same image is the same
//! bytes wherever it is made.

use super::intake;
use super::picture::{self, Format, Refusal, Rendered, Spec};
use super::queries::{self, ImageRow, RenditionRow};
use crate::app::App;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::files;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};

/// Where they stand in the file store.
pub const RENDITIONS: &str = "media/renditions";
/// Hexadecimal digits of a wish's key.
const KEY_DIGITS: usize = 12;

/// The key of a wish: another wish has another key, so what stands under one never changes.
pub fn key(spec: &Spec) -> String {
    // A structure of plain fields can always be written.
    let text = serde_json::to_string(spec).unwrap_or_default();
    hex::encode(Sha256::digest(text)).chars().take(KEY_DIGITS).collect()
}

/// The wish of this key, of any channel or list.
fn wish(app: &App, wanted: &str) -> Option<Spec> {
    let channels = app.channels.iter().filter_map(|profile| profile.images.as_ref()).map(|images| images.rendition.clone());
    let lists = app.lists.iter().flat_map(|list| list.wishes.iter().cloned());
    channels.chain(lists).find(|spec| key(spec) == wanted)
}

/// The rendition of this key: what was made, else made now. A key that is of no wish, and of nothing made before, is not found.
pub async fn get(app: &App, image: &str, wanted: &str) -> Result<RenditionRow> {
    let (id, wanted) = (image.to_owned(), wanted.to_owned());
    let of = wanted.clone();
    let (row, made) = app.db.read(move |conn| Ok((queries::image(conn, &id)?, queries::rendition(conn, &id, &of)?))).await?;
    if let Some(made) = made {
        return Ok(made);
    }
    let row = row.ok_or_else(|| Error::not_found(format!("image '{image}'")))?;
    let spec = wish(app, &wanted).ok_or_else(|| Error::not_found(format!("rendition '{wanted}' of image '{image}'")))?;
    let made = make(app, &row, vec![spec]).await?.pop();
    made.ok_or_else(|| Error::internal("a rendition was wished and none was made"))
}

/// Makes these of an image: decoded once for all of them. Those that somebody made while this waited for its turn are as good.
pub(super) async fn make(app: &App, row: &ImageRow, mut specs: Vec<Spec>) -> Result<Vec<RenditionRow>> {
    let seat = app.pictures.seat().await?;
    let id = row.id.clone();
    let mut there = app.db.read(move |conn| queries::renditions_of(conn, &id)).await?;
    there.retain(|made| specs.iter().any(|spec| key(spec) == made.rendition));
    specs.retain(|spec| there.iter().all(|made| key(spec) != made.rendition));
    if specs.is_empty() {
        return Ok(there);
    }
    let bytes = intake::original(app, row).await?;
    let (dictionary, wished) = (app.dictionary.clone(), specs.clone());
    let rendered = seat.run(move || picture::render(&bytes, &wished, dictionary.pictures())).await?;
    let rendered = rendered.map_err(|refusal| refused(&refusal))?;
    let mut rows = Vec::with_capacity(rendered.len());
    for (spec, Rendered { bytes, format, width, height, .. }) in specs.iter().zip(rendered) {
        let rendition = key(spec);
        let (id, short) = (&row.id, row.id.get(..2).unwrap_or_default());
        let file = format!("{RENDITIONS}/{short}/{id}/{rendition}.{}", format.extension());
        let pixels = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        rows.push(RenditionRow {
            image_id: id.clone(),
            rendition,
            format: format.as_str().to_owned(),
            width: pixels(width),
            height: pixels(height),
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            sha256: hex::encode(Sha256::digest(&bytes)),
            created_at: app.clock.now().into(),
            file: file.clone(),
        });
        let stored = app.files.put(&Path::from(file), bytes.into()).await;
        stored.map_err(|error| files::refused("the rendition cannot be kept", error))?;
    }
    let kept = rows.clone();
    let note = move |conn: &mut Conn| match kept.first() {
        // Deleted while it was made: what was made of it goes too.
        Some(row) if !queries::image_known(conn, &row.image_id)? => Ok(false),
        _ => kept.iter().try_for_each(|row| queries::rendition_insert(conn, row)).map(|()| true),
    };
    if !app.db.write(note).await? {
        for made in &rows {
            // What stays behind is found by `doctor`.
            let _ = app.files.delete(&Path::from(made.file.as_str())).await;
        }
        return Err(Error::not_found(format!("image '{}'", row.id)));
    }
    metrics::counter!("beamline_renditions_total").increment(rows.len() as u64);
    Ok(rows)
}

/// Why a rendition cannot be made of an image that was taken.
fn refused(refusal: &Refusal) -> Error {
    Error::new(Code::Invalid, format!("{}: {}", refusal.code, refusal.message))
}

/// The media type of a stored format's name.
pub fn content_type(format: &str) -> &'static str {
    Format::parse(format).map_or("application/octet-stream", Format::content_type)
}
