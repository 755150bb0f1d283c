//! The steps that decide before any score: what contradicts, and what identifies.

use super::evidence::colors;
use super::judge::{Reason, figures_differ, reason, shown};
use super::model::ModelName;
use super::rules::MatchRules;
use super::traits::{Kind, Traits};
use crate::normalize::gtin::item_of_case;

/// Scores of the steps that identify, before figures add to them or take away.
const BY_GTIN: u16 = 990;
const BY_MPN: u16 = 970;
const BY_MODEL: u16 = 930;

/// What is found step by step.
pub(super) struct Judging {
    /// What identifies, with its score.
    pub(super) identity: Option<(u16, Vec<Reason>)>,
    /// What contradicts.
    pub(super) against: Vec<Reason>,
    /// Both have usable GTINs, and no one in common.
    pub(super) gtin_conflict: bool,
}

impl Judging {
    pub(super) fn of(rules: &MatchRules, left: &Traits, right: &Traits) -> Self {
        let mut against = Vec::new();
        let kinds = (left.kind, right.kind);
        // What a maker of lamps sells and does not call an accessory is a lamp.
        let of_lamps = left.brand_known && right.brand_known;
        if kinds.0 != kinds.1
            && matches!(
                kinds,
                (Kind::Accessory | Kind::SparePart | Kind::Bundle, Kind::Lamp)
                    | (Kind::Lamp, Kind::Accessory | Kind::SparePart | Kind::Bundle)
            )
            || (kinds.0 != kinds.1
                && of_lamps
                && matches!(
                    kinds,
                    (Kind::Unknown, Kind::Accessory | Kind::SparePart) | (Kind::Accessory | Kind::SparePart, Kind::Unknown)
                ))
        {
            against.push(reason("other_kind", "product_kind", kind_name(left.kind), kind_name(right.kind)));
        }
        let packs = (left.pack.unwrap_or(1), right.pack.unwrap_or(1));
        if packs.0 != packs.1 {
            against.push(reason("other_pack", "pack_quantity", packs.0.to_string(), packs.1.to_string()));
        }
        let like_brand = like_brand(left, right);
        let brand_apart = matches!((&left.brand, &right.brand), (Some(mine), Some(theirs)) if mine != theirs) && !like_brand;
        if brand_apart && left.brand_known && right.brand_known {
            against.push(reason("other_brand", "brand", shown(left.brand.as_ref()), shown(right.brand.as_ref())));
        }
        let (mine, theirs) = (&left.generation, &right.generation);
        let first = |number: &Option<String>| number.clone().unwrap_or_else(|| "1".to_owned());
        let models = left.model.is_some() && right.model.is_some();
        if first(&mine.number) != first(&theirs.number) && (models || (mine.number.is_some() && theirs.number.is_some())) {
            against.push(reason("other_generation", "generation", shown(mine.number.as_ref()), shown(theirs.number.as_ref())));
        }
        match (mine.year, theirs.year) {
            (Some(mine), Some(theirs)) if mine != theirs => {
                against.push(reason("other_generation", "year", mine.to_string(), theirs.to_string()));
            }
            (Some(year), None) if figures_differ(rules, left, right) => {
                against.push(reason("year_on_one_side", "year", year.to_string(), ""));
            }
            (None, Some(year)) if figures_differ(rules, left, right) => {
                against.push(reason("year_on_one_side", "year", "", year.to_string()));
            }
            _ => {}
        }
        let same_gtin = left.gtins.iter().find(|gtin| right.gtins.contains(gtin));
        let gtin_conflict = same_gtin.is_none() && !left.gtins.is_empty() && !right.gtins.is_empty();
        let mpns = (&left.mpn_key, &right.mpn_key);
        let same_mpn = matches!(mpns, (Some(mine), Some(theirs)) if mine == theirs);
        let same_brand = like_brand || matches!((&left.brand, &right.brand), (Some(mine), Some(theirs)) if mine == theirs);
        let same_model = matches!((&left.model, &right.model), (Some(mine), Some(theirs)) if mine.same(theirs));
        let mut identity = None;
        if let Some(gtin) = same_gtin {
            identity = Some((BY_GTIN, vec![reason("same_gtin", "gtin", gtin, gtin)]));
            if brand_apart && !against.iter().any(|reason| reason.code == "other_brand") {
                against.push(reason("other_brand", "brand", shown(left.brand.as_ref()), shown(right.brand.as_ref())));
            }
            if let ((Some(mine), Some(theirs)), false) = (mpns, same_model)
                && mine != theirs
            {
                against.push(reason("other_mpn", "mpn", mine, theirs));
            }
            against.extend(other_model(left, right));
        } else if same_mpn && same_brand {
            against.extend(other_model(left, right));
            identity = Some((
                BY_MPN,
                vec![reason("same_brand_and_mpn", "mpn", shown(left.mpn_key.as_ref()), shown(right.mpn_key.as_ref()))],
            ));
        } else if same_model && same_brand {
            identity = Some((BY_MODEL, vec![reason("same_brand_and_model", "model_name", model_name(left), model_name(right))]));
            if let (Some(mine), Some(theirs)) = mpns
                && mine != theirs
                && colors(left, right) != Some(false)
            {
                against.push(reason("other_mpn", "mpn", mine, theirs));
            }
            if let Some((mine, theirs)) = outputs_in_names(rules, left, right) {
                against.push(reason("output_in_name", "light_output_max", mine, theirs));
            }
            if let Some(reason) = unread_color(left, right) {
                against.push(reason);
            }
            let guessed = |traits: &Traits| traits.model.as_ref().is_some_and(|model| model.guessed);
            if (guessed(left) || guessed(right)) && figures_differ(rules, left, right) {
                // A name that was read out of a title and figures that contradict it: perhaps a generation that nobody tells.
                let lumens = |traits: &Traits| traits.measures.lumens.map(|lumens| lumens.to_string()).unwrap_or_default();
                against.push(reason("figures_apart", "light_output_max", lumens(left), lumens(right)));
            }
            if like_brand {
                against.push(reason("like_brand", "brand", shown(left.brand.as_ref()), shown(right.brand.as_ref())));
            }
            if let Some((mine, theirs)) = unsaid_color(left, right) {
                against.push(reason("color_on_one_side", "body_color", mine, theirs));
            }
            let aside = |traits: &Traits| traits.model.as_ref().map(|model| model.aside.join(" ")).unwrap_or_default();
            if aside(left) != aside(right) {
                against.push(reason("edition_on_one_side", "model_name", aside(left), aside(right)));
            }
        }
        if gtin_conflict && (same_mpn || colors(left, right) != Some(false)) {
            let inside = |cases: &[String], items: &[String]| {
                cases.iter().filter_map(|case| item_of_case(case)).any(|item| items.contains(&item))
            };
            // A number of a case and one of the item in it: one of both is in the wrong column, or they are two trade items.
            let case = inside(&left.gtins, &right.gtins) || inside(&right.gtins, &left.gtins);
            let code = if case { "case_of_item" } else { "other_gtin" };
            against.push(reason(code, "gtin", left.gtins.join(" "), right.gtins.join(" ")));
        }
        if let Some((_, reasons)) =
            identity.as_mut().filter(|_| like_brand && !against.iter().any(|reason| reason.code == "like_brand"))
        {
            reasons.push(reason("like_brand", "brand", shown(left.brand.as_ref()), shown(right.brand.as_ref())));
        }
        Self { identity, against, gtin_conflict }
    }
}

/// Two model names that differ by a word with digits on either side: HA11 and HA13.
fn other_model(left: &Traits, right: &Traits) -> Option<Reason> {
    let (mine, theirs) = (left.model.as_ref()?, right.model.as_ref()?);
    let apart = |one: &ModelName, other: &ModelName| {
        one.words.iter().any(|word| word.chars().any(|c| c.is_ascii_digit()) && !other.bare.contains(word.as_str()))
    };
    let differ = !mine.same(theirs) && apart(mine, theirs) && apart(theirs, mine);
    differ.then(|| reason("other_model", "model_name", &mine.whole, &theirs.whole))
}

/// A brand that is one letter away from a known one and is none itself: with the same GTIN or part number it is that brand, with the same
/// model a person is asked.
fn like_brand(left: &Traits, right: &Traits) -> bool {
    let slip = left.brand_like.is_some() || right.brand_like.is_some();
    slip && (left.brand.is_none() || left.brand != right.brand) && left.meant_brand() == right.meant_brand()
}

/// Light outputs by which the two names differ: "Tikka 350 lm" and "Tikka 200 lm" are two lamps, whatever the model's column says.
fn outputs_in_names(rules: &MatchRules, left: &Traits, right: &Traits) -> Option<(String, String)> {
    let (mine, theirs) = (&left.named_lumens, &right.named_lumens);
    let near = |a: f32, b: f32| (a - b).abs() <= a.max(b) * rules.tolerance.lumens;
    if mine.is_empty() || theirs.is_empty() || mine.iter().any(|a| theirs.iter().any(|b| near(*a, *b))) {
        return None;
    }
    let shown = |lumens: &[f32]| lumens.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Some((shown(mine), shown(theirs)))
}

/// Colours of which at least one side's words are not understood: they may be one colour.
fn unread_color(left: &Traits, right: &Traits) -> Option<Reason> {
    let said = |traits: &Traits| traits.color_said.clone().unwrap_or_else(|| traits.colors.join(" "));
    let (mine, theirs) = (said(left), said(right));
    let unread = left.color_said.is_some() || right.color_said.is_some();
    let open = unread && !mine.is_empty() && !theirs.is_empty() && colors(left, right).is_none();
    open.then(|| reason("color_unread", "body_color", mine, theirs))
}

/// A colour that one name says and of which the other record says nothing.
fn unsaid_color(left: &Traits, right: &Traits) -> Option<(String, String)> {
    let named = |one: &Traits, other: &Traits| {
        let colors = one.model.as_ref().map(|model| model.colors.join(" ")).filter(|colors| !colors.is_empty())?;
        (other.colors.is_empty() && other.color_said.is_none()).then_some(colors)
    };
    let (mine, theirs) = (named(left, right), named(right, left));
    (mine.is_some() || theirs.is_some()).then(|| (mine.unwrap_or_default(), theirs.unwrap_or_default()))
}

fn model_name(traits: &Traits) -> String {
    traits.model.as_ref().map(|model| model.whole.clone()).unwrap_or_default()
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unknown => "",
        Kind::Lamp => "lamp",
        Kind::Accessory => "accessory",
        Kind::SparePart => "spare_part",
        Kind::Bundle => "bundle",
    }
}
