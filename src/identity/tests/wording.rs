//! Titles cut into words, and models' names into model and generation.

use crate::dictionary::Dictionary;
use crate::identity::MatchRules;
use crate::identity::model;
use crate::identity::words::{Sort, codes, hash, tokens};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

fn rules() -> Arc<MatchRules> {
    static RULES: LazyLock<Arc<MatchRules>> = LazyLock::new(|| MatchRules::of(&Dictionary::embedded().unwrap()).unwrap());
    Arc::clone(&RULES)
}

fn words(text: &str) -> Vec<String> {
    tokens(&rules(), text).into_iter().map(|word| word.text).collect()
}

#[test]
fn quantities_are_written_one_way() {
    assert_eq!(words("8 GB card"), words("8gb card"));
    assert_eq!(words("1 TB disk"), words("1000gb disk"));
    assert_eq!(words("17-inch"), words("17\""));
    assert_eq!(words("1,200 lumens"), ["1200lm"]);
    assert_eq!(words("Größe: 07.50 kg"), ["grosse", "7.5kg"]);
    assert_eq!(words("Фонарь Fеnix"), words("фонарь Fenix"), "a Cyrillic letter that looks Latin");
    assert!(words("").is_empty() && words("--- / .").is_empty());
}

#[test]
fn codes_are_what_makers_name_their_goods_by() {
    let found = |text: &str| codes(&tokens(&rules(), text));
    assert!(found("Sony STR-DG520 receiver").contains(&"strdg520".to_owned()));
    assert!(found("apple mb769g/a").contains(&"mb769ga".to_owned()));
    assert!(found("910-000035").contains(&"910000035".to_owned()));
    assert!(found("usb cable 8gb 2.0").is_empty());
    assert_eq!(tokens(&rules(), "8 GB")[0].sort, Sort::Quantity);
}

#[test]
fn generations_are_read_from_names() {
    let read = |name: &str| {
        let (model, generation, colors) =
            model::read(&rules(), name, &tokens(&rules(), "Fenix"), |word| (word == "red").then(|| "red".to_owned()));
        (model.whole, generation.number, generation.year, colors)
    };
    let number = |number: &str| Some(number.to_owned());
    assert_eq!(read("Fenix HL40 V2.0"), ("hl40".to_owned(), number("2"), None, vec![]));
    assert_eq!(read("Quark MkIII"), ("quark".to_owned(), number("3"), None, vec![]));
    assert_eq!(read("EC35 Gen II"), ("ec35".to_owned(), number("2"), None, vec![]));
    assert_eq!(read("H15 2.0"), ("h15".to_owned(), number("2"), None, vec![]));
    assert_eq!(read("GT Nano3.0"), ("gtnano".to_owned(), number("3"), None, vec![]));
    assert_eq!(read("G2X Pro (2018)"), ("g2xpro".to_owned(), None, Some(2018), vec![]));
    assert_eq!(read("Eco Star 2017"), ("ecostar".to_owned(), None, Some(2017), vec![]));
    assert_eq!(read("Thor II V2"), ("thorii".to_owned(), number("2"), None, vec![]));
    assert_eq!(read("Seeker 4 Pro"), ("seeker4pro".to_owned(), None, None, vec![]));
    assert_eq!(read("K75 Red"), ("k75".to_owned(), None, None, vec!["red".to_owned()]));
    assert_eq!(read("Red"), ("red".to_owned(), None, None, vec![]));
}

#[test]
fn a_stored_hash_never_changes() {
    assert_ne!(hash(&["a", "bc"]), hash(&["ab", "c"]), "parts are parted");
    assert_eq!(hash(&["mpn", "fenix", "HM65R"]), hash(&["mpn", "fenix", "HM65R"]));
}

proptest! {
    #[test]
    fn any_text_is_cut_and_bounded(text in ".{0,300}") {
        let cut = tokens(&rules(), &text);
        prop_assert!(cut.len() <= 161 && cut.iter().all(|word| !word.text.is_empty()));
        let _ = codes(&cut);
        let _ = model::read(&rules(), &text, &[], |_| None);
    }
}
