//! Taking images away: nothing is deleted while something points at it.

use super::queries::{self, ImageRow};
use crate::app::App;
use crate::catalog::picture::UPLOADED;
use crate::catalog::queries::{group_that_shows, product_that_names};
use crate::db::operations::{self, OperationFilter};
use crate::db::{Conn, lock_catalog};
use crate::error::{Code, Error, Result};
use crate::files;
use crate::normalize::PictureChoice;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::json;

/// The image, or `not_found`.
pub fn existing(conn: &mut Conn, id: &str) -> Result<ImageRow> {
    queries::image(conn, id)?.ok_or_else(|| Error::not_found(format!("image '{id}'")))
}

/// The kind of the operations that take images away.
pub const DELETED: &str = "image_delete";

/// Is one of these uploads not here any more? Then in which operation it was deleted, where that is known.
pub fn deleted(conn: &mut Conn, pictures: &[PictureChoice]) -> Result<Option<Option<String>>> {
    let uploaded: Vec<&str> = pictures.iter().filter_map(|choice| choice.picture.strip_prefix(UPLOADED)).collect();
    let Some(id) = queries::missing_images(conn, &uploaded)?.into_iter().next() else { return Ok(None) };
    let filter = OperationFilter { kind: Some(DELETED.to_owned()), subject: Some(id) };
    Ok(Some(operations::list(conn, &filter, None, 1)?.into_iter().next().map(|operation| operation.id)))
}

/// Takes an image away, with its original and everything that was made of it. It cannot be undone, but it stands in history.
pub async fn delete(app: &App, id: &str, actor: &str) -> Result<()> {
    let (of, actor, now) = (id.to_owned(), actor.to_owned(), app.clock.now());
    let (row, made) = app
        .db
        .write(move |conn| {
            // No edit comes between looking and taking away.
            lock_catalog(conn)?;
            let row = existing(conn, &of)?;
            let products = queries::image_references(conn, &of)?;
            if products > 0 {
                let detail = format!("products show this image ({products}); take it off them first");
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
            operations::record(conn, DELETED, &actor, &of, &json!({"name": row.name}), now)?;
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
