//! The members of a merge patch (RFC 7396), where absent and null differ.
//!
//! Whoever reads a resource, changes a member and sends the whole back must succeed. So a patch may hold what nobody sets (the
//! resource's own code, its version): [`divide`] keeps it aside, [`unchanged`] refuses it when it is not what stands there.

use super::extract;
use crate::error::{Error, FieldError, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// One member of a merge patch. In a struct it wants `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Not in the patch: stays as it is.
    #[default]
    Absent,
    /// Null: goes back to its default, or away.
    Null,
    /// The new value.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Set))
    }
}

impl<T> Field<T> {
    /// The value after the patch; null gives `default`.
    pub fn apply(self, current: T, default: impl FnOnce() -> T) -> T {
        match self {
            Self::Absent => current,
            Self::Null => default(),
            Self::Set(value) => value,
        }
    }

    /// Is the member there at all?
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// Members that are told and never taken, as they were sent.
pub type Told = Map<String, Value>;

/// Parts a patch into the members of `told` and the rest, which is read as `T`.
pub fn divide<T: DeserializeOwned>(mut body: Map<String, Value>, told: &[&str]) -> Result<(Told, T)> {
    let told = told.iter().filter_map(|name| body.remove_entry(*name)).collect();
    let rest = extract::parse(&serde_json::to_vec(&body)?)?;
    Ok((told, rest))
}

/// Refuses members that nobody sets, unless they were sent as they stand in `present`.
///
/// The members of `drifting` change without an edit (what is in stock, how a listing stands), so between a reading and its sending
/// back they may be others. They pass beside a `version` that is the present one: then the whole is a copy of what was read.
pub fn unchanged(told: &Told, present: &impl Serialize, drifting: &[&str]) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let present = serde_json::to_value(present)?;
    let copied = told.get("version").is_some_and(|version| present.get("version") == Some(version));
    let differing = told
        .iter()
        .filter(|(name, value)| present.get(name.as_str()) != Some(value) && !(copied && drifting.contains(&name.as_str())));
    let errors: Vec<FieldError> = differing
        .map(|(name, _)| FieldError {
            pointer: format!("/{name}"),
            code: "read_only".to_owned(),
            message: format!("{name} cannot be set; leave it out, or send it as it was read"),
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}

impl<T> Field<T> {
    /// The value after the patch, where null takes it away.
    pub fn apply_optional(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Absent => current,
            Self::Null => None,
            Self::Set(value) => Some(value),
        }
    }
}
