//! The secret itself: made, recognised, hashed.
//!
//! A key is `bl_` and 43 letters, the base64url form of 32 bytes of the operating system's randomness. Because all 256 bits are
//! random, a plain SHA-256 is enough to keep: there is no dictionary to try, so nothing is gained by a slow hash. Looking the hash up
//! needs no constant-time comparison either: what timing could betray is how far a *hash* agrees with a stored one, and nobody
//! can choose a secret by its hash.

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rand::TryRng as _;
use sha2::{Digest, Sha256};

/// What every key starts with, so that a leaked one is recognised by scanners and people.
pub const PREFIX: &str = "bl_";
const LETTERS: usize = 43;

/// A new secret.
pub fn generate() -> Result<String> {
    let mut bytes = [0_u8; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(format!("{PREFIX}{}", BASE64.encode(bytes)))
}

/// The stored form of a secret; none for a text that no key of ours can be.
pub fn hash(secret: &str) -> Option<String> {
    let letters = secret.strip_prefix(PREFIX)?;
    let ours =
        letters.len() == LETTERS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    ours.then(|| hex::encode(Sha256::digest(secret)))
}
