//! Settings of the house: one JSON document under each key.

use super::schema::settings;
use super::{Conn, JsonText};
use crate::each_backend;
use crate::error::Result;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::{Serialize, de::DeserializeOwned};

/// The locale of lists, SKUs' titles and whatever says nothing else. A BCP 47 tag; `en` until it is set.
pub const DEFAULT_LOCALE: &str = "default_locale";
/// What a supplier charges in when nobody said so. An ISO 4217 code; `EUR` until it is set.
pub const DEFAULT_CURRENCY: &str = "default_currency";
/// The channel whose price `product.price` is. A channel code; `google` until it is set.
pub const DEFAULT_CHANNEL: &str = "default_channel";

/// How each channel prices that its owner has not set up otherwise: what `schema/channels/` says, by channel code. Written at every
/// start, so that whoever prices products needs no profile.
pub const CHANNEL_DEFAULTS: &str = "channel_defaults";

/// The value under `key`, when it is set.
pub fn setting<T: DeserializeOwned>(conn: &mut Conn, key: &str) -> Result<Option<T>> {
    let stored: Option<JsonText> = settings::table.find(key).select(settings::value).first(conn).optional()?;
    Ok(stored.map(|stored| stored.read()).transpose()?)
}

/// Sets the value under `key`.
pub fn setting_put<T: Serialize + ?Sized>(conn: &mut Conn, key: &str, value: &T) -> Result<()> {
    let value = JsonText::of(value)?;
    each_backend!(conn => diesel::insert_into(settings::table)
        .values((settings::key.eq(key), settings::value.eq(&value)))
        .on_conflict(settings::key)
        .do_update()
        .set(settings::value.eq(excluded(settings::value)))
        .execute(conn))?;
    Ok(())
}
