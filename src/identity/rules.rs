//! `schema/identity/matching.toml`: the words, units, weights and thresholds by which records are compared. Data, not code.

use super::evidence::{EVIDENCE, Evidence};
use crate::normalize::text::key;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// Where a score becomes a decision, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    thresholds: Thresholds,
    tolerance: Tolerance,
    words: Lists,
    unit: Vec<UnitEntry>,
    weights: BTreeMap<String, f32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
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
    units: HashMap<String, (String, u32)>,
}

// A test holds that the embedded file parses and names every weight.
static RULES: LazyLock<MatchRules> =
    LazyLock::new(|| MatchRules::parse(include_str!("../../schema/identity/matching.toml")).unwrap_or_default());

impl MatchRules {
    /// The embedded rules.
    pub fn embedded() -> &'static Self {
        &RULES
    }

    /// Reads rules; the error names line and key.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let file: File = toml::from_str(toml).map_err(|error| error.to_string())?;
        let set = |words: Vec<String>| words.iter().map(|word| key(word)).filter(|word| !word.is_empty()).collect();
        let mut weights = Evidence::default();
        for (name, weight) in &file.weights {
            let at = EVIDENCE.iter().position(|known| known == name).ok_or_else(|| format!("[weights] {name} is no evidence"))?;
            weights.set(at, *weight);
        }
        let mut units = HashMap::new();
        for unit in file.unit {
            let Some(first) = unit.words.first().cloned() else { continue };
            for word in unit.words.iter().filter(|word| unit.times == 1 || **word != first) {
                units.insert(key(word), (first.clone(), unit.times));
            }
        }
        let lists = file.words;
        let words = MatchWords {
            lamp: set(lists.lamp),
            filler: set(lists.filler),
            accessory: set(lists.accessory),
            spare: set(lists.spare),
            bundle: set(lists.bundle),
            r#for: set(lists.r#for),
            with: set(lists.with),
            pack: set(lists.pack),
            of: set(lists.of),
            generation: set(lists.generation),
            edition: set(lists.edition),
            stop: set(lists.stop),
        };
        Ok(Self { thresholds: file.thresholds, tolerance: file.tolerance, words, weights, units })
    }

    /// The unit that a word beside a number names, and how many of it that is.
    pub fn unit(&self, word: &str) -> Option<(&str, u32)> {
        self.units.get(word).map(|(unit, times)| (unit.as_str(), *times))
    }
}
