use super::{DICTIONARY, catalog, columns, issues, profile, record};
use crate::import::prepare::{ImportKind, Preparer, prepare};
use crate::import::read::{ReadLimits, ReadOptions, open};
use crate::import::row::PreparedRow;
use crate::import::row::Severity::{Rejected, Warning};
use crate::normalize::Value;
use iso_currency::Currency;
use proptest::prelude::*;
use std::io::Cursor;

#[test]
fn a_row_goes_where_its_profile_says() {
    let profile = columns(
        "locale = \"de\"\ncurrency = \"EUR\"",
        [
            ("Nr", "supplier_sku"),
            ("Name", "title"),
            ("EAN", "gtin"),
            ("Marke", "brand"),
            ("HNr", "mpn"),
            ("EK", "cost"),
            ("Vater", "parent"),
        ],
    );
    let fields = [
        ("Nr", " A-1 "),
        ("Name", "Stirnlampe X"),
        ("EAN", "4006381333931"),
        ("Marke", "Petzl"),
        ("HNr", "E065AA00"),
        ("EK", "14,38"),
        ("Vater", "G1"),
    ];
    let row = catalog(&profile, fields);
    assert_eq!(issues(&row), []);
    assert_eq!((row.row, row.key.as_str(), row.gtin.as_deref()), (7, "A-1", Some("04006381333931")));
    assert_eq!((row.brand.as_deref(), row.mpn.as_deref(), row.parent.as_deref()), (Some("Petzl"), Some("E065AA00"), Some("G1")));
    assert_eq!(row.cost.unwrap().to_string(), "14.38 EUR");
    let title = row.claims.iter().find(|claim| claim.attribute == "title").unwrap();
    assert_eq!((title.locale.as_deref(), title.field.as_str(), title.raw.as_str()), (Some("de"), "Name", "Stirnlampe X"));
    assert_eq!(row.raw.get("Nr").unwrap(), " A-1 ");
}

#[test]
fn a_feature_is_found_by_its_name_and_read_with_its_unit() {
    let made = profile(
        "[[column]]\nfrom = \"n\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"Wert[Merkmal=Gewicht]\"\nto = \"weight_with_battery\"\n\
         unit_from = \"Einheit[Merkmal=Gewicht]\"\nunit = \"g\"",
    );
    let weigh = |weight, unit| {
        let fields = [
            ("n", "1"),
            ("Merkmal", "Farbe"),
            ("Wert", "rot"),
            ("Einheit", ""),
            ("Merkmal", "gewicht"),
            ("Wert", weight),
            ("Einheit", unit),
        ];
        catalog(&made, fields)
    };
    let grams = |row: &PreparedRow| {
        row.claims.iter().find(|claim| claim.attribute == "weight_with_battery").map(|claim| claim.value.clone())
    };
    for (weight, unit, expected) in [("86", "г", 86), ("0.5", "kg", 500), ("86", "", 86), ("2,4 кг", "г", 2_400)] {
        assert_eq!(grams(&weigh(weight, unit)), Some(Value::measure(expected.into(), "g")), "{weight} {unit}");
    }
    let strange = weigh("86", "lm");
    assert_eq!((grams(&strange), issues(&strange)), (None, vec![("Wert[Merkmal=Gewicht]", "wrong_unit", Warning)]));
    // Two weights in two units: nobody knows which is which.
    let twice = [
        ("n", "1"),
        ("Merkmal", "Gewicht"),
        ("Wert", "86"),
        ("Einheit", "g"),
        ("Merkmal", "Gewicht"),
        ("Wert", "3"),
        ("Einheit", "oz"),
    ];
    assert_eq!(grams(&catalog(&made, twice)), None);
}

#[test]
fn what_is_usual_depends_on_the_category() {
    let made =
        columns("[fixed]\nlight_output_max = \"8\"", [("n", "supplier_sku"), ("c", "category"), ("throw", "beam_distance_max")]);
    let codes = |category| {
        catalog(&made, [("n", "1"), ("throw", "1200 m"), ("c", category)])
            .issues
            .into_iter()
            .map(|issue| issue.code)
            .collect::<Vec<_>>()
    };
    assert_eq!((codes("Taschenlampen"), codes("Stirnlampen")), (vec![], vec!["unusual".to_owned()]));
    assert_eq!(codes("Computer Accessories & Peripherals"), ["unknown_category", "unusual"]);
}

#[test]
fn a_zero_that_cannot_be_says_nothing() {
    let made = columns("", [("n", "supplier_sku"), ("w", "weight_packaged"), ("t", "tilt_angle")]);
    let row = catalog(&made, [("n", "1"), ("w", "0.00"), ("t", "0")]);
    assert_eq!(row.claims.iter().map(|claim| claim.attribute.as_str()).collect::<Vec<_>>(), ["tilt_angle"]);
    assert!(!issues(&row).iter().any(|(field, ..)| *field == "w"));
}

#[test]
fn a_picture_without_its_site_gets_it() {
    let made = profile(
        "[[column]]\nfrom = \"n\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"i\"\nto = \"image\"\nprefix = \"https://a.example/img/\"\nsplit = \",\"",
    );
    let row = catalog(&made, [("n", "1"), ("i", "/1.jpg,https://b.example/2.jpg,3.jpg")]);
    let urls: Vec<_> = row.images.iter().map(|image| image.url.as_str()).collect();
    assert_eq!(urls, ["https://a.example/img/1.jpg", "https://b.example/2.jpg", "https://a.example/img/3.jpg"]);
}

#[test]
fn a_key_is_made_where_there_is_no_sku() {
    let made = columns("", [("b", "brand"), ("m", "model_name"), ("t", "title")]);
    let key = |brand, model, title| catalog(&made, [("b", brand), ("m", model), ("t", title)]).key;
    assert_eq!(key("Petzl", "Actik  Core", "x"), "petzl|actik core");
    assert_eq!(key("PETZL", "actik core", "y"), "petzl|actik core");
    assert_eq!(key("", "", "Lamp One"), "lamp one");
    assert!(key("", &"m".repeat(80), "x").chars().count() <= 200);
    let empty = catalog(&made, [("b", ""), ("m", "n/a"), ("t", "")]);
    assert_eq!(issues(&empty).last(), Some(&("", "missing_key", Rejected)));
    assert!(empty.rejected() && empty.key.is_empty());
    let named = profile("[key]\ncolumns = [\"serie\", \"farbe\"]\n[[column]]\nfrom = \"t\"\nto = \"title\"");
    assert_eq!(catalog(&named, [("Serie", "S1"), ("farbe", "Rot"), ("t", "x")]).key, "s1|rot");
    let sku = columns("", [("Nr", "supplier_sku"), ("t", "title")]);
    assert_eq!(issues(&catalog(&sku, [("Nr", " - "), ("t", "x")])), [("Nr", "missing_key", Rejected)]);
    assert_eq!(issues(&catalog(&sku, [("Nr", &"9".repeat(201)), ("t", "x")])), [("Nr", "bad_key", Rejected)]);
}

#[test]
fn a_bad_gtin_is_told_and_never_identifies() {
    let profile = columns("", [("sku", "supplier_sku"), ("ean", "gtin")]);
    for (ean, code) in [
        ("5.05E+12", "gtin_scientific_notation"),
        ("4006381333930", "gtin_check_digit"),
        ("0843817000000", "gtin_zero_tail"),
        // Well-formed, but a shop's own number.
        ("2012345678903", "gtin_restricted"),
    ] {
        let row = catalog(&profile, [("sku", "1"), ("ean", ean)]);
        assert_eq!((row.gtin.as_deref(), row.rejected()), (None, false));
        assert!(row.issues[0].code.starts_with(code), "{:?}", row.issues);
        assert_eq!((row.issues[0].field.as_str(), row.issues[0].raw.as_str(), row.issues[0].row), ("ean", ean, 7));
        assert!(!row.claims.iter().any(|claim| claim.attribute == "gtin"));
    }
    assert_eq!(issues(&catalog(&profile, [("sku", "1"), ("ean", "n/a")])), []);
}

#[test]
fn prices_are_exact_or_an_issue() {
    let profile = columns("currency = \"USD\"", [("sku", "supplier_sku"), ("uvp", "recommended_price"), ("cur", "currency")]);
    let price = |text: &str, currency: &str| {
        let row = catalog(&profile, [("sku", "1"), ("uvp", text), ("cur", currency)]);
        (row.recommended_price.map(|money| money.to_string()), row.issues.first().map(|issue| issue.code.clone()))
    };
    let taken = |text: &str| (Some(text.to_owned()), None);
    let left = |code: &str| (None, Some(code.to_owned()));
    assert_eq!(price("19.99", ""), taken("19.99 USD"));
    assert_eq!(price("19.99", "EUR"), taken("19.99 EUR"));
    assert_eq!(price("€ 1.299,90", ""), taken("1299.90 EUR"));
    assert_eq!(price("1999", "JPY"), taken("1999 JPY"));
    assert_eq!(price("19.99 GBP", "EUR"), left("currency_conflict"));
    assert_eq!(price("-3", ""), left("price_negative"));
    assert_eq!(price("0.00", ""), left("price_zero"));
    assert_eq!(price("99999999999", ""), left("price_absurd"));
    assert_eq!(price("on request", ""), left("price_not_a_number"));
    assert_eq!(price("10-12", ""), left("price_ambiguous"));
    // The sign of several currencies is no word against the profile's one.
    let dollars = columns("locale = \"en\"\ncurrency = \"AUD\"", [("sku", "supplier_sku"), ("uvp", "recommended_price")]);
    assert_eq!(catalog(&dollars, [("sku", "1"), ("uvp", "$ 5.00")]).recommended_price.unwrap().to_string(), "5.00 AUD");
    let bare = columns("", [("sku", "supplier_sku"), ("uvp", "recommended_price")]);
    assert_eq!(issues(&catalog(&bare, [("sku", "1"), ("uvp", "5")])), [("uvp", "no_currency", Warning)]);
    let own = prepare(ImportKind::Prices, &bare, &DICTIONARY, Some(Currency::DKK), &record([("sku", "1"), ("uvp", "5")]));
    assert_eq!(own.recommended_price.unwrap().to_string(), "5.00 DKK");
    let none = prepare(ImportKind::Prices, &bare, &DICTIONARY, Some(Currency::DKK), &record([("sku", "1"), ("uvp", "")]));
    assert_eq!(issues(&none), [("uvp", "missing_price", Rejected)]);
}

#[test]
fn only_numbers_are_stock() {
    let profile = columns(
        "locale = \"da\"",
        [("sku", "supplier_sku"), ("lager", "on_hand"), ("hvor", "warehouse"), ("hvornår", "reported_at")],
    );
    let stock = |kind, text: &str| {
        let row = prepare(
            kind,
            &profile,
            &DICTIONARY,
            None,
            &record([("sku", "1"), ("lager", text), ("hvor", "W2"), ("hvornår", "2025-03-01 12:30")]),
        );
        (row.stock.first().map(|line| line.on_hand), row.issues.first().map(|issue| (issue.code.clone(), issue.severity)))
    };
    let told = |code: &str, severity| Some((code.to_owned(), severity));
    assert_eq!(stock(ImportKind::Stock, "12"), (Some(12), None));
    assert_eq!(stock(ImportKind::Stock, "1.200 stk"), (Some(1200), None));
    assert_eq!(stock(ImportKind::Stock, "udsolgt"), (Some(0), None));
    assert_eq!(stock(ImportKind::Stock, "out_of_stock"), (Some(0), None));
    assert_eq!(stock(ImportKind::Stock, "10+"), (Some(10), told("stock_at_least", Warning)));
    assert_eq!(stock(ImportKind::Stock, "-4"), (Some(0), told("stock_negative", Warning)));
    assert_eq!(stock(ImportKind::Stock, "på lager"), (None, told("stock_not_a_number", Rejected)));
    assert_eq!(stock(ImportKind::Catalog, "in stock"), (None, told("stock_not_a_number", Warning)));
    assert_eq!(stock(ImportKind::Stock, ""), (None, told("missing_quantity", Rejected)));
    assert_eq!(stock(ImportKind::Stock, "99999999999999"), (None, told("stock_absurd", Rejected)));
    let row = prepare(
        ImportKind::Stock,
        &profile,
        &DICTIONARY,
        None,
        &record([("sku", "1"), ("lager", "3"), ("hvor", "W2"), ("hvornår", "01.03.2025")]),
    );
    assert_eq!(row.stock[0].warehouse.as_deref(), Some("W2"));
    assert_eq!(row.stock[0].reported_at.unwrap().to_rfc3339(), "2025-03-01T00:00:00+00:00");
    let slashes = prepare(
        ImportKind::Stock,
        &profile,
        &DICTIONARY,
        None,
        &record([("sku", "1"), ("lager", "3"), ("hvornår", "03/01/2025")]),
    );
    assert_eq!(issues(&slashes), [("hvornår", "bad_date", Warning)]);
    assert_eq!((slashes.stock[0].on_hand, slashes.stock[0].reported_at), (3, None));
}

#[test]
fn pictures_and_tags_are_lists() {
    let profile = profile(
        "[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"main\"\nto = \"image\"\nrole = \"main\"\n\
         [[column]]\nfrom = \"more\"\nto = \"image\"\nsplit = \";\"\n[[column]]\nfrom = \"tag\"\nto = \"tags\"",
    );
    let fields = [
        ("sku", "1"),
        ("main", "https://a.example/1.jpg"),
        ("more", "//a.example/2.jpg; https://a.example/1.jpg; photos/3.jpg"),
        ("tag", "Hiking, Night"),
        ("tag", "hiking"),
        ("tag", "Night"),
    ];
    let row = catalog(&profile, fields);
    let images: Vec<_> = row.images.iter().map(|image| (image.url.as_str(), image.role.as_str())).collect();
    assert_eq!(images, [("https://a.example/1.jpg", "main"), ("https://a.example/2.jpg", "gallery")]);
    assert_eq!(issues(&row), [("more", "bad_image_address", Warning)]);
    assert_eq!(row.issues[0].raw, "photos/3.jpg");
    assert_eq!(row.tags, ["Hiking", "Night", "hiking"]);
    assert_eq!(row.raw.get("tag").unwrap().as_array().unwrap().len(), 3);
}

#[test]
fn blanks_within_an_address_are_written_as_browsers_send_them() {
    let profile = columns("", [("sku", "supplier_sku"), ("bild", "image")]);
    let read = |text: &str| {
        let row = catalog(&profile, [("sku", "1"), ("bild", text)]);
        (row.images.first().map(|image| image.url.clone()), row.issues.first().map(|issue| issue.message.clone()))
    };
    let (url, none) = read(" https://a.example/Stirnlampe H7R/side view.jpg?v=1 ");
    assert_eq!((url.as_deref(), none), (Some("https://a.example/Stirnlampe%20H7R/side%20view.jpg?v=1"), None));
    let (none, several) = read("https://a.example/1.jpg https://a.example/2.jpg");
    assert!(none.is_none() && several.unwrap().contains("split"));
    for wrong in ["https://a .example/1.jpg", "https://", "ftp://a.example/1.jpg", "https://a.example/1\n.jpg"] {
        let (url, message) = read(wrong);
        assert!(url.is_none() && message.is_some(), "{wrong:?} {url:?}");
    }
}

#[test]
fn the_category_is_a_code() {
    let profile = columns("locale = \"de\"\n[fixed]\ncategory = \"headlamps\"", [("sku", "supplier_sku"), ("kat", "category")]);
    let category = |text: &str| {
        let row = catalog(&profile, [("sku", "1"), ("kat", text)]);
        row.claims.into_iter().find(|claim| claim.attribute == "category").map(|claim| (claim.value, claim.rule))
    };
    assert_eq!(category("Outdoor > Stirnlampen"), Some((Value::text("headlamps"), "category.text".to_owned())));
    assert_eq!(category("Rucksäcke"), Some((Value::text("headlamps"), "category.fixed".to_owned())));
    let unfixed = columns("", [("sku", "supplier_sku"), ("kat", "category")]);
    assert_eq!(issues(&catalog(&unfixed, [("sku", "1"), ("kat", "Rucksäcke")])), [("kat", "unknown_category", Warning)]);
}

#[test]
fn columns_split_drop_map_cut_and_choose() {
    let toml = "[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\npattern = \"^ART-(.+)$\"\n\
                [[column]]\nfrom = \"t\"\nto = \"title\"\nsplit = \" | \"\ndrop_prefix = \"//\"\ntake = \"last\"\n[column.map]\n\"b\" = \"B!\"\n\
                [[column]]\nfrom = \"u\"\nto = \"title\"\n\
                [[column]]\nfrom = \"n\"\nto = \"model_name\"\nsplit = \",\"\ntake = \"max\"";
    let profile = profile(toml);
    let row = catalog(&profile, [("sku", "ART-5"), ("t", "a | b | //c"), ("u", "other"), ("n", "9,120,40")]);
    assert_eq!(row.key, "5");
    let text = |code: &str| row.claims.iter().find(|claim| claim.attribute == code).and_then(|claim| claim.value.as_text());
    assert_eq!((text("title"), text("model_name")), (Some("B!"), Some("120")));
    let second = catalog(&profile, [("sku", "ART-5"), ("t", ""), ("u", "other")]);
    assert_eq!(second.claims.iter().find(|claim| claim.attribute == "title").unwrap().value, Value::text("other"));
}

#[test]
fn an_item_in_quotes_holds_separators() {
    let profile = profile(
        "[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"h\"\nto = \"highlights\"\nsplit = \",\"",
    );
    let list = |text: &str| {
        let row = catalog(&profile, [("sku", "1"), ("h", text)]);
        row.claims.into_iter().find(|claim| claim.attribute == "highlights").map(|claim| claim.value)
    };
    let items = |items: &[&str]| Some(Value::List(items.iter().map(|item| (*item).to_owned()).collect()));
    assert_eq!(list("Bright, \"White, red\" ,\"a \"\"b\"\"\""), items(&["Bright", "White, red", "a \"b\""]));
    // An inch is no quote.
    assert_eq!(list("6\" long,\"open, end"), items(&["6\" long", "\"open", "end"]));
}

#[test]
fn a_fallback_counts_where_nothing_else_does() {
    let toml = "[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"own\"\nto = \"body_color\"\n\
                [[column]]\nfrom = \"all\"\nto = \"body_color\"\nsplit = \";\"\nfallback = true";
    let profile = profile(toml);
    let color = |own: &str| {
        let row = catalog(&profile, [("sku", "1"), ("own", own), ("all", "red; blue")]);
        row.claims.into_iter().find(|claim| claim.attribute == "body_color").map(|claim| claim.value)
    };
    let list = |codes: &[&str]| Some(Value::List(codes.iter().map(|code| (*code).to_owned()).collect()));
    assert_eq!((color("Black"), color("")), (list(&["black"]), list(&["red", "blue"])));
}

#[test]
fn typed_values_are_taken_as_they_are() {
    let column = |code: &str| format!("[[column]]\nfrom = \"{code}\"\nto = \"{code}\"\ntyped = true\n");
    let toml: String = ["title", "weight_with_battery", "modes", "charging_port"].map(column).concat();
    let profile = profile(&format!("[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n{toml}"));
    let fields = [
        ("sku", "1"),
        ("title", r#"{"en": "Lamp", "no tag": "x", "de": null}"#),
        ("weight_with_battery", r#"{"amount": "0.1", "unit": "kg"}"#),
        ("modes", r#"[{"name": "max", "light_output": "-4"}]"#),
        ("charging_port", r#""usb_c""#),
    ];
    let row = catalog(&profile, fields);
    let said = |code: &str| {
        row.claims.iter().filter(|claim| claim.attribute == code).map(|claim| claim.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(said("title"), [Value::text("Lamp")]);
    assert_eq!(said("weight_with_battery"), [Value::measure(rust_decimal::Decimal::ONE_HUNDRED, "g")]);
    assert_eq!((said("modes"), said("charging_port")), (vec![], vec![Value::text("usb_c")]));
    assert_eq!(issues(&row), [("title", "invalid_locale", Warning), ("modes", "out_of_range", Warning)]);
}

#[test]
fn fixed_texts_fill_what_no_column_gives() {
    let profile = columns("[fixed]\nbrand = \"Coleman\"", [("sku", "supplier_sku"), ("b", "brand")]);
    assert_eq!(catalog(&profile, [("sku", "1"), ("b", "")]).brand.as_deref(), Some("Coleman"));
    assert_eq!(catalog(&profile, [("sku", "1"), ("b", "Petzl")]).brand.as_deref(), Some("Petzl"));
}

#[test]
fn unreadable_rows_are_rejected_rows_and_short_ones_are_taken() {
    let profile = columns("", [("sku", "supplier_sku"), ("t", "title"), ("x", "ignore")]);
    let preparer = Preparer::new(ImportKind::Catalog, &profile, &DICTIONARY, None);
    let bytes = b"sku,t,x\n1,short\n2,a,b,c\n3,fine,z\n".to_vec();
    let records = open(Cursor::new(bytes), "a.csv", &ReadOptions::default(), &ReadLimits::default()).unwrap();
    let rows: Vec<_> = records.map(|item| preparer.take(item).unwrap()).collect();
    assert_eq!(issues(&rows[0]), [("", "ragged_row", Warning)]);
    assert_eq!(rows[0].key, "1");
    assert_eq!((issues(&rows[1]), rows[1].row), (vec![("", "ragged_row", Rejected)], 2));
    assert_eq!((rows[2].key.as_str(), rows[2].issues.len()), ("3", 0));
}

#[test]
fn raw_text_of_an_issue_is_cut() {
    let profile = columns("", [("sku", "supplier_sku"), ("ean", "gtin")]);
    let row = catalog(&profile, [("sku", "1"), ("ean", &"ä".repeat(5_000))]);
    assert_eq!(row.issues[0].raw.chars().count(), 1_000);
}

#[test]
fn undecodable_letters_are_told_once() {
    let profile = columns("", [("sku", "supplier_sku"), ("t", "title")]);
    let row = catalog(&profile, [("sku", "1"), ("t", "br\u{fffd}nder"), ("u", "\u{fffd}")]);
    assert_eq!(issues(&row), [("t", "damaged_text", Warning)]);
}

proptest! {
    #[test]
    fn no_texts_make_it_panic(texts in proptest::collection::vec("\\PC{0,30}", 8)) {
        let profile = columns("", [("0", "supplier_sku"), ("1", "gtin"), ("2", "cost"), ("3", "on_hand"), ("4", "image"), ("5", "modes"), ("6", "battery_options"), ("7", "reported_at")]);
        let fields = texts.iter().enumerate().map(|(at, text)| (at.to_string().into(), text.clone())).collect();
        let record = crate::import::row::Record { row: 1, fields };
        for kind in [ImportKind::Catalog, ImportKind::Stock, ImportKind::Prices] {
            let _ = prepare(kind, &profile, &DICTIONARY, Some(Currency::EUR), &record);
        }
    }
}

const GERMAN: &str =
    "Die Lampe ist für lange Nächte gemacht und wird mit einem Akku geliefert, der sich über das Kabel laden lässt.";
const ENGLISH: &str =
    "This lamp is made for long nights, and it comes with a battery that can be charged over the cable in the box.";

#[test]
fn a_long_text_goes_under_its_own_language_where_none_was_said() {
    let profile = columns("", [("sku", "supplier_sku"), ("name", "title"), ("text", "description")]);
    let row = catalog(&profile, [("sku", "1"), ("name", "Lampe Fjord für die Nacht"), ("text", GERMAN)]);
    let locale = |code: &str| row.claims.iter().find(|claim| claim.attribute == code).unwrap().locale.clone().unwrap();
    assert_eq!((locale("title").as_str(), locale("description").as_str()), ("en", "de"));
    assert_eq!(issues(&row), []);
    // Both languages in one row: neither takes the other's place.
    let two = columns("", [("sku", "supplier_sku"), ("text", "description"), ("more", "description")]);
    let row = catalog(&two, [("sku", "1"), ("text", GERMAN), ("more", ENGLISH)]);
    let mut locales: Vec<_> = row.claims.iter().filter_map(|claim| claim.locale.as_deref()).collect();
    locales.sort_unstable();
    assert_eq!(locales, ["de", "en"]);
}

#[test]
fn a_long_text_in_another_language_than_was_said_is_told_of() {
    let profile = columns("locale = \"de\"", [("sku", "supplier_sku"), ("name", "title"), ("text", "description")]);
    let row = catalog(&profile, [("sku", "1"), ("name", "Headlamp for the night"), ("text", ENGLISH)]);
    assert_eq!(issues(&row), [("text", "other_language", Warning)]);
    let message = &row.issues[0].message;
    assert!(message.contains("Deutsch (de)") && message.contains("English (en)"), "{message}");
    let text = row.claims.iter().find(|claim| claim.attribute == "description").unwrap();
    assert_eq!(text.locale.as_deref(), Some("de"), "nothing is changed silently");
    assert_eq!(issues(&catalog(&profile, [("sku", "1"), ("name", "Lampe"), ("text", GERMAN)])), []);
}

#[test]
fn texts_of_a_profile_without_a_locale_are_in_the_suppliers_language() {
    let profile = columns("", [("sku", "supplier_sku"), ("name", "title")]);
    let record = record([("sku", "1"), ("name", "Pandelampe Fjord")]);
    let row = Preparer::new(ImportKind::Catalog, &profile, &DICTIONARY, None).of_supplier("da").prepare(&record);
    assert_eq!(row.claims.iter().find_map(|claim| claim.locale.as_deref()), Some("da"));
}
