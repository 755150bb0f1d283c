//! Making pictures smaller, by light and not by the numbers in the file.
//!
//! sRGB's numbers are spaced as the eye sees, so their mean is darker than the mean of the light, and fine bright detail would fade.
//! Display P3 shares its curve, so what follows holds for it too.
//! Everything here is light in 16 bits, multiplied with alpha so that what cannot be seen adds no colour.
//!
//! Two steps, as libvips has them too: whole blocks are averaged until the picture is at most about [`RESIDUAL`] times what is wanted, then
//! Lanczos' filter does the rest. The averages are kept, so that the next smaller rendition begins where the last one did. Without a block
//! to average, the filter works on strips, so that 16 bits of a large picture are never there at once.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "light from 0 to 65,535 and sides below 65,536 pixels, which f64 holds exactly; every result is clamped or a mean of such"
)]

use super::pixels::Pixels;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U16, U16x3, U16x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use std::sync::LazyLock;

/// How many times larger than the wanted picture the averaged one stays; the filter needs that to be sharp.
const RESIDUAL: f64 = 2.0;
/// A block's sums have to fit 32 bits: 256 x 256 pixels of 65,535.
const MAX_BLOCK: usize = 256;
/// Pixels of the source in one strip, about.
const STRIP: usize = 1 << 20;
/// Lanczos3 reaches so far on each side, in pixels of the result.
const REACH: f64 = 3.0;

/// sRGB (IEC 61966-2-1) to light.
static LIGHT: LazyLock<[u16; 256]> = LazyLock::new(|| {
    std::array::from_fn(|value| {
        let value = value as f64 / 255.0;
        let light = if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        (light * 65_535.0).round() as u16
    })
});

/// Light to sRGB, for every value.
static VALUE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=u16::MAX)
        .map(|light| {
            let light = f64::from(light) / 65_535.0;
            let value = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            (value * 255.0).round().clamp(0.0, 255.0) as u8
        })
        .collect()
});

fn value_of(light: u16) -> u8 {
    VALUE.get(usize::from(light)).copied().unwrap_or(u8::MAX)
}

/// A pixel of light.
trait Light: PixelTrait + Sized {
    const CHANNELS: usize;
    /// From sRGB; so many bytes as there are channels.
    fn from_bytes(bytes: &[u8], light: &[u16; 256]) -> Self;
    /// Adds to the sums of a block.
    fn add(self, sums: &mut [u32; 4]);
    /// The mean of a block.
    fn mean(sums: [u32; 4], count: u32) -> Self;
    /// To sRGB.
    fn push(self, out: &mut Vec<u8>);
}

impl Light for U16 {
    const CHANNELS: usize = 1;

    fn from_bytes(bytes: &[u8], light: &[u16; 256]) -> Self {
        Self::new(bytes.first().map_or(0, |value| light[usize::from(*value)]))
    }

    fn add(self, sums: &mut [u32; 4]) {
        sums[0] += u32::from(self.0);
    }

    fn mean(sums: [u32; 4], count: u32) -> Self {
        Self::new(((sums[0] + count / 2) / count) as u16)
    }

    fn push(self, out: &mut Vec<u8>) {
        out.push(value_of(self.0));
    }
}

impl Light for U16x3 {
    const CHANNELS: usize = 3;

    fn from_bytes(bytes: &[u8], light: &[u16; 256]) -> Self {
        match *bytes {
            [red, green, blue] => Self::new([light[usize::from(red)], light[usize::from(green)], light[usize::from(blue)]]),
            _ => Self::new([0; 3]),
        }
    }

    fn add(self, sums: &mut [u32; 4]) {
        let [red, green, blue] = self.0;
        sums[0] += u32::from(red);
        sums[1] += u32::from(green);
        sums[2] += u32::from(blue);
    }

    fn mean([red, green, blue, _]: [u32; 4], count: u32) -> Self {
        let mean = |sum: u32| ((sum + count / 2) / count) as u16;
        Self::new([mean(red), mean(green), mean(blue)])
    }

    fn push(self, out: &mut Vec<u8>) {
        out.extend(self.0.map(value_of));
    }
}

impl Light for U16x4 {
    const CHANNELS: usize = 4;

    fn from_bytes(bytes: &[u8], light: &[u16; 256]) -> Self {
        match *bytes {
            [red, green, blue, alpha] => {
                let alpha = u32::from(alpha);
                let seen = |value: u8| ((u32::from(light[usize::from(value)]) * alpha + 127) / 255) as u16;
                Self::new([seen(red), seen(green), seen(blue), (alpha * 257) as u16])
            }
            _ => Self::new([0; 4]),
        }
    }

    fn add(self, sums: &mut [u32; 4]) {
        for (sum, value) in sums.iter_mut().zip(self.0) {
            *sum += u32::from(value);
        }
    }

    fn mean(sums: [u32; 4], count: u32) -> Self {
        Self::new(sums.map(|sum| ((sum + count / 2) / count) as u16))
    }

    fn push(self, out: &mut Vec<u8>) {
        let [.., alpha] = self.0;
        let alpha = u32::from(alpha);
        // The filter overshoots at edges: a colour may come out brighter than its alpha allows.
        let bare = |light: u16| value_of((u32::from(light) * 65_535).checked_div(alpha).unwrap_or(0).min(65_535) as u16);
        let [red, green, blue, _] = self.0;
        out.extend([bare(red), bare(green), bare(blue), ((alpha + 128) / 257).min(255) as u8]);
    }
}

/// A picture averaged by blocks of `block` by `block`.
struct Level<P> {
    block: usize,
    width: usize,
    height: usize,
    pixels: Vec<P>,
}

/// Makes smaller pictures of one, from the largest to the smallest.
pub(super) struct Shrinker<'a>(Kind<'a>);

enum Kind<'a> {
    Grey(Steps<'a, U16>),
    Rgb(Steps<'a, U16x3>),
    Rgba(Steps<'a, U16x4>),
}

impl<'a> Shrinker<'a> {
    pub(super) fn new(source: &'a Pixels) -> Self {
        Self(match source.channels {
            1 => Kind::Grey(Steps::new(source)),
            4 => Kind::Rgba(Steps::new(source)),
            _ => Kind::Rgb(Steps::new(source)),
        })
    }

    /// The picture in this size; nothing where that is not smaller in either direction or the filter fails.
    pub(super) fn to(&mut self, width: u32, height: u32) -> Option<Pixels> {
        match &mut self.0 {
            Kind::Grey(steps) => steps.to(width, height),
            Kind::Rgb(steps) => steps.to(width, height),
            Kind::Rgba(steps) => steps.to(width, height),
        }
    }
}

struct Steps<'a, P> {
    source: &'a Pixels,
    levels: Vec<Level<P>>,
    resizer: Resizer,
}

impl<'a, P: Light> Steps<'a, P> {
    fn new(source: &'a Pixels) -> Self {
        Self { source, levels: Vec::new(), resizer: Resizer::new() }
    }

    fn to(&mut self, width: u32, height: u32) -> Option<Pixels> {
        let (source_width, source_height) = (self.source.width, self.source.height);
        if width == 0 || height == 0 || width > source_width || height > source_height {
            return None;
        }
        if (width, height) == (source_width, source_height) {
            return Some(self.source.clone());
        }
        let by = f64::from(source_width) / f64::from(width);
        let down = f64::from(source_height) / f64::from(height);
        let wanted = ((by.min(down) / RESIDUAL) as usize).clamp(1, MAX_BLOCK);
        let mut data = Vec::with_capacity(width as usize * height as usize * P::CHANNELS);
        if wanted == 1 {
            self.by_strips(width, height, &mut data)?;
        } else {
            let at = self.level(wanted);
            let level = self.levels.get(at)?;
            let view = TypedImageRef::new(level.width as u32, level.height as u32, &level.pixels).ok()?;
            let block = level.block as f64;
            let options = filter().crop(0.0, 0.0, f64::from(source_width) / block, f64::from(source_height) / block);
            let mut target = TypedImage::<P>::new(width, height);
            self.resizer.resize_typed(&view, &mut target, &options).ok()?;
            target.pixels().iter().for_each(|pixel| pixel.push(&mut data));
        }
        Some(Pixels { width, height, channels: P::CHANNELS, data })
    }

    /// The level to begin from, made where it is missing: from the last one, if its blocks fit into the wanted ones.
    fn level(&mut self, wanted: usize) -> usize {
        let last = self.levels.iter().rposition(|level| level.block <= wanted);
        let level = match last.and_then(|at| self.levels.get(at).map(|level| (at, level))) {
            Some((at, level)) if wanted / level.block == 1 => return at,
            Some((_, level)) => {
                let more = wanted / level.block;
                let rows = level.pixels.chunks_exact(level.width.max(1));
                let made =
                    averaged(rows, (level.width, level.height), more, 1, |pixel| pixel.first().copied().unwrap_or_default());
                Level { block: level.block * more, ..made }
            }
            None => {
                let light = &*LIGHT;
                let size = (self.source.width as usize, self.source.height as usize);
                averaged(self.source.rows(), size, wanted, P::CHANNELS, |pixel| P::from_bytes(pixel, light))
            }
        };
        self.levels.push(level);
        self.levels.len() - 1
    }

    /// The filter alone, strip by strip: rows of light are made for each strip and its surroundings.
    fn by_strips(&mut self, width: u32, height: u32, data: &mut Vec<u8>) -> Option<()> {
        let source = self.source;
        let (source_width, source_height) = (source.width as usize, source.height as usize);
        let scale = source_height as f64 / f64::from(height);
        let rows_at_once = ((STRIP / source_width.max(1)) as f64 / scale).max(16.0) as u32;
        let around = (REACH * scale.max(1.0)).ceil() as usize + 2;
        let light = &*LIGHT;
        let mut strip: Vec<P> = Vec::new();
        let mut from = 0;
        while from < height {
            let to = (from + rows_at_once).min(height);
            let (top, bottom) = (f64::from(from) * scale, f64::from(to) * scale);
            let first = (top as usize).saturating_sub(around);
            let last = (bottom.ceil() as usize + around).min(source_height);
            strip.clear();
            let bytes = source.data.get(first * source.stride()..last * source.stride())?;
            strip.extend(bytes.chunks_exact(P::CHANNELS).map(|pixel| P::from_bytes(pixel, light)));
            let view = TypedImageRef::new(source.width, (last - first) as u32, &strip).ok()?;
            let crop = (top - first as f64, (bottom - top).min((last - first) as f64 - (top - first as f64)));
            let options = filter().crop(0.0, crop.0, f64::from(source.width), crop.1);
            let mut target = TypedImage::<P>::new(width, to - from);
            self.resizer.resize_typed(&view, &mut target, &options).ok()?;
            target.pixels().iter().for_each(|pixel| pixel.push(data));
            from = to;
        }
        Some(())
    }
}

fn filter() -> ResizeOptions {
    // Alpha is multiplied already.
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false)
}

/// Means of blocks of pixels of so many samples. The last column and row are of what is left; the crop of whoever reads them knows.
fn averaged<'r, S: 'r, P: Light>(
    rows: impl Iterator<Item = &'r [S]>,
    (width, height): (usize, usize),
    block: usize,
    samples: usize,
    light: impl Fn(&[S]) -> P,
) -> Level<P> {
    let mut sums = vec![[0_u32; 4]; width.div_ceil(block)];
    let mut pixels = Vec::with_capacity(sums.len() * height.div_ceil(block));
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        sums.fill([0; 4]);
        let mut high = 0;
        for row in rows.by_ref().take(block) {
            high += 1;
            for (sum, part) in sums.iter_mut().zip(row.chunks(block * samples)) {
                for pixel in part.chunks_exact(samples) {
                    light(pixel).add(sum);
                }
            }
        }
        pixels.extend(sums.iter().enumerate().map(|(index, sum)| P::mean(*sum, high * block.min(width - index * block) as u32)));
    }
    Level { block, width: width.div_ceil(block), height: height.div_ceil(block), pixels }
}
