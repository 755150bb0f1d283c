//! The first price: what a channel asks for a product as long as no pricing rule says otherwise.
//!
//! The offer that would be ordered decides: the first live one in supplier rank, those with stock before those without. Its
//! recommended price counts when the channel's source says so and it has one, else its cost plus the channel's markup. The
//! result is rounded half up to the minor unit of the channel's currency, once, at the end. Pure: same offers, same price.

#[cfg(test)]
mod tests;

use super::Money;
use iso_currency::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One supplier's terms for one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferTerms {
    /// The supplier's rank; the smallest comes first.
    pub supplier_rank: i32,
    /// The supplier's code; decides between equal ranks.
    pub supplier_code: String,
    /// The offer key within the supplier; decides between offers of one supplier.
    pub offer_key: String,
    /// Does the supplier still list it?
    pub live: bool,
    /// Does the supplier have any to sell?
    pub in_stock: bool,
    /// What the supplier charges.
    pub cost: Option<Money>,
    /// The price the supplier recommends.
    pub recommended_price: Option<Money>,
}

/// What a price is made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// Cost x (1 + markup).
    #[default]
    CostPlus,
    /// The supplier's recommended price, where it has one; else as `cost_plus`.
    Recommended,
}

/// How one channel prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSettings {
    /// What the price is asked in.
    pub currency: Currency,
    /// Share added to the cost: 0.30 is 30 %.
    pub markup: Decimal,
    /// What the price is made from.
    pub source: PriceSource,
}

/// How much of the second currency one unit of the first is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(pub BTreeMap<(String, String), Decimal>);

/// A price and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// In the channel's currency.
    pub price: Money,
    /// The arithmetic, a step a line.
    pub explanation: Vec<String>,
}

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    /// No supplier offers it now.
    #[error("no supplier offers it now")]
    NoOffer,
    /// The offer that counts states neither a cost nor, where it would be used, a recommended price.
    #[error("the offer that counts has no cost")]
    NoCost,
    /// The rate table does not lead from one currency to the other.
    #[error("there is no rate from {from} to {to}")]
    NoRate {
        /// The supplier's currency.
        from: String,
        /// The channel's currency.
        to: String,
    },
    /// The amount does not fit into the ledger.
    #[error("the amount is too large")]
    TooLarge,
}

impl Rates {
    /// The factor from one currency to the other: direct, inverse, or over one currency that both have a rate with.
    pub fn factor(&self, from: Currency, to: Currency) -> Option<Decimal> {
        if from == to {
            return Some(Decimal::ONE);
        }
        let (from, to) = (from.code(), to.code());
        self.leg(from, to).or_else(|| {
            let mut between: Vec<&str> = self.0.keys().flat_map(|(base, quote)| [base.as_str(), quote.as_str()]).collect();
            between.sort_unstable();
            between.dedup();
            between.into_iter().find_map(|middle| self.leg(from, middle)?.checked_mul(self.leg(middle, to)?))
        })
    }

    /// Converts and rounds half up to the minor unit of `to`; none where no rate leads there or the amount is too large.
    pub fn convert(&self, money: Money, to: Currency) -> Option<Money> {
        let amount = money.amount().checked_mul(self.factor(money.currency, to)?)?;
        Money::from_decimal(amount, to).ok()
    }

    /// A rate as the owner set it, or its inverse. Rates that are not positive count as absent.
    fn leg(&self, from: &str, to: &str) -> Option<Decimal> {
        let rate = |base: &str, quote: &str| {
            self.0.get(&(base.to_owned(), quote.to_owned())).copied().filter(|rate| *rate > Decimal::ZERO)
        };
        rate(from, to).or_else(|| rate(to, from).and_then(|rate| Decimal::ONE.checked_div(rate)))
    }
}

/// What the channel asks for a product with these offers, in any order.
pub fn first_price(offers: &[OfferTerms], settings: &PriceSettings, rates: &Rates) -> Result<Priced, NoPrice> {
    let order =
        |offer: &&OfferTerms| (!offer.in_stock, offer.supplier_rank, offer.supplier_code.clone(), offer.offer_key.clone());
    let offer = offers.iter().filter(|offer| offer.live).min_by_key(order).ok_or(NoPrice::NoOffer)?;
    let stock = if offer.in_stock { "has stock" } else { "has no stock" };
    let mut explanation =
        vec![format!("offer {} of {} (rank {}, {stock}) counts", offer.offer_key, offer.supplier_code, offer.supplier_rank)];
    let recommended = offer.recommended_price.filter(|_| settings.source == PriceSource::Recommended);
    let (base, amount) = match (recommended, offer.cost) {
        (Some(price), _) => {
            explanation.push(format!("it recommends {price}"));
            (price, price.amount())
        }
        (None, Some(cost)) => {
            let factor = Decimal::ONE.checked_add(settings.markup).ok_or(NoPrice::TooLarge)?;
            let amount = cost.amount().checked_mul(factor).ok_or(NoPrice::TooLarge)?;
            let what = if settings.source == PriceSource::Recommended { "it recommends no price; " } else { "" };
            explanation.push(format!("{what}cost {cost} x (1 + {}) = {}", settings.markup, Amount(amount, cost.currency)));
            (cost, amount)
        }
        (None, None) => return Err(NoPrice::NoCost),
    };
    let factor = rates
        .factor(base.currency, settings.currency)
        .ok_or_else(|| NoPrice::NoRate { from: base.currency.code().to_owned(), to: settings.currency.code().to_owned() })?;
    let converted = amount.checked_mul(factor).ok_or(NoPrice::TooLarge)?;
    let price = Money::from_decimal(converted, settings.currency).map_err(|_| NoPrice::TooLarge)?;
    if base.currency != settings.currency {
        explanation.push(format!("1 {} = {} {}", base.currency.code(), factor.normalize(), settings.currency.code()));
    }
    if price.amount() != converted {
        explanation.push(format!("{} rounded to {price}", Amount(converted, settings.currency)));
    }
    Ok(Priced { price, explanation })
}

/// An unrounded amount for people.
struct Amount(Decimal, Currency);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.normalize(), self.1.code())
    }
}
