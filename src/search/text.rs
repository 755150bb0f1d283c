//! How text becomes words, at indexing and at asking alike.
//!
//! Three foldings, each a tantivy tokenizer, so that both sides can never disagree:
//!
//! - [`fold`] makes case, accents and compatibility forms not matter: `Pannlampa`, `baş fənəri` and `bas feneri`, `ÅÄÖ` and `aao`. The
//!   dotted and the dotless i are one letter, so a Turkish or Azerbaijani capital finds its small letter whatever the locale.
//!   Cyrillic keeps its own letters (й is not и), which its stemmers need.
//! - [`words`] cuts folded text at everything that is no letter or digit. Parts joined by a hyphen, dot, slash or underscore are
//!   also one word without the joint, so `MH45-X` is found as `mh45x`, `MH45 X` and `mh45-x`.
//! - [`identifier`] keeps letters and digits only, and drops leading zeros of a number: all forms of a GTIN are one key.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use tantivy::tokenizer::{Language, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

/// A word longer than this many characters is cut; nobody types more.
const MAX_WORD_CHARS: usize = 64;
/// More parts than this are not joined into one word: it is a path or a list, not a model name.
const MAX_JOINED_PARTS: usize = 5;
/// A keyword longer than this many characters is cut.
const MAX_KEYWORD_CHARS: usize = 256;

/// Names under which the tokenizers are registered. They are part of the index's schema.
pub(super) const WORDS: &str = "words";
/// One token: the whole text, folded.
pub(super) const KEYWORD: &str = "keyword";
/// One token: letters and digits only.
pub(super) const IDENTIFIER: &str = "identifier";

/// Folds case, accents and compatibility forms; see the module's text.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let folded = CaseMapper::new().fold_string(&composed);
    let decomposer = DecomposingNormalizerBorrowed::new_nfd();
    let mut out = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            '\0'..='\u{7f}' => out.push(c),
            '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' => {}
            'ə' => out.push('e'),
            'ı' => out.push('i'),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ё' => out.push('е'),
            // Latin and Greek lose their accents; other scripts' letters are letters of their own.
            'À'..='ɏ' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}' => {
                let mut letter = [0; 4];
                let parts = decomposer.normalize(c.encode_utf8(&mut letter));
                out.extend(parts.chars().filter(|part| !matches!(part, '\u{300}'..='\u{36f}')));
            }
            other => out.push(other),
        }
    }
    out
}

/// A word as typed or written: its parts, cut at every joint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded parts, at least one; `["mh45", "x"]` for `MH45-X`.
    pub parts: Vec<String>,
}

impl Word {
    /// All parts as one word, where that is worth looking for.
    pub fn joined(&self) -> Option<String> {
        let joined = self.parts.len() > 1 && self.parts.len() <= MAX_JOINED_PARTS;
        joined.then(|| self.parts.concat()).filter(|word| word.chars().count() <= MAX_WORD_CHARS)
    }

    /// The word without its joints.
    pub fn plain(&self) -> String {
        self.parts.concat()
    }
}

/// Cuts text into words.
pub fn words(text: &str) -> Vec<Word> {
    let folded = fold(text);
    let mut words: Vec<Word> = Vec::new();
    let mut part = String::new();
    let mut length = 0;
    // Does the next part belong to the word before it?
    let mut joins = false;
    let mut chars = folded.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() && !is_ideograph(c) {
            if length < MAX_WORD_CHARS {
                part.push(c);
                length += 1;
            }
            continue;
        }
        if part.is_empty() {
            joins = false;
        } else {
            push(&mut words, std::mem::take(&mut part), joins);
            length = 0;
            let next = chars.peek().is_some_and(|next| next.is_alphanumeric() && !is_ideograph(*next));
            joins = next && matches!(c, '-' | '.' | '/' | '_' | '\'' | '’' | '‐' | '‑');
        }
        if is_ideograph(c) {
            // Languages that write without spaces: each character is a word.
            push(&mut words, c.to_string(), false);
        }
    }
    if !part.is_empty() {
        push(&mut words, part, joins);
    }
    words
}

fn push(words: &mut Vec<Word>, part: String, joins: bool) {
    match words.last_mut() {
        Some(word) if joins => word.parts.push(part),
        _ => words.push(Word { parts: vec![part] }),
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

/// The whole text as one folded word: what select codes, brands and tags are compared by.
pub fn keyword(text: &str) -> String {
    let folded = fold(text);
    folded.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_KEYWORD_CHARS).collect()
}

/// Letters and digits only, without a number's leading zeros. Empty when the text has none.
pub fn identifier(text: &str) -> String {
    let key: String = fold(text).chars().filter(|c| c.is_alphanumeric()).take(MAX_KEYWORD_CHARS).collect();
    if key.bytes().all(|byte| byte.is_ascii_digit()) { key.trim_start_matches('0').to_owned() } else { key }
}

/// Text without tags of HTML. Entities stay; they do no harm here.
pub fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match after.split_once('>') {
            Some((_, tail)) if is_tag => {
                out.push(' ');
                rest = tail;
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The stemmer of a language, by its tag's first part. Languages without one are searched by whole words and prefixes.
fn stemmer(language: &str) -> Option<Language> {
    Some(match language {
        "ar" => Language::Arabic,
        "da" => Language::Danish,
        "nl" => Language::Dutch,
        "en" => Language::English,
        "fi" => Language::Finnish,
        "fr" => Language::French,
        "de" => Language::German,
        "el" => Language::Greek,
        "hu" => Language::Hungarian,
        "it" => Language::Italian,
        "nb" | "nn" | "no" => Language::Norwegian,
        "pt" => Language::Portuguese,
        "ro" => Language::Romanian,
        "ru" => Language::Russian,
        "es" => Language::Spanish,
        "sv" => Language::Swedish,
        "ta" => Language::Tamil,
        "tr" => Language::Turkish,
        _ => return None,
    })
}

/// The tokenizer's name for texts of this language.
pub(super) fn stemmed(language: &str) -> String {
    format!("{WORDS}_{language}")
}

/// Every tokenizer the schema names.
pub(super) fn tokenizers<'a>(languages: impl Iterator<Item = &'a str>) -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(WORDS, Cut(cut_words));
    manager.register(KEYWORD, Cut(|text| vec![token(0, keyword(text))]));
    manager.register(IDENTIFIER, Cut(|text| vec![token(0, identifier(text))]));
    for language in languages {
        let analyzer = match stemmer(language) {
            Some(stemmer) => TextAnalyzer::builder(Cut(cut_words)).filter(Stemmer::new(stemmer)).build(),
            None => TextAnalyzer::builder(Cut(cut_words)).build(),
        };
        manager.register(&stemmed(language), analyzer);
    }
    manager
}

/// A tokenizer that is a function. Offsets are not kept: nothing here highlights.
#[derive(Clone, Copy)]
struct Cut(fn(&str) -> Vec<Token>);

impl Tokenizer for Cut {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        let mut tokens = (self.0)(text);
        tokens.retain(|token| !token.text.is_empty());
        Tokens { rest: tokens.into_iter(), token: Token::default() }
    }
}

struct Tokens {
    rest: std::vec::IntoIter<Token>,
    token: Token,
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        match self.rest.next() {
            Some(token) => {
                self.token = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn token(position: usize, text: String) -> Token {
    Token { position, text, position_length: 1, ..Token::default() }
}

fn cut_words(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut position = 0;
    for word in words(text) {
        let joined = word.joined();
        let first = position;
        for part in word.parts {
            tokens.push(token(position, part));
            position += 1;
        }
        tokens.extend(joined.map(|joined| token(first, joined)));
    }
    // The index wants positions in order.
    tokens.sort_by_key(|token| token.position);
    tokens
}
