//! Renditions in another colour space: the numbers, the profile that says what they mean, and nothing else different.

use super::*;
use image::{GrayImage, ImageDecoder, ImageReader, Luma, Rgba, RgbaImage};
use moxcms::ColorProfile;

const FORMATS: [Format; 3] = [Format::Jpeg, Format::Png, Format::Webp];

fn wide(format: Format) -> Spec {
    Spec { colour_space: ColourSpace::DisplayP3, quality: 100, ..Spec::inside(format, 200, 200) }
}

fn made(bytes: &[u8], spec: &Spec) -> Rendered {
    render(bytes, std::slice::from_ref(spec), &RULES).unwrap().pop().unwrap()
}

/// Read by somebody else's reader.
fn profile_of(made: &Rendered) -> Option<ColorProfile> {
    let mut reader = ImageReader::new(Cursor::new(&made.bytes)).with_guessed_format().unwrap().into_decoder().unwrap();
    reader.icc_profile().unwrap().map(|profile| ColorProfile::new_from_slice(&profile).unwrap())
}

/// As a camera stores it.
fn of_display_p3(picture: &RgbImage) -> Vec<u8> {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    with_segment(&jpeg(picture, 100), 0xE2, &[b"ICC_PROFILE\0\x01\x01", profile.as_slice()].concat())
}

fn assert_near(got: Rgb<u8>, want: [u8; 3], what: impl std::fmt::Debug) {
    assert_within(3, got, want, what);
}

fn assert_within(most: u8, got: Rgb<u8>, want: [u8; 3], what: impl std::fmt::Debug) {
    assert!(got.0.iter().zip(want).all(|(got, want)| got.abs_diff(want) <= most), "{what:?}: {got:?} is not about {want:?}");
}

/// The corners of sRGB in Display P3, by the matrices of CSS Color 4, section 10.
const KNOWN: [([u8; 3], [u8; 3]); 4] =
    [([255, 0, 0], [234, 51, 35]), ([0, 255, 0], [117, 251, 76]), ([0, 0, 255], [0, 0, 245]), ([255; 3], [255; 3])];

#[test]
fn colours_are_written_in_the_numbers_of_their_space() {
    for (srgb, want) in KNOWN {
        let picture = png(RgbImage::from_pixel(64, 64, Rgb(srgb)));
        for format in FORMATS {
            let made = made(&picture, &wide(format));
            assert_near(*pixels_of(&made).get_pixel(30, 30), want, format);
            // Display P3's red for a white of D50, as its profile has it.
            let red = profile_of(&made).expect("it says what it is").red_colorant;
            assert!((red.x - 0.515).abs() < 0.001 && (red.y - 0.241).abs() < 0.001, "{format}: {red:?}");
            // Whoever reads it sees the colour that was sent: our own reader follows the profile.
            let back = render(&made.bytes, &[Spec::inside(Format::Png, 200, 200)], &RULES).unwrap().pop().unwrap();
            // Near black, one step there is many steps here.
            assert_within(16, *pixels_of(&back).get_pixel(30, 30), srgb, format);
        }
    }
}

#[test]
fn what_a_camera_saw_beyond_srgb_is_kept() {
    let beyond = RgbImage::from_fn(64, 64, |x, _| Rgb(if x < 32 { [255, 0, 0] } else { [230, 20, 10] }));
    let bytes = of_display_p3(&beyond);
    let [kept, clipped] =
        render(&bytes, &[wide(Format::Png), Spec::inside(Format::Png, 200, 200)], &RULES).unwrap().try_into().unwrap();
    let (left, right) = ((10, 30), (50, 30));
    assert_near(*pixels_of(&kept).get_pixel(left.0, left.1), [255, 0, 0], "kept");
    assert_near(*pixels_of(&kept).get_pixel(right.0, right.1), [230, 20, 10], "kept");
    // In sRGB both are the reddest there is, and nothing tells them apart but what is left of green and blue.
    assert_near(*pixels_of(&clipped).get_pixel(left.0, left.1), [255, 0, 0], "clipped");
    assert!(profile_of(&clipped).is_none(), "what is read as sRGB anyhow need not say so");
}

#[test]
fn rims_and_what_shines_through_are_of_the_same_space() {
    let half = RgbaImage::from_pixel(60, 30, Rgba([0, 0, 255, 0]));
    let spec = Spec { fit: Fit::Pad, background: "#ff0000".to_owned(), ..wide(Format::Jpeg) };
    let made = made(&png(half.clone()), &Spec { width: 60, height: 60, ..spec });
    for place in [(30, 2), (30, 30)] {
        assert_near(*pixels_of(&made).get_pixel(place.0, place.1), [234, 51, 35], place);
    }
    // Transparency stays where the format has it, and the mark of the extended file says both.
    let see_through = RgbaImage::from_fn(60, 30, |x, _| Rgba([255, 0, 0, if x < 30 { 255 } else { 0 }]));
    let made = self::made(&png(see_through), &wide(Format::Webp));
    let read = image::load_from_memory(&made.bytes).unwrap().to_rgba8();
    assert_eq!((read.get_pixel(3, 3).0[3], read.get_pixel(55, 3).0[3]), (255, 0));
    assert_near(pixels_of(&made).get_pixel(10, 10).to_owned(), [234, 51, 35], "webp");
    assert!(profile_of(&made).is_some());
}

#[test]
fn two_spaces_in_one_run_come_in_the_order_asked() {
    let bytes = of_display_p3(&samples::lamp(&samples::Lamp::new(3), 300, 200, 0.9));
    let specs = [wide(Format::Webp), Spec::inside(Format::Jpeg, 90, 90), wide(Format::Jpeg), Spec::inside(Format::Png, 40, 40)];
    let all = render(&bytes, &specs, &RULES).unwrap();
    let formats: Vec<_> = all.iter().map(|made| (made.format, profile_of(made).is_some())).collect();
    assert_eq!(formats, [(Format::Webp, true), (Format::Jpeg, false), (Format::Jpeg, true), (Format::Png, false)]);
    for (spec, among) in specs.iter().zip(&all) {
        assert_eq!(&made(&bytes, spec), among);
    }
    assert_eq!(examine_and_render(&bytes, &specs, &RULES).unwrap(), (facts_of(&bytes), all));
}

#[test]
fn a_grey_picture_has_three_channels_for_those_who_refuse_grey() {
    let grey = png(GrayImage::from_fn(64, 64, |x, _| Luma([u8::try_from(x * 4).unwrap()])));
    for format in FORMATS {
        for spec in [wide(format), Spec::inside(format, 200, 200)] {
            let made = made(&grey, &spec);
            assert_eq!(image::load_from_memory(&made.bytes).unwrap().color(), image::ColorType::Rgb8, "{format}");
            assert_near(*pixels_of(&made).get_pixel(30, 30), [120; 3], format);
        }
    }
}

#[test]
fn a_wish_that_says_no_space_is_the_wish_it_was() {
    let text = serde_json::to_string(&Spec::inside(Format::Jpeg, 500, 400)).unwrap();
    assert!(!text.contains("colour_space"), "its key, and every address with it, would change: {text}");
    let spec: Spec = serde_json::from_str(r#"{"format":"jpeg","width":500,"height":400,"colour_space":"display_p3"}"#).unwrap();
    assert_eq!(spec.colour_space, ColourSpace::DisplayP3);
    assert!(serde_json::to_string(&spec).unwrap().contains("display_p3"));
    let unknown = serde_json::from_str::<Spec>(r#"{"format":"jpeg","width":5,"height":4,"colour_space":"cmyk"}"#).unwrap_err();
    assert!(unknown.to_string().contains("display_p3"), "what there is instead: {unknown}");
}
