//! IP codes as numbers that can be compared (IEC 60529).
//!
//! The first numeral is protection against dust (0-6), the second against water (0-9, where 9 is the `9K` of ISO 20653). `X` means
//! that it was not tested, which is not zero: `IPX7` says nothing about dust. The two are compared separately, and "at least IP67"
//! holds only where both are known to be at least that. Water numerals are compared as numbers, although 7 and 8 (immersion) do not
//! include the jets of 5 and 6 by the standard's letter: a lamp that must stand both is marked `IP66/IP67`, and has the higher here.

/// What an IP code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating {
    /// First numeral; none when `X`.
    pub dust: Option<u8>,
    /// Second numeral; none when `X`.
    pub water: Option<u8>,
}

impl Rating {
    /// Reads `IP67`, `ipx-8`, `IP6X`, `IP69K`. Nothing when it is no IP code or says nothing at all (`IPXX`).
    pub fn parse(text: &str) -> Option<Self> {
        let mut signs = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase());
        if signs.next()? != 'I' || signs.next()? != 'P' {
            return None;
        }
        let dust = numeral(signs.next()?, 6)?;
        let water = numeral(signs.next()?, 9)?;
        // Additional letters (A-D, H, M, S, W) and the K of 9K change nothing of the order.
        if signs.any(|c| !matches!(c, 'K' | 'A'..='D' | 'H' | 'M' | 'S' | 'W')) || (dust.is_none() && water.is_none()) {
            return None;
        }
        Some(Self { dust, water })
    }

    /// The numerals that are known, as pairs of this rating's and the other's; none when the other lacks one that this has.
    fn pairs(self, other: Self) -> Option<Vec<(u8, u8)>> {
        [(self.dust, other.dust), (self.water, other.water)]
            .into_iter()
            .filter_map(|(bound, value)| bound.map(|bound| value.map(|value| (bound, value))))
            .collect()
    }

    /// Is `other` known to be at least as good in every numeral that this one names?
    pub fn at_most(self, other: Self) -> bool {
        self.pairs(other).is_some_and(|pairs| pairs.iter().all(|(bound, value)| value >= bound))
    }

    /// Is `other` known to be no better in every numeral that this one names?
    pub fn at_least(self, other: Self) -> bool {
        self.pairs(other).is_some_and(|pairs| pairs.iter().all(|(bound, value)| value <= bound))
    }
}

/// `Some(None)` for an X, `None` for what is no numeral.
#[allow(clippy::option_option)]
fn numeral(c: char, highest: u32) -> Option<Option<u8>> {
    if c == 'X' {
        return Some(None);
    }
    let digit = c.to_digit(10).filter(|digit| *digit <= highest)?;
    u8::try_from(digit).ok().map(Some)
}
