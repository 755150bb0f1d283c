//! Text on its way into a feed: without markup, without characters that no format can carry, and no longer than allowed.

use rust_decimal::{Decimal, RoundingStrategy};
use unicode_segmentation::UnicodeSegmentation as _;

/// Digits of a number that is said in a text.
const SAID: u32 = 4;

/// A number as a text says it: four significant digits, which is more than any maker's data are good for; "440 ft" is no 134.112 m. A
/// whole number stays as it is, and digits before the point are never rounded away.
pub fn said(number: Decimal) -> Decimal {
    let number = number.normalize();
    let rounded = if number.trunc().is_zero() {
        number.round_sf_with_strategy(SAID, RoundingStrategy::MidpointAwayFromZero).unwrap_or(number)
    } else {
        let whole = u32::try_from(number.trunc().abs().to_string().len()).unwrap_or(SAID);
        number.round_dp_with_strategy(SAID.saturating_sub(whole), RoundingStrategy::MidpointAwayFromZero)
    };
    rounded.normalize()
}

/// Characters that neither XML nor a table can carry: controls but the line feed, and code points that are no characters.
fn forbidden(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF) || ('\u{FDD0}'..='\u{FDEF}').contains(&c)
}

/// One line: forbidden characters and line ends become spaces, runs of spaces become one.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() || forbidden(c) {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Several lines, each cleaned by [`line()`], empty ones left out.
pub fn lines(text: &str) -> String {
    text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// At most `max` characters, cut at the last space that fits, else between two signs as a reader sees them (extended grapheme clusters,
/// Unicode Standard Annex #29); empty where the first sign alone is longer. No ellipsis: channels count it as text.
pub fn cut(text: &str, max: usize) -> &str {
    let Some((end, next)) = text.char_indices().nth(max) else { return text };
    let head = text.get(..end).unwrap_or(text);
    let whole = if next.is_whitespace() {
        head
    } else {
        let word = head.rfind(char::is_whitespace).and_then(|space| head.get(..space)).filter(|cut| !cut.trim().is_empty());
        let signs = text.grapheme_indices(true).map(|(at, sign)| at + sign.len()).take_while(|to| *to <= end);
        word.unwrap_or_else(|| text.get(..signs.last().unwrap_or(0)).unwrap_or_default())
    };
    whole.trim_end_matches(|c: char| c.is_whitespace() || ",;:-–—(/".contains(c))
}

/// The text of an HTML fragment: tags gone, blocks on lines of their own, entities read, scripts and styles left out.
/// Text that only looks like HTML (`5 < 6`) stays.
pub fn without_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let taken = if rest.starts_with('<') { tag(rest, &mut out) } else { entity(rest, &mut out) };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    lines(&out)
}

/// Reads a tag or comment at the start of `rest`; returns how many bytes it took.
fn tag(rest: &str, out: &mut String) -> usize {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.find("-->").map_or(rest.len(), |end| end + 7);
    }
    let name = tag_name(rest.get(1..).unwrap_or_default());
    let Some(end) = rest.find('>').filter(|_| !name.is_empty()) else {
        out.push('<');
        return 1;
    };
    match name.as_str() {
        "script" | "style" if !rest.starts_with("</") => {
            let close = format!("</{name}");
            let after = rest.get(end..).unwrap_or_default();
            // ASCII folding keeps byte offsets.
            let skipped = after.to_ascii_lowercase().find(&close).unwrap_or(after.len());
            return end + skipped.max(1);
        }
        "b" | "i" | "u" | "em" | "strong" | "span" | "a" | "sub" | "sup" | "small" | "font" | "code" | "wbr" => {}
        _ => out.push('\n'),
    }
    end + 1
}

/// Elements that a supplier's description may hold. Anything else in angle brackets is text: a model may be called `<Mini>`.
const ELEMENTS: [&str; 57] = [
    "a",
    "abbr",
    "article",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "ins",
    "label",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "wbr",
];

/// The element's name in lower case; empty when this is no tag.
fn tag_name(after_bracket: &str) -> String {
    let name: String = after_bracket.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
    Some(name.to_ascii_lowercase()).filter(|name| ELEMENTS.contains(&name.as_str())).unwrap_or_default()
}

/// Reads an entity at the start of `rest`; an unknown one stays as it is.
fn entity(rest: &str, out: &mut String) -> usize {
    let body = rest.get(1..).unwrap_or_default();
    let end = body.bytes().take(12).position(|byte| byte == b';');
    let Some(name) = end.and_then(|end| body.get(..end)) else {
        out.push('&');
        return 1;
    };
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    let read = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "hellip" => Some('…'),
        "deg" => Some('°'),
        "times" => Some('×'),
        "plusmn" => Some('±'),
        "reg" => Some('®'),
        "trade" => Some('™'),
        "copy" => Some('©'),
        "bull" => Some('•'),
        "auml" => Some('ä'),
        "ouml" => Some('ö'),
        "uuml" => Some('ü'),
        "Auml" => Some('Ä'),
        "Ouml" => Some('Ö'),
        "Uuml" => Some('Ü'),
        "szlig" => Some('ß'),
        "eacute" => Some('é'),
        "egrave" => Some('è'),
        "aring" => Some('å'),
        "oslash" => Some('ø'),
        "aelig" => Some('æ'),
        _ => number.and_then(char::from_u32),
    };
    let Some(read) = read else {
        out.push('&');
        return 1;
    };
    out.push(read);
    name.len() + 2
}

/// Is there a tag in it?
pub fn looks_like_html(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| rest.contains('>') && !tag_name(rest).is_empty())
}

/// Plain text as HTML: escaped, a paragraph a line.
pub fn to_html(text: &str) -> String {
    let escape = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    lines(text).lines().fold(String::with_capacity(text.len()), |html, line| html + "<p>" + &escape(line) + "</p>")
}

/// What stands in a link or handle for a product: lower-case letters, digits and single dashes.
pub fn handle(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}
