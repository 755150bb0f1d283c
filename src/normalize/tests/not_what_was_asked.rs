//! Cells that answer another question than the one asked, answer it twice, or leave open what they say: never `ok`.

use super::cells::{check, json, read};
use crate::normalize::Status;

fn doubtful(attribute: &str, cells: &[(&str, &str)]) {
    for (raw, code) in cells {
        let reading = read(attribute, raw, None);
        assert_eq!(reading.status, Status::Doubtful, "{attribute}: {raw} -> {}", json(&reading));
        assert!(reading.findings.iter().any(|finding| finding.code == *code), "{raw}: {:?}", reading.findings);
    }
}

#[test]
fn a_lesser_mode_is_no_maximum() {
    doubtful(
        "light_output_max",
        &[
            ("Low: 6 lm", "other_basis"),
            ("min. 6 lm", "other_basis"),
            ("eco 6 lm", "other_basis"),
            ("minimum 6 lumens", "other_basis"),
            ("red 6 lm", "other_basis"),
            ("450+50 lm", "added_up"),
            ("450 lm?", "questioned"),
        ],
    );
    doubtful("runtime_max", &[("High: 3 h", "other_basis")]);
    doubtful("runtime_at_max", &[("3 h on low", "other_basis")]);
    for (attribute, raw) in [
        ("light_output_max", "low 6 lm, high 450 lm"),
        ("light_output_max", "450 lm, red light"),
        ("runtime_max", "low 90 h"),
        ("runtime_max", "High 3 h, Low 90 h"),
        ("runtime_max", "5h30 / 90h"),
    ] {
        assert_eq!(read(attribute, raw, None).status, Status::Ok, "{raw}");
    }
    check("runtime_max", &[("5h30 / 90h", "90 h"), ("1h45", "1.75 h")]);
    check("light_output_max", &[("ANSI FL1: 450 lm", "450 lm")]);
}

#[test]
fn a_sign_before_three_digits_may_stay_open() {
    check("light_output_max", &[("100.000 lm", "ambiguous"), ("100,000 lm", "100 lm"), ("1,250 lm", "1250 lm")]);
    check("modes", &[("100.000 lm", "ambiguous")]);
    check("pack_quantity", &[("1.000", "ambiguous"), ("-2", "rejected")]);
    check("weight_with_battery", &[("86.500 g", "86.5 g")]);
    let modes = read("modes", "1.250 lm / 2 h | 300 lm / 5 h", None);
    assert_eq!((modes.status, json(&modes.also[0]).as_str()), (Status::Doubtful, "1250 lm"));
}

#[test]
fn rows_of_modes_keep_their_own_colour_and_time() {
    check(
        "modes",
        &[
            ("1h45", r#"[{"name":"","runtime":"1.75"}]"#),
            (
                "Red 2 lm/30 h, White 450 lm/3h30",
                r#"[{"name":"red","light_output":"2","runtime":"30","color":"red"},{"name":"","light_output":"450","runtime":"3.5","color":"white"}]"#,
            ),
            (
                "White: high 450 lm, low 6 lm",
                r#"[{"name":"high","light_output":"450","color":"white"},{"name":"low","light_output":"6","color":"white"}]"#,
            ),
            (
                "450, 90, 6 lm; 3, 9, 90 h",
                r#"[{"name":"","light_output":"450","runtime":"3"},{"name":"","light_output":"90","runtime":"9"},{"name":"","light_output":"6","runtime":"90"}]"#,
            ),
        ],
    );
    doubtful("modes", &[("1200lm+200lm", "modes_unclear"), ("2 × 450 lm", "modes_unclear"), ("High/Mid/Low", "no_figures")]);
}

#[test]
fn batteries_are_counted_or_refused() {
    check(
        "battery_options",
        &[
            ("3000 x AAA", "rejected"),
            ("2/3 AA", "rejected"),
            ("1-2 AA", "rejected"),
            ("2 x 1/2 AA", r#"[{"quantity":2,"cell":"14250"}]"#),
            ("drei AAA", r#"[{"quantity":3,"cell":"AAA"}]"#),
            ("3 бр. AAA", r#"[{"quantity":3,"cell":"AAA"}]"#),
            ("AAA 1.5 V x 3", r#"[{"quantity":3,"cell":"AAA"}]"#),
        ],
    );
    doubtful("battery_options", &[("3 or 4 AAA", "number_left_out")]);
    check(
        "battery_chemistry",
        &[("Li-ion / alkaline", "ambiguous"), ("alkaline or NiMH", "ambiguous"), ("Li-Ion", "\"li_ion\"")],
    );
}

#[test]
fn yes_and_no_are_held_against_each_other() {
    check(
        "battery_included",
        &[
            ("yes, not included", "ambiguous"),
            ("no, included", "ambiguous"),
            ("yes / no", "ambiguous"),
            ("Yes (not rechargeable)", "true"),
            ("Batterien nicht im Lieferumfang enthalten", "false"),
            ("sold separately", "false"),
        ],
    );
    check(
        "rechargeable",
        &[
            ("Rechargeable", "true"),
            ("non-rechargeable", "false"),
            ("nicht wiederaufladbar", "false"),
            ("no es recargable", "false"),
            ("Rechargeable: no", "false"),
            ("是", "true"),
        ],
    );
    check("motion_sensor", &[("without motion sensor", "false"), ("Motion sensor", "true")]);
    check("hazardous_location", &[("no", "empty"), ("ATEX: no", "empty"), ("yes", "rejected"), ("Zone 1", r#"["Zone 1"]"#)]);
    check(
        "country_of_origin",
        &[("Made in Germany", "\"Germany\""), ("Fabriqué en France", "\"France\""), ("China", "\"China\"")],
    );
}

#[test]
fn a_near_miss_is_never_silent() {
    doubtful("body_color", &[("blak", "typo"), ("gren", "typo"), ("pnik", "typo"), ("bule", "typo")]);
    check("body_color", &[("blak", r#"["black"]"#), ("lack", "rejected"), ("rde", "rejected")]);
    doubtful("brand", &[("Pezl", "near_brand"), ("Nitecor", "near_brand"), ("Black Dimond", "near_brand")]);
    assert_eq!(read("brand", "Pezl", None).findings[0].message.matches("Petzl").count(), 1);
    check("brand", &[("Petzl / Black Diamond", "ambiguous"), ("Brand: Petzl", "\"Petzl\""), ("unbranded", "empty")]);
    assert_eq!(read("brand", "QWXKLPZRT", None).status, Status::Ok);
    for raw in ["1111111111116", "1234567890128", "9876543210982", "5555555555550"] {
        check("gtin", &[(raw, "rejected")]);
    }
}
