//! The text form of a profile: strict TOML in, canonical TOML out.

use super::profile::{Column, FileMode, Pattern, Profile, ProfileError, ROLES, Take, Target};
use crate::dictionary::Dictionary;
use crate::import::read::{List, ReadOptions, Unless};
use crate::normalize::DecimalStyle;
use crate::pricing::money;
use iso_currency::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::Spanned;

/// Bytes of a profile at most.
const MAX_BYTES: usize = 1 << 20;
/// Columns of a profile at most.
const MAX_COLUMNS: usize = 1_000;
/// Targets that may be fixed for the whole file, besides attributes.
const FIXED_TARGETS: [Target; 4] = [Target::Category, Target::Warehouse, Target::Tags, Target::ReportedAt];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: Spanned<String>,
    locale: Option<Spanned<String>>,
    assumed_locale: Option<Spanned<String>>,
    assumed_confidence: Option<Spanned<u8>>,
    #[serde(default)]
    decimal: DecimalStyle,
    currency: Option<Spanned<String>>,
    mode: Option<FileMode>,
    discontinue_after_days: Option<u32>,
    file: Option<Spanned<ReadOptions>>,
    key: Option<Spanned<Key>>,
    #[serde(default)]
    fixed: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    column: Vec<Spanned<ColumnText>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    columns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnText {
    from: Spanned<String>,
    to: Spanned<String>,
    locale: Option<Spanned<String>>,
    unit: Option<Spanned<String>>,
    unit_from: Option<Spanned<String>>,
    #[serde(default)]
    typed: Option<Spanned<bool>>,
    #[serde(default)]
    fallback: bool,
    unless: Option<Spanned<Unless>>,
    decimal: Option<DecimalStyle>,
    split: Option<Spanned<String>>,
    drop_prefix: Option<Spanned<String>>,
    take: Option<Take>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    pattern: Option<Spanned<String>>,
    role: Option<Spanned<String>>,
    role_from: Option<Spanned<String>>,
    prefix: Option<Spanned<String>>,
    currency: Option<Spanned<String>>,
}

impl Profile {
    /// Reads and checks a profile.
    pub fn parse(toml: &str, dictionary: &Dictionary) -> Result<Self, ProfileError> {
        if toml.len() > MAX_BYTES {
            return Err(ProfileError { line: None, key: String::new(), message: format!("is longer than {MAX_BYTES} bytes") });
        }
        let text: Text = toml::from_str(toml).map_err(|error| ProfileError {
            line: error.span().map(|span| line_of(toml, span.start)),
            key: String::new(),
            message: error.message().to_owned(),
        })?;
        Check { toml, dictionary }.profile(text)
    }

    /// The profile as TOML, always in the same form.
    pub fn to_toml(&self) -> String {
        // A structure of strings, numbers and string maps: TOML can hold all of it.
        toml::to_string(&Wire::of(self)).unwrap_or_default()
    }
}

/// Checks what the grammar cannot.
struct Check<'a> {
    toml: &'a str,
    dictionary: &'a Dictionary,
}

impl Check<'_> {
    fn error<T>(&self, at: &Spanned<T>, key: &str, message: impl Into<String>) -> ProfileError {
        ProfileError { line: Some(line_of(self.toml, at.span().start)), key: key.to_owned(), message: message.into() }
    }

    fn profile(&self, text: Text) -> Result<Profile, ProfileError> {
        if text.name.get_ref().trim().is_empty() || text.name.get_ref().chars().count() > 200 {
            return Err(self.error(&text.name, "name", "give it a name of 1 to 200 characters"));
        }
        if let Some(file) = &text.file {
            self.file(file)?;
        }
        if let Some(over) = text.column.get(MAX_COLUMNS) {
            return Err(self.error(
                over,
                "column",
                format!("more than {MAX_COLUMNS} columns; leave out those that are of no use"),
            ));
        }
        let columns = text.column.iter().map(|column| self.column(column.get_ref())).collect::<Result<Vec<_>, _>>()?;
        if let Some(key) = &text.key {
            if columns.iter().any(|column| column.to == Target::SupplierSku) {
                let message = "is for files without a SKU, and a column maps to supplier_sku; leave one of them out";
                return Err(self.error(key, "key", message));
            }
            if key.get_ref().columns.is_empty() || key.get_ref().columns.len() > 20 {
                return Err(self.error(key, "key.columns", "name 1 to 20 fields or attributes"));
            }
        }
        Ok(Profile {
            name: text.name.into_inner(),
            locale: self.locale(text.locale.as_ref(), "locale")?,
            assumed_locale: self.locale(text.assumed_locale.as_ref(), "assumed_locale")?,
            assumed_confidence: self.confidence(text.assumed_confidence.as_ref())?,
            decimal: text.decimal,
            currency: self.currency(text.currency.as_ref(), "currency")?,
            mode: text.mode,
            discontinue_after_days: text.discontinue_after_days,
            file: text.file.map(Spanned::into_inner).unwrap_or_default(),
            key_columns: text.key.map(|key| key.into_inner().columns).unwrap_or_default(),
            fixed: self.fixed(text.fixed)?,
            columns,
        })
    }

    fn file(&self, file: &Spanned<ReadOptions>) -> Result<(), ProfileError> {
        let options = file.get_ref();
        if options.separator.is_some_and(|sign| !sign.is_ascii() || matches!(sign, '\n' | '\r' | '"')) {
            return Err(self.error(file, "file.separator", "must be one ASCII character, such as \";\" or \"\\t\""));
        }
        if options.quote.as_ref().is_some_and(|quote| quote.len() > 1 || !quote.is_ascii()) {
            return Err(self.error(file, "file.quote", "must be one ASCII character, or empty for none"));
        }
        if let Some(label) = &options.encoding
            && encoding_rs::Encoding::for_label(label.trim().as_bytes()).is_none()
        {
            let message = format!("'{label}' is not a known encoding; try \"utf-8\", \"windows-1252\" or \"windows-1251\"");
            return Err(self.error(file, "file.encoding", message));
        }
        self.rows(file)
    }

    fn rows(&self, file: &Spanned<ReadOptions>) -> Result<(), ProfileError> {
        let options = file.get_ref();
        if let Some(items) = &options.items {
            let names = || items.own.iter().chain(&items.shared).chain(std::iter::once(&items.same));
            if items.own.is_empty() || items.own.len() + items.shared.len() > 200 || names().any(|name| name.trim().is_empty()) {
                let message = "needs same, the field that the rows of an item share, and own, the fields of which one is filled in every item";
                return Err(self.error(file, "file.items", message));
            }
        }
        if let Some(parents) = &options.parents {
            let names = || parents.own.iter().chain(&parents.names).chain([&parents.field, &parents.named]);
            if parents.values.is_empty()
                || parents.names.is_empty()
                || names().count() > 200
                || names().any(|name| name.trim().is_empty())
            {
                let message = "needs field and values, which tell a parent, named, the field that names it, and names, the parent's own fields";
                return Err(self.error(file, "file.parents", message));
            }
        }
        let usable = |list: &List| {
            let texts = list.parts.iter().chain([&list.field, &list.between, &list.sign]);
            (2..=10).contains(&list.parts.len()) && texts.into_iter().all(|text| !text.is_empty())
        };
        if options.lists.len() > 20 || !options.lists.iter().all(usable) {
            let message = "needs field, between, sign, and 2 to 10 parts; there are at most 20 lists";
            return Err(self.error(file, "file.list", message));
        }
        if options.whole.len() > 200 {
            return Err(self.error(file, "file.whole", "has at most 200 names"));
        }
        Ok(())
    }

    fn fixed(&self, fixed: BTreeMap<Spanned<String>, Spanned<String>>) -> Result<BTreeMap<String, String>, ProfileError> {
        let check = |(code, text): (Spanned<String>, Spanned<String>)| {
            let target = self.target(&code, &format!("fixed.{}", code.get_ref()))?;
            if !matches!(target, Target::Attribute(_)) && !FIXED_TARGETS.contains(&target) {
                let message = "differs from row to row and cannot be fixed; give it a column";
                return Err(self.error(&code, &format!("fixed.{}", code.get_ref()), message));
            }
            Ok((code.into_inner(), text.into_inner()))
        };
        fixed.into_iter().map(check).collect()
    }

    fn column(&self, text: &ColumnText) -> Result<Column, ProfileError> {
        if text.from.get_ref().trim().is_empty() {
            return Err(self.error(&text.from, "column.from", "name a header, JSON path or XML path"));
        }
        let to = self.target(&text.to, "column.to")?;
        let price = matches!(to, Target::Cost | Target::RecommendedPrice);
        if let Some(role) = &text.role
            && (to != Target::Image || !ROLES.contains(&role.get_ref().as_str()))
        {
            return Err(self.error(role, "column.role", format!("is for images: {}", ROLES.join(", "))));
        }
        if let Some(prefix) = &text.prefix
            && (to != Target::Image || !["http://", "https://"].iter().any(|start| prefix.get_ref().starts_with(start)))
        {
            return Err(self.error(prefix, "column.prefix", "is for images, and begins with http:// or https://"));
        }
        if let Some(from) = text.role_from.as_ref().filter(|from| to != Target::Image || from.get_ref().trim().is_empty()) {
            return Err(self.error(from, "column.role_from", "is for images, and names a field"));
        }
        if let Some(typed) = text.typed.as_ref().filter(|typed| *typed.get_ref() && !matches!(to, Target::Attribute(_))) {
            return Err(self.error(typed, "column.typed", "is for attributes"));
        }
        if let Some(currency) = text.currency.as_ref().filter(|_| !price) {
            return Err(self.error(currency, "column.currency", "is for cost and recommended_price"));
        }
        for (key, part) in
            [("column.split", &text.split), ("column.drop_prefix", &text.drop_prefix), ("column.unit_from", &text.unit_from)]
        {
            if let Some(part) = part.as_ref().filter(|part| part.get_ref().is_empty()) {
                return Err(self.error(part, key, "must not be empty; leave the line out instead"));
            }
        }
        if let Some(unless) = text.unless.as_ref().filter(|unless| {
            let Unless { field, says } = unless.get_ref();
            field.trim().is_empty() || says.trim().is_empty()
        }) {
            return Err(self.error(unless, "column.unless", "names a field and what it says"));
        }
        let pattern = text.pattern.as_ref().map(|pattern| {
            Pattern::new(pattern.get_ref())
                .map_err(|why| self.error(pattern, "column.pattern", format!("is no usable regular expression: {why}")))
        });
        Ok(Column {
            from: text.from.get_ref().trim().to_owned(),
            to,
            locale: self.locale(text.locale.as_ref(), "column.locale")?,
            unit: self.unit(text.unit.as_ref())?,
            unit_from: text.unit_from.as_ref().map(|from| from.get_ref().trim().to_owned()),
            typed: text.typed.as_ref().is_some_and(|typed| *typed.get_ref()),
            fallback: text.fallback,
            unless: text.unless.as_ref().map(|unless| unless.get_ref().clone()),
            decimal: text.decimal,
            split: text.split.as_ref().map(|split| split.get_ref().clone()),
            drop_prefix: text.drop_prefix.as_ref().map(|prefix| prefix.get_ref().clone()),
            take: text.take,
            map: text.map.clone(),
            pattern: pattern.transpose()?,
            role: text.role.as_ref().map(|role| role.get_ref().clone()),
            role_from: text.role_from.as_ref().map(|from| from.get_ref().trim().to_owned()),
            prefix: text.prefix.as_ref().map(|prefix| prefix.get_ref().clone()),
            currency: self.currency(text.currency.as_ref(), "column.currency")?,
        })
    }

    fn target(&self, name: &Spanned<String>, key: &str) -> Result<Target, ProfileError> {
        let text = name.get_ref().as_str();
        if let Some(target) = Target::special(text) {
            return Ok(target);
        }
        if self.dictionary.attribute(text).is_some() {
            return Ok(Target::Attribute(text.to_owned()));
        }
        let known = self.dictionary.attributes().map(|attribute| attribute.code.as_str());
        let known = known.chain(Target::SPECIAL.iter().map(|(name, _)| *name));
        let near = known.map(|code| (strsim::jaro_winkler(text, code), code)).max_by(|a, b| a.0.total_cmp(&b.0));
        let hint =
            near.filter(|(likeness, _)| *likeness > 0.8).map_or(String::new(), |(_, code)| format!("; did you mean '{code}'?"));
        Err(self.error(name, key, format!("'{text}' is neither an attribute of the dictionary nor a target{hint}")))
    }

    fn unit(&self, unit: Option<&Spanned<String>>) -> Result<Option<String>, ProfileError> {
        let Some(unit) = unit else { return Ok(None) };
        if unit.get_ref().trim().is_empty() {
            return Err(self.error(unit, "column.unit", "name a unit, such as g or lm"));
        }
        if self.dictionary.unit_for(unit.get_ref()).is_none() {
            let message = format!("'{}' is no unit of the dictionary; see units.toml for the spellings it knows", unit.get_ref());
            return Err(self.error(unit, "column.unit", message));
        }
        Ok(Some(unit.get_ref().trim().to_owned()))
    }

    fn locale(&self, tag: Option<&Spanned<String>>, key: &str) -> Result<Option<String>, ProfileError> {
        let Some(tag) = tag else { return Ok(None) };
        let parsed: Result<icu_locale_core::LanguageIdentifier, _> = tag.get_ref().trim().parse();
        let message = || format!("'{}' is not a BCP 47 language tag, such as en or de-CH", tag.get_ref());
        parsed.map(|tag| Some(tag.to_string())).map_err(|_| self.error(tag, key, message()))
    }

    fn confidence(&self, percent: Option<&Spanned<u8>>) -> Result<Option<u8>, ProfileError> {
        let Some(percent) = percent else { return Ok(None) };
        match percent.get_ref() {
            1..=100 => Ok(Some(*percent.get_ref())),
            _ => Err(self.error(percent, "assumed_confidence", "is a percentage from 1 to 100")),
        }
    }

    fn currency(&self, code: Option<&Spanned<String>>, key: &str) -> Result<Option<Currency>, ProfileError> {
        let Some(code) = code else { return Ok(None) };
        money::currency(code.get_ref()).map(Some).map_err(|error| self.error(code, key, error.to_string()))
    }
}

/// The line, from 1, of a byte of the text.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// What is written, with scalars before tables.
#[derive(Serialize)]
struct Wire<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed_locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed_confidence: Option<u8>,
    #[serde(skip_serializing_if = "is_auto")]
    decimal: DecimalStyle,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<FileMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discontinue_after_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<ReadOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fixed: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    column: Vec<WireColumn<'a>>,
}

#[derive(Serialize)]
struct WireColumn<'a> {
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_from: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    typed: bool,
    #[serde(skip_serializing_if = "is_false")]
    fallback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimal: Option<DecimalStyle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drop_prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    take: Option<Take>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unless: Option<&'a Unless>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    map: &'a BTreeMap<String, String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(is: &bool) -> bool {
    !is
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_auto(style: &DecimalStyle) -> bool {
    *style == DecimalStyle::Auto
}

impl<'a> Wire<'a> {
    fn of(profile: &'a Profile) -> Self {
        let file = ReadOptions { extra_pair_keys: Vec::new(), language: None, ..profile.file.clone() };
        Self {
            name: &profile.name,
            locale: profile.locale.as_deref(),
            assumed_locale: profile.assumed_locale.as_deref(),
            assumed_confidence: profile.assumed_confidence,
            decimal: profile.decimal,
            currency: profile.currency.map(|currency| currency.code()),
            mode: profile.mode,
            discontinue_after_days: profile.discontinue_after_days,
            file: (file != ReadOptions::default()).then_some(file),
            key: (!profile.key_columns.is_empty()).then(|| Key { columns: profile.key_columns.clone() }),
            fixed: &profile.fixed,
            column: profile.columns.iter().map(WireColumn::of).collect(),
        }
    }
}

impl<'a> WireColumn<'a> {
    fn of(column: &'a Column) -> Self {
        Self {
            from: &column.from,
            to: column.to.name(),
            locale: column.locale.as_deref(),
            unit: column.unit.as_deref(),
            unit_from: column.unit_from.as_deref(),
            typed: column.typed,
            fallback: column.fallback,
            decimal: column.decimal,
            split: column.split.as_deref(),
            drop_prefix: column.drop_prefix.as_deref(),
            take: column.take,
            pattern: column.pattern.as_ref().map(Pattern::as_str),
            role: column.role.as_deref(),
            role_from: column.role_from.as_deref(),
            prefix: column.prefix.as_deref(),
            currency: column.currency.map(|currency| currency.code()),
            unless: column.unless.as_ref(),
            map: &column.map,
        }
    }
}
