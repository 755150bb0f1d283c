//! The colour spaces of renditions: how sRGB's colours are written in them, and the profile that says so in a file.

use super::ColourSpace;
use super::pixels::Pixels;
use moxcms::{ColorDateTime, ColorProfile, Layout, TransformExecutor, TransformOptions};
use std::sync::{Arc, LazyLock};

type Transform = Arc<dyn TransformExecutor<u8> + Send + Sync>;

static DISPLAY_P3: LazyLock<Vec<u8>> = LazyLock::new(|| ColourSpace::DisplayP3.profile().encode().unwrap_or_default());

impl ColourSpace {
    /// What converts into it, and stands in a file.
    pub(super) fn profile(self) -> ColorProfile {
        let mut profile = match self {
            Self::Srgb => ColorProfile::new_srgb(),
            Self::DisplayP3 => ColorProfile::new_display_p3(),
        };
        // The library's names the primaries of cinemas (DCI), whose white is another.
        profile.cicp = None;
        // It is written into files, and the same picture has to become the same bytes on every day.
        profile.creation_date_time =
            ColorDateTime { year: 2026, month: 1, day_of_the_month: 1, hours: 0, minutes: 0, seconds: 0 };
        profile
    }

    /// The profile that a file in this space carries; none for sRGB, which needs none.
    pub(super) fn in_file(self) -> Option<&'static [u8]> {
        match self {
            Self::Srgb => None,
            Self::DisplayP3 => Some(&DISPLAY_P3),
        }
    }

    /// From sRGB's numbers to its own. Grey is the same in all of them: they share their curve and their white.
    pub(super) fn take_from_srgb(self, pixels: &mut Pixels) {
        let layout = match pixels.channels {
            _ if self == Self::Srgb => return,
            3 => Layout::Rgb,
            4 => Layout::Rgba,
            _ => return,
        };
        let Some(transform) = self.transform(layout) else { return };
        let stride = pixels.stride();
        let mut before = vec![0; stride];
        for row in pixels.data.chunks_exact_mut(stride) {
            before.copy_from_slice(row);
            // Two rows of one length: there is nothing that it could refuse.
            let _ = transform.transform(&before, row);
        }
    }

    /// One colour of sRGB in this space.
    pub(super) fn colour(self, srgb: [u8; 3]) -> [u8; 3] {
        let mut pixel = Pixels { width: 1, height: 1, channels: 3, data: srgb.to_vec() };
        self.take_from_srgb(&mut pixel);
        pixel.data.try_into().unwrap_or(srgb)
    }

    /// From sRGB.
    fn transform(self, layout: Layout) -> Option<Transform> {
        Self::Srgb.profile().create_transform_8bit(layout, &self.profile(), layout, TransformOptions::default()).ok()
    }
}
