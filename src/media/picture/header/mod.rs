//! What a file says of itself, read before any memory is asked for.
//!
//! Every format's own little walk through its parts: sizes, how much work the decoder would be made to do, whether the end is there. Bytes
//! are only looked at, never trusted: what does not fit is an error, and a length that points past the end is `truncated`.

mod bmp;
mod exif;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

pub(super) use exif::Exif;
pub(super) use jpeg::has_adobe_marker;
pub(super) use webp::chunk as webp_chunk;

use super::{Format, PictureRules, Refusal};

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// As stored, before orientation.
    pub(super) width: u32,
    /// As stored.
    pub(super) height: u32,
    /// There are further frames.
    pub(super) animated: bool,
    /// Further pages follow.
    pub(super) pages: bool,
    /// Bytes that the decoder asks for, the pixels included.
    memory: u64,
    /// Passes over pixels times pixels.
    work: u64,
    /// Parts that a progressive picture is drawn in.
    scans: u64,
}

impl Header {
    fn new(width: u32, height: u32, bytes_per_pixel: u64) -> Self {
        let pixels = u64::from(width) * u64::from(height);
        Self {
            width,
            height,
            animated: false,
            pages: false,
            memory: pixels.saturating_mul(bytes_per_pixel),
            work: pixels,
            scans: 1,
        }
    }
}

/// Reads the header and holds it against the limits.
pub(super) fn read(bytes: &[u8], format: Format, rules: &PictureRules) -> Result<Header, Refusal> {
    let length = bytes.len() as u64;
    if length > rules.max_bytes {
        let message =
            format!("The file has {length} bytes and may have {}; save it smaller or with more compression.", rules.max_bytes);
        return Err(Refusal::new("too_large", message));
    }
    let header = match format {
        Format::Jpeg => jpeg::read(bytes)?,
        Format::Png => png::read(bytes)?,
        Format::Webp => webp::read(bytes)?,
        Format::Gif => gif::read(bytes)?,
        Format::Tiff => tiff::read(bytes)?,
        Format::Bmp => bmp::read(bytes)?,
    };
    let Header { width, height, .. } = header;
    if width == 0 || height == 0 {
        return Err(damaged(format, "it says that it has no pixels"));
    }
    let side = u64::from(width.max(height));
    if side > rules.max_side {
        let message =
            format!("The picture is {width} x {height}; no side may have more than {} pixels. Send it smaller.", rules.max_side);
        return Err(Refusal::new("too_wide", message));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > rules.max_pixels {
        let message = format!(
            "The picture is {width} x {height}, which are {pixels} pixels; at most {} are read. Send it smaller.",
            rules.max_pixels
        );
        return Err(Refusal::new("too_many_pixels", message));
    }
    if header.memory > rules.max_alloc {
        let message = format!(
            "The picture is {width} x {height} and needs {} MB to be read; {} are given. Send it smaller, with 8 bits a channel.",
            header.memory >> 20,
            rules.max_alloc >> 20
        );
        return Err(Refusal::new("too_many_pixels", message));
    }
    if header.scans > rules.max_scans || header.work > rules.max_work {
        let message = format!(
            "The file would have {} pixels drawn over {} times to make one picture; save it again as an ordinary {format}.",
            pixels, header.scans
        );
        return Err(Refusal::new("too_much_work", message));
    }
    Ok(header)
}

fn damaged(format: Format, what: &str) -> Refusal {
    Refusal::new("damaged", format!("The {format} is damaged ({what}); save or send it again."))
}

fn truncated(format: Format) -> Refusal {
    Refusal::new("truncated", format!("The {format} ends before the picture does; it was cut on its way. Send it again."))
}

fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
