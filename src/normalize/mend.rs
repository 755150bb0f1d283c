//! What happened to a text on its way, put right before it is read: UTF-8 that was decoded as a one-byte encoding, markup of a web page, letters
//! and digits of a full cell's width, digits of other scripts, units in one sign (`㎜`). And letters typed in the place of digits, which is a guess.

use crate::dictionary::AttributeType;
use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};
use icu_normalizer::ComposingNormalizerBorrowed;

/// A text that was put right.
pub(super) struct Mended {
    pub(super) text: String,
    /// Were its signs decoded wrongly?
    pub(super) decoded: bool,
}

/// Times that a text may have been decoded wrongly, one after the other.
const MAX_ROUNDS: usize = 3;

/// Puts the text right; none when nothing is wrong with it. What is text for people keeps its digits and its markup, which their own rules read.
pub(super) fn mend(raw: &str, kind: AttributeType) -> Option<Mended> {
    let prose = matches!(kind, AttributeType::Text | AttributeType::RichText | AttributeType::TextList);
    let mut text = None;
    let mut decoded = false;
    if !raw.is_ascii() {
        text = redecoded(raw);
        decoded = text.is_some();
    }
    if !prose && let Some(plain) = without_markup(text.as_deref().unwrap_or(raw)) {
        text = Some(plain);
    }
    if let Some(narrow) = narrow(text.as_deref().unwrap_or(raw), prose) {
        text = Some(narrow);
    }
    text.filter(|text| text != raw).map(|text| Mended { text, decoded })
}

/// The text that these signs were before they were decoded wrongly.
fn redecoded(raw: &str) -> Option<String> {
    let broken = |text: &str| {
        text.contains(['Â', 'Ã', 'â', 'Ð', 'Ñ', 'Î', 'Ï', 'Å', 'Ä', 'à', 'ã', 'ä', 'å', 'æ', 'ç', 'è', 'é', 'Р', 'С'])
    };
    if !broken(raw) {
        return None;
    }
    let mut text: Option<String> = None;
    for _ in 0..MAX_ROUNDS {
        let now = text.as_deref().unwrap_or(raw);
        let cyrillic = now.chars().filter(|c| !c.is_ascii()).count() >= 4;
        let next = again(now, WINDOWS_1252).or_else(|| again(now, WINDOWS_1251).filter(|_| cyrillic));
        let Some(next) = next.filter(|next| next != now) else { break };
        text = Some(next);
    }
    // Where something beside it was decoded well, its usual pieces are put right one by one.
    let now = text.as_deref().unwrap_or(raw);
    if now.contains(['Â', 'Ã']) || now.contains("â€") {
        let mut pieces = now.to_owned();
        for (broken, meant) in PIECES {
            pieces = pieces.replace(broken, meant);
        }
        text = Some(pieces);
    }
    text.filter(|text| text != raw)
}

const PIECES: [(&str, &str); 19] = [
    ("Ã‚Â°", "°"),
    ("Â°", "°"),
    ("Ã‚Â±", "±"),
    ("Â±", "±"),
    ("Ã—", "×"),
    ("â€“", "–"),
    ("â€”", "—"),
    ("â€™", "’"),
    ("â€\u{9d}", "”"),
    ("Ã¼", "ü"),
    ("Ã¤", "ä"),
    ("Ã¶", "ö"),
    ("ÃŸ", "ß"),
    ("Ã©", "é"),
    ("Ã¸", "ø"),
    ("Ã¥", "å"),
    ("Ã¦", "æ"),
    ("Â\u{a0}", " "),
    ("Â ", " "),
];

/// Encodes as one byte a sign and decodes as UTF-8; none unless both fit the whole text, which hardly any sound text does.
fn again(text: &str, encoding: &'static Encoding) -> Option<String> {
    let (bytes, _, misfit) = encoding.encode(text);
    if misfit || bytes.is_ascii() {
        return None;
    }
    std::str::from_utf8(&bytes).ok().map(str::to_owned)
}

/// The text without tags and with the signs that entities stand for; none when it has neither.
fn without_markup(text: &str) -> Option<String> {
    let tags = text.match_indices('<').any(|(at, _)| tag(text.get(at..).unwrap_or_default()).is_some());
    let entities = text.match_indices('&').any(|(at, _)| entity(text.get(at..).unwrap_or_default()).is_some());
    if !tags && !entities {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        if let Some((name, end)) = tag(rest) {
            let parts = ["br", "p", "li", "tr", "div", "ul", "ol"].iter().any(|known| name.eq_ignore_ascii_case(known));
            let gap = ["td", "th"].iter().any(|known| name.eq_ignore_ascii_case(known));
            if parts && !plain.trim_end().is_empty() {
                plain.push('\n');
            } else if gap {
                plain.push(' ');
            }
            length = end;
        } else if let Some((sign, end)) = entity(rest) {
            plain.push(sign);
            length = end;
        } else {
            plain.push(c);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    // "&amp;deg;" was escaped twice.
    let plain = plain.trim().to_owned();
    if entities && plain.contains('&') && plain.len() < text.len() {
        Some(without_markup(&plain).unwrap_or(plain))
    } else {
        Some(plain)
    }
}

/// A tag at the start of the text: its name, and where it ends. `<5 lm` is none.
fn tag(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix('<')?;
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let length = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    let end = text.find('>')?;
    (end <= 300 && name.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| (name.get(..length).unwrap_or_default(), end + 1))
}

/// An entity at the start of the text: its sign, and where it ends.
fn entity(text: &str) -> Option<(char, usize)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(10).position(|byte| byte == b';')?;
    let name = inside.get(..end)?;
    let sign = match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "times" => '×',
        "deg" => '°',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" | "Prime" | "rdquo" | "ldquo" => '"',
        "apos" | "prime" | "rsquo" | "lsquo" => '\'',
        "plusmn" => '±',
        "ndash" | "mdash" => '–',
        "minus" => '−',
        "micro" => 'µ',
        "middot" | "bull" => '·',
        "hellip" => '…',
        "frac12" => '½',
        "frac14" => '¼',
        "frac34" => '¾',
        "sup2" => '²',
        "sup3" => '³',
        "Oslash" => 'Ø',
        "oslash" => 'ø',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "aring" => 'å',
        "aelig" => 'æ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            match char::from_u32(code)? {
                '\u{a0}' => ' ',
                sign if sign.is_control() => ' ',
                sign => sign,
            }
        }
    };
    Some((sign, end + 2))
}

/// Letters and digits of a full cell's width as the plain ones, units in one sign as letters, and digits of other scripts as ours.
fn narrow(text: &str, prose: bool) -> Option<String> {
    let squared = |c: char| matches!(c, '\u{3300}'..='\u{33ff}' | '\u{ff61}'..='\u{ff9f}');
    let wide = |c: char| matches!(c, '\u{ff01}'..='\u{ff5e}');
    let foreign = |c: char| !prose && (digit(c).is_some() || matches!(c, '٫' | '٬'));
    if text.is_ascii() || !text.chars().any(|c| squared(c) || wide(c) || foreign(c)) {
        return None;
    }
    let compose = ComposingNormalizerBorrowed::new_nfkc();
    let mut plain = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if squared(c) {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            plain.push_str(&compose.normalize(&run));
            run.clear();
        }
        plain.push(match c {
            c if wide(c) => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '٫' if !prose => '.',
            '٬' if !prose => '\'',
            c if !prose => digit(c).unwrap_or(c),
            c => c,
        });
    }
    plain.push_str(&compose.normalize(&run));
    Some(plain)
}

/// The digit that a digit of Arabic, Persian, Devanagari, Bengali or Thai stands for.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{9e6}'..='\u{9ef}' => 0x9e6,
        '\u{e50}'..='\u{e59}' => 0xe50,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

/// Letters that are typed, or read by a scanner, in the place of a digit; Cyrillic and Greek ones look the same.
fn typed_for(c: char) -> Option<char> {
    match c {
        'O' | 'О' | 'Ο' | 'o' | 'о' | 'ο' => Some('0'),
        'l' | 'I' => Some('1'),
        _ => None,
    }
}

/// The text with digits in the place of the letters that were typed for them: `4OO lm`, `l20 lm`. Only in words that have a digit and end in
/// one or in a capital O, so that `40l`, `5o` and `18mm` stay what they are.
pub(super) fn with_digits(text: &str) -> Option<String> {
    let letter = |byte: u8| matches!(byte, b'O' | b'o' | b'l' | b'I') || byte >= 0x80;
    let beside = |pair: &[u8]| match pair {
        [left, right] => left.is_ascii_digit() && letter(*right) || letter(*left) && right.is_ascii_digit(),
        _ => false,
    };
    if !text.as_bytes().windows(2).any(beside) {
        return None;
    }
    let mut mended = String::with_capacity(text.len());
    let mut changed = false;
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let body = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let guess = body.contains(|c: char| c.is_ascii_digit())
            && body.contains(|c: char| typed_for(c).is_some())
            && body.len() <= 12
            && body.chars().all(|c| c.is_ascii_digit() || typed_for(c).is_some())
            && body.ends_with(|c: char| c.is_ascii_digit() || matches!(c, 'O' | 'О' | 'Ο'))
            && !body.starts_with(['O', 'О', 'Ο', 'o', 'о', 'ο']);
        if guess {
            changed = true;
            mended.extend(body.chars().map(|c| typed_for(c).unwrap_or(c)));
            mended.push_str(word.get(body.len()..).unwrap_or_default());
        } else {
            mended.push_str(word);
        }
    }
    changed.then_some(mended)
}
