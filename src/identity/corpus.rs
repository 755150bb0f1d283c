//! How much a word says: the rarer among the records compared, the more.

use super::traits::Traits;
use super::words::Sort;
use std::collections::HashMap;

/// What a word says where nothing is known of the other records.
pub(super) fn default_weight(word: &str, sort: Sort) -> f32 {
    match (sort, word.chars().count()) {
        (Sort::Code, _) => 0.9,
        (Sort::Number | Sort::Quantity, _) => 0.5,
        (Sort::Plain, 0..=2) => 0.2,
        (Sort::Plain, 3..=4) => 0.45,
        (Sort::Plain, _) => 0.6,
    }
}

/// In how many records each word stands.
#[derive(Debug, Default)]
pub struct Corpus {
    records: u32,
    words: HashMap<u64, u32>,
}

impl Corpus {
    /// Counts the words of these records.
    pub fn of<'a>(records: impl Iterator<Item = &'a Traits>) -> Self {
        let mut corpus = Self::default();
        for record in records {
            corpus.records = corpus.records.saturating_add(1);
            for word in &record.text.words {
                *corpus.words.entry(word.hash).or_default() += 1;
            }
        }
        corpus
    }

    /// In how many records a word stands.
    pub fn count(&self, hash: u64) -> u32 {
        self.words.get(&hash).copied().unwrap_or(0)
    }

    /// Gives a record's words their weight among these records.
    ///
    /// The inverse document frequency, 1 for a word that stands once and 0 for one that stands everywhere. Few records say little of a
    /// word, so that up to some hundred the usual weight counts as much.
    #[expect(clippy::cast_precision_loss, reason = "counts of records; a share is meant")]
    pub fn weigh(&self, traits: &mut Traits) {
        let most = (self.records.max(1) as f32 + 1.0).ln();
        let trust = self.records as f32 / (self.records as f32 + 100.0);
        for word in traits.text.words.iter_mut().chain(&mut traits.text.codes) {
            let count = self.count(word.hash);
            if count == 0 || word.weight <= 0.02 {
                continue;
            }
            let rare = 1.0 - (count as f32).ln() / most;
            word.weight = (trust * rare + (1.0 - trust) * word.weight).clamp(0.02, 1.0);
        }
    }
}
