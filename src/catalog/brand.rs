//! Which brand a text means: what people said, else the dictionary, else a brand of its own.

use crate::dictionary::Dictionary;
use crate::normalize::text::{clean_line, key};
use std::collections::HashMap;

/// A brand found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Folded code, such as `black-diamond`.
    pub code: String,
    /// The brand's own spelling, where known.
    pub name: String,
}

/// The brand of `text`; none when nothing is left after folding. `aliases` maps folded spellings to brand codes.
pub fn find(text: &str, aliases: &HashMap<String, String>, dictionary: &Dictionary) -> Option<Found> {
    let folded = key(text);
    if folded.is_empty() {
        return None;
    }
    let known = dictionary.brand(text).map(|brand| brand.name.clone());
    let name = known.unwrap_or_else(|| clean_line(text));
    let code = aliases.get(&folded).cloned().unwrap_or_else(|| code(&name));
    (!code.is_empty()).then_some(Found { code, name })
}

/// The code of a brand of this name.
pub fn code(name: &str) -> String {
    let folded = key(name);
    let mut code = String::with_capacity(folded.len());
    for c in folded.chars() {
        if c.is_alphanumeric() {
            code.push(c);
        } else if !code.is_empty() && !code.ends_with('-') {
            code.push('-');
        }
    }
    code.trim_end_matches('-').chars().take(80).collect()
}
