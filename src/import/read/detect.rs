//! Which format is this? The content says it first, the name only where the content leaves it open.

use super::error::ReadError;
use super::options::Format;
use serde_json::Value;

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Records of this format.
    Records(Format),
    /// A gzip stream.
    Gzip,
    /// A zip archive, maybe a workbook.
    Zip,
}

/// Tells packed from plain by magic bytes, and plain formats by the first character that is no space.
///
/// `head` is the beginning of the file as it stands; `text` the same decoded.
pub(crate) fn detect(head: &[u8], text: &str, name: &str) -> Result<Kind, ReadError> {
    if head.starts_with(&[0x1F, 0x8B]) {
        return Ok(Kind::Gzip);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        let message = "this is an old Excel file (XLS) or one with a password; save it as XLSX without one";
        return Err(ReadError::fatal("format_unsupported", message));
    }
    if head.starts_with(b"%PDF") {
        return Err(ReadError::fatal("format_unsupported", "this is a PDF; ask the supplier for CSV, XLSX, XML or JSON"));
    }
    let text = text.trim_start_matches(|sign: char| sign.is_whitespace() || sign == '\u{FEFF}');
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    match text.chars().next() {
        None => Err(ReadError::fatal("empty_file", "the file is empty; nothing was changed")),
        Some('<') => markup(text),
        Some('[') if after(text).is_none_or(|sign| matches!(sign, '{' | ']')) => Ok(Kind::Records(Format::Json)),
        Some('{') if after(text).is_none_or(|sign| matches!(sign, '"' | '}')) => Ok(Kind::Records(braces(text, &extension))),
        Some(_) => Ok(Kind::Records(match extension.as_str() {
            "tsv" | "tab" => Format::Tsv,
            _ if separator(text) == '\t' => Format::Tsv,
            _ => Format::Csv,
        })),
    }
}

/// The first character after the first one that is no space.
fn after(text: &str) -> Option<char> {
    let mut rest = text.chars();
    rest.next();
    rest.find(|sign| !sign.is_whitespace())
}

fn markup(text: &str) -> Result<Kind, ReadError> {
    let start: String = behind_prolog(text).chars().take(200).collect::<String>().to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head>", "<body", "<script"].iter().any(|tag| start.starts_with(tag)) {
        let message = "this is a web page, probably a login or an error page; download the file itself";
        return Err(ReadError::fatal("format_unsupported", message));
    }
    Ok(Kind::Records(Format::Xml))
}

/// What follows an XML declaration and comments, which pages have too.
fn behind_prolog(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let end = if text.starts_with("<?") {
            "?>"
        } else if text.starts_with("<!--") {
            "-->"
        } else {
            return text;
        };
        let Some((_, rest)) = text.split_once(end) else { return text };
        text = rest;
    }
}

/// An object first: lines of objects, or one object that holds an array of them.
fn braces(text: &str, extension: &str) -> Format {
    if matches!(extension, "ndjson" | "jsonl") {
        return Format::Ndjson;
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default().trim_end();
    let second = lines.next().is_some_and(|line| line.trim_start().starts_with('{'));
    let Ok(object) = serde_json::from_str::<serde_json::Map<String, Value>>(first) else {
        // A first line that ends as an object does, before another object, is a damaged line of many.
        return if second && first.ends_with('}') { Format::Ndjson } else { Format::Json };
    };
    if second || !object.values().any(holds_records) { Format::Ndjson } else { Format::Json }
}

/// Does an array of objects stand in it? `serde_json` bounds the depth.
fn holds_records(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(Value::is_object),
        Value::Object(object) => object.values().any(holds_records),
        _ => false,
    }
}

/// The separator of a CSV: the one that cuts the first lines into the same, and the largest, number of cells.
pub(crate) fn separator(text: &str) -> char {
    let mut best = (0_usize, 0_usize, ',');
    for candidate in [',', ';', '\t', '|'] {
        let counts = cells_per_line(text, candidate);
        let Some(first) = counts.first().copied() else { continue };
        if first < 2 {
            continue;
        }
        let same = counts.iter().filter(|count| **count == first).count() * 100 / counts.len();
        if (same, first) > (best.0, best.1) {
            best = (same, first, candidate);
        }
    }
    best.2
}

/// Cells of each of the first lines, not looking into quotes; the last line may be cut and is left out.
fn cells_per_line(text: &str, separator: char) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut cells, mut quoted, mut empty) = (1_usize, false, true);
    for sign in text.chars() {
        match sign {
            '"' => (quoted, empty) = (!quoted, false),
            '\n' if !quoted => {
                if !empty {
                    counts.push(cells);
                }
                (cells, empty) = (1, true);
                if counts.len() >= 30 {
                    return counts;
                }
            }
            _ if sign == separator && !quoted => (cells, empty) = (cells + 1, false),
            _ => empty &= sign.is_whitespace(),
        }
    }
    if counts.is_empty() && !empty {
        counts.push(cells);
    }
    counts
}
