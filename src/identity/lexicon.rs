//! Words of every language that a title may use, from the dictionary: colours ("schwarz" and "black" are one), kinds of lamp, lumens.

use super::words::Token;
use crate::dictionary::Dictionary;
use crate::normalize::text::key;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

/// Colour words to the codes of `body_color`, and words that say what every lamp is.
#[derive(Debug, Default)]
pub struct Lexicon {
    fingerprint: String,
    colors: HashMap<String, String>,
    lamps: HashSet<String>,
    lumens: HashSet<String>,
}

/// Kinds of the dictionary that are lamps.
const LAMPS: [&str; 3] = ["headlamp", "flashlight", "lantern"];

/// The lexicon made last; there is one dictionary to a process, tests aside.
static LAST: RwLock<Option<Arc<Lexicon>>> = RwLock::new(None);

impl Lexicon {
    /// The lexicon of a dictionary, made once.
    pub fn of(dictionary: &Dictionary) -> Arc<Self> {
        let known = LAST.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.fingerprint == dictionary.fingerprint()) {
            return known;
        }
        let made = Arc::new(Self::new(dictionary));
        *LAST.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        made
    }

    fn new(dictionary: &Dictionary) -> Self {
        let mut colors = HashMap::new();
        if let Some(attribute) = dictionary.attribute("body_color") {
            colors.extend(dictionary.option_keys(attribute).map(|(word, code)| (word.to_owned(), code.to_owned())));
        }
        for locale in dictionary.locales() {
            for (code, words) in &locale.colors {
                for word in words {
                    colors.entry(key(word)).or_insert_with(|| code.clone());
                }
            }
        }
        let kinds = dictionary.attribute("product_kind").map(|attribute| dictionary.option_keys(attribute));
        let lamps = kinds.into_iter().flatten().filter(|(_, code)| LAMPS.contains(code)).map(|(word, _)| word.to_owned());
        let flux = dictionary.units().filter(|unit| unit.family == "luminous_flux");
        let lumens = flux.flat_map(|unit| unit.spellings.iter().map(|word| key(word)));
        Self { fingerprint: dictionary.fingerprint().to_owned(), colors, lamps: lamps.collect(), lumens: lumens.collect() }
    }

    /// Does it say that something is a lamp?
    pub fn is_lamp(&self, phrase: &str) -> bool {
        self.lamps.contains(phrase)
    }

    /// Is it the unit of light output?
    pub fn is_lumens(&self, word: &str) -> bool {
        self.lumens.contains(word)
    }

    /// The colour that one word names.
    pub fn color(&self, word: &str) -> Option<String> {
        self.colors.get(word).cloned()
    }

    /// The colours that a title names, longest phrases first.
    pub fn colors(&self, words: &[Token]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let phrase = |count: usize| -> Option<&String> {
                let run: Vec<&str> = words.get(at..at + count)?.iter().map(|word| word.text.as_str()).collect();
                self.colors.get(run.join(" ").as_str())
            };
            let longest = (1..=3).rev().find_map(|count| phrase(count).map(|code| (count, code)));
            if let Some((_, code)) = longest.filter(|(_, code)| !found.contains(code)) {
                found.push(code.clone());
            }
            at += longest.map_or(1, |(count, _)| count);
        }
        found
    }
}
