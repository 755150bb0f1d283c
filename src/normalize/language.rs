//! Which language a text is in, where nobody says it or what is said looks wrong.
//!
//! Two witnesses have to agree. Function words ("und", "mit", "that") stand in every running text and in no brand or number, so a list of
//! features or a title is of no language here; counting them is cheap, and mostly ends the matter. What they say is then held against the
//! letters, by a library that knows more languages than `schema/locales/` has words of, so that Dutch is not taken for German.
//!
//! Limits and words are data: `schema/normalize/language.toml` and the `function_words` of each locale.

use super::rich_text::to_plain;
use crate::dictionary::{Dictionary, LocaleWords, SchemaError, Source};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use toml::Spanned;
use whatlang::{Detector, Lang};

/// The most languages that are told apart: a bit each.
const MAX_LANGUAGES: usize = 64;

/// A language that a text was found to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// Tag of a locale of the dictionary.
    pub locale: String,
    /// 0 to 100.
    pub confidence: u8,
}

/// The language of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLanguage {
    /// Tag and confidence: the share of the blocks of text that agree.
    pub detected: Detected,
    /// How many blocks were sure of a language.
    pub blocks: usize,
}

/// Limits and words, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Languages {
    limits: Limits,
    codes: BTreeMap<String, Lang>,
    /// The locales that have function words, each a bit.
    tags: Vec<String>,
    words: HashMap<Box<str>, u64>,
    detector: Detector,
}

#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    min_letters: usize,
    max_chars: usize,
    min_words: usize,
    lead: usize,
    min_share: usize,
    contradicted: usize,
    file_rows: usize,
    file_letters: usize,
    file_share: usize,
}

/// A file says what it wants to say; the rest stays as it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    codes: BTreeMap<String, Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    min_letters: Option<Spanned<usize>>,
    max_chars: Option<Spanned<usize>>,
    min_words: Option<Spanned<usize>>,
    lead: Option<Spanned<usize>>,
    min_share: Option<Spanned<usize>>,
    contradicted: Option<Spanned<usize>>,
    file_rows: Option<Spanned<usize>>,
    file_letters: Option<Spanned<usize>>,
    file_share: Option<Spanned<usize>>,
}

impl Languages {
    /// Puts one file over what was read before, entry by entry.
    pub(crate) fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let File { limits: said, codes } = source.parse()?;
        let limits = &mut self.limits;
        for (name, said, place, most) in [
            ("min_letters", said.min_letters, &mut limits.min_letters, 10_000),
            ("max_chars", said.max_chars, &mut limits.max_chars, 10_000),
            ("min_words", said.min_words, &mut limits.min_words, 1_000),
            ("lead", said.lead, &mut limits.lead, 1_000),
            ("min_share", said.min_share, &mut limits.min_share, 100),
            ("contradicted", said.contradicted, &mut limits.contradicted, 100),
            ("file_rows", said.file_rows, &mut limits.file_rows, 10_000),
            ("file_letters", said.file_letters, &mut limits.file_letters, 10_000),
            ("file_share", said.file_share, &mut limits.file_share, 100),
        ] {
            let Some(said) = said else { continue };
            let span = said.span();
            *place = said.into_inner();
            if *place == 0 || *place > most {
                return Err(source.error(Some(span), name, format!("is not from 1 to {most}")));
            }
        }
        for (tag, code) in codes {
            let span = code.span();
            let Some(language) = Lang::from_code(code.get_ref().as_str()) else {
                let message = format!("'{}' is no language that can be told by its letters; leave the entry out", code.get_ref());
                return Err(source.error(Some(span), format!("codes, {tag}"), message));
            };
            self.codes.insert(tag, language);
        }
        Ok(())
    }

    /// Makes it ready for these locales.
    pub(crate) fn ready(mut self, locales: &BTreeMap<String, LocaleWords>) -> Self {
        let spoken = locales.values().filter(|locale| !locale.function_words.is_empty()).take(MAX_LANGUAGES);
        for (at, locale) in spoken.enumerate() {
            self.tags.push(locale.tag.clone());
            for word in &locale.function_words {
                *self.words.entry(word.to_lowercase().into()).or_default() |= 1 << at;
            }
        }
        self.detector = Detector::with_allowlist(self.codes.values().copied().collect());
        self
    }

    /// Letters that a text needs to be asked at all.
    pub fn min_letters(&self) -> usize {
        self.limits.min_letters
    }

    /// Rows of a file that its language is looked for in.
    pub fn file_rows(&self) -> usize {
        self.limits.file_rows
    }

    /// The language that the function words say, and how surely.
    fn by_words(&self, text: &str) -> Option<(usize, u8)> {
        let limits = &self.limits;
        let mut hits: Vec<u64> = Vec::new();
        let mut words = 0_usize;
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
            words += 1;
            hits.extend(self.words.get(word));
        }
        let count = |language: usize| hits.iter().filter(|mask| **mask >> language & 1 == 1).count();
        let (most, best) = (0..self.tags.len()).map(|language| (count(language), language)).max_by_key(|(hits, _)| *hits)?;
        // The letters of a language that the library does not know are no witness.
        let wanted = if self.tags.get(best).is_some_and(|tag| self.codes.contains_key(tag)) { 1 } else { 2 };
        if most * 100 < words * limits.min_share || most < limits.min_words * wanted {
            return None;
        }
        let mut confidence = 100;
        for other in (0..self.tags.len()).filter(|other| *other != best) {
            let only = |one: usize, not: usize| hits.iter().filter(|mask| *mask >> one & 1 == 1 && *mask >> not & 1 == 0).count();
            let (ours, theirs) = (only(best, other), only(other, best));
            if ours < limits.min_words * wanted || ours < theirs * limits.lead {
                return None;
            }
            confidence = confidence.min(ours * 100 / (ours + theirs).max(1));
        }
        Some((best, u8::try_from(confidence).unwrap_or(100)))
    }

    /// Do the letters say the same? None where they say another language.
    fn by_letters(&self, text: &str, tag: &str) -> Option<u8> {
        let Some(wanted) = self.codes.get(tag) else { return Some(100) };
        let found = self.detector.detect(text)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of one, clamped")]
        let sure = (found.confidence() * 100.0).clamp(0.0, 100.0) as u8;
        (found.lang() == *wanted || usize::from(sure) < self.limits.contradicted).then_some(sure)
    }

    /// As much of the beginning of a text as is looked at, without markup.
    pub fn begin<'t>(&self, text: &'t str) -> Cow<'t, str> {
        // Markup takes room, too.
        let cut = first_chars(text, self.limits.max_chars.saturating_mul(4));
        let plain = if cut.contains('<') || cut.contains('&') { Cow::Owned(to_plain(cut)) } else { Cow::Borrowed(cut) };
        match plain {
            Cow::Borrowed(plain) => Cow::Borrowed(first_chars(plain, self.limits.max_chars)),
            Cow::Owned(plain) => Cow::Owned(first_chars(&plain, self.limits.max_chars).to_owned()),
        }
    }

    /// The beginning of a text that has enough letters, in lower case.
    fn beginning(&self, text: &str) -> Option<String> {
        // A letter has a byte at least, so that most texts are done with here.
        if self.tags.is_empty() || text.len() < self.limits.min_letters {
            return None;
        }
        let begin = self.begin(text);
        (begin.chars().filter(|c| c.is_alphabetic()).count() >= self.limits.min_letters).then(|| begin.to_lowercase())
    }

    fn language(&self, text: &str, known: Option<&str>) -> Option<Detected> {
        let text = self.beginning(text)?;
        let (best, confidence) = self.by_words(&text)?;
        let tag = self.tags.get(best)?;
        if known.is_none_or(|known| base(known) != base(tag)) {
            self.by_letters(&text, tag)?;
        }
        Some(Detected { locale: tag.clone(), confidence })
    }
}

/// The language that a text is surely in; none where it is short, holds no running text or is of no language that the dictionary has words
/// of.
pub fn language_of(dictionary: &Dictionary, text: &str) -> Option<Detected> {
    dictionary.languages().language(text, None)
}

/// The language that a text is surely in, where that is another than `said` (a BCP 47 tag). Cheaper than [`language_of`] where it is not.
pub fn other_language(dictionary: &Dictionary, text: &str, said: &str) -> Option<Detected> {
    let languages = dictionary.languages();
    // Nothing is held against a language that nobody here could recognise.
    let said = dictionary.locale(said).map_or(base(said), |locale| base(&locale.tag)).to_owned();
    if !languages.codes.contains_key(&said) && !languages.tags.contains(&said) {
        return None;
    }
    languages.language(text, Some(&said)).filter(|detected| base(&detected.locale) != said)
}

/// Do these tags name the same language, whatever the country?
pub fn is_of(tag: &str, other: &str) -> bool {
    base(tag) == base(other)
}

/// The language of a file by the texts of its rows, one text a row, of which the first ones are looked at: short ones are taken together.
pub fn language_of_file<'t>(dictionary: &Dictionary, rows: impl Iterator<Item = Cow<'t, str>>) -> Option<FileLanguage> {
    let languages = dictionary.languages();
    let limits = languages.limits;
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    let mut block = String::new();
    let mut vote = |block: &mut String| {
        if let Some(detected) = language_of(dictionary, block) {
            *votes.entry(detected.locale).or_default() += 1;
        }
        block.clear();
    };
    for row in rows.take(limits.file_rows) {
        // A row's text is cut, so that one long description does not count for many.
        block.push_str(first_chars(&row, limits.max_chars));
        block.push('\n');
        if block.len() >= limits.file_letters {
            vote(&mut block);
        }
    }
    vote(&mut block);
    let blocks: usize = votes.values().sum();
    let (locale, most) = votes.into_iter().max_by_key(|(_, count)| *count)?;
    let share = most * 100 / blocks.max(1);
    let confidence = u8::try_from(share).unwrap_or(100);
    (share >= limits.file_share).then_some(FileLanguage { detected: Detected { locale, confidence }, blocks })
}

fn first_chars(text: &str, chars: usize) -> &str {
    // A character has a byte at least.
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// `de` of `de-AT`.
fn base(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

#[cfg(test)]
mod tests;
