//! Items judged by a Google discovery document.
//!
//! A file's attribute is a property of the API: `image_link` is `imageLink`, and what may be repeated has a plural there
//! (`gtin` is `gtins`). The files write words in small letters, prices and measures as one text, and lists with commas.

use super::part::{Given, Row};
use super::source::Folder;
use super::spelling::{Types, camel};
use super::{Finding, whole};
use crate::channels::profile::Contract;
use regex::Regex;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};

pub(super) struct Judge {
    types: Types,
    /// Schemas whose properties the columns are.
    schemas: Vec<String>,
    also: Vec<Regex>,
    lists: BTreeMap<String, HashSet<String>>,
}

impl Judge {
    pub(super) fn new(folder: &Folder, contract: &Contract) -> Result<Self, String> {
        let mut document = folder.document(&contract.file)?;
        let Some(Json::Object(schemas)) = document.get_mut("schemas").map(Json::take) else {
            return Err("it has no schemas".to_owned());
        };
        let wanted: Vec<String> = contract.at.split(',').map(|name| name.trim().to_owned()).collect();
        if let Some(name) = wanted.iter().find(|name| !schemas.contains_key(*name)) {
            return Err(format!("there is no schema '{name}'"));
        }
        let also = contract.also.iter().map(|pattern| whole(pattern)).collect::<Result<_, _>>()?;
        let mut lists = BTreeMap::new();
        for (column, file) in contract.lists.iter().filter(|(_, file)| folder.has(file)) {
            lists.insert(column.clone(), known(&folder.text(file)?));
        }
        Ok(Self { types: Types { schemas }, schemas: wanted, also, lists })
    }

    fn property(&self, name: &str) -> Option<&Json> {
        let name = camel(name);
        let plural = format!("{name}s");
        self.schemas.iter().find_map(|schema| {
            let properties = &self.types.schemas.get(schema)?["properties"];
            properties.get(&name).or_else(|| properties.get(&plural).filter(|property| property["type"] == "array"))
        })
    }

    pub(super) fn judge(&self, row: &Row, found: &mut dyn FnMut(Finding)) {
        let item = Some(row.item);
        for (name, values) in &row.values {
            let pointer = format!("/{name}");
            let Some(property) = self.property(name) else {
                if !self.also.iter().any(|pattern| pattern.is_match(name)) {
                    let reason = format!("there is no attribute '{name}'");
                    found(Finding { item, pointer, reason });
                }
                continue;
            };
            let is_list = property["type"] == "array";
            let own = if is_list { &property["items"] } else { property };
            // Of what is not repeated a comma is part of the text.
            let joined;
            let values = if is_list || values.len() < 2 {
                values
            } else {
                let texts = values.iter().filter_map(|given| match given {
                    Given::Text(text) => Some(text.as_str()),
                    Given::Parts(_) => None,
                });
                joined = vec![Given::Text(texts.collect::<Vec<_>>().join(","))];
                &joined
            };
            for given in values {
                if let Some((inside, reason)) = self.types.fault(own, given) {
                    found(Finding { item, pointer: format!("{pointer}{inside}"), reason });
                }
                let listed = self.lists.get(name);
                if let (Some(listed), Given::Text(text)) = (listed, given)
                    && !listed.contains(text)
                {
                    found(Finding { item, pointer: pointer.clone(), reason: format!("'{text}' is not on the channel's list") });
                }
            }
        }
    }
}

/// Ids and names of a list with `ID - NAME` lines.
fn known(text: &str) -> HashSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(" - "))
        .flat_map(|(id, name)| [id.trim().to_owned(), name.trim().to_owned()])
        .collect()
}
