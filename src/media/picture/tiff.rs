//! TIFFs of inks, which `image` turns into light without the profile that says what they look like (TIFF 6.0, section 16).

use super::colour::{Model, Raw};
use super::{PictureRules, Refusal};
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{PlanarConfiguration, Tag};
use tiff::{ColorType, TiffError, TiffResult};

/// What was read.
pub(super) struct Inks {
    pub(super) raw: Raw,
    pub(super) profile: Option<Vec<u8>>,
    /// XMP.
    pub(super) packet: Option<Vec<u8>>,
}

const XMP: Tag = Tag::Unknown(700);

/// Reads inks of 8 bits; none of everything else, which `image` reads or refuses.
pub(super) fn inks(bytes: &[u8], rules: &PictureRules) -> Result<Option<Inks>, Refusal> {
    match attempt(bytes, rules) {
        Ok(found) => Ok(found),
        Err(TiffError::LimitsExceeded) => {
            Err(Refusal::new("too_much_work", "The TIFF asks for more memory than its size explains; save it again."))
        }
        // What is wrong with it, the other one tells.
        Err(_) => Ok(None),
    }
}

fn attempt(bytes: &[u8], rules: &PictureRules) -> TiffResult<Option<Inks>> {
    let most = usize::try_from(rules.max_alloc).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (most, most);
    limits.ifd_value_size = usize::try_from(rules.max_metadata).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new(Cursor::new(bytes))?.with_limits(limits);
    let apart = decoder.find_tag_unsigned(Tag::PlanarConfiguration)? == Some(PlanarConfiguration::Planar.to_u16());
    if apart || decoder.colortype()? != ColorType::CMYK(8) {
        return Ok(None);
    }
    let (width, height) = decoder.dimensions()?;
    let (profile, packet) = (decoder.get_tag_u8_vec(Tag::IccProfile).ok(), decoder.get_tag_u8_vec(XMP).ok());
    let DecodingResult::U8(data) = decoder.read_image()? else { return Ok(None) };
    if u64::from(width) * u64::from(height) * 4 != data.len() as u64 {
        return Ok(None);
    }
    Ok(Some(Inks { raw: Raw { width, height, model: Model::Cmyk, deep: false, data }, profile, packet }))
}
