//! Files of known programs (`schema/import/layouts.toml`): what the layout says of a header goes before what its words may mean.

use super::profile::{Column, Pattern, Target};
use crate::dictionary::Dictionary;
use crate::import::read::{KnownLayout, Meaning, Place, ReadOptions, known_layouts};
use crate::import::row::Record;
use iso_currency::Currency;
use std::borrow::Cow;

/// The word behind a suffix sign for the unit of the column beside it.
const UNIT: &str = "unit";

/// A header, without what a known layout adds to names.
#[derive(Debug, Default)]
pub(super) struct Heading {
    /// The name alone.
    pub(super) name: String,
    /// What its layout says of it.
    pub(super) meaning: Option<&'static Meaning>,
    /// Language of its texts.
    pub(super) locale: Option<String>,
    /// Currency of its prices.
    pub(super) currency: Option<Currency>,
    /// The field that says the unit of its numbers.
    pub(super) unit_from: Option<String>,
    /// It is such a field.
    pub(super) is_unit: bool,
}

impl Heading {
    /// What `header` says, as one of these `headers`.
    pub(super) fn of(header: &str, headers: &[&str], layout: Option<&'static KnownLayout>, dictionary: &Dictionary) -> Self {
        let mut heading = Self { name: header.to_owned(), ..Self::default() };
        if let Some(sign) = layout.and_then(|layout| layout.suffix) {
            heading.read_suffixes(header, sign, headers, dictionary);
        }
        heading.meaning = layout.and_then(|layout| layout.meaning(header).or_else(|| layout.meaning(&heading.name)));
        heading
    }

    fn read_suffixes(&mut self, header: &str, sign: char, headers: &[&str], dictionary: &Dictionary) {
        let mut parts = header.split(sign);
        parts.next().unwrap_or_default().clone_into(&mut self.name);
        for part in parts {
            let (language, region) = part.split_once('_').unwrap_or((part, ""));
            if part == UNIT {
                self.is_unit = true;
            } else if !region.is_empty() && language.parse::<icu_locale_core::subtags::Language>().is_ok() {
                // Texts are kept by language where the house knows it, whatever the country.
                let known = dictionary.locale(language).map(|locale| locale.tag.clone());
                self.locale = Some(known.unwrap_or_else(|| language.to_lowercase()));
            } else if part.len() == 3 && self.currency.is_none() {
                self.currency = Currency::from_code(part);
            }
        }
        let unit = format!("{header}{sign}{UNIT}");
        self.unit_from = headers.contains(&unit.as_str()).then_some(unit);
    }
}

/// The layout that these headers show.
pub(super) fn layout(headers: &[&str], dictionary: &Dictionary) -> Option<&'static KnownLayout> {
    known_layouts(headers).find(|layout| {
        let is_ours = |header: &&str, values: &str| {
            let code = header.strip_prefix(values)?.strip_prefix('.')?.split('.').next()?;
            dictionary.attribute(code)
        };
        layout.values.as_deref().is_none_or(|values| headers.iter().any(|header| is_ours(header, values).is_some()))
    })
}

/// The samples with their lists unfolded, and the names of their fields where that made new ones.
pub(super) fn unfolded<'a>(layout: Option<&KnownLayout>, samples: &'a [Record]) -> (Option<Vec<String>>, Cow<'a, [Record]>) {
    let Some(layout) = layout.filter(|layout| !layout.lists.is_empty()) else { return (None, Cow::Borrowed(samples)) };
    let mut samples = samples.to_vec();
    for list in &layout.lists {
        for record in &mut samples {
            list.unfold(record);
        }
    }
    (Some(super::field_names(&samples)), Cow::Owned(samples))
}

/// Does this field hold a part of a typed value?
pub(super) fn is_value(layout: Option<&KnownLayout>, header: &str) -> bool {
    let values = layout.and_then(|layout| layout.values.as_deref());
    values.is_some_and(|values| header.strip_prefix(values).is_some_and(|rest| rest.starts_with('.')))
}

/// Where the layout sends a column.
pub(super) fn target(meaning: &Meaning, dictionary: &Dictionary) -> Target {
    let attribute = || dictionary.attribute(&meaning.to).map(|attribute| Target::Attribute(attribute.code.clone()));
    Target::special(&meaning.to).or_else(attribute).unwrap_or(Target::Ignore)
}

/// What the layout says of a column besides.
pub(super) fn dress(column: &mut Column, meaning: &Meaning) {
    if meaning.unit.is_some() {
        column.unit.clone_from(&meaning.unit);
    }
    if meaning.split.is_some() {
        column.split.clone_from(&meaning.split);
    }
    column.pattern = meaning.pattern.as_deref().and_then(|pattern| Pattern::new(pattern).ok());
    column.role.clone_from(&meaning.role);
    column.role_from.clone_from(&meaning.role_from);
    column.fallback = meaning.fallback;
    column.unless.clone_from(&meaning.unless);
}

/// Puts the columns where the layout wants them, and adds one for each attribute where values come typed.
pub(super) fn arrange(columns: &mut Vec<Column>, layout: Option<&KnownLayout>, dictionary: &Dictionary) {
    let Some(layout) = layout else { return };
    columns.sort_by_key(|column| layout.meaning(&column.from).map_or(Place::Between, |meaning| meaning.place));
    if let Some(values) = &layout.values {
        columns.extend(dictionary.attributes().map(|attribute| {
            let from = format!("{values}.{}", attribute.code);
            Column { typed: true, ..Column::new(from, Target::Attribute(attribute.code.clone())) }
        }));
    }
}

/// How a file of this layout is read.
pub(super) fn lay_out(file: &mut ReadOptions, layout: &KnownLayout) {
    file.items.clone_from(&layout.items);
    file.parents.clone_from(&layout.parents);
    file.lists.clone_from(&layout.lists);
    file.formulas_guarded = layout.formulas_guarded;
    file.whole = layout.values.iter().map(|values| format!("{values}.*")).collect();
}
