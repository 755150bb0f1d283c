//! JSON-LD judged by the vocabulary of schema.org.
//!
//! The vocabulary is itself JSON-LD: a graph of classes with their parents and of properties with the classes they are for. A type has to
//! be a class, and a member a property of that class or of one of its parents. What a property's value may be is not judged.

use super::Finding;
use super::part::Document;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

const CONTEXTS: [&str; 4] = ["https://schema.org/", "https://schema.org", "http://schema.org/", "http://schema.org"];
const KEYWORDS: [&str; 4] = ["@id", "@type", "@context", "@graph"];

pub(super) struct Judge {
    /// Parents by class.
    classes: BTreeMap<String, Vec<String>>,
    /// Classes by property.
    properties: BTreeMap<String, Vec<String>>,
}

impl Judge {
    pub(super) fn new(vocabulary: &Json) -> Result<Self, String> {
        let graph = vocabulary.get("@graph").and_then(Json::as_array).ok_or("it has no @graph")?;
        let mut judge = Self { classes: BTreeMap::new(), properties: BTreeMap::new() };
        for node in graph {
            let Some(name) = node.get("@id").and_then(Json::as_str).map(term) else { continue };
            let kinds = names(node.get("@type"));
            if kinds.iter().any(|kind| kind == "Class") {
                judge.classes.insert(name.to_owned(), references(node, "rdfs:subClassOf"));
            } else if kinds.iter().any(|kind| kind == "Property") {
                judge.properties.insert(name.to_owned(), references(node, "schema:domainIncludes"));
            }
        }
        if judge.classes.is_empty() || judge.properties.is_empty() {
            return Err("it holds no classes or no properties".to_owned());
        }
        Ok(judge)
    }

    pub(super) fn judge(&self, document: &Document, found: &mut dyn FnMut(Finding)) {
        let mut tell = |at: &str, reason: String| {
            found(Finding { item: document.item_at(at), pointer: format!("{}{at}", document.pointer), reason });
        };
        if !document.value["@context"].as_str().is_some_and(|context| CONTEXTS.contains(&context)) {
            tell("/@context", "it is not schema.org's".to_owned());
        }
        let nodes = document.value["@graph"].as_array().map_or(std::slice::from_ref(&document.value), Vec::as_slice);
        for (at, node) in nodes.iter().enumerate() {
            self.node(node, &format!("/@graph/{at}"), &mut tell);
        }
    }

    fn node(&self, node: &Json, at: &str, tell: &mut dyn FnMut(&str, String)) {
        match node {
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| self.node(item, &format!("{at}/{n}"), tell));
            }
            Json::Object(members) => {
                let types = names(members.get("@type"));
                if types.is_empty() && members.keys().ne(["@id"].iter()) {
                    tell(at, "it has no @type".to_owned());
                }
                for unknown in types.iter().filter(|kind| !self.classes.contains_key(*kind)) {
                    tell(at, format!("schema.org has no type {unknown}"));
                }
                let all = self.with_parents(&types);
                for (name, value) in members.iter().filter(|(name, _)| !KEYWORDS.contains(&name.as_str())) {
                    let inside = format!("{at}/{name}");
                    match self.properties.get(name) {
                        None => tell(&inside, format!("schema.org has no property {name}")),
                        Some(domains) if !domains.iter().any(|domain| all.contains(domain)) => {
                            tell(&inside, format!("{name} is not a property of {}", types.join(", ")));
                        }
                        Some(_) => self.node(value, &inside, tell),
                    }
                }
            }
            Json::String(text) if text.trim().is_empty() => tell(at, "it is empty".to_owned()),
            _ => {}
        }
    }

    fn with_parents(&self, types: &[String]) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut next = types.to_vec();
        while let Some(kind) = next.pop() {
            next.extend(self.classes.get(&kind).into_iter().flatten().filter(|parent| !all.contains(*parent)).cloned());
            all.insert(kind);
        }
        all
    }
}

/// `schema:Product`, `https://schema.org/Product` or `rdfs:Class` without what stands before the name.
fn term(id: &str) -> &str {
    id.rsplit(['/', ':', '#']).next().unwrap_or(id)
}

fn names(types: Option<&Json>) -> Vec<String> {
    let of = |json: &Json| json.as_str().map(|name| term(name).to_owned());
    match types {
        Some(Json::Array(all)) => all.iter().filter_map(of).collect(),
        Some(one) => of(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn references(node: &Json, key: &str) -> Vec<String> {
    let of = |json: &Json| json["@id"].as_str().map(|id| term(id).to_owned());
    match node.get(key) {
        Some(Json::Array(all)) => all.iter().filter_map(of).collect(),
        Some(one) => of(one).into_iter().collect(),
        None => Vec::new(),
    }
}
