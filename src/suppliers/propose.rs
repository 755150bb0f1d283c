//! A profile for a file that has none, from its headers and first rows. A person may correct it; it guesses only what it can see.
//!
//! A header is looked up as a special target (`schema/import/targets.toml`) and as an attribute of the dictionary, with the unit,
//! currency or language that it may carry. What no word tells, the samples may: check digits make a GTIN column, addresses of
//! pictures an image column. A target that a row has only one of never gets two columns.

use super::known::{self, Heading};
use super::language;
use super::profile::{Column, Profile, Target};
use super::samples::Samples;
use super::targets::{Targets, Word};
use crate::dictionary::{Attribute, AttributeType, Dictionary};
use crate::import::pairs;
use crate::import::read::unit_fields;
use crate::import::row::Record;
use crate::normalize::text::key;
use crate::normalize::{DecimalStyle, Hints, Status, normalize};
use iso_currency::Currency;
use std::collections::HashSet;
use std::collections::btree_map::{BTreeMap, Entry};

/// Headers that are looked at.
const MAX_HEADERS: usize = 900;

/// The field names of some records, in order, each once.
pub fn field_names(samples: &[Record]) -> Vec<String> {
    let mut seen = HashSet::new();
    let fields = samples.iter().flat_map(|record| &record.fields);
    fields.filter(|(name, _)| seen.insert(name)).map(|(name, _)| name.to_string()).take(MAX_HEADERS).collect()
}

/// Proposes a profile. `locale` is what somebody said of the supplier's language; headers in another language than English outrank it. Where
/// neither says one, the texts themselves are looked at, and what they show is proposed as assumed, with its confidence.
///
/// Columns of no known meaning are listed as `ignore`, for a person to see.
pub fn propose(headers: &[String], samples: &[Record], dictionary: &Dictionary, locale: Option<&str>) -> Profile {
    let all: Vec<&str> = headers.iter().map(String::as_str).collect();
    let layout = known::layout(&all, dictionary);
    let (unfolded, samples) = known::unfolded(layout, samples);
    let found = pairs::find(&samples);
    let addressed = pairs::addressed(&samples, &found);
    let mut headers: Vec<&str> = unfolded.as_ref().map_or(all, |names| names.iter().map(String::as_str).collect());
    headers.retain(|header| !known::is_value(layout, header));
    headers.retain(|header| {
        let is = |name: &std::sync::Arc<str>| **name == **header;
        !found.iter().any(|pair| is(&pair.key) || is(&pair.value) || pair.unit.as_ref().is_some_and(is))
    });
    let named = if found.is_empty() { Vec::new() } else { field_names(&addressed) };
    headers.extend(
        named.iter().map(String::as_str).filter(|name| name.ends_with(']') && !headers.contains(name)).collect::<Vec<_>>(),
    );
    headers.truncate(MAX_HEADERS);
    let samples_read: &[Record] = &addressed;
    let samples = Samples::new(&headers, samples_read);
    let headings: Vec<Heading> = headers.iter().map(|header| Heading::of(header, &headers, layout, dictionary)).collect();
    let labels: Vec<Vec<String>> = headings.iter().map(|heading| labels(&heading.name)).collect();
    let mut proposal = Proposal {
        dictionary,
        samples: &samples,
        headers: &headers,
        headings: &headings,
        labels: &labels,
        split: layout.and_then(|layout| layout.split.as_deref()),
        taken: BTreeMap::new(),
    };
    proposal.special();
    let mut profile = Profile { name: "proposed".to_owned(), ..Profile::default() };
    // English headers stand above texts of any language; others say it surely, whatever is taken for granted about the supplier.
    let headers_say = language::of_headers(&labels, dictionary);
    let english = headers_say.as_deref() == Some("en");
    profile.locale = match (headers_say.filter(|_| !english), locale) {
        (Some(language), Some(known)) if known.starts_with(&language) => Some(known.to_owned()),
        (language, known) => language.or_else(|| known.map(str::to_owned)),
    };
    profile.assumed_locale = english.then(|| "en".to_owned());
    profile.columns = (0..headers.len()).filter_map(|at| proposal.column(at)).collect();
    known::arrange(&mut profile.columns, layout, dictionary);
    language::of_columns(&mut profile, &labels, &headers, dictionary);
    // `p_name[de]` says more than the English words around it.
    let mut said = profile.columns.iter().filter_map(|column| column.locale.clone());
    if profile.locale.as_deref().is_none_or(|locale| locale == "en")
        && let Some(first) = said.next().filter(|first| said.all(|other| other == *first))
    {
        profile.locale = Some(first);
    }
    if profile.locale.is_none() {
        let found = language::of_texts(&profile, samples_read, dictionary);
        profile.assumed_confidence = found.as_ref().map(|found| found.detected.confidence);
        profile.assumed_locale = found.map(|found| found.detected.locale).or(profile.assumed_locale);
    } else {
        profile.assumed_locale = None;
    }
    main_image(&mut profile.columns);
    units(&mut profile.columns, &headers, &found, dictionary);
    let keyed = profile.columns.iter().any(|column| {
        column.to == Target::SupplierSku
            || matches!(&column.to, Target::Attribute(code) if code == "title" || code == "model_name")
    });
    if let Some(layout) = layout {
        known::lay_out(&mut profile.file, layout);
        if !profile.columns.iter().any(|column| column.to == Target::SupplierSku) {
            profile.key_columns.clone_from(&layout.key);
        }
    } else if keyed {
        profile.key_columns = keys(&profile, &headers, &samples);
    } else if profile.columns.iter().any(|column| column.to != Target::Ignore)
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
    headings: &'a [Heading],
    labels: &'a [Vec<String>],
    /// Between the items of a list, where the file's layout says so.
    split: Option<&'a str>,
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
        for (at, heading) in self.headings.iter().enumerate() {
            if let Some(meaning) = heading.meaning {
                self.taken.insert(at, (known::target(meaning, self.dictionary), heading.currency));
            }
        }
        for (target, candidates) in best {
            let Some(target) = target else { continue };
            if target.is_single() && self.taken.values().any(|(taken, _)| *taken == target) {
                continue;
            }
            for (_, at, currency) in candidates {
                let Entry::Vacant(free) = self.taken.entry(at) else { continue };
                free.insert((target.clone(), currency));
                if target.is_single() {
                    break;
                }
            }
        }
        // Without pieces there is no place where they lie.
        if !self.taken.values().any(|(target, _)| *target == Target::OnHand) {
            self.taken.retain(|_, (target, _)| *target != Target::Warehouse);
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
            // Pieces lie somewhere, each of them.
            Some(Target::Warehouse) => samples.is_filled(at),
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

    /// Is any sample a value of the attribute, or are there none? A column of which nothing can be read would only be told of, row by row.
    fn makes_sense(&self, at: usize, attribute: &Attribute) -> bool {
        let words = self.dictionary.words();
        let mut said = self.samples.texts(at).iter().filter(|text| !words.is_null(text)).peekable();
        let is = |text: &&&str| {
            // Without its unit an amount may look impossible.
            if attribute.unit.is_some() {
                return text.chars().any(|sign| sign.is_ascii_digit());
            }
            let reading = normalize(self.dictionary, attribute, text, &Hints::default());
            !matches!(reading.status, Status::Rejected) || attribute.kind == AttributeType::Gtin
        };
        self.samples.is_empty(at) || (said.peek().is_some() && said.any(|text| is(&text)))
    }

    /// What one header becomes; none for the unit of another field.
    fn column(&self, at: usize) -> Option<Column> {
        let (header, heading) = (self.headers.get(at)?, self.headings.get(at)?);
        if heading.is_unit {
            return None;
        }
        if let Some((target, currency)) = self.taken.get(&at) {
            let mut column = Column::new(*header, target.clone());
            column.currency = currency.filter(|_| matches!(target, Target::Cost | Target::RecommendedPrice));
            column.split = match target {
                Target::Image => self.samples.separator(at, &["|", ";", ",", " "], |text| text.matches("//").count() > 1),
                Target::Tags => self.samples.separator(at, &["|", ";"], |_| true),
                _ => None,
            };
            if let Some(meaning) = heading.meaning {
                let stated = attribute_of(&column, self.dictionary).is_some_and(|attribute| attribute.unit.is_some());
                let read = self.labels.get(at)?.iter().find_map(|label| self.dictionary.header(label)?.unit).filter(|_| stated);
                column.unit = read.map(|unit| unit.code.clone());
                column.unit_from.clone_from(&heading.unit_from);
                known::dress(&mut column, meaning);
            }
            column.locale = column.locale.or_else(|| heading.locale.clone());
            return Some(column);
        }
        let read = self.labels.get(at)?.iter().find_map(|label| self.dictionary.header(label));
        let read = read.filter(|read| self.makes_sense(at, read.attribute));
        if let Some(read) = read {
            let mut column = Column::new(*header, Target::Attribute(read.attribute.code.clone()));
            column.unit = read.unit.map(|unit| unit.code.clone());
            column.unit_from.clone_from(&heading.unit_from);
            column.locale = heading.locale.clone().filter(|_| read.attribute.localized).or(read.locale.map(str::to_owned));
            if is_list(read.attribute.kind) {
                let separator = self.samples.separator(at, &[" | ", "|", ";"], |_| true);
                column.split = separator.or_else(|| self.split.map(str::to_owned));
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

pub(super) fn attribute_of<'a>(column: &Column, dictionary: &'a Dictionary) -> Option<&'a Attribute> {
    let Target::Attribute(code) = &column.to else { return None };
    dictionary.attribute(code)
}

/// What tells the rows apart without a SKU: nothing where brand and model or the title do it, else the first set of columns that does.
fn keys(profile: &Profile, headers: &[&str], samples: &Samples<'_>) -> Vec<String> {
    let of = |code: &str| {
        let column = profile.columns.iter().find(|column| matches!(&column.to, Target::Attribute(known) if known == code))?;
        headers.iter().position(|header| *header == column.from)
    };
    if profile.columns.iter().any(|column| column.to == Target::SupplierSku) {
        return Vec::new();
    }
    let usual: Vec<usize> = match of("model_name") {
        Some(model) => of("brand").into_iter().chain([model]).collect(),
        None => of("title").into_iter().collect(),
    };
    if samples.tell_apart(&usual) {
        return Vec::new();
    }
    let mut set = usual;
    for code in ["title", "mpn", "gtin", "body_color", "light_output_max", "pack_quantity"] {
        set.extend(of(code).filter(|at| !set.contains(at)));
        if samples.tell_apart(&set) {
            return set.iter().filter_map(|at| headers.get(*at)).map(|header| (*header).to_owned()).collect();
        }
    }
    Vec::new()
}

/// Where a pair says the unit of its value, row by row, that unit counts.
fn units(columns: &mut [Column], headers: &[&str], pairs: &[pairs::Columns], dictionary: &Dictionary) {
    let measured = |column: &Column| attribute_of(column, dictionary).is_some_and(|attribute| attribute.unit.is_some());
    for column in columns.iter_mut().filter(|column| measured(column)) {
        let listed = pairs.iter().find_map(|pair| {
            let name = column.from.strip_prefix(&*pair.value)?;
            let unit = pair.unit.as_ref().filter(|_| name.starts_with(&format!("[{}=", pair.key)))?;
            Some(format!("{unit}{name}"))
        });
        if column.unit_from.is_some() {
            continue;
        }
        column.unit_from = listed.or_else(|| unit_fields(&column.from).find(|unit| headers.contains(&unit.as_str())));
    }
}

/// The first picture is the main one, where no column says otherwise.
fn main_image(columns: &mut [Column]) {
    let images = columns.iter().filter(|column| column.to == Target::Image).count();
    if let Some(first) = columns.iter_mut().find(|column| column.to == Target::Image)
        && (images > 1 || first.split.is_none())
    {
        first.role.get_or_insert_with(|| "main".to_owned());
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
    // `Beam distance (product.metafields.custom.beam_distance)`: the name, and where the shop keeps it.
    if let Some((name, place)) = header.strip_suffix(')').and_then(|header| header.rsplit_once(" ("))
        && place.matches('.').count() > 1
        && !place.contains(' ')
    {
        labels.push(name.to_owned());
        return labels;
    }
    // `p_attributes[akku_mah][de]`: a table, what it holds, a language.
    labels.extend(
        header.split('[').skip(1).filter_map(|part| part.strip_suffix(']')).filter(|part| part.len() > 2).map(str::to_owned),
    );
    for sign in ['/', '.'] {
        labels.extend(header.rsplit_once(sign).map(|(_, last)| last.trim().to_owned()).filter(|last| last.len() > 1));
    }
    labels
}

/// The words of special targets that a label is, also without its currency, number or table prefix.
pub(super) fn target_words(label: &str, dictionary: &Dictionary) -> Vec<(&'static Word, Option<Currency>)> {
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
    let tongue = words.len() > 1 && tail.len() == 2 && dictionary.locale(tail).is_some();
    let cut = words.len() - usize::from(code.is_some() || numbered || tongue);
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
