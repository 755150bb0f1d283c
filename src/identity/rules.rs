//! `schema/identity/matching.toml`: the words, units, weights and thresholds by which records are compared. Data, not code.
//!
//! A user's file of that name under `--schema` stands over ours: its numbers replace ours, its words and units are added.

use super::evidence::{EVIDENCE, Evidence};
use super::lexicon::Lexicon;
use crate::dictionary::{Dictionary, SchemaError, Source};
use crate::normalize::text::key;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use toml::Spanned;

/// Where a score becomes a decision, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Goods without a lamp's traits merge from here.
    pub merge: u16,
    /// They are worth a person's look from here.
    pub review: u16,
    /// Lamps merge from here by score alone.
    pub lamp_merge: u16,
    /// Lamps are worth a person's look from here.
    pub lamp_review: u16,
    /// By how much the best of several candidates must lead.
    pub best_by: u16,
}

/// Shares by which two honest sources differ in a value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tolerance {
    /// Light output.
    pub lumens: f32,
    /// Weight, on whatever basis.
    pub weight: f32,
    /// Length.
    pub length: f32,
    /// Beam distance.
    pub beam: f32,
    /// Price.
    pub price: f32,
}

/// One file: ours, or a user's that says only what is to be otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    thresholds: BTreeMap<String, Spanned<u16>>,
    tolerance: BTreeMap<String, Spanned<f32>>,
    words: Lists,
    counted: BTreeMap<String, Spanned<u32>>,
    ordinals: BTreeMap<String, Spanned<u32>>,
    unit: Vec<UnitEntry>,
    weights: BTreeMap<String, Spanned<f32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Lists {
    lamp: Vec<String>,
    filler: Vec<String>,
    accessory: Vec<String>,
    spare: Vec<String>,
    bundle: Vec<String>,
    r#for: Vec<String>,
    with: Vec<String>,
    pack: Vec<String>,
    of: Vec<String>,
    generation: Vec<String>,
    edition: Vec<String>,
    stop: Vec<String>,
    standard: Vec<String>,
    front_brand: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitEntry {
    words: Vec<String>,
    #[serde(default = "one")]
    times: u32,
}

fn one() -> u32 {
    1
}

/// Words with a meaning for matching, folded.
#[derive(Debug, Default)]
pub struct MatchWords {
    /// A lamp of some kind.
    pub lamp: HashSet<String>,
    /// Words of a model's name that say what it is and not which one.
    pub filler: HashSet<String>,
    /// Things that belong to a lamp.
    pub accessory: HashSet<String>,
    /// What makes a thing a spare part.
    pub spare: HashSet<String>,
    /// Several things sold as one.
    pub bundle: HashSet<String>,
    /// Before what an accessory fits.
    pub r#for: HashSet<String>,
    /// Before what comes along.
    pub with: HashSet<String>,
    /// Beside the number of lamps in a pack.
    pub pack: HashSet<String>,
    /// Between a pack and its number.
    pub of: HashSet<String>,
    /// Before the number of a generation.
    pub generation: HashSet<String>,
    /// An edition of the same model.
    pub edition: HashSet<String>,
    /// Words that say nothing.
    pub stop: HashSet<String>,
    /// Standards whose number is no generation of the lamp: USB 2.0.
    pub standard: HashSet<String>,
    /// Brands that are words as well, and are meant only where they stand first.
    pub front_brand: HashSet<String>,
}

/// How records are compared.
#[derive(Debug, Default)]
pub struct MatchRules {
    /// Where a score becomes a decision.
    pub thresholds: Thresholds,
    /// How far honest sources differ.
    pub tolerance: Tolerance,
    /// Words with a meaning.
    pub words: MatchWords,
    /// Log-odds of each evidence, in the order of [`EVIDENCE`].
    pub weights: Evidence,
    /// Phrases that say how many are in a pack: "twin pack".
    pub counted: HashMap<String, u32>,
    /// Ordinals of generations: "2nd".
    pub ordinals: HashMap<String, u32>,
    /// What the dictionary knows of the words.
    pub lexicon: Lexicon,
    fingerprint: String,
    units: HashMap<String, (String, u32)>,
}

/// The rules made last; there is one dictionary to a process, tests aside.
static LAST: RwLock<Option<Arc<MatchRules>>> = RwLock::new(None);

/// Where they stand in `schema/`.
const FILE: &str = "identity/matching.toml";

impl MatchRules {
    /// The rules that go with a dictionary, a user's file over ours; made once. The error names file, line and key.
    pub fn of(dictionary: &Dictionary) -> Result<Arc<Self>, SchemaError> {
        let known = LAST.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.fingerprint == dictionary.fingerprint()) {
            return Ok(known);
        }
        let mut rules = Self { fingerprint: dictionary.fingerprint().to_owned(), ..Self::default() };
        for source in dictionary.texts(FILE) {
            rules.overlay(source)?;
        }
        rules.lexicon = Lexicon::new(dictionary);
        let made = Arc::new(rules);
        *LAST.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Puts one file over what was read before: numbers replace, words and units are added.
    fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let file: File = source.parse()?;
        let Self { thresholds, tolerance, weights, .. } = self;
        numbers(source, "thresholds", file.thresholds, |name, number: u16| {
            let place = match name {
                "merge" => &mut thresholds.merge,
                "review" => &mut thresholds.review,
                "lamp_merge" => &mut thresholds.lamp_merge,
                "lamp_review" => &mut thresholds.lamp_review,
                "best_by" => &mut thresholds.best_by,
                _ => return Err("is no threshold; there are merge, review, lamp_merge, lamp_review and best_by"),
            };
            *place = number;
            if number <= 1000 { Ok(()) } else { Err("is above 1000; scores are thousandths") }
        })?;
        numbers(source, "tolerance", file.tolerance, |name, number: f32| {
            let place = match name {
                "lumens" => &mut tolerance.lumens,
                "weight" => &mut tolerance.weight,
                "length" => &mut tolerance.length,
                "beam" => &mut tolerance.beam,
                "price" => &mut tolerance.price,
                _ => return Err("is no tolerance; there are lumens, weight, length, beam and price"),
            };
            *place = number;
            if (0.0..=10.0).contains(&number) { Ok(()) } else { Err("is a share of the larger value, 0 to 10") }
        })?;
        numbers(source, "weights", file.weights, |name, number: f32| {
            let at = EVIDENCE.iter().position(|known| *known == name).ok_or("is no evidence")?;
            weights.set(at, number);
            if number.abs() <= 100.0 { Ok(()) } else { Err("is no log-odds; use -100 to 100") }
        })?;
        for (section, said, place) in
            [("counted", file.counted, &mut self.counted), ("ordinals", file.ordinals, &mut self.ordinals)]
        {
            numbers(source, section, said, |phrase, number: u32| {
                place.insert(key(phrase), number);
                if (1..=10_000).contains(&number) { Ok(()) } else { Err("is not between 1 and 10000") }
            })?;
        }
        let Thresholds { merge, review, lamp_merge, lamp_review, .. } = self.thresholds;
        if review > merge || lamp_review > lamp_merge {
            return Err(source.error(None, "thresholds", "review is above merge; people are asked about less than what merges"));
        }
        for unit in file.unit {
            let Some(first) = unit.words.first().cloned() else { continue };
            for word in unit.words.iter().filter(|word| unit.times == 1 || **word != first) {
                self.units.insert(key(word), (first.clone(), unit.times));
            }
        }
        self.words.add(file.words);
        Ok(())
    }

    /// The unit that a word beside a number names, and how many of it that is.
    pub fn unit(&self, word: &str) -> Option<(&str, u32)> {
        self.units.get(word).map(|(unit, times)| (unit.as_str(), *times))
    }
}

impl MatchWords {
    fn add(&mut self, lists: Lists) {
        for (words, more) in [
            (&mut self.lamp, lists.lamp),
            (&mut self.filler, lists.filler),
            (&mut self.accessory, lists.accessory),
            (&mut self.spare, lists.spare),
            (&mut self.bundle, lists.bundle),
            (&mut self.r#for, lists.r#for),
            (&mut self.with, lists.with),
            (&mut self.pack, lists.pack),
            (&mut self.of, lists.of),
            (&mut self.generation, lists.generation),
            (&mut self.edition, lists.edition),
            (&mut self.stop, lists.stop),
            (&mut self.standard, lists.standard),
            (&mut self.front_brand, lists.front_brand),
        ] {
            words.extend(more.iter().map(|word| key(word)).filter(|word| !word.is_empty()));
        }
    }

    /// Has it any meaning of its own, so that it is no misspelt name?
    pub(super) fn knows(&self, word: &str) -> bool {
        let Self { lamp, filler, accessory, spare, bundle, r#for, with, pack, of, generation, edition, stop, standard, .. } =
            self;
        [lamp, filler, accessory, spare, bundle, r#for, with, pack, of, generation, edition, stop, standard]
            .iter()
            .any(|words| words.contains(word))
    }
}

/// Takes each number of a table; an error names its line.
fn numbers<T>(
    source: &Source,
    section: &str,
    said: BTreeMap<String, Spanned<T>>,
    mut take: impl FnMut(&str, T) -> Result<(), &'static str>,
) -> Result<(), SchemaError> {
    for (name, number) in said {
        let span = number.span();
        take(&name, number.into_inner()).map_err(|why| source.error(Some(span), format!("{section}, {name}"), why))?;
    }
    Ok(())
}
