//! The rule as it stands in the file.

use super::Naming;
use super::pattern::Pattern;
use crate::dictionary::{Dictionary, SchemaError, Source};
use crate::suppliers::profile::ROLES;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The file.
pub const FILE: &str = "media/names.toml";

/// How many and how large files may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Files of one batch, and entries of one zip.
    pub max_files: usize,
    /// Bytes of all entries of a zip together, unpacked.
    pub max_total_bytes: u64,
    /// How many times larger than its packed form an entry may be.
    pub max_ratio: u64,
    /// Up to so many bytes nobody asks for that.
    pub ratio_free_bytes: u64,
    /// Folders inside each other.
    pub max_depth: usize,
}

/// What a file says of [`Limits`]; a user's names only what it changes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidLimits {
    max_files: Option<usize>,
    max_total_bytes: Option<u64>,
    max_ratio: Option<u64>,
    ratio_free_bytes: Option<u64>,
    max_depth: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    extensions: Option<Vec<String>>,
    separators: Option<Spanned<Vec<String>>>,
    patterns: Option<Vec<Spanned<String>>>,
    max_position: Option<u32>,
    skipped: Option<Vec<String>>,
    limits: Option<SaidLimits>,
    #[serde(default)]
    roles: BTreeMap<String, BTreeMap<Spanned<String>, Vec<String>>>,
}

/// Patterns, and characters of a separator or a word.
const MAX_PATTERNS: usize = 200;
const MAX_WORD: usize = 60;

impl Naming {
    /// What the dictionary's folders say.
    pub fn of(dictionary: &Dictionary) -> Result<Self, SchemaError> {
        let mut naming = Self::default();
        for source in dictionary.texts(FILE) {
            naming.overlay(source)?;
        }
        Ok(naming)
    }

    fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let file: File = source.parse()?;
        if let Some(extensions) = file.extensions {
            self.extensions = extensions;
        }
        if let Some(said) = file.separators {
            let span = said.span();
            let mut separators: Vec<Vec<char>> = said.into_inner().iter().map(|one| one.chars().collect()).collect();
            let wrong = |one: &Vec<char>| {
                one.is_empty() || one.len() > MAX_WORD || one.iter().any(|sign| sign.is_alphanumeric() || *sign == '/')
            };
            if separators.is_empty() || separators.iter().any(wrong) {
                let message = "a separator is made of signs that are neither letters nor digits nor /, and there is at least one";
                return Err(source.error(Some(span), "separators", message));
            }
            separators.sort_by_key(|one| std::cmp::Reverse(one.len()));
            self.separators = separators;
        }
        if let Some(patterns) = file.patterns {
            if patterns.len() > MAX_PATTERNS {
                let span = patterns.first().map(Spanned::span);
                return Err(source.error(span, "patterns", format!("has more than {MAX_PATTERNS} patterns; keep those in use")));
            }
            let parsed = patterns.into_iter().map(|pattern| {
                let span = pattern.span();
                let text = pattern.into_inner();
                Pattern::parse(&text).map_err(|message| source.error(Some(span), format!("pattern {text}"), message))
            });
            self.patterns = parsed.collect::<Result<_, _>>()?;
        }
        self.max_position = file.max_position.unwrap_or(self.max_position);
        if let Some(skipped) = file.skipped {
            self.skipped = skipped;
        }
        if let Some(said) = file.limits {
            let limits = &mut self.limits;
            limits.max_files = said.max_files.unwrap_or(limits.max_files);
            limits.max_total_bytes = said.max_total_bytes.unwrap_or(limits.max_total_bytes);
            limits.max_ratio = said.max_ratio.unwrap_or(limits.max_ratio);
            limits.ratio_free_bytes = said.ratio_free_bytes.unwrap_or(limits.ratio_free_bytes);
            limits.max_depth = said.max_depth.unwrap_or(limits.max_depth);
        }
        for (language, roles) in file.roles {
            for (role, words) in roles {
                let span = role.span();
                let fail = |message: String| source.error(Some(span.clone()), format!("roles {language}"), message);
                let role = role.get_ref().clone();
                if !ROLES.contains(&role.as_str()) {
                    return Err(fail(format!("'{role}' is no role; the roles are {}", ROLES.join(", "))));
                }
                for word in words {
                    let small: Vec<char> = word.chars().map(|sign| sign.to_lowercase().next().unwrap_or(sign)).collect();
                    if small.is_empty() || small.len() > MAX_WORD {
                        return Err(fail(format!("a word has 1 to {MAX_WORD} characters")));
                    }
                    // A word means one thing; a user's says what.
                    self.roles.retain(|(known, _)| *known != small);
                    self.roles.push((small, role.clone()));
                }
            }
        }
        self.roles.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        Ok(())
    }
}
