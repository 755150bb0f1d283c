//! What the owner sets for one channel.

use super::condition::Condition;
use super::link;
use super::profile::ChannelProfile;
use super::template::Templates;
use super::words::{Words, in_locale};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes};
use crate::error::{Error, FieldError, Result};
use crate::pricing::{PriceSettings, PriceSource, money};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of one channel; what nobody set comes from the channel's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// ISO 4217 currency that prices are asked in.
    #[schema(example = "EUR")]
    pub currency: String,
    /// BCP 47 tag; a feed carries texts of this locale only.
    #[schema(example = "en")]
    pub locale: String,
    /// ISO 3166-1 alpha-2 country that is sold to.
    #[schema(example = "DE")]
    pub country: String,
    /// Address of a product in the shop, with `{sku}`, `{gtin}` or `{handle}`.
    #[serde(default)]
    #[schema(example = "https://shop.example/p/{sku}")]
    pub link_template: Option<String>,
    /// What relative image addresses are joined to.
    #[serde(default)]
    pub image_base: Option<String>,
    /// Share added to the cost: `"0.30"` is 30 %.
    #[schema(value_type = String, example = "0.30")]
    pub markup: Decimal,
    /// What prices are made from.
    pub price_source: PriceSource,
    /// Codes of the formats that a publication holds.
    pub formats: Vec<String>,
    /// What only the owner knows, such as an account number; the channel's profile names what there is.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Which products the channel carries: a filter expression. Without one, all.
    #[serde(default)]
    #[schema(example = "light_output_max >= 200 AND NOT brand = \"Petzl\"")]
    pub assortment: Option<String>,
    /// Templates by field and locale; they come before the profile's own sources.
    #[serde(default)]
    #[schema(example = json!({"title": {"en": "{{ brand }} {{ model }}, {{ light_output_max }}"}}))]
    pub templates: BTreeMap<String, BTreeMap<String, String>>,
    /// When a publication is held instead of published.
    #[serde(default)]
    pub guard: Guard,
    /// When the channel is published by itself.
    #[serde(default)]
    pub schedule: Schedule,
}

/// When a publication is held. Shares are of the listings sent last; `"1"` never holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// More than this share would go.
    #[schema(value_type = String, example = "0.5")]
    pub removed: Decimal,
    /// More than this share would no longer be in stock.
    #[schema(value_type = String, example = "0.5")]
    pub zeroed: Decimal,
    /// More than this share would change its price by more than `price_step`.
    #[schema(value_type = String, example = "0.5")]
    pub repriced: Decimal,
    /// See `repriced`: a share of the old price.
    #[schema(value_type = String, example = "0.3")]
    pub price_step: Decimal,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            removed: Decimal::new(5, 1),
            zeroed: Decimal::new(5, 1),
            repriced: Decimal::new(5, 1),
            price_step: Decimal::new(3, 1),
        }
    }
}

/// When a channel is published by itself. Both may be set; neither: only when a person or a program asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// So many minutes after the last time.
    #[schema(minimum = 1, maximum = 10_080)]
    pub every_minutes: Option<u32>,
    /// So many seconds after the first change that was not published.
    #[schema(minimum = 1, maximum = 86_400)]
    pub on_change_seconds: Option<u32>,
}

impl ChannelSettings {
    /// As the profile says.
    pub fn of(profile: &ChannelProfile) -> Self {
        let defaults = &profile.defaults;
        Self {
            currency: defaults.currency.clone(),
            locale: defaults.locale.clone(),
            country: defaults.country.clone(),
            link_template: None,
            image_base: None,
            markup: defaults.markup,
            price_source: defaults.price_source,
            formats: profile.formats.iter().filter(|format| !format.optional).map(|format| format.code.clone()).collect(),
            options: BTreeMap::new(),
            assortment: None,
            templates: BTreeMap::new(),
            guard: Guard::default(),
            schedule: Schedule::default(),
        }
    }

    /// An option as the owner set it, else the profile's default.
    pub fn option(&self, profile: &ChannelProfile, name: &str) -> Option<String> {
        let own = self.options.get(name).filter(|value| !value.trim().is_empty());
        own.cloned().or_else(|| profile.option(name)?.default.clone())
    }

    /// The templates in the channel's locale: the owner's, and those of the profile's fields where the owner has none.
    pub fn templates(&self, profile: &ChannelProfile) -> Result<Templates> {
        let own = self.templates.iter().filter_map(|(field, texts)| Some((field.as_str(), in_locale(texts, &self.locale)?)));
        let theirs = profile
            .fields
            .iter()
            .filter(|field| !self.templates.contains_key(&field.name))
            .filter_map(|field| Some((field.name.as_str(), in_locale(&field.template, &self.locale)?)));
        Templates::read(own.chain(theirs))
            .map_err(|(field, message)| Error::field(format!("/templates/{field}"), "invalid_template", message))
    }

    /// Checks what a person set; every wrong field is named.
    pub fn check(&self, profile: &ChannelProfile, words: &dyn Words) -> Result<()> {
        let mut wrong = Vec::new();
        let mut fault = |field: &str, code: &str, message: String| {
            wrong.push(FieldError { pointer: format!("/{field}"), code: code.to_owned(), message });
        };
        if let Err(error) = money::currency(&self.currency) {
            fault("currency", "not_a_currency", format!("{error}; give a code such as EUR"));
        }
        if self.locale.parse::<icu_locale_core::LanguageIdentifier>().is_err() {
            fault("locale", "not_a_locale", format!("'{}' is not a language tag such as en or de-AT", self.locale));
        }
        if self.country.len() != 2 || !self.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            fault("country", "not_a_country", "give a country as two capital letters, such as DE".to_owned());
        }
        if let Some(Err(message)) = self.link_template.as_deref().map(link::check_template) {
            fault("link_template", "not_a_link", message);
        }
        if self.image_base.as_deref().is_some_and(|base| link::address(base).is_none()) {
            fault("image_base", "not_a_link", "an image base is an absolute http or https address".to_owned());
        }
        if self.markup <= Decimal::NEGATIVE_ONE || self.markup > Decimal::ONE_HUNDRED {
            fault("markup", "out_of_range", "a markup is a share: 0.30 for 30 %, more than -1 and at most 100".to_owned());
        }
        if let Some(code) = self.formats.iter().find(|code| profile.format(code).is_none()) {
            let known = profile.formats.iter().map(|format| format.code.as_str()).collect::<Vec<_>>().join(", ");
            fault("formats", "unknown_format", format!("{} has no format '{code}'; it has {known}", profile.name));
        }
        if self.formats.is_empty() {
            fault("formats", "missing", "name at least one format".to_owned());
        }
        for name in self.options.keys().filter(|name| profile.option(name).is_none()) {
            let known = profile.options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("{} has no option '{name}'; it has: {known}", profile.name);
            fault(&format!("options/{name}"), "unknown_field", message);
        }
        if self.options.values().any(|value| value.len() > 1_000) {
            fault("options", "too_long", "an option has at most 1000 bytes".to_owned());
        }
        let assortment = self.assortment.as_deref().map(|text| Condition::parse(text).and_then(|filter| filter.check(words)));
        if let Some(Err(error)) = assortment {
            fault("assortment", "invalid_filter", error.to_string());
        }
        for field in self.templates.keys().filter(|field| profile.field(field).is_none()) {
            fault(&format!("templates/{field}"), "unknown_field", format!("{} has no field '{field}'", profile.name));
        }
        for (field, texts) in &self.templates {
            for (locale, text) in texts {
                if let Err((_, message)) = Templates::read(std::iter::once((field.as_str(), text.as_str()))) {
                    fault(&format!("templates/{field}/{locale}"), "invalid_template", message);
                }
            }
        }
        let Guard { removed, zeroed, repriced, price_step } = &self.guard;
        for (name, share) in [("removed", removed), ("zeroed", zeroed), ("repriced", repriced), ("price_step", price_step)] {
            if share.is_sign_negative() || *share > Decimal::ONE {
                fault(&format!("guard/{name}"), "out_of_range", "a share is from 0 to 1, such as 0.5".to_owned());
            }
        }
        if self.schedule.every_minutes.is_some_and(|minutes| !(1..=10_080).contains(&minutes)) {
            fault("schedule/every_minutes", "out_of_range", "give 1 to 10080 minutes, which is a week".to_owned());
        }
        if self.schedule.on_change_seconds.is_some_and(|seconds| !(1..=86_400).contains(&seconds)) {
            fault("schedule/on_change_seconds", "out_of_range", "give 1 to 86400 seconds, which is a day".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
    }

    /// What the pricing room needs to know.
    pub fn pricing(&self) -> Result<PriceSettings> {
        let currency =
            money::currency(&self.currency).map_err(|error| Error::field("/currency", "not_a_currency", error.to_string()))?;
        Ok(PriceSettings { currency, markup: self.markup, source: self.price_source })
    }
}

/// Tells the change log that a channel's settings changed, so that its listings are judged anew. `before` and the operation are kept for
/// undo.
pub fn tell(
    conn: &mut Conn,
    channel: &str,
    before: Option<&serde_json::Value>,
    operation_id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Position> {
    let change = NewChange::new(ChangeKind::SettingsChanged, channel, serde_json::json!({ "channel": channel }))
        .within(operation_id)
        .was(before.map(JsonText::of).transpose()?);
    changes::append(conn, now, &[change])
}
