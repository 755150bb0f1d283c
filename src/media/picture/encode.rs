//! From pixels to files. Which encoders, and why these settings, is measured in docs/performance.md, "Pictures".
//!
//! No file says more than its pixels, but for the profile of a colour space that is not sRGB and the packet that marks a picture as made by a
//! model. All of it depends on the input alone: no date, no thread, no chance.

use super::pixels::Pixels;
use super::{Format, Refusal};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::QuantizationTableType::CustomMsSsim;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, SamplingFactor};

/// From this quality on colours are kept in full: below, half of them in each direction are not missed.
const FULL_COLOUR_FROM: u8 = 92;

/// Where XMP stands in a JPEG (ISO 16684-3).
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What stands in a file beside its pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    /// XMP.
    pub(super) packet: Option<&'a [u8]>,
    /// Of the colour space (ICC.1).
    pub(super) profile: Option<&'a [u8]>,
}

/// Writes a picture of three or four channels, four not as JPEG; quality counts for JPEG and WebP.
pub(super) fn encode(pixels: &Pixels, format: Format, quality: u8, beside: Beside<'_>) -> Result<Vec<u8>, Refusal> {
    let made = match format {
        Format::Jpeg => jpeg(pixels, quality, beside),
        Format::Webp => webp(pixels, quality, beside),
        Format::Png => png(pixels, beside),
        other => Err(format!("{other} is no format for renditions")),
    };
    made.map_err(|error| {
        Refusal::new("bad_spec", format!("The rendition cannot be written as {format} ({error}); choose another size or format."))
    })
}

fn jpeg(pixels: &Pixels, quality: u8, beside: Beside<'_>) -> Result<Vec<u8>, String> {
    let (Ok(width), Ok(height)) = (u16::try_from(pixels.width), u16::try_from(pixels.height)) else {
        return Err("a side has more than 65,535 pixels".to_owned());
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality.clamp(1, 100));
    encoder.set_sampling_factor(if quality >= FULL_COLOUR_FROM { SamplingFactor::F_1_1 } else { SamplingFactor::F_2_2 });
    // The mean of the four pixels; the library's default takes one of them for all, and thin lines change their colour.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    // Tuned for how a picture looks: a tenth smaller than the standard's own tables where both look alike.
    encoder.set_quantization_tables(CustomMsSsim, CustomMsSsim);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_progressive(true);
    let fail = |error: EncodingError| error.to_string();
    if let Some(packet) = beside.packet {
        encoder.add_app_segment(1, [JPEG_XMP, packet].concat()).map_err(fail)?;
    }
    if let Some(profile) = beside.profile {
        encoder.add_icc_profile(profile).map_err(fail)?;
    }
    if pixels.channels != 3 {
        return Err("it has not three channels".to_owned());
    }
    encoder.encode(&pixels.data, width, height, ColorType::Rgb).map_err(fail)?;
    Ok(bytes)
}

fn webp(pixels: &Pixels, quality: u8, beside: Beside<'_>) -> Result<Vec<u8>, String> {
    let layout = if pixels.channels == 4 { webp::PixelLayout::Rgba } else { webp::PixelLayout::Rgb };
    let mut config = webp::WebPConfig::new().map_err(|()| "libwebp does not start".to_owned())?;
    config.quality = f32::from(quality.clamp(1, 100));
    let encoder = webp::Encoder::new(&pixels.data, layout, pixels.width, pixels.height);
    let bytes = encoder.encode_advanced(&config).map_err(|error| format!("{error:?}"))?.to_vec();
    if beside.packet.is_none() && beside.profile.is_none() {
        return Ok(bytes);
    }
    webp_extended(&bytes, beside, pixels).ok_or_else(|| "it came out too large".to_owned())
}

/// Puts the profile before the picture and the packet behind it, which needs the extended form of the file (RFC 9649, 2.7).
fn webp_extended(bytes: &[u8], beside: Beside<'_>, pixels: &Pixels) -> Option<Vec<u8>> {
    const XMP: u8 = 4;
    const ALPHA: u8 = 16;
    const PROFILE: u8 = 32;
    /// Of the chunk that says what there is.
    const HEAD: usize = 18;
    let mut chunks = bytes.get(12..)?.to_vec();
    if !chunks.starts_with(b"VP8X") {
        let mut head = b"VP8X\x0A\0\0\0".to_vec();
        head.extend([if pixels.channels == 4 { ALPHA } else { 0 }, 0, 0, 0]);
        head.extend(pixels.width.checked_sub(1)?.to_le_bytes().iter().take(3));
        head.extend(pixels.height.checked_sub(1)?.to_le_bytes().iter().take(3));
        chunks.splice(0..0, head);
    }
    if let Some(profile) = beside.profile {
        *chunks.get_mut(8)? |= PROFILE;
        chunks.splice(HEAD..HEAD, webp_chunk(*b"ICCP", profile)?);
    }
    if let Some(packet) = beside.packet {
        *chunks.get_mut(8)? |= XMP;
        chunks.extend(webp_chunk(*b"XMP ", packet)?);
    }
    let length = u32::try_from(chunks.len() + 4).ok()?;
    let mut whole = b"RIFF".to_vec();
    whole.extend(length.to_le_bytes());
    whole.extend(b"WEBP");
    whole.append(&mut chunks);
    Some(whole)
}

fn webp_chunk(name: [u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let mut chunk = name.to_vec();
    chunk.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    chunk.extend(data);
    if data.len() % 2 == 1 {
        chunk.push(0);
    }
    Some(chunk)
}

fn png(pixels: &Pixels, beside: Beside<'_>) -> Result<Vec<u8>, String> {
    let colours = if pixels.channels == 4 { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    if let Some(profile) = beside.profile {
        encoder.set_icc_profile(profile.to_vec()).map_err(|error| error.to_string())?;
    }
    encoder.write_image(&pixels.data, pixels.width, pixels.height, colours).map_err(|error| error.to_string())?;
    if let Some(packet) = beside.packet {
        // The signature has 8 bytes, the chunk of sizes behind it 25.
        let chunk = png_packet(packet).ok_or_else(|| "its packet is too large".to_owned())?;
        let at = bytes.len().min(33);
        bytes.splice(at..at, chunk);
    }
    Ok(bytes)
}

/// An uncompressed iTXt chunk with XMP's keyword.
fn png_packet(packet: &[u8]) -> Option<Vec<u8>> {
    let mut body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0".to_vec();
    body.extend(packet);
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let mut chunk = u32::try_from(body.len().checked_sub(4)?).ok()?.to_be_bytes().to_vec();
    chunk.append(&mut body);
    chunk.extend(sum.sum().to_be_bytes());
    Some(chunk)
}
