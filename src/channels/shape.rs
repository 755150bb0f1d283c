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
//! | `{"$members": …}` | an array of one for each member of the group |
//! | `"$position"` | the item's number in its part, from 1 |
//! | a key `"$field"` | the field's first value as a key |
//! | `"$items"`, in an envelope only | the items; other names there are settings of the channel |
//!
//! Outside of `$each` and `$distinct`, `$it`, `$section`, `$name` and `$value` are fields like all others.
//!
//! **What has no value is left out**: a member whose value is missing, and an object or array in which names stand and none of them has a
//! value, with all the constants in it. What only the channel's settings say is a constant there: a currency never stands without its
//! amount, nor a marketplace without what is told to it.

use super::profile::Field;
use super::readiness::Row;
use super::render::Cell;
use super::source::Source;
use rust_decimal::Decimal;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// A document's shape, its names resolved to places of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// JSON text.
    Constant(String),
    Slot(usize, Form),
    /// What only the channel's settings say.
    Setting(usize, Form),
    /// The value at hand of `$each`, or a part of it.
    Element(Option<usize>, Form),
    Position,
    Object(Vec<(Key, Node)>),
    Array(Vec<Node>),
    Each {
        field: usize,
        over_members: bool,
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

/// What a node came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// No name stands in it.
    Constant,
    /// Something was filled in.
    Filled,
    /// Names stand in it, and none has a value; nothing was written.
    Empty,
}

/// Deepest nesting of a shape.
const MAX_DEPTH: usize = 40;

/// Where values come from.
#[derive(Clone, Copy)]
struct Context<'a> {
    /// The group's rows, or the one row.
    members: &'a [&'a Row],
    /// The row that names speak of; none: the first of the members that has a value.
    row: Option<&'a Row>,
    element: Option<&'a Cell>,
    position: u64,
}

impl<'a> Context<'a> {
    fn cells(&self, field: usize) -> &'a [Cell] {
        let of = |row: &'a Row| row.cells.get(field).map_or(&[][..], Vec::as_slice);
        match self.row {
            Some(row) => of(row),
            None => self.members.iter().map(|row| of(row)).find(|cells| !cells.is_empty()).unwrap_or_default(),
        }
    }
}

impl Shape {
    /// Reads a shape; `fields` are the names it may use. The error says what is wrong.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        Ok(Self(Reader { fields, settings: &[] }.node(&json, 0, false)?))
    }

    /// The same for a profile's fields; those that say nothing about a product do not keep an object that is otherwise empty.
    pub fn of_fields(text: &str, fields: &[Field]) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        let of_channel = |source: &Source| {
            matches!(source, Source::Setting(_) | Source::Currency | Source::Locale | Source::Country | Source::Literal(_))
        };
        let settings: Vec<bool> = fields.iter().map(|field| field.from.iter().all(of_channel)).collect();
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        Ok(Self(Reader { fields: &names, settings: &settings }.node(&json, 0, false)?))
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

struct Reader<'a> {
    fields: &'a [&'a str],
    /// Which of them only the channel's settings fill.
    settings: &'a [bool],
}

impl Reader<'_> {
    fn field(&self, name: &str) -> Result<usize, String> {
        let at = self.fields.iter().position(|field| *field == name);
        at.ok_or_else(|| format!("names '${name}', and there is no field '{name}'"))
    }

    /// `in_each`: is there a value at hand?
    fn node(&self, json: &Json, depth: usize, in_each: bool) -> Result<Node, String> {
        if depth > MAX_DEPTH {
            return Err(format!("is nested deeper than {MAX_DEPTH}"));
        }
        let inner = |json: &Json| self.node(json, depth + 1, in_each);
        let of_each = |json: &Json| self.node(json, depth + 1, true);
        match json {
            Json::String(text) => match text.strip_prefix('$') {
                Some(name) => self.slot(name, in_each),
                None => Ok(Node::Constant(json.to_string())),
            },
            Json::Array(items) => items.iter().map(inner).collect::<Result<_, _>>().map(Node::Array),
            Json::Object(members) => {
                let named = |key: &str| members.get(key);
                if let Some(item) = named("$members") {
                    return Ok(Node::Members(Box::new(inner(item)?)));
                }
                let each = [("$each", false), ("$distinct", true)];
                if let Some((over, over_members)) = each.iter().find_map(|(key, over)| Some((named(key)?, *over))) {
                    let name = over.as_str().ok_or("$each and $distinct name a field")?;
                    let item = named("$item").ok_or_else(|| format!("$each \"{name}\" needs an $item"))?;
                    return Ok(Node::Each {
                        field: self.field(name)?,
                        over_members,
                        key: named("$key").map(of_each).transpose()?.map(Box::new),
                        item: Box::new(of_each(item)?),
                    });
                }
                let member = |(key, value): (&String, &Json)| {
                    let key = match key.strip_prefix('$') {
                        Some(name) => Key::Slot(self.field(name)?),
                        None => Key::Constant(Json::String(key.clone()).to_string()),
                    };
                    Ok((key, inner(value)?))
                };
                members.iter().map(member).collect::<Result<_, String>>().map(Node::Object)
            }
            other => Ok(Node::Constant(other.to_string())),
        }
    }

    fn slot(&self, text: &str, in_each: bool) -> Result<Node, String> {
        let (name, form) = text.split_once(':').unwrap_or((text, "text"));
        let form = match form {
            "text" => Form::Text,
            "number" => Form::Number,
            "boolean" => Form::Boolean,
            "list" => Form::List,
            other => match other.parse() {
                Ok(nth @ 1..=9) => Form::Nth(nth - 1),
                _ => return Err(format!("there is no form '{other}'; use text, number, boolean, list or 1 to 9")),
            },
        };
        Ok(match name {
            "it" if in_each => Node::Element(None, form),
            "section" if in_each => Node::Element(Some(0), form),
            "name" if in_each => Node::Element(Some(1), form),
            "value" if in_each => Node::Element(Some(2), form),
            "position" => Node::Position,
            name => {
                let field = self.field(name)?;
                if self.settings.get(field) == Some(&true) { Node::Setting(field, form) } else { Node::Slot(field, form) }
            }
        })
    }
}

impl Node {
    fn fields(&self, into: &mut BTreeSet<usize>) {
        match self {
            Self::Slot(field, _) | Self::Setting(field, _) => drop(into.insert(*field)),
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
            Self::Constant(_) | Self::Slot(..) | Self::Setting(..) | Self::Element(..) => false,
            Self::Object(members) => members.iter().any(|(_, node)| node.has_position()),
            Self::Array(items) => items.iter().any(Self::has_position),
            Self::Each { item, .. } | Self::Members(item) => item.has_position(),
        }
    }

    fn write(&self, context: Context, out: &mut Vec<u8>) -> Written {
        match self {
            Self::Constant(text) => {
                out.extend_from_slice(text.as_bytes());
                Written::Constant
            }
            Self::Position => {
                out.extend_from_slice(context.position.to_string().as_bytes());
                Written::Constant
            }
            Self::Slot(field, form) => write_cells(context.cells(*field), *form, out),
            Self::Setting(field, form) => match write_cells(context.cells(*field), *form, out) {
                Written::Empty => Written::Empty,
                _ => Written::Constant,
            },
            Self::Element(part, form) => match (context.element, part) {
                (Some(Cell::Parts(parts)), Some(at)) => {
                    parts.get(*at).map_or(Written::Empty, |text| write_text(text, *form, out))
                }
                (Some(Cell::Text(text)), None) => write_text(text, *form, out),
                _ => Written::Empty,
            },
            Self::Object(members) => {
                let start = out.len();
                out.push(b'{');
                let (mut said, mut keys) = (Said::default(), Vec::new());
                for (key, node) in members {
                    let before = out.len();
                    if out.len() > start + 1 {
                        out.push(b',');
                    }
                    let begun = out.len();
                    let key = match key {
                        Key::Constant(key) => {
                            out.extend_from_slice(key.as_bytes());
                            Written::Constant
                        }
                        Key::Slot(field) => write_cells(context.cells(*field), Form::Text, out),
                    };
                    // A value may be the key that stands there already; the first stays.
                    let own = out.get(begun..).unwrap_or_default().to_vec();
                    let key = if keys.contains(&own) { Written::Empty } else { key };
                    out.push(b':');
                    let value = if key == Written::Empty { Written::Empty } else { node.write(context, out) };
                    said.hears(value);
                    if value == Written::Empty {
                        out.truncate(before);
                    } else {
                        keys.push(own);
                    }
                }
                out.push(b'}');
                said.ends(start, out)
            }
            Self::Array(items) => {
                let start = out.len();
                let mut said = Said::default();
                out.push(b'[');
                for item in items {
                    said.hears(item_of(item, context, start, out));
                }
                out.push(b']');
                said.ends(start, out)
            }
            Self::Members(item) => {
                let start = out.len();
                let mut said = Said { names: true, filled: false };
                out.push(b'[');
                for row in context.members {
                    said.hears(item_of(item, Context { row: Some(row), ..context }, start, out));
                }
                out.push(b']');
                said.ends(start, out)
            }
            Self::Each { field, over_members, key, item } => {
                let mut cells: Vec<&Cell> = Vec::new();
                if *over_members {
                    for cell in context.members.iter().filter_map(|row| row.cells.get(*field)).flatten() {
                        if !cells.contains(&cell) {
                            cells.push(cell);
                        }
                    }
                } else {
                    cells.extend(context.cells(*field));
                }
                match key {
                    None => each(&cells, item, context, out),
                    Some(key) => keyed(&cells, key, item, context, out),
                }
            }
        }
    }
}

/// What an object or array has said so far.
#[derive(Default)]
struct Said {
    names: bool,
    filled: bool,
}

impl Said {
    fn hears(&mut self, written: Written) {
        self.names |= written != Written::Constant;
        self.filled |= written == Written::Filled;
    }

    /// Takes everything back where names stood and none had a value.
    fn ends(&self, start: usize, out: &mut Vec<u8>) -> Written {
        match (self.names, self.filled) {
            (_, true) => Written::Filled,
            (false, false) => Written::Constant,
            (true, false) => {
                out.truncate(start);
                Written::Empty
            }
        }
    }
}

/// One item of an array that began at `start`.
fn item_of(item: &Node, context: Context, start: usize, out: &mut Vec<u8>) -> Written {
    let before = out.len();
    if out.len() > start + 1 {
        out.push(b',');
    }
    let written = item.write(context, out);
    if written == Written::Empty {
        out.truncate(before);
    }
    written
}

fn each(cells: &[&Cell], item: &Node, context: Context, out: &mut Vec<u8>) -> Written {
    let start = out.len();
    let mut said = Said { names: true, filled: false };
    out.push(b'[');
    for cell in cells {
        let written = item_of(item, Context { element: Some(cell), ..context }, start, out);
        // An item of constants counts: there is one for each value.
        said.hears(if written == Written::Constant { Written::Filled } else { written });
    }
    out.push(b']');
    said.ends(start, out)
}

/// An object by key; what shares a key shares an array, where the item is one.
fn keyed(cells: &[&Cell], key: &Node, item: &Node, context: Context, out: &mut Vec<u8>) -> Written {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for cell in cells {
        let context = Context { element: Some(cell), ..context };
        let (mut name, mut value) = (Vec::new(), Vec::new());
        if key.write(context, &mut name) == Written::Empty || item.write(context, &mut value) == Written::Empty {
            continue;
        }
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) if all.ends_with(b"]") && value.starts_with(b"[") => {
                all.pop();
                all.push(b',');
                all.extend_from_slice(value.get(1..).unwrap_or_default());
            }
            // A second value of a key that takes one: the first stays.
            Some(_) => {}
            None => entries.push((name, value)),
        }
    }
    if entries.is_empty() {
        return Written::Empty;
    }
    out.push(b'{');
    for (at, (name, value)) in entries.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name);
        out.push(b':');
        out.extend_from_slice(value);
    }
    out.push(b'}');
    Written::Filled
}

fn write_cells(cells: &[Cell], form: Form, out: &mut Vec<u8>) -> Written {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Parts(parts) => parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(": "),
    };
    if form != Form::List {
        let at = if let Form::Nth(at) = form { at } else { 0 };
        return cells.get(at).map_or(Written::Empty, |cell| match cell {
            Cell::Text(text) => write_text(text, form, out),
            Cell::Parts(_) => write_text(&text(cell), form, out),
        });
    }
    if cells.is_empty() {
        return Written::Empty;
    }
    out.push(b'[');
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(&text(cell), out);
    }
    out.push(b']');
    Written::Filled
}

fn write_text(text: &str, form: Form, out: &mut Vec<u8>) -> Written {
    match form {
        Form::Number => match text.parse::<Decimal>() {
            // As a decimal, so that no digit is lost on the way.
            Ok(number) => out.extend_from_slice(number.normalize().to_string().as_bytes()),
            Err(_) => return Written::Empty,
        },
        Form::Boolean => match text {
            "true" | "yes" | "1" => out.extend_from_slice(b"true"),
            "false" | "no" | "0" => out.extend_from_slice(b"false"),
            _ => return Written::Empty,
        },
        Form::Text | Form::List | Form::Nth(_) => write_string(text, out),
    }
    Written::Filled
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    // Writing a string into memory cannot fail; were it to, the quotes still stand.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}
