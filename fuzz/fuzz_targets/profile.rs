//! Any text as a profile; what parses, writes itself and parses to the same again.
#![no_main]

use beamline::dictionary::Dictionary;
use beamline::suppliers::Profile;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().expect("the embedded dictionary is sound"));

fuzz_target!(|text: &str| {
    if let Ok(profile) = Profile::parse(text, &DICTIONARY) {
        assert_eq!(Profile::parse(&profile.to_toml(), &DICTIONARY).as_ref(), Ok(&profile));
    }
});
