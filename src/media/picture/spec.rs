//! What a rendition has to be, and how large it will come out: arithmetic only.

use super::Format;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No encoder of ours makes a longer side: WebP has 14 bits for it.
const MAX_SIDE: u32 = 16_383;

/// How a picture goes into its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Shrunk until it fits; never enlarged. A side shorter than asked gets rim.
    #[default]
    Inside,
    /// The same, then centred on the background in the box's aspect.
    Pad,
}

/// What the numbers of a rendition mean. It has three channels, and alpha where its format keeps it: some channels refuse grey files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColourSpace {
    /// sRGB (IEC 61966-2-1), which every reader takes a file without a profile for. A colour beyond it becomes the nearest within.
    #[default]
    Srgb,
    /// Display P3, with its profile in the file: keeps what newer cameras and telephones see beyond sRGB.
    DisplayP3,
}

impl ColourSpace {
    /// All of them; sRGB first, which findings are judged by.
    pub(super) const ALL: [Self; 2] = [Self::Srgb, Self::DisplayP3];

    // Serde hands over a reference.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of `skip_serializing_if`")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A rendition as data: what a channel demands of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// `jpeg`, `png` or `webp`.
    pub format: Format,
    /// Width of the box, pixels.
    pub width: u32,
    /// Height of the box, pixels.
    pub height: u32,
    /// How the picture goes into the box.
    #[serde(default)]
    pub fit: Fit,
    /// Least width: what is narrower gets rim, and with `pad` the canvas is not made smaller. 0: any.
    #[serde(default)]
    pub min_width: u32,
    /// Least height, as `min_width`.
    #[serde(default)]
    pub min_height: u32,
    /// Colour behind what can be looked through and around what is padded, `#rrggbb` of sRGB.
    #[serde(default = "white")]
    pub background: String,
    /// Quality of the encoder, 1 to 100; PNG has none.
    #[serde(default = "usual_quality")]
    pub quality: u8,
    /// Ceiling of the file's length. Quality goes down first, then size.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// What its numbers mean. Left out where it is sRGB, so that the keys of wishes that never said one stay what they were.
    #[serde(default, skip_serializing_if = "ColourSpace::is_usual")]
    pub colour_space: ColourSpace,
}

fn white() -> String {
    "#ffffff".to_owned()
}

const fn usual_quality() -> u8 {
    85
}

impl Spec {
    /// A rendition in this format that fits into the box, with nothing else asked.
    pub fn inside(format: Format, width: u32, height: u32) -> Self {
        Self {
            format,
            width,
            height,
            fit: Fit::Inside,
            min_width: 0,
            min_height: 0,
            background: white(),
            quality: usual_quality(),
            max_bytes: None,
            colour_space: ColourSpace::Srgb,
        }
    }

    /// Says what cannot be made: a sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        if !matches!(self.format, Format::Jpeg | Format::Png | Format::Webp) {
            return Err(format!("format: renditions are made as jpeg, png or webp, not {}", self.format.as_str()));
        }
        for (name, side) in [("width", self.width), ("height", self.height)] {
            if side == 0 || side > MAX_SIDE {
                return Err(format!("{name}: {side} is not from 1 to {MAX_SIDE} pixels"));
            }
        }
        for (name, least, most) in [("min_width", self.min_width, self.width), ("min_height", self.min_height, self.height)] {
            if least > most {
                return Err(format!("{name}: {least} is more than the box has ({most}); lower it or make the box larger"));
            }
        }
        if colour(&self.background).is_none() {
            return Err(format!("background: '{}' is not a colour; write it as #rrggbb, such as #ffffff", self.background));
        }
        if self.quality == 0 || self.quality > 100 {
            return Err(format!("quality: {} is not from 1 to 100", self.quality));
        }
        if self.max_bytes == Some(0) {
            return Err("max_bytes: 0 leaves no room for a picture; leave it out or say how many bytes".to_owned());
        }
        Ok(())
    }
}

/// Red, green and blue of `#rrggbb`.
pub(super) fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let mut found = [0; 3];
    hex::decode_to_slice(digits, &mut found).ok()?;
    Some(found)
}

/// Sides of a picture within a rendition, and of the rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// The picture, shrunk.
    pub(super) picture: (u32, u32),
    /// The whole rendition.
    pub(super) canvas: (u32, u32),
}

/// Width and height that a rendition of a picture of this size will have, if no ceiling of bytes makes it smaller.
pub fn size_of(spec: &Spec, width: u32, height: u32) -> (u32, u32) {
    layout(spec, width, height).canvas
}

pub(super) fn layout(spec: &Spec, width: u32, height: u32) -> Layout {
    let (box_width, box_height) = (spec.width.max(1), spec.height.max(1));
    let (width, height) = (width.max(1), height.max(1));
    let picture = inside(width, height, box_width, box_height);
    let canvas = match spec.fit {
        // No more rim than the least sides ask for.
        Fit::Inside => (picture.0.max(spec.min_width).min(box_width), picture.1.max(spec.min_height).min(box_height)),
        Fit::Pad => canvas(spec, picture, box_width, box_height),
    };
    Layout { picture, canvas }
}

/// The larger side exactly as the box has it, the other rounded to the nearest pixel, at least one.
fn inside(width: u32, height: u32, box_width: u32, box_height: u32) -> (u32, u32) {
    if width <= box_width && height <= box_height {
        return (width, height);
    }
    // Which side binds: compare width / box_width with height / box_height without parting with whole numbers.
    if u64::from(width) * u64::from(box_height) >= u64::from(height) * u64::from(box_width) {
        (box_width, scaled(height, box_width, width).min(box_height))
    } else {
        (scaled(width, box_height, height).min(box_width), box_height)
    }
}

/// The smallest canvas of the box's aspect that holds the picture and keeps the least sides; never larger than the box.
fn canvas(spec: &Spec, picture: (u32, u32), box_width: u32, box_height: u32) -> (u32, u32) {
    let (need_width, need_height) =
        (picture.0.max(spec.min_width).min(box_width), picture.1.max(spec.min_height).min(box_height));
    let by_width = (need_width, scaled_up(box_height, need_width, box_width));
    let by_height = (scaled_up(box_width, need_height, box_height), need_height);
    let found = if by_width.1 >= need_height { by_width } else { by_height };
    (found.0.max(need_width).min(box_width), found.1.max(need_height).min(box_height))
}

/// `length` times `to / from`, rounded half up, at least 1.
fn scaled(length: u32, to: u32, from: u32) -> u32 {
    let (length, to, from) = (u64::from(length), u64::from(to), u64::from(from.max(1)));
    u32::try_from((length * to + from / 2) / from).unwrap_or(u32::MAX).max(1)
}

/// `length` times `to / from`, rounded up, at least 1.
fn scaled_up(length: u32, to: u32, from: u32) -> u32 {
    let (length, to, from) = (u64::from(length), u64::from(to), u64::from(from.max(1)));
    u32::try_from((length * to).div_ceil(from)).unwrap_or(u32::MAX).max(1)
}
