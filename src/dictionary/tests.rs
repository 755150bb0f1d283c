//! What a user of the dictionary, or of a folder over it, notices.

use super::*;
use std::fs;

fn dictionary() -> Dictionary {
    match Dictionary::embedded() {
        Ok(dictionary) => dictionary,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_embedded_schema_is_sound_and_wide() {
    let dictionary = dictionary();
    assert!(dictionary.attributes().count() >= 50);
    assert_eq!(dictionary.locales().count(), 15);
    assert_eq!(dictionary.fingerprint().len(), 64);
    for attribute in dictionary.attributes() {
        for locale in ["en", "de", "da", "az", "sw"] {
            assert!(attribute.label.contains_key(locale), "{} has no label in {locale}", attribute.code);
        }
    }
    assert_eq!(dictionary.attributes().next().map(|attribute| attribute.code.as_str()), Some("brand"));
}

#[test]
fn columns_are_known_in_many_languages() {
    let dictionary = dictionary();
    for (label, code, unit, locale) in [
        ("Gewicht (g)", "weight_with_battery", Some("g"), None),
        ("vektKg", "", None, None),
        ("Вага,кг", "weight_with_battery", Some("kg"), None),
        ("p_name[de]", "title", None, Some("de")),
        ("v_ean", "gtin", None, None),
        ("İşıq axını", "light_output_max", None, None),
        ("IŞIQ AXINI", "light_output_max", None, None),
        ("Höhe", "dim_height", None, None),
        ("beam_distance_m", "beam_distance_max", Some("m"), None),
        ("length_mm", "dim_length", Some("mm"), None),
        ("Код_маркування_(GTIN)", "gtin", None, None),
        ("purchase price", "", None, None),
    ] {
        let found = dictionary.header(label);
        assert_eq!(found.map_or("", |header| header.attribute.code.as_str()), code, "{label}");
        if let Some(header) = found {
            assert_eq!((header.unit.map(|unit| unit.code.as_str()), header.locale), (unit, locale), "{label}");
        }
    }
}

#[test]
fn units_convert_exactly_and_are_read_in_their_family() {
    let dictionary = dictionary();
    let convert = |amount: &str, from: &str, to: &str| {
        dictionary.convert(amount.parse().unwrap(), from, to).unwrap().normalize().to_string()
    };
    assert_eq!(convert("3", "oz", "g"), "85.048569375");
    assert_eq!(convert("119", "yd", "m"), "108.8136");
    assert_eq!(convert("68", "degF", "degC"), "20");
    assert_eq!(convert("0", "degC", "K"), "273.15");
    assert_eq!(dictionary.convert(Decimal::ONE, "g", "m"), None);
    assert_eq!(dictionary.convert(Decimal::MAX, "kg", "g"), None);
    assert_eq!(dictionary.unit_in("time", "m").map(|unit| unit.code.as_str()), Some("min"));
    assert_eq!(dictionary.unit_in("length", "m").map(|unit| unit.code.as_str()), Some("m"));
    for (text, code) in [
        ("А•г", "Ah"),
        ("A•г", "Ah"),
        ("ГРАММ", "g"),
        ("qram", "g"),
        ("lümen", "lm"),
        ("LÜMEN", "lm"),
        ("timer", "h"),
        ("° С", "degC"),
    ] {
        assert_eq!(dictionary.unit_for(text).map(|unit| unit.code.as_str()), Some(code), "{text}");
    }
}

#[test]
fn categories_brands_and_locales_are_found() {
    let dictionary = dictionary();
    let category = |text: &str| dictionary.category_for(text, None).map(|category| category.code.as_str());
    assert_eq!(category("Outdoor > Beleuchtung > Stirnlampen"), Some("headlamps"));
    assert_eq!(category("Akkus ##||## Akku Konfektion ##||## AkkuPacks"), Some("batteries"));
    assert_eq!(category("LED Stirnlampen günstig"), Some("headlamps"));
    assert_eq!(category("Alın fənərləri"), Some("headlamps"));
    assert_eq!(category("Socks"), None);
    let brand = |text: &str| dictionary.brand(text).map(|brand| brand.name.as_str());
    assert_eq!(brand("LED Lenser"), Some("Ledlenser"));
    assert_eq!(brand("PETZL"), Some("Petzl"));
    assert_eq!(brand("nightcore"), Some("Nitecore"));
    assert_eq!(brand("QWXKLPZRT"), None);
    assert_eq!(dictionary.locale("de-AT").map(|words| words.tag.as_str()), Some("de"));
    assert_eq!(dictionary.locale("no").map(|words| words.tag.as_str()), Some("nb"));
    let title = &dictionary.locale("de").unwrap().title;
    assert_eq!(title.write("Petzl", "Actik {kind}", "Stirnlampe", Some("600")), "Petzl Actik {kind} Stirnlampe, 600 Lumen");
}

#[test]
fn every_category_google_id_exists_in_googles_own_list() {
    let shared =
        std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let Ok(text) = fs::read_to_string(format!("{shared}/specs/google/taxonomy-with-ids.en-US.txt")) else {
        println!("skipped: no taxonomy file beside the project");
        return;
    };
    for category in dictionary().categories() {
        let id = category.ids.get("google").unwrap_or_else(|| panic!("{} has no Google id", category.code));
        assert!(text.lines().any(|line| line.starts_with(&format!("{id} - "))), "{} has an unknown id {id}", category.code);
    }
}

fn with_file(name: &str, text: &str) -> Result<Dictionary, SchemaError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    Dictionary::load(Some(folder.path()))
}

#[test]
fn a_users_folder_adds_and_overrides() {
    let added = with_file(
        "attributes.toml",
        "[[attribute]]\ncode = \"strap_width\"\ntype = \"measure\"\nunit = \"mm\"\nlabel = { en = \"Strap width\" }\n",
    )
    .unwrap();
    assert!(added.attribute("strap_width").is_some());
    assert!(added.attribute("brand").is_some());
    assert_ne!(added.fingerprint(), dictionary().fingerprint());
    let words = with_file("locales/de.toml", "null_words = [\"gibt es nicht\"]\n").unwrap();
    assert!(words.words().is_null("Gibt es nicht"));
    assert!(words.words().is_null("keine Angabe"));
}

#[test]
fn a_mistake_names_file_key_and_line() {
    let cases = [
        (
            "attributes.toml",
            "\n[[attribute]]\ncode = \"x\"\ntype = \"measure\"\nunit = \"furlong\"\nlabel = { en = \"X\" }\n",
            5,
            "attribute x, unit",
            "furlong",
        ),
        (
            "attributes.toml",
            "[[attribute]]\ncode = \"x\"\ntype = \"text\"\ncolour = 1\nlabel = { en = \"X\" }\n",
            4,
            "",
            "colour",
        ),
        (
            "attributes.toml",
            "[[attribute]]\ncode = \"x\"\ntype = \"text\"\nlabel = { en = \"X\" }\nsynonyms = [\"EAN\"]\n",
            5,
            "attribute x, synonyms",
            "gtin",
        ),
        (
            "units.toml",
            "[[unit]]\ncode = \"st\"\nfamily = \"mass\"\nfactor = \"6350.29318\"\nsymbol = \"g\"\nspellings = []\n",
            5,
            "unit st, symbol",
            "'g'",
        ),
        ("brands.toml", "[[brand]]\nname = \"A\"\n[[brand]]\nname = \"A\"\n", 3, "brand A", "twice"),
        ("locales/de.toml", "yess = [\"ja\"]\n", 1, "", "yess"),
        ("normalize/checks.toml", "[limits]\nmaximum = -1\n", 2, "maximum", "above zero"),
        ("normalize/checks.toml", "[limits]\n\nmaximun = 1\n", 3, "", "maximun"),
        ("normalize/other.toml", "", 0, "", "checks.toml"),
        ("nonsense.toml", "", 0, "", "attributes.toml"),
    ];
    for (name, text, line, key, says) in cases {
        let error = with_file(name, text).expect_err(text);
        let shown = error.to_string();
        assert!(error.file.ends_with(name), "{shown}");
        assert_eq!((error.line, error.key.as_str()), (line, key), "{shown}");
        assert!(shown.contains(says), "{shown}");
    }
}
