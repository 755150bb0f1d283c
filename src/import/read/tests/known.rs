use super::{fields_with, read};
use crate::dictionary::Dictionary;
use crate::import::read::{List, Parents, ReadOptions, is_named, known_layouts};
use crate::import::row::Record;
use crate::suppliers::Target;
use proptest::prelude::*;

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn of<'a>(row: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    row.iter().filter(|(field, _)| field == name).map(|(_, text)| text.as_str()).collect()
}

fn parents() -> Parents {
    Parents {
        field: "Type".into(),
        values: texts(&["variable"]),
        named: "Parent".into(),
        names: texts(&["SKU", "ID"]),
        prefix: "id:".into(),
        own: texts(&["ID", "Type", "SKU", "Parent", "*price"]),
    }
}

const SHOP: &str = "ID,Type,SKU,Name,Description,Regular price,Parent\n\
    1,variable,tee,Tee,Soft.,99,\n\
    2,variable,,Cap,Warm.,,\n\
    3,simple,strap,Strap,,5,\n\
    4,variation,tee-red,Tee red,,10,tee\n\
    5,variation,cap-red,Cap red,Red.,11,id:2\n\
    6,variation,cap-blue,,,12,id:2\n\
    7,variation,lost,Lost,,13,nobody\n";

#[test]
fn variants_inherit_what_they_leave_empty() {
    let options = ReadOptions { parents: Some(parents()), ..ReadOptions::default() };
    let rows = fields_with(SHOP.as_bytes(), "a.csv", &options);
    let said: Vec<[&str; 4]> =
        rows.iter().map(|row| ["SKU", "Name", "Description", "Regular price"].map(|name| of(row, name)[0])).collect();
    let wanted = [
        ["strap", "Strap", "", "5"],
        ["tee-red", "Tee red", "Soft.", "10"],
        ["cap-red", "Cap red", "Red.", "11"],
        ["cap-blue", "Cap", "Warm.", "12"],
        ["lost", "Lost", "", "13"],
    ];
    assert_eq!(said, wanted);
}

fn details() -> List {
    List { field: "product_detail".into(), between: ",".into(), sign: ":".into(), parts: texts(&["section", "name", "value"]) }
}

fn unfolded(text: &str) -> Vec<(String, String)> {
    let mut record = Record { row: 1, fields: vec![("Product Detail".into(), text.into()), ("id".into(), "1".into())] };
    details().unfold(&mut record);
    record.fields.into_iter().map(|(name, text)| (name.to_string(), text)).collect()
}

#[test]
fn a_list_in_a_cell_is_names_and_values() {
    let fields =
        unfolded(r#"Light:Light output:600 lm,Light:Colours:"White, red",:Ratio:"16:9, or ""wide""",no parts,Power:Note:a:b"#);
    assert_eq!(of(&fields, "Product Detail.name"), ["Light output", "Colours", "Ratio", "Note"]);
    assert_eq!(of(&fields, "Product Detail.value"), ["600 lm", "White, red", "16:9, or \"wide\"", "a:b"]);
    assert_eq!(of(&fields, "Product Detail.section"), ["Light", "Light", "", "Power"]);
    assert_eq!(of(&fields, "id"), ["1"]);
}

#[test]
fn what_stays_whole_stays_json() {
    let options = ReadOptions { whole: texts(&["values.*"]), ..ReadOptions::default() };
    let line = "{\"sku\":\"A\",\"values\":{\"weight\":{\"amount\":\"1\",\"unit\":\"g\"},\"title\":\"T\",\"none\":null},\"price\":{\"amount\":\"2\"}}\n";
    let rows = fields_with(line.as_bytes(), "a.ndjson", &options);
    assert_eq!(of(&rows[0], "values.weight"), ["{\"amount\":\"1\",\"unit\":\"g\"}"]);
    assert_eq!((of(&rows[0], "values.title"), of(&rows[0], "values.none")), (vec!["\"T\""], vec![""]));
    assert_eq!((of(&rows[0], "sku"), of(&rows[0], "price.amount")), (vec!["A"], vec!["2"]));
}

#[test]
fn headers_are_compared_without_case() {
    for (pattern, header, is) in [
        ("image_link", "Image Link", true),
        ("Weight (*", "weight (kg)", true),
        ("*(product.metafields.*", "Run time (product.metafields.custom.runtime)", true),
        ("Attribute * default", "Attribute 12 default", true),
        ("Attribute * default", "Attribute 12 name", false),
        ("GTIN*", "Not a GTIN", false),
        ("a*a", "a", false),
    ] {
        assert_eq!(is_named(pattern, header), is, "{pattern} {header}");
    }
}

#[test]
fn the_known_layouts_name_what_there_is() {
    let dictionary = Dictionary::embedded().unwrap();
    let headers =
        ["URL handle", "Option1 value", "SKU", "Price", "Handle", "Title", "Option1 Value", "Variant Price", "Image Src"];
    let more = [
        "Type",
        "Name",
        "Regular price",
        "Parent",
        "id",
        "image_link",
        "availability",
        "categories",
        "enabled",
        "family",
        "values.x",
    ];
    let all: Vec<&str> = headers.into_iter().chain(more).collect();
    let layouts: Vec<_> = known_layouts(&all).collect();
    assert_eq!(layouts.len(), 6);
    for meaning in layouts.iter().flat_map(|layout| &layout.columns) {
        let known = Target::special(&meaning.to).is_some() || dictionary.attribute(&meaning.to).is_some();
        assert!(known, "{} is neither an attribute nor a target", meaning.to);
        assert!(meaning.unit.as_deref().is_none_or(|unit| dictionary.unit_for(unit).is_some()), "{}", meaning.from);
        assert!(
            meaning.pattern.as_deref().is_none_or(|pattern| crate::suppliers::Pattern::new(pattern).is_ok()),
            "{}",
            meaning.from
        );
    }
}

proptest! {
    #[test]
    fn any_cell_is_a_list_or_none(text in "[a:,\" é]{0,40}", pattern in "[a*é_]{0,8}", header in "[aé _]{0,8}") {
        let fields = unfolded(&text);
        let count = |name: &str| of(&fields, name).len();
        prop_assert_eq!(count("Product Detail.name"), count("Product Detail.value"));
        is_named(&pattern, &header);
    }

    #[test]
    fn rows_of_any_parents_are_read(rows in prop::collection::vec(("[ab]?", "(variable|simple)", "[abc]?"), 0..20)) {
        let body: String = rows.iter().flat_map(|(sku, kind, parent)| [sku, ",", kind, ",", parent, "\n"]).collect();
        let options = ReadOptions { parents: Some(parents()), ..ReadOptions::default() };
        let items = read(format!("SKU,Type,Parent\n{body}").as_bytes(), "a.csv", &options);
        prop_assert_eq!(items.len(), rows.iter().filter(|(_, kind, _)| kind == "simple").count());
    }
}
