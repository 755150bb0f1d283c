//! What people say of images: that one stands for no picture, or that it shows something else than the one it was taken to be the same as.
//! Each saying is an operation: it stands in history, and undo takes it back.

use super::intake;
use super::keep::existing;
use super::queries::{self, ImageRow};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes, operations};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};

/// What a person says of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Does it stand for no picture?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<bool>,
    /// Is it the same as the one that it was taken to be the same as?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// The document that history shows of an image and undo restores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidOfImage {
    /// Does it stand for no picture?
    pub placeholder: bool,
    /// The image that shows the same and was here first.
    pub same_as: Option<String>,
    /// Who said that it shows something else.
    pub distinct_by: Option<String>,
}

impl SaidOfImage {
    /// As it is stored.
    pub fn of(row: &ImageRow) -> Self {
        Self { placeholder: row.placeholder, same_as: row.same_as.clone(), distinct_by: row.distinct_by.clone() }
    }
}

/// Notes what a person says; products that show the image, or what shows the same, are told of. The place in the log is none where
/// nothing changed.
pub fn mark(conn: &mut Conn, id: &str, mark: Mark, actor: &str, now: DateTime<Utc>) -> Result<(ImageRow, Option<Position>)> {
    let row = existing(conn, id)?;
    let before = SaidOfImage::of(&row);
    if mark.same == Some(true) && before.same_as.is_none() {
        let undone = if before.distinct_by.is_some() { "; undo the operation that said so" } else { "" };
        let message = format!("this image is not known to be the same as another one{undone}");
        return Err(Error::field("/same", "not_alike", message));
    }
    let mut said = SaidOfImage { placeholder: mark.placeholder.unwrap_or(before.placeholder), ..before.clone() };
    if mark.same == Some(false) && said.same_as.take().is_some() {
        said.distinct_by = Some(actor.to_owned());
    }
    if said == before {
        return Ok((row, None));
    }
    let operation = operations::record(conn, "image", actor, id, &mark, now)?;
    let mut told = vec![changed(id, &before, &operation)?];
    told.extend(restate(conn, &row, &said, &operation, now)?);
    let change = changes::append(conn, now, &told)?;
    Ok((existing(conn, id)?, Some(change)))
}

/// Stores what is said of an image and returns what else that changes, which is the caller's to append: images that show the same stand
/// for as little, and products that show one of them are seen anew.
pub fn restate(
    conn: &mut Conn,
    row: &ImageRow,
    said: &SaidOfImage,
    operation: &str,
    now: DateTime<Utc>,
) -> Result<Vec<NewChange>> {
    let mut said = said.clone();
    let (mut touched, mut told) = (vec![row.id.clone()], Vec::new());
    let first = said.same_as.as_deref().map(|first| queries::image(conn, first)).transpose()?.flatten();
    said.same_as = first.as_ref().map(|first| first.same_as.clone().unwrap_or_else(|| first.id.clone()));
    // Of what shows the same: who follows this one.
    let same = match first.filter(|_| said.same_as != row.same_as) {
        Some(first) => {
            // It comes back to the others and stands for what they stand for now, and so does who was taken to be the same as it meanwhile.
            said.placeholder = first.placeholder;
            queries::images_same_as(conn, &row.id)?
        }
        None if said.placeholder == row.placeholder => Vec::new(),
        None => {
            let root = said.same_as.clone().unwrap_or_else(|| row.id.clone());
            queries::images_same_as(conn, &root)?.into_iter().chain([root]).collect()
        }
    };
    queries::image_mark(conn, &row.id, said.same_as.as_deref(), said.distinct_by.as_deref(), said.placeholder)?;
    for other in same.into_iter().filter(|other| *other != row.id) {
        let there = SaidOfImage::of(&existing(conn, &other)?);
        let root = said.same_as.as_ref().filter(|_| there.same_as.as_ref() == Some(&row.id)).or(there.same_as.as_ref());
        let next = SaidOfImage { placeholder: said.placeholder, same_as: root.cloned(), ..there.clone() };
        if next == there {
            continue;
        }
        queries::image_mark(conn, &other, next.same_as.as_deref(), next.distinct_by.as_deref(), next.placeholder)?;
        told.push(changed(&other, &there, operation)?);
        touched.push(other);
    }
    if row.placeholder && !said.placeholder {
        queries::addresses_refused_again(conn, intake::PLACEHOLDER, now)?;
    }
    let touched: Vec<&str> = touched.iter().map(String::as_str).collect();
    let seen = queries::products_of_images(conn, &touched)?;
    told.extend(seen.into_iter().map(|change| change.within(operation)));
    Ok(told)
}

/// The change that history and undo find.
fn changed(id: &str, before: &SaidOfImage, operation: &str) -> Result<NewChange> {
    Ok(NewChange::new(ChangeKind::EditChanged, id, json!({"what": "image", "image": id}))
        .within(operation)
        .was(JsonText::of(before)?))
}

/// The document of an image as it is; none of one that is not there.
pub fn document(conn: &mut Conn, id: &str) -> Result<Option<JsonValue>> {
    Ok(queries::image(conn, id)?.map(|row| json!(SaidOfImage::of(&row))))
}
