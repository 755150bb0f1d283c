//! JSON documents by example: the document that a channel wants, with the names of fields where their values belong.
//!
//! A profile writes an item as JSON text. What stands in it is written as it stands, except:
//!
//! | in the profile | becomes |
//! |---|---|
//! | `"$field"` | the field's first value as a string |
//! | `"$field:number"`, `"$field:boolean"` | the same as a number, as true or false |
//! | `"$field:2"` | its second value; 1 to 9 |
//! | `"$field:list"` | all its values, an array of strings |
//! | `{"$each": "field", "$item": …}` | an array of one `$item` for each value; inside, `"$it"` is the value, `"$section"`, `"$name"` and `"$value"` are a fact's parts |
//! | … with `"$key": "$name"` | an object instead, with these keys; what has the same key shares an array |
//! | `{"$distinct": "field", "$item": …}` | the same over the different values of all members of a group |
//! | `{"$named": "field"}` | inside of these: the name of that field's fact whose value is the value at hand, as a picture's words stand beside its address |
//! | `{"$members": …}` | an array of one for each member of the group |
//! | `"$position"` | the item's number in its part, from 1 |
//! | a key `"$field"` | the field's first value as a key |
//! | `"$items"`, in an envelope only | the items; other names there are settings of the channel |
//!
//! Where a group is one item, names outside of `$members` speak of the first member that has a value, or where the profile says
//! `differing = "nothing"` of what all members say.
//!
//! Outside of `$each` and `$distinct`, `$it`, `$section`, `$name` and `$value` are fields like all others.
//!
//! **What has no value is left out**: a member whose value is missing, and an object or array in which names stand and none of them has a
//! value, with all the constants in it. What only the channel's settings say is a constant there: a currency never stands without its
//! amount, nor a marketplace without what is told to it.

mod example;
mod fill;

use super::profile::{Differing, Field};
use super::readiness::Row;
use super::source::Source;
use example::Reader;
use fill::{Context, Written};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// A document's shape, its names resolved to places of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// JSON text.
    Constant(String),
    /// `agreed`: of a group, only what all members say.
    Slot {
        field: usize,
        form: Form,
        agreed: bool,
    },
    /// What only the channel's settings say.
    Setting(usize, Form),
    /// The value at hand of `$each`, or a part of it.
    Element(Option<usize>, Form),
    /// The name of the fact of this field whose value is the value at hand.
    Named(usize),
    Position,
    Object(Vec<(Key, Node)>),
    Array(Vec<Node>),
    Each {
        field: usize,
        over_members: bool,
        agreed: bool,
        key: Option<Box<Node>>,
        item: Box<Node>,
    },
    Members(Box<Node>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// As JSON text, with quotes.
    Constant(String),
    Slot(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Boolean,
    List,
    /// One of several, from 0.
    Nth(usize),
}

impl Shape {
    /// Reads a shape; `fields` are the names it may use. The error says what is wrong.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        Ok(Self(Reader { fields, settings: &[], agreed: &[] }.node(&json, 0, false)?))
    }

    /// The same for a profile's fields; those that say nothing about a product do not keep an object that is otherwise empty.
    pub fn of_fields(text: &str, fields: &[Field]) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        let of_channel = |source: &Source| {
            matches!(source, Source::Setting(_) | Source::Currency | Source::Locale | Source::Country | Source::Literal(_))
        };
        let settings: Vec<bool> = fields.iter().map(|field| field.from.iter().all(of_channel)).collect();
        let agreed: Vec<bool> = fields.iter().map(|field| field.differing == Differing::Nothing).collect();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        Ok(Self(Reader { fields: &names, settings: &settings, agreed: &agreed }.node(&json, 0, false)?))
    }

    /// The places of the fields that it names.
    pub fn fields(&self) -> BTreeSet<usize> {
        let mut fields = BTreeSet::new();
        self.0.fields(&mut fields);
        fields
    }

    /// Does an item tell where in its part it stands?
    pub fn has_position(&self) -> bool {
        self.0.has_position()
    }

    /// Appends the item of a group, or of one product, without line ends. False when nothing in it has a value.
    pub fn write(&self, members: &[&Row], position: u64, out: &mut Vec<u8>) -> bool {
        let row = match members {
            [one] => Some(*one),
            _ => None,
        };
        self.0.write(Context { members, row, element: None, position }, out) != Written::Empty
    }
}

impl Node {
    fn fields(&self, into: &mut BTreeSet<usize>) {
        match self {
            Self::Slot { field, .. } | Self::Setting(field, _) | Self::Named(field) => drop(into.insert(*field)),
            Self::Constant(_) | Self::Position | Self::Element(..) => {}
            Self::Object(members) => {
                for (key, node) in members {
                    if let Key::Slot(field) = key {
                        into.insert(*field);
                    }
                    node.fields(into);
                }
            }
            Self::Array(items) => items.iter().for_each(|item| item.fields(into)),
            Self::Members(item) => item.fields(into),
            Self::Each { field, key, item, .. } => {
                into.insert(*field);
                if let Some(key) = key {
                    key.fields(into);
                }
                item.fields(into);
            }
        }
    }

    fn has_position(&self) -> bool {
        match self {
            Self::Position => true,
            Self::Constant(_) | Self::Slot { .. } | Self::Setting(..) | Self::Element(..) | Self::Named(_) => false,
            Self::Object(members) => members.iter().any(|(_, node)| node.has_position()),
            Self::Array(items) => items.iter().any(Self::has_position),
            Self::Each { item, .. } | Self::Members(item) => item.has_position(),
        }
    }
}
