use crate::dictionary::Dictionary;
use crate::import::read::{Format, ReadLimits, open};
use crate::import::{ImportKind, prepare};
use crate::normalize::DecimalStyle;
use crate::suppliers::{FileMode, Profile, Take, Target};
use proptest::prelude::*;

const FULL: &str = r#"
name = "Nordlicht"
locale = "de"
decimal = "comma"
currency = "EUR"
mode = "full"
discontinue_after_days = 90

[file]
format = "csv"
separator = ";"
header_row = 2

[fixed]
category = "headlamps"

[[column]]
from = "Artikelnummer"
to = "supplier_sku"

[[column]]
from = "EK"
to = "cost"
currency = "CHF"

[[column]]
from = "Bilder"
to = "image"
split = "|"
role = "gallery"
take = "all"
pattern = "(https?://\\S+)"

[column.map]
"kein Bild" = ""
"#;

fn error(toml: &str) -> crate::suppliers::ProfileError {
    Profile::parse(toml, &Dictionary::default()).expect_err("a profile with a mistake")
}

#[test]
fn a_profile_is_read_and_written_the_same() {
    let profile = Profile::parse(FULL, &Dictionary::default()).unwrap();
    assert_eq!(profile.mode, Some(FileMode::Full));
    assert_eq!(profile.decimal, DecimalStyle::Comma);
    assert_eq!((profile.file.format, profile.file.separator), (Some(Format::Csv), Some(';')));
    assert_eq!(profile.columns[1].currency.unwrap().code(), "CHF");
    assert_eq!((&profile.columns[2].to, profile.columns[2].take), (&Target::Image, Some(Take::All)));
    assert_eq!(profile.columns[2].map.get("kein Bild").map(String::as_str), Some(""));
    let again = Profile::parse(&profile.to_toml(), &Dictionary::default()).unwrap();
    assert_eq!(again, profile);
    assert_eq!(again.fingerprint(), profile.fingerprint());
    let other = Profile::parse(&FULL.replace("90", "30"), &Dictionary::default()).unwrap();
    assert_ne!(other.fingerprint(), profile.fingerprint());
}

#[test]
fn mistakes_name_line_and_key() {
    let unknown = error("name = \"a\"\n\n[[column]]\nfrom = \"x\"\nto = \"ignore\"\nfrmo = \"y\"\n");
    assert_eq!(unknown.line, Some(6));
    assert!(unknown.message.contains("frmo"), "{unknown}");
    let target = error("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"suplier_sku\"\n");
    assert_eq!((target.line, target.key.as_str()), (Some(4), "column.to"));
    assert!(target.message.contains("did you mean 'supplier_sku'"), "{target}");
    for (toml, line, key) in [
        ("name = \" \"", 1, "name"),
        ("name = \"a\"\nlocale = \"not a tag\"", 2, "locale"),
        ("name = \"a\"\ncurrency = \"EURO\"", 2, "currency"),
        ("name = \"a\"\n[file]\nencoding = \"klingon\"", 2, "file.encoding"),
        ("name = \"a\"\n[file]\nquote = \"ab\"", 2, "file.quote"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"image\"\nrole = \"front\"", 5, "column.role"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"image\"\ncurrency = \"EUR\"", 5, "column.currency"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"cost\"\npattern = \"(\"", 5, "column.pattern"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"cost\"\npattern = \"(\\\\w{1000}){1000}\"", 5, "column.pattern"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"cost\"\nsplit = \"\"", 5, "column.split"),
        ("name = \"a\"\n[key]\ncolumns = [\"b\"]\n[[column]]\nfrom = \"x\"\nto = \"supplier_sku\"", 2, "key"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"cost\"\nunit_from = \"\"", 5, "column.unit_from"),
        ("name = \"a\"\n[[column]]\nfrom = \"x\"\nto = \"image\"\nprefix = \"img/\"", 5, "column.prefix"),
        ("name = \"a\"\n[file.items]\nsame = \"h\"\nown = []", 2, "file.items"),
        ("name = \"a\"\n[fixed]\nnonsense = \"b\"", 3, "fixed.nonsense"),
        ("name = \"a\"\n[fixed]\non_hand = \"5\"", 3, "fixed.on_hand"),
    ] {
        let error = error(toml);
        assert_eq!((error.line, error.key.as_str()), (Some(line), key), "{toml}: {error}");
    }
    assert!(error("name = \"a\"\nmode = \"half\"").message.contains("full"));
}

#[test]
fn columns_tell_the_reader_which_pairs_they_use() {
    let toml = "name = \"a\"\nlocale = \"uk\"\n[[column]]\nfrom = \"SPEC[CODE=77]/TEXT\"\nto = \"ignore\"";
    let options = Profile::parse(toml, &Dictionary::default()).unwrap().read_options();
    assert_eq!(options.extra_pair_keys, ["CODE"]);
    assert_eq!(options.language.as_deref(), Some("uk"));
}

#[test]
fn the_documented_profile_works_on_the_documented_file() {
    let guide = include_str!("../../../docs/profiles.md");
    let dictionary = Dictionary::embedded().unwrap();
    let toml = guide.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let profile = Profile::parse(toml, &dictionary).unwrap();
    let table: Vec<&str> = guide.lines().skip_while(|line| !line.contains("Artikel;Name")).take(2).map(str::trim).collect();
    let file = std::io::Cursor::new(table.join("\n").into_bytes());
    let mut records = open(file, "lamps.csv", &profile.read_options(), &ReadLimits::default()).unwrap();
    let row = prepare(ImportKind::Catalog, &profile, &dictionary, None, &records.next().unwrap().unwrap());
    assert_eq!(row.issues, []);
    assert_eq!(
        (row.key.as_str(), row.brand.as_deref(), row.images.len(), row.stock[0].on_hand),
        ("NL-100", Some("Nordlicht"), 2, 17)
    );
    assert_eq!(row.cost.unwrap().to_string(), "12.40 EUR");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,400}") {
        let _ = Profile::parse(&text, &Dictionary::default());
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..FULL.len(), with in any::<char>()) {
        let mut damaged: Vec<char> = FULL.chars().collect();
        damaged[at] = with;
        let _ = Profile::parse(&damaged.into_iter().collect::<String>(), &Dictionary::default());
    }
}
