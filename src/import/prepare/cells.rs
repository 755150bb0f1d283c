//! From the texts of a field to the items that count, as a column says.

use crate::import::formula;
use crate::import::pairs::{Address, aligned};
use crate::import::row::Record;
use crate::suppliers::{Column, Take};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::HashMap;

/// Items of one cell at most; more are no list but a mistake.
const MAX_ITEMS: usize = 1_000;

/// Fields above which looking through them all, once per column, would cost more than an index.
const FEW: usize = 48;

/// The texts of a record by field name.
pub(super) struct Cells<'a> {
    record: &'a Record,
    /// Places of the fields of a name; only of a wide record.
    by_name: Option<HashMap<&'a str, Vec<usize>>>,
    /// Does an apostrophe stand in front of formulas?
    guarded: bool,
}

impl<'a> Cells<'a> {
    /// `guarded`: see [`crate::import::read::ReadOptions::formulas_guarded`].
    pub(super) fn new(record: &'a Record, guarded: bool) -> Self {
        let by_name = (record.fields.len() > FEW).then(|| {
            let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(record.fields.len());
            for (at, (name, _)) in record.fields.iter().enumerate() {
                by_name.entry(name).or_default().push(at);
            }
            by_name
        });
        Self { record, by_name, guarded }
    }

    /// Every text of this field that is not blank; the name counts without regard to case where it does not stand so. A name such as
    /// `Wert[Merkmal=Gewicht]` means the texts of `Wert` that stand where `Merkmal` says `Gewicht`.
    pub(super) fn texts(&self, name: &str) -> Vec<&'a str> {
        let mut found = self.places(name);
        if found.is_empty()
            && let Some(address) = Address::parse(name, |field| !self.places(field).is_empty())
        {
            let wanted = address.name.to_lowercase();
            found = aligned(&self.places(address.key), &self.places(address.value))
                .into_iter()
                .filter(|(key, _)| self.text(*key).trim().to_lowercase() == wanted)
                .map(|(_, value)| value)
                .collect();
        }
        found.into_iter().map(|at| self.text(at).trim()).filter(|text| !text.is_empty()).collect()
    }

    fn text(&self, at: usize) -> &'a str {
        let text = self.record.fields.get(at).map_or("", |(_, text)| text);
        if self.guarded { formula::unguarded(text) } else { text }
    }

    fn places(&self, name: &str) -> Vec<usize> {
        let found = match &self.by_name {
            Some(by_name) => by_name.get(name).cloned().unwrap_or_default(),
            None => self.named(|field| field == name),
        };
        if !found.is_empty() {
            return found;
        }
        let wanted = name.trim();
        let lower = wanted.to_lowercase();
        self.named(|field| {
            let field = field.trim();
            field.eq_ignore_ascii_case(wanted) || (!field.is_ascii() && field.to_lowercase() == lower)
        })
    }

    fn named(&self, same: impl Fn(&str) -> bool) -> Vec<usize> {
        let fields = self.record.fields.iter().enumerate();
        fields.filter(|(_, (field, _))| same(field)).map(|(at, _)| at).collect()
    }
}

/// The items of a column: split, cleaned, cut out, replaced, chosen. `number` reads the amount that an item states.
pub(super) fn items(column: &Column, texts: &[&str], default: Take, number: impl Fn(&str) -> Option<Decimal>) -> Vec<String> {
    let parts: Vec<Cow<'_, str>> = match &column.split {
        Some(split) => texts.iter().flat_map(|text| divided(text, split)).collect(),
        None => texts.iter().map(|text| Cow::Borrowed(*text)).collect(),
    };
    let mut items: Vec<String> = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .filter(|part| column.drop_prefix.as_ref().is_none_or(|prefix| !part.starts_with(prefix.as_str())))
        .filter_map(|part| match &column.pattern {
            Some(pattern) => pattern.find(part).map(str::trim),
            None => Some(part),
        })
        .map(|part| column.map.get(part).map_or(part, String::as_str).to_owned())
        .filter(|part| !part.is_empty())
        .take(MAX_ITEMS)
        .collect();
    match column.take.unwrap_or(default) {
        Take::All => {}
        Take::First => items.truncate(1),
        Take::Last => items = items.pop().into_iter().collect(),
        extreme => {
            let numbers = items.iter().enumerate().filter_map(|(at, item)| number(item).map(|number| (number, at)));
            let best = if extreme == Take::Max {
                numbers.max_by_key(|(number, _)| *number)
            } else {
                numbers.min_by_key(|(number, _)| *number)
            };
            let best = best.and_then(|(_, at)| items.get(at).cloned());
            items = best.or_else(|| items.first().cloned()).into_iter().collect();
        }
    }
    items
}

/// The items between separators. One that stands in double quotes is whole, whatever separators it holds; a quote is written twice there.
fn divided<'a>(text: &'a str, separator: &str) -> Vec<Cow<'a, str>> {
    let mut items = Vec::new();
    let mut rest = text;
    while items.len() <= MAX_ITEMS {
        if let Some((item, after)) = quoted(rest, separator) {
            items.push(Cow::Owned(item));
            let Some(after) = after else { break };
            rest = after;
            continue;
        }
        let Some((item, after)) = rest.split_once(separator) else {
            items.push(Cow::Borrowed(rest));
            break;
        };
        items.push(Cow::Borrowed(item));
        rest = after;
    }
    items
}

/// An item in quotes at the beginning, and what follows its separator. None where the quote is not closed before one: `6" long`.
fn quoted<'a>(text: &'a str, separator: &str) -> Option<(String, Option<&'a str>)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut signs = inner.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        if sign != '"' {
            continue;
        }
        if signs.next_if(|(_, next)| *next == '"').is_some() {
            continue;
        }
        let (item, after) = (inner.get(..at)?.replace("\"\"", "\""), inner.get(at + 1..)?);
        if after.trim().is_empty() {
            return Some((item, None));
        }
        let after = after.strip_prefix(separator).or_else(|| after.trim_start().strip_prefix(separator))?;
        return Some((item, Some(after)));
    }
    None
}
