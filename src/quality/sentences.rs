//! Free sentences with quantities in them, in many languages: `measure-vectors/`. Judged are the families of units that a catalogue of
//! lamps needs; a set's other quantities (money, counts, chemistry) are left out.

use super::{Case, Comparable, Measure, Plain, rows};
use crate::{
    dictionary::{Dictionary, Unit},
    normalize::{FoundQuantity, Hints, quantities},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::path::Path;

/// Families of Microsoft's dimension recogniser; times and temperatures are other recognisers of theirs.
const DIMENSIONS: [&str; 10] =
    ["length", "mass", "volume", "area", "angle", "speed", "information", "frequency", "power", "energy"];

/// An expected quantity of one sentence.
struct Wanted<'a> {
    amount: Decimal,
    unit: &'a Unit,
    shown: String,
}

/// All rows of one sentence.
struct Sentence<'a> {
    text: String,
    locale: &'static str,
    wanted: Vec<Wanted<'a>>,
    /// The set has a quantity here that is none of ours; what is found is not surplus then.
    others: bool,
}

pub(super) fn recognizers(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("recognizers");
    let mut sentences: Vec<Sentence<'_>> = Vec::new();
    for row in &rows {
        let locale = language(row.get("language"));
        let (name, value) = (row.get("unit"), row.get("value"));
        let wanted = amount(value).zip(unit(dictionary, name));
        // A unit without a number is no quantity of ours.
        let others = !name.is_empty() && wanted.is_none();
        measure.not_judged += usize::from(others);
        put(&mut sentences, row.get("input"), locale, wanted, others);
    }
    judge(dictionary, &mut measure, sentences, &DIMENSIONS);
    Ok(Some(vec![measure]))
}

pub(super) fn quantulum(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("quantulum3");
    let mut sentences: Vec<Sentence<'_>> = Vec::new();
    for row in &rows {
        let name = row.get("unit");
        let wanted = amount(row.get("value")).zip(unit(dictionary, name));
        let others = !name.is_empty() && wanted.is_none();
        measure.not_judged += usize::from(others);
        put(&mut sentences, row.get("input"), "en", wanted, others);
    }
    judge(dictionary, &mut measure, sentences, &families(dictionary));
    Ok(Some(vec![measure]))
}

pub(super) fn unit_parse(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("unit_parse");
    let mut sentences: Vec<Sentence<'_>> = Vec::new();
    for row in &rows {
        let note = row.get("expected_pint_expression");
        let quoted = note.split(['"', '\'']).filter(|part| part.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
        for text in quoted {
            let wanted = pint_quantity(dictionary, text);
            let others = wanted.is_none();
            measure.not_judged += usize::from(others);
            put(&mut sentences, row.get("input"), "en", wanted, others);
        }
    }
    judge(dictionary, &mut measure, sentences, &families(dictionary));
    Ok(Some(vec![measure]))
}

/// Conversions between two units of ours; the set's amounts are written with the precision that they have.
pub(super) fn conversions(dictionary: &Dictionary, path: &Path) -> anyhow::Result<Option<Vec<Measure>>> {
    let Some(rows) = rows(path)? else { return Ok(None) };
    let mut measure = Measure::new("ucum_conversion");
    for row in &rows {
        let name = |text: &str| match text {
            "[in_i]" => "in".to_owned(),
            "[ly]" => "ly".to_owned(),
            "[ft_i]" => "ft".to_owned(),
            "[mi_i]" => "mi".to_owned(),
            "[lb_av]" => "lb".to_owned(),
            "[oz_av]" => "oz".to_owned(),
            "[degF]" => "degF".to_owned(),
            "Cel" => "degC".to_owned(),
            "m[Hg]" => "mmHg".to_owned(),
            other => other.to_owned(),
        };
        let (from, to) = (row.get("srcUnit"), row.get("dstUnit"));
        let known = (dictionary.unit(&name(from)), dictionary.unit(&name(to)));
        let (Some(value), (Some(from_unit), Some(to_unit)), Some(outcome)) =
            (amount(row.get("value")), known, amount(row.get("outcome")))
        else {
            measure.not_judged += 1;
            continue;
        };
        let got = from_unit.convert(value, to_unit);
        // As many digits as the amount that was given.
        let near = |got: Decimal| (got - outcome).abs() <= outcome.abs() * Decimal::new(5, 3);
        measure.cases.push(Case {
            raw: format!("{value} {from}"),
            read_as: to.to_owned(),
            expected: format!("{outcome} {to}"),
            got: got.map_or_else(|| "none".to_owned(), |got| got.to_string()),
            right: got.is_some_and(near),
            called_ok: got.is_some(),
        });
    }
    Ok(Some(vec![measure]))
}

fn put<'a>(
    sentences: &mut Vec<Sentence<'a>>,
    text: &str,
    locale: &'static str,
    wanted: Option<(Decimal, &'a Unit)>,
    others: bool,
) {
    let wanted = wanted.map(|(amount, unit)| Wanted { amount, unit, shown: format!("{amount} {}", unit.code) });
    match sentences.iter_mut().find(|sentence| sentence.text == text && sentence.locale == locale) {
        Some(sentence) => {
            sentence.wanted.extend(wanted);
            sentence.others |= others;
        }
        None => sentences.push(Sentence { text: text.to_owned(), locale, wanted: wanted.into_iter().collect(), others }),
    }
}

/// Every expected quantity is a case; so is a sentence in which the set has none at all.
fn judge(dictionary: &Dictionary, measure: &mut Measure, sentences: Vec<Sentence<'_>>, families: &[&str]) {
    for sentence in sentences {
        let hints = Hints { locale: Some(sentence.locale.to_owned()), ..Hints::default() };
        let found = quantities(dictionary, &sentence.text, &hints);
        let found: Vec<&FoundQuantity<'_>> =
            found.iter().filter(|found| families.contains(&found.unit.family.as_str())).collect();
        let got = found.iter().map(|found| shown(found)).collect::<Vec<_>>().join(", ");
        let mut free: Vec<(&str, Vec<f64>)> =
            found.iter().map(|found| (found.unit.family.as_str(), based(dictionary, found))).collect();
        if sentence.wanted.is_empty() && !sentence.others {
            measure.cases.push(Case {
                raw: sentence.text.clone(),
                read_as: sentence.locale.to_owned(),
                expected: "none".to_owned(),
                got: got.clone(),
                right: free.is_empty(),
                called_ok: !free.is_empty(),
            });
        }
        let mut expected = Vec::new();
        for wanted in &sentence.wanted {
            let Some(amount) = base(dictionary, wanted.unit, wanted.amount) else { continue };
            let apart = |(family, amounts): &(&str, Vec<f64>)| {
                let near = amounts.iter().map(|known| (known - amount).abs()).fold(f64::INFINITY, f64::min);
                (*family == wanted.unit.family && near <= amount.abs() * 0.0001).then_some(near)
            };
            let nearest = free.iter().enumerate().filter_map(|(at, found)| Some((at, apart(found)?)));
            let hit = nearest.min_by(|left, right| left.1.total_cmp(&right.1)).map(|(at, _)| at);
            measure.cases.push(Case {
                raw: sentence.text.clone(),
                read_as: sentence.locale.to_owned(),
                expected: wanted.shown.clone(),
                got: got.clone(),
                right: hit.is_some(),
                called_ok: hit.is_some(),
            });
            // A compound's parts are found together.
            if let Some(hit) = hit.filter(|hit| free.get(*hit).is_some_and(|(_, amounts)| amounts.len() < 3)) {
                free.remove(hit);
            }
            expected.push(Plain { family: wanted.unit.family.clone(), amounts: vec![amount] });
        }
        if !sentence.others {
            measure.surplus += free.iter().filter(|(_, amounts)| amounts.len() < 3).count();
        }
        let got =
            found.iter().map(|found| Plain { family: found.unit.family.clone(), amounts: based(dictionary, found) }).collect();
        if !sentence.wanted.is_empty() || !sentence.others {
            measure.comparable.push(Comparable {
                measure: measure.name,
                text: sentence.text,
                locale: sentence.locale.to_owned(),
                families: families.iter().map(|family| (*family).to_owned()).collect(),
                others: sentence.others,
                expected,
                got,
            });
        }
    }
}

/// Every amount that counts as this quantity, in its family's base unit.
fn based(dictionary: &Dictionary, found: &FoundQuantity<'_>) -> Vec<f64> {
    let mut amounts: Vec<Option<f64>> = vec![base(dictionary, found.unit, found.amount)];
    if let Some(to) = found.to {
        amounts.push(base(dictionary, found.unit, to));
        amounts.push(base(dictionary, found.unit, (found.amount + to) / Decimal::TWO));
    }
    if !found.parts.is_empty() {
        amounts.extend(found.parts.iter().map(|(amount, unit)| base(dictionary, unit, *amount)));
    }
    amounts.into_iter().flatten().collect()
}

/// In the base unit of the family; in floats, because a light year squared is no decimal of ours.
fn base(_: &Dictionary, unit: &Unit, amount: Decimal) -> Option<f64> {
    let ratio = unit.factor.numerator.to_f64()? / unit.factor.denominator.to_f64()?;
    Some((amount.to_f64()? + unit.offset.to_f64()?) * ratio)
}

fn shown(found: &FoundQuantity<'_>) -> String {
    match found.to {
        Some(to) => format!("{}..{to} {}", found.amount, found.unit.code),
        None => format!("{} {}", found.amount, found.unit.code),
    }
}

/// The set writes some decimals with a comma, and some in E-notation.
fn amount(text: &str) -> Option<Decimal> {
    let text = text.replace(',', ".");
    text.parse().ok().or_else(|| Decimal::from_scientific(&text.replace('E', "e")).ok())
}

fn families(dictionary: &Dictionary) -> Vec<&str> {
    let mut families: Vec<&str> = Vec::new();
    for unit in dictionary.units() {
        if !families.contains(&unit.family.as_str()) {
            families.push(&unit.family);
        }
    }
    families
}

/// A unit by the name that the sets give it, in any language: read as a text that has one of them.
fn unit<'a>(dictionary: &'a Dictionary, name: &str) -> Option<&'a Unit> {
    let lower = name.to_lowercase();
    let named = match lower.as_str() {
        "degree" => Some("deg"),
        "pound-mass" => Some("lb"),
        // A pound of money is none of ours.
        "" | "pound sterling" | "dollar" | "kilobit per second" => return None,
        "square hectometer" => Some("hm2"),
        _ => None,
    };
    if let Some(code) = named {
        return dictionary.unit(code);
    }
    if let Some(unit) = dictionary.unit_for(&lower).filter(|_| lower.len() > 2) {
        return Some(unit);
    }
    ["en", "fr", "es", "pt", "it"].into_iter().find_map(|locale| {
        let hints = Hints { locale: Some(locale.to_owned()), ..Hints::default() };
        let text = format!("1 {lower}");
        let found = quantities(dictionary, &text, &hints);
        found.first().filter(|found| found.span == (0, text.len())).map(|found| found.unit)
    })
}

/// `20.80 mmHg`, `4 degC`; quantities of several units multiplied are none of ours.
fn pint_quantity<'a>(dictionary: &'a Dictionary, text: &str) -> Option<(Decimal, &'a Unit)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))?;
    let (number, unit) = text.split_at_checked(end)?;
    let unit = match unit.trim() {
        "mmHg" => "mmHg",
        "°C" => "degC",
        other => other,
    };
    Some((amount(number)?, dictionary.unit(unit)?))
}

fn language(name: &str) -> &'static str {
    match name {
        "Chinese" => "zh",
        "Dutch" => "nl",
        "French" => "fr",
        "German" => "de",
        "Hindi" => "hi",
        "Italian" => "it",
        "Japanese" => "ja",
        "Korean" => "ko",
        "Portuguese" => "pt",
        "Spanish" => "es",
        "Swedish" => "sv",
        "Turkish" => "tr",
        _ => "en",
    }
}
