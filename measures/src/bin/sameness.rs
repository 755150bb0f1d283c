//! How far apart the perceptual hashes are of one photograph in several sizes and qualities, of different photographs, and of one drawn lamp
//! in other colours: by their bits, and by their tones.

use anyhow::Result;
use beamline::dictionary::Dictionary;
use beamline::generate::photographs::{Colour, Lamp, lamp};
use beamline::media::picture::{Facts, Format, PictureHash, PictureRules, Spec, Tones, examine, render};
use beamline_measures::photographs;
use image::ImageEncoder;
use rayon::prelude::*;

/// Sides and qualities that a picture is sent in again.
const SIDES: [u32; 5] = [1_600, 1_000, 500, 300, 160];
const QUALITIES: [u8; 3] = [90, 50, 20];
/// Pairs of different photographs that are listed: the nearest.
const LISTED: usize = 12;
/// Lamps that are drawn, and the colours of their bodies.
const LAMPS: u64 = 24;
const BODIES: [Colour; 10] = [
    [28.0, 28.0, 32.0],
    [40.0, 40.0, 45.0],
    [20.0, 70.0, 40.0],
    [20.0, 30.0, 80.0],
    [70.0, 75.0, 80.0],
    [150.0, 150.0, 155.0],
    [190.0, 30.0, 35.0],
    [40.0, 70.0, 180.0],
    [220.0, 110.0, 20.0],
    [110.0, 20.0, 30.0],
];

/// Bits that differ, and how far the tones are apart.
type Apart = (u32, u32);

type Looks = (PictureHash, Tones);

fn main() -> Result<()> {
    let dictionary = Dictionary::embedded().map_err(|error| anyhow::anyhow!("{error}"))?;
    let rules = dictionary.pictures();
    let all = photographs()?;
    let measured: Vec<(&str, Looks, Vec<(u32, Apart)>)> = all
        .par_iter()
        .filter_map(|(name, bytes)| {
            let known = examine(bytes, rules).inspect_err(|refusal| eprintln!("{name}: {}", refusal.message)).ok()?;
            let known = looks(&known)?;
            Some((name.as_str(), known, again(bytes, &known, rules)))
        })
        .collect();
    for side in SIDES {
        tell(&format!("the same photograph, {side} pixels"), of_side(measured.iter().map(|(.., all)| all), side));
    }
    let mut apart: Vec<(u32, &str, &str)> = Vec::new();
    for (at, (name, hash, _)) in measured.iter().enumerate() {
        apart.extend(measured.iter().skip(at + 1).map(|(other, there, _)| (hash.0.distance(&there.0), *name, *other)));
    }
    apart.sort_unstable();
    println!("different: {} pairs; the nearest:", apart.len());
    for (bits, one, other) in apart.iter().take(LISTED) {
        println!("  {bits}: {one} and {other}");
    }
    let lamps: Vec<(Vec<Apart>, Vec<(u32, Apart)>)> =
        (0..LAMPS).into_par_iter().map(|seed| colours(seed, rules)).collect::<Result<_>>()?;
    for side in SIDES {
        tell(&format!("the same lamp, {side} pixels"), of_side(lamps.iter().map(|(_, all)| all), side));
    }
    println!("a lamp in two colours: the least bits and tones of {LAMPS} lamps, and how many are taken for the same");
    for (pair, one, other) in pairs() {
        let all = || lamps.iter().filter_map(|(others, _)| others.get(pair));
        let joined = |(bits, tones): &&Apart| *bits <= rules.same_picture_distance() && u64::from(*tones) <= rules.same_tone;
        let (bits, tones) = (all().map(|(bits, _)| *bits).min(), all().map(|(_, tones)| *tones).min());
        println!("  {one:?} and {other:?}: {bits:?}, {tones:?}; {}", all().filter(joined).count());
    }
    Ok(())
}

/// Every pair of colours with its number.
fn pairs() -> impl Iterator<Item = (usize, Colour, Colour)> {
    let all = BODIES.iter().enumerate().flat_map(|(at, one)| BODIES.iter().skip(at + 1).map(move |other| (*one, *other)));
    all.enumerate().map(|(pair, (one, other))| (pair, one, other))
}

fn of_side<'a>(all: impl Iterator<Item = &'a Vec<(u32, Apart)>>, side: u32) -> Vec<Apart> {
    all.flat_map(|all| all.iter().filter(move |(of, _)| *of == side).map(|(_, apart)| *apart)).collect()
}

fn tell(what: &str, apart: Vec<Apart>) {
    let quantiles = |mut bits: Vec<u32>| {
        bits.sort_unstable();
        let at = |share: usize| bits.get((bits.len() * share / 100).min(bits.len().saturating_sub(1))).copied().unwrap_or(0);
        format!("median {}, 90 % {}, 95 % {}, 99 % {}, most {}", at(50), at(90), at(95), at(99), at(100))
    };
    let all = quantiles(apart.iter().map(|(all, _)| *all).collect());
    let colour = quantiles(apart.iter().map(|(_, colour)| *colour).collect());
    println!("{what} ({}): {all}; tones: {colour}", apart.len());
}

fn looks(facts: &Facts) -> Option<Looks> {
    Some((facts.hash, facts.tones?))
}

fn apart(one: &Looks, other: &Looks) -> Apart {
    (one.0.distance(&other.0), one.1.apart(&other.1).into())
}

/// The bits that the picture sent again differs in, by its side.
fn again(bytes: &[u8], known: &Looks, rules: &PictureRules) -> Vec<(u32, Apart)> {
    let specs: Vec<Spec> = SIDES
        .into_iter()
        .flat_map(|side| QUALITIES.map(|quality| Spec { quality, ..Spec::inside(Format::Jpeg, side, side) }))
        .collect();
    let made = render(bytes, &specs, rules).unwrap_or_default();
    let bits = specs.iter().zip(made).filter_map(|(spec, made)| {
        let there = examine(&made.bytes, rules).ok()?;
        Some((spec.width, apart(known, &looks(&there)?)))
    });
    bits.collect()
}

/// One lamp in every pair of colours, and in one colour sent again.
fn colours(seed: u64, rules: &PictureRules) -> Result<(Vec<Apart>, Vec<(u32, Apart)>)> {
    let mut hashes = Vec::new();
    let mut same = Vec::new();
    for body in BODIES {
        let mut drawn = Lamp::new(seed);
        drawn.body = body;
        let picture = lamp(&drawn, 1_000, 1_000, 0.9);
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 92);
        encoder.write_image(&picture, picture.width(), picture.height(), image::ExtendedColorType::Rgb8)?;
        let facts = examine(&bytes, rules).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
        let Some(known) = looks(&facts) else { continue };
        same.extend(again(&bytes, &known, rules));
        hashes.push(known);
    }
    let mut others = Vec::new();
    for (at, one) in hashes.iter().enumerate() {
        others.extend(hashes.iter().skip(at + 1).map(|other| apart(one, other)));
    }
    Ok((others, same))
}
