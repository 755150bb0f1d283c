//! WebP chunks (RFC 9649).

use super::{Header, damaged, truncated, u16_le, u32_le};
use crate::media::picture::{Format, Refusal};

const FORMAT: Format = Format::Webp;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let said = u32_le(bytes, 4).ok_or_else(|| truncated(FORMAT))?;
    if u64::from(said) + 8 > bytes.len() as u64 + 1 {
        return Err(truncated(FORMAT));
    }
    let kind = bytes.get(12..16).ok_or_else(|| truncated(FORMAT))?;
    let data = bytes.get(20..).ok_or_else(|| truncated(FORMAT))?;
    let (width, height, animated) = match kind {
        b"VP8 " => {
            if data.get(3..6).is_some_and(|code| code != [0x9D, 0x01, 0x2A]) {
                return Err(damaged(FORMAT, "its picture does not begin as one"));
            }
            let (Some(width), Some(height)) = (u16_le(data, 6), u16_le(data, 8)) else { return Err(truncated(FORMAT)) };
            (u32::from(width & 0x3FFF), u32::from(height & 0x3FFF), false)
        }
        b"VP8L" => {
            if data.first().is_some_and(|code| *code != 0x2F) {
                return Err(damaged(FORMAT, "its picture does not begin as one"));
            }
            let sides = u32_le(data, 1).ok_or_else(|| truncated(FORMAT))?;
            ((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1, false)
        }
        b"VP8X" => {
            let flags = *data.first().ok_or_else(|| truncated(FORMAT))?;
            // Three bytes each, and one flag byte and three unused before them.
            let (Some(width), Some(height)) = (u32_le(data, 3), u32_le(data, 6)) else { return Err(truncated(FORMAT)) };
            ((width >> 8) + 1, (height >> 8) + 1, flags & 2 != 0)
        }
        _ => return Err(damaged(FORMAT, "it has no picture in it")),
    };
    // Of an animated one a frame is kept beside the canvas; a lossless one has tables beside its pixels.
    let mut header = Header::new(width, height, if animated { 12 } else { 8 });
    header.animated = animated;
    Ok(header)
}

/// The bytes of the first chunk of this kind, as many as there are.
pub(in crate::media::picture) fn chunk(bytes: &[u8], kind: [u8; 4]) -> Option<&[u8]> {
    let mut at = 12_usize;
    loop {
        let length = usize::try_from(u32_le(bytes, at + 4)?).ok()?;
        let data = at.checked_add(8)?;
        let end = data.checked_add(length)?;
        if bytes.get(at..at + 4)? == kind {
            return bytes.get(data..end);
        }
        // Chunks begin at even places.
        at = end.checked_add(length & 1)?;
    }
}
