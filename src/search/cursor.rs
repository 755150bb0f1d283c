//! Paging cursors: opaque outside, checked when they come back.

use crate::error::{Code, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longer than any cursor made here.
const MAX_CHARS: usize = 4_096;

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// In a relevance search: so many hits into a kept view.
    #[serde(rename = "r")]
    Relevance {
        /// Key of the view.
        pin: String,
        /// How strictly the words were taken, as an index of `Strictness::ALL`.
        stage: usize,
        /// Hits shown.
        shown: usize,
        /// What was asked.
        asked: String,
    },
    /// In a sorted search: the last hit's value and SKU.
    #[serde(rename = "s")]
    Sorted {
        /// Its value; none when it has none.
        value: Option<SortValue>,
        /// Its SKU.
        sku: String,
        /// How strictly the words were taken.
        stage: usize,
        /// What was asked.
        asked: String,
    },
}

/// A sort value as a cursor holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum SortValue {
    /// The bits of a float: exact, unlike its decimal form.
    #[serde(rename = "n")]
    Number(u64),
    #[serde(rename = "i")]
    Time(i64),
    #[serde(rename = "t")]
    Text(String),
}

impl Cursor {
    /// The opaque form.
    pub fn encode(&self) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self)?))
    }

    /// Reads what a client sent back; it must belong to the same question.
    pub fn decode(text: &str, asked: &str) -> Result<Self> {
        let invalid =
            || Error::new(Code::InvalidCursor, "this cursor was not made for this search; leave 'after' out to begin anew");
        if text.len() > MAX_CHARS {
            return Err(invalid());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        let (Self::Relevance { asked: of, .. } | Self::Sorted { asked: of, .. }) = &cursor;
        if of == asked { Ok(cursor) } else { Err(invalid()) }
    }
}

/// A short hash of everything that decides order and content, so that a cursor is not used for another question.
pub(super) fn asked(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    hex::encode(digest.get(..8).unwrap_or_default())
}
