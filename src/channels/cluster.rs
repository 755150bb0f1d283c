//! Where a text may be cut: never inside what a reader sees as one sign. A family of four is seven characters, a flag two, and a letter
//! may be followed by any number of marks.
//!
//! The rules are those of extended grapheme clusters (Unicode Standard Annex #29, GB3 to GB13), with two liberties that only ever keep more
//! together: nothing is parted behind a joiner, and format characters stay with the sign before them.

/// The last place at or before `end` at which no sign is parted.
pub fn floor(text: &str, end: usize) -> usize {
    let mut end = end.min(text.len());
    while let Some((head, rest)) = text.split_at_checked(end) {
        let Some((last, next)) = head.chars().next_back().zip(rest.chars().next()) else { return end };
        if !joined(head, last, next) {
            return end;
        }
        end -= last.len_utf8();
    }
    0
}

/// Does `next` belong to the sign that `head` ends with?
fn joined(head: &str, last: char, next: char) -> bool {
    if last.is_control() || next.is_control() {
        return last == '\r' && next == '\n';
    }
    let conjunct = is_virama(last) && next.is_alphabetic();
    let flag = is_regional(last) && is_regional(next) && head.chars().rev().take_while(|c| is_regional(*c)).count() % 2 == 1;
    extends(next) || last == ZERO_WIDTH_JOINER || prepends(last) || conjunct || flag || syllable(last, next)
}

const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// Marks, joiners, selectors and modifiers.
fn extends(c: char) -> bool {
    let private = matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..);
    let modifier = matches!(c, '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}');
    // The standard library writes what only extends a sign as an escape; so it does with what cannot be seen.
    let escaped = c > '\u{2FF}' && !c.is_whitespace() && c.escape_debug().next() == Some('\\');
    modifier || is_spacing_mark(c) || (escaped && !private)
}

/// Numbers signs and other beginnings.
fn prepends(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{605}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}' | '\u{110BD}' | '\u{110CD}')
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Vowel signs that take room of their own. The blocks of India's scripts are built alike: each has its signs at the same places.
fn is_spacing_mark(c: char) -> bool {
    match c {
        '\u{900}'..='\u{D7F}' => matches!(u32::from(c) & 0x7F, 0x00..=0x03 | 0x3C | 0x3E..=0x4D | 0x55..=0x57 | 0x62 | 0x63),
        // Sinhala, Thai and Lao, Tibetan, Burmese, Khmer.
        _ => matches!(
            c,
            '\u{D82}' | '\u{D83}' | '\u{DCA}'..='\u{DDF}' | '\u{DF2}' | '\u{DF3}'
                | '\u{E33}' | '\u{EB3}'
                | '\u{F3E}' | '\u{F3F}' | '\u{F7F}'
                | '\u{102B}'..='\u{103E}' | '\u{1056}'..='\u{1059}'
                | '\u{17B6}'..='\u{17D3}'
        ),
    }
}

/// The sign that makes one of two consonants.
fn is_virama(c: char) -> bool {
    matches!(c, '\u{94D}' | '\u{9CD}' | '\u{ACD}' | '\u{B4D}' | '\u{C4D}' | '\u{D4D}' | '\u{1039}' | '\u{17D2}')
}

/// Parts of one Korean syllable.
fn syllable(last: char, next: char) -> bool {
    let leading = |c: char| matches!(c, '\u{1100}'..='\u{115F}' | '\u{A960}'..='\u{A97C}');
    let vowel = |c: char| matches!(c, '\u{1160}'..='\u{11A7}' | '\u{D7B0}'..='\u{D7C6}');
    let trailing = |c: char| matches!(c, '\u{11A8}'..='\u{11FF}' | '\u{D7CB}'..='\u{D7FB}');
    let whole = |c: char| matches!(c, '\u{AC00}'..='\u{D7A3}');
    let open = |c: char| whole(c) && (u32::from(c) - 0xAC00).is_multiple_of(28);
    (leading(last) && (leading(next) || vowel(next) || whole(next)))
        || ((vowel(last) || open(last)) && (vowel(next) || trailing(next)))
        || ((whole(last) || trailing(last)) && trailing(next))
}
