//! The members of a merge patch (RFC 7396), where absent and null differ.

use serde::{Deserialize, Deserializer};

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
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
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
