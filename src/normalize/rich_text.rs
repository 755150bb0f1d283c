//! Descriptions: a small safe subset of HTML is kept, everything else is taken off.
//!
//! The value is always an HTML fragment: plain text in is escaped, and line breaks become `<br>`. Kept tags have no attributes
//! and are always closed. What stands in `script`, `style` and the like is dropped with them.

use super::{Reading, Value, text::is_invisible};
use crate::dictionary::Attribute;

const KEPT: [&str; 13] = ["p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "h2", "h3", "h4", "u"];
const DROPPED_WITH_CONTENT: [&str; 10] =
    ["script", "style", "iframe", "object", "embed", "svg", "noscript", "template", "head", "title"];
/// Longer source text is cut before it is read.
const MAX_BYTES: usize = 200_000;

/// Reads a description.
pub(super) fn read(attribute: &Attribute, raw: &str) -> Reading {
    let html = sanitize(raw);
    let plain = to_plain(&html);
    if plain.is_empty() {
        return Reading::rejected(attribute, "rich_text", "no_text", "No text is left when the markup is taken off.");
    }
    if attribute.max_length.is_some_and(|max| html.chars().count() > max) {
        let message = format!(
            "The text has {} characters; at most {} are taken. Shorten it.",
            html.chars().count(),
            attribute.max_length.unwrap_or_default()
        );
        return Reading::rejected(attribute, "rich_text", "too_long", message);
    }
    let mut reading = Reading::accepted(attribute, "rich_text", Value::text(html), 95);
    if plain.contains('{') && plain.contains('}') && plain.contains(':') && plain.starts_with(['.', '#', '@', '*']) {
        reading.doubt("style_rules", "The text looks like style rules of a web page, not like a description.".to_owned(), 10);
    }
    reading
}

/// The safe fragment; see the module's text.
pub fn sanitize(raw: &str) -> String {
    let raw = cut(raw, MAX_BYTES);
    let has_markup = KEPT
        .iter()
        .chain(&DROPPED_WITH_CONTENT)
        .chain(&["div", "span", "a", "img", "table", "h1"])
        .any(|tag| holds_tag(raw, tag));
    let mut out = String::with_capacity(raw.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = raw;
    // Behind the last '>' no tag can end.
    let last = raw.rfind('>').unwrap_or(0);
    while let Some(at) = rest.find('<').filter(|at| has_markup && raw.len() - rest.len() + at < last) {
        push_text(&mut out, rest.get(..at).unwrap_or_default(), true, has_markup);
        rest = rest.get(at..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, closing, after)) = read_tag(rest) else {
            out.push_str("&lt;");
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        rest = after;
        if !closing && DROPPED_WITH_CONTENT.contains(&tag.as_str()) {
            rest = skip_content(rest, &tag);
        } else if let Some(kept) = KEPT.iter().find(|kept| **kept == tag) {
            write_tag(&mut out, &mut open, kept, closing);
        } else if matches!(
            tag.as_str(),
            "div" | "tr" | "table" | "h1" | "h5" | "h6" | "section" | "article" | "td" | "th" | "dd" | "dt"
        ) && !out.ends_with(['>', ' '])
        {
            out.push_str(if matches!(tag.as_str(), "td" | "th") { " " } else { "<br>" });
        }
    }
    push_text(&mut out, rest, has_markup, has_markup);
    for tag in open.into_iter().rev() {
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
    }
    let mut out = out.trim().to_owned();
    while let Some(shorter) = out.strip_suffix("<br>") {
        out = shorter.trim_end().to_owned();
    }
    out
}

/// The text of a safe fragment without its markup, on one line.
pub fn to_plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => {
                inside = true;
                out.push(' ');
            }
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let text = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    super::text::clean_line(&text)
}

fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn holds_tag(text: &str, tag: &str) -> bool {
    text.match_indices('<').take(2_000).any(|(at, _)| {
        let inside = text.get(at + 1..).unwrap_or_default();
        let inside = inside.strip_prefix('/').unwrap_or(inside);
        inside.get(..tag.len()).is_some_and(|name| name.eq_ignore_ascii_case(tag))
            && inside
                .get(tag.len()..)
                .and_then(|rest| rest.chars().next())
                .is_some_and(|c| c == '>' || c == '/' || c.is_whitespace())
    })
}

/// Name, whether it closes, and what follows; none when this `<` opens no tag.
fn read_tag(text: &str) -> Option<(String, bool, &str)> {
    let inside = text.strip_prefix('<')?;
    let (inside, closing) = inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
    let inside = inside.strip_prefix(['!', '?']).unwrap_or(inside);
    let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).take(20).collect();
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut quote = None;
    for (at, c) in inside.char_indices().take(1_000) {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return Some((name.to_ascii_lowercase(), closing, inside.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn skip_content<'a>(rest: &'a str, tag: &str) -> &'a str {
    for (at, _) in rest.match_indices("</") {
        let name = rest.get(at + 2..at + 2 + tag.len());
        if name.is_some_and(|name| name.eq_ignore_ascii_case(tag)) {
            let after = rest.get(at..).unwrap_or_default();
            return after.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

fn write_tag(out: &mut String, open: &mut Vec<&'static str>, tag: &'static str, closing: bool) {
    if tag == "br" {
        if !out.ends_with("<br><br>") && !out.is_empty() {
            out.push_str("<br>");
        }
    } else if closing {
        let Some(depth) = open.iter().rposition(|known| *known == tag) else { return };
        for inner in open.drain(depth..).rev().collect::<Vec<_>>() {
            out.push_str("</");
            out.push_str(inner);
            out.push('>');
        }
    } else if open.len() < 30 {
        out.push('<');
        out.push_str(tag);
        out.push('>');
        open.push(tag);
    }
}

/// Writes text escaped, with entities of the source read once and white space collapsed.
fn push_text(out: &mut String, text: &str, collapse_lines: bool, entities: bool) {
    let text = if entities || text.contains('&') { decode(text) } else { text.to_owned() };
    let mut newlines = 0;
    for c in text.chars() {
        if is_invisible(c) {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if c == '\n' && !collapse_lines && newlines < 2 && !out.is_empty() {
                newlines += 1;
                while out.ends_with(' ') {
                    out.pop();
                }
                out.push_str("<br>");
            } else if !out.ends_with([' ', '>']) && !out.is_empty() {
                out.push(' ');
            }
            continue;
        }
        newlines = 0;
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}

/// The entities that shop systems write; an unknown one stays as text.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let name = after.split(';').next().filter(|name| name.len() <= 8 && name.len() < after.len());
        let c = name.and_then(|name| match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some(' '),
            "deg" => Some('°'),
            "ndash" => Some('–'),
            "mdash" => Some('—'),
            "auml" => Some('ä'),
            "ouml" => Some('ö'),
            "uuml" => Some('ü'),
            "Auml" => Some('Ä'),
            "Ouml" => Some('Ö'),
            "Uuml" => Some('Ü'),
            "szlig" => Some('ß'),
            "aring" => Some('å'),
            "aelig" => Some('æ'),
            "oslash" => Some('ø'),
            "eacute" => Some('é'),
            "times" => Some('×'),
            "bull" => Some('•'),
            "reg" => Some('®'),
            "trade" => Some('™'),
            "rsquo" => Some('’'),
            "lsquo" => Some('‘'),
            "rdquo" => Some('”'),
            "ldquo" => Some('“'),
            "hellip" => Some('…'),
            number => {
                let number = number.strip_prefix('#')?;
                let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16));
                char::from_u32(hex.unwrap_or_else(|| number.parse()).ok()?)
            }
        });
        if let (Some(c), Some(name)) = (c, name) {
            out.push(c);
            rest = after.get(name.len() + 1..).unwrap_or_default();
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
