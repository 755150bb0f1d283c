//! A channel profile: what one marketplace or shop wants, as data.
//!
//! A profile names fields; each field has sources (where its value comes from), one render (how it is written) and limits. Both
//! sources and renders are small closed vocabularies, so a new channel is a new file in `schema/channels/` and no code. Every
//! limit is the channel's own: the profile carries the page and the day it was read.

use super::source::Source;
use crate::pricing::PriceSource;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One file of `schema/channels/`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelProfile {
    /// Stable code; the file's name.
    pub code: String,
    /// The channel's own name.
    pub name: String,
    /// Where its rules stand.
    pub docs: Docs,
    /// Name of the taxonomy in a category's `ids` that the channel uses.
    #[serde(default)]
    pub taxonomy: Option<String>,
    /// Settings of a channel that nobody has set up yet.
    pub defaults: Defaults,
    /// The largest part.
    #[serde(default)]
    pub limits: Limits,
    /// The files it can be given; the first one is the default.
    #[serde(rename = "format")]
    pub formats: Vec<Format>,
    /// How variants of one product group are written.
    #[serde(default)]
    pub variants: Variants,
    /// The fields, in the order of the file's columns.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Sets of fields of which at least one must have a value.
    #[serde(default)]
    pub one_of: Vec<Vec<String>>,
    /// Sections of facts made from the dictionary, for sources `details` and `facts`.
    #[serde(default, rename = "section")]
    pub sections: Vec<Section>,
}

/// A page of the channel and the day it was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docs {
    /// Address of the page.
    pub url: String,
    /// Day it was read, `YYYY-MM-DD`.
    pub date: String,
}

/// See [`ChannelProfile::defaults`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Is the channel on before anybody touched its settings?
    #[serde(default)]
    pub enabled: bool,
    /// ISO 4217.
    pub currency: String,
    /// BCP 47.
    pub locale: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Share added to the cost.
    pub markup: Decimal,
    /// What prices are made from.
    #[serde(default)]
    pub price_source: PriceSource,
}

/// The largest part that the channel takes; a feed that is larger becomes several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Rows, header not counted.
    pub rows_per_part: Option<u64>,
    /// Bytes of the uncompressed file.
    pub bytes_per_part: Option<u64>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// RSS 2.0 with a namespace for the channel's elements.
    Rss,
    /// Tab-separated with a header row.
    Tsv,
    /// Comma-separated with a header row.
    Csv,
}

/// One file the channel can be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Name for `--format`.
    pub code: String,
    /// How it is written.
    pub layout: Layout,
    /// Name of the first part; further parts are numbered before the extension.
    pub file: String,
    /// Media type it is served with.
    pub content_type: String,
    /// Namespace prefix of the elements, for `rss`.
    #[serde(default)]
    pub prefix: String,
    /// Address of the namespace, for `rss`.
    #[serde(default)]
    pub namespace: String,
    /// Between several values of one column, for tables.
    #[serde(default = "comma")]
    pub joiner: String,
}

fn comma() -> String {
    ",".to_owned()
}

/// How variants of one product group are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variants {
    /// Attributes that may tell variants apart, the most telling first; all others are ignored.
    pub attributes: Vec<String>,
    /// At most so many of them; variants that still look alike are blocked. 0: no check.
    pub options: usize,
    /// At most so many variants in a group; 0: no limit.
    pub max: usize,
    /// Are the fields of `per = "group"` written on the first row of a group only?
    pub rows: bool,
}

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

/// One column or element: what it is called, where its value comes from, how it is written and how long it may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// A listing without it is blocked.
    #[serde(default)]
    pub required: bool,
    /// Counts in the completeness.
    #[serde(default)]
    pub recommended: bool,
    /// How it is written.
    #[serde(default)]
    pub render: Render,
    /// Codes to the channel's words; a code that is not here gives nothing. Only for `map`.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Unit code of the dictionary for `measure`, `number` and `integer`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Shortest text in characters.
    #[serde(default)]
    pub min_length: Option<usize>,
    /// Longest text in characters.
    #[serde(default)]
    pub max_length: Option<usize>,
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
    /// Values that say nothing to the channel, such as a pack of one; they are left out.
    #[serde(default)]
    pub omit: Vec<String>,
    /// What it belongs to, for channels that write a group as rows.
    #[serde(default)]
    pub per: Per,
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

/// Attributes that belong together in a channel's list of facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Heading per locale.
    pub name: BTreeMap<String, String>,
    /// Attribute codes, in order.
    pub attributes: Vec<String>,
}

impl ChannelProfile {
    /// The format of this code; without one the first.
    pub fn format(&self, code: &str) -> Option<&Format> {
        self.formats.iter().find(|format| format.code == code)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Format {
    /// Name of part number `at`, counted from 0: `feed.tsv`, `feed-2.tsv`, `feed-3.tsv`. The first keeps the plain name, so that
    /// an address that a channel was once given never dies.
    pub fn part_name(&self, at: usize) -> String {
        if at == 0 {
            return self.file.clone();
        }
        let number = at + 1;
        match self.file.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{number}.{extension}"),
            None => format!("{}-{number}", self.file),
        }
    }

    /// Is this the name of one of its parts?
    pub fn owns(&self, file: &str) -> bool {
        if file == self.file {
            return true;
        }
        let (stem, extension) = self.file.rsplit_once('.').unwrap_or((&self.file, ""));
        let rest = file.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        let number = rest.map(|rest| rest.strip_suffix(extension).unwrap_or(rest)).map(|rest| rest.trim_end_matches('.'));
        number.is_some_and(|number| !number.is_empty() && number.len() < 10 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}
