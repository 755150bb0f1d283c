//! Sizes, weights and temperatures that a cell tells twice, in an order of its own or of several bases.

use super::cells::{check, json, read};
use crate::normalize::Status;

/// The reading and what it says beside, as one line.
fn all(attribute: &str, raw: &str) -> String {
    let reading = read(attribute, raw, None);
    let each = std::iter::once(&reading).chain(&reading.also);
    each.map(|one| format!("{} {}", one.resolved_attribute, json(one))).collect::<Vec<_>>().join(", ")
}

#[test]
fn one_size_in_two_units_is_one_size() {
    let size = "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm";
    for raw in [
        "62 × 48 × 41 mm (2.44 × 1.89 × 1.61 in)",
        "2.44 x 1.89 x 1.61 inch / 62 x 48 x 41 mm",
        "6.2 x 4.8 x 4.1 cm = 62 x 48 x 41 mm",
        "62*48*41mm/2.44*1.89*1.61in",
        "62 by 48 by 41 mm",
        "62⨯48⨯41 mm",
        "mm 62 x 48 x 41",
        "62&times;48&times;41&nbsp;mm",
    ] {
        assert_eq!(all("dim_length", raw), size, "{raw}");
        assert_eq!(read("dim_length", raw, None).status, Status::Ok, "{raw}");
    }
    for raw in ["62x48x41 mm (3.4 x 1.89 x 1.61 in)", "62 x 48 x 41 mm (folded), 118 x 48 x 41 mm (open)", "62 x 48 x 41 x 30 mm"]
    {
        assert_eq!(read("dim_length", raw, None).status, Status::Ambiguous, "{raw}");
    }
}

#[test]
fn labelled_sizes_told_again_without_labels_agree_but_for_rounding() {
    let size = "dim_length 60 mm, dim_width 40 mm, dim_height 30 mm";
    for raw in [
        "L: 60 mm, W: 40 mm, H: 30 mm (2.36 x 1.57 x 1.18 in)",
        "L60 x W40 x H30 mm (60 x 40 x 30 mm)",
        "60 x 40 x 30 mm (L60 x W40 x H30 mm)",
        "60 x 40 x 30 mm; Länge: 60 mm, Breite: 40 mm, Höhe: 30 mm",
        "H: 30 mm, L: 60 mm, W: 40 mm / 30 x 60 x 40 mm",
    ] {
        let mut parts: Vec<_> = all("dim_length", raw).split(", ").map(str::to_owned).collect();
        parts.sort_by_key(|part| ["dim_length", "dim_width", "dim_height"].iter().position(|code| part.starts_with(code)));
        assert_eq!(parts.join(", "), size, "{raw}");
        assert_eq!(read("dim_length", raw, None).status, Status::Ok, "{raw}");
    }
    assert_eq!(json(&read("dim_length", "L60 x W40 mm (60.2 x 39.8 mm)", None)), "60.2 mm", "the finer one");
    for raw in ["L60 x W40 x H30 mm (65 x 40 x 30 mm)", "L: 60 mm, W: 40 mm (60 x 41 mm)"] {
        let reading = read("dim_length", raw, None);
        assert_eq!((reading.status, reading.findings[0].code.as_str()), (Status::Ambiguous, "conflict"), "{raw}");
    }
}

#[test]
fn sizes_of_variants_are_no_sides() {
    for raw in [
        "S: 60 mm, M: 70 mm",
        "S: 60 mm, M: 70 mm, L: 80 mm",
        "M: 60 mm, L: 70 mm",
        "L: 60 mm / XL: 70 mm",
        "Small 60 mm / Large 70 mm",
        "60 mm (S), 70 mm (M)",
        "klein = 60 mm; groß = 70 mm",
        "Lamp: 60 mm, strap: 200 mm",
    ] {
        for attribute in ["dim_length", "dim_width"] {
            let reading = read(attribute, raw, None);
            assert_eq!((reading.status, reading.also.len()), (Status::Ambiguous, 0), "{attribute} {raw}");
        }
    }
    for (raw, expected) in [
        ("L: 60 mm, W: 40 mm", "dim_length 60 mm, dim_width 40 mm"),
        ("L 60 x B 40 mm", "dim_length 60 mm, dim_width 40 mm"),
        ("60 x 40 mm", "dim_length 60 mm, dim_width 40 mm"),
        ("Size: 60 x 40 mm", "dim_length 60 mm, dim_width 40 mm"),
        ("Größe M: 60 x 40 mm", "dim_length 60 mm, dim_width 40 mm"),
    ] {
        assert_eq!(all("dim_length", raw), expected, "{raw}");
    }
}

#[test]
fn every_letter_of_a_declared_order_counts() {
    for (raw, expected) in [
        ("LxWxH 62x48x41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("HxBxT 62x48x41 mm", "dim_length 41 mm, dim_height 62 mm, dim_width 48 mm"),
        ("62 x 48 x 41 mm (B x H x T)", "dim_length 41 mm, dim_width 62 mm, dim_height 48 mm"),
        ("62 x 48 x 41 mm (L x W x D)", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("W×H×D 62×48×41", "dim_length 41 mm, dim_width 62 mm, dim_height 48 mm"),
        ("L x l x H : 62 x 48 x 41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("ДхШхВ: 62х48х41 мм", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("高48×宽62×深41mm", "dim_length 41 mm, dim_height 48 mm, dim_width 62 mm"),
        ("長さ62×幅48×高さ41mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("L 62 W 48 H 41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("L: 62 / B: 48 / H: 41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("62 (L) x 48 (B) x 41 (H) mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("62 x W48 x H41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("Länge 62 x Breite 48 x Höhe 41 mm", "dim_length 62 mm, dim_width 48 mm, dim_height 41 mm"),
        ("62 x Ø 26 mm", "dim_length 62 mm, head_diameter 26 mm"),
        ("φ26*L118mm", "dim_length 118 mm, head_diameter 26 mm"),
    ] {
        assert_eq!(all("dim_length", raw), expected, "{raw}");
    }
    assert_eq!(json(&read("dim_height", "LxWxH 62x48x41 mm", None)), "41 mm");
    assert_eq!(read("dim_length", "D x H: 41 x 62 mm", None).status, Status::Doubtful);
    assert_eq!(read("dim_length", "2 pcs, 62 x 48 x 41 mm", None).status, Status::Doubtful, "a number is left over");
}

#[test]
fn words_say_of_which_basis_a_weight_is() {
    for (asked, raw, expected) in [
        ("weight_with_battery", "Net 84 g / Gross 131 g", "weight_with_battery 84 g, weight_packaged 131 g"),
        ("weight_packaged", "Net 84 g / Gross 131 g", "weight_packaged 131 g, weight_with_battery 84 g"),
        ("weight_with_battery", "84 g (net), 131 g gross", "weight_with_battery 84 g, weight_packaged 131 g"),
        ("weight_packaged", "brutto/netto 131/84 g", "weight_packaged 131 g, weight_with_battery 84 g"),
        ("weight_with_battery", "with/without battery: 84/61 g", "weight_with_battery 84 g, weight_without_battery 61 g"),
        ("weight_without_battery", "mit und ohne Akku: 84/61 g", "weight_without_battery 61 g, weight_with_battery 84 g"),
        ("weight_with_battery", "weight 84 g, packaged 131 g", "weight_with_battery 84 g, weight_packaged 131 g"),
        ("weight_with_battery", "84g (61g w/o battery)", "weight_with_battery 84 g, weight_without_battery 61 g"),
        ("weight_packaged", "84 g net", "weight_with_battery 84 g"),
        ("weight_with_battery", "不含电池61克", "weight_without_battery 61 g"),
        ("weight_with_battery", "61 g / 84 g", "weight_with_battery ambiguous"),
        ("weight_with_battery", "lamp 61 g, headband 23 g", "weight_with_battery ambiguous"),
    ] {
        assert_eq!(all(asked, raw), expected, "{raw}");
    }
    assert_eq!(read("weight_with_battery", "61 g + 23 g", None).status, Status::Doubtful);
    assert_eq!(read("weight_with_battery", "84 g x 2", None).findings[0].code, "multiplied");
}

#[test]
fn an_interval_may_be_told_in_two_scales() {
    check(
        "operating_temperature",
        &[
            ("-15°C/5°F to 45°C/113°F", "-15..45 degC"),
            ("5 to 113 °F (-15 to 45 °C)", "-15..45 degC"),
            ("零下15至45摄氏度", "-15..45 degC"),
            ("-15 to 45 °C (5 to 200 °F)", "ambiguous"),
            // One end, said twice, is no interval.
            ("-25C/-13F", "rejected"),
            ("-25 °C (-13 °F)", "rejected"),
        ],
    );
}
