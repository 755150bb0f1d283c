//! Pieces on hand. Only a number is a count; "in stock" is not, "sold out" is zero.

use super::ImportKind;
use super::row::Row;
use crate::import::row::StockLine;
use crate::normalize::text::key;
use crate::normalize::{AmountError, parse_amount};
use crate::suppliers::targets::Targets;
use crate::suppliers::{Column, Target};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Characters of a warehouse code at most.
const MAX_WAREHOUSE_CHARS: usize = 100;

/// Sets the stock; a stock row without a number is lost.
pub(super) fn set(row: &mut Row<'_>) {
    let lost = row.preparer.kind == ImportKind::Stock;
    let Some((column, text)) = row.first(&Target::OnHand) else {
        if lost {
            let field = row.profile().columns.iter().find(|column| column.to == Target::OnHand).map(|column| column.from.clone());
            row.reject(&field.unwrap_or_default(), "missing_quantity", "the row of a stock file has no quantity; fill it in", "");
        }
        return;
    };
    match on_hand(row, column, &text) {
        Ok((on_hand, note)) => {
            if let Some((code, message)) = note {
                row.warn(&column.from, code, message, &text);
            }
            let warehouse = warehouse(row);
            let reported_at = reported_at(row);
            row.out.stock.push(StockLine { warehouse, on_hand, reported_at });
        }
        Err((code, message)) if lost => row.reject(&column.from, code, message, &text),
        Err((code, message)) => row.warn(&column.from, code, message, &text),
    }
}

type Note = (&'static str, String);

/// The count, with what is to be told about it.
fn on_hand(row: &Row<'_>, column: &Column, text: &str) -> Result<(i64, Option<Note>), Note> {
    let max = Targets::embedded().limits.on_hand_max;
    let amount = match parse_amount(row.dictionary(), text, &row.hints(column)) {
        Ok((amount, _)) => amount,
        Err(AmountError::NoNumber(_)) => return word(row, text),
        Err(_) => return Err(not_a_number()),
    };
    if amount < Decimal::ZERO {
        return Ok((0, Some(("stock_negative", "a stock below zero was taken as zero".to_owned()))));
    }
    if amount > Decimal::from(max) {
        return Err(("stock_absurd", format!("more than {max} pieces were taken for a mistake; correct it")));
    }
    let whole = amount.trunc();
    let pieces = whole.to_i64().ok_or_else(not_a_number)?;
    let note = if whole != amount {
        Some(("stock_fraction", "a count has no fraction; it was cut to whole pieces".to_owned()))
    } else if at_least(row, text) {
        Some(("stock_at_least", "the supplier states a minimum; it was taken as the count".to_owned()))
    } else {
        None
    };
    Ok((pieces, note))
}

fn not_a_number() -> Note {
    ("stock_not_a_number", "this is no count of pieces; ask the supplier for a number".to_owned())
}

fn at_least(row: &Row<'_>, text: &str) -> bool {
    let text = text.trim();
    if text.starts_with(['>', '≥']) || text.ends_with('+') {
        return true;
    }
    let words = row.dictionary().words();
    let lead: String = text.chars().take_while(|sign| !sign.is_ascii_digit()).collect();
    words.at_least.contains(&key(&lead))
}

/// What a word says: nothing left, or only that there is some.
fn word(row: &Row<'_>, text: &str) -> Result<(i64, Option<Note>), Note> {
    let words = row.dictionary().words();
    let text_key = key(&text.replace('_', " "));
    if words.out_of_stock.contains(&text_key) || words.no.contains(&text_key) {
        return Ok((0, None));
    }
    if words.in_stock.contains(&text_key) || words.yes.contains(&text_key) {
        let message = "this says that there is stock but not how much; it was not counted, ask the supplier for a number";
        return Err(("stock_not_a_number", message.to_owned()));
    }
    if words.unknown_stock.contains(&text_key) {
        return Err(("stock_unknown", "the supplier does not know the stock; it was not counted".to_owned()));
    }
    Err(not_a_number())
}

fn warehouse(row: &Row<'_>) -> Option<String> {
    let text = row.first(&Target::Warehouse).map(|(_, text)| text).or_else(|| row.profile().fixed.get("warehouse").cloned())?;
    Some(text.trim().chars().take(MAX_WAREHOUSE_CHARS).collect())
}

fn reported_at(row: &mut Row<'_>) -> Option<DateTime<Utc>> {
    let (field, text) = match row.first(&Target::ReportedAt) {
        Some((column, text)) => (column.from.clone(), text),
        None => (String::new(), row.profile().fixed.get("reported_at").cloned()?),
    };
    let read = moment(&text);
    if read.is_none() {
        let message = "this is no date that can be read in one way only; write it as 2025-03-01T12:00:00Z";
        row.warn(&field, "bad_date", message, &text);
    }
    read
}

/// RFC 3339, ISO dates and times (taken as UTC), and day.month.year; with slashes nobody knows which is the day.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&Utc));
    }
    let times = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
    ];
    let time = times.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let date = || ["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    time.or_else(|| date().and_then(|date| date.and_hms_opt(0, 0, 0))).map(|moment| moment.and_utc())
}
