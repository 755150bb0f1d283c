//! JSON: an array of objects, at the top or inside an object, and NDJSON. One element at a time is held in memory.
//!
//! A small scanner finds where each element begins and ends, which is all it knows of JSON; `serde_json` reads the element. So a
//! damaged element is one lost row, and the size of the document does not matter.

use super::error::ReadError;
use super::limits::ReadLimits;
use super::named::is_named;
use super::options::ReadOptions;
use crate::import::row::Record;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// Levels of objects that are searched for the array of records.
const MAX_SEARCH_DEPTH: usize = 16;
/// Names that the objects of one list may have, and texts of the list; a larger one stays JSON.
const MAX_LIST_NAMES: usize = 32;
const MAX_LIST_TEXTS: usize = 1_000;

/// Elements of the array that holds the records.
pub(super) struct Elements<R: Read> {
    input: BufReader<R>,
    /// Keys from the top to the array; none: the first array of objects.
    path: Option<Vec<String>>,
    started: bool,
    row: u64,
    whole: Vec<String>,
    limits: ReadLimits,
    done: bool,
}

impl<R: Read> Elements<R> {
    /// The record's path is `data.products` or `/data/products`; empty or absent means the first array of objects.
    pub(super) fn new(text: R, options: &ReadOptions, limits: &ReadLimits) -> Self {
        let keys = options.record.as_deref().map(|path| {
            path.split(['.', '/']).map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        });
        Self {
            input: BufReader::new(text),
            path: keys.filter(|keys| !keys.is_empty()),
            started: false,
            row: 0,
            whole: options.whole.clone(),
            limits: limits.clone(),
            done: false,
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        self.input.fill_buf().map(|bytes| bytes.first().copied()).map_err(|error| ReadError::from_io(&error))
    }

    fn bump(&mut self) -> Result<Option<u8>, ReadError> {
        let next = self.peek()?;
        if next.is_some() {
            self.input.consume(1);
        }
        Ok(next)
    }

    /// The next byte that is no white space, left in place.
    fn sight(&mut self) -> Result<Option<u8>, ReadError> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.input.consume(1);
        }
        Ok(None)
    }

    /// Stands behind the `[` of the records afterwards.
    fn start(&mut self) -> Result<(), ReadError> {
        match self.sight()? {
            Some(b'[') if self.path.is_none() => self.bump().map(|_| ()),
            Some(b'{') => {
                self.bump()?;
                if self.search(&mut Vec::new())? { Ok(()) } else { Err(self.not_found()) }
            }
            _ => Err(self.not_found()),
        }
    }

    fn not_found(&self) -> ReadError {
        let message = match &self.path {
            Some(path) => format!("the file has no array at '{}'; see file.record in the profile", path.join(".")),
            None => "the file has no array of objects; name its path as file.record in the profile".to_owned(),
        };
        ReadError::fatal("no_records", message)
    }

    /// Looks through an object, behind its `{`, for the array.
    fn search(&mut self, at: &mut Vec<String>) -> Result<bool, ReadError> {
        loop {
            match self.sight()? {
                Some(b'"') => {}
                Some(b',') => {
                    self.bump()?;
                    continue;
                }
                Some(b'}') => {
                    self.bump()?;
                    return Ok(false);
                }
                _ => return Err(truncated()),
            }
            let (raw, over) = self.value()?;
            let key = if over { String::new() } else { serde_json::from_slice::<String>(&raw).unwrap_or_default() };
            if self.sight()? != Some(b':') {
                return Err(truncated());
            }
            self.bump()?;
            at.push(key);
            let wanted = self.path.as_ref().is_none_or(|path| *path == *at);
            let towards = self.path.as_ref().is_none_or(|path| path.starts_with(at));
            match self.sight()? {
                Some(b'[') if wanted => {
                    self.bump()?;
                    if self.path.is_some() || self.sight()? == Some(b'{') {
                        return Ok(true);
                    }
                    self.skip_array()?;
                }
                Some(b'{') if towards && at.len() < MAX_SEARCH_DEPTH => {
                    self.bump()?;
                    if self.search(at)? {
                        return Ok(true);
                    }
                }
                Some(_) => _ = self.value()?,
                None => return Err(truncated()),
            }
            at.pop();
        }
    }

    /// Leaves an array, behind its `[`.
    fn skip_array(&mut self) -> Result<(), ReadError> {
        loop {
            match self.sight()? {
                Some(b']') => return self.bump().map(|_| ()),
                Some(b',') => _ = self.bump()?,
                Some(_) => _ = self.value()?,
                None => return Err(truncated()),
            }
        }
    }

    /// The bytes of the value that begins here, up to the comma or bracket that ends it; true when they were too many to keep.
    fn value(&mut self) -> Result<(Vec<u8>, bool), ReadError> {
        let (mut raw, mut over) = (Vec::new(), false);
        let (mut depth, mut text, mut escaped) = (0_usize, false, false);
        loop {
            let Some(byte) = self.peek()? else {
                return if depth == 0 && !text && !raw.is_empty() { Ok((raw, over)) } else { Err(truncated()) };
            };
            if !text && depth == 0 && matches!(byte, b',' | b']' | b'}' | b':') {
                if raw.is_empty() {
                    // Nothing stands here; take the sign, so that the scanner moves on.
                    self.input.consume(1);
                }
                return Ok((raw, over));
            }
            self.input.consume(1);
            if raw.len() < self.limits.max_row_bytes {
                raw.push(byte);
            } else {
                over = true;
            }
            if text {
                (text, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
                if !text && depth == 0 {
                    return Ok((raw, over));
                }
                continue;
            }
            match byte {
                b'"' => text = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok((raw, over));
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self) -> Result<Option<Record>, ReadError> {
        if !self.started {
            self.start()?;
            self.started = true;
        }
        loop {
            match self.sight()? {
                Some(b',') => _ = self.bump()?,
                Some(b']') => return Ok(None),
                Some(_) => break,
                None => return Err(truncated().at(self.row + 1)),
            }
        }
        self.row += 1;
        let (raw, over) = self.value().map_err(|error| error.at(self.row))?;
        if over {
            return Err(too_large(self.row, &raw, &self.limits));
        }
        record(self.row, &raw, &self.whole, &self.limits).map(Some)
    }
}

fn truncated() -> ReadError {
    ReadError::fatal("truncated", "the file ends or breaks off before its records do; send it again")
}

fn too_large(row: u64, raw: &[u8], limits: &ReadLimits) -> ReadError {
    let start = raw.get(..raw.len().min(4_000)).unwrap_or_default();
    let message = format!("the record is longer than {} bytes; shorten it", limits.max_row_bytes);
    ReadError::row(row, "row_too_large", message, &String::from_utf8_lossy(start))
}

impl<R: Read> Iterator for Elements<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.element().transpose();
        self.done = item.as_ref().is_none_or(|item| item.as_ref().is_err_and(|error| error.fatal));
        item
    }
}

/// One JSON object a line.
pub(super) struct Lines<R: Read> {
    input: BufReader<R>,
    row: u64,
    whole: Vec<String>,
    limits: ReadLimits,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R, options: &ReadOptions, limits: &ReadLimits) -> Self {
        Self { input: BufReader::new(text), row: 0, whole: options.whole.clone(), limits: limits.clone() }
    }

    /// The next line; true when it was too long to keep. None at the end.
    fn line(&mut self) -> Result<Option<(Vec<u8>, bool)>, ReadError> {
        let (mut line, mut over, mut any) = (Vec::new(), false, false);
        loop {
            let bytes = self.input.fill_buf().map_err(|error| ReadError::from_io(&error).at(self.row + 1))?;
            if bytes.is_empty() {
                return Ok(any.then_some((line, over)));
            }
            any = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            let room = self.limits.max_row_bytes.saturating_sub(line.len());
            over |= part.len() > room;
            line.extend_from_slice(part.get(..part.len().min(room)).unwrap_or_default());
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some((line, over)));
            }
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, over) = match self.line() {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.row += 1;
            return Some(if over {
                Err(too_large(self.row, &line, &self.limits))
            } else {
                record(self.row, &line, &self.whole, &self.limits)
            });
        }
    }
}

/// One object as a flat record.
fn record(row: u64, raw: &[u8], whole: &[String], limits: &ReadLimits) -> Result<Record, ReadError> {
    let text = || String::from_utf8_lossy(raw);
    match serde_json::from_slice::<Value>(raw) {
        Ok(Value::Object(object)) => {
            let mut fields = Vec::with_capacity(object.len());
            flatten("", object, whole, &mut fields);
            if fields.len() > limits.max_fields {
                let message = format!("the record has more than {} fields; leave some out", limits.max_fields);
                return Err(ReadError::row(row, "too_many_fields", message, &text()));
            }
            if fields.iter().any(|(name, _)| name.len() > limits.max_name_chars * 4) {
                let message = format!("a name in the record is longer than {} characters; shorten it", limits.max_name_chars);
                return Err(ReadError::row(row, "name_too_long", message, &text()));
            }
            Ok(Record { row, fields })
        }
        Ok(_) => Err(ReadError::row(row, "not_an_object", "the record is no JSON object; give every record its names", &text())),
        Err(error) => {
            let message = format!("the record is no valid JSON ({error}); correct it");
            Err(ReadError::row(row, "bad_json", message, &text()))
        }
    }
}

/// Nested names are joined by points, a list of plain values repeats its field; so does a list of objects for each of their names, an
/// object that lacks one with an empty text, so that the texts of one object have the same place. Other lists stay JSON, and so does what
/// is to stay `whole`.
fn flatten(prefix: &str, object: serde_json::Map<String, Value>, whole: &[String], fields: &mut Vec<(Arc<str>, String)>) {
    for (key, value) in object {
        let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Null => fields.push((name.into(), String::new())),
            value if whole.iter().any(|whole| is_named(whole, &name)) => fields.push((name.into(), value.to_string())),
            Value::Object(inner) if !inner.is_empty() => flatten(&name, inner, whole, fields),
            Value::Array(items) if !items.is_empty() && !items.iter().any(|item| item.is_array() || item.is_object()) => {
                let name: Arc<str> = name.into();
                fields.extend(items.into_iter().map(|item| (Arc::clone(&name), scalar(item))));
            }
            Value::Array(items) if items.is_empty() => fields.push((name.into(), String::new())),
            Value::Array(items) if items.iter().all(Value::is_object) => list(&name, items, fields),
            other => fields.push((name.into(), scalar(other))),
        }
    }
}

/// A list of objects, object by object.
fn list(prefix: &str, items: Vec<Value>, fields: &mut Vec<(Arc<str>, String)>) {
    let mut names: Vec<(&str, Arc<str>)> = Vec::new();
    for key in items.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys) {
        if names.len() <= MAX_LIST_NAMES && !names.iter().any(|(known, _)| known == key) {
            names.push((key, format!("{prefix}.{key}").into()));
        }
    }
    if names.len() > MAX_LIST_NAMES || names.len() * items.len() > MAX_LIST_TEXTS {
        fields.push((prefix.into(), scalar(Value::Array(items))));
        return;
    }
    for item in &items {
        for (key, name) in &names {
            fields.push((Arc::clone(name), item.get(key).cloned().map_or_else(String::new, scalar)));
        }
    }
}

fn scalar(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Object(object) if object.is_empty() => String::new(),
        other => other.to_string(),
    }
}
