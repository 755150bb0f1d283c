//! Items that take several rows: a shop's export that writes a product's data once, a row per variant, and more rows for pictures.

use super::Rows;
use super::error::ReadError;
use super::named::is_named;
use crate::import::row::Record;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows of one item that are held at a time; as many variants as a Shopify product may have.
const MAX_ROWS: usize = 2_048;
/// Texts of one shared field; as many pictures as a Shopify product may have.
const MAX_SHARED: usize = 250;
/// Bytes of one group's texts.
const MAX_BYTES: usize = 8 << 20;

/// How rows belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// Rows that follow each other with the same text here belong together.
    pub same: String,
    /// A row that holds none of these fields is no item, but more of the items beside it.
    pub own: Vec<String>,
    /// What any of the rows says here is said of each of the items; `*` stands for any text.
    #[serde(default)]
    pub shared: Vec<String>,
}

/// Gives each item what its group of rows says. An item keeps the number of its row.
pub(super) struct Grouped {
    rows: Rows,
    items: Items,
    /// What ended the last group: the first row of the next one, or an error.
    ahead: Option<Result<Record, ReadError>>,
    group: VecDeque<Result<Record, ReadError>>,
    shared: Vec<(Arc<str>, String)>,
}

impl Grouped {
    pub(super) fn new(rows: Rows, items: Items) -> Self {
        Self { rows, items, ahead: None, group: VecDeque::new(), shared: Vec::new() }
    }

    fn has(&self, record: &Record) -> bool {
        record.fields.iter().any(|(name, text)| !text.trim().is_empty() && self.items.own.iter().any(|own| is_named(own, name)))
    }

    /// Reads the rows of the next group; what is shared is set, what is no item left out.
    fn fill(&mut self, first: Result<Record, ReadError>) {
        self.shared.clear();
        let (mut bytes, mut rows) = (0, 0_usize);
        let same = known(&first).map_or("", |record| text(record, &self.items.same)).to_owned();
        let mut next = Some(first);
        while let Some(item) = next.take() {
            let Some(record) = known(&item) else { return self.group.push_back(item) };
            bytes += record.fields.iter().map(|(_, text)| text.len()).sum::<usize>();
            rows += 1;
            self.share(record);
            // A group that is nothing but pictures is told of as a row without its own fields.
            if self.has(record) || self.group.is_empty() {
                self.group.push_back(item);
            }
            if rows >= MAX_ROWS || bytes >= MAX_BYTES {
                return;
            }
            match self.rows.next() {
                Some(item) if !same.is_empty() && known(&item).is_some_and(|record| text(record, &self.items.same) == same) => {
                    next = Some(item);
                }
                other => self.ahead = other,
            }
        }
    }

    fn share(&mut self, record: &Record) {
        for (name, text) in &record.fields {
            let is_shared = !text.trim().is_empty() && self.items.shared.iter().any(|shared| is_named(shared, name));
            if is_shared {
                let known = self.shared.iter().filter(|(known, _)| known == name);
                let (count, same) = known.fold((0, false), |(count, same), (_, other)| (count + 1, same || other == text));
                if count < MAX_SHARED && !same {
                    self.shared.push((Arc::clone(name), text.clone()));
                }
            }
        }
    }

    /// The next item of the group, with what is shared in the place of its own.
    fn item(&mut self) -> Option<Result<Record, ReadError>> {
        let mut item = self.group.pop_front()?;
        let record = match &mut item {
            Ok(record) => record,
            Err(ReadError { record: Some(record), .. }) => record,
            Err(_) => return Some(item),
        };
        record.fields.retain(|(name, _)| !self.shared.iter().any(|(shared, _)| shared == name));
        record.fields.extend(self.shared.iter().cloned());
        Some(item)
    }
}

impl Iterator for Grouped {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.item() {
                return Some(item);
            }
            let first = self.ahead.take().or_else(|| self.rows.next())?;
            self.fill(first);
        }
    }
}

/// The record of an item, of a doubtful one too.
fn known(item: &Result<Record, ReadError>) -> Option<&Record> {
    match item {
        Ok(record) => Some(record),
        Err(error) => error.record.as_deref(),
    }
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.fields.iter().find(|(field, _)| is_named(name, field)).map_or("", |(_, text)| text.trim())
}
