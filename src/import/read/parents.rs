//! Rows that others inherit from: a shop's export writes what variants share in a row of their parent, which is no item itself.
//!
//! A parent has to stand before its variants, as exports write it, but not directly: they are kept until the file ends, within bounds.

use super::named::is_named;
use super::{ReadError, Rows};
use crate::import::row::Record;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Parents that are kept, and the bytes of their texts; the oldest go first.
const MAX_PARENTS: usize = 50_000;
const MAX_BYTES: usize = 64 << 20;

/// Which rows are parents, and who inherits what from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parents {
    /// A row with one of `values` in this field is a parent, and no item.
    pub field: String,
    /// See `field`; compared without case.
    pub values: Vec<String>,
    /// The field in which an item names its parent.
    pub named: String,
    /// The fields of the parent that may be meant by that.
    pub names: Vec<String>,
    /// What an item writes before one of those names, such as `id:` before a number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Fields that are not inherited; every other one is where the item's own is empty.
    #[serde(default)]
    pub own: Vec<String>,
}

type Fields = Arc<Vec<(Arc<str>, String)>>;

/// The items, each with what its parent says.
pub(super) struct Inheriting {
    rows: Rows,
    parents: Parents,
    known: HashMap<String, Fields>,
    /// Names of the parents in their order, with the bytes of each.
    order: VecDeque<(Vec<String>, usize)>,
    bytes: usize,
}

impl Inheriting {
    pub(super) fn new(rows: Rows, parents: Parents) -> Self {
        Self { rows, parents, known: HashMap::new(), order: VecDeque::new(), bytes: 0 }
    }

    fn is_parent(&self, record: &Record) -> bool {
        let said = text(record, &self.parents.field).to_lowercase();
        self.parents.values.iter().any(|value| value.to_lowercase() == said)
    }

    fn keep(&mut self, record: &Record) {
        let names: Vec<String> =
            self.parents.names.iter().map(|name| text(record, name).to_owned()).filter(|name| !name.is_empty()).collect();
        let inherited = |name: &str| !self.parents.own.iter().any(|own| is_named(own, name));
        let fields: Vec<_> =
            record.fields.iter().filter(|(name, text)| !text.trim().is_empty() && inherited(name)).cloned().collect();
        let bytes = fields.iter().map(|(_, text)| text.len()).sum::<usize>() + names.iter().map(String::len).sum::<usize>();
        let fields: Fields = Arc::new(fields);
        for name in &names {
            self.known.insert(name.clone(), Arc::clone(&fields));
        }
        self.order.push_back((names, bytes));
        self.bytes += bytes;
        while self.order.len() > MAX_PARENTS || self.bytes > MAX_BYTES {
            let Some((names, bytes)) = self.order.pop_front() else { return };
            for name in &names {
                self.known.remove(name);
            }
            self.bytes -= bytes;
        }
    }

    fn inherit(&self, record: &mut Record) {
        let named = text(record, &self.parents.named);
        let bare = named.strip_prefix(&self.parents.prefix).unwrap_or(named).trim();
        let Some(fields) = self.known.get(named).or_else(|| self.known.get(bare)).filter(|_| !named.is_empty()) else { return };
        for (name, said) in fields.iter() {
            match record.fields.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) if own.trim().is_empty() => own.clone_from(said),
                Some(_) => {}
                None => record.fields.push((Arc::clone(name), said.clone())),
            }
        }
    }
}

impl Iterator for Inheriting {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut item = self.rows.next()?;
            let record = match &mut item {
                Ok(record) => Some(record),
                Err(ReadError { record, .. }) => record.as_deref_mut(),
            };
            let Some(record) = record else { return Some(item) };
            if !self.is_parent(record) {
                self.inherit(record);
                return Some(item);
            }
            self.keep(record);
            // A doubtful parent is told of all the same.
            if item.is_err() {
                return Some(item);
            }
        }
    }
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.fields.iter().find(|(field, _)| is_named(name, field)).map_or("", |(_, text)| text.trim())
}
