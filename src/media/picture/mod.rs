//! A picture as bytes and pixels: what it is, what is wrong with it, and what is made of it. Pure: no files, no network, no database.
//!
//! [`examine`] looks at bytes that may be anything. It believes no name, reads every header before it asks for memory, and either refuses
//! with a sentence or returns [`Facts`]. [`render`] makes any number of renditions of one decoding, each said by a [`Spec`].
//!
//! Limits and thresholds are data: `schema/media/pictures.toml`, read as [`PictureRules`].

mod colour;
mod decode;
mod encode;
mod facts;
mod format;
mod hash;
mod header;
mod judge;
mod linear;
mod pixels;
mod proof;
mod render;
mod sniff;
mod space;
mod spec;
mod tiff;
mod tones;
mod xmp;

pub use crate::dictionary::PictureRules;
pub use facts::{Facts, Finding, Refusal};
pub use format::Format;
pub use hash::PictureHash;
pub use render::{Rendered, render};
pub use spec::{ColourSpace, Fit, Spec, size_of};
pub use tones::Tones;

use sha2::{Digest, Sha256};

/// Every code that [`Refusal::code`] may have.
pub const REFUSALS: [&str; 14] = [
    "empty",
    "not_an_image",
    "svg",
    "avif",
    "heic",
    "unsupported_format",
    "truncated",
    "damaged",
    "too_large",
    "too_many_pixels",
    "too_wide",
    "too_much_work",
    "cannot_fit",
    "bad_spec",
];

/// Every code that [`Finding::code`] may have.
pub const FINDINGS: [&str; 15] = [
    "animated",
    "pages",
    "transparent",
    "tiny",
    "sliver",
    "blank",
    "blurred",
    "border",
    "watermark_suspected",
    "cmyk",
    "deep_colour",
    "profile_applied",
    "profile_broken",
    "rotated",
    "private_metadata",
];

/// Looks at bytes: what picture it is and what may be wrong with it, or why it is not taken.
pub fn examine(bytes: &[u8], rules: &PictureRules) -> Result<Facts, Refusal> {
    Ok(facts(bytes, &decode::decode(bytes, ColourSpace::Srgb, rules)?, rules))
}

/// [`examine`] and [`render`] with one decoding for both.
pub fn examine_and_render(bytes: &[u8], specs: &[Spec], rules: &PictureRules) -> Result<(Facts, Vec<Rendered>), Refusal> {
    render::check(specs)?;
    let picture = decode::decode(bytes, ColourSpace::Srgb, rules)?;
    let facts = facts(bytes, &picture, rules);
    let mut at_hand = Some(picture);
    let made = render::all(specs, rules, |space| {
        // Whichever is wanted, no two are held at once.
        let at_hand = at_hand.take().filter(|picture| picture.space == space);
        at_hand.map_or_else(|| decode::decode(bytes, space, rules), Ok)
    })?;
    Ok((facts, made))
}

fn facts(bytes: &[u8], picture: &decode::Decoded, rules: &PictureRules) -> Facts {
    let proof = proof::Proof::of(picture);
    let (width, height) = picture.size();
    Facts {
        format: picture.format,
        width,
        height,
        bytes: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(bytes)),
        hash: hash::of(&proof),
        tones: Some(tones::of(&proof)),
        transparent: picture.pixels.channels == 4,
        animated: picture.animated,
        digital_source_type: picture.source_type.clone(),
        white_border: judge::white_border(&picture.pixels, rules),
        findings: judge::findings(picture, &proof, rules),
    }
}

#[cfg(test)]
mod tests;
