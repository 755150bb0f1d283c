//! The colours of what is drawn, cell by cell: what tells a lamp in black from the same lamp in grey, which the signs of [`super::hash`] do
//! not. Sending a picture again in another size or quality hardly changes the mean of a cell.

use super::proof::Proof;
use serde::{Deserialize, Serialize};

/// Cells across and down.
const CELLS: usize = 4;
/// Red, green and blue of each.
const BYTES: usize = CELLS * CELLS * 3;

/// The mean colour of each cell of what is drawn, row by row. Hexadecimal text outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tones([u8; BYTES]);

impl Tones {
    /// The tones of this text; 96 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// How far the colours of the cell that differs most are apart, 0 to 255.
    pub fn apart(&self, other: &Self) -> u8 {
        self.0.iter().zip(other.0).map(|(mine, theirs)| mine.abs_diff(theirs)).max().unwrap_or(0)
    }
}

impl From<Tones> for String {
    fn from(tones: Tones) -> Self {
        hex::encode(tones.0)
    }
}

impl TryFrom<String> for Tones {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("'{text}' is not the tones of a picture: {} hexadecimal digits", BYTES * 2))
    }
}

pub(super) fn of(proof: &Proof) -> Tones {
    let area = proof.content;
    let edge = |start: usize, length: usize, cell: usize| start + length * cell / CELLS;
    let mut bytes = [0; BYTES];
    for (cell, tone) in bytes.chunks_exact_mut(3).enumerate() {
        let (column, row) = (cell % CELLS, cell / CELLS);
        let (mut sums, mut count) = ([0_u64; 3], 0_u64);
        for y in edge(area.top, area.height(), row)..edge(area.top, area.height(), row + 1) {
            for x in edge(area.left, area.width(), column)..edge(area.left, area.width(), column + 1) {
                for (sum, value) in sums.iter_mut().zip(proof.at(x, y)) {
                    *sum += u64::from(value);
                }
                count += 1;
            }
        }
        for (value, sum) in tone.iter_mut().zip(sums) {
            *value = sum.checked_div(count).and_then(|mean| u8::try_from(mean).ok()).unwrap_or(0);
        }
    }
    Tones(bytes)
}
