//! Pixels in memory: 8 bits a channel of some [`ColourSpace`](super::ColourSpace), rows from the top without gaps.

/// A decoded picture: one channel (grey), three (red, green, blue) or four (and alpha, not multiplied).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    /// 1, 3 or 4.
    pub(super) channels: usize,
    /// `width * height * channels` bytes.
    pub(super) data: Vec<u8>,
}

impl Pixels {
    /// Bytes of a row; at least one, so that rows can be iterated over.
    pub(super) fn stride(&self) -> usize {
        (self.width as usize * self.channels).max(1)
    }

    /// The rows from the top.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.data.chunks_exact(self.stride())
    }

    /// As three channels, with what can be looked through put on a colour.
    ///
    /// The blend is of the values as they are, which is what browsers and drawing programs show; a designer chose the shadow by that.
    pub(super) fn flattened(self, background: [u8; 3]) -> Self {
        let data = match self.channels {
            1 => self.data.iter().flat_map(|grey| [*grey; 3]).collect(),
            4 => {
                let mut data = self.data;
                let count = data.len() / 4;
                // In place: a pixel of three channels never reaches past the one it is read from.
                for index in 0..count {
                    let Some(&[red, green, blue, alpha]) = data.get(index * 4..index * 4 + 4) else { break };
                    let mix = |over: u8, under: u8| {
                        let sum = u32::from(over) * u32::from(alpha) + u32::from(under) * (255 - u32::from(alpha));
                        u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
                    };
                    let [r, g, b] = background;
                    if let Some(to) = data.get_mut(index * 3..index * 3 + 3) {
                        to.copy_from_slice(&[mix(red, r), mix(green, g), mix(blue, b)]);
                    }
                }
                data.truncate(count * 3);
                data
            }
            _ => self.data,
        };
        Self { channels: 3, data, ..self }
    }

    /// Turned as Exif's orientation 1 to 8 says; 1 and what is none stay as they are.
    pub(super) fn turned(self, orientation: u8) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        let (width, height, channels) = (self.width as usize, self.height as usize, self.channels);
        let swapped = swaps_sides(orientation);
        let (new_width, new_height) = if swapped { (height, width) } else { (width, height) };
        let mut data = Vec::with_capacity(self.data.len());
        for y in 0..new_height {
            for x in 0..new_width {
                // Which pixel of the stored picture is shown at (x, y); CIPA DC-008, tag 0x0112.
                let (from_x, from_y) = match orientation {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                let at = (from_y * width + from_x) * channels;
                data.extend_from_slice(self.data.get(at..at + channels).unwrap_or_default());
            }
        }
        let (width, height) = if swapped { (self.height, self.width) } else { (self.width, self.height) };
        Self { width, height, channels, data }
    }
}

/// Whether width and height change places in this orientation.
pub(super) fn swaps_sides(orientation: u8) -> bool {
    (5..=8).contains(&orientation)
}
