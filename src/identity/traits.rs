//! What is compared of one record: its identifiers, its names cut into words, and the figures that tell lamps apart.
//!
//! A supplier's row and a golden record become the same [`Traits`], so that both are judged by the same rules.

use super::model::{self, Generation, ModelName, Where};
use super::mpn;
use super::pack::pack;
use super::rules::MatchRules;
use super::text::Text;
use super::title;
use super::words::{Sort, Token, tokens};
use crate::dictionary::Dictionary;
use crate::import::PreparedRow;
use crate::normalize::Value;
use crate::normalize::text::key;
use crate::pricing::Money;
use rust_decimal::prelude::ToPrimitive;

/// What sort of thing a record is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Nothing says it.
    #[default]
    Unknown,
    /// A lamp.
    Lamp,
    /// A battery, charger, headband, mount.
    Accessory,
    /// A part of a lamp.
    SparePart,
    /// A lamp with more, sold as one.
    Bundle,
}

/// Figures of a lamp in the dictionary's canonical units; zero and less are never stored.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measures {
    /// Light output, lm.
    pub lumens: Option<f32>,
    /// Weight on the bases that the record states, g: with battery, without.
    pub weight: [Option<f32>; 2],
    /// Longest side, mm.
    pub length: Option<f32>,
    /// Beam distance, m.
    pub beam: Option<f32>,
}

/// What a record calls itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// Brand, as written.
    pub brand: Option<&'a str>,
    /// Title in whatever language.
    pub title: Option<&'a str>,
    /// Model's name.
    pub model: Option<&'a str>,
    /// Manufacturer's part number.
    pub mpn: Option<&'a str>,
    /// Description, plain or HTML.
    pub description: Option<&'a str>,
    /// What else the record says, for want of a title.
    pub rest: Option<&'a str>,
    /// Price in the shop, else what the supplier charges.
    pub price: Option<Money>,
}

/// What is compared of one record.
#[derive(Debug, Clone, Default)]
pub struct Traits {
    /// Usable 14-digit GTINs.
    pub gtins: Vec<String>,
    /// A GTIN as written that cannot be used.
    pub gtin_damaged: Option<String>,
    /// The brand's key; see [`mpn::brand_key`].
    pub brand: Option<String>,
    /// Does the dictionary know the brand?
    pub brand_known: bool,
    /// The key of a known brand that the record misspells by one letter, where it names no known one.
    pub brand_like: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
    /// The model's name.
    pub model: Option<ModelName>,
    /// Which generation of it.
    pub generation: Generation,
    /// Lamps in the pack, where it is said.
    pub pack: Option<u32>,
    /// Colour codes of the dictionary, sorted.
    pub colors: Vec<String>,
    /// The colour in the supplier's own words, where the dictionary knows none of them.
    pub color_said: Option<String>,
    /// Light outputs that title or name say, lm: of two lamps of one name they tell which one.
    pub named_lumens: Vec<f32>,
    /// What sort of thing it is.
    pub kind: Kind,
    /// Its figures.
    pub measures: Measures,
    /// Its price.
    pub price: Option<Money>,
    /// Its words.
    pub text: Text,
}

impl Traits {
    /// Of a supplier's row.
    pub fn of_row(row: &PreparedRow, dictionary: &Dictionary, rules: &MatchRules) -> Self {
        let text = |code: &str| row.claims.iter().filter(|claim| claim.attribute == code).find_map(|claim| claim.value.as_text());
        let rest = if text("title").is_none() && text("model_name").is_none() { said(&row.raw) } else { String::new() };
        let names = Names {
            brand: row.brand.as_deref(),
            title: text("title"),
            model: text("model_name"),
            mpn: row.mpn.as_deref(),
            description: text("description"),
            rest: (!rest.is_empty()).then_some(rest.as_str()),
            price: row.recommended_price.or(row.cost),
        };
        let values = row.claims.iter().map(|claim| (claim.attribute.as_str(), &claim.value));
        let mut traits = Self::of_values(&names, values, dictionary, rules);
        if let Some(gtin) = row.gtin.clone().filter(|gtin| !traits.gtins.contains(gtin)) {
            traits.gtins.push(gtin);
        }
        let damaged = row.issues.iter().find(|issue| issue.code.starts_with("gtin_"));
        traits.gtin_damaged = damaged.filter(|_| traits.gtins.is_empty()).map(|issue| issue.raw.clone());
        traits
    }

    /// Of a golden record or any other values by attribute code.
    pub fn of_values<'a>(
        names: &Names<'_>,
        values: impl Iterator<Item = (&'a str, &'a Value)>,
        dictionary: &Dictionary,
        rules: &MatchRules,
    ) -> Self {
        let lexicon = &rules.lexicon;
        let mut traits = Self { price: names.price, ..Self::default() };
        for (code, value) in values {
            traits.value(code, value);
        }
        traits.mpn_key = names.mpn.and_then(mpn::mpn_key);
        let cut = Cut::of(names, rules);
        let (title, title_words) = cut.title(names);
        if traits.colors.is_empty() {
            traits.colors = lexicon.colors(title_words);
        }
        if traits.pack.is_none() {
            traits.pack = pack(rules, title, title_words).or_else(|| names.model.and_then(|_| pack(rules, "", &cut.model)));
        }
        if matches!(traits.kind, Kind::Unknown | Kind::Lamp) {
            traits.kind = kind(rules, title_words, title).unwrap_or(traits.kind);
        }
        if traits.kind == Kind::Unknown && (traits.measures.lumens.is_some() || traits.measures.beam.is_some()) {
            traits.kind = Kind::Lamp;
        }
        traits.brand(names, &cut, dictionary, rules);
        traits.named_lumens = stated_lumens(rules, title_words);
        if names.title.is_some() {
            traits.named_lumens.extend(stated_lumens(rules, &cut.model));
        }
        traits.name(names, &cut, title_words, dictionary, rules);
        traits.color_said = traits.color_said.take().filter(|_| traits.colors.is_empty());
        traits.colors.sort();
        traits.colors.dedup();
        traits.text = Text::new(rules, &cut.all(), names.mpn, names.description.unwrap_or_default());
        traits
    }

    /// Is there anything by which it may be recognised?
    pub fn is_empty(&self) -> bool {
        self.gtins.is_empty() && self.mpn_key.is_none() && self.model.is_none() && self.text.words.is_empty()
    }

    fn value(&mut self, code: &str, value: &Value) {
        let amount = |value: &Value| match value {
            Value::Measure(measure) => measure.amount.to_f32().filter(|amount| *amount > 0.0),
            _ => None,
        };
        let [with, without] = &mut self.measures.weight;
        match (code, value) {
            ("gtin", Value::Text(gtin)) if !self.gtins.contains(gtin) => self.gtins.push(gtin.clone()),
            ("light_output_max", value) => self.measures.lumens = amount(value),
            ("weight_with_battery", value) => *with = amount(value),
            ("weight_without_battery", value) => *without = amount(value),
            ("dim_length", value) => self.measures.length = amount(value),
            ("beam_distance_max", value) => self.measures.beam = amount(value),
            ("pack_quantity", Value::Integer(pack)) => self.pack = u32::try_from(*pack).ok(),
            ("color_as_said", Value::Text(said)) => self.color_said = Some(key(said)).filter(|said| !said.is_empty()),
            ("body_color", Value::List(colors)) => self.colors.clone_from(colors),
            ("category" | "product_kind", Value::Text(text)) => {
                let kind = match text.as_str() {
                    "headlamps" | "flashlights" | "lanterns" | "headlamp" | "flashlight" | "lantern" => Kind::Lamp,
                    "headlamp_accessories" | "batteries" | "chargers" | "accessory" | "battery" | "charger" => Kind::Accessory,
                    "spare_part" => Kind::SparePart,
                    "bundles" | "bundle" => Kind::Bundle,
                    _ => Kind::Unknown,
                };
                if self.kind == Kind::Unknown {
                    self.kind = kind;
                }
            }
            _ => {}
        }
    }

    fn brand(&mut self, names: &Names<'_>, cut: &Cut, dictionary: &Dictionary, rules: &MatchRules) {
        if let Some(brand) = names.brand {
            self.brand = mpn::brand_key(dictionary, brand);
            self.brand_known = dictionary.brand(brand).is_some();
            self.misspells(brand, rules);
            return;
        }
        // Where no column says it, the title does.
        let words = if names.title.is_some() { &cut.title } else { &cut.rest };
        if let Some(brand) = brand_in(rules, dictionary, words) {
            self.brand = mpn::brand_key(dictionary, &brand);
            self.brand_known = true;
            return;
        }
        // Only of what says that it is a lamp: in other trades a word is a word.
        if self.kind != Kind::Lamp {
            return;
        }
        let plain = before_fitting(rules, words).iter().filter(|word| word.sort == Sort::Plain && !rules.words.knows(&word.text));
        let mut like = plain.filter(|word| rules.lexicon.color(&word.text).is_none() && !rules.lexicon.is_lamp(&word.text));
        self.brand_like = like.find_map(|word| rules.lexicon.misspelt_brand(&word.text)).map(str::to_owned);
    }

    /// Notes which known brand an unknown one may mean.
    fn misspells(&mut self, brand: &str, rules: &MatchRules) {
        self.brand_like = if self.brand_known { None } else { rules.lexicon.misspelt_brand(brand).map(str::to_owned) };
    }

    /// Takes this brand for the record's, whatever its columns say: people may have said what a spelling means.
    pub fn set_brand(&mut self, code: &str, dictionary: &Dictionary, rules: &MatchRules) {
        self.brand = mpn::brand_key(dictionary, code);
        self.brand_known = dictionary.brand(code).is_some();
        self.misspells(code, rules);
    }

    /// The brand that it is of: the known one, else the one that it seems to misspell, else what it says.
    pub fn meant_brand(&self) -> Option<&str> {
        self.brand.as_deref().filter(|_| self.brand_known).or(self.brand_like.as_deref()).or(self.brand.as_deref())
    }

    /// The model's name, from its column or, of a known brand, from the title.
    fn name(&mut self, names: &Names<'_>, cut: &Cut, title: &[Token], dictionary: &Dictionary, rules: &MatchRules) {
        let color = |word: &str| rules.lexicon.color(word);
        if let Some(name) = names.model {
            let (model, generation, colors) = model::read(rules, name, &cut.brand, color);
            self.generation = generation;
            if self.colors.is_empty() {
                self.colors = colors;
            }
            self.model = (!model.whole.is_empty()).then_some(model);
        } else {
            let mut words = title.to_vec();
            model::take_generation(rules, &mut words, &mut self.generation, Where::Prose);
            if (self.brand_known || self.brand_like.is_some()) && matches!(self.kind, Kind::Lamp | Kind::Unknown) {
                let (key, like) = (self.brand.clone(), self.brand_like.clone());
                let is_brand = |text: &str| {
                    (dictionary.brand(text).is_some() && mpn::brand_key(dictionary, text) == key)
                        || (like.is_some() && rules.lexicon.misspelt_brand(text) == like.as_deref())
                };
                self.model = title::guess(rules, title, is_brand, self.pack, &mut self.generation);
            }
        }
    }
}

/// The words of each name, cut once.
struct Cut {
    brand: Vec<Token>,
    title: Vec<Token>,
    model: Vec<Token>,
    mpn: Vec<Token>,
    rest: Vec<Token>,
}

impl Cut {
    fn of(names: &Names<'_>, rules: &MatchRules) -> Self {
        let of = |name: Option<&str>| name.map(|name| tokens(rules, name)).unwrap_or_default();
        let Names { brand, title, model, mpn, rest, .. } = *names;
        Self { brand: of(brand), title: of(title), model: of(model), mpn: of(mpn), rest: of(rest) }
    }

    /// All words of the record, one name after the other.
    fn all(&self) -> Vec<&Token> {
        [&self.brand, &self.title, &self.model, &self.mpn, &self.rest].into_iter().flatten().collect()
    }

    /// What says most of what is sold: the title, or what stands for it.
    fn title<'a>(&self, names: &Names<'a>) -> (&'a str, &[Token]) {
        match (names.title, names.model) {
            (Some(title), _) => (title, &self.title),
            (None, Some(model)) => (model, &self.model),
            (None, None) => (names.rest.unwrap_or_default(), &self.rest),
        }
    }
}

/// The words before "for" and "with": what follows is not what is sold.
fn before_fitting<'a>(rules: &MatchRules, words: &'a [Token]) -> &'a [Token] {
    let end = words.iter().position(|word| rules.words.with.contains(&word.text) || rules.words.r#for.contains(&word.text));
    words.get(..end.unwrap_or(words.len())).unwrap_or_default()
}

/// The known brand that a title names: at its front, else the longest one anywhere before "for" and "with".
fn brand_in(rules: &MatchRules, dictionary: &Dictionary, words: &[Token]) -> Option<String> {
    let phrase = |at: usize, count: usize| {
        let run: Vec<&str> = words.get(at..at + count)?.iter().map(|word| word.text.as_str()).collect();
        Some(run.join(" ")).filter(|phrase| phrase.len() >= 3 && dictionary.brand(phrase).is_some())
    };
    if let Some(front) = [3, 2, 1].into_iter().find_map(|count| phrase(0, count)) {
        return Some(front);
    }
    let end = before_fitting(rules, words).len();
    let inside = |count: usize| (1..(end + 1).saturating_sub(count)).find_map(|at| phrase(at, count));
    // Two letters and three are part of a model's name as often.
    let meant = |brand: &String| brand.len() >= 4 && !rules.words.front_brand.contains(brand);
    [3, 2, 1].into_iter().filter_map(inside).find(meant)
}

/// Light outputs among the words of a title or name.
fn stated_lumens(rules: &MatchRules, words: &[Token]) -> Vec<f32> {
    let number = |word: Option<&Token>| word.filter(|word| word.sort == Sort::Number)?.text.parse::<f32>().ok();
    let stated = words.iter().enumerate().filter_map(|(at, word)| {
        if word.sort == Sort::Quantity {
            return word.text.strip_suffix("lm")?.parse::<f32>().ok();
        }
        if !rules.lexicon.is_lumens(&word.text) {
            return None;
        }
        number(at.checked_sub(1).and_then(|before| words.get(before))).or_else(|| number(words.get(at + 1)))
    });
    stated.filter(|lumens| *lumens > 0.0).take(8).collect()
}

/// The record's texts in one line, addresses left out.
pub fn said(raw: &serde_json::Map<String, serde_json::Value>) -> String {
    let texts = raw.values().filter_map(serde_json::Value::as_str).filter(|text| !text.contains("://") && text.len() < 300);
    texts.take(12).collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

/// What a title says it sells. What follows "with" comes along; what stands before "for" is what is sold.
fn kind(rules: &MatchRules, words: &[Token], title: &str) -> Option<Kind> {
    let words_set = &rules.words;
    let pairs: Vec<String> =
        words.windows(2).map(|pair| pair.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" ")).collect();
    let first = |set: &std::collections::HashSet<String>| {
        let said = |at: usize, word: &Token| set.contains(&word.text) || pairs.get(at).is_some_and(|pair| set.contains(pair));
        words.iter().enumerate().find_map(|(at, word)| said(at, word).then_some(at))
    };
    let with = first(&words_set.with).unwrap_or(usize::MAX);
    let fits = first(&words_set.r#for).unwrap_or(usize::MAX);
    let lamp = first(&words_set.lamp);
    if let Some(spare) = first(&words_set.spare).filter(|at| *at < with) {
        return (lamp.is_some() || spare < fits).then_some(Kind::SparePart);
    }
    if first(&words_set.bundle).is_some_and(|at| at < fits) || (lamp.is_some() && title.contains(" + ")) {
        return Some(Kind::Bundle);
    }
    let accessory = first(&words_set.accessory).filter(|at| *at < with);
    match (accessory, lamp) {
        (Some(accessory), Some(lamp)) => Some(if accessory < lamp || fits < lamp { Kind::Accessory } else { Kind::Lamp }),
        (Some(_), None) => Some(Kind::Accessory),
        (None, Some(_)) => Some(Kind::Lamp),
        (None, None) => None,
    }
}
