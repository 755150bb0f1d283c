//! Reading a [`Value`] by its JSON shape in one pass.
//!
//! Serde's own reading of an untagged enum keeps the whole document and tries one variant after the other; a catalogue is read a
//! thousand times a second, so the first sign decides here.

use super::{BatteryOption, Measure, Mode, NoValue, PictureChoice, Range, Value};
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false, a list, a measure, a range or {\"none\":true}")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Integer).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = map.next_key::<String>()? {
            object.take(&name, &mut map)?;
        }
        object.end()
    }

    /// An empty list is of batteries, as it always was.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let value = match items.next_element()? {
            None => Value::Batteries(Vec::new()),
            Some(Item::Text(first)) => Value::List(rest(first, &mut items)?),
            Some(Item::Battery(first)) => Value::Batteries(rest(first, &mut items)?),
            Some(Item::Mode(first)) => Value::Modes(rest(first, &mut items)?),
            Some(Item::Picture(first)) => Value::Pictures(rest(first, &mut items)?),
        };
        Ok(value)
    }
}

/// The other items of a list, which are all like the first.
fn rest<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(first: T, items: &mut A) -> Result<Vec<T>, A::Error> {
    let mut all = vec![first];
    while let Some(item) = items.next_element()? {
        all.push(item);
    }
    Ok(all)
}

/// Does an object with this member stand for a value, and not for texts by locale?
pub(crate) fn is_of_value(name: &str) -> bool {
    matches!(name, "none" | "amount" | "min" | "max" | "unit")
}

/// The members of a measure, a range or a stated absence.
#[derive(Default)]
pub(crate) struct Object {
    none: Option<bool>,
    amount: Option<Decimal>,
    min: Option<Decimal>,
    max: Option<Decimal>,
    unit: Option<String>,
}

impl Object {
    /// Reads the value of the member `name`.
    pub(crate) fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "none" => self.none = Some(map.next_value()?),
            "amount" => self.amount = Some(map.next_value()?),
            "min" => self.min = Some(map.next_value()?),
            "max" => self.max = Some(map.next_value()?),
            "unit" => self.unit = Some(map.next_value()?),
            other => return Err(A::Error::custom(format!("unknown field `{other}` of a value"))),
        }
        Ok(())
    }

    /// What the members make.
    pub(crate) fn end<E: Error>(self) -> Result<Value, E> {
        match self {
            Self { none: Some(none), amount: None, min: None, max: None, unit: None } => Ok(Value::None(NoValue { none })),
            Self { none: None, amount: Some(amount), min: None, max: None, unit: Some(unit) } => {
                Ok(Value::Measure(Measure { amount, unit }))
            }
            Self { none: None, amount: None, min: Some(min), max: Some(max), unit: Some(unit) } => {
                Ok(Value::Range(Range { min, max, unit }))
            }
            _ => Err(E::custom("a measure has amount and unit, a range min, max and unit")),
        }
    }
}

/// The first item of a list.
enum Item {
    Text(String),
    Battery(BatteryOption),
    Mode(Mode),
    Picture(PictureChoice),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstItem)
    }
}

struct FirstItem;

impl<'de> Visitor<'de> for FirstItem {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a battery option, a light mode or a picture")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Item, E> {
        Ok(Item::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Item, E> {
        Ok(Item::Text(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let (mut quantity, mut cell, mut mode, mut modes) = (None, None, Mode::default(), false);
        let mut empty = true;
        while let Some(name) = map.next_key::<String>()? {
            if empty && name == "picture" {
                return picture(map).map(Item::Picture);
            }
            empty = false;
            modes |= !matches!(name.as_str(), "quantity" | "cell");
            match name.as_str() {
                "quantity" => quantity = Some(map.next_value()?),
                "cell" => cell = Some(map.next_value()?),
                "name" => mode.name = map.next_value()?,
                "light_output" => mode.light_output = map.next_value()?,
                "runtime" => mode.runtime = map.next_value()?,
                "beam_distance" => mode.beam_distance = map.next_value()?,
                "color" => mode.color = map.next_value()?,
                other => return Err(A::Error::custom(format!("unknown field `{other}` of a battery option or light mode"))),
            }
        }
        match (quantity, cell, modes || empty) {
            (None, None, true) => Ok(Item::Mode(mode)),
            (Some(quantity), Some(cell), false) => Ok(Item::Battery(BatteryOption { quantity, cell })),
            _ => Err(A::Error::custom("a battery option has quantity and cell")),
        }
    }
}

/// A person's word on a picture, after the name of its first member.
fn picture<'de, A: MapAccess<'de>>(mut map: A) -> Result<PictureChoice, A::Error> {
    let mut choice = PictureChoice { picture: map.next_value()?, ..PictureChoice::default() };
    while let Some(name) = map.next_key::<String>()? {
        match name.as_str() {
            "role" => choice.role = map.next_value()?,
            "alt" => choice.alt = map.next_value()?,
            "channels" => choice.channels = map.next_value()?,
            "positions" => choice.positions = map.next_value()?,
            "hidden" => choice.hidden = map.next_value()?,
            other => return Err(A::Error::custom(format!("unknown field `{other}` of a picture"))),
        }
    }
    Ok(choice)
}
