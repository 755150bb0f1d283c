//! Each judge with a contract of our own invention: what it lets pass and what it does not.

use super::{Finding, Judge};
use crate::channels::profile::{Contract, Correction, Format};
use proptest::prelude::*;
use std::fs;

/// Judges a file; the places of what was found, and why.
fn judge(contract: &str, given: &str, layout: &str, file: &str) -> Vec<(Option<u64>, String, String)> {
    judge_corrected(contract, given, layout, file, None)
}

fn judge_corrected(
    contract: &str,
    given: &str,
    layout: &str,
    file: &str,
    patch: Option<&str>,
) -> Vec<(Option<u64>, String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let read: Contract = toml::from_str(contract).unwrap();
    fs::write(folder.path().join(&read.file), given).unwrap();
    fs::write(folder.path().join("list.txt"), "# a remark\n7 - Lamps\n8 - Lamps > Headlamps\n").unwrap();
    let part = folder.path().join("part");
    fs::write(&part, file).unwrap();
    let format = format!("code = 'x'\nfile = 'x'\ncontent_type = 'x'\n{layout}");
    let format: Format = toml::from_str(&format).unwrap();
    let corrections: Vec<Correction> = patch
        .map(|patch| Correction { file: read.file.clone(), why: String::new(), patch: patch.to_owned() })
        .into_iter()
        .collect();
    let judge = Judge::open(&read, &corrections, folder.path()).unwrap().unwrap();
    let mut found = Vec::new();
    judge.part(&format, &part, &mut |Finding { item, pointer, reason }| found.push((item, pointer, reason))).unwrap();
    found
}

fn places(found: &[(Option<u64>, String, String)]) -> Vec<(Option<u64>, &str)> {
    found.iter().map(|(item, pointer, _)| (*item, pointer.as_str())).collect()
}

const JSONL: &str = "layout = 'jsonl'";
const ENVELOPED: &str = "layout = 'json'\nenvelope = '{\"items\": \"$items\"}'";

const OPENAPI: &str = r##"
openapi: 3.0.3
paths:
  /lamps:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [items]
              properties:
                items: { type: array, items: { $ref: "#/components/schemas/Lamp" } }
components:
  schemas:
    Named:
      type: object
      required: [name]
      properties:
        name: { type: string, maxLength: 5, example: "Moon", required: true }
    Lamp:
      allOf:
        - $ref: "#/components/schemas/Named"
        - type: object
          properties:
            price: { type: number, minimum: 0, exclusiveMinimum: true }
            note: { type: string, nullable: true }
            kind: { type: string, enum: [head, hand] }
            extra: { type: object, additionalProperties: { type: string } }
"##;

#[test]
fn an_openapi_description_judges_the_body_of_an_operation() {
    let contract = "file = 'lamps.yaml'\nkind = 'openapi'\nat = 'post /lamps'";
    let good = r#"{"items": [{"name": "Moon", "price": 1.5, "note": null, "kind": "head", "extra": {"any": "thing"}}]}"#;
    assert_eq!(judge(contract, OPENAPI, ENVELOPED, good), []);
    let bad = r#"{"items": [{"name": "Moon"}, {"name": "Moonlight", "price": 0, "kind": "foot", "extra": {"n": 1}}, {}, {"name": "Moon", "lumens": 4}]}"#;
    let found = judge(contract, OPENAPI, ENVELOPED, bad);
    let mut at = places(&found);
    at.sort_unstable();
    let wanted = [
        (Some(1), "/items/1/extra/n"),
        (Some(1), "/items/1/kind"),
        (Some(1), "/items/1/name"),
        (Some(1), "/items/1/price"),
        (Some(2), "/items/2"),
        (Some(3), "/items/3"),
    ];
    assert_eq!(at, wanted, "{found:?}");
    assert!(found.iter().any(|(_, _, reason)| reason.contains("lumens")), "an unknown member is named: {found:?}");
}

#[test]
fn each_item_of_an_envelope_can_be_judged_by_itself_and_a_contract_put_right() {
    let contract = "file = 'lamps.yaml'\nkind = 'openapi'\nat = '#/components/schemas/Lamp'\neach = '/items'";
    let file = r#"{"header": 1, "items": [{"name": "Moon"}, {"name": 7}]}"#;
    assert_eq!(places(&judge(contract, OPENAPI, ENVELOPED, file)), [(Some(1), "/items/1/name")]);
    let patch = r#"{"components": {"schemas": {"Named": {"required": null, "properties": {"name": {"type": "integer", "maxLength": null}}}}}}"#;
    let found = judge_corrected(contract, OPENAPI, ENVELOPED, file, Some(patch));
    assert_eq!(places(&found), [(Some(0), "/items/0/name")], "{found:?}");
}

#[test]
fn a_json_schema_of_an_older_draft_is_closed_too() {
    let contract = "file = 'schema.json'\nkind = 'json_schema'\nat = '#/definitions/Lamp'";
    let schema = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://x.example/s.json", "definitions": {
        "Lamp": {"type": "object", "properties": {"op": {"enum": ["a", "b"]}, "free": {"type": "object"}, "when": {"type": "string", "format": "date-time"}},
            "oneOf": [{"properties": {"op": {"const": "a"}}, "required": ["op"]}, {"properties": {"op": {"const": "b"}, "when": false}}]}}}"#;
    let lines = "{\"op\": \"a\", \"free\": {\"x\": 1}, \"when\": \"2026-01-01T00:00:00Z\"}\n{\"op\": \"c\"}\n{\"op\": \"b\", \"more\": 1}\n{\"op\": \"a\", \"when\": \"soon\"}\n";
    let found = judge(contract, schema, JSONL, lines);
    let items: Vec<_> = found.iter().map(|(item, ..)| item.unwrap()).collect();
    assert!(!items.contains(&0) && [1, 2, 3].iter().all(|item| items.contains(item)), "{found:?}");
}

#[test]
fn a_table_of_fields_knows_what_is_required_and_how_it_is_written() {
    let contract = "file = 'fields.json'\nkind = 'fields'";
    let table = r#"{"fields": [
        {"name": "id", "type": "string", "requirement": "required", "limit_or_enum": 4},
        {"name": "price", "type": "money", "requirement": "required", "limit_or_enum": null},
        {"name": "state", "type": "enum", "requirement": "optional", "limit_or_enum": ["new", "used"]},
        {"name": "photos", "type": "url list", "requirement": "optional"}, {"name": "live", "type": "bool", "requirement": "optional"}]}"#;
    let good = r#"{"id": "L-1", "price": "9.90 USD", "state": "new", "photos": ["https://x.example/1.jpg"], "live": true}"#;
    assert_eq!(judge(contract, table, JSONL, good), []);
    for (bad, place) in [
        (r#"{"price": "9.90 USD"}"#, ""),
        (r#"{"id": "LONGER", "price": "9.90 USD"}"#, "/id"),
        (r#"{"id": "L-1", "price": 9.9}"#, "/price"),
        (r#"{"id": "L-1", "price": "9,90 USD"}"#, "/price"),
        (r#"{"id": "L-1", "price": "9.90 USD", "state": "old"}"#, "/state"),
        (r#"{"id": "L-1", "price": "9.90 USD", "photos": ["1.jpg"]}"#, "/photos/0"),
        (r#"{"id": "L-1", "price": "9.90 USD", "live": "true"}"#, "/live"),
        (r#"{"id": "L-1", "price": "9.90 USD", "lumens": "1"}"#, ""),
    ] {
        assert_eq!(places(&judge(contract, table, JSONL, bad)), [(Some(0), place)], "{bad}");
    }
}

#[test]
fn tables_of_properties_in_markdown_are_a_contract() {
    let contract = "file = 'lamps.md'\nkind = 'property_tables'\nat = 'Lamp properties'";
    let page = "# Lamps #\n\n## Lamp properties ##\n\n| Attribute | Type | Description |\n|---|---|---|\n| `id` | integer | Its id. <i>read-only</i> |\n\
        | `name` | string | A name. |\n| `state` | string | Its state. Options: `new` and `used`. Default is `new`. |\n\
        | `photos` | array | See [Lamp - Photo properties](#lamp-photo-properties) |\n\n### Lamp - Photo properties ###\n\n| Attribute | Type | Description |\n|--|--|--|\n| `src` | string | Address. |\n";
    let good = r#"{"name": "Moon", "state": "used", "photos": [{"src": "https://x.example/1.jpg"}]}"#;
    assert_eq!(judge(contract, page, JSONL, good), []);
    for (bad, place) in [
        (r#"{"id": 1}"#, "/id"),
        (r#"{"state": "old"}"#, "/state"),
        (r#"{"name": 1}"#, "/name"),
        (r#"{"photos": [{"alt": "x"}]}"#, "/photos/0"),
        (r#"{"colour": "red"}"#, ""),
    ] {
        assert_eq!(places(&judge(contract, page, JSONL, bad)), [(Some(0), place)], "{bad}");
    }
}

const SHOP: &str = "schema { query: Query mutation: Mutation }\ntype Query { a: Int }\ntype Mutation { put(key: Key, lamp: Lamp!, wait: Boolean = true): Int }\n\
    input Key @oneOf { id: ID sku: String }\nscalar Money\nenum Unit { GRAMS OUNCES }\n\
    input Lamp { title: String! price: Money weight: Weight tags: [String!] }\ninput Weight { value: Float! unit: Unit! }\n";

#[test]
fn variables_are_coerced_by_the_shops_schema() {
    let contract = "file = 'shop.graphql'\nkind = 'graphql'\nat = 'put'\nscalars = { Money = '[0-9]+\\.[0-9]{2}' }";
    let good = r#"{"key": {"sku": "L-1"}, "lamp": {"title": "Moon", "price": "9.90", "weight": {"value": 80, "unit": "GRAMS"}, "tags": ["red"]}}"#;
    assert_eq!(judge(contract, SHOP, JSONL, good), []);
    for (bad, place) in [
        (r#"{"key": {"sku": "L-1"}}"#, "/lamp"),
        (r#"{"lamp": {}}"#, "/lamp"),
        (r#"{"lamp": {"title": null}}"#, "/lamp/title"),
        (r#"{"lamp": {"title": "Moon", "price": "nine"}}"#, "/lamp/price"),
        (r#"{"lamp": {"title": "Moon", "weight": {"value": "80", "unit": "GRAMS"}}}"#, "/lamp/weight/value"),
        (r#"{"lamp": {"title": "Moon", "weight": {"value": 80, "unit": "g"}}}"#, "/lamp/weight/unit"),
        (r#"{"lamp": {"title": "Moon", "lumens": 4}}"#, "/lamp/lumens"),
        (r#"{"lamp": {"title": "Moon", "tags": ["a", null]}}"#, "/lamp/tags/1"),
        (r#"{"key": {"sku": "L-1", "id": "1"}, "lamp": {"title": "Moon"}}"#, "/key"),
        (r#"{"lamp": {"title": "Moon"}, "lamps": []}"#, "/lamps"),
    ] {
        assert_eq!(places(&judge(contract, SHOP, JSONL, bad)), [(Some(0), place)], "{bad}");
    }
}

const DISCOVERY: &str = r#"{"schemas": {
    "Attributes": {"properties": {
        "imageLink": {"type": "string"}, "gtins": {"type": "array", "items": {"type": "string"}}, "price": {"$ref": "Price"},
        "availability": {"type": "string", "enum": ["AVAILABILITY_UNSPECIFIED", "IN_STOCK", "OUT_OF_STOCK"]},
        "weight": {"$ref": "Weight"}, "details": {"type": "array", "items": {"$ref": "Detail"}}, "category": {"type": "string"},
        "multipack": {"type": "string", "format": "int64"}, "isBundle": {"type": "boolean"}}},
    "Price": {"properties": {"amountMicros": {"type": "string", "format": "int64"}, "currencyCode": {"type": "string"}}},
    "Weight": {"properties": {"value": {"type": "number"}, "unit": {"type": "string", "description": "One of `g`, `kg`."}}},
    "Detail": {"properties": {"sectionName": {"type": "string"}, "attributeName": {"type": "string"}, "attributeValue": {"type": "string"}}}}}"#;
const GOOGLE: &str = "file = 'd.json'\nkind = 'google'\nat = 'Attributes'\nalso = ['id']\nlists = { category = 'list.txt' }";

#[test]
fn rows_and_items_are_judged_by_a_discovery_document() {
    let tsv = "layout = 'tsv'";
    let head = "id\timage_link\tgtin\tprice\tavailability\tweight\tdetail\tcategory\tmultipack\tis_bundle\n";
    let good = "L-1\thttps://x.example/a,b.jpg\t1,2\t9.90 USD\tin_stock\t80 g\tLight:Colours:\"red, white\",Body:Weight:80 g\t8\t2\tyes\n";
    assert_eq!(judge(GOOGLE, DISCOVERY, tsv, &format!("{head}{good}")), []);
    for (stands, put, place) in [
        ("9.90 USD", "9,90 USD", "/price"),
        ("9.90 USD", "USD 9.90", "/price"),
        ("in_stock", "availability_unspecified", "/availability"),
        ("80 g\tLight", "80 grams\tLight", "/weight"),
        ("\t8\t", "\t9\t", "/category"),
        ("\t2\t", "\ttwo\t", "/multipack"),
        ("\tyes", "\tperhaps", "/is_bundle"),
        ("Light:Colours:", "Light:Colours:more:", "/detail"),
    ] {
        let text = format!("{head}{good}").replacen(stands, put, 1);
        assert_eq!(places(&judge(GOOGLE, DISCOVERY, tsv, &text)), [(Some(0), place)], "{put}");
    }
    let unknown = format!("{head}{good}").replacen("image_link", "picture", 1);
    assert_eq!(places(&judge(GOOGLE, DISCOVERY, tsv, &unknown)), [(Some(0), "/picture")]);

    let rss = "layout = 'rss'\nprefix = 'g'\nnamespace = 'x'";
    let item = "<g:id>L-1</g:id><g:gtin>1</g:gtin><g:gtin>2</g:gtin><g:category>Lamps &gt; Headlamps</g:category><g:detail><g:section_name>Light</g:section_name></g:detail>";
    let text = format!(
        "<rss xmlns:g=\"x\"><channel><title>t</title><item>{item}</item><item>{item}<g:detail><g:name>x</g:name></g:detail></item></channel></rss>"
    );
    assert_eq!(places(&judge(GOOGLE, DISCOVERY, rss, &text)), [(Some(1), "/detail/name")]);
}

#[test]
fn a_header_is_one_that_the_channel_reads() {
    let contract = "file = 'h.csv'\nkind = 'csv_header'\nalso = ['Meta: .+']";
    let given = "# two templates\nID,Name,\"Price, net\"\nHandle,Title\n";
    let csv = "layout = 'csv'";
    assert_eq!(judge(contract, given, csv, "Name,\"Price, net\",Meta: lumens\na,1,2\n"), []);
    assert_eq!(places(&judge(contract, given, csv, "Name,Title\na,b\n")), [(None, "/Title")], "not columns of both");
    assert_eq!(places(&judge(contract, given, csv, "Name,Name\na,b\n")), [(None, "/Name")]);
}

#[test]
fn json_ld_is_judged_by_the_vocabulary() {
    let contract = "file = 'v.jsonld'\nkind = 'json_ld'";
    let class = |name: &str, parent: &str| {
        format!(r#"{{"@id": "schema:{name}", "@type": "rdfs:Class", "rdfs:subClassOf": {{"@id": "schema:{parent}"}}}}"#)
    };
    let property = |name: &str, of: &str| {
        format!(r#"{{"@id": "schema:{name}", "@type": "rdf:Property", "schema:domainIncludes": [{{"@id": "schema:{of}"}}]}}"#)
    };
    let all = [
        class("Thing", "Thing"),
        class("Product", "Thing"),
        class("Offer", "Thing"),
        property("name", "Thing"),
        property("offers", "Product"),
        property("price", "Offer"),
    ];
    let vocabulary = format!(r#"{{"@graph": [{}]}}"#, all.join(","));
    let layout = "layout = 'json'\nenvelope = '{\"@context\": \"https://schema.org/\", \"@graph\": \"$items\"}'";
    let file = |item: &str| format!(r#"{{"@context": "https://schema.org/", "@graph": [{item}]}}"#);
    let good =
        r#"{"@type": "Product", "@id": "https://x.example/1", "name": "Moon", "offers": {"@type": "Offer", "price": "9.90"}}"#;
    assert_eq!(judge(contract, &vocabulary, layout, &file(good)), []);
    for (stands, put, place) in [
        ("\"Product\"", "\"Lamp\"", "/@graph/0"),
        ("\"name\"", "\"title\"", "/@graph/0/title"),
        ("\"price\"", "\"offers\"", "/@graph/0/offers/offers"),
        ("\"@type\": \"Offer\", ", "", "/@graph/0/offers"),
    ] {
        let found = judge(contract, &vocabulary, layout, &file(&good.replacen(stands, put, 1)));
        assert!(places(&found).contains(&(Some(0), place)), "{put}: {found:?}");
    }
    assert_eq!(places(&judge(contract, &vocabulary, layout, "{\"@graph\": []}")), [(None, "/@context")]);
}

#[test]
fn what_a_profile_says_about_contracts_is_checked() {
    let profile = |contract: &str| {
        let text =
            include_str!("../../../schema/channels/tiktok.toml").replacen("[[format]]", &format!("[[format]]\n{contract}"), 1);
        crate::channels::load::parse("tiktok.toml", "tiktok", &text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(profile("contract = { file = 'a/b.json', kind = 'json_schema' }"), Ok(()));
    for (wrong, told) in [
        ("contract = { file = '../b.json', kind = 'json_schema' }", "inside the folder"),
        ("contract = { file = '/etc/passwd', kind = 'json_schema' }", "inside the folder"),
        ("contract = { file = 'b.csv', kind = 'csv_header', also = ['('] }", "regular expression"),
        ("contract = { file = 'b.json', kind = 'json_schema', each = 'items' }", "JSON pointer"),
        ("contract = { file = 'b.json', kind = 'swagger' }", "swagger"),
    ] {
        let error = profile(wrong).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

proptest! {
    #[test]
    fn no_contract_and_no_file_breaks_a_judge(contract in ".{0,200}", file in ".{0,200}") {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        fs::write(&part, file).unwrap();
        for (kind, layout) in [("json_schema", "json"), ("openapi", "jsonl"), ("fields", "jsonl"), ("property_tables", "jsonl"), ("graphql", "jsonl"),
            ("google", "rss"), ("google", "tsv"), ("csv_header", "csv"), ("json_ld", "json")] {
            fs::write(folder.path().join("c.json"), &contract).unwrap();
            let read: Contract = toml::from_str(&format!("file = 'c.json'\nkind = '{kind}'")).unwrap();
            let format: Format = toml::from_str(&format!("code = 'x'\nfile = 'x'\ncontent_type = 'x'\nlayout = '{layout}'")).unwrap();
            if let Ok(Some(judge)) = Judge::open(&read, &[], folder.path()) {
                let _ = judge.part(&format, &part, &mut |_| {});
            }
        }
        let given: Format = toml::from_str("code = 'x'\nfile = 'x'\ncontent_type = 'x'\nlayout = 'tsv'").unwrap();
        fs::write(folder.path().join("c.json"), DISCOVERY).unwrap();
        let read: Contract = toml::from_str("file = 'c.json'\nkind = 'google'\nat = 'Attributes'").unwrap();
        let judge = Judge::open(&read, &[], folder.path()).unwrap().unwrap();
        let _ = judge.part(&given, &part, &mut |_| {});
    }
}
