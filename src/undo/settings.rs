//! Taking settings back: each is one document that goes back whole, where it is as the operation left it.

use super::products::Desk;
use super::queries::{self, SettingChange};
use super::{Conflict, Report};
use crate::catalog::group::{self, SaidOfGroup};
use crate::catalog::queries::{group_by_code, products_by_sku};
use crate::channels::queries::{
    StoredChoice, StoredSettings, channel_settings, choice, move_locale, put_channel_settings, put_choice,
};
use crate::channels::{Channels, judge};
use crate::db::{ChangeKind, Conn, JsonText, NewChange};
use crate::error::Result;
use crate::identity::cases;
use crate::identity::queries::case_by_id;
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use crate::media::keep;
use crate::media::queries::image;
use crate::media::said;
use crate::pricing::api::{RateBody, read as read_rates};
use crate::pricing::queries::{rate_list, rate_replace};
use crate::suppliers::SupplierTerms;
use crate::suppliers::queries::{supplier_by_code, supplier_update};
use serde_json::{Value as JsonValue, json};

/// Later changes of one setting that are looked at.
const LATER: i64 = 1_000;

/// A setting that can be restored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Rates,
    Channel,
    Supplier,
    Group,
    Image,
    Match,
    Listing,
}

impl What {
    fn of(change: &SettingChange) -> Option<Self> {
        let what = change.data.get("what").and_then(JsonValue::as_str);
        let named = |field: &str| change.data.get(field).is_some_and(JsonValue::is_string);
        if change.data.get("rates").is_some() {
            Some(Self::Rates)
        } else if what == Some("group") {
            Some(Self::Group)
        } else if what == Some("image") {
            Some(Self::Image)
        } else if what == Some("listing") {
            Some(Self::Listing)
        } else if what == Some("match") {
            Some(Self::Match)
        } else if named("channel") {
            Some(Self::Channel)
        } else if named("supplier") {
            Some(Self::Supplier)
        } else {
            None
        }
    }
}

impl What {
    /// Is it what a person said, on which no other product hangs?
    fn is_said(self) -> bool {
        matches!(self, Self::Group | Self::Image | Self::Match)
    }
}

/// Takes back what the operation set.
pub(super) fn step(conn: &mut Conn, desk: &Desk<'_>, channels: &Channels, report: &mut Report) -> Result<Vec<NewChange>> {
    let mut told: Vec<NewChange> = Vec::new();
    for change in queries::settings_of(conn, desk.of)? {
        let Some(what) = What::of(&change) else { continue };
        let Some(now) = present(conn, what, &change.subject)? else { continue };
        let asked = what == What::Match && change.data.get("state").is_none() && !cases::is_open(&change.before);
        if asked && !cases::is_open(&now) {
            // What a person decided since is not taken back with the file that asked.
            continue;
        }
        let later: Vec<SettingChange> = queries::settings_since(conn, &change.subject, change.seq, LATER)?
            .into_iter()
            .filter(|later| What::of(later) == Some(what) && later.operation.as_deref() != Some(desk.of))
            .collect();
        let left = later.first().map_or(&now, |later| &later.before);
        if change.before == now || change.before == *left {
            // What another one brought along counts as well: a dry run, which writes nothing, cannot know.
            report.restored.settings +=
                u64::from(told.iter().any(|told| told.kind == ChangeKind::EditChanged && told.subject == change.subject));
            continue;
        }
        if *left != now {
            let operation = later.last().and_then(|later| later.operation.clone());
            report.conflict(Conflict { subject: change.subject, fields: vec!["settings".to_owned()], operation });
            continue;
        }
        if what == What::Group
            && let Some(operation) = keep::deleted(conn, &serde_json::from_value::<SaidOfGroup>(change.before.clone())?.images)?
        {
            report.conflict(Conflict { subject: change.subject, fields: vec!["images".to_owned()], operation });
            continue;
        }
        report.restored.settings += 1;
        let Some(undo) = desk.undo else { continue };
        let follows = put(conn, desk, channels, what, &change.subject, &change.before)?;
        told.push(
            NewChange::new(
                if what.is_said() { ChangeKind::EditChanged } else { ChangeKind::SettingsChanged },
                &change.subject,
                change.data,
            )
            .within(undo)
            .was(JsonText::of(&now)?),
        );
        told.extend(follows);
        if matches!(what, What::Match | What::Listing) {
            continue;
        }
        if !matches!(what, What::Group | What::Image) {
            job_enqueue_once(conn, &Job::ResolveAll, desk.now)?;
        }
    }
    Ok(told)
}

/// The document as it is; none when what it belongs to is gone.
fn present(conn: &mut Conn, what: What, subject: &str) -> Result<Option<JsonValue>> {
    Ok(match what {
        What::Rates => Some(json!(rate_list(conn)?.into_iter().map(RateBody::from).collect::<Vec<_>>())),
        What::Channel => Some(channel_settings(conn, subject)?.map_or_else(nothing_set, |stored| channel_document(&stored))),
        What::Supplier => supplier_by_code(conn, subject)?.map(|supplier| json!(supplier.terms())),
        What::Image => said::document(conn, subject)?,
        What::Match => case_by_id(conn, subject)?.map(|case| cases::document(&case)),
        What::Listing => listing_of(conn, subject)?
            .map(|(product, channel)| choice(conn, product, &channel))
            .transpose()?
            .map(|stored| json!(stored.choice)),
        What::Group => match group_by_code(conn, subject)? {
            Some(group) => Some(json!(SaidOfGroup::of(&group)?)),
            None => None,
        },
    })
}

/// The product and the channel of a listing's subject, `SKU channel`.
fn listing_of(conn: &mut Conn, subject: &str) -> Result<Option<(i64, String)>> {
    let Some((sku, channel)) = subject.split_once(' ') else { return Ok(None) };
    Ok(products_by_sku(conn, sku)?.map(|product| (product.id, channel.to_owned())))
}

/// A channel's settings as undo restores them.
pub fn channel_document(stored: &StoredSettings) -> JsonValue {
    json!({"enabled": stored.enabled, "settings": stored.settings})
}

/// A channel of which nothing was set.
pub fn nothing_set() -> JsonValue {
    json!({"enabled": null, "settings": {}})
}

/// Puts a document back; returns what follows from it for products.
fn put(
    conn: &mut Conn,
    desk: &Desk<'_>,
    channels: &Channels,
    what: What,
    subject: &str,
    document: &JsonValue,
) -> Result<Vec<NewChange>> {
    match what {
        What::Rates => {
            let rates: Vec<RateBody> = serde_json::from_value(document.clone())?;
            rate_replace(conn, &read_rates(&rates)?, desk.now)?;
        }
        What::Channel => {
            let profile = channels.get(subject)?;
            let stored = channel_settings(conn, subject)?;
            let version = stored.as_ref().map_or(0, |stored| stored.version) + 1;
            let enabled = document.get("enabled").and_then(JsonValue::as_bool).unwrap_or(profile.defaults.enabled);
            let settings = document.get("settings").cloned().unwrap_or_else(|| json!({}));
            let now = judge::settings(&profile, &stored.map_or(JsonValue::Null, |stored| stored.settings))?;
            let then = judge::settings(&profile, &settings)?;
            put_channel_settings(conn, subject, &StoredSettings { enabled, settings, version }, desk.now)?;
            if now.locale != then.locale {
                move_locale(conn, subject, &then.locale)?;
            }
        }
        What::Supplier => {
            let Some(supplier) = supplier_by_code(conn, subject)? else { return Ok(Vec::new()) };
            let terms: SupplierTerms = serde_json::from_value(document.clone())?;
            supplier_update(conn, &supplier, &terms, desk.now)?;
        }
        What::Image => {
            let (Some(row), Some(undo)) = (image(conn, subject)?, desk.undo) else { return Ok(Vec::new()) };
            return said::restate(conn, &row, &serde_json::from_value(document.clone())?, undo, desk.now);
        }
        What::Match => cases::restore(conn, subject, document)?,
        What::Listing => {
            let Some((product, channel)) = listing_of(conn, subject)? else { return Ok(Vec::new()) };
            let version = choice(conn, product, &channel)?.version + 1;
            let stored = StoredChoice { choice: serde_json::from_value(document.clone())?, version };
            put_choice(conn, product, &channel, &stored, desk.now)?;
        }
        What::Group => {
            let (Some(group), Some(undo)) = (group_by_code(conn, subject)?, desk.undo) else { return Ok(Vec::new()) };
            return group::restate(conn, desk.rules, &group, &serde_json::from_value(document.clone())?, undo, desk.now);
        }
    }
    Ok(Vec::new())
}
