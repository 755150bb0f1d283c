//! The pictures of one product: shown, attached, taken off. The order and everything else of all of them is an edit of `images`.

use super::products::{edit_product, existing};
use super::{Image, Product};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::patch::pictures;
use crate::catalog::picture::{MAX_PICTURES, Picture, UPLOADED};
use crate::channels::Channels;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::{Json, Listed, Path, Preconditions, Tagged, Written};
use crate::normalize::PictureChoice;
use axum::extract::State;
use serde_json::{Map, Value as JsonValue, json};
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_product_images, attach_image)).routes(routes!(detach_image))
}

/// Refuses a list of pictures that keeps one for a channel which does not exist: no channel would get it, and nobody would learn why. What
/// is no list of pictures is told by who reads it.
pub(super) fn of_known_channels(channels: &Channels, images: Option<&JsonValue>) -> Result<()> {
    match images.map(pictures::read) {
        Some(Ok(choices)) => choices.iter().try_for_each(|choice| of_known_channel(channels, choice, "/images")),
        _ => Ok(()),
    }
}

fn of_known_channel(channels: &Channels, choice: &PictureChoice, pointer: &str) -> Result<()> {
    let named = choice.channels.iter().chain(choice.positions.keys());
    let mut unknown = named.filter_map(|code| channels.get(code).err());
    unknown.next().map_or(Ok(()), |error| Err(Error::field(pointer, "unknown_channel", error.detail)))
}

/// Pictures of a product in order, with what came of each.
#[utoipa::path(get, path = "/products/{sku}/images", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    responses((status = 200, body = Listed<Image>)))]
async fn list_product_images(State(app): State<App>, caller: Caller, Path(sku): Path<String>) -> Result<Tagged<Listed<Image>>> {
    caller.require(Permission::ReadInner)?;
    let view = app.db.read(move |conn| existing(conn, &sku)).await?;
    Ok(Tagged::of(Listed { items: Image::all(view.images), next: None }))
}

/// A picture to be attached.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only documents the body, which is read as one of a product's `images` is")]
struct AttachImage {
    /// Id of an image that was sent.
    id: Option<String>,
    /// Or an address, which is fetched.
    url: Option<String>,
    /// Where it goes, from 1; without it at the end.
    #[schema(minimum = 1)]
    position: Option<usize>,
    /// What it shows: `gallery`, `angle`, `lifestyle`, `package`, `dimensions`, `size_chart`, `swatch`. The first one is `main`.
    role: Option<String>,
    /// What to say to those who do not see it, by locale.
    #[schema(value_type = Option<Object>)]
    alt: Option<Map<String, JsonValue>>,
    /// Codes of the only channels that get it.
    channels: Option<Vec<String>>,
    /// Its place among those that a channel gets, from 1, by the channel's code, where it is another than in the list.
    positions: Option<BTreeMap<String, u32>>,
}

/// Attaches a picture to a product; one that is attached already moves. `PATCH /products/{sku}` with `images` sets all of them at once.
#[utoipa::path(post, path = "/products/{sku}/images", tag = "products", params(("sku" = String, Path, description = "The product's SKU")),
    request_body = AttachImage, responses((status = 200, body = Product)))]
async fn attach_image(
    State(app): State<App>,
    caller: Caller,
    Path(sku): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, JsonValue>>,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    let body = JsonValue::Object(body);
    let choice = pictures::one(&body).map_err(|(code, message)| Error::field("", code, message))?;
    of_known_channel(&app.channels, &choice, "")?;
    let position = match body.get("position") {
        // The main picture is the first one.
        None | Some(JsonValue::Null) if choice.role.as_deref() == Some("main") => 1,
        None | Some(JsonValue::Null) => MAX_PICTURES,
        Some(at) => at
            .as_u64()
            .and_then(|at| usize::try_from(at).ok())
            .filter(|at| *at > 0)
            .ok_or_else(|| Error::field("/position", "wrong_type", "position is a whole number from 1"))?,
    };
    let of = sku.clone();
    let made = move |conn: &mut Conn| {
        let shown = existing(conn, &of)?.images;
        // The same image may be shown by a supplier's address: then it is that one that moves.
        let uploaded = choice.picture.strip_prefix(UPLOADED);
        let is_it = |picture: &&Picture| picture.url == choice.picture || (uploaded.is_some() && picture.image_id() == uploaded);
        let there = shown.iter().find(is_it);
        if shown.len() >= MAX_PICTURES && there.is_none() {
            return Err(Error::field(
                "",
                "too_many",
                format!("a product has at most {MAX_PICTURES} pictures; take one off first"),
            ));
        }
        let mut others: Vec<JsonValue> = shown.iter().filter(|picture| !is_it(picture)).map(as_said).collect();
        // What the group gives stays behind.
        let own = shown.iter().filter(|picture| !is_it(picture) && !picture.inherited).count();
        let at = position.saturating_sub(1).min(own);
        let said = PictureChoice {
            picture: there.map_or(&choice.picture, |picture| &picture.url).clone(),
            role: choice
                .role
                .clone()
                .or_else(|| there.map(|picture| picture.role.clone()))
                .filter(|role| role != "main" || at == 0),
            alt: there.filter(|_| choice.alt.is_empty()).map_or(&choice.alt, |picture| &picture.alt).clone(),
            channels: there.filter(|_| choice.channels.is_empty()).map_or(&choice.channels, |picture| &picture.channels).clone(),
            positions: there
                .filter(|_| choice.positions.is_empty())
                .map_or(&choice.positions, |picture| &picture.positions)
                .clone(),
            hidden: false,
        };
        others.insert(at, as_json(&said));
        Ok(images(others))
    };
    edit_product(&app, &caller, sku, made, move |version| preconditions.allow_version(version)).await
}

/// Takes a picture off a product, by the id of the image. It stays away, whatever a supplier sends; the image itself is kept.
#[utoipa::path(delete, path = "/products/{sku}/images/{id}", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), ("id" = String, Path, description = "The image's id")),
    responses((status = 200, body = Product)))]
async fn detach_image(
    State(app): State<App>,
    caller: Caller,
    Path((sku, id)): Path<(String, String)>,
    preconditions: Preconditions,
) -> Result<Written<Product>> {
    caller.require(Permission::Edit)?;
    let of = sku.clone();
    let made = move |conn: &mut Conn| {
        let shown = existing(conn, &of)?.images;
        let left: Vec<JsonValue> = shown.iter().filter(|picture| picture.image_id() != Some(&id)).map(as_said).collect();
        if left.len() == shown.len() {
            return Err(Error::not_found(format!("image '{id}' of product '{of}'")));
        }
        Ok(images(left))
    };
    edit_product(&app, &caller, sku, made, move |version| preconditions.allow_version(version)).await
}

fn as_said(picture: &Picture) -> JsonValue {
    as_json(&picture.as_said())
}

/// As a caller would send it.
fn as_json(said: &PictureChoice) -> JsonValue {
    let PictureChoice { picture, role, alt, channels, positions, hidden: _ } = said;
    json!({"url": picture, "role": role, "alt": alt, "channels": channels, "positions": positions})
}

fn images(all: Vec<JsonValue>) -> Map<String, JsonValue> {
    Map::from_iter([("images".to_owned(), JsonValue::Array(all))])
}
