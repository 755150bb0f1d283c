//! A small copy of a picture, which its looks are judged by.
//!
//! The longer side has at most [`SIDE`] pixels, so that a judgement does not depend on how large a picture was sent and costs the same for
//! all. What can be looked through is put on white, as a shopper sees it.

use super::decode::Decoded;
use super::linear::Shrinker;
use super::pixels::Pixels;

/// Longer side of the copy.
pub(super) const SIDE: u32 = 512;

/// How far a channel strays from the background before it counts as drawn.
const DRAWN: u8 = 24;

/// How far it strays at least, to count as drawn at all: compression makes less noise than this.
const FAINT: u8 = 5;

/// A rectangle of pixels, the ends not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Area {
    pub(super) fn width(self) -> usize {
        self.right.saturating_sub(self.left)
    }

    pub(super) fn height(self) -> usize {
        self.bottom.saturating_sub(self.top)
    }
}

/// The small copy: red, green and blue.
pub(super) struct Proof {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<[u8; 3]>,
    /// Brightness of each pixel, as BT.601 weighs it.
    pub(super) grey: Vec<u8>,
    /// The colour around the picture, where most of the outermost ring has one.
    pub(super) background: Option<[u8; 3]>,
    /// What is drawn on the background; everything where there is none.
    pub(super) content: Area,
}

/// Width and height of the copy.
fn size(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= SIDE {
        return (width, height);
    }
    let side = |side: u32| {
        u32::try_from((u64::from(side) * u64::from(SIDE) + u64::from(longer) / 2) / u64::from(longer)).unwrap_or(1).max(1)
    };
    (side(width), side(height))
}

impl Proof {
    pub(super) fn of(picture: &Decoded) -> Self {
        let (width, height) = size(picture.pixels.width, picture.pixels.height);
        let small = Shrinker::new(&picture.pixels).to(width, height).unwrap_or(Pixels {
            width: 0,
            height: 0,
            channels: 3,
            data: Vec::new(),
        });
        Self::from_pixels(&small.turned(picture.orientation).flattened([255; 3]))
    }

    pub(super) fn from_pixels(small: &Pixels) -> Self {
        let (width, height) = (small.width as usize, small.height as usize);
        let pixels: Vec<[u8; 3]> = small.data.chunks_exact(3).filter_map(|pixel| pixel.try_into().ok()).collect();
        let grey = pixels.iter().map(|pixel| brightness(*pixel)).collect();
        let content = Area { left: 0, top: 0, right: width, bottom: height };
        let mut proof = Self { width, height, pixels, grey, background: None, content };
        proof.background = proof.ring_colour();
        proof.content = proof.drawn().unwrap_or(content);
        proof
    }

    pub(super) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        if x < self.width { self.pixels.get(y * self.width + x).copied().unwrap_or_default() } else { [0; 3] }
    }

    pub(super) fn row(&self, y: usize) -> &[[u8; 3]] {
        self.pixels.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }

    /// The outermost pixels.
    pub(super) fn ring(&self) -> impl Iterator<Item = [u8; 3]> {
        let (width, height) = (self.width, self.height);
        let across = (0..width).flat_map(move |x| [(x, 0), (x, height.saturating_sub(1))]);
        let down = (0..height).flat_map(move |y| [(0, y), (width.saturating_sub(1), y)]);
        across.chain(down).map(|(x, y)| self.at(x, y))
    }

    /// The commonest colour of the ring, if at least three quarters of the ring have about that.
    fn ring_colour(&self) -> Option<[u8; 3]> {
        let middle = median(self.ring())?;
        let (all, near) =
            self.ring().fold((0, 0), |(all, near), pixel| (all + 1, near + usize::from(strays(pixel, middle) <= DRAWN)));
        (near * 4 >= all * 3).then_some(middle)
    }

    /// The box around what is drawn on the background. A speck of a pixel or two is dust.
    fn drawn(&self) -> Option<Area> {
        let background = self.background?;
        let is_drawn = |pixel: [u8; 3]| strays(pixel, background) > DRAWN;
        let least_across = 1 + self.width / 200;
        let least_down = 1 + self.height / 200;
        let mut columns = vec![0; self.width];
        let mut rows = Vec::with_capacity(self.height);
        for y in 0..self.height {
            let mut count = 0;
            for (column, pixel) in columns.iter_mut().zip(self.row(y)) {
                if is_drawn(*pixel) {
                    *column += 1;
                    count += 1;
                }
            }
            rows.push(count);
        }
        let top = rows.iter().position(|count| *count >= least_across)?;
        let bottom = rows.iter().rposition(|count| *count >= least_across)? + 1;
        let left = columns.iter().position(|count| *count >= least_down)?;
        let right = columns.iter().rposition(|count| *count >= least_down)? + 1;
        let area = Area { left, top, right, bottom };
        (area.width() >= 8 && area.height() >= 8).then_some(area)
    }

    /// How a pixel lies to a plain background.
    pub(super) fn kind(pixel: [u8; 3], background: [u8; 3]) -> Kind {
        match strays(pixel, background) {
            0..FAINT => Kind::Plain,
            FAINT..=64 => Kind::Faint,
            _ => Kind::Drawn,
        }
    }
}

/// How a pixel lies to a plain background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is the background.
    Plain,
    /// It differs a little: a shadow, a fade, a mark laid over.
    Faint,
    /// It is something.
    Drawn,
}

/// How far the channel that strays most is away.
pub(super) fn strays([red, green, blue]: [u8; 3], [r, g, b]: [u8; 3]) -> u8 {
    red.abs_diff(r).max(green.abs_diff(g)).max(blue.abs_diff(b))
}

/// Brightness by BT.601, rounded.
pub(super) fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    u8::try_from((sum + 500) / 1000).unwrap_or(u8::MAX)
}

/// The median of each channel.
pub(super) fn median(pixels: impl Iterator<Item = [u8; 3]>) -> Option<[u8; 3]> {
    let mut counts = [[0_usize; 256]; 3];
    let mut all = 0;
    for pixel in pixels {
        all += 1;
        for (count, value) in counts.iter_mut().zip(pixel) {
            count[usize::from(value)] += 1;
        }
    }
    if all == 0 {
        return None;
    }
    let middle = |count: &[usize; 256]| {
        let mut sum = 0;
        count.iter().position(|count| {
            sum += count;
            sum * 2 >= all
        })
    };
    let [red, green, blue] = &counts;
    Some([red, green, blue].map(|count| u8::try_from(middle(count).unwrap_or(0)).unwrap_or(0)))
}
