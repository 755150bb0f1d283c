//! How a picture looks, in a few bytes: the same picture in another size or compression has nearly the same.
//!
//! Photographs of lamps on white are alike: most of each is white. So the hash is of what is drawn and not of what is around it, which also
//! finds a picture again that was put on a larger canvas. It has three parts, all compared bit by bit: brightness (the signs of 256 cosine
//! coefficients against their median), colour in 4 x 4 cells (the same lamp in red and in blue are two pictures), and the shape of what is
//! drawn. What this tells apart is measured in docs/quality.md, "Pictures".

use super::proof::{Area, Proof, brightness};
use image::GrayImage;
use image_hasher::{FilterType, HashAlg, HasherConfig};
use serde::{Deserialize, Serialize};

/// Length of a hash.
pub(super) const BYTES: usize = 52;

/// How a picture looks. Hexadecimal text outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PictureHash(pub(super) [u8; BYTES]);

impl PictureHash {
    /// The hash of this text; 104 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// In how many bits the two differ; compare with [`super::PictureRules::same_picture_distance`].
    pub fn distance(&self, other: &Self) -> u32 {
        self.0.iter().zip(other.0).map(|(mine, theirs)| (mine ^ theirs).count_ones()).sum()
    }

    /// The bytes, for look-ups of one's own.
    pub const fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

impl std::fmt::Display for PictureHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<PictureHash> for String {
    fn from(hash: PictureHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for PictureHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("'{text}' is not the hash of a picture: {} hexadecimal digits", BYTES * 2))
    }
}

/// Bytes of brightness: 16 x 16 bits.
const LUMA: usize = 32;
/// Cells across and down whose colour is kept.
const CELLS: usize = 4;
/// Where the two colour differences are cut, four bits each: a cell near a cut changes one bit and no more.
const CUTS: [i32; 4] = [-24, -8, 8, 24];
/// Bits for the shape of what is shown, each a step of the ratio of its sides.
const SHAPES: i32 = 32;

/// The hash of a picture by its small copy. Pure arithmetic on pixels; see the module.
pub(super) fn of(proof: &Proof) -> PictureHash {
    let area = proof.content;
    let mut bytes = [0_u8; BYTES];
    let (luma, rest) = bytes.split_at_mut(LUMA);
    let (colour, shape) = rest.split_at_mut(CELLS * CELLS);
    luma.copy_from_slice(&brightness_bits(proof, area));
    for (index, place) in colour.iter_mut().enumerate() {
        *place = colour_bits(proof, area, index % CELLS, index / CELLS);
    }
    let bits = shape_bits(area);
    shape.copy_from_slice(&bits.to_be_bytes());
    PictureHash(bytes)
}

fn brightness_bits(proof: &Proof, area: Area) -> [u8; LUMA] {
    let grey: Vec<u8> = (area.top..area.bottom)
        .flat_map(|y| proof.grey.get(y * proof.width + area.left..y * proof.width + area.right).unwrap_or_default())
        .copied()
        .collect();
    let (Ok(width), Ok(height)) = (u32::try_from(area.width()), u32::try_from(area.height())) else { return [0; LUMA] };
    let Some(grey) = GrayImage::from_raw(width, height, grey).filter(|_| width > 0 && height > 0) else { return [0; LUMA] };
    let hasher = HasherConfig::with_bytes_type::<[u8; LUMA]>()
        .hash_size(16, 16)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .resize_filter(FilterType::Triangle)
        .to_hasher();
    hasher.hash_image(&grey).into_inner()
}

/// Four bits for blue against brightness, four for red.
fn colour_bits(proof: &Proof, area: Area, column: usize, row: usize) -> u8 {
    let edge = |start: usize, length: usize, cell: usize| start + length * cell / CELLS;
    let (mut red, mut blue, mut count) = (0_i64, 0_i64, 0_i64);
    for y in edge(area.top, area.height(), row)..edge(area.top, area.height(), row + 1) {
        for x in edge(area.left, area.width(), column)..edge(area.left, area.width(), column + 1) {
            let pixel = proof.at(x, y);
            let grey = i64::from(brightness(pixel));
            red += i64::from(pixel[0]) - grey;
            blue += i64::from(pixel[2]) - grey;
            count += 1;
        }
    }
    let bits = |sum: i64| {
        let mean = sum.checked_div(count).unwrap_or(0);
        CUTS.iter().fold(0_u8, |bits, cut| bits << 1 | u8::from(mean > i64::from(*cut)))
    };
    bits(blue) << 4 | bits(red)
}

/// A row of ones, longer the wider the picture is: a step of ratio changes one bit.
fn shape_bits(area: Area) -> u32 {
    let (Ok(width), Ok(height)) = (i32::try_from(area.width().max(1)), i32::try_from(area.height().max(1))) else { return 0 };
    // Eight steps for each doubling, from 1 : 4 to 4 : 1.
    let steps = ((f64::from(width) / f64::from(height)).log2() * 8.0).round() + f64::from(SHAPES / 2);
    let ones = (0..SHAPES).filter(|step| f64::from(*step) < steps).count();
    u32::try_from(ones).ok().and_then(|ones| u32::MAX.checked_shl(32 - ones)).unwrap_or(0)
}
