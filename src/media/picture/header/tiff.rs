//! TIFF's first directory (TIFF 6.0, Adobe; `BigTIFF`).

use super::exif::Directory;
use super::{Header, damaged};
use crate::media::picture::{Format, Refusal};

const FORMAT: Format = Format::Tiff;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let (mut width, mut height, mut samples, mut tile_width, mut tile_height) = (0, 0, 1, 0, 0);
    let mut parts = 1_u64;
    let mut bits = 8;
    let pages = Directory::first(bytes).is_some_and(|first| first.has_next());
    for entry in Directory::first(bytes).into_iter().flat_map(Directory::entries) {
        match entry.tag {
            256 => width = entry.value,
            257 => height = entry.value,
            // Several depths do not fit into the entry: then it counts as the widest that is read.
            258 => bits = if entry.count == 1 { entry.value } else { 16 },
            277 => samples = entry.value,
            273 | 324 => parts = entry.count,
            322 => tile_width = entry.value,
            323 => tile_height = entry.value,
            _ => {}
        }
    }
    let (Ok(wide), Ok(high)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(damaged(FORMAT, "it has an impossible size"));
    };
    if wide == 0 || high == 0 {
        return Err(if bytes.len() < 64 { super::truncated(FORMAT) } else { damaged(FORMAT, "its size cannot be read") });
    }
    // Each part has an offset of two bytes at least.
    if parts > bytes.len() as u64 {
        return Err(damaged(FORMAT, "it has more parts than bytes"));
    }
    let each = samples.clamp(1, 8).saturating_mul(bits.div_ceil(8).clamp(1, 8));
    let mut header = Header::new(wide, high, each);
    header.pages = pages;
    if tile_width > 0 && tile_height > 0 {
        // Tiles reach past the picture's edge, and each is decoded whole.
        let tiles = width.div_ceil(tile_width).saturating_mul(height.div_ceil(tile_height));
        let tile = tile_width.saturating_mul(tile_height);
        header.work = tiles.saturating_mul(tile);
        header.memory = header.memory.saturating_add(tile.saturating_mul(each));
    }
    Ok(header)
}
