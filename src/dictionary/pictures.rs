//! How pictures are judged: `schema/media/pictures.toml`, a user's file over ours.
//!
//! Only numbers, each with its reason beside it in the file. What is done by them is in `media/picture`.

use super::{SchemaError, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Limits and thresholds for pictures; the reason of each stands in `schema/media/pictures.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PictureRules {
    /// Bytes of a file.
    pub max_bytes: u64,
    /// Width times height.
    pub max_pixels: u64,
    /// Pixels of the longer side.
    pub max_side: u64,
    /// Bytes that decoding may ask for at once.
    pub max_alloc: u64,
    /// Scans of a progressive JPEG.
    pub max_scans: u64,
    /// Pixels times passes over them.
    pub max_work: u64,
    /// Bytes of a profile or packet of metadata.
    pub max_metadata: u64,
    /// Lowest quality that a ceiling of bytes leads to, 1 to 100.
    pub quality_floor: u64,
    /// How often a picture is made smaller to get below a ceiling of bytes.
    pub shrink_steps: u64,
    /// `tiny`: the longer side in pixels is below it.
    pub tiny_side: u64,
    /// `sliver`: the longer side is so many times the shorter one, or more.
    pub sliver: u64,
    /// `blank`: how far a channel strays, 0 to 255.
    pub blank_spread: u64,
    /// `blank`: pixels in a thousand that may stray further.
    pub blank_strays: u64,
    /// `blurred`: variance of the Laplacian below it.
    pub blurred_variance: u64,
    /// White: each channel at least, 0 to 255.
    pub white_level: u64,
    /// `border`: least width, thousandths of the shorter side.
    pub border_least: u64,
    /// `border`: greatest width, thousandths of the shorter side.
    pub border_most: u64,
    /// `border`: how far a channel strays within the frame, 0 to 255.
    pub border_spread: u64,
    /// `watermark_suspected`: least share of the plain background that is drawn over, thousandths.
    pub watermark_share: u64,
    /// `watermark_suspected`: greatest share; more is a pattern and no mark.
    pub watermark_most: u64,
    /// The same picture: bits that differ, at most.
    pub same_distance: u64,
    /// The same picture: how far the mean colour of a cell strays, at most, 0 to 255.
    pub same_tone: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: BTreeMap<String, Spanned<u64>>,
    #[serde(default)]
    findings: BTreeMap<String, Spanned<u64>>,
    #[serde(default)]
    same: BTreeMap<String, Spanned<u64>>,
}

impl PictureRules {
    /// How many bits two hashes differ in at most where the pictures are the same in another size or compression.
    pub fn same_picture_distance(&self) -> u32 {
        u32::try_from(self.same_distance).unwrap_or(u32::MAX)
    }

    /// Puts one file over what was read before, number by number.
    pub(crate) fn overlay(&mut self, source: &Source) -> Result<(), SchemaError> {
        let file: File = source.parse()?;
        for (table, said) in [("limits", file.limits), ("findings", file.findings), ("same", file.same)] {
            for (name, value) in said {
                let key = format!("{table}, {name}");
                let span = value.span();
                let Some((place, least, most)) = self.place(table, &name) else {
                    return Err(source.error(
                        Some(span),
                        key,
                        "is not a rule for pictures; see the names in schema/media/pictures.toml",
                    ));
                };
                let value = value.into_inner();
                if value < least || value > most {
                    return Err(source.error(Some(span), key, format!("is not from {least} to {most}")));
                }
                *place = value;
            }
        }
        Ok(())
    }

    /// Where a number is kept, and its least and greatest value. The greatest protect the machine, not the judgement.
    fn place(&mut self, table: &str, name: &str) -> Option<(&mut u64, u64, u64)> {
        Some(match (table, name) {
            ("limits", "max_bytes") => (&mut self.max_bytes, 1, 1 << 30),
            ("limits", "max_pixels") => (&mut self.max_pixels, 1, 1 << 30),
            ("limits", "max_side") => (&mut self.max_side, 1, 65_535),
            ("limits", "max_alloc") => (&mut self.max_alloc, 1 << 20, 1 << 33),
            ("limits", "max_scans") => (&mut self.max_scans, 1, 1_000),
            ("limits", "max_work") => (&mut self.max_work, 1, 1 << 40),
            ("limits", "max_metadata") => (&mut self.max_metadata, 1, 1 << 26),
            ("limits", "quality_floor") => (&mut self.quality_floor, 1, 100),
            ("limits", "shrink_steps") => (&mut self.shrink_steps, 0, 30),
            ("findings", "tiny_side") => (&mut self.tiny_side, 0, 65_535),
            ("findings", "sliver") => (&mut self.sliver, 1, 65_535),
            ("findings", "blank_spread") => (&mut self.blank_spread, 0, 255),
            ("findings", "blank_strays") => (&mut self.blank_strays, 0, 1_000),
            ("findings", "blurred_variance") => (&mut self.blurred_variance, 0, 1_000_000),
            ("findings", "white_level") => (&mut self.white_level, 0, 255),
            ("findings", "border_least") => (&mut self.border_least, 1, 500),
            ("findings", "border_most") => (&mut self.border_most, 1, 500),
            ("findings", "border_spread") => (&mut self.border_spread, 0, 255),
            ("findings", "watermark_share") => (&mut self.watermark_share, 0, 1_000),
            ("findings", "watermark_most") => (&mut self.watermark_most, 0, 1_000),
            // Further apart, pictures that are alike would not be looked for.
            ("same", "distance") => (&mut self.same_distance, 0, 31),
            ("same", "tone") => (&mut self.same_tone, 0, 255),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
