//! One place for all variants of a product: what stands there is true of each of them.

use super::feeds::{table, text};
use super::*;
use serde_json::{Value as Json, json};

/// Two colours of one lamp; the second throws farther and says no run time.
fn pair() -> Vec<ProductView> {
    let mut near = colored(lamp(1, "BL-1", "Ridge 400"), "ridge-400", "black");
    near.values.insert("runtime_max".to_owned(), measure("40", "h"));
    let mut far = colored(lamp(2, "BL-2", "Ridge 400"), "ridge-400", "red");
    far.values.insert("beam_distance_max".to_owned(), measure("150", "m"));
    vec![near, far]
}

fn single() -> Vec<ProductView> {
    vec![lamp(3, "BL-3", "Fjord")]
}

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn shopify_is_told_of_a_product_what_all_its_variants_say() {
    let shop = desk("shopify");
    let rows = table(&text(&shop, "csv", &[pair()]), b',');
    let of = |name: &str| {
        rows[0][&format!(
            "{name} (product.metafields.custom.{})",
            name.to_lowercase().replace(' ', "_").replace("run_time", "runtime")
        )]
            .clone()
    };
    assert_eq!((of("Light output"), of("IP rating")), ("400".to_owned(), "IPX4".to_owned()));
    assert_eq!(of("Beam distance"), "", "120.5 m is false of the second");
    assert_eq!(of("Run time"), "", "of the second nobody knows it");
    assert_eq!(rows[0]["Color (product.metafields.shopify.color-pattern)"], "", "they are of different colours");
    let mut shop = desk_with("shopify", json!({ "formats": ["csv", "jsonl"] }));
    shop.settings.formats = vec!["jsonl".to_owned()];
    let product = &lines(&text(&shop, "jsonl", &[pair()]))[0]["input"];
    let keys: Vec<&str> = product["metafields"].as_array().unwrap().iter().map(|field| field["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["light_output", "ip_rating"]);
    let alone = table(&text(&desk("shopify"), "csv", &[single()]), b',');
    assert_eq!(alone[0]["Beam distance (product.metafields.custom.beam_distance)"], "120.5");
    assert_eq!(alone[0]["Color (product.metafields.shopify.color-pattern)"], "black");
}

#[test]
fn woocommerce_lists_what_differs_and_each_variation_says_its_own() {
    let shop = desk("woocommerce");
    let rows = table(&text(&shop, "csv", &[pair()]), b',');
    let (parent, near, far) = (&rows[0], &rows[1], &rows[2]);
    let of = |row: &BTreeMap<String, String>, at: u8| {
        (row[&format!("Attribute {at} name")].clone(), row[&format!("Attribute {at} value(s)")].clone())
    };
    let said = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(of(parent, 4), said("Light output", "400 lm"), "what is the same stands once");
    assert_eq!((of(near, 4), of(far, 4)), (said("", ""), said("", "")));
    assert_eq!(of(parent, 5), said("Beam distance", "120.5 m, 150 m"));
    assert_eq!((of(near, 5), of(far, 5)), (said("Beam distance", "120.5 m"), said("Beam distance", "150 m")));
    assert_eq!(of(parent, 6), said("Longest run time", "40 h"));
    assert_eq!((of(near, 6), of(far, 6)), (said("Longest run time", "40 h"), said("", "")), "no name without a value");
    assert_eq!((of(parent, 1).1.as_str(), of(parent, 9)), ("Black, Red", said("", "")), "the option says the colour");
    let bright = |at: usize, amount: &str| {
        let mut view = pair().remove(at);
        view.values.insert("light_output_max".to_owned(), measure(amount, "lm"));
        view
    };
    let rows = table(&text(&shop, "csv", &[vec![bright(0, "400"), bright(1, "600")]]), b',');
    let names: Vec<&str> =
        (1..=10).map(|at| rows[0][&format!("Attribute {at} name")].as_str()).filter(|name| *name == "Light output").collect();
    assert_eq!(names.len(), 1, "an option is no attribute besides");
}

#[test]
fn woocommerce_names_nothing_that_has_no_value_and_tells_colour_and_part_number_of_a_single_product() {
    let shop = desk("woocommerce");
    let mut built_in = lamp(3, "BL-3", "Fjord");
    let battery = BatteryOption { quantity: 1, cell: "built_in".to_owned() };
    built_in.values.insert("battery_options".to_owned(), GoldenValue::One(Value::Batteries(vec![battery])));
    let rows = table(&text(&shop, "csv", &[vec![built_in]]), b',');
    for (name, _) in rows[0].iter().filter(|(name, text)| name.ends_with(" name") && !text.is_empty()) {
        let value = name.replace(" name", " value(s)");
        assert!(!rows[0][&value].is_empty(), "{name} has no value");
    }
    assert_eq!(rows[0]["Attribute 8 name"], "");
    assert_eq!((rows[0]["Attribute 9 name"].as_str(), rows[0]["Attribute 9 value(s)"].as_str()), ("Colour", "Black"));
    assert_eq!(rows[0]["Attribute 10 value(s)"], "NF-Fjord");
    let bodies: Json = serde_json::from_str(&text(&shop, "json", &[single(), pair()])).unwrap();
    let options = |at: usize, name: &str| {
        let all = bodies["create"][at]["attributes"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).map_or(Json::Null, |one| one["options"].clone())
    };
    assert_eq!((options(0, "Colour"), options(0, "Manufacturer part number")), (json!(["Black"]), json!(["NF-Fjord"])));
    assert_eq!(options(1, "Beam distance"), json!(["120.5 m", "150 m"]));
}

#[test]
fn bigcommerce_lists_the_facts_that_all_variants_share() {
    let shop = desk("bigcommerce");
    let product = &lines(&text(&shop, "products", &[pair()]))[0];
    let facts: Vec<&str> =
        product["custom_fields"].as_array().unwrap().iter().map(|fact| fact["name"].as_str().unwrap()).collect();
    assert!(
        facts.contains(&"Light output") && !facts.contains(&"Beam distance") && !facts.contains(&"Longest run time"),
        "{facts:?}"
    );
    let rows = table(&text(&desk_with("bigcommerce", json!({ "formats": ["csv"] })), "csv", &[pair()]), b',');
    assert!(rows[0]["Custom Fields"].contains("Light output: 400 lm"), "{:?}", rows[0]);
    assert!(!rows.iter().any(|row| row["Custom Fields"].contains("Beam distance")), "{rows:?}");
}
