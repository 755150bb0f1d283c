//! People's edits: claims put above every supplier's. One edit and a thousand are one unit of work.

use super::golden::{self, Chosen, Pending};
use super::lifecycle::BY_PERSON;
use super::patch::{Patch, Statement};
use super::picture::{self, Picture};
use super::queries::{
    EditRow, Keys, NewProduct, ProductRow, Rules, edit_delete, edit_rows_of, edits_put, group_by_code, merged_into,
    products_by_skus, products_put,
};
use super::{said, sku};
use crate::db::{Conn, JsonText, Position, changes, ids, lock_catalog};
use crate::error::{Code, Error, FieldError, Result};
use crate::media::queries::missing_images;
use crate::normalize::Value;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// What is said of which product.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The product.
    pub sku: String,
    /// What is said.
    pub patch: Patch,
    /// The version it was made for: of another one it is refused.
    pub version: Option<i64>,
}

/// Who says it, when, and in which operation.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// Who.
    pub author: &'a str,
    /// The operation that undo would take back.
    pub operation: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// What became of one edit: was the product made by it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edited {
    /// Was there none of this SKU before?
    pub created: bool,
}

/// Looks at a product as it stands before its edit (none when there is none of that SKU), and may refuse.
pub type Allow<'a> = &'a dyn Fn(&mut Conn, &Edit, Option<&ProductRow>) -> Result<()>;

/// Takes edits of different products, creating those that there are not; one answer each, in order, and where the log stands then.
///
/// An edit that is refused changes nothing and leaves the others alone.
pub fn apply(
    conn: &mut Conn,
    rules: &Rules,
    saying: Saying<'_>,
    edits: &[&Edit],
    allow: Allow<'_>,
) -> Result<(Vec<Result<Edited>>, Position)> {
    lock_catalog(conn)?;
    let skus: Vec<&str> = edits.iter().map(|edit| edit.sku.as_str()).collect();
    let found = products_by_skus(conn, &skus)?;
    let ids: Vec<i64> = found.values().map(|row| row.id).collect();
    let mut before = by_product(edit_rows_of(conn, &ids)?);
    let mut new_ids = ids::reserve(conn, "products", edits.len().saturating_sub(found.len()))?.into_iter();
    let mut created = Vec::new();
    let mut groups = HashMap::new();
    let mut answers = Vec::with_capacity(edits.len());
    let mut chosen = HashMap::with_capacity(edits.len());
    let mut puts = Vec::new();
    let mut edited = Vec::with_capacity(edits.len());
    for &edit in edits {
        let row = found.get(&edit.sku);
        let group = match checked(conn, edit, row, allow, &mut groups) {
            Ok(group) => group,
            // Our own faults end the whole; what is wrong with one edit ends that one.
            Err(error) if error.code.status() >= 500 => return Err(error),
            Err(error) => {
                answers.push(Err(error));
                continue;
            }
        };
        let product_id = if let Some(row) = row {
            row.id
        } else {
            let id = new_ids.next().ok_or_else(|| Error::internal("more products were made than there are edits"))?;
            created.push(ProductRow { id, body: NewProduct::empty(edit.sku.clone(), saying.now.into())? });
            id
        };
        let stood = before.get(&product_id).map_or(&[][..], Vec::as_slice);
        for statement in &edit.patch.statements {
            let Some(value) = said_of_pictures(statement, row, stood)? else { continue };
            let locale = statement.locale.as_deref();
            // What is said of every locale takes the place of what was said of each.
            let ends = |old: &EditRow| old.attribute == statement.attribute && locale.is_none_or(|locale| old.locale == locale);
            if (locale.is_none() || value.is_none()) && stood.iter().any(ends) {
                edit_delete(conn, product_id, &statement.attribute, locale)?;
            }
            if let Some(value) = value {
                puts.push(EditRow {
                    product_id,
                    attribute: statement.attribute.clone(),
                    locale: statement.locale.clone().unwrap_or_default(),
                    value: JsonText::of(&*value)?,
                    author: saying.author.to_owned(),
                    operation_id: saying.operation.to_owned(),
                    edited_at: saying.now.into(),
                });
            }
        }
        let choice =
            Chosen { status: edit.patch.status.map(|status| (status, BY_PERSON)), group, by_person: true, ..Chosen::default() };
        chosen.insert(product_id, choice);
        edited.push((product_id, edit.sku.as_str()));
        answers.push(Ok(Edited { created: row.is_none() }));
    }
    products_put(conn, &created, Keys::Any)?;
    edits_put(conn, &puts)?;
    let products: BTreeSet<i64> = chosen.keys().copied().collect();
    let mut after = by_product(edit_rows_of(conn, &products.iter().copied().collect::<Vec<_>>())?);
    let mut changed = Vec::new();
    for (product_id, sku) in &edited {
        let (before, after) = (before.remove(product_id).unwrap_or_default(), after.remove(product_id).unwrap_or_default());
        changed.extend(said::change(*product_id, sku, saying.operation, &before, &after)?);
    }
    changed.extend(golden::rebuild_with(
        conn,
        rules,
        &products,
        &chosen,
        Pending::default(),
        Some(saying.operation),
        saying.now,
    )?);
    let change = changes::append(conn, saying.now, &changed)?;
    Ok((answers, change))
}

/// A list of pictures names an upload that is not there.
pub fn no_such_image(id: &str) -> Error {
    Error::field("/images", "unknown_image", format!("there is no image '{id}'; send it to /api/v1/images first"))
}

/// Ids of the uploaded images that a statement names.
fn images_named(statement: &Statement) -> Vec<&str> {
    match &statement.value {
        Some(Value::Pictures(said)) => said.iter().filter_map(|choice| choice.picture.strip_prefix(picture::UPLOADED)).collect(),
        _ => Vec::new(),
    }
}

/// What a statement comes to; nothing where it says what is there already. Of pictures it is made to say what stays away.
#[expect(clippy::option_option, reason = "saying nothing and taking back what was said are two things")]
fn said_of_pictures<'a>(
    statement: &'a Statement,
    row: Option<&ProductRow>,
    stood: &[EditRow],
) -> Result<Option<Option<Cow<'a, Value>>>> {
    let Some(Value::Pictures(said)) = &statement.value else { return Ok(Some(statement.value.as_ref().map(Cow::Borrowed))) };
    let shown: Vec<Picture> = row.map(|row| row.body.images.read()).transpose()?.unwrap_or_default();
    let before: Option<Value> =
        stood.iter().find(|edit| edit.attribute == picture::ATTRIBUTE).map(|edit| edit.value.read()).transpose()?;
    let before = match &before {
        Some(Value::Pictures(before)) => Some(before.as_slice()),
        _ => None,
    };
    Ok(picture::completed(said, &shown, before).map(|all| Some(Cow::Owned(Value::Pictures(all)))))
}

fn by_product(rows: Vec<EditRow>) -> HashMap<i64, Vec<EditRow>> {
    let mut products: HashMap<i64, Vec<EditRow>> = HashMap::new();
    for row in rows {
        products.entry(row.product_id).or_default().push(row);
    }
    products
}

/// Everything that can be wrong with an edit, before anything of it is written; the group it chooses.
#[expect(clippy::option_option, reason = "absent, taken out of any group, and put into one are three things")]
fn checked(
    conn: &mut Conn,
    edit: &Edit,
    row: Option<&ProductRow>,
    allow: Allow<'_>,
    groups: &mut HashMap<String, Option<i64>>,
) -> Result<Option<Option<i64>>> {
    if edit.version.is_some() && edit.version != row.map(|row| row.body.version) {
        let present = row.map_or_else(|| "there is none".to_owned(), |row| format!("it is of version {}", row.body.version));
        let message = format!("the product is not of the version you read: {present}; read it again and repeat your edit");
        let field =
            FieldError { pointer: "/version".to_owned(), code: "precondition_failed".to_owned(), message: message.clone() };
        return Err(Error { fields: vec![field], ..Error::new(Code::PreconditionFailed, message) });
    }
    if let Some(into) = row.map(|row| merged_into(conn, row)).transpose()?.flatten() {
        return Err(Error::merged(edit.sku.as_str(), into.body.sku));
    }
    allow(conn, edit, row)?;
    let named: Vec<&str> = edit.patch.statements.iter().flat_map(images_named).collect();
    if let Some(id) = missing_images(conn, &named)?.first() {
        return Err(no_such_image(id));
    }
    if row.is_none() && !sku::is_valid(&edit.sku) {
        return Err(Error::field("/sku", "invalid_sku", "a SKU has 1 to 40 of A-Z, a-z, 0-9, dot, underscore and hyphen"));
    }
    let Some(wanted) = &edit.patch.group else { return Ok(None) };
    let Some(code) = wanted else { return Ok(Some(None)) };
    let known = if let Some(known) = groups.get(code) {
        *known
    } else {
        let known = group_by_code(conn, code)?.map(|group| group.id);
        groups.insert(code.clone(), known);
        known
    };
    known
        .map(|group| Some(Some(group)))
        .ok_or_else(|| Error::field("/group", "unknown_group", format!("there is no product group '{code}'")))
}
