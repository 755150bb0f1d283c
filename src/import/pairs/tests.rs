use super::*;
use proptest::prelude::*;

fn record(fields: &[(&str, &str)]) -> Record {
    Record { row: 1, fields: fields.iter().map(|(name, text)| ((*name).into(), (*text).to_owned())).collect() }
}

fn written(columns: &[Columns]) -> Vec<(String, String, Option<String>)> {
    columns
        .iter()
        .map(|pair| (pair.key.to_string(), pair.value.to_string(), pair.unit.as_ref().map(ToString::to_string)))
        .collect()
}

#[test]
fn an_address_is_read_among_headers_with_brackets() {
    let fields = ["p_attr[x][de]", "Wert", "Merkmal", "a[b"];
    let parse = |from| Address::parse(from, |name| fields.contains(&name));
    assert_eq!(parse("Wert[Merkmal=Länge [mm]]"), Some(Address { value: "Wert", key: "Merkmal", name: "Länge [mm]" }));
    assert_eq!(parse("a[b[Merkmal=x]"), Some(Address { value: "a[b", key: "Merkmal", name: "x" }));
    assert_eq!(parse("p_attr[x][de]"), None);
    assert_eq!(parse("Wert[Merkmal=]"), None);
    assert_eq!(parse("Wert[Farbe=x]"), None);
}

#[test]
fn a_value_is_never_put_beside_another_name() {
    assert_eq!(aligned(&[0, 2, 4], &[1, 3, 5]), [(0, 1), (2, 3), (4, 5)]);
    assert_eq!(aligned(&[1, 3], &[0, 2]), [(1, 0), (3, 2)]);
    // The row ends before its last value.
    assert_eq!(aligned(&[0, 2, 4], &[1, 3]), [(0, 1), (2, 3)]);
    // A value is missing somewhere, or one stands elsewhere: nobody knows which.
    assert_eq!(aligned(&[0, 1, 2], &[3, 4]), []);
    assert_eq!(aligned(&[1, 3], &[0, 2, 4]), []);
}

#[test]
fn repeated_and_numbered_columns_are_found() {
    let name = "Назва_Характеристики";
    let (unit, value) = ("Одиниця_виміру_Характеристики", "Значення_Характеристики");
    let row = record(&[
        ("Назва_позиції", "Ліхтар"),
        (name, "Вага"),
        (unit, "г"),
        (value, "86"),
        (name, "Колір"),
        (unit, ""),
        (value, "чорний"),
    ]);
    let found = find(std::slice::from_ref(&row));
    assert_eq!(written(&found), [(name.to_owned(), value.to_owned(), Some(unit.to_owned()))]);
    let shown = addressed(&[row], &found);
    let fields: Vec<_> = shown[0].fields.iter().map(|(name, text)| (name.to_string(), text.as_str())).collect();
    let address = |feature| Address::write(value, name, feature);
    assert_eq!(fields, [("Назва_позиції".to_owned(), "Ліхтар"), (address("Вага"), "86"), (address("Колір"), "чорний")]);

    let numbered = record(&[
        ("Attribute 1 name", "Farbe"),
        ("Attribute 1 value(s)", "rot"),
        ("Attribute 2 name", ""),
        ("Attribute 2 value(s)", ""),
    ]);
    assert_eq!(find(&[numbered]).len(), 2);
    // A title and a worth are no pair.
    assert_eq!(find(&[record(&[("Product name", "Lamp"), ("Product value", "12")])]), []);
}

proptest! {
    #[test]
    fn no_headers_make_it_panic(names in prop::collection::vec("[ab=\\[\\] ]{0,3}(name|value|unit|1)?", 0..12)) {
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let records = [record(&fields)];
        let found = find(&records);
        addressed(&records, &found);
        for name in &names {
            Address::parse(name, |_| true);
        }
    }
}
