//! A profile: how one supplier's files map to our attributes. Data a person writes, in TOML; `docs/profiles.md` explains it.
//!
//! A [`Profile`] only exists checked: attributes, units and currencies are known, patterns compile. [`Profile::parse`] names the line
//! and the key of a mistake.

use crate::import::read::{ReadOptions, Unless};
use crate::normalize::DecimalStyle;
use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// How one supplier's files map to our attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// A name for people.
    pub name: String,
    /// BCP 47 tag of the texts, where a column says nothing else.
    pub locale: Option<String>,
    /// What the language of the texts is taken to be, where `locale` says nothing; a text that is surely in another goes under that.
    pub assumed_locale: Option<String>,
    /// How sure that is where it was found in the texts, 1 to 100; absent where it is only usual here.
    pub assumed_confidence: Option<u8>,
    /// How numbers are written, where a column says nothing else.
    pub decimal: DecimalStyle,
    /// Currency of prices, where neither a column nor the row says it.
    pub currency: Option<Currency>,
    /// Is a catalogue file the whole range? Absent: the caller decides, `partial` by default.
    pub mode: Option<FileMode>,
    /// Days after which an offer that a full file no longer holds discontinues its product.
    pub discontinue_after_days: Option<u32>,
    /// Layout of the file; what is absent is detected.
    pub file: ReadOptions,
    /// Fields or attributes whose texts make the offer's key, where no column is the supplier's SKU. Empty: brand and model, else title.
    pub key_columns: Vec<String>,
    /// Texts that hold for every row where no column gives the attribute a value: attribute code or target to text.
    pub fixed: BTreeMap<String, String>,
    /// The columns that are read, in order of precedence.
    pub columns: Vec<Column>,
}

/// Is a catalogue file the supplier's whole range?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileMode {
    /// An offer that is missing from it is gone.
    Full,
    /// It says nothing about offers it does not hold.
    Partial,
}

/// One field of the file and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Header, JSON path (`specs.weight`) or XML path (`ARTICLE_FEATURES/FEATURE[FNAME=Gewicht]/FVALUE`).
    pub from: String,
    /// Where it goes.
    pub to: Target,
    /// Overrides the profile's locale.
    pub locale: Option<String>,
    /// Unit of bare numbers, a code or spelling of `schema/units.toml`.
    pub unit: Option<String>,
    /// The field that says the unit of bare numbers, row by row; an empty one leaves it to `unit`.
    pub unit_from: Option<String>,
    /// The text is JSON, a value as our API writes it.
    pub typed: bool,
    /// It only counts where no column before it gave the attribute a value; lists are not put together.
    pub fallback: bool,
    /// Rows of which this holds have nothing in it.
    pub unless: Option<Unless>,
    /// Overrides the profile's decimal style.
    pub decimal: Option<DecimalStyle>,
    /// What parts the items of a list in one cell.
    pub split: Option<String>,
    /// Items that begin so are left out, after the split.
    pub drop_prefix: Option<String>,
    /// Which of several items counts; absent: all where the attribute is a list, the first otherwise.
    pub take: Option<Take>,
    /// Texts that mean another text, replaced whole before normalising.
    pub map: BTreeMap<String, String>,
    /// What of the text counts; items that do not match are left out.
    pub pattern: Option<Pattern>,
    /// Role of an image: `main`, `gallery`, `swatch`, `lifestyle`.
    pub role: Option<String>,
    /// The field that says the role of each picture, in their order.
    pub role_from: Option<String>,
    /// What stands before the addresses of pictures that are not whole, such as `https://example.com/images/`.
    pub prefix: Option<String>,
    /// Currency of a price, over the profile's and the row's.
    pub currency: Option<Currency>,
}

impl Column {
    /// A column that is taken as it stands.
    pub fn new(from: impl Into<String>, to: Target) -> Self {
        Self {
            from: from.into(),
            to,
            locale: None,
            unit: None,
            unit_from: None,
            typed: false,
            fallback: false,
            unless: None,
            decimal: None,
            split: None,
            drop_prefix: None,
            take: None,
            map: BTreeMap::new(),
            pattern: None,
            role: None,
            role_from: None,
            prefix: None,
            currency: None,
        }
    }
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An attribute of the dictionary, by code.
    Attribute(String),
    /// The supplier's own number of the offer: its key.
    SupplierSku,
    /// The key that groups variants.
    Parent,
    /// What the supplier charges.
    Cost,
    /// The price the supplier recommends.
    RecommendedPrice,
    /// Currency of the row's prices.
    Currency,
    /// Pieces in stock.
    OnHand,
    /// Code of the warehouse that `on_hand` is about.
    Warehouse,
    /// When the stock was counted.
    ReportedAt,
    /// Addresses of pictures.
    Image,
    /// Free words.
    Tags,
    /// The supplier's category, a word or a path.
    Category,
    /// Known, and of no use; kept with the raw row.
    Ignore,
}

impl Target {
    /// All targets that are no attribute, with their words.
    pub const SPECIAL: [(&'static str, Self); 12] = [
        ("supplier_sku", Self::SupplierSku),
        ("parent", Self::Parent),
        ("cost", Self::Cost),
        ("recommended_price", Self::RecommendedPrice),
        ("currency", Self::Currency),
        ("on_hand", Self::OnHand),
        ("warehouse", Self::Warehouse),
        ("reported_at", Self::ReportedAt),
        ("image", Self::Image),
        ("tags", Self::Tags),
        ("category", Self::Category),
        ("ignore", Self::Ignore),
    ];

    /// The word of the profile.
    pub fn name(&self) -> &str {
        match self {
            Self::Attribute(code) => code,
            special => Self::SPECIAL.iter().find(|(_, target)| target == special).map_or("ignore", |(name, _)| name),
        }
    }

    /// The special target of this word.
    pub fn special(name: &str) -> Option<Self> {
        Self::SPECIAL.iter().find(|(known, _)| *known == name).map(|(_, target)| target.clone())
    }

    /// Can a row have only one of it?
    pub fn is_single(&self) -> bool {
        !matches!(self, Self::Attribute(_) | Self::Image | Self::Tags | Self::Ignore)
    }
}

/// Roles of an image: the one that lists show, any other view, one from another side, the lamp in use, its box, a drawing with measures, a
/// table of sizes, its colour.
pub const ROLES: [&str; 8] = ["main", "gallery", "angle", "lifestyle", "package", "dimensions", "size_chart", "swatch"];

/// Which of several items counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The first.
    First,
    /// The last.
    Last,
    /// The one with the largest number.
    Max,
    /// The one with the smallest number.
    Min,
    /// Every one.
    All,
}

/// A regular expression of bounded size; its first group counts, or the whole match when it has none.
#[derive(Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Characters of a pattern at most.
    pub const MAX_CHARS: usize = 1_000;
    /// Bytes of a compiled pattern at most.
    const MAX_BYTES: usize = 1 << 20;

    /// Compiles; the error is a sentence.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.chars().count() > Self::MAX_CHARS {
            return Err(format!("is longer than {} characters", Self::MAX_CHARS));
        }
        let built =
            regex::RegexBuilder::new(pattern).size_limit(Self::MAX_BYTES).dfa_size_limit(Self::MAX_BYTES).nest_limit(50).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "is too large when compiled; use smaller repetitions".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().trim().to_owned(),
        })
    }

    /// The part of the text that counts.
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let captures = self.0.captures(text)?;
        captures.get(1).or_else(|| if self.0.captures_len() == 1 { captures.get(0) } else { None }).map(|found| found.as_str())
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile{}: {}{message}", .line.map(|line| format!(", line {line}")).unwrap_or_default(),
    if .key.is_empty() { String::new() } else { format!("{}: ", .key) })]
pub struct ProfileError {
    /// Line of the mistake, from 1, where one line is to blame.
    pub line: Option<usize>,
    /// The key, such as `column.to`; empty when the text is no TOML.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Profile {
    /// How its files are read: the `[file]` table, with the locale as a hint for the encoding and the pair keys its columns use.
    pub fn read_options(&self) -> ReadOptions {
        let mut options = self.file.clone();
        options.language = self.language().map(str::to_owned);
        let keys = self.columns.iter().flat_map(|column| pair_keys(&column.from));
        for key in keys {
            if !options.extra_pair_keys.iter().any(|known| known == key) {
                options.extra_pair_keys.push(key.to_owned());
            }
        }
        options
    }

    /// The language of the texts, said or assumed, where a column says nothing else.
    pub fn language(&self) -> Option<&str> {
        self.locale.as_deref().or(self.assumed_locale.as_deref())
    }

    /// The columns that feed this target.
    pub fn columns_for<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Column> {
        self.columns.iter().filter(move |column| column.to == *target)
    }

    /// SHA-256 in hex of what it says, whatever its comments and spaces.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.to_toml().as_bytes()))
    }
}

/// The `FNAME` of `FEATURE[FNAME=Gewicht]/FVALUE`.
fn pair_keys(path: &str) -> impl Iterator<Item = &str> {
    path.split('[').skip(1).filter_map(|rest| rest.split_once('=')).map(|(key, _)| key.trim())
}
