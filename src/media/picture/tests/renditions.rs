//! Renditions measure what they should, look as they should, and say no more than they should.

use super::*;
use crate::generate::photographs::{Lamp, lamp, noise, scene};
use proptest::prelude::*;

fn one(bytes: &[u8], spec: &Spec) -> Rendered {
    let [made] = render(bytes, std::slice::from_ref(spec), &RULES).unwrap().try_into().unwrap();
    assert_eq!(made.format, spec.format);
    let read = facts_of(&made.bytes);
    assert_eq!((read.format, read.width, read.height), (made.format, made.width, made.height), "{spec:?}");
    made
}

fn pad(width: u32, height: u32) -> Spec {
    Spec { fit: Fit::Pad, ..Spec::inside(Format::Png, width, height) }
}

#[test]
fn sides_follow_the_box() {
    let inside = Spec::inside(Format::Jpeg, 1000, 800);
    assert_eq!(size_of(&inside, 4000, 3000), (1000, 750));
    assert_eq!(size_of(&inside, 3000, 4000), (600, 800));
    assert_eq!(size_of(&inside, 500, 300), (500, 300), "never enlarged");
    assert_eq!(size_of(&inside, 30_000, 3), (1000, 1), "never nothing");
    let square = pad(1000, 1000);
    assert_eq!(size_of(&square, 4000, 2000), (1000, 1000));
    assert_eq!(size_of(&square, 400, 200), (400, 400), "the canvas is what the picture needs");
    assert_eq!(size_of(&Spec { min_width: 500, min_height: 500, ..square.clone() }, 400, 200), (500, 500));
    assert_eq!(size_of(&pad(1600, 900), 300, 300), (534, 300));
}

#[test]
fn a_side_that_is_too_short_gets_rim() {
    // Long and flat, such as a strap: the channel wants 400 pixels in each direction.
    let spec = Spec { min_width: 400, min_height: 400, ..Spec::inside(Format::Png, 800, 800) };
    assert_eq!(size_of(&spec, 1600, 200), (800, 400));
    let made = one(&png(RgbImage::from_pixel(1600, 200, Rgb([200, 30, 30]))), &spec);
    let drawn = image::load_from_memory(&made.bytes).unwrap().to_rgb8();
    assert_eq!((drawn.width(), drawn.height()), (800, 400));
    let [red, white] = [Rgb([200, 30, 30]), Rgb([255; 3])];
    for (y, colour) in [(0, white), (148, white), (152, red), (200, red), (247, red), (252, white), (399, white)] {
        assert_eq!(*drawn.get_pixel(400, y), colour, "{y}");
    }
    assert_eq!(*drawn.get_pixel(0, 200), red);
}

#[test]
fn a_spec_that_cannot_be_made_names_its_field() {
    let good = Spec::inside(Format::Jpeg, 100, 100);
    assert_eq!(good.check(), Ok(()));
    for (spec, field) in [
        (Spec { format: Format::Gif, ..good.clone() }, "format"),
        (Spec { width: 0, ..good.clone() }, "width"),
        (Spec { height: 20_000, ..good.clone() }, "height"),
        (Spec { min_width: 101, ..good.clone() }, "min_width"),
        (Spec { background: "white".to_owned(), ..good.clone() }, "background"),
        (Spec { background: "#ffé".to_owned(), ..good.clone() }, "background"),
        (Spec { quality: 0, ..good.clone() }, "quality"),
        (Spec { max_bytes: Some(0), ..good.clone() }, "max_bytes"),
    ] {
        assert!(spec.check().unwrap_err().starts_with(field), "{spec:?}");
        assert_eq!(render(b"", &[spec], &RULES).unwrap_err().code, "bad_spec");
    }
}

#[test]
fn every_orientation_comes_out_upright() {
    // For each orientation, how the stored picture has to be turned so that `corners` is shown.
    let upright = DynamicImage::from(corners());
    for (orientation, stored) in [
        (1, upright.clone()),
        (2, upright.fliph()),
        (3, upright.rotate180()),
        (4, upright.flipv()),
        (5, upright.rotate90().fliph()),
        (6, upright.rotate270()),
        (7, upright.rotate270().fliph()),
        (8, upright.rotate90()),
    ] {
        let bytes = with_segment(&jpeg(&stored.to_rgb8(), 95), 0xE1, &exif(orientation, true));
        let facts = facts_of(&bytes);
        assert_eq!((facts.width, facts.height), (60, 40), "orientation {orientation}");
        assert_eq!(facts.has("rotated"), orientation != 1);
        for spec in [Spec::inside(Format::Jpeg, 60, 60), Spec::inside(Format::Png, 30, 30)] {
            let made = one(&bytes, &spec);
            let pixels = pixels_of(&made);
            let (width, height) = pixels.dimensions();
            for (x, y, want) in [(0.2, 0.2, [250, 10, 10]), (0.8, 0.2, [10, 250, 10]), (0.2, 0.8, [10, 10, 250])] {
                let at = |share: f64, side: u32| (share * f64::from(side)).round().to_string().parse::<u32>().unwrap();
                let got = pixels.get_pixel(at(x, width), at(y, height)).0;
                assert!(
                    got.iter().zip(want).all(|(got, want): (&u8, u8)| got.abs_diff(want) < 30),
                    "{orientation}: {got:?} {want:?}"
                );
            }
            let text = String::from_utf8_lossy(&made.bytes).into_owned();
            assert!(!text.contains("Exif"), "no rendition carries Exif data");
        }
    }
}

#[test]
fn light_is_averaged_and_not_numbers() {
    // Lines of black and white, one pixel each: half the light, which sRGB writes as 188 and not as 128.
    for factor in [2, 5, 8] {
        let lines = RgbImage::from_fn(400, 400, |_, y| Rgb(if y % 2 == 0 { [255; 3] } else { [0; 3] }));
        let made = pixels_of(&one(&png(lines), &Spec::inside(Format::Png, 400 / factor, 400 / factor)));
        let mean: u32 = made.pixels().map(|pixel| u32::from(pixel.0[0])).sum::<u32>() / (made.width() * made.height());
        assert!((182..=193).contains(&mean), "made smaller by {factor}: {mean}");
    }
}

#[test]
fn a_plain_colour_stays_what_it_is() {
    for size in [(900, 700, 300), (900, 700, 77), (1201, 903, 600), (333, 333, 332)] {
        let plain = png(RgbImage::from_pixel(size.0, size.1, Rgb([200, 31, 90])));
        let made = pixels_of(&one(&plain, &Spec::inside(Format::Png, size.2, size.2)));
        assert!(made.pixels().all(|pixel| *pixel == Rgb([200, 31, 90])), "{size:?}");
    }
}

#[test]
fn strips_and_blocks_leave_no_seams() {
    // A ramp from top to bottom must stay one, however it was cut to be made smaller.
    let ramp = RgbImage::from_fn(1500, 2400, |_, y| Rgb([u8::try_from(y * 255 / 2399).unwrap(); 3]));
    for side in [2000, 1100, 700, 240] {
        let made = pixels_of(&one(&png(ramp.clone()), &Spec::inside(Format::Png, side, side)));
        let column: Vec<u8> = (0..made.height()).map(|y| made.get_pixel(made.width() / 2, y).0[0]).collect();
        assert!(column.windows(2).all(|pair| pair[1] >= pair[0]), "{side}: not rising");
        for (y, value) in column.iter().enumerate() {
            let want = u32::try_from(y).unwrap() * 255 / (made.height() - 1);
            assert!(u32::from(*value).abs_diff(want) <= 3, "{side}, row {y}: {value} for {want}");
        }
    }
}

#[test]
fn padding_centres_on_the_background() {
    let red = png(RgbImage::from_pixel(400, 200, Rgb([200, 0, 0])));
    let spec = Spec { background: "#00ff7f".to_owned(), ..pad(100, 100) };
    let made = pixels_of(&one(&red, &spec));
    assert_eq!(made.dimensions(), (100, 100));
    assert_eq!((made.get_pixel(50, 5), made.get_pixel(50, 95)), (&Rgb([0, 255, 127]), &Rgb([0, 255, 127])));
    assert_eq!((made.get_pixel(1, 26), made.get_pixel(98, 73)), (&Rgb([200, 0, 0]), &Rgb([200, 0, 0])));
}

#[test]
fn what_can_be_looked_through_stays_so_or_lies_on_the_background() {
    // Bright green that nothing shows of: it must not bleed into what is seen.
    let clear = image::RgbaImage::from_fn(400, 400, |x, _| image::Rgba(if x < 200 { [0, 255, 0, 0] } else { [200, 0, 0, 255] }));
    let bytes = png(clear);
    let kept = one(&bytes, &Spec::inside(Format::Webp, 100, 100));
    assert!(facts_of(&kept.bytes).transparent);
    let flat = pixels_of(&one(&bytes, &Spec { background: "#0000ff".to_owned(), ..Spec::inside(Format::Jpeg, 100, 100) }));
    let at = |x: u32| flat.get_pixel(x, 50).0;
    assert!(at(20)[2] > 245 && at(80)[0] > 190, "{:?} {:?}", at(20), at(80));
    assert!((0..100).all(|x| at(x)[1] < 25), "green came through");
}

#[test]
fn a_ceiling_lowers_quality_first_and_size_then() {
    let bytes = png(noise(5, 300, 300));
    let spec = Spec { quality: 90, ..Spec::inside(Format::Jpeg, 300, 300) };
    let free = one(&bytes, &spec);
    assert_eq!((free.quality, free.width), (90, 300));
    let length = free.bytes.len() as u64;
    let lower = one(&bytes, &Spec { max_bytes: Some(length * 2 / 3), ..spec.clone() });
    assert!(lower.bytes.len() as u64 <= length * 2 / 3 && lower.width == 300);
    assert!(lower.quality < 90 && u64::from(lower.quality) >= RULES.quality_floor, "{}", lower.quality);
    let smaller = one(&bytes, &Spec { max_bytes: Some(length / 4), ..spec.clone() });
    assert!(smaller.bytes.len() as u64 <= length / 4 && smaller.width < 300);
    let refusal = render(&bytes, &[Spec { max_bytes: Some(200), ..spec.clone() }], &RULES).unwrap_err();
    assert_eq!(refusal.code, "cannot_fit");
    let least = Spec { max_bytes: Some(length / 4), min_width: 299, min_height: 299, ..spec };
    assert_eq!(render(&bytes, &[least], &RULES).unwrap_err().code, "cannot_fit");
    let png_spec = Spec { max_bytes: Some(150_000), ..Spec::inside(Format::Png, 300, 300) };
    assert!(one(&bytes, &png_spec).width < 300, "PNG has no quality to lower");
}

#[test]
fn the_same_input_makes_the_same_file_alone_and_among_others() {
    let bytes = jpeg(&scene(1, 1300, 900), 85);
    let specs: Vec<Spec> = [(Format::Webp, 150), (Format::Jpeg, 1000), (Format::Png, 90), (Format::Jpeg, 400)]
        .map(|(format, side)| Spec::inside(format, side, side))
        .to_vec();
    let first = render(&bytes, &specs, &RULES).unwrap();
    assert_eq!(render(&bytes, &specs, &RULES).unwrap(), first);
    let (facts, again) = examine_and_render(&bytes, &specs, &RULES).unwrap();
    assert_eq!((facts, again), (facts_of(&bytes), first.clone()));
    let sizes: Vec<_> = first.iter().map(|made| (made.format, made.width, made.height)).collect();
    assert_eq!(sizes, [(Format::Webp, 150, 104), (Format::Jpeg, 1000, 692), (Format::Png, 90, 62), (Format::Jpeg, 400, 277)]);
}

const AI: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

#[test]
fn the_mark_of_a_model_is_kept_and_nothing_else() {
    let packet = format!(
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
        xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="60,10N" Iptc4xmpExt:DigitalSourceType="{AI}"/></rdf:RDF></x:xmpmeta>"#
    );
    let picture = jpeg(&lamp(&Lamp::new(1), 301, 299, 0.9), 85);
    let bytes = with_segment(&picture, 0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat());
    assert_eq!(facts_of(&bytes).digital_source_type.as_deref(), Some(AI));
    for format in [Format::Jpeg, Format::Png, Format::Webp] {
        let made = one(&bytes, &Spec::inside(format, 151, 149));
        assert_eq!(facts_of(&made.bytes).digital_source_type.as_deref(), Some(AI), "{format}");
        assert!(!String::from_utf8_lossy(&made.bytes).contains("GPS"), "{format} kept a position");
        let plain = one(&picture, &Spec::inside(format, 151, 149));
        assert!(!String::from_utf8_lossy(&plain.bytes).contains("xmpmeta"), "{format} carries an empty packet");
        assert_eq!(pixels_of(&plain), pixels_of(&made), "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_rendition_measures_what_size_of_says(
        width in 1_u32..300, height in 1_u32..300, across in 1_u32..300, down in 1_u32..300, fit in any::<bool>(), least in 0_u32..300,
        turned in 1_u8..=8,
    ) {
        let fit = if fit { Fit::Pad } else { Fit::Inside };
        let spec = Spec { fit, min_width: least.min(across), min_height: least.min(down), ..Spec::inside(Format::Jpeg, across, down) };
        let bytes = with_segment(&jpeg(&RgbImage::new(width, height), 50), 0xE1, &exif(turned, false));
        let facts = facts_of(&bytes);
        let made = one(&bytes, &spec);
        let want = size_of(&spec, facts.width, facts.height);
        prop_assert_eq!((made.width, made.height), want);
        prop_assert!(want.0 <= across && want.1 <= down && want.0 >= 1 && want.1 >= 1);
        if fit == Fit::Pad {
            prop_assert!(want.0 >= spec.min_width && want.1 >= spec.min_height);
        }
    }
}

#[test]
fn thin_lines_keep_their_colours() {
    // Columns of red and blue, a pixel each: together they are violet, whichever comes first.
    for first in [0, 1] {
        let lines = RgbImage::from_fn(400, 400, |x, _| if x % 2 == first { Rgb([230, 20, 20]) } else { Rgb([30, 80, 240]) });
        let drawn = pixels_of(&one(&png(lines), &Spec::inside(Format::Jpeg, 400, 400)));
        let mean = |channel: usize| drawn.pixels().map(|pixel| u64::from(pixel.0[channel])).sum::<u64>() / (400 * 400);
        let (red, blue) = (mean(0), mean(2));
        assert!(red.abs_diff(blue) < 15 && (115..145).contains(&red), "{red} and {blue}");
    }
}
