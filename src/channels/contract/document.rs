//! Documents judged by a JSON Schema.

use super::part::Document;
use super::{Finding, excerpt};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::Value as Json;

pub(super) struct Judge {
    validator: Validator,
    each: Option<String>,
}

impl Judge {
    pub(super) fn new(schema: &Json, each: Option<String>) -> Result<Self, String> {
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = options.build(schema).map_err(|error| excerpt(&format!("{error} at {}", error.instance_path())))?;
        Ok(Self { validator, each })
    }

    pub(super) fn each(&self) -> Option<&str> {
        self.each.as_deref()
    }

    pub(super) fn judge(&self, document: &Document, found: &mut dyn FnMut(Finding)) {
        let errors: Vec<_> = self.validator.iter_errors(&document.value).collect();
        let is_echo = |kind: &ValidationErrorKind| matches!(kind, ValidationErrorKind::UnevaluatedProperties { .. });
        let real: Vec<String> =
            errors.iter().filter(|error| !is_echo(error.kind())).map(|error| error.instance_path().to_string()).collect();
        for error in &errors {
            let at = error.instance_path().to_string();
            // Where a part of a schema fails, the members that it names count as unknown, too; that says nothing new.
            let within = |place: &String| place.strip_prefix(&at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if is_echo(error.kind()) && real.iter().any(within) {
                continue;
            }
            let value = document.value.pointer(&at).map(Json::to_string).unwrap_or_default();
            // What was there may be a whole document; the rule comes first.
            let reason = excerpt(&format!("{}: {value}", error.masked()));
            found(Finding { item: document.item_at(&at), pointer: format!("{}{at}", document.pointer), reason });
        }
    }
}
