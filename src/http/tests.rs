//! What holds without a server: cursors, preconditions, pointers, and the API's document.

use super::extract::parse;
use super::{Field, openapi, paging, router};
use crate::error::Code;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[allow(dead_code)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    #[allow(dead_code)]
    quantity: u32,
}

proptest! {
    #[test]
    fn a_cursor_comes_back_as_it_was(value in any::<i64>(), sku in ".{0,40}") {
        let text = paging::encode(&(value, &sku)).unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        prop_assert_eq!(paging::decode::<(i64, String)>(&text).unwrap(), (value, sku));
    }

    #[test]
    fn a_cursor_of_somebody_else_is_refused(text in ".{0,200}") {
        if let Err(error) = paging::decode::<(i64, String)>(&text) {
            prop_assert_eq!(error.code, Code::InvalidCursor);
        }
    }

    #[test]
    fn no_body_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse::<Shape>(&bytes);
        let _ = parse::<Value>(&bytes);
    }
}

#[test]
fn a_cursor_is_not_read_without_end() {
    assert_eq!(paging::decode::<String>(&"A".repeat(1_000_000)).unwrap_err().code, Code::InvalidCursor);
}

#[test]
fn a_wrong_field_is_pointed_at() {
    let error = parse::<Shape>(br#"{"lines":[{"quantity":1},{"quantity":-4}]}"#).unwrap_err();
    assert_eq!((error.code, error.fields[0].pointer.as_str()), (Code::Invalid, "/lines/1/quantity"));
    let error = parse::<Shape>(br#"{"lines":[],"sku":1}"#).unwrap_err();
    assert_eq!((error.code, error.fields[0].pointer.as_str()), (Code::Invalid, "/sku"));
    let error = parse::<Shape>(br#"{"lines":["#).unwrap_err();
    assert_eq!(error.code, Code::InvalidJson);
    let error = parse::<Shape>(b"{}  x").unwrap_err();
    assert!(error.detail.contains("lines"), "{}", error.detail);
}

#[test]
fn a_nul_is_refused_and_a_text_about_it_is_not() {
    assert_eq!(parse::<Value>(br#"{"name":"a\u0000b"}"#).unwrap_err().fields[0].code, "nul_character");
    assert_eq!(parse::<Value>(br#"{"name":"\\u0000"}"#).unwrap(), json!({"name": "\\u0000"}));
}

#[test]
fn absent_and_null_differ_in_a_patch() {
    #[derive(Deserialize)]
    struct Patch {
        #[serde(default)]
        rank: Field<i32>,
    }
    let rank = |text: &str| serde_json::from_str::<Patch>(text).unwrap().rank;
    assert_eq!(rank("{}").apply(7, || 100), 7);
    assert_eq!(rank(r#"{"rank":null}"#).apply(7, || 100), 100);
    assert_eq!(rank(r#"{"rank":3}"#).apply(7, || 100), 3);
    assert_eq!(rank(r#"{"rank":null}"#).apply_optional(Some(7)), None);
}

#[test]
fn the_committed_document_is_the_one_the_handlers_write() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/beamline.json")).unwrap_or_default();
    let written = openapi::text(&router::document().unwrap()).unwrap();
    assert!(committed == written, "openapi/beamline.json is stale: run `cargo run -- openapi` and commit what it writes");
}

#[test]
fn every_operation_can_be_called_by_a_generated_client() {
    let document = router::document().unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
            assert!(id.contains('_'), "{id} is not <verb>_<resource>");
            assert!(operation["summary"].is_string() || operation["description"].is_string(), "{id} says nothing");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id} has one tag");
            assert_eq!(operation["responses"]["default"]["$ref"], "#/components/responses/Problem", "{id}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string() || response["$ref"].is_string(), "{id} {status} says nothing");
            }
            let in_path: BTreeSet<&str> = path.split('/').filter_map(|step| step.strip_prefix('{')?.strip_suffix('}')).collect();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let declared: BTreeSet<&str> =
                parameters.filter(|one| one["in"] == "path").filter_map(|one| one["name"].as_str()).collect();
            assert_eq!(declared, in_path, "{id} declares its path's parameters");
        }
    }
    assert!(ids.len() > 15);
    let tags: Vec<&str> = document["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert!(tags.contains(&"suppliers") && tags.contains(&"keys"), "{tags:?}");
}

#[test]
fn every_reference_of_the_document_resolves_and_nothing_of_3_0_is_left() {
    fn walk(at: &Value, document: &Value) {
        match at {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads out of the document"));
                    assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
                }
                assert!(!members.contains_key("nullable"), "nullable is no word of OpenAPI 3.1: {at}");
                members.values().for_each(|member| walk(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = router::document().unwrap();
    walk(&document, &document);
}

#[test]
fn every_error_code_is_its_own() {
    let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn a_patch_may_hold_what_nobody_sets_as_it_stands() {
    use super::patch::{Field, divide, unchanged};
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rest {
        #[serde(default)]
        name: Field<String>,
    }
    let body = |value: Value| value.as_object().unwrap().clone();
    let present = json!({"code": "alpine", "name": "Alpine", "version": 2});
    let (told, rest) = divide::<Rest>(body(present.clone()), &["code", "version"]).unwrap();
    assert_eq!(rest.name, Field::Set("Alpine".to_owned()));
    unchanged(&told, &present, &[]).unwrap();
    let (told, _) = divide::<Rest>(body(json!({"code": "other", "version": 2})), &["code", "version"]).unwrap();
    let error = unchanged(&told, &present, &[]).unwrap_err();
    assert_eq!((error.fields.len(), error.fields[0].pointer.as_str(), error.fields[0].code.as_str()), (1, "/code", "read_only"));
    // What changes by itself passes in a copy of the present version, and nowhere else.
    let present = json!({"version": 2, "available": 5});
    for (sent, passes) in [
        (json!({"version": 2, "available": 4}), true),
        (json!({"available": 4}), false),
        (json!({"version": 1, "available": 5}), false),
    ] {
        assert_eq!(unchanged(&body(sent.clone()), &present, &["available"]).is_ok(), passes, "{sent}");
    }
    let error = divide::<Rest>(body(json!({"nmae": "x"})), &["code"]).unwrap_err();
    assert_eq!((error.code.status(), error.fields[0].pointer.as_str()), (422, "/nmae"));
}

#[tokio::test]
async fn a_body_that_pauses_too_long_is_a_timeout_and_one_that_breaks_off_is_not() {
    use super::body::{failure, read, timed};
    use axum::body::{Body, Bytes};
    use futures_util::{StreamExt, stream};
    let begun = || stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let silent = Body::from_stream(begun().chain(stream::pending()));
    let error = read(timed(silent, std::time::Duration::from_millis(5)), 100).await.unwrap_err();
    assert_eq!((error.code, error.code.status()), (Code::Timeout, 408));
    let broken = Body::from_stream(begun().chain(stream::iter([Err(std::io::Error::other("reset"))])));
    assert_eq!(read(broken, 100).await.unwrap_err().code, Code::BadRequest);
    assert_eq!(failure(std::io::Error::other("length limit exceeded")).code, Code::TooLarge);
}
