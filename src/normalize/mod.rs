//! Text in, typed value out, with raw text, rule and confidence kept. Pure: no input, no output, no clock.
//!
//! [`normalize`] is the one door; the file of each attribute type stands beside it. What counts as a unit, a yes or a colour is
//! data in `schema/`; here are only the grammars. Nothing is repaired silently: what was guessed is `doubtful` and says why.

mod amount;
mod amounts;
mod axes;
mod basis;
mod battery;
mod boolean;
pub mod checks;
pub mod gtin;
mod integer;
mod ip_code;
pub mod language;
pub mod line;
mod measure;
pub mod memo;
mod mend;
mod modes;
mod names;
mod number;
mod numeral;
mod plain;
mod qualifiers;
mod quantities;
mod quantity;
mod range;
pub mod rich_text;
mod scan;
mod select;
mod stock;
pub mod text;
pub mod typed;
mod units;
pub mod value;

pub use amount::{AmountError, parse_amount};
pub use memo::Memo;
pub use quantities::{FoundQuantity, quantities};
pub use stock::{StockWord, stock_word};
pub use typed::typed;
pub use value::{BatteryOption, Claim, Measure, Mode, NoValue, PictureChoice, Range, Value};

use crate::dictionary::{Attribute, AttributeType, Dictionary};
use rust_decimal::Decimal;
use serde::Serialize;

/// What a profile or a caller knows about how the text was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Hints {
    /// BCP 47 tag of the source's language.
    pub locale: Option<String>,
    /// How numbers are written.
    pub decimal: DecimalStyle,
    /// The unit of a bare number, in any spelling `schema/units.toml` knows.
    pub unit: Option<String>,
    /// Code of the category of what the text describes; it decides which amounts are usual.
    pub category: Option<String>,
}

/// Which sign divides whole from part in a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalStyle {
    /// Decided per number, from its shape and the locale.
    #[default]
    Auto,
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Understood.
    Ok,
    /// Understood, but unlikely, out of the usual range or partly guessed. Kept, with a warning.
    Doubtful,
    /// Two readings are equally good; none is kept.
    Ambiguous,
    /// Not a value of this attribute; none is kept.
    Rejected,
    /// A null word, or nothing.
    Empty,
}

/// Something worth telling about one text, besides its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// A stable code, such as `out_of_range` or `not_a_rating`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
}

/// What one text says about one attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// The attribute that the text is about; another than asked when the text says so ("tilts 0-90°" under beam angle).
    pub resolved_attribute: String,
    /// How far it can be trusted.
    pub status: Status,
    /// The typed value, canonical; absent unless `ok` or `doubtful`.
    pub value: Option<Value>,
    /// Words that limit the value: `up_to`, `minimum`, `with_battery`, `approximate`, `in_turbo`.
    pub qualifiers: Vec<String>,
    /// The rule that read it.
    pub rule: &'static str,
    /// 0 to 100.
    pub confidence: u8,
    /// Byte range of the raw text that was read.
    pub span: Option<(usize, usize)>,
    /// What else is to be told.
    pub findings: Vec<Finding>,
    /// Every amount of a measure that the text lists, in the canonical unit and in order; the value is one of them.
    pub amounts: Vec<Decimal>,
    /// Other attributes that the same text states ("IP66, –35 °C - +55 °C").
    pub also: Vec<Reading>,
}

impl Finding {
    fn new(code: &str, message: String) -> Self {
        Self { code: code.to_owned(), message }
    }
}

impl Reading {
    fn accepted(attribute: &Attribute, rule: &'static str, value: Value, confidence: u8) -> Self {
        Self {
            resolved_attribute: attribute.code.clone(),
            status: Status::Ok,
            value: Some(value),
            qualifiers: Vec::new(),
            rule,
            confidence,
            span: None,
            findings: Vec::new(),
            amounts: Vec::new(),
            also: Vec::new(),
        }
    }

    fn rejected(attribute: &Attribute, rule: &'static str, code: &str, message: impl Into<String>) -> Self {
        Self {
            status: Status::Rejected,
            value: None,
            findings: vec![Finding::new(code, message.into())],
            ..Self::accepted(attribute, rule, Value::Boolean(false), 0)
        }
    }

    fn empty(attribute: &Attribute) -> Self {
        Self { status: Status::Empty, findings: Vec::new(), ..Self::rejected(attribute, "null_word", "", "") }
    }

    /// Keeps the value, with a warning and at most this confidence.
    fn doubt(&mut self, code: &str, message: String, confidence: u8) {
        self.status = Status::Doubtful;
        self.confidence = self.confidence.min(confidence);
        self.findings.push(Finding::new(code, message));
    }
}

/// Items of one list of texts.
const MAX_ITEMS: usize = 100;
/// Longest cell of a list or a line of text.
const MAX_TEXT_BYTES: usize = 20_000;
/// Longest cell that is read at all; longer ones are rejected.
const MAX_RAW_BYTES: usize = 1_000_000;

/// Reads `raw` as a value of `attribute`. Never fails: a text that cannot be read is a rejected reading that says why.
pub fn normalize(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    use AttributeType as T;
    if raw.trim().is_empty() {
        return Reading::empty(attribute);
    }
    let limit = match attribute.kind {
        T::RichText => MAX_RAW_BYTES,
        T::Text | T::TextList | T::MultiSelect | T::Modes | T::Reference => MAX_TEXT_BYTES,
        _ => scan::MAX_CELL_BYTES,
    };
    if raw.len() > limit {
        let message = format!(
            "The cell is {} bytes long; {} takes at most {limit}. Map a long text to the description.",
            raw.len(),
            attribute.label("en")
        );
        return Reading::rejected(attribute, "length", "too_long", message);
    }
    let mended = mend::mend(raw, attribute.kind);
    let text = mended.as_ref().map_or(raw, |mended| mended.text.as_str());
    let mut reading = read(dictionary, attribute, text, hints);
    if let Some(mended) = mended {
        reading.span = None;
        if mended.decoded {
            let message = "The text was decoded wrongly on its way; its signs were put right.";
            reading.findings.push(Finding::new("encoding_mended", message.to_owned()));
        }
    }
    reading
}

/// Reads a text whose signs are right.
fn read(dictionary: &Dictionary, attribute: &Attribute, text: &str, hints: &Hints) -> Reading {
    use AttributeType as T;
    // Axes have letters of their own (`l60 w45`).
    let lettered = attribute.cue.as_ref().is_some_and(|cue| !cue.letters.is_empty());
    if matches!(attribute.kind, T::Measure | T::Modes)
        && !lettered
        && let Some(typed) = mend::with_digits(text)
    {
        let mut reading = read(dictionary, attribute, &typed, hints);
        reading.span = None;
        if reading.value.is_some() {
            let message =
                format!("Letters stand where digits belong; it was read as '{}'.", typed.chars().take(60).collect::<String>());
            reading.doubt("look_alike", message, 50);
        }
        return reading;
    }
    let null = dictionary.words().is_null(text);
    // A word such as "none" or "0" is an answer to some questions and no answer to others.
    let reading = match attribute.kind {
        T::Boolean => boolean::read(dictionary, attribute, text, hints),
        T::Select | T::MultiSelect => select::read(dictionary, attribute, text),
        _ if null => Reading::empty(attribute),
        T::Text => plain::text(attribute, text),
        T::RichText => rich_text::read(attribute, text),
        T::TextList => plain::list(dictionary, attribute, text, hints),
        T::Integer => integer::read(dictionary, attribute, text, hints),
        T::Measure => measure::read(dictionary, attribute, text, hints),
        T::Range => range::read(dictionary, attribute, text, hints),
        T::Code => ip_code::read(dictionary, attribute, text, hints),
        T::Gtin => plain::gtin(attribute, text),
        T::Reference => plain::reference(dictionary, attribute, text),
        T::Batteries => battery::read(dictionary, attribute, text, hints),
        T::Modes => modes::read(dictionary, attribute, text, hints),
    };
    if null && matches!(reading.status, Status::Rejected | Status::Ambiguous | Status::Doubtful) {
        return Reading::empty(attribute);
    }
    reading
}

#[cfg(test)]
mod tests;
