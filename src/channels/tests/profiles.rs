use super::CHANNELS;
use crate::channels::load::parse;

const SMALL: &str = r#"code = "small"
name = "Small"
docs = { url = "https://example.com", date = "2026-01-01" }

[defaults]
currency = "EUR"
locale = "en"
country = "DE"
markup = "0"

[[format]]
code = "csv"
layout = "csv"
file = "small.csv"
content_type = "text/csv"

[[field]]
name = "id"
from = ["sku"]
required = true
"#;

#[test]
fn the_shipped_profiles_are_right() {
    let codes: Vec<&str> = CHANNELS.iter().map(|profile| profile.code.as_str()).collect();
    assert!(codes.contains(&"google") && codes.contains(&"shopify"), "{codes:?}");
    for profile in CHANNELS.iter() {
        for attribute in profile.sections.iter().flat_map(|section| &section.attributes).chain(&profile.variants.attributes) {
            assert!(super::WORDS.attribute(attribute).is_some(), "{}: there is no attribute {attribute}", profile.code);
        }
        for field in &profile.fields {
            for source in &field.from {
                use crate::channels::source::Source::{Label, Value};
                if let Value(attribute) | Label(attribute) = source {
                    assert!(super::WORDS.attribute(attribute).is_some(), "{}: no attribute {attribute}", profile.code);
                }
            }
            if let Some(unit) = &field.unit {
                assert!(super::WORDS.unit(unit).is_some(), "{}: no unit {unit}", profile.code);
            }
        }
    }
}

#[test]
fn a_mistake_names_file_line_and_key() {
    assert!(parse("small.toml", "small", SMALL).is_ok());
    let fails = |text: &str, wanted: &[&str]| {
        let error = parse("small.toml", "small", text).unwrap_err().to_string();
        for wanted in wanted {
            assert!(error.contains(wanted), "'{wanted}' is not in: {error}");
        }
    };
    fails(
        &SMALL.replace("from = [\"sku\"]", "from = [\"skew\"]"),
        &["small.toml, line 19", "no source 'skew'", "value:ATTRIBUTE"],
    );
    fails(&SMALL.replace("required = true", "requird = true"), &["line 20", "field id", "requird"]);
    let second = "\n[[field]]\nname = \"price\"\nfrom = [\"price\"]\nmin = 3\nmax = 2\n";
    fails(
        &format!("{SMALL}{}{second}", "\n[[field]]\nname = \"cost\"\nfrom = [\"price\"]\n"),
        &["line 27", "field price", "min is more"],
    );
    fails(&SMALL.replace("required = true", "render = \"map\""), &["line 18", "field id", "map"]);
    fails(&SMALL.replace("\"EUR\"", "\"EURO\""), &["line 6", "EURO"]);
    fails(&SMALL.replace("code = \"small\"", "code = \"smell\""), &["line 1", "smell"]);
    fails(&SMALL.replace("small.csv", "../small.csv"), &["format csv"]);
    fails(&format!("{SMALL}\n[[field]]\nname = \"id\"\n"), &["field id", "twice"]);
    fails(&SMALL.replace("code = \"small\"", "code = \"small\"\none_of = [[\"gtin\"]]"), &["one_of", "gtin"]);
}

#[test]
fn a_folder_of_the_user_replaces_and_adds() {
    let folder = tempfile::tempdir().unwrap();
    let channels = folder.path().join("channels");
    std::fs::create_dir(&channels).unwrap();
    std::fs::write(channels.join("small.toml"), SMALL).unwrap();
    let all = crate::channels::Channels::load(Some(folder.path())).unwrap();
    assert_eq!(all.get("small").unwrap().name, "Small");
    assert!(all.get("google").is_ok());
    assert_ne!(all.fingerprint(), CHANNELS.fingerprint());
    let unknown = all.get("gogle").unwrap_err().to_string();
    assert!(unknown.contains("google") && unknown.contains("small"), "{unknown}");
}

#[test]
fn parts_are_numbered_before_the_extension_and_known_again() {
    let profile = parse("small.toml", "small", SMALL).unwrap();
    let format = profile.format("csv").unwrap();
    let names: Vec<String> = (0..3).map(|at| format.part_name(at)).collect();
    assert_eq!(names, ["small.csv", "small-2.csv", "small-3.csv"]);
    assert!(names.iter().all(|name| format.owns(name)));
    for other in ["small-.csv", "small-2.tsv", "smaller.csv", "small-x.csv", "small-2.csv.gz", "other.csv"] {
        assert!(!format.owns(other), "{other}");
    }
}

/// A value that a channel has no word for is left out silently, so each of them must have been decided.
#[test]
fn every_choice_of_the_dictionary_has_a_word_or_is_left_out_on_purpose() {
    use crate::channels::source::Source::{Label, Value};
    let mut looked_at = 0;
    for profile in CHANNELS.iter() {
        for field in profile.fields.iter().filter(|field| !field.map.is_empty()) {
            let sources = field.from.iter().filter_map(|source| match source {
                Value(code) | Label(code) => super::WORDS.attribute(code),
                _ => None,
            });
            let options: Vec<&str> =
                sources.flat_map(|attribute| &attribute.options).map(|option| option.code.as_str()).collect();
            if options.is_empty() {
                continue;
            }
            looked_at += 1;
            let said = |code: &str| field.map.contains_key(code) || field.omit.iter().any(|omitted| omitted == code);
            let undecided: Vec<&&str> = options.iter().filter(|code| !said(code) && !said("*")).collect();
            assert!(undecided.is_empty(), "{}, {}: no word for {undecided:?}; map them, or omit them", profile.code, field.name);
            let unknown: Vec<&String> =
                field.map.keys().chain(&field.omit).filter(|code| *code != "*" && !options.contains(&code.as_str())).collect();
            assert!(unknown.is_empty(), "{}, {}: the dictionary has no {unknown:?}", profile.code, field.name);
        }
    }
    assert!(looked_at >= 4, "{looked_at}");
}

#[test]
fn a_pair_of_fields_and_what_differs_are_checked() {
    let fails = |more: &str, wanted: &str| {
        let error = parse("small.toml", "small", &format!("{SMALL}{more}")).unwrap_err().to_string();
        assert!(error.contains(wanted), "'{wanted}' is not in: {error}");
    };
    fails("beside = \"value\"\n", "field id: stands beside 'value'");
    fails("beside = \"id\"\n", "field id: stands beside 'id'");
    fails("per = \"group\"\ndiffering = \"each\"\n", "a row of its own");
}
