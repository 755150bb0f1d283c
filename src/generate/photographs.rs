//! Pictures drawn by arithmetic: lamps on white, as shops have them, and scenes, as people take them. The same seed draws the same picture,
//! in any size.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    clippy::indexing_slicing,
    reason = "drawing by numbers: colours from 0 to 255, places from -0.5 to 0.5, tables read by a remainder"
)]

use image::{Rgb, RgbImage};

/// Numbers from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    /// The next one.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between the two.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// From nought, below this.
    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

/// Red, green and blue, 0 to 255.
pub type Colour = [f64; 3];

const BODIES: [Colour; 6] =
    [[28.0, 28.0, 32.0], [190.0, 30.0, 35.0], [40.0, 70.0, 180.0], [220.0, 110.0, 20.0], [70.0, 75.0, 80.0], [60.0, 120.0, 50.0]];

/// One lamp of a kind: everything that makes it look different from the next.
#[derive(Debug, Clone)]
pub struct Lamp {
    /// Colour of its housing.
    pub body: Colour,
    strap: Colour,
    wide: f64,
    high: f64,
    round: f64,
    lenses: u64,
    lens: f64,
    strap_high: f64,
    bow: f64,
    tilt: f64,
    buttons: u64,
    ribs: u64,
}

impl Lamp {
    /// The lamp of this seed.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance(seed.wrapping_mul(7919) + 13);
        let colour = |chance: &mut Chance| BODIES[chance.below(BODIES.len() as u64) as usize];
        Self {
            body: colour(&mut chance),
            strap: colour(&mut chance),
            wide: chance.between(0.16, 0.3),
            high: chance.between(0.1, 0.22),
            round: chance.between(0.02, 0.09),
            lenses: 1 + chance.below(3),
            lens: chance.between(0.4, 0.8),
            strap_high: chance.between(0.03, 0.09),
            bow: chance.between(0.05, 0.3),
            tilt: chance.between(-0.35, 0.35),
            buttons: chance.below(3),
            ribs: chance.below(6),
        }
    }

    /// The colour at a place; the picture goes from -0.5 to 0.5 in both directions.
    fn at(&self, x: f64, y: f64, edge: f64) -> Colour {
        let cover = |distance: f64| (0.5 - distance / edge).clamp(0.0, 1.0);
        let mix = |under: Colour, over: Colour, share: f64| -> Colour {
            std::array::from_fn(|i| under[i] + (over[i] - under[i]) * share)
        };
        let mut colour = [255.0; 3];
        let shadow = ((x * x) / 0.12 + ((y - self.high - 0.06) * (y - self.high - 0.06)) / 0.002).sqrt();
        colour = mix(colour, [205.0; 3], (1.0 - shadow).clamp(0.0, 1.0) * 0.6);
        // The strap: a band that is bent behind the body.
        let middle = -self.bow * (1.0 - (x / 0.46).powi(2)).max(0.0).sqrt() * 0.8;
        let strap = ((y - middle).abs() - self.strap_high / 2.0).max(x.abs() - 0.45);
        colour = mix(colour, self.strap, cover(strap));
        let stripe = ((y - middle).abs() - self.strap_high / 8.0).max(x.abs() - 0.45);
        colour = mix(colour, [235.0, 235.0, 235.0], cover(stripe) * 0.7);
        let (sin, cos) = self.tilt.sin_cos();
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        let boxed = |half_w: f64, half_h: f64, round: f64| {
            let (dx, dy) = (u.abs() - half_w + round, v.abs() - half_h + round);
            dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - round
        };
        let shade = 1.15 - 0.5 * (v / self.high);
        let body = self.body.map(|channel| (channel * shade).min(255.0));
        colour = mix(colour, body, cover(boxed(self.wide, self.high, self.round)));
        for rib in 0..self.ribs {
            let place = -self.wide * 0.9 + self.wide * 0.12 * rib as f64;
            let line = (u - place).abs().max(v.abs() - self.high * 0.7) - 0.004;
            colour = mix(colour, [15.0; 3], cover(line) * 0.8);
        }
        let radius = self.high * self.lens / (self.lenses as f64).sqrt();
        for lens in 0..self.lenses {
            let place = (lens as f64 - (self.lenses - 1) as f64 / 2.0) * radius * 2.2;
            let far = (u - place).hypot(v);
            colour = mix(colour, [60.0, 62.0, 66.0], cover(far - radius));
            let light = (1.0 - far / radius).clamp(0.0, 1.0);
            colour = mix(colour, [200.0 + 55.0 * light, 205.0 + 50.0 * light, 190.0 + 40.0 * light], cover(far - radius * 0.85));
            let ring = ((far / radius * 9.0).fract() - 0.5).abs();
            colour = mix(colour, [120.0; 3], cover(far - radius * 0.8) * (0.5 - ring) * 0.5);
        }
        for button in 0..self.buttons {
            let place = self.wide * (0.55 + 0.25 * button as f64);
            colour = mix(colour, [240.0, 90.0, 30.0], cover((u - place).hypot(v - self.high * 0.5) - 0.014));
        }
        colour
    }
}

/// A lamp in the middle of a white picture; `scale` 1 fills it.
pub fn lamp(lamp: &Lamp, width: u32, height: u32, scale: f64) -> RgbImage {
    let side = f64::from(width.min(height)) * scale;
    let edge = 1.0 / side;
    RgbImage::from_fn(width, height, |x, y| {
        let u = (f64::from(x) + 0.5 - f64::from(width) / 2.0) / side;
        let v = (f64::from(y) + 0.5 - f64::from(height) / 2.0) / side;
        Rgb(lamp.at(u, v, edge).map(|channel| channel.round().clamp(0.0, 255.0) as u8))
    })
}

/// Something like a photograph: soft light, shapes, and grain on every scale.
pub fn scene(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut chance = Chance(seed.wrapping_mul(104_729) + 7);
    let lattice: Vec<f64> = (0..4096).map(|_| chance.between(-1.0, 1.0)).collect();
    let tint: Vec<[f64; 3]> = (0..6).map(|_| std::array::from_fn(|_| chance.between(0.2, 1.0))).collect();
    let shapes: Vec<[f64; 4]> = (0..12)
        .map(|_| [chance.between(0.0, 1.5), chance.between(0.0, 1.0), chance.between(0.03, 0.25), chance.between(-60.0, 60.0)])
        .collect();
    let noise = |x: f64, y: f64| {
        let (column, row) = (x.floor(), y.floor());
        let (u, v) = (x - column, y - row);
        let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
        let value = |dx: f64, dy: f64| {
            let key = ((column + dx) as i64).wrapping_mul(73_856_093) ^ ((row + dy) as i64).wrapping_mul(19_349_663);
            lattice[(key & 4095) as usize]
        };
        let top = value(0.0, 0.0) * (1.0 - u) + value(1.0, 0.0) * u;
        let bottom = value(0.0, 1.0) * (1.0 - u) + value(1.0, 1.0) * u;
        top * (1.0 - v) + bottom * v
    };
    let scale = f64::from(height);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) / scale, f64::from(y) / scale);
        let mut light = 118.0 + 55.0 * noise(x * 3.0, y * 3.0) + 24.0 * noise(x * 13.0 + 9.0, y * 13.0);
        light += 12.0 * noise(x * 61.0, y * 61.0 + 4.0) + 7.0 * noise(x * 240.0, y * 240.0) + 4.0 * noise(x * 900.0, y * 900.0);
        let mut which = 0;
        for (index, [cx, cy, radius, lift]) in shapes.iter().enumerate() {
            if (x - cx).hypot(y - cy) < *radius {
                light += lift;
                which = index % tint.len();
            }
        }
        Rgb(tint[which].map(|share| (light * (0.55 + 0.6 * share)).clamp(0.0, 255.0) as u8))
    })
}

/// What chance alone makes.
pub fn noise(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut chance = Chance(seed);
    RgbImage::from_fn(width, height, |_, _| {
        let [red, green, blue, ..] = chance.next().to_le_bytes();
        Rgb([red, green, blue])
    })
}
