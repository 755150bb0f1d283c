//! Cost and recommended price: exact money in the currency the row, the profile or the supplier says.

use super::ImportKind;
use super::row::Row;
use crate::normalize::Hints;
use crate::normalize::{AmountError, parse_amount};
use crate::pricing::{Money, money};
use crate::suppliers::targets::Targets;
use crate::suppliers::{Column, Target};
use iso_currency::Currency;
use rust_decimal::Decimal;

/// Sets both prices; a price row without either is lost.
pub(super) fn set(row: &mut Row<'_>) {
    let stated = stated_currency(row);
    row.out.cost = price(row, &Target::Cost, stated);
    row.out.recommended_price = price(row, &Target::RecommendedPrice, stated);
    if row.preparer.kind == ImportKind::Prices && row.out.cost.is_none() && row.out.recommended_price.is_none() {
        let field = row.profile().columns.iter().find(|column| matches!(column.to, Target::Cost | Target::RecommendedPrice));
        let field = field.map(|column| column.from.clone()).unwrap_or_default();
        row.reject(
            &field,
            "missing_price",
            "the row of a price list has neither a cost nor a recommended price; fill one in",
            "",
        );
    }
}

/// The currency that a column of the row says.
fn stated_currency(row: &mut Row<'_>) -> Option<Currency> {
    let (column, text) = row.first(&Target::Currency)?;
    let spelled = row.dictionary().currency_for(&text, row.locale(column));
    let found = money::currency(&text).ok().or_else(|| spelled.and_then(|code| money::currency(code).ok()));
    if found.is_none() {
        row.warn(&column.from, "unknown_currency", "this is no currency; write its ISO 4217 code, such as EUR", &text);
    }
    found
}

fn price(row: &mut Row<'_>, target: &Target, stated: Option<Currency>) -> Option<Money> {
    let (column, text) = row.first(target)?;
    match read(row, column, &text, stated) {
        Ok(money) => Some(money),
        Err((code, message)) => {
            row.warn(&column.from, code, message, &text);
            None
        }
    }
}

fn read(row: &Row<'_>, column: &Column, text: &str, stated: Option<Currency>) -> Result<Money, (&'static str, String)> {
    let hints = row.hints(column);
    let (amount, near) = parse_amount(row.dictionary(), text, &hints).map_err(|why| match why {
        AmountError::Several(_) => ("price_ambiguous", why.to_string()),
        _ => ("price_not_a_number", why.to_string()),
    })?;
    if amount < Decimal::ZERO {
        return Err(("price_negative", "a price cannot be negative; correct it".to_owned()));
    }
    if amount.is_zero() {
        return Err(("price_zero", "a price of zero was not taken; leave it empty or correct it".to_owned()));
    }
    let max = Targets::embedded().limits.price_max;
    if amount > Decimal::from(max) {
        return Err(("price_absurd", format!("a price above {max} was taken for a mistake; correct it")));
    }
    // A sign that several currencies share ("$") is decided by the locale, and must not outrank what the profile says.
    let alone = parse_amount(row.dictionary(), text, &Hints { locale: None, ..hints }).ok().and_then(|(_, code)| code);
    let iso = |code: Option<String>| code.and_then(|code| money::currency(&code).ok());
    let (own, near) = (iso(alone), iso(near));
    let said = column.currency.or(stated);
    if let (Some(own), Some(said)) = (own, said)
        && own != said
    {
        return Err((
            "currency_conflict",
            format!("the price says {} but the row or the profile says {}; correct one", own.code(), said.code()),
        ));
    }
    let currency = own.or(said).or(row.profile().currency).or(row.preparer.currency).or(near).ok_or_else(|| {
        let message = "nobody says the currency; set currency in the profile or with the supplier".to_owned();
        ("no_currency", message)
    })?;
    let money = Money::from_decimal(amount, currency).map_err(|error| ("price_absurd", error.to_string()))?;
    if money.minor == 0 {
        return Err(("price_zero", "the price is less than the currency's smallest coin".to_owned()));
    }
    Ok(money)
}
