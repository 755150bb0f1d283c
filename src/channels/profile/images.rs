//! What a channel demands of pictures.

use super::Docs;
use crate::media::picture::{Format, Spec};
use serde::Deserialize;

/// Pictures of one channel: what it takes, and what it is sent instead of what it does not take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRules {
    /// Where the rule stands.
    pub docs: Docs,
    /// The formats that it takes.
    pub formats: Vec<Format>,
    /// Pixels that each side must have at least.
    #[serde(default)]
    pub min_side: u32,
    /// Pixels that the longer side must have at least.
    #[serde(default)]
    pub min_longest: u32,
    /// Pixels that neither side may have more than; 0: no limit.
    #[serde(default)]
    pub max_side: u32,
    /// Pixels that a picture may have at most; 0: no limit.
    #[serde(default)]
    pub max_pixels: u64,
    /// Bytes that a picture may have at most; 0: no limit.
    #[serde(default)]
    pub max_bytes: u64,
    /// Pixels of the longer side from which on the channel shows it well; fewer are told as a warning.
    #[serde(default)]
    pub advised: u32,
    /// A picture whose longer side has fewer pixels is not put on a larger background to reach the least size: it would be mostly rim.
    #[serde(default)]
    pub least_filled: u32,
    /// How much of the main picture's rim must be white, in thousandths; less is told as a warning. 0: any background.
    #[serde(default)]
    pub white_border: u16,
    /// Findings that keep a picture out.
    #[serde(default)]
    pub refuse: Vec<String>,
    /// Findings that are told as a warning.
    #[serde(default)]
    pub warn: Vec<String>,
    /// What it is sent of each picture.
    pub rendition: Spec,
    /// What the file is called, with `{sku}`, `{gtin}` and `{position}`; without the ending.
    #[serde(default = "by_sku")]
    pub name: String,
    /// The key of the rendition; filled in when the profile is loaded.
    #[serde(skip)]
    pub rendition_key: String,
}

fn by_sku() -> String {
    "{sku}-{position}".to_owned()
}

impl ImageRules {
    /// What is wrong with the rules themselves.
    pub fn fault(&self) -> Option<String> {
        if let Err(why) = self.rendition.check() {
            return Some(format!("images.rendition: {why}"));
        }
        if !self.formats.contains(&self.rendition.format) {
            return Some("images.rendition is in a format that images.formats does not name".to_owned());
        }
        let known = crate::media::picture::FINDINGS;
        if let Some(code) = self.refuse.iter().chain(&self.warn).find(|code| !known.contains(&code.as_str())) {
            return Some(format!("images: there is no finding '{code}'; there are {}", known.join(", ")));
        }
        let bare = self.name.replace("{sku}", "").replace("{gtin}", "").replace("{position}", "");
        if self.name.is_empty() || bare.chars().any(|c| !c.is_ascii_alphanumeric() && !"-_".contains(c)) {
            return Some("images.name is made of {sku}, {gtin}, {position}, letters, digits, - and _".to_owned());
        }
        None
    }
}
