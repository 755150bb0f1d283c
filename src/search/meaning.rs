//! Words that mean a value: `headtorch` is the category `headlamps`, `schwarz` the colour `black`, `rechargeable` a yes.
//!
//! Made from the labels and synonyms of the dictionary, in every language at once. A search for such a word also finds products
//! that have the value without using the word, below those that use it.

use super::fields::{ColumnKind, Fields};
use super::text;
use crate::dictionary::Dictionary;
use std::collections::HashMap;
use tantivy::Term;

/// Longest phrase that is looked up, in words.
pub(super) const MAX_PHRASE_WORDS: usize = 4;
/// A phrase that means more than this many values means nothing in particular.
const MAX_VALUES: usize = 8;

/// Phrases and the values they mean.
pub(super) struct Meanings {
    values: HashMap<String, Vec<Term>>,
}

impl Meanings {
    /// The phrases of this dictionary.
    pub fn of(dictionary: &Dictionary, fields: &Fields) -> Self {
        let mut values: HashMap<String, Vec<Term>> = HashMap::new();
        let mut add = |phrase: &str, term: &Term| {
            let key = phrase_key(&text::words(phrase));
            if !key.is_empty() {
                let terms = values.entry(key).or_default();
                if !terms.contains(term) {
                    terms.push(term.clone());
                }
            }
        };
        if let Some(column) = fields.column("category") {
            for category in dictionary.categories() {
                let term = Term::from_field_text(column.field, &text::keyword(&category.code));
                category.label.values().chain(&category.synonyms).for_each(|phrase| add(phrase, &term));
            }
        }
        for attribute in dictionary.attributes() {
            let Some(column) = fields.column(&attribute.code) else { continue };
            match column.kind {
                ColumnKind::Keyword { .. } => {
                    for option in attribute.options.iter().filter(|option| option.code != "none") {
                        let term = Term::from_field_text(column.field, &text::keyword(&option.code));
                        option.label.values().chain(&option.synonyms).for_each(|phrase| add(phrase, &term));
                    }
                }
                ColumnKind::Flag => {
                    let term = Term::from_field_bool(column.field, true);
                    attribute.label.values().for_each(|phrase| add(phrase, &term));
                }
                _ => {}
            }
        }
        values.retain(|_, terms| terms.len() <= MAX_VALUES);
        Self { values }
    }

    /// What these words mean together.
    pub fn get(&self, words: &[text::Word]) -> &[Term] {
        self.values.get(&phrase_key(words)).map_or(&[], Vec::as_slice)
    }
}

fn phrase_key(words: &[text::Word]) -> String {
    let parts: Vec<&str> = words.iter().flat_map(|word| word.parts.iter().map(String::as_str)).collect();
    if parts.len() > 2 * MAX_PHRASE_WORDS { String::new() } else { parts.join(" ") }
}
