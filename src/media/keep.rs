//! What people say of images, and taking images away: nothing is deleted while something points at it.

use super::intake;
use super::queries::{self, ImageRow};
use crate::app::App;
use crate::catalog::picture::UPLOADED;
use crate::catalog::queries::{group_that_shows, product_that_names};
use crate::db::{Conn, Position, changes, lock_catalog};
use crate::error::{Code, Error, Result};
use crate::files;
use chrono::{DateTime, Utc};
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// What a person says of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// Does it stand for no picture?
    pub placeholder: Option<bool>,
    /// Is it the same as the one that it was taken to be the same as?
    pub same: Option<bool>,
}

/// The image, or `not_found`.
pub fn existing(conn: &mut Conn, id: &str) -> Result<ImageRow> {
    queries::image(conn, id)?.ok_or_else(|| Error::not_found(format!("image '{id}'")))
}

/// Notes what a person says; products that show it, or what shows the same, are told of.
pub fn mark(conn: &mut Conn, id: &str, said: Mark, actor: &str, now: DateTime<Utc>) -> Result<(ImageRow, Option<Position>)> {
    let row = existing(conn, id)?;
    if said.same == Some(true) && row.same_as.is_none() {
        return Err(Error::field("/same", "not_alike", "this image was not found to be the same as another one"));
    }
    let distinct = said.same == Some(false);
    let same_as = row.same_as.clone().filter(|_| !distinct);
    let distinct_by = if distinct { Some(actor) } else { row.distinct_by.as_deref() };
    let placeholder = said.placeholder.unwrap_or(row.placeholder);
    queries::image_mark(conn, id, same_as.as_deref(), distinct_by, placeholder)?;
    let mut touched = vec![id.to_owned()];
    if placeholder != row.placeholder {
        // What shows the same stands for as little, in whatever size it came first.
        let root = same_as.unwrap_or_else(|| id.to_owned());
        let same = queries::images_same_as(conn, &root)?.into_iter().chain([root]);
        for other in same.filter(|other| other != id) {
            let there = existing(conn, &other)?;
            queries::image_mark(conn, &other, there.same_as.as_deref(), there.distinct_by.as_deref(), placeholder)?;
            touched.push(other);
        }
        if !placeholder {
            queries::addresses_refused_again(conn, intake::PLACEHOLDER, now)?;
        }
    }
    let mut told = Vec::new();
    for image in &touched {
        let mut addresses: Vec<String> = queries::addresses_of_image(conn, image)?.into_iter().map(|(id, _)| id).collect();
        addresses.push(super::address_id(&format!("{UPLOADED}{image}")));
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        told.extend(queries::products_showing(conn, &addresses)?);
    }
    let change = if told.is_empty() { None } else { Some(changes::append(conn, now, &told)?) };
    Ok((existing(conn, id)?, change))
}

/// Takes an image away, with its original and everything that was made of it.
pub async fn delete(app: &App, id: &str) -> Result<()> {
    let of = id.to_owned();
    let (row, made) = app
        .db
        .write(move |conn| {
            // No edit comes between looking and taking away.
            lock_catalog(conn)?;
            let row = existing(conn, &of)?;
            let products = queries::image_references(conn, &of)?;
            if products > 0 {
                let detail = format!("{products} products show this image; take it off them first");
                return Err(Error::new(Code::Conflict, detail));
            }
            if let Some(sku) = product_that_names(conn, &of)? {
                let detail = format!("product {sku} shows this image; take it off it first");
                return Err(Error::new(Code::Conflict, detail));
            }
            if let Some(group) = group_that_shows(conn, &of)? {
                let detail = format!("product group {group} shows this image; take it off the group first");
                return Err(Error::new(Code::Conflict, detail));
            }
            if row.placeholder {
                let detail = "this image is known as a placeholder; without it the next one like it would be taken";
                return Err(Error::new(Code::Conflict, detail));
            }
            let made = queries::renditions_of(conn, &of)?;
            queries::image_delete(conn, &of)?;
            Ok((row, made))
        })
        .await?;
    // The rows are gone; a file that stays behind is found by `doctor`.
    for file in made.iter().map(|made| made.file.as_str()).chain([row.file.as_str()]) {
        match app.files.delete(&Path::from(file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => {
                let error = files::refused("a file of the image that was taken away", error);
                tracing::warn!(%error, file, "a file stays behind");
            }
        }
    }
    Ok(())
}
