//! Any bytes as a bulk write's lines, in pieces of any size, and each object as an edit of a product.
#![no_main]

use beamline::catalog::patch;
use beamline::dictionary::Dictionary;
use beamline::http::bulk;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::embedded().expect("the embedded dictionary is sound"));

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, body)) = bytes.split_first() else { return };
    for object in bulk::objects(body, usize::from(*piece)).into_iter().flatten() {
        let _ = patch::parse(&DICTIONARY, &object);
    }
});
