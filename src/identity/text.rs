//! A record's words with their weights, ready to be compared: sorted hashes, so that most pairs cost a merge of two short lists.

use super::corpus::default_weight;
use super::rules::MatchRules;
use super::words::{Sort, Token, codes, hash, hash_joined, tokens};

/// Words of a description that are looked at.
const MAX_MORE: usize = 150;
/// Letters that codes are looked for in.
const MAX_LETTERS: usize = 600;

/// One word of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its hash.
    pub hash: u64,
    /// How much it says, 0 to 1: rare words more than usual ones.
    pub weight: f32,
    /// What it is.
    pub sort: Sort,
    /// The word.
    pub text: Box<str>,
}

/// The words of one record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    /// Title, brand, model and part number, sorted by hash, each once.
    pub words: Vec<Word>,
    /// Neighbours joined, with the hashes of both parts, sorted.
    pub joins: Vec<(u64, u64, u64)>,
    /// Codes without signs, those of the part number's column first.
    pub codes: Vec<Word>,
    /// All letters and digits of the words, one after the other.
    pub letters: Box<str>,
    /// Hashes of the description's words, sorted.
    pub more: Vec<u64>,
}

impl Text {
    pub(super) fn new(rules: &MatchRules, tokens_of: &[&Token], mpn: Option<&str>, description: &str) -> Self {
        let word = |token: &&Token| Word {
            hash: hash(&[&token.text]),
            weight: if rules.words.stop.contains(&token.text) { 0.02 } else { default_weight(&token.text, token.sort) },
            sort: token.sort,
            text: token.text.as_str().into(),
        };
        let mut words: Vec<Word> = tokens_of.iter().map(word).collect();
        words.sort_by_key(|word| word.hash);
        words.dedup_by_key(|word| word.hash);
        let pairs = tokens_of.iter().zip(tokens_of.iter().skip(1));
        let mut joins: Vec<(u64, u64, u64)> = pairs
            .filter(|(left, right)| left.text.len() + right.text.len() <= 40)
            .map(|(left, right)| (hash_joined(&left.text, &right.text), hash(&[&left.text]), hash(&[&right.text])))
            .collect();
        joins.sort_unstable();
        joins.dedup();
        let own = mpn.and_then(super::mpn::mpn_key).map(|key| key.to_lowercase());
        let mut all: Vec<String> = own.into_iter().collect();
        for code in codes(tokens_of) {
            if !all.contains(&code) {
                all.push(code);
            }
        }
        let codes =
            all.into_iter().map(|code| Word { hash: hash(&[&code]), weight: 1.0, sort: Sort::Code, text: code.into() }).collect();
        // A million records stay in memory side by side: no room is kept that nothing will fill.
        words.shrink_to_fit();
        joins.shrink_to_fit();
        let letters: String =
            tokens_of.iter().flat_map(|token| token.text.chars()).filter(|c| c.is_alphanumeric()).take(MAX_LETTERS).collect();
        let mut more: Vec<u64> = if description.is_empty() {
            Vec::new()
        } else {
            let end = description.char_indices().nth(2_000).map_or(description.len(), |(at, _)| at);
            tokens(rules, description.get(..end).unwrap_or_default())
                .iter()
                .take(MAX_MORE)
                .map(|token| hash(&[&token.text]))
                .collect()
        };
        more.sort_unstable();
        more.dedup();
        more.shrink_to_fit();
        let letters = letters.into_boxed_str();
        Self { words, joins, codes, letters, more }
    }
}
