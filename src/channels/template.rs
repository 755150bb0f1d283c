//! Texts by template: titles, descriptions and whatever else an owner wants to word, per locale.
//!
//! A template sees `sku`, `brand`, `model`, `mpn`, `gtin`, `category`, `title`, `description`, `price`, `available`, `tags`, and every
//! attribute by its code as people of the locale read it (`light_output_max` is `400 lm`). What a product does not have is empty text. A
//! template that loops or writes without end is stopped: whoever writes one is an outsider.

use super::extract::{Product, Side};
use crate::pricing::Money;
use minijinja::value::{Object, Value};
use minijinja::{Environment, UndefinedBehavior};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Steps that a template may take.
const FUEL: u64 = 20_000;
/// Bytes that it may write.
const MAX_BYTES: usize = 64 * 1024;
/// Bytes that it may have.
const MAX_SOURCE: usize = 16 * 1024;

/// The templates of one channel in one locale, by field.
#[derive(Clone, Default)]
pub struct Templates {
    environment: Option<Arc<Environment<'static>>>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

impl Templates {
    /// Reads templates; the error names the field and says what is wrong where.
    pub fn read<'a>(sources: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, (String, String)> {
        let mut environment = None;
        for (field, source) in sources {
            let environment = environment.get_or_insert_with(|| {
                let mut environment = Environment::new();
                environment.set_fuel(Some(FUEL));
                environment.set_recursion_limit(20);
                environment.set_undefined_behavior(UndefinedBehavior::Lenient);
                environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
                environment
            });
            let wrong = |message: String| (field.to_owned(), message);
            if source.len() > MAX_SOURCE {
                return Err(wrong(format!("a template has at most {MAX_SOURCE} bytes")));
            }
            environment.add_template_owned(field.to_owned(), source.to_owned()).map_err(|error| wrong(said(&error)))?;
        }
        Ok(Self { environment: environment.map(Arc::new) })
    }

    /// Is there one for this field?
    pub fn has(&self, field: &str) -> bool {
        self.environment.as_ref().is_some_and(|environment| environment.get_template(field).is_ok())
    }

    /// What the field's template writes of a product; nothing where there is none or it writes only space. The error is a sentence.
    pub fn write(&self, field: &str, side: Side, product: &Product) -> Result<Option<String>, String> {
        let Some(environment) = &self.environment else { return Ok(None) };
        let Ok(template) = environment.get_template(field) else { return Ok(None) };
        let mut bounded = Bounded(Vec::new());
        template.render_captured_to(Value::from_object(Told(told(side, product))), &mut bounded).map_err(|error| said(&error))?;
        let text = String::from_utf8_lossy(&bounded.0);
        Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
    }
}

fn said(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("the template fails{line}: {}{detail}", error.kind())
}

fn told(side: Side, product: &Product) -> BTreeMap<String, Value> {
    let view = product.view;
    let mut told = BTreeMap::new();
    let attributes = view.values.keys();
    for code in attributes {
        let words = side.label(view, code).join(", ");
        if !words.is_empty() {
            told.insert(code.clone(), Value::from(words));
        }
    }
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            told.insert(name.to_owned(), Value::from(value));
        }
    };
    let text_of = |attribute: &str| view.value(attribute).and_then(crate::normalize::Value::as_text).map(str::to_owned);
    set("sku", Some(view.sku.clone()));
    set("brand", view.brand.clone());
    set("mpn", view.mpn.clone());
    set("gtin", view.gtin.clone());
    set("model", text_of("model_name").or_else(|| view.mpn.clone()));
    set(
        "category",
        view.category.as_deref().and_then(|code| side.words.category(code, &side.settings.locale)).map(str::to_owned),
    );
    set("title", side.title(view));
    set("description", side.description(view));
    set("price", product.price.as_ref().ok().map(Money::to_string));
    told.insert("available".to_owned(), Value::from(view.available));
    told.insert("tags".to_owned(), Value::from(view.tags.clone()));
    told
}

/// What a template sees; a name that is not there is empty.
#[derive(Debug)]
struct Told(BTreeMap<String, Value>);

impl Object for Told {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }
}

/// Refuses to grow without end.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::Error::other(format!("it writes more than {MAX_BYTES} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
