//! Filling a shape with the values of one product or of a group; what has none is left out.

use super::{Form, Key, Node};
use crate::channels::agreement;
use crate::channels::readiness::Row;
use crate::channels::render::Cell;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// What a node came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// No name stands in it.
    Constant,
    /// Something was filled in.
    Filled,
    /// Names stand in it, and none has a value; nothing was written.
    Empty,
}

/// Where values come from.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The group's rows, or the one row.
    pub(super) members: &'a [&'a Row],
    /// The row that names speak of; none: the first of the members that has a value.
    pub(super) row: Option<&'a Row>,
    pub(super) element: Option<&'a Cell>,
    pub(super) position: u64,
}

impl<'a> Context<'a> {
    /// The same, of a group only what all members say where that is asked.
    fn told(&self, field: usize, agreed: bool) -> Cow<'a, [Cell]> {
        match self.row {
            None if agreed => Cow::Owned(agreement::agreed(self.members, field)),
            _ => Cow::Borrowed(self.cells(field)),
        }
    }

    fn cells(&self, field: usize) -> &'a [Cell] {
        let of = |row: &'a Row| row.cells.get(field).map_or(&[][..], Vec::as_slice);
        match self.row {
            Some(row) => of(row),
            None => self.members.iter().map(|row| of(row)).find(|cells| !cells.is_empty()).unwrap_or_default(),
        }
    }
}

impl Node {
    pub(super) fn write(&self, context: Context, out: &mut Vec<u8>) -> Written {
        match self {
            Self::Constant(text) => {
                out.extend_from_slice(text.as_bytes());
                Written::Constant
            }
            Self::Position => {
                out.extend_from_slice(context.position.to_string().as_bytes());
                Written::Constant
            }
            Self::Slot { field, form, agreed } => write_cells(&context.told(*field, *agreed), *form, out),
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
            Self::Named(field) => {
                let rows = context.row.into_iter().chain(context.members.iter().copied());
                let mut cells = rows.filter_map(|row| row.cells.get(*field)).flatten();
                match cells.find_map(|cell| cell.name_of(context.element?)) {
                    Some(name) => write_text(name, Form::Text, out),
                    None => Written::Empty,
                }
            }
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
            Self::Each { field, over_members, agreed, key, item } => {
                let mut cells: Vec<&Cell> = Vec::new();
                let told = context.told(*field, *agreed);
                if *over_members {
                    for cell in context.members.iter().filter_map(|row| row.cells.get(*field)).flatten() {
                        if !cells.contains(&cell) {
                            cells.push(cell);
                        }
                    }
                } else {
                    cells.extend(told.iter());
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
