//! Digits, units and words of other scripts, letters typed for digits, and what the way of a text did to it.

use super::cells::{check, json, read};
use crate::normalize::Status;

#[test]
fn digits_of_any_script_are_digits() {
    check(
        "weight_with_battery",
        &[
            ("८७ ग्राम", "87 g"),
            ("٨٧٫٥ غرام", "87.5 g"),
            ("۸۷ گرم", "87 g"),
            ("８７ｇ", "87 g"),
            ("87 γραμμάρια", "87 g"),
            ("87 กรัม", "87 g"),
            ("87 gramů", "87 g"),
            ("0,087 χλγ", "87 g"),
        ],
    );
    check("runtime_max", &[("90 ชั่วโมง", "90 h"), ("90 ώρες", "90 h"), ("90 perc", "1.5 h"), ("90 ساعة", "90 h")]);
    check("dim_length", &[("62 χιλιοστά", "62 mm"), ("6.2 ซม.", "62 mm"), ("62 ملم", "62 mm"), ("62㎜", "62 mm")]);
    check("light_output_max", &[("450ﾙｰﾒﾝ", "450 lm"), ("450 lumenů", "450 lm"), ("450 λούμεν", "450 lm")]);
    check("battery_capacity", &[("2900 มิลลิแอมป์ชั่วโมง", "2900 mAh"), ("2900ミリアンペア時", "2900 mAh")]);
    check("title", &[("लैंप ४००", "\"लैंप ४००\"")]);
}

#[test]
fn letters_typed_for_digits_are_a_guess() {
    for (raw, amount) in [("4OO lm", "400 lm"), ("l20 lm", "120 lm"), ("1О0 lm", "100 lm")] {
        let reading = read("light_output_max", raw, None);
        assert_eq!((json(&reading).as_str(), reading.status), (amount, Status::Doubtful), "{raw}");
        assert!(reading.findings.iter().any(|finding| finding.code == "look_alike"), "{raw}");
    }
    check("light_output_max", &[("450 Im", "450 lm"), ("40l", "rejected")]);
    check("ip_rating", &[("IP×4", "\"IPX4\""), ("防水等级IPX4", "\"IPX4\""), ("strip67", "rejected"), ("IPX10", "rejected")]);
    for raw in ["lPX4", "1PX4"] {
        let reading = read("ip_rating", raw, None);
        assert_eq!((json(&reading).as_str(), reading.status), ("\"IPX4\"", Status::Doubtful), "{raw}");
    }
}

#[test]
fn markup_and_wrong_decoding_are_put_right() {
    check(
        "light_output_max",
        &[
            ("<b>450</b>&nbsp;lm", "450 lm"),
            ("&lt;b&gt;", "rejected"),
            ("450 Ð»Ð¼", "450 lm"),
            ("450 Р»Рј", "450 lm"),
            ("<5 lm", "5 lm"),
            ("450&amp;nbsp;lm", "450 lm"),
        ],
    );
    check(
        "modes",
        &[(
            "<ul><li>High 450 lm 3 h</li><li>Low 6 lm 90 h</li></ul>",
            r#"[{"name":"high","light_output":"450","runtime":"3"},{"name":"low","light_output":"6","runtime":"90"}]"#,
        )],
    );
    // Sound text that only looks broken stays what it is.
    check("title", &[("Größe Ä & Ö", "\"Größe Ä & Ö\""), ("Ångström", "\"Ångström\""), ("РСТ", "\"РСТ\"")]);
}

#[test]
fn options_have_words_in_scripts_without_spaces() {
    check("body_color", &[("黑色/红色", r#"["black","red"]"#), ("亮黑色", r#"["black"]"#), ("أسود", r#"["black"]"#)]);
    check("charging_port", &[("Type-C接口", "\"usb_c\""), ("磁吸充电", "\"magnetic\""), ("无", "\"none\"")]);
    check("switch_type", &[("按钮开关", r#"["push_button"]"#), ("旋转", r#"["rotary"]"#)]);
    check("beam_type", &[("泛光+聚光", r#"["flood","spot"]"#)]);
    check("housing_material", &[("ABS塑料+铝合金", r#"["abs","aluminium"]"#)]);
    check("light_colors", &[("白光和红光", r#"["white","red"]"#)]);
    for raw in ["3节AAA电池", "7号电池3节", "単4形×3本"] {
        check("battery_options", &[(raw, r#"[{"quantity":3,"cell":"AAA"}]"#)]);
    }
    check("battery_options", &[("18650 锂电池 1节", r#"[{"quantity":1,"cell":"18650"}]"#)]);
}
