//! GTIN and part-number keys against outside vectors and by property.

use crate::dictionary::Dictionary;
use crate::identity::*;
use proptest::prelude::*;

#[test]
fn written_forms_meet_in_one_key() {
    for (raw, key, kind) in [
        ("5901234123457", "05901234123457", GtinKind::Ean13),
        (" 590-1234 123457\u{a0}", "05901234123457", GtinKind::Ean13),
        ("=\"5901234123457\"", "05901234123457", GtinKind::Ean13),
        ("EAN: 5901234123457", "05901234123457", GtinKind::Ean13),
        ("０５９０１２３４１２３４５７", "05901234123457", GtinKind::Ean13),
        ("042100005264", "00042100005264", GtinKind::UpcA),
        ("0042100005264", "00042100005264", GtinKind::UpcA),
        ("04252614", "00042100005264", GtinKind::UpcE),
        ("96385074", "00000096385074", GtinKind::Gtin8),
        ("000096385074", "00000096385074", GtinKind::Gtin8),
        ("15901234123454", "15901234123454", GtinKind::Gtin14),
        ("4006381333931", "04006381333931", GtinKind::Ean13),
    ] {
        let read = canonicalise(raw);
        assert_eq!((read.status, read.gtin14.as_deref(), read.kind), (GtinStatus::Ok, Some(key), Some(kind)), "{raw}");
    }
}

#[test]
fn what_is_no_gtin_says_why_and_never_repairs_silently() {
    for (raw, issue, proposal) in [
        ("", "empty", None),
        ("5.70E+12", "scientific_notation", None),
        ("5,05E+12", "scientific_notation", None),
        ("5.901234123457E+12", "scientific_notation", Some("05901234123457")),
        ("5901234123457.0", "decimal_number", Some("05901234123457")),
        ("0000000000000", "all_zeros", None),
        ("1234567890123", "placeholder", None),
        ("123456789012", "placeholder", None),
        ("9999999999994", "coupon", None),
        ("B0ABCDEF12", "asin", None),
        ("HL-404", "not_a_number", None),
        ("614141000037", "check_digit", None),
        ("4006381333930", "check_digit", None),
        ("0618202000000", "zero_tail", None),
        ("14141000036", "length", None),
        ("36000291452", "lost_zeros", Some("00036000291452")),
        ("5901234123457; 4006381333931", "several", None),
        ("590123412345", "check_digit", None),
        ("04252613", "check_digit", None),
    ] {
        let read = canonicalise(raw);
        assert_eq!(read.issue, Some(issue), "{raw}");
        assert_eq!(read.proposal.as_deref(), proposal, "{raw}");
        assert_eq!(read.usable(), None, "{raw}");
        assert!(read.message().is_some());
    }
}

#[test]
fn well_formed_numbers_of_others_are_doubtful() {
    for (raw, issue) in [
        ("978-0-471-11709-4", "isbn"),
        ("9771234567898", "issn"),
        ("2012345678900", "restricted"),
        ("0212345678909", "restricted"),
        ("0512345678906", "coupon"),
        ("9812345678901", "coupon"),
    ] {
        let body = raw.replace('-', "");
        let fixed = format!("{}{}", &body[..12], gtin::check_digit(&body[..12]).unwrap());
        let read = canonicalise(&fixed);
        assert_eq!((read.status, read.issue), (GtinStatus::Doubtful, Some(issue)), "{fixed}");
    }
    // A zero tail whose check digit happens to fit is still not trusted.
    let tail =
        (100..999).map(|head| format!("{head}0000000000")).find(|digits| gtin::check_digit(&digits[..12]) == Some(0)).unwrap();
    assert_eq!(canonicalise(&tail).issue, Some("zero_tail"));
    assert_eq!(canonicalise(&tail).status, GtinStatus::Doubtful);
}

#[test]
fn outside_vectors_agree() {
    let shared =
        std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let Ok(mut reader) = csv::Reader::from_path(format!("{shared}/data/gtin-vectors/gtin_vectors.csv")) else {
        println!("skipped: no gtin-vectors beside the project");
        return;
    };
    for row in reader.records().map(Result::unwrap) {
        let (source, input, expected) = (&row[0], &row[1], &row[2]);
        if expected == "check_digit" {
            assert_eq!(gtin::check_digit(input).map(|digit| digit.to_string()), Some(row[3].to_owned()), "{source} {input}");
        } else {
            let read = canonicalise(input);
            assert_eq!(read.status != GtinStatus::Rejected, expected == "valid", "{source} {input}: {read:?}");
        }
    }
}

#[test]
fn part_numbers_and_brands_fold() {
    assert_eq!(mpn_key("HX-210/B").as_deref(), Some("HX210B"));
    assert_eq!(mpn_key("е065аа00").as_deref(), Some("E065AA00"));
    for none in ["", "-", "n/a", "H7", "0000", "keine Angabe", "---"] {
        assert_eq!(mpn_key(none), None, "{none}");
    }
    let dictionary = Dictionary::embedded().unwrap();
    assert_eq!(brand_key(&dictionary, "LED Lenser"), brand_key(&dictionary, "Zweibrüder"));
    assert_ne!(brand_key(&dictionary, "Petzl"), brand_key(&dictionary, "Silva"));
    assert_eq!(brand_key(&dictionary, "?!"), None);
}

proptest! {
    #[test]
    fn any_text_is_answered(raw in ".{0,120}") {
        let read = canonicalise(&raw);
        prop_assert_eq!(read.gtin14.is_some(), read.status != GtinStatus::Rejected);
        prop_assert!(read.gtin14.is_none_or(|key| key.len() == 14));
        let _ = mpn_key(&raw);
    }

    #[test]
    fn every_single_digit_error_is_caught(payload in "[0-9]{12}", place in 0_usize..13, shift in 1_u32..10) {
        let digits = format!("{payload}{}", gtin::check_digit(&payload).unwrap());
        let wrong: String = digits.chars().enumerate().map(|(at, c)| {
            if at == place { char::from_digit((c.to_digit(10).unwrap() + shift) % 10, 10).unwrap() } else { c }
        }).collect();
        prop_assert_eq!(canonicalise(&wrong).status, GtinStatus::Rejected);
    }

    #[test]
    fn a_key_reads_as_itself(payload in "[0-9]{12}") {
        let read = canonicalise(&format!("{payload}{}", gtin::check_digit(&payload).unwrap()));
        if let Some(key) = read.gtin14.clone() {
            let again = canonicalise(&key);
            prop_assert_eq!((again.gtin14, again.status, again.kind), (Some(key), read.status, read.kind));
        }
    }
}

#[test]
fn the_prefix_says_who_gave_a_number_out() {
    for (raw, country) in [
        ("5901234123457", Some("PL")),
        ("042100005264", Some("US")),
        ("4006381333931", Some("DE")),
        ("3342540846388", Some("FR")),
        ("14006381333938", Some("DE")),
        ("96385074", None),
        ("9520000000004", None),
        ("HL-404", None),
    ] {
        assert_eq!(canonicalise(raw).issuing_country, country, "{raw}");
    }
}

#[test]
fn a_case_names_the_item_in_it() {
    assert_eq!(gtin::item_of_case("14006381333938").as_deref(), Some("04006381333931"));
    for none in ["04006381333931", "94006381333934", "4006381333931", ""] {
        assert_eq!(gtin::item_of_case(none), None, "{none}");
    }
}
