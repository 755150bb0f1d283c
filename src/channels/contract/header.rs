//! The columns of a table judged by the header that the channel gives.

use super::part::Line;
use super::{Finding, whole};
use crate::channels::profile::Contract;
use regex::Regex;
use std::collections::HashSet;

pub(super) struct Judge {
    headers: Vec<HashSet<String>>,
    also: Vec<Regex>,
}

impl Judge {
    pub(super) fn new(text: &str, contract: &Contract) -> Result<Self, String> {
        let mut headers = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().transpose().map_err(|error| error.to_string())?;
            headers.extend(record.map(|record| record.iter().map(str::to_owned).collect::<HashSet<_>>()));
        }
        if headers.is_empty() {
            return Err("there is no header in it".to_owned());
        }
        let also = contract.also.iter().map(|pattern| whole(pattern)).collect::<Result<_, _>>()?;
        Ok(Self { headers, also })
    }

    /// The header, with the first line; the reader has already refused lines of another length.
    pub(super) fn judge(&self, line: &Line, found: &mut dyn FnMut(Finding)) {
        if line.item > 0 {
            return;
        }
        let mut told = |name: &str, reason: String| found(Finding { item: None, pointer: format!("/{name}"), reason });
        let known = |header: &HashSet<String>| {
            let stands = |name: &&String| header.contains(*name) || self.also.iter().any(|pattern| pattern.is_match(name));
            line.names.iter().filter(|name| !stands(name)).collect::<Vec<_>>()
        };
        // The channel may read several headers; one of them has to fit as a whole.
        let unknown = self.headers.iter().map(known).min_by_key(Vec::len).unwrap_or_default();
        for name in unknown {
            told(name, format!("the channel has no column '{name}'"));
        }
        let mut seen = HashSet::new();
        for name in line.names.iter().filter(|name| !seen.insert(name.as_str())) {
            told(name, format!("the column '{name}' stands twice"));
        }
    }
}
