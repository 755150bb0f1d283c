//! Reads `schema/` and a user's folder over it, and checks every word.
//!
//! A user's folder has the same file names. Its attributes, units, categories and brands replace ours of the same code or are
//! added; its locale files add words to ours and replace single texts.

use super::{
    Attribute, AttributeType, Brand, Category, Currency, Dictionary, LocaleWords, Numerals, PictureRules, SchemaError,
    SelectOption, Unit, error::Source, folder::user_files, index::Index, numerals::NumberWords,
};
use crate::normalize::checks::Checks;
use crate::normalize::language::Languages;
use crate::normalize::text::key;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};
use toml::Spanned;

/// Files whose meaning is known elsewhere: how records are matched, what is made of pictures for lists, what names of pictures mean.
const ALSO: [&str; 3] = ["identity/matching.toml", "media/names.toml", "media/renditions.toml"];
/// The checks of a row's values.
const CHECKS: &str = "normalize/checks.toml";
/// How the language of a text is found.
const LANGUAGE: &str = "normalize/language.toml";
/// How pictures are judged.
const PICTURES: &str = "media/pictures.toml";

static SCHEMA: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schema");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeFile {
    #[serde(default)]
    attribute: Vec<Spanned<Attribute>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitFile {
    #[serde(default)]
    unit: Vec<Spanned<Unit>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    #[serde(default)]
    category: Vec<Spanned<Category>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrencyFile {
    #[serde(default)]
    currency: Vec<Spanned<Currency>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BrandFile {
    #[serde(default)]
    legal_forms: Vec<String>,
    #[serde(default)]
    brand: Vec<Spanned<Brand>>,
}

/// An entry with the file and place it came from.
struct Placed<T> {
    entry: T,
    source: usize,
    span: std::ops::Range<usize>,
}

/// Everything read so far, before the checks that look across entries.
#[derive(Default)]
struct Draft {
    sources: Vec<Source>,
    attributes: Vec<Placed<Attribute>>,
    units: Vec<Placed<Unit>>,
    categories: Vec<Placed<Category>>,
    brands: Vec<Placed<Brand>>,
    legal_forms: Vec<String>,
    currencies: Vec<Placed<Currency>>,
    locales: BTreeMap<String, LocaleWords>,
    numbers: BTreeMap<String, NumberWords>,
    checks: Checks,
    languages: Languages,
    pictures: PictureRules,
    also: BTreeMap<String, Vec<Source>>,
}

impl Dictionary {
    /// The dictionary as shipped in this binary.
    pub fn embedded() -> Result<Self, SchemaError> {
        Self::load(None)
    }

    /// The shipped dictionary with a user's folder over it.
    pub fn load(overrides: Option<&Path>) -> Result<Self, SchemaError> {
        let mut draft = Draft::default();
        let mut files: Vec<_> = SCHEMA.files().collect();
        files.extend(SCHEMA.get_dir("locales").into_iter().flat_map(Dir::files));
        files.extend(ALSO.iter().chain([&CHECKS, &LANGUAGE, &PICTURES]).filter_map(|path| SCHEMA.get_file(path)));
        files.sort_by_key(|file| file.path());
        for file in files {
            let path = file.path().to_string_lossy().replace('\\', "/");
            if let Some(text) = file.contents_utf8() {
                draft.read(&path, Source { name: format!("schema/{path}"), text: text.to_owned() })?;
            }
        }
        if let Some(folder) = overrides {
            for (path, source) in user_files(folder)? {
                draft.read(&path, source)?;
            }
        }
        draft.finish()
    }
}

/// Puts the entries of one file over those before, by key; twice the same key in one file is a mistake.
fn take<T>(
    source: &Source,
    at: usize,
    entries: Vec<Spanned<T>>,
    into: &mut Vec<Placed<T>>,
    what: &str,
    code: fn(&T) -> &str,
) -> Result<(), SchemaError> {
    let mut seen = HashSet::new();
    for spanned in entries {
        let span = spanned.span();
        let placed = Placed { entry: spanned.into_inner(), source: at, span };
        let name = code(&placed.entry).to_owned();
        if !seen.insert(name.clone()) {
            return Err(source.error(Some(placed.span), format!("{what} {name}"), "stands twice in this file; keep one"));
        }
        match into.iter_mut().find(|known| code(&known.entry) == name) {
            Some(known) => *known = placed,
            None => into.push(placed),
        }
    }
    Ok(())
}

fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, SchemaError> {
    source.parse()
}

impl Draft {
    fn read(&mut self, path: &str, source: Source) -> Result<(), SchemaError> {
        let at = self.sources.len();
        match path {
            "attributes.toml" => {
                let file: AttributeFile = parse(&source)?;
                take(&source, at, file.attribute, &mut self.attributes, "attribute", |entry| &entry.code)?;
            }
            "units.toml" => {
                let file: UnitFile = parse(&source)?;
                take(&source, at, file.unit, &mut self.units, "unit", |entry| &entry.code)?;
            }
            "categories.toml" => {
                let file: CategoryFile = parse(&source)?;
                take(&source, at, file.category, &mut self.categories, "category", |entry| &entry.code)?;
            }
            "brands.toml" => {
                let file: BrandFile = parse(&source)?;
                self.legal_forms.extend(file.legal_forms);
                take(&source, at, file.brand, &mut self.brands, "brand", |entry| &entry.name)?;
            }
            "currencies.toml" => {
                let file: CurrencyFile = parse(&source)?;
                take(&source, at, file.currency, &mut self.currencies, "currency", |entry| &entry.code)?;
            }
            // A user's language replaces ours.
            "numbers.toml" => self.numbers.extend(parse::<BTreeMap<String, NumberWords>>(&source)?),
            CHECKS => self.checks.overlay(&source)?,
            LANGUAGE => self.languages.overlay(&source)?,
            PICTURES => self.pictures.overlay(&source)?,
            path if ALSO.contains(&path) => self.also.entry(path.to_owned()).or_default().push(source.clone()),
            other => match other.strip_prefix("locales/").and_then(|name| name.strip_suffix(".toml")) {
                Some(tag) if is_tag(tag) => {
                    let words: LocaleWords = parse(&source)?;
                    let known = self
                        .locales
                        .entry(tag.to_owned())
                        .or_insert_with(|| LocaleWords { tag: tag.to_owned(), ..LocaleWords::default() });
                    known.merge(words);
                }
                _ => {
                    let message = "is not a file of the dictionary; it has attributes.toml, units.toml, numbers.toml, categories.toml, brands.toml, currencies.toml, identity/matching.toml, normalize/checks.toml, normalize/language.toml, media/names.toml, media/pictures.toml, media/renditions.toml and locales/<language tag>.toml";
                    return Err(source.error(None, "", message));
                }
            },
        }
        self.sources.push(source);
        Ok(())
    }

    /// An error about one entry; the line is that of the named key inside the entry where it stands at a line's start.
    fn fault<T>(&self, placed: &Placed<T>, key: String, message: String) -> SchemaError {
        let Some(source) = self.sources.get(placed.source) else {
            return SchemaError { file: "schema".to_owned(), line: 0, key, message };
        };
        let mut span = placed.span.clone();
        let field = key.rsplit(", ").next().and_then(|last| last.split(' ').next_back()).unwrap_or_default();
        let mut at = span.start;
        for (number, line) in source.text.get(span.start..).unwrap_or_default().split_inclusive('\n').enumerate() {
            if number > 0 && line.starts_with("[[") {
                break;
            }
            if line.trim_start().strip_prefix(field).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                span.start = at;
                break;
            }
            at += line.len();
        }
        source.error(Some(span), key, message)
    }

    fn finish(mut self) -> Result<Dictionary, SchemaError> {
        self.add_palette();
        self.check_units()?;
        self.check_attributes()?;
        self.check_categories()?;
        self.check_brands()?;
        self.check_currencies()?;
        let mut hash = Sha256::new();
        for source in &self.sources {
            hash.update(source.text.as_bytes());
            hash.update([0]);
        }
        let mut attributes: Vec<_> = self.attributes.into_iter().map(|placed| placed.entry).collect();
        for cue in attributes.iter_mut().filter_map(|attribute| attribute.cue.as_mut()) {
            cue.keys = cue.words.iter().map(|phrase| key(phrase)).collect();
            cue.name_keys = cue.names.iter().map(|phrase| key(phrase)).collect();
            cue.fallback_keys = cue.fallback.iter().map(|phrase| key(phrase)).collect();
        }
        let units: Vec<_> = self.units.into_iter().map(|placed| placed.entry).collect();
        let categories: Vec<_> = self.categories.into_iter().map(|placed| placed.entry).collect();
        let brands: Vec<_> = self.brands.into_iter().map(|placed| placed.entry).collect();
        let currencies: Vec<_> = self.currencies.into_iter().map(|placed| placed.entry).collect();
        let mut index = Index::build(&attributes, &units, &categories, &brands, &self.locales);
        index.legal_forms = self.legal_forms.iter().map(|form| super::index::brand_key(form)).collect();
        let fingerprint = hex::encode(hash.finalize());
        for words in self.numbers.values() {
            let all = &mut index.words;
            for (into, list) in [(&mut all.pieces, &words.pieces), (&mut all.yes, &words.yes), (&mut all.no, &words.no)] {
                into.extend(list.iter().map(|word| key(word)));
            }
        }
        let numerals = Numerals::build(&self.numbers);
        let (locales, checks, pictures, also) = (self.locales, self.checks, self.pictures, self.also);
        let languages = self.languages.ready(&locales);
        Ok(Dictionary {
            attributes,
            units,
            categories,
            brands,
            currencies,
            locales,
            index,
            numerals,
            checks,
            languages,
            pictures,
            also,
            fingerprint,
        })
    }

    /// Gives the options of palette attributes each language's words.
    fn add_palette(&mut self) {
        for placed in self.attributes.iter_mut().filter(|placed| placed.entry.palette) {
            for option in &mut placed.entry.options {
                for (tag, words) in &self.locales {
                    let Some(words) = words.colors.get(&option.code) else { continue };
                    if let Some(first) = words.first() {
                        option.label.entry(tag.clone()).or_insert_with(|| first.clone());
                    }
                    option.synonyms.extend(words.iter().cloned());
                }
            }
        }
    }

    fn check_units(&self) -> Result<(), SchemaError> {
        let mut seen: HashMap<(String, String), String> = HashMap::new();
        for placed in &self.units {
            let unit = &placed.entry;
            for spelling in std::iter::once(&unit.symbol).chain(&unit.spellings) {
                let bare = super::index::bare_spelling(spelling);
                let other = seen.insert((unit.family.clone(), bare), unit.code.clone()).filter(|other| *other != unit.code);
                if let Some(other) = other {
                    let message = format!(
                        "the spelling '{spelling}' already belongs to the unit {other} of the same family; keep it in one of them"
                    );
                    return Err(self.fault(
                        placed,
                        format!("unit {}, {}", unit.code, if spelling == &unit.symbol { "symbol" } else { "spellings" }),
                        message,
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_attributes(&self) -> Result<(), SchemaError> {
        let units: HashSet<&str> = self.units.iter().map(|placed| placed.entry.code.as_str()).collect();
        let mut headers: HashMap<String, &str> = HashMap::new();
        for placed in &self.attributes {
            let attribute = &placed.entry;
            let fault =
                |key: &str, message: String| Err(self.fault(placed, format!("attribute {}, {key}", attribute.code), message));
            if !is_code(&attribute.code) {
                return fault("code", "is not a code; use lower-case letters, digits and underscores, a letter first".to_owned());
            }
            if !attribute.label.contains_key("en") {
                return fault("label", "has no English name; add en = \"...\"".to_owned());
            }
            let needs_unit = matches!(attribute.kind, AttributeType::Measure | AttributeType::Range);
            match &attribute.unit {
                None if needs_unit => return fault("unit", "a measure or range needs a unit of units.toml".to_owned()),
                Some(_) if !needs_unit => return fault("unit", "only a measure or range has a unit; take it away".to_owned()),
                Some(unit) if !units.contains(unit.as_str()) => {
                    return fault("unit", format!("'{unit}' is not a unit of units.toml; use a known code or add the unit"));
                }
                _ => {}
            }
            let needs_options =
                matches!(attribute.kind, AttributeType::Select | AttributeType::MultiSelect | AttributeType::Batteries);
            if needs_options == attribute.options.is_empty() {
                return fault(
                    "option",
                    "a select, multi_select or batteries has at least one option, and nothing else has any".to_owned(),
                );
            }
            let is_text = |code: &String| {
                self.attributes.iter().any(|placed| placed.entry.code == *code && placed.entry.kind == AttributeType::Text)
            };
            if let Some(code) = attribute.words_in.as_ref().filter(|code| !is_text(code)) {
                return fault("words_in", format!("'{code}' is not an attribute of the type text; use the code of one"));
            }
            if let Some(code) =
                attribute.usual_in.keys().find(|code| !self.categories.iter().any(|placed| placed.entry.code == **code))
            {
                return fault("usual_in", format!("'{code}' is not a category of categories.toml; use a known code"));
            }
            let usual_in = attribute.usual_in.values().copied().map(Some);
            for bounds in [attribute.hard, attribute.usual].into_iter().chain(usual_in).flatten() {
                if matches!((bounds.min, bounds.max), (Some(min), Some(max)) if min > max) {
                    return fault("hard and usual", "min is larger than max; swap them".to_owned());
                }
            }
            if let Err((option, message)) = check_options(&attribute.options) {
                return fault(&format!("option {option}"), message);
            }
            for name in std::iter::once(&attribute.code).chain(attribute.label.values()).chain(&attribute.synonyms) {
                let folded = key(&name.replace('/', " "));
                if let Some(other) = headers.insert(folded, &attribute.code).filter(|other| *other != attribute.code) {
                    return fault("synonyms", format!("'{name}' already leads to the attribute {other}; keep it in one of them"));
                }
            }
        }
        Ok(())
    }

    fn check_categories(&self) -> Result<(), SchemaError> {
        let mut words: HashMap<String, &str> = HashMap::new();
        for placed in &self.categories {
            let category = &placed.entry;
            let fault =
                |key: &str, message: String| Err(self.fault(placed, format!("category {}, {key}", category.code), message));
            if !is_code(&category.code) {
                return fault("code", "is not a code; use lower-case letters, digits and underscores, a letter first".to_owned());
            }
            if !category.label.contains_key("en") {
                return fault("label", "has no English name; add en = \"...\"".to_owned());
            }
            for word in
                std::iter::once(&category.code).chain(category.label.values()).chain(&category.synonyms).chain(&category.alone)
            {
                if let Some(other) = words.insert(key(word), &category.code).filter(|other| *other != category.code) {
                    return fault("synonyms", format!("'{word}' already leads to the category {other}; keep it in one of them"));
                }
            }
            let kinds = self.attributes.iter().find(|placed| placed.entry.code == "product_kind").map(|placed| &placed.entry);
            if let Some(kind) = category.kinds.iter().find(|kind| kinds.is_none_or(|kinds| kinds.option(kind).is_none())) {
                return fault("kinds", format!("'{kind}' is not an option of the attribute product_kind"));
            }
        }
        Ok(())
    }

    fn check_currencies(&self) -> Result<(), SchemaError> {
        for placed in &self.currencies {
            if iso_currency::Currency::from_code(&placed.entry.code).is_none() {
                return Err(self.fault(
                    placed,
                    format!("currency {}, code", placed.entry.code),
                    "is not an ISO 4217 code".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn check_brands(&self) -> Result<(), SchemaError> {
        let mut words: HashMap<String, &str> = HashMap::new();
        for placed in &self.brands {
            for word in std::iter::once(&placed.entry.name).chain(&placed.entry.aliases) {
                let folded = super::index::brand_key(word);
                let key = format!("brand {}", placed.entry.name);
                if folded.is_empty() {
                    return Err(self.fault(placed, key, format!("'{word}' has no letter or digit; take it away")));
                }
                if let Some(other) = words.insert(folded, &placed.entry.name).filter(|other| *other != placed.entry.name) {
                    return Err(self.fault(
                        placed,
                        key,
                        format!("'{word}' already leads to the brand {other}; keep it in one of them"),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn check_options(options: &[SelectOption]) -> Result<(), (String, String)> {
    let mut words: HashMap<String, &str> = HashMap::new();
    let mut codes = HashSet::new();
    for option in options {
        let fault = |message: String| Err((option.code.clone(), message));
        // A battery cell's code is its name in the standard, such as CR123A.
        if !is_code(&option.code.to_ascii_lowercase()) {
            return fault("is not a code; use letters, digits and underscores".to_owned());
        }
        if !codes.insert(&option.code) {
            return fault("stands twice; keep one".to_owned());
        }
        if !option.label.contains_key("en") {
            return fault("has no English label; add en = \"...\"".to_owned());
        }
        for word in std::iter::once(&option.code).chain(option.label.values()).chain(&option.synonyms) {
            if let Some(other) = words.insert(key(word), &option.code).filter(|other| *other != option.code) {
                return fault(format!("'{word}' already leads to the option {other}; keep it in one of them"));
            }
        }
    }
    Ok(())
}

fn is_code(code: &str) -> bool {
    code.len() <= 60
        && code.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 35
        && tag.split('-').all(|part| !part.is_empty() && part.len() <= 8 && part.chars().all(|c| c.is_ascii_alphanumeric()))
}
