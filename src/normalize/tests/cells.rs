//! One cell at a time: what stands there, and what is understood.

use crate::{
    dictionary::Dictionary,
    normalize::{AmountError, DecimalStyle, Hints, Reading, Status, Value, normalize, parse_amount},
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

fn check(attribute: &str, cases: &[(&str, &str)]) {
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
            ("up to 450 lumens in Turbo mode", "450 lm"),
            ("Max output of 1,400 lumens", "1400 lm"),
            ("1000LM", "1000 lm"),
            ("300+ Lumens Headlamp", "300 lm"),
            ("500lm  200lm  60lm", "500 lm"),
            ("450 / 100 / 6 lumen", "450 lm"),
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
    assert_eq!(read("light_output_max", "up to 450 lumens in Turbo mode", None).qualifiers, ["up_to", "in_turbo"]);
    assert_eq!(read("light_output_max", "300+ lm", None).qualifiers, ["minimum"]);
    assert_eq!(read("light_output_max", "2000000 lm", None).findings[0].code, "out_of_range");
}

#[test]
fn weights_on_three_bases() {
    check(
        "weight_with_battery",
        &[
            ("59.5g", "59.5 g"),
            ("0.95 oz. / 27 grams", "27 g"),
            ("33±1 g", "33 g"),
            ("1.2 oz (33±1 g)", "33 g"),
            ("3 lb 10 oz", "1644.2723 g"),
            ("0,086 kg", "86 g"),
            ("24,4 кг", "rejected"),
            ("122 Gramm mit Batterien", "122 g"),
            ("86 qram", "86 g"),
            ("1.9oz w/ headband", "53.8641 g"),
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
    let both = read("weight_with_battery", "1.8 oz each (3 oz with batteries)", None);
    assert_eq!(json(&both), "85.0486 g");
    assert_eq!(
        (both.also[0].resolved_attribute.as_str(), json(&both.also[0])),
        ("weight_without_battery", "51.0291 g".to_owned())
    );
}

#[test]
fn times_and_lengths() {
    check(
        "runtime_max",
        &[
            ("4h 30m", "4.5 h"),
            ("2h 45min", "2.75 h"),
            ("140min.", "2.3333 h"),
            ("36 h 0 m / 1.5 d", "36 h"),
            ("Up to 97 hours of use on low mode", "97 h"),
            ("opptil 40 timer", "40 h"),
            ("2 / 8 / 130 timer", "130 h"),
            ("1000 Lumens (5+55 min)", "1 h"),
            ("lasts up to 3 to 7 hours depending on mode", "7 h"),
            ("12 saat", "12 h"),
            ("7 Std.", "7 h"),
            ("saa 100", "100 h"),
            ("1:30", "ambiguous"),
        ],
    );
    check(
        "beam_distance_max",
        &[
            ("119 yards", "108.8136 m"),
            ("85 meters (278.9 ft.)", "85 m"),
            ("up to 2,600 feet (800 meters)", "800 m"),
            ("mita 120", "120 m"),
            ("120 mita", "120 m"),
        ],
    );
    check(
        "dim_length",
        &[
            ("97.6mm (5.28”)", "ambiguous"),
            ("5.5 inches", "139.7 mm"),
            ("150х93х64мм", "150 mm"),
            ("103,4 х 62 x 37 мм", "103.4 mm"),
        ],
    );
    let lettered = read("dim_length", "L 70 x W 45 x H 40 mm", None);
    assert_eq!(
        (json(&lettered), lettered.also.iter().map(json).collect::<Vec<_>>()),
        ("70 mm".to_owned(), vec!["45 mm".to_owned(), "40 mm".to_owned()])
    );
    let box_of = read("dim_length", "6.75 x 5.75 x 5.5 inches", None);
    assert_eq!(box_of.also.iter().map(json).collect::<Vec<_>>(), ["146.05 mm", "139.7 mm"]);
    assert_eq!(read("dim_length", "46mm (bezel)", None).resolved_attribute, "head_diameter");
    assert_eq!(read("beam_angle", "beam angle that adjusts 0 to 90 degrees", None).resolved_attribute, "tilt_angle");
    check(
        "battery_capacity",
        &[
            ("7 А•г", "7000 mAh"),
            ("7 A•г", "7000 mAh"),
            ("2,4 А•г", "2400 mAh"),
            ("2200mAh", "2200 mAh"),
            ("12Wh li-ion", "rejected"),
        ],
    );
    check("beam_angle", &[("5Ã‚Â°:40Ã‚Â°", "40 deg"), ("230°", "230 deg")]);
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
            ("Water Resistant", "rejected"),
            ("waterproof", "rejected"),
            ("-", "empty"),
        ],
    );
    let two = read("ip_rating", "IP66, –40 °C - +60 °C", None);
    assert_eq!((json(&two).as_str(), two.also.first().map(json).as_deref()), ("\"IP66\"", Some("-40..60 degC")));
    let deep = read("ip_rating", "IP68 - 2m submersible", None);
    assert_eq!((deep.also[0].resolved_attribute.as_str(), json(&deep.also[0])), ("submersion_depth", "2 m".to_owned()));
    check(
        "operating_temperature",
        &[
            ("- 20 °C ~ 60 °C", "-20..60 degC"),
            ("-10 ° C - + 50 ° C", "-10..50 degC"),
            ("-40 ? ~ 60 ?", "-40..60 degC"),
            ("Від -10 до +55 ° C", "-10..55 degC"),
            ("von −30 bis +60 °C", "-30..60 degC"),
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
    check("cri", &[("CRI70", "70"), ("Ra 90", "90"), ("12000", "rejected")]);
    check("gtin", &[("7318860205088", "\"07318860205088\""), ("5.70E+12", "rejected")]);
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
            ("USB-C Rechargeble", "\"usb_c\""),
            ("USB ładowanie", "\"usb\""),
            ("micro-usb charging", "\"micro_usb\""),
        ],
    );
    check(
        "housing_material",
        &[("aluminium alloy,led", "[\"aluminium\"]"), ("Aircraft-grade 6061-T6 aluminum w/type III finish", "[\"aluminium\"]")],
    );
    check("beam_type", &[("flood and throw", "[\"mixed\"]"), ("spot | flood", "[\"spot\",\"flood\"]")]);
    check("battery_chemistry", &[("Li-Pol", "\"li_po\""), ("Lithium-Ionen", "\"li_ion\"")]);
    check("product_kind", &[("Stirnlampe", "\"headlamp\""), ("pandelampe", "\"headlamp\"")]);
    check(
        "brand",
        &[
            ("LED Lenser", "\"Ledlenser\""),
            ("coast cutlery co", "\"Coast\""),
            ("RYHTHYHTJUYQSD", "\"RYHTHYHTJUYQSD\""),
            ("n/a", "empty"),
        ],
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
        ("Pin 3xAAA", "3xAAA"),
        ("3 × AAA (dabei) oder Core-Akku", "3xAAA 1xproprietary"),
        ("1x 18650, 2x CR123A, or 2x RCR123", "1x18650 2xCR123A 2x16340"),
        ("2 x CR123A ( Not compatible with RCR123 / 16340 cells )", "2xCR123A"),
        ("CORE-batteri + 3 × AAA/LR03", "1xproprietary 3xAAA"),
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
    assert_eq!(read("description", ".related-products { margin-top: 2em; }", None).status, Status::Doubtful);
    check("led_emitter", &[("Cree XP-G3 | Osram P8", "[\"Cree XP-G3\",\"Osram P8\"]")]);
}

#[test]
fn money_in_the_worlds_spellings() {
    let read = |raw: &str, locale: Option<&str>| {
        let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
        parse_amount(&DICTIONARY, raw, &hints).map(|(amount, currency)| format!("{amount} {}", currency.unwrap_or_default()))
    };
    for (raw, locale, expected) in [
        ("R2 019.00", None, "2019.00 ZAR"),
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
    assert!(matches!(read("10 / 12 EUR", None), Err(AmountError::Several(_))));
}
