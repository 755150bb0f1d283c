//! Which attribute does a column hold? Read from its name, with the unit and the locale that the name may carry.
//!
//! Columns are called `Gewicht (g)`, `weight_g`, `Вага,кг`, `p_name[de]` or `title_en`. The name is looked up whole first;
//! then a bracket or a last word that is a unit or a language is taken off and told apart.

use super::{Attribute, Dictionary, Unit};
use crate::normalize::text::key;

/// What a column's name says.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The attribute.
    pub attribute: &'a Attribute,
    /// Unit of bare numbers in the column.
    pub unit: Option<&'a Unit>,
    /// Language tag of the column's text.
    pub locale: Option<&'a str>,
}

impl Dictionary {
    /// Reads a column's name; none when the dictionary does not know it.
    pub fn header(&self, label: &str) -> Option<Header<'_>> {
        let whole = key(&label.replace(['/', '#', '*'], " "));
        if whole.is_empty() || whole.len() > 200 {
            return None;
        }
        if let Some(attribute) = self.header_attribute(&whole) {
            return Some(Header { attribute, unit: None, locale: None });
        }
        let words: Vec<&str> = whole.split(' ').collect();
        // A shop system's prefix (`v_ean`, `p_brand`) says which table, not which attribute.
        let from = usize::from(words.len() > 1 && words.first().is_some_and(|word| word.len() == 1));
        for start in [0, from] {
            for cut in 0..=2 {
                let Some(body) =
                    words.len().checked_sub(cut).and_then(|end| words.get(start..end)).filter(|body| !body.is_empty())
                else {
                    continue;
                };
                let Some(attribute) = self.header_attribute(&body.join(" ")) else { continue };
                let tail = words.get(words.len() - cut..).unwrap_or_default();
                let mut header = Header { attribute, unit: None, locale: None };
                if tail.iter().all(|word| self.read_tail(word, &mut header)) {
                    return Some(header);
                }
            }
        }
        None
    }

    fn read_tail<'a>(&'a self, word: &str, header: &mut Header<'a>) -> bool {
        let family = header.attribute.unit.as_deref().and_then(|unit| self.unit(unit)).map(|unit| unit.family.as_str());
        if let Some(unit) = family.and_then(|family| self.unit_in(family, word)) {
            header.unit = Some(unit);
            return true;
        }
        if let Some(locale) = self.locales.get(word).filter(|_| header.attribute.localized) {
            header.locale = Some(&locale.tag);
            return true;
        }
        false
    }

    fn header_attribute(&self, key: &str) -> Option<&Attribute> {
        self.index.headers.get(key).and_then(|at| self.attributes.get(*at))
    }
}
