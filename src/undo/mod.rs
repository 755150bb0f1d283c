//! Undo: any import, edit, stock report, setting or rule run is taken back as one unit, and so is an undo.
//!
//! Every change of an operation carries the state before it. Undo restores what people and suppliers said (offers with their row's
//! hash, edits, a product's status and group, settings) and rebuilds the golden records from that; golden values are never restored as
//! such. What a later operation changed is not overwritten: it is a [`Conflict`] that names the thing, the fields and that operation.
//!
//! How it is decided (`image`): a field goes back when the operation changed it and it is still as the operation left it. "As it left
//! it" is the image before the first later change, so an operation that was changed over and brought back again has no conflict.
//!
//! - An offer that the operation made stays as an empty, gone record: its key and its product are remembered, so the same file brings
//!   back the same product under the same SKU, and SKUs are never reused. A product it founded is a draft again.
//! - Stock is not restored from images: the ledger gets the opposite movement, where a level has not moved since.
//! - Suppliers, brands, groups and profiles that an import made stay; nothing points at them.
//!
//! [`run`] is the way through; small operations are undone at once, in one transaction, large ones by a job in batches that goes on where
//! it was after a kill. The walk over an operation's changes is the same in both and in a dry run.

pub mod api;
mod image;
mod products;
mod queries;
pub mod run;
pub mod settings;
mod stock;

#[cfg(test)]
mod tests;

use crate::db::operations::Operation;
use crate::db::retention::Watermark;
use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// What to do where something was changed since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Nothing is undone; the conflicts are told.
    #[default]
    Stop,
    /// What was changed since stays; the rest is undone.
    Skip,
}

/// Something that was changed since by another operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conflict {
    /// What it is: a SKU, `supplier/supplier SKU`, `supplier/supplier SKU/warehouse`, a setting's name.
    #[schema(example = "alpine/A-1")]
    pub subject: String,
    /// What of it was changed since: `row` (all that the supplier's file says), `live`, `cost`, `recommended_price`, `product`,
    /// `status`, `group`, `on_hand`, an attribute's code.
    pub fields: Vec<String>,
    /// The later operation; none when it is no longer known.
    pub operation: Option<String>,
}

/// How much was restored, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Restored {
    /// Offers.
    pub offers: u64,
    /// People's claims about products.
    pub edits: u64,
    /// Products that had their status or group restored.
    pub products: u64,
    /// Stock levels.
    pub levels: u64,
    /// Settings: rates, a channel's, a supplier's terms, a group's title, what was said of an image.
    pub settings: u64,
}

/// Where an undo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A job works on it.
    Running,
    /// Done; a dry run has told what would be.
    Done,
    /// Something was changed since, and nothing was undone.
    Stopped,
    /// It could not be finished; what was undone by then can be undone itself.
    Failed,
}

/// What an undo came to, or would come to.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    /// The operation that is taken back.
    pub operation: String,
    /// The undo's own operation; none for a dry run that was answered at once.
    #[schema(required)]
    pub undo: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Was only told what would be?
    pub dry_run: bool,
    /// What to do where something was changed since.
    pub on_conflict: OnConflict,
    /// What was restored, or would be.
    pub restored: Restored,
    /// How many things were changed since, by other operations.
    pub conflicts_total: u64,
    /// The first hundred of them.
    pub conflicts: Vec<Conflict>,
    /// What to know besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Changes of the operation that were looked at.
    pub changes_done: i64,
    /// Changes of the operation.
    pub changes_total: i64,
    /// Where to go on.
    #[serde(default)]
    #[schema(ignore)]
    walk: run::Walk,
}

/// Conflicts that are listed; the rest is counted.
const LISTED: usize = 100;

impl Report {
    fn conflict(&mut self, conflict: Conflict) {
        self.conflicts_total += 1;
        if self.conflicts.len() < LISTED {
            self.conflicts.push(conflict);
        }
    }
}

/// Kinds of which nothing can be brought back: a key that was shown once cannot be made unseen, an image that was deleted is gone, and golden
/// records and levels follow from what they are made from.
const NEVER: [&str; 4] = ["image_delete", "key", "repair", "resolve"];

/// Can this operation be undone? The error says why not, and what to do.
pub fn possible(operation: &Operation, pruned: Option<&Watermark>) -> Result<()> {
    let id = &operation.id;
    if NEVER.contains(&operation.kind.as_str()) {
        let why = format!("operation {id} is of the kind '{}', of which nothing can be restored", operation.kind);
        return Err(Error::new(Code::NotUndoable, why));
    }
    if operation.summary.get("dry_run").and_then(serde_json::Value::as_bool) == Some(true) {
        return Err(Error::new(Code::NotUndoable, format!("operation {id} was a dry run and changed nothing")));
    }
    if operation.finished_at.is_none() {
        return Err(Error::new(Code::Conflict, format!("operation {id} is still running; cancel it or wait for its end")));
    }
    // A stopped import is over; a held one is not, though nobody works on it.
    if operation.summary.get("status").and_then(serde_json::Value::as_str) == Some("held") {
        return Err(Error::new(Code::Conflict, format!("import {} is held; release or cancel it first", operation.subject)));
    }
    if operation.summary.get("state").and_then(serde_json::Value::as_str) == Some("stopped") {
        return Err(Error::new(
            Code::NotUndoable,
            format!("operation {id} was an undo that stopped at a conflict and changed nothing"),
        ));
    }
    if let Some(by) = &operation.undone_by {
        let why = format!("operation {id} is undone already, by {by}; undo that one to have it back");
        return Err(Error::new(Code::Conflict, why));
    }
    if pruned.is_some_and(|pruned| operation.created_at < pruned.before) {
        let why = format!("what operation {id} changed is no longer kept; only newer operations can be undone");
        return Err(Error::new(Code::NoLongerKept, why));
    }
    Ok(())
}
