//! What stands in for what only a channel's owner knows, so that its files can be made, judged and measured before it is set up.

use super::profile::{ChannelOption, ChannelProfile, Render};
use super::queries::StoredSettings;
use super::source::Source;
use crate::error::{Error, Result};
use serde_json::{Value as Json, json};

/// The owner's settings, with placeholders for what is missing, and what stands in as `NAME=VALUE`.
pub fn complete(profile: &ChannelProfile, stored: Option<StoredSettings>) -> Result<(StoredSettings, Vec<String>)> {
    let mut stored = stored.unwrap_or(StoredSettings { enabled: true, settings: json!({}), version: 0 });
    let settings = super::judge::settings(profile, &stored.settings)?;
    let mut told = Vec::new();
    let mut options = settings.options.clone();
    for option in profile.options.iter().filter(|option| settings.option(profile, &option.name).is_none()) {
        let value = placeholder(profile, option);
        told.push(format!("{}={value}", option.name));
        options.insert(option.name.clone(), value);
    }
    let Json::Object(own) = &mut stored.settings else {
        return Err(Error::internal(format!("the settings of {} are no object", profile.code)));
    };
    for (key, is_set, value) in [
        ("link_template", settings.link_template.is_some(), "https://shop.example.com/p/{sku}"),
        ("image_base", settings.image_base.is_some(), "https://images.example.com/"),
    ] {
        if !is_set {
            told.push(format!("{key}={value}"));
            own.insert(key.to_owned(), json!(value));
        }
    }
    own.insert("options".to_owned(), json!(options));
    Ok((stored, told))
}

/// A value that has the form of what is asked for.
fn placeholder(profile: &ChannelProfile, option: &ChannelOption) -> String {
    let from = Source::Setting(option.name.clone());
    let fields = || profile.fields.iter().filter(|field| field.from.contains(&from));
    if let Some(known) = fields().find_map(|field| field.allowed.first()) {
        return known.clone();
    }
    if fields().any(|field| field.render == Render::Url) {
        return "https://shop.example.com/".to_owned();
    }
    let as_number = |name: &str| profile.formats.iter().any(|format| format.item.contains(&format!("\"${name}:number\"")));
    let is_number = fields().any(|field| field.render.is_number() || as_number(&field.name));
    if is_number { "1" } else { "CHECK" }.to_owned()
}
