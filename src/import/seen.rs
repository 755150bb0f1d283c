//! Which offers and levels a file named, in memory that hardly grows with the file: ids that were given one after another are bits.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_named_is_told_from_who_was_not() {
        let (mut offers, mut levels) = (Offers::default(), Levels::default());
        offers.extend([3, 5, i64::MAX]);
        levels.extend([(3, 1), (5, 2)]);
        assert_eq!([3, 4, 5, i64::MAX].map(|id| offers.has(id)), [true, false, true, true]);
        assert_eq!([(3, 1), (3, 2), (5, 2), (5, 1)].map(|level| levels.has(level)), [true, false, true, false]);
    }

    #[test]
    fn two_million_in_a_row_are_a_few_hundred_kilobytes() {
        let mut offers = Offers::default();
        offers.extend(1..=2_000_000);
        assert!(offers.0.serialized_size() < 400_000);
    }
}
