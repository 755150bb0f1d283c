//! Where stock is summed: on hand less reserved, over the live offers of a product.

/// Stock of one offer in one warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The offer.
    pub offer_id: i64,
    /// Is the offer in its supplier's newest catalogue?
    pub live: bool,
    /// Pieces the supplier says it has.
    pub on_hand: i64,
    /// Pieces promised to orders.
    pub reserved: i64,
}

impl Level {
    /// What may be sold of this level; never negative.
    pub fn available(self) -> i64 {
        if self.live { self.on_hand.saturating_sub(self.reserved).max(0) } else { 0 }
    }
}

/// What may be sold of a product. A gone offer counts nothing, at once.
pub fn available(levels: &[Level]) -> i64 {
    levels.iter().fold(0, |sum, level| sum.saturating_add(level.available()))
}
