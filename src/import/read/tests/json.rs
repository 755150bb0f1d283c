use super::{expect, fields, fields_with, pairs, read, read_within};
use crate::import::read::{Format, ReadLimits, ReadOptions, open};
use proptest::prelude::*;
use std::io::Cursor;

#[test]
fn objects_are_flattened_in_their_order() {
    let text = r#"[{"sku": "A", "specs": {"weight": 86, "ip": null}, "tags": ["red", 2, true], "list": [{"a": 1}], "none": []},
                   {"sku": 12345678901234, "price": 59.90}]"#;
    let rows = fields(text.as_bytes(), "a.json");
    let first = [
        ("sku", "A"),
        ("specs.weight", "86"),
        ("specs.ip", ""),
        ("tags", "red"),
        ("tags", "2"),
        ("tags", "true"),
        ("list.a", "1"),
        ("none", ""),
    ];
    assert_eq!(rows[0], expect(first));
    assert_eq!(rows[1], expect([("sku", "12345678901234"), ("price", "59.9")]));
}

#[test]
fn the_texts_of_listed_objects_keep_their_places() {
    let text = r#"[{"specs": [{"name": "Weight", "value": 86, "unit": "g"}, {"name": "Colour", "value": {"en": "red"}}], "mixed": [1, {"a": 2}]}]"#;
    let expected = [
        ("specs.name", "Weight"),
        ("specs.value", "86"),
        ("specs.unit", "g"),
        ("specs.name", "Colour"),
        ("specs.value", r#"{"en":"red"}"#),
        ("specs.unit", ""),
        ("mixed", r#"[1,{"a":2}]"#),
    ];
    assert_eq!(fields(text.as_bytes(), "a.json"), [expect(expected)]);
    // A list that would make thousands of fields stays what it is.
    let long = format!(r#"[{{"l": [{}]}}]"#, vec![r#"{"a":1}"#; 2_000].join(","));
    assert_eq!(fields(long.as_bytes(), "a.json")[0].len(), 1);
}

#[test]
fn the_array_is_found_inside_objects() {
    let text =
        r#"{"meta": {"tags": ["a", "b"], "x": "}]"}, "data": {"products": [{"sku": "1"}, {"sku": "2"}], "other": [{"no": 1}]}}"#;
    assert_eq!(fields(text.as_bytes(), "a.json").len(), 2);
    let options = ReadOptions { record: Some("data.other".into()), ..ReadOptions::default() };
    assert_eq!(fields_with(text.as_bytes(), "a.json", &options), [expect([("no", "1")])]);
    let options = ReadOptions { record: Some("data.nothing".into()), ..ReadOptions::default() };
    assert_eq!(read(text.as_bytes(), "a.json", &options)[0].as_ref().unwrap_err().code, "no_records");
}

#[test]
fn a_damaged_element_is_one_lost_row() {
    let items = read(br#"[{"a": 1}, {"a": oops}, 7, {"a": 4}]"#, "a.json", &ReadOptions::default());
    let codes: Vec<_> = items.iter().map(|item| item.as_ref().map_or_else(|error| error.code, |_| "ok")).collect();
    assert_eq!(codes, ["ok", "bad_json", "not_an_object", "ok"]);
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.row, error.raw.as_str(), error.fatal), (2, r#"{"a": oops}"#, false));
    assert_eq!(items[3].as_ref().unwrap().row, 4);
}

#[test]
fn a_cut_file_says_so_after_its_whole_records() {
    let items = read(br#"[{"a": 1}, {"a": "#, "a.json", &ReadOptions::default());
    assert_eq!(items.len(), 2);
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.code, error.row, error.fatal), ("truncated", 2, true));
}

#[test]
fn too_large_elements_are_left_out_and_the_next_is_read() {
    let text = format!(r#"[{{"a": "{}"}}, {{"a": 2}}]"#, "x".repeat(5_000));
    let limits = ReadLimits { max_row_bytes: 1_000, ..ReadLimits::default() };
    let items = read_within(text.as_bytes(), "a.json", &ReadOptions::default(), &limits);
    assert_eq!(items[0].as_ref().unwrap_err().code, "row_too_large");
    assert_eq!(pairs(items[1].as_ref().unwrap()), expect([("a", "2")]));
    let deep = format!("[{}]", "[".repeat(100_000));
    assert!(read(deep.as_bytes(), "a.json", &ReadOptions::default()).iter().all(Result::is_err));
    let nested = format!(r"[{}{}]", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    assert_eq!(read(nested.as_bytes(), "a.json", &ReadOptions::default())[0].as_ref().unwrap_err().code, "bad_json");
}

#[test]
fn lines_of_objects() {
    let text = b"{\"a\": 1}\n\n{\"a\": broken}\r\n{\"a\": [1, 2]}";
    let items = read(text, "feed", &ReadOptions::default());
    assert_eq!(items.len(), 3);
    assert_eq!((items[1].as_ref().unwrap_err().code, items[1].as_ref().unwrap_err().row), ("bad_json", 2));
    assert_eq!(pairs(items[2].as_ref().unwrap()), expect([("a", "1"), ("a", "2")]));
    let limits = ReadLimits { max_row_bytes: 10, ..ReadLimits::default() };
    let items = read_within(b"{\"a\": \"aaaaaaaaaaaaaa\"}\n{\"a\": 1}\n", "a.ndjson", &ReadOptions::default(), &limits);
    assert_eq!(items[0].as_ref().unwrap_err().code, "row_too_large");
    assert!(items[1].is_ok());
}

#[test]
fn one_line_may_be_a_record_or_a_document() {
    for (text, format) in [
        (r#"{"sku": "A", "tags": ["x"]}"#, Format::Ndjson),
        (r#"{"items": [{"sku": "A"}]}"#, Format::Json),
        ("{\n \"items\": [{\"sku\": \"A\"}]}", Format::Json),
        ("{\"sku\": \"A\"}\n{\"sku\": \"B\"}", Format::Ndjson),
        ("[{\"sku\": \"A\"}]", Format::Json),
    ] {
        let records = open(Cursor::new(text.as_bytes()), "a", &ReadOptions::default(), &ReadLimits::default()).unwrap();
        assert_eq!(records.layout().format, format, "{text}");
        assert_eq!(records.flatten().count(), text.matches("sku").count());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for format in [Format::Json, Format::Ndjson] {
            let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
            let _ = read(&bytes, "a.json", &options);
        }
    }

    #[test]
    fn no_broken_document_makes_it_panic(text in r#"[\[\]{}",:a1\\ ]{0,60}"#, record in prop::option::of("[a1.]{0,4}")) {
        let options = ReadOptions { format: Some(Format::Json), record, ..ReadOptions::default() };
        let _ = read(text.as_bytes(), "a.json", &options);
    }

    #[test]
    fn flat_objects_come_back(rows in proptest::collection::vec(proptest::collection::btree_map(".{1,8}", ".{0,12}", 1..6), 1..8)) {
        let rows: Vec<_> = rows.into_iter().filter(|row| !row.is_empty()).collect();
        let text = serde_json::to_vec(&rows).unwrap();
        let options = ReadOptions { format: Some(Format::Json), encoding: Some("utf-8".into()), ..ReadOptions::default() };
        let expected: Vec<Vec<_>> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        prop_assert_eq!(fields_with(&text, "a.json", &options), expected);
    }
}
