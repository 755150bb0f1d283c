//! Keys for brand and manufacturer's part number, the second way to tell a product after its GTIN.
//!
//! A part number names a product within its brand only: `H7` is a lamp of several makers. Suppliers write it with and without
//! hyphens, spaces and case, and with Cyrillic letters that look Latin, so a key holds letters and digits only.

use crate::{dictionary::Dictionary, normalize::text};

/// Words that stand in part-number columns and are none.
const NOT_A_NUMBER: [&str; 14] = [
    "NA",
    "NONE",
    "NULL",
    "UNKNOWN",
    "DOESNOTAPPLY",
    "NOTAPPLICABLE",
    "NOTAVAILABLE",
    "TBD",
    "TBA",
    "KEINE",
    "KEINEANGABE",
    "UNBEKANNT",
    "INGEN",
    "DEFAULT",
];

/// The key of a part number: upper-case letters and digits, look-alikes read as Latin.
///
/// None when it says too little to identify anything: under three signs, one sign repeated, or a null word.
pub fn mpn_key(raw: &str) -> Option<String> {
    if raw.chars().count() > 200 {
        return None;
    }
    let key: String = text::key(raw).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let mut signs = key.chars();
    let first = signs.next()?;
    if key.chars().count() < 3 || key.chars().count() > 70 || signs.all(|c| c == first) || NOT_A_NUMBER.contains(&key.as_str()) {
        return None;
    }
    Some(key)
}

/// The key of a brand: the dictionary's own spelling where an alias is known, folded to letters and digits.
///
/// None when no letter or digit is left.
pub fn brand_key(dictionary: &Dictionary, raw: &str) -> Option<String> {
    let name = dictionary.brand(raw).map_or(raw, |brand| brand.name.as_str());
    let key: String = text::key(name).chars().filter(|c| c.is_alphanumeric()).take(100).collect();
    (!key.is_empty()).then_some(key)
}
