//! Units: exact factors to their family's base unit, and every spelling the world uses.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

/// One unit of `schema/units.toml`. `base = (amount + offset) * factor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Stable code, as UCUM or common practice writes it: `g`, `lm`, `degC`.
    pub code: String,
    /// Quantity it measures, such as `mass`; only units of one family convert.
    pub family: String,
    /// Exact ratio to the family's base unit.
    pub factor: Ratio,
    /// Added before the factor applies; only temperatures have one.
    #[serde(default)]
    pub offset: Decimal,
    /// How it is written beside a number.
    pub symbol: String,
    /// The unit that stands for it where US customary units are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub us: Option<String>,
    /// Beginnings of words that speak of what it measures, in lower case: a bare degree is of this unit where one stands in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// Spellings that are read, in any language and script.
    pub spellings: Vec<String>,
}

/// An exact fraction, written `"28.349523125"` or `"5/9"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: Decimal,
    /// Below the line, never zero.
    pub denominator: Decimal,
}

impl Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.numerator, self.denominator))
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (top, bottom) = text.split_once('/').unwrap_or((&text, "1"));
        let parse = |part: &str| part.trim().parse::<Decimal>().ok().filter(|part| *part > Decimal::ZERO);
        match (parse(top), parse(bottom)) {
            (Some(numerator), Some(denominator)) => Ok(Self { numerator, denominator }),
            _ => Err(serde::de::Error::custom(format!(
                "'{text}' is not a factor: write a positive decimal in quotes, or two with a slash, such as \"5/9\""
            ))),
        }
    }
}

impl Unit {
    /// Converts to another unit of the same family; none across families or when the number leaves the decimal's range.
    pub fn convert(&self, amount: Decimal, to: &Unit) -> Option<Decimal> {
        if self.family != to.family {
            return None;
        }
        if self.code == to.code {
            return Some(amount);
        }
        // Most factors are one above or below the line, and a multiplication saved is time saved.
        let times = |left: Decimal, right: Decimal| if right == Decimal::ONE { Some(left) } else { left.checked_mul(right) };
        let amount = if self.offset.is_zero() { amount } else { amount.checked_add(self.offset)? };
        let top = times(times(amount, self.factor.numerator)?, to.factor.denominator)?;
        let bottom = times(self.factor.denominator, to.factor.numerator)?;
        let converted = if bottom == Decimal::ONE { top } else { top.checked_div(bottom)? };
        if to.offset.is_zero() { Some(converted) } else { converted.checked_sub(to.offset) }
    }
}
