//! What fits together, and what does not.

use super::contradictions;
use crate::dictionary::Dictionary;
use crate::normalize::value::{BatteryOption, Mode, Value};
use rust_decimal::Decimal;

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: std::sync::LazyLock<Dictionary> = std::sync::LazyLock::new(|| Dictionary::embedded().unwrap());
    &DICTIONARY
}

fn amount(amount: i64) -> Value {
    Value::measure(Decimal::from(amount), "any")
}

fn cells(quantity: u32, cell: &str) -> Value {
    Value::Batteries(vec![BatteryOption { quantity, cell: cell.to_owned() }])
}

fn codes(values: &[(&str, Value)]) -> Vec<String> {
    contradictions(dictionary().checks(), values.iter().map(|(code, value)| (*code, value)))
        .into_iter()
        .map(|check| check.finding.code)
        .collect()
}

#[test]
fn the_embedded_limits_are_there() {
    assert!(dictionary().checks().limits.lumen_hours_per_wh > 0.0 && dictionary().checks().cell.len() > 10);
}

#[test]
fn an_honest_lamp_has_no_finding() {
    // A lamp as FL 1 tables describe it.
    let modes = vec![
        Mode {
            name: "turbo".into(),
            light_output: Some(1400.into()),
            runtime: Some(2.into()),
            beam_distance: Some(163.into()),
            color: None,
        },
        Mode { name: "eco".into(), light_output: Some(5.into()), runtime: Some(300.into()), ..Mode::default() },
    ];
    let honest = [
        ("light_output_max", amount(1400)),
        ("runtime_max", amount(300)),
        ("runtime_at_max", amount(2)),
        ("beam_distance_max", amount(163)),
        ("peak_beam_intensity", amount(6640)),
        ("modes", Value::Modes(modes)),
        ("battery_options", cells(1, "18650")),
        ("battery_capacity", amount(3500)),
        ("battery_energy", Value::measure("12.6".parse::<Decimal>().unwrap(), "Wh")),
        ("weight_with_battery", amount(141)),
        ("weight_without_battery", amount(95)),
        ("weight_packaged", amount(240)),
    ];
    assert_eq!(codes(&honest), Vec::<String>::new());
}

#[test]
fn what_cannot_be_together_is_told() {
    let told = |values: &[(&str, Value)], code: &str| assert_eq!(codes(values), [code], "{values:?}");
    told(&[("beam_distance_max", amount(500)), ("peak_beam_intensity", amount(6640))], "beam_contradicts_intensity");
    told(
        &[
            ("light_output_max", amount(400)),
            ("modes", Value::Modes(vec![Mode { light_output: Some(600.into()), ..Mode::default() }])),
        ],
        "maximum_below_modes",
    );
    told(&[("battery_energy", amount(126)), ("battery_capacity", amount(3500))], "energy_contradicts_capacity");
    told(
        &[("light_output_max", amount(1400)), ("runtime_at_max", amount(30)), ("battery_energy", amount(12))],
        "runtime_beyond_battery",
    );
    told(&[("weight_with_battery", amount(60)), ("weight_without_battery", amount(95))], "weights_out_of_order");
    told(&[("weight_packaged", amount(60)), ("weight_without_battery", amount(95))], "weights_out_of_order");
    told(&[("weight_with_battery", amount(20)), ("battery_options", cells(3, "AAA"))], "weight_below_cells");
    told(&[("light_output_max", amount(50_000)), ("battery_options", cells(1, "18650"))], "output_beyond_cells");
    // Red light and flashing are no part of a maximum.
    let red = Mode { name: "low".into(), runtime: Some(300.into()), color: Some("red".into()), ..Mode::default() };
    let sos = Mode { name: "sos".into(), runtime: Some(300.into()), ..Mode::default() };
    assert_eq!(codes(&[("runtime_max", amount(50)), ("modes", Value::Modes(vec![red, sos]))]), Vec::<String>::new());
    // A battery of its own may be anything.
    assert_eq!(codes(&[("light_output_max", amount(50_000)), ("battery_options", cells(1, "built_in"))]), Vec::<String>::new());
}

#[test]
fn a_slip_of_units_is_named() {
    let values = [("beam_distance_max", amount(535)), ("peak_beam_intensity", amount(6640))];
    let found = contradictions(dictionary().checks(), values.iter().map(|(code, value)| (*code, value)));
    assert!(found[0].finding.message.contains("feet taken for metres"), "{}", found[0].finding.message);
    let values = [("weight_with_battery", amount(5)), ("weight_without_battery", amount(142))];
    let found = contradictions(dictionary().checks(), values.iter().map(|(code, value)| (*code, value)));
    assert!(found[0].finding.message.contains("ounces taken for grams"), "{}", found[0].finding.message);
}
