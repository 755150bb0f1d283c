//! A part of a feed read back: documents, lines, items. By other code than the code that wrote it.

use crate::channels::profile::{Format, Layout};
use crate::error::{Error, Result};
use quick_xml::events::Event;
use serde_json::Value as Json;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// A document, and where in the part it stands.
pub(super) struct Document {
    pub(super) value: Json,
    /// Its item; none where it holds many.
    pub(super) item: Option<u64>,
    /// Where it begins, in front of every pointer.
    pub(super) pointer: String,
    /// Where its items stand, where it holds many.
    pub(super) items: String,
}

impl Document {
    /// The item that a place in the document belongs to.
    pub(super) fn item_at(&self, pointer: &str) -> Option<u64> {
        let inside = || pointer.strip_prefix(&self.items)?.strip_prefix('/')?.split('/').next()?.parse().ok();
        self.item.or_else(inside)
    }
}

/// A line of a table.
pub(super) struct Line {
    pub(super) item: u64,
    pub(super) names: Arc<[String]>,
    pub(super) values: Vec<String>,
}

/// A value of an item.
pub(super) enum Given {
    Text(String),
    /// Names and values of its parts; names only where the file has them.
    Parts(Vec<(Option<String>, String)>),
}

/// An item of a table or an RSS file.
pub(super) struct Row {
    pub(super) item: u64,
    pub(super) values: Vec<(String, Vec<Given>)>,
}

type Visit<'a, T> = &'a mut dyn FnMut(T);

/// Reads JSON: the file as a whole, each of its lines, or the items that stand at `each` in these.
pub(super) fn documents(format: &Format, part: &Path, each: Option<&str>, visit: Visit<Document>) -> Result<u64> {
    let mut count = 0;
    let mut take = |value: Json, line: Option<u64>| {
        let items = if line.is_some() { String::new() } else { place(&format.envelope) };
        let Some(each) = each else {
            count += if line.is_some() { 1 } else { value.pointer(&items).and_then(Json::as_array).map_or(1, Vec::len) as u64 };
            visit(Document { value, item: line, pointer: String::new(), items });
            return;
        };
        let all = value.pointer(each).and_then(Json::as_array).cloned().unwrap_or_default();
        count += all.len() as u64;
        for (at, value) in (0..).zip(all) {
            visit(Document { value, item: line.or(Some(at)), pointer: format!("{each}/{at}"), items: String::new() });
        }
    };
    if format.layout == Layout::Json {
        take(serde_json::from_reader(BufReader::new(File::open(part)?))?, None);
        return Ok(count);
    }
    for (at, line) in (0..).zip(BufReader::new(File::open(part)?).lines()) {
        take(serde_json::from_str(&line?)?, Some(at));
    }
    Ok(count)
}

/// Where an envelope has its items, as a JSON pointer.
fn place(envelope: &str) -> String {
    fn find(json: &Json, at: String) -> Option<String> {
        match json {
            Json::String(text) if text == "$items" => Some(at),
            Json::Array(items) => items.iter().enumerate().find_map(|(n, item)| find(item, format!("{at}/{n}"))),
            Json::Object(members) => members.iter().find_map(|(key, item)| find(item, format!("{at}/{key}"))),
            _ => None,
        }
    }
    serde_json::from_str(envelope).ok().and_then(|envelope| find(&envelope, String::new())).unwrap_or_default()
}

/// Reads a comma- or tab-separated file.
pub(super) fn table(format: &Format, part: &Path, visit: Visit<Line>) -> Result<u64> {
    let delimiter = if format.layout == Layout::Tsv { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(part).map_err(Error::internal)?;
    let names: Arc<[String]> = reader.headers().map_err(Error::internal)?.iter().map(str::to_owned).collect();
    let mut count = 0;
    for record in reader.records() {
        let values = record.map_err(Error::internal)?.iter().map(str::to_owned).collect();
        visit(Line { item: count, names: Arc::clone(&names), values });
        count += 1;
    }
    Ok(count)
}

/// Reads items of a table or of an RSS file.
pub(super) fn rows(format: &Format, part: &Path, visit: Visit<Row>) -> Result<u64> {
    if format.layout == Layout::Rss {
        return items(part, visit);
    }
    table(format, part, &mut |line| {
        let given = |(name, value): (&String, &String)| {
            let texts = split(value, format.joiner.trim()).into_iter().map(Given::Text).collect();
            (name.clone(), texts)
        };
        let filled = line.names.iter().zip(&line.values).filter(|(_, value)| !value.is_empty());
        visit(Row { item: line.item, values: filled.map(given).collect() });
    })
}

/// The values of one column: apart at the joiner, except inside quotes, which stay for whoever reads the parts of a value.
fn split(text: &str, joiner: &str) -> Vec<String> {
    let separator = joiner.chars().next().unwrap_or(',');
    let mut all = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        quoted ^= letter == '"';
        if letter == separator && !quoted {
            all.push(String::new());
        } else if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all
}

/// Parts of a value: apart at `:`, except inside quotes, which are taken off.
pub(super) fn parts(text: &str) -> Vec<String> {
    let bare = |part: String| match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => part,
    };
    split(text, ":").into_iter().map(bare).collect()
}

fn items(part: &Path, visit: Visit<Row>) -> Result<u64> {
    let mut reader = quick_xml::Reader::from_file(part).map_err(Error::internal)?;
    let (mut path, mut buffer) = (Vec::<String>::new(), Vec::new());
    let mut values: Vec<(String, Vec<Given>)> = Vec::new();
    let (mut texts, mut inner) = (String::new(), Vec::new());
    let mut count = 0;
    loop {
        match reader.read_event_into(&mut buffer).map_err(Error::internal)? {
            Event::Start(tag) => {
                path.push(bare(tag.name().as_ref()));
                texts.clear();
            }
            Event::Text(text) => texts.push_str(&text),
            Event::GeneralRef(name) => match name.resolve_char_ref().map_err(Error::internal)? {
                Some(letter) => texts.push(letter),
                None => texts.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default()),
            },
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                match path.len() {
                    // rss, channel, item, an element, a part of it
                    2 if name == "item" => {
                        visit(Row { item: count, values: std::mem::take(&mut values) });
                        count += 1;
                    }
                    3 => {
                        let parts = std::mem::take(&mut inner);
                        let text = std::mem::take(&mut texts);
                        let given = if parts.is_empty() { Given::Text(text) } else { Given::Parts(parts) };
                        match values.iter_mut().find(|(known, _)| *known == name) {
                            Some((_, all)) => all.push(given),
                            None => values.push((name, vec![given])),
                        }
                    }
                    4 => inner.push((Some(name), std::mem::take(&mut texts))),
                    _ => {}
                }
                texts.clear();
            }
            Event::Eof => return Ok(count),
            _ => {}
        }
        buffer.clear();
    }
}

/// A name without the namespace's prefix.
fn bare(name: &str) -> String {
    name.rsplit_once(':').map_or(name, |(_, name)| name).to_owned()
}
