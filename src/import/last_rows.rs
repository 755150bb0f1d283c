//! Which row of a file is the last of its key, in memory that does not grow with the file.
//!
//! Keys rarely repeat. A first look sets one of many bits for each; only where a bit was set before may the key have been met, and
//! only such keys are remembered. A bit that two different keys share costs an entry and changes nothing.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// Bits of the first look: 16 MiB, of which two million keys set one in sixty.
const BITS: usize = 1 << 27;

/// The last row of every key that repeats.
#[derive(Debug, Default)]
pub struct LastRows {
    met: Vec<u64>,
    last: HashMap<u64, u64>,
}

impl LastRows {
    /// Notes that this row is about `about` (see [`super::prepare::Preparer::about`]). Rows are met in order.
    pub fn meet(&mut self, file: usize, row: u64, about: u64) {
        if self.met.is_empty() {
            self.met = vec![0; BITS / 64];
        }
        // The hash's low bits; its high ones decide nothing here.
        let place = usize::try_from(about % BITS as u64).unwrap_or(0);
        let Some(word) = self.met.get_mut(place / 64) else { return };
        let bit = 1 << (place % 64);
        if *word & bit != 0 {
            self.last.insert(about, order(file, row));
        }
        *word |= bit;
    }

    /// All rows have been met: what is no longer needed goes.
    pub fn end(&mut self) {
        self.met = Vec::new();
    }

    /// Does no key repeat?
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Does a later row say the same thing anew?
    pub fn supersede(&self, file: usize, row: u64, about: u64) -> bool {
        self.last.get(&about).is_some_and(|last| *last > order(file, row))
    }
}

/// Order of rows over all files of an import.
fn order(file: usize, row: u64) -> u64 {
    ((file as u64) << 48) | row
}
