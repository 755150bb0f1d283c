//! From bytes to pixels, with what the file says beside them.

use super::colour::{Model, ProfileUse, Raw, to_space};
use super::header::{self, Exif};
use super::pixels::{Pixels, swaps_sides};
use super::{ColourSpace, Format, PictureRules, Refusal, sniff, tiff, xmp};
use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder};
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, Limits};
use std::io::Cursor;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

/// A picture that was read.
#[expect(clippy::struct_excessive_bools, reason = "five facts that have nothing to do with each other")]
pub(super) struct Decoded {
    pub(super) format: Format,
    /// As stored; [`Decoded::size`] is as shown.
    pub(super) pixels: Pixels,
    /// What their numbers mean.
    pub(super) space: ColourSpace,
    /// Exif's, 1 to 8.
    pub(super) orientation: u8,
    pub(super) animated: bool,
    /// There are further ones behind it.
    pub(super) pages: bool,
    /// It was stored as inks.
    pub(super) cmyk: bool,
    /// It was stored with 16 bits a channel.
    pub(super) deep: bool,
    pub(super) profile: ProfileUse,
    /// It says where it was taken.
    pub(super) position: bool,
    pub(super) source_type: Option<String>,
}

impl Decoded {
    /// Width and height as shown.
    pub(super) fn size(&self) -> (u32, u32) {
        let (width, height) = (self.pixels.width, self.pixels.height);
        if swaps_sides(self.orientation) { (height, width) } else { (width, height) }
    }
}

/// What stands beside the pixels in a file.
#[derive(Default)]
struct Beside {
    profile: Option<Vec<u8>>,
    exif: Exif,
    source_type: Option<String>,
}

/// Tells what the bytes are, holds the header against the limits, and only then decodes.
pub(super) fn decode(bytes: &[u8], space: ColourSpace, rules: &PictureRules) -> Result<Decoded, Refusal> {
    let format = sniff::sniff(bytes)?;
    let header = header::read(bytes, format, rules)?;
    let (raw, cmyk, beside) = match format {
        Format::Jpeg => jpeg(bytes, &header, rules)?,
        _ => others(bytes, format, rules)?,
    };
    let deep = raw.deep;
    let (pixels, profile) = to_space(raw, beside.profile.as_deref(), space);
    Ok(Decoded {
        format,
        pixels,
        space,
        orientation: beside.exif.orientation,
        animated: header.animated,
        pages: header.pages,
        cmyk,
        deep,
        profile,
        position: beside.exif.position,
        source_type: beside.source_type,
    })
}

fn jpeg(bytes: &[u8], header: &header::Header, rules: &PictureRules) -> Result<(Raw, bool, Beside), Refusal> {
    let side = usize::try_from(rules.max_side).unwrap_or(usize::MAX);
    let scans = usize::try_from(rules.max_scans).unwrap_or(usize::MAX);
    let options =
        DecoderOptions::default().set_strict_mode(false).set_max_width(side).set_max_height(side).jpeg_set_max_scans(scans);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| from_jpeg(&error))?;
    let cannot = || Refusal::new("damaged", "The JPEG is damaged (its size cannot be read); save or send it again.");
    let (width, height) = decoder.dimensions().ok_or_else(cannot)?;
    let (model, colours) = match decoder.input_colorspace().ok_or_else(cannot)? {
        ColorSpace::Luma => (Model::Grey, ColorSpace::Luma),
        ColorSpace::CMYK => (Model::Cmyk, ColorSpace::CMYK),
        ColorSpace::YCCK => (Model::Cmyk, ColorSpace::YCCK),
        _ => (Model::Rgb, ColorSpace::RGB),
    };
    // Headers may be a little odd; what is drawn must be whole, or half a picture would be taken for one.
    decoder.set_options(options.jpeg_set_out_colorspace(colours).set_strict_mode(true));
    let needed = decoder.output_buffer_size().ok_or_else(cannot)?;
    // The header was judged by our own reading of it; a decoder that reads another one is not followed.
    let (read_width, read_height) = (u32::try_from(width).ok(), u32::try_from(height).ok());
    if (read_width, read_height) != (Some(header.width), Some(header.height)) || needed as u64 > rules.max_alloc {
        return Err(Refusal::new("damaged", "The JPEG is damaged (it says two sizes); save or send it again."));
    }
    let mut data = vec![0; needed];
    decoder.decode_into(&mut data).map_err(|error| from_jpeg(&error))?;
    let within = |data: Option<&Vec<u8>>| data.filter(|data| data.len() as u64 <= rules.max_metadata).cloned();
    let beside = Beside {
        profile: within(decoder.icc_profile().as_ref()),
        exif: decoder.exif().map(|exif| Exif::read(exif)).unwrap_or_default(),
        source_type: within(decoder.xmp()).and_then(|packet| xmp::source_type(&packet)),
    };
    let cmyk = model == Model::Cmyk;
    if cmyk {
        to_inks(&mut data, colours, header::has_adobe_marker(bytes));
    }
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else { return Err(cannot()) };
    Ok((Raw { width, height, model, deep: false, data }, cmyk, beside))
}

/// From what a JPEG of four channels stores to inks, 255 being full.
///
/// Adobe's programs store inks upside down and mark the file; YCCK (Adobe technical note 5116) is theirs, so it always is.
fn to_inks(data: &mut [u8], colours: ColorSpace, adobe: bool) {
    if colours == ColorSpace::YCCK {
        for pixel in data.chunks_exact_mut(4) {
            let [y, cb, cr, black] = pixel else { continue };
            let [red, green, blue] = from_ycc(*y, *cb, *cr);
            (*y, *cb, *cr, *black) = (red, green, blue, 255 - *black);
        }
    } else if adobe {
        for sample in data {
            *sample = 255 - *sample;
        }
    }
}

/// JFIF's conversion (ITU-T T.871, 7), in 16 bits of fraction.
fn from_ycc(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let value = |sum: i32| u8::try_from(((sum + 32_768) >> 16).clamp(0, 255)).unwrap_or(0);
    [value(y + 91_881 * cr), value(y - 22_554 * cb - 46_802 * cr), value(y + 116_130 * cb)]
}

fn from_jpeg(error: &DecodeErrors) -> Refusal {
    match error {
        DecodeErrors::Unsupported(kind) => {
            let message =
                format!("This JPEG is of a kind that hardly any program reads ({kind:?}); save it as an ordinary JPEG.");
            Refusal::new("unsupported_format", message)
        }
        DecodeErrors::ExhaustedData => {
            Refusal::new("truncated", "The JPEG ends before the picture does; it was cut on its way. Send it again.")
        }
        other => {
            let message = format!("The JPEG is damaged ({}); save or send it again.", first_line(&format!("{other:?}")));
            Refusal::new("damaged", message)
        }
    }
}

fn others(bytes: &[u8], format: Format, rules: &PictureRules) -> Result<(Raw, bool, Beside), Refusal> {
    let fail = |error: ImageError| from_image(format, &error);
    let side = u32::try_from(rules.max_side).ok();
    let mut limits = Limits::no_limits();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (side, side, Some(rules.max_alloc));
    let cursor = Cursor::new(bytes);
    match format {
        Format::Webp => read(WebPDecoder::new(cursor).map_err(fail)?, bytes, format, limits, rules),
        Format::Gif => read(GifDecoder::new(cursor).map_err(fail)?, bytes, format, limits, rules),
        Format::Tiff => match tiff::inks(bytes, rules)? {
            Some(inks) => Ok(of_inks(inks, bytes, rules)),
            None => read(TiffDecoder::new(cursor).map_err(fail)?, bytes, format, limits, rules),
        },
        Format::Bmp => read(BmpDecoder::new(cursor).map_err(fail)?, bytes, format, limits, rules),
        Format::Png | Format::Jpeg => {
            // Here the limit is for what stands beside the pixels, which may be packed a thousandfold, and a few rows.
            let row = u64::from(side.unwrap_or(u32::MAX)) * 8;
            let mut beside = limits.clone();
            beside.max_alloc = Some(rules.max_metadata * 4 + row * 4);
            read(PngDecoder::with_limits(cursor, beside).map_err(fail)?, bytes, format, limits, rules)
        }
    }
}

fn read(
    mut decoder: impl ImageDecoder,
    bytes: &[u8],
    format: Format,
    limits: Limits,
    rules: &PictureRules,
) -> Result<(Raw, bool, Beside), Refusal> {
    let fail = |error: ImageError| from_image(format, &error);
    decoder.set_limits(limits).map_err(fail)?;
    let (model, deep) = match decoder.color_type() {
        ColorType::L8 => (Model::Grey, false),
        ColorType::La8 => (Model::GreyAlpha, false),
        ColorType::Rgb8 => (Model::Rgb, false),
        ColorType::Rgba8 => (Model::Rgba, false),
        ColorType::L16 => (Model::Grey, true),
        ColorType::La16 => (Model::GreyAlpha, true),
        ColorType::Rgb16 => (Model::Rgb, true),
        ColorType::Rgba16 => (Model::Rgba, true),
        _ => {
            let message = format!("This {format} has floating-point colours; save it with 8 or 16 bits a channel.");
            return Err(Refusal::new("unsupported_format", message));
        }
    };
    let cmyk = matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16);
    // The header was judged by our own reading of it; a decoder that reads another size is not followed.
    let total = decoder.total_bytes();
    if total > rules.max_alloc {
        let message =
            format!("The {format} needs {} MB to be read; {} are given. Send it smaller.", total >> 20, rules.max_alloc >> 20);
        return Err(Refusal::new("too_many_pixels", message));
    }
    let within = |data: &Vec<u8>| data.len() as u64 <= rules.max_metadata;
    let (profile, exif, packet) = if format == Format::Webp {
        // Its decoder believes the lengths that chunks say; ours looks at what is there.
        let chunk = |kind: &[u8; 4]| header::webp_chunk(bytes, *kind).map(<[u8]>::to_vec);
        (chunk(b"ICCP"), chunk(b"EXIF"), chunk(b"XMP "))
    } else {
        let exif = decoder.exif_metadata().ok().flatten();
        (decoder.icc_profile().ok().flatten(), exif, decoder.xmp_metadata().ok().flatten())
    };
    let exif = match (format, exif) {
        (Format::Tiff, _) => Exif::read(bytes),
        // Some writers put JPEG's mark before the data here too.
        (_, Some(data)) => Exif::read(data.strip_prefix(b"Exif\0\0").unwrap_or(&data)),
        (_, None) => Exif::default(),
    };
    let beside = Beside {
        // A profile of inks says nothing about the colours that the decoder already made of them.
        profile: profile.filter(|_| !cmyk).filter(within),
        exif,
        source_type: packet.filter(within).and_then(|packet| xmp::source_type(&packet)),
    };
    let (width, height) = decoder.dimensions();
    let mut data = vec![0; usize::try_from(total).unwrap_or(0)];
    decoder.read_image(&mut data).map_err(fail)?;
    Ok((Raw { width, height, model, deep, data }, cmyk, beside))
}

fn of_inks(inks: tiff::Inks, bytes: &[u8], rules: &PictureRules) -> (Raw, bool, Beside) {
    let within = |data: &Vec<u8>| data.len() as u64 <= rules.max_metadata;
    let beside = Beside {
        profile: inks.profile.filter(within),
        exif: Exif::read(bytes),
        source_type: inks.packet.filter(within).and_then(|packet| xmp::source_type(&packet)),
    };
    (inks.raw, true, beside)
}

fn from_image(format: Format, error: &ImageError) -> Refusal {
    let text = first_line(&error.to_string());
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Refusal::new("truncated", format!("The {format} ends before the picture does; it was cut on its way. Send it again."))
        }
        ImageError::Limits(_) => Refusal::new(
            "too_much_work",
            format!("The {format} asks for more memory than its size explains ({text}); save it again."),
        ),
        ImageError::Unsupported(_) => {
            let message = format!(
                "This {format} is of a kind that is not read ({text}); save it as an ordinary {format} in RGB, or as JPEG or PNG."
            );
            Refusal::new("unsupported_format", message)
        }
        _ => Refusal::new("damaged", format!("The {format} is damaged ({text}); save or send it again.")),
    }
}

/// Messages of decoders are for programmers: the first line, not too much of it.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(160).collect()
}
