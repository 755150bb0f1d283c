//! One cell at a time: what stands there, and what is understood.

use crate::{
    dictionary::Dictionary,
    normalize::{AmountError, DecimalStyle, Hints, Reading, Status, StockWord, Value, normalize, parse_amount, stock_word},
};
use std::sync::LazyLock;

pub(super) static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().unwrap());

pub(super) fn read(attribute: &str, raw: &str, locale: Option<&str>) -> Reading {
    let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
    normalize(&DICTIONARY, DICTIONARY.attribute(attribute).unwrap(), raw, &hints)
}

pub(super) fn json(reading: &Reading) -> String {
    match &reading.value {
        None => format!("{:?}", reading.status).to_lowercase(),
        Some(Value::Measure(measure)) => format!("{} {}", measure.amount, measure.unit),
        Some(Value::Range(range)) => format!("{}..{} {}", range.min, range.max, range.unit),
        Some(value) => serde_json::to_string(value).unwrap(),
    }
}

pub(super) fn check(attribute: &str, cases: &[(&str, &str)]) {
    for (raw, expected) in cases {
        let reading = read(attribute, raw, None);
        assert_eq!(json(&reading), *expected, "{attribute}: {raw:?} -> {reading:?}");
    }
}

#[test]
fn light_output() {
    check(
        "light_output_max",
        &[
            ("up to 520 lumens in Turbo mode", "520 lm"),
            ("Max output of 1,600 lumens", "1600 lm"),
            ("1000LM", "1000 lm"),
            ("350+ Lumens Headlamp", "350 lm"),
            ("520lm  210lm  70lm", "520 lm"),
            ("480 / 90 / 7 lumen", "480 lm"),
            ("1.200 lm", "1200 lm"),
            ("600 лм", "600 lm"),
            ("350 lümen", "350 lm"),
            ("lumeni 400", "400 lm"),
            ("400", "400 lm"),
            ("500 g", "rejected"),
            ("2000000 lm", "rejected"),
            ("bright", "rejected"),
            ("keine Angabe", "empty"),
            ("məlumat yoxdur", "empty"),
        ],
    );
    assert_eq!(read("light_output_max", "LED 9000 Lumens", None).status, Status::Doubtful);
    assert_eq!(read("light_output_max", "up to 520 lumens in Turbo mode", None).qualifiers, ["up_to", "in_turbo"]);
    assert_eq!(read("light_output_max", "300+ lm", None).qualifiers, ["minimum"]);
    assert_eq!(read("light_output_max", "2000000 lm", None).findings[0].code, "out_of_range");
}

#[test]
fn weights_on_three_bases() {
    check(
        "weight_with_battery",
        &[
            ("61.5g", "61.5 g"),
            ("1.10 oz. / 31 grams", "31 g"),
            ("35±1 g", "35 g"),
            ("1.2 oz (35±1 g)", "35 g"),
            ("2 lb 3 oz", "992.2333 g"),
            ("0,086 kg", "86 g"),
            ("25,5 кг", "rejected"),
            ("118 Gramm mit Batterien", "118 g"),
            ("86 qram", "86 g"),
            ("1.8oz w/ strap", "51.0291 g"),
            ("100 g / 300 g", "ambiguous"),
        ],
    );
    for (raw, attribute) in [
        ("90 g ohne Akku", "weight_without_battery"),
        ("210 g med emballage", "weight_packaged"),
        ("90 g (w/o batteries)", "weight_without_battery"),
    ] {
        assert_eq!(read("weight_with_battery", raw, None).resolved_attribute, attribute, "{raw}");
    }
    let both = read("weight_with_battery", "1.6 oz each (3 oz with batteries)", None);
    assert_eq!(json(&both), "85.0486 g");
    assert_eq!(
        (both.also[0].resolved_attribute.as_str(), json(&both.also[0])),
        ("weight_without_battery", "45.3592 g".to_owned())
    );
}

#[test]
fn times_and_lengths() {
    check(
        "runtime_max",
        &[
            ("4h 30m", "4.5 h"),
            ("2h 45min", "2.75 h"),
            ("150min.", "2.5 h"),
            ("48 h 0 m / 2 d", "48 h"),
            ("Up to 93 hours on low mode", "93 h"),
            ("opptil 45 timer", "45 h"),
            ("3 / 9 / 120 timer", "120 h"),
            ("900 Lumens (6+54 min)", "1 h"),
            ("runs 2 to 6 hours", "6 h"),
            ("12 saat", "12 h"),
            ("7 Std.", "7 h"),
            ("saa 100", "100 h"),
            ("1:30", "ambiguous"),
        ],
    );
    check(
        "beam_distance_max",
        &[
            ("120 yards", "109.728 m"),
            ("90 meters (295 ft.)", "90 m"),
            ("up to 1,300 feet (400 meters)", "400 m"),
            ("mita 120", "120 m"),
            ("120 mita", "120 m"),
        ],
    );
    check(
        "dim_length",
        &[
            ("98.4mm (5.1”)", "ambiguous"),
            ("5.5 inches", "139.7 mm"),
            ("140х90х60мм", "140 mm"),
            ("101,5 х 61 x 36 мм", "101.5 mm"),
        ],
    );
    let lettered = read("dim_length", "L 70 x W 45 x H 40 mm", None);
    assert_eq!(
        (json(&lettered), lettered.also.iter().map(json).collect::<Vec<_>>()),
        ("70 mm".to_owned(), vec!["45 mm".to_owned(), "40 mm".to_owned()])
    );
    let box_of = read("dim_length", "6.5 x 5.5 x 5 inches", None);
    assert_eq!(box_of.also.iter().map(json).collect::<Vec<_>>(), ["139.7 mm", "127 mm"]);
    assert_eq!(read("dim_length", "46mm (bezel)", None).resolved_attribute, "head_diameter");
    assert_eq!(read("beam_angle", "light angle adjusts 0 to 80 degrees", None).resolved_attribute, "tilt_angle");
    check(
        "battery_capacity",
        &[
            ("6 А•г", "6000 mAh"),
            ("6 A•г", "6000 mAh"),
            ("2,6 А•г", "2600 mAh"),
            ("2200mAh", "2200 mAh"),
            ("11Wh li-ion", "11 Wh"),
        ],
    );
    check("beam_angle", &[("6Ã‚Â°:45Ã‚Â°", "45 deg"), ("230°", "230 deg")]);
    check("color_temperature", &[("6500K", "6500 K"), ("6500 К", "6500 K")]);
}

#[test]
fn decimal_styles_follow_profile_then_locale() {
    let amount = |raw: &str, locale: Option<&str>, decimal: DecimalStyle| {
        let hints = Hints { locale: locale.map(str::to_owned), decimal, ..Hints::default() };
        json(&normalize(&DICTIONARY, DICTIONARY.attribute("weight_packaged").unwrap(), raw, &hints))
    };
    assert_eq!(amount("1.234 g", Some("de"), DecimalStyle::Auto), "1234 g");
    assert_eq!(amount("1,234 kg", Some("de"), DecimalStyle::Auto), "1234 g");
    assert_eq!(amount("1,234 g", Some("en"), DecimalStyle::Auto), "1234 g");
    assert_eq!(amount("1.234,5 g", None, DecimalStyle::Auto), "1234.5 g");
    assert_eq!(amount("1,234.5 g", Some("de"), DecimalStyle::Auto), "1234.5 g");
    assert_eq!(amount("12.345 g", None, DecimalStyle::Comma), "12345 g");
    assert_eq!(amount("1'234 g", None, DecimalStyle::Auto), "1234 g");
}

#[test]
fn codes_ranges_and_answers() {
    check(
        "ip_rating",
        &[
            ("IPX-4", "\"IPX4\""),
            ("IPX 6", "\"IPX6\""),
            ("Ip67", "\"IP67\""),
            ("IP 65", "\"IP65\""),
            ("ІР67", "\"IP67\""),
            ("IP69K", "\"IP69K\""),
            ("IP66 | IPX6", "\"IP66\""),
            ("Water Resistant", "rejected"),
            ("waterproof", "rejected"),
            ("-", "empty"),
        ],
    );
    let two = read("ip_rating", "IP66, –35 °C - +55 °C", None);
    assert_eq!((json(&two).as_str(), two.also.first().map(json).as_deref()), ("\"IP66\"", Some("-35..55 degC")));
    let deep = read("ip_rating", "IP68 - 3m submersible", None);
    assert_eq!((deep.also[0].resolved_attribute.as_str(), json(&deep.also[0])), ("submersion_depth", "3 m".to_owned()));
    check(
        "operating_temperature",
        &[
            ("- 25 °C ~ 55 °C", "-25..55 degC"),
            ("-15 ° C - + 45 ° C", "-15..45 degC"),
            ("-35 ? ~ 55 ?", "-35..55 degC"),
            ("Від -15 до +50 ° C", "-15..50 degC"),
            ("von −25 bis +55 °C", "-25..55 degC"),
            ("-20-50°C", "-20..50 degC"),
            ("-30 to -10 °C", "-30..-10 degC"),
            ("14 °F to 122 °F", "-10..50 degC"),
            ("60 °C", "rejected"),
        ],
    );
    check(
        "rechargeable",
        &[
            ("Yes", "true"),
            ("nein", "false"),
            ("bəli", "true"),
            ("hapana", "false"),
            ("oui", "true"),
            ("нет", "false"),
            ("perhaps", "rejected"),
            ("Ja (USB)", "true"),
        ],
    );
    check(
        "battery_included",
        &[("nicht dabei", "false"), ("dabei", "true"), ("batteries not included", "false"), ("medfølger", "true")],
    );
    check("cri", &[("CRI70", "70"), ("Ra 90", "90"), ("90CRI", "90"), ("12000", "rejected")]);
    check(
        "pack_quantity",
        &[
            ("6", "6"),
            ("6pcs", "6"),
            ("2x", "2"),
            ("12er", "12"),
            ("1 Stück", "1"),
            ("1O", "rejected"),
            ("12abc", "rejected"),
            ("12g", "rejected"),
        ],
    );
    check("release_year", &[("2018г", "2018"), ("2O18", "rejected")]);
    check("gtin", &[("4006381333931", "\"04006381333931\""), ("5.70E+12", "rejected")]);
}

#[test]
fn options_in_many_spellings() {
    check(
        "body_color",
        &[
            ("balck", "[\"black\"]"),
            ("balck,red", "[\"black\",\"red\"]"),
            ("Black/Grey", "[\"black\",\"gray\"]"),
            ("schwarz", "[\"black\"]"),
            ("qara / qırmızı", "[\"black\",\"red\"]"),
            ("QIRMIZI", "[\"red\"]"),
            ("чорний", "[\"black\"]"),
            ("xyzzy", "rejected"),
        ],
    );
    assert_eq!(read("body_color", "balck", None).status, Status::Doubtful);
    check(
        "charging_port",
        &[
            ("USB Type-C", "\"usb_c\""),
            ("USB-C Rechargabel", "\"usb_c\""),
            ("USB ładowanie", "\"usb\""),
            ("micro-usb charging", "\"micro_usb\""),
        ],
    );
    check(
        "housing_material",
        &[("aluminium, led", "[\"aluminium\"]"), ("Aircraft-grade 6061-T6 aluminum w/type III finish", "[\"aluminium\"]")],
    );
    check("beam_type", &[("flood and throw", "[\"mixed\"]"), ("spot | flood", "[\"spot\",\"flood\"]")]);
    check("battery_chemistry", &[("Li-Pol", "\"li_po\""), ("Lithium-Ionen", "\"li_ion\"")]);
    check(
        "product_kind",
        &[("Stirnlampe", "\"headlamp\""), ("pandelampe", "\"headlamp\""), ("helmet | headlamp", "\"headlamp\"")],
    );
    check(
        "brand",
        &[("LED Lenser", "\"Ledlenser\""), ("coast cutlery co", "\"Coast\""), ("QWXKLPZRT", "\"QWXKLPZRT\""), ("n/a", "empty")],
    );
}

#[test]
fn batteries() {
    let text = |raw: &str| match read("battery_options", raw, None).value {
        Some(Value::Batteries(options)) => {
            options.iter().map(|option| format!("{}x{}", option.quantity, option.cell)).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    };
    for (raw, expected) in [
        ("3 x AAA", "3xAAA"),
        ("3xAAA", "3xAAA"),
        ("3×AAA", "3xAAA"),
        ("Pin 4xAAA", "4xAAA"),
        ("2 × AAA (dabei) oder Core-Akku", "2xAAA 1xproprietary"),
        ("1x 21700, 2x CR123A, or 2x RCR123", "1x21700 2xCR123A 2x16340"),
        ("1 x CR123A (not compatible with RCR123 / 16340)", "1xCR123A"),
        ("CORE-batteri + 2 × AAA/LR03", "1xproprietary 2xAAA"),
        ("123A", "1xCR123A"),
        ("18650", "1x18650"),
        ("Li-ion or 3 x AAA", "1xbuilt_in 3xAAA"),
        ("AA x 2", "2xAA"),
        ("fest verbaut", "1xbuilt_in"),
        ("wired pack", "1xproprietary"),
        ("4 x AA batteries (included)", "4xAA"),
        ("2xC", "2xC"),
        ("3*AAA", "3xAAA"),
        ("3 ədəd AAA", "3xAAA"),
        ("betri 3 za AAA", "3xAAA"),
        ("3 Stück AAA", "3xAAA"),
    ] {
        assert_eq!(text(raw), expected, "{raw}");
    }
    assert_eq!(read("battery_options", "battery", None).status, Status::Rejected);
}

#[test]
fn texts_and_descriptions_are_made_safe() {
    check(
        "title",
        &[("  Petzl\u{202f}Actik™\u{200b}  Core \n", "\"Petzl Actik™ Core\""), ("<b>Lampe</b> &amp; Band", "\"Lampe & Band\"")],
    );
    check(
        "description",
        &[
            ("<p class='x' onclick=\"a('>')\">Bright<script>alert(1)</script></p>", "\"<p>Bright</p>\""),
            ("<b>open", "\"<b>open</b>\""),
            ("a < b & c", "\"a &lt; b &amp; c\""),
            ("one\ntwo", "\"one<br>two\""),
            ("<style>p{}</style>", "rejected"),
            ("<ul><li>1</ul>after", "\"<ul><li>1</li></ul>after\""),
            ("&lt;script&gt;x", "\"&lt;script&gt;x\""),
        ],
    );
    assert_eq!(read("description", ".site-header { color: red; }", None).status, Status::Doubtful);
    check("led_emitter", &[("Cree XP-G3 | Osram P8", "[\"Cree XP-G3\",\"Osram P8\"]")]);
}

#[test]
fn money_in_the_worlds_spellings() {
    let read = |raw: &str, locale: Option<&str>| {
        let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
        parse_amount(&DICTIONARY, raw, &hints).map(|(amount, currency)| format!("{amount} {}", currency.unwrap_or_default()))
    };
    for (raw, locale, expected) in [
        ("R3 049.00", None, "3049.00 ZAR"),
        ("€ 1.299,00", None, "1299.00 EUR"),
        ("29,95 kr", Some("da"), "29.95 DKK"),
        ("29,95 kr", None, "29.95 "),
        ("1.299", None, "1299 "),
        ("$29.99", Some("en"), "29.99 USD"),
        ("199,- kr.", Some("nb"), "199 NOK"),
        ("-5.00 EUR", None, "-5.00 EUR"),
        ("1 299 грн.", None, "1299 UAH"),
        ("49", None, "49 "),
    ] {
        assert_eq!(read(raw, locale).as_deref(), Ok(expected), "{raw}");
    }
    assert_eq!(read("n/a", None), Err(AmountError::Empty));
    assert!(matches!(read("on request", None), Err(AmountError::NoNumber(_))));
    // A letter in the place of a digit: read without it, ten would be one.
    for raw in ["1O", "1О", "2l,50", "1OO EUR"] {
        assert!(matches!(read(raw, None), Err(AmountError::NoNumber(_))), "{raw}");
    }
    assert_eq!(read("10 l", None).as_deref(), Ok("10 "));
    assert!(matches!(read("10 / 12 EUR", None), Err(AmountError::Several(_))));
}

#[test]
fn stock_words_fail_safe() {
    let read = |raw: &str, locale: Option<&str>| {
        let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
        stock_word(&DICTIONARY, raw, &hints)
    };
    for (raw, locale, expected) in [
        ("In Stock", None, Some(StockWord::In)),
        ("på lager", Some("da"), Some(StockWord::In)),
        ("ikke på lager", Some("da"), Some(StockWord::Out)),
        ("stokda var", Some("az"), Some(StockWord::In)),
        ("haipo", Some("sw"), Some(StockWord::Out)),
        ("ipo", Some("sw"), Some(StockWord::In)),
        ("coming soon", None, Some(StockWord::Unknown)),
        ("Ausverkauft!", None, Some(StockWord::Out)),
        ("whatever", None, None),
    ] {
        assert_eq!(read(raw, locale), expected, "{raw}");
    }
}
