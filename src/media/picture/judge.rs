//! What somebody may mind about a picture. Thresholds are data (`schema/media/pictures.toml`); each rule here is one way of looking.

use super::colour::ProfileUse;
use super::decode::Decoded;
use super::pixels::Pixels;
use super::proof::{Kind, Proof, SIDE, median, strays};
use super::{Finding, PictureRules};

/// Everything that is found, in the order of [`super::FINDINGS`].
pub(super) fn findings(picture: &Decoded, proof: &Proof, rules: &PictureRules) -> Vec<Finding> {
    let (width, height) = picture.size();
    let mut found = Vec::new();
    let mut add = |code: &str, message: String| found.push(Finding::new(code, message));
    if picture.animated {
        add("animated", "It is animated; only its first frame is used.".to_owned());
    }
    if picture.pages {
        add("pages", "It has more pages than one; only the first is used.".to_owned());
    }
    if picture.pixels.channels == 4 {
        add(
            "transparent",
            "Parts of it can be looked through; they are put on the background where a rendition has none.".to_owned(),
        );
    }
    if u64::from(width.max(height)) < rules.tiny_side {
        add(
            "tiny",
            format!("It is {width} x {height} pixels, fewer than {} on its longer side; ask for a larger one.", rules.tiny_side),
        );
    }
    let (longer, shorter) = (u64::from(width.max(height)), u64::from(width.min(height)));
    if longer >= shorter.saturating_mul(rules.sliver) {
        add("sliver", format!("It is {width} x {height} pixels, which is a line where it is shown small; cut it to size."));
    }
    let blank = is_blank(proof, rules);
    if blank {
        add("blank", "It shows one colour and nothing else.".to_owned());
    }
    if !blank {
        if let Some(variance) = sharpness(proof).filter(|variance| *variance < rules.blurred_variance) {
            let least = rules.blurred_variance;
            add("blurred", format!("It looks blurred: its edges have a contrast of {variance}, and {least} is the least."));
        }
        if let Some(permille) = border(proof, rules) {
            let percent = permille.div_ceil(10);
            add(
                "border",
                format!("A frame of one colour is around it, about {percent} % of its shorter side wide; channels want none."),
            );
        }
        if let Some(permille) = watermark(proof, rules) {
            let message = format!(
                "Faint lines are laid over {permille} thousandths of its plain background, as a watermark's are. This is a suspicion; look at it."
            );
            add("watermark_suspected", message);
        }
    }
    if picture.cmyk {
        add(
            "cmyk",
            "It is stored as printing inks; its colours were converted to sRGB and may look a little different.".to_owned(),
        );
    }
    if picture.deep {
        add("deep_colour", "It has more than 8 bits a channel; renditions have 8.".to_owned());
    }
    match picture.profile {
        ProfileUse::None => {}
        ProfileUse::Applied => add("profile_applied", "Its colour profile is not sRGB; its colours were converted.".to_owned()),
        ProfileUse::Broken => {
            add(
                "profile_broken",
                "Its colour profile cannot be used and was passed over; colours may be a little off.".to_owned(),
            );
        }
    }
    if picture.orientation > 1 {
        add("rotated", "It is stored turned and says so in its Exif data; it was turned upright.".to_owned());
    }
    if picture.position {
        add("private_metadata", "It says where it was taken. The original keeps that; no rendition does.".to_owned());
    }
    found
}

/// The share of the outermost ring that is white or see-through, in thousandths; by the picture itself, not by a smaller copy.
pub(super) fn white_border(pixels: &Pixels, rules: &PictureRules) -> u16 {
    let (mut all, mut white) = (0_u64, 0_u64);
    let mut look = |pixel: &[u8]| {
        all += 1;
        let light = |value: &u8| u64::from(*value) >= rules.white_level;
        white += u64::from(match pixel {
            [.., 0] if pixel.len() == 4 => true,
            [red, green, blue, ..] => light(red) && light(green) && light(blue),
            _ => pixel.iter().all(light),
        });
    };
    let last = (pixels.height as usize).saturating_sub(1);
    for (y, row) in pixels.rows().enumerate() {
        if y == 0 || y == last {
            row.chunks_exact(pixels.channels).for_each(&mut look);
        } else {
            row.chunks_exact(pixels.channels).take(1).for_each(&mut look);
            if pixels.width > 1 {
                row.rchunks_exact(pixels.channels).take(1).for_each(&mut look);
            }
        }
    }
    u16::try_from((white * 1000).checked_div(all).unwrap_or(0)).unwrap_or(1000)
}

fn is_blank(proof: &Proof, rules: &PictureRules) -> bool {
    let Some(middle) = median(proof.pixels.iter().copied()) else { return false };
    let stray = proof.pixels.iter().filter(|pixel| u64::from(strays(**pixel, middle)) > rules.blank_spread).count();
    stray as u64 * 1000 <= proof.pixels.len() as u64 * rules.blank_strays
}

/// The variance of the Laplacian within what is drawn; nothing where that is too little to tell.
///
/// A picture smaller than the copy is not enlarged, so it is sharper here than it would be shown: it is tiny, but not called blurred.
fn sharpness(proof: &Proof) -> Option<u64> {
    let area = proof.content;
    if area.width() < 16 || area.height() < 16 {
        return None;
    }
    let grey = |x: usize, y: usize| i64::from(proof.grey.get(y * proof.width + x).copied().unwrap_or(0));
    let (mut count, mut sum, mut squares) = (0_i64, 0_i64, 0_i64);
    for y in area.top.max(1)..area.bottom.min(proof.height - 1) {
        for x in area.left.max(1)..area.right.min(proof.width - 1) {
            let value = grey(x - 1, y) + grey(x + 1, y) + grey(x, y - 1) + grey(x, y + 1) - 4 * grey(x, y);
            count += 1;
            sum += value;
            squares += value * value;
        }
    }
    let mean = sum.checked_div(count)?;
    u64::try_from(squares.checked_div(count)? - mean * mean).ok()
}

/// The width of a frame of one colour, in thousandths of the shorter side.
///
/// A lamp on white has a plain margin too, but no straight edge: it touches the box around it in a few places. A frame ends everywhere at
/// once, on all four sides, at about the same width. White is none: a packet photographed on white has such a margin, and every channel takes
/// white around a picture.
fn border(proof: &Proof, rules: &PictureRules) -> Option<u64> {
    let background = proof.background?;
    if background.iter().all(|value| u64::from(*value) >= rules.white_level) {
        return None;
    }
    let area = proof.content;
    let (left, top) = (area.left, area.top);
    let (right, bottom) = (proof.width.checked_sub(area.right)?, proof.height.checked_sub(area.bottom)?);
    let widths = [left, top, right, bottom];
    let (least, most) = (*widths.iter().min()?, *widths.iter().max()?);
    let shorter = proof.width.min(proof.height).max(1);
    let permille = |width: usize| width as u64 * 1000 / shorter as u64;
    // One pixel of the copy may be lost or won on each side.
    if least == 0 || most > least * 3 / 2 + 1 || permille(least) < rules.border_least || permille(most) > rules.border_most {
        return None;
    }
    let plain = |pixel: [u8; 3]| u64::from(strays(pixel, background)) <= rules.border_spread;
    // Where frame and picture meet, a row of the copy may be a mixture of both.
    let inside = 2;
    let differs = |pixels: &mut dyn Iterator<Item = [u8; 3]>| {
        let (all, other) = pixels.fold((0_usize, 0_usize), |(all, other), pixel| (all + 1, other + usize::from(!plain(pixel))));
        all > 0 && other * 10 >= all * 8
    };
    let across = |y: usize| (area.left..area.right).map(move |x| proof.at(x, y));
    let down = |x: usize| (area.top..area.bottom).map(move |y| proof.at(x, y));
    let edges = differs(&mut across(area.top + inside))
        && differs(&mut across(area.bottom.saturating_sub(1 + inside)))
        && differs(&mut down(area.left + inside))
        && differs(&mut down(area.right.saturating_sub(1 + inside)));
    edges.then(|| permille(least))
}

/// How much of a plain background is drawn over faintly, in thousandths, where that looks like a mark.
///
/// Looked for are faint lines (pixels that differ a little from the background and sharply from their neighbours) away from everything that
/// is drawn boldly, spread over the picture. A shadow is faint but soft; a logo is bold; noise is nearly everywhere and so above the
/// greatest share. Marks on a picture without plain background are not looked for.
fn watermark(proof: &Proof, rules: &PictureRules) -> Option<u64> {
    const GRID: usize = 8;
    const SHARP: i64 = 10;
    let background = proof.background?;
    let (width, height) = (proof.width, proof.height);
    if width < 64 || height < 64 {
        return None;
    }
    let kinds: Vec<Kind> = proof.pixels.iter().map(|pixel| Proof::kind(*pixel, background)).collect();
    let near = near_bold(&kinds, width, height, SIDE as usize / 64);
    let grey = |at: usize| i64::from(proof.grey.get(at).copied().unwrap_or(0));
    let (mut free, mut lines) = (0_u64, 0_u64);
    let mut cells = [0_u32; GRID * GRID];
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            if near.get(at).copied().unwrap_or(true) {
                continue;
            }
            free += 1;
            let sharp = grey(at - 1) + grey(at + 1) + grey(at - width) + grey(at + width) - 4 * grey(at);
            if kinds.get(at) == Some(&Kind::Faint) && sharp.abs() >= SHARP {
                lines += 1;
                if let Some(cell) = cells.get_mut(y * GRID / height * GRID + x * GRID / width) {
                    *cell += 1;
                }
            }
        }
    }
    // Too little free background to say anything.
    if free * 5 < (width * height) as u64 {
        return None;
    }
    let permille = lines * 1000 / free;
    let marked = cells.iter().filter(|count| **count >= 3).count();
    (permille >= rules.watermark_share && permille <= rules.watermark_most && marked >= GRID).then_some(permille)
}

/// Which pixels have something bold within so many pixels: edges ring there, and shadows begin.
fn near_bold(kinds: &[Kind], width: usize, height: usize, reach: usize) -> Vec<bool> {
    let spread = |line: &mut dyn Iterator<Item = (usize, bool)>, near: &mut [bool]| {
        let mut last = None;
        for (step, (at, bold)) in line.enumerate() {
            if bold {
                last = Some(step);
            }
            if last.is_some_and(|last| step - last <= reach)
                && let Some(place) = near.get_mut(at)
            {
                *place = true;
            }
        }
    };
    let mut rows: Vec<bool> = kinds.iter().map(|kind| *kind == Kind::Drawn).collect();
    let bold = rows.clone();
    for y in 0..height {
        let line = |x: usize| (y * width + x, bold.get(y * width + x).copied().unwrap_or(false));
        spread(&mut (0..width).map(line), &mut rows);
        spread(&mut (0..width).rev().map(line), &mut rows);
    }
    let mut near = rows.clone();
    for x in 0..width {
        let line = |y: usize| (y * width + x, rows.get(y * width + x).copied().unwrap_or(false));
        spread(&mut (0..height).map(line), &mut near);
        spread(&mut (0..height).rev().map(line), &mut near);
    }
    near
}
