//! Digits that name something, and words that say what is not so.

use super::cells::check;

#[test]
fn a_digit_that_names_something_is_no_amount() {
    check(
        "light_output_max",
        &[
            ("XP-G3 650 lm", "650 lm"),
            ("XM-L2 820 lm", "820 lm"),
            ("IPX4 420 lm", "420 lm"),
            ("V2 510 lm", "510 lm"),
            ("Mode 3 360 lm", "360 lm"),
            ("up to 1 300 lm", "1300 lm"),
            ("eco mode 7 lm", "7 lm"),
        ],
    );
    check("beam_distance_max", &[("140 m in turbo mode", "140 m"), ("up to 140m in high mode", "140 m")]);
    check(
        "modes",
        &[(
            "Stufe 1: 410 lm / 3 h; Stufe 2: 110 lm / 12 h",
            r#"[{"name":"","light_output":"410","runtime":"3"},{"name":"","light_output":"110","runtime":"12"}]"#,
        )],
    );
}

#[test]
fn what_is_said_not_to_be_so_is_not_taken() {
    check("charging_port", &[("not USB-C", "rejected"), ("no USB", "rejected"), ("USB-C", "\"usb_c\"")]);
    check("light_colors", &[("White; no red", r#"["white"]"#)]);
    check("features", &[("ohne Rotlicht", "rejected")]);
    check("ip_rating", &[("no IPX4", "rejected"), ("IPX4 (not IPX7)", "\"IPX4\""), ("not IPX4 rated", "rejected")]);
}

#[test]
fn signs_in_words_and_counts_behind_a_cell() {
    check("operating_temperature", &[("minus 15 bis plus 45 °C", "-15..45 degC"), ("минус 15 до +45 °C", "-15..45 degC")]);
    for raw in ["AAA (3x)", "AAA 3x", "AAA 3pcs", "AAA 3 шт.", "AAA battery x 3", "AAA batteries: 3", "AAA, 3 Stück", "3 x AAA"]
    {
        check("battery_options", &[(raw, r#"[{"quantity":3,"cell":"AAA"}]"#)]);
    }
    check("battery_options", &[("18650 3500mAh", r#"[{"quantity":1,"cell":"18650"}]"#)]);
}
