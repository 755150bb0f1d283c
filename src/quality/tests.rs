//! The judge must tell right from wrong before its figures mean anything.

use super::{Case, Measure, expected, judge};
use crate::{
    dictionary::Dictionary,
    normalize::{Hints, normalize},
};

fn dictionary() -> Dictionary {
    Dictionary::embedded().unwrap()
}

fn says(attribute: &str, raw: &str, note: &str) -> bool {
    let dictionary = dictionary();
    let attribute = dictionary.attribute(attribute).unwrap();
    let reading = normalize(&dictionary, attribute, raw, &Hints::default());
    expected::agrees(&dictionary, &expected::parse(&dictionary, attribute.unit.as_deref(), note), &reading)
}

#[test]
fn a_note_is_compared_by_amount_and_unit() {
    assert!(says("weight_with_battery", "3 oz", "85 g"));
    assert!(!says("weight_with_battery", "3 oz", "86.5 g"));
    assert!(says("light_output_max", "400 / 90 lm", "[400,90] lm"));
    assert!(!says("light_output_max", "400 / 90 lm", "[400,91] lm"));
    assert!(!says("light_output_max", "400 / 90 / 7 lm", "[400,90] lm"));
    assert!(says("light_output_max", "n/a", "null"));
    assert!(!says("light_output_max", "40 lm", "null"));
    assert!(says("operating_temperature", "-20 to 60 °C", "-20..60 C"));
    assert!(!says("operating_temperature", "-20 to 60 °C", "20..60 C"));
}

#[test]
fn a_note_is_compared_by_word() {
    assert!(says("body_color", "black/red", "[black, red]"));
    assert!(!says("body_color", "black", "[black, red]"));
    assert!(says("battery_options", "3x AAA", "3 x AAA"));
    assert!(!says("battery_options", "2x AAA", "3 x AAA"));
}

#[test]
fn figures_count_what_was_called_ok_by_itself() {
    let case = |right, called_ok| Case {
        raw: String::new(),
        read_as: String::new(),
        expected: String::new(),
        got: String::new(),
        right,
        called_ok,
    };
    let measure = Measure {
        name: "x",
        cases: vec![case(true, true), case(false, true), case(true, false), case(true, true)],
        ..Measure::default()
    };
    let figures = measure.figures();
    assert_eq!((figures.cases, figures.right, figures.called_ok, figures.called_ok_right), (4, 3, 3, 2));
    assert!((figures.share - 0.75).abs() < 1e-9 && (figures.called_ok_share - 0.6667).abs() < 1e-9);
}

#[test]
fn sets_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (measures, missing) = judge(&dictionary(), folder.path()).unwrap();
    assert!(measures.is_empty());
    assert!(missing.contains(&"headlamp-dirt/dirty_values.csv"));
}

#[test]
fn a_set_of_ours_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("headlamp-dirt");
    std::fs::create_dir(&inside).unwrap();
    let rows = "attribute,raw_value,expected_by_researcher,dirt_class,source\nlight_output_max,320 lm,320 lm,,\nlight_output_max,320 lm,321 lm and more,,\ntitle,Lamp,Lamp,,\n";
    std::fs::write(inside.join("dirty_values.csv"), rows).unwrap();
    let (measures, _) = judge(&dictionary(), folder.path()).unwrap();
    let figures = measures[0].figures();
    assert_eq!((figures.measure, figures.cases, figures.right, figures.not_judged), ("dirty_values", 2, 2, 1));
}
