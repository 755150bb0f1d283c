//! Inks, deep colour, profiles: what comes out is sRGB, and looks as the file meant.

use super::*;
use image::{ImageBuffer, Luma, LumaA, Rgba};
use moxcms::ColorProfile;

fn rendered(bytes: &[u8]) -> RgbImage {
    let [made] = render(bytes, &[Spec::inside(Format::Png, 2000, 2000)], &RULES).unwrap().try_into().unwrap();
    pixels_of(&made)
}

fn assert_near(got: Rgb<u8>, want: [u8; 3], within: u8) {
    assert!(got.0.iter().zip(want).all(|(got, want)| got.abs_diff(want) <= within), "{got:?} is not about {want:?}");
}

/// A JPEG of four channels in one colour of inks, as the programs of Adobe store it (upside down and marked) or plainly. The encoder turns
/// what it is given upside down, and marks it.
fn inks(inks: [u8; 4], kind: jpeg_encoder::ColorType, marked: bool) -> Vec<u8> {
    let given = if marked { inks } else { inks.map(|ink| 255 - ink) };
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.encode(&given.repeat(64 * 64), 64, 64, kind).unwrap();
    if !marked {
        // The encoder marks what it writes; a plain file has no mark.
        let at = bytes.windows(7).position(|part| part == b"\xFF\xEE\x00\x0EAdo").unwrap();
        bytes.drain(at..at + 16);
    }
    bytes
}

#[test]
fn inks_become_light() {
    // No cyan, full magenta and yellow, a little black: red.
    let red = [0, 255, 255, 25];
    let marked = inks(red, jpeg_encoder::ColorType::Cmyk, true);
    for bytes in [&marked, &inks(red, jpeg_encoder::ColorType::Cmyk, false)] {
        let facts = facts_of(bytes);
        assert!(facts.has("cmyk"), "{:?}", facts.findings);
        assert_near(*rendered(bytes).get_pixel(30, 30), [230, 0, 0], 3);
    }
    let turned = inks(red, jpeg_encoder::ColorType::CmykAsYcck, true);
    assert!(facts_of(&turned).has("cmyk"));
    assert_near(*rendered(&turned).get_pixel(30, 30), [230, 0, 0], 4);
    let white = inks([0; 4], jpeg_encoder::ColorType::Cmyk, true);
    assert_near(*rendered(&white).get_pixel(3, 3), [255; 3], 1);
    assert!(facts_of(&white).white_border > 990);
}

#[test]
fn sixteen_bits_become_eight() {
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(70, 50, |x, _| Rgb([u16::try_from(x * 900).unwrap(), 65_535, 128 * 257]));
    for kind in [ImageFormat::Png, ImageFormat::Tiff] {
        let bytes = file(deep.clone(), kind);
        assert!(facts_of(&bytes).has("deep_colour"), "{kind:?}");
        let made = rendered(&bytes);
        assert_near(*made.get_pixel(60, 7), [210, 255, 128], 1);
    }
    let grey = ImageBuffer::<Luma<u16>, _>::from_pixel(40, 40, Luma([40_000]));
    assert_near(*rendered(&png(grey)).get_pixel(1, 1), [156; 3], 1);
}

#[test]
fn grey_with_and_without_alpha_is_read() {
    let grey = ImageBuffer::<Luma<u8>, _>::from_fn(40, 40, |x, _| Luma([u8::try_from(x * 6).unwrap()]));
    assert_near(*rendered(&png(grey)).get_pixel(10, 3), [60; 3], 0);
    let opaque = ImageBuffer::<LumaA<u8>, _>::from_pixel(40, 40, LumaA([90, 255]));
    assert!(!facts_of(&png(opaque)).transparent);
    let half = ImageBuffer::<LumaA<u8>, _>::from_pixel(40, 40, LumaA([0, 128]));
    let facts = facts_of(&png(half.clone()));
    assert!(facts.transparent && facts.has("transparent"));
    let [made] = render(&png(half), &[Spec::inside(Format::Jpeg, 100, 100)], &RULES).unwrap().try_into().unwrap();
    // Half of black on white, as a browser shows it.
    assert_near(*pixels_of(&made).get_pixel(20, 20), [127; 3], 3);
}

#[test]
fn what_hides_nothing_is_not_called_transparent() {
    let opaque = ImageBuffer::<Rgba<u8>, _>::from_pixel(50, 50, Rgba([9, 90, 200, 255]));
    let facts = facts_of(&png(opaque));
    assert!(!facts.transparent && !facts.has("transparent"));
}

/// A profile in which red is green, green is blue and blue is red.
fn swapped() -> Vec<u8> {
    let mut profile = ColorProfile::new_srgb();
    let (red, green, blue) = (profile.red_colorant, profile.green_colorant, profile.blue_colorant);
    (profile.red_colorant, profile.green_colorant, profile.blue_colorant) = (green, blue, red);
    profile.cicp = None;
    profile.encode().unwrap()
}

fn with_profile(picture: &RgbImage, profile: &[u8]) -> Vec<u8> {
    let data = [b"ICC_PROFILE\0\x01\x01", profile].concat();
    with_segment(&jpeg(picture, 95), 0xE2, &data)
}

#[test]
fn a_profile_is_followed() {
    let red = RgbImage::from_pixel(64, 64, Rgb([220, 20, 20]));
    let bytes = with_profile(&red, &swapped());
    let facts = facts_of(&bytes);
    assert!(facts.has("profile_applied") && !facts.has("profile_broken"), "{:?}", facts.findings);
    assert_near(*rendered(&bytes).get_pixel(30, 30), [20, 220, 20], 6);
}

#[test]
fn a_profile_that_says_srgb_changes_nothing() {
    let red = RgbImage::from_pixel(64, 64, Rgb([220, 20, 20]));
    let bytes = with_profile(&red, &ColorProfile::new_srgb().encode().unwrap());
    let facts = facts_of(&bytes);
    assert!(!facts.has("profile_applied") && !facts.has("profile_broken"), "{:?}", facts.findings);
    assert_eq!(rendered(&bytes), rendered(&jpeg(&red, 95)));
}

#[test]
fn a_broken_profile_is_passed_over() {
    let red = RgbImage::from_pixel(64, 64, Rgb([220, 20, 20]));
    for profile in [b"nonsense".to_vec(), swapped()[..200].to_vec(), ColorProfile::new_gray_with_gamma(2.2).encode().unwrap()] {
        let bytes = with_profile(&red, &profile);
        assert!(facts_of(&bytes).has("profile_broken"));
        assert_eq!(rendered(&bytes), rendered(&jpeg(&red, 95)));
    }
}

#[test]
fn deep_colour_goes_through_its_profile() {
    let deep = ImageBuffer::<Rgb<u16>, _>::from_pixel(64, 64, Rgb([60_000, 4_000, 4_000]));
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::set_icc_profile(&mut encoder, swapped()).unwrap();
    let data: Vec<u8> = deep.iter().flat_map(|value| value.to_ne_bytes()).collect();
    image::ImageEncoder::write_image(encoder, &data, 64, 64, image::ExtendedColorType::Rgb16).unwrap();
    let facts = facts_of(&bytes);
    assert!(facts.has("profile_applied") && facts.has("deep_colour"), "{:?}", facts.findings);
    assert_near(*rendered(&bytes).get_pixel(5, 5), [16, 233, 16], 4);
}

/// A TIFF of one strip, little-endian: sides, what its samples mean, and further entries (tag, kind, count, bytes).
fn tiff(side: u32, meaning: u32, samples: u32, data: &[u8], further: &[(u16, u16, u32, Vec<u8>)]) -> Vec<u8> {
    let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = vec![
        (256, 4, 1, side.to_le_bytes().to_vec()),
        (257, 4, 1, side.to_le_bytes().to_vec()),
        (258, 3, samples, 8_u16.to_le_bytes().repeat(samples as usize)),
        (262, 4, 1, meaning.to_le_bytes().to_vec()),
        (273, 4, 1, 8_u32.to_le_bytes().to_vec()),
        (277, 4, 1, samples.to_le_bytes().to_vec()),
        (278, 4, 1, side.to_le_bytes().to_vec()),
        (279, 4, 1, u32::try_from(data.len()).unwrap().to_le_bytes().to_vec()),
    ];
    entries.extend_from_slice(further);
    entries.sort_by_key(|(tag, ..)| *tag);
    let mut bytes = [b"II*\0".as_slice(), &0_u32.to_le_bytes(), data].concat();
    let places: Vec<u32> = entries
        .iter()
        .map(|(.., value)| {
            let at = u32::try_from(bytes.len()).unwrap();
            if value.len() > 4 {
                bytes.extend(value);
            }
            at
        })
        .collect();
    let first = u32::try_from(bytes.len()).unwrap();
    bytes[4..8].copy_from_slice(&first.to_le_bytes());
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for ((tag, kind, count, value), at) in entries.iter().zip(places) {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        let mut short = value.clone();
        short.resize(4, 0);
        bytes.extend(if value.len() > 4 { at.to_le_bytes().to_vec() } else { short });
    }
    bytes.extend(0_u32.to_le_bytes());
    bytes
}

#[test]
fn inks_of_a_tiff_become_light_and_their_profile_is_looked_at() {
    let data = [0, 255, 255, 25].repeat(64 * 64);
    let plain = tiff(64, 5, 4, &data, &[]);
    let facts = facts_of(&plain);
    assert!(facts.has("cmyk") && !facts.has("profile_broken"), "{:?}", facts.findings);
    assert_near(*rendered(&plain).get_pixel(30, 30), [230, 0, 0], 3);
    // A profile of light says nothing about inks, and that is said.
    let profile = swapped();
    let with = tiff(64, 5, 4, &data, &[(34_675, 7, u32::try_from(profile.len()).unwrap(), profile)]);
    assert!(facts_of(&with).has("profile_broken"), "{:?}", facts_of(&with).findings);
    // Cut short, it is refused and not half drawn.
    assert!(examine(&plain[..plain.len() / 2], &RULES).is_err());
}
