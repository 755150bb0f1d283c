//! GraphQL input coercion that says where a value does not fit.
//!
//! <https://spec.graphql.org/draft/#sec-Input-Coercion>, with `@oneOf`, and with patterns for the scalars that a schema only names.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use regex::Regex;
use serde_json::Value as Json;
use std::collections::BTreeMap;

pub(super) struct Coercion {
    /// What texts of the schema's own scalars look like.
    pub(super) scalars: BTreeMap<String, Regex>,
}

type Tell<'a> = &'a mut dyn FnMut(String, String);

impl Coercion {
    pub(super) fn walk(&self, schema: &Schema, wanted: &Type, value: &Json, at: &str, tell: Tell) {
        if value.is_null() {
            if wanted.is_non_null() {
                tell(at.to_owned(), format!("null stands where {wanted} is required"));
            }
            return;
        }
        match wanted {
            Type::List(item) | Type::NonNullList(item) => match value {
                Json::Array(items) => {
                    for (n, value) in items.iter().enumerate() {
                        self.walk(schema, item, value, &format!("{at}/{n}"), tell);
                    }
                }
                // One item stands for a list of one.
                one => self.walk(schema, item, one, at, tell),
            },
            Type::Named(name) | Type::NonNullNamed(name) => match schema.types.get(name) {
                Some(ExtendedType::InputObject(object)) => self.object(schema, object, value, at, tell),
                Some(ExtendedType::Enum(values)) => {
                    let known = value.as_str().is_some_and(|text| values.values.keys().any(|known| known == text));
                    if !known {
                        let all = values.values.keys().map(apollo_compiler::Name::as_str).collect::<Vec<_>>().join(", ");
                        tell(at.to_owned(), format!("{value} is not one of {name}: {all}"));
                    }
                }
                Some(ExtendedType::Scalar(_)) if !self.fits(name, value) => {
                    tell(at.to_owned(), format!("{value} is not a {name}"));
                }
                Some(ExtendedType::Scalar(_)) => {}
                _ => tell(at.to_owned(), format!("{name} is not a type that can be given")),
            },
        }
    }

    fn fits(&self, scalar: &str, value: &Json) -> bool {
        match scalar {
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "ID" => value.is_string() || value.is_i64(),
            own => self.scalars.get(own).is_none_or(|pattern| value.as_str().is_some_and(|text| pattern.is_match(text))),
        }
    }

    fn object(&self, schema: &Schema, object: &InputObjectType, value: &Json, at: &str, tell: Tell) {
        let Json::Object(given) = value else {
            return tell(at.to_owned(), format!("{value} stands where {} is wanted", object.name));
        };
        for (name, value) in given {
            let inside = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            match object.fields.get(name.as_str()) {
                Some(field) => self.walk(schema, &field.ty, value, &inside, tell),
                None => tell(inside, format!("{} has no '{name}'", object.name)),
            }
        }
        for (name, field) in &object.fields {
            if field.ty.is_non_null() && field.default_value.is_none() && !given.contains_key(name.as_str()) {
                tell(at.to_owned(), format!("{} needs '{name}'", object.name));
            }
        }
        let one_of = object.directives.iter().any(|directive| directive.name == "oneOf");
        if one_of && (given.len() != 1 || given.values().any(Json::is_null)) {
            tell(at.to_owned(), format!("{} takes exactly one of its members", object.name));
        }
    }
}
