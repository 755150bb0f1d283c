//! What people say of a product group: its title, and pictures that all its products show.

use super::api::seen_anew;
use super::golden;
use super::queries::{GroupRow, Rules, group_update, products_of_group};
use crate::db::{Conn, NewChange};
use crate::error::Result;
use crate::normalize::PictureChoice;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Products rebuilt at once.
const BATCH: i64 = 1_000;

/// The document that history shows of a group and undo restores.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidOfGroup {
    /// Title per locale.
    #[serde(default)]
    pub title: BTreeMap<String, String>,
    /// Pictures that its products show behind their own.
    #[serde(default)]
    pub images: Vec<PictureChoice>,
}

impl SaidOfGroup {
    /// As it is stored.
    pub fn of(row: &GroupRow) -> Result<Self> {
        Ok(Self { title: row.title.read()?, images: row.images.read()? })
    }
}

/// Stores what is said of a group and returns what it changes about its products, which is the caller's to append: each shows the group's
/// title and pictures, so readers look at them anew.
pub fn restate(
    conn: &mut Conn,
    rules: &Rules,
    group: &GroupRow,
    said: &SaidOfGroup,
    operation: &str,
    now: DateTime<Utc>,
) -> Result<Vec<NewChange>> {
    let before = SaidOfGroup::of(group)?;
    group_update(conn, group.id, said, now.into())?;
    let (mut after, mut told) = (0, Vec::new());
    loop {
        let products = products_of_group(conn, group.id, after, BATCH)?;
        let Some((last, ..)) = products.last() else { return Ok(told) };
        after = *last;
        let ids: BTreeSet<i64> = products.iter().map(|(id, ..)| *id).collect();
        if before.title != said.title {
            told.extend(seen_anew(products, "group", operation));
        }
        if before.images != said.images {
            told.extend(golden::rebuild(conn, rules, &ids, Some(operation), now)?);
        }
    }
}
