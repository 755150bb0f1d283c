//! JPEG markers (ITU-T T.81, annex B).

use super::{Header, damaged, truncated, u16_be};
use crate::media::picture::{Format, Refusal};

const FORMAT: Format = Format::Jpeg;

struct Frame {
    width: u32,
    height: u32,
    components: u64,
    /// Coefficients a pixel, from the sampling factors: 3 without subsampling, 1.5 with the usual one; times two to stay whole.
    halves: u64,
    progressive: bool,
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, Refusal> {
    let mut at = 2;
    let mut frame: Option<Frame> = None;
    let mut scans = 0;
    loop {
        // Fill bytes may stand before a marker, and some writers leave others there too.
        let Some(found) = next_marker(bytes, at) else {
            // A file that stops is cut, unless nothing of a picture was there before.
            return Err(if frame.is_some() || bytes.len() < 64 {
                truncated(FORMAT)
            } else {
                damaged(FORMAT, "it has no picture in it")
            });
        };
        let (marker, after) = found;
        match marker {
            0xD9 => break,
            // Markers without a length. The decoder reads one behind them, and so another picture, where no scan has begun: a file may not
            // say one size to us and another one to it.
            0x01 | 0xD0..=0xD8 if scans == 0 => return Err(damaged(FORMAT, "a mark stands where none may be")),
            0x01 | 0xD0..=0xD8 => {
                at = after;
                continue;
            }
            _ => {}
        }
        let length = usize::from(u16_be(bytes, after).ok_or_else(|| truncated(FORMAT))?);
        if length < 2 {
            return Err(damaged(FORMAT, "a part of it has an impossible length"));
        }
        let part = bytes.get(after + 2..after + length).ok_or_else(|| truncated(FORMAT))?;
        match marker {
            0xC0..=0xC2 => {
                if frame.is_some() {
                    return Err(damaged(FORMAT, "it has two frames"));
                }
                frame = Some(read_frame(part, marker == 0xC2)?);
            }
            // The other frames: lossless, hierarchical, arithmetic coding. 0xC4, 0xC8 and 0xCC are no frames.
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let message = "This JPEG is lossless, hierarchical or arithmetically coded, which hardly any program reads; save it as an ordinary JPEG.";
                return Err(Refusal::new("unsupported_format", message));
            }
            0xDA => {
                let Some(frame) = &frame else { return Err(damaged(FORMAT, "its picture comes before its size")) };
                // The decoder draws these wrongly and says nothing (zune-jpeg 0.5.15; libjpeg draws them well): better no picture than that.
                let apart = part.first().is_some_and(|count| u64::from(*count) < frame.components);
                if apart && !frame.progressive && frame.halves < frame.components * 2 {
                    let message =
                        "This JPEG keeps its colours apart in a way that is not read; save it again as an ordinary JPEG.";
                    return Err(Refusal::new("unsupported_format", message));
                }
                scans += 1;
            }
            _ => {}
        }
        at = after + length;
    }
    let Some(frame) = frame.filter(|_| scans > 0) else { return Err(damaged(FORMAT, "it has no picture in it")) };
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let mut header = Header::new(frame.width, frame.height, frame.components);
    header.scans = scans;
    if frame.progressive || scans > 1 {
        // Coefficients of 16 bits are kept until the last scan: halves / 2 of them a pixel, 2 bytes each.
        header.memory = header.memory.saturating_add(pixels.saturating_mul(frame.halves));
        header.work = pixels.saturating_mul(scans);
    }
    Ok(header)
}

/// The next marker from here on, and where what follows it begins. Within coded data, 0xFF is followed by 0 or a restart.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| *byte == 0xFF)?;
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xFF)?;
        let marker = *bytes.get(at)?;
        at += 1;
        if marker != 0 {
            return Some((marker, at));
        }
    }
}

fn read_frame(part: &[u8], progressive: bool) -> Result<Frame, Refusal> {
    let broken = || damaged(FORMAT, "its size cannot be read");
    let precision = *part.first().ok_or_else(broken)?;
    if precision != 8 {
        let message = format!("This JPEG has {precision} bits a channel, which channels do not take; save it with 8.");
        return Err(Refusal::new("unsupported_format", message));
    }
    let height = u16_be(part, 1).ok_or_else(broken)?;
    let width = u16_be(part, 3).ok_or_else(broken)?;
    let components = *part.get(5).ok_or_else(broken)?;
    if !matches!(components, 1 | 3 | 4) {
        let message = format!("This JPEG has {components} colour channels; save it as RGB or CMYK.");
        return Err(Refusal::new("unsupported_format", message));
    }
    let mut areas = Vec::with_capacity(4);
    for component in part.get(6..).unwrap_or_default().chunks_exact(3).take(usize::from(components)) {
        let [_, sampling, _] = component else { return Err(broken()) };
        let (across, down) = (sampling >> 4, sampling & 15);
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(damaged(FORMAT, "its colour channels have impossible sizes"));
        }
        areas.push(u64::from(across) * u64::from(down));
    }
    if areas.len() != usize::from(components) {
        return Err(broken());
    }
    let largest = areas.iter().copied().max().unwrap_or(1);
    let halves = (areas.iter().sum::<u64>() * 2).div_ceil(largest);
    Ok(Frame { width: width.into(), height: height.into(), components: components.into(), halves, progressive })
}

/// Whether Adobe's mark (APP14) stands before the picture.
pub(in crate::media::picture) fn has_adobe_marker(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some((marker, after)) = next_marker(bytes, at) {
        let Some(length) = u16_be(bytes, after).map(usize::from) else { return false };
        match marker {
            0xDA | 0xD9 => return false,
            0xEE if bytes.get(after + 2..after + 7) == Some(b"Adobe") => return true,
            _ => at = after + length.max(2),
        }
    }
    false
}
