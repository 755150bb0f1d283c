//! Channels, listings and publications over HTTP. Feeds themselves are in [`feeds`].

mod choices;
pub mod feeds;
mod listings;
mod publications;

pub use listings::Listing;

use super::follow;
use super::judge::{self, ChannelDesk};
use super::profile::ChannelProfile;
use super::queries::{self, ReasonCount, StoredSettings};
use super::settings::{self, ChannelSettings, Guard, Schedule};
use super::signed;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::{Conn, operations};
use crate::error::{Error, Result};
use crate::http::patch::{divide, unchanged};
use crate::http::visible::LONGEST;
use crate::http::{AfterChange, Json, Listed, Path, Preconditions, Tagged, Written};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use crate::undo::settings::{channel_document, nothing_set};
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability under `/api/v1`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list_channels))
        .routes(routes!(get_channel, patch_channel))
        .merge(listings::router())
        .merge(publications::router())
        .merge(choices::router())
        .routes(routes!(create_links))
}

/// A marketplace or shop as it is set up.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Channel {
    /// Stable code.
    #[schema(example = "google")]
    pub code: String,
    /// Its own name.
    pub name: String,
    /// Are listings kept and feeds published?
    pub enabled: bool,
    /// What the owner set, with the profile's defaults for the rest.
    #[serde(flatten)]
    pub settings: ChannelSettings,
    /// The files it can be given.
    pub files: Vec<ChannelFile>,
    /// How many listings are in each state.
    pub listings: BTreeMap<String, i64>,
    /// Why listings are not ready or could be better, the most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// What only the owner knows, and what of it must be set under `options`.
    pub asks: Vec<Asked>,
    /// Where its rules stand, and the day they were read.
    pub docs: String,
    /// Counts edits.
    pub version: i64,
}

/// One format of a channel.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChannelFile {
    /// The format's code.
    pub format: String,
    /// Name of the first part.
    pub file: String,
    /// Where it is read.
    pub path: String,
    /// Its media type.
    pub content_type: String,
}

/// Something that only the owner knows.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Asked {
    /// Its name under `options`.
    pub option: String,
    /// What it is and where it is found.
    pub about: String,
    /// No listing is ready without it.
    pub required: bool,
    /// Used where nothing is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl Channel {
    /// A channel as it is told outside.
    pub fn load(conn: &mut Conn, profile: &Arc<ChannelProfile>) -> Result<Self> {
        let desk = ChannelDesk::load(conn, profile)?;
        let code = profile.code.clone();
        let file = |format: &super::profile::Format| ChannelFile {
            format: format.code.clone(),
            file: format.file.clone(),
            path: format!("/feeds/{code}/{}", format.file),
            content_type: format.content_type.clone(),
        };
        let asked = |option: &super::profile::ChannelOption| Asked {
            option: option.name.clone(),
            about: option.about.clone(),
            required: option.required,
            default: option.default.clone(),
        };
        Ok(Self {
            files: profile.formats.iter().map(file).collect(),
            listings: queries::state_counts(conn, &code)?,
            reasons: queries::reason_counts(conn, &code)?,
            asks: profile.options.iter().map(asked).collect(),
            name: profile.name.clone(),
            enabled: desk.enabled,
            settings: desk.settings,
            docs: profile.docs.to_string(),
            version: desk.version,
            code,
        })
    }
}

/// What a channel shows and nobody sets.
const TOLD: [&str; 8] = ["code", "name", "files", "listings", "reasons", "asks", "docs", "version"];

/// What to change about a channel (RFC 7396); null gives a setting its default again. What nobody sets may stand there as it was
/// read.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[allow(dead_code)] // The document's shape; the patch itself is merged as JSON.
pub struct PatchChannel {
    /// On or off.
    pub enabled: Option<bool>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// BCP 47 tag.
    pub locale: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// With `{sku}`, `{gtin}` or `{handle}`.
    #[schema(example = "https://shop.example/p/{sku}")]
    pub link_template: Option<String>,
    /// What relative image addresses are joined to.
    pub image_base: Option<String>,
    /// Share added to the cost.
    #[schema(example = "0.30")]
    pub markup: Option<String>,
    /// `cost_plus` or `recommended`.
    pub price_source: Option<String>,
    /// Codes of the formats that a publication holds.
    pub formats: Option<Vec<String>>,
    /// What only the owner knows; replaces all of them.
    pub options: Option<BTreeMap<String, String>>,
    /// A filter expression.
    pub assortment: Option<String>,
    /// Templates by field and locale; replaces all of them.
    pub templates: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// When a publication is held.
    pub guard: Option<Guard>,
    /// When the channel is published by itself.
    pub schedule: Option<Schedule>,
}

/// All channels by code.
#[utoipa::path(get, path = "/channels", tag = "channels", responses((status = 200, body = Listed<Channel>)))]
async fn list_channels(State(app): State<App>, caller: Caller, AfterChange(change): AfterChange) -> Result<Listed<Channel>> {
    caller.require(Permission::ReadInner)?;
    follow::wait_for(&app, change, LONGEST).await?;
    let channels = app.channels.clone();
    let work = move |conn: &mut Conn| channels.iter().map(|profile| Channel::load(conn, profile)).collect::<Result<Vec<_>>>();
    Ok(Listed { items: app.db.read(work).await?, next: None })
}

/// One channel.
#[utoipa::path(get, path = "/channels/{code}", tag = "channels", params(("code" = String, Path, description = "The channel's code")),
    responses((status = 200, body = Channel)))]
async fn get_channel(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    AfterChange(change): AfterChange,
) -> Result<Tagged<Channel>> {
    caller.require(Permission::ReadInner)?;
    let profile = app.channels.get(&code)?;
    follow::wait_for(&app, change, LONGEST).await?;
    let channel = app.db.read(move |conn| Channel::load(conn, &profile)).await?;
    let version = channel.version;
    Ok(Tagged::versioned(channel, version))
}

/// Changes a channel's settings. Its listings are judged anew by themselves.
#[utoipa::path(patch, path = "/channels/{code}", tag = "channels", params(("code" = String, Path, description = "The channel's code")),
    request_body(content = PatchChannel, content_type = "application/merge-patch+json"), responses((status = 200, body = Channel)))]
async fn patch_channel(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    preconditions: Preconditions,
    Json(body): Json<Map<String, Value>>,
) -> Result<Written<Channel>> {
    caller.require(Permission::Edit)?;
    let (told, patch) = divide::<Map<String, Value>>(body, &TOLD)?;
    let profile = app.channels.get(&code)?;
    let (now, dictionary) = (app.clock.now(), app.dictionary.clone());
    let work = move |conn: &mut Conn| {
        let stored = queries::channel_settings(conn, &code)?;
        preconditions.allow_version(Some(stored.as_ref().map_or(0, |stored| stored.version)))?;
        unchanged(&told, &Channel::load(conn, &profile)?, &["listings", "reasons"])?;
        let document = stored.as_ref().map_or_else(nothing_set, channel_document);
        let before = ChannelDesk::assemble(&profile, stored.clone(), crate::pricing::Rates::default())?;
        let mut fresh = merged(&profile, stored, patch)?;
        let after = judge::settings(&profile, &fresh.settings)?;
        after.check(&profile, &*dictionary)?;
        fresh.version += 1;
        queries::put_channel_settings(conn, &code, &fresh, now)?;
        if before.settings.locale != after.locale {
            queries::move_locale(conn, &code, &after.locale)?;
        }
        let summary = json!({"channel": code, "settings": fresh.settings});
        let operation = operations::record(conn, "settings", &caller.actor(), &code, &summary, now)?;
        // The default channel's price is the product's own.
        job_enqueue_once(conn, &Job::ResolveAll, now)?;
        let change = settings::tell(conn, &code, Some(&document), Some(&operation), now)?;
        Ok((Channel::load(conn, &profile)?, change))
    };
    let (channel, change) = app.db.write(work).await?;
    let version = channel.version;
    Ok(Written::changed(channel).version(version).change(change))
}

/// The stored settings with a patch over them; the version is not counted yet.
fn merged(profile: &ChannelProfile, stored: Option<StoredSettings>, patch: Map<String, Value>) -> Result<StoredSettings> {
    let (mut enabled, version, own) = match stored {
        Some(stored) => (stored.enabled, stored.version, stored.settings),
        None => (profile.defaults.enabled, 0, Value::Null),
    };
    let mut own = own.as_object().cloned().unwrap_or_default();
    let known = serde_json::to_value(ChannelSettings::of(profile))?;
    for (key, value) in patch {
        match (key.as_str(), value) {
            ("enabled", Value::Bool(value)) => enabled = value,
            ("enabled", Value::Null) => enabled = profile.defaults.enabled,
            ("enabled", _) => return Err(Error::field("/enabled", "invalid", "enabled is true or false")),
            (key, _) if known.get(key).is_none() => {
                let names = known.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(Error::field(
                    format!("/{key}"),
                    "unknown_field",
                    format!("there is no setting '{key}'; there are enabled, {names}"),
                ));
            }
            (_, Value::Null) => drop(own.remove(&key)),
            (_, value) => drop(own.insert(key, value)),
        }
    }
    Ok(StoredSettings { enabled, settings: Value::Object(own), version })
}

/// How long links should live.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLinks {
    /// Seconds from now.
    #[schema(minimum = 1, maximum = 31_622_400)]
    pub ttl_seconds: i64,
}

/// A feed's address that needs no key.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignedLink {
    /// The file.
    pub file: String,
    /// Path and signature; put the server's address before it.
    pub url: String,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Makes links to the channel's feeds that work without a key.
#[utoipa::path(post, path = "/channels/{code}/links", tag = "channels", params(("code" = String, Path, description = "The channel's code")),
    request_body = NewLinks, responses((status = 200, body = Listed<SignedLink>)))]
async fn create_links(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Json(new): Json<NewLinks>,
) -> Result<Written<Listed<SignedLink>>> {
    caller.require(Permission::Edit)?;
    let profile = app.channels.get(&code)?;
    if !(1..=signed::LONGEST_SECONDS).contains(&new.ttl_seconds) {
        let message = format!("a link lives from 1 to {} seconds", signed::LONGEST_SECONDS);
        return Err(Error::field("/ttl_seconds", "out_of_range", message));
    }
    let secret = signed::secret(&app).await?;
    let expires_at = app.clock.now() + TimeDelta::seconds(new.ttl_seconds);
    let link = |format: &super::profile::Format| SignedLink {
        file: format.file.clone(),
        url: signed::link(&secret, &code, &format.file, expires_at.timestamp()),
        expires_at,
    };
    Ok(Written::changed(Listed { items: profile.formats.iter().map(link).collect(), next: None }))
}
