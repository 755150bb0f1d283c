//! Two records in, a verdict out: one product, a colour of it, a question for a person, or two products.
//!
//! In steps, each with its reason. What contradicts comes first: an accessory is no lamp, two are not one, V2 is not V3. Then what
//! identifies: the GTIN with an agreeing brand, the brand with its part number, the brand with its model. What is left is a score.

use super::evidence::{EVIDENCE, Evidence, colors, price_ratio};
use super::rules::MatchRules;
use super::steps::Judging;
use super::traits::{Kind, Traits};
use serde::Serialize;

/// What a verdict decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One product.
    Merge,
    /// The same model in another colour: another product of one group.
    Variant,
    /// A person should look.
    Review,
    /// Two products.
    Apart,
}

/// One reason of a verdict, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable code, such as `same_gtin` or `other_generation`.
    pub code: &'static str,
    /// The trait it is about.
    pub field: &'static str,
    /// What one side says; empty where it says nothing.
    pub left: String,
    /// What the other side says.
    pub right: String,
}

/// What two records are to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What is to be done.
    pub decision: Decision,
    /// How sure it is that both are one product, 0 to 1000.
    pub score: u16,
    /// Why, the strongest first.
    pub reasons: Vec<Reason>,
}

pub(super) fn reason(code: &'static str, field: &'static str, left: impl Into<String>, right: impl Into<String>) -> Reason {
    Reason { code, field, left: left.into(), right: right.into() }
}

/// Score of a name that is like another.
const BY_NAME: u16 = 600;

/// Judges two records; the same whichever comes first, sides of the reasons aside.
pub fn judge(rules: &MatchRules, left: &Traits, right: &Traits) -> Verdict {
    if left.is_empty() || right.is_empty() {
        return verdict(Decision::Apart, 0, vec![reason("nothing_to_compare", "", "", "")]);
    }
    let Judging { identity, mut against, gtin_conflict } = Judging::of(rules, left, right);
    if let Some((score, mut reasons)) = identity {
        let score = score.saturating_add_signed(agreement(rules, left, right, &mut reasons)).min(1000);
        if against.is_empty() {
            return variant(left, right, score, reasons);
        }
        // The number says one, the record says another: only a person can tell which is wrong.
        let sure = reasons.iter().any(|reason| matches!(reason.code, "same_gtin"));
        let ask = sure
            || against.iter().all(|reason| {
                matches!(
                    reason.code,
                    "other_gtin"
                        | "case_of_item"
                        | "other_mpn"
                        | "year_on_one_side"
                        | "edition_on_one_side"
                        | "color_on_one_side"
                        | "like_brand"
                        | "figures_apart"
                        | "output_in_name"
                        | "color_unread"
                        | "other_model"
                )
            });
        against.append(&mut reasons);
        return if ask {
            verdict(Decision::Review, score.min(800), against)
        } else {
            verdict(Decision::Apart, score.min(200), against)
        };
    }
    if !against.is_empty() && against.iter().any(|reason| reason.code != "other_gtin") {
        return verdict(Decision::Apart, 50, against);
    }
    scored(rules, left, right, gtin_conflict)
}

/// One model: the same product, or another colour of it.
fn variant(left: &Traits, right: &Traits, score: u16, mut reasons: Vec<Reason>) -> Verdict {
    let by_number = reasons.iter().any(|reason| matches!(reason.code, "same_gtin" | "same_brand_and_mpn"));
    if colors(left, right) == Some(false) && !by_number {
        let said = |traits: &Traits| traits.color_said.clone().unwrap_or_else(|| traits.colors.join(" "));
        reasons.push(reason("other_color", "body_color", said(left), said(right)));
        return verdict(Decision::Variant, score, reasons);
    }
    verdict(Decision::Merge, score, reasons)
}

/// What figures add to an identity or take from it, in thousandths; they never decide alone, because honest sources differ.
fn agreement(rules: &MatchRules, left: &Traits, right: &Traits, reasons: &mut Vec<Reason>) -> i16 {
    let mut sum = 0_i16;
    for (field, share, mine, theirs) in figures(rules, left, right) {
        let (Some(mine), Some(theirs)) = (mine, theirs) else { continue };
        let near = differs(mine, theirs) <= share;
        sum += if near { 4 } else { -6 };
        reasons.push(reason(if near { "agrees" } else { "differs" }, field, mine.to_string(), theirs.to_string()));
    }
    if let Some(ratio) = price_ratio(left, right) {
        let near = ratio <= rules.tolerance.price;
        sum += if near { 2 } else { -2 };
        let shown =
            |traits: &Traits| traits.price.map(|price| price.to_string().trim_end_matches(" XXX").to_owned()).unwrap_or_default();
        reasons.push(reason(if near { "agrees" } else { "differs" }, "price", shown(left), shown(right)));
    }
    sum
}

type Figure = (&'static str, f32, Option<f32>, Option<f32>);

fn figures(rules: &MatchRules, left: &Traits, right: &Traits) -> [Figure; 5] {
    let (share, mine, theirs) = (&rules.tolerance, &left.measures, &right.measures);
    let [with_mine, without_mine] = mine.weight;
    let [with_theirs, without_theirs] = theirs.weight;
    [
        ("light_output_max", share.lumens, mine.lumens, theirs.lumens),
        ("beam_distance_max", share.beam, mine.beam, theirs.beam),
        ("dim_length", share.length, mine.length, theirs.length),
        ("weight_with_battery", share.weight, with_mine, with_theirs),
        ("weight_without_battery", share.weight, without_mine, without_theirs),
    ]
}

/// By what share of the larger one two figures differ.
fn differs(mine: f32, theirs: f32) -> f32 {
    let most = mine.max(theirs);
    if most > 0.0 { (mine - theirs).abs() / most } else { 0.0 }
}

/// Do light output or beam distance contradict each other?
pub(super) fn figures_differ(rules: &MatchRules, left: &Traits, right: &Traits) -> bool {
    let figures = figures(rules, left, right);
    figures
        .iter()
        .take(2)
        .any(|(_, share, mine, theirs)| matches!((mine, theirs), (Some(mine), Some(theirs)) if differs(*mine, *theirs) > *share))
}

/// No identifier and no model says it: the chance by all evidence.
fn scored(rules: &MatchRules, left: &Traits, right: &Traits, gtin_conflict: bool) -> Verdict {
    let evidence = Evidence::about(left, right);
    let chance = 1.0 / (1.0 + (-evidence.dot(&rules.weights)).exp());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let mut score = (chance * 1000.0).clamp(0.0, 1000.0) as u16;
    let mut reasons = strongest(rules, &evidence, left, right);
    // Two goods of one maker of lamps are lamps unless they say otherwise.
    let makers = left.brand_known && right.brand_known && left.brand == right.brand;
    let lamp = left.kind == Kind::Lamp || right.kind == Kind::Lamp || makers;
    let (merge, review) = if lamp {
        (rules.thresholds.lamp_merge, rules.thresholds.lamp_review)
    } else {
        (rules.thresholds.merge, rules.thresholds.review)
    };
    let told = |traits: &Traits| traits.model.as_ref().is_some_and(|model| !model.guessed);
    if let (Some(mine), Some(theirs)) = (left.model.as_ref().filter(|_| told(left)), right.model.as_ref().filter(|_| told(right)))
    {
        // Two models of one brand that are named otherwise: at most a question.
        let numbered_apart =
            gtin_conflict || matches!((&left.mpn_key, &right.mpn_key), (Some(mine), Some(theirs)) if mine != theirs);
        let near =
            left.brand == right.brand && near_names(mine, theirs) && !numbered_apart && !figures_differ(rules, left, right);
        if near {
            reasons.insert(0, reason("like_model", "model_name", &mine.whole, &theirs.whole));
            return verdict(Decision::Review, BY_NAME, reasons);
        }
        reasons.insert(0, reason("other_model", "model_name", &mine.whole, &theirs.whole));
        return verdict(Decision::Apart, score.min(150), reasons);
    }
    if gtin_conflict {
        reasons.insert(0, reason("other_gtin", "gtin", left.gtins.join(" "), right.gtins.join(" ")));
        score = score.min(merge.saturating_sub(1));
    }
    if score >= merge {
        // A name out of a title proves little, but one that differs is a reason to ask.
        return match (&left.model, &right.model) {
            (Some(mine), Some(theirs)) => {
                reasons.insert(0, reason("like_model", "model_name", &mine.whole, &theirs.whole));
                verdict(Decision::Review, score, reasons)
            }
            _ => variant(left, right, score, reasons),
        };
    }
    verdict(if score >= review { Decision::Review } else { Decision::Apart }, score, reasons)
}

/// Names of the same words in another order, or that differ by words only that one side adds.
fn near_names(mine: &super::model::ModelName, theirs: &super::model::ModelName) -> bool {
    if mine.words.is_empty() || theirs.words.is_empty() {
        return false;
    }
    let (mut a, mut b): (Vec<char>, Vec<char>) = (mine.bare.chars().collect(), theirs.bare.chars().collect());
    a.sort_unstable();
    b.sort_unstable();
    let (short, long) = if mine.words.len() <= theirs.words.len() { (mine, theirs) } else { (theirs, mine) };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let inside = short.words.iter().all(|word| long.words.contains(word)) && short.bare.len() >= 4;
    let typo = mine.bare.len().min(theirs.bare.len()) >= 6
        && digits(&mine.bare) == digits(&theirs.bare)
        // A letter more at the end is another model and no slip.
        && !(mine.bare.starts_with(&theirs.bare) || theirs.bare.starts_with(&mine.bare))
        && strsim::osa_distance(&mine.bare, &theirs.bare) <= 1;
    a == b || inside || typo
}

/// The evidence that weighs most, as reasons.
fn strongest(rules: &MatchRules, evidence: &Evidence, left: &Traits, right: &Traits) -> Vec<Reason> {
    let mut parts: Vec<(f32, &'static str)> = EVIDENCE
        .iter()
        .zip(evidence.values().iter().zip(rules.weights.values()))
        .skip(1)
        .map(|(name, (value, weight))| (value * weight, *name))
        .filter(|(part, _)| part.abs() >= 0.3)
        .collect();
    parts.sort_by(|(a, _), (b, _)| b.abs().total_cmp(&a.abs()));
    parts.into_iter().take(4).map(|(_, name)| reason(name, "title", said(left), said(right))).collect()
}

/// What a record calls itself, its rarest words first.
fn said(traits: &Traits) -> String {
    let mut words: Vec<_> = traits.text.words.iter().collect();
    words.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.text.cmp(&b.text)));
    words.into_iter().take(5).map(|word| &*word.text).collect::<Vec<_>>().join(" ")
}

pub(super) fn shown(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

fn verdict(decision: Decision, score: u16, reasons: Vec<Reason>) -> Verdict {
    Verdict { decision, score, reasons }
}
