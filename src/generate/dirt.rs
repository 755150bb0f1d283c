//! What goes wrong in suppliers' files, each kind with its rate. Every damage is noted, so that a test can tell what a reader should have
//! made of it.

use super::cells::Clerk;
use super::lamp::Lamp;
use super::random::Random;
use crate::dictionary::Dictionary;
use crate::error::{Code, Error, Result};
use serde::Deserialize;

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident $field:ident;)+) => {
        /// A kind of dirt.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Dirt { $($(#[$doc])+ $name,)+ }

        impl Dirt {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word of the truth file.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => stringify!($field),)+ } }
        }

        /// Share of the rows that have each kind of dirt, 0 to 1.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Rates { $($(#[$doc])+ pub $field: f64,)+ }

        impl Rates {
            /// The same rate for every kind.
            pub fn all(rate: f64) -> Self { Self { $($field: rate,)+ } }

            /// The rate of one kind.
            pub fn of(&self, dirt: Dirt) -> f64 { match dirt { $(Dirt::$name => self.$field,)+ } }
        }
    };
}

kinds! {
    /// No GTIN.
    GtinMissing gtin_missing;
    /// A GTIN with one wrong digit.
    GtinWrong gtin_wrong;
    /// The GTIN of another product.
    GtinOfAnother gtin_of_another;
    /// A GTIN that lost its leading zeros.
    GtinZerosLost gtin_zeros_lost;
    /// A GTIN that a spreadsheet has rounded.
    GtinSpreadsheet gtin_spreadsheet;
    /// The brand in another spelling.
    BrandSpelling brand_spelling;
    /// The part number with other hyphens, spaces or case.
    MpnPunctuation mpn_punctuation;
    /// The weight in another unit than the column's.
    UnitConfusion unit_confusion;
    /// A word for "nothing" where a value should be.
    NullWord null_word;
    /// Another light output than the maker states.
    ValueDiffers value_differs;
    /// The row stands twice.
    DuplicateRow duplicate_row;
    /// The row in another encoding than the rest.
    BrokenEncoding broken_encoding;
}

impl Rates {
    /// The rates of `schema/generate/lamps.toml`, as seen in real files.
    pub fn observed() -> Result<Self> {
        Ok(super::shapes::Shapes::embedded()?.dirt)
    }

    /// Refuses what is no share.
    pub(super) fn check(&self) -> Result<()> {
        match Dirt::ALL.iter().find(|dirt| !(0.0..=1.0).contains(&self.of(**dirt))) {
            Some(dirt) => {
                let word = dirt.as_str().replace('_', "-");
                Err(Error::new(Code::Invalid, format!("--{word} is a share of the rows, from 0 (none) to 1 (all)")))
            }
            None => Ok(()),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie between 0 and 1")]
    fn parts(&self, dirt: Dirt) -> u64 {
        (self.of(dirt) * 1_000_000.0).round() as u64
    }
}

/// A row as it will be written.
pub(super) struct Dirty {
    pub(super) cells: Vec<String>,
    pub(super) twice: bool,
    pub(super) broken: bool,
    /// What was done to it, and to which column.
    pub(super) done: Vec<(Dirt, String)>,
}

/// Columns that may hold a word for nothing; without the others there would be no lamp.
const OPTIONAL: [&str; 6] =
    ["weight_with_battery", "beam_distance_max", "runtime_max", "ip_rating", "release_year", "charging_port"];

/// Dirties a row. `another` is the GTIN of another product.
pub(super) fn soil(
    clerk: &Clerk<'_>,
    rates: &Rates,
    cells: Vec<String>,
    lamp: &Lamp,
    another: &str,
    random: &mut Random,
) -> Dirty {
    let mut row = Dirty { cells, twice: false, broken: false, done: Vec::new() };
    for dirt in Dirt::ALL {
        // Drawn for every kind in turn, so that one rate does not move the others' rows.
        let (hit, choice) = (random.parts(rates.parts(*dirt)), random.rank());
        if hit {
            row.soil(*dirt, clerk, lamp, another, choice);
        }
    }
    row
}

impl Dirty {
    fn soil(&mut self, dirt: Dirt, clerk: &Clerk<'_>, lamp: &Lamp, another: &str, choice: u64) {
        let target = match dirt {
            Dirt::GtinMissing | Dirt::GtinWrong | Dirt::GtinOfAnother | Dirt::GtinZerosLost | Dirt::GtinSpreadsheet => "gtin",
            Dirt::BrandSpelling => "brand",
            Dirt::MpnPunctuation => "mpn",
            Dirt::UnitConfusion => "weight_with_battery",
            Dirt::ValueDiffers => "light_output_max",
            Dirt::NullWord => {
                let at = usize::try_from(choice).unwrap_or_default() % OPTIONAL.len();
                OPTIONAL.get(at).copied().unwrap_or_default()
            }
            Dirt::DuplicateRow => {
                self.twice = true;
                self.done.push((dirt, String::new()));
                return;
            }
            Dirt::BrokenEncoding => {
                // Letters of ASCII alone are the same in every encoding.
                if self.cells.iter().any(|cell| !cell.is_ascii()) {
                    self.broken = true;
                    self.done.push((dirt, String::new()));
                }
                return;
            }
        };
        let Some(at) = clerk.shape.column.iter().position(|column| column.to == target) else { return };
        let Some(cell) = self.cells.get_mut(at) else { return };
        let new = match dirt {
            Dirt::GtinMissing => String::new(),
            Dirt::GtinWrong => wrong_digit(cell, choice),
            Dirt::GtinOfAnother => another.to_owned(),
            Dirt::GtinZerosLost => cell.trim_start_matches('0').to_owned(),
            Dirt::GtinSpreadsheet => spreadsheet(cell, clerk),
            Dirt::BrandSpelling => spelling(&lamp.brand, clerk.dictionary, choice),
            Dirt::MpnPunctuation => punctuation(cell, choice),
            Dirt::UnitConfusion => confused(lamp, clerk, at),
            Dirt::NullWord => null_word(clerk, choice),
            Dirt::ValueDiffers => differs(lamp, cell, choice),
            Dirt::DuplicateRow | Dirt::BrokenEncoding => return,
        };
        if new != *cell {
            *cell = new;
            self.done.push((dirt, target.to_owned()));
        }
    }
}

fn wrong_digit(gtin: &str, choice: u64) -> String {
    let place = usize::try_from(choice).unwrap_or_default() % gtin.len().max(1);
    let turned = |(at, digit): (usize, char)| match digit.to_digit(10).filter(|_| at == place) {
        Some(value) => char::from_digit((value + 1) % 10, 10).unwrap_or(digit),
        None => digit,
    };
    gtin.chars().enumerate().map(turned).collect()
}

/// `9521234567897` as `9.52E+12`: three digits are left.
fn spreadsheet(gtin: &str, clerk: &Clerk<'_>) -> String {
    let digits = gtin.trim_start_matches('0');
    match (digits.get(..1), digits.get(1..3)) {
        (Some(first), Some(next)) => clerk.decimal(&format!("{first}.{next}E+{}", digits.len() - 1)),
        _ => gtin.to_owned(),
    }
}

fn spelling(brand: &str, dictionary: &Dictionary, choice: u64) -> String {
    let aliases = dictionary.brand(brand).map_or(&[][..], |brand| brand.aliases.as_slice());
    match aliases.get(usize::try_from(choice / 4).unwrap_or_default() % aliases.len().max(1)) {
        Some(alias) if choice % 4 < 3 => alias.clone(),
        _ => match choice % 3 {
            0 => brand.to_uppercase(),
            1 => brand.to_lowercase(),
            _ => format!("{brand}®"),
        },
    }
}

fn punctuation(mpn: &str, choice: u64) -> String {
    match choice % 4 {
        0 => mpn.replace('-', ""),
        1 => mpn.replace('-', " "),
        2 => mpn.to_lowercase(),
        _ => mpn.replace('-', "/"),
    }
}

/// A weight of grams where ounces stand, of kilograms where grams stand, and nobody says so.
fn confused(lamp: &Lamp, clerk: &Clerk<'_>, at: usize) -> String {
    let unit = clerk.shape.column.get(at).and_then(|column| column.unit.as_deref());
    if unit == Some("oz") {
        return clerk.decimal(&super::lamp::tenths(lamp.weight));
    }
    clerk.decimal(&format!("{}.{:04}", lamp.weight / 10_000, lamp.weight % 10_000))
}

fn null_word(clerk: &Clerk<'_>, choice: u64) -> String {
    let words = clerk.dictionary.locale(&clerk.shape.locale).map_or(&[][..], |locale| locale.null_words.as_slice());
    let at = usize::try_from(choice / 7).unwrap_or_default() % (words.len() + 2);
    words.get(at).map_or(if at == words.len() { "-" } else { "n/a" }, String::as_str).to_owned()
}

/// 12 to 30 % less than the truth: measured otherwise, or another generation's figure.
fn differs(lamp: &Lamp, cell: &str, choice: u64) -> String {
    let other = (lamp.lumens * (70 + choice % 18) / 100).max(1);
    cell.replace(&lamp.lumens.to_string(), &other.to_string())
}
