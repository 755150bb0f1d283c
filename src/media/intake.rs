//! Taking a picture in: examined, held against what is here already, and kept once.

use super::image_id;
use super::picture::{self, Facts, PictureHash, PictureRules, Refusal, Tones};
use super::queries::{self, ImageRow, Looks};
use crate::app::App;
use crate::db::JsonText;
use crate::error::{Code, Error, Result};
use crate::files;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// Where the originals stand in the file store.
pub const ORIGINALS: &str = "media/originals";
/// Bits of a piece of a perceptual hash: its 416 bits are 32 pieces, one more than two pictures of the same may differ in.
const BAND_BITS: usize = 13;
/// Images looked at for each piece: more share one only where the piece says nothing, as on an empty background.
const ALIKE: i64 = 200;
/// Characters kept of a file's name.
const NAME_CHARS: usize = 200;

/// What became of a picture that was sent.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It is kept.
    Kept {
        /// The image.
        row: Box<ImageRow>,
        /// Was it here before?
        known: bool,
    },
    /// It is not taken.
    Refused(Refusal),
}

/// Examines a picture and keeps it. `name` is the file's name where it has one.
pub async fn take(app: &App, bytes: Bytes, name: Option<&str>, actor: &str) -> Result<Taken> {
    let id = image_id(&hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
    // The same bytes are the same picture: nothing is decoded twice.
    if let Some(row) = app
        .db
        .read({
            let id = id.clone();
            move |conn| queries::image(conn, &id)
        })
        .await?
    {
        bring_back(app, &row, &bytes).await?;
        return Ok(known(row));
    }
    let examined = {
        let (dictionary, bytes) = (app.dictionary.clone(), bytes.clone());
        app.pictures.run(move || picture::examine(&bytes, dictionary.pictures())).await?
    };
    let facts = match examined {
        Ok(facts) => facts,
        Err(refusal) => return Ok(Taken::Refused(refusal)),
    };
    let now = app.clock.now();
    // No two takings share a file: one that is being deleted never takes away what another has just brought.
    let (folder, unique) = (id.get(..2).unwrap_or_default(), crate::id::new(&facts.sha256, now));
    let file = format!("{ORIGINALS}/{folder}/{unique}.{}", facts.format.extension());
    let stored = app.files.put(&Path::from(file.as_str()), bytes.into()).await;
    stored.map_err(|error| files::refused("the picture cannot be kept", error))?;
    let name = name.map(|name| name.chars().take(NAME_CHARS).collect::<String>());
    let row = row_of(&facts, id, file.clone(), name, actor, now)?;
    let dictionary = app.dictionary.clone();
    let taken = app
        .db
        .write(move |conn| {
            let bands = bands(&facts.hash);
            let mut row = row;
            // One colour and nothing else looks like every other such picture.
            let nearest = if facts.has("blank") {
                None
            } else {
                nearest(queries::alike(conn, &bands, ALIKE)?, &row.id, &facts, dictionary.pictures())
            };
            if let Some(nearest) = nearest {
                row.placeholder = nearest.placeholder;
                row.same_as = Some(nearest.same_as.unwrap_or(nearest.id));
            }
            if queries::image_insert(conn, &row, &bands)? {
                return Ok(Taken::Kept { row: Box::new(row), known: false });
            }
            // Another process was faster with the same bytes.
            let there = queries::image(conn, &row.id)?;
            there.map(known).ok_or_else(|| Error::internal("an image was kept and is not there"))
        })
        .await?;
    if !matches!(&taken, Taken::Kept { row, .. } if row.file == file)
        && let Err(error) = app.files.delete(&Path::from(file.as_str())).await
    {
        tracing::warn!(%error, file, "a picture that is kept already stays behind once more; doctor finds it");
    }
    Ok(match taken {
        Taken::Kept { row, known: false } if row.placeholder => known(*row),
        taken => taken,
    })
}

/// Writes the original of an image again where it is lost: here are its bytes.
async fn bring_back(app: &App, row: &ImageRow, bytes: &Bytes) -> Result<()> {
    if stands(app, row).await? {
        return Ok(());
    }
    let stored = app.files.put(&Path::from(row.file.as_str()), bytes.clone().into()).await;
    stored.map_err(|error| files::refused("the picture cannot be kept", error))?;
    tracing::info!(image = row.id, "the original of an image was lost and has come again");
    Ok(())
}

/// Is the original of an image in the file store, in its length?
pub(super) async fn stands(app: &App, row: &ImageRow) -> Result<bool> {
    match app.files.head(&Path::from(row.file.as_str())).await {
        Ok(meta) => Ok(i64::try_from(meta.size).is_ok_and(|size| size == row.bytes)),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(files::refused("the original of this image", error)),
    }
}

/// What sending an image means that is here already.
fn known(row: ImageRow) -> Taken {
    if row.placeholder {
        return Taken::Refused(placeholder(&row));
    }
    Taken::Kept { row: Box::new(row), known: true }
}

/// The code of what is not taken because it stands for no picture.
pub const PLACEHOLDER: &str = "placeholder";

/// Why a placeholder is not taken.
pub(super) fn placeholder(like: &ImageRow) -> Refusal {
    let of = like.same_as.as_deref().unwrap_or(&like.id);
    Refusal {
        code: PLACEHOLDER,
        message: format!("this picture stands for no picture, as a person said of image {of}; send a picture of the product"),
    }
}

fn row_of(facts: &Facts, id: String, file: String, name: Option<String>, actor: &str, now: DateTime<Utc>) -> Result<ImageRow> {
    let pixels = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    Ok(ImageRow {
        id,
        sha256: facts.sha256.clone(),
        file,
        format: facts.format.as_str().to_owned(),
        width: pixels(facts.width),
        height: pixels(facts.height),
        bytes: i64::try_from(facts.bytes).unwrap_or(i64::MAX),
        white_border: i32::from(facts.white_border),
        looks: looks(facts),
        findings: codes(facts),
        facts: JsonText::of(facts)?,
        same_as: None,
        distinct_by: None,
        placeholder: false,
        name,
        created_by: actor.to_owned(),
        created_at: now.into(),
    })
}

/// How a picture looks, as it is stored: its hash, and behind a dot its tones.
pub(super) fn looks(facts: &Facts) -> String {
    let tones = facts.tones.map(|tones| format!(".{}", String::from(tones)));
    format!("{}{}", facts.hash, tones.unwrap_or_default())
}

/// The same read again; no tones of what was kept before they were looked at.
fn seen(looks: &str) -> Option<(PictureHash, Option<Tones>)> {
    let (hash, tones) = looks.split_once('.').map_or((looks, None), |(hash, tones)| (hash, Some(tones)));
    Some((PictureHash::parse(hash)?, tones.and_then(Tones::parse)))
}

/// What was noticed, as it is stored.
pub(super) fn codes(facts: &Facts) -> String {
    facts.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(" ")
}

/// The pieces of a hash with their numbers. Two hashes that differ in fewer bits than there are pieces have one in common.
pub(super) fn bands(hash: &PictureHash) -> Vec<(i32, i32)> {
    let bits: Vec<i32> = hash.as_bytes().iter().flat_map(|byte| (0..8).map(move |at| i32::from(byte >> at & 1))).collect();
    bits.chunks(BAND_BITS).zip(0..).map(|(piece, band)| (band, piece.iter().fold(0, |value, bit| (value << 1) | bit))).collect()
}

/// The image that shows the same, if one does.
fn nearest(candidates: Vec<Looks>, id: &str, facts: &Facts, rules: &PictureRules) -> Option<Looks> {
    let mut best: Option<(u32, Looks)> = None;
    for there in candidates {
        let Some((hash, tones)) = seen(&there.looks) else { continue };
        let distance = facts.hash.distance(&hash);
        let nearer = best.as_ref().is_none_or(|(least, _)| distance < *least);
        let alike = distance <= rules.same_picture_distance()
            && facts.tones.zip(tones).is_none_or(|(mine, theirs)| u64::from(mine.apart(&theirs)) <= rules.same_tone);
        if there.id != id && alike && nearer && same_shape(facts, &there) {
            best = Some((distance, there));
        }
    }
    best.map(|(_, there)| there)
}

/// A picture in another size has the same shape, but for what rounding does to a small one.
fn same_shape(facts: &Facts, there: &Looks) -> bool {
    let side = |side: i32| u64::try_from(side).unwrap_or_default();
    let (wide, high) = (u64::from(facts.width) * side(there.height), side(there.width) * u64::from(facts.height));
    wide.abs_diff(high) * 50 <= wide.max(high)
}

/// The bytes of an image that is kept.
pub async fn original(app: &App, row: &ImageRow) -> Result<Bytes> {
    let refused = |error| match files::refused("the original of this image", error) {
        // It should be there: that is our fault and not the caller's.
        error if error.code == Code::NotFound => Error { code: Code::Unavailable, ..error },
        error => error,
    };
    let object = app.files.get(&Path::from(row.file.as_str())).await.map_err(refused)?;
    object.bytes().await.map_err(refused)
}
