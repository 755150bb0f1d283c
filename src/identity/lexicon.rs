//! Words of every language that a title may use, from the dictionary: colours ("schwarz" and "black" are one), kinds of lamp, lumens, batteries, brands.

use super::mpn::brand_key;
use super::words::Token;
use crate::dictionary::Dictionary;
use crate::normalize::text::key;
use std::collections::{HashMap, HashSet};

/// Colour words to the codes of `body_color`, and words that say what every lamp is.
#[derive(Debug, Default)]
pub struct Lexicon {
    colors: HashMap<String, String>,
    lamps: HashSet<String>,
    lumens: HashSet<String>,
    cells: HashSet<String>,
    /// Brands' names and aliases by their first letter, as keys, with the key of the brand.
    brands: HashMap<char, Vec<(String, String)>>,
}

/// A brand's letters and digits.
fn spelt(text: &str) -> String {
    key(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The longest run of at most `most` words from `at` on that is known, and what is known of it.
pub(super) fn longest_phrase<T>(
    words: &[Token],
    at: usize,
    most: usize,
    known: impl Fn(&str) -> Option<T>,
) -> Option<(usize, T)> {
    let (mut phrase, mut longest) = (String::new(), None);
    for (place, word) in words.iter().skip(at).take(most).enumerate() {
        if place > 0 {
            phrase.push(' ');
        }
        phrase.push_str(&word.text);
        longest = known(&phrase).map(|known| (place + 1, known)).or(longest);
    }
    longest
}

/// Kinds of the dictionary that are lamps.
const LAMPS: [&str; 3] = ["headlamp", "flashlight", "lantern"];

/// Letters of a brand that a misspelt word may mean at least, and of the word.
const LEAST_BRAND: usize = 5;
const LEAST_WORD: usize = 4;

impl Lexicon {
    pub(super) fn new(dictionary: &Dictionary) -> Self {
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
        let batteries = dictionary.attribute("battery_options").map(|attribute| dictionary.option_keys(attribute));
        let cells = batteries.into_iter().flatten().map(|(word, _)| word.to_owned());
        let mut brands: HashMap<char, Vec<(String, String)>> = HashMap::new();
        for brand in dictionary.brands() {
            let Some(meant) = brand_key(dictionary, &brand.name) else { continue };
            for spelling in std::iter::once(&brand.name).chain(&brand.aliases) {
                let spelling = spelt(spelling);
                if let Some(first) = spelling.chars().next().filter(|_| spelling.chars().count() >= LEAST_BRAND) {
                    brands.entry(first).or_default().push((spelling, meant.clone()));
                }
            }
        }
        Self { colors, lamps: lamps.collect(), lumens: lumens.collect(), cells: cells.collect(), brands }
    }

    /// Does it say that something is a lamp?
    pub fn is_lamp(&self, phrase: &str) -> bool {
        self.lamps.contains(phrase)
    }

    /// Is it the unit of light output?
    pub fn is_lumens(&self, word: &str) -> bool {
        self.lumens.contains(word)
    }

    /// Is it a battery's size?
    pub fn is_cell(&self, word: &str) -> bool {
        self.cells.contains(word)
    }

    /// The key of the known brand that a text misspells by one letter, where it can be one brand only. The first letter is right: people
    /// seldom miss that one, and words of other meanings would be brands.
    pub fn misspelt_brand(&self, text: &str) -> Option<&str> {
        let text = spelt(text);
        let letters = text.chars().count();
        if !(LEAST_WORD..=60).contains(&letters) || text.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let mut meant = None;
        for (spelling, brand) in self.brands.get(&text.chars().next()?)? {
            if spelling.chars().count().abs_diff(letters) > 1 || strsim::osa_distance(spelling, &text) != 1 {
                continue;
            }
            if meant.is_some_and(|meant| meant != brand.as_str()) {
                return None;
            }
            meant = Some(brand.as_str());
        }
        meant
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
            let longest = longest_phrase(words, at, 3, |phrase| self.colors.get(phrase));
            if let Some((_, code)) = longest.filter(|(_, code)| !found.contains(code)) {
                found.push(code.clone());
            }
            at += longest.map_or(1, |(count, _)| count);
        }
        found
    }
}
