//! A channel as its owner set it up, judging products.

use super::condition::Condition;
use super::extract::{Choice, GroupPart, Product, Side};
use super::group;
use super::layout::Frame;
use super::pictures::Outlook;
use super::profile::ChannelProfile;
use super::queries::{self, StoredSettings};
use super::readiness::{Evaluation, evaluate};
use super::settings::ChannelSettings;
use super::template::Templates;
use super::words::Words;
use crate::catalog::ProductView;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::media::link::Links;
use crate::pricing::{Money, NoPrice, OfferTerms, PriceSettings, Rates, first_price};
use rayon::prelude::*;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
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
    templates: Templates,
    assortment: Option<Condition>,
    /// How renditions are addressed; none while this house cannot be reached from outside.
    pub links: Option<Links>,
    /// Which fields the channel's formats write; the others are neither made nor missed.
    used: Vec<bool>,
}

/// What is judged: products, and what is known of them besides.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Whole groups and single products.
    pub blocks: Vec<Vec<ProductView>>,
    /// Terms of their offers.
    pub terms: HashMap<i64, Vec<OfferTerms>>,
    /// What people said of single listings, by channel and product.
    pub choices: HashMap<(String, i64), Choice>,
}

impl ChannelDesk {
    /// The channel as it is set up now.
    pub fn load(conn: &mut Conn, profile: &Arc<ChannelProfile>) -> Result<Self> {
        let stored = queries::channel_settings(conn, &profile.code)?;
        let rates = queries::rates(conn)?;
        let links = queries::links(conn)?;
        Ok(Self { links, ..Self::assemble(profile, stored, rates)? })
    }

    /// The same from its pieces.
    pub fn assemble(profile: &Arc<ChannelProfile>, stored: Option<StoredSettings>, rates: Rates) -> Result<Self> {
        let (enabled, version, own) = match stored {
            Some(stored) => (stored.enabled, stored.version, stored.settings),
            None => (profile.defaults.enabled, 0, Json::Null),
        };
        let settings = settings(profile, &own)?;
        let pricing = settings.pricing()?;
        let templates = settings.templates(profile)?;
        let assortment = settings.assortment.as_deref().map(Condition::parse).transpose()?;
        let profile = in_units_of(profile, &settings);
        let used = profile.fields_of(&settings.formats);
        Ok(Self { profile, enabled, settings, version, pricing, rates, templates, assortment, links: None, used })
    }

    /// Judges whole groups and single products, on all cores.
    pub fn judge(&self, batch: &Batch, words: &dyn Words) -> Vec<Evaluation> {
        batch.blocks.par_iter().flat_map_iter(|block| self.block(block, batch, words)).collect()
    }

    /// Judges the products of one group, or one product without a group.
    fn block(&self, block: &[ProductView], batch: &Batch, words: &dyn Words) -> Vec<Evaluation> {
        let (templates, assortment) = (&self.templates, self.assortment.as_ref());
        let side = Side { profile: &self.profile, settings: &self.settings, words, templates, assortment, used: &self.used };
        let members: Vec<&ProductView> = block.iter().collect();
        let parts = match block {
            [single] if single.group.is_none() => vec![GroupPart::default()],
            _ => group::parts(&members, &self.profile.variants),
        };
        let nothing_said = Choice::default();
        let outlook = Outlook {
            channel: &self.profile.code,
            rules: self.profile.images.as_ref(),
            links: self.links.as_ref(),
            base: self.settings.image_base.as_deref(),
            locale: &self.settings.locale,
        };
        let judge = |(view, group): (&ProductView, GroupPart)| {
            let price = self.price(batch.terms.get(&view.id).map_or(&[], Vec::as_slice));
            let choice = batch.choices.get(&(self.profile.code.clone(), view.id)).unwrap_or(&nothing_said);
            evaluate(side, &Product { view, price, group, choice, pictures: outlook.of(view) })
        };
        members.into_iter().zip(parts).map(judge).collect()
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

    /// What stands in the channel's files besides the rows.
    pub fn frame(&self) -> Frame {
        let shop = self.settings.link_template.as_deref().map(shop_of).unwrap_or_default();
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut settings: BTreeMap<String, String> =
            [of("locale", &self.settings.locale), of("currency", &self.settings.currency), of("country", &self.settings.country)]
                .into();
        let options = self.profile.options.iter();
        settings
            .extend(options.filter_map(|option| Some((option.name.clone(), self.settings.option(&self.profile, &option.name)?))));
        Frame { shop, settings }
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

/// Scheme and host of a link template.
fn shop_of(template: &str) -> String {
    let (scheme, rest) = template.split_once("://").unwrap_or(("https", template));
    format!("{scheme}://{}/", rest.split(['/', '?', '#', '{']).next().unwrap_or_default())
}

/// The profile with the units that the owner chose.
fn in_units_of(profile: &Arc<ChannelProfile>, settings: &ChannelSettings) -> Arc<ChannelProfile> {
    let chosen = |field: &super::profile::Field| settings.options.get(field.unit_setting.as_ref()?).cloned();
    if profile.fields.iter().all(|field| chosen(field).is_none()) {
        return Arc::clone(profile);
    }
    let mut own = (**profile).clone();
    for field in &mut own.fields {
        // WooCommerce's `lbs` is our `lb`.
        field.unit = chosen(field).map(|unit| unit.trim_end_matches('s').to_owned()).or_else(|| field.unit.clone());
    }
    Arc::new(own)
}
