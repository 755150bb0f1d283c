//! From a product to raw values: what each [`Source`] of the vocabulary gives.

use super::condition::Condition;
use super::link;
use super::pictures::Pictures;
use super::profile::{ChannelProfile, Field};
use super::settings::ChannelSettings;
use super::source::Source;
use super::template::Templates;
use super::text;
use super::words::{TitleParts, Words};
use crate::catalog::{GoldenValue, ProductView};
use crate::normalize::Value;
use crate::pricing::{Money, NoPrice};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value before it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// Text or a code.
    Text(String),
    /// An amount of money.
    Money(Money),
    /// A number without unit.
    Number(Decimal),
    /// A number in a unit of the dictionary.
    Measure(Decimal, String),
    /// Section, name, value.
    Fact([String; 3]),
}

/// What one product looks like to one channel.
pub struct Product<'a> {
    /// The golden record.
    pub view: &'a ProductView,
    /// Its price there, or why it has none.
    pub price: Result<Money, NoPrice>,
    /// What its group gives.
    pub group: GroupPart,
    /// What was said for this listing alone.
    pub choice: &'a Choice,
    /// Its pictures there.
    pub pictures: Pictures,
}

/// What a person said about one product on one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// On the channel or not, whatever its assortment says.
    pub include: Option<bool>,
    /// Values of the channel's fields, in place of what their sources give.
    pub fields: BTreeMap<String, String>,
}

/// A product's part in its group, as the channel tells variants apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPart {
    /// Active products in the group; 0 or 1 is no group worth telling.
    pub members: usize,
    /// Attributes in which they differ, as the profile orders them.
    pub options: Vec<String>,
    /// SKU of an earlier member with the same values of all options.
    pub same_as: Option<String>,
}

/// The channel's side: what it wants, what the owner set, which words there are.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What it wants.
    pub profile: &'a ChannelProfile,
    /// What the owner set.
    pub settings: &'a ChannelSettings,
    /// Which words there are.
    pub words: &'a dyn Words,
    /// Templates of the channel's locale.
    pub templates: &'a Templates,
    /// What the channel carries; without it everything.
    pub assortment: Option<&'a Condition>,
    /// Which fields are written at all, by place.
    pub used: &'a [bool],
}

/// What a source gave.
pub enum Found {
    /// Nothing.
    Nothing,
    /// Values.
    Values(Vec<Raw>),
    /// A template that fails; the sentence says how.
    Failed(String),
}

impl Side<'_> {
    fn locale(&self) -> &str {
        &self.settings.locale
    }

    /// What was said for this listing alone; else what the owner's template writes; else the first of the field's sources that gives any.
    pub fn values(&self, field: &Field, product: &Product) -> Found {
        if let Some(own) = product.choice.fields.get(&field.name) {
            return Found::Values(vec![Raw::Text(own.clone())]);
        }
        if self.settings.templates.contains_key(&field.name) {
            match self.template(field, product) {
                Found::Nothing => {}
                found => return found,
            }
        }
        for source in &field.from {
            let found = match source {
                Source::Template => self.template(field, product),
                source => match self.source(source, product) {
                    values if values.is_empty() => Found::Nothing,
                    values => Found::Values(values),
                },
            };
            if !matches!(found, Found::Nothing) {
                return found;
            }
        }
        Found::Nothing
    }

    fn template(&self, field: &Field, product: &Product) -> Found {
        match self.templates.write(&field.name, *self, product) {
            Ok(None) => Found::Nothing,
            Ok(Some(text)) => Found::Values(vec![Raw::Text(text)]),
            Err(why) => Found::Failed(why),
        }
    }

    fn source(&self, source: &Source, product: &Product) -> Vec<Raw> {
        let view = product.view;
        let word = |text: &str| vec![Raw::Text(text.to_owned())];
        let maybe = |text: Option<String>| text.map(Raw::Text).into_iter().collect::<Vec<_>>();
        match source {
            Source::Sku => word(&view.sku),
            Source::Gtin => maybe(view.gtin.clone()),
            Source::Mpn => maybe(view.mpn.clone()),
            Source::Brand => maybe(view.brand.clone()),
            Source::Title => maybe(self.title(view)),
            Source::Description => maybe(self.description(view)),
            Source::Link => maybe(self.link(view)),
            Source::Handle => word(&handle(view)),
            Source::Image => maybe(product.pictures.urls.first().cloned()),
            Source::AdditionalImages => product.pictures.urls.iter().skip(1).cloned().map(Raw::Text).collect(),
            Source::Images => product.pictures.urls.iter().cloned().map(Raw::Text).collect(),
            Source::Pictures => self.pictures(product),
            Source::Availability => word(if view.available > 0 { "in_stock" } else { "out_of_stock" }),
            Source::Available => vec![Raw::Number(view.available.max(0).into())],
            Source::Price => product.price.as_ref().ok().map(|price| Raw::Money(*price)).into_iter().collect(),
            Source::Status => word(view.status.as_str()),
            Source::Group => maybe(view.group.clone().filter(|_| product.group.members > 1)),
            Source::Tags => view.tags.iter().cloned().map(Raw::Text).collect(),
            Source::CategoryLabel => {
                maybe(view.category.as_deref().and_then(|code| self.words.category(code, self.locale())).map(str::to_owned))
            }
            Source::CategoryId(taxonomy) => {
                maybe(view.category.as_deref().and_then(|code| self.words.category_id(code, taxonomy)).map(str::to_owned))
            }
            Source::Value(attribute) => self.value(view, attribute),
            Source::Label(attribute) => self.label(view, attribute).into_iter().map(Raw::Text).collect(),
            Source::Name(attribute) => maybe(self.words.attribute(attribute, self.locale()).map(str::to_owned)),
            Source::Literal(text) => word(text),
            Source::OptionName(at) => maybe(self.option(product, *at).map(|(name, _)| name)),
            Source::OptionValue(at) => maybe(self.option(product, *at).map(|(_, value)| value)),
            Source::IdentifierExists => {
                let known = view.gtin.is_some() || (view.brand.is_some() && view.mpn.is_some());
                if known { Vec::new() } else { word("no") }
            }
            Source::Currency => word(&self.settings.currency),
            Source::Locale => word(&self.settings.locale),
            Source::Country => word(&self.settings.country),
            Source::Setting(name) => maybe(self.settings.option(self.profile, name)),
            Source::Variant => word(if product.group.members > 1 { "variant" } else { "single" }),
            Source::Parent => maybe((product.group.members > 1).then(|| handle(view))),
            Source::GtinOf(kind) => maybe(view.gtin.clone().filter(|gtin| gtin_kind(gtin) == kind)),
            Source::GtinKind => maybe(view.gtin.as_deref().map(|gtin| gtin_kind(gtin).to_owned())),
            // A position is known in the layout; templates were asked before, in `values`.
            Source::Position | Source::Template => Vec::new(),
            Source::Details => self.facts(view).into_iter().map(Raw::Fact).collect(),
            Source::Facts => self.facts(view).into_iter().map(|[_, name, value]| Raw::Text(format!("{name}: {value}"))).collect(),
        }
    }

    /// The title in the channel's locale; else from the template, in that locale's words.
    pub fn title(&self, view: &ProductView) -> Option<String> {
        let own = view.text("title", self.locale()).map(text::without_html).filter(|title| !title.is_empty());
        own.or_else(|| {
            let text_of = |attribute: &str| view.value(attribute).and_then(Value::as_text);
            let light_output = match view.value("light_output_max") {
                Some(Value::Measure(measure)) => Some(self.number(measure.amount)),
                _ => None,
            };
            let parts = TitleParts {
                brand: view.brand.as_deref()?,
                model: text_of("model_name").or(view.mpn.as_deref())?,
                kind: text_of("product_kind"),
                category: view.category.as_deref(),
                light_output: light_output.as_deref(),
            };
            self.words.title(&parts, self.locale())
        })
    }

    /// Who has no words for a picture of a product is told which product it shows.
    fn pictures(&self, product: &Product) -> Vec<Raw> {
        let title = self.title(product.view).unwrap_or_default();
        let all = product.pictures.urls.iter().zip(&product.pictures.alt);
        all.map(|(url, alt)| Raw::Fact([String::new(), alt.clone().unwrap_or_else(|| title.clone()), url.clone()])).collect()
    }

    /// The description in the channel's locale; else the title and what is known, in that locale's words. One fact alone is no
    /// description.
    pub fn description(&self, view: &ProductView) -> Option<String> {
        if let Some(own) = view.text("description", self.locale()).filter(|own| !text::without_html(own).is_empty()) {
            return Some(own.to_owned());
        }
        let title = self.title(view)?;
        let facts = self.facts(view);
        if facts.len() < 2 {
            return None;
        }
        let facts = facts.iter().map(|[_, name, value]| format!("{name}: {value}")).collect::<Vec<_>>().join("; ");
        Some(format!("{title}. {facts}."))
    }

    fn link(&self, view: &ProductView) -> Option<String> {
        link::fill(self.settings.link_template.as_deref()?, &view.sku, view.gtin.as_deref(), &handle(view))
    }

    /// Name and value of the option of this number, from 1; none where the locale has no words for it.
    pub fn option(&self, product: &Product, at: usize) -> Option<(String, String)> {
        let attribute = product.group.options.get(at.checked_sub(1)?)?;
        let name = self.words.attribute(attribute, self.locale())?.to_owned();
        let value = self.label(product.view, attribute).join(" / ");
        (!value.is_empty()).then_some((name, value))
    }

    /// The value as stored; codes stay codes.
    fn value(&self, view: &ProductView, attribute: &str) -> Vec<Raw> {
        let item = |item: &String| Raw::Text(item.clone());
        match self.stored(view, attribute) {
            None | Some(Value::None(_) | Value::Modes(_) | Value::Pictures(_)) => Vec::new(),
            Some(Value::Boolean(yes)) => vec![Raw::Text(yes.to_string())],
            Some(Value::Integer(number)) => vec![Raw::Number((*number).into())],
            Some(Value::Measure(measure)) => vec![Raw::Measure(measure.amount, measure.unit.clone())],
            Some(Value::Range(range)) => {
                vec![Raw::Text(format!("{}-{} {}", text::said(range.min), text::said(range.max), range.unit))]
            }
            Some(Value::Batteries(options)) => {
                options.iter().map(|option| Raw::Text(format!("{}x{}", option.quantity, option.cell))).collect()
            }
            Some(Value::List(items)) => items.iter().map(item).collect(),
            Some(Value::Text(one)) => vec![item(one)],
        }
    }

    /// The golden value; of texts per locale the channel's.
    fn stored<'v>(&self, view: &'v ProductView, attribute: &str) -> Option<&'v Value> {
        match view.values.get(attribute)? {
            GoldenValue::One(value) => Some(value),
            GoldenValue::PerLocale(texts) => crate::catalog::in_language(texts, self.locale()),
        }
    }

    /// The value as people of the channel's locale read it; what has no words there is left out.
    pub fn label(&self, view: &ProductView, attribute: &str) -> Vec<String> {
        let locale = self.locale();
        let item = |item: &String| {
            if self.words.has_options(attribute) {
                self.words.option(attribute, item, locale).map(str::to_owned)
            } else {
                let per_locale = matches!(view.values.get(attribute), Some(GoldenValue::PerLocale(_)));
                (per_locale || self.words.is_neutral(attribute)).then(|| item.clone())
            }
        };
        let unit = |unit: &str| self.words.unit(unit).unwrap_or(unit).to_owned();
        match self.stored(view, attribute) {
            None | Some(Value::None(_) | Value::Modes(_) | Value::Pictures(_)) => Vec::new(),
            Some(Value::Boolean(yes)) => self.words.yes_no(*yes, locale).map(capital).into_iter().collect(),
            Some(Value::Integer(number)) => vec![number.to_string()],
            Some(Value::Measure(measure)) => vec![format!("{} {}", self.number(measure.amount), unit(&measure.unit))],
            Some(Value::Range(range)) => {
                vec![format!("{} – {} {}", self.number(range.min), self.number(range.max), unit(&range.unit))]
            }
            Some(Value::Batteries(options)) => options
                .iter()
                .filter(|option| !matches!(option.cell.as_str(), "built_in" | "proprietary"))
                .map(|option| format!("{} × {}", option.quantity, option.cell))
                .collect(),
            Some(Value::List(items)) => items.iter().filter_map(item).collect(),
            Some(Value::Text(text)) => item(text).into_iter().collect(),
        }
    }

    /// Every fact of the profile's sections that the product has and the locale has words for.
    fn facts(&self, view: &ProductView) -> Vec<[String; 3]> {
        let mut facts = Vec::new();
        for section in &self.profile.sections {
            let heading = super::words::in_locale(&section.name, self.locale()).unwrap_or_default();
            for attribute in &section.attributes {
                let Some(name) = self.words.attribute(attribute, self.locale()) else { continue };
                let value = self.label(view, attribute).join(", ");
                if !value.is_empty() {
                    facts.push([heading.to_owned(), name.to_owned(), value]);
                }
            }
        }
        facts
    }

    fn number(&self, number: Decimal) -> String {
        let text = text::said(number).to_string();
        if self.words.decimal_comma(self.locale()) { text.replace('.', ",") } else { text }
    }
}

/// The name in a shop's address: of the group, where there is one, so that it does not change when siblings come and go.
pub fn handle(view: &ProductView) -> String {
    let own = view.group.as_deref().map(text::handle).filter(|handle| !handle.is_empty());
    own.unwrap_or_else(|| text::handle(&view.sku))
}

/// The kind of a GTIN-14 by the zeros that fill it up: `gtin8`, `upc` (12 digits), `ean` (13) or `gtin14`.
fn gtin_kind(gtin: &str) -> &'static str {
    match gtin.trim_start_matches('0').len() {
        0..=8 => "gtin8",
        9..=12 => "upc",
        13 => "ean",
        _ => "gtin14",
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
