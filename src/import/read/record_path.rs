//! Which element of an XML file is its record, where no profile says it.

use super::limits::ReadLimits;
use super::words;
use quick_xml::events::Event;
use std::collections::HashMap;

/// The path of the records, guessed from the beginning of a file.
///
/// An element with a usual name (`schema/import/records.toml`) that holds something; else the most repeated one that holds something and does
/// not stand inside another such; else the first child of the root that does.
pub(super) fn guess_record(text: &str, limits: &ReadLimits) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut open: Vec<String> = Vec::new();
    let mut seen: HashMap<String, Seen> = HashMap::new();
    let mut order = 0_usize;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(element) => {
                let parent = open.last().cloned().unwrap_or_default();
                if let Some(parent) = seen.get_mut(&parent) {
                    parent.holds = true;
                }
                let path = format!("{parent}/{}", element.local_name().as_ref());
                let depth = open.len();
                if depth >= limits.max_depth {
                    break;
                }
                order += 1;
                let known = words::is_record(element.local_name().as_ref());
                let seen = seen.entry(path.clone()).or_insert(Seen { count: 0, holds: false, known, depth, order });
                seen.count += 1;
                seen.holds |= element
                    .attributes()
                    .with_checks(false)
                    .flatten()
                    .any(|attribute| !attribute.key.as_ref().starts_with("xmlns"));
                open.push(path);
            }
            Event::End(_) => _ = open.pop(),
            Event::Eof => break,
            _ => {}
        }
    }
    let below_root = || seen.iter().filter(|(_, seen)| seen.holds && seen.depth > 0);
    let inside = |path: &str, other: &str| {
        path.len() > other.len() && path.starts_with(other) && path.as_bytes().get(other.len()) == Some(&b'/')
    };
    let usual = below_root()
        .filter(|(_, seen)| seen.known)
        .min_by_key(|(_, seen)| (seen.depth, std::cmp::Reverse(seen.count), seen.order));
    let repeated = || {
        let candidates: Vec<_> = below_root().filter(|(_, seen)| seen.count > 1).collect();
        let outer = candidates.iter().filter(|(path, _)| !candidates.iter().any(|(other, _)| inside(path, other)));
        outer.max_by_key(|(_, seen)| (seen.count, std::cmp::Reverse(seen.order))).copied()
    };
    let single = || below_root().min_by_key(|(_, seen)| (seen.depth, seen.order));
    usual.or_else(repeated).or_else(single).map(|(path, _)| path.clone())
}

struct Seen {
    count: usize,
    holds: bool,
    known: bool,
    depth: usize,
    order: usize,
}
