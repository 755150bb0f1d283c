//! Reading the example that a profile writes: names become places of fields.

use super::{Form, Key, Node};
use serde_json::Value as Json;

/// Deepest nesting of a shape.
const MAX_DEPTH: usize = 40;

pub(super) struct Reader<'a> {
    pub(super) fields: &'a [&'a str],
    /// Which of them only the channel's settings fill.
    pub(super) settings: &'a [bool],
    /// Which of them say of a group only what all members say.
    pub(super) agreed: &'a [bool],
}

impl Reader<'_> {
    fn field(&self, name: &str) -> Result<usize, String> {
        let at = self.fields.iter().position(|field| *field == name);
        at.ok_or_else(|| format!("names '${name}', and there is no field '{name}'"))
    }

    fn agreed(&self, field: usize) -> bool {
        self.agreed.get(field) == Some(&true)
    }

    /// `in_each`: is there a value at hand?
    pub(super) fn node(&self, json: &Json, depth: usize, in_each: bool) -> Result<Node, String> {
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
                if let Some(field) = named("$named").filter(|_| in_each) {
                    let name = field.as_str().ok_or("$named names a field")?;
                    return Ok(Node::Named(self.field(name)?));
                }
                let each = [("$each", false), ("$distinct", true)];
                if let Some((over, over_members)) = each.iter().find_map(|(key, over)| Some((named(key)?, *over))) {
                    let name = over.as_str().ok_or("$each and $distinct name a field")?;
                    let item = named("$item").ok_or_else(|| format!("$each \"{name}\" needs an $item"))?;
                    let field = self.field(name)?;
                    return Ok(Node::Each {
                        field,
                        agreed: self.agreed(field),
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
                if self.settings.get(field) == Some(&true) {
                    Node::Setting(field, form)
                } else {
                    Node::Slot { field, form, agreed: self.agreed(field) }
                }
            }
        })
    }
}
