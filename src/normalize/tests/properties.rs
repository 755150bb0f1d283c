//! What holds for any text.

use super::cells::{DICTIONARY, read};
use crate::normalize::{
    Hints, Status, Value, normalize, parse_amount,
    rich_text::{sanitize, to_plain},
    text::{fold, key},
};
use proptest::prelude::*;

/// Texts near enough to real cells to reach deep into the grammars.
fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,4}([.,][0-9]{1,3})?",
        prop::sample::select(vec![
            " ", "/", "-", "–", "±", "x", "(", ")", "+", "~", "to", "bis", "or", "oz", "g", "kg", "h", "min", "lm", "m", "ft",
            "\"", "°", "C", "IP", "AAA", "|", ",", "<b>", "&amp;", "not", "İ", "ß", "\u{301}", "1e9", "'"
        ])
        .prop_map(str::to_owned),
        ".{0,3}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_text_breaks_any_attribute(raw in cell(), locale in prop::option::of(prop::sample::select(vec!["en", "de", "az", "xx"]))) {
        for attribute in DICTIONARY.attributes() {
            let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
            let reading = normalize(&DICTIONARY, attribute, &raw, &hints);
            prop_assert_eq!(reading.value.is_some(), matches!(reading.status, Status::Ok | Status::Doubtful));
            prop_assert!(reading.status == Status::Ok || reading.status == Status::Empty || !reading.findings.is_empty());
            prop_assert!(reading.span.is_none_or(|(start, end)| raw.get(start..end).is_some()), "span {:?}", reading.span);
            if let (Some(Value::Measure(measure)), Some(target)) = (&reading.value, DICTIONARY.attribute(&reading.resolved_attribute)) {
                prop_assert!(target.hard.is_none_or(|hard| hard.contains(measure.amount)));
            }
        }
        let _ = parse_amount(&DICTIONARY, &raw, &Hints::default());
    }

    #[test]
    fn a_written_measure_reads_back(tenths in 50_u32..50_000) {
        let amount = rust_decimal::Decimal::new(tenths.into(), 1).normalize();
        let reading = read("light_output_max", &format!("{amount} lm"), None);
        prop_assert_eq!(reading.value, Some(Value::measure(amount, "lm")));
    }

    #[test]
    fn sanitized_text_stays_as_it_is(raw in cell()) {
        let once = sanitize(&raw);
        prop_assert!(!once.contains("<script"));
        prop_assert_eq!(to_plain(&sanitize(&once)), to_plain(&once));
    }

    #[test]
    fn keys_are_stable(raw in ".{0,40}") {
        prop_assert_eq!(key(&key(&raw)), key(&raw));
        let _ = (fold(&raw, Some("tr")), fold(&raw, None));
    }
}

#[test]
fn turkic_letters_fold_by_their_own_rule() {
    assert_eq!(fold("ISTANBUL", Some("tr")), "ıstanbul");
    assert_eq!(fold("İSTANBUL", Some("az")), "istanbul");
    assert_eq!(fold("Aßµﬃ", None), "assμffi");
    assert_eq!(key("ÇIKIŞ"), key("çıkış"));
    assert_eq!(key("İŞIQ"), key("işıq"));
}

#[test]
fn long_texts_take_no_time() {
    let started = std::time::Instant::now();
    for raw in [
        "1 ".repeat(400_000),
        "<".repeat(400_000),
        "<a ".repeat(130_000),
        "aaa x".repeat(100_000),
        "(".repeat(900_000),
        "&".repeat(400_000),
    ] {
        for attribute in DICTIONARY.attributes() {
            let _ = normalize(&DICTIONARY, attribute, &raw, &Hints::default());
        }
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// What serde's own reading of the untagged enum took each shape for.
#[test]
fn a_value_is_told_by_its_shape() {
    use crate::catalog::GoldenValue;
    use crate::normalize::{BatteryOption, Mode, Value};
    let read = |json: &str| serde_json::from_str::<Value>(json);
    let decimal = |text: &str| text.parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!(read(r#"{"none":true}"#).unwrap(), Value::none());
    assert_eq!(read("true").unwrap(), Value::Boolean(true));
    assert_eq!(read("-3").unwrap(), Value::Integer(-3));
    assert_eq!(read(r#"{"unit":"g","amount":"86"}"#).unwrap(), Value::measure(decimal("86"), "g"));
    assert!(matches!(read(r#"{"min":"-20","max":"60","unit":"degC"}"#).unwrap(), Value::Range(_)));
    assert_eq!(read("[]").unwrap(), Value::Batteries(vec![]));
    let cells = vec![BatteryOption { quantity: 3, cell: "AAA".to_owned() }];
    assert_eq!(read(r#"[{"cell":"AAA","quantity":3}]"#).unwrap(), Value::Batteries(cells));
    let modes = vec![Mode { name: "high".to_owned(), runtime: Some(decimal("2")), ..Mode::default() }, Mode::default()];
    assert_eq!(read(r#"[{"name":"high","runtime":"2"},{}]"#).unwrap(), Value::Modes(modes));
    assert_eq!(read(r#"["red","green"]"#).unwrap(), Value::List(vec!["red".to_owned(), "green".to_owned()]));
    for wrong in
        [r#"{"amount":"86"}"#, r#"{"amount":"86","unit":"g","more":1}"#, "1.5", "null", r#"["a",{}]"#, r#"[{"cell":"AAA"}]"#]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let golden = |json: &str| serde_json::from_str::<GoldenValue>(json);
    assert_eq!(golden(r#"{"amount":"86","unit":"g"}"#).unwrap(), GoldenValue::One(Value::measure(decimal("86"), "g")));
    let texts = [("en".to_owned(), Value::text("Lamp")), ("none".to_owned(), Value::text("?"))];
    assert_eq!(golden(r#"{"en":"Lamp"}"#).unwrap(), GoldenValue::PerLocale(texts[..1].iter().cloned().collect()));
    assert_eq!(golden("[\"red\"]").unwrap(), GoldenValue::One(Value::List(vec!["red".to_owned()])));
    assert_eq!(golden("7").unwrap(), GoldenValue::One(Value::Integer(7)));
}

proptest! {
    #[test]
    fn the_quick_key_of_ascii_is_the_key(text in "[ -~\\t\\n]{0,60}") {
        // A letter outside ASCII takes the long way; it stands last and by itself.
        let long = key(&format!("{text} ä"));
        let quick = key(&text);
        prop_assert_eq!(long, format!("{quick} a").trim_start().to_owned());
    }

    #[test]
    fn a_phrase_stands_where_its_words_do(words in prop::collection::vec("[a-c+é]{1,3}", 1..6), phrase in "[a-c+é]{1,3}( [a-c]{1,2})?") {
        let text = words.join(" ");
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let stands = (0..text.len()).filter(|at| text.is_char_boundary(*at) && text[*at..].starts_with(&phrase)).any(|at| {
            edge(text[..at].chars().next_back()) && edge(text[at + phrase.len()..].chars().next())
        });
        prop_assert_eq!(crate::dictionary::holds_phrase(&text, &phrase), stands);
        // Looking up every run of words finds the same.
        prop_assert_eq!(crate::dictionary::runs(&text).any(|run| run == phrase), stands);
    }

    #[test]
    fn what_is_remembered_is_what_is_read(cells in prop::collection::vec("(IP6[5-8]|[1-9]0 lm|[1-3]h|rot|n/a|1,[1-9]00|.{0,70})", 1..30)) {
        let memo = crate::normalize::Memo::default();
        let of = |locale: &str| Hints { locale: Some(locale.to_owned()), ..Hints::default() };
        for raw in cells.iter().chain(&cells) {
            for attribute in ["ip_rating", "light_output_max", "runtime_max", "light_colors", "title"] {
                let attribute = DICTIONARY.attribute(attribute).unwrap();
                for hints in [of("en"), of("de")] {
                    let remembered = memo.normalize(&DICTIONARY, attribute, raw, &hints);
                    prop_assert_eq!(remembered, normalize(&DICTIONARY, attribute, raw, &hints));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn quantities_of_any_text_stand_where_they_say(raw in cell(), locale in prop::sample::select(vec!["en", "de", "tr", "zh", "xx"])) {
        let hints = Hints { locale: Some(locale.to_owned()), ..Hints::default() };
        let mut behind = 0;
        for found in crate::normalize::quantities(&DICTIONARY, &raw, &hints) {
            let (start, end) = found.span;
            prop_assert!(start >= behind && start < end && raw.get(start..end).is_some(), "{:?} in {raw:?}", found.span);
            behind = end;
        }
    }

    #[test]
    fn every_unit_printed_beside_a_number_is_read_again(hundredths in 1_u32..100_000, place in 0_usize..400) {
        let units: Vec<_> = DICTIONARY.units().collect();
        let unit = units[place % units.len()];
        let amount = rust_decimal::Decimal::new(hundredths.into(), 2).normalize();
        let text = format!("{amount} {}", unit.symbol);
        let found = crate::normalize::quantities(&DICTIONARY, &text, &Hints::default());
        // A few symbols are shared by two families or are words of English; the family's own attribute tells them apart.
        let shared = ["°", "min", "in", "pm", "a", "t", "'", "cal"].contains(&unit.symbol.as_str()) || unit.family == "time";
        if !shared {
            prop_assert_eq!(found.len(), 1, "{}", &text);
            prop_assert_eq!((found[0].amount.normalize(), found[0].unit.code.as_str()), (amount, unit.code.as_str()));
        }
    }

    #[test]
    fn conversions_agree_both_ways(thousandths in 1_u32..100_000_000, first in 0_usize..400, second in 0_usize..400) {
        let units: Vec<_> = DICTIONARY.units().collect();
        let from = units[first % units.len()];
        let family: Vec<_> = units.iter().filter(|unit| unit.family == from.family).collect();
        let to = family[second % family.len()];
        let amount = rust_decimal::Decimal::new(thousandths.into(), 3);
        if let Some(there) = from.convert(amount, to) {
            // Far too small an amount loses its digits on the way, as 28 digits do.
            if there.abs() > rust_decimal::Decimal::new(1, 12) {
                let back = to.convert(there, from).unwrap();
                let apart = (back - amount).abs();
                prop_assert!(apart <= amount * rust_decimal::Decimal::new(1, 9), "{amount} {} -> {there} {} -> {back}", from.code, to.code);
            }
        }
    }

    #[test]
    fn a_value_that_was_read_reads_the_same_when_it_is_written(raw in cell()) {
        for attribute in DICTIONARY.attributes().filter(|attribute| attribute.kind == crate::dictionary::AttributeType::Measure) {
            let reading = normalize(&DICTIONARY, attribute, &raw, &Hints::default());
            let (Some(Value::Measure(measure)), true) = (&reading.value, reading.status == Status::Ok) else { continue };
            let unit = DICTIONARY.unit(&measure.unit).unwrap();
            let target = DICTIONARY.attribute(&reading.resolved_attribute).unwrap();
            let again = normalize(&DICTIONARY, target, &format!("{} {}", measure.amount, unit.symbol), &Hints { decimal: crate::normalize::DecimalStyle::Point, ..Hints::default() });
            prop_assert_eq!(&again.value, &reading.value, "{:?}", raw);
        }
    }

    #[test]
    fn a_wrong_digit_or_a_swap_that_the_check_digit_can_catch_is_caught(body in 1_000_000_000_u64..9_999_999_999, place in 0_usize..13, add in 1_u8..10) {
        use crate::normalize::gtin::canonicalise;
        // A prefix that is in use: 40 is Germany.
        let digits: Vec<u8> = format!("40{body}").bytes().map(|digit| digit - b'0').collect();
        let check = |digits: &[u8]| {
            let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| u32::from(*digit) * if at % 2 == 0 { 3 } else { 1 }).sum();
            u8::try_from((10 - sum % 10) % 10).unwrap()
        };
        let mut sound = digits.clone();
        sound.push(check(&digits));
        let text = |digits: &[u8]| digits.iter().map(|digit| char::from(digit + b'0')).collect::<String>();
        prop_assert_eq!(canonicalise(&text(&sound)).gtin14.is_some(), true, "{}", text(&sound));
        let mut wrong = sound.clone();
        wrong[place] = (wrong[place] + add) % 10;
        // A first digit of 0 makes a shorter identifier of it, which has its own check digit in the same place.
        prop_assert_eq!(canonicalise(&text(&wrong)).gtin14, None, "one digit of {}", text(&wrong));
        if place < 12 && !sound[place].abs_diff(sound[place + 1]).is_multiple_of(5) {
            let mut swapped = sound.clone();
            swapped.swap(place, place + 1);
            prop_assert_eq!(canonicalise(&text(&swapped)).gtin14, None, "a swap in {}", text(&swapped));
        }
    }
}
