//! What is found out about a picture, and why one is not taken.

use super::{Format, PictureHash, Tones};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something about a picture that a person or a channel may mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// What was found, such as `blurred`; the codes are those of [`super::FINDINGS`].
    pub code: String,
    /// A sentence for people, with the figures.
    pub message: String,
}

impl Finding {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// What is known of a picture once it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// What the bytes are, whatever the name said.
    pub format: Format,
    /// Pixels from left to right, as shown: after the orientation that its Exif data asks for.
    pub width: u32,
    /// Pixels from top to bottom, as shown.
    pub height: u32,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// How it looks, to find it again in another size or compression.
    #[schema(value_type = String)]
    pub hash: PictureHash,
    /// The colours of what it shows, cell by cell; none of one that was examined before they were looked at.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tones: Option<Tones>,
    /// Something of it can be looked through.
    pub transparent: bool,
    /// It has further frames; only the first is used.
    pub animated: bool,
    /// IPTC's `DigitalSourceType` as a URI, where the file says one. Google demands it of pictures that a model made.
    pub digital_source_type: Option<String>,
    /// How much of its outermost ring of pixels is white or see-through, in thousandths.
    pub white_border: u16,
    /// What somebody may mind.
    pub findings: Vec<Finding>,
}

impl Facts {
    /// Whether this was found.
    pub fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }
}

/// Why bytes are not taken as a picture, or a rendition cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// One of [`super::REFUSALS`].
    pub code: &'static str,
    /// A sentence that says what to do.
    pub message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
