//! Whatever colours a file has, to one colour space with 8 bits a channel.
//!
//! Rows are converted in place where the result is no wider than what it is made of, so that a large picture is not held twice. A profile
//! that cannot be used is passed over, and that is said: colours that are a little off are better than no picture.

use super::ColourSpace;
use super::pixels::Pixels;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};
use std::sync::Arc;

/// Pixels as a decoder gives them.
pub(super) struct Raw {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) model: Model,
    /// Two bytes a sample in the machine's order, else one.
    pub(super) deep: bool,
    pub(super) data: Vec<u8>,
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    /// Inks: 0 is none, 255 is full. Only with 8 bits.
    Cmyk,
}

impl Model {
    fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }
}

/// What became of the profile that a file carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProfileUse {
    /// There is none, or it says the space that is wanted.
    None,
    /// The colours were converted by it.
    Applied,
    /// It is damaged or of another kind of colour.
    Broken,
}

enum Convert {
    Plain,
    Eight(Arc<dyn TransformExecutor<u8> + Send + Sync>),
    Sixteen(Arc<dyn TransformExecutor<u16> + Send + Sync>),
}

/// To a colour space; whether something can be looked through is told by the channels of what comes back.
pub(super) fn to_space(raw: Raw, profile: Option<&[u8]>, space: ColourSpace) -> (Pixels, ProfileUse) {
    // Without a profile that can be followed, what comes out is sRGB.
    let (convert, used, as_srgb) = match profile.map(|profile| by_profile(profile, raw.model, raw.deep, space)) {
        None => (Convert::Plain, ProfileUse::None, true),
        Some(Some((_, true))) => (Convert::Plain, ProfileUse::None, false),
        Some(Some((convert, false))) => (convert, ProfileUse::Applied, false),
        Some(None) => (Convert::Plain, ProfileUse::Broken, true),
    };
    let Raw { width, height, model, deep, mut data } = raw;
    let samples = width as usize * model.channels();
    let from = samples * if deep { 2 } else { 1 };
    let out_channels = if model == Model::Cmyk { 3 } else { model.channels() };
    let to = width as usize * out_channels;
    let mut used = used;
    if deep || model == Model::Cmyk || !matches!(convert, Convert::Plain) {
        let mut row = Row::default();
        for y in 0..height as usize {
            let Some(source) = data.get(y * from..(y + 1) * from) else { break };
            if !row.convert(source, model, deep, &convert) {
                used = ProfileUse::Broken;
            }
            if let Some(place) = data.get_mut(y * to..(y + 1) * to) {
                for (into, value) in place.iter_mut().zip(&row.out) {
                    *into = *value;
                }
            }
        }
        data.truncate(to * height as usize);
    }
    let mut pixels = without_idle_alpha(width, height, out_channels, data);
    if as_srgb {
        space.take_from_srgb(&mut pixels);
    }
    (pixels, used)
}

/// Buffers of one row.
#[derive(Default)]
struct Row {
    wide: Vec<u16>,
    wide_out: Vec<u16>,
    narrow: Vec<u8>,
    out: Vec<u8>,
}

impl Row {
    /// Converts one row into `out`; false where the profile failed, and then without it.
    fn convert(&mut self, source: &[u8], model: Model, deep: bool, convert: &Convert) -> bool {
        let mut good = true;
        self.wide.clear();
        self.narrow.clear();
        if deep {
            self.wide.extend(
                source
                    .chunks_exact(2)
                    .map(|pair| u16::from_ne_bytes([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)])),
            );
        } else {
            self.narrow.extend_from_slice(source);
        }
        if let Convert::Sixteen(transform) = convert {
            // A grey profile converts grey alone; alpha stands aside.
            let grey: Vec<u16> =
                if model == Model::GreyAlpha { self.wide.iter().copied().step_by(2).collect() } else { Vec::new() };
            let input = if model == Model::GreyAlpha { &grey } else { &self.wide };
            self.wide_out.clear();
            self.wide_out.resize(input.len(), 0);
            good = transform.transform(input, &mut self.wide_out).is_ok();
            if good {
                if model == Model::GreyAlpha {
                    for (pair, grey) in self.wide.chunks_exact_mut(2).zip(&self.wide_out) {
                        if let Some(place) = pair.first_mut() {
                            *place = *grey;
                        }
                    }
                } else {
                    std::mem::swap(&mut self.wide, &mut self.wide_out);
                }
            }
        }
        if deep {
            self.narrow.extend(self.wide.iter().map(|value| narrowed(*value)));
        }
        self.out.clear();
        match convert {
            Convert::Eight(transform) => {
                let grey: Vec<u8> =
                    if model == Model::GreyAlpha { self.narrow.iter().copied().step_by(2).collect() } else { Vec::new() };
                let input = if model == Model::GreyAlpha { &grey } else { &self.narrow };
                let length = if model == Model::Cmyk { input.len() / 4 * 3 } else { input.len() };
                self.out.resize(length, 0);
                good &= transform.transform(input, &mut self.out).is_ok();
                if !good {
                    self.plain(model);
                } else if model == Model::GreyAlpha {
                    self.out = self
                        .out
                        .iter()
                        .zip(self.narrow.iter().skip(1).step_by(2))
                        .flat_map(|(grey, alpha)| [*grey, *alpha])
                        .collect();
                }
            }
            _ => self.plain(model),
        }
        good
    }

    fn plain(&mut self, model: Model) {
        self.out.clear();
        if model == Model::Cmyk {
            let light = |ink: u8, black: u8| narrowed_product(255 - ink, 255 - black);
            for inks in self.narrow.chunks_exact(4) {
                if let [cyan, magenta, yellow, black] = *inks {
                    self.out.extend([light(cyan, black), light(magenta, black), light(yellow, black)]);
                }
            }
        } else {
            std::mem::swap(&mut self.out, &mut self.narrow);
        }
    }
}

/// 65,535 to 255, rounded to the nearest.
fn narrowed(value: u16) -> u8 {
    u8::try_from((u32::from(value) * 255 + 32_767) / 65_535).unwrap_or(u8::MAX)
}

fn narrowed_product(left: u8, right: u8) -> u8 {
    u8::try_from((u32::from(left) * u32::from(right) + 127) / 255).unwrap_or(u8::MAX)
}

/// The conversion that a profile asks for, and whether it changes nothing that can be seen.
fn by_profile(profile: &[u8], model: Model, deep: bool, space: ColourSpace) -> Option<(Convert, bool)> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let grey = matches!(model, Model::Grey | Model::GreyAlpha);
    let fits = match model {
        Model::Cmyk => DataColorSpace::Cmyk,
        _ if grey => DataColorSpace::Gray,
        _ => DataColorSpace::Rgb,
    };
    if profile.color_space != fits {
        return None;
    }
    let mut wanted = space.profile();
    if grey {
        let curve = wanted.red_trc.take();
        wanted = ColorProfile::new_gray_with_gamma(2.2);
        wanted.gray_trc = curve;
    }
    let options = TransformOptions::default();
    let (from, to) = match model {
        Model::Grey | Model::GreyAlpha => (Layout::Gray, Layout::Gray),
        Model::Rgb => (Layout::Rgb, Layout::Rgb),
        Model::Rgba => (Layout::Rgba, Layout::Rgba),
        Model::Cmyk => (Layout::Rgba, Layout::Rgb),
    };
    let eight = profile.create_transform_8bit(from, &wanted, to, options).ok()?;
    let same = model != Model::Cmyk && changes_nothing(eight.as_ref(), model);
    if deep {
        let sixteen = profile.create_transform_16bit(from, &wanted, to, options).ok()?;
        return Some((Convert::Sixteen(sixteen), same));
    }
    Some((Convert::Eight(eight), same))
}

/// Whether colours from all over the cube come out as they went in. Most profiles are sRGB under one of many names.
fn changes_nothing(transform: &dyn TransformExecutor<u8>, model: Model) -> bool {
    let steps = [0_u8, 48, 112, 176, 232, 255];
    let mut probe = Vec::new();
    match model {
        Model::Grey | Model::GreyAlpha => probe.extend(steps),
        _ => {
            for red in steps {
                for green in steps {
                    for blue in steps {
                        probe.extend([red, green, blue]);
                        if model == Model::Rgba {
                            probe.push(255);
                        }
                    }
                }
            }
        }
    }
    let mut out = vec![0; probe.len()];
    transform.transform(&probe, &mut out).is_ok() && probe.iter().zip(&out).all(|(before, after)| before.abs_diff(*after) <= 2)
}

/// Alpha that lets nothing through is dropped; grey with alpha becomes colour with alpha, so that later steps know three kinds only.
fn without_idle_alpha(width: u32, height: u32, channels: usize, mut data: Vec<u8>) -> Pixels {
    if !matches!(channels, 2 | 4) {
        return Pixels { width, height, channels, data };
    }
    let opaque = data.iter().skip(channels - 1).step_by(channels).all(|alpha| *alpha == 255);
    if opaque {
        let kept = channels - 1;
        let count = data.len() / channels;
        for index in 0..count {
            data.copy_within(index * channels..index * channels + kept, index * kept);
        }
        data.truncate(count * kept);
        return Pixels { width, height, channels: kept, data };
    }
    if channels == 2 {
        let wide = data.chunks_exact(2).flat_map(|pair| match *pair {
            [grey, alpha] => [grey, grey, grey, alpha],
            _ => [0; 4],
        });
        return Pixels { width, height, channels: 4, data: wide.collect() };
    }
    Pixels { width, height, channels, data }
}
