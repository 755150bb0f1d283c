//! Renditions for our own lists and pages: `schema/media/renditions.toml`, a user's file over ours, by name.

use super::picture::{Format, Spec};
use crate::dictionary::{Dictionary, SchemaError, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The file.
pub const FILE: &str = "media/renditions.toml";

/// What lists show, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists(Vec<ForLists>);

/// One name: the same wish in several formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForLists {
    /// Its name in addresses.
    pub name: String,
    /// A wish for each format, the best first; the last is for who says nothing.
    pub wishes: Vec<Spec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rendition: Vec<Spanned<One>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    name: String,
    formats: Vec<Format>,
    width: u32,
    height: u32,
    #[serde(default)]
    quality: BTreeMap<Format, u8>,
}

impl Lists {
    /// What the dictionary's folders say.
    pub fn of(dictionary: &Dictionary) -> Result<Self, SchemaError> {
        let mut lists = Self::default();
        for source in dictionary.texts(FILE) {
            lists.overlay(source)?;
        }
        Ok(lists)
    }

    fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let file: File = source.parse()?;
        for said in file.rendition {
            let span = said.span();
            let One { name, formats, width, height, quality } = said.into_inner();
            let fail = |message: String| source.error(Some(span.clone()), format!("rendition {name}"), message);
            // A key is of twelve hexadecimal digits and must not be taken for a name.
            if name.is_empty() || name.len() > 11 || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                return Err(fail("a name has 1 to 11 small letters or _".to_owned()));
            }
            if formats.is_empty() {
                return Err(fail("names no format".to_owned()));
            }
            let wish = |format: Format| {
                let mut spec = Spec::inside(format, width, height);
                spec.quality = quality.get(&format).copied().unwrap_or(spec.quality);
                spec.check().map(|()| spec)
            };
            let wishes = formats.into_iter().map(wish).collect::<Result<Vec<_>, String>>().map_err(fail)?;
            let list = ForLists { name: name.clone(), wishes };
            match self.0.iter_mut().find(|known| known.name == name) {
                Some(known) => *known = list,
                None => self.0.push(list),
            }
        }
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ForLists> {
        self.0.iter()
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<&ForLists> {
        self.0.iter().find(|list| list.name == name)
    }
}

impl ForLists {
    /// The form for who accepts this.
    pub fn accepted(&self, accept: &str) -> Option<&Spec> {
        let accept = accept.to_ascii_lowercase();
        let kinds: Vec<(&str, f32)> = accept.split(',').map(weighed).collect();
        let weight = |of: &str| kinds.iter().find(|(kind, _)| *kind == of).map(|(_, weight)| *weight);
        let any = weight("image/*").or(weight("*/*"));
        // Who takes anything is not known to read every format; so the last one, which everybody reads, is the only one that it stands for.
        let last = self.wishes.last();
        let wanted = |spec: &Spec| weight(spec.format.content_type()).or(any.filter(|_| last == Some(spec))).unwrap_or(0.0);
        let best = self.wishes.iter().rev().max_by(|one, other| wanted(one).total_cmp(&wanted(other)));
        best.filter(|spec| wanted(spec) > 0.0).or(last)
    }
}

/// A media type of `Accept` with its weight, 0 being a refusal (RFC 9110, section 12.4.2).
fn weighed(item: &str) -> (&str, f32) {
    let mut parts = item.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).filter(|weight| weight.is_finite());
    (kind, weight.unwrap_or(1.0))
}

#[cfg(test)]
mod tests;
