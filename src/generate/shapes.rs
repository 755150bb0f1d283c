//! `schema/generate/lamps.toml`: how real lamps are spread, and how suppliers write.

use super::dirt::Rates;
use super::random::Random;
use crate::error::{Code, Error, Result};
use crate::import::read::Format;
use crate::normalize::DecimalStyle;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Values at 0, 5, 25, 50, 75, 95 and 100 %, and straight lines between.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Quantiles([u64; 7]);

const AT: [u64; 7] = [0, 500, 2_500, 5_000, 7_500, 9_500, 10_000];

impl Quantiles {
    /// The value at a rank of 0 to 10,000.
    pub(super) fn at(&self, rank: u64) -> u64 {
        let spans = AT.iter().zip(&self.0).zip(AT.iter().zip(&self.0).skip(1));
        for ((from, low), (to, high)) in spans {
            if rank <= *to {
                return low + high.saturating_sub(*low) * rank.saturating_sub(*from) / (to - from);
            }
        }
        self.0.last().copied().unwrap_or_default()
    }
}

/// One of several, by weight.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pick(Vec<(String, u64)>);

impl Pick {
    /// One of them; an empty text when there are none.
    pub(super) fn one(&self, random: &mut Random) -> &str {
        let sum = self.0.iter().map(|(_, weight)| weight).sum();
        let mut left = random.below(sum);
        for (code, weight) in &self.0 {
            if left < *weight {
                return code;
            }
            left -= weight;
        }
        ""
    }

    /// The `place`th different one in an order that begins with a weighted draw.
    pub(super) fn nth(&self, random: &mut Random, place: u64) -> &str {
        let first = self.one(random);
        let start = self.0.iter().position(|(code, _)| code == first).unwrap_or_default() as u64;
        let at = (start + place) % (self.0.len() as u64).max(1);
        self.0.get(usize::try_from(at).unwrap_or_default()).map_or("", |(code, _)| code)
    }
}

/// The spread of lamps as a whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub(super) beam_distance: Quantiles,
    pub(super) runtime_max: Quantiles,
    pub(super) runtime_at_max: Quantiles,
    pub(super) modes: Quantiles,
    pub(super) mode_step: Quantiles,
    pub(super) year: Quantiles,
    pub(super) lumens_with_weight: u64,
    pub(super) lumens_with_distance: u64,
    pub(super) lumens_with_price: u64,
    pub(super) no_name_share: u64,
    pub(super) cost_share: Quantiles,
    pub(super) stock_empty: u64,
    pub(super) stock: Quantiles,
}

/// A class of power source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Power {
    #[expect(dead_code, reason = "says to a reader of the file what the class is")]
    class: String,
    pub(super) weight: u64,
    pub(super) usb: u64,
    pub(super) lumens: Quantiles,
    pub(super) grams: Quantiles,
    pub(super) price: Quantiles,
    pub(super) cells: Pick,
}

/// What is drawn by frequency.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Picks {
    pub(super) brand: Pick,
    pub(super) ip_rating: Pick,
    pub(super) body_color: Pick,
    pub(super) light_color: Pick,
    pub(super) charging_port: Pick,
    pub(super) feature: Pick,
}

/// Invented names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    pub(super) first: Vec<String>,
    pub(super) second: Vec<String>,
    pub(super) model: Vec<String>,
}

/// One column as a supplier writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnShape {
    pub(super) to: String,
    pub(super) from: String,
    /// Unit of its numbers.
    pub(super) unit: Option<String>,
    /// The unit as it stands beside each number; none: only the profile knows it.
    pub(super) write: Option<String>,
}

/// A supplier's stock file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StockShape {
    pub(super) sku: String,
    pub(super) on_hand: String,
    pub(super) warehouse: String,
    pub(super) code: String,
}

/// How one supplier writes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SupplierShape {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) locale: String,
    pub(super) currency: String,
    pub(super) per_usd: u64,
    pub(super) minor: u32,
    pub(super) sku: String,
    pub(super) format: Format,
    pub(super) separator: char,
    pub(super) decimal: DecimalStyle,
    pub(super) list: String,
    pub(super) category: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) word: BTreeMap<String, String>,
    pub(super) stock: StockShape,
    pub(super) column: Vec<ColumnShape>,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shapes {
    pub(super) shape: Shape,
    pub(super) power: Vec<Power>,
    pub(super) pick: Picks,
    pub(super) names: Names,
    pub(super) dirt: Rates,
    pub(super) supplier: Vec<SupplierShape>,
}

impl Shapes {
    /// The file in the binary.
    pub(super) fn embedded() -> Result<Self> {
        toml::from_str(include_str!("../../schema/generate/lamps.toml"))
            .map_err(|error| Error::new(Code::Internal, "schema/generate/lamps.toml cannot be read").because(error))
    }

    /// A class of power source, by weight.
    pub(super) fn power(&self, random: &mut Random) -> Option<&Power> {
        let sum = self.power.iter().map(|power| power.weight).sum();
        let mut left = random.below(sum);
        for power in &self.power {
            if left < power.weight {
                return Some(power);
            }
            left -= power.weight;
        }
        self.power.first()
    }
}
