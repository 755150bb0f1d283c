//! The whole way: bytes in, facts and renditions out, on pictures that are drawn here.

mod colours;
mod corpus;
mod findings;
mod refusals;
mod renditions;
mod spaces;

use super::*;
use crate::dictionary::Dictionary;
use crate::generate::photographs as samples;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::sync::LazyLock;

static RULES: LazyLock<PictureRules> = LazyLock::new(|| Dictionary::embedded().unwrap().pictures().clone());

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    file(picture, ImageFormat::Png)
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

fn facts_of(bytes: &[u8]) -> Facts {
    examine(bytes, &RULES).unwrap()
}

fn pixels_of(rendered: &Rendered) -> RgbImage {
    image::load_from_memory(&rendered.bytes).unwrap().to_rgb8()
}

/// A segment put behind a JPEG's first two bytes.
fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, data, &jpeg[2..]].concat()
}

/// Exif data with an orientation, and a directory of positions where asked.
fn exif(orientation: u8, position: bool) -> Vec<u8> {
    let mut data = b"Exif\0\0II\x2A\0\x08\0\0\0".to_vec();
    data.extend([if position { 2 } else { 1 }, 0]);
    data.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    if position {
        data.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    }
    data.extend([0; 4]);
    data
}

/// Four corners of four colours: shows which way up it is. 60 x 40.
fn corners() -> RgbImage {
    RgbImage::from_fn(60, 40, |x, y| match (x < 30, y < 20) {
        (true, true) => Rgb([250, 10, 10]),
        (false, true) => Rgb([10, 250, 10]),
        (true, false) => Rgb([10, 10, 250]),
        (false, false) => Rgb([240, 240, 10]),
    })
}

#[test]
fn every_format_is_known_by_its_bytes() {
    let picture = samples::lamp(&samples::Lamp::new(1), 320, 240, 0.9);
    for (format, kind) in [
        (Format::Jpeg, ImageFormat::Jpeg),
        (Format::Png, ImageFormat::Png),
        (Format::Webp, ImageFormat::WebP),
        (Format::Gif, ImageFormat::Gif),
        (Format::Tiff, ImageFormat::Tiff),
        (Format::Bmp, ImageFormat::Bmp),
    ] {
        let bytes = file(picture.clone(), kind);
        let facts = facts_of(&bytes);
        assert_eq!((facts.format, facts.width, facts.height, facts.bytes), (format, 320, 240, bytes.len() as u64), "{format}");
        assert!(facts.white_border > 950 && !facts.transparent && !facts.animated, "{format}: {facts:?}");
        let codes: Vec<_> = facts.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert!(codes.is_empty(), "{format}: {codes:?}");
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
}

#[test]
fn facts_survive_their_text_and_name_their_bytes() {
    let bytes = jpeg(&samples::lamp(&samples::Lamp::new(2), 300, 300, 0.9), 80);
    let facts = facts_of(&bytes);
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
    assert_eq!(facts.sha256.len(), 64);
    assert_eq!(facts.hash.to_string().len(), 104);
    assert_eq!(PictureHash::parse(&facts.hash.to_string()), Some(facts.hash));
    assert_eq!(facts.hash.distance(&facts.hash), 0);
    assert!(PictureHash::parse("00").is_none());
    let spec: Spec = serde_json::from_str(r#"{"format":"jpeg","width":500,"height":400}"#).unwrap();
    assert_eq!(spec, Spec::inside(Format::Jpeg, 500, 400));
    assert!(serde_json::from_str::<Spec>(r#"{"format":"jpeg","width":5,"height":4,"crop":true}"#).is_err());
}
