//! Images that are kept.

use crate::catalog::picture::UPLOADED;
use crate::db::schema::{image_addresses, image_bands, images, product_images};
use crate::db::{Conn, JsonText, Time};
use crate::each_backend;
use crate::error::Result;
use crate::media::address_id;
use diesel::dsl::not;
use diesel::prelude::*;
use std::collections::HashSet;

/// An image as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = images, treat_none_as_default_value = false)]
pub struct ImageRow {
    /// Of its bytes.
    pub id: String,
    /// Of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// The original in the file store.
    pub file: String,
    /// Its format's name.
    pub format: String,
    /// Pixels, as it is looked at.
    pub width: i32,
    /// Pixels, as it is looked at.
    pub height: i32,
    /// Of the original.
    pub bytes: i64,
    /// How much of its rim is white, in thousandths.
    pub white_border: i32,
    /// How it looks: its perceptual hash, in hexadecimal digits.
    pub looks: String,
    /// Codes of what was noticed, a space between.
    pub findings: String,
    /// Everything that was found out.
    pub facts: JsonText,
    /// The image that shows the same and was here first.
    pub same_as: Option<String>,
    /// Who said that it shows nothing that was here before.
    pub distinct_by: Option<String>,
    /// Does it stand for no picture?
    pub placeholder: bool,
    /// The name of the file that was sent.
    pub name: Option<String>,
    /// Who sent it; `collect` for one that was fetched.
    pub created_by: String,
    /// When it came first.
    pub created_at: Time,
}

macro_rules! columns {
    () => {
        (
            images::id,
            images::sha256,
            images::file,
            images::format,
            images::width,
            images::height,
            images::bytes,
            images::white_border,
            images::looks,
            images::findings,
            images::facts,
            images::same_as,
            images::distinct_by,
            images::placeholder,
            images::name,
            images::created_by,
            images::created_at,
        )
    };
}

/// One image.
pub fn image(conn: &mut Conn, id: &str) -> Result<Option<ImageRow>> {
    Ok(images::table.find(id).select(columns!()).first(conn).optional()?)
}

/// Is this image here?
pub fn image_known(conn: &mut Conn, id: &str) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(images::table.find(id))).get_result(conn)?)
}

/// Which of these ids are of no image.
pub fn missing_images(conn: &mut Conn, ids: &[&str]) -> Result<Vec<String>> {
    let mut known = HashSet::new();
    for part in ids.chunks(1_000) {
        let rows: Vec<String> =
            each_backend!(conn => images::table.filter(images::id.eq_any(part)).select(images::id).load(conn))?;
        known.extend(rows);
    }
    Ok(ids.iter().filter(|id| !known.contains(**id)).map(|id| (*id).to_owned()).collect())
}

/// A page of images in the order of their ids.
pub fn images_page(conn: &mut Conn, finding: Option<&str>, after: &str, limit: i64) -> Result<Vec<ImageRow>> {
    let mut query = images::table.select(columns!()).filter(images::id.gt(after)).order(images::id).limit(limit).into_boxed();
    if let Some(finding) = finding {
        // A word between spaces: the codes stand in one text.
        let words = diesel::dsl::sql::<diesel::sql_types::Text>("(' ' || images.findings || ' ')");
        query = query.filter(words.like(format!("% {finding} %")));
    }
    Ok(query.load(conn)?)
}

/// Keeps an image and the pieces of its hash; false when it was here already.
pub fn image_insert(conn: &mut Conn, row: &ImageRow, bands: &[(i32, i32)]) -> Result<bool> {
    let new = each_backend!(conn => diesel::insert_into(images::table).values(row).on_conflict_do_nothing().execute(conn))?;
    if new == 0 {
        return Ok(false);
    }
    bands_insert(conn, &row.id, bands)?;
    Ok(true)
}

/// What another look at an image may find otherwise.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = images)]
pub struct Examined {
    /// See [`ImageRow::white_border`].
    pub white_border: i32,
    /// See [`ImageRow::looks`].
    pub looks: String,
    /// See [`ImageRow::findings`].
    pub findings: String,
    /// See [`ImageRow::facts`].
    pub facts: JsonText,
}

/// Notes what another look at an image found, with the pieces of its hash.
pub fn image_examined(conn: &mut Conn, id: &str, found: &Examined, bands: &[(i32, i32)]) -> Result<()> {
    if diesel::update(images::table.find(id)).set(found).execute(conn)? == 0 {
        // It was deleted while it was looked at.
        return Ok(());
    }
    diesel::delete(image_bands::table.filter(image_bands::image_id.eq(id))).execute(conn)?;
    bands_insert(conn, id, bands)
}

fn bands_insert(conn: &mut Conn, id: &str, bands: &[(i32, i32)]) -> Result<()> {
    let rows: Vec<_> = bands
        .iter()
        .map(|(band, value)| (image_bands::band.eq(*band), image_bands::value.eq(*value), image_bands::image_id.eq(id)))
        .collect();
    each_backend!(conn => diesel::insert_into(image_bands::table).values(&rows).on_conflict_do_nothing().execute(conn))?;
    Ok(())
}

/// An image as far as it is compared with another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Looks {
    /// The image.
    pub id: String,
    /// Its perceptual hash, in hexadecimal digits.
    pub looks: String,
    /// Pixels, as it is looked at.
    pub width: i32,
    /// Pixels, as it is looked at.
    pub height: i32,
    /// The image that shows the same and was here first.
    pub same_as: Option<String>,
    /// Does it stand for no picture?
    pub placeholder: bool,
}

macro_rules! looks {
    () => {
        (images::id, images::looks, images::width, images::height, images::same_as, images::placeholder)
    };
}

/// Images that have a piece of their hash in common with these, `limit` of each piece, and all that stand for no picture. Whoever is nearer
/// than there are pieces is among them, unless so many share each of its pieces that the limit cuts it off.
pub fn alike(conn: &mut Conn, bands: &[(i32, i32)], limit: i64) -> Result<Vec<Looks>> {
    let mut rows: Vec<Looks> =
        images::table.filter(images::placeholder.eq(true)).order(images::id).select(looks!()).load(conn)?;
    let mut ids: HashSet<String> = HashSet::new();
    for (band, value) in bands {
        let some: Vec<String> = image_bands::table
            .filter(image_bands::band.eq(band).and(image_bands::value.eq(value)))
            .order(image_bands::image_id)
            .select(image_bands::image_id)
            .limit(limit)
            .load(conn)?;
        ids.extend(some);
    }
    let ids: Vec<String> = ids.into_iter().collect();
    for part in ids.chunks(1_000) {
        let some: Vec<Looks> = each_backend!(conn => images::table
            .filter(images::id.eq_any(part))
            .order((images::created_at, images::id))
            .select(looks!())
            .load(conn))?;
        rows.extend(some);
    }
    Ok(rows)
}

/// Images that are said to show the same as this one.
pub fn images_same_as(conn: &mut Conn, id: &str) -> Result<Vec<String>> {
    Ok(images::table.filter(images::same_as.eq(id)).order(images::id).select(images::id).load(conn)?)
}

/// Notes what a person said of an image.
pub fn image_mark(conn: &mut Conn, id: &str, same_as: Option<&str>, distinct_by: Option<&str>, placeholder: bool) -> Result<()> {
    diesel::update(images::table.find(id))
        .set((images::same_as.eq(same_as), images::distinct_by.eq(distinct_by), images::placeholder.eq(placeholder)))
        .execute(conn)?;
    Ok(())
}

/// How many products show an image.
pub fn image_references(conn: &mut Conn, id: &str) -> Result<i64> {
    Ok(product_images::table
        .inner_join(image_addresses::table)
        .filter(image_addresses::image_id.eq(id).or(image_addresses::id.eq(address_id(&format!("{UPLOADED}{id}")))))
        .select(diesel::dsl::count(product_images::product_id).aggregate_distinct())
        .first(conn)?)
}

/// Forgets an image that nothing refers to. Its addresses are asked again when a product shows them again.
pub fn image_delete(conn: &mut Conn, id: &str) -> Result<()> {
    diesel::update(images::table.filter(images::same_as.eq(id))).set(images::same_as.eq(None::<String>)).execute(conn)?;
    diesel::delete(image_addresses::table.filter(image_addresses::image_id.eq(id))).execute(conn)?;
    diesel::delete(images::table.find(id)).execute(conn)?;
    Ok(())
}

/// Some images of which what is made ahead was made for other wishes, or never; about so many. Those that stand for no picture are left out.
pub fn images_not_ready(conn: &mut Conn, wishes: &str, limit: i64) -> Result<Vec<String>> {
    let (never, before, behind) = (images::made_for.is_null(), images::made_for.lt(wishes), images::made_for.gt(wishes));
    let usable = not(images::placeholder);
    // One after the other: together they would be a walk through all images, and nearly all are ready.
    let mut ids: Vec<String> = images::table.filter(never.and(usable)).select(images::id).limit(limit).load(conn)?;
    for other in [images::table.filter(before.and(usable)).into_boxed(), images::table.filter(behind.and(usable)).into_boxed()] {
        ids.extend(other.select(images::id).limit(limit).load::<String>(conn)?);
    }
    Ok(ids)
}

/// Says that these are made ready for these wishes; the ones that nobody else has said it of.
pub fn images_ready(conn: &mut Conn, ids: &[String], wishes: &str) -> Result<Vec<String>> {
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        let other = images::made_for.is_null().or(images::made_for.ne(wishes));
        if diesel::update(images::table.find(id).filter(other)).set(images::made_for.eq(wishes)).execute(conn)? == 1 {
            taken.push(id.clone());
        }
    }
    Ok(taken)
}

/// Takes back that these were made ready.
pub fn images_not_ready_again(conn: &mut Conn, ids: &[String]) -> Result<()> {
    each_backend!(conn => diesel::update(images::table.filter(images::id.eq_any(ids)))
        .set(images::made_for.eq(None::<String>))
        .execute(conn))?;
    Ok(())
}
