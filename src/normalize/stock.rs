//! Stock as a word: "in stock", "på lager", "ausverkauft", "coming soon".

use super::{Hints, text::key};
use crate::dictionary::Dictionary;

/// What a word says about stock. It never says how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockWord {
    /// Can be delivered.
    In,
    /// Cannot be delivered.
    Out,
    /// Says nothing sure; counts as not available.
    Unknown,
}

/// Reads a stock word, in the source's own language first; none when no language knows it, which is not stock either.
pub fn stock_word(dictionary: &Dictionary, raw: &str, hints: &Hints) -> Option<StockWord> {
    let word = key(raw);
    if word.is_empty() || word.len() > 200 {
        return None;
    }
    if let Some(words) = hints.locale.as_deref().and_then(|tag| dictionary.locale(tag)) {
        let says = |list: &[String]| list.iter().any(|known| key(known) == word);
        for (list, meaning) in
            [(&words.out_of_stock, StockWord::Out), (&words.unknown_stock, StockWord::Unknown), (&words.in_stock, StockWord::In)]
        {
            if says(list) {
                return Some(meaning);
            }
        }
    }
    // Doubt and "no" win over "yes" where languages share a word: selling what is not there is the worse mistake.
    let words = dictionary.words();
    [(&words.out_of_stock, StockWord::Out), (&words.unknown_stock, StockWord::Unknown), (&words.in_stock, StockWord::In)]
        .into_iter()
        .find(|(list, _)| list.contains(&word))
        .map(|(_, meaning)| meaning)
}
