//! Exact money: whole minor units of one ISO 4217 currency. Never a float.

use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An amount in the minor unit of its currency (cents of EUR, whole JPY).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Whole minor units; negative for credits.
    pub minor: i64,
    /// ISO 4217 currency.
    pub currency: Currency,
}

/// Why a text or number is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an ISO 4217 code.
    #[error("'{0}' is not an ISO 4217 currency code")]
    Currency(String),
    /// Too large for the ledger.
    #[error("the amount {0} is too large")]
    TooLarge(Decimal),
    /// Not a decimal number.
    #[error("'{0}' is not an amount")]
    Amount(String),
}

impl Money {
    /// Rounds half up (away from zero) to the currency's minor unit, as a till does.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let scale = minor_digits(currency);
        let rounded = amount.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
        let minor = rounded
            .checked_mul(Decimal::from(10_i64.pow(scale)))
            .and_then(|minor| minor.to_i64())
            .ok_or(MoneyError::TooLarge(amount))?;
        Ok(Self { minor, currency })
    }

    /// The amount in major units, with the currency's own number of decimals.
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, minor_digits(self.currency))
    }
}

/// Parses an ISO 4217 code, in any case.
pub fn currency(code: &str) -> Result<Currency, MoneyError> {
    Currency::from_code(&code.trim().to_ascii_uppercase()).ok_or_else(|| MoneyError::Currency(code.to_owned()))
}

fn minor_digits(currency: Currency) -> u32 {
    currency.exponent().unwrap_or(0).into()
}

/// `29.99 USD`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency.code())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    amount: String,
    currency: String,
}

/// `{"amount":"29.99","currency":"USD"}`
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire { amount: self.amount().to_string(), currency: self.currency.code().to_owned() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let amount = wire.amount.parse().map_err(|_| serde::de::Error::custom(MoneyError::Amount(wire.amount.clone())))?;
        let currency = currency(&wire.currency).map_err(serde::de::Error::custom)?;
        Self::from_decimal(amount, currency).map_err(serde::de::Error::custom)
    }
}
