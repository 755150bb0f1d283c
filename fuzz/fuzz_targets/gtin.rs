//! Any text as an identifier: what is accepted is its own canonical form.
#![no_main]

use beamline::normalize::gtin::canonicalise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(key) = canonicalise(text).gtin14 {
        assert_eq!(canonicalise(&key).gtin14, Some(key));
    }
});
