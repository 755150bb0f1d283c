//! A channel as its owner set it up, judging products.

use super::extract::{GroupPart, Product, Side};
use super::group;
use super::profile::ChannelProfile;
use super::queries::{self, StoredSettings};
use super::readiness::{Evaluation, evaluate};
use super::settings::ChannelSettings;
use super::words::Words;
use crate::catalog::ProductView;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::pricing::{Money, NoPrice, OfferTerms, PriceSettings, Rates, first_price};
use rayon::prelude::*;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;

/// A channel with its settings and the rates of the moment.
#[derive(Debug, Clone)]
pub struct ChannelDesk {
    /// What it wants.
    pub profile: Arc<ChannelProfile>,
    /// Is it on?
    pub enabled: bool,
    /// What the owner set.
    pub settings: ChannelSettings,
    /// Counts edits of the settings; 0 before the first.
    pub version: i64,
    pricing: PriceSettings,
    rates: Rates,
}

impl ChannelDesk {
    /// The channel as it is set up now.
    pub fn load(conn: &mut Conn, profile: &Arc<ChannelProfile>) -> Result<Self> {
        let stored = queries::channel_settings(conn, &profile.code)?;
        let rates = queries::rates(conn)?;
        Self::assemble(profile, stored, rates)
    }

    /// The same from its pieces.
    pub fn assemble(profile: &Arc<ChannelProfile>, stored: Option<StoredSettings>, rates: Rates) -> Result<Self> {
        let (enabled, version, own) = match stored {
            Some(stored) => (stored.enabled, stored.version, stored.settings),
            None => (profile.defaults.enabled, 0, Json::Null),
        };
        let settings = settings(profile, &own)?;
        let pricing = settings.pricing()?;
        Ok(Self { profile: Arc::clone(profile), enabled, settings, version, pricing, rates })
    }

    /// Judges blocks, each as [`Self::judge`] does, on all cores.
    pub fn judge_all(
        &self,
        blocks: &[Vec<ProductView>],
        terms: &HashMap<i64, Vec<OfferTerms>>,
        words: &dyn Words,
        keep_rows: bool,
    ) -> Vec<Vec<Evaluation>> {
        blocks.par_iter().map(|block| self.judge(block, terms, words, keep_rows)).collect()
    }

    /// Judges the products of one group, or one product without a group. `keep_rows` false saves the rows' memory.
    pub fn judge(
        &self,
        block: &[ProductView],
        terms: &HashMap<i64, Vec<OfferTerms>>,
        words: &dyn Words,
        keep_rows: bool,
    ) -> Vec<Evaluation> {
        let side = Side { profile: &self.profile, settings: &self.settings, words };
        let members: Vec<&ProductView> = block.iter().collect();
        let parts = match block {
            [single] if single.group.is_none() => vec![GroupPart::default()],
            _ => group::parts(&members, &self.profile.variants),
        };
        members
            .into_iter()
            .zip(parts)
            .map(|(view, group)| {
                let price = self.price(terms.get(&view.id).map_or(&[], Vec::as_slice));
                let mut evaluation = evaluate(side, &Product { view, price, group });
                if !keep_rows {
                    evaluation.row = None;
                }
                evaluation
            })
            .collect()
    }

    /// What the channel asks. A product whose last offer is gone keeps the price of that offer: it stays in the feed as out of
    /// stock until somebody discontinues it, and a feed's row needs a price.
    pub fn price(&self, terms: &[OfferTerms]) -> Result<Money, NoPrice> {
        let priced = match first_price(terms, &self.pricing, &self.rates) {
            Err(NoPrice::NoOffer) if !terms.is_empty() => {
                let last: Vec<OfferTerms> = terms.iter().cloned().map(|offer| OfferTerms { live: true, ..offer }).collect();
                first_price(&last, &self.pricing, &self.rates)
            }
            priced => priced,
        };
        priced.map(|priced| priced.price)
    }

    /// Nothing is published on a channel that is off.
    pub fn expect_enabled(&self) -> Result<()> {
        let code = &self.profile.code;
        if self.enabled {
            return Ok(());
        }
        Err(Error::new(
            Code::Conflict,
            format!("channel {code} is off; turn it on with PATCH /channels/{code} {{\"enabled\":true}}"),
        ))
    }
}

/// The profile's defaults with what was set over them.
pub fn settings(profile: &ChannelProfile, own: &Json) -> Result<ChannelSettings> {
    let mut all = serde_json::to_value(ChannelSettings::of(profile))?;
    if let (Json::Object(all), Json::Object(own)) = (&mut all, own) {
        all.extend(own.clone());
    }
    serde_json::from_value(all)
        .map_err(|error| Error::field("", "invalid", format!("the settings of channel {} cannot be read: {error}", profile.code)))
}
