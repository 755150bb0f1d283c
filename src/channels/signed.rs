//! Signed links: a feed's address that works without a key until it expires.
//!
//! The signature is HMAC-SHA256 (RFC 2104) over the path and the expiry with a secret of the house, so a link opens one file and
//! nothing else, and cannot be made to last longer. Rotating the secret ends all links at once.

use crate::app::App;
use crate::db::Conn;
use crate::db::settings::setting;
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Where the secret is kept among the settings of the house.
const SECRET: &str = "feed_secret";
/// The longest life of a link.
pub const LONGEST_SECONDS: i64 = 366 * 24 * 3_600;

/// The secret of the house; made at its first use.
pub async fn secret(app: &App) -> Result<String> {
    app.db.write(secret_in).await
}

/// The same inside a transaction. A reader's cannot write: there the secret must have been made.
pub(super) fn secret_in(conn: &mut Conn) -> Result<String> {
    if let Some(secret) = setting(conn, SECRET)? {
        return Ok(secret);
    }
    let fresh: [u8; 32] = rand::random();
    super::queries::setting_or(conn, SECRET, &hex::encode(fresh))
}

/// The path of a feed with its signature.
pub fn link(secret: &str, channel: &str, file: &str, expires: i64) -> String {
    let path = path(channel, file);
    let signature = signature(secret, &path, expires);
    format!("{path}?expires={expires}&signature={signature}")
}

/// Refuses a link that is not ours, was changed or has expired.
pub fn check(secret: &str, channel: &str, file: &str, expires: i64, given: &str, now: DateTime<Utc>) -> Result<()> {
    let wanted = signature(secret, &path(channel, file), expires);
    // All bytes are compared, so that time does not tell how many were right.
    let differs = wanted
        .bytes()
        .zip(given.bytes())
        .fold(wanted.len() ^ given.len(), |sum, (ours, theirs)| sum | usize::from(ours ^ theirs));
    if differs != 0 {
        return Err(Error::new(Code::Unauthorized, "this link's signature is wrong; ask for a new link or send a key"));
    }
    if expires <= now.timestamp() {
        return Err(Error::new(Code::Unauthorized, "this link has expired; ask for a new one or send a key"));
    }
    Ok(())
}

fn path(channel: &str, file: &str) -> String {
    format!("/feeds/{channel}/{file}")
}

fn signature(secret: &str, path: &str, expires: i64) -> String {
    hex::encode(hmac(secret.as_bytes(), format!("{path}\n{expires}").as_bytes()))
}

/// HMAC-SHA256.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    let hashed: [u8; 32];
    let key = if key.len() > BLOCK {
        hashed = Sha256::digest(key).into();
        &hashed[..]
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}
