//! The language of a file's texts: as its headers say it, as a column's header says it of its own, and as the texts themselves show it.

use super::profile::{Column, Profile, Target};
use super::propose::{attribute_of, target_words};
use crate::dictionary::Dictionary;
use crate::import::row::Record;
use crate::normalize::language::{FileLanguage, language_of_file};
use crate::normalize::text::key;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The language that most headers are words of; none when two are equally likely, English aside.
pub(super) fn of_headers(labels: &[Vec<String>], dictionary: &Dictionary) -> Option<String> {
    let mut known: HashMap<String, HashSet<&str>> = HashMap::new();
    for attribute in dictionary.attributes() {
        for (locale, label) in &attribute.label {
            known.entry(key(label)).or_default().insert(locale);
        }
    }
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for labels in labels {
        let mut locales: HashSet<&str> = HashSet::new();
        for label in labels {
            locales.extend(known.get(&key(label)).into_iter().flatten());
            locales.extend(target_words(label, dictionary).into_iter().map(|(word, _)| word.locale.as_str()));
        }
        for locale in locales {
            *votes.entry(locale.to_owned()).or_default() += 1;
        }
    }
    let most = votes.values().copied().max()?;
    let mut first = votes.into_iter().filter(|(_, count)| *count == most).map(|(locale, _)| locale);
    let best = first.next()?;
    let others: Vec<String> = first.collect();
    if others.is_empty() {
        Some(best)
    } else {
        (best == "en" || others.iter().any(|locale| locale == "en")).then(|| "en".to_owned())
    }
}

/// Two columns for one localised text are two languages, where their headers are.
pub(super) fn of_columns(profile: &mut Profile, labels: &[Vec<String>], headers: &[&str], dictionary: &Dictionary) {
    let said = |column: &Column| -> Option<String> {
        let attribute = attribute_of(column, dictionary).filter(|attribute| attribute.localized)?;
        let at = headers.iter().position(|header| *header == column.from)?;
        let keys: Vec<String> = labels.get(at)?.iter().map(|label| key(label)).collect();
        let mut locales = attribute.label.iter().filter(|(_, label)| keys.contains(&key(label))).map(|(locale, _)| locale);
        locales.next().filter(|_| locales.next().is_none()).cloned()
    };
    let known: Vec<Option<String>> = profile.columns.iter().map(said).collect();
    let usual = profile.language().map(str::to_owned);
    let targets: Vec<Target> = profile.columns.iter().map(|column| column.to.clone()).collect();
    for (column, language) in profile.columns.iter_mut().zip(known) {
        let several = targets.iter().filter(|target| **target == column.to).count() > 1;
        if several && column.locale.is_none() && language.is_some() && language != usual {
            column.locale = language;
        }
    }
}

/// The language of the texts whose columns say none, as the rows show it.
pub fn of_texts(profile: &Profile, rows: &[Record], dictionary: &Dictionary) -> Option<FileLanguage> {
    let localized = |column: &&Column| {
        column.locale.is_none() && !column.typed && attribute_of(column, dictionary).is_some_and(|attribute| attribute.localized)
    };
    let from: HashSet<&str> = profile.columns.iter().filter(localized).map(|column| column.from.as_str()).collect();
    let texts = rows.iter().take(dictionary.languages().file_rows()).map(|record| {
        let texts = record.fields.iter().filter(|(name, _)| from.contains(&**name));
        texts.map(|(_, text)| dictionary.languages().begin(text)).collect::<Vec<_>>().join("\n").into()
    });
    language_of_file(dictionary, texts)
}
