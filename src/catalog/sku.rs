//! Product SKUs and group codes: made from what founded them, so that the same files always make the same ones.

use sha2::{Digest, Sha256};

/// Crockford's base 32: no I, L, O or U, so that a code read aloud or copied by hand survives.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a first code, and how many more each collision adds.
const LENGTH: usize = 7;
const MORE: usize = 2;

/// The SKU founded by an offer: `BL-` and 7 characters of SHA-256(supplier code, NUL, offer key), two more per collision.
pub fn founded_by(supplier_code: &str, offer_key: &str, taken: impl Fn(&str) -> bool) -> String {
    code("BL-", supplier_code, offer_key, taken)
}

/// The code of a group founded by a supplier's parent key.
pub fn group_founded_by(supplier_code: &str, parent: &str, taken: impl Fn(&str) -> bool) -> String {
    code("GR-", supplier_code, parent, taken)
}

fn code(prefix: &str, left: &str, right: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut hash = Sha256::new();
    hash.update(left.as_bytes());
    hash.update([0]);
    hash.update(right.as_bytes());
    let digits = base32(&hash.finalize());
    let mut length = LENGTH;
    loop {
        let code: String = prefix.chars().chain(digits.iter().take(length).copied()).collect();
        // A whole SHA-256 in common would be the same founder, which has its product already.
        if length >= digits.len() || !taken(&code) {
            return code;
        }
        length += MORE;
    }
}

fn base32(bytes: &[u8]) -> Vec<char> {
    let mut digits = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = (buffer >> bits) & 31;
            digits.push(ALPHABET.get(index as usize).copied().map_or('0', char::from));
        }
    }
    digits
}

/// May a person give a product this SKU? `[A-Za-z0-9._-]{1,40}`
pub fn is_valid(sku: &str) -> bool {
    (1..=40).contains(&sku.len()) && sku.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
