//! What people say of single listings, and what channels answer.

use super::listings::Listing;
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::catalog::queries::product_of_sku;
use crate::channels::answer::{AnswerState, ChannelAnswer, ChannelWord, MAX_WORDS};
use crate::channels::extract::Choice;
use crate::channels::profile::ChannelProfile;
use crate::channels::queries::{self, StoredChoice};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, changes, operations};
use crate::error::{Error, FieldError, Result};
use crate::http::{Json, Path, Preconditions, Written};
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(patch_listing)).routes(routes!(put_answers))
}

/// What a person says of one product on one channel (RFC 7396): what is not there stays, null takes it back.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatchListing {
    /// On the channel or not, whatever its assortment says.
    #[schema(value_type = Option<bool>)]
    pub include: Said,
    /// Values of the channel's fields, in place of what their sources give.
    #[schema(example = json!({"title": "A title for this channel alone"}))]
    pub fields: BTreeMap<String, Option<String>>,
}

/// A member of a patch, which may be absent or null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Said {
    /// It is not there.
    #[default]
    Nothing,
    /// Null: what was said is taken back.
    Back,
    /// A value.
    Value(bool),
}

/// For the document's default.
impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => serializer.serialize_some(value),
            Self::Nothing | Self::Back => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<bool>::deserialize(deserializer)?.map_or(Self::Back, Self::Value))
    }
}

/// What was said of a listing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ListingChoice {
    /// The product.
    pub sku: String,
    /// The channel.
    pub channel: String,
    /// On the channel or not, whatever its assortment says.
    #[schema(required)]
    pub include: Option<bool>,
    /// Values of the channel's fields, in place of what their sources give.
    pub fields: BTreeMap<String, String>,
    /// Counts edits.
    pub version: i64,
}

/// Longest value that is said for a field, in bytes.
const MAX_VALUE: usize = 64 * 1024;

/// Puts one product on a channel or takes it out, and words its fields there. The listing is judged anew by itself; it can be undone.
#[utoipa::path(patch, path = "/products/{sku}/listings/{channel}", tag = "products",
    params(("sku" = String, Path, description = "The product's SKU"), ("channel" = String, Path, description = "The channel's code")),
    request_body(content = PatchListing, content_type = "application/merge-patch+json"), responses((status = 200, body = ListingChoice)))]
async fn patch_listing(
    State(app): State<App>,
    caller: Caller,
    Path((sku, channel)): Path<(String, String)>,
    preconditions: Preconditions,
    Json(patch): Json<PatchListing>,
) -> Result<Written<ListingChoice>> {
    caller.require(Permission::Edit)?;
    let profile = app.channels.get(&channel)?;
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        let product = product_of_sku(conn, &sku)?;
        check(&profile, &patch)?;
        let before = queries::choice(conn, product.id, &channel)?;
        preconditions.allow_version(Some(before.version))?;
        let after = StoredChoice { choice: merged(before.choice.clone(), patch), version: before.version + 1 };
        queries::put_choice(conn, product.id, &channel, &after, now)?;
        let subject = format!("{} {channel}", product.body.sku);
        let operation = operations::record(conn, "edit", &caller.actor(), &subject, &json!({"listing": subject}), now)?;
        let change = NewChange::new(
            ChangeKind::SettingsChanged,
            subject,
            json!({"what": "listing", "sku": product.body.sku, "of_channel": channel, "product": product.id}),
        )
        .within(operation.as_str())
        .was(JsonText::of(&before.choice)?);
        let position = changes::append(conn, now, &[change])?;
        let Choice { include, fields } = after.choice;
        Ok((ListingChoice { sku: product.body.sku, channel, include, fields, version: after.version }, position))
    };
    let (choice, position) = app.db.write(work).await?;
    let version = choice.version;
    Ok(Written::changed(choice).version(version).change(position))
}

fn check(profile: &ChannelProfile, patch: &PatchListing) -> Result<()> {
    let mut wrong = Vec::new();
    for (name, value) in &patch.fields {
        let mut fault = |code: &str, message: String| {
            wrong.push(FieldError { pointer: format!("/fields/{name}"), code: code.to_owned(), message });
        };
        if profile.field(name).is_none() {
            fault("unknown_field", format!("{} has no field '{name}'", profile.name));
        } else if value.as_ref().is_some_and(|value| value.len() > MAX_VALUE) {
            fault("too_long", format!("a value has at most {MAX_VALUE} bytes"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

fn merged(mut choice: Choice, patch: PatchListing) -> Choice {
    match patch.include {
        Said::Nothing => {}
        Said::Back => choice.include = None,
        Said::Value(include) => choice.include = Some(include),
    }
    for (name, value) in patch.fields {
        match value {
            Some(value) => drop(choice.fields.insert(name, value)),
            None => drop(choice.fields.remove(&name)),
        }
    }
    choice
}

/// What a channel said of listings.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswers {
    /// At most 1,000.
    pub answers: Vec<NewAnswer>,
}

/// What a channel said of one listing.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// The product.
    pub sku: String,
    /// What became of it.
    pub state: AnswerState,
    /// The channel's own words.
    #[serde(default)]
    pub words: Vec<ChannelWord>,
    /// When the channel said so; without it, now.
    pub at: Option<DateTime<Utc>>,
}

/// What became of the answers.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct AnswersNoted {
    /// Listings that have an answer now.
    pub noted: usize,
    /// SKUs of which the channel has no listing.
    pub unknown: Vec<String>,
}

/// Answers taken at once.
const MAX_ANSWERS: usize = 1_000;

/// Notes what a channel said of listings after they were sent: accepted, live, rejected, with its words. Older words never replace newer ones.
#[utoipa::path(post, path = "/channels/{code}/answers", tag = "channels", params(("code" = String, Path, description = "The channel's code")),
    request_body = NewAnswers, responses((status = 200, body = AnswersNoted)))]
async fn put_answers(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Json(new): Json<NewAnswers>,
) -> Result<Written<AnswersNoted>> {
    caller.require(Permission::Edit)?;
    app.channels.get(&code)?;
    if new.answers.len() > MAX_ANSWERS {
        return Err(Error::field("/answers", "too_many", format!("at most {MAX_ANSWERS} at once")));
    }
    if let Some(at) = new.answers.iter().position(|answer| answer.words.len() > MAX_WORDS) {
        return Err(Error::field(format!("/answers/{at}/words"), "too_many", format!("at most {MAX_WORDS} of one listing")));
    }
    let now = app.clock.now();
    let work = move |conn: &mut Conn| {
        let answer = |NewAnswer { sku, state, words, at }| (sku, ChannelAnswer { state, words, at: at.unwrap_or(now) });
        let answers: Vec<(String, ChannelAnswer)> = new.answers.into_iter().map(answer).collect();
        let known = queries::note_answers(conn, &code, &answers)?;
        let (noted, unknown): (Vec<_>, Vec<_>) = answers.into_iter().map(|(sku, _)| sku).partition(|sku| known.contains(sku));
        Ok(AnswersNoted { noted: noted.len(), unknown })
    };
    Ok(Written::changed(app.db.write(work).await?))
}

impl Listing {
    /// Adds what was said of it.
    pub(super) fn with(mut self, choice: Option<Choice>) -> Self {
        let Choice { include, fields } = choice.unwrap_or_default();
        self.include = include;
        self.fields = fields;
        self
    }
}
