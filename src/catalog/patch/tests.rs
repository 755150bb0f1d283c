use super::{Patch, parse};
use crate::dictionary::{AttributeType, Dictionary};
use crate::error::Result;
use crate::normalize::Value;
use serde_json::{Value as JsonValue, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::load(None).unwrap());

fn read(body: &JsonValue) -> Result<Patch> {
    parse(&DICTIONARY, body.as_object().unwrap())
}

/// The only value that a patch of one attribute states.
#[track_caller]
fn value(attribute: &str, sent: &JsonValue) -> Value {
    let patch = read(&json!({"values": {attribute: sent}})).unwrap_or_else(|error| panic!("{attribute} {sent}: {error}"));
    assert_eq!(patch.statements.len(), 1);
    patch.statements[0].value.clone().unwrap()
}

/// Pointer and code of the only mistake.
#[track_caller]
fn fault(body: &JsonValue) -> (String, String) {
    let error = read(body).expect_err(&body.to_string());
    assert_eq!(error.fields.len(), 1, "{error}");
    (error.fields[0].pointer.clone(), error.fields[0].code.clone())
}

#[track_caller]
fn faulty(attribute: &str, sent: &JsonValue, pointer: &str, code: &str) {
    let expected = (format!("/values/{attribute}{pointer}"), code.to_owned());
    assert_eq!(fault(&json!({"values": {attribute: sent}})), expected, "{sent}");
}

/// One value of each type, as a product shows it.
fn shown(kind: AttributeType) -> Option<(&'static str, JsonValue)> {
    Some(match kind {
        AttributeType::Text => ("model_name", json!("Spot 400")),
        AttributeType::RichText => ("description", json!({"en": "<p>Bright &amp; light</p>", "de": "Hell"})),
        AttributeType::Select => ("product_kind", json!("cap_light")),
        AttributeType::MultiSelect => ("flash_modes", json!(["flashing", "sos"])),
        AttributeType::TextList => ("highlights", json!({"en": ["Light", "Bright"]})),
        AttributeType::Boolean => ("rechargeable", json!(true)),
        AttributeType::Integer => ("pack_quantity", json!(2)),
        AttributeType::Measure => ("beam_distance_max", json!({"amount": "130", "unit": "m"})),
        AttributeType::Range => ("operating_temperature", json!({"min": "-20", "max": "60", "unit": "degC"})),
        AttributeType::Code => ("ip_rating", json!("IP67")),
        AttributeType::Batteries => {
            ("battery_options", json!([{"quantity": 3, "cell": "AAA"}, {"quantity": 1, "cell": "built_in"}]))
        }
        AttributeType::Modes => (
            "modes",
            json!([{"name": "low", "light_output": "0.3", "runtime": "200"}, {"name": "", "beam_distance": "90", "color": "white"}]),
        ),
        // These are fields of the product itself.
        AttributeType::Gtin | AttributeType::Reference => return None,
    })
}

#[test]
fn what_a_product_shows_can_be_sent_back() {
    let kinds: Vec<AttributeType> = {
        let mut seen = BTreeSet::new();
        DICTIONARY.attributes().map(|attribute| attribute.kind).filter(|kind| seen.insert(format!("{kind:?}"))).collect()
    };
    assert!(kinds.len() >= 13, "every type is in the dictionary: {kinds:?}");
    for (attribute, sent) in kinds.into_iter().filter_map(shown) {
        if DICTIONARY.attribute(attribute).unwrap().localized {
            let patch = read(&json!({"values": {attribute: sent}})).unwrap_or_else(|error| panic!("{attribute}: {error}"));
            for statement in patch.statements {
                let locale = statement.locale.unwrap();
                assert_eq!(json!(statement.value), sent[locale.as_str()], "{attribute} {locale}");
            }
        } else {
            assert_eq!(json!(value(attribute, &sent)), sent, "{attribute}");
        }
    }
}

#[test]
fn every_unit_of_the_dictionary_is_known_by_its_code_and_by_its_family() {
    for attribute in DICTIONARY.attributes().filter(|attribute| attribute.kind == AttributeType::Measure) {
        let (unit, low) = (attribute.unit.clone().unwrap(), attribute.hard.and_then(|hard| hard.min).unwrap_or_default());
        let sent = json!({"amount": low, "unit": unit});
        assert_eq!(json!(value(&attribute.code, &sent)), json!(Value::measure(low, unit)), "{}", attribute.code);
    }
    let metres = Value::measure("45.72".parse().unwrap(), "m");
    assert_eq!(value("beam_distance_max", &json!({"amount": "150", "unit": "ft"})), metres);
    assert_eq!(value("runtime_max", &json!({"amount": "90", "unit": "m"})), Value::measure("1.5".parse().unwrap(), "h"));
    faulty("beam_distance_max", &json!({"amount": "1", "unit": "kg"}), "/unit", "unknown_unit");
    faulty("weight_with_battery", &json!({"amount": "1", "unit": ""}), "/unit", "unknown_unit");
}

#[test]
fn what_is_not_possible_is_refused_where_it_stands() {
    faulty("release_year", &json!(-99_999), "", "out_of_range");
    faulty("pack_quantity", &json!(0), "", "out_of_range");
    faulty("pack_quantity", &json!("0"), "", "unreadable");
    faulty("weight_with_battery", &json!({"amount": "-5", "unit": "g"}), "", "out_of_range");
    faulty("runtime_max", &json!({"amount": "79228162514264337593543950335", "unit": "year"}), "", "out_of_range");
    faulty("operating_temperature", &json!({"min": "-300", "max": "20", "unit": "degC"}), "/min", "out_of_range");
    faulty("operating_temperature", &json!({"min": "20", "max": "10", "unit": "degC"}), "", "invalid_range");
    faulty("modes", &json!([{"name": "low"}, {"light_output": "-1"}]), "/1/light_output", "out_of_range");
    faulty("modes", &json!([{"runtime": "1000000000"}]), "/0/runtime", "out_of_range");
    faulty("modes", &json!([{"beam_distance": "99999"}]), "/0/beam_distance", "out_of_range");
    faulty("modes", &json!([{"color": "octarine"}]), "/0/color", "unknown_option");
    faulty("modes", &json!([{"name": "x".repeat(61)}]), "/0/name", "too_long");
    faulty("modes", &json!(vec![json!({"name": "low"}); 61]), "", "too_many");
    faulty("battery_options", &json!([{"quantity": 0, "cell": "AAA"}]), "/0/quantity", "out_of_range");
    faulty("battery_options", &json!([{"quantity": 25, "cell": "AAA"}]), "/0/quantity", "out_of_range");
    faulty("battery_options", &json!([{"quantity": 1, "cell": "potato"}]), "/0/cell", "unknown_option");
    faulty("battery_options", &json!(vec![json!({"quantity": 1, "cell": "AAA"}); 21]), "", "too_many");
    faulty("flash_modes", &json!(["sos", "disco"]), "/1", "unknown_option");
    faulty("led_emitter", &json!(["Cree", "x".repeat(121)]), "/1", "too_long");
    faulty("led_emitter", &json!([" "]), "/0", "no_text");
    faulty("led_emitter", &json!(vec!["x"; 101]), "", "too_many");
    faulty("highlights", &json!({"en": ["ok", "x".repeat(501)]}), "/en/1", "too_long");
    faulty("title", &json!({"en": "x".repeat(251)}), "/en", "unreadable");
    faulty("title", &json!({"en": 5}), "/en", "wrong_type");
    faulty("title", &json!({"not a tag": "x"}), "/not a tag", "invalid_locale");
    faulty(
        "title",
        &json!({"en-aaaaa-bbbbb-ccccc-ddddd-eeeee-fffff-ggggg": "x"}),
        "/en-aaaaa-bbbbb-ccccc-ddddd-eeeee-fffff-ggggg",
        "invalid_locale",
    );
    assert_eq!(
        value("led_emitter", &json!(["Cree", " Cree ", "<b>Osram</b>"])),
        Value::List(vec!["Cree".into(), "Osram".into()])
    );
}

#[test]
fn fields_of_the_product_itself_have_lengths_too() {
    assert_eq!(fault(&json!({"brand": "x".repeat(71)})), ("/brand".into(), "wrong_type".into()));
    assert_eq!(fault(&json!({"tags": ["x".repeat(101)]})), ("/tags".into(), "too_long".into()));
    assert_eq!(fault(&json!({"tags": vec!["x"; 101]})), ("/tags".into(), "too_many".into()));
    assert_eq!(fault(&json!({"title": {"en": "x"}})), ("/title".into(), "unknown_field".into()));
    assert_eq!(fault(&json!({"a/b": 1})), ("/a~1b".into(), "unknown_field".into()));
}

#[test]
fn none_of_a_localized_attribute_is_said_of_every_locale() {
    let patch = read(&json!({"values": {"title": {"none": true}}})).unwrap();
    assert_eq!((patch.statements[0].locale.as_deref(), patch.statements[0].value.clone()), (None, Some(Value::none())));
    let patch = read(&json!({"values": {"title": {"de": {"none": true}}}})).unwrap();
    assert_eq!((patch.statements[0].locale.as_deref(), patch.statements[0].value.clone()), (Some("de"), Some(Value::none())));
}

#[test]
fn what_nobody_sets_is_kept_aside() {
    let patch = read(&json!({"version": 3, "price": null, "available": 5, "tags": []})).unwrap();
    assert_eq!(json!(patch.told), json!({"version": 3, "price": null, "available": 5}));
    assert_eq!(patch.statements.len(), 1);
}

proptest::proptest! {
    #[test]
    fn no_value_breaks_the_reader(attribute in "[a-z_]{1,20}|modes|battery_options|title|runtime_max|highlights", text in "\\PC{0,80}", number: i64) {
        for sent in [json!(text), json!(number), json!([text]), json!({"en": text}), json!({"amount": number, "unit": text}),
            json!([{"quantity": 1, "cell": text}]), json!([{"light_output": number}])] {
            let _ = read(&json!({"values": {attribute.as_str(): sent}}));
        }
    }
}
