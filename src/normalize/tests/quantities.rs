//! Quantities of every kind in free text.

use super::cells::{DICTIONARY, json, read};
use crate::normalize::{Hints, Status, quantities};

fn found(text: &str, locale: &str) -> Vec<String> {
    let hints = Hints { locale: Some(locale.to_owned()), ..Hints::default() };
    quantities(&DICTIONARY, text, &hints)
        .iter()
        .map(|found| match found.to {
            Some(to) => format!("{}..{to} {}", found.amount.normalize(), found.unit.code),
            None => format!("{} {}", found.amount.normalize(), found.unit.code),
        })
        .collect()
}

fn check(locale: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(found(text, locale), *expected, "{text}");
    }
}

#[test]
fn numbers_in_every_style() {
    check(
        "en",
        &[
            ("1,250 lm", &["1250 lm"]),
            ("1\u{202f}250 lm", &["1250 lm"]),
            ("1’250 lm", &["1250 lm"]),
            ("12-1/2 in", &["12.5 in"]),
            ("2 3/4 inches", &["2.75 in"]),
            ("1½ h", &["1.5 h"]),
            ("3/4 mile", &["0.75 mi"]),
            ("1.3k lm", &["1300 lm"]),
            ("2e3 m", &["2000 m"]),
            ("540 320 80 lm", &["80 lm"]),
            ("1h,600lm", &["1 h", "600 lm"]),
            ("it cost 1.8M dollars", &[]),
            ("3/7/9 h", &["3 h", "7 h", "9 h"]),
        ],
    );
    check("de", &[("1.250 lm", &["1250 lm"]), ("1,25 kg", &["1.25 kg"])]);
}

#[test]
fn words_that_are_numbers_need_a_unit() {
    check(
        "en",
        &[
            ("two and a half miles", &["2.5 mi"]),
            ("half an hour", &["0.5 h"]),
            ("an hour and a half", &["1.5 h"]),
            ("twenty-five pounds", &["25 lb"]),
            ("three hundred and ten meters", &["310 m"]),
            ("2.4 million gallons", &["2400000 gal"]),
            ("one of them has two", &[]),
            ("a six-mile walk", &["6 mi"]),
        ],
    );
    check("de", &[("zweihundert Gramm", &["200 g"]), ("anderthalb Stunden", &["1.5 h"]), ("zwölf Lampen", &[])]);
    check("nl", &[("tienduizend m²", &["10000 m2"])]);
    check("tr", &[("beş milden uzun", &["5 mi"])]);
    check("zh", &[("三千两百克", &["3200 g"]), ("一百千瓦", &["100 kW"]), ("两吨半", &["2.5 t"]), ("一名", &[])]);
    check("ko", &[("3만 4천 500 미터", &["34500 m"])]);
    check("ja", &[("時速60キロメートルです", &["60 km/h"])]);
    check("hi", &[("दो किलोमीटर", &["2 km"])]);
}

#[test]
fn units_with_a_power_or_a_time() {
    check(
        "en",
        &[
            ("45 square feet", &["45 ft2"]),
            ("4 km^3 and 5 m²", &["4 km3", "5 m2"]),
            ("12 kilometers per hour", &["12 km/h"]),
            ("5 g/mol", &[]),
            ("86 g / 3 oz", &["86 g", "3 oz"]),
            ("20 (kg)", &["20 kg"]),
            ("24703 m212", &[]),
            ("scp-173m", &[]),
            ("at 6 pm", &[]),
        ],
    );
    check("fr", &[("660 mètres carrés", &["660 m2"])]);
    check("it", &[("30 chilometri all'ora", &["30 km/h"])]);
}

#[test]
fn intervals_signs_and_compounds() {
    check(
        "en",
        &[
            ("8- to 16-meter", &["8..16 m"]),
            ("from -18 °C to -34 °C", &["-18..-34 degC"]),
            ("45 and 50 mg", &["45 mg", "50 mg"]),
            ("5' 2\"", &["62 in"]),
            ("3 lb 10 oz", &["58 oz"]),
            ("4h 30m", &["270 min"]),
            ("turn by 45 degrees", &["45 deg"]),
            ("a temperature of 45 degrees", &["45 degC"]),
            ("15 in the box, 2 in.", &["2 in"]),
        ],
    );
}

#[test]
fn labels_name_the_axes() {
    let of = |raw: &str| {
        let reading = read("dim_length", raw, None);
        std::iter::once(&reading)
            .chain(&reading.also)
            .map(|one| format!("{} {}", one.resolved_attribute, json(one)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (raw, expected) in [
        ("71L x 52W x 150H mm", "dim_length 71 mm, dim_width 52 mm, dim_height 150 mm"),
        ("L71 W52 H31 mm", "dim_length 71 mm, dim_width 52 mm, dim_height 31 mm"),
        ("H: 31 mm; B: 52 mm; T: 71 mm", "dim_length 71 mm, dim_height 31 mm, dim_width 52 mm"),
        ("Länge: 71 mm, Breite: 52 mm", "dim_length 71 mm, dim_width 52 mm"),
        ("121mm (L) x 27mm (head)", "dim_length 121 mm, head_diameter 27 mm"),
        ("Ø 27 x 121 mm", "dim_length 121 mm, head_diameter 27 mm"),
        ("Ø 27 mm", "head_diameter 27 mm"),
    ] {
        assert_eq!(of(raw), expected, "{raw}");
    }
}

#[test]
fn what_a_cell_says_beside_its_value() {
    let also = |attribute: &str, raw: &str| {
        let reading = read(attribute, raw, None);
        reading.also.iter().map(|one| format!("{} {}", one.resolved_attribute, json(one))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(also("led_emitter", "CREE XPG2 R5 CRI80 5000K"), "cri 80, color_temperature 5000 K");
    assert_eq!(json(&read("led_emitter", "CREE XPG2 R5 CRI80 5000K", None)), "[\"Cree XP-G2\"]");
    assert_eq!(json(&read("led_emitter", "luminux sst20", None)), "[\"Luminus SST-20\"]");
    assert_eq!(json(&read("led_emitter", "Cree SST-20", None)), "[\"Cree SST-20\"]", "a contradiction stays as it stands");
    assert_eq!(read("led_emitter", "Osarm", None).status, Status::Doubtful);
    assert_eq!(also("battery_options", "1x18650 Li-ion 3000mAh"), "battery_chemistry \"li_ion\", battery_capacity 3000 mAh");
    assert_eq!(also("battery_capacity", "3000 mAh / 10.8 Wh"), "battery_energy 10.8 Wh");
    assert_eq!(read("battery_capacity", "10.8 Wh", None).resolved_attribute, "battery_energy");
    assert_eq!(also("modes", "500 / 90 / 5 lumen; 2 / 9 / 110 timer"), "light_output_max 500 lm, runtime_max 110 h");
    assert_eq!(also("ip_rating", "IP64, drop 2 m"), "impact_resistance 2 m");
    assert_eq!(also("ip_rating", "IP68 (2 m)"), "submersion_depth 2 m");
}

#[test]
fn what_is_of_several_pieces_says_so() {
    let pair = read("weight_with_battery", "170 g (pair)", None);
    assert_eq!((pair.status, pair.qualifiers.as_slice()), (Status::Doubtful, ["per_pack".to_owned()].as_slice()));
    assert_eq!(read("weight_with_battery", "85 g per lamp", None).qualifiers, ["per_piece"]);
    let two = read("light_output_max", "2 x 400 lm", None);
    assert_eq!((json(&two).as_str(), two.status), ("400 lm", Status::Doubtful));
    let labelled = read("weight_with_battery", "ohne Akku: 62 g, mit Akku 99 g", None);
    assert_eq!((json(&labelled).as_str(), json(&labelled.also[0]).as_str()), ("99 g", "62 g"));
}
