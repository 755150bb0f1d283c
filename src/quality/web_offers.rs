//! `wdc-pave/raw_to_normalized_values.csv`: values out of web offers and what annotators made of them. Judged are lengths and masses, which
//! mean the same for a lamp; a few of the set's answers are wrong.

use super::{Case, Measure, rows};
use crate::{
    dictionary::Dictionary,
    normalize::{Hints, quantities},
};
use rust_decimal::Decimal;
use std::path::Path;

/// The set's attribute, the unit of a bare number, the unit of its answers.
const ATTRIBUTES: [(&str, &str, &str); 6] = [
    ("Width", "in", "cm"),
    ("Depth", "in", "cm"),
    ("Height", "in", "cm"),
    ("Length", "in", "cm"),
    ("Paper Weight", "lb", "kg"),
    ("Size/Weight", "oz", "g"),
];

pub(super) fn judge(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("web_offers");
    for row in &rows {
        let known = ATTRIBUTES.iter().find(|(name, _, _)| *name == row.get("attribute"));
        let wanted: Option<Decimal> = row.get("normalized_value").parse().ok();
        let (Some((_, bare, answer)), Some(wanted)) = (known, wanted) else {
            measure.not_judged += 1;
            continue;
        };
        let raw = row.get("raw_value");
        let Some(target) = dictionary.unit(answer) else { continue };
        let read = |text: &str| {
            let found = quantities(dictionary, text, &Hints::default());
            found.first().and_then(|found| found.unit.convert(found.amount, target))
        };
        // A bare number takes the unit of the column.
        let got = read(raw).or_else(|| read(&format!("{raw} {bare}")));
        // Answers are rounded to the set's last place, some of them down.
        let place = Decimal::new(if wanted.scale() == 0 { 10 } else { 1 }, 1);
        let right = got.is_some_and(|got| (got - wanted).abs() <= place.max(wanted.abs() * Decimal::new(5, 3)));
        measure.cases.push(Case {
            raw: raw.to_owned(),
            read_as: row.get("attribute").to_owned(),
            expected: format!("{wanted} {answer}"),
            got: got.map_or_else(|| "none".to_owned(), |got| format!("{} {answer}", got.round_dp(2))),
            right,
            called_ok: got.is_some(),
        });
    }
    Ok(Some(vec![measure]))
}
