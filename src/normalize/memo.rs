//! What was read before: a supplier's file says `IP68`, `USB-C` and `200 lm` thousands of times.
//!
//! [`normalize`] is pure, so a cell that was read once need not be read again. Only short cells are kept, and only so many; when the room is
//! full, it is emptied, so that a file whose later rows differ from its first ones profits as well.

use super::{Hints, Reading, normalize};
use crate::dictionary::{Attribute, Dictionary};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest cell that is kept, in bytes.
const MAX_BYTES: usize = 64;
/// Cells kept in one part.
const MAX_CELLS: usize = 2_048;
/// Parts, so that cores seldom wait for each other.
const PARTS: usize = 16;

/// Readings of one dictionary, shared by whoever reads with it. Cheap to share by reference, of no use with another dictionary.
#[derive(Debug)]
pub struct Memo {
    hasher: RandomState,
    parts: [Mutex<HashMap<u64, Kept>>; PARTS],
}

impl Default for Memo {
    fn default() -> Self {
        Self { hasher: RandomState::new(), parts: std::array::from_fn(|_| Mutex::default()) }
    }
}

#[derive(Debug)]
struct Kept {
    attribute: String,
    raw: String,
    hints: Hints,
    reading: Arc<Reading>,
}

impl Memo {
    /// [`normalize`], from memory where it can be.
    pub fn normalize(&self, dictionary: &Dictionary, attribute: &Attribute, raw: &str, hints: &Hints) -> Reading {
        if raw.len() > MAX_BYTES {
            return normalize(dictionary, attribute, raw, hints);
        }
        let hash = self.hasher.hash_one((&attribute.code, raw, hints));
        let part = usize::try_from(hash % PARTS as u64).ok().and_then(|part| self.parts.get(part));
        let Some(part) = part else { return normalize(dictionary, attribute, raw, hints) };
        // Two cells may share a hash: the cell itself decides.
        let is_same = |kept: &&Kept| kept.attribute == attribute.code && kept.raw == raw && kept.hints == *hints;
        let known = lock(part).get(&hash).filter(is_same).map(|kept| Arc::clone(&kept.reading));
        if let Some(reading) = known {
            return Reading::clone(&reading);
        }
        let reading = normalize(dictionary, attribute, raw, hints);
        let kept = Kept {
            attribute: attribute.code.clone(),
            raw: raw.to_owned(),
            hints: hints.clone(),
            reading: Arc::new(reading.clone()),
        };
        let mut part = lock(part);
        if part.len() >= MAX_CELLS {
            part.clear();
        }
        part.insert(hash, kept);
        reading
    }
}

fn lock(part: &Mutex<HashMap<u64, Kept>>) -> MutexGuard<'_, HashMap<u64, Kept>> {
    // Whoever panicked while holding it was only reading or inserting whole entries.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
