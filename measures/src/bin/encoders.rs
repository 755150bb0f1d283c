//! How many bytes each encoder needs for the same picture at the same quality, by SSIMULACRA 2.
//!
//! For each photograph, shrunk to 800 pixels by Beamline, the lowest setting of each encoder whose picture scores at least the target. Told
//! are the sizes against the first encoder's (geometric mean over the photographs) and the median time.

use anyhow::{Context, Result};
use beamline::dictionary::Dictionary;
use beamline::media::picture::{Format, Spec, render};
use beamline_measures::photographs;
use image::{ImageEncoder, RgbImage};
use jpeg_encoder::QuantizationTableType::{self, CustomMsSsim, Default, ImageMagick};
use jpeg_encoder::SamplingFactor::{self, F_1_1, F_2_2};
use rayon::prelude::*;
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};
use std::time::Instant;

type Encode = fn(&RgbImage, u8) -> Result<Vec<u8>>;

const ENCODERS: [(&str, Encode); 10] = [
    ("jpeg-encoder, progressive, 4:2:0", |picture, quality| jpeg(picture, quality, F_2_2, Default, true)),
    ("jpeg-encoder, progressive, 4:4:4", |picture, quality| jpeg(picture, quality, F_1_1, Default, true)),
    ("jpeg-encoder, plain, 4:2:0", |picture, quality| jpeg(picture, quality, F_2_2, Default, false)),
    ("jpeg-encoder, progressive, 4:2:0, ImageMagick's tables", |picture, quality| {
        jpeg(picture, quality, F_2_2, ImageMagick, true)
    }),
    ("jpeg-encoder, progressive, 4:2:0, MS-SSIM's tables", |picture, quality| jpeg(picture, quality, F_2_2, CustomMsSsim, true)),
    ("image", plain),
    ("mozjpeg, 4:2:0", |picture, quality| moz(picture, quality, (2, 2))),
    ("mozjpeg, 4:4:4", |picture, quality| moz(picture, quality, (1, 1))),
    ("libwebp, method 4", |picture, quality| webp(picture, quality, 4)),
    ("libwebp, method 6", |picture, quality| webp(picture, quality, 6)),
];

/// 90 cannot be told from the original side by side, 70 is called high quality, 50 medium.
const TARGETS: [f64; 3] = [60.0, 70.0, 80.0];

struct Found {
    bytes: usize,
    quality: u8,
    milliseconds: f64,
}

fn main() -> Result<()> {
    let dictionary = Dictionary::embedded().map_err(|error| anyhow::anyhow!("{error}"))?;
    let spec = Spec::inside(Format::Png, 800, 800);
    let mut pictures = Vec::new();
    for (name, bytes) in photographs()? {
        let made = render(&bytes, std::slice::from_ref(&spec), dictionary.pictures());
        match made.ok().and_then(|made| made.into_iter().next()) {
            Some(made) => pictures.push((name, image::load_from_memory(&made.bytes)?.to_rgb8())),
            None => eprintln!("{name} is refused"),
        }
    }
    eprintln!("{} photographs", pictures.len());
    for target in TARGETS {
        println!("score {target}");
        let all: Vec<Vec<Option<Found>>> = pictures
            .par_iter()
            .map(|(name, picture)| {
                let found = ENCODERS.iter().map(|(_, encode)| lowest(picture, *encode, target)).collect::<Result<Vec<_>>>();
                found.with_context(|| name.clone())
            })
            .collect::<Result<_>>()?;
        let whole: Vec<&Vec<Option<Found>>> = all.iter().filter(|row| row.iter().all(Option::is_some)).collect();
        for (at, (name, _)) in ENCODERS.iter().enumerate() {
            let column: Vec<(&Found, &Found)> =
                whole.iter().filter_map(|row| Some((row.get(at)?.as_ref()?, row.first()?.as_ref()?))).collect();
            #[expect(clippy::cast_precision_loss, reason = "lengths of files")]
            let mean = (column.iter().map(|(own, first)| (own.bytes as f64 / first.bytes as f64).ln()).sum::<f64>()
                / column.len().max(1) as f64)
                .exp();
            let middle = |mut values: Vec<f64>| {
                values.sort_by(f64::total_cmp);
                values.get(values.len() / 2).copied().unwrap_or_default()
            };
            let time = middle(column.iter().map(|(own, _)| own.milliseconds).collect());
            let quality = middle(column.iter().map(|(own, _)| f64::from(own.quality)).collect());
            println!("  {name}: {mean:.3} of the bytes, quality {quality}, {time:.1} ms ({} photographs)", column.len());
        }
    }
    Ok(())
}

/// The lowest setting that reaches the target; none when none does.
fn lowest(picture: &RgbImage, encode: Encode, target: f64) -> Result<Option<Found>> {
    let original = frame(picture)?;
    let (mut low, mut high, mut best) = (1_u8, 100_u8, None);
    while low <= high {
        let quality = u8::midpoint(low, high);
        let began = Instant::now();
        let bytes = encode(picture, quality)?;
        let milliseconds = began.elapsed().as_secs_f64() * 1_000.0;
        let drawn = image::load_from_memory(&bytes)?.to_rgb8();
        if compute_frame_ssimulacra2(original.clone(), frame(&drawn)?)? >= target {
            best = Some(Found { bytes: bytes.len(), quality, milliseconds });
            high = quality - 1;
        } else {
            low = quality + 1;
        }
    }
    Ok(best)
}

fn frame(picture: &RgbImage) -> Result<Rgb> {
    let pixels = picture.pixels().map(|pixel| pixel.0.map(|value| f32::from(value) / 255.0)).collect();
    let (width, height) = (usize::try_from(picture.width())?, usize::try_from(picture.height())?);
    Ok(Rgb::new(pixels, width, height, TransferCharacteristic::SRGB, ColorPrimaries::BT709)?)
}

fn jpeg(
    picture: &RgbImage,
    quality: u8,
    colours: SamplingFactor,
    tables: QuantizationTableType,
    progressive: bool,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(colours);
    encoder.set_quantization_tables(tables.clone(), tables);
    encoder.set_chroma_subsampling_method(jpeg_encoder::ChromaSubsamplingMethod::Average);
    if progressive {
        encoder.set_optimized_huffman_tables(true);
        encoder.set_progressive(true);
    }
    let (width, height) = (u16::try_from(picture.width())?, u16::try_from(picture.height())?);
    encoder.encode(picture, width, height, jpeg_encoder::ColorType::Rgb)?;
    Ok(bytes)
}

fn plain(picture: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.write_image(picture, picture.width(), picture.height(), image::ExtendedColorType::Rgb8)?;
    Ok(bytes)
}

fn moz(picture: &RgbImage, quality: u8, colours: (u8, u8)) -> Result<Vec<u8>> {
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_size(usize::try_from(picture.width())?, usize::try_from(picture.height())?);
    encoder.set_quality(f32::from(quality));
    encoder.set_chroma_sampling_pixel_sizes(colours, colours);
    let mut started = encoder.start_compress(Vec::new())?;
    started.write_scanlines(picture)?;
    Ok(started.finish()?)
}

fn webp(picture: &RgbImage, quality: u8, method: i32) -> Result<Vec<u8>> {
    let mut config = webp::WebPConfig::new().map_err(|()| anyhow::anyhow!("libwebp does not start"))?;
    (config.quality, config.method) = (f32::from(quality), method);
    let encoder = webp::Encoder::from_rgb(picture, picture.width(), picture.height());
    Ok(encoder.encode_advanced(&config).map_err(|error| anyhow::anyhow!("{error:?}"))?.to_vec())
}
