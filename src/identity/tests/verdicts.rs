//! Two records and what they are to each other.

use crate::dictionary::Dictionary;
use crate::identity::block::MAX_KEYS;
use crate::identity::evidence::{EVIDENCE, Evidence};
use crate::identity::pairing::pairs;
use crate::identity::{Decision, Kind, MatchRules, Names, Traits, Verdict, blocks, judge};
use crate::normalize::Value;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::sync::Arc;

fn rules() -> Arc<MatchRules> {
    MatchRules::of(dictionary()).unwrap()
}

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: std::sync::LazyLock<Dictionary> = std::sync::LazyLock::new(|| Dictionary::embedded().unwrap());
    &DICTIONARY
}

fn lamp(brand: &str, model: &str, values: &[(&str, Value)]) -> Traits {
    let names = Names { brand: Some(brand), model: Some(model), ..Names::default() };
    Traits::of_values(&names, values.iter().map(|(code, value)| (*code, value)), dictionary(), &rules())
}

fn titled(title: &str) -> Traits {
    Traits::of_values(&Names { title: Some(title), ..Names::default() }, std::iter::empty(), dictionary(), &rules())
}

fn lumens(amount: i64) -> (&'static str, Value) {
    ("light_output_max", Value::measure(Decimal::from(amount), "lm"))
}

fn gtin(number: &str) -> (&'static str, Value) {
    ("gtin", Value::text(number))
}

fn color(code: &str) -> (&'static str, Value) {
    ("body_color", Value::List(vec![code.to_owned()]))
}

#[track_caller]
fn decided(left: &Traits, right: &Traits) -> (Decision, Vec<&'static str>) {
    let Verdict { decision, reasons, score } = judge(&rules(), left, right);
    assert!(score <= 1000);
    (decision, reasons.iter().map(|reason| reason.code).collect())
}

#[track_caller]
fn assert_decided(left: &Traits, right: &Traits, wanted: Decision, because: &str) {
    let (decision, reasons) = decided(left, right);
    assert!(decision == wanted && reasons.contains(&because), "{wanted:?} because of {because}, not {decision:?} {reasons:?}");
}

#[test]
fn the_embedded_rules_are_whole() {
    let rules = rules();
    assert!(rules.weights.values().iter().filter(|weight| **weight != 0.0).count() > EVIDENCE.len() / 2);
    assert!(rules.thresholds.review < rules.thresholds.merge && rules.thresholds.lamp_review < rules.thresholds.lamp_merge);
    assert!(!rules.words.accessory.is_empty() && !rules.counted.is_empty() && !rules.ordinals.is_empty());
}

#[test]
fn one_name_in_any_spelling_is_one_lamp() {
    for (left, right) in [
        ("Tool AA 2.0", "Tool AA2.0"),
        ("ScoutLight Pro", "Scout Light Pro"),
        ("HM65R Headlamp", "HM65R"),
        ("Nova MkII", "Nova V2.0"),
        ("Nova II", "Nova Mark 2"),
        ("Nova 2nd gen", "Nova v2"),
        ("Nova 2. Generation", "Nova 2.0"),
        ("Nova zweite Generation", "Nova Mk II"),
        ("Nova Gen 2", "Nova Mk 2"),
        ("HL-404", "hl 404"),
    ] {
        assert_decided(&lamp("Fenix", left, &[]), &lamp("fenix lighting", right, &[]), Decision::Merge, "same_brand_and_model");
    }
}

#[test]
fn another_generation_pack_kind_or_brand_is_another_product() {
    let lamp_ = |model: &str| lamp("Fenix", model, &[lumens(400)]);
    assert_decided(&lamp_("HL40"), &lamp_("HL40 V2.0"), Decision::Apart, "other_generation");
    assert_decided(&lamp_("HL40"), &lamp_("HL40 II"), Decision::Apart, "other_generation");
    assert_decided(&titled("Fenix HL40 2.0 headlamp"), &lamp_("HL40"), Decision::Apart, "other_generation");
    assert_eq!(decided(&titled("Fenix HL40 2.0 headlamp"), &lamp_("HL40 MkII")).0, Decision::Merge);
    assert_eq!(decided(&titled("Fenix HL40 USB 2.0 headlamp"), &lamp_("HL40 MkII")).0, Decision::Apart);
    assert_decided(&titled("Fenix HL40 headlamp x2"), &titled("Fenix HL40 headlamp"), Decision::Apart, "other_pack");
    assert_eq!(decided(&titled("Fenix HL40 headlamp x2"), &titled("Fenix HL40 twin pack")).0, Decision::Merge);
    assert_decided(&lamp_("HL40 (2018)"), &lamp_("HL40 (2012)"), Decision::Apart, "other_generation");
    assert_decided(&lamp_("HL40"), &lamp_("HL40R"), Decision::Apart, "other_model");
    assert_decided(&lamp_("HL40"), &lamp_("HL41"), Decision::Apart, "other_model");
    assert_decided(&lamp_("Spot 400"), &lamp_("Spot 400-R"), Decision::Review, "like_model");
    let with_number = |model: &str, mpn: &str| Traits { mpn_key: Some(mpn.to_owned()), ..lamp_(model) };
    assert_decided(&with_number("Spot 400", "BD1"), &with_number("Spot 400-R", "BD2"), Decision::Apart, "other_model");
    assert_decided(&lamp_("Spot 400"), &lamp_("Spot 400 6-pack"), Decision::Apart, "other_pack");
    let two = lamp("Fenix", "HL40", &[lumens(400), ("pack_quantity", Value::Integer(2))]);
    assert_decided(&lamp_("HL40"), &two, Decision::Apart, "other_pack");
    assert_decided(&lamp_("HL40"), &lamp("Petzl", "HL40", &[lumens(400)]), Decision::Apart, "other_brand");
    let holster = lamp("Fenix", "HL40", &[("product_kind", Value::text("accessory"))]);
    assert_decided(&lamp_("HL40"), &holster, Decision::Apart, "other_kind");
}

#[test]
fn numbers_identify_and_contradictions_are_asked_about() {
    let (one, other) = ("04006381333931", "05901234123457");
    let with = |model: &str, number: &str| lamp("Fenix", model, &[gtin(number), lumens(400)]);
    assert_decided(&with("HL40", one), &with("HL 40 lamp", one), Decision::Merge, "same_gtin");
    assert_decided(&with("HL40", one), &with("HL40", other), Decision::Review, "other_gtin");
    assert_decided(&with("HL40", one), &lamp("Petzl", "Core", &[gtin(one)]), Decision::Review, "other_brand");
    // The case that the item is packed in.
    assert_decided(&with("HL40", "14006381333938"), &with("HL40", one), Decision::Review, "case_of_item");
}

#[test]
fn a_part_number_counts_within_its_brand() {
    let part = |brand: &str, mpn: &str| {
        let names = Names { brand: Some(brand), mpn: Some(mpn), title: Some("Headlamp"), ..Names::default() };
        Traits::of_values(&names, std::iter::empty(), dictionary(), &rules())
    };
    assert_decided(&part("Fenix", "HX-210/B"), &part("Fenix Lighting", "hx 210b"), Decision::Merge, "same_brand_and_mpn");
    assert_eq!(decided(&part("Fenix", "HX-210/B"), &part("Petzl", "HX-210/B")).0, Decision::Apart);
    // One slip away from a brand that is known.
    assert_decided(&part("Nitecore", "HX-210/B"), &part("Nitecroe", "HX-210/B"), Decision::Merge, "like_brand");
    assert_decided(&lamp("Nitecore", "NU25", &[]), &lamp("Nitecroe", "NU25", &[]), Decision::Review, "like_brand");
}

#[test]
fn a_colour_joins_the_group() {
    let black = lamp("Petzl", "Actik", &[color("black")]);
    assert_decided(&black, &lamp("Petzl", "Actik", &[color("red")]), Decision::Variant, "other_color");
    assert_eq!(decided(&black, &lamp("Petzl", "Actik", &[color("black")])).0, Decision::Merge);
    assert_eq!(decided(&black, &lamp("Petzl", "Actik black", &[])).0, Decision::Merge);
    assert_decided(&lamp("Petzl", "Actik", &[]), &lamp("Petzl", "Actik silver", &[]), Decision::Review, "color_on_one_side");
}

#[test]
fn colours_that_nobody_knows_are_colours_all_the_same() {
    let said = |text: &str| lamp("Petzl", "Actik", &[("color_as_said", Value::text(text))]);
    assert_decided(&said("Solar Flare"), &said("Abyss"), Decision::Variant, "other_color");
    assert_eq!(decided(&said("Solar Flare"), &said("solar-flare")).0, Decision::Merge);
    assert_decided(&said("Solar Flare"), &said("Flare / Black"), Decision::Review, "color_unread");
    assert_decided(&said("Solar Flare"), &lamp("Petzl", "Actik", &[color("yellow")]), Decision::Review, "color_unread");
    assert_eq!(decided(&said("Solar Flare"), &lamp("Petzl", "Actik", &[])).0, Decision::Merge, "one side says nothing");
}

#[test]
fn a_brand_is_found_anywhere_in_a_title() {
    for (title, brand) in [
        ("Stirnlampe Petzl Actik Core 600", Some("petzl")),
        ("Headlamp by Fenix HM65R", Some("fenix")),
        ("Rechargeable headlamp Black Diamond Spot", Some("blackdiamond")),
        ("Stirnlampe Led Lenser H7", Some("ledlenser")),
        ("Headband for Fenix HM65R", None),
        ("Headlamp with Energizer batteries", None),
        ("Headlamp with moonlight mode", None),
        ("Headlamp moonlight mode", None),
    ] {
        let traits = titled(title);
        assert_eq!((traits.brand.as_deref(), traits.brand_known), (brand, brand.is_some()), "{title}");
    }
    let hm65r = lamp("Fenix", "HM65R", &[]);
    assert_decided(&titled("Headlamp by Fenix HM65R"), &hm65r, Decision::Merge, "same_brand_and_model");
}

#[test]
fn a_misspelt_brand_is_asked_about_and_never_merged_alone() {
    for wrong in ["Pezl", "Petzll", "Pertzl"] {
        let (left, right) = (lamp(wrong, "Actik Core", &[]), lamp("Petzl", "Actik Core", &[]));
        assert_decided(&left, &right, Decision::Review, "like_brand");
        assert!(blocks(&left).iter().any(|key| blocks(&right).contains(key)), "they meet");
        let title = titled(&format!("{wrong} Actik Core headlamp"));
        assert_decided(&title, &right, Decision::Review, "like_brand");
        assert!(blocks(&title).iter().any(|key| blocks(&right).contains(key)), "they meet by title");
    }
    assert_decided(&lamp("Nitecor", "NU25", &[]), &lamp("Nitecore", "NU25", &[]), Decision::Review, "like_brand");
    assert_decided(&lamp("Pezl", "Actik", &[]), &lamp("Petzll", "Actik", &[]), Decision::Review, "like_brand");
    // Another brand is no misspelling, and one that is known is none either.
    assert_eq!(decided(&lamp("Petrol", "Actik", &[]), &lamp("Petzl", "Actik", &[])).0, Decision::Apart);
    assert_eq!(decided(&lamp("Silva", "Actik", &[]), &lamp("Petzl", "Actik", &[])).0, Decision::Apart);
}

#[test]
fn a_light_output_in_the_name_tells_two_lamps_of_one_model() {
    let tikka = |title: &str| {
        let names = Names { brand: Some("Petzl"), model: Some("Tikka"), title: Some(title), ..Names::default() };
        Traits::of_values(&names, std::iter::empty(), dictionary(), &rules())
    };
    assert_decided(&tikka("Tikka 350 lm"), &tikka("Tikka 200 lm"), Decision::Review, "output_in_name");
    assert_decided(&tikka("Tikka 350 lm"), &tikka("Tikka, 200 люмен"), Decision::Review, "output_in_name");
    assert_eq!(decided(&tikka("Tikka 350 lm"), &tikka("Petzl Tikka 350 Lumen")).0, Decision::Merge);
    assert_eq!(decided(&tikka("Tikka 350 lm"), &tikka("Petzl Tikka")).0, Decision::Merge);
}

#[test]
fn a_year_on_one_side_needs_figures_that_agree() {
    let old = lamp("SureFire", "G2X Pro (2012)", &[lumens(320)]);
    let new = lamp("SureFire", "G2X Pro (2018)", &[lumens(600)]);
    let unsaid = lamp("SureFire", "G2X Pro", &[lumens(600)]);
    assert_eq!(decided(&new, &unsaid).0, Decision::Merge);
    assert_decided(&old, &unsaid, Decision::Review, "year_on_one_side");
}

#[test]
fn titles_say_what_is_sold() {
    for (title, kind, pack) in [
        ("Fenix HM65R headlamp with headband", Kind::Lamp, None),
        ("Headband for Fenix HM65R headlamp", Kind::Accessory, None),
        ("Fenix ARB-L18 battery", Kind::Accessory, None),
        ("Ersatzteil: Linse für Stirnlampe", Kind::SparePart, None),
        ("Fenix HM65R headlamp + E01 bundle", Kind::Bundle, None),
        ("Petzl Tikka headlamp, 2-pack", Kind::Lamp, Some(2)),
        ("Pack of 3 Petzl Tikka headlamps", Kind::Lamp, Some(3)),
        ("Petzl Tikka Stirnlampe 2er Set", Kind::Lamp, Some(2)),
        ("Petzl Tikka Stirnlampe 2er-Pack", Kind::Lamp, Some(2)),
        ("Petzl Tikka headlamp x2", Kind::Lamp, Some(2)),
        ("Petzl Tikka headlamp (×3), black", Kind::Lamp, Some(3)),
        ("2x Petzl Tikka headlamp", Kind::Lamp, Some(2)),
        ("2 x Petzl Tikka headlamp", Kind::Lamp, Some(2)),
        ("Petzl Tikka headlamp 2 pcs", Kind::Lamp, Some(2)),
        ("Petzl Tikka headlamp twin pack", Kind::Lamp, Some(2)),
        ("Petzl Tikka Stirnlampe Doppelpack", Kind::Lamp, Some(2)),
        ("Lot de 2 lampes frontales Petzl Tikka", Kind::Unknown, Some(2)),
        ("Olight X2 flashlight", Kind::Lamp, None),
        ("Acebeam flashlight X2", Kind::Lamp, None),
        ("Petzl Tikka headlamp AAA x3", Kind::Lamp, None),
        ("2 x AA flashlight", Kind::Lamp, None),
        ("Petzl Tikka headlamp with 2 pcs batteries", Kind::Lamp, None),
    ] {
        let traits = titled(title);
        assert_eq!((traits.kind, traits.pack), (kind, pack), "{title}");
    }
}

#[test]
fn goods_of_any_trade_are_told_by_their_codes_and_words() {
    let same = [
        ("sony str-dg520 a/v receiver strdg520", "sony 5.1 channel black a/v receiver strdg520"),
        ("kensington wi-fi finder keychain 33065", "kensington 33065 wifi finder"),
    ];
    for (left, right) in same {
        assert_eq!(decided(&titled(left), &titled(right)).0, Decision::Merge, "{left} | {right}");
    }
    let other = [
        ("sony mdr-ex85lp headphones black", "sony mdr-nc22 noise canceling headphones black"),
        ("transcend 8gb sdhc card", "kingston 4gb compact flash card"),
        ("hp q6470a black print cartridge", "hp ce278a black laserjet print cartridge"),
    ];
    for (left, right) in other {
        assert_ne!(decided(&titled(left), &titled(right)).0, Decision::Merge, "{left} | {right}");
    }
}

#[test]
fn a_misspelt_word_is_as_near_from_either_side() {
    for (left, right) in [("tⱥ", "taⱥ"), ("lamps lampe", "lampo lampu lamp"), ("wi fi finder wifi", "wififinder wi-fi")] {
        let (left, right) = (titled(left), titled(right));
        assert_eq!(Evidence::about(&left, &right), Evidence::about(&right, &left));
        assert_eq!(judge(&rules(), &left, &right).score, judge(&rules(), &right, &left).score);
    }
    let near = |left: &str, right: &str| Evidence::about(&titled(left), &titled(right)).of("title");
    assert!(near("receiver", "reciever") > 0.5 && near("lamp", "lump") < 0.1, "four letters are too few");
}

#[test]
fn a_gtin_that_a_second_source_mends_is_proposed() {
    let whole = lamp("Fenix", "HL40", &[gtin("04006381333931")]);
    for (text, meant) in [
        ("4006381333981", true),
        ("4006381339331", true),
        ("4.01E+12", true),
        ("4006380000000", true),
        ("5901234123457", false),
        ("12", false),
    ] {
        let damaged = Traits { gtin_damaged: Some(text.to_owned()), ..lamp("Fenix", "HL40", &[]) };
        let found = pairs(&rules(), &mut [whole.clone()], &mut [damaged]);
        let [pair] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(pair.verdict.decision, Decision::Merge);
        let proposed = pair.verdict.reasons.iter().find(|reason| reason.code == "gtin_repair");
        assert_eq!(
            proposed.map(|reason| (reason.left.as_str(), reason.right.as_str())),
            meant.then_some(("04006381333931", text))
        );
    }
}

#[test]
fn of_several_candidates_the_clearly_best_is_taken_and_else_nobody() {
    let of = |models: &[(&str, i64)]| -> Vec<Traits> {
        models.iter().map(|(model, light)| lamp("SureFire", model, &[lumens(*light)])).collect()
    };
    let decisions = |left: &[(&str, i64)], right: &[(&str, i64)]| -> Vec<(usize, usize, Decision)> {
        let found = pairs(&rules(), &mut of(left), &mut of(right));
        found.into_iter().map(|pair| (pair.left, pair.right, pair.verdict.decision)).collect()
    };
    // The same lamp twice in one file: both are it.
    assert_eq!(
        decisions(&[("GT Mini", 1200)], &[("GT Mini", 1600), ("GTmini", 1200)]),
        [(0, 0, Decision::Merge), (0, 1, Decision::Merge)]
    );
    // Two years of one model that the other file tells no year of: nobody knows.
    assert_eq!(
        decisions(&[("6PX (2018)", 600), ("6PX (2012)", 600)], &[("6PX", 600)]),
        [(0, 0, Decision::Review), (1, 0, Decision::Review)]
    );
    assert_eq!(
        decisions(&[("6PX (2018)", 600), ("6PX (2012)", 320)], &[("6PX", 600)]),
        [(0, 0, Decision::Merge), (1, 0, Decision::Review)]
    );
}

#[test]
fn records_that_say_nothing_are_apart() {
    let nothing = Traits::default();
    assert!(nothing.is_empty() && titled("  --- ").is_empty());
    assert_decided(&nothing, &nothing, Decision::Apart, "nothing_to_compare");
    assert_eq!(judge(&rules(), &nothing, &titled("Petzl Tikka")).score, 0);
    assert!(pairs(&rules(), &mut [nothing.clone()], &mut [nothing]).is_empty());
}

#[test]
fn the_same_record_has_the_same_keys_for_ever() {
    let keys = blocks(&lamp("Petzl", "Actik Core", &[gtin("04006381333931")]));
    assert!(keys.len() <= MAX_KEYS);
    assert_eq!(keys, blocks(&lamp("PETZL", "Core Actik", &[gtin("04006381333931")])), "in whatever order the words stand");
    assert_eq!(keys.first(), Some(&KEY_OF_THE_GTIN), "a stored key must not change");
}

#[test]
fn two_traits_together_find_what_one_of_them_finds_too_many_of() {
    let keys = |title: &str| blocks(&titled(title));
    let (mine, theirs) = (keys("Zzyx ip68 wanderer"), keys("Zzyx ip68 wanderer light"));
    assert!(mine.len() > 1 && mine.last() == theirs.last(), "code and word: {mine:?} {theirs:?}");
    assert_ne!(mine.last(), keys("Zzyx ip68 mountaineer").last());
}

const KEY_OF_THE_GTIN: u64 = 9_748_360_330_008_257_562;

fn any_record() -> impl Strategy<Value = Traits> {
    let text = || {
        proptest::option::of(prop_oneof![
            "[A-Za-z0-9 .,/()+-]{0,40}",
            ".{0,30}",
            // Words that are near each other, and numbers and generations beside names.
            "(([abⱥ]{3,6}|abab|wi|fi|wifi)[ -]?){0,7}",
            "(Fenix |Petzl |)(HM65R|Tikka|ab)( |-)?(mk ?ii|v ?2|2\\.0|gen 2|red|x2|350 lm|)( red| 2-pack|)",
            Just("Fenix HM65R V2.0 (2018) 2-pack".to_owned())
        ])
    };
    (text(), text(), text(), text(), proptest::option::of(0_i64..5_000), proptest::option::of("[0-9]{14}")).prop_map(
        |(brand, title, model, mpn, light, number)| {
            let names = Names {
                brand: brand.as_deref(),
                title: title.as_deref(),
                model: model.as_deref(),
                mpn: mpn.as_deref(),
                description: title.as_deref(),
                ..Names::default()
            };
            let values: Vec<(&str, Value)> = light.map(lumens).into_iter().chain(number.as_deref().map(gtin)).collect();
            Traits::of_values(&names, values.iter().map(|(code, value)| (*code, value)), dictionary(), &rules())
        },
    )
}

proptest! {
    #[test]
    fn whichever_comes_first(left in any_record(), right in any_record()) {
        let rules = &rules();
        let (there, back) = (judge(rules, &left, &right), judge(rules, &right, &left));
        prop_assert_eq!((there.decision, there.score), (back.decision, back.score));
        let about = (Evidence::about(&left, &right), Evidence::about(&right, &left));
        for (there, back) in about.0.values().iter().zip(about.1.values()) {
            prop_assert!(there.is_finite() && (there - back).abs() < 1e-4, "{:?}", about);
        }
        prop_assert!(blocks(&left).len() <= MAX_KEYS);
    }

    #[test]
    fn a_record_is_itself(record in any_record()) {
        if !record.is_empty() && (record.model.is_some() || !record.gtins.is_empty()) && record.brand.is_some() {
            prop_assert_eq!(judge(&rules(), &record, &record).decision, Decision::Merge);
        }
    }
}
