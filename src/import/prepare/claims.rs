//! Texts to typed claims, one per attribute and locale.

use super::CellReading;
use super::row::Row;
use crate::dictionary::{Attribute, AttributeType};
use crate::identity::gtin;
use crate::normalize::language::other_language;
use crate::normalize::{Claim, Reading, Status, Value};
use crate::suppliers::{Column, Take, Target};

/// Locale of text where neither column nor profile nor supplier says one.
const DEFAULT_LOCALE: &str = "en";
/// Characters of words that are none of the options, where their attribute names no limit.
const MAX_WORDS: usize = 200;
/// Entries of a list at most.
const MAX_LIST: usize = 500;

/// The claims of one row. What a column says of its own attribute outranks what another column says in passing.
#[derive(Debug, Default)]
pub(super) struct Claims {
    direct: Vec<Claim>,
    passing: Vec<Claim>,
}

impl Claims {
    /// Adds a column's claim. The first one stays, but lists grow.
    pub(super) fn direct(&mut self, claim: Claim) {
        add(&mut self.direct, claim);
    }

    fn passing(&mut self, claim: Claim) {
        add(&mut self.passing, claim);
    }

    pub(super) fn category(&mut self, code: &str, raw: &str, field: &str, rule: &str, confidence: u8) {
        self.direct(Claim {
            attribute: "category".to_owned(),
            locale: None,
            value: Value::text(code),
            raw: raw.to_owned(),
            field: field.to_owned(),
            rule: rule.to_owned(),
            confidence,
        });
    }

    /// The text of an attribute, in any locale.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        let claims = self.direct.iter().chain(&self.passing);
        claims.filter(|claim| claim.attribute == attribute).find_map(|claim| claim.value.as_text())
    }

    fn has(&self, attribute: &str, locale: Option<&str>) -> bool {
        self.direct.iter().any(|claim| claim.attribute == attribute && claim.locale.as_deref() == locale)
    }

    pub(super) fn finish(self) -> Vec<Claim> {
        let mut claims = self.direct;
        for claim in self.passing {
            if !claims.iter().any(|known| known.attribute == claim.attribute && known.locale == claim.locale) {
                claims.push(claim);
            }
        }
        claims
    }
}

fn add(claims: &mut Vec<Claim>, claim: Claim) {
    let known = claims.iter_mut().find(|known| known.attribute == claim.attribute && known.locale == claim.locale);
    let Some(known) = known else {
        claims.push(claim);
        return;
    };
    let grown = match (&mut known.value, claim.value) {
        (Value::List(known), Value::List(more)) => grow(known, more),
        (Value::List(known), Value::Text(more)) => grow(known, vec![more]),
        (Value::Batteries(known), Value::Batteries(more)) => grow(known, more),
        (Value::Modes(known), Value::Modes(more)) => grow(known, more),
        _ => false,
    };
    if grown {
        known.confidence = known.confidence.min(claim.confidence);
        if known.raw != claim.raw && known.raw.len() + claim.raw.len() < 10_000 {
            known.raw = format!("{} | {}", known.raw, claim.raw);
        }
    }
}

fn grow<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) -> bool {
    let before = known.len();
    for item in more {
        if known.len() < MAX_LIST && !known.contains(&item) {
            known.push(item);
        }
    }
    known.len() > before
}

/// Does the attribute hold several values, so that every item counts?
fn is_list(kind: AttributeType) -> bool {
    matches!(kind, AttributeType::MultiSelect | AttributeType::TextList | AttributeType::Batteries | AttributeType::Modes)
}

impl Row<'_> {
    /// Reads every column that goes to one of `these` attributes, then what the profile fixes of them.
    pub(super) fn attributes(&mut self, these: impl Fn(&str) -> bool) {
        for column in &self.profile().columns {
            let Target::Attribute(code) = &column.to else { continue };
            if !these(code) {
                continue;
            }
            let Some(attribute) = self.dictionary().attribute(code) else { continue };
            let locale = self.claim_locale(attribute, column.locale.as_deref());
            let list = is_list(attribute.kind);
            if column.typed {
                self.typed(column, attribute);
                continue;
            }
            if column.fallback && self.claims.has(code, locale.as_deref()) {
                continue;
            }
            if !list && self.claims.has(code, locale.as_deref()) {
                continue;
            }
            let items = self.items(column, if list { Take::All } else { Take::First });
            self.read_items(column, attribute, &items);
        }
        for (code, text) in self.profile().fixed.iter().filter(|(code, _)| these(code)) {
            let Some(attribute) = self.dictionary().attribute(code) else { continue };
            if !self.claims.has(code, self.claim_locale(attribute, None).as_deref()) {
                let column = Column::new("", Target::Attribute(code.clone()));
                self.read_items(&column, attribute, std::slice::from_ref(text));
            }
        }
    }

    pub(super) fn claim_locale(&self, attribute: &Attribute, column: Option<&str>) -> Option<String> {
        let locale = || column.or(self.profile().language()).or(self.preparer.locale).unwrap_or(DEFAULT_LOCALE).to_owned();
        attribute.localized.then(locale)
    }

    /// The locale that a text is claimed under. Where somebody said its language, that is it, and a text that is surely in another is told;
    /// where nobody did, such a text goes under its own.
    fn text_locale(&mut self, attribute: &Attribute, column: &Column, value: &Value, raw: &str) -> Option<String> {
        let locale = self.claim_locale(attribute, column.locale.as_deref())?;
        let dictionary = self.dictionary();
        let Some(text) = value.as_text().filter(|text| text.len() >= dictionary.languages().min_letters()) else {
            return Some(locale);
        };
        let Some(other) = other_language(dictionary, text, &locale) else { return Some(locale) };
        if column.locale.is_none() && self.profile().locale.is_none() {
            return Some(other.locale);
        }
        let named = |tag: &str| dictionary.locale(tag).map_or_else(|| tag.to_owned(), |words| format!("{} ({tag})", words.name));
        let message = format!(
            "the profile says that this text is {}, but it looks like {} ({} % sure); correct the text, or the locale in the profile",
            named(&locale),
            named(&other.locale),
            other.confidence
        );
        self.warn(&column.from, "other_language", message, raw);
        Some(locale)
    }

    pub(super) fn read_items(&mut self, column: &Column, attribute: &Attribute, items: &[String]) {
        let hints = self.hints(column);
        let preparer = self.preparer;
        for item in items.iter().filter(|item| !preparer.is_null(item)) {
            if attribute.kind == AttributeType::Gtin {
                self.gtin(column, attribute, item);
                continue;
            }
            let reading = self.preparer.normalize(attribute, item, &hints);
            if let Some(told) = &mut self.told {
                told.push(CellReading {
                    field: column.from.clone(),
                    raw: item.clone(),
                    attribute: attribute.code.clone(),
                    reading: reading.clone(),
                });
            }
            // Where zero is impossible, exports write it for what they do not know.
            if reading.status == Status::Rejected && is_zero(item) {
                continue;
            }
            self.unknown_words(column, attribute, item, &reading);
            let placed = reading.resolved_attribute == attribute.code;
            self.place(column, item, reading, placed);
        }
    }

    /// Words that are none of the options stay in the attribute that keeps such words; what they mean is still asked for.
    fn unknown_words(&mut self, column: &Column, attribute: &Attribute, raw: &str, reading: &Reading) {
        let unknown =
            reading.status == Status::Rejected && reading.findings.iter().any(|finding| finding.code == "unknown_option");
        let Some(words) = attribute.words_in.as_deref().filter(|_| unknown).and_then(|code| self.dictionary().attribute(code))
        else {
            return;
        };
        if raw.chars().count() > words.max_length.unwrap_or(MAX_WORDS) {
            return;
        }
        self.claims.passing(Claim {
            locale: self.claim_locale(words, column.locale.as_deref()),
            attribute: words.code.clone(),
            value: Value::text(raw),
            raw: raw.to_owned(),
            field: column.from.clone(),
            rule: "select.words".to_owned(),
            confidence: 50,
        });
    }

    /// A reading becomes a claim, an issue or nothing; so do the readings that came along.
    fn place(&mut self, column: &Column, raw: &str, reading: Reading, direct: bool) {
        let Reading { resolved_attribute, status, value, rule, confidence, findings, also, .. } = reading;
        if matches!(status, Status::Doubtful | Status::Ambiguous | Status::Rejected) {
            let (code, message) = match findings.into_iter().next() {
                Some(finding) => (finding.code, finding.message),
                None => (plain_code(status).to_owned(), plain_message(status, &resolved_attribute)),
            };
            self.warn(&column.from, &code, message, raw);
        }
        let known = self.dictionary().attribute(&resolved_attribute);
        if let (Some(value), Some(attribute)) = (value.filter(|_| matches!(status, Status::Ok | Status::Doubtful)), known) {
            let claim = Claim {
                locale: self.text_locale(attribute, column, &value, raw),
                attribute: resolved_attribute,
                value,
                raw: raw.to_owned(),
                field: column.from.clone(),
                rule: rule.to_owned(),
                confidence,
            };
            if direct { self.claims.direct(claim) } else { self.claims.passing(claim) }
        }
        for reading in also {
            self.place(column, raw, reading, false);
        }
    }

    /// Only a number that is right and names one product everywhere identifies; any other is an issue with its proposal.
    fn gtin(&mut self, column: &Column, attribute: &Attribute, raw: &str) {
        if self.out.gtin.is_some() {
            return;
        }
        let read = gtin::canonicalise(raw);
        let restored = read.restored();
        if let Some(number) = read.usable().or(restored.as_deref()) {
            self.out.gtin = Some(number.to_owned());
            self.claims.direct(Claim {
                attribute: attribute.code.clone(),
                locale: None,
                value: Value::text(number),
                raw: raw.to_owned(),
                field: column.from.clone(),
                rule: if restored.is_some() { "gtin.restored" } else { "gtin" }.to_owned(),
                // A restored number is doubtful: any supplier who wrote it whole goes first.
                confidence: if restored.is_some() { 50 } else { 100 },
            });
        }
        if read.usable().is_none() {
            let why = read.message().unwrap_or_else(|| "This GTIN cannot be used.".to_owned());
            let message = match &restored {
                Some(number) => format!("{why} Read as {number} until the supplier says otherwise."),
                None => why,
            };
            self.warn(&column.from, &format!("gtin_{}", read.issue.unwrap_or("unusable")), message, raw);
        }
    }
}

/// Is this nothing but a zero?
fn is_zero(text: &str) -> bool {
    text.contains('0') && text.chars().all(|sign| matches!(sign, '0' | '.' | ','))
}

fn plain_code(status: Status) -> &'static str {
    match status {
        Status::Ambiguous => "ambiguous",
        Status::Rejected => "not_a_value",
        _ => "doubtful",
    }
}

fn plain_message(status: Status, attribute: &str) -> String {
    match status {
        Status::Ambiguous => format!("this can be read in two ways as {attribute}; say unit, decimal or locale in the profile"),
        Status::Rejected => format!("this is no value of {attribute}; correct it, or map it in the profile"),
        _ => format!("this is an unlikely value of {attribute}; it was taken, look at it"),
    }
}
