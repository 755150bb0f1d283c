use crate::dictionary::Dictionary;
use crate::import::read::{ReadLimits, ReadOptions, open};
use crate::import::row::Record;
use crate::import::{ImportKind, prepare};
use crate::normalize::DecimalStyle;
use crate::suppliers::targets::Targets;
use crate::suppliers::{Profile, Target, field_names, propose};
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().unwrap());

fn proposed(text: &str) -> (Profile, Vec<Record>) {
    let records = open(Cursor::new(text.as_bytes().to_vec()), "a", &ReadOptions::default(), &ReadLimits::default()).unwrap();
    let records: Vec<_> = records.flatten().collect();
    let profile = propose(&field_names(&records), &records, &DICTIONARY, None);
    // What is proposed is a profile like any other.
    assert_eq!(Profile::parse(&profile.to_toml(), &DICTIONARY).unwrap(), profile);
    (profile, records)
}

fn target(profile: &Profile, from: &str) -> String {
    profile.columns.iter().find(|column| column.from == from).map(|column| column.to.name().to_owned()).unwrap_or_default()
}

#[test]
fn the_schema_file_is_read() {
    assert!(Targets::embedded().limits.price_max > 0);
}

#[test]
fn a_german_price_list_is_understood() {
    let text = "Artikelnummer;Bezeichnung;EAN;Gewicht (g);EK (netto) €;UVP;Lagerbestand;Bild-URL;Schutzart;Sonstiges\n\
                A1;Lampe 1;4006381333931;86,5;12,50;29,95;7;https://a.example/1.jpg;IPX4;x\n\
                A2;Lampe 2;4006381333948;90,0;14,00;34,95;0;https://a.example/2.jpg;IP67;y\n";
    let (profile, records) = proposed(text);
    for (from, to) in [
        ("Artikelnummer", "supplier_sku"),
        ("Bezeichnung", "title"),
        ("EAN", "gtin"),
        ("EK (netto) €", "cost"),
        ("UVP", "recommended_price"),
        ("Lagerbestand", "on_hand"),
        ("Bild-URL", "image"),
        ("Schutzart", "ip_rating"),
        ("Sonstiges", "ignore"),
    ] {
        assert_eq!(target(&profile, from), to, "{from}");
    }
    assert_eq!((profile.locale.as_deref(), profile.decimal), (Some("de"), DecimalStyle::Comma));
    let weight = profile.columns.iter().find(|column| column.from == "Gewicht (g)").unwrap();
    assert!(weight.to.name().starts_with("weight_"));
    assert_eq!(weight.unit.as_deref(), Some("g"));
    let row = prepare(ImportKind::Catalog, &profile, &DICTIONARY, None, &records[0]);
    assert_eq!((row.key.as_str(), row.cost.unwrap().to_string().as_str(), row.stock[0].on_hand), ("A1", "12.50 EUR", 7));
}

#[test]
fn single_targets_get_one_column_only() {
    let (profile, _) = proposed("id,sku,product_id,price,list_price,qty,stock\n1,A,x,2.5,3.5,1,2\n2,B,y,2.5,3.5,1,2\n");
    for (_, target) in Target::SPECIAL.iter().filter(|(_, target)| target.is_single()) {
        assert!(profile.columns_for(target).count() <= 1, "{target:?}");
    }
    assert_eq!((target(&profile, "sku"), target(&profile, "id")), ("supplier_sku".into(), "ignore".into()));
    assert_eq!((target(&profile, "price"), target(&profile, "list_price")), ("cost".into(), "recommended_price".into()));
    assert_eq!(profile.decimal, DecimalStyle::Point);
    // A column without a text is no key, whatever its name.
    let (profile, _) = proposed("sku,Artikelnummer\n,x1\n,x2\n");
    assert_eq!((target(&profile, "sku"), target(&profile, "Artikelnummer")), ("ignore".into(), "supplier_sku".into()));
}

#[test]
fn samples_tell_what_headers_do_not() {
    let text = "code a,code b,code c,Price (USD)\n4006381333931,https://a.example/1.png,z,5.00\n4006381333948,https://a.example/2.png,z,6.00\n";
    let (profile, _) = proposed(text);
    assert_eq!(
        (target(&profile, "code a"), target(&profile, "code b"), target(&profile, "code c")),
        ("supplier_sku".into(), "image".into(), "ignore".into())
    );
    let price = profile.columns.iter().find(|column| column.from == "Price (USD)").unwrap();
    assert_eq!(price.currency.map(|currency| currency.code()), Some("USD"));
    // A column called "stock" that holds no counts is no stock.
    let (profile, _) = proposed("sku,stock\nA,see website\nB,ask us\n");
    assert_eq!(target(&profile, "stock"), "ignore");
}

#[test]
fn nested_fields_and_pairs_are_understood() {
    let text = "<BMECAT><ARTICLE><SUPPLIER_AID>1</SUPPLIER_AID><DETAILS><EAN>4006381333931</EAN></DETAILS>\
        <F><FEATURE><FNAME>Schutzart</FNAME><FVALUE>IPX4</FVALUE><FUNIT>x</FUNIT></FEATURE></F></ARTICLE></BMECAT>";
    let (profile, _) = proposed(text);
    assert_eq!(target(&profile, "SUPPLIER_AID"), "supplier_sku");
    assert_eq!(target(&profile, "DETAILS/EAN"), "gtin");
    assert_eq!(target(&profile, "F/FEATURE[FNAME=Schutzart]/FVALUE"), "ip_rating");
    assert_eq!(target(&profile, "F/FEATURE[FNAME=Schutzart]/FUNIT"), "ignore");
    let (profile, _) = proposed(
        "[{\"sku\": \"A\", \"specs\": {\"ip_rating\": \"IPX4\"}}, {\"sku\": \"B\", \"specs\": {\"ip_rating\": \"IPX4\"}}]",
    );
    assert_eq!(target(&profile, "specs.ip_rating"), "ip_rating");
}

#[test]
fn features_listed_by_name_become_columns() {
    let row = |name: &str, color: &str, weight: &str, unit: &str| format!("{name};Farbe;{color};;Gewicht;{weight};{unit}");
    let rows = [row("Lampe 1", "rot", "86", "g"), row("Lampe 2", "blau", "0,12", "kg")];
    let text = format!("Bezeichnung;Merkmal;Wert;Einheit;Merkmal;Wert;Einheit\n{}\n{}\n", rows[0], rows[1]);
    let (profile, records) = proposed(&text);
    assert_eq!(target(&profile, "Wert[Merkmal=Farbe]"), "body_color");
    let weight = profile.columns.iter().find(|column| column.from == "Wert[Merkmal=Gewicht]").unwrap();
    assert_eq!((weight.to.name(), weight.unit_from.as_deref()), ("weight_with_battery", Some("Einheit[Merkmal=Gewicht]")));
    for (record, grams) in records.iter().zip([86, 120]) {
        let row = prepare(ImportKind::Catalog, &profile, &DICTIONARY, None, record);
        let weight = row.claims.iter().find(|claim| claim.attribute == "weight_with_battery").unwrap();
        assert_eq!(weight.value, crate::normalize::Value::measure(grams.into(), "g"));
    }
}

#[test]
fn a_shops_variants_are_told_apart_without_skus() {
    let text = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n\
                lamp,Lamp,Acme,Color,Red,,9.90,https://a.example/1.jpg\nlamp,,,,Blue,,9.90,\nlamp,,,,,,,https://a.example/2.jpg\n";
    let (profile, _) = proposed(text);
    assert_eq!(profile.file.items.as_ref().map(|items| items.same.as_str()), Some("Handle"));
    assert_eq!(target(&profile, "Option1 Value[Option1 Name=Color]"), "body_color");
    assert_eq!(target(&profile, "Variant Price"), "recommended_price");
    let records = open(Cursor::new(text.as_bytes().to_vec()), "a", &profile.read_options(), &ReadLimits::default()).unwrap();
    let rows: Vec<_> =
        records.flatten().map(|record| prepare(ImportKind::Catalog, &profile, &DICTIONARY, None, &record)).collect();
    assert_eq!(
        rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(),
        ["lamp|red", "lamp|blue"].map(|key| format!("{key}||"))
    );
    for row in &rows {
        assert_eq!((row.brand.as_deref(), row.images.len(), row.parent.as_deref()), (Some("Acme"), 2, Some("lamp")));
        assert!(row.claims.iter().any(|claim| claim.attribute == "body_color"), "{row:?}");
    }
}

#[test]
fn what_nothing_can_be_read_from_is_left_alone() {
    let (profile, _) = proposed("sku,name,type\nA,Lamp 1,HardGood\nB,Lamp 2,HardGood\n");
    assert_eq!((target(&profile, "type"), target(&profile, "name")), ("ignore".into(), "title".into()));
    // No column is known: the first that happens to be unique is no number of an article.
    let (profile, _) = proposed("priority,rule\n1,x\n2,y\n");
    assert!(profile.columns.iter().all(|column| column.to == Target::Ignore));
}

#[test]
fn the_key_tells_the_samples_apart() {
    let (profile, records) = proposed("Produktname;Modell;Gewicht\nAcme A;18650;45g\nBolt B;18650;48g\n");
    assert_eq!(profile.key_columns, ["Modell", "Produktname"]);
    let key = |record: &Record| prepare(ImportKind::Catalog, &profile, &DICTIONARY, None, record).key;
    assert_ne!(key(&records[0]), key(&records[1]));
    let (profile, _) = proposed("brand;model\nAcme;A\nAcme;B\n");
    assert!(profile.key_columns.is_empty());
}

#[test]
fn texts_are_in_the_language_of_their_headers() {
    let (records, language) = (
        |text: &str| {
            open(Cursor::new(text.as_bytes().to_vec()), "a", &ReadOptions::default(), &ReadLimits::default())
                .unwrap()
                .flatten()
                .collect::<Vec<_>>()
        },
        Some("en"),
    );
    let uk = records("Артикул;Назва;Название;Колір\n1;Ліхтар;Фонарь;чорний\n");
    let profile = propose(&field_names(&uk), &uk, &DICTIONARY, language);
    assert_eq!(profile.locale.as_deref(), Some("uk"));
    let russian = profile.columns.iter().find(|column| column.from == "Название").unwrap();
    assert_eq!(russian.locale.as_deref(), Some("ru"));
    // English headers say nothing about a German supplier's texts.
    let en = records("sku,name,color\n1,Lampe,rot\n");
    assert_eq!(propose(&field_names(&en), &en, &DICTIONARY, Some("de")).locale.as_deref(), Some("de"));
}

#[test]
fn texts_under_english_headers_show_their_own_language() {
    let german = "sku,name,description,color\n\
                  1,Lampe Fjord 400,\"Die Lampe ist für lange Nächte gemacht und wird mit einem Akku geliefert, der sich über das Kabel laden lässt.\",rot\n\
                  2,Lampe Tal 200,\"Mit dem roten Licht werden die anderen im Zelt nicht geweckt, und das Band der Lampe kann gewaschen werden.\",rot\n";
    let (profile, records) = proposed(german);
    assert_eq!((profile.locale.as_deref(), profile.assumed_locale.as_deref()), (None, Some("de")));
    assert_eq!(profile.assumed_confidence, Some(100));
    let row = prepare(ImportKind::Catalog, &profile, &DICTIONARY, None, &records[0]);
    let title = row.claims.iter().find(|claim| claim.attribute == "title").unwrap();
    assert_eq!(title.locale.as_deref(), Some("de"));
    // What somebody said is not guessed at.
    let said = propose(&field_names(&records), &records, &DICTIONARY, Some("en"));
    assert_eq!((said.locale.as_deref(), said.assumed_locale.as_deref()), (Some("en"), None));
    // Brands and numbers show none: the headers' language is assumed, and nothing is told of it.
    let (profile, _) = proposed("sku,name\n1,Petzl Actik Core 600\n2,Fenix HM65R-T\n3,Nitecore NU25 UL\n");
    assert_eq!((profile.language(), profile.assumed_confidence), (Some("en"), None));
}

proptest! {
    #[test]
    fn no_table_makes_it_panic(headers in proptest::collection::vec("\\PC{0,15}", 0..8), cells in proptest::collection::vec("\\PC{0,15}", 0..24)) {
        let records: Vec<Record> = cells.chunks(headers.len().max(1)).enumerate().map(|(row, cells)| Record {
            row: row as u64 + 1,
            fields: headers.iter().zip(cells).map(|(name, text)| (name.as_str().into(), text.clone())).collect(),
        }).collect();
        let profile = propose(&headers, &records, &DICTIONARY, None);
        for (_, target) in Target::SPECIAL.iter().filter(|(_, target)| target.is_single()) {
            prop_assert!(profile.columns_for(target).count() <= 1);
        }
    }
}

#[test]
fn what_our_publications_put_before_formulas_is_taken_away_and_one_variant_makes_no_group() {
    let header = "Title,URL handle,Vendor,SKU,Option1 name,Option1 value,Price,Description";
    let text = format!(
        "{header}\n'=Fjord (\"1\"),fjord,'@Home,F-1,Title,Default Title,9.90,'n Abend\n\
         Ridge,ridge,Acme,R-1,Color,Red,9.90,'-20 C\n,ridge,,R-2,Color,Blue,9.90,\n"
    );
    let (profile, _) = proposed(&text);
    let written = profile.to_toml();
    assert!(written.contains("formulas_guarded = true") && written.contains("says = \"Default Title\""), "{written}");
    let read = Profile::parse(&written, &DICTIONARY).unwrap();
    let records = open(Cursor::new(text.into_bytes()), "a.csv", &read.read_options(), &ReadLimits::default()).unwrap();
    let rows: Vec<_> = records.flatten().map(|record| prepare(ImportKind::Catalog, &read, &DICTIONARY, None, &record)).collect();
    let said = |row: usize, attribute: &str| {
        let claim = rows[row].claims.iter().find(|claim| claim.attribute == attribute);
        claim.and_then(|claim| claim.value.as_text()).unwrap_or_default().to_owned()
    };
    assert_eq!(
        (said(0, "title"), said(0, "brand"), said(0, "description")),
        ("=Fjord (\"1\")".into(), "@Home".into(), "'n Abend".into())
    );
    assert_eq!(said(1, "description"), "-20 C");
    assert_eq!(rows[0].raw["Title"], "'=Fjord (\"1\")", "the record stays as it was read");
    let parents: Vec<Option<&str>> = rows.iter().map(|row| row.parent.as_deref()).collect();
    assert_eq!(parents, [None, Some("ridge"), Some("ridge")]);
    let (plain, _) = proposed("SKU,Title,Description\nA-1,'=Fjord,x\n");
    assert!(!plain.file.formulas_guarded, "only where the program is known");
}
