//! Renditions: one decoding for each colour space, any number of files.

use super::decode::{Decoded, decode};
use super::encode::{Beside, encode};
use super::linear::Shrinker;
use super::pixels::{Pixels, swaps_sides};
use super::spec::{Layout, colour, layout};
use super::{ColourSpace, Fit, Format, PictureRules, Refusal, Spec, xmp};

/// A picture made to a [`Spec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The quality it was written with, 1 to 100; that of the spec, or lower because of `max_bytes`.
    pub quality: u8,
}

/// Makes every rendition from one decoding for each colour space, in the order of the specs. The same bytes and specs make the same files.
///
/// Refused are what [`super::examine`] refuses, a spec that cannot be made (`bad_spec`), and a ceiling of bytes that no quality and no size
/// down to the least stays below (`cannot_fit`).
pub fn render(bytes: &[u8], specs: &[Spec], rules: &PictureRules) -> Result<Vec<Rendered>, Refusal> {
    check(specs)?;
    all(specs, rules, |space| decode(bytes, space, rules))
}

pub(super) fn check(specs: &[Spec]) -> Result<(), Refusal> {
    specs
        .iter()
        .try_for_each(Spec::check)
        .map_err(|message| Refusal::new("bad_spec", format!("The rendition cannot be made: {message}.")))
}

/// Every rendition of the picture that `decoded` gives, for each colour space that is asked for once. The specs were checked.
pub(super) fn all(
    specs: &[Spec],
    rules: &PictureRules,
    mut decoded: impl FnMut(ColourSpace) -> Result<Decoded, Refusal>,
) -> Result<Vec<Rendered>, Refusal> {
    let mut made: Vec<Option<Rendered>> = vec![None; specs.len()];
    for space in ColourSpace::ALL {
        let mut asked: Vec<(&Spec, &mut Option<Rendered>)> =
            specs.iter().zip(&mut made).filter(|(spec, _)| spec.colour_space == space).collect();
        if asked.is_empty() {
            continue;
        }
        let picture = decoded(space)?;
        let (width, height) = picture.size();
        // From the largest on, so that each begins from what the one before it left.
        asked.sort_by_key(|(spec, _)| std::cmp::Reverse(layout(spec, width, height).picture));
        let mut shrinker = Shrinker::new(&picture.pixels);
        let packet = picture.source_type.as_deref().map(xmp::packet);
        let beside = Beside { packet: packet.as_deref(), profile: space.in_file() };
        for (spec, place) in asked {
            *place = Some(one(&picture, &mut shrinker, spec, beside, rules)?);
        }
    }
    Ok(made.into_iter().flatten().collect())
}

fn one(
    picture: &Decoded,
    shrinker: &mut Shrinker<'_>,
    spec: &Spec,
    beside: Beside<'_>,
    rules: &PictureRules,
) -> Result<Rendered, Refusal> {
    let (width, height) = picture.size();
    let mut spec = spec.clone();
    let ceiling = spec.max_bytes;
    let mut least_bytes = u64::MAX;
    for _ in 0..=rules.shrink_steps {
        let layout = layout(&spec, width, height);
        let pixels = drawn(picture, shrinker, &spec, layout)?;
        let (bytes, quality) = below(&pixels, &spec, beside, rules)?;
        let length = bytes.len() as u64;
        if ceiling.is_none_or(|ceiling| length <= ceiling) {
            let (width, height) = layout.canvas;
            return Ok(Rendered { bytes, format: spec.format, width, height, quality });
        }
        least_bytes = least_bytes.min(length);
        if !make_smaller(&mut spec, layout) {
            break;
        }
    }
    let message = format!(
        "The rendition has {least_bytes} bytes at the least and may have {}; raise max_bytes, lower the least size, or use JPEG.",
        ceiling.unwrap_or_default()
    );
    Err(Refusal::new("cannot_fit", message))
}

/// A box a tenth smaller than what came out; false where that would be smaller than the spec allows.
fn make_smaller(spec: &mut Spec, layout: Layout) -> bool {
    let (width, height) = (layout.canvas.0 * 9 / 10, layout.canvas.1 * 9 / 10);
    if width < spec.min_width.max(1) || height < spec.min_height.max(1) {
        return false;
    }
    (spec.width, spec.height) = (width, height);
    true
}

/// The picture in its size, turned, and on its canvas.
fn drawn(picture: &Decoded, shrinker: &mut Shrinker<'_>, spec: &Spec, layout: Layout) -> Result<Pixels, Refusal> {
    let (width, height) = layout.picture;
    // Turning is cheaper once the picture is small.
    let stored = if swaps_sides(picture.orientation) { (height, width) } else { (width, height) };
    let small = shrinker.to(stored.0, stored.1).ok_or_else(|| {
        Refusal::new("bad_spec", format!("The picture cannot be made {width} x {height}; choose another size."))
    })?;
    let small = small.turned(picture.orientation);
    let background = picture.space.colour(colour(&spec.background).unwrap_or([255; 3]));
    if spec.fit == Fit::Pad || layout.canvas != layout.picture {
        return Ok(padded(small.flattened(background), layout.canvas, background));
    }
    let keeps_alpha = small.channels == 4 && spec.format != Format::Jpeg;
    Ok(if keeps_alpha { small } else { small.flattened(background) })
}

/// In the middle of a canvas; a pixel more on the right and below where it does not come out even.
fn padded(picture: Pixels, canvas: (u32, u32), background: [u8; 3]) -> Pixels {
    if (picture.width, picture.height) == canvas {
        return picture;
    }
    let (width, height) = (canvas.0 as usize, canvas.1 as usize);
    let left = canvas.0.saturating_sub(picture.width) as usize / 2;
    let top = canvas.1.saturating_sub(picture.height) as usize / 2;
    let mut data = background.repeat(width * height);
    for (row, place) in picture.rows().zip(data.chunks_exact_mut(width * 3).skip(top)) {
        if let Some(place) = place.get_mut(left * 3..left * 3 + row.len()) {
            place.copy_from_slice(row);
        }
    }
    Pixels { width: canvas.0, height: canvas.1, channels: 3, data }
}

/// The file in the highest quality that stays below the ceiling; in the lowest that the rules allow where none does.
fn below(pixels: &Pixels, spec: &Spec, beside: Beside<'_>, rules: &PictureRules) -> Result<(Vec<u8>, u8), Refusal> {
    let write = |quality: u8| encode(pixels, spec.format, quality, beside);
    let best = write(spec.quality)?;
    let Some(ceiling) = spec.max_bytes else { return Ok((best, spec.quality)) };
    let floor = u8::try_from(rules.quality_floor).unwrap_or(1).min(spec.quality);
    if best.len() as u64 <= ceiling || spec.format == Format::Png || floor == spec.quality {
        return Ok((best, spec.quality));
    }
    let mut kept = (write(floor)?, floor);
    if kept.0.len() as u64 > ceiling {
        return Ok(kept);
    }
    // Between what fits and what does not; a step of 1 is not worth another encoding.
    let (mut fits, mut fails) = (floor, spec.quality);
    while fails - fits > 2 {
        let middle = fits + (fails - fits) / 2;
        let bytes = write(middle)?;
        if bytes.len() as u64 <= ceiling {
            kept = (bytes, middle);
            fits = middle;
        } else {
            fails = middle;
        }
    }
    Ok(kept)
}
