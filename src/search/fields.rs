//! The index's schema, made from the dictionary: one typed column per attribute, and the built-ins.
//!
//! What can be filtered, faceted or sorted is a [`Column`]; what is searched as text is a field per language beside fields that
//! belong to none. A dictionary that changes is another schema, and [`Fields::fingerprint`] says so.

use super::text::{self, IDENTIFIER, KEYWORD, WORDS};
use crate::dictionary::{Attribute, AttributeType, Dictionary};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

/// Raised when documents are built otherwise for the same dictionary.
const FORMAT: u32 = 1;

/// What can be asked of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// Codes and names, compared without regard to case and accents.
    Keyword {
        /// May a product have several?
        multiple: bool,
    },
    /// Identifiers, compared by letters and digits only.
    Identifier,
    /// A number, in this unit where it has one.
    Number {
        /// Canonical unit code.
        unit: Option<String>,
    },
    /// A closed interval.
    Interval {
        /// Canonical unit code.
        unit: Option<String>,
        /// Field of its upper end; the column's own is the lower.
        max: Field,
    },
    /// Yes or no.
    Flag,
    /// An IP code: the text, and its two numerals.
    Rating {
        /// Dust.
        dust: Field,
        /// Water.
        water: Field,
    },
    /// A point in time, in microseconds.
    Time,
    /// An amount of money in major units, with its currency beside it.
    Money {
        /// ISO 4217 code.
        currency: Field,
    },
    /// Text or tables: all that can be asked is whether there is one.
    Presence,
}

/// Something that can be filtered, faceted or sorted by.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name outside.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Its field; for [`ColumnKind::Presence`] the list of names that a product has.
    pub field: Field,
    /// Field it is sorted by, where it is sortable.
    pub sort: Option<Field>,
}

impl Column {
    /// Are values sorted as texts?
    pub fn sorts_as_text(&self) -> bool {
        matches!(
            self.kind,
            ColumnKind::Keyword { .. } | ColumnKind::Identifier | ColumnKind::Rating { .. } | ColumnKind::Presence
        )
    }

    /// Can its values be counted?
    pub fn is_facet(&self) -> bool {
        !matches!(self.kind, ColumnKind::Presence | ColumnKind::Interval { .. } | ColumnKind::Time)
    }
}

/// Text fields of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct LanguageFields {
    /// Titles.
    pub title: Field,
    /// Descriptions and highlights.
    pub body: Field,
}

/// The schema and every field by what it is for.
#[derive(Debug, Clone)]
pub struct Fields {
    pub(super) schema: Schema,
    pub(super) product_id: Field,
    pub(super) sku: Field,
    /// GTIN, SKU and MPN as [`text::identifier`]s.
    pub(super) identifiers: Field,
    /// Names of the columns that have a value.
    pub(super) has: Field,
    /// Brand, model and part number, of no language.
    pub(super) names: Field,
    /// Titles and tags of all languages, unstemmed.
    pub(super) titles: Field,
    /// Descriptions in languages without a file of their own.
    pub(super) body: Field,
    pub(super) brand_code: Field,
    pub(super) brand_sort: Field,
    pub(super) title_sort: Field,
    /// Channels on which the product is ready.
    pub(super) ready_on: Field,
    /// What a hit shows, as JSON.
    pub(super) hit: Field,
    /// Which state of the product the document is of, see [`super::agree`].
    pub(super) checksum: Field,
    pub(super) languages: BTreeMap<String, LanguageFields>,
    pub(super) columns: BTreeMap<String, Column>,
    fingerprint: String,
}

impl Fields {
    /// The schema of this dictionary.
    pub fn of(dictionary: &Dictionary) -> Self {
        let mut schema = Schema::builder();
        let number = || NumericOptions::default().set_fast().set_indexed();
        let product_id = schema.add_u64_field("product_id", INDEXED | FAST);
        let identifiers = schema.add_text_field("identifiers", indexed(IDENTIFIER));
        let has = schema.add_text_field("has", indexed(KEYWORD));
        let names = schema.add_text_field("names", searched(WORDS));
        let titles = schema.add_text_field("titles", searched(WORDS));
        let body = schema.add_text_field("body", searched(WORDS));
        let brand_code = schema.add_text_field("brand_code", indexed(KEYWORD));
        let brand_sort = schema.add_text_field("brand_sort", fast_only());
        let title_sort = schema.add_text_field("title_sort", fast_only());
        let ready_on = schema.add_text_field("ready_on", indexed(KEYWORD));
        let hit = schema.add_text_field("hit", STORED);
        let checksum = schema.add_u64_field("checksum", FAST);
        let languages = languages(dictionary, &mut schema);

        let mut columns = BTreeMap::new();
        let mut add = |name: &str, kind: ColumnKind, field: Field, sort: Option<Field>| {
            columns.insert(name.to_owned(), Column { name: name.to_owned(), kind, field, sort });
        };
        let one = ColumnKind::Keyword { multiple: false };
        let many = ColumnKind::Keyword { multiple: true };
        let sku = schema.add_text_field("sku", column(IDENTIFIER));
        add("sku", ColumnKind::Identifier, sku, Some(sku));
        for name in ["gtin", "mpn"] {
            let field = schema.add_text_field(name, column(IDENTIFIER));
            add(name, ColumnKind::Identifier, field, Some(field));
        }
        for name in ["category", "status", "group"] {
            let field = schema.add_text_field(name, column(KEYWORD));
            add(name, one.clone(), field, Some(field));
        }
        let brand = schema.add_text_field("brand", column(KEYWORD));
        add("brand", one.clone(), brand, Some(brand_sort));
        for name in ["supplier", "tag"] {
            let field = schema.add_text_field(name, column(KEYWORD));
            add(name, many.clone(), field, None);
        }
        let available = schema.add_f64_field("available", number());
        add("available", ColumnKind::Number { unit: None }, available, Some(available));
        let price = schema.add_f64_field("price", number());
        let currency = schema.add_text_field("price_currency", column(KEYWORD));
        add("price", ColumnKind::Money { currency }, price, Some(price));
        for name in ["created_at", "updated_at"] {
            let field = schema.add_i64_field(name, number());
            add(name, ColumnKind::Time, field, Some(field));
        }
        for attribute in dictionary.attributes() {
            // Brand, GTIN and MPN stand above; a title is sorted by, but not compared.
            if !columns.contains_key(&attribute.code) {
                let column = attribute_column(attribute, &mut schema, has, title_sort);
                columns.insert(attribute.code.clone(), column);
            }
        }
        columns.entry("title".to_owned()).or_insert_with(|| Column {
            name: "title".to_owned(),
            kind: ColumnKind::Presence,
            field: has,
            sort: Some(title_sort),
        });

        let schema = schema.build();
        let fingerprint = fingerprint(&schema, dictionary);
        Self {
            schema,
            product_id,
            sku,
            identifiers,
            has,
            names,
            titles,
            body,
            brand_code,
            brand_sort,
            title_sort,
            ready_on,
            hit,
            checksum,
            languages,
            columns,
            fingerprint,
        }
    }

    /// Another value means that the index must be rebuilt.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The column of this name, in any case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name).or_else(|| self.columns.get(&name.to_lowercase()))
    }

    /// All columns by name.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.values()
    }

    /// The field's name in the index.
    pub(super) fn name(&self, field: Field) -> &str {
        self.schema.get_field_name(field)
    }

    /// The language fields of a locale's tag: `de` for `de-AT`.
    pub(super) fn language(&self, locale: &str) -> Option<LanguageFields> {
        self.languages.get(&language(locale)).copied()
    }

    /// Every tokenizer the schema names.
    pub(super) fn tokenizers(&self) -> TokenizerManager {
        text::tokenizers(self.languages.keys().map(String::as_str))
    }
}

/// The language of a tag, in lower case.
pub(super) fn language(locale: &str) -> String {
    locale.split(['-', '_']).next().unwrap_or(locale).to_ascii_lowercase()
}

fn languages(dictionary: &Dictionary, schema: &mut SchemaBuilder) -> BTreeMap<String, LanguageFields> {
    let mut fields = BTreeMap::new();
    for tag in dictionary.locales().map(|locale| language(&locale.tag)).chain(["en".to_owned()]) {
        fields.entry(tag.clone()).or_insert_with(|| {
            let tokenizer = text::stemmed(&tag);
            LanguageFields {
                title: schema.add_text_field(&format!("title_{tag}"), searched(&tokenizer)),
                body: schema.add_text_field(&format!("body_{tag}"), searched(&tokenizer)),
            }
        });
    }
    fields
}

fn attribute_column(attribute: &Attribute, schema: &mut SchemaBuilder, has: Field, title_sort: Field) -> Column {
    // A prefix keeps an attribute of any name apart from the fields of our own.
    let name = format!("a_{}", attribute.code);
    let number = || NumericOptions::default().set_fast().set_indexed();
    let unit = attribute.unit.clone();
    let code = &attribute.code;
    let (kind, field, sort) = match attribute.kind {
        AttributeType::Text | AttributeType::RichText if attribute.localized => {
            (ColumnKind::Presence, has, (code == "title").then_some(title_sort))
        }
        AttributeType::RichText | AttributeType::Modes => (ColumnKind::Presence, has, None),
        AttributeType::Text | AttributeType::Select | AttributeType::Reference => {
            let field = schema.add_text_field(&name, column(KEYWORD));
            (ColumnKind::Keyword { multiple: false }, field, Some(field))
        }
        AttributeType::MultiSelect | AttributeType::TextList | AttributeType::Batteries => {
            (ColumnKind::Keyword { multiple: true }, schema.add_text_field(&name, column(KEYWORD)), None)
        }
        AttributeType::Gtin => {
            let field = schema.add_text_field(&name, column(IDENTIFIER));
            (ColumnKind::Identifier, field, Some(field))
        }
        AttributeType::Boolean => (ColumnKind::Flag, schema.add_bool_field(&name, INDEXED | FAST), None),
        AttributeType::Integer | AttributeType::Measure => {
            let field = schema.add_f64_field(&name, number());
            (ColumnKind::Number { unit }, field, Some(field))
        }
        AttributeType::Range => {
            let min = schema.add_f64_field(&format!("{name}_min"), number());
            let max = schema.add_f64_field(&format!("{name}_max"), number());
            (ColumnKind::Interval { unit, max }, min, Some(max))
        }
        AttributeType::Code => {
            let field = schema.add_text_field(&name, column(KEYWORD));
            let dust = schema.add_u64_field(&format!("{name}_dust"), number());
            let water = schema.add_u64_field(&format!("{name}_water"), number());
            (ColumnKind::Rating { dust, water }, field, Some(field))
        }
    };
    Column { name: code.clone(), kind, field, sort }
}

fn indexing(tokenizer: &str, option: IndexRecordOption, norms: bool) -> TextFieldIndexing {
    TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option).set_fieldnorms(norms)
}

/// Found by whole values.
fn indexed(tokenizer: &str) -> TextOptions {
    TextOptions::default().set_indexing_options(indexing(tokenizer, IndexRecordOption::Basic, false))
}

/// Found by whole values, counted and sorted by the value as it is.
fn column(tokenizer: &str) -> TextOptions {
    indexed(tokenizer).set_fast("raw")
}

/// Only sorted by.
fn fast_only() -> TextOptions {
    TextOptions::default().set_fast("raw")
}

/// Found by words.
fn searched(tokenizer: &str) -> TextOptions {
    TextOptions::default().set_indexing_options(indexing(tokenizer, IndexRecordOption::WithFreqsAndPositions, true))
}

fn fingerprint(schema: &Schema, dictionary: &Dictionary) -> String {
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_le_bytes());
    hash.update(serde_json::to_vec(schema).unwrap_or_default());
    hash.update(dictionary.fingerprint());
    hex::encode(hash.finalize())
}
