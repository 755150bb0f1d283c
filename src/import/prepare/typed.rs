//! Values that come typed, as our API writes them: no text is guessed at, and what is no value of its attribute is told.

use super::row::Row;
use crate::dictionary::{Attribute, AttributeType};
use crate::normalize::typed::{shape, typed};
use crate::normalize::{Claim, Value};
use crate::suppliers::Column;
use serde_json::Value as Json;

impl Row<'_> {
    /// Reads a column of JSON texts: a value, or texts by locale.
    pub(super) fn typed(&mut self, column: &Column, attribute: &Attribute) {
        for text in self.cells.texts(&column.from) {
            match serde_json::from_str::<Json>(text) {
                Ok(Json::Object(locales)) if attribute.localized => {
                    for (locale, value) in locales {
                        // A tag that is none would be stored as it stands.
                        if locale.len() <= 35 && locale.parse::<icu_locale_core::LanguageIdentifier>().is_ok() {
                            self.typed_value(&Column { locale: Some(locale), ..column.clone() }, attribute, value, text);
                        } else {
                            self.warn(
                                &column.from,
                                "invalid_locale",
                                "this is not a BCP 47 language tag; write such as en or de-AT",
                                &locale,
                            );
                        }
                    }
                }
                Ok(value) => self.typed_value(column, attribute, value, text),
                Err(_) => self.read_items(column, attribute, &[text.to_owned()]),
            }
        }
    }

    fn typed_value(&mut self, column: &Column, attribute: &Attribute, value: Json, raw: &str) {
        let value = match value {
            Json::Null => return,
            Json::Object(object) if object.get("none") == Some(&Json::Bool(true)) => return,
            // An option's own code means that option, whatever other words it may hold.
            Json::String(code) if attribute.kind == AttributeType::Select && attribute.option(&code).is_some() => {
                Value::text(code)
            }
            Json::String(text) => return self.read_items(column, attribute, &[text]),
            value => {
                let read = serde_json::from_value(value).map_err(|_| ("wrong_type", shape(attribute)));
                let read = read
                    .and_then(|value| typed(self.dictionary(), attribute, value).map_err(|misfit| (misfit.code, misfit.message)));
                match read {
                    Ok(value) => value,
                    Err((code, message)) => return self.warn(&column.from, code, message, raw),
                }
            }
        };
        let locale = self.claim_locale(attribute, column.locale.as_deref());
        self.claims.direct(Claim {
            attribute: attribute.code.clone(),
            locale,
            value,
            raw: raw.to_owned(),
            field: column.from.clone(),
            rule: "typed".to_owned(),
            confidence: 100,
        });
    }
}
