//! What was made of images.

use crate::db::schema::{image_renditions, images};
use crate::db::{Conn, Time};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use std::collections::HashMap;

/// A rendition as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = image_renditions)]
pub struct RenditionRow {
    /// Of what it was made.
    pub image_id: String,
    /// Of the wish.
    pub rendition: String,
    /// Where it stands in the file store.
    pub file: String,
    /// Its format's name.
    pub format: String,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// Its length.
    pub bytes: i64,
    /// Of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// When it was made.
    pub created_at: Time,
}

/// One rendition, when it has been made.
pub fn rendition(conn: &mut Conn, image: &str, rendition: &str) -> Result<Option<RenditionRow>> {
    Ok(image_renditions::table.find((image, rendition)).first(conn).optional()?)
}

/// What has been made of an image.
pub fn renditions_of(conn: &mut Conn, image: &str) -> Result<Vec<RenditionRow>> {
    Ok(image_renditions::table.filter(image_renditions::image_id.eq(image)).order(image_renditions::rendition).load(conn)?)
}

/// Notes a rendition; another process may have made the same, which is the same.
pub fn rendition_insert(conn: &mut Conn, row: &RenditionRow) -> Result<()> {
    each_backend!(conn => diesel::insert_into(image_renditions::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(())
}

/// Forgets a rendition, so that it is made again.
pub fn rendition_forget(conn: &mut Conn, image: &str, rendition: &str) -> Result<()> {
    diesel::delete(image_renditions::table.find((image, rendition))).execute(conn)?;
    Ok(())
}

/// The files of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFiles {
    /// The image.
    pub id: String,
    /// Its original.
    pub file: String,
    /// The original's length.
    pub bytes: i64,
    /// What was made of it.
    pub renditions: Vec<RenditionRow>,
}

/// A page of images with their files, in the order of their ids.
pub fn image_files(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<ImageFiles>> {
    let rows: Vec<(String, String, i64)> = images::table
        .filter(images::id.gt(after))
        .order(images::id)
        .limit(limit)
        .select((images::id, images::file, images::bytes))
        .load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    let made: Vec<RenditionRow> =
        each_backend!(conn => image_renditions::table.filter(image_renditions::image_id.eq_any(&ids)).load(conn))?;
    let mut by_image: HashMap<String, Vec<RenditionRow>> = HashMap::new();
    for row in made {
        by_image.entry(row.image_id.clone()).or_default().push(row);
    }
    let files = rows.into_iter().map(|(id, file, bytes)| {
        let renditions = by_image.remove(&id).unwrap_or_default();
        ImageFiles { id, file, bytes, renditions }
    });
    Ok(files.collect())
}

/// Which of these files some image has, and their lengths.
pub fn files_known(conn: &mut Conn, files: &[String]) -> Result<HashMap<String, i64>> {
    let mut known = HashMap::new();
    for part in files.chunks(1_000) {
        let originals: Vec<(String, i64)> = each_backend!(conn => images::table
            .filter(images::file.eq_any(part))
            .select((images::file, images::bytes))
            .load(conn))?;
        known.extend(originals);
        let made: Vec<(String, i64)> = each_backend!(conn => image_renditions::table
            .filter(image_renditions::file.eq_any(part))
            .select((image_renditions::file, image_renditions::bytes))
            .load(conn))?;
        known.extend(made);
    }
    Ok(known)
}

/// How many files images have, originals and renditions.
pub fn files_count(conn: &mut Conn) -> Result<i64> {
    let originals: i64 = images::table.count().get_result(conn)?;
    let made: i64 = image_renditions::table.count().get_result(conn)?;
    Ok(originals + made)
}
