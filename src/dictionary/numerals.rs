//! Numbers as words in every language, and the words that stand around a unit: `schema/numbers.toml`.

use super::index::Quick;
use crate::normalize::DecimalStyle;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One language of `schema/numbers.toml`; what each list means stands at the file's head.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NumberWords {
    words: BTreeMap<String, Plain>,
    scales: BTreeMap<String, Plain>,
    articles: Vec<String>,
    half: Vec<String>,
    and: Vec<String>,
    per: Vec<String>,
    square: Vec<String>,
    cubic: Vec<String>,
    endings: Vec<String>,
    minus: Vec<String>,
    counted: Vec<String>,
    times: Vec<String>,
    pub(super) pieces: Vec<String>,
    pub(super) yes: Vec<String>,
    pub(super) no: Vec<String>,
    common: Vec<String>,
    decimal: Option<DecimalStyle>,
    before: BTreeMap<String, String>,
}

/// A number of the file: whole, or a decimal in quotes.
#[derive(Debug, Clone, Copy)]
struct Plain(Decimal);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(i64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Whole(whole) => Ok(Self(whole.into())),
            Form::Text(text) => {
                text.parse().map(Self).map_err(|_| serde::de::Error::custom(format!("'{text}' is not a number; write \"1.5\"")))
            }
        }
    }
}

/// What one word may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a word may be several of these at once")]
pub(crate) struct NumberWord {
    /// An amount by itself.
    pub(crate) value: Option<Decimal>,
    /// A factor of what stands before.
    pub(crate) scale: Option<Decimal>,
    /// One of something.
    pub(crate) article: bool,
    /// Half of something.
    pub(crate) half: bool,
    /// Joins parts of one number.
    pub(crate) and: bool,
    /// Before the unit it is counted in.
    pub(crate) per: bool,
    /// The power of a length that the word makes: 2 or 3, else 0.
    pub(crate) power: u8,
    /// Before a negative number.
    pub(crate) minus: bool,
    /// A plain word of the language that is also a unit's spelling.
    pub(crate) common: bool,
}

/// One language's words, by lower-case spelling.
#[derive(Debug, Clone, Default)]
struct Language {
    words: Quick<NumberWord>,
    endings: Vec<String>,
    decimal: Option<DecimalStyle>,
}

/// Number words of all languages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numerals {
    languages: Quick<Language>,
    /// Words that no other language uses for something else: powers and the number signs of Chinese, Japanese and Korean.
    shared: Quick<NumberWord>,
    before: Vec<(String, String)>,
    /// Words of any language before a negative number; short ones mean other things elsewhere (`min`).
    minus: Quick<bool>,
    /// Words of any language whose number counts them.
    counted: Quick<bool>,
    /// Those of languages that glue them to the number.
    minus_words: Vec<String>,
    /// Words of any language between the sides of a size.
    times: Quick<bool>,
    /// Small whole numbers of any language; none where languages disagree.
    counts: Quick<Option<Decimal>>,
}

/// The words of the language that a text is in, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numeral<'a> {
    language: Option<&'a Language>,
    all: &'a Numerals,
}

/// Longest word that is taken apart, in bytes.
const LONGEST: usize = 48;

impl Numerals {
    pub(super) fn build(files: &BTreeMap<String, NumberWords>) -> Self {
        let mut all = Self::default();
        for (tag, words) in files {
            let signs = matches!(tag.as_str(), "zh" | "ja" | "ko");
            let mut language = Language {
                words: Quick::default(),
                endings: words.endings.iter().map(|end| lower(end)).collect(),
                decimal: words.decimal,
            };
            language.endings.sort_by_key(|end| std::cmp::Reverse(end.len()));
            let mut put = |word: &str, change: &dyn Fn(&mut NumberWord), share: bool| {
                for map in std::iter::once(&mut language.words).chain((share || signs).then_some(&mut all.shared)) {
                    change(map.entry(&lower(word)));
                }
            };
            for (word, amount) in &words.words {
                let word = &crate::normalize::text::key(word);
                if all.counts.get(word).is_none() {
                    *all.counts.entry(word) = Some(amount.0);
                } else if all.counts.get(word) != Some(&Some(amount.0)) {
                    *all.counts.entry(word) = None;
                }
            }
            for (word, amount) in &words.words {
                put(word, &|known| known.value = Some(amount.0), false);
            }
            for (word, amount) in &words.scales {
                put(word, &|known| known.scale = Some(amount.0), false);
            }
            words.articles.iter().for_each(|word| put(word, &|known| known.article = true, false));
            words.half.iter().for_each(|word| put(word, &|known| known.half = true, false));
            words.and.iter().for_each(|word| put(word, &|known| known.and = true, false));
            words.per.iter().for_each(|word| put(word, &|known| known.per = true, false));
            words.square.iter().for_each(|word| put(word, &|known| known.power = 2, true));
            words.cubic.iter().for_each(|word| put(word, &|known| known.power = 3, true));
            words.minus.iter().for_each(|word| put(word, &|known| known.minus = true, false));
            words.common.iter().for_each(|word| put(word, &|known| known.common = true, true));
            if signs {
                all.minus_words.extend(words.minus.iter().map(|word| lower(word)));
            }
            for (known, words) in
                [(&mut all.minus, &words.minus), (&mut all.counted, &words.counted), (&mut all.times, &words.times)]
            {
                for word in words {
                    *known.entry(&lower(word)) = true;
                }
            }
            all.before.extend(words.before.iter().map(|(word, unit)| (lower(word), unit.clone())));
            *all.languages.entry(tag) = language;
        }
        all
    }

    /// Does this word, in whatever language, make the number behind it negative?
    pub(crate) fn is_minus(&self, word: &str) -> bool {
        word.chars().count() > 3 && word.len() <= LONGEST && with_lower(word, |word| self.minus.get(word).is_some())
    }

    /// The text with a minus in the place of its word, where that is glued to a number: `零下20`. Only scripts that part no words do so.
    pub(crate) fn glued_minus(&self, text: &str) -> Option<String> {
        if text.is_ascii() {
            return None;
        }
        let mut signed = text.to_owned();
        for word in self.minus_words.iter().filter(|word| text.contains(word.as_str())) {
            for (at, _) in text.match_indices(word.as_str()) {
                let digit = text.get(at + word.len()..).is_some_and(|behind| behind.starts_with(|c: char| c.is_ascii_digit()));
                if digit && let Some(behind) = text.get(at + word.len()..).and_then(|behind| behind.split_whitespace().next()) {
                    signed = signed.replace(&format!("{word}{behind}"), &format!("-{behind}"));
                }
            }
        }
        (signed != text).then_some(signed)
    }

    /// Does the number behind this word count it, as in "mode 3" and "Stufe 1"?
    pub(crate) fn is_counted(&self, word: &str) -> bool {
        word.len() <= LONGEST && with_lower(word, |word| self.counted.get(word).is_some())
    }

    /// The whole number that this word is in any language, where no two disagree; for texts of one kind only, such as a number of cells.
    pub(crate) fn count(&self, word: &str) -> Option<Decimal> {
        if word.len() > LONGEST || word.chars().count() < 3 {
            return None;
        }
        with_lower(word, |word| self.counts.get(word).copied().flatten())
    }

    /// Does this word part the sides of a size, as in "60 by 45 mm"?
    pub(crate) fn is_times(&self, word: &str) -> bool {
        word.len() <= LONGEST && with_lower(word, |word| self.times.get(word).is_some())
    }

    /// The words of this locale; English ones where none is given or known.
    pub(crate) fn of(&self, locale: Option<&str>) -> Numeral<'_> {
        let base = locale.unwrap_or("en").split(['-', '_']).next().unwrap_or_default();
        let base = if matches!(base, "no" | "nn") { "nb" } else { base };
        Numeral { language: self.languages.get(base).or_else(|| self.languages.get("en")), all: self }
    }

    /// The unit of time that a word at the end of this text makes a speed of: `時速` is per hour.
    pub(crate) fn per_before(&self, text: &str) -> Option<&str> {
        let head = text.trim_end();
        let starts = |word: &str| {
            let at = head.len().checked_sub(word.len())?;
            head.get(at..).filter(|tail| lower(tail) == word)
        };
        self.before.iter().find(|(word, _)| starts(word).is_some()).map(|(_, unit)| unit.as_str())
    }
}

impl<'a> Numeral<'a> {
    /// What this word may be.
    pub(crate) fn word(&self, text: &str) -> Option<NumberWord> {
        if text.len() > LONGEST {
            return None;
        }
        let find = |text: &str| {
            let own = self.language.and_then(|language| language.words.get(text));
            own.or_else(|| self.all.shared.get(text)).copied()
        };
        with_lower(text, find)
    }

    /// The parts of a glued number, such as `zweihundert`; empty when it is none.
    pub(crate) fn parts(&self, text: &str) -> Vec<NumberWord> {
        let mut parts = Vec::new();
        let Some(language) = self.language.filter(|_| text.len() <= LONGEST && text.len() > 5) else { return parts };
        let folded = lower(text);
        let mut rest = folded.as_str();
        while !rest.is_empty() && parts.len() < 12 {
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let found = ends
                .filter_map(|end| rest.get(..end))
                .filter_map(|piece| language.words.get(piece).map(|word| (piece, *word)))
                .find(|(piece, word)| {
                    word.value.is_some() || word.scale.is_some() || word.and || (word.article && piece.len() >= 2)
                });
            let Some((piece, word)) = found else { return Vec::new() };
            let word = if word.article && word.value.is_none() { NumberWord { value: Some(Decimal::ONE), ..word } } else { word };
            parts.push(word);
            rest = rest.get(piece.len()..).unwrap_or_default();
        }
        if rest.is_empty() && parts.len() > 1 { parts } else { Vec::new() }
    }

    /// Is this a plain word of a language that is also a unit's spelling, such as `in`?
    pub(crate) fn is_common(&self, text: &str) -> bool {
        self.word(text).is_some_and(|word| word.common)
            || with_lower(text, |text| self.all.shared.get(text).is_some_and(|word| word.common))
    }

    /// How the language writes numbers, where the locale's own words do not say.
    pub(crate) fn decimal(&self) -> Option<DecimalStyle> {
        self.language.and_then(|language| language.decimal)
    }

    /// What the language glues to the word of a unit, longest first.
    pub(crate) fn endings(&self) -> &'a [String] {
        self.language.map_or(&[], |language| language.endings.as_slice())
    }
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// Looks up a word in lower case; ASCII without an allocation.
fn with_lower<T>(text: &str, find: impl Fn(&str) -> T) -> T {
    let mut room = [0_u8; LONGEST];
    if text.is_ascii()
        && let Some(room) = room.get_mut(..text.len())
    {
        room.copy_from_slice(text.as_bytes());
        room.make_ascii_lowercase();
        return find(std::str::from_utf8(room).unwrap_or_default());
    }
    find(&lower(text))
}
