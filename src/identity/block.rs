//! Blocking: which records are compared at all. Two records are a pair only when they share a key, so that a million offers cost
//! millions of comparisons and not a million times a million.

use super::traits::Traits;
use super::words::{Sort, hash};

/// Keys of one record at most.
pub const MAX_KEYS: usize = 5;
/// Keys of one trait at most; the last one is of two traits together.
const MAX_SINGLE: usize = 4;
/// Records of one block that are compared with a newcomer at most; a key that more records share says too little.
pub const MAX_BLOCK: usize = 200;

/// Stable keys of a record: its GTIN, its part number and model within its brand, its rarest code or word, and two of these together.
///
/// Where a thousand lamps say "18650", that code finds none of them any more; the code and the next word of one brand still do.
///
/// The keys may be stored: the same record has the same ones in every version that keeps this function, as long as no [`super::Corpus`]
/// has weighed its words.
pub fn blocks(traits: &Traits) -> Vec<u64> {
    let brand = traits.meant_brand().unwrap_or_default();
    let mut keys = Vec::with_capacity(MAX_KEYS);
    let mut add = |key: u64| {
        if keys.len() < MAX_SINGLE && !keys.contains(&key) {
            keys.push(key);
        }
    };
    if let Some(gtin) = traits.gtins.first() {
        // A case and the item inside it meet: the indicator digit and the check digit aside.
        add(hash(&["gtin", gtin.get(1..13).unwrap_or(gtin)]));
    }
    if let Some(mpn) = &traits.mpn_key {
        add(hash(&["mpn", brand, mpn]));
    }
    let mut sorted = String::new();
    if let Some(model) = &traits.model {
        let name = if model.bare.is_empty() { &model.whole } else { &model.bare };
        let mut signs: Vec<char> = name.chars().collect();
        // In whatever order the words stand.
        signs.sort_unstable();
        sorted = signs.into_iter().collect();
        add(hash(&["model", brand, &sorted]));
    }
    let mut both: Vec<&str> = Vec::new();
    both.extend(Some(sorted.as_str()).filter(|sorted| !sorted.is_empty()));
    if let Some(code) =
        traits.text.codes.iter().max_by(|a, b| a.weight.total_cmp(&b.weight).then_with(|| a.text.len().cmp(&b.text.len())))
    {
        add(hash(&["code", &code.text]));
        both.push(&code.text);
    }
    let rare = traits.text.words.iter().filter(|word| word.sort == Sort::Plain);
    let mut rare: Vec<_> = rare.collect();
    rare.sort_by(|a, b| {
        b.weight.total_cmp(&a.weight).then_with(|| b.text.len().cmp(&a.text.len())).then_with(|| a.text.cmp(&b.text))
    });
    for word in rare.iter().filter(|word| Some(&*word.text) != traits.brand.as_deref()).take(2) {
        add(hash(&["word", brand, &word.text]));
        both.push(&word.text);
    }
    both.dedup();
    if let [first, second, ..] = both.as_slice() {
        let key = hash(&["both", brand, first, second]);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}
