//! JSON documents by shape: what stands where, and what is left out with what it belongs to.

use crate::channels::profile::Field;
use crate::channels::readiness::Row;
use crate::channels::render::Cell;
use crate::channels::shape::Shape;
use proptest::prelude::*;
use serde_json::{Value, json};

const FIELDS: [&str; 6] = ["sku", "price", "images", "facts", "color", "flag"];

fn row(cells: &[&[&str]]) -> Row {
    let text = |cells: &&[&str]| cells.iter().map(|cell| Cell::Text((*cell).to_owned())).collect();
    Row { product_id: 1, sku: "BL-1".to_owned(), group: None, handle: "h".to_owned(), cells: cells.iter().map(text).collect() }
}

fn written(shape: &str, members: &[&Row]) -> Option<Value> {
    let shape = Shape::parse(shape, &FIELDS).unwrap();
    let mut out = Vec::new();
    let said = shape.write(members, 7, &mut out);
    assert_eq!(said, !out.is_empty());
    said.then(|| serde_json::from_slice(&out).unwrap())
}

#[test]
fn values_stand_where_the_profile_shows_them_and_as_it_shows_them() {
    let lamp =
        row(&[&["BL-1"], &["59.90"], &["https://i.example/a.jpg", "https://i.example/b\"c.jpg"], &[], &["red"], &["true"]]);
    let shape = r#"{"id": "$sku", "n": "$position", "price": {"value": "$price:number", "text": "$price", "currency": "EUR"},
        "images": "$images:list", "media": {"$each": "images", "$item": {"type": "image", "url": "$it"}}, "on": "$flag:boolean",
        "$color": 1, "constant": {"deep": [1, null, "x"]}}"#;
    assert_eq!(
        written(shape, &[&lamp]).unwrap(),
        json!({"id": "BL-1", "n": 7, "price": {"value": 59.9, "text": "59.90", "currency": "EUR"},
            "images": ["https://i.example/a.jpg", "https://i.example/b\"c.jpg"],
            "media": [{"type": "image", "url": "https://i.example/a.jpg"}, {"type": "image", "url": "https://i.example/b\"c.jpg"}],
            "on": true, "red": 1, "constant": {"deep": [1, null, "x"]}})
    );
}

#[test]
fn a_decimal_keeps_every_digit() {
    let lamp = row(&[&["1"], &["1234567890123456.78"]]);
    let shape = Shape::parse(r#"{"price": "$price:number"}"#, &FIELDS).unwrap();
    let mut out = Vec::new();
    shape.write(&[&lamp], 1, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"price":1234567890123456.78}"#);
}

#[test]
fn what_has_no_value_goes_with_all_the_constants_beside_it() {
    let bare = row(&[&["BL-1"], &[], &[], &[], &[], &["maybe"]]);
    let shape = r#"{"id": "$sku", "offer": {"amount": "$price:number", "currency": "EUR"}, "list": [{"v": "$color", "lang": "en"}],
        "media": {"$each": "images", "$item": {"type": "image"}}, "on": "$flag:boolean", "$color": {"x": 1}, "kept": {"y": 2}}"#;
    assert_eq!(written(shape, &[&bare]).unwrap(), json!({"id": "BL-1", "kept": {"y": 2}}));
    assert_eq!(written(r#"{"only": "$color", "constant": 1}"#, &[&bare]), None);
}

#[test]
fn facts_become_an_object_in_which_one_name_stands_once() {
    let part = |name: &str, value: &str| Cell::Parts(vec!["Light".to_owned(), name.to_owned(), value.to_owned()]);
    let mut lamp = row(&[&["BL-1"], &[], &[], &[]]);
    lamp.cells[3] = vec![part("Output", "400 lm"), part("Cell", "AAA"), part("Cell", "Core")];
    let shape = r#"{"aspects": {"$each": "facts", "$key": "$name", "$item": ["$value"]},
        "first": {"$each": "facts", "$key": "$name", "$item": "$value"}}"#;
    assert_eq!(
        written(shape, &[&lamp]).unwrap(),
        json!({"aspects": {"Output": ["400 lm"], "Cell": ["AAA", "Core"]}, "first": {"Output": "400 lm", "Cell": "AAA"}})
    );
}

#[test]
fn a_group_is_one_item_with_its_members_in_it() {
    let red = row(&[&["A"], &["1"], &["i", "j"], &[], &["red"]]);
    let blue = row(&[&["B"], &["2"], &["j"], &[], &["blue"]]);
    let shape = r#"{"price": "$price", "all": {"$distinct": "images", "$item": "$it"}, "colors": {"$distinct": "color", "$item": {"name": "$it"}},
        "variants": {"$members": {"sku": "$sku", "color": "$color"}}}"#;
    assert_eq!(
        written(shape, &[&red, &blue]).unwrap(),
        json!({"price": "1", "all": ["i", "j"], "colors": [{"name": "red"}, {"name": "blue"}],
            "variants": [{"sku": "A", "color": "red"}, {"sku": "B", "color": "blue"}]})
    );
}

#[test]
fn no_key_stands_twice_whatever_the_values_are() {
    let lamp = row(&[&["BL-1"], &[], &[], &[], &["sku"]]);
    let mut out = Vec::new();
    let shape = Shape::parse(r#"{"sku": "$sku", "$color": [true]}"#, &FIELDS).unwrap();
    assert!(shape.write(&[&lamp], 1, &mut out));
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"sku":"BL-1"}"#);
}

#[test]
fn what_only_the_channel_says_keeps_no_object() {
    let field = |name: &str, from: &str| -> Field { toml::from_str(&format!("name = '{name}'\nfrom = ['{from}']")).unwrap() };
    let fields =
        [field("name", "title"), field("market", "setting:market"), field("currency", "currency"), field("photo", "images")];
    let shape = r#"{"name": "$name", "policy": {"market": "$market"}, "second": [{"url": "$photo:2", "market": "$market"}],
        "price": {"unit": "$currency", "of": "$photo:3"}}"#;
    let shape = Shape::of_fields(shape, &fields).unwrap();
    let written = |photos: &[&str]| {
        let mut out = Vec::new();
        assert!(shape.write(&[&row(&[&["Moon"], &["US"], &["USD"], photos])], 1, &mut out));
        serde_json::from_slice::<Value>(&out).unwrap()
    };
    assert_eq!(written(&["a"]), json!({"name": "Moon", "policy": {"market": "US"}}), "the field 'name' is not a fact's name");
    let second = json!({"name": "Moon", "policy": {"market": "US"}, "second": [{"url": "b", "market": "US"}]});
    assert_eq!(written(&["a", "b"]), second);
}

#[test]
fn a_wrong_shape_says_what_is_wrong() {
    for (shape, word) in [
        ("{", "JSON"),
        (r#""$nothing""#, "there is no field 'nothing'"),
        (r#"{"a": "$price:float"}"#, "there is no form 'float'"),
        (r#"{"$each": "images"}"#, "$item"),
        (r#"{"$each": 1, "$item": 1}"#, "name a field"),
    ] {
        let error = Shape::parse(shape, &FIELDS).unwrap_err();
        assert!(error.contains(word), "{shape}: {error}");
    }
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    assert!(Shape::parse(&deep, &FIELDS).unwrap_err().contains("deeper"));
}

proptest! {
    #[test]
    fn whatever_the_values_are_the_document_is_json(values in prop::collection::vec(prop::collection::vec(any::<String>(), 0..3), 6)) {
        let cells: Vec<Vec<Cell>> = values.iter().map(|cells| cells.iter().cloned().map(Cell::Text).collect()).collect();
        let lamp = Row { product_id: 1, sku: String::new(), group: None, handle: String::new(), cells };
        let shape = r#"{"a": "$sku", "b": "$price:number", "c": "$images:list", "d": {"$each": "facts", "$key": "$it", "$item": "$it"}, "$color": [true],
            "e": "$flag:boolean"}"#;
        if let Some(Value::Object(document)) = written(shape, &[&lamp]) {
            prop_assert_eq!(document.get("a").and_then(Value::as_str), values[0].first().map(String::as_str));
        }
    }
}
