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
