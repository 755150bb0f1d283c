//! What limits an amount, and what makes it another answer than the one asked: an output of the low mode, of the red light, of several pieces.

use super::{
    Reading,
    amounts::Amount,
    quantity::{Found, Join, Quantity},
    text::key,
};
use crate::dictionary::{Attribute, Dictionary, Limit, Unit, runs};

/// An output in the low mode is no maximum, and parts that were added up may be two lamps or two modes.
pub(super) fn doubt_the_basis(
    attribute: &Attribute,
    unit: &Unit,
    quantities: &[Quantity<'_>],
    amounts: usize,
    reading: &mut Reading,
) {
    if reading.value.is_none() || reading.resolved_attribute != attribute.code {
        return;
    }
    let says = |qualifier: &str| reading.qualifiers.iter().any(|said| said == qualifier);
    let against = attribute.contrary.iter().find(|qualifier| says(qualifier));
    let is_mode = |qualifier: &String| qualifier.starts_with("in_") && !attribute.contrary.contains(qualifier);
    let whole = reading.qualifiers.iter().any(is_mode);
    if let Some(against) = against.filter(|_| !(whole || amounts > 1 && says("up_to"))) {
        let message =
            format!("The text says '{}', which is not what {} asks for.", against.replace('_', " "), attribute.label("en"));
        reading.doubt("other_basis", message, 40);
    }
    // Who writes 5000 °C beside a light's colour mistook the unit, so that converting it would make it worse.
    if unit.code == "K" && quantities.iter().any(|quantity| quantity.unit.is_some_and(|own| own.code != unit.code)) {
        reading.doubt("other_scale", format!("{} is told in {}; check the unit.", attribute.label("en"), unit.symbol), 40);
    }
    let added = quantities.iter().any(|quantity| quantity.join == Join::Plus);
    if added && unit.family != "time" {
        reading.doubt("added_up", "Amounts joined by a plus were added up; check that they are parts of one.".to_owned(), 50);
    }
}

/// Does a word for red light stand right before the amount, or alone behind it?
pub(super) fn is_of_red_light(dictionary: &Dictionary, raw: &str, amount: &Amount<'_>) -> bool {
    if raw.is_empty() {
        return false;
    }
    let modes = &dictionary.words().modes;
    let is_red = |phrase: &str| modes.get(phrase).is_some_and(|code| code == "red");
    let before = key(raw.get(..amount.start).unwrap_or_default());
    let tail = raw.get(amount.end..).unwrap_or_default().trim_start();
    let behind = if tail.starts_with([',', ';', '/', '|', '+', '&']) { String::new() } else { key(tail) };
    is_red(&behind) || runs(&before).any(|run| before.ends_with(run) && is_red(run))
}

/// Words and signs that limit the amount.
pub(super) fn qualify(dictionary: &Dictionary, found: &Found<'_>, raw: &str, quantities: &[Quantity<'_>], reading: &mut Reading) {
    let mut add = |qualifier: &str| {
        if !reading.qualifiers.iter().any(|known| known == qualifier) {
            reading.qualifiers.push(qualifier.to_owned());
        }
    };
    let limits = &dictionary.words().limits;
    let said: Vec<Limit> = runs(&found.rest).filter_map(|run| limits.get(run)).copied().collect();
    if said.iter().any(|limit| limit.up_to) {
        add("up_to");
    }
    if quantities.iter().any(|quantity| quantity.plus) || said.iter().any(|limit| limit.at_least) {
        add("minimum");
    }
    if said.iter().any(|limit| limit.approximately) {
        add("approximate");
    }
    if quantities.iter().any(|quantity| quantity.tolerance.is_some()) {
        add("tolerance");
    }
    // "2-pack" is one word with its number.
    let folded = key(raw);
    let said_of: Vec<Limit> = runs(&folded).filter_map(|run| limits.get(run)).copied().collect();
    if said_of.iter().any(|limit| limit.per_piece) {
        add("per_piece");
    }
    if said_of.iter().any(|limit| limit.per_pack) {
        add("per_pack");
    }
    for mode in said.iter().filter_map(|limit| limit.mode) {
        add(mode);
    }
}
