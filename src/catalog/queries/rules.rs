//! What every golden record is resolved by.

use super::brand_aliases;
use crate::db::schema::channel_settings;
use crate::db::settings::{DEFAULT_CHANNEL, DEFAULT_LOCALE, setting};
use crate::db::{Conn, JsonText};
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::pricing::queries::rate_list;
use crate::pricing::{PriceSettings, PriceSource, Rates, money};
use diesel::prelude::*;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::sync::Arc;

/// The settings that resolving needs, read once per transaction.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What `schema/` says.
    pub dictionary: Arc<Dictionary>,
    /// BCP 47 tag of titles in lists.
    pub default_locale: String,
    /// How the default channel prices; none while that channel has no settings.
    pub price: Option<PriceSettings>,
    /// Exchange rates.
    pub rates: Rates,
    /// People's brand spellings: folded spelling to brand code.
    pub aliases: HashMap<String, String>,
}

/// What [`Rules`] reads of a channel's settings; the channel's room owns the rest.
#[derive(serde::Deserialize)]
struct ChannelPrice {
    currency: Option<String>,
    #[serde(default)]
    markup: Decimal,
    #[serde(default)]
    price_source: PriceSource,
}

impl Rules {
    /// Reads them.
    pub fn load(conn: &mut Conn, dictionary: &Arc<Dictionary>) -> Result<Self> {
        let default_locale = setting(conn, DEFAULT_LOCALE)?.unwrap_or_else(|| "en".to_owned());
        let channel = setting(conn, DEFAULT_CHANNEL)?.unwrap_or_else(|| "google".to_owned());
        let stored: Option<JsonText> =
            channel_settings::table.find(&channel).select(channel_settings::settings).first(conn).optional()?;
        let price = match stored {
            Some(stored) => price(&stored.read()?),
            None => None,
        };
        let rates = rate_list(conn)?.into_iter().map(|rate| ((rate.base, rate.quote), rate.rate)).collect();
        Ok(Self { dictionary: Arc::clone(dictionary), default_locale, price, rates: Rates(rates), aliases: brand_aliases(conn)? })
    }
}

fn price(settings: &ChannelPrice) -> Option<PriceSettings> {
    let currency = money::currency(settings.currency.as_deref()?).ok()?;
    Some(PriceSettings { currency, markup: settings.markup, source: settings.price_source })
}
