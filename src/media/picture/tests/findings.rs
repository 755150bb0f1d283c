//! What somebody may mind is found where it is, and nowhere else.

use super::*;
use crate::generate::photographs::{Lamp, lamp, noise, scene};
use image::{Rgba, RgbaImage};

fn codes(bytes: &[u8]) -> Vec<String> {
    facts_of(bytes).findings.into_iter().map(|finding| finding.code).collect()
}

fn judged(picture: &RgbImage) -> Vec<String> {
    codes(&jpeg(picture, 88))
}

#[test]
fn good_pictures_are_left_alone() {
    for seed in 0..4 {
        assert_eq!(judged(&lamp(&Lamp::new(seed), 600, 600, 0.9)), [""; 0], "lamp {seed}");
        assert_eq!(judged(&lamp(&Lamp::new(seed), 700, 500, 0.6)), [""; 0], "small lamp {seed}");
    }
    for seed in 0..1 {
        assert_eq!(judged(&scene(seed, 700, 500)), [""; 0], "scene {seed}");
    }
}

#[test]
fn tiny_and_blank_are_said() {
    assert_eq!(judged(&lamp(&Lamp::new(1), 120, 90, 0.9)), ["tiny"]);
    assert_eq!(judged(&RgbImage::from_pixel(400, 400, Rgb([255; 3]))), ["blank"]);
    assert_eq!(judged(&RgbImage::from_pixel(400, 300, Rgb([20, 90, 160]))), ["blank"]);
}

#[test]
fn blur_is_told_from_a_plain_background() {
    for seed in 0..2 {
        let sharp = lamp(&Lamp::new(seed), 700, 700, 0.9);
        let soft = image::imageops::blur(&sharp, 9.0);
        assert_eq!(judged(&soft), ["blurred"], "lamp {seed}");
    }
    assert_eq!(judged(&image::imageops::blur(&scene(1, 700, 500), 6.0)), ["blurred"]);
}

#[test]
fn a_frame_is_told_from_a_margin() {
    let mut framed = scene(2, 600, 600);
    for (x, y, pixel) in framed.enumerate_pixels_mut() {
        if x < 25 || y < 25 || x >= 575 || y >= 575 {
            *pixel = Rgb([0; 3]);
        }
    }
    assert_eq!(judged(&framed), ["border"]);
    // A packet on white.
    let mut packet = scene(2, 600, 600);
    for (x, y, pixel) in packet.enumerate_pixels_mut() {
        if x < 25 || y < 25 || x >= 575 || y >= 575 {
            *pixel = Rgb([255; 3]);
        }
    }
    assert_eq!(judged(&packet), [""; 0]);
    // Bars on two sides are no frame.
    let mut barred = scene(2, 600, 600);
    for (_, y, pixel) in barred.enumerate_pixels_mut() {
        if !(25..575).contains(&y) {
            *pixel = Rgb([0; 3]);
        }
    }
    assert_eq!(judged(&barred), [""; 0]);
}

#[test]
fn a_mark_laid_over_is_suspected() {
    let clean = lamp(&Lamp::new(4), 800, 800, 0.7);
    assert_eq!(judged(&clean), [""; 0]);
    // Slanted strokes all over, a little darker than the white.
    let mut marked = clean;
    for (x, y, pixel) in marked.enumerate_pixels_mut() {
        if (x + y) % 60 < 4 && x % 90 < 70 {
            *pixel = Rgb(pixel.0.map(|value| value.saturating_sub(28)));
        }
    }
    assert_eq!(judged(&marked), ["watermark_suspected"]);
}

#[test]
fn what_is_animated_or_transparent_is_said() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for seed in [1, 2] {
        let frame = DynamicImage::from(lamp(&Lamp::new(seed), 300, 300, 0.9)).to_rgba8();
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let facts = facts_of(&bytes);
    assert!(facts.animated && facts.has("animated"));
    // The first frame, not the second.
    let first = facts_of(&png(lamp(&Lamp::new(1), 300, 300, 0.9)));
    assert!(facts.hash.distance(&first.hash) <= RULES.same_picture_distance());
    let clear = RgbaImage::from_fn(300, 300, |x, _| Rgba([10, 20, 30, if x < 150 { 0 } else { 255 }]));
    let facts = facts_of(&png(clear));
    assert!(facts.transparent && facts.has("transparent"));
    assert!((450..=550).contains(&facts.white_border), "what can be looked through counts as white: {}", facts.white_border);
}

#[test]
fn what_the_file_says_of_itself_is_said() {
    let plain = jpeg(&lamp(&Lamp::new(5), 400, 400, 0.9), 85);
    assert_eq!(codes(&with_segment(&plain, 0xE1, &exif(1, false))), [""; 0]);
    assert_eq!(codes(&with_segment(&plain, 0xE1, &exif(6, false))), ["rotated"]);
    assert_eq!(codes(&with_segment(&plain, 0xE1, &exif(1, true))), ["private_metadata"]);
}

#[test]
fn the_share_of_white_around_is_a_fact() {
    assert_eq!(facts_of(&png(RgbImage::from_pixel(100, 50, Rgb([255; 3])))).white_border, 1000);
    assert_eq!(facts_of(&png(RgbImage::from_pixel(100, 50, Rgb([90; 3])))).white_border, 0);
    let half = RgbImage::from_fn(100, 100, |_, y| if y < 50 { Rgb([254; 3]) } else { Rgb([80; 3]) });
    assert_eq!(facts_of(&png(half)).white_border, 500);
    assert_eq!(facts_of(&png(RgbImage::from_pixel(1, 1, Rgb([255; 3])))).white_border, 1000);
}

#[test]
fn the_same_picture_is_known_again() {
    let most = RULES.same_picture_distance();
    for seed in [0, 3, 6] {
        let picture = if seed < 6 { lamp(&Lamp::new(seed), 800, 800, 0.95) } else { scene(seed, 800, 600) };
        let facts = facts_of(&png(picture.clone()));
        let other = |bytes: Vec<u8>| {
            let there = facts_of(&bytes);
            let tones = there.tones.unwrap().apart(&facts.tones.unwrap());
            assert!(u64::from(tones) <= RULES.same_tone, "{seed}: tones {tones} apart");
            there.hash.distance(&facts.hash)
        };
        assert!(other(jpeg(&picture, 35)) <= most, "compressed {seed}");
        let small = DynamicImage::from(picture.clone()).resize(300, 300, image::imageops::FilterType::Triangle).to_rgb8();
        assert!(other(jpeg(&small, 75)) <= most, "small {seed}");
        if seed < 6 {
            let mut canvas = RgbImage::from_pixel(1300, 900, Rgb([255; 3]));
            image::imageops::overlay(&mut canvas, &picture, 250, 50);
            assert!(other(jpeg(&canvas, 85)) <= most, "on a larger canvas {seed}");
        }
    }
}

#[test]
fn different_lamps_on_white_are_told_apart() {
    let hashes: Vec<_> = (0..12).map(|seed| facts_of(&png(lamp(&Lamp::new(seed), 400, 400, 0.95))).hash).collect();
    for (index, hash) in hashes.iter().enumerate() {
        for (before, other) in hashes[..index].iter().enumerate() {
            let distance = hash.distance(other);
            assert!(distance > RULES.same_picture_distance(), "lamps {before} and {index} are {distance} apart");
        }
    }
    // The same lamp in another colour is another picture.
    let (mut red, mut blue) = (Lamp::new(3), Lamp::new(3));
    (red.body, blue.body) = ([190.0, 30.0, 35.0], [40.0, 70.0, 180.0]);
    let hash = |kind: &Lamp| facts_of(&png(lamp(kind, 400, 400, 0.95))).hash;
    assert!(hash(&red).distance(&hash(&blue)) > RULES.same_picture_distance());
    // In black, dark green and grey its outlines are the same, and its tones are not.
    let tones = |body: [f64; 3]| {
        let mut kind = Lamp::new(3);
        kind.body = body;
        facts_of(&png(lamp(&kind, 400, 400, 0.95))).tones.unwrap()
    };
    let all = [[30.0, 30.0, 34.0], [20.0, 70.0, 40.0], [75.0, 78.0, 82.0], [150.0, 150.0, 155.0]].map(tones);
    for (index, one) in all.iter().enumerate() {
        for (before, other) in all[..index].iter().enumerate() {
            let apart = u64::from(one.apart(other));
            assert!(apart > RULES.same_tone, "{before} and {index} are {apart} apart");
        }
    }
    assert!(facts_of(&png(noise(1, 200, 200))).hash != facts_of(&png(noise(2, 200, 200))).hash);
}
