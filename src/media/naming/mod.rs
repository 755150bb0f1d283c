//! What the name of a picture's file may mean: of which product, at which place, showing what. Pure.
//!
//! Names are read by patterns ([`FILE`]), and one name may be read in several ways: `LAMP-2.jpg` is the picture of `LAMP-2`, or the second
//! one of `LAMP`. [`Naming::meanings`] tells all of them, the best first; which of them there is a product for, only the catalogue knows, and
//! where there is one for several, nobody guesses.

mod data;
mod pattern;
#[cfg(test)]
mod tests;

pub use data::{FILE, Limits};

use crate::identity::{canonicalise, mpn_key};
use icu_normalizer::ComposingNormalizerBorrowed;
use pattern::{Field, Pattern, Token};

/// Characters of a path; a longer one is not read.
pub const MAX_PATH_CHARS: usize = 1_000;
/// Meanings of one name.
const MAX_MEANINGS: usize = 64;
/// Characters of a SKU, as everywhere.
const SKU_CHARS: usize = 40;
/// Digits of a GTIN, and how many are left where its zeros were lost.
const GTIN_DIGITS: std::ops::RangeInclusive<usize> = 7..=14;
/// Characters of a part number that is looked for.
const MPN_CHARS: std::ops::RangeInclusive<usize> = 3..=70;
/// Digits of a position, zeros in front included.
const POSITION_DIGITS: usize = 4;

/// How names are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    extensions: Vec<String>,
    /// The longest first.
    separators: Vec<Vec<char>>,
    patterns: Vec<Pattern>,
    /// A word in small letters and its role, the longest first.
    roles: Vec<(Vec<char>, String)>,
    max_position: u32,
    skipped: Vec<String>,
    limits: Limits,
}

/// By what a name names its product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A SKU as it is written; case does not matter.
    Sku(String),
    /// 14 digits.
    Gtin(String),
    /// A manufacturer's part number as [`mpn_key`] has it.
    Mpn(String),
}

/// What a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Of which product it is.
    pub key: Key,
    /// Its place among the product's pictures; the lowest comes first.
    pub position: Option<u32>,
    /// What it shows, one of [`crate::suppliers::profile::ROLES`].
    pub role: Option<String>,
}

/// One way through a pattern, as far as it got.
#[derive(Debug, Clone, Default)]
struct Way {
    key: Option<Key>,
    position: Option<u32>,
    role: Option<String>,
}

/// A name's characters: as they are, and in small letters.
struct Signs {
    as_is: Vec<char>,
    small: Vec<char>,
}

impl Naming {
    /// How many and how large files may be.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Is this what an operating system leaves behind? `path` with `/` between its folders.
    pub fn is_skipped(&self, path: &str) -> bool {
        path.split('/').any(|part| part.starts_with("._") || self.skipped.iter().any(|name| name.eq_ignore_ascii_case(part)))
    }

    /// What the file at this path may mean, the best first. `path` with `/` between its folders.
    pub fn meanings(&self, path: &str) -> Vec<Meaning> {
        let mut found: Vec<Meaning> = Vec::new();
        if path.chars().count() > MAX_PATH_CHARS {
            return found;
        }
        // The same letter may be written as one sign or as two (file systems of macOS do the latter).
        let path = ComposingNormalizerBorrowed::new_nfc().normalize(path);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let Some((base, folders)) = parts.split_last() else { return found };
        let stem = self.stem(base);
        for pattern in &self.patterns {
            let Some(from) = folders.len().checked_sub(pattern.folders()) else { continue };
            let mut name = folders.get(from..).unwrap_or_default().join("/");
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(stem);
            self.follow(pattern.tokens(), &Signs::of(&name), 0, &Way::default(), &mut found);
        }
        found
    }

    fn stem<'a>(&self, base: &'a str) -> &'a str {
        let known = |ending: &str| self.extensions.iter().any(|known| known.eq_ignore_ascii_case(ending));
        base.rsplit_once('.').filter(|(stem, ending)| !stem.is_empty() && known(ending)).map_or(base, |(stem, _)| stem)
    }

    /// Goes on from `at` in every way that the tokens allow.
    fn follow(&self, tokens: &[Token], signs: &Signs, at: usize, way: &Way, found: &mut Vec<Meaning>) {
        let Some((token, tokens)) = tokens.split_first() else {
            if at == signs.as_is.len() && found.len() < MAX_MEANINGS {
                let Way { key, position, role } = way.clone();
                found.extend(key.map(|key| Meaning { key, position, role }).filter(|meaning| !found.contains(meaning)));
            }
            return;
        };
        match token {
            Token::Folder => {
                if signs.as_is.get(at) == Some(&'/') {
                    self.follow(tokens, signs, at + 1, way, found);
                }
            }
            Token::Sign(sign) => {
                if signs.small.get(at) == Some(sign) {
                    self.follow(tokens, signs, at + 1, way, found);
                }
            }
            Token::Separator => {
                let rest = signs.as_is.get(at..).unwrap_or_default();
                for separator in self.separators.iter().filter(|separator| rest.starts_with(separator)) {
                    self.follow(tokens, signs, at + separator.len(), way, found);
                }
            }
            Token::Field(field) => {
                for (end, way) in self.filled(*field, signs, at, way) {
                    self.follow(tokens, signs, end, &way, found);
                }
            }
        }
    }

    /// Where a field that begins at `at` may end, and what it says then. Ends are told only where the next part may begin.
    fn filled(&self, field: Field, signs: &Signs, at: usize, way: &Way) -> Vec<(usize, Way)> {
        let rest = signs.as_is.get(at..).unwrap_or_default();
        let ends = |from: usize, allowed: fn(char) -> bool, most: usize| {
            let run = rest.iter().take(most).take_while(|sign| allowed(**sign)).count();
            (from..=run).filter(|len| rest.get(*len).is_none_or(|next| self.may_part(*next)))
        };
        match field {
            Field::Sku => ends(1, |sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-'), SKU_CHARS)
                .map(|len| (at + len, Way { key: Some(Key::Sku(signs.text(at, len))), ..way.clone() }))
                .collect(),
            Field::Gtin => ends(*GTIN_DIGITS.start(), |sign| sign.is_ascii_digit(), *GTIN_DIGITS.end())
                .filter_map(|len| {
                    let read = canonicalise(&signs.text(at, len));
                    let gtin = read.usable().map(str::to_owned).or_else(|| read.restored())?;
                    Some((at + len, Way { key: Some(Key::Gtin(gtin)), ..way.clone() }))
                })
                .collect(),
            Field::Mpn => ends(*MPN_CHARS.start(), |sign| sign != '/' && !sign.is_control(), *MPN_CHARS.end())
                .filter_map(|len| Some((at + len, Way { key: Some(Key::Mpn(mpn_key(&signs.text(at, len))?)), ..way.clone() })))
                .collect(),
            Field::Position => {
                let digits = rest.iter().take_while(|sign| sign.is_ascii_digit()).count();
                let number = signs.text(at, digits.min(POSITION_DIGITS + 1)).parse().ok();
                let number: Option<u32> = number.filter(|number| digits <= POSITION_DIGITS && *number <= self.max_position);
                number.map(|number| (at + digits, Way { position: Some(number), ..way.clone() })).into_iter().collect()
            }
            Field::Role => self
                .roles
                .iter()
                .filter_map(|(word, role)| {
                    let end = self.word(word, signs, at)?;
                    Some((end, Way { role: Some(role.clone()), ..way.clone() }))
                })
                .collect(),
            Field::Rest => {
                let within = !rest.is_empty() && !rest.contains(&'/');
                within.then(|| (signs.as_is.len(), way.clone())).into_iter().collect()
            }
        }
    }

    /// May a sign stand behind a key?
    fn may_part(&self, sign: char) -> bool {
        sign == '/' || self.separators.iter().any(|separator| separator.first() == Some(&sign)) || !sign.is_alphanumeric()
    }

    /// Where this word ends, if it stands here.
    fn word(&self, word: &[char], signs: &Signs, mut at: usize) -> Option<usize> {
        for sign in word {
            let here = signs.small.get(at);
            if *sign == ' ' {
                at += usize::from(here.is_some_and(|here| self.separators.iter().any(|one| one.as_slice() == [*here])));
            } else if here == Some(sign) {
                at += 1;
            } else {
                return None;
            }
        }
        Some(at)
    }
}

impl Signs {
    fn of(name: &str) -> Self {
        // Sign for sign, so that places in both are the same.
        let small = name.chars().map(|sign| sign.to_lowercase().next().unwrap_or(sign)).collect();
        Self { as_is: name.chars().collect(), small }
    }

    fn text(&self, at: usize, len: usize) -> String {
        self.as_is.iter().skip(at).take(len).collect()
    }
}
