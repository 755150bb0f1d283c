//! How a file is laid out: what a profile's `[file]` table says, the rest left to detection.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A format we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text with a separator, as RFC 4180 and as spreadsheets write it.
    Csv,
    /// The same with tabs.
    Tsv,
    /// An Office Open XML workbook.
    Xlsx,
    /// Repeated elements.
    Xml,
    /// An array of objects, or an object that holds one.
    Json,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The word of the profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Xlsx => "xlsx",
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known about a file before it is opened. Everything absent is detected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadOptions {
    /// Format; else by content, then by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// One ASCII character between the cells of a CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// One ASCII character around cells; an empty text means that quotes are ordinary characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Encoding by any WHATWG label, such as `windows-1251`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Which line that is not blank holds the headers, from 1; 0 when there is none. Lines above it are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
    /// Name of a worksheet, or its number from 1; else the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Which element or array holds the records: `/BMECAT/T_NEW_CATALOG/ARTICLE`, `produkt`, `data.products`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Children that name their siblings, so that `<FEATURE><FNAME>Gewicht</FNAME><FVALUE>80</FVALUE></FEATURE>` becomes the field
    /// `FEATURE[FNAME=Gewicht]/FVALUE`. An attribute is written `@name`. Empty means the usual ones of `schema/targets.toml`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pair_keys: Vec<String>,
    /// Members of JSON objects that stay JSON whatever they hold, such as `values.*`; `*` stands for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub whole: Vec<String>,
    /// How rows belong together where an item takes several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<super::Items>,
    /// Rows that others inherit from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parents: Option<super::Parents>,
    /// An apostrophe stands in front of texts that a spreadsheet would run as a formula; see [`crate::import::formula`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub formulas_guarded: bool,
    /// Cells that hold a list of names and values.
    #[serde(rename = "list", skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<super::List>,
    /// Further ones, that a profile's columns use.
    #[serde(skip)]
    pub extra_pair_keys: Vec<String>,
    /// BCP 47 tag of the file's language, a hint for its encoding.
    #[serde(skip)]
    pub language: Option<String>,
}

/// How a file turned out to be laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Format.
    pub format: Format,
    /// Separator of a CSV.
    pub separator: Option<char>,
    /// Path of the records in XML or JSON, the worksheet of a workbook.
    pub record: Option<String>,
}
