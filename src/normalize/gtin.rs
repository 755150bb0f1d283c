//! Global Trade Item Numbers: any written form in, one 14-digit key out.
//!
//! A GTIN is 8, 12, 13 or 14 digits, the last one a check digit (GS1 General Specifications, section 7.9: weights 3 and 1 from
//! the right, sum to a multiple of ten). All lengths are one number with zeros in front, so the key is the 14-digit form.
//! UPC-E is a 12-digit number with zeros squeezed out; its check digit belongs to the expanded form.
//!
//! Some well-formed numbers do not name one product across companies: those that shops give out inside (GS1 prefixes 02, 04,
//! 20-29), coupons (05, 98, 99), periodicals (977) and books (978, 979). And spreadsheets break numbers in ways that a check
//! digit does not always catch. What is not certain is never repaired silently: the repair stands in `proposal`.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// How far a number can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GtinStatus {
    /// Length and check digit are right, and it names one product everywhere.
    Ok,
    /// Well-formed, but not usable to identify a lamp: restricted, coupon, book, periodical, zero-tailed.
    Doubtful,
    /// Not a GTIN.
    Rejected,
}

/// Which kind of number it is, by its digits and not by how many zeros stood in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GtinKind {
    /// 8 digits.
    Gtin8,
    /// 12 digits, written in 6 to 8.
    UpcE,
    /// 12 digits.
    UpcA,
    /// 13 digits.
    Ean13,
    /// 14 digits: a package level of an item.
    Gtin14,
    /// A book.
    Isbn,
    /// A periodical.
    Issn,
}

/// What one text is as a GTIN; the line that `beamline gtin` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gtin {
    /// The text as given.
    pub input: String,
    /// How far it can be used.
    pub status: GtinStatus,
    /// 14 digits; present unless rejected.
    pub gtin14: Option<String>,
    /// Kind, where it is known.
    pub kind: Option<GtinKind>,
    /// Stable code of what is wrong: `empty`, `not_a_number`, `asin`, `scientific_notation`, `decimal_number`, `several`,
    /// `length`, `check_digit`, `check_digit_missing`, `lost_zeros`, `all_zeros`, `placeholder`, `zero_tail`, `restricted`,
    /// `coupon`, `isbn`, `issn`, `isbn10`.
    pub issue: Option<&'static str>,
    /// A 14-digit number that may have been meant; a person or a second source must confirm it.
    pub proposal: Option<String>,
    /// ISO 3166 code of the country whose GS1 organisation gave the number out, where the number is right: information only, it does not
    /// say where the goods come from.
    pub issuing_country: Option<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefixes {
    prefix: Vec<(u16, u16, String)>,
}

// A test holds that the embedded file parses.
static PREFIXES: LazyLock<Prefixes> =
    LazyLock::new(|| toml::from_str(include_str!("../../schema/identity/gs1_prefixes.toml")).unwrap_or_default());

/// The country whose GS1 organisation gave out a 14-digit number; none for prefixes that belong to no country.
pub fn issuing_country(gtin14: &str) -> Option<&'static str> {
    // GTIN-8 have prefixes of their own, in the first digits that they have.
    let at = if gtin14.starts_with("000000") { 6 } else { 1 };
    let prefix: u16 = gtin14.get(at..at + 3)?.parse().ok()?;
    let found = PREFIXES.prefix.iter().find(|(first, last, _)| (*first..=*last).contains(&prefix))?;
    Some(found.2.as_str())
}

/// The item inside a case: what a GTIN-14 with an indicator of 1 to 8 is packed with. Another trade item of the same goods.
pub fn item_of_case(gtin14: &str) -> Option<String> {
    let indicator = gtin14.get(..1).filter(|_| gtin14.len() == 14)?;
    if !("1"..="8").contains(&indicator) {
        return None;
    }
    with_check_digit(gtin14.get(1..13)?).map(|item| pad(&item))
}

impl Gtin {
    /// The key, when it may identify a product by itself.
    pub fn usable(&self) -> Option<&str> {
        (self.status == GtinStatus::Ok).then_some(self.gtin14.as_deref()).flatten()
    }

    /// The number that a spreadsheet took the leading zeros or the text format from, when nothing but that is wrong with it: its check
    /// digit fits, so a false reading would have to hit another item's number by chance. Never told without the finding beside it.
    pub fn restored(&self) -> Option<String> {
        let proposal = self.proposal.as_deref().filter(|_| matches!(self.issue, Some("lost_zeros" | "decimal_number")))?;
        canonicalise(proposal).usable().map(str::to_owned)
    }

    /// A sentence for an import's report; none when all is well.
    pub fn message(&self) -> Option<String> {
        let what = match self.issue? {
            "empty" => "The GTIN is empty.",
            "not_a_number" => "This is not a GTIN; it has other signs than digits.",
            "asin" => "This is an Amazon ASIN, not a GTIN; map the column to another attribute.",
            "scientific_notation" => "A spreadsheet has rounded this GTIN; ask the supplier for the column formatted as text.",
            "decimal_number" => "A spreadsheet has made a decimal number of this GTIN; format the column as text.",
            "several" => "Several numbers stand in one cell; give one GTIN per row.",
            "length" => "A GTIN has 8, 12, 13 or 14 digits.",
            "check_digit" => "The check digit does not fit; at least one digit is wrong.",
            "check_digit_missing" => "The check digit is missing.",
            "lost_zeros" => "Zeros in front seem lost; confirm the proposed number.",
            "all_zeros" => "All digits are zero.",
            "placeholder" => "This is a placeholder, not the number of a product.",
            "zero_tail" => "It ends in so many zeros that a spreadsheet has probably cut it; ask for the column as text.",
            "restricted" => "This number is given out inside a company and names other goods elsewhere.",
            "coupon" => "This number belongs to coupons or refunds.",
            "isbn" | "isbn10" => "This number belongs to a book.",
            "issn" => "This number belongs to a periodical.",
            _ => "This GTIN cannot be used.",
        };
        Some(match &self.proposal {
            Some(proposal) => format!("{what} It may be {proposal}."),
            None => what.to_owned(),
        })
    }

    fn rejected(input: &str, issue: &'static str) -> Self {
        Self {
            input: input.to_owned(),
            status: GtinStatus::Rejected,
            gtin14: None,
            kind: None,
            issue: Some(issue),
            proposal: None,
            issuing_country: None,
        }
    }

    fn doubt(mut self, issue: &'static str) -> Self {
        self.status = GtinStatus::Doubtful;
        self.issue = Some(issue);
        self
    }

    fn proposing(mut self, proposal: Option<String>) -> Self {
        self.proposal = proposal;
        self
    }
}

/// Texts longer than this are no number of any kind.
const MAX_INPUT_CHARS: usize = 80;
/// Numbers that people type when they have none.
const PLACEHOLDERS: [&str; 6] =
    ["01234567890123", "01234567890128", "00123456789012", "00000012345670", "00012345678905", "12345678901231"];

/// Reads a text as a GTIN in any of its forms. Spaces, hyphens, a leading `'`, `="..."` and a label such as `EAN:` do not matter.
pub fn canonicalise(raw: &str) -> Gtin {
    let input: String = raw.chars().take(MAX_INPUT_CHARS + 1).collect();
    let input = input.as_str();
    let text = strip_wrapping(raw.trim());
    if text.is_empty() {
        return Gtin::rejected(input, "empty");
    }
    if input.chars().count() > MAX_INPUT_CHARS {
        return Gtin::rejected(input, "not_a_number");
    }
    let compact: String = text.chars().filter(|c| !is_separator(*c)).map(ascii_digit).collect();
    if !compact.chars().all(|c| c.is_ascii_digit()) {
        return not_digits(input, &text, &compact);
    }
    if compact.chars().all(|c| c == '0') {
        return Gtin::rejected(input, "all_zeros");
    }
    match compact.len() {
        8 => eight_digits(input, &compact),
        12..=14 => judge(input, &pad(&compact)),
        7 => seven_digits(input, &compact),
        9..=11 => short(input, &compact),
        16.. => Gtin::rejected(input, if text.contains([' ', '/']) { "several" } else { "length" }),
        _ => Gtin::rejected(input, "length"),
    }
}

/// The check digit for the digits before it; none when a sign is not a digit.
pub fn check_digit(payload: &str) -> Option<u8> {
    let mut sum = 0_u32;
    for (place, c) in payload.chars().rev().enumerate() {
        sum = sum.checked_add(c.to_digit(10)? * if place % 2 == 0 { 3 } else { 1 })?;
    }
    u8::try_from((10 - sum % 10) % 10).ok()
}

fn fits(digits: &str) -> bool {
    let mut payload = digits.to_owned();
    let last = payload.pop().and_then(|c| c.to_digit(10));
    check_digit(&payload).map(u32::from) == last && last.is_some()
}

/// Expands a UPC-E of number system digit and six digits to the first 11 digits of its UPC-A (GS1, figure 5.2.2.4).
fn expand_upc_e(body: &str) -> Option<String> {
    let system = body.get(..1).filter(|system| matches!(*system, "0" | "1"))?;
    let (first, last) = (body.get(1..6)?, body.get(6..7)?);
    Some(match last {
        "0" | "1" | "2" => format!("{system}{}{last}0000{}", first.get(..2)?, first.get(2..)?),
        "3" => format!("{system}{}00000{}", first.get(..3)?, first.get(3..)?),
        "4" => format!("{system}{}00000{}", first.get(..4)?, first.get(4..)?),
        _ => format!("{system}{first}0000{last}"),
    })
}

fn with_check_digit(payload: &str) -> Option<String> {
    check_digit(payload).map(|digit| format!("{payload}{digit}"))
}

fn pad(digits: &str) -> String {
    format!("{digits:0>14}")
}

/// The UPC-A of a complete 8-digit UPC-E, when its check digit fits.
fn whole_upc_e(digits: &str) -> Option<String> {
    let upc_a = with_check_digit(&expand_upc_e(digits.get(..7)?)?)?;
    (upc_a.get(11..) == digits.get(7..)).then(|| pad(&upc_a))
}

fn eight_digits(input: &str, digits: &str) -> Gtin {
    let upc_e = whole_upc_e(digits);
    if fits(digits) {
        let read = judge(input, &pad(digits));
        // Both readings fit; GTIN-8 that begin with 0 are not given out across companies, so UPC-E is the likelier one.
        return if read.status == GtinStatus::Doubtful { read.proposing(upc_e) } else { read };
    }
    match upc_e {
        Some(gtin14) => {
            let mut read = judge(input, &gtin14);
            read.kind = Some(GtinKind::UpcE);
            read
        }
        None => Gtin::rejected(input, "check_digit"),
    }
}

fn seven_digits(input: &str, digits: &str) -> Gtin {
    if let Some(proposal) = whole_upc_e(&format!("0{digits}")) {
        return Gtin::rejected(input, "lost_zeros").proposing(Some(proposal));
    }
    let Some(upc_a) = expand_upc_e(digits).and_then(|payload| with_check_digit(&payload)) else {
        return short(input, digits);
    };
    let mut read = judge(input, &pad(&upc_a));
    read.kind = Some(GtinKind::UpcE);
    if read.status == GtinStatus::Rejected { read } else { read.doubt("check_digit_missing") }
}

/// 9 to 11 digits (or 7): zeros in front may be lost; ten may be an old ISBN.
fn short(input: &str, digits: &str) -> Gtin {
    if digits.len() == 10 && isbn10_fits(digits) && !fits(digits) {
        let proposal = digits.get(..9).and_then(|body| with_check_digit(&format!("978{body}"))).map(|isbn| pad(&isbn));
        return Gtin { kind: Some(GtinKind::Isbn), ..Gtin::rejected(input, "isbn10") }.proposing(proposal);
    }
    if fits(digits) && trailing_zeros(digits) < 5 {
        return Gtin::rejected(input, "lost_zeros").proposing(Some(pad(digits)));
    }
    Gtin::rejected(input, "length")
}

/// Judges 14 digits whose origin was a right length.
fn judge(input: &str, gtin14: &str) -> Gtin {
    let same_digits = |digits: &str| {
        let digits = digits.trim_start_matches('0');
        digits.len() >= 7 && digits.chars().all(|digit| digits.starts_with(digit))
    };
    // The check digit is made to fit; it is the digits before it that tell.
    let payload = gtin14.get(..13).unwrap_or_default();
    // Twelve nines are a coupon's number, which says more.
    let repeated = same_digits(payload) && trailing_zeros(payload) == 0 && !payload.starts_with("099");
    let whole = same_digits(gtin14) && trailing_zeros(gtin14) == 0;
    if PLACEHOLDERS.contains(&gtin14) || repeated || whole || is_counted_up(payload) {
        return Gtin::rejected(input, "placeholder");
    }
    let zero_tail = trailing_zeros(gtin14) >= 5;
    if !fits(gtin14) {
        return Gtin::rejected(input, if zero_tail { "zero_tail" } else { "check_digit" });
    }
    let body = gtin14.get(1..).unwrap_or_default();
    let kind = match gtin14 {
        _ if body.starts_with("977") => GtinKind::Issn,
        _ if body.starts_with("978") || body.starts_with("979") => GtinKind::Isbn,
        _ if gtin14.starts_with("000000") => GtinKind::Gtin8,
        _ if gtin14.starts_with("00") => GtinKind::UpcA,
        _ if gtin14.starts_with('0') => GtinKind::Ean13,
        _ => GtinKind::Gtin14,
    };
    let read = Gtin {
        input: input.to_owned(),
        status: GtinStatus::Ok,
        gtin14: Some(gtin14.to_owned()),
        kind: Some(kind),
        issue: None,
        proposal: None,
        issuing_country: issuing_country(gtin14),
    };
    if zero_tail {
        return read.doubt("zero_tail");
    }
    match kind {
        GtinKind::Issn => read.doubt("issn"),
        GtinKind::Isbn => read.doubt("isbn"),
        GtinKind::Gtin8 if matches!(gtin14.get(6..7), Some("0" | "2")) => read.doubt("restricted"),
        GtinKind::Gtin8 => read,
        _ if body.starts_with("02") || body.starts_with("04") || body.starts_with('2') => read.doubt("restricted"),
        _ if body.starts_with("05") || body.starts_with("98") || body.starts_with("99") => read.doubt("coupon"),
        _ => read,
    }
}

/// Are these the digits in order, up or down, as somebody types them who has no number?
fn is_counted_up(payload: &str) -> bool {
    let digits: Vec<u8> = payload.trim_start_matches('0').bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    let goes = |step: u8| digits.windows(2).all(|pair| matches!(pair, [left, right] if (left + step) % 10 == *right));
    digits.len() >= 7 && (goes(1) || goes(9))
}

/// Letters or signs inside: says which mistake it is, and what may have been meant.
fn not_digits(input: &str, text: &str, compact: &str) -> Gtin {
    let upper = compact.to_ascii_uppercase();
    if upper.len() == 10 && upper.starts_with("B0") && upper.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Gtin::rejected(input, "asin");
    }
    if let Some((mantissa, exponent)) = upper.split_once('E')
        && !mantissa.is_empty()
        && mantissa.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        && exponent.trim_start_matches('+').chars().all(|c| c.is_ascii_digit())
    {
        // Only when every digit survived in front of the E is the number still there.
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let whole = matches!(digits.len(), 12..=14) && exponent.trim_start_matches('+').parse() == Ok(digits.len() - 1);
        let proposal = (whole && fits(&digits)).then(|| pad(&digits));
        return Gtin::rejected(input, "scientific_notation").proposing(proposal);
    }
    if let Some((whole, fraction)) = compact.split_once(['.', ','])
        && fraction.chars().all(|c| c == '0')
        && whole.chars().all(|c| c.is_ascii_digit())
    {
        let proposal = canonicalise(whole);
        return Gtin::rejected(input, "decimal_number").proposing(proposal.gtin14.or(proposal.proposal));
    }
    let parts: Vec<&str> = text.split([',', ';', '|', '/']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| part.len() >= 7 && part.chars().all(|c| c.is_ascii_digit())) {
        return Gtin::rejected(input, "several");
    }
    if compact.len() == 10 && upper.ends_with('X') && isbn10_fits(&upper) {
        let proposal = upper.get(..9).and_then(|body| with_check_digit(&format!("978{body}"))).map(|isbn| pad(&isbn));
        return Gtin { kind: Some(GtinKind::Isbn), ..Gtin::rejected(input, "isbn10") }.proposing(proposal);
    }
    Gtin::rejected(input, "not_a_number")
}

/// ISO 2108, the ten-digit form: weights 10 to 1, sum to a multiple of eleven.
fn isbn10_fits(text: &str) -> bool {
    let mut sum = 0_u32;
    for (place, c) in text.chars().enumerate() {
        let value = if c == 'X' && place == 9 { 10 } else { c.to_digit(10).unwrap_or(100) };
        sum += value * (10_u32.saturating_sub(u32::try_from(place).unwrap_or(10)));
    }
    sum.is_multiple_of(11)
}

fn trailing_zeros(digits: &str) -> usize {
    digits.chars().rev().take_while(|c| *c == '0').count()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
}

/// Full-width digits as East Asian files write them.
fn ascii_digit(c: char) -> char {
    match c {
        '０'..='９' => u32::from(c).checked_sub(0xFF10).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c),
        other => other,
    }
}

/// Takes off what spreadsheets and people put around a number.
fn strip_wrapping(text: &str) -> String {
    let mut text = text.trim_start_matches('\u{feff}').trim_start_matches('=').trim_matches(['"', '\'', '’', '`']).trim();
    for label in ["gtin-14", "gtin-13", "ean-13", "gtin", "ean13", "ean", "upc", "isbn", "(01)"] {
        let Some(head) = text.get(..label.len()) else { continue };
        if head.eq_ignore_ascii_case(label) {
            text = text.get(label.len()..).unwrap_or_default().trim_start_matches([':', '#', '.', ' ']);
            break;
        }
    }
    text.trim().to_owned()
}
