//! What bytes are, told by the bytes: no name and no media type is believed.

use super::{Format, Refusal};

/// How far into a text is looked for what it is.
const TEXT_LOOKED_AT: usize = 4096;

/// The format, or a sentence that says what this is instead.
pub(super) fn sniff(bytes: &[u8]) -> Result<Format, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::new("empty", "The file has no bytes; send the picture again."));
    }
    if let Some(format) = format_of(bytes) {
        return Ok(format);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Err(iso_media(bytes));
    }
    let other: [(&[u8], &str); 8] = [
        (&[0xFF, 0x0A], "JPEG XL"),
        (&[0, 0, 0, 12, b'J', b'X', b'L', b' '], "JPEG XL"),
        (&[0, 0, 0, 12, b'j', b'P', b' ', b' '], "JPEG 2000"),
        (&[0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000"),
        (b"8BPS", "Photoshop"),
        (&[0, 0, 1, 0], "icon"),
        (b"qoif", "QOI"),
        (b"\x76\x2F\x31\x01", "OpenEXR"),
    ];
    if let Some((_, name)) = other.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        let message = format!("{name} files are not read; save the picture as JPEG, PNG, WebP, GIF, TIFF or BMP.");
        return Err(Refusal::new("unsupported_format", message));
    }
    if is_svg(bytes) {
        let message = "SVG is a drawing that may run scripts, not a picture of pixels; save it as PNG or JPEG.";
        return Err(Refusal::new("svg", message));
    }
    let message = format!("This is {}, not a picture; send a JPEG, PNG, WebP, GIF, TIFF or BMP file.", looks_like(bytes));
    Err(Refusal::new("not_an_image", message))
}

fn format_of(bytes: &[u8]) -> Option<Format> {
    Some(match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Format::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::Webp,
        // 42 for TIFF 6.0, 43 for BigTIFF, in the byte order of the file.
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Format::Tiff,
        // Two letters are too few to tell: the length of the header behind them is one of those that exist.
        [b'B', b'M', rest @ ..] => {
            let length = rest.get(12..16).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes)?;
            return matches!(length, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124).then_some(Format::Bmp);
        }
        _ => return None,
    })
}

/// AVIF and HEIC are ISO base media files; their brands say which (ISO/IEC 14496-12, 4.3).
fn iso_media(bytes: &[u8]) -> Refusal {
    let brands: Vec<&[u8]> = bytes.get(8..).unwrap_or_default().chunks_exact(4).take(16).collect();
    let has = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.iter().any(|name| brand == &name.as_slice()));
    if has(&[b"avif", b"avis"]) {
        return Refusal::new("avif", "AVIF pictures are not read; send the picture as JPEG, PNG or WebP.");
    }
    if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
        return Refusal::new("heic", "HEIC pictures (of phones) are not read; save the picture as JPEG and send that.");
    }
    Refusal::new("not_an_image", "This is a film or sound file, not a picture; send a JPEG, PNG, WebP, GIF, TIFF or BMP file.")
}

/// The beginning of a text in lower case, without marks and spaces before it.
fn beginning(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes.get(..TEXT_LOOKED_AT).unwrap_or(bytes));
    text.trim_start().to_ascii_lowercase()
}

fn is_svg(bytes: &[u8]) -> bool {
    let text = beginning(bytes);
    let html = text.find("<html").or_else(|| text.find("<!doctype html"));
    match text.find("<svg") {
        Some(at) => text.starts_with('<') && html.is_none_or(|html| html > at),
        None => false,
    }
}

fn looks_like(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"%PDF") {
        return "a PDF";
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return "a zip archive or an office document";
    }
    if bytes.starts_with(&[0x1F, 0x8B]) {
        return "a gzip archive";
    }
    let text = beginning(bytes);
    if text.starts_with("<?xml") {
        return "an XML file";
    }
    if text.starts_with("<!doctype html") || (text.starts_with('<') && (text.contains("<html") || text.contains("<body"))) {
        return "a web page (HTML), often what a shop shows instead of a missing picture";
    }
    if text.starts_with('<') {
        return "a web page or XML";
    }
    if text.starts_with('{') || text.starts_with('[') {
        return "JSON, often an error message";
    }
    let head = bytes.get(..TEXT_LOOKED_AT).unwrap_or(bytes);
    if head.iter().all(|byte| *byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r')) && !text.contains('\u{fffd}') {
        return "text";
    }
    "of no format that is known"
}
