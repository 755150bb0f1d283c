//! Every quantity of any kind in a text, for whoever does not know what the text is about: a search box, a title, a description.

use super::{
    Hints,
    quantity::{Join, Quantity, find},
    scan::MAX_CELL_BYTES,
    units::Scope,
};
use crate::dictionary::{Dictionary, Unit};
use rust_decimal::Decimal;

/// One quantity of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundQuantity<'a> {
    /// The number, in `unit`; the lower end of an interval.
    pub amount: Decimal,
    /// The upper end, where the text gives an interval.
    pub to: Option<Decimal>,
    /// `±` this much.
    pub tolerance: Option<Decimal>,
    /// The unit; its family says what is measured.
    pub unit: &'a Unit,
    /// Byte range of the text.
    pub span: (usize, usize),
    /// The amounts and units that were added up: `5 ft 2 in`. Empty for a plain quantity.
    pub parts: Vec<(Decimal, &'a Unit)>,
}

/// Finds every quantity with a unit in `text`, in order. The locale of the hints decides how numbers are written and which words are
/// numbers ("two and a half miles", "zweihundert kB"); English is taken where none is given. Bare numbers are no quantities. Text behind
/// the first 2,000 bytes is not read.
///
/// ```
/// use beamline::{dictionary::Dictionary, normalize::{Hints, quantities}};
///
/// let dictionary = Dictionary::embedded()?;
/// let found = quantities(&dictionary, "three 1.2-inch lenses, 5' 2\" high, 86 g / 3 oz", &Hints::default());
/// let shown: Vec<String> = found.iter().map(|found| format!("{} {}", found.amount, found.unit.code)).collect();
/// assert_eq!(shown, ["1.2 in", "62 in", "86 g", "3 oz"]);
/// # Ok::<(), beamline::dictionary::SchemaError>(())
/// ```
pub fn quantities<'a>(dictionary: &'a Dictionary, text: &str, hints: &Hints) -> Vec<FoundQuantity<'a>> {
    let mut end = text.len().min(MAX_CELL_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = find(dictionary, Scope::Any, text.get(..end).unwrap_or_default(), hints);
    let mut list: Vec<FoundQuantity<'a>> = Vec::with_capacity(found.quantities.len());
    for quantity in &found.quantities {
        let Some(unit) = quantity.unit else { continue };
        let amount = signed(quantity);
        let before = list.last_mut().filter(|before| before.span.1 <= quantity.start);
        match (quantity.join, before) {
            (Join::To, Some(before)) if before.to.is_none() && before.unit.code == unit.code => {
                before.to = Some(amount);
                before.tolerance = before.tolerance.or(quantity.tolerance);
                before.span.1 = quantity.end;
            }
            (Join::Adjacent | Join::And, Some(before)) if before.to.is_none() && continues(before, unit) => {
                add(before, amount, unit);
                before.span.1 = quantity.end;
            }
            _ => list.push(FoundQuantity {
                amount,
                to: None,
                tolerance: quantity.tolerance,
                unit,
                span: (quantity.start, quantity.end),
                parts: Vec::new(),
            }),
        }
    }
    list
}

fn signed(quantity: &Quantity<'_>) -> Decimal {
    if quantity.negative { -quantity.number.value } else { quantity.number.value }
}

/// Is this unit the next smaller one of a compound: feet and inches, pounds and ounces, hours and minutes?
fn continues(before: &FoundQuantity<'_>, unit: &Unit) -> bool {
    super::amounts::is_smaller(&before.unit.code, &unit.code)
}

fn add<'a>(before: &mut FoundQuantity<'a>, amount: Decimal, unit: &'a Unit) {
    let Some(sum) = before.unit.convert(before.amount, unit).and_then(|whole| whole.checked_add(amount)) else { return };
    if before.parts.is_empty() {
        before.parts.push((before.amount, before.unit));
    }
    before.parts.push((amount, unit));
    (before.amount, before.unit) = (sum.normalize(), unit);
}
