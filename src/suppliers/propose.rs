//! A profile for a file that has none, from its headers and first rows. A person may correct it; it guesses only what it can see.
//!
//! A header is looked up as a special target (`schema/import/targets.toml`) and as an attribute of the dictionary, with the unit,
//! currency or language that it may carry. What no word tells, the samples may: check digits make a GTIN column, addresses of
//! pictures an image column. A target that a row has only one of never gets two columns.

use super::profile::{Column, Profile, Target};
use super::samples::Samples;
use super::targets::{Targets, Word};
use crate::dictionary::{AttributeType, Dictionary};
use crate::import::row::Record;
use crate::normalize::DecimalStyle;
use crate::normalize::text::key;
use iso_currency::Currency;
use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{HashMap, HashSet};

/// Headers that are looked at.
const MAX_HEADERS: usize = 900;

/// The field names of some records, in order, each once.
pub fn field_names(samples: &[Record]) -> Vec<String> {
    let mut seen = HashSet::new();
    let fields = samples.iter().flat_map(|record| &record.fields);
    fields.filter(|(name, _)| seen.insert(name)).map(|(name, _)| name.to_string()).take(MAX_HEADERS).collect()
}

/// Proposes a profile. `locale` is what the caller knows of the supplier's language; else the headers' own language counts.
///
/// Columns of no known meaning are listed as `ignore`, for a person to see.
pub fn propose(headers: &[String], samples: &[Record], dictionary: &Dictionary, locale: Option<&str>) -> Profile {
    let headers: Vec<&str> = headers.iter().map(String::as_str).take(MAX_HEADERS).collect();
    let samples = Samples::new(&headers, samples);
    let labels: Vec<Vec<String>> = headers.iter().map(|header| labels(header)).collect();
    let mut proposal = Proposal { dictionary, samples: &samples, headers: &headers, labels: &labels, taken: BTreeMap::new() };
    proposal.special();
    let mut profile = Profile { name: "proposed".to_owned(), ..Profile::default() };
    profile.locale = locale.map(str::to_owned).or_else(|| language(&labels, dictionary));
    profile.columns = (0..headers.len()).filter_map(|at| proposal.column(at)).collect();
    main_image(&mut profile.columns);
    let keyed = profile.columns.iter().any(|column| {
        column.to == Target::SupplierSku
            || matches!(&column.to, Target::Attribute(code) if code == "title" || code == "model_name")
    });
    if !keyed
        && let Some(header) = (0..headers.len()).find(|at| samples.is_unique(*at)).and_then(|at| headers.get(at))
        && let Some(column) = profile.columns.iter_mut().find(|column| column.from == *header)
    {
        column.to = Target::SupplierSku;
    }
    profile.decimal = decimal_style(&profile, dictionary, &headers, &samples);
    profile
}

/// Rank of the word, column, and the currency its header names.
type Candidate = (usize, usize, Option<Currency>);

struct Proposal<'a> {
    dictionary: &'a Dictionary,
    samples: &'a Samples<'a>,
    headers: &'a [&'a str],
    labels: &'a [Vec<String>],
    /// Column by special target.
    taken: BTreeMap<usize, (Target, Option<Currency>)>,
}

impl Proposal<'_> {
    /// Gives every special target its best column.
    fn special(&mut self) {
        let mut best: BTreeMap<Option<Target>, Vec<Candidate>> = BTreeMap::new();
        for (at, labels) in self.labels.iter().enumerate() {
            for (word, currency) in labels.iter().flat_map(|label| target_words(label, self.dictionary)) {
                if self.fits(word.target.as_ref(), at) {
                    best.entry(word.target.clone()).or_default().push((word.rank, at, currency));
                }
            }
        }
        for candidates in best.values_mut() {
            candidates.sort_by_key(|(rank, at, _)| (*rank, *at));
        }
        let plain = best.remove(&None).unwrap_or_default();
        for (target, candidates) in best {
            let Some(target) = target else { continue };
            for (_, at, currency) in candidates {
                let Entry::Vacant(free) = self.taken.entry(at) else { continue };
                free.insert((target.clone(), currency));
                if target.is_single() {
                    break;
                }
            }
        }
        // A plain price is what the supplier charges, unless another column says that.
        for (_, at, currency) in plain {
            let free = [Target::Cost, Target::RecommendedPrice]
                .into_iter()
                .find(|target| !self.taken.values().any(|(taken, _)| taken == target));
            if let (Some(target), false) = (free, self.taken.contains_key(&at)) {
                self.taken.insert(at, (target, currency));
                break;
            }
        }
    }

    /// Do the samples look like this target? Without samples, everything does.
    fn fits(&self, target: Option<&Target>, at: usize) -> bool {
        let samples = self.samples;
        match target {
            None | Some(Target::Cost | Target::RecommendedPrice) => {
                samples.most(at, |text| text.chars().any(|sign| sign.is_ascii_digit()))
            }
            // A stock file has a row per warehouse, so that its SKUs repeat.
            Some(Target::SupplierSku) => samples.is_nearly_unique(at) || self.names_warehouses(),
            Some(Target::Image) => samples.most(at, |text| text.contains("//")),
            Some(Target::OnHand) => samples.most(at, |text| self.is_stock(text)),
            Some(Target::Currency) => samples.most(at, |text| self.dictionary.currency_for(text, None).is_some()),
            Some(_) => true,
        }
    }

    fn names_warehouses(&self) -> bool {
        let mut labels = self.labels.iter().flatten();
        labels.any(|label| target_words(label, self.dictionary).iter().any(|(word, _)| word.target == Some(Target::Warehouse)))
    }

    fn is_stock(&self, text: &str) -> bool {
        let words = self.dictionary.words();
        let word = key(&text.replace('_', " "));
        let count =
            text.len() < 20 && text.trim_start_matches(['>', '<', '-', ' ']).starts_with(|sign: char| sign.is_ascii_digit());
        count
            || words.in_stock.contains(&word)
            || words.out_of_stock.contains(&word)
            || words.unknown_stock.contains(&word)
            || words.yes.contains(&word)
            || words.no.contains(&word)
    }

    /// What one header becomes; none for the unit of another field.
    fn column(&self, at: usize) -> Option<Column> {
        let header = self.headers.get(at)?;
        if let Some((target, currency)) = self.taken.get(&at) {
            let mut column = Column::new(*header, target.clone());
            column.currency = currency.filter(|_| matches!(target, Target::Cost | Target::RecommendedPrice));
            column.split = match target {
                Target::Image => self.samples.separator(at, &["|", ";", ",", " "], |text| text.matches("//").count() > 1),
                Target::Tags => self.samples.separator(at, &["|", ";"], |_| true),
                _ => None,
            };
            return Some(column);
        }
        let read = self.labels.get(at)?.iter().find_map(|label| self.dictionary.header(label));
        if let Some(read) = read {
            let mut column = Column::new(*header, Target::Attribute(read.attribute.code.clone()));
            column.unit = read.unit.map(|unit| unit.code.clone());
            column.locale = read.locale.map(str::to_owned);
            if is_list(read.attribute.kind) {
                column.split = self.samples.separator(at, &[" | ", "|", ";"], |_| true);
            }
            return Some(column);
        }
        let gtin = |text: &str| text.len() >= 12 && crate::identity::gtin::canonicalise(text).usable().is_some();
        let picture = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.starts_with("http")
                && ["jpg", "jpeg", "png", "webp", "gif"].iter().any(|kind| text.contains(&format!(".{kind}")))
        };
        let target = if !self.samples.is_empty(at) && self.samples.most(at, gtin) {
            Target::Attribute("gtin".to_owned())
        } else if !self.samples.is_empty(at) && self.samples.most(at, picture) {
            Target::Image
        } else {
            Target::Ignore
        };
        Some(Column::new(*header, target))
    }
}

fn is_list(kind: AttributeType) -> bool {
    matches!(kind, AttributeType::MultiSelect | AttributeType::TextList | AttributeType::Batteries | AttributeType::Modes)
}

/// The first picture is the main one, where no column says otherwise.
fn main_image(columns: &mut [Column]) {
    let images = columns.iter().filter(|column| column.to == Target::Image).count();
    if let Some(first) = columns.iter_mut().find(|column| column.to == Target::Image)
        && (images > 1 || first.split.is_none())
    {
        first.role = Some("main".to_owned());
    }
}

/// The names under which a header is looked up: the pair's name, the whole, the last part of a path.
fn labels(header: &str) -> Vec<String> {
    if let Some((before, rest)) = header.rsplit_once('[')
        && let Some((name, after)) = rest.split_once(']')
        && let Some((_, name)) = name.split_once('=')
        && !before.is_empty()
    {
        // Beside the value of a pair stand its unit and more, which mean nothing alone.
        let value = after.is_empty() || after.to_uppercase().ends_with("VALUE") || after.to_uppercase().ends_with("VAL");
        return if value { vec![name.to_owned()] } else { Vec::new() };
    }
    match header.rsplit_once('@') {
        Some(("", attribute)) => return vec![attribute.to_owned()],
        Some((_, _)) => return Vec::new(),
        None => {}
    }
    let mut labels = vec![header.to_owned()];
    for sign in ['/', '.'] {
        labels.extend(header.rsplit_once(sign).map(|(_, last)| last.trim().to_owned()).filter(|last| last.len() > 1));
    }
    labels
}

/// The words of special targets that a label is, also without its currency, number or table prefix.
fn target_words(label: &str, dictionary: &Dictionary) -> Vec<(&'static Word, Option<Currency>)> {
    let targets = Targets::embedded();
    let signs = label
        .split(|sign: char| sign.is_whitespace() || "()[]/_-,.:".contains(sign))
        .filter(|sign| !sign.is_empty() && !sign.chars().all(char::is_alphabetic));
    let sign = signs.take(8).find_map(|sign| dictionary.currency_for(sign, None)).and_then(Currency::from_code);
    let whole = key(&label.replace(['/', '#', '*'], " "));
    let words: Vec<&str> = whole.split(' ').collect();
    let start = usize::from(words.len() > 1 && words.first().is_some_and(|word| word.chars().count() == 1));
    let tail = words.last().copied().unwrap_or_default();
    let code = Currency::from_code(&tail.to_ascii_uppercase()).filter(|_| words.len() > 1 && tail.len() == 3);
    let numbered = words.len() > 1 && tail.chars().all(|sign| sign.is_ascii_digit());
    let cut = words.len() - usize::from(code.is_some() || numbered);
    let currency = code.or(sign);
    let mut found = Vec::new();
    for (from, to) in [(0, words.len()), (0, cut), (start, words.len()), (start, cut)] {
        if found.is_empty() {
            let name = words.get(from..to).unwrap_or_default().join(" ");
            found.extend(targets.words(&name).iter().map(|word| (word, currency)));
        }
    }
    found
}

/// The language that most headers are words of; none when two are equally likely, English aside.
fn language(labels: &[Vec<String>], dictionary: &Dictionary) -> Option<String> {
    let mut known: HashMap<String, HashSet<&str>> = HashMap::new();
    for attribute in dictionary.attributes() {
        for (locale, label) in &attribute.label {
            known.entry(key(label)).or_default().insert(locale);
        }
    }
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    for labels in labels {
        let mut locales: HashSet<&str> = HashSet::new();
        for label in labels {
            locales.extend(known.get(&key(label)).into_iter().flatten());
            locales.extend(target_words(label, dictionary).into_iter().map(|(word, _)| word.locale.as_str()));
        }
        for locale in locales {
            *votes.entry(locale.to_owned()).or_default() += 1;
        }
    }
    let most = votes.values().copied().max()?;
    let mut first = votes.into_iter().filter(|(_, count)| *count == most).map(|(locale, _)| locale);
    let best = first.next()?;
    let others: Vec<String> = first.collect();
    if others.is_empty() {
        Some(best)
    } else {
        (best == "en" || others.iter().any(|locale| locale == "en")).then(|| "en".to_owned())
    }
}

/// How the numbers of the samples are written; `auto` where they do not show it or differ.
fn decimal_style(profile: &Profile, dictionary: &Dictionary, headers: &[&str], samples: &Samples<'_>) -> DecimalStyle {
    let numeric = |column: &Column| match &column.to {
        Target::Cost | Target::RecommendedPrice => true,
        Target::Attribute(code) => dictionary
            .attribute(code)
            .is_some_and(|attribute| matches!(attribute.kind, AttributeType::Measure | AttributeType::Range)),
        _ => false,
    };
    let (mut points, mut commas) = (0_usize, 0_usize);
    for column in profile.columns.iter().filter(|column| numeric(column)) {
        let Some(at) = headers.iter().position(|header| *header == column.from) else { continue };
        for text in samples.texts(at) {
            points += usize::from(divides(text, '.', ','));
            commas += usize::from(divides(text, ',', '.'));
        }
    }
    match (points, commas) {
        (1.., 0) => DecimalStyle::Point,
        (0, 1..) => DecimalStyle::Comma,
        _ => DecimalStyle::Auto,
    }
}

/// Does this sign surely divide whole from part: last, once, and not before a group of three?
fn divides(text: &str, sign: char, other: char) -> bool {
    if text.matches(sign).count() != 1 {
        return false;
    }
    let Some((before, after)) = text.split_once(sign) else { return false };
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    before.ends_with(|sign: char| sign.is_ascii_digit()) && digits > 0 && digits != 3 && !after.contains(other)
}
