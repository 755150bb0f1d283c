//! Everything that is not taken, and that it is refused before memory is asked for.

use super::*;
use jpeg_encoder::SamplingFactor as Sampling;
use std::time::{Duration, Instant};

fn refused(bytes: &[u8]) -> Refusal {
    let start = Instant::now();
    let refusal = examine(bytes, &RULES).unwrap_err();
    assert!(REFUSALS.contains(&refusal.code), "{refusal:?}");
    assert!(refusal.message.ends_with('.') && refusal.message.len() > 30, "{refusal:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{} took {:?}", refusal.code, start.elapsed());
    assert_eq!(render(bytes, &[Spec::inside(Format::Jpeg, 10, 10)], &RULES).unwrap_err(), refusal);
    refusal
}

#[test]
fn what_is_no_picture_is_named() {
    for (bytes, code, says) in [
        (&b""[..], "empty", "no bytes"),
        (b"<!DOCTYPE html><html><body>not found</body></html>", "not_an_image", "web page"),
        (b"  \n<html><head><svg></svg></head></html>", "not_an_image", "web page"),
        (b"{\"error\":\"no such picture\"}", "not_an_image", "JSON"),
        (b"%PDF-1.7 ...", "not_an_image", "PDF"),
        (b"PK\x03\x04 and so on", "not_an_image", "zip"),
        (b"just some words", "not_an_image", "text"),
        (b"\x01\x02\x03\x04\x80\x81", "not_an_image", "no format"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "svg", "PNG"),
        (b"\xEF\xBB\xBF<?xml version=\"1.0\"?><!-- a lamp --><svg/>", "svg", "PNG"),
        (b"\0\0\0\x1CftypavifxxxxmiflMA1B", "avif", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1", "avif", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "not_an_image", "film"),
        (b"\xFF\x0A\x00\x00 a JPEG XL", "unsupported_format", "JPEG XL"),
        (b"8BPS\0\x01 a drawing", "unsupported_format", "Photoshop"),
    ] {
        let refusal = refused(bytes);
        assert_eq!(refusal.code, code, "{:?}", String::from_utf8_lossy(bytes));
        assert!(refusal.message.contains(says), "{}", refusal.message);
    }
}

#[test]
fn a_cut_file_is_told_from_a_damaged_one() {
    let picture = samples::lamp(&samples::Lamp::new(3), 200, 160, 0.9);
    for kind in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Tiff, ImageFormat::Bmp] {
        let bytes = file(picture.clone(), kind);
        for part in [3, 5, 8] {
            let refusal = refused(&bytes[..bytes.len() * part / 10]);
            assert!(matches!(refusal.code, "truncated" | "damaged"), "{kind:?} {part}: {refusal:?}");
            if matches!(kind, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
                assert_eq!(refusal.code, "truncated", "{kind:?} {part}: {refusal:?}");
            }
        }
    }
    let mut bytes = png(picture);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x5A;
    assert_eq!(refused(&bytes).code, "damaged");
}

/// A PNG that says this size and has one row of it.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(RgbImage::new(1, 1));
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bytes
}

#[test]
fn a_huge_picture_in_a_small_file_is_refused_by_its_header() {
    assert_eq!(refused(&png_of_size(65_000, 65_000)).code, "too_wide");
    assert_eq!(refused(&png_of_size(20_000, 20_000)).code, "too_many_pixels");
    assert_eq!(refused(&png_of_size(0, 5)).code, "damaged");
    let mut bytes = jpeg(&RgbImage::new(8, 8), 80);
    let at = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    bytes[at + 5..at + 9].copy_from_slice(&[0xFD, 0xE8, 0xFD, 0xE8]);
    assert_eq!(refused(&bytes).code, "too_wide");
    let mut bytes = file(RgbImage::new(4, 4), ImageFormat::Gif);
    bytes[6..10].copy_from_slice(&[0xE8, 0xFD, 0xE8, 0xFD]);
    assert_eq!(refused(&bytes).code, "too_wide");
    let mut bytes = file(RgbImage::new(4, 4), ImageFormat::Bmp);
    bytes[18..26].copy_from_slice(&[0x20, 0x4E, 0, 0, 0x20, 0x4E, 0, 0]);
    assert_eq!(refused(&bytes).code, "too_many_pixels");
    let mut bytes = b"RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF".to_vec();
    bytes.extend([0; 8]);
    assert_eq!(refused(&bytes).code, "too_wide");
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let rules = PictureRules { max_bytes: 100, ..RULES.clone() };
    let refusal = examine(&png(samples::noise(1, 20, 20)), &rules).unwrap_err();
    assert_eq!(refusal.code, "too_large");
    assert!(refusal.message.contains("100"));
}

#[test]
fn a_jpeg_that_is_drawn_thousands_of_times_is_refused() {
    let bytes = jpeg(&samples::noise(1, 64, 64), 80);
    let scan = bytes.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let mut many = bytes[..scan].to_vec();
    for _ in 0..5_000 {
        many.extend(&bytes[scan..bytes.len() - 2]);
    }
    many.extend([0xFF, 0xD9]);
    assert_eq!(refused(&many).code, "too_much_work");
    let rules = PictureRules { max_work: 4_000, ..RULES.clone() };
    assert_eq!(examine(&bytes, &rules).unwrap_err().code, "too_much_work");
}

#[test]
fn a_jpeg_that_says_two_sizes_is_refused() {
    let (small, large) = (jpeg(&samples::noise(1, 16, 16), 80), jpeg(&samples::noise(1, 640, 480), 80));
    let frame = |bytes: &[u8]| {
        let at = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        at..at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]))
    };
    let (of_small, of_large) = (frame(&small), frame(&large));
    // We would read the small frame and pass over the large one; who reads a length behind a restart marker does the other.
    let mut hidden = small[of_small].to_vec();
    hidden.extend([0xFF, 0xE1]);
    hidden.extend(u16::try_from(of_large.len() + 2).unwrap().to_be_bytes());
    let mut both = large[..of_large.start].to_vec();
    both.extend([0xFF, 0xD0]);
    both.extend(u16::try_from(hidden.len() + 2).unwrap().to_be_bytes());
    both.extend(hidden);
    both.extend(&large[of_large.start..]);
    assert_eq!(refused(&both).code, "damaged");
}

#[test]
fn a_tiff_with_tiles_larger_than_any_picture_is_refused() {
    let entry = |tag: u16, value: u32| {
        let mut entry = tag.to_le_bytes().to_vec();
        entry.extend([4, 0, 1, 0, 0, 0]);
        entry.extend(value.to_le_bytes());
        entry
    };
    let mut bytes = b"II\x2A\0\x08\0\0\0\x05\0".to_vec();
    for (tag, value) in [(256, 30_000), (257, 2), (258, 8), (322, 60_000), (323, 60_000)] {
        bytes.extend(entry(tag, value));
    }
    bytes.extend([0; 80]);
    assert!(matches!(refused(&bytes).code, "too_much_work" | "too_many_pixels"));
}

#[test]
fn of_a_hundred_thousand_frames_one_is_read() {
    let frame = file(samples::noise(3, 16, 16), ImageFormat::Gif);
    let body = &frame[13..frame.len() - 1];
    let start = body.iter().position(|byte| *byte == 0x2C).map_or(0, |at| at);
    let mut bytes = frame[..frame.len() - 1].to_vec();
    for _ in 0..100_000 {
        bytes.extend(&body[start..start + 20]);
        bytes.extend([0]);
    }
    bytes.truncate(20 << 20);
    bytes.push(0x3B);
    let start = Instant::now();
    let facts = facts_of(&bytes);
    assert!(facts.animated && facts.has("animated"));
    assert_eq!((facts.width, facts.height), (16, 16));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_png_whose_metadata_unpacks_a_thousandfold_costs_little() {
    use std::io::Write;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..200 {
        packed.write_all(&zeros).unwrap();
    }
    let mut body = b"iCCPbomb\0\0".to_vec();
    body.extend(packed.finish().unwrap());
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let mut chunk = u32::try_from(body.len() - 4).unwrap().to_be_bytes().to_vec();
    chunk.extend(&body);
    chunk.extend(sum.sum().to_be_bytes());
    let mut bytes = png(samples::noise(1, 30, 30));
    bytes.splice(33..33, chunk);
    let start = Instant::now();
    // Taken without the profile or refused: both are right, and neither unpacks all of it.
    if let Err(refusal) = examine(&bytes, &RULES) {
        assert!(REFUSALS.contains(&refusal.code));
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn rare_kinds_of_jpeg_are_refused_by_name() {
    let bytes = jpeg(&RgbImage::new(16, 16), 80);
    let at = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let mut lossless = bytes.clone();
    lossless[at + 1] = 0xC3;
    assert_eq!(refused(&lossless).code, "unsupported_format");
    let mut twelve = bytes;
    twelve[at + 4] = 12;
    assert_eq!(refused(&twelve).code, "unsupported_format");
}

#[test]
fn a_jpeg_that_the_decoder_would_draw_wrongly_is_refused() {
    let picture = samples::lamp(&samples::Lamp::new(1), 200, 160, 0.9);
    let written = |progressive: bool, sampling: Sampling| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.set_progressive(progressive);
        encoder.set_optimized_huffman_tables(true);
        encoder.set_sampling_factor(sampling);
        encoder.encode(&picture, 200, 160, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    };
    // Each colour in a scan of its own and fewer of some: the one case that comes out wrong.
    assert_eq!(refused(&written(false, Sampling::F_2_2)).code, "unsupported_format");
    for bytes in [written(false, Sampling::F_1_1), written(true, Sampling::F_2_2), written(true, Sampling::F_2_1)] {
        let made = render(&bytes, &[Spec::inside(Format::Png, 200, 160)], &RULES).unwrap();
        let strays: u64 = pixels_of(&made[0]).iter().zip(picture.iter()).map(|(got, want)| u64::from(got.abs_diff(*want))).sum();
        assert!(strays / (200 * 160 * 3) < 3, "drawn wrongly");
    }
}
