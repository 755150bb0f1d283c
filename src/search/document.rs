//! A product's view as one document of the index.

use super::compile::float;
use super::fields::{Column, ColumnKind, Fields};
use super::text;
use crate::catalog::picture::UPLOADED;
use crate::catalog::{GoldenValue, Known, Picture, ProductView};
use crate::filter::ip::Rating;
use crate::normalize::Value;
use crate::pricing::Money;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tantivy::TantivyDocument;
use tantivy::schema::Field;

/// More of one text than this many characters is not searched.
const MAX_TEXT_CHARS: usize = 20_000;

/// What a hit shows, as it is kept in the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredHit {
    pub sku: String,
    #[serde(default)]
    pub title: BTreeMap<String, String>,
    pub brand: Option<String>,
    pub model: Option<String>,
    pub category: Option<String>,
    pub status: String,
    pub gtin: Option<String>,
    pub mpn: Option<String>,
    pub group: Option<String>,
    pub price: Option<Money>,
    pub available: i64,
    pub image: Option<String>,
}

impl StoredHit {
    fn of(view: &ProductView) -> Self {
        let title = match view.values.get("title") {
            Some(GoldenValue::PerLocale(texts)) => {
                texts.iter().filter_map(|(tag, value)| Some((tag.clone(), value.as_text()?.to_owned()))).collect()
            }
            Some(GoldenValue::One(Value::Text(text))) => BTreeMap::from([("en".to_owned(), text.clone())]),
            _ => BTreeMap::new(),
        };
        Self {
            sku: view.sku.clone(),
            title,
            brand: view.brand.clone(),
            model: view.value("model_name").and_then(Value::as_text).map(str::to_owned),
            category: view.category.clone(),
            status: view.status.as_str().to_owned(),
            gtin: view.gtin.clone(),
            mpn: view.mpn.clone(),
            group: view.group.clone(),
            price: view.price,
            available: view.available,
            image: view.images.iter().find(|image| !matches!(image.known, Known::Unusable { .. })).map(shown_at),
        }
    }
}

/// Where a picture can be looked at: under its own address, or with us when it was uploaded.
fn shown_at(picture: &Picture) -> String {
    match picture.url.strip_prefix(UPLOADED) {
        Some(id) => format!("/api/v1/images/{id}/card"),
        None => picture.url.clone(),
    }
}

/// The document of a product; `ready_on` are the channels on which it is ready.
pub(super) fn document(fields: &Fields, view: &ProductView, ready_on: &[String]) -> crate::error::Result<TantivyDocument> {
    let mut build = Build { fields, document: TantivyDocument::new() };
    build.built_ins(view);
    for (code, value) in &view.values {
        match value {
            GoldenValue::One(value) => build.value(code, value),
            GoldenValue::PerLocale(texts) => {
                let mut any = false;
                for (locale, value) in texts {
                    any |= build.localized(code, locale, value);
                }
                if any {
                    build.has(code);
                }
            }
        }
    }
    for channel in ready_on {
        build.document.add_text(fields.ready_on, channel);
    }
    let hit = StoredHit::of(view);
    let title = hit.title.get("en").or_else(|| hit.title.values().next());
    if let Some(title) = title {
        build.document.add_text(fields.title_sort, text::keyword(title));
    }
    build.document.add_text(fields.hit, serde_json::to_string(&hit)?);
    build.document.add_u64(fields.checksum, super::agree::checksum(view, ready_on));
    Ok(build.document)
}

struct Build<'a> {
    fields: &'a Fields,
    document: TantivyDocument,
}

impl Build<'_> {
    fn built_ins(&mut self, view: &ProductView) {
        let fields = self.fields;
        self.document.add_u64(fields.product_id, u64::try_from(view.id).unwrap_or_default());
        let identifiers = [("sku", Some(&view.sku)), ("gtin", view.gtin.as_ref()), ("mpn", view.mpn.as_ref())];
        for (name, value) in identifiers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            self.keyword(name, value);
            self.document.add_text(fields.identifiers, value);
        }
        if let Some(mpn) = &view.mpn {
            self.document.add_text(fields.names, mpn);
        }
        if let Some(brand) = &view.brand {
            self.keyword("brand", brand);
            self.document.add_text(fields.brand_sort, text::keyword(brand));
            self.document.add_text(fields.names, brand);
        }
        if let Some(code) = &view.brand_code {
            self.document.add_text(fields.brand_code, code);
        }
        self.keyword("status", view.status.as_str());
        for (name, value) in [("category", &view.category), ("group", &view.group)] {
            if let Some(value) = value {
                self.keyword(name, value);
            }
        }
        for supplier in &view.suppliers {
            self.keyword("supplier", supplier);
        }
        for tag in &view.tags {
            self.keyword("tag", tag);
            self.document.add_text(fields.titles, tag);
        }
        self.number("available", view.available.to_f64());
        if let Some(price) = view.price {
            // Only compared and sorted by here; the exact amount stands in the hit.
            self.number("price", float(price.amount()));
            if let Some(Column { kind: ColumnKind::Money { currency }, .. }) = fields.column("price") {
                self.document.add_text(*currency, price.currency.code());
            }
        }
        for (name, time) in [("created_at", view.created_at), ("updated_at", view.updated_at)] {
            if let Some(column) = fields.column(name) {
                self.document.add_i64(column.field, time.timestamp_micros());
                self.has(name);
            }
        }
    }

    fn has(&mut self, name: &str) {
        self.document.add_text(self.fields.has, name);
    }

    fn keyword(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        if let Some(column) = self.fields.column(name) {
            self.document.add_text(column.field, value);
            self.has(name);
        }
    }

    fn number(&mut self, name: &str, value: Option<f64>) {
        if let (Some(column), Some(value)) = (self.fields.column(name), value) {
            self.document.add_f64(column.field, value);
            self.has(name);
        }
    }

    /// A golden value without locale. One of the wrong type for its attribute, left from an older dictionary, is not indexed.
    fn value(&mut self, code: &str, value: &Value) {
        let fields = self.fields;
        let Some(column) = fields.column(code) else { return };
        match (&column.kind, value) {
            (_, Value::None(_)) => return,
            (ColumnKind::Keyword { .. } | ColumnKind::Identifier, Value::Text(text)) => self.keyword(code, text),
            (ColumnKind::Keyword { multiple: true }, Value::List(items)) => {
                for item in items {
                    self.keyword(code, item);
                }
            }
            (ColumnKind::Keyword { multiple: true }, Value::Batteries(options)) => {
                for option in options {
                    self.keyword(code, &option.cell);
                }
            }
            (ColumnKind::Number { .. }, Value::Measure(measure)) => self.number(code, float(measure.amount)),
            (ColumnKind::Number { .. }, Value::Integer(integer)) => self.number(code, integer.to_f64()),
            (ColumnKind::Interval { max, .. }, Value::Range(range)) => {
                if let (Some(low), Some(high)) = (float(range.min), float(range.max)) {
                    self.document.add_f64(column.field, low);
                    self.document.add_f64(*max, high);
                    self.has(code);
                }
            }
            (ColumnKind::Flag, Value::Boolean(flag)) => {
                self.document.add_bool(column.field, *flag);
                self.has(code);
            }
            (ColumnKind::Rating { dust, water }, Value::Text(text)) => {
                self.keyword(code, text);
                self.rating(*dust, *water, text);
            }
            (ColumnKind::Presence, Value::Text(text)) => {
                // A localised text that came without its locale.
                self.searchable(code, None, text);
                self.has(code);
            }
            (ColumnKind::Presence, _) => self.has(code),
            _ => {}
        }
        // A model's name and other free text is searched in every language.
        if let (ColumnKind::Keyword { .. }, Value::Text(text)) = (&column.kind, value)
            && code == "model_name"
        {
            self.document.add_text(fields.names, text);
        }
    }

    fn rating(&mut self, dust: Field, water: Field, text: &str) {
        let Some(rating) = Rating::parse(text) else { return };
        for (field, numeral) in [(dust, rating.dust), (water, rating.water)] {
            if let Some(numeral) = numeral {
                self.document.add_u64(field, numeral.into());
            }
        }
    }

    /// Text or list of one locale; says whether there was any.
    fn localized(&mut self, code: &str, locale: &str, value: &Value) -> bool {
        match value {
            Value::Text(text) => {
                self.searchable(code, Some(locale), text);
                !text.is_empty()
            }
            Value::List(items) => {
                for item in items {
                    self.searchable(code, Some(locale), item);
                    if self.fields.column(code).is_some_and(|column| matches!(column.kind, ColumnKind::Keyword { .. })) {
                        self.keyword(code, item);
                    }
                }
                !items.is_empty()
            }
            _ => false,
        }
    }

    fn searchable(&mut self, code: &str, locale: Option<&str>, text: &str) {
        let stripped = text::strip_tags(text);
        let text = match stripped.char_indices().nth(MAX_TEXT_CHARS) {
            Some((end, _)) => stripped.get(..end).unwrap_or(&stripped),
            None => &stripped,
        };
        let language = locale.and_then(|locale| self.fields.language(locale));
        if code == "title" {
            self.document.add_text(self.fields.titles, text);
        }
        match (language, code) {
            (Some(language), "title") => self.document.add_text(language.title, text),
            (Some(language), _) => self.document.add_text(language.body, text),
            (None, "title") => {}
            (None, _) => self.document.add_text(self.fields.body, text),
        }
    }
}
