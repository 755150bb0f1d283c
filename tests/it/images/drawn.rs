//! Pictures drawn for the tests: each number another picture.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

/// A pattern of coloured blocks on white, of this size; no two numbers look alike.
pub(super) fn picture(number: u32, width: u32, height: u32) -> DynamicImage {
    const BLOCKS: u32 = 12;
    let mut state = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let blocks: Vec<Rgb<u8>> = (0..BLOCKS * BLOCKS).map(|_| Rgb([next(), next(), next()])).collect();
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let rim = width.min(height) / 10;
        if x < rim || y < rim || x >= width - rim || y >= height - rim {
            return Rgb([255, 255, 255]);
        }
        blocks[((y * BLOCKS / height) * BLOCKS + x * BLOCKS / width) as usize]
    }))
}

pub(super) fn jpeg(number: u32, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    picture(number, width, height).write_with_encoder(encoder).unwrap();
    bytes
}

pub(super) fn png(number: u32, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture(number, width, height).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}
