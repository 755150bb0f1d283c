//! What the owner sets for one channel.

use super::link;
use super::profile::ChannelProfile;
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, changes};
use crate::error::{Error, FieldError, Result};
use crate::pricing::{PriceSettings, PriceSource, money};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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
}

impl ChannelSettings {
    /// As the profile says.
    pub fn of(profile: &ChannelProfile) -> Self {
        Self {
            currency: profile.defaults.currency.clone(),
            locale: profile.defaults.locale.clone(),
            country: profile.defaults.country.clone(),
            link_template: None,
            image_base: None,
            markup: profile.defaults.markup,
            price_source: profile.defaults.price_source,
            formats: profile.formats.iter().map(|format| format.code.clone()).collect(),
        }
    }

    /// Checks what a person set; every wrong field is named.
    pub fn check(&self, profile: &ChannelProfile) -> Result<()> {
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
    before: Option<serde_json::Value>,
    operation_id: Option<String>,
    now: DateTime<Utc>,
) -> Result<Position> {
    let change = NewChange {
        kind: ChangeKind::SettingsChanged,
        subject: channel.to_owned(),
        product_id: None,
        offer_id: None,
        operation_id,
        before: before.as_ref().map(JsonText::of).transpose()?,
        data: serde_json::json!({ "channel": channel }),
    };
    changes::append(conn, now, &[change])
}
