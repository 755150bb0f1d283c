//! GIF blocks (version 89a of the format).

use super::{Header, damaged, truncated, u16_le};
use crate::media::picture::{Format, Refusal};

const FORMAT: Format = Format::Gif;

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let (Some(width), Some(height), Some(flags)) = (u16_le(bytes, 6), u16_le(bytes, 8), bytes.get(10)) else {
        return Err(truncated(FORMAT));
    };
    let mut header = Header::new(width.into(), height.into(), 4);
    let mut at = 13 + colours(*flags);
    let mut frames = 0;
    while frames < 2 {
        match bytes.get(at) {
            Some(0x2C) => {
                frames += 1;
                if frames == 2 {
                    break;
                }
                let (Some(wide), Some(high), Some(flags)) = (u16_le(bytes, at + 5), u16_le(bytes, at + 7), bytes.get(at + 9))
                else {
                    return Err(truncated(FORMAT));
                };
                // A frame may say that it is larger than the screen; it has its own buffer then.
                let frame = u64::from(wide) * u64::from(high);
                header.memory = header.memory.saturating_add(frame.saturating_mul(4));
                header.work = header.work.saturating_add(frame);
                let data = at + 10 + colours(*flags) + 1;
                at = blocks_end(bytes, data).ok_or_else(|| truncated(FORMAT))?;
            }
            Some(0x21) => match blocks_end(bytes, at + 2) {
                Some(end) => at = end,
                None if frames > 0 => break,
                None => return Err(truncated(FORMAT)),
            },
            // The end, and what some writers put behind it. A file that stops after its first frame still shows it.
            Some(0x3B) | None if frames > 0 => break,
            None => return Err(truncated(FORMAT)),
            Some(0x3B) => return Err(damaged(FORMAT, "it has no picture in it")),
            Some(_) if frames > 0 => break,
            Some(_) => return Err(damaged(FORMAT, "a part of it is of no known kind")),
        }
    }
    header.animated = frames > 1;
    Ok(header)
}

/// Bytes of a colour table that these flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Where a chain of blocks ends: each has its length before it, the last has none.
fn blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
