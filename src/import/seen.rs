//! Which offers and levels a file named, in memory that hardly grows with the file: ids that were given one after another are bits.

#[cfg(test)]
mod tests;

use roaring::RoaringTreemap;
use std::collections::HashMap;

/// Ids of offers.
#[derive(Debug, Clone, Default)]
pub struct Offers(RoaringTreemap);

/// Levels, by warehouse and offer.
#[derive(Debug, Clone, Default)]
pub struct Levels(HashMap<i64, Offers>);

impl Offers {
    /// Is this one among them?
    pub fn has(&self, offer: i64) -> bool {
        self.0.contains(offer.unsigned_abs())
    }
}

impl Extend<i64> for Offers {
    fn extend<T: IntoIterator<Item = i64>>(&mut self, offers: T) {
        self.0.extend(offers.into_iter().map(i64::unsigned_abs));
    }
}

impl Levels {
    /// Is the level of this offer in this warehouse among them?
    pub fn has(&self, (offer, warehouse): (i64, i64)) -> bool {
        self.0.get(&warehouse).is_some_and(|offers| offers.has(offer))
    }
}

impl Extend<(i64, i64)> for Levels {
    /// Pairs of offer and warehouse.
    fn extend<T: IntoIterator<Item = (i64, i64)>>(&mut self, levels: T) {
        for (offer, warehouse) in levels {
            self.0.entry(warehouse).or_default().extend([offer]);
        }
    }
}
