//! `schema/import/targets.toml`: what suppliers call the columns that are no attributes, and the bounds of prices and stock.

use super::profile::Target;
use crate::normalize::text::key;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    targets: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    limits: Limits,
}

/// Bounds of what a row may state.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest price, in major units.
    pub price_max: i64,
    /// Most pieces in stock.
    pub on_hand_max: i64,
}

/// A word for a target.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// None stands for a plain price.
    pub(super) target: Option<Target>,
    /// Language of the word.
    pub(super) locale: String,
    /// 0 is the best word.
    pub(super) rank: usize,
}

/// The file, ready for look-ups.
#[derive(Debug, Default)]
pub struct Targets {
    words: HashMap<String, Vec<Word>>,
    /// Bounds of what a row may state.
    pub limits: Limits,
}

// A test holds that the embedded file parses.
static TARGETS: LazyLock<Targets> =
    LazyLock::new(|| Targets::new(&toml::from_str(include_str!("../../schema/import/targets.toml")).unwrap_or_default()));

impl Targets {
    /// The embedded file.
    pub fn embedded() -> &'static Self {
        &TARGETS
    }

    fn new(file: &File) -> Self {
        let mut words: HashMap<String, Vec<Word>> = HashMap::new();
        for (name, locales) in &file.targets {
            for (locale, names) in locales {
                for (rank, word) in names.iter().enumerate() {
                    let word_key = key(word);
                    words.entry(word_key).or_default().push(Word { target: Target::special(name), locale: locale.clone(), rank });
                }
            }
        }
        Self { words, limits: file.limits }
    }

    /// What a column of this name may be, by every language that has the word.
    pub(super) fn words(&self, key: &str) -> &[Word] {
        self.words.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}
