//! What is known of the pictures that products show.

use crate::catalog::picture::{Kept, Known, Picture, UPLOADED};
use crate::db::Conn;
use crate::db::schema::{image_addresses, images, product_images};
use crate::each_backend;
use crate::error::Result;
use crate::media::address_id;
use crate::normalize::PictureChoice;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};
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

macro_rules! address {
    () => {
        (image_addresses::address, image_addresses::state, image_addresses::code, image_addresses::message)
    };
}

/// What is known of the pictures of these products, each product with the addresses that it shows.
pub fn known_of<'a>(conn: &mut Conn, product_ids: &[i64], shown: impl Iterator<Item = &'a Picture>) -> Result<KnownPictures> {
    let mut known = uploads(conn, shown.map(|picture| picture.url.as_str()))?;
    for part in product_ids.chunks(1_000) {
        let rows: Vec<(AddressRow, Option<ImageRow>)> = each_backend!(conn => product_images::table
            .inner_join(image_addresses::table.left_join(images::table))
            .filter(product_images::product_id.eq_any(part))
            .select((address!(), image!().nullable()))
            .load(conn))?;
        add(&mut known, rows);
    }
    Ok(known)
}

/// What is known of these pictures, whoever shows them.
pub fn known_of_pictures(conn: &mut Conn, pictures: &[PictureChoice]) -> Result<KnownPictures> {
    let mut known = uploads(conn, pictures.iter().map(|choice| choice.picture.as_str()))?;
    let named: Vec<String> = pictures.iter().map(|choice| address_id(&choice.picture)).collect();
    for part in named.chunks(1_000) {
        let rows: Vec<(AddressRow, Option<ImageRow>)> = each_backend!(conn => image_addresses::table
            .left_join(images::table)
            .filter(image_addresses::id.eq_any(part))
            .select((address!(), image!().nullable()))
            .load(conn))?;
        add(&mut known, rows);
    }
    Ok(known)
}

fn add(known: &mut KnownPictures, rows: Vec<(AddressRow, Option<ImageRow>)>) {
    for ((address, state, code, message), image) in rows {
        known.entry(address).or_insert_with(|| of(&state, code, message, image));
    }
}

/// Uploads are known by themselves: they are here before anybody names them.
fn uploads<'a>(conn: &mut Conn, named: impl Iterator<Item = &'a str>) -> Result<KnownPictures> {
    let ids: BTreeSet<&str> = named.filter_map(|url| url.strip_prefix(UPLOADED)).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let gone = || Known::Unusable {
        code: "no_such_image".to_owned(),
        message: "there is no such image any more; upload it again or take it off the product".to_owned(),
    };
    let mut known: KnownPictures = ids.iter().map(|id| (format!("{UPLOADED}{id}"), gone())).collect();
    for part in ids.chunks(1_000) {
        let rows: Vec<ImageRow> =
            each_backend!(conn => images::table.filter(images::id.eq_any(part)).select(image!()).load(conn))?;
        known.extend(rows.into_iter().map(|row| (format!("{UPLOADED}{}", row.0), of("ready", None, None, Some(row)))));
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
