//! A user's matching.toml over ours.

use crate::dictionary::{Dictionary, SchemaError};
use crate::identity::{Decision, MatchRules, Names, Traits, judge};
use std::sync::Arc;

fn over(text: &str) -> (Dictionary, Result<Arc<MatchRules>, SchemaError>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("identity")).unwrap();
    std::fs::write(folder.path().join("identity/matching.toml"), text).unwrap();
    let dictionary = Dictionary::load(Some(folder.path())).unwrap();
    let rules = MatchRules::of(&dictionary);
    (dictionary, rules)
}

#[test]
fn a_users_words_are_added_and_numbers_replace_ours() {
    let text = "[words]\naccessory = [\"Klipsi\"]\n[thresholds]\nlamp_merge = 950\n[counted]\n\"par de\" = 2\n";
    let (dictionary, rules) = over(text);
    let rules = rules.unwrap();
    assert_eq!((rules.thresholds.lamp_merge, rules.thresholds.merge), (950, 330));
    let titled = |title: &str| {
        Traits::of_values(&Names { title: Some(title), ..Names::default() }, std::iter::empty(), &dictionary, &rules)
    };
    let lamp = titled("Fenix HM65R headlamp");
    assert_eq!(judge(&rules, &lamp, &titled("Fenix HM65R klipsi")).decision, Decision::Apart);
    assert_eq!(titled("Par de Fenix HM65R").pack, Some(2));
    assert!(rules.words.accessory.contains("holster"), "ours stay");
}

#[test]
fn a_mistake_names_file_line_and_key() {
    for (text, line, says) in [
        ("[thresholds]\nmerge = \"high\"\n", 2, "high"),
        ("[thresholds]\n\nmerg = 3\n", 3, "merg"),
        ("[thresholds]\nmerge = 2000\n", 2, "thousandths"),
        ("[thresholds]\nreview = 900\n", 0, "review is above merge"),
        ("[tolerance]\nlumens = -1\n", 2, "share"),
        ("[weights]\nbias = -8\nluck = 1\n", 3, "luck"),
        ("[words]\nlamps = []\n", 2, "lamps"),
        ("[counted]\n\"no pack\" = 0\n", 2, "no pack"),
        ("[words\n", 1, ""),
    ] {
        let error = over(text).1.expect_err(text);
        let shown = error.to_string();
        assert!(error.line == line && shown.contains("matching.toml") && shown.contains(says), "{text}: {shown}");
    }
}
