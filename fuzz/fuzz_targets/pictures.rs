//! Any bytes as a picture: facts or a refusal, and renditions of what has facts; never a panic, never more memory than the limits allow.
#![no_main]

use beamline::dictionary::Dictionary;
use beamline::media::picture::{ColourSpace, Format, PictureRules, Spec, examine_and_render};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static RULES: LazyLock<PictureRules> = LazyLock::new(|| {
    let ours = Dictionary::embedded().expect("the schema is whole").pictures().clone();
    PictureRules { max_pixels: 1 << 22, max_alloc: 64 << 20, max_work: 1 << 25, ..ours }
});

fuzz_target!(|bytes: &[u8]| {
    let wide = Spec { colour_space: ColourSpace::DisplayP3, ..Spec::inside(Format::Webp, 32, 32) };
    let specs = [Spec::inside(Format::Jpeg, 60, 40), wide];
    let _ = examine_and_render(bytes, &specs, &RULES);
});
