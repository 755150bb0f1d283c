//! PNG chunks (PNG, third edition, W3C).

use super::{Header, damaged, truncated, u32_be};
use crate::media::picture::{Format, Refusal};

const FORMAT: Format = Format::Png;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    if bytes.get(12..16).is_none() {
        return Err(truncated(FORMAT));
    }
    if u32_be(bytes, 8) != Some(13) || bytes.get(12..16) != Some(b"IHDR") {
        return Err(damaged(FORMAT, "its size does not come first"));
    }
    let size = bytes.get(16..29).ok_or_else(|| truncated(FORMAT))?;
    let (Some(width), Some(height)) = (u32_be(size, 0), u32_be(size, 4)) else { return Err(truncated(FORMAT)) };
    let [depth, colour, ..] = size.get(8..).unwrap_or_default() else { return Err(truncated(FORMAT)) };
    // A palette or a colour that is see-through may add a channel.
    let channels = match colour {
        0 | 4 => 2,
        2 | 3 | 6 => 4,
        _ => return Err(damaged(FORMAT, "it has a kind of colour that does not exist")),
    };
    let mut header = Header::new(width, height, channels * if *depth == 16 { 2 } else { 1 });
    let mut at = 8_usize;
    let mut has_data = false;
    loop {
        let length = u32_be(bytes, at).and_then(|length| usize::try_from(length).ok()).ok_or_else(|| truncated(FORMAT))?;
        let kind = bytes.get(at + 4..at + 8).ok_or_else(|| truncated(FORMAT))?;
        match kind {
            b"IEND" => break,
            b"IDAT" => has_data = true,
            b"acTL" => header.animated = true,
            _ => {}
        }
        // Length, kind and check sum are 12 bytes; a length is below 2^31, so this cannot overflow 64 bits.
        at = at
            .checked_add(length)
            .and_then(|end| end.checked_add(12))
            .filter(|end| *end <= bytes.len())
            .ok_or_else(|| truncated(FORMAT))?;
    }
    if !has_data {
        return Err(damaged(FORMAT, "it has no picture in it"));
    }
    Ok(header)
}
