//! Amounts in one unit, out of the quantities of a cell: compounds added up, two spellings of one amount set against each other, times of a
//! clock and counted amounts put right.

use super::quantity::{Found, Join, Quantity};
use crate::dictionary::{Dictionary, Unit};
use rust_decimal::Decimal;

/// Decimals kept of a converted amount: finer than anyone measures in any canonical unit.
const SCALE: u32 = 4;

/// One amount in the canonical unit.
#[derive(Debug, Clone)]
pub(super) struct Amount<'u> {
    pub(super) value: Decimal,
    pub(super) alternative: Option<Decimal>,
    /// The interval that the text's own precision allows.
    low: Decimal,
    high: Decimal,
    canonical: bool,
    unit: &'u str,
    /// The larger unit of a compound, whose smaller one is `unit`.
    larger: Option<&'u str>,
    pub(super) join: Join,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) rule: &'static str,
}

/// The quantities in this unit, each with the interval that its precision allows.
pub(super) fn convert<'a>(quantities: &[Quantity<'a>], unit: &Unit) -> Vec<Amount<'a>> {
    let mut amounts = Vec::with_capacity(quantities.len());
    for quantity in quantities {
        let Some(from) = quantity.unit else { continue };
        let signed = |value: Decimal| if quantity.negative { -value } else { value };
        let to_unit = |value: Decimal| {
            let value = from.convert(signed(value), unit)?;
            Some(if from.code == unit.code { value } else { value.round_dp(SCALE) })
        };
        let written = quantity.number.value;
        let Some(value) = to_unit(written) else { continue };
        // Half a unit in the last place, and what the tolerance adds.
        let half = Decimal::new(5, written.scale().saturating_add(1).min(28));
        let spread = quantity.tolerance.unwrap_or_default().checked_add(half).unwrap_or(half);
        // One amount is held against none, so its ends are not needed.
        let ends = if quantities.len() > 1 {
            (written.checked_sub(spread).and_then(to_unit), written.checked_add(spread).and_then(to_unit))
        } else {
            (Some(value), Some(value))
        };
        let (Some(low), Some(high)) = ends else { continue };
        amounts.push(Amount {
            value: value.normalize(),
            alternative: quantity.number.alternative.and_then(to_unit).map(|value| value.normalize()),
            low,
            high,
            canonical: from.code == unit.code,
            unit: &from.code,
            larger: None,
            join: quantity.join,
            start: quantity.start,
            end: quantity.end,
            rule: "measure.unit",
        });
    }
    amounts
}

/// `2 lb 3 oz`, `4h 30m`, `6+54 min`: one amount.
pub(super) fn add_up(amounts: Vec<Amount<'_>>) -> Vec<Amount<'_>> {
    let mut sums: Vec<Amount<'_>> = Vec::with_capacity(amounts.len());
    for amount in amounts {
        let previous = sums.last_mut();
        match previous {
            Some(before)
                if amount.join == Join::Plus
                    || (matches!(amount.join, Join::Adjacent | Join::And) && smaller_unit(before, &amount)) =>
            {
                let sum = before.value.checked_add(amount.value);
                let ends = before.low.checked_add(amount.low).zip(before.high.checked_add(amount.high));
                if let (Some(sum), Some((low, high))) = (sum, ends) {
                    (before.value, before.low, before.high) = (sum.normalize(), low, high);
                    if before.unit != amount.unit {
                        before.larger = Some(before.unit);
                    }
                    before.unit = amount.unit;
                    before.alternative = None;
                    before.end = amount.end;
                    before.rule = "measure.compound";
                }
            }
            _ => sums.push(amount),
        }
    }
    sums
}

/// Does the second amount stand in a smaller unit than the first? Known by their codes, which differ, and by size of one unit.
fn smaller_unit(first: &Amount<'_>, second: &Amount<'_>) -> bool {
    is_smaller(first.unit, second.unit)
}

/// Is the second unit a smaller one of the same system, so that an amount of it may follow one of the first?
pub(super) fn is_smaller(first: &str, second: &str) -> bool {
    const FALLING: [&[&str]; 5] = [
        &["kg", "g"],
        &["lb", "oz"],
        &["year", "month", "week", "day", "h", "min", "s"],
        &["km", "m", "cm", "mm"],
        &["mi", "yd", "ft", "in"],
    ];
    let place = |list: &[&str], unit: &str| list.iter().position(|known| *known == unit);
    FALLING.iter().any(|list| place(list, first).zip(place(list, second)).is_some_and(|(first, second)| first < second))
}

/// The rule by which two amounts are one: their precisions overlap or they differ by 2 % at most; by 5 %, one of them was rounded twice.
fn agreement(first: &Amount<'_>, second: &Amount<'_>) -> Option<&'static str> {
    let overlap = first.low <= second.high && second.low <= first.high;
    let larger = first.value.abs().max(second.value.abs());
    let apart = first.value.checked_sub(second.value).map_or(Decimal::MAX, |difference| difference.abs());
    let within = |percent: i64| larger.checked_mul(Decimal::new(percent, 2)).is_some_and(|limit| apart <= limit);
    match (overlap || within(2), within(5)) {
        (true, _) => Some("measure.dual"),
        (false, true) => Some("measure.dual_rounded"),
        _ => None,
    }
}

/// `60 × 45 × 40 mm (2.36 × 1.77 × 1.57 in)`, `L: 60 mm, W: 45 mm (60 x 45 mm)`: one size told twice, in two units, or once with labels. Side
/// by side they must agree; in one unit, but for rounding. Where the labels are, the sizes stand.
pub(super) fn merge_sizes<'u>(mut amounts: Vec<Amount<'u>>, raw: &str, conflict: &mut bool) -> Vec<Amount<'u>> {
    let sides = amounts.len() / 2;
    if sides < 2 || !amounts.len().is_multiple_of(2) {
        return amounts;
    }
    let of_one_unit = |size: &[Amount<'_>]| size.windows(2).all(|pair| matches!(pair, [left, right] if left.unit == right.unit));
    let times = |size: &[Amount<'_>]| size.iter().skip(1).all(|amount| amount.join == Join::Times);
    let labelled = |size: &[Amount<'_>]| {
        let gaps = size.windows(2).filter_map(|pair| raw.get(pair.first()?.end..pair.get(1)?.start));
        gaps.flat_map(str::chars).any(|c| c.is_alphabetic() && !matches!(c, 'x' | 'X' | 'х' | 'Х'))
    };
    let (first, second) = amounts.split_at(sides);
    let (first_labelled, second_labelled) = (labelled(first), labelled(second));
    let two = second.first().is_some_and(|border| border.join != Join::Times)
        && (times(first) || times(second))
        && (times(first) || first_labelled)
        && (times(second) || second_labelled)
        && of_one_unit(first)
        && of_one_unit(second);
    if !two {
        return amounts;
    }
    let one_unit = first.first().map(|amount| amount.unit) == second.first().map(|amount| amount.unit);
    let rules: Vec<_> = first.iter().zip(second).map(|(first, second)| agreement(first, second)).collect();
    if one_unit {
        let rounded = |(first, second): (&Amount<'_>, &Amount<'_>)| first.low < second.high && second.low < first.high;
        if !first.iter().zip(second).all(rounded) {
            // Two sizes without labels are two sizes.
            *conflict |= first_labelled != second_labelled;
            return amounts;
        }
    }
    *conflict |= rules.contains(&None);
    let second_is_canonical = second.iter().all(|amount| amount.canonical) && !first.iter().all(|amount| amount.canonical);
    let second_is_finer =
        one_unit && first.iter().zip(second).any(|(first, second)| second.high - second.low < first.high - first.low);
    let places: Option<Vec<(usize, usize)>> = match (first_labelled, second_labelled) {
        (true, false) => Some(first.iter().map(|amount| (amount.start, amount.end)).collect()),
        (false, true) => Some(second.iter().map(|amount| (amount.start, amount.end)).collect()),
        _ => None,
    };
    let mut kept = amounts.split_off(sides);
    if !second_is_canonical && !second_is_finer {
        kept = amounts;
    }
    for (amount, rule) in kept.iter_mut().zip(rules) {
        amount.rule = rule.unwrap_or(amount.rule);
    }
    for (amount, (start, end)) in kept.iter_mut().zip(places.into_iter().flatten()) {
        (amount.start, amount.end) = (start, end);
    }
    if let Some(first) = kept.first_mut() {
        first.join = Join::First;
    }
    kept
}

/// `90 meters (295 ft.)`: one amount in two units. They agree when their precisions overlap or they differ by 2 % at most.
pub(super) fn merge_duals<'u>(amounts: Vec<Amount<'u>>, conflict: &mut bool) -> Vec<Amount<'u>> {
    let mut merged: Vec<Amount<'u>> = Vec::with_capacity(amounts.len());
    for amount in amounts {
        let both = merged.last_mut().filter(|before| {
            matches!(amount.join, Join::Either | Join::List | Join::Adjacent | Join::And)
                && before.unit != amount.unit
                && before.larger != Some(amount.unit)
        });
        let Some(before) = both else {
            merged.push(amount);
            continue;
        };
        let Some(rule) = agreement(before, &amount) else {
            *conflict = true;
            continue;
        };
        let end = amount.end;
        if amount.canonical && !before.canonical {
            *before = Amount { start: before.start, join: before.join, ..amount };
        }
        before.end = end;
        before.rule = rule;
    }
    merged
}

/// `4:30 h` is four and a half hours, and so is `4h30`.
pub(super) fn clock_times<'a>(dictionary: &'a Dictionary, raw: &str, found: &mut Found<'a>) {
    let minutes = dictionary.unit("min");
    let seconds = dictionary.unit("s");
    let mut at = 0;
    while let (Some(first), Some(second)) = (found.quantities.get(at), found.quantities.get(at + 1)) {
        let between = raw.get(first.end..second.start).unwrap_or_default();
        let sixtieths = raw.get(second.start..).is_some_and(|rest| {
            rest.chars().take_while(char::is_ascii_digit).count() == 2 && second.number.value < Decimal::from(60)
        });
        let code = |quantity: &Quantity<'_>| quantity.unit.map(|unit| unit.code.clone()).unwrap_or_default();
        let smaller = match (code(first).as_str(), between, code(second).as_str()) {
            (_, ":", "h") if sixtieths => Some((second.unit, minutes)),
            (_, ":", "min") if sixtieths => Some((second.unit, seconds)),
            // "1h45 / 3h30": the unit that the minutes share with what follows is none of theirs.
            ("h", "" | " ", "" | "h") if sixtieths && second.end == second.start + 2 => Some((first.unit, minutes)),
            _ => None,
        };
        if let (Some((larger, smaller)), Some(quantity)) = (smaller, found.quantities.get_mut(at)) {
            quantity.unit = larger;
            if let Some(quantity) = found.quantities.get_mut(at + 1) {
                (quantity.unit, quantity.join) = (smaller, Join::Adjacent);
            }
        }
        at += 1;
    }
}

/// `2 x 500 lm`, `500 lm x 2`: how many there are, taken away from the amounts.
pub(super) fn drop_count(found: &mut Found<'_>) -> Option<Decimal> {
    let [first, second] = found.quantities.as_slice() else { return None };
    let small = |count: &Quantity<'_>| {
        count.number.value.is_integer() && count.number.value <= Decimal::from(24) && count.number.value >= Decimal::TWO
    };
    let near = second.join == Join::Times;
    // A count before has no unit of its own; it took the one behind.
    let shared = first.unit.zip(second.unit).is_some_and(|(left, right)| left.code == right.code);
    let before =
        small(first) && shared && second.start.saturating_sub(first.end) <= 4 && second.number.value > first.number.value;
    let behind = small(second) && first.unit.is_some() && second.unit.is_none();
    if !near || !(before || behind) {
        return None;
    }
    let count = if before { first.number.value } else { second.number.value };
    found.quantities.remove(usize::from(!before));
    if let Some(only) = found.quantities.first_mut() {
        only.join = Join::First;
    }
    Some(count)
}
