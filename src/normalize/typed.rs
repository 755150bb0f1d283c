//! A value that came typed (JSON) held against the limits that a supplier's text meets: units converted, options known, amounts
//! possible, lists and texts of a length.
//!
//! What [`super::normalize`] accepts out of a text is accepted here too, so that a value which was read can be sent back.

use super::{
    BatteryOption, MAX_ITEMS, Mode, Range, Value, battery, modes,
    plain::{strip_tags, too_long},
    text::clean_line,
};
use crate::dictionary::{Attribute, AttributeType, Bounds, Dictionary};
use rust_decimal::Decimal;

/// Decimals kept of a converted amount, as in a text's.
const SCALE: u32 = 4;

/// Why a typed value is not one of its attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// RFC 6901 pointer below the value, such as `/3/runtime`; empty for the value itself.
    pub at: String,
    /// A stable code, such as `out_of_range`.
    pub code: &'static str,
    /// A sentence that says what to do.
    pub message: String,
}

impl Misfit {
    fn new(at: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { at: at.into(), code, message: message.into() }
    }
}

/// The value in its canonical form, or what is wrong with it. Texts are [`super::normalize`]'s and do not fit here.
pub fn typed(dictionary: &Dictionary, attribute: &Attribute, value: Value) -> Result<Value, Misfit> {
    use AttributeType as T;
    match (attribute.kind, value) {
        (T::Boolean, value @ Value::Boolean(_)) => Ok(value),
        (T::Integer, Value::Integer(number)) => {
            possible(attribute, Decimal::from(number))?;
            Ok(Value::Integer(number))
        }
        (T::Measure, Value::Measure(measure)) => {
            let amount = canonical(dictionary, attribute, measure.amount, &measure.unit)?;
            possible(attribute, amount)?;
            Ok(Value::measure(amount, attribute.unit.clone().unwrap_or_default()))
        }
        (T::Range, Value::Range(range)) => interval(dictionary, attribute, &range),
        (T::MultiSelect, Value::List(codes)) => options(attribute, codes),
        (T::TextList, Value::List(items)) => texts(attribute, &items),
        (T::Batteries, Value::Batteries(options)) => batteries(attribute, options),
        (T::Modes, Value::Modes(rows)) => table(dictionary, rows),
        // An empty list parses as the first list there is.
        (T::TextList | T::MultiSelect, Value::Batteries(none)) if none.is_empty() => Ok(Value::List(Vec::new())),
        (T::Modes, Value::Batteries(none)) if none.is_empty() => Ok(Value::Modes(Vec::new())),
        _ => Err(Misfit::new("", "wrong_type", shape(attribute))),
    }
}

/// What a value of this attribute looks like as JSON, for an error.
pub fn shape(attribute: &Attribute) -> String {
    let unit = attribute.unit.as_deref().unwrap_or_default();
    let form = match attribute.kind {
        AttributeType::Measure => format!("{{\"amount\":\"86\",\"unit\":\"{unit}\"}} whole, or a text such as \"86 {unit}\""),
        AttributeType::Range => format!("{{\"min\":\"-10\",\"max\":\"40\",\"unit\":\"{unit}\"}} whole, or a text"),
        AttributeType::Boolean => "true or false".to_owned(),
        AttributeType::Integer => "a whole number".to_owned(),
        AttributeType::MultiSelect | AttributeType::TextList => "a list of texts".to_owned(),
        AttributeType::Batteries => "a list of {\"quantity\":3,\"cell\":\"AAA\"}, or a text such as \"3 x AAA\"".to_owned(),
        AttributeType::Modes => "a list of {\"name\",\"light_output\",\"runtime\",\"beam_distance\",\"color\"}".to_owned(),
        _ => "a text".to_owned(),
    };
    format!("{} is {form}", attribute.code)
}

/// An amount in the attribute's unit. A unit's code comes before its spellings: `m` is the metre, though minutes are written so too.
fn canonical(dictionary: &Dictionary, attribute: &Attribute, amount: Decimal, unit: &str) -> Result<Decimal, Misfit> {
    let wanted = attribute.unit.as_deref().unwrap_or_default();
    let wrong = |message: String| Misfit::new("/unit", "unknown_unit", message);
    let Some(target) = dictionary.unit(wanted) else {
        return Err(wrong(format!("{} has no unit in the dictionary", attribute.code)));
    };
    let shown: String = unit.chars().take(40).collect();
    let from = dictionary
        .unit(unit)
        .filter(|known| known.family == target.family)
        .or_else(|| dictionary.unit_in(&target.family, unit))
        .ok_or_else(|| wrong(format!("'{shown}' cannot be converted to {wanted}, the unit of {}", attribute.code)))?;
    let amount =
        if from.code == target.code { Some(amount) } else { from.convert(amount, target).map(|out| out.round_dp(SCALE)) };
    amount
        .map(|amount| amount.normalize())
        .ok_or_else(|| Misfit::new("", "out_of_range", format!("the amount is too large for {}", attribute.code)))
}

fn possible(attribute: &Attribute, amount: Decimal) -> Result<(), Misfit> {
    match attribute.hard {
        Some(hard) if !hard.contains(amount) => {
            let unit = attribute.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
            let message = format!("{amount}{unit} is not possible for {}; it is {}{unit}", attribute.code, within(hard));
            Err(Misfit::new("", "out_of_range", message))
        }
        _ => Ok(()),
    }
}

fn within(bounds: Bounds) -> String {
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any amount".to_owned(),
    }
}

fn interval(dictionary: &Dictionary, attribute: &Attribute, range: &Range) -> Result<Value, Misfit> {
    let min = canonical(dictionary, attribute, range.min, &range.unit)?;
    let max = canonical(dictionary, attribute, range.max, &range.unit)?;
    if min > max {
        return Err(Misfit::new("", "invalid_range", "min must not be above max"));
    }
    for (end, amount) in [("/min", min), ("/max", max)] {
        possible(attribute, amount).map_err(|misfit| Misfit { at: end.to_owned(), ..misfit })?;
    }
    Ok(Value::Range(Range { min, max, unit: attribute.unit.clone().unwrap_or_default() }))
}

fn options(attribute: &Attribute, codes: Vec<String>) -> Result<Value, Misfit> {
    let mut kept: Vec<String> = Vec::new();
    for (place, code) in codes.into_iter().enumerate() {
        if attribute.option(&code).is_none() {
            return Err(unknown_option(attribute, format!("/{place}"), &code));
        }
        if !kept.contains(&code) {
            kept.push(code);
        }
    }
    Ok(Value::List(kept))
}

fn unknown_option(attribute: &Attribute, at: String, code: &str) -> Misfit {
    let shown: String = code.chars().take(60).collect();
    let message = format!("{} has no option '{shown}'; GET /api/v1/attributes/{} lists them", attribute.code, attribute.code);
    Misfit::new(at, "unknown_option", message)
}

fn texts(attribute: &Attribute, items: &[String]) -> Result<Value, Misfit> {
    too_many(items.len(), MAX_ITEMS, "items")?;
    let mut kept: Vec<String> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let line = clean_line(&strip_tags(item));
        if line.is_empty() {
            return Err(Misfit::new(format!("/{place}"), "no_text", "nothing is left of this text; leave it out"));
        }
        if let Some(message) = too_long(attribute, &line) {
            return Err(Misfit::new(format!("/{place}"), "too_long", message));
        }
        if !kept.contains(&line) {
            kept.push(line);
        }
    }
    Ok(Value::List(kept))
}

fn batteries(attribute: &Attribute, options: Vec<BatteryOption>) -> Result<Value, Misfit> {
    too_many(options.len(), battery::MAX_OPTIONS, "battery options")?;
    for (place, option) in options.iter().enumerate() {
        if !(1..=battery::MAX_CELLS).contains(&option.quantity) {
            let message = format!("a lamp takes 1 to {} cells", battery::MAX_CELLS);
            return Err(Misfit::new(format!("/{place}/quantity"), "out_of_range", message));
        }
        if attribute.option(&option.cell).is_none() {
            return Err(unknown_option(attribute, format!("/{place}/cell"), &option.cell));
        }
    }
    Ok(Value::Batteries(options))
}

fn table(dictionary: &Dictionary, mut rows: Vec<Mode>) -> Result<Value, Misfit> {
    too_many(rows.len(), modes::MAX_MODES, "modes")?;
    for (place, mode) in rows.iter_mut().enumerate() {
        mode.name = clean_line(&mode.name);
        if mode.name.chars().count() > modes::MAX_NAME {
            let message = format!("a mode's name has at most {} characters", modes::MAX_NAME);
            return Err(Misfit::new(format!("/{place}/name"), "too_long", message));
        }
        if let Some((field, bounds)) = modes::impossible(dictionary, mode) {
            let message = format!("a mode's {field} is {}", within(bounds));
            return Err(Misfit::new(format!("/{place}/{field}"), "out_of_range", message));
        }
        let colors = dictionary.attribute("light_colors");
        if let (Some(color), Some(colors)) = (&mode.color, colors)
            && colors.option(color).is_none()
        {
            return Err(unknown_option(colors, format!("/{place}/color"), color));
        }
    }
    Ok(Value::Modes(rows))
}

fn too_many(count: usize, most: usize, what: &str) -> Result<(), Misfit> {
    if count <= most {
        return Ok(());
    }
    Err(Misfit::new("", "too_many", format!("at most {most} {what}")))
}
