//! Any text as a cell: quantities are found in it, and it is read as values of several attributes.
#![no_main]

use beamline::dictionary::Dictionary;
use beamline::normalize::{Hints, normalize, quantities};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().expect("the embedded dictionary is sound"));

fuzz_target!(|text: &str| {
    for locale in [None, Some("de"), Some("zh"), Some("tr")] {
        let hints = Hints { locale: locale.map(str::to_owned), ..Hints::default() };
        for found in quantities(&DICTIONARY, text, &hints) {
            assert!(text.get(found.span.0..found.span.1).is_some_and(|span| !span.is_empty()));
        }
    }
    for code in ["light_output_max", "dim_length", "runtime_max", "operating_temperature", "modes", "battery_options"] {
        let attribute = DICTIONARY.attribute(code).expect("the dictionary has it");
        let _ = normalize(&DICTIONARY, attribute, text, &Hints::default());
    }
});
