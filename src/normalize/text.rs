//! Plain text: case, look-alike letters, white space and control characters.
//!
//! Two foldings. [`fold`] is the language's own case folding, right for comparing texts of one language: in Turkish and
//! Azerbaijani `I` is the capital of `ı`. [`key`] is coarser and for look-ups only: it also drops accents, joins the dotted and
//! the dotless i, reads Cyrillic letters that look Latin as Latin, and makes one space of every run of space and punctuation
//! that carries no meaning. A supplier's `ÇIKIŞ`, `Çıkış` and `cikis` share one key, whatever locale the file declares.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Case-folds by the rules of the locale, after NFKC, with white space collapsed.
pub fn fold(text: &str, locale: Option<&str>) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let mapper = CaseMapper::new();
    let folded = if is_turkic(locale) { mapper.fold_turkic_string(&composed) } else { mapper.fold_string(&composed) };
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Is this a language that tells dotted from dotless i?
pub fn is_turkic(locale: Option<&str>) -> bool {
    let base = locale.unwrap_or_default().split(['-', '_']).next().unwrap_or_default();
    base.eq_ignore_ascii_case("tr") || base.eq_ignore_ascii_case("az")
}

/// The look-up key of a word or phrase; see the module's text. Letters, digits and `+%°'"#&/<>?*` stay, all else parts words.
pub fn key(text: &str) -> String {
    if text.is_ascii() {
        // Most texts: nothing composes or decomposes them.
        return words(text.chars().map(|c| look_alike(c.to_ascii_lowercase())));
    }
    let marked: String = text
        .chars()
        .filter(|c| !matches!(c, '™' | '®' | '©' | '℠' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}'))
        .map(|c| if c == 'º' || c == '˚' { '°' } else { c })
        .collect();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&marked);
    let folded = CaseMapper::new().fold_string(&decomposed);
    words(folded.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).map(look_alike))
}

/// The key with a space wherever a script that is written without spaces meets another one or a number: `含电池86克` and `Type-C接口` have words, too.
pub(crate) fn spaced_key(text: &str) -> String {
    let folded = key(text);
    if folded.is_ascii() || !folded.chars().any(is_unspaced) {
        return folded;
    }
    let mut spaced = String::with_capacity(folded.len() + 8);
    let mut before: Option<char> = None;
    for c in folded.chars() {
        if before.is_some_and(|before| before.is_alphanumeric() && c.is_alphanumeric() && is_unspaced(before) != is_unspaced(c)) {
            spaced.push(' ');
        }
        spaced.push(c);
        before = Some(c);
    }
    spaced
}

/// A letter of Chinese, Japanese or Korean, whose words are not parted by spaces. Korean parts words, but glues them to numbers.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Folded letters in words with one space between them.
fn words(folded: impl Iterator<Item = char>) -> String {
    let mut key = String::with_capacity(folded.size_hint().0);
    let mut gap = false;
    for c in folded {
        if c.is_alphanumeric() || matches!(c, '+' | '%' | '°' | '\'' | '"' | '#' | '&' | '/' | '<' | '>' | '?' | '*' | '±') {
            if gap && !key.is_empty() {
                key.push(' ');
            }
            gap = false;
            key.push(c);
        } else {
            gap = true;
        }
    }
    key
}

/// Reads a folded letter that looks Latin as Latin, and a typographic sign as the plain one.
pub(crate) fn look_alike(c: char) -> char {
    match c {
        'а' => 'a',
        'е' | 'ё' | 'ə' => 'e',
        'о' | 'ø' => 'o',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' | '×' => 'x',
        'і' | 'ı' | 'ї' => 'i',
        'ј' => 'j',
        'ѕ' => 's',
        'ł' => 'l',
        'đ' => 'd',
        'µ' | 'μ' => 'u',
        '’' | '‘' | '′' | 'ʼ' | '`' | '´' => '\'',
        '”' | '“' | '″' | '„' | '«' | '»' => '"',
        other => other,
    }
}

/// One line of clean text: no control characters, no invisible ones, every run of white space one space.
pub fn clean_line(text: &str) -> String {
    let visible: String =
        text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&visible);
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that show nothing and only break comparisons: zero-width, direction marks, byte order mark, soft hyphen.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffd}')
}
