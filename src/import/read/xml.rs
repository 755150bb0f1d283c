//! XML: one record per repeated element, its fields the paths of what stands inside.
//!
//! Namespaces are left out of the names. External entities are never fetched and the document's own are not expanded: an unknown
//! `&name;` stays as it stands. An attribute is `path@name`. Pairs of name and value become one field, see
//! [`super::ReadOptions::pair_keys`].

use super::bounded::Governor;
use super::error::ReadError;
use super::limits::ReadLimits;
use super::options::ReadOptions;
use super::words;
use crate::import::row::Record;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufReader, Read};
use std::sync::Arc;

/// Characters of a pair's name that go into the field's name.
const PAIR_NAME_CHARS: usize = 200;

/// One element with all that stands in it.
#[derive(Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

/// Reads the records at one path.
pub(super) struct Elements<R: Read> {
    reader: quick_xml::Reader<Governor<BufReader<R>>>,
    target: Target,
    pairs: Vec<(String, Option<String>)>,
    /// Names of the open elements.
    open: Vec<String>,
    buffer: Vec<u8>,
    row: u64,
    found: bool,
    limits: ReadLimits,
    done: bool,
}

/// Which elements are records.
struct Target {
    names: Vec<String>,
    from_root: bool,
}

impl Target {
    fn matches(&self, open: &[String]) -> bool {
        if self.from_root { *open == *self.names } else { open.ends_with(&self.names) }
    }
}

impl<R: Read> Elements<R> {
    /// `path` is `/BMECAT/T_NEW_CATALOG/ARTICLE` or the last names of it.
    pub(super) fn new(text: R, path: &str, options: &ReadOptions, limits: &ReadLimits) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Governor::new(BufReader::new(text), limits.max_row_bytes));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        let names = path.split('/').map(|name| local(name.trim()).to_owned()).filter(|name| !name.is_empty()).collect();
        let mut pairs: Vec<(String, Option<String>)> = if options.pair_keys.is_empty() {
            words::pairs().iter().map(|pair| (pair.key.clone(), Some(pair.value.clone()))).collect()
        } else {
            options.pair_keys.iter().map(|key| (key.clone(), None)).collect()
        };
        // What a column of the profile asks for counts whatever stands beside it.
        for key in &options.extra_pair_keys {
            pairs.retain(|(known, _)| known != key);
            pairs.push((key.clone(), None));
        }
        Self {
            reader,
            target: Target { names, from_root: path.starts_with('/') },
            pairs,
            open: Vec::new(),
            buffer: Vec::new(),
            row: 0,
            found: false,
            limits: limits.clone(),
            done: false,
        }
    }

    /// The next event, with its text owned by `self.buffer`.
    fn step(&mut self) -> Result<Step, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().reset();
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => ReadError::from_io(&error),
            other => ReadError::fatal("bad_xml", format!("the XML is broken: {other}; nothing after it can be read")),
        })?;
        Ok(match event {
            Event::Start(element) => Step::Open(node(&element)),
            Event::End(_) => Step::Close,
            Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
            Event::CData(text) => Step::Text(text.xml10_content().into_owned()),
            Event::GeneralRef(reference) => Step::Text(entity(&reference)),
            Event::Eof => Step::End,
            _ => Step::Text(String::new()),
        })
    }

    fn record(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            match self.step()? {
                Step::Open(node) => {
                    self.open.push(node.name.clone());
                    if self.open.len() > self.limits.max_depth {
                        return Err(self.too_deep());
                    }
                    if self.target.matches(&self.open) {
                        self.found = true;
                        self.row += 1;
                        let record = self.element(node);
                        self.open.pop();
                        return record.map(Some);
                    }
                }
                Step::Close => _ = self.open.pop(),
                Step::Text(_) => {}
                Step::End if !self.open.is_empty() => {
                    return Err(ReadError::fatal(
                        "truncated",
                        "the file breaks off before its last element is closed; send it again",
                    ));
                }
                Step::End if self.found => return Ok(None),
                Step::End => {
                    let message = format!(
                        "the file has no element {}{}; see file.record in the profile",
                        if self.target.from_root { "/" } else { "" },
                        self.target.names.join("/")
                    );
                    return Err(ReadError::fatal("no_records", message));
                }
            }
        }
    }

    fn too_deep(&self) -> ReadError {
        ReadError::fatal("too_deep", format!("elements are nested deeper than {} levels", self.limits.max_depth))
    }

    /// Reads to the end of the record that `root` began, even where it is too large to keep.
    fn element(&mut self, root: Node) -> Result<Record, ReadError> {
        let start = self.reader.buffer_position();
        let mut stack = vec![root];
        let (mut nodes, mut over) = (1_usize, None);
        loop {
            match self.step()? {
                Step::Open(node) => {
                    if self.open.len() + stack.len() >= self.limits.max_depth {
                        return Err(self.too_deep());
                    }
                    nodes += 1 + node.attributes.len();
                    stack.push(node);
                }
                Step::Text(text) => {
                    if over.is_none()
                        && let Some(node) = stack.last_mut()
                    {
                        node.text.push_str(&text);
                    }
                }
                Step::Close => {
                    let Some(node) = stack.pop() else { break };
                    match stack.last_mut() {
                        Some(parent) if over.is_none() => parent.children.push(node),
                        Some(_) => {}
                        None if over.is_none() => return self.flat(&node),
                        None => break,
                    }
                }
                Step::End => return Err(ReadError::fatal("truncated", "the file breaks off within a record; send it again")),
            }
            if self.reader.buffer_position().saturating_sub(start) > self.limits.max_row_bytes as u64 {
                over =
                    Some(("row_too_large", format!("the record is longer than {} bytes; shorten it", self.limits.max_row_bytes)));
            } else if nodes > self.limits.max_fields {
                over = Some((
                    "too_many_fields",
                    format!("the record has more than {} fields; leave some out", self.limits.max_fields),
                ));
            }
            if over.is_some() {
                for node in &mut stack {
                    (node.text, node.children) = (String::new(), Vec::new());
                }
            }
        }
        let (code, message) = over.unwrap_or(("bad_xml", "the record is broken".to_owned()));
        Err(ReadError::row(self.row, code, message, ""))
    }

    fn flat(&self, root: &Node) -> Result<Record, ReadError> {
        let mut fields = Vec::new();
        self.flatten(root, "", true, &mut fields);
        if fields.iter().any(|(name, _)| name.len() > self.limits.max_name_chars * 4) {
            let message = format!("a path in the record is longer than {} characters; shorten it", self.limits.max_name_chars);
            return Err(ReadError::row(self.row, "name_too_long", message, ""));
        }
        Ok(Record { row: self.row, fields })
    }

    fn flatten(&self, node: &Node, path: &str, root: bool, fields: &mut Vec<(Arc<str>, String)>) {
        let pair = if root { None } else { self.pair(node) };
        let path = match &pair {
            Some((key, name)) => format!("{path}[{key}={name}]"),
            None => path.to_owned(),
        };
        let key = pair.as_ref().map(|(key, _)| key.as_str());
        for (name, value) in &node.attributes {
            if key.and_then(|key| key.strip_prefix('@')) != Some(name) {
                fields.push((format!("{path}@{name}").into(), value.clone()));
            }
        }
        let text = node.text.trim();
        if !text.is_empty() || (node.children.is_empty() && node.attributes.is_empty()) {
            let name = if root { node.name.as_str() } else { path.as_str() };
            fields.push((name.into(), text.to_owned()));
        }
        for child in &node.children {
            if key != Some(child.name.as_str()) {
                let path = if path.is_empty() { child.name.clone() } else { format!("{path}/{}", child.name) };
                self.flatten(child, &path, false, fields);
            }
        }
    }

    /// The key and the name of a pair, where this element is one.
    fn pair(&self, node: &Node) -> Option<(String, String)> {
        self.pairs.iter().find_map(|(key, value)| {
            let name = match key.strip_prefix('@') {
                Some(key) => node.attributes.iter().find(|(name, _)| name == key).map(|(_, name)| name.trim()),
                None => node
                    .children
                    .iter()
                    .find(|child| child.name == *key && child.children.is_empty())
                    .map(|child| child.text.trim()),
            };
            let name = name.filter(|name| !name.is_empty())?;
            let valued = match value.as_deref() {
                None => true,
                Some("") => !node.text.trim().is_empty(),
                Some(value) => node.children.iter().any(|child| child.name == value),
            };
            valued.then(|| (key.clone(), name.chars().take(PAIR_NAME_CHARS).collect()))
        })
    }
}

impl<R: Read> Iterator for Elements<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = match self.record() {
            // An error within a record is that record's, one between them the next one's.
            Err(error) if error.fatal && self.found => Err(error.at(self.row)),
            other => other,
        };
        let item = item.transpose();
        self.done = item.as_ref().is_none_or(|item| item.as_ref().is_err_and(|error| error.fatal));
        item
    }
}

enum Step {
    Open(Node),
    Close,
    Text(String),
    End,
}

fn node(element: &BytesStart<'_>) -> Node {
    let mut node = Node { name: element.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in element.attributes().with_checks(false).flatten() {
        let key: &str = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_or_else(|_| attribute.value.to_string(), std::borrow::Cow::into_owned);
        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
    }
    node
}

/// A character reference or one of the five predefined entities (XML 1.0, 4.6); `&nbsp;` is too usual to be left standing.
fn entity(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(sign)) = reference.resolve_char_ref() {
        return sign.to_string();
    }
    let name: &str = reference;
    match quick_xml::escape::resolve_predefined_entity(name) {
        Some(text) => text.to_owned(),
        None if name == "nbsp" => " ".to_owned(),
        None => format!("&{name};"),
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
