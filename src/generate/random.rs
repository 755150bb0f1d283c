//! Numbers that look random and are the same for ever: the same seed, subject and index give the same numbers on every machine and
//! in every version, and any product can be made without those before it.
//!
//! The generator is `SplitMix64` (Steele, Lea and Flood, 2014). A general crate's generators may change with its version, and then the
//! same arguments would no longer write the same bytes.

/// What numbers are drawn for, so that one more draw in one place leaves all others as they were.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    /// What all colours of a model share.
    Model = 1,
    /// One product of a model.
    Product = 2,
    /// Does a supplier carry a product?
    Carried = 3,
    /// What a supplier says of a product: terms, dirt.
    Offer = 4,
    /// Its stock.
    Stock = 5,
    /// Whether its stock changes.
    Changed = 6,
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Random {
    /// The stream of one subject; `owner` is a supplier's place, or 0.
    pub(super) fn of(seed: u64, subject: Subject, owner: u64, index: u64) -> Self {
        let subject = mix((subject as u64) << 32 | owner);
        Self(mix(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ subject ^ mix(index.wrapping_add(1))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Below `end`; 0 when `end` is 0. The high bits decide, and a range far below 2^64 is met evenly enough.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).unwrap_or_default()
    }

    /// True in `parts` of a million cases.
    pub(super) fn parts(&mut self, parts: u64) -> bool {
        self.below(1_000_000) < parts
    }

    /// A rank: 0 to 9,999.
    pub(super) fn rank(&mut self) -> u64 {
        self.below(10_000)
    }

    /// `rank` itself in `hundredths` of the cases, else a new one: two figures that go together.
    pub(super) fn rank_like(&mut self, rank: u64, hundredths: u64) -> u64 {
        let own = self.rank();
        if self.below(100) < hundredths { rank } else { own }
    }
}

/// Orders 0..`len` anew without a list: the place of `at` in an order that depends on `salt`.
pub(super) fn shuffled(at: u64, len: u64, salt: u64) -> u64 {
    if len < 3 {
        return at;
    }
    let mut step = len / 2 + mix(salt) % (len / 2).max(1);
    while greatest_common_divisor(step, len) != 1 {
        step += 1;
    }
    let start = mix(salt.wrapping_add(1)) % len;
    let place = (u128::from(at) * u128::from(step) + u128::from(start)) % u128::from(len);
    u64::try_from(place).unwrap_or_default()
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
