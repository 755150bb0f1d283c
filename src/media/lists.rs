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
        // What has a weight of nought is refused (RFC 9110, section 12.4.2).
        let takes = |item: &str| {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|weight| weight.parse::<f32>() == Ok(0.0)));
            (!refused).then(|| name.to_owned())
        };
        let kinds: Vec<String> = accept.split(',').filter_map(takes).collect();
        let names = |spec: &&Spec| kinds.iter().any(|kind| kind == spec.format.content_type());
        self.wishes.iter().find(names).or(self.wishes.last())
    }
}

#[cfg(test)]
mod tests;
