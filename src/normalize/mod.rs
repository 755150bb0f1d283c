//! Text in, typed value out, with raw text, rule and confidence kept. Pure: no input, no output, no clock.
//!
//! [`normalize`] is the one door; the file of each attribute type stands beside it.

pub mod text;
pub mod value;

pub use value::{BatteryOption, Claim, Measure, Mode, NoValue, Range, Value};

use crate::dictionary::{Attribute, Dictionary};
use serde::Serialize;

/// What a profile or a caller knows about how the text was written.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// BCP 47 tag of the source's language.
    pub locale: Option<String>,
    /// How numbers are written.
    pub decimal: DecimalStyle,
    /// The unit of a bare number, in any spelling `schema/units.toml` knows.
    pub unit: Option<String>,
}

/// Which sign divides whole from part in a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
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
    /// Other attributes that the same text states ("IP66, –40 °C - +60 °C").
    pub also: Vec<Reading>,
}

/// Reads `raw` as a value of `attribute`.
pub fn normalize(dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
    let _ = (dictionary, hints);
    let text = raw.trim();
    Reading {
        resolved_attribute: attribute.code.clone(),
        status: if text.is_empty() { Status::Empty } else { Status::Ok },
        value: (!text.is_empty()).then(|| Value::text(text)),
        qualifiers: Vec::new(),
        rule: "text",
        confidence: 50,
        span: None,
        findings: Vec::new(),
        also: Vec::new(),
    }
}
