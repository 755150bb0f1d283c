//! What a person typed, as a query.
//!
//! Every word must be found: in the names (brand, model, part number), in a title of any language, or in the asked language's titles
//! and descriptions by its stem; the last word also as the beginning of one. A word may instead be fulfilled by what it means (see
//! [`super::meaning`]). When that finds nothing, words may be misspelt; when that finds nothing either, some of the words suffice.
//! Whoever types a GTIN, SKU or part number, in any form, gets that product first.

use super::compile::{AnyQuery, all, any, nothing, term};
use super::fields::{Fields, LanguageFields};
use super::meaning::{MAX_PHRASE_WORDS, Meanings};
use super::text::{self, Word};
use crate::dictionary::Dictionary;
use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::tokenizer::TokenizerManager;

/// Longest text that is searched for, in characters.
pub const MAX_QUERY_CHARS: usize = 512;
/// More words than this are left out.
const MAX_WORDS: usize = 24;
/// An identifier must have this many letters or digits to be taken for one.
const MIN_IDENTIFIER_CHARS: usize = 3;
/// Terms that one beginning of a word may stand for.
const MAX_EXPANSIONS: u32 = 400;

/// Score of a product whose identifier was typed: above everything.
const IDENTIFIER_SCORE: f32 = 100_000.0;
/// Score of a product of the brand that was typed: above every match of single words.
const BRAND_SCORE: f32 = 200.0;
const NAMES_BOOST: f32 = 4.0;
const LANGUAGE_TITLE_BOOST: f32 = 2.5;
const TITLES_BOOST: f32 = 2.0;
const BODY_BOOST: f32 = 0.3;
const MEANING_SCORE: f32 = 0.5;
/// How much of the lesser matches of a word counts beside its best.
const TIE_BREAKER: f32 = 0.1;

/// How strictly words are taken, strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Every word, as written.
    Exact,
    /// Every word, misspelt perhaps.
    Fuzzy,
    /// Some word, misspelt perhaps.
    Some,
}

impl Strictness {
    /// In the order they are tried.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Fuzzy, Self::Some];
}

/// Everything that reading a text needs.
pub(super) struct Reading<'a> {
    pub fields: &'a Fields,
    pub dictionary: &'a Dictionary,
    pub meanings: &'a Meanings,
    pub tokenizers: &'a TokenizerManager,
    /// The asked language's fields.
    pub language: Option<LanguageFields>,
}

impl Reading<'_> {
    /// The query of a text that is not blank.
    pub fn query(&self, typed: &str, strictness: Strictness) -> AnyQuery {
        let mut words = text::words(typed);
        words.truncate(MAX_WORDS);
        let mut ways = Vec::new();
        let key = text::identifier(typed);
        if key.chars().count() >= MIN_IDENTIFIER_CHARS {
            ways.push(constant(term(Term::from_field_text(self.fields.identifiers, &key)), IDENTIFIER_SCORE));
        }
        if !words.is_empty() {
            ways.push(self.text(&words, strictness));
        }
        if ways.is_empty() { nothing() } else { any(ways) }
    }

    fn text(&self, words: &[Word], strictness: Strictness) -> AnyQuery {
        let occur = if strictness == Strictness::Some { Occur::Should } else { Occur::Must };
        let mut clauses: Vec<(Occur, AnyQuery)> = Vec::new();
        let mut rest = words;
        while !rest.is_empty() {
            let (length, meanings) = self.longest_meaning(rest);
            let (phrase, tail) = rest.split_at(length.min(rest.len()));
            let last = tail.is_empty();
            let written = all(phrase
                .iter()
                .enumerate()
                .map(|(at, word)| self.word(word, strictness, last && at + 1 == phrase.len()))
                .collect());
            let clause = if meanings.is_empty() {
                written
            } else {
                let meant = constant(any(meanings.iter().cloned().map(term).collect()), MEANING_SCORE);
                Box::new(DisjunctionMaxQuery::with_tie_breaker(vec![written, meant], TIE_BREAKER))
            };
            clauses.push((occur, clause));
            rest = tail;
        }
        let found: AnyQuery = Box::new(BooleanQuery::new(clauses));
        let mut scored = vec![(Occur::Must, found)];
        scored.extend(self.brands(words).into_iter().map(|brand| (Occur::Should, brand)));
        Box::new(BooleanQuery::new(scored))
    }

    /// The longest run of words at the beginning that means something; else one word without meaning.
    fn longest_meaning(&self, words: &[Word]) -> (usize, &[Term]) {
        for length in (1..=MAX_PHRASE_WORDS.min(words.len())).rev() {
            let meanings = words.get(..length).map_or(&[][..], |run| self.meanings.get(run));
            if !meanings.is_empty() {
                return (length, meanings);
            }
        }
        (1, &[])
    }

    /// Brands that a run of the words names, by their own spelling or another that the dictionary knows.
    fn brands(&self, words: &[Word]) -> Vec<AnyQuery> {
        let Some(column) = self.fields.column("brand") else { return Vec::new() };
        let mut brands = Vec::new();
        for start in 0..words.len() {
            for run in (1..=MAX_PHRASE_WORDS).filter_map(|length| words.get(start..start + length)) {
                let spelling = run.iter().map(|word| word.parts.join(" ")).collect::<Vec<_>>().join(" ");
                let mut terms = vec![Term::from_field_text(column.field, &spelling)];
                if let Some(brand) = self.dictionary.brand(&spelling) {
                    terms.push(Term::from_field_text(column.field, &text::keyword(&brand.name)));
                }
                brands.push(constant(any(terms.into_iter().map(term).collect()), BRAND_SCORE));
            }
        }
        brands
    }

    fn word(&self, word: &Word, strictness: Strictness, last: bool) -> AnyQuery {
        // `MH45-X` as one word, or as its parts.
        match word.joined() {
            Some(joined) => {
                let parts = word.parts.len();
                let parts = word.parts.iter().enumerate().map(|(at, part)| self.part(part, strictness, last && at + 1 == parts));
                any(vec![self.part(&joined, strictness, last), all(parts.collect())])
            }
            None => all(word.parts.iter().map(|part| self.part(part, strictness, last)).collect()),
        }
    }

    fn part(&self, part: &str, strictness: Strictness, last: bool) -> AnyQuery {
        let fields = self.fields;
        let mut places = vec![(fields.names, NAMES_BOOST), (fields.titles, TITLES_BOOST), (fields.body, BODY_BOOST)];
        let mut ways: Vec<AnyQuery> = places.iter().map(|(field, boost)| found(*field, part, *boost)).collect();
        if let Some(language) = self.language {
            for (field, boost) in [(language.title, LANGUAGE_TITLE_BOOST), (language.body, BODY_BOOST)] {
                ways.push(found(field, &self.stem(field, part), boost));
                places.push((field, boost));
            }
        }
        if last {
            for (field, boost) in &places {
                let mut prefix = PhrasePrefixQuery::new(vec![Term::from_field_text(*field, part)]);
                prefix.set_max_expansions(MAX_EXPANSIONS);
                ways.push(constant(Box::new(prefix), *boost));
            }
        }
        ways.extend(self.split_number(part));
        if strictness != Strictness::Exact {
            ways.extend(places.iter().filter_map(|(field, boost)| misspelt(*field, part, *boost, last)));
        }
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, TIE_BREAKER))
    }

    /// `600lm` as `600 lm`, and `nu20` as `nu 20`.
    fn split_number(&self, part: &str) -> Option<AnyQuery> {
        let first_is_digit = part.starts_with(|c: char| c.is_ascii_digit());
        let at = part.find(|c: char| c.is_ascii_digit() != first_is_digit)?;
        let (head, tail) = part.split_at_checked(at)?;
        let one_boundary = tail.chars().all(|c| c.is_ascii_digit() != first_is_digit);
        one_boundary.then(|| {
            let terms = [head, tail].map(|piece| Term::from_field_text(self.fields.titles, piece));
            constant(Box::new(PhraseQuery::new(terms.to_vec())), TITLES_BOOST)
        })
    }

    fn stem(&self, field: Field, part: &str) -> String {
        let entry = self.fields.schema.get_field_entry(field);
        let analyzer = match entry.field_type() {
            tantivy::schema::FieldType::Str(options) => {
                options.get_indexing_options().and_then(|indexing| self.tokenizers.get(indexing.tokenizer()))
            }
            _ => None,
        };
        let mut stem = None;
        if let Some(mut analyzer) = analyzer {
            analyzer.token_stream(part).process(&mut |token| {
                if stem.is_none() {
                    stem = Some(token.text.clone());
                }
            });
        }
        stem.unwrap_or_else(|| part.to_owned())
    }
}

fn found(field: Field, word: &str, boost: f32) -> AnyQuery {
    let query = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(query), boost))
}

/// One slip in words of four letters, two in words of eight; none in shorter ones and in numbers, where every sign counts.
fn misspelt(field: Field, word: &str, boost: f32, last: bool) -> Option<AnyQuery> {
    let slips = match word.chars().count() {
        _ if word.chars().all(|c| c.is_ascii_digit()) => return None,
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    let term = Term::from_field_text(field, word);
    let query = if last { FuzzyTermQuery::new_prefix(term, slips, true) } else { FuzzyTermQuery::new(term, slips, true) };
    Some(constant(Box::new(query), boost))
}

pub(super) fn constant(query: Box<dyn Query>, score: f32) -> AnyQuery {
    Box::new(ConstScoreQuery::new(query, score))
}
