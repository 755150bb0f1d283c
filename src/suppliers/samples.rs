//! The first rows of a file, by column.

use crate::import::row::Record;
use std::collections::{HashMap, HashSet};

/// Rows and characters of a cell that are looked at.
const MAX_ROWS: usize = 50;
const MAX_CHARS: usize = 500;

/// Texts that are not blank, by column.
pub(super) struct Samples<'a> {
    texts: Vec<Vec<&'a str>>,
    rows: usize,
    /// Row by row, each column's first text.
    table: Vec<Vec<&'a str>>,
}

impl<'a> Samples<'a> {
    pub(super) fn new(headers: &[&str], records: &'a [Record]) -> Self {
        let places: HashMap<&str, usize> = headers.iter().enumerate().rev().map(|(at, header)| (*header, at)).collect();
        let mut texts = vec![Vec::new(); headers.len()];
        let mut table = vec![vec![""; headers.len()]; records.len().min(MAX_ROWS)];
        let fields = records.iter().take(MAX_ROWS).enumerate();
        for (row, (name, text)) in fields.flat_map(|(row, record)| record.fields.iter().map(move |field| (row, field))) {
            let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(end, _)| end);
            let text = text.get(..end).unwrap_or_default().trim();
            if let Some(column) = places.get(&**name).and_then(|at| texts.get_mut(*at))
                && !text.is_empty()
            {
                column.push(text);
                let cell = table.get_mut(row).zip(places.get(&**name)).and_then(|(row, at)| row.get_mut(*at));
                if let Some(cell) = cell.filter(|cell| cell.is_empty()) {
                    *cell = text;
                }
            }
        }
        Self { texts, rows: records.len().min(MAX_ROWS), table }
    }

    pub(super) fn texts(&self, at: usize) -> &[&'a str] {
        self.texts.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn is_empty(&self, at: usize) -> bool {
        self.texts(at).is_empty()
    }

    /// Are at least four of five texts so? True without any.
    pub(super) fn most(&self, at: usize, is: impl Fn(&str) -> bool) -> bool {
        let texts = self.texts(at);
        texts.iter().filter(|text| is(text)).count() * 5 >= texts.len() * 4
    }

    /// Has nearly every row a text, and no two the same? True without rows.
    pub(super) fn is_unique(&self, at: usize) -> bool {
        self.is_filled(at) && self.distinct(at) == self.texts(at).len()
    }

    /// As [`Samples::is_unique`], but for the odd row that a supplier lists twice.
    pub(super) fn is_nearly_unique(&self, at: usize) -> bool {
        self.is_filled(at) && self.distinct(at) * 10 >= self.texts(at).len() * 9
    }

    /// Are no two rows the same in these columns?
    pub(super) fn tell_apart(&self, columns: &[usize]) -> bool {
        let mut seen = HashSet::new();
        self.table.iter().all(|row| {
            let key: Vec<String> =
                columns.iter().map(|at| row.get(*at).map_or_else(String::new, |text| text.to_lowercase())).collect();
            seen.insert(key)
        })
    }

    /// Has nearly every row a text?
    pub(super) fn is_filled(&self, at: usize) -> bool {
        let filled = self.texts(at).len();
        filled * 5 >= self.rows * 4 && (self.rows == 0 || filled > 0)
    }

    fn distinct(&self, at: usize) -> usize {
        self.texts(at).iter().collect::<HashSet<_>>().len()
    }

    /// The first of these separators that stands in a text that `counts`.
    pub(super) fn separator(&self, at: usize, separators: &[&str], counts: impl Fn(&str) -> bool) -> Option<String> {
        let texts: Vec<_> = self.texts(at).iter().filter(|text| counts(text)).collect();
        separators
            .iter()
            .find(|separator| texts.iter().any(|text| text.contains(**separator)))
            .map(|separator| (*separator).to_owned())
    }
}
