//! What is known of the pictures that products show.

use crate::catalog::picture::{Kept, Known, Picture, UPLOADED};
use crate::db::Conn;
use crate::db::schema::{image_addresses, images, product_images};
use crate::each_backend;
use crate::error::Result;
use crate::media::address_id;
use crate::normalize::PictureChoice;
use diesel::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known, by address.
pub type KnownPictures = HashMap<String, Known>;

type AddressRow = (String, String, Option<String>, Option<String>);
type ImageRow = (String, String, i32, i32, i64, i32, String, Option<String>, bool);

macro_rules! image {
    () => {
        (
            images::id,
            images::format,
            images::width,
            images::height,
            images::bytes,
            images::white_border,
            images::findings,
            images::same_as,
            images::placeholder,
        )
    };
}

/// What is known of these pictures, whoever shows them.
pub fn known_of_pictures(conn: &mut Conn, pictures: &[PictureChoice]) -> Result<KnownPictures> {
    let uploaded: Vec<&str> = pictures.iter().filter_map(|choice| choice.picture.strip_prefix(UPLOADED)).collect();
    let named: Vec<String> = pictures.iter().map(|choice| address_id(&choice.picture)).collect();
    let images: Vec<ImageRow> =
        each_backend!(conn => images::table.filter(images::id.eq_any(&uploaded)).select(image!()).load(conn))?;
    let addresses: Vec<(AddressRow, Option<ImageRow>)> = each_backend!(conn => image_addresses::table
        .left_join(images::table)
        .filter(image_addresses::id.eq_any(&named))
        .select((
            (image_addresses::address, image_addresses::state, image_addresses::code, image_addresses::message),
            image!().nullable(),
        ))
        .load(conn))?;
    let of_uploads = images.into_iter().map(|image| (format!("{UPLOADED}{}", image.0), of("ready", None, None, Some(image))));
    let of_addresses =
        addresses.into_iter().map(|((address, state, code, message), image)| (address, of(&state, code, message, image)));
    Ok(of_addresses.chain(of_uploads).collect())
}

/// What is known of the pictures of these products.
pub fn known_of(conn: &mut Conn, product_ids: &[i64]) -> Result<KnownPictures> {
    let mut known = KnownPictures::new();
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(AddressRow, Option<ImageRow>)> = each_backend!(conn => product_images::table
            .inner_join(image_addresses::table.left_join(images::table))
            .filter(product_images::product_id.eq_any(part))
            .select((
                (image_addresses::address, image_addresses::state, image_addresses::code, image_addresses::message),
                image!().nullable(),
            ))
            .load(conn))?;
        for ((address, state, code, message), image) in rows {
            known.entry(address).or_insert_with(|| of(&state, code, message, image));
        }
    }
    Ok(known)
}

fn of(state: &str, code: Option<String>, message: Option<String>, image: Option<ImageRow>) -> Known {
    match image {
        Some((.., true)) => Known::Unusable {
            code: "placeholder".to_owned(),
            message: "this picture stands for no picture; give the product one of its own".to_owned(),
        },
        Some((id, format, width, height, bytes, white_border, findings, same_as, _)) => Known::Kept(Arc::new(Kept {
            id,
            format,
            width: u32::try_from(width).unwrap_or_default(),
            height: u32::try_from(height).unwrap_or_default(),
            bytes: u64::try_from(bytes).unwrap_or_default(),
            white_border: u16::try_from(white_border).unwrap_or_default(),
            findings: findings.split_whitespace().map(str::to_owned).collect(),
            same_as,
        })),
        None if state == "failed" => Known::Unusable { code: code.unwrap_or_default(), message: message.unwrap_or_default() },
        None => code.map_or(Known::Nothing, |code| Known::Later { code, message: message.unwrap_or_default() }),
    }
}

/// The pictures, each with what is known of it.
pub fn with_what_is_known(mut pictures: Vec<Picture>, known: &KnownPictures) -> Vec<Picture> {
    if !known.is_empty() {
        for picture in &mut pictures {
            if let Some(known) = known.get(&picture.url) {
                picture.known = known.clone();
            }
        }
    }
    pictures
}
