//! Variables of a mutation judged by the shop's GraphQL schema.
//!
//! The mutation is written from the schema itself: all its arguments as variables. The schema and the mutation are read and checked by a
//! GraphQL compiler, which also coerces the variables; it stops at the first fault and does not say where, so [`coercion`] walks first.

use super::coercion::Coercion;
use super::part::Document;
use super::{Finding, excerpt, whole};
use crate::channels::profile::Contract;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::Value as Json;
use std::cell::Cell;

pub(super) struct Judge {
    schema: Valid<Schema>,
    operation: Node<Operation>,
    coercion: Coercion,
}

impl Judge {
    pub(super) fn new(text: &str, contract: &Contract) -> Result<Self, String> {
        // The directive is part of GraphQL since September 2025, so a schema need not declare it; the compiler wants it declared.
        let one_of = if text.contains("directive @oneOf") { "" } else { "directive @oneOf on INPUT_OBJECT" };
        let text = format!("{text}\n{one_of}\n");
        let schema = Schema::parse_and_validate(text, &contract.file).map_err(|error| excerpt(&error.to_string()))?;
        let mutation = schema.schema_definition.mutation.as_ref().ok_or("it has no mutations")?;
        let field = schema
            .type_field(mutation.name.as_str(), contract.at.as_str())
            .map_err(|_| format!("there is no mutation '{}'", contract.at))?;
        let declared: Vec<String> =
            field.arguments.iter().map(|argument| format!("${}: {}", argument.name, argument.ty)).collect();
        let passed: Vec<String> = field.arguments.iter().map(|argument| format!("{0}: ${0}", argument.name)).collect();
        let is_leaf =
            matches!(schema.types.get(field.ty.inner_named_type()), Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)));
        let selection = if is_leaf { "" } else { "{ __typename }" };
        let text = format!("mutation ({}) {{ {}({}) {selection} }}", declared.join(", "), contract.at, passed.join(", "));
        let document = ExecutableDocument::parse_and_validate(&schema, text, "mutation.graphql")
            .map_err(|error| excerpt(&error.to_string()))?;
        let operation = document.operations.get(None).map_err(|_| "its mutation cannot be read")?.clone();
        let scalars = contract.scalars.iter().map(|(name, pattern)| Ok((name.clone(), whole(pattern)?)));
        let coercion = Coercion { scalars: scalars.collect::<Result<_, String>>()? };
        Ok(Self { schema, operation, coercion })
    }

    pub(super) fn judge(&self, document: &Document, found: &mut dyn FnMut(Finding)) {
        let clean = Cell::new(true);
        let mut tell = |at: String, reason: String| {
            clean.set(false);
            found(Finding {
                item: document.item_at(&at),
                pointer: format!("{}{at}", document.pointer),
                reason: excerpt(&reason),
            });
        };
        let Json::Object(given) = &document.value else {
            return tell(String::new(), "variables are an object".to_owned());
        };
        let variables = &self.operation.variables;
        for name in given.keys().filter(|name| !variables.iter().any(|variable| variable.name == name.as_str())) {
            tell(format!("/{name}"), format!("the mutation has no argument '{name}'"));
        }
        for variable in variables {
            let at = format!("/{}", variable.name);
            match given.get(variable.name.as_str()) {
                Some(value) => self.coercion.walk(&self.schema, &variable.ty, value, &at, &mut tell),
                None if variable.ty.is_non_null() => tell(at, "it is required".to_owned()),
                None => {}
            }
        }
        if !clean.get() {
            return;
        }
        // The compiler has the last word on what our own walk lets pass.
        let refused = match serde_json::from_value::<JsonMap>(document.value.clone()) {
            Ok(values) => match apollo_compiler::request::coerce_variable_values(&self.schema, &self.operation, &values) {
                Ok(_) => return,
                Err(error) => error.message().to_string(),
            },
            Err(error) => error.to_string(),
        };
        tell(String::new(), refused);
    }
}
