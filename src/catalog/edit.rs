//! A person's edit: claims put above every supplier's, as one operation.

use super::golden::{self, Chosen, Pending};
use super::lifecycle::BY_PERSON;
use super::patch::Patch;
use super::queries::{
    EditRow, NewProduct, Rules, edit_delete, edit_put, edit_rows_of, group_by_code, product_insert, products_by_sku, view_by_sku,
};
use super::view::ProductView;
use super::{said, sku};
use crate::db::{Conn, JsonText, Position, changes, lock_catalog, operations, unique_violation};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

/// Who edits what.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The product.
    pub sku: String,
    /// What is said.
    pub patch: Patch,
    /// Who says it.
    pub author: String,
    /// When.
    pub now: DateTime<Utc>,
}

/// An edit as it was taken.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The product now.
    pub view: ProductView,
    /// Was it made by this edit?
    pub created: bool,
    /// Where the log stands with it.
    pub change: Position,
}

/// Takes an edit, creating the product when there is none of that SKU.
///
/// `allow` is told the product's version, or that there is none, and may refuse.
pub fn apply(conn: &mut Conn, rules: &Rules, edit: &Edit, allow: &dyn Fn(Option<i64>) -> Result<()>) -> Result<Edited> {
    lock_catalog(conn)?;
    let found = products_by_sku(conn, &edit.sku)?;
    allow(found.as_ref().map(|product| product.body.version))?;
    let created = found.is_none();
    let product_id = match found {
        Some(product) => product.id,
        None => create(conn, edit)?,
    };
    let operation = operations::record(conn, "edit", &edit.author, &edit.sku, &serde_json::json!({}), edit.now)?;
    let before = edit_rows_of(conn, &[product_id])?;
    for statement in &edit.patch.statements {
        // What is said of every locale takes the place of what was said of each.
        if statement.locale.is_none() {
            edit_delete(conn, product_id, &statement.attribute, None)?;
        }
        match &statement.value {
            Some(value) => edit_put(
                conn,
                &EditRow {
                    product_id,
                    attribute: statement.attribute.clone(),
                    locale: statement.locale.clone().unwrap_or_default(),
                    value: JsonText::of(value)?,
                    author: edit.author.clone(),
                    operation_id: operation.clone(),
                    edited_at: edit.now.into(),
                },
            )?,
            None => edit_delete(conn, product_id, &statement.attribute, statement.locale.as_deref())?,
        }
    }
    let chosen = Chosen {
        status: edit.patch.status.map(|status| (status, BY_PERSON)),
        group: group(conn, &edit.patch)?,
        by_person: true,
        ..Chosen::default()
    };
    let chosen = HashMap::from([(product_id, chosen)]);
    let after = edit_rows_of(conn, &[product_id])?;
    let mut changed: Vec<_> = said::change(product_id, &edit.sku, &operation, &before, &after)?.into_iter().collect();
    changed.extend(golden::rebuild_with(
        conn,
        rules,
        &BTreeSet::from([product_id]),
        &chosen,
        Pending::default(),
        Some(&operation),
        edit.now,
    )?);
    let change = changes::append(conn, edit.now, &changed)?;
    let view = view_by_sku(conn, &edit.sku)?.ok_or_else(|| Error::not_found(format!("product {}", edit.sku)))?;
    Ok(Edited { view, created, change })
}

#[expect(clippy::option_option, reason = "absent, taken out of any group, and put into one are three things")]
fn group(conn: &mut Conn, patch: &Patch) -> Result<Option<Option<i64>>> {
    match &patch.group {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(code)) => match group_by_code(conn, code)? {
            Some(group) => Ok(Some(Some(group.id))),
            None => Err(Error::field("/group", "unknown_group", format!("there is no product group '{code}'"))),
        },
    }
}

fn create(conn: &mut Conn, edit: &Edit) -> Result<i64> {
    if !sku::is_valid(&edit.sku) {
        return Err(Error::field("/sku", "invalid_sku", "a SKU has 1 to 40 of A-Z, a-z, 0-9, dot, underscore and hyphen"));
    }
    let product = NewProduct::empty(edit.sku.clone(), edit.now.into())?;
    product_insert(conn, &product).map_err(|error| {
        unique_violation(error, || Error::new(Code::Conflict, format!("there is a product {} already", edit.sku)))
    })
}
