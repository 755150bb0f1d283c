//! Product groups.

use crate::catalog::group::SaidOfGroup;
use crate::catalog::picture::UPLOADED;
use crate::db::schema::product_groups;
use crate::db::{Conn, JsonText, ROWS_A_STATEMENT, Time};
use crate::each_backend;
use crate::error::Result;
use crate::normalize::PictureChoice;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// A group as stored.
#[derive(Debug, Clone, Queryable)]
pub struct GroupRow {
    /// Row id.
    pub id: i64,
    /// Stable outside key.
    pub code: String,
    /// Title per locale.
    pub title: JsonText,
    /// Pictures that all its products show: a list of [`PictureChoice`].
    pub images: JsonText,
    /// Made or changed by a person?
    pub pinned: bool,
    /// Counts edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

macro_rules! row {
    () => {
        (
            product_groups::id,
            product_groups::code,
            product_groups::title,
            product_groups::images,
            product_groups::pinned,
            product_groups::version,
            product_groups::created_at,
            product_groups::updated_at,
        )
    };
}

/// Groups that a supplier's parent keys founded: key to group id.
pub fn groups_by_parent(conn: &mut Conn, supplier_id: i64, parents: &[&str]) -> Result<HashMap<String, i64>> {
    let rows: Vec<(Option<String>, i64)> = each_backend!(conn => product_groups::table
        .filter(product_groups::supplier_id.eq(supplier_id).and(product_groups::parent.eq_any(parents)))
        .select((product_groups::parent, product_groups::id))
        .load(conn))?;
    Ok(rows.into_iter().filter_map(|(parent, id)| Some((parent?, id))).collect())
}

/// A group that a supplier's parent key founds, or two colours of one lamp.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = product_groups, treat_none_as_default_value = false)]
pub struct FoundedGroup {
    /// Row id.
    pub id: i64,
    /// Stable outside key.
    pub code: String,
    /// Title per locale; nobody has given one yet.
    pub title: JsonText,
    /// The supplier whose parent key founds it.
    pub supplier_id: Option<i64>,
    /// Its parent key.
    pub parent: Option<String>,
    /// When it is made.
    pub created_at: Time,
    /// The same.
    pub updated_at: Time,
}

/// Which of these codes are groups already.
pub fn group_codes_taken(conn: &mut Conn, codes: &[&str]) -> Result<HashSet<String>> {
    let rows: Vec<String> = each_backend!(conn => product_groups::table
        .filter(product_groups::code.eq_any(codes))
        .select(product_groups::code)
        .load(conn))?;
    Ok(rows.into_iter().collect())
}

/// Stores groups that parent keys found.
pub fn groups_found(conn: &mut Conn, groups: &[FoundedGroup]) -> Result<()> {
    for part in groups.chunks(ROWS_A_STATEMENT) {
        each_backend!(conn => diesel::insert_into(product_groups::table).values(part).execute(conn))?;
    }
    Ok(())
}

/// Makes a group by hand.
pub fn group_insert(conn: &mut Conn, code: &str, (title, images): (&JsonText, &JsonText), now: Time) -> QueryResult<i64> {
    diesel::insert_into(product_groups::table)
        .values((
            product_groups::code.eq(code),
            product_groups::title.eq(title),
            product_groups::images.eq(images),
            product_groups::pinned.eq(true),
            product_groups::created_at.eq(now),
            product_groups::updated_at.eq(now),
        ))
        .returning(product_groups::id)
        .get_result(conn)
}

/// Stores what is said of a group.
pub fn group_update(conn: &mut Conn, id: i64, said: &SaidOfGroup, now: Time) -> Result<()> {
    diesel::update(product_groups::table.find(id))
        .set((
            product_groups::title.eq(JsonText::of(&said.title)?),
            product_groups::images.eq(JsonText::of(&said.images)?),
            product_groups::pinned.eq(true),
            product_groups::version.eq(product_groups::version + 1),
            product_groups::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Pictures that the products of these groups show besides their own; groups without any are left out.
pub fn pictures_of_groups(conn: &mut Conn, ids: &[i64]) -> Result<HashMap<i64, Vec<PictureChoice>>> {
    let mut pictures = HashMap::new();
    for part in ids.chunks(1_000) {
        let rows: Vec<(i64, JsonText)> = each_backend!(conn => product_groups::table
            .filter(product_groups::id.eq_any(part))
            .select((product_groups::id, product_groups::images))
            .load(conn))?;
        for (id, images) in rows {
            let images: Vec<PictureChoice> = images.read()?;
            if !images.is_empty() {
                pictures.insert(id, images);
            }
        }
    }
    Ok(pictures)
}

/// Code of a group that shows this uploaded image, if any does.
pub fn group_that_shows(conn: &mut Conn, image: &str) -> Result<Option<String>> {
    let rows: Vec<(String, JsonText)> = each_backend!(conn => product_groups::table
        .filter(product_groups::pinned.eq(true))
        .select((product_groups::code, product_groups::images))
        .load(conn))?;
    for (code, images) in rows {
        let images: Vec<PictureChoice> = images.read()?;
        if images.iter().any(|choice| choice.picture.strip_prefix(UPLOADED) == Some(image)) {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

/// One group by code.
pub fn group_by_code(conn: &mut Conn, code: &str) -> Result<Option<GroupRow>> {
    Ok(product_groups::table.filter(product_groups::code.eq(code)).select(row!()).first(conn).optional()?)
}

/// One page of groups in order of their codes.
pub fn groups_after(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<GroupRow>> {
    Ok(product_groups::table
        .filter(product_groups::code.gt(after))
        .order(product_groups::code)
        .limit(limit)
        .select(row!())
        .load(conn)?)
}
