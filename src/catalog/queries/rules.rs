//! What every golden record is resolved by.

use super::brand_aliases;
use crate::db::schema::channel_settings;
use crate::db::settings::{CHANNEL_DEFAULTS, DEFAULT_CHANNEL, DEFAULT_LOCALE, setting, setting_put};
use crate::db::{Conn, JsonText};
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::identity::MatchRules;
use crate::pricing::queries::rate_list;
use crate::pricing::{PriceSettings, PriceSource, Rates, money};
use diesel::prelude::*;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The settings that resolving needs, read once per transaction.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What `schema/` says.
    pub dictionary: Arc<Dictionary>,
    /// How records are told to be of one product.
    pub matching: Arc<MatchRules>,
    /// BCP 47 tag of titles in lists.
    pub default_locale: String,
    /// How the default channel prices: its settings, with its profile's defaults for the rest. None when there is no such channel.
    pub price: Option<PriceSettings>,
    /// Exchange rates.
    pub rates: Rates,
    /// People's brand spellings: folded spelling to brand code.
    pub aliases: HashMap<String, String>,
}

/// What [`Rules`] reads of a channel's settings; the channel's room owns the rest. What is not set there is absent.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ChannelPrice {
    /// ISO 4217 code.
    #[serde(default)]
    pub currency: Option<String>,
    /// Share added to the cost.
    #[serde(default)]
    pub markup: Option<Decimal>,
    /// What prices are made from.
    #[serde(default)]
    pub price_source: Option<PriceSource>,
}

impl Rules {
    /// Reads them.
    pub fn load(conn: &mut Conn, dictionary: &Arc<Dictionary>) -> Result<Self> {
        let default_locale = setting(conn, DEFAULT_LOCALE)?.unwrap_or_else(|| "en".to_owned());
        let channel = setting(conn, DEFAULT_CHANNEL)?.unwrap_or_else(|| "google".to_owned());
        let stored: Option<JsonText> =
            channel_settings::table.find(&channel).select(channel_settings::settings).first(conn).optional()?;
        let set: ChannelPrice = match stored {
            Some(stored) => stored.read()?,
            None => ChannelPrice::default(),
        };
        let defaults = price_defaults(conn)?.remove(&channel).unwrap_or_default();
        let price = price(set, defaults);
        let rates = rate_list(conn)?.into_iter().map(|rate| ((rate.base, rate.quote), rate.rate)).collect();
        let (dictionary, matching) = (Arc::clone(dictionary), MatchRules::of(dictionary)?);
        Ok(Self { dictionary, matching, default_locale, price, rates: Rates(rates), aliases: brand_aliases(conn)? })
    }
}

fn price_defaults(conn: &mut Conn) -> Result<BTreeMap<String, ChannelPrice>> {
    Ok(setting(conn, CHANNEL_DEFAULTS)?.unwrap_or_default())
}

/// Notes what the channels' profiles say about prices; true when it is another than before.
pub fn price_defaults_put(conn: &mut Conn, defaults: &BTreeMap<String, ChannelPrice>) -> Result<bool> {
    if price_defaults(conn)? == *defaults {
        return Ok(false);
    }
    setting_put(conn, CHANNEL_DEFAULTS, defaults)?;
    Ok(true)
}

fn price(set: ChannelPrice, defaults: ChannelPrice) -> Option<PriceSettings> {
    let currency = money::currency(set.currency.or(defaults.currency).as_deref()?).ok()?;
    let markup = set.markup.or(defaults.markup).unwrap_or_default();
    Some(PriceSettings { currency, markup, source: set.price_source.or(defaults.price_source).unwrap_or_default() })
}
