//! The fuzzer's seeds, whatever it once found, and what becomes of them when they are cut, joined and flipped.

use super::*;
use crate::generate::photographs::Chance;
use proptest::prelude::*;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What the target `pictures` does with its bytes: facts or a refusal, and renditions where there are facts.
fn feed(bytes: &[u8]) {
    let rules = PictureRules { max_pixels: 1 << 22, max_alloc: 64 << 20, max_work: 1 << 25, ..RULES.clone() };
    let specs = [
        Spec::inside(Format::Jpeg, 60, 40),
        Spec {
            fit: Fit::Pad,
            max_bytes: Some(3_000),
            colour_space: ColourSpace::DisplayP3,
            ..Spec::inside(Format::Webp, 32, 32)
        },
    ];
    match examine(bytes, &rules) {
        Ok(facts) => {
            assert!(facts.findings.iter().all(|finding| FINDINGS.contains(&finding.code.as_str())));
            match render(bytes, &specs, &rules) {
                Ok(made) => {
                    assert_eq!((made[0].width, made[0].height), size_of(&specs[0], facts.width, facts.height));
                }
                Err(refusal) => assert_eq!(refusal.code, "cannot_fit", "what was examined is rendered: {refusal:?}"),
            }
        }
        Err(refusal) => assert!(REFUSALS.contains(&refusal.code), "{refusal:?}"),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/pictures");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no seed", folder.display());
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Changes a seed as a fuzzer does.
fn change(bytes: &mut Vec<u8>, all: &[Vec<u8>], chance: &mut Chance) {
    let below = |chance: &mut Chance, most: usize| usize::try_from(chance.next() % (most as u64).max(1)).unwrap();
    let at = below(chance, bytes.len() + 1);
    let length = below(chance, (bytes.len() - at).min(60) + 1);
    match below(chance, 7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + length)),
        2 => {
            let piece = bytes[at..at + length].repeat(below(chance, 20));
            bytes.splice(at..at, piece);
        }
        3 => {
            // Most of what decides stands at the beginning.
            let at = below(chance, bytes.len().min(120) + 1);
            let value = [0_u8, 1, 0x7F, 0x80, 0xFF][below(chance, 5)];
            bytes.iter_mut().skip(at).take(1 + below(chance, 4)).for_each(|byte| *byte = value);
        }
        4 => {
            let other = &all[below(chance, all.len())];
            bytes.splice(at.., other[below(chance, other.len() + 1)..].iter().copied());
        }
        _ => {
            for _ in 0..=below(chance, 8) {
                let at = below(chance, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << below(chance, 8);
                }
            }
        }
    }
    bytes.truncate(1 << 16);
}

/// For so long, a failure or a slow input leaves its bytes in the folder for temporary files.
fn change_seeds(for_so_long: Duration, seed: u64) -> u64 {
    let all = seeds();
    let mut chance = Chance(seed);
    let (begun, mut tried) = (Instant::now(), 0);
    while begun.elapsed() < for_so_long {
        let mut bytes = all[usize::try_from(chance.next() % all.len() as u64).unwrap()].clone();
        for _ in 0..=chance.next() % 4 {
            change(&mut bytes, &all, &mut chance);
        }
        let start = Instant::now();
        let survived = std::panic::catch_unwind(|| feed(&bytes));
        if survived.is_err() || start.elapsed() > Duration::from_secs(4) {
            let place = std::env::temp_dir().join("beamline-pictures-crash");
            std::fs::write(&place, &bytes).unwrap();
            panic!("pictures do not survive {} (in {:?})", place.display(), start.elapsed());
        }
        tried += 1;
    }
    tried
}

#[test]
fn every_seed_is_survived() {
    for bytes in seeds() {
        feed(&bytes);
    }
}

#[test]
fn changed_seeds_are_survived() {
    assert!(change_seeds(Duration::from_secs(3), 1) > 10);
}

#[test]
#[ignore = "half a minute; .ci/long runs it"]
fn every_target_survives_changed_pictures() {
    let env = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seconds = env("BEAMLINE_FUZZ_SECONDS").unwrap_or(30);
    println!("pictures: {} inputs", change_seeds(Duration::from_secs(seconds), env("BEAMLINE_FUZZ_SEED").unwrap_or(1)));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(magic in 0_usize..8, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let magics: [&[u8]; 8] = [
            b"", b"\xFF\xD8\xFF\xE0", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"II\x2A\0\x08\0\0\0", b"MM\0\x2A",
            b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0",
        ];
        feed(&[magics[magic], &bytes].concat());
    }
}
