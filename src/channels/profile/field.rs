//! A field of a channel: what it is called there, where its value comes from, how it is written, and its limits.

use super::super::condition::Condition;
use super::{Docs, Source};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeMap;

/// What a field belongs to, where a group is written as several rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The product: on its own row.
    #[default]
    Product,
    /// The group: on the group's first row.
    Group,
    /// The file's key: on every row, rows that only hold a further image included.
    Row,
    /// The images: one value a row, further rows added as needed.
    Image,
}

/// What stands in a group's own row, where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// `first`: the first member's value.
    First,
    /// `all`: the different values of all members.
    All,
    /// `handle`: what binds the rows together.
    Handle,
    /// `literal:TEXT`
    Literal(String),
}

impl<'de> Deserialize<'de> for Parent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (text.as_str(), text.split_once(':')) {
            ("first", _) => Ok(Self::First),
            ("all", _) => Ok(Self::All),
            ("handle", _) => Ok(Self::Handle),
            (_, Some(("literal", text))) => Ok(Self::Literal(text.to_owned())),
            _ => Err(D::Error::custom(format!("a group's row has first, all, handle or literal:TEXT, not '{text}'"))),
        }
    }
}

/// What is said of a group as a whole where its members differ: of one place for all of them, a single member's value would be false of
/// the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Differing {
    /// The first member's value.
    #[default]
    First,
    /// Only what all of them say.
    Nothing,
    /// In the group's own row what each of them says; where they differ, in the row of each member its own.
    Each,
}

/// What happens to a text that is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// Cut at the last word that fits.
    #[default]
    Cut,
    /// The listing is blocked.
    Block,
    /// The value is left out.
    Drop,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Render {
    /// One line of plain text; HTML is stripped.
    #[default]
    Text,
    /// Plain text that may have several lines; HTML is stripped.
    Plain,
    /// HTML; plain text is escaped and its lines become paragraphs.
    Html,
    /// `29.99 USD`
    Money,
    /// `29.99`
    Decimal,
    /// `2999`
    MinorUnits,
    /// A measure in the field's unit with the unit: `120 g`.
    Measure,
    /// A measure in the field's unit as a plain number: `0.12`.
    Number,
    /// A measure or number rounded half up to a whole one: `120`.
    Integer,
    /// A GTIN without the zeros that fill it up: 8, 12, 13 or 14 digits.
    Gtin,
    /// Codes of the source through the field's `map`.
    Map,
    /// An absolute http or https address.
    Url,
}

impl Render {
    /// Are its values numbers?
    pub fn is_number(self) -> bool {
        matches!(self, Self::Decimal | Self::MinorUnits | Self::Number | Self::Integer)
    }
}

/// One column or element: what it is called, where its value comes from, how it is written and how long it may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
// Each is a key of its own in the profile.
#[allow(clippy::struct_excessive_bools)]
pub struct Field {
    /// The channel's own name: the column's heading, the element's name.
    pub name: String,
    /// Name of the element in `rss` where it stands outside the namespace.
    #[serde(default)]
    pub element: Option<String>,
    /// Left out of these formats.
    #[serde(default)]
    pub not_in: Vec<String>,
    /// Where the value comes from; the first source that gives one counts.
    #[serde(default)]
    pub from: Vec<Source>,
    /// Written when no source gives anything; such a field counts as filled.
    #[serde(default)]
    pub default: Option<String>,
    /// What the source `template` writes, by locale; a minijinja template.
    #[serde(default)]
    pub template: BTreeMap<String, String>,
    /// A listing without it is blocked.
    #[serde(default)]
    pub required: bool,
    /// A product of which this holds is blocked without it.
    #[serde(default)]
    pub required_when: Option<Condition>,
    /// Counts in the completeness.
    #[serde(default)]
    pub recommended: bool,
    /// Written only of products of which this holds.
    #[serde(default)]
    pub only_when: Option<Condition>,
    /// How it is written.
    #[serde(default)]
    pub render: Render,
    /// Codes to the channel's words; a code that is not here gives nothing. Only for `map`.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Unit code of the dictionary for `measure`, `number` and `integer`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Option of the channel that names the unit, where the owner decides it; `unit` is used without it.
    #[serde(default)]
    pub unit_setting: Option<String>,
    /// Shortest text in characters.
    #[serde(default)]
    pub min_length: Option<usize>,
    /// Longest text in characters.
    #[serde(default)]
    pub max_length: Option<usize>,
    /// Longest text in bytes of UTF-8, where the channel counts these.
    #[serde(default)]
    pub max_bytes: Option<usize>,
    /// Smallest number.
    #[serde(default)]
    pub min: Option<Decimal>,
    /// Largest number.
    #[serde(default)]
    pub max: Option<Decimal>,
    /// What an address ends with, where the channel looks: `jpg`, `png`.
    #[serde(default)]
    pub endings: Vec<String>,
    /// Must an address begin with https?
    #[serde(default)]
    pub https: bool,
    /// Is a text all in capitals told as a warning?
    #[serde(default)]
    pub no_shouting: bool,
    /// May two products not have the same?
    #[serde(default)]
    pub unique: bool,
    /// Stock or price: told by the formats of `scope = "terms"` when nothing else changed.
    #[serde(default)]
    pub terms: bool,
    /// What happens to a longer one.
    #[serde(default)]
    pub on_too_long: TooLong,
    /// How many values at most; the rest is left out.
    #[serde(default = "one")]
    pub max_count: usize,
    /// With fewer values none is written.
    #[serde(default)]
    pub min_count: usize,
    /// Joins several values into one text; without it they are repeated.
    #[serde(default)]
    pub joiner: Option<String>,
    /// The only values that the channel takes.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Values that say nothing to the channel, such as a pack of one; they are left out. Beside a `map` also codes that it has no word for,
    /// `*` for all others.
    #[serde(default)]
    pub omit: Vec<String>,
    /// What it belongs to, for channels that write a group as rows.
    #[serde(default)]
    pub per: Per,
    /// What stands in a group's own row; without it what `per` says.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// What is said of a group as a whole where its members differ.
    #[serde(default)]
    pub differing: Differing,
    /// The field beside which alone it stands: a value's name never stands without the value.
    #[serde(default)]
    pub beside: Option<String>,
    /// The place of that field; filled in when the profile is loaded.
    #[serde(skip)]
    pub beside_at: Option<usize>,
    /// Names of a fact's parts (section, name, value) where the channel wants them apart. Only for the source `details`.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Where this field's rule stands, when not on the profile's page.
    #[serde(default)]
    pub docs: Option<Docs>,
}

fn one() -> usize {
    1
}
