//! Windows bitmaps: the file's header and the picture's behind it.

use super::{Header, truncated, u16_le, u32_le};
use crate::media::picture::{Format, Refusal};

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let cut = || truncated(Format::Bmp);
    let length = u32_le(bytes, 14).ok_or_else(cut)?;
    let (width, height) = if length == 12 {
        (u32::from(u16_le(bytes, 18).ok_or_else(cut)?), u32::from(u16_le(bytes, 20).ok_or_else(cut)?))
    } else {
        // Sides are signed; a negative height means that the first row is the uppermost.
        let width = u32_le(bytes, 18).ok_or_else(cut)?.cast_signed();
        (width.unsigned_abs(), u32_le(bytes, 22).ok_or_else(cut)?.cast_signed().unsigned_abs())
    };
    Ok(Header::new(width, height, 4))
}
